// SPDX-License-Identifier: GPL-2.0
/*
 * Victim selection: one episode for each call of out_of_memory().
 *
 *   out_of_memory()            entry: begin
 *     notifiers                how much they freed
 *     oom_evaluate_task()      entry: a candidate starts, the last one is done
 *       oom_badness()          return: its points
 *     oom_kill_process()       entry: the last candidate is done; verdict
 *       mark_oom_victim()      victim.c
 *   out_of_memory()            return: end
 *
 * The handlers run in the task that is out of memory, with preemption off and
 * oom_lock held. They read, fill records and return: no lock is waited for
 * (task_lock() is tried, and what it guards is absent if it is taken), nothing
 * is allocated or printed.
 *
 * The points and who leads are the kernel's own numbers: the return value of
 * oom_badness(), and oom_control.chosen. How a candidate fared is read from
 * oom_control when the next one comes, so one return probe per candidate is
 * enough. The memory behind the points is read by us, just before the kernel
 * reads it; if it does not add up to the points, it is marked as derived.
 */
#include <linux/kprobes.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "episode.h"
#include "hooks.h"
#include "oomtrace.h"
#include "stats.h"
#include "compat/mm.h"

struct oomtrace_episode oomtrace_episode;
static atomic64_t last_episode;

/**
 * oomtrace_episodes() - how many episodes there were since load
 *
 * Return: the count, which is the number of the last one.
 */
u64 oomtrace_episodes(void)
{
	return atomic64_read(&last_episode);
}

/**
 * oomtrace_next_episode() - a number for an episode that begins
 *
 * Return: the number.
 */
u64 oomtrace_next_episode(void)
{
	return atomic64_inc_return(&last_episode);
}

/* ---- candidates ---- */

/**
 * struct pending - the candidate that oom_evaluate_task() is looking at
 * @task: the task; only compared, never followed, once its own turn is over.
 * @rec: its record, as far as it is known.
 * @scored: oom_badness() was called for it and its return was seen.
 * @never: why oom_badness() would say "never", if it does.
 * @skipped: why oom_evaluate_task() would not even call it.
 */
static struct pending {
	struct task_struct *task;
	struct oomtrace_candidate rec;
	bool scored;
	u8 never;
	u8 skipped;
} pending;

/* How many threads we look through for one that still has an mm. */
#define MAX_THREADS	64

static void fill_mm(struct oomtrace_candidate *rec, struct mm_struct *mm)
{
	rec->rss_anon = oomtrace_mm_counter(mm, MM_ANONPAGES);
	rec->rss_file = oomtrace_mm_counter(mm, MM_FILEPAGES);
	rec->rss_shmem = oomtrace_mm_counter(mm, MM_SHMEMPAGES);
	rec->swapents = oomtrace_mm_counter(mm, MM_SWAPENTS);
	rec->pgtables_bytes = mm_pgtables_bytes(mm);
}

#define MM_FIELDS (OOMTRACE_BIT(candidate, rss_anon) |		\
		   OOMTRACE_BIT(candidate, rss_file) |		\
		   OOMTRACE_BIT(candidate, rss_shmem) |		\
		   OOMTRACE_BIT(candidate, swapents) |		\
		   OOMTRACE_BIT(candidate, pgtables_bytes))

/*
 * Like find_lock_task_mm(), but never waits: the first thread with an mm. What
 * oom_badness() would refuse this task for goes to @p->never.
 */
