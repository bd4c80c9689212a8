// SPDX-License-Identifier: GPL-2.0
/*
 * OOM killers in user space: an episode for what a daemon kills.
 *
 * The first signal that a daemon of the list (daemon_list.c) sends to kill opens
 * an episode: begin, the state of memory, the victim. Further victims of the
 * same daemon join it until it is closed, a moment later: a daemon that kills a
 * cgroup sends a signal to each process in it. Closing is a worker's: it first
 * writes the ranking, which takes far longer than a handler may, and so is a
 * little later than the signal, and is marked as derived; then the end.
 *
 *   signal ──> open ──irq_work──> ranking ──pause──> end, names
 *              (handler)          (worker)           (worker)
 *
 * The signal's handler runs with interrupts off and the victim's signal lock
 * held. task_lock() is tried, never waited for; what it guards is absent if it
 * is taken. A few episodes can be open at once; what finds no room is counted.
 *
 * process_mrelease(2) is an OOM daemon's as well, whoever calls it: it takes the
 * memory of a process that was killed.
 */
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/memcontrol.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <trace/events/signal.h>

#include "compat/mm.h"
#include "hook/hook.h"
#include "later.h"
#include "oom/begin.h"
#include "oom/cgroup_paths.h"
#include "oom/daemon.h"
#include "oom/daemon_list.h"
#include "oom/episode.h"
#include "oom/ranking.h"
#include "oom/victim.h"
#include "stats.h"
#include "task.h"

/* Episodes open at once, and victims of one that are told apart. */
#define OPEN		4
#define VICTIMS		256
/* How many threads we look through for one that still has an mm. */
#define MAX_THREADS	64
/* Processes of the ranking that are recorded, the best candidates. */
#define RANKED_MAX	64
/* From the ranking to the end: time for the rest of a cgroup to be killed. */
#define PAUSE		(HZ / 5)
/* A victim's memory may be taken that long after it was killed. */
#define RELEASE_NS	(10ULL * NSEC_PER_SEC)

/**
 * struct killed - a victim
 * @tgid: its thread group.
 * @sig: what it was sent.
 * @mm: its address space; only compared, never followed.
 * @when_ns: when, CLOCK_MONOTONIC.
 */
struct killed {
	pid_t tgid;
	int sig;
	const struct mm_struct *mm;
	u64 when_ns;
};

enum daemon_state { CLOSED, UNRANKED, RANKED };

/**
 * struct daemon - an episode of user space's
 * @state: CLOSED: free for the next one, but @killed is still remembered.
 * @id: the episode.
 * @tgid: who kills.
 * @born: when that was started, to tell it from others with its pid.
 * @victims: signals sent.
 * @candidates: processes in the ranking.
 * @missed: of those, how many have no record.
 * @end_by: jiffies at which it is to be closed.
 * @begin_ns: the first signal, CLOCK_MONOTONIC.
 * @end_ns: the last one.
 * @paths: its cgroups.
 * @killed: the victims, the first VICTIMS of them.
 */
struct daemon {
	enum daemon_state state;
	u64 id;
	pid_t tgid;
	u64 born;
	u32 victims;
	u32 candidates;
	u32 missed;
	unsigned long end_by;
	u64 begin_ns;
	u64 end_ns;
	struct oomtrace_paths *paths;
	struct killed killed[VICTIMS];
};

static struct daemon daemons[OPEN];
/* Guards all of it. Raw and irqsave: signals are sent with interrupts off. */
static DEFINE_RAW_SPINLOCK(daemons_lock);
static struct oomtrace_later ranking_work;

/* ---- for handlers ---- */

/* Current's episode, opened if it has none; NULL if there is no room. */
static struct daemon *current_daemon(u64 now)
{
	struct task_struct *leader = current->group_leader;
	struct daemon *d, *free = NULL;

