// SPDX-License-Identifier: GPL-2.0
/*
 * Victims: the tasks that an OOM kills, until their memory is freed.
 *
 * mark_oom_victim() marks a victim. The tracepoints of the oom_reaper and
 * exit_oom_victim() report the next steps, up to seconds later and in other
 * contexts: the reaper thread, a timer, the dying task. A small table maps the
 * pid of a dying victim to its episode. If more victims are dying than it can
 * hold, the oldest are overwritten, and their steps have no episode.
 *
 * A process that is killed because it shares a victim's address space is not
 * marked: only the signal shows it.
 *
 * All functions here run in handlers. mark_oom_victim() runs with task_lock()
 * held, or on current. So its handler may dereference task->mm, and must not
 * take task_lock().
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include "compat/mm.h"
#include "hook/hook.h"
#include "oom/account.h"
#include "oom/cgroup_paths.h"
#include "oom/episode.h"
#include "oom/hold.h"
#include "oom/remains.h"
#include "oom/victim.h"
#include "task.h"

/* Entries in the table of dying victims. */
#define DYING	128

/**
 * struct dying - a dying victim
 * @pid: pid of the marked thread; 0 if the entry is unused.
 * @episode: number of its episode; 0 if it was marked outside an episode.
 * @marked_ns: when it was marked, CLOCK_MONOTONIC.
 * @mm: its address space; only compared, never dereferenced.
 */
struct dying {
	pid_t pid;
	u64 episode;
	u64 marked_ns;
	const struct mm_struct *mm;
};

static struct dying dying_victims[DYING];
static unsigned int dying_next;
/*
 * Guards dying_victims and dying_next. Raw, with interrupts off: a timer wakes
 * the reaper.
 */
static DEFINE_RAW_SPINLOCK(dying_lock);

static void remember_victim(const struct task_struct *task, u64 episode, u64 now)
{
	unsigned long flags;
	struct dying *d;

	raw_spin_lock_irqsave(&dying_lock, flags);
	d = &dying_victims[dying_next++ % DYING];
	d->pid = task->pid;
	d->episode = episode;
	d->marked_ns = now;
	d->mm = task->mm;
	raw_spin_unlock_irqrestore(&dying_lock, flags);
}

/* Find the newest victim with that pid. */
static bool recall_victim(pid_t pid, struct dying *found)
{
	unsigned long flags;
	unsigned int i;
	bool ok = false;

	raw_spin_lock_irqsave(&dying_lock, flags);
	for (i = 1; i <= DYING && !ok; i++) {
		const struct dying *d = &dying_victims[(dying_next - i) % DYING];

		if (d->pid == pid) {
			*found = *d;
			ok = true;
		}
	}
	raw_spin_unlock_irqrestore(&dying_lock, flags);
	return ok;
}

/* The kernel sends the signal, whatever becomes of it, before it marks the task. */
static bool is_signalled(const struct oomtrace_episode *ep, const struct task_struct *task)
{
	if (oomtrace_hook_attached(OOMTRACE_HOOK_SIGNAL))
		return ep->signalled_tgid == task->tgid;
	return ep->dying_tgid == task->tgid;
}

/* Find out why a task is marked, and update the episode. */
static u8 find_victim_reason(struct oomtrace_episode *ep, const struct task_struct *task)
{
	/*
	 * The kernel marks a caller that is exiting before it chooses. The choice of a
	 * policy is not in ep->oc.
	 */
	if (!ep->killing && !ep->oc->chosen) {
		ep->caller_exiting = true;
		return OOMTRACE_WHY_CALLER_EXITING;
	}
	/* If oom_kill_process() was not seen, the first one that is marked is the choice. */
	if (!ep->chosen_marked && (!ep->killing || task->tgid == ep->chosen_tgid)) {
		ep->chosen_marked = true;
		return is_signalled(ep, task) || !oomtrace_hook_attached(OOMTRACE_HOOK_SIGNAL) ?
		       OOMTRACE_WHY_CHOSEN : OOMTRACE_WHY_DYING;
	}
	return OOMTRACE_WHY_GROUP;
}

static void fill_victim_mm(struct oomtrace_victim *rec, struct mm_struct *mm)
{
	if (!mm) {
		rec->h.valid &= ~(OOMTRACE_BIT(victim, total_vm) |
				  OOMTRACE_BIT(victim, rss_anon) |
				  OOMTRACE_BIT(victim, rss_file) |
				  OOMTRACE_BIT(victim, rss_shmem) |
				  OOMTRACE_BIT(victim, swapents) |
				  OOMTRACE_BIT(victim, pgtables_bytes));
		return;
	}
	rec->total_vm = mm->total_vm;
	rec->rss_anon = oomtrace_mm_counter(mm, MM_ANONPAGES);
	rec->rss_file = oomtrace_mm_counter(mm, MM_FILEPAGES);
	rec->rss_shmem = oomtrace_mm_counter(mm, MM_SHMEMPAGES);
	rec->swapents = oomtrace_mm_counter(mm, MM_SWAPENTS);
	rec->pgtables_bytes = mm_pgtables_bytes(mm);
}