static void look_at_mm(struct pending *p, struct task_struct *task)
{
	struct task_struct *t;
	int n = 0;

	p->never = OOMTRACE_REASON_NO_MM;
	rcu_read_lock();
	for_each_thread(task, t) {
		if (++n > MAX_THREADS)
			break;
		if (!READ_ONCE(t->mm))
			continue;
		/* Taken already: its mm cannot be touched, so it is absent. */
		if (!oomtrace_task_trylock(t)) {
			p->never = OOMTRACE_REASON_NONE;
			break;
		}
		if (!t->mm) {
			task_unlock(t);
			continue;
		}
		fill_mm(&p->rec, t->mm);
		p->rec.h.valid |= MM_FIELDS;
		if (task->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
			p->never = OOMTRACE_REASON_ADJ_MIN;
		else if (oomtrace_mm_oom_skip(t->mm))
			p->never = OOMTRACE_REASON_OOM_SKIP;
		else if (in_vfork(t))
			p->never = OOMTRACE_REASON_VFORK;
		else
			p->never = OOMTRACE_REASON_NONE;
		task_unlock(t);
		break;
	}
	rcu_read_unlock();
}

/* Why oom_evaluate_task() passes a task over, in the order of its tests. */
static u8 why_skipped(struct task_struct *task)
{
	if (is_global_init(task))
		return OOMTRACE_REASON_INIT;
	if (task->flags & PF_KTHREAD)
		return OOMTRACE_REASON_KTHREAD;
	if (tsk_is_oom_victim(task))
		return oomtrace_mm_oom_skip(task->signal->oom_mm) ?
			OOMTRACE_REASON_OOM_SKIP : OOMTRACE_REASON_IN_FLIGHT;
	return OOMTRACE_REASON_CPUSET;
}

static void start_candidate(struct pending *p, struct oomtrace_episode *ep,
			    struct task_struct *task)
{
	struct oomtrace_candidate *rec = &p->rec;

	memset(rec, 0, sizeof(*rec));
	p->task = task;
	p->scored = false;
	p->never = OOMTRACE_REASON_NONE;
	p->skipped = why_skipped(task);

	rec->h.valid = OOMTRACE_ALL(candidate) &
		       ~(OOMTRACE_BIT(candidate, points) | MM_FIELDS);
	rec->episode = ep->id;
	rec->index = ep->candidates++;
	rec->pid = task->pid;
	rec->tgid = task->tgid;
	rec->uid = oomtrace_uid(task);
	oomtrace_comm(rec->comm, task);
	rec->cgroup_id = oomtrace_memcg_id(task);
	rec->oom_score_adj = task->signal->oom_score_adj;
	rec->ns_pid = oomtrace_ns_pid(task);
	if (!rec->ns_pid)
		rec->h.valid &= ~OOMTRACE_BIT(candidate, ns_pid);
	oomtrace_names_add_task(ep->names, task, true);
	if (p->skipped != OOMTRACE_REASON_INIT &&
	    p->skipped != OOMTRACE_REASON_KTHREAD)
		look_at_mm(p, task);
}

/* The kernel's formula over our reading of the terms. */
static bool terms_add_up(const struct oomtrace_candidate *rec,
			 unsigned long totalpages)
{
	long sum = rec->rss_anon + rec->rss_file + rec->rss_shmem +
		   rec->swapents + rec->pgtables_bytes / PAGE_SIZE +
		   (long)rec->oom_score_adj * (long)(totalpages / 1000);

	return sum == rec->points;
}

/* Our own argmax, by points and order alone, and who would be next. */
static void rank(struct oomtrace_episode *ep, pid_t pid, long points)
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

/* What became of a candidate that oom_badness() gave a number. */
static void finish_scored(struct pending *p, struct oomtrace_episode *ep)
{
	struct oomtrace_candidate *rec = &p->rec;

	if (rec->points == LONG_MIN) {
		rec->points = 0;
		rec->verdict = OOMTRACE_EVAL_INELIGIBLE;
		rec->reason = p->never;
		rec->h.derived |= OOMTRACE_BIT(candidate, reason);
		/* It changed between our look and the kernel's. */
		if (p->never == OOMTRACE_REASON_NONE)
			rec->h.valid &= ~OOMTRACE_BIT(candidate, reason);
		return;
	}
	rec->h.valid |= OOMTRACE_BIT(candidate, points);
	if (!terms_add_up(rec, ep->oc->totalpages))
		rec->h.derived |= rec->h.valid & MM_FIELDS;
	rec->verdict = ep->oc->chosen == p->task ? OOMTRACE_EVAL_LEADING :
						   OOMTRACE_EVAL_KEPT;
	rank(ep, rec->pid, rec->points);
}

/* What became of one that oom_badness() was not called for. */
static void finish_unscored(struct pending *p, struct oomtrace_episode *ep)
{
	struct oomtrace_candidate *rec = &p->rec;

	if (ep->oc->chosen == (void *)-1UL) {
		rec->verdict = OOMTRACE_EVAL_ABORT;
		rec->reason = OOMTRACE_REASON_IN_FLIGHT;
		ep->aborted = true;
		return;
	}
	if (ep->oc->chosen == p->task) {
		/* A task marked to die first, or a score we failed to see. */
		rec->verdict = OOMTRACE_EVAL_LEADING;
		rec->points = ep->oc->chosen_points;
		rec->h.valid |= OOMTRACE_BIT(candidate, points);
		rank(ep, rec->pid, rec->points);
		return;
	}
	if (!oomtrace_hook_attached(OOMTRACE_HOOK_BADNESS)) {
		/* Passed over or scored less: without the hook, who knows. */
		rec->verdict = OOMTRACE_EVAL_KEPT;
		rec->h.valid &= ~(OOMTRACE_BIT(candidate, verdict) |
				  OOMTRACE_BIT(candidate, reason));
		return;
	}
	rec->verdict = OOMTRACE_EVAL_INELIGIBLE;
	rec->reason = p->skipped;
	rec->h.derived |= OOMTRACE_BIT(candidate, reason);
}

/**
 * oomtrace_record_candidate() - write a candidate's record
 * @from: the record; its header is set as far as the ring knows better.
 *
 * Return: false if there was no room.
 */
bool oomtrace_record_candidate(struct oomtrace_candidate *from)
{
	struct oomtrace_candidate *rec;
	unsigned long flags;

	rec = oomtrace_oom_reserve(OOMTRACE_CANDIDATE, sizeof(*rec), &flags);
	if (!rec)
		return false;
	from->h.type = rec->h.type;
	from->h.size = rec->h.size;
	from->h.cpu = rec->h.cpu;
	from->h.flags = rec->h.flags;
	from->h.seq = 0;
	from->h.ts_ns = rec->h.ts_ns;
	/* @seq is 0 in both: the slot stays marked as being written. */
	*rec = *from;
	oomtrace_oom_publish(rec, flags);
	return true;
}

/*
 * The candidate's turn is over: oom_control says how it fared. @p->task may be
 * gone by now.
 */
static void finish_candidate(struct oomtrace_episode *ep)
{
	struct pending *p = &pending;

	if (!p->task)
		return;
	if (p->scored)
		finish_scored(p, ep);
	else
		finish_unscored(p, ep);
	p->task = NULL;
	if (!oomtrace_record_candidate(&p->rec))
		ep->missed++;
}

int oomtrace_evaluate_entry(struct kprobe *kp, struct pt_regs *regs)
{
	struct oomtrace_episode *ep = &oomtrace_episode;

	oomtrace_hit(OOMTRACE_HOOK_EVALUATE);
	if (!oomtrace_episode_mine())
		return 0;
	finish_candidate(ep);
	start_candidate(&pending, ep,
			(void *)regs_get_kernel_argument(regs, 0));
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_evaluate_entry);

int oomtrace_badness_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	/* Reads of /proc/PID/oom_score come here too: not ours, not hooked. */
	if (!oomtrace_episode_mine() || !pending.task)
		return 1;
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_badness_entry);

