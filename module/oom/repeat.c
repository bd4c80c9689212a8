// SPDX-License-Identifier: GPL-2.0
/*
 * Repeats: an OOM that ends as the last one of the same cgroup did, with no task
 * killed, is counted and not recorded whole.
 *
 * While a victim is dying, the tasks that wait for its memory call out_of_memory()
 * thousands of times a second. So does a task whose cgroup has no task that may be
 * killed. Their records would overwrite the kill that all of them wait for. So one
 * OOM a second is recorded whole, and the others are counted in a repeat record
 * that refers to it.
 *
 *   begin     a repeat is likely: the last OOM of that cgroup was recorded within
 *             a second, and its victim is still dying
 *             -> nothing is written; the records are held back
 *   end       it was a repeat -> counted, and the held records are dropped
 *   else      a verdict, a victim, another ending, or the victim is gone
 *             -> the held records are written
 *
 * The handlers run in the task that is out of memory and hold oom_lock. A worker
 * writes the counts once a second, so series_lock guards them.
 */
#include <linux/hash.h>
#include <linux/memcontrol.h>
#include <linux/spinlock.h>

#include "later.h"
#include "oom/begin.h"
#include "oom/episode.h"
#include "oom/hold.h"
#include "oom/repeat.h"
#include "stats.h"
#include "task.h"

/* Places in the table of series, as a power of two. */
#define SERIES_SHIFT	5
/* Places searched for a cgroup, from its hash on. */
#define NEIGHBOURS	4

#define RECORD_EVERY_NS	NSEC_PER_SEC

/**
 * struct series - episodes of one cgroup, or of the machine, that end alike
 * @memcg: the cgroup, only to be compared; NULL for the machine.
 * @memcg_id: id of @memcg, 0 for the machine.
 * @episode: number of the last episode that was recorded whole.
 * @recorded_ns: begin of @episode, CLOCK_MONOTONIC.
 * @count: repeats since the last repeat record.
 * @first_ns: begin of the first of these repeats, CLOCK_MONOTONIC.
 * @last_ns: begin of the last of these repeats, CLOCK_MONOTONIC.
 * @victim_pid: the dying victim that the episodes wait for; 0 if there is none.
 * @ending: enum oomtrace_ending of all of them; 0 if there is no series.
 */
struct series {
	const void *memcg;
	u64 memcg_id;
	u64 episode;
	u64 recorded_ns;
	u64 count;
	u64 first_ns;
	u64 last_ns;
	pid_t victim_pid;
	u8 ending;
};

/* By the cgroup's hash; the last entry is for requests without __GFP_FS. */
static struct series all_series[(1 << SERIES_SHIFT) + 1];
/*
 * Guards all_series. Raw: handlers take it. The worker changes @count only, so
 * a task that holds oom_lock may read all other members without series_lock.
 */
static DEFINE_RAW_SPINLOCK(series_lock);

/* ---- the worker ---- */

/* Write the count of a series, if there is one; series_lock is held. */
static void record_repeat(struct series *s)
{
	struct oomtrace_repeat rec = {
		OOMTRACE_RECORD(REPEAT, repeat),
		.episode = s->episode,
		.count = s->count,
		.first_ns = s->first_ns,
		.last_ns = s->last_ns,
		.memcg_id = s->memcg_id,
		.victim_pid = s->victim_pid,
		.ending = s->ending,
	};

	if (!s->count)
		return;
	if (!s->memcg)
		rec.h.valid &= ~OOMTRACE_BIT(repeat, memcg_id);
	if (!s->victim_pid)
		rec.h.valid &= ~OOMTRACE_BIT(repeat, victim_pid);
	if (oomtrace_oom_write(&rec.h))
		s->count = 0;
}

static void record_repeats(struct work_struct *unused)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&series_lock, flags);
	for (i = 0; i < ARRAY_SIZE(all_series); i++)
		record_repeat(&all_series[i]);
	raw_spin_unlock_irqrestore(&series_lock, flags);
}

static struct oomtrace_later repeat_work;

/* ---- series ---- */

/* Is this the series of the cgroup that is out of memory now? */
static bool is_series_of(const struct series *s, const struct oomtrace_episode *ep)
{
	return s->ending && s->memcg == ep->memcg &&
	       s->memcg_id == ep->memcg_id;
}

/*
 * Find the series of the episode's cgroup, or the place for a new one: an unused
 * place, or the one whose episode was recorded the longest ago.
 */
static struct series *find_series(const struct oomtrace_episode *ep)
{
	unsigned int i, at = hash_ptr(ep->memcg, SERIES_SHIFT);
	struct series *s, *best = NULL;

