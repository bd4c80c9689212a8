// SPDX-License-Identifier: GPL-2.0
/*
 * Victims: every task that dies for an OOM, until its memory is back.
 *
 * mark_oom_victim() starts it; the oom_reaper's tracepoints and
 * exit_oom_victim() tell what follows, seconds later and in other contexts (the
 * reaper thread, a timer, the dying task). A small table remembers which
 * episode a dying pid belongs to; if more victims are dying at once than it
 * holds, the oldest are forgotten and their steps have no episode.
 *
 * A process that is killed because it shares a victim's address space is not
 * marked: the only trace of it is the signal.
 *
 * Handlers only. mark_victim comes with task_lock held (or for current), so
 * task->mm may be followed there and task_lock must not be touched.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <trace/events/signal.h>

#include "oom/repeat.h"
#include "oom/daemon.h"
#include "oom/episode.h"
#include "hooks.h"
#include "task.h"
#include "compat/mm.h"

/* Victims remembered at once. */
#define DYING	128

/**
 * struct dying - a victim on its way out
 * @pid: of the thread that was marked; 0: free entry.
 * @episode: its episode, 0 if it was marked outside any.
 * @marked_ns: when it was marked, CLOCK_MONOTONIC.
 */
struct dying {
	pid_t pid;
	u64 episode;
	u64 marked_ns;
};

static struct dying dying[DYING];
static unsigned int dying_next;
/* Guards both. Raw and irqsave: the reaper is woken from a timer. */
static DEFINE_RAW_SPINLOCK(dying_lock);

static void remember(pid_t pid, u64 episode, u64 now)
{
	unsigned long flags;
	struct dying *d;

	raw_spin_lock_irqsave(&dying_lock, flags);
	d = &dying[dying_next++ % DYING];
	d->pid = pid;
	d->episode = episode;
	d->marked_ns = now;
	raw_spin_unlock_irqrestore(&dying_lock, flags);
}

/* The newest victim with that pid. */
static bool recall(pid_t pid, struct dying *found)
{
	unsigned long flags;
	unsigned int i;
	bool ok = false;

	raw_spin_lock_irqsave(&dying_lock, flags);
	for (i = 1; i <= DYING && !ok; i++) {
		const struct dying *d = &dying[(dying_next - i) % DYING];

		if (d->pid == pid) {
			*found = *d;
			ok = true;
		}
	}
	raw_spin_unlock_irqrestore(&dying_lock, flags);
	return ok;
}

/* Why this task was marked, and what that tells about the episode. */
static u8 why(struct oomtrace_episode *ep, const struct task_struct *task)
{
	if (!ep->killing) {
		ep->caller_exiting = true;
		return OOMTRACE_WHY_CALLER_EXITING;
	}
	if (!ep->chosen_marked && task->tgid == ep->chosen_tgid) {
		ep->chosen_marked = true;
		return OOMTRACE_WHY_CHOSEN;
	}
	return OOMTRACE_WHY_GROUP;
}

static void fill_mm(struct oomtrace_victim *rec, struct mm_struct *mm)
{
	rec->total_vm = mm ? mm->total_vm : 0;
	rec->rss_anon = mm ? oomtrace_mm_counter(mm, MM_ANONPAGES) : 0;
	rec->rss_file = mm ? oomtrace_mm_counter(mm, MM_FILEPAGES) : 0;
	rec->rss_shmem = mm ? oomtrace_mm_counter(mm, MM_SHMEMPAGES) : 0;
	rec->swapents = mm ? oomtrace_mm_counter(mm, MM_SWAPENTS) : 0;
	rec->pgtables_bytes = mm ? mm_pgtables_bytes(mm) : 0;
	if (!mm)
		rec->h.valid &= ~(OOMTRACE_BIT(victim, total_vm) |
				  OOMTRACE_BIT(victim, rss_anon) |
				  OOMTRACE_BIT(victim, rss_file) |
				  OOMTRACE_BIT(victim, rss_shmem) |
				  OOMTRACE_BIT(victim, swapents) |
				  OOMTRACE_BIT(victim, pgtables_bytes));
}

/**
 * oomtrace_record_victim() - write a victim's record
 * @episode: the episode; 0: none.
 * @task: the victim; pinned by the caller.
 * @mm: its address space, which the caller keeps from going away; NULL: not to
 *	be told, or none.
 * @why: enum oomtrace_why.
 * @sig: the signal that it got; 0: none.
 */