int oomtrace_badness_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	oomtrace_hit(OOMTRACE_HOOK_BADNESS);
	if (!oomtrace_episode_mine() || !pending.task)
		return 0;
	pending.rec.points = (long)regs_return_value(regs);
	pending.scored = true;
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_badness_return);

/* ---- verdict ---- */

static u8 recomputed(const struct oomtrace_episode *ep,
		     const struct oom_control *oc)
{
	if (!ep->scored || ep->missed ||
	    !oomtrace_hook_attached(OOMTRACE_HOOK_BADNESS))
		return OOMTRACE_RECOMPUTED_UNAVAILABLE;
	if (oc->chosen_points == LONG_MAX)
		return OOMTRACE_RECOMPUTED_ORIGIN;
	if (ep->best_pid != oc->chosen->pid ||
	    ep->best_points != oc->chosen_points)
		return OOMTRACE_RECOMPUTED_RACED;
	if (ep->scored > 1 && ep->second_points == ep->best_points)
		return OOMTRACE_RECOMPUTED_TIE;
	return OOMTRACE_RECOMPUTED_AGREE;
}

static void fill_runner_up(struct oomtrace_verdict *rec,
			   const struct oomtrace_episode *ep)
{
	bool best_died = ep->best_pid == rec->pid;

	rec->runner_up_pid = 0;
	rec->runner_up_points = 0;
	if (ep->scored < 1 + best_died)
		return;
	rec->runner_up_pid = best_died ? ep->second_pid : ep->best_pid;
	rec->runner_up_points = best_died ? ep->second_points : ep->best_points;
	rec->h.valid |= OOMTRACE_BIT(verdict, runner_up_pid) |
			OOMTRACE_BIT(verdict, runner_up_points);
}

