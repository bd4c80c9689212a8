// SPDX-License-Identifier: GPL-2.0
/*
 * Candidates: the tasks that a victim selection evaluates.
 *
 *   oom_evaluate_task()        entry: a candidate starts, the last one is done
 *     oom_badness()            return: its points
 *
 * All of this runs in the task that is out of memory, with oom_lock held and
 * without waiting. A machine may have thousands of tasks, and the allocation
 * waits while each is evaluated, so every instruction here counts.
 *
 * The points and the leading candidate are the kernel's own: the return value of
 * oom_badness(), and oom_control.chosen. A candidate's outcome is read from
 * oom_control when the next one starts, so one return probe per candidate is
 * enough. The candidate's memory counters are read just before the kernel reads
 * them. If they do not add up to the points, they are marked as derived.
 *
 * Kernel threads and init are never killed, so they have no record: the episode
 * counts them.
 */
#include <linux/kprobes.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat/mm.h"
#include "hook/hook.h"
#include "oom/candidate.h"
#include "oom/cgroup_paths.h"
#include "oom/episode.h"
#include "oom/hold.h"
#include "ring/ring.h"
#include "task.h"

/**
 * struct pending - the candidate that oom_evaluate_task() evaluates
 * @task: the task; NULL if there is none. Only compared, never dereferenced,
 *	once oom_evaluate_task() has returned.
 * @css: cgroup of the last candidate, if the episode's paths include it.
 * @scored: a return of oom_badness() was seen for @task.
 * @skipped: why oom_evaluate_task() skips @task, if it does not call oom_badness().
 * @never: why oom_badness() returned LONG_MIN, if it did.
 * @rec: the candidate's record, filled step by step.
 */
struct pending {
	struct task_struct *task;
	const struct cgroup_subsys_state *css;
	bool scored;
	u8 skipped;
	u8 never;
	struct oomtrace_candidate rec;
};

static struct pending pending = {
	.rec = { OOMTRACE_RECORD(CANDIDATE, candidate) },
};

/* Threads of a process searched for one with an mm, at most. */
#define MAX_THREADS	64

#define MM_FIELDS (OOMTRACE_BIT(candidate, rss_anon) |		\
		   OOMTRACE_BIT(candidate, rss_file) |		\
		   OOMTRACE_BIT(candidate, rss_shmem) |		\
		   OOMTRACE_BIT(candidate, swapents) |		\
		   OOMTRACE_BIT(candidate, pgtables_bytes))

static __always_inline void fill_candidate_mm(struct oomtrace_candidate *rec,
					      struct mm_struct *mm)
{
	rec->rss_anon = oomtrace_mm_counter(mm, MM_ANONPAGES);
	rec->rss_file = oomtrace_mm_counter(mm, MM_FILEPAGES);
	rec->rss_shmem = oomtrace_mm_counter(mm, MM_SHMEMPAGES);
	rec->swapents = oomtrace_mm_counter(mm, MM_SWAPENTS);
	rec->pgtables_bytes = mm_pgtables_bytes(mm);
}

/*
 * Why does oom_badness() reject a task with an mm? In the order of its tests, of
 * which only the first needs no lock. @thread is locked; NULL if no thread is.
 */