	for (d = daemons; d < daemons + OPEN; d++) {
		if (d->state != CLOSED && d->tgid == current->tgid &&
		    d->born == leader->start_time)
			return d;
		/* The one that was closed first. */
		if (d->state == CLOSED && (!free || d->id < free->id))
			free = d;
	}
	if (!free)
		return NULL;
	memset(free, 0, sizeof(*free));
	free->id = oomtrace_episode_next();
	free->tgid = current->tgid;
	free->born = leader->start_time;
	free->begin_ns = now;
	free->paths = oomtrace_paths_get(free->id);
	free->end_by = jiffies + PAUSE;
	oomtrace_record_daemon_begin(free->id);
	oomtrace_paths_add_task(free->paths, current, false);
	/* After the begin's record. Release: pairs with next_unranked(). */
	smp_store_release(&free->state, UNRANKED);
	oomtrace_later_ask(&ranking_work);
	return free;
}

static bool was_killed(const struct daemon *d, pid_t tgid, int sig)
{
	u32 i;

	for (i = 0; i < d->victims; i++)
		if (d->killed[i].tgid == tgid && d->killed[i].sig == sig)
			return true;
	return false;
}

/* @mm: NULL, or the caller keeps it from going away. */
static void add_victim(struct task_struct *task, struct mm_struct *mm, int sig)
{
	u64 now = ktime_get_mono_fast_ns();
	unsigned long flags;
	struct killed *k;
	struct daemon *d;

	raw_spin_lock_irqsave(&daemons_lock, flags);
	d = current_daemon(now);
	if (!d || d->victims == VICTIMS) {
		oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_SIGNAL, 1);
	} else if (!was_killed(d, task->tgid, sig)) {
		k = &d->killed[d->victims++];
		k->tgid = task->tgid;
		k->sig = sig;
		k->mm = mm;
		k->when_ns = now;
		d->end_ns = now;
		oomtrace_record_victim(d->id, task, mm, OOMTRACE_WHY_DAEMON,
				       sig);
		oomtrace_paths_add_task(d->paths, task, false);
	}
	raw_spin_unlock_irqrestore(&daemons_lock, flags);
}

/* The same, with the address space that some thread of it still has. */
static void add_victim_and_mm(struct task_struct *task, int sig)
{
	struct task_struct *t;
	int n = 0;

	for_each_thread(task, t) {
		if (++n > MAX_THREADS)
			break;
		if (!READ_ONCE(t->mm))
			continue;
		/* Taken already: its mm cannot be touched, so it is absent. */
		if (!oomtrace_task_trylock(t))
			break;
		if (t->mm) {
			add_victim(task, t->mm, sig);
			task_unlock(t);
			return;
		}
		task_unlock(t);
	}
	add_victim(task, NULL, sig);
}

/*
 * An OOM daemon may kill other users' processes. Anybody can take its name, or
 * release the memory of a child that it killed; told, that could push real OOMs
 * out of the rings. Looked at as it is, and not by capable(), which would have
 * it audited.
 */
static bool may_kill_any_task(void)
{
	const struct cred *cred = current_cred();

	return cred->user_ns == &init_user_ns &&
	       cap_raised(cred->cap_effective, CAP_KILL);
}

/* Current sent a signal that kills; RCU is held. */
static void note_daemon_signal(int sig, struct task_struct *task)
{
	if (!oomtrace_is_daemon_name(current->comm) &&
	    !oomtrace_is_daemon_name(current->group_leader->comm))
		return;
	/* A daemon may end itself. */
	if (same_thread_group(task, current) || !may_kill_any_task())
		return;
	add_victim_and_mm(task, sig);
}

/* A task was sent a signal, and it was delivered. Interrupts are off. */
void oomtrace_signal(void *data, int sig, struct kernel_siginfo *info,
		     struct task_struct *task, int group, int result)
{
	if ((sig != SIGKILL && sig != SIGTERM) ||
	    result != TRACE_SIGNAL_DELIVERED || !in_task())
		return;
	oomtrace_hit(OOMTRACE_HOOK_SIGNAL);
	rcu_read_lock();
	if (!oomtrace_episode_mine())
		note_daemon_signal(sig, task);
	else if (sig == SIGKILL)
		oomtrace_victim_signal(task);
	rcu_read_unlock();
}