	if (ep->no_fs)
		return &all_series[1 << SERIES_SHIFT];
	for (i = 0; i < NEIGHBOURS; i++) {
		s = &all_series[(at + i) % (1 << SERIES_SHIFT)];
		if (is_series_of(s, ep))
			return s;
		if (!best || (best->ending && !s->ending) ||
		    (best->ending && s->recorded_ns < best->recorded_ns))
			best = s;
	}
	return best;
}

/* Is this an ending that adds no information when it occurs again? */
static bool can_repeat(u8 how)
{
	return how == OOMTRACE_ENDING_SCAN_ABORTED ||
	       how == OOMTRACE_ENDING_POLICY_FREED ||
	       how == OOMTRACE_ENDING_NO_CANDIDATE ||
	       how == OOMTRACE_ENDING_NO_FS;
}

/* Is this an ending that says nothing about the tasks that wait for a victim? */
static bool is_unrelated_ending(u8 how)
{
	return how == OOMTRACE_ENDING_NOTIFIER_FREED ||
	       how == OOMTRACE_ENDING_CALLER_EXITING;
}

/* Start the series of an episode that was recorded whole. */
static void start_series(const struct oomtrace_episode *ep, u8 how)
{
	struct series *s = find_series(ep);
	unsigned long flags;

	raw_spin_lock_irqsave(&series_lock, flags);
	/* Write the count of the series that had this place. */
	record_repeat(s);
	s->memcg = ep->memcg;
	s->memcg_id = ep->memcg_id;
	s->episode = ep->id;
	s->recorded_ns = ep->begin_ns;
	s->victim_pid = how == OOMTRACE_ENDING_SCAN_ABORTED ? ep->dying_pid : 0;
	s->ending = can_repeat(how) ? how : 0;
	raw_spin_unlock_irqrestore(&series_lock, flags);
}

/* ---- the current episode ---- */

/**
 * oomtrace_repeat_begin() - begin an episode
 * @ep: the episode; current is in out_of_memory().
 *
 * Hold its records back if it is likely to be a repeat, else record its begin.
 */
void oomtrace_repeat_begin(struct oomtrace_episode *ep)
{
	const struct series *s = find_series(ep);

	/*
	 * Only a task that holds oom_lock, as current does, changes the members
	 * that are read here. A sysrq never waits for a victim: it is no repeat.
	 */
	if (is_series_of(s, ep) && ep->oc->order != -1 &&
	    oomtrace_ns_between(s->recorded_ns, ep->begin_ns) < RECORD_EVERY_NS &&
	    (!s->victim_pid || oomtrace_still_dying(s->victim_pid))) {
		ep->waits_for = s->victim_pid;
		oomtrace_hold_begin(ep);
	} else {
		oomtrace_record_begin(ep);
	}
}

static void count_repeat(struct series *s, const struct oomtrace_episode *ep)
{
	unsigned long flags;
	bool first;

	raw_spin_lock_irqsave(&series_lock, flags);
	first = !s->count++;
	if (first)
		s->first_ns = ep->begin_ns;
	s->last_ns = ep->begin_ns;
	raw_spin_unlock_irqrestore(&series_lock, flags);
	oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_REPEAT, 1);
	if (first)
		oomtrace_later_ask(&repeat_work);
}

/**
 * oomtrace_repeat_end() - count an episode as a repeat, or start a new series
 * @ep: the episode; its @oc is not read, as the return may have been missed.
 * @how: enum oomtrace_ending.
 *
 * Return: true if it was a repeat; false if the caller must record its end.
 */
bool oomtrace_repeat_end(struct oomtrace_episode *ep, u8 how)
{
	bool inside = how != OOMTRACE_ENDING_UNKNOWN &&
		      how != OOMTRACE_ENDING_PANIC;
	struct series *s = find_series(ep);

	if (ep->held && how == s->ending &&
	    (!s->victim_pid || s->victim_pid == ep->dying_pid)) {
		count_repeat(s, ep);
		return true;
	}
	oomtrace_hold_release(ep, inside);
	/* At a panic, a stopped CPU may hold series_lock forever. */
	if (how != OOMTRACE_ENDING_PANIC && !is_unrelated_ending(how))
		start_series(ep, how);
	return false;
}

/**
 * oomtrace_repeat_init() - prepare the worker, before the first handler runs
 */
void oomtrace_repeat_init(void)
{
	oomtrace_later_init(&repeat_work, record_repeats,
			    nsecs_to_jiffies(RECORD_EVERY_NS));
}

/**
 * oomtrace_repeat_exit() - stop the worker
 *
 * Call it after the last handler has run, and before the rings are freed.
 */
void oomtrace_repeat_exit(void)
{
	oomtrace_later_cancel(&repeat_work);
}
