// SPDX-License-Identifier: GPL-2.0
/*
 * Candidates: the tasks that a victim selection evaluates.
 *
 *   oom_evaluate_task()        entry: a candidate starts
 *     oom_badness()            return: its points, and its record
 *
 * All of this runs in the task that is out of memory, with oom_lock held and
 * without waiting. A machine may have thousands of tasks, and the allocation
 * waits while each is evaluated, so every instruction here counts. So the record
 * is filled in its slot of the ring, the clock is read once for several
 * candidates, and most candidates get a short record: the terms of the score are
 * recorded for contenders, and for all only on request.
 *
 * The points are the kernel's own: the return value of oom_badness(). The task
 * leads if oom_evaluate_task() will find that they are not less than
 * oom_control.chosen_points. The terms are read just after the kernel has read
 * them. If they do not add up to the points, they are marked as derived.
 *
 * A task that oom_badness() is not called for has no such return. What is known
 * of it is noted at the entry, and recorded when the next candidate starts.
 *
 * Kernel threads and init are never killed, so they have no record: the episode
 * counts them.
 */
#include <linux/kprobes.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/oom.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat/mm.h"
#include "hook/attach.h"
#include "hook/hook.h"
#include "oom/candidate.h"
#include "oom/contenders.h"
#include "oom/episode.h"
#include "oom/exempt.h"
#include "oom/hold.h"
#include "oom/scan_cgroups.h"
#include "oom/terms.h"
#include "ring/ring.h"
#include "task.h"

/* ---- the current candidate ---- */

/**
 * struct pending - the candidate that oom_evaluate_task() evaluates
 * @scanner: the task that evaluates it; NULL if there is none, or if it has been
 *	scored.
 * @task: the candidate. Only compared, never dereferenced, once
 *	oom_evaluate_task() has returned.
 * @noted: @skipped and @rec describe @task.
 * @skipped: why oom_evaluate_task() skips @task, if it does not call oom_badness().
 * @rec: the record, in case that @task is not scored.
 */
struct pending {
	struct task_struct *scanner;
	struct task_struct *task;
	bool noted;
	u8 skipped;
	struct oomtrace_candidate rec;
};

static struct pending pending = {
	.rec = { OOMTRACE_RECORD(CANDIDATE, candidate) },
};

/* A clock value is used for so many candidates. */
#define SAME_CLOCK	16

/* What a short record has. */
#define SHORT_FIELDS (OOMTRACE_ALL(candidate) & ~OOMTRACE_TERMS &	\
		      ~OOMTRACE_BIT(candidate, ns_pid))

/* ---- records ---- */

static __always_inline struct cgroup_subsys_state *
find_css(struct task_struct *task)
{
	/* true: preemption is off, which RCU's debug check does not accept. */
	return task_css_check(task, memory_cgrp_id, true);
}

/*
 * Fill what a short record has, and clear the rest. The task's cgroup is the last
 * one. In the order of the members, so that neighbours are stored together.
 */
static __always_inline void fill_short(struct oomtrace_candidate *rec,
				       struct oomtrace_episode *ep,
				       struct task_struct *task, long points,
				       s16 adj, u8 verdict)
{
	const pid_t pid = task->pid, tgid = task->tgid;

	rec->h.valid = SHORT_FIELDS;
	rec->h.derived = 0;
	rec->episode = ep->id;
	rec->pid = pid;
	rec->tgid = tgid;
	rec->uid = oomtrace_uid_rcu(task);
	rec->index = ep->candidates;
	oomtrace_comm(rec->comm, task);
	rec->cgroup_id = oomtrace_scan_cgroups.last_id;
	rec->points = points;
	rec->rss_anon = 0;
	rec->rss_file = 0;
	rec->rss_shmem = 0;
	rec->swapents = 0;
	rec->pgtables_bytes = 0;
	rec->oom_score_adj = adj;
	rec->verdict = verdict;
	rec->reason = OOMTRACE_REASON_NONE;
	rec->ns_pid = 0;
}

