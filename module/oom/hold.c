// SPDX-License-Identifier: GPL-2.0
/*
 * Holding an episode back: its begin and its candidates are kept here until it is
 * known whether the episode only repeats another one. If it does, they are
 * dropped; if not, they are written after all.
 *
 * There is room for few candidates. While the victim that the scan will meet is
 * still dying, the scan ends there, so candidates that find no room need not be
 * held: if the victim is gone just then, they are counted as missed. In any other
 * case the episode is written as soon as there is no more room.
 *
 * The handlers run in the task that is out of memory and hold oom_lock, so there
 * is one of everything.
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "compat/mm.h"
#include "oom/begin.h"
#include "oom/cgroup_paths.h"
#include "oom/hold.h"
#include "task.h"

/* Candidates held. */
#define HELD_MAX	64

/* Only the task inside out_of_memory() touches it. */
static struct {
	struct oomtrace_oom_begin begin;
	struct oomtrace_candidate candidate[HELD_MAX];
	u32 n;
	u32 dropped;
} held_records;

/**
 * oomtrace_still_dying() - will the kernel's scan stop at a task and wait for it?
 * @pid: the task's pid.
 */
bool oomtrace_still_dying(pid_t pid)
{
	struct task_struct *task;
	bool dying;

	rcu_read_lock();
	task = oomtrace_task_of(pid, PIDTYPE_PID);
	/* RCU holds the task, which holds the signal struct, which holds the mm. */
	dying = task && tsk_is_oom_victim(task) &&
		!oomtrace_mm_oom_skip(task->signal->oom_mm);
	rcu_read_unlock();
	return dying;
}

/**
 * oomtrace_hold_begin() - hold an episode back from its begin on
 * @ep: the episode; current is in out_of_memory(). Its @waits_for is set.
 */
void oomtrace_hold_begin(struct oomtrace_episode *ep)
{
	ep->held = true;
	held_records.n = 0;
	held_records.dropped = 0;
	oomtrace_fill_begin(&held_records.begin, ep);
}

/**
 * oomtrace_hold_candidate() - hold a candidate's record back
 * @ep: the episode, which is held.
 * @rec: the record.
 *
 * Return: false if the record is to be written, since the episode is held no
 * longer.
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
		return true;
	}
	oomtrace_hold_release(ep, true);
	return false;
}

/**
 * oomtrace_hold_release() - write what is held: the episode repeats no other
 * @ep: the episode; nothing happens if it is not held.
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
	oomtrace_write_begin(ep, &held_records.begin);
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
}
