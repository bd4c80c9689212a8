// SPDX-License-Identifier: GPL-2.0
/*
 * Holding back the records of an episode that may only repeat another one. The
 * begin and the candidates stay here until that is known. They are dropped if
 * the episode is a repeat, and written if it is not.
 *
 * There is room for few candidates. If the episode waits for a victim that is
 * still dying, the scan stops at that victim, so further candidates are dropped.
 * If the victim is gone before the scan reaches it, they count as missed. In all
 * other cases the episode is written as soon as the room is used up.
 *
 * The handlers run in the task that is out of memory and hold oom_lock, so one
 * instance of each variable is enough.
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "compat/kprobes.h"
#include "compat/mm.h"
#include "oom/begin.h"
#include "oom/cgroup_paths.h"
#include "oom/hold.h"
#include "task.h"

/* Candidates held back, at most. */
#define HELD_MAX	64

/* oom_lock guards it: only the task inside out_of_memory() accesses it. */
static struct {
	struct oomtrace_oom_begin begin;
	struct oomtrace_candidate candidate[HELD_MAX];
	u32 n;
	u32 dropped;
} held_records;

/* Is this task a dying victim, at which the kernel's scan will stop? */
bool oomtrace_still_dying(pid_t pid)
{
	struct task_struct *task;
	bool dying;

	rcu_read_lock();
	task = oomtrace_task_of(pid, PIDTYPE_PID);
	/* RCU pins the task, the task its signal struct, and that the mm. */
	dying = task && tsk_is_oom_victim(task) &&
		!oomtrace_mm_oom_skip(task->signal->oom_mm);
	rcu_read_unlock();
	return dying;
}

/**
 * oomtrace_hold_begin() - hold an episode back, starting with its begin record
 * @ep: the episode, with @waits_for set; current is in out_of_memory().
 */
void oomtrace_hold_begin(struct oomtrace_episode *ep)
{
	ep->held = true;
	held_records.n = 0;
	held_records.dropped = 0;
	oomtrace_fill_begin(&held_records.begin, ep);
}

/**
 * oomtrace_hold_candidate() - hold back the record of a candidate
 * @ep: the episode, which is held.
 * @rec: the record.
 *
 * Return: false if the episode is no longer held and the caller must write @rec.
 */
bool oomtrace_hold_candidate(struct oomtrace_episode *ep,
			     const struct oomtrace_candidate *rec)
{
	if (held_records.n < HELD_MAX) {
		held_records.candidate[held_records.n++] = *rec;
		return true;
	}
	if (ep->waits_for &&
	    (ep->aborted || oomtrace_still_dying(ep->waits_for))) {
		held_records.dropped++;
		/* The last one says which victim the kernel waits for: keep that. */
		if (ep->aborted)
			held_records.candidate[HELD_MAX - 1] = *rec;
		return true;
	}
	oomtrace_hold_release(ep, true);
	return false;
}

/**
 * oomtrace_hold_release() - write the held records of an episode
 * @ep: the episode, which is not a repeat; nothing is done if it is not held.
 * @inside: current is in the out_of_memory() of this episode.
 *
 * Writes a few tens of records at most.
 */
void oomtrace_hold_release(struct oomtrace_episode *ep, bool inside)
{
	struct oomtrace_candidate *rec;
	struct task_struct *task;
	u32 i;

	if (!ep->held)
		return;
	ep->held = false;
	/* A return probe of out_of_memory() is between this hook and its caller. */
	oomtrace_write_begin(ep, &held_records.begin,
			     inside && OOMTRACE_RETURN_UNWINDS);
	if (inside)
		oomtrace_record_cause(ep);
	rcu_read_lock();
	for (i = 0; i < held_records.n; i++) {
		rec = &held_records.candidate[i];
		rec->episode = ep->id;
		if (!oomtrace_oom_write(&rec->h))
			ep->missed++;
		task = oomtrace_task_of(rec->pid, PIDTYPE_PID);
		if (task)
			oomtrace_paths_add_task(ep->paths, task, true);
	}
	rcu_read_unlock();
	ep->missed += held_records.dropped;
	/* The next candidate is not older than those written here. */
	ep->clock_until = 0;
	ep->plain_until = 0;
}
