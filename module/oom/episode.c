// SPDX-License-Identifier: GPL-2.0
/*
 * The state of the episode under way, episode numbers, and writing to the OOM
 * ring: the ground of all that watches an OOM.
 */
#include <linux/atomic.h>

#include "oom/episode.h"
#include "ring/ring.h"

struct oomtrace_episode oomtrace_episode;
static atomic64_t last_episode;

/**
 * oomtrace_episode_count() - how many episodes there were since load
 *
 * Return: the count, which is the number of the last one.
 */
u64 oomtrace_episode_count(void)
{
	return atomic64_read(&last_episode);
}

/**
 * oomtrace_episode_next() - the number of an episode that begins
 *
 * Return: the number.
 */
u64 oomtrace_episode_next(void)
{
	return atomic64_inc_return(&last_episode);
}

/**
 * oomtrace_oom_write() - write a record to the OOM ring
 * @rec: the record; OOMTRACE_RECORD() is its first initializer.
 *
 * Any context but NMI.
 *
 * Return: false if it could not be written.
 */
bool oomtrace_oom_write(const struct oomtrace_header *rec)
{
	return oomtrace_ring_write(&oomtrace_rings[OOMTRACE_RING_OOM], rec,
				   rec->type, rec->size);
}