static u8 find_refusal(struct task_struct *task, struct task_struct *thread)
{
	if (task->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return OOMTRACE_REASON_ADJ_MIN;
	if (!thread)
		return OOMTRACE_REASON_NONE;
	if (oomtrace_mm_oom_skip(thread->mm))
		return OOMTRACE_REASON_OOM_SKIP;
	if (in_vfork(thread))
		return OOMTRACE_REASON_VFORK;
	return OOMTRACE_REASON_NONE;
}

/*
 * Read the mm of the first thread that has one: find_lock_task_mm() without
 * waiting. @rec gets the memory counters, @never the reason why oom_badness()
 * rejects the task; either may be NULL. Preemption is off, which suffices for
 * for_each_thread().
 *
 * Return: false if no thread has an mm, or its task_lock() is contended.
 */
static __always_inline bool read_mm(struct task_struct *task,
				    struct oomtrace_candidate *rec,
				       u8 *never)
{
	struct task_struct *t;
	int n = 0;

	if (never)
		*never = OOMTRACE_REASON_NO_MM;
	for_each_thread(task, t) {
		if (++n > MAX_THREADS)
			break;
		/* Without the lock t->mm may change; it is read again below. */
		if (!READ_ONCE(t->mm))
			continue;
		/* Contended: the mm may go away, so its fields are absent. */
		if (!oomtrace_task_trylock(t)) {
			if (never)
				*never = find_refusal(task, NULL);
			break;
		}
		if (!t->mm) {
			task_unlock(t);
			continue;
		}
		if (rec)
			fill_candidate_mm(rec, t->mm);
		if (never)
			*never = find_refusal(task, t);
		task_unlock(t);
		return true;
	}
	return false;
}

/* Why would oom_evaluate_task() skip a process? In the order of its tests. */
static __always_inline u8 find_skip(struct task_struct *task)
{
	if (tsk_is_oom_victim(task))
		return oomtrace_mm_oom_skip(task->signal->oom_mm) ?
			OOMTRACE_REASON_OOM_SKIP : OOMTRACE_REASON_IN_FLIGHT;
	return OOMTRACE_REASON_CPUSET;
}

/* Find a task's cgroup, which mostly is that of the previous candidate. */
static __always_inline u64 find_cgroup(struct pending *p,
				       struct oomtrace_episode *ep,
				     struct task_struct *task)
{
	/* true: preemption is off, which RCU's debug check does not accept. */
	struct cgroup_subsys_state *css =
		task_css_check(task, memory_cgrp_id, true);

	if (css != p->css)
		p->css = oomtrace_paths_add(ep->paths, css, true) ? css : NULL;
	return cgroup_id(css->cgroup);
}

static __always_inline void start_candidate(struct pending *p,
					    struct oomtrace_episode *ep,
					    struct task_struct *task)
{
	struct oomtrace_candidate *rec = &p->rec;
	u64 valid = OOMTRACE_ALL(candidate) & ~OOMTRACE_BIT(candidate, points);

	p->task = task;
	p->scored = false;
	p->skipped = find_skip(task);

	rec->pid = task->pid;
	rec->tgid = task->tgid;
	rec->uid = oomtrace_uid_rcu(task);
	rec->index = ep->candidates++;
	oomtrace_comm(rec->comm, task);
	rec->cgroup_id = find_cgroup(p, ep, task);
	rec->points = 0;
	rec->oom_score_adj = task->signal->oom_score_adj;
	rec->reason = OOMTRACE_REASON_NONE;
	rec->ns_pid = oomtrace_ns_pid(task);
	if (!rec->ns_pid)
		valid &= ~OOMTRACE_BIT(candidate, ns_pid);
	if (!read_mm(task, rec, NULL)) {
		rec->rss_anon = 0;
		rec->rss_file = 0;
		rec->rss_shmem = 0;
		rec->swapents = 0;
		rec->pgtables_bytes = 0;
		valid &= ~MM_FIELDS;
	}
	rec->h.valid = valid;
	rec->h.derived = 0;
}

/* Do the recorded terms give the kernel's points? */
static bool terms_add_up(const struct oomtrace_candidate *rec,
			 unsigned long totalpages)
{
	long sum = rec->rss_anon + rec->rss_file + rec->rss_shmem +
		   rec->swapents + rec->pgtables_bytes / PAGE_SIZE +
		   (long)rec->oom_score_adj * (long)(totalpages / 1000);

	return sum == rec->points;
}

/* Recompute the choice and the runner-up from points and order alone. */
static void rank_candidate(struct oomtrace_episode *ep, pid_t pid, long points)
{
	if (!ep->scored++ || points >= ep->best_points) {
		ep->second_pid = ep->best_pid;
		ep->second_points = ep->best_points;
		ep->best_pid = pid;
		ep->best_points = points;
	} else if (ep->scored == 2 || points >= ep->second_points) {
		ep->second_pid = pid;
		ep->second_points = points;
	}
}

/* Set the outcome of a candidate with a return of oom_badness(). */
static __always_inline void finish_scored(struct pending *p, struct oomtrace_episode *ep)
{
	struct oomtrace_candidate *rec = &p->rec;

	ep->seen = true;
	if (rec->points == LONG_MIN) {
		rec->points = 0;
		rec->verdict = OOMTRACE_EVAL_INELIGIBLE;
		rec->reason = p->never;
		ep->exempt[p->never]++;
		rec->h.derived |= OOMTRACE_BIT(candidate, reason);
		/* The task changed after oom_badness() checked it. */
		if (p->never == OOMTRACE_REASON_NONE)
			rec->h.valid &= ~OOMTRACE_BIT(candidate, reason);
		return;
	}
	rec->h.valid |= OOMTRACE_BIT(candidate, points);
	if (!terms_add_up(rec, ep->oc->totalpages))
		rec->h.derived |= rec->h.valid & MM_FIELDS;
	rec->verdict = ep->oc->chosen == p->task ? OOMTRACE_EVAL_LEADING :
						   OOMTRACE_EVAL_KEPT;
	rank_candidate(ep, rec->pid, rec->points);
}

/* A task led by its points, though oom_badness() was not seen to return them. */
static bool led_unseen;

/**
 * oomtrace_badness_is_blind() - check whether the kernel scores tasks unseen
 *
 * A compiler may inline oom_badness() into oom_evaluate_task(). Its symbol stays,
 * because /proc needs it, so the hook attaches, and is never called in a scan.
 *
 * Return: true if a task was scored since load, and no return was ever seen.
 */
bool oomtrace_badness_is_blind(void)
{
	return READ_ONCE(led_unseen) && !oomtrace_hook_hits(OOMTRACE_HOOK_BADNESS);
}

/* Does the kernel ask where a candidate's memory is, and can the answer be no? */
static bool can_skip_for_nodes(const struct oomtrace_episode *ep)
{
	return IS_ENABLED(CONFIG_NUMA) && !ep->oc->memcg && nr_online_nodes > 1;
}

/*
 * Is it certain that oom_evaluate_task() scores no such candidate? A sysrq scores
 * victims of earlier OOMs, too.
 */
static bool is_never_scored(const struct oomtrace_episode *ep, u8 skipped)
{
	switch (skipped) {
	case OOMTRACE_REASON_OOM_SKIP:
	case OOMTRACE_REASON_IN_FLIGHT:
		return ep->oc->order != -1;
	default:
		return false;
	}
}

/*
 * Why was a candidate skipped that was not scored? The scan was not aborted.
 *
 * Return: enum oomtrace_reason; OOMTRACE_REASON_NONE if it is not known.
 */
static u8 explain_skip(const struct oomtrace_episode *ep, u8 skipped)
{
	bool certain = is_never_scored(ep, skipped);

	if (certain && skipped != OOMTRACE_REASON_IN_FLIGHT)
		return skipped;
	/* The kernel aborts at a dying victim, unless it skips that before. */
	if (can_skip_for_nodes(ep))
		return OOMTRACE_REASON_CPUSET;
	/* It was reaped between our look at it and the kernel's. */
	return certain ? OOMTRACE_REASON_OOM_SKIP : OOMTRACE_REASON_NONE;
}

/* Set the outcome of a candidate without a return of oom_badness(). */
static void finish_unscored(struct pending *p, struct oomtrace_episode *ep)
{
	struct oomtrace_candidate *rec = &p->rec;

	if (ep->oc->chosen == (void *)-1UL) {
		rec->verdict = OOMTRACE_EVAL_ABORT;
		rec->reason = OOMTRACE_REASON_IN_FLIGHT;
		ep->aborted = true;
		ep->dying_pid = rec->pid;
		return;
	}
	if (ep->oc->chosen == p->task) {
		/* oom_task_origin(), or a return of oom_badness() was missed. */
		if (ep->oc->chosen_points != LONG_MAX) {
			ep->unseen++;
			WRITE_ONCE(led_unseen, true);
		}
		rec->verdict = OOMTRACE_EVAL_LEADING;
		rec->points = ep->oc->chosen_points;
		rec->h.valid |= OOMTRACE_BIT(candidate, points);
		rank_candidate(ep, rec->pid, rec->points);
		return;
	}
	rec->reason = explain_skip(ep, p->skipped);
	/*
	 * If oom_badness() cannot be seen, a skipped task and a lower score look
	 * alike. That it can be is known once it was seen in this scan.
	 */
	if (!is_never_scored(ep, p->skipped) &&
	    (!ep->seen || rec->reason == OOMTRACE_REASON_NONE)) {
		ep->unseen++;
		rec->verdict = OOMTRACE_EVAL_KEPT;
		rec->reason = OOMTRACE_REASON_NONE;
		rec->h.valid &= ~(OOMTRACE_BIT(candidate, verdict) |
				  OOMTRACE_BIT(candidate, reason));
		return;
	}
	rec->verdict = OOMTRACE_EVAL_INELIGIBLE;
	rec->h.derived |= OOMTRACE_BIT(candidate, reason);
	ep->exempt[rec->reason]++;
}

static __always_inline void finish_candidate(struct pending *p,
					     struct oomtrace_episode *ep)
{
	if (!p->task)
		return;
	if (likely(p->scored))
		finish_scored(p, ep);
	else
		finish_unscored(p, ep);
	p->task = NULL;
	if (unlikely(ep->held) && oomtrace_hold_candidate(ep, &p->rec))
		return;
	/* Not earlier: a held episode gets its number in the call above. */
	p->rec.episode = ep->id;
	/* A copy of constant size is cheap. */
	if (!oomtrace_ring_write(&oomtrace_rings[OOMTRACE_RING_OOM], &p->rec,
				 OOMTRACE_CANDIDATE, sizeof(p->rec)))
		ep->missed++;
}

/**
 * oomtrace_candidate_finish() - record the last candidate, whose outcome is known
 * @ep: the episode; its oom_control has the outcome. The task may be gone.
 */
void oomtrace_candidate_finish(struct oomtrace_episode *ep)
{
	finish_candidate(&pending, ep);
}

/**
 * oomtrace_candidate_forget() - drop the pending candidate without a record
 *
 * Return: true if there was one.
 */
bool oomtrace_candidate_forget(void)
{
	bool forgotten = pending.task;

	pending.task = NULL;
	pending.css = NULL;
	return forgotten;
}

/* ---- the hooks ---- */

static __always_inline void enter_evaluate(unsigned long task, unsigned long oc,
					   unsigned long unused)
{
	struct oomtrace_episode *ep = &oomtrace_episode;

	oomtrace_hit(OOMTRACE_HOOK_EVALUATE);
	if (!oomtrace_episode_mine())
		return;
	finish_candidate(&pending, ep);
	/* Never killed, and as many as all others: they are only counted. */
	if (((struct task_struct *)task)->flags & PF_KTHREAD)
		ep->exempt[OOMTRACE_REASON_KTHREAD]++;
	else if (is_global_init((struct task_struct *)task))
		ep->exempt[OOMTRACE_REASON_INIT]++;
	else
		start_candidate(&pending, ep, (struct task_struct *)task);
}

OOMTRACE_DEFINE_ENTRY(oomtrace_evaluate, enter_evaluate);

/* Is this call part of the scan? Reads of /proc/PID/oom_score are not. */
static __always_inline bool in_scan(void)
{
	return oomtrace_episode_mine() && pending.task;
}

/* Store what oom_badness() returned, and if it is LONG_MIN, why. */
static __always_inline void note_points(long points)
{
	oomtrace_hit(OOMTRACE_HOOK_BADNESS);
	pending.rec.points = points;
	pending.scored = true;
	if (unlikely(points == LONG_MIN))
		read_mm(pending.task, NULL, &pending.never);
}

int oomtrace_badness_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	/* Nonzero: do not probe this return. */
	return !in_scan();
}

NOKPROBE_SYMBOL(oomtrace_badness_entry);

int oomtrace_badness_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (in_scan())
		note_points((long)regs_return_value(regs));
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_badness_return);