void oomtrace_record_victim(u64 episode, struct task_struct *task,
			    struct mm_struct *mm, u8 why, u8 sig)
{
	struct oomtrace_victim *rec;
	unsigned long flags;

	rec = oomtrace_oom_reserve(OOMTRACE_VICTIM, sizeof(*rec), &flags);
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_ALL(victim);
	if (!episode)
		rec->h.valid &= ~(OOMTRACE_BIT(victim, episode) |
				  OOMTRACE_BIT(victim, why));
	if (!sig)
		rec->h.valid &= ~OOMTRACE_BIT(victim, signal);
	rec->h.derived = 0;
	rec->episode = episode;
	rec->pid = task->pid;
	rec->tgid = task->tgid;
	rec->uid = oomtrace_uid(task);
	rec->oom_score_adj = task->signal->oom_score_adj;
	rec->why = why;
	rec->signal = sig;
	oomtrace_comm(rec->comm, task);
	rec->cgroup_id = oomtrace_memcg_id(task);
	fill_mm(rec, mm);
	rec->ns_pid = oomtrace_ns_pid(task);
	rec->reserved2 = 0;
	if (!rec->ns_pid)
		rec->h.valid &= ~OOMTRACE_BIT(victim, ns_pid);
	oomtrace_oom_publish(rec, flags);
}

void oomtrace_mark_victim(void *data, struct task_struct *task, uid_t uid)
{
	struct oomtrace_episode *ep = NULL;
	u8 reason = 0;

	oomtrace_hit(OOMTRACE_HOOK_MARK_VICTIM);
	/* For the cgroup, the pid and the credentials; the caller pins @task. */
	rcu_read_lock();
	if (oomtrace_episode_mine()) {
		ep = &oomtrace_episode;
		/* Of who was dying already there was no verdict before. */
		oomtrace_again_tell(ep);
		ep->victims++;
		reason = why(ep, task);
		oomtrace_names_add_task(ep->names, task, false);
	}
	remember(task->pid, ep ? ep->id : 0, ktime_get_mono_fast_ns());
	/* Who is exiting already gets no signal. */
	oomtrace_record_victim(ep ? ep->id : 0, task, task->mm, reason,
			       ep && ep->dying_tgid == task->tgid ? SIGKILL : 0);
	rcu_read_unlock();
}

int oomtrace_kill_one_entry(struct kprobe *kp, struct pt_regs *regs)
{
	const struct task_struct *victim;

	oomtrace_hit(OOMTRACE_HOOK_KILL_ONE);
	if (!oomtrace_episode_mine())
		return 0;
	victim = (void *)regs_get_kernel_argument(regs, 0);
	oomtrace_episode.dying_tgid = victim->tgid;
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_kill_one_entry);

/*
 * Current is the OOM killer, and kills. If it is not the victim that it is at,
 * then somebody who shares the victim's memory. The memory was told already.
 * The signal's lock is held, and with it a lock that pins @task.
 */
static void shared_mm(struct oomtrace_episode *ep, struct task_struct *task)
{
	if (!ep->dying_tgid || task->tgid == ep->dying_tgid)
		return;
	ep->victims++;
	oomtrace_names_add_task(ep->names, task, false);
	oomtrace_record_victim(ep->id, task, NULL, OOMTRACE_WHY_SHARED_MM,
			       SIGKILL);
}

/* Somebody was sent a signal, and got it. Interrupts are off. */
void oomtrace_signal(void *data, int sig, struct kernel_siginfo *info,
		     struct task_struct *task, int group, int result)
{
	if ((sig != SIGKILL && sig != SIGTERM) ||
	    result != TRACE_SIGNAL_DELIVERED || !in_task())
		return;
	oomtrace_hit(OOMTRACE_HOOK_SIGNAL);
	rcu_read_lock();
	if (!oomtrace_episode_mine())
		oomtrace_daemon_signal(sig, task);
	else if (sig == SIGKILL)
		shared_mm(&oomtrace_episode, task);
	rcu_read_unlock();
}

