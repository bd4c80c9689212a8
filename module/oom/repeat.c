// SPDX-License-Identifier: GPL-2.0
/*
 * Asking again: an OOM that ends as the last one of the same cgroup did, with
 * nobody killed, is counted, and not told record by record.
 *
 * While a victim is dying, those who wait for its memory call out_of_memory()
 * again and again, some thousand times a second, and so does a task whose cgroup
 * has nobody who may be killed. Told one by one they would push what matters out
 * of the ring: the kill that all wait for. So one a second is told whole, and the
 * others are counted in a repeat record that refers to it.
 *
 *   begin     a repeat is likely: the last one of that cgroup was told within
 *             a second, and its victim is still dying
 *             -> nothing is written: what would be is held here
 *   end       it was one -> counted, and what is held is forgotten
 *   else      a verdict, a victim, another ending, the victim is gone: it is told
 *             after all, with what is held
 *
 * What is held has room for few candidates. While the victim is still dying, the
 * scan will get to it and end there, so those that find no room need not be held;
 * if it dies just then, they are counted as missed. In any other case the episode
 * is told as soon as there is no more room.
 *
 * The handlers run in the task that is out of memory and hold oom_lock, so there
 * is one of everything; the counts are shared with the worker that writes them
 * down once a second, and guarded by a lock that is held for a record's time.
 */
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/memcontrol.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "oom/repeat.h"
#include "oom/episode.h"
#include "task.h"
#include "compat/mm.h"

/* Cgroups that ask again at the same time, as a power of two. */
#define SERIES_SHIFT	5
/* Places that a cgroup can have. */
#define NEIGHBOURS	4

/* Candidates held. */
#define HELD		64

#define TELL_EVERY_NS	NSEC_PER_SEC

/**
 * struct series - episodes of one cgroup, or of the machine, that end the same
 * @memcg: which cgroup; to be compared only. @ending is 0 in an unused one.
 * @memcg_id: its id, 0 for the machine's.
 * @episode: the last one that was told.
 * @told_ns: when that one began, CLOCK_MONOTONIC.
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
	u64 told_ns;
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
static atomic64_t repeats;

/* The episode under way, if it is held: only the task inside touches it. */
static struct {
	struct oomtrace_oom_begin begin;
	struct oomtrace_candidate candidate[HELD];
	u32 n;
	u32 dropped;
} held;

/**
 * oomtrace_again_count() - OOMs that were counted and not told
 *
 * Return: the count since load.
 */
u64 oomtrace_again_count(void)
{
	return atomic64_read(&repeats);
}

/* ---- the count, told ---- */

/* series_lock is held. */
static void record_repeat(struct series *s)
{
	struct oomtrace_repeat *rec;
	unsigned long flags;

	if (!s->count)
		return;
	rec = oomtrace_oom_reserve(OOMTRACE_REPEAT, sizeof(*rec), &flags);
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_ALL(repeat);
	if (!s->memcg)
		rec->h.valid &= ~OOMTRACE_BIT(repeat, memcg_id);
	if (!s->victim_pid)
		rec->h.valid &= ~OOMTRACE_BIT(repeat, victim_pid);
	rec->h.derived = 0;
	rec->episode = s->episode;
	rec->count = s->count;
	rec->first_ns = s->first_ns;
	rec->last_ns = s->last_ns;
	rec->memcg_id = s->memcg_id;
	rec->victim_pid = s->victim_pid;
	rec->ending = s->ending;
	memset(rec->reserved, 0, sizeof(rec->reserved));
	oomtrace_oom_publish(rec, flags);
	s->count = 0;
}

/**
 * oomtrace_again_flush() - write down what was counted so far
 */
void oomtrace_again_flush(void)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&series_lock, flags);
	for (i = 0; i < ARRAY_SIZE(all_series); i++)
		record_repeat(&all_series[i]);
	raw_spin_unlock_irqrestore(&series_lock, flags);
}

static void flush_later(struct work_struct *unused)
{
	oomtrace_again_flush();
}

