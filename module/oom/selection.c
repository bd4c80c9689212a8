// SPDX-License-Identifier: GPL-2.0
/*
 * Victim selection: one episode for each call of out_of_memory().
 *
 *   out_of_memory()            entry: begin
 *     notifiers                how much they freed
 *     oom_evaluate_task()      a candidate
 *     oom_kill_process()       entry: the last candidate is done; verdict
 *       mark_oom_victim()      a victim
 *   out_of_memory()            return: end
 *
 * This file handles begin, notifiers, verdict and end.
 *
 * The handlers run in the task that is out of memory, with preemption off and
 * oom_lock held. They read the kernel's state and write records. They do not
 * wait, allocate or print. If task_lock() is contended, the fields that it
 * guards are absent.
 */
#include <linux/kprobes.h>
#include <linux/memcontrol.h>
#include <linux/sched.h>

#include "compat/ptrace.h"
#include "hook/hook.h"
#include "oom/account.h"
#include "oom/candidate.h"
#include "oom/cgroup_paths.h"
#include "oom/contenders.h"
#include "oom/episode.h"
#include "oom/exempt.h"
#include "oom/hold.h"
#include "oom/repeat.h"
#include "oom/scan_cgroups.h"
#include "oom/selection.h"
#include "stats.h"
#include "task.h"

/* ---- what is known of all of an episode ---- */

/* Were no hooks switched off since its begin? Otherwise reasons and counts are absent. */
static bool is_whole(const struct oomtrace_episode *ep)
{
	return ep->times_off == oomtrace_hooks_times_off();
}

static bool saw_all_calls(const struct oomtrace_episode *ep, unsigned int hook)
{
	return is_whole(ep) && oomtrace_hook_attached(hook);
}

/* Any task whose points are unknown may be the best one, or the second. */
static bool saw_all_points(const struct oomtrace_episode *ep)
{
	return is_whole(ep) && !ep->unseen;
}

/* ---- verdict ---- */