/**
 * oomtrace_record_victim() - write a victim's record
 * @task: the victim, pinned by the caller.
 * @mm: the victim's address space, pinned by the caller; NULL leaves the memory
 *	fields absent.
 * @kill: what killed it.
 */
void oomtrace_record_victim(struct task_struct *task, struct mm_struct *mm,
			    const struct oomtrace_kill *kill)
{
	struct oomtrace_victim rec = {
		OOMTRACE_RECORD(VICTIM, victim),
		.episode = kill->episode,
		.pid = task->pid,
		.tgid = task->tgid,
		.uid = oomtrace_uid(task),
		.oom_score_adj = task->signal->oom_score_adj,
		.why = kill->why,
		.signal = kill->sig,
		.how = kill->how,
		.earlier = kill->earlier,
		.cgroup_id = oomtrace_memcg_id(task),
		.ns_pid = oomtrace_ns_pid(task),
	};

	if (!rec.episode)
		rec.h.valid &= ~(OOMTRACE_BIT(victim, episode) |
				 OOMTRACE_BIT(victim, why));
	if (!rec.signal)
		rec.h.valid &= ~OOMTRACE_BIT(victim, signal);
	if (rec.how == OOMTRACE_HOWS) {
		rec.how = 0;
		rec.h.valid &= ~OOMTRACE_BIT(victim, how);
	}
	if (!rec.earlier)
		rec.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	if (!rec.ns_pid)
		rec.h.valid &= ~OOMTRACE_BIT(victim, ns_pid);
	oomtrace_comm(rec.comm, task);
	fill_victim_mm(&rec, mm);
	oomtrace_oom_write(&rec.h);
}

static void mark_victim(struct task_struct *task)
{
	struct oomtrace_kill kill = { .how = OOMTRACE_HOWS };
	struct oomtrace_episode *ep = NULL;

	oomtrace_hit(OOMTRACE_HOOK_MARK_VICTIM);
	/* For @task's cgroup, pid and credentials; the caller pins @task. */
	rcu_read_lock();
	if (oomtrace_episode_mine()) {
		ep = &oomtrace_episode;
		/* A task that was dying already is marked without a verdict. */
		oomtrace_hold_release(ep, true);
		kill.episode = ep->id;
	}
	remember_victim(task, kill.episode, ktime_get_mono_fast_ns());
	/*
	 * A whole cgroup that is killed may include what the kernel has just killed: the
	 * rest of a process whose leader has gone, and what shares another one's memory.
	 */
	if (oomtrace_remains_watch(kill.episode, task, true, &kill.earlier))
		goto out;
	if (ep) {
		ep->victims++;
		kill.why = find_victim_reason(ep, task);
		/* A task that is exiting already gets no signal. */
		kill.sig = is_signalled(ep, task) ? SIGKILL : 0;
		oomtrace_paths_add_task(ep->paths, task, false);
	}
	oomtrace_record_victim(task, task->mm, &kill);
out:
	rcu_read_unlock();
}

OOMTRACE_DEFINE_MARK_VICTIM(oomtrace_mark_victim, mark_victim)

static void enter_kill_one(unsigned long victim, unsigned long message,
			   unsigned long unused)
{
	oomtrace_hit(OOMTRACE_HOOK_KILL_ONE);
	if (!oomtrace_episode_mine())
		return;
	/* What the kernel prints is printed. */
	oomtrace_account_finish(&oomtrace_episode);
	oomtrace_episode.dying_tgid = ((const struct task_struct *)victim)->tgid;
}

OOMTRACE_DEFINE_ENTRY(oomtrace_kill_one, enter_kill_one);

/**
 * oomtrace_victim_signal() - record a SIGKILL that the OOM killer sent
 * @task: the receiver, pinned by its siglock; RCU is held, and current is in
 *	out_of_memory().
 *
 * If @task is not of the process that is being killed, it shares that process's
 * address space. Its memory is in the record of that process only.
 */
void oomtrace_victim_signal(struct task_struct *task)
{
	struct oomtrace_episode *ep = &oomtrace_episode;
	struct oomtrace_kill kill = {
		.episode = ep->id,
		.why = OOMTRACE_WHY_SHARED_MM,
		.sig = SIGKILL,
		.how = OOMTRACE_HOWS,
	};

	if (!ep->dying_tgid || task->tgid == ep->dying_tgid)
		return;
	if (oomtrace_remains_watch(ep->id, task, false, &kill.earlier))
		return;
	ep->victims++;
	oomtrace_paths_add_task(ep->paths, task, false);
	oomtrace_record_victim(task, NULL, &kill);
}

#define RSS_FIELDS (OOMTRACE_BIT(reap, rss_anon) |	\
		    OOMTRACE_BIT(reap, rss_file) |	\
		    OOMTRACE_BIT(reap, rss_shmem))

