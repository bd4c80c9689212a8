// SPDX-License-Identifier: GPL-2.0
/*
 * The state of the current episode, episode numbers, and writing to the OOM
 * ring. All other files about OOMs build on this one, so it uses none of them.
 */
#include <linux/atomic.h>

#include "oom/episode.h"
#include "ring/ring.h"

struct oomtrace_episode oomtrace_episode;
static atomic64_t last_episode;

/**
 * oomtrace_episode_count() - count the episodes since load
 *
 * Return: the count, which is also the number of the last episode.
 */
u64 oomtrace_episode_count(void)
{
	return atomic64_read(&last_episode);
}

/* Assign the next episode number. */
u64 oomtrace_episode_next(void)
{
	return atomic64_inc_return(&last_episode);
}

/**
 * oomtrace_oom_write() - write a record to the OOM ring or to that of candidates
 * @rec: the record; OOMTRACE_RECORD() is its first initializer.
 *
 * Context: any but NMI; for a candidate: process context, or a panic.
 *
 * Return: false if the ring rejected the record.
 */
bool oomtrace_oom_write(const struct oomtrace_header *rec)
{
	if (rec->type == OOMTRACE_CANDIDATE)
		return oomtrace_ring_write_shared(&oomtrace_rings[OOMTRACE_RING_CANDIDATE],
						  rec);
	return oomtrace_ring_write(&oomtrace_rings[OOMTRACE_RING_OOM], rec,
				   rec->type, rec->size);
}