static void record_verdict(const struct oomtrace_episode *ep,
			   const struct oom_control *oc)
{
	struct task_struct *chosen = oc->chosen;
	struct oomtrace_verdict *rec;
	unsigned long flags;

	rec = oomtrace_oom_reserve(OOMTRACE_VERDICT, sizeof(*rec), &flags);
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_ALL(verdict) &
		       ~(OOMTRACE_BIT(verdict, points) |
			 OOMTRACE_BIT(verdict, memcg_id) |
			 OOMTRACE_BIT(verdict, runner_up_pid) |
			 OOMTRACE_BIT(verdict, runner_up_points));
	rec->h.derived = 0;
	rec->episode = ep->id;
	rec->pid = chosen->pid;
	rec->tgid = chosen->tgid;
	oomtrace_comm(rec->comm, chosen);
	rec->cgroup_id = oomtrace_memcg_id(chosen);
	rec->points = 0;
	/* oom_kill_allocating_task kills without a scan and without points. */
	if (ep->candidates) {
		rec->points = oc->chosen_points;
		rec->h.valid |= OOMTRACE_BIT(verdict, points);
	}
	rec->totalpages = oc->totalpages;
	rec->memcg_id = 0;
	if (oc->memcg) {
		rec->memcg_id = cgroup_id(oc->memcg->css.cgroup);
		rec->h.valid |= OOMTRACE_BIT(verdict, memcg_id);
	}
	fill_runner_up(rec, ep);
	rec->constraint = oc->constraint;
	rec->recomputed = recomputed(ep, oc);
	memset(rec->reserved, 0, sizeof(rec->reserved));
	oomtrace_oom_publish(rec, flags);
}

int oomtrace_kill_entry(struct kprobe *kp, struct pt_regs *regs)
{
	struct oomtrace_episode *ep = &oomtrace_episode;

	oomtrace_hit(OOMTRACE_HOOK_KILL_PROCESS);
	if (!oomtrace_episode_mine())
		return 0;
	finish_candidate(ep);
	ep->killing = true;
	ep->chosen_tgid = ep->oc->chosen->tgid;
	record_verdict(ep, ep->oc);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_kill_entry);

/* ---- end ---- */

/* What out_of_memory() did, from what was seen on the way. */
static u8 ending(const struct oomtrace_episode *ep, bool ret)
{
	const struct oom_control *oc = ep->oc;

	if (ep->killing)
		return OOMTRACE_ENDING_KILLED;
	if (ep->caller_exiting)
		return OOMTRACE_ENDING_CALLER_EXITING;
	if (ep->aborted || oc->chosen == (void *)-1UL)
		return OOMTRACE_ENDING_SCAN_ABORTED;
	/* Without its hook a kill shows only by the chosen one. */
	if (oc->chosen)
		return OOMTRACE_ENDING_KILLED;
	if (ep->freed && oc->order != -1 && ret)
		return OOMTRACE_ENDING_NOTIFIER_FREED;
	/*
	 * The kernel looks first whether the caller is dying. One that was
	 * marked as victim before is not marked again, so nothing was seen.
	 */
	if (ret && test_thread_flag(TIF_MEMDIE))
		return OOMTRACE_ENDING_CALLER_EXITING;
	if (ret && !oc->memcg && oc->gfp_mask && !(oc->gfp_mask & __GFP_FS))
		return OOMTRACE_ENDING_NO_FS;
	if (!ret && !oc->totalpages)
		return OOMTRACE_ENDING_DISABLED;
	if (!ret)
		return OOMTRACE_ENDING_NO_CANDIDATE;
	return OOMTRACE_ENDING_UNKNOWN;
}

