// SPDX-License-Identifier: GPL-2.0
/*
 * The largest task that an oom_score_adj of -1000 protects, and where it may have
 * that value from. A child inherits the oom_score_adj of its parent, so a session
 * of a protected service is protected as well, which nobody intends.
 *
 * The scan notes the task, whose record is written at the end of the episode. The
 * handlers run in the task that is out of memory, with preemption off. They take
 * no lock, and look at a bounded number of ancestors.
 */
#include <linux/oom.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "oom/episode.h"
#include "oom/exempt.h"
#include "task.h"

/* Ancestors that are looked at. */
#define MAX_ANCESTORS	16

static bool is_protected(const struct task_struct *task)
{
	return READ_ONCE(task->signal->oom_score_adj) == OOM_SCORE_ADJ_MIN;
}

/*
 * The farthest ancestor of a task with the same oom_score_adj in between; NULL if
 * its parent has another one. RCU is held.
 */
static struct task_struct *find_source(struct task_struct *task)
{
	struct task_struct *found = NULL;
	int i;

	for (i = 0; i < MAX_ANCESTORS; i++) {
		struct task_struct *parent = rcu_dereference(task->real_parent);

		parent = READ_ONCE(parent->group_leader);
		if (parent == task || !parent->pid || !is_protected(parent))
			break;
		found = parent;
		task = parent;
	}
	return found;
}

/**
 * oomtrace_exempt_note() - note a candidate that is protected
 * @ep: the episode.
 * @rec: the candidate's record, whose reason is OOMTRACE_REASON_ADJ_MIN.
 */
void oomtrace_exempt_note(struct oomtrace_episode *ep,
			  const struct oomtrace_candidate *rec)
{
	s64 pages = rec->rss_anon + rec->rss_file + rec->rss_shmem + rec->swapents;

	/* Without its memory, all of these are 0. */
	if (pages <= ep->exempt_pages)
		return;
	ep->exempt_pages = pages;
	ep->exempt_tgid = rec->tgid;
}

/**
 * oomtrace_exempt_record() - record the largest protected task of an episode
 * @ep: the episode, which has a number.
 */
void oomtrace_exempt_record(const struct oomtrace_episode *ep)
{
	struct task_struct *task, *source;
	struct oomtrace_exempt rec = {
		OOMTRACE_RECORD(EXEMPT, exempt),
		.episode = ep->id,
		.pid = ep->exempt_tgid,
		.pages = ep->exempt_pages,
	};

	if (!ep->exempt_tgid)
		return;
	rcu_read_lock();
	task = oomtrace_task_of(ep->exempt_tgid, PIDTYPE_TGID);
	/* It may have exited, or been given another value, since the scan. */
	if (!task || !is_protected(task)) {
		rcu_read_unlock();
		return;
	}
	oomtrace_comm(rec.comm, task);
	source = find_source(task);
	if (source) {
		rec.source_pid = source->pid;
		oomtrace_comm(rec.source_comm, source);
		rec.h.derived = OOMTRACE_BIT(exempt, source_pid) |
				OOMTRACE_BIT(exempt, source_comm);
	} else {
		rec.h.valid &= ~(OOMTRACE_BIT(exempt, source_pid) |
				 OOMTRACE_BIT(exempt, source_comm));
	}
	rcu_read_unlock();
	oomtrace_oom_write(&rec.h);
}