static u8 check_choice(const struct oomtrace_episode *ep,
		       const struct oom_control *oc)
{
	/* Each candidate was compared, whether or not it has a record. */
	if (!ep->scored || !saw_all_points(ep))
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

/*
 * The kernel's own policies call oom_kill_process() with these messages. All of
 * their bytes are readable, and the comparison stops at the first that differs.
 */
static u8 find_policy(const char *message)
{
	if (message) {
		if (!strcmp(message, "Out of memory"))
			return OOMTRACE_POLICY_GLOBAL;
		if (!strcmp(message, "Memory cgroup out of memory"))
			return OOMTRACE_POLICY_MEMCG;
		if (!strcmp(message, "Out of memory (oom_kill_allocating_task)"))
			return OOMTRACE_POLICY_ALLOCATING_TASK;
	}
	return OOMTRACE_POLICY_OTHER;
}

static bool compares_tasks(u8 policy)
{
	return policy == OOMTRACE_POLICY_GLOBAL || policy == OOMTRACE_POLICY_MEMCG;
}

static void fill_runner_up(struct oomtrace_verdict *rec,
			   const struct oomtrace_episode *ep)
{
	bool best_died = ep->best_pid == rec->pid;

	if (!saw_all_points(ep) || ep->scored < 1 + best_died)
		return;
	rec->runner_up_pid = best_died ? ep->second_pid : ep->best_pid;
	rec->runner_up_points = best_died ? ep->second_points : ep->best_points;
	rec->h.valid |= OOMTRACE_BIT(verdict, runner_up_pid) |
			OOMTRACE_BIT(verdict, runner_up_points);
}

/* The kernel prints the message next, so it is readable up to its end. */
static void fill_message(struct oomtrace_verdict *rec, const char *message)
{
	if (rec->policy == OOMTRACE_POLICY_OTHER && message && *message)
		strscpy(rec->message, message, sizeof(rec->message));
	else
		rec->h.valid &= ~OOMTRACE_BIT(verdict, message);
}

static void record_verdict(const struct oomtrace_episode *ep,
			   const struct oom_control *oc, const char *message)
{
	struct task_struct *chosen = oc->chosen;
	struct oomtrace_verdict rec = {
		OOMTRACE_RECORD(VERDICT, verdict),
		.episode = ep->id,
		.pid = chosen->pid,
		.tgid = chosen->tgid,
		.cgroup_id = oomtrace_memcg_id(chosen),
		.totalpages = oc->totalpages,
		.constraint = oc->constraint,
		.recomputed = OOMTRACE_RECOMPUTED_UNAVAILABLE,
		.policy = find_policy(message),
	};

	rec.h.valid &= ~(OOMTRACE_BIT(verdict, points) |
			 OOMTRACE_BIT(verdict, memcg_id) |
			 OOMTRACE_BIT(verdict, runner_up_pid) |
			 OOMTRACE_BIT(verdict, runner_up_points));
	oomtrace_comm(rec.comm, chosen);
	fill_message(&rec, message);
	/* Other policies kill without a scan and without points. */
	if (compares_tasks(rec.policy)) {
		rec.points = oc->chosen_points;
		rec.h.valid |= OOMTRACE_BIT(verdict, points);
		rec.recomputed = check_choice(ep, oc);
		fill_runner_up(&rec, ep);
	} else if (!oc->totalpages) {
		rec.h.valid &= ~OOMTRACE_BIT(verdict, totalpages);
	}
	if (oc->memcg) {
		rec.memcg_id = cgroup_id(oc->memcg->css.cgroup);
		rec.h.valid |= OOMTRACE_BIT(verdict, memcg_id);
	}
	oomtrace_oom_write(&rec.h);
}

/* A policy may call oom_kill_process() several times in one episode. */
static void enter_kill_process(unsigned long arg, unsigned long message,
			       unsigned long unused)
{
	const struct oom_control *oc = (void *)arg;
	struct oomtrace_episode *ep = &oomtrace_episode;

	oomtrace_hit(OOMTRACE_HOOK_KILL_PROCESS);
	if (!oomtrace_episode_mine())
		return;
	oomtrace_candidate_finish(ep);
	oomtrace_hold_release(ep, true);
	ep->killing = true;
	ep->chosen_marked = false;
	ep->dying_tgid = 0;
	ep->signalled_tgid = 0;
	ep->chosen_tgid = oc->chosen->tgid;
	record_verdict(ep, oc, (const char *)message);
}

OOMTRACE_DEFINE_ENTRY(oomtrace_kill_process, enter_kill_process);

/* ---- end ---- */

/* Derive what out_of_memory() did from the hooks that fired in it. */
static u8 find_ending(const struct oomtrace_episode *ep, bool ret)
{
	const struct oom_control *oc = ep->oc;

	if (ep->killing)
		return OOMTRACE_ENDING_KILLED;
	if (!is_whole(ep))
		return OOMTRACE_ENDING_UNKNOWN;
	if (ep->caller_exiting)
		return OOMTRACE_ENDING_CALLER_EXITING;
	if (ep->aborted || oc->chosen == (void *)-1UL)
		return OOMTRACE_ENDING_SCAN_ABORTED;
	/* If oom_kill_process() is not hooked, only the choice shows the kill. */
	if (oc->chosen)
		return OOMTRACE_ENDING_KILLED;
	/*
	 * A sysrq goes on all the same, except on 5.10. If it goes on, a task is
	 * chosen, or false is returned.
	 */
	if (ep->freed && ret)
		return OOMTRACE_ENDING_NOTIFIER_FREED;
	/*
	 * The kernel first checks whether the caller is dying. A caller that is
	 * a victim already is not marked again, so no hook fires.
	 */
	if (ret && test_thread_flag(TIF_MEMDIE))
		return OOMTRACE_ENDING_CALLER_EXITING;
	if (ret && ep->no_fs)
		return OOMTRACE_ENDING_NO_FS;
	if (!ret && !oc->totalpages)
		return OOMTRACE_ENDING_DISABLED;
	if (!ret)
		return OOMTRACE_ENDING_NO_CANDIDATE;
	/* A scan without a choice returns false, so there was none. */
	if (saw_all_calls(ep, OOMTRACE_HOOK_KILL_PROCESS) &&
	    (oc->memcg || ep->notified))
		return OOMTRACE_ENDING_POLICY_FREED;
	return OOMTRACE_ENDING_UNKNOWN;
}

static void write_end(const struct oomtrace_episode *ep, u8 how)
{
	struct oomtrace_oom_end rec = {
		OOMTRACE_RECORD(OOM_END, oom_end),
		.episode = ep->id,
		.duration_ns = oomtrace_ns_between(ep->begin_ns,
						   ktime_get_mono_fast_ns()),
		.notifier_freed = ep->freed,
		.victims = ep->victims,
		.candidates = ep->candidates,
		.missed = ep->missed,
		.ending = how,
		.panic = ep->panic,
		.scored = ep->scored,
		.exempt_init = ep->exempt[OOMTRACE_REASON_INIT],
		.exempt_kthread = ep->exempt[OOMTRACE_REASON_KTHREAD],
		.exempt_no_mm = ep->exempt[OOMTRACE_REASON_NO_MM],
		.exempt_adj_min = ep->exempt[OOMTRACE_REASON_ADJ_MIN],
		.exempt_oom_skip = ep->exempt[OOMTRACE_REASON_OOM_SKIP],
		.exempt_vfork = ep->exempt[OOMTRACE_REASON_VFORK],
		.exempt_cpuset = ep->exempt[OOMTRACE_REASON_CPUSET],
	};

	rec.h.derived = OOMTRACE_BIT(oom_end, exempt_no_mm) |
			OOMTRACE_BIT(oom_end, exempt_adj_min) |
			OOMTRACE_BIT(oom_end, exempt_oom_skip) |
			OOMTRACE_BIT(oom_end, exempt_vfork) |
			OOMTRACE_BIT(oom_end, exempt_cpuset);
	if (!saw_all_calls(ep, OOMTRACE_HOOK_EVALUATE))
		rec.h.valid &= ~OOMTRACE_END_COUNTS;
	if (!ep->notified)
		rec.h.valid &= ~OOMTRACE_BIT(oom_end, notifier_freed);
	if (how != OOMTRACE_ENDING_PANIC)
		rec.h.valid &= ~OOMTRACE_BIT(oom_end, panic);
	if (!saw_all_calls(ep, OOMTRACE_HOOK_MARK_VICTIM))
		rec.h.valid &= ~OOMTRACE_BIT(oom_end, victims);
	oomtrace_stats_ending(how);
	oomtrace_oom_write(&rec.h);
}

/* A task that was dying already is chosen, and gets no signal. */
static bool has_killed(const struct oomtrace_episode *ep)
{
	return ep->signalled_tgid || !oomtrace_hook_attached(OOMTRACE_HOOK_SIGNAL);
}

/* The last episode, and the last one that killed; oom_lock guards all of it. */
static struct oomtrace_last_episodes last_episodes;

/* Record the end of an episode, and let the worker record its cgroup paths. */
static void end_episode(struct oomtrace_episode *ep, u8 how)
{
	if (oomtrace_repeat_end(ep, how))
		return;
	oomtrace_account_finish(ep);
	last_episodes.begin_ns = ep->begin_ns;
	if (how == OOMTRACE_ENDING_KILLED && has_killed(ep)) {
		last_episodes.kill_ns = ep->begin_ns;
		last_episodes.kill = ep->id;
	}
	ep->missed += oomtrace_contenders_write();
	oomtrace_exempt_record(ep);
	write_end(ep, how);
	/* At a panic, a stopped CPU may hold the lock. */
	if (how != OOMTRACE_ENDING_PANIC)
		oomtrace_episode_ended(ep->id);
	oomtrace_scan_cgroups_end(ep->paths);
	oomtrace_paths_submit(ep->paths);
	ep->paths = NULL;
}

int oomtrace_oom_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct oom_control *oc = (void *)regs_get_kernel_argument(regs, 0);
	struct oomtrace_episode *ep = &oomtrace_episode;

	oomtrace_hit(OOMTRACE_HOOK_OUT_OF_MEMORY);
	/*
	 * current holds oom_lock, so an episode that is still open is over: its
	 * return probe was missed. Record its end and reset the state.
	 */
	if (ep->task)
		end_episode(ep, OOMTRACE_ENDING_UNKNOWN);

	memset(ep, 0, sizeof(*ep));
	ep->oc = oc;
	oomtrace_candidate_begin(ep);
	ep->memcg = oc->memcg;
	ep->memcg_id = oc->memcg ? cgroup_id(oc->memcg->css.cgroup) : 0;
	/* A sysrq has no flags, and kills all the same. */
	ep->no_fs = !oc->memcg && oc->gfp_mask && !(oc->gfp_mask & __GFP_FS);
	ep->begin_ns = ktime_get_mono_fast_ns();
	ep->times_off = oomtrace_hooks_times_off();
	/* Pairs with the READ_ONCE() in oomtrace_episode_mine(). */
	WRITE_ONCE(ep->task, current);
	oomtrace_repeat_begin(ep);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_oom_entry);