/* What the entry hands to the return of a __oom_reap_task_mm(). */
struct reap_call {
	struct mm_struct *mm;
};

const size_t oomtrace_reap_mm_size = sizeof(struct reap_call);

static bool in_mrelease(void)
{
#ifdef __NR_process_mrelease
	return !(current->flags & PF_KTHREAD) &&
	       syscall_get_nr(current, task_pt_regs(current)) ==
	       __NR_process_mrelease;
#else
	return false;
#endif
}

int oomtrace_reap_mm_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct reap_call *call = (struct reap_call *)ri->data;

	/* The oom_reaper's have tracepoints of their own. */
	if (!in_mrelease())
		return 1;
	call->mm = (struct mm_struct *)regs_get_kernel_argument(regs, 0);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_reap_mm_entry);

/* The victim with that address space, if it was killed lately. */
static bool find_killed(const struct mm_struct *mm, u64 now, u64 *episode,
			struct killed *found)
{
	unsigned long flags;
	struct daemon *d;
	bool ok = false;
	u32 i;

	raw_spin_lock_irqsave(&daemons_lock, flags);
	for (d = daemons; d < daemons + OPEN; d++) {
		for (i = 0; i < d->victims; i++) {
			const struct killed *k = &d->killed[i];

			if (k->mm != mm || now - k->when_ns > RELEASE_NS)
				continue;
			*found = *k;
			*episode = d->id;
			ok = true;
		}
	}
	raw_spin_unlock_irqrestore(&daemons_lock, flags);
	return ok;
}

int oomtrace_reap_mm_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct mm_struct *mm = ((struct reap_call *)ri->data)->mm;
	u64 now = ktime_get_mono_fast_ns();
	struct task_struct *owner;
	struct killed k;
	u64 episode;

	oomtrace_hit(OOMTRACE_HOOK_REAP_MM);
	if (!find_killed(mm, now, &episode, &k)) {
		if (!may_kill_any_task())
			return 0;
		/* Killed by somebody whom we do not know; its memory goes now. */
		rcu_read_lock();
		owner = rcu_dereference(mm->owner);
		if (owner)
			add_victim(owner, mm, 0);
		rcu_read_unlock();
		now = ktime_get_mono_fast_ns();
		if (!find_killed(mm, now, &episode, &k))
			return 0;
	}
	/* The system call has a reference on the mm. */
	oomtrace_record_released(episode, k.tgid, now - k.when_ns, mm);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_reap_mm_return);

/* ---- the worker ---- */

static void record_daemon_end(const struct daemon *d)
{
	struct oomtrace_oom_end rec = {
		OOMTRACE_RECORD(OOM_END, oom_end),
		.episode = d->id,
		.duration_ns = d->end_ns - d->begin_ns,
		.victims = d->victims,
		.candidates = d->candidates,
		.missed = d->missed,
		.ending = OOMTRACE_ENDING_KILLED,
	};

	rec.h.valid &= ~OOMTRACE_BIT(oom_end, notifier_freed);
	oomtrace_stats_ending(OOMTRACE_ENDING_KILLED);
	oomtrace_oom_write(&rec.h);
}

/* Write the end of an episode that is due; true: there was one. */
static bool close_daemon(bool all)
{
	struct oomtrace_paths *paths = NULL;
	unsigned long flags;
	struct daemon *d;
	bool found = false;

	raw_spin_lock_irqsave(&daemons_lock, flags);
	for (d = daemons; d < daemons + OPEN && !found; d++) {
		if (d->state == CLOSED ||
		    (!all && (d->state != RANKED ||
			      time_before(jiffies, d->end_by))))
			continue;
		record_daemon_end(d);
		paths = d->paths;
		d->paths = NULL;
		d->state = CLOSED;
		found = true;
	}
	raw_spin_unlock_irqrestore(&daemons_lock, flags);
	oomtrace_paths_submit(paths);
	return found;
}