static DECLARE_DELAYED_WORK(flushing, flush_later);
static struct irq_work kick;

/* Handlers may not queue work: that takes locks. An interrupt may. */
static void queue_flush(struct irq_work *unused)
{
	schedule_delayed_work(&flushing, nsecs_to_jiffies(TELL_EVERY_NS));
}

/* ---- series ---- */

/* Is it about the cgroup that is out of memory now? */
static bool is_of(const struct series *s, const struct oomtrace_episode *ep)
{
	return s->ending && s->memcg == ep->memcg &&
	       s->memcg_id == ep->memcg_id;
}

/*
 * Where a cgroup's series is, or could be: cgroups of the same hash have a few
 * places. Of those, an unused one, or the one that was told longest ago.
 */
static struct series *place_of(const struct oomtrace_episode *ep)
{
	unsigned int i, at = hash_ptr(ep->memcg, SERIES_SHIFT);
	struct series *s, *best = NULL;

	if (ep->no_fs)
		return &all_series[1 << SERIES_SHIFT];
	for (i = 0; i < NEIGHBOURS; i++) {
		s = &all_series[(at + i) % (1 << SERIES_SHIFT)];
		if (is_of(s, ep))
			return s;
		if (!best || (best->ending && !s->ending) ||
		    (best->ending && s->told_ns < best->told_ns))
			best = s;
	}
	return best;
}

/* Will the kernel's scan stop at this task and wait for it? */
static bool still_dying(pid_t pid)
{
	struct task_struct *task;
	bool dying;

	rcu_read_lock();
	task = oomtrace_task_of(pid, PIDTYPE_PID);
	/* The signal struct holds the mm, RCU the task and so the former. */
	dying = task && tsk_is_oom_victim(task) &&
		!oomtrace_mm_oom_skip(task->signal->oom_mm);
	rcu_read_unlock();
	return dying;
}

/* Endings that tell nothing new a second time. */
static bool can_repeat(u8 how)
{
	return how == OOMTRACE_ENDING_SCAN_ABORTED ||
	       how == OOMTRACE_ENDING_NO_CANDIDATE ||
	       how == OOMTRACE_ENDING_NO_FS;
}

/* Endings that say nothing about those who wait. */
static bool is_aside(u8 how)
{
	return how == OOMTRACE_ENDING_NOTIFIER_FREED ||
	       how == OOMTRACE_ENDING_CALLER_EXITING;
}

/* An episode was told whole: the next ones may be like it. */
static void start_series(const struct oomtrace_episode *ep, u8 how)
{
	struct series *s = place_of(ep);
	unsigned long flags;

	raw_spin_lock_irqsave(&series_lock, flags);
	/* Those of the one before, or of another cgroup that had this place. */
	record_repeat(s);
	s->memcg = ep->memcg;
	s->memcg_id = ep->memcg_id;
	s->episode = ep->id;
	s->told_ns = ep->begin_ns;
	s->victim_pid = how == OOMTRACE_ENDING_SCAN_ABORTED ? ep->dying_pid : 0;
	s->ending = can_repeat(how) ? how : 0;
	raw_spin_unlock_irqrestore(&series_lock, flags);
}

/* ---- the episode under way ---- */

/* It is to be told: from here on it has a number, and a place for names. */
static void number(struct oomtrace_episode *ep)
{
	ep->id = oomtrace_next_episode();
	ep->names = oomtrace_names_get(ep->id);
}

/**
 * oomtrace_again_begin() - an episode begins: does it only repeat another?
 * @ep: the episode; current is in out_of_memory().
 *
 * If so, it is held. If not, it is told from now on.
 */