int oomtrace_oom_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct oomtrace_episode *ep = &oomtrace_episode;
	/* Only the lowest byte of a returned bool is defined. */
	bool ret = (u8)regs_return_value(regs);

	if (!oomtrace_episode_mine())
		return 0;
	oomtrace_candidate_finish(ep);
	end_episode(ep, find_ending(ep, ret));
	WRITE_ONCE(ep->task, NULL);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_oom_return);

/*
 * out_of_memory() panics with one of two messages. The notifiers may run on another CPU
 * (panic_force_cpu=).
 */
static u8 find_panic(const char *message)
{
	if (!message)
		return OOMTRACE_PANIC_OTHER;
	if (strstr(message, "panic_on_oom"))
		return OOMTRACE_PANIC_SYSCTL;
	if (strstr(message, "System is deadlocked on memory"))
		return OOMTRACE_PANIC_NO_TASK;
	return OOMTRACE_PANIC_OTHER;
}

/**
 * oomtrace_selection_panic() - end the episode under way when the kernel panics
 * @message: that the kernel panics with.
 * @last: out: the episodes that may have led to the panic.
 *
 * Context: panic notifier, no other CPU runs.
 */
void oomtrace_selection_panic(const char *message, struct oomtrace_last_episodes *last)
{
	struct oomtrace_episode *ep = &oomtrace_episode;

	last_episodes.panicked = ep->task;
	if (ep->task) {
		ep->panic = find_panic(message);
		/*
		 * If out_of_memory() itself panics, the scan is over and the
		 * last candidate's outcome is known. Otherwise it is not.
		 */
		if (ep->panic == OOMTRACE_PANIC_OTHER)
			oomtrace_candidate_forget(ep);
		else
			oomtrace_candidate_finish(ep);
		end_episode(ep, OOMTRACE_ENDING_PANIC);
		WRITE_ONCE(ep->task, NULL);
	}
	*last = last_episodes;
}

/* The last oom notifier: *freed has the pages that all others freed. */
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