static bool any_daemon_open(void)
{
	int i;

	for (i = 0; i < OPEN; i++)
		if (READ_ONCE(daemons[i].state) != CLOSED)
			return true;
	return false;
}

/* So that a candidate's cgroup is told by its path, if it is still there. */
static void add_path(struct daemon *d, const struct oomtrace_rank *rank)
{
	struct task_struct *task;
	unsigned long flags;

	rcu_read_lock();
	task = oomtrace_task_of(rank->rec.tgid, PIDTYPE_TGID);
	/* Its pid may be another's by now. */
	if (task && task->start_time == rank->born) {
		raw_spin_lock_irqsave(&daemons_lock, flags);
		oomtrace_paths_add_task(d->paths, task, true);
		raw_spin_unlock_irqrestore(&daemons_lock, flags);
	}
	rcu_read_unlock();
}

/* Who would be killed now: the first of the ranking, as an episode's records. */
static void record_ranking(struct daemon *d, u32 *candidates, u32 *missed)
{
	struct oomtrace_ranks ranks;
	u32 i;

	*candidates = 0;
	*missed = 0;
	/* Without memory for it there is none. */
	if (oomtrace_ranks_make(&ranks, 0))
		return;
	*candidates = ranks.count;
	for (i = 0; i < ranks.count && i < RANKED_MAX; i++) {
		struct oomtrace_candidate *rec = &ranks.rank[i].rec;

		rec->episode = d->id;
		rec->index = i;
		rec->h.valid |= OOMTRACE_BIT(candidate, episode);
		/* A little later than the signal, and not the daemon's reason. */
		rec->h.derived = rec->h.valid &
				 ~OOMTRACE_BIT(candidate, episode);
		if (!oomtrace_oom_write(&rec->h))
			++*missed;
		add_path(d, &ranks.rank[i]);
		cond_resched();
	}
	*missed += ranks.count - i;
	oomtrace_ranks_free(&ranks);
}

static struct daemon *next_unranked(void)
{
	int i;

	for (i = 0; i < OPEN; i++)
		/* Acquire: the number before the state, see current_daemon(). */
		if (smp_load_acquire(&daemons[i].state) == UNRANKED)
			return &daemons[i];
	return NULL;
}

/* Only the worker takes an episode out of UNRANKED, so it stays what it is. */
static void rank_unranked(void)
{
	u32 candidates, missed;
	unsigned long flags;
	struct daemon *d;

	while ((d = next_unranked())) {
		record_ranking(d, &candidates, &missed);
		raw_spin_lock_irqsave(&daemons_lock, flags);
		d->candidates = candidates;
		d->missed = missed;
		d->state = RANKED;
		raw_spin_unlock_irqrestore(&daemons_lock, flags);
	}
}

static void close_due_daemons(struct work_struct *unused);
static DECLARE_DELAYED_WORK(close_work, close_due_daemons);

static void close_due_daemons(struct work_struct *unused)
{
	while (close_daemon(false))
		cond_resched();
	if (any_daemon_open())
		schedule_delayed_work(&close_work, PAUSE);
}

static void rank_daemons(struct work_struct *unused)
{
	rank_unranked();
	schedule_delayed_work(&close_work, PAUSE);
}

/**
 * oomtrace_daemon_init() - before the first handler runs
 */
void oomtrace_daemon_init(void)
{
	oomtrace_later_init(&ranking_work, rank_daemons, 0);
}

/**
 * oomtrace_daemon_exit() - write the end of all that is open
 *
 * To be called when no handler is left, before the names' and the rings' end.
 */
void oomtrace_daemon_exit(void)
{
	oomtrace_later_cancel(&ranking_work);
	cancel_delayed_work_sync(&close_work);
	while (close_daemon(true))
		;
}