/* The same where it need not be fast. Adds the task's cgroup to the episode. */
static noinline void fill_common(struct oomtrace_candidate *rec,
				 struct oomtrace_episode *ep,
				 struct task_struct *task, long points, u8 verdict)
{
	struct cgroup_subsys_state *css = find_css(task);

	if (!oomtrace_scan_cgroup_enter(css))
		oomtrace_scan_cgroup_add(ep->paths, css);
	fill_short(rec, ep, task, points, task->signal->oom_score_adj, verdict);
}

/*
 * Write a record that is not filled in its slot: hold it back, copy it to the
 * ring, or stage it if @may_stage and the ring has no room.
 */
static noinline void write_record(struct oomtrace_episode *ep,
				  struct oomtrace_candidate *rec, bool may_stage)
{
	if (ep->held && oomtrace_hold_candidate(ep, rec))
		return;
	/* Not earlier: a held episode gets its number in the call above. */
	rec->episode = ep->id;
	if (ep->candidates >= ep->room && may_stage)
		ep->missed += oomtrace_contender_stage(rec, ep->reserve);
	else if (ep->candidates >= ep->room || !oomtrace_oom_write(&rec->h))
		ep->missed++;
	/* The next record is not older. */
	ep->clock_until = 0;
	ep->plain_until = 0;
}

/* ---- tasks for which oom_badness() was called ---- */

/*
 * Recompute the choice and the runner-up from points and order alone, if the
 * points are not less than those of the runner-up.
 */
static void rank_candidate(struct oomtrace_episode *ep, pid_t pid, long points)
{
	if (points < ep->second_points)
		return;
	if (points < ep->best_points) {
		ep->second_pid = pid;
		ep->second_points = points;
		return;
	}
	ep->second_pid = ep->best_pid;
	ep->second_points = ep->best_points;
	ep->best_pid = pid;
	ep->best_points = points;
}

/* A record that is not filled in its slot; too large for the stack. */
static struct oomtrace_candidate unplaced = {
	OOMTRACE_RECORD(CANDIDATE, candidate),
};

static void record_ineligible(struct oomtrace_episode *ep,
			      struct task_struct *task)
{
	struct oomtrace_candidate *rec = &unplaced;

	fill_common(rec, ep, task, 0, OOMTRACE_EVAL_INELIGIBLE);
	rec->h.valid &= ~OOMTRACE_BIT(candidate, points);
	rec->h.derived = OOMTRACE_BIT(candidate, reason);
	rec->reason = oomtrace_terms_of_unscored(rec, task);
	/* The task changed after oom_badness() checked it. */
	if (rec->reason == OOMTRACE_REASON_NONE)
		rec->h.valid &= ~OOMTRACE_BIT(candidate, reason);
	ep->exempt[rec->reason]++;
	if (rec->reason == OOMTRACE_REASON_ADJ_MIN)
		oomtrace_exempt_note(ep, rec);
	write_record(ep, rec, false);
}

/*
 * Read the clock for the next candidates, and decide how many of them may be plain
 * ones. None is if the terms of all are recorded.
 */
static void read_clock_if_due(struct oomtrace_episode *ep)
{
	if (ep->candidates < ep->clock_until)
		return;
	ep->scan_ns = ktime_get_mono_fast_ns();
	ep->clock_until = ep->candidates + SAME_CLOCK;
	ep->plain_until = ep->all_terms ? 0 : min(ep->clock_until, ep->room);
}