static void write_end(struct oomtrace_episode *ep, u8 how)
{
	struct oomtrace_oom_end *rec;
	unsigned long flags;

	oomtrace_stats_ending(how);
	rec = oomtrace_oom_reserve(OOMTRACE_OOM_END, sizeof(*rec), &flags);
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_ALL(oom_end);
	if (!ep->notified)
		rec->h.valid &= ~OOMTRACE_BIT(oom_end, notifier_freed);
	rec->h.derived = 0;
	rec->episode = ep->id;
	rec->duration_ns = rec->h.ts_ns - ep->begin_ns;
	rec->notifier_freed = ep->freed;
	rec->victims = ep->victims;
	rec->candidates = ep->candidates;
	rec->missed = ep->missed;
	rec->ending = how;
	memset(rec->reserved, 0, sizeof(rec->reserved));
	oomtrace_oom_publish(rec, flags);
}

/* The episode is over, and its names can be told. */
static void record_end(struct oomtrace_episode *ep, u8 how)
{
	write_end(ep, how);
	oomtrace_names_submit(ep->names);
	ep->names = NULL;
}

/*
 * While a victim is dying, those who wait for its memory ask again and again,
 * some thousand times a second. The state of memory is told once a second then,
 * or such a flood would evict what came before.
 */
static bool asks_again(const struct oomtrace_episode *last,
		       const struct oom_control *oc, u64 now)
{
	return last->aborted && last->memcg == oc->memcg &&
	       now - last->told_ns < NSEC_PER_SEC;
}

int oomtrace_oom_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct oom_control *oc = (void *)regs_get_kernel_argument(regs, 0);
	struct oomtrace_episode *ep = &oomtrace_episode;
	u64 now = ktime_get_mono_fast_ns();
	u64 told_ns = now;

	oomtrace_hit(OOMTRACE_HOOK_OUT_OF_MEMORY);
	/*
	 * oom_lock is ours, so an episode that is still open is over: its
	 * return got lost. Say so, and leave nothing of it behind.
	 */
	if (ep->task)
		record_end(ep, OOMTRACE_ENDING_UNKNOWN);

	if (asks_again(ep, oc, now))
		told_ns = ep->told_ns;
	memset(ep, 0, sizeof(*ep));
	pending.task = NULL;
	ep->oc = oc;
	ep->memcg = oc->memcg;
	ep->id = oomtrace_next_episode();
	ep->begin_ns = now;
	ep->told_ns = told_ns;
	ep->names = oomtrace_names_get(ep->id);
	WRITE_ONCE(ep->task, current);
	oomtrace_record_begin(ep);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_oom_entry);

int oomtrace_oom_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct oomtrace_episode *ep = &oomtrace_episode;

	if (!oomtrace_episode_mine())
		return 0;
	finish_candidate(ep);
	record_end(ep, ending(ep, (bool)regs_return_value(regs)));
	WRITE_ONCE(ep->task, NULL);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_oom_return);

/**
 * oomtrace_episode_panic() - the kernel panics: end the episode under way
 *
 * From the panic notifier: no other CPU runs.
 *
 * Return: when the last episode began, CLOCK_MONOTONIC; 0 if there was none.
 */
u64 oomtrace_episode_panic(void)
{
	struct oomtrace_episode *ep = &oomtrace_episode;

	if (!ep->task)
		return ep->begin_ns;
	/*
	 * If it is out_of_memory() itself that panics, the scan is over and the
	 * last candidate's fate is known. Else it is not.
	 */
	if (oomtrace_episode_mine() && in_task())
		finish_candidate(ep);
	else if (pending.task)
		ep->missed++;
	record_end(ep, OOMTRACE_ENDING_PANIC);
	WRITE_ONCE(ep->task, NULL);
	return ep->begin_ns;
}

/* The oom notifier, called last of all: *freed is what the others freed. */
int oomtrace_oom_notify(struct notifier_block *nb, unsigned long unused,
			void *freed)
{
	oomtrace_hit(OOMTRACE_HOOK_NOTIFIER);
	if (oomtrace_episode_mine()) {
		oomtrace_episode.notified = true;
		oomtrace_episode.freed = *(unsigned long *)freed;
	}
	return NOTIFY_OK;
}
