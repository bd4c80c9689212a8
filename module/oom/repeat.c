// SPDX-License-Identifier: GPL-2.0
/*
 * Repeats: an OOM that ends as the last one of the same cgroup did, with no task
 * killed, is counted and not recorded whole.
 *
 * While a victim is dying, the tasks that wait for its memory call out_of_memory()
 * again and again, some thousand times a second. So does a task whose cgroup has
 * no task that may be killed. Their records would overwrite what matters: the kill
 * that all of them wait for. So one a second is recorded whole, and the others are
 * counted in a repeat record that refers to it.
 *
 *   begin     a repeat is likely: the last OOM of that cgroup was recorded within
 *             a second, and its victim is still dying
 *             -> nothing is written; the records are held back
 *   end       it was a repeat -> counted, and the held records are dropped
 *   else      a verdict, a victim, another ending, the victim is gone: the held
 *             records are written after all
 *
 * The handlers run in the task that is out of memory and hold oom_lock, so there
 * is one of everything. The counts are shared with the worker that records them
 * once a second, and guarded by a lock that is held for one record's time.
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

/* Cgroups that can repeat at the same time, as a power of two. */
#define SERIES_SHIFT	5
/* Places that a cgroup can have. */
#define NEIGHBOURS	4

#define RECORD_EVERY_NS	NSEC_PER_SEC

/**
 * struct series - episodes of one cgroup, or of the machine, that end the same
 * @memcg: which cgroup; to be compared only. @ending is 0 in an unused one.
 * @memcg_id: its id, 0 for the machine's.
 * @episode: the last one that was told.
 * @recorded_ns: when that one began, CLOCK_MONOTONIC.
 * @count: repeats since the last repeat record.
 * @first_ns: when the first of these began.
 * @last_ns: when the last of these began.
 * @victim_pid: who is dying, if that is what they wait for.
 * @ending: how they end.
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

/* By the cgroup's hash; the last one is for requests without __GFP_FS. */
static struct series all_series[(1 << SERIES_SHIFT) + 1];
/* Guards them all. Raw: handlers take it. */
static DEFINE_RAW_SPINLOCK(series_lock);

/* ---- the count, recorded ---- */

/* series_lock is held. */
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

static struct oomtrace_later recording;

/* ---- series ---- */

/* Is it about the cgroup that is out of memory now? */
static bool is_series_of(const struct series *s, const struct oomtrace_episode *ep)
{
	return s->ending && s->memcg == ep->memcg &&
	       s->memcg_id == ep->memcg_id;
}

/*
 * Where a cgroup's series is, or could be: cgroups of the same hash have a few
 * places. Of those, an unused one, or the one that was told longest ago.
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

/* Endings that say nothing new a second time. */
static bool can_repeat(u8 how)
{
	return how == OOMTRACE_ENDING_SCAN_ABORTED ||
	       how == OOMTRACE_ENDING_NO_CANDIDATE ||
	       how == OOMTRACE_ENDING_NO_FS;
}

/* Endings that say nothing about the tasks that wait. */
static bool is_aside(u8 how)
{
	return how == OOMTRACE_ENDING_NOTIFIER_FREED ||
	       how == OOMTRACE_ENDING_CALLER_EXITING;
}

/* An episode is recorded whole; the next ones may be like it. */
static void start_series(const struct oomtrace_episode *ep, u8 how)
{
	struct series *s = find_series(ep);
	unsigned long flags;

	raw_spin_lock_irqsave(&series_lock, flags);
	/* Those of the one before, or of another cgroup that had this place. */
	record_repeat(s);
	s->memcg = ep->memcg;
	s->memcg_id = ep->memcg_id;
	s->episode = ep->id;
	s->recorded_ns = ep->begin_ns;
	s->victim_pid = how == OOMTRACE_ENDING_SCAN_ABORTED ? ep->dying_pid : 0;
	s->ending = can_repeat(how) ? how : 0;
	raw_spin_unlock_irqrestore(&series_lock, flags);
}

/* ---- the episode under way ---- */

/**
 * oomtrace_repeat_begin() - an episode begins: does it only repeat another?
 * @ep: the episode; current is in out_of_memory().
 *
 * If it may, its records are held back. If not, its begin is recorded.
 */
void oomtrace_repeat_begin(struct oomtrace_episode *ep)
{
	const struct series *s = find_series(ep);

	/*
	 * Only holders of oom_lock, as this task is, change what is read here. A
	 * sysrq never waits for a dying victim, so it repeats nothing.
	 */
	if (is_series_of(s, ep) && ep->oc->order != -1 &&
	    ep->begin_ns - s->recorded_ns < RECORD_EVERY_NS &&
	    (!s->victim_pid || oomtrace_still_dying(s->victim_pid))) {
		ep->waits_for = s->victim_pid;
		oomtrace_hold_begin(ep);
	} else {
		oomtrace_record_begin(ep);
	}
}

/* One more of its series. */
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
		oomtrace_later_ask(&recording);
}

/**
 * oomtrace_repeat_end() - an episode ends: was it a repeat?
 * @ep: the episode. Its return may have got lost, so out_of_memory()'s struct is
 *	not read.
 * @how: enum oomtrace_ending.
 *
 * Return: true if it was a repeat and is counted; false if its end is to be
 * recorded.
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
	/* At a panic, a stopped CPU may hold the lock and never release it. */
	if (how != OOMTRACE_ENDING_PANIC && !is_aside(how))
		start_series(ep, how);
	return false;
}

/**
 * oomtrace_repeat_init() - before the first handler runs
 */
void oomtrace_repeat_init(void)
{
	oomtrace_later_init(&recording, record_repeats,
			    nsecs_to_jiffies(RECORD_EVERY_NS));
}

/**
 * oomtrace_repeat_exit() - when no handler is left, while the rings are there
 */
void oomtrace_repeat_exit(void)
{
	oomtrace_later_cancel(&recording);
}