/* Record a candidate with points, with its terms if they can matter. */
static void record_scored(struct oomtrace_episode *ep, struct task_struct *task,
			  long points)
{
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_CANDIDATE];
	struct cgroup_subsys_state *css = find_css(task);
	const s16 adj = task->signal->oom_score_adj;
	const bool in_slot = !ep->held && ep->candidates < ep->room;
	const bool leads = points >= ep->oc->chosen_points;
	bool matters = leads;
	struct oomtrace_candidate *rec = &unplaced;

	ep->scored++;
	rank_candidate(ep, task->pid, points);
	if (oomtrace_contends(points, adj)) {
		oomtrace_contender_add(points, adj);
		matters = true;
	}
	if (!oomtrace_scan_cgroup_enter(css))
		oomtrace_scan_cgroup_add(ep->paths, css);
	if (in_slot) {
		read_clock_if_due(ep);
		if (!oomtrace_ring_claim(ring->writer)) {
			ep->missed++;
			return;
		}
		rec = oomtrace_ring_begin_shared(ring, OOMTRACE_CANDIDATE,
						 sizeof(*rec), ep->scan_ns);
	}
	fill_short(rec, ep, task, points, adj,
		   leads ? OOMTRACE_EVAL_LEADING : OOMTRACE_EVAL_KEPT);
	if (matters || ep->all_terms)
		oomtrace_terms_of_scored(rec, ep, task, matters);
	if (in_slot)
		oomtrace_ring_publish_shared(ring, &rec->h);
	else
		write_record(ep, rec, true);
}

/* Record any candidate for which oom_badness() returned @points. */
static noinline void record_any(struct oomtrace_episode *ep,
				struct task_struct *task, long points)
{
	if (!ep->seen) {
		ep->seen = true;
		ep->unsure = ep->nodes;
		/* The kernel's divisor; it has set this before the scan. */
		ep->adj_unit = ep->oc->totalpages / 1000;
	}
	if (points == LONG_MIN)
		record_ineligible(ep, task);
	else
		record_scored(ep, task, points);
	ep->candidates++;
}

/*
 * Record a candidate that gets a short record in its slot, with the clock as it
 * is, and whose cgroup is known. That is most of a large crowd. One with fewer
 * points than the runner-up does not lead. Calls no other function. The end of the
 * scan wakes readers.
 *
 * Return: false if it is not such a candidate.
 */
static __always_inline bool record_quickly(struct oomtrace_episode *ep,
					   struct task_struct *task, long points)
{
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_CANDIDATE];
	struct oomtrace_ring_cpu *rc = ring->writer;
	struct oomtrace_candidate *rec;
	s16 adj;

	if (points >= ep->second_points || points == LONG_MIN ||
	    ep->candidates >= ep->plain_until ||
	    static_branch_unlikely(&oomtrace_events_key))
		return false;
	adj = task->signal->oom_score_adj;
	if (oomtrace_contends(points, adj) || !oomtrace_scan_cgroup_enter(find_css(task)) ||
	    !oomtrace_ring_try_claim(rc))
		return false;
	rec = oomtrace_ring_begin_shared(ring, OOMTRACE_CANDIDATE, sizeof(*rec),
					 ep->scan_ns);
	fill_short(rec, ep, task, points, adj, OOMTRACE_EVAL_KEPT);
	ep->scored++;
	ep->candidates++;
	oomtrace_ring_publish_quietly(rc, &rec->h);
	return true;
}

/* ---- tasks for which oom_badness() was not called, or not seen ---- */

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

/* Why would oom_evaluate_task() skip a process? In the order of its tests. */
static u8 find_skip(struct task_struct *task)
{
	if (tsk_is_oom_victim(task))
		return oomtrace_mm_oom_skip(task->signal->oom_mm) ?
			OOMTRACE_REASON_OOM_SKIP : OOMTRACE_REASON_IN_FLIGHT;
	return OOMTRACE_REASON_CPUSET;
}

/*
 * May the kernel skip this task and not call oom_badness()? Also true as long as
 * no return of oom_badness() was seen in this scan.
 */
static __always_inline bool may_be_unscored(const struct oomtrace_episode *ep,
					    struct task_struct *task)
{
	return ep->unsure || tsk_is_oom_victim(task) || oom_task_origin(task);
}