/* What the address space of a victim in the reaper's hands still holds. */
static bool rss_left(struct oomtrace_reap *rec, pid_t pid)
{
	struct task_struct *task;
	struct mm_struct *mm;
	bool ok = false;

	rcu_read_lock();
	task = oomtrace_task_of(pid, PIDTYPE_PID);
	/* The reaper holds the task, its signal struct holds the mm. */
	if (task && tsk_is_oom_victim(task)) {
		mm = task->signal->oom_mm;
		rec->rss_anon = oomtrace_mm_counter(mm, MM_ANONPAGES);
		rec->rss_file = oomtrace_mm_counter(mm, MM_FILEPAGES);
		rec->rss_shmem = oomtrace_mm_counter(mm, MM_SHMEMPAGES);
		ok = true;
	}
	rcu_read_unlock();
	return ok;
}

static void record_step(pid_t pid, u8 step, bool look)
{
	struct oomtrace_reap *rec;
	struct dying d;
	unsigned long flags;
	bool known = recall(pid, &d);

	rec = oomtrace_oom_reserve(OOMTRACE_REAP, sizeof(*rec), &flags);
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_BIT(reap, pid) | OOMTRACE_BIT(reap, step);
	rec->h.derived = 0;
	rec->episode = 0;
	rec->pid = pid;
	rec->step = step;
	memset(rec->reserved, 0, sizeof(rec->reserved));
	rec->since_kill_ns = 0;
	rec->rss_anon = 0;
	rec->rss_file = 0;
	rec->rss_shmem = 0;
	if (known) {
		rec->since_kill_ns = rec->h.ts_ns - d.marked_ns;
		rec->h.valid |= OOMTRACE_BIT(reap, since_kill_ns);
	}
	if (known && d.episode) {
		rec->episode = d.episode;
		rec->h.valid |= OOMTRACE_BIT(reap, episode);
	}
	if (look && rss_left(rec, pid))
		rec->h.valid |= OOMTRACE_BIT(reap, rss_anon) |
				OOMTRACE_BIT(reap, rss_file) |
				OOMTRACE_BIT(reap, rss_shmem);
	oomtrace_oom_publish(rec, flags);
}

int oomtrace_exit_victim(struct kprobe *kp, struct pt_regs *regs)
{
	oomtrace_hit(OOMTRACE_HOOK_EXIT_VICTIM);
	record_step(current->pid, OOMTRACE_STEP_EXITED, false);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_exit_victim);

void oomtrace_wake_reaper(void *data, int pid)
{
	oomtrace_hit(OOMTRACE_HOOK_WAKE_REAPER);
	record_step(pid, OOMTRACE_STEP_QUEUED, false);
}

void oomtrace_start_reaping(void *data, int pid)
{
	oomtrace_hit(OOMTRACE_HOOK_START_REAPING);
	record_step(pid, OOMTRACE_STEP_START, true);
}

void oomtrace_finish_reaping(void *data, int pid)
{
	oomtrace_hit(OOMTRACE_HOOK_FINISH_REAPING);
	record_step(pid, OOMTRACE_STEP_FINISH, true);
}

void oomtrace_skip_reaping(void *data, int pid)
{
	oomtrace_hit(OOMTRACE_HOOK_SKIP_REAPING);
	record_step(pid, OOMTRACE_STEP_SKIP, true);
}

/**
 * oomtrace_record_released() - process_mrelease() took a victim's memory
 * @episode: the victim's episode.
 * @pid: the victim's pid.
 * @since_ns: since it was killed.
 * @mm: its address space; the caller keeps it from going away.
 */
void oomtrace_record_released(u64 episode, pid_t pid, u64 since_ns,
			      struct mm_struct *mm)
{
	struct oomtrace_reap *rec;
	unsigned long flags;

	rec = oomtrace_oom_reserve(OOMTRACE_REAP, sizeof(*rec), &flags);
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_ALL(reap);
	rec->h.derived = 0;
	rec->episode = episode;
	rec->pid = pid;
	rec->step = OOMTRACE_STEP_RELEASED;
	memset(rec->reserved, 0, sizeof(rec->reserved));
	rec->since_kill_ns = since_ns;
	rec->rss_anon = oomtrace_mm_counter(mm, MM_ANONPAGES);
	rec->rss_file = oomtrace_mm_counter(mm, MM_FILEPAGES);
	rec->rss_shmem = oomtrace_mm_counter(mm, MM_SHMEMPAGES);
	oomtrace_oom_publish(rec, flags);
}