void oomtrace_again_begin(struct oomtrace_episode *ep)
{
	const struct series *s = place_of(ep);

	/*
	 * Only holders of oom_lock, as we are, change what is read here. sysrq
	 * kills whoever is dying already.
	 */
	ep->held = is_of(s, ep) && ep->oc->order != -1 &&
		   ep->begin_ns - s->told_ns < TELL_EVERY_NS &&
		   (!s->victim_pid || still_dying(s->victim_pid));
	if (!ep->held) {
		number(ep);
		oomtrace_record_begin(ep);
		return;
	}
	held.n = 0;
	held.dropped = 0;
	oomtrace_fill_begin(&held.begin, ep);
}

/* Write what is held. A few tens of records at most. */
static void tell(struct oomtrace_episode *ep, bool inside)
{
	struct task_struct *task;
	u32 i;

	ep->held = false;
	number(ep);
	oomtrace_write_begin(ep, &held.begin);
	if (inside)
		oomtrace_record_cause(ep);
	rcu_read_lock();
	for (i = 0; i < held.n; i++) {
		held.candidate[i].episode = ep->id;
		if (!oomtrace_record_candidate(&held.candidate[i]))
			ep->missed++;
		task = oomtrace_task_of(held.candidate[i].pid, PIDTYPE_PID);
		if (task)
			oomtrace_names_add_task(ep->names, task, true);
	}
	rcu_read_unlock();
	ep->missed += held.dropped;
}

/**
 * oomtrace_again_tell() - it is no repeat: write what is held
 * @ep: the episode; current is in out_of_memory(). Nothing happens if it is not
 *	held.
 */
void oomtrace_again_tell(struct oomtrace_episode *ep)
{
	if (ep->held)
		tell(ep, true);
}

/**
 * oomtrace_again_hold() - hold a candidate's record
 * @ep: the episode, which is held.
 * @rec: the record, all but its header's facts of the ring.
 *
 * Return: false if it is to be written, as the episode is held no longer.
 */
bool oomtrace_again_hold(struct oomtrace_episode *ep,
			 const struct oomtrace_candidate *rec)
{
	const struct series *s = place_of(ep);

	if (held.n < HELD) {
		held.candidate[held.n++] = *rec;
		return true;
	}
	if (s->victim_pid && (ep->aborted || still_dying(s->victim_pid))) {
		held.dropped++;
		return true;
	}
	oomtrace_again_tell(ep);
	return false;
}

/* One more of its series. */
static void count(struct series *s, const struct oomtrace_episode *ep)
{
	unsigned long flags;
	bool first;

	raw_spin_lock_irqsave(&series_lock, flags);
	first = !s->count++;
	if (first)
		s->first_ns = ep->begin_ns;
	s->last_ns = ep->begin_ns;
	raw_spin_unlock_irqrestore(&series_lock, flags);
	atomic64_inc(&repeats);
	if (first)
		irq_work_queue(&kick);
}

/**
 * oomtrace_again_end() - an episode ends: was it a repeat?
 * @ep: the episode. Its return may have got lost: out_of_memory()'s struct is not
 *	looked at.
 * @how: enum oomtrace_ending.
 *
 * Return: true if it was and is counted; false if its end is to be told.
 */
bool oomtrace_again_end(struct oomtrace_episode *ep, u8 how)
{
	bool inside = how != OOMTRACE_ENDING_UNKNOWN &&
		      how != OOMTRACE_ENDING_PANIC;
	struct series *s = place_of(ep);

	if (ep->held && how == s->ending &&
	    (!s->victim_pid || s->victim_pid == ep->dying_pid)) {
		count(s, ep);
		return true;
	}
	if (ep->held)
		tell(ep, inside);
	/* A stopped CPU may have the lock for ever. */
	if (how != OOMTRACE_ENDING_PANIC && !is_aside(how))
		start_series(ep, how);
	return false;
}

/**
 * oomtrace_again_init() - before the first handler runs
 */
void oomtrace_again_init(void)
{
	init_irq_work(&kick, queue_flush);
}

/**
 * oomtrace_again_exit() - when no handler is left, and while the rings are there
 */
void oomtrace_again_exit(void)
{
	irq_work_sync(&kick);
	cancel_delayed_work_sync(&flushing);
}