/* Note what to record of a task if it is not scored. */
static noinline void note_unscored(struct pending *p,
				   struct oomtrace_episode *ep,
				   struct task_struct *task)
{
	p->skipped = find_skip(task);
	/* The outcome is set later. */
	fill_common(&p->rec, ep, task, 0, OOMTRACE_EVAL_KEPT);
	p->rec.h.valid &= ~OOMTRACE_BIT(candidate, points);
	oomtrace_terms_of_unscored(&p->rec, task);
	p->noted = true;
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
	if (ep->nodes)
		return OOMTRACE_REASON_CPUSET;
	/* It was reaped between our look at it and the kernel's. */
	return certain ? OOMTRACE_REASON_OOM_SKIP : OOMTRACE_REASON_NONE;
}

/* Set the outcome of a candidate without a return of oom_badness(). */
static void set_outcome(struct pending *p, struct oomtrace_episode *ep,
			const struct task_struct *task)
{
	struct oomtrace_candidate *rec = &p->rec;

	if (ep->oc->chosen == (void *)-1UL) {
		rec->verdict = OOMTRACE_EVAL_ABORT;
		rec->reason = OOMTRACE_REASON_IN_FLIGHT;
		ep->aborted = true;
		ep->dying_pid = rec->pid;
		return;
	}
	if (ep->oc->chosen == task) {
		/* oom_task_origin(), or a return of oom_badness() was missed. */
		if (ep->oc->chosen_points != LONG_MAX) {
			ep->unseen++;
			WRITE_ONCE(led_unseen, true);
		}
		rec->verdict = OOMTRACE_EVAL_LEADING;
		rec->points = ep->oc->chosen_points;
		rec->h.valid |= OOMTRACE_BIT(candidate, points);
		ep->scored++;
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

/* Record the last candidate, which has not been scored. */
static noinline void record_unscored(struct pending *p,
				     struct oomtrace_episode *ep)
{
	struct task_struct *task = p->task;

	WRITE_ONCE(p->scanner, NULL);
	/* The kernel pins the chosen task. */
	if (!p->noted && ep->oc->chosen == task)
		note_unscored(p, ep, task);
	if (p->noted) {
		set_outcome(p, ep, task);
		write_record(ep, &p->rec,
			     p->rec.verdict == OOMTRACE_EVAL_LEADING ||
			     p->rec.verdict == OOMTRACE_EVAL_ABORT);
	} else {
		/* A return of oom_badness() was missed. */
		ep->unseen++;
		ep->missed++;
	}
	ep->candidates++;
}

/* ---- an episode ---- */

/* Does the kernel ask where a candidate's memory is, and can the answer be no? */
static bool can_skip_for_nodes(const struct oomtrace_episode *ep)
{
	return IS_ENABLED(CONFIG_NUMA) && !ep->oc->memcg && nr_online_nodes > 1;
}

/**
 * oomtrace_candidate_begin() - prepare for the candidates of a new episode
 * @ep: the episode, with its @oc.
 */
void oomtrace_candidate_begin(struct oomtrace_episode *ep)
{
	u32 slots = READ_ONCE(oomtrace_rings[OOMTRACE_RING_CANDIDATE].writer->nslots);

	WRITE_ONCE(pending.scanner, NULL);
	oomtrace_scan_cgroups_begin();
	oomtrace_contenders_begin();
	ep->all_terms = oomtrace_terms_of_all();
	ep->nodes = can_skip_for_nodes(ep);
	ep->unsure = true;
	ep->best_points = LONG_MIN;
	ep->second_points = LONG_MIN;
	ep->reserve = min_t(u32, slots / 2, OOMTRACE_STAGED);
	ep->room = slots - ep->reserve;
}

/**
 * oomtrace_candidate_finish() - record the last candidate, whose outcome is known
 * @ep: the episode; its oom_control has the outcome. The task may be gone.
 */
void oomtrace_candidate_finish(struct oomtrace_episode *ep)
{
	if (pending.scanner)
		record_unscored(&pending, ep);
	oomtrace_ring_wake();
}

/**
 * oomtrace_candidate_forget() - count the pending candidate without a record
 * @ep: the episode.
 */
void oomtrace_candidate_forget(struct oomtrace_episode *ep)
{
	if (!pending.scanner)
		return;
	WRITE_ONCE(pending.scanner, NULL);
	ep->candidates++;
	ep->unseen++;
	ep->missed++;
}

/* ---- the hooks ---- */

/*
 * Most tasks need no other function. Preemption may be on: only current, which
 * stays the task inside out_of_memory(), accesses the episode.
 */
static __always_inline bool enter_evaluate_quickly(unsigned long arg, unsigned long oc,
						   unsigned long unused)
{
	struct oomtrace_episode *ep = &oomtrace_episode;
	struct task_struct *task = (struct task_struct *)arg;

	oomtrace_hit(OOMTRACE_HOOK_EVALUATE);
	if (!oomtrace_episode_mine())
		return true;
	if (unlikely(pending.scanner))
		return false;
	/* Never killed, and as many as all others: they are only counted. */
	if (task->flags & PF_KTHREAD) {
		ep->exempt[OOMTRACE_REASON_KTHREAD]++;
		return true;
	}
	if (unlikely(is_global_init(task) || may_be_unscored(ep, task)))
		return false;
	pending.task = task;
	pending.noted = false;
	WRITE_ONCE(pending.scanner, current);
	return true;
}

static void enter_evaluate(unsigned long arg, unsigned long oc, unsigned long unused,
			   struct pt_regs *regs)
{
	struct oomtrace_episode *ep = &oomtrace_episode;
	struct task_struct *task = (struct task_struct *)arg;

	if (pending.scanner)
		record_unscored(&pending, ep);
	if (task->flags & PF_KTHREAD) {
		ep->exempt[OOMTRACE_REASON_KTHREAD]++;
		return;
	}
	if (is_global_init(task)) {
		ep->exempt[OOMTRACE_REASON_INIT]++;
		return;
	}
	pending.task = task;
	pending.noted = false;
	WRITE_ONCE(pending.scanner, current);
	if (may_be_unscored(ep, task))
		note_unscored(&pending, ep, task);
}

OOMTRACE_DEFINE_QUICK_ENTRY(oomtrace_evaluate, enter_evaluate_quickly, enter_evaluate);

int notrace oomtrace_badness_before(struct kprobe *kp, struct pt_regs *regs)
{
	/*
	 * Leave the return alone of a call that is not part of the scan but of a read
	 * of /proc/PID/oom_score. Only current stores current here.
	 */
	if (READ_ONCE(pending.scanner) != current)
		return 0;
	return oomtrace_take_return(kp, regs);
}

NOKPROBE_SYMBOL(oomtrace_badness_before);

OOMTRACE_DEFINE_RETURN_ENTRY(oomtrace_badness_by_ftrace, oomtrace_badness_before);

/* Does what oomtrace_badness_before() does, until the probe calls that. */
int oomtrace_badness_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	/* Nonzero: leave the return alone. */
	return READ_ONCE(pending.scanner) != current;
}

NOKPROBE_SYMBOL(oomtrace_badness_entry);

int oomtrace_badness_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct oomtrace_episode *ep = &oomtrace_episode;
	const long points = regs_return_value(regs);

	/* The call is the scan's, which the panic notifier may have ended. */
	if (unlikely(!pending.scanner))
		return 0;
	oomtrace_hit(OOMTRACE_HOOK_BADNESS);
	WRITE_ONCE(pending.scanner, NULL);
	/* The task is still valid: oom_evaluate_task() uses it. */
	if (likely(record_quickly(ep, pending.task, points)))
		return 0;
	record_any(ep, pending.task, points);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_badness_return);