static void fill_rss_left(struct oomtrace_reap *rec, struct mm_struct *mm)
{
	rec->rss_anon = oomtrace_mm_counter(mm, MM_ANONPAGES);
	rec->rss_file = oomtrace_mm_counter(mm, MM_FILEPAGES);
	rec->rss_shmem = oomtrace_mm_counter(mm, MM_SHMEMPAGES);
	rec->h.valid |= RSS_FIELDS;
}

/*
 * Fill the fields that do not depend on the step. Returns the victim's address space,
 * only to be compared, or NULL if that is not known.
 */
static const struct mm_struct *fill_reap(struct oomtrace_reap *rec, pid_t pid, u8 step)
{
	struct dying d;

	*rec = (struct oomtrace_reap){
		OOMTRACE_RECORD(REAP, reap),
		.pid = pid,
		.step = step,
	};
	rec->h.valid = OOMTRACE_BIT(reap, pid) | OOMTRACE_BIT(reap, step);
	if (!recall_victim(pid, &d))
		return NULL;
	rec->since_kill_ns = oomtrace_ns_between(d.marked_ns,
						 ktime_get_mono_fast_ns());
	rec->h.valid |= OOMTRACE_BIT(reap, since_kill_ns);
	rec->episode = d.episode;
	if (d.episode)
		rec->h.valid |= OOMTRACE_BIT(reap, episode);
	return d.mm;
}

/* Record a step of the reaper, and the memory that the victim still has. */
static void record_reaper_step(pid_t pid, u8 step)
{
	const struct mm_struct *mm;
	struct task_struct *task;
	struct oomtrace_reap rec;

	mm = fill_reap(&rec, pid, step);
	rcu_read_lock();
	task = oomtrace_task_of(pid, PIDTYPE_PID);
	/* The reaper pins the task, whose signal struct pins the mm. */
	if (task && tsk_is_oom_victim(task)) {
		mm = task->signal->oom_mm;
		fill_rss_left(&rec, task->signal->oom_mm);
	}
	rcu_read_unlock();
	oomtrace_oom_write(&rec.h);
	oomtrace_remains_reaper(mm, step);
}

/*
 * exit_oom_victim() takes no arguments. exit_mm() calls it after mmput(), so
 * current no longer counts in mm_users: whoever does still holds the memory.
 */
static void enter_exit_victim(unsigned long unused1, unsigned long unused2,
			      unsigned long unused3)
{
	/* current's signal struct pins the mm until current is reaped. */
	struct mm_struct *mm = READ_ONCE(current->signal->oom_mm);
	struct oomtrace_reap rec;

	oomtrace_hit(OOMTRACE_HOOK_EXIT_VICTIM);
	fill_reap(&rec, current->pid, OOMTRACE_STEP_EXITED);
	if (mm) {
		/* The users first: without any, what is left is being freed. */
		rec.mm_users = atomic_read(&mm->mm_users);
		rec.h.valid |= OOMTRACE_BIT(reap, mm_users);
		fill_rss_left(&rec, mm);
	}
	oomtrace_oom_write(&rec.h);
}

OOMTRACE_DEFINE_ENTRY(oomtrace_exit_victim, enter_exit_victim);

void oomtrace_wake_reaper(void *data, int pid)
{
	struct oomtrace_reap rec;

	oomtrace_hit(OOMTRACE_HOOK_WAKE_REAPER);
	fill_reap(&rec, pid, OOMTRACE_STEP_QUEUED);
	oomtrace_oom_write(&rec.h);
}

void oomtrace_start_reaping(void *data, int pid)
{
	oomtrace_hit(OOMTRACE_HOOK_START_REAPING);
	record_reaper_step(pid, OOMTRACE_STEP_START);
}

void oomtrace_finish_reaping(void *data, int pid)
{
	oomtrace_hit(OOMTRACE_HOOK_FINISH_REAPING);
	record_reaper_step(pid, OOMTRACE_STEP_FINISH);
}

void oomtrace_skip_reaping(void *data, int pid)
{
	oomtrace_hit(OOMTRACE_HOOK_SKIP_REAPING);
	record_reaper_step(pid, OOMTRACE_STEP_SKIP);
}

/**
 * oomtrace_record_released() - record that process_mrelease() freed memory
 * @episode: number of the victim's episode.
 * @pid: the victim's pid.
 * @since_ns: time since the victim was killed, nanoseconds.
 * @mm: the victim's address space, pinned by the caller.
 */
void oomtrace_record_released(u64 episode, pid_t pid, u64 since_ns,
			      struct mm_struct *mm)
{
	struct oomtrace_reap rec = {
		OOMTRACE_RECORD(REAP, reap),
		.episode = episode,
		.pid = pid,
		.step = OOMTRACE_STEP_RELEASED,
		.since_kill_ns = since_ns,
	};

	rec.h.valid &= ~OOMTRACE_BIT(reap, mm_users);
	fill_rss_left(&rec, mm);
	oomtrace_oom_write(&rec.h);
}
