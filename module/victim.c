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
 * Handlers only. mark_victim comes with task_lock held (or for current), so
 * task->mm may be followed there and task_lock must not be touched.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "episode.h"
#include "hooks.h"
#include "oomtrace.h"
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

void oomtrace_mark_victim(void *data, struct task_struct *task, uid_t uid)
{
	struct oomtrace_episode *ep = NULL;
	struct oomtrace_victim *rec;
	unsigned long flags;

	oomtrace_hit(OOMTRACE_HOOK_MARK_VICTIM);
	if (oomtrace_episode_mine()) {
		ep = &oomtrace_episode;
		ep->victims++;
	}
	remember(task->pid, ep ? ep->id : 0, ktime_get_mono_fast_ns());

	rec = oomtrace_oom_reserve(OOMTRACE_VICTIM, sizeof(*rec), &flags);
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_ALL(victim);
	if (!ep)
		rec->h.valid &= ~(OOMTRACE_BIT(victim, episode) |
				  OOMTRACE_BIT(victim, why));
	rec->h.derived = 0;
	rec->episode = ep ? ep->id : 0;
	rec->pid = task->pid;
	rec->tgid = task->tgid;
	rec->uid = uid;
	rec->oom_score_adj = task->signal->oom_score_adj;
	rec->why = ep ? why(ep, task) : 0;
	rec->reserved = 0;
	oomtrace_comm(rec->comm, task);
	rec->cgroup_id = oomtrace_memcg_id(task);
	fill_mm(rec, task->mm);
	oomtrace_oom_publish(rec, flags);
}

/* What the address space of a victim in the reaper's hands still holds. */
static bool rss_left(struct oomtrace_reap *rec, pid_t pid)
{
	struct task_struct *task;
	struct mm_struct *mm;
	bool ok = false;

	rcu_read_lock();
	task = pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_PID);
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
