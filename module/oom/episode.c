// SPDX-License-Identifier: GPL-2.0
/*
 * The state of the current episode, episode numbers, and writing to the OOM
 * ring. All other files about OOMs build on this one, so it uses none of them.
 */
#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>

#include "oom/episode.h"
#include "ring/ring.h"

/* The slots of the OOM ring have the size of a begin record. */
#define SLOT	ALIGN(sizeof(struct oomtrace_oom_begin), 64)
#define FITS(type)	static_assert(sizeof(struct oomtrace_##type) <= SLOT)
FITS(retry);
FITS(verdict);
FITS(victim);
FITS(reap);
FITS(oom_end);
FITS(zone);
FITS(memory);
FITS(psi);
FITS(name);
FITS(repeat);
FITS(zonelist);
FITS(memcg);
FITS(exempt);
FITS(remains);
FITS(wait);

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

/* ---- for tasks that are not inside out_of_memory() ---- */

/* Number and end of the last episode that ended, CLOCK_MONOTONIC. */
static u64 ended_episode;
static u64 ended_ns;
/* Guards both. Raw, with interrupts off: signals are sent that way. */
static DEFINE_RAW_SPINLOCK(ended_lock);

/**
 * oomtrace_episode_open() - get the episode of any task that is under way
 * @open: out: there is one.
 *
 * Any context. The episode may end at any time.
 *
 * Return: its number; 0 if it has none yet, or if there is no episode.
 */
u64 oomtrace_episode_open(bool *open)
{
	*open = READ_ONCE(oomtrace_episode.task);
	return *open ? READ_ONCE(oomtrace_episode.id) : 0;
}

/**
 * oomtrace_episode_ended() - note the end of an episode
 * @episode: its number.
 *
 * Any context but NMI and a panic.
 */
void oomtrace_episode_ended(u64 episode)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ended_lock, flags);
	ended_episode = episode;
	ended_ns = ktime_get_mono_fast_ns();
	raw_spin_unlock_irqrestore(&ended_lock, flags);
}

/**
 * oomtrace_episode_last() - get the last episode that ended
 * @end_ns: out: its end, CLOCK_MONOTONIC.
 *
 * Any context but NMI.
 *
 * Return: its number; 0 if none has ended.
 */
u64 oomtrace_episode_last(u64 *end_ns)
{
	unsigned long flags;
	u64 episode;

	raw_spin_lock_irqsave(&ended_lock, flags);
	episode = ended_episode;
	*end_ns = ended_ns;
	raw_spin_unlock_irqrestore(&ended_lock, flags);
	return episode;
}
