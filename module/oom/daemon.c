// SPDX-License-Identifier: GPL-2.0
/*
 * Episodes of OOM daemons: OOM killers in user space.
 *
 * The first SIGKILL or SIGTERM that a listed daemon sends opens an episode:
 * begin, memory use, victim. A daemon that kills a cgroup signals each process in
 * it, so further victims of the same daemon join the episode until a worker
 * closes it shortly after. The worker first writes the ranking, then the end. A
 * handler has no time to compute the ranking, so it is slightly later than the
 * signal and is marked as derived.
 *
 *   signal ──> open ──irq_work──> ranking ──pause──> end, names
 *              (handler)          (worker)           (worker)
 *
 * The tracepoint's handler runs with interrupts off and the victim's siglock
 * held. If task_lock() is contended, it does not wait, and the fields guarded by
 * that lock are absent. Few episodes can be open at once; signals that find no
 * room are counted.
 *
 * process_mrelease(2) frees the memory of a killed process. A privileged caller
 * counts as an OOM daemon, whatever its name. With a flag that was proposed for Linux
 * in 2026, PROCESS_MRELEASE_REAP_KILL, it first kills all processes that share the
 * memory. These signals are recognised by the system call that current is in.
 * The release then belongs to the victim that the signal has opened, as it does if
 * another process, or the kernel, has killed.
 */
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/memcontrol.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/spinlock.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <trace/events/signal.h>

#include "compat/mm.h"
#include "compat/ptrace.h"
#include "hook/hook.h"
#include "later.h"
#include "oom/begin.h"
#include "oom/cgroup_paths.h"
#include "oom/daemon.h"
#include "oom/daemon_list.h"
#include "oom/episode.h"
#include "oom/ranking.h"
#include "oom/remains.h"
#include "oom/sigkill.h"
#include "oom/victim.h"
#include "stats.h"
#include "task.h"

/* Episodes open at once, and victims of one episode, at most. */
#define OPEN		4
#define VICTIMS		256
/* Threads of a process searched for one with an mm, at most. */
#define MAX_THREADS	64
/* Processes of the ranking that are recorded, best candidates first, at most. */
#define RANKED_MAX	64
/* Jiffies that an episode stays open, at least: a whole cgroup may be killed. */
#define PAUSE		(HZ / 5)
/* How long after a kill process_mrelease() still belongs to the episode. */
#define RELEASE_NS	(10ULL * NSEC_PER_SEC)

/**
 * struct killed - a victim
 * @tgid: its thread group.
 * @sig: the signal that it got; 0 if only process_mrelease() showed it.
 * @shared: another victim of the episode has the same address space, and its record
 *	the memory.
 * @mm: its address space; only compared, never dereferenced. NULL if it was not known
 *	when the signal was sent.
 * @when_ns: time of the signal, CLOCK_MONOTONIC.
 */
struct killed {
	pid_t tgid;
	int sig;
	bool shared;
	const struct mm_struct *mm;
	u64 when_ns;
};

enum daemon_state { CLOSED, UNRANKED, RANKED };

/**
 * struct daemon - an episode of an OOM daemon
 * @state: CLOSED entries can be reused, but @killed stays valid until then.
 * @id: number of the episode.
 * @tgid: thread group of the daemon.
 * @born: start time of @tgid, nanoseconds, in case the pid is reused.
 * @victims: entries of @killed in use.
 * @candidates: processes in the ranking.
 * @missed: candidates without a record.
 * @end_by: jiffies from which on the episode may be closed.
 * @begin_ns: time of the first signal, CLOCK_MONOTONIC.
 * @end_ns: time of the last signal, CLOCK_MONOTONIC.
 * @paths: cgroups whose paths are recorded at the end; NULL if no set was free.
 * @killed: the victims.
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
/*
 * Guards daemons. Raw, with interrupts off: signals are sent that way. The worker
 * also reads @state and @id without it, see find_unranked().
 */
static DEFINE_RAW_SPINLOCK(daemons_lock);
static struct oomtrace_later ranking_work;

/* ---- for handlers ---- */

/* Find or open the episode of current; NULL if there is no room. */
static struct daemon *open_daemon_episode(u64 now)
{
	struct task_struct *leader = current->group_leader;
	struct daemon *d, *free = NULL;

	for (d = daemons; d < daemons + OPEN; d++) {
		if (d->state != CLOSED && d->tgid == current->tgid &&
		    d->born == leader->start_time)
			return d;
		/* Reuse the oldest: victims of others may yet be released. */
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
	/* Release: @id and the begin record first. Pairs with find_unranked(). */
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

/* Has another process of the episode, with a record, the same address space? */
static bool is_shared(const struct daemon *d, pid_t tgid, const struct mm_struct *mm)
{
	u32 i;

	for (i = 0; i < d->victims && mm; i++)
		if (d->killed[i].mm == mm && d->killed[i].tgid != tgid)
			return true;
	return false;
}

/* Is current in process_mrelease(2)? */
static bool in_mrelease(void)
{
#ifdef __NR_process_mrelease
	return !(current->flags & (PF_KTHREAD | PF_IO_WORKER)) &&
	       syscall_get_nr(current, task_pt_regs(current)) ==
	       __NR_process_mrelease;
#else
	return false;
#endif
}

/*
 * Add a victim to the episode of current. @mm is NULL or pinned by the caller.
 * Returns the episode's number; 0 if there is no room for an episode.
 */
static u64 add_victim(struct task_struct *task, struct mm_struct *mm, int sig)
{
	struct oomtrace_kill kill = {
		.why = OOMTRACE_WHY_DAEMON,
		.sig = sig,
		.how = sig ? oomtrace_find_how() : OOMTRACE_HOWS,
	};
	u64 now = ktime_get_mono_fast_ns(), episode;
	unsigned long flags;
	struct killed *k;
	struct daemon *d;

	raw_spin_lock_irqsave(&daemons_lock, flags);
	d = open_daemon_episode(now);
	if (!d || d->victims == VICTIMS) {
		oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_SIGNAL, 1);
	} else if (!was_killed(d, task->tgid, sig)) {
		k = &d->killed[d->victims++];
		k->tgid = task->tgid;
		k->sig = sig;
		k->shared = is_shared(d, task->tgid, mm);
		k->mm = mm;
		k->when_ns = now;
		d->end_ns = now;
		/* A daemon chooses each process. process_mrelease() chooses one. */
		if (k->shared && kill.how == OOMTRACE_HOW_MRELEASE)
			kill.why = OOMTRACE_WHY_SHARED_MM;
		kill.episode = d->id;
		/* It may survive a SIGTERM. */
		if (sig != SIGTERM)
			oomtrace_remains_watch(d->id, task, false, &kill.earlier);
		oomtrace_record_victim(task, k->shared ? NULL : mm, &kill);
		oomtrace_paths_add_task(d->paths, task, false);
	}
	episode = d ? d->id : 0;
	raw_spin_unlock_irqrestore(&daemons_lock, flags);
	return episode;
}

/* Add a victim with the mm of the first thread that has one. */
static u64 add_victim_and_mm(struct task_struct *task, int sig)
{
	struct task_struct *t;
	u64 episode;
	int n = 0;

	for_each_thread(task, t) {
		if (++n > MAX_THREADS)
			break;
		/* Without the lock t->mm may change; it is read again below. */
		if (!READ_ONCE(t->mm))
			continue;
		/* Contended: the mm may go away, so its fields are absent. */
		if (!oomtrace_task_trylock(t))
			break;
		if (t->mm) {
			episode = add_victim(task, t->mm, sig);
			task_unlock(t);
			return episode;
		}
		task_unlock(t);
	}
	return add_victim(task, NULL, sig);
}

/*
 * May current kill the processes of all users, as an OOM daemon may? Any task can
 * take a daemon's name, or release the memory of a child that it killed. Records
 * of that could overwrite real OOMs, so they are not written. The capability is
 * read directly, since capable() would cause an audit record.
 */
static bool may_kill_any_task(void)
{
	const struct cred *cred = current_cred();

	return cred->user_ns == &init_user_ns &&
	       cap_raised(cred->cap_effective, CAP_KILL);
}

/*
 * Record a SIGKILL or SIGTERM if current is an OOM daemon; RCU is held. Returns the
 * number of its episode, or 0.
 */
static u64 note_daemon_signal(int sig, struct task_struct *task)
{
	if (!oomtrace_is_daemon_name(current->comm) &&
	    !oomtrace_is_daemon_name(current->group_leader->comm) &&
	    !(sig == SIGKILL && in_mrelease()))
		return 0;
	/* A daemon may end itself, and its children then. */
	if (same_thread_group(task, current) || (current->flags & PF_EXITING) ||
	    !may_kill_any_task())
		return 0;
	return add_victim_and_mm(task, sig);
}

/* Handle the signal_generate tracepoint; interrupts are off. */
void oomtrace_signal(void *data, int sig, struct kernel_siginfo *info,
		     struct task_struct *task, int group, int result)
{
	bool wanted = sig == SIGKILL && oomtrace_sigkills_recorded();
	bool kills = (sig == SIGKILL || sig == SIGTERM) &&
		     result == TRACE_SIGNAL_DELIVERED && in_task();
	u64 episode = 0;

	if (sig == SIGKILL && in_task() && oomtrace_episode_mine())
		oomtrace_episode.signalled_tgid = task->tgid;
	if (!wanted && !kills)
		return;
	oomtrace_hit(OOMTRACE_HOOK_SIGNAL);
	/* For the list of daemons, and for the cgroups of both tasks. */
	rcu_read_lock();
	if (kills && !oomtrace_episode_mine())
		episode = note_daemon_signal(sig, task);
	else if (kills && sig == SIGKILL)
		oomtrace_victim_signal(task);
	if (wanted)
		oomtrace_sigkill_record(info, task, result, episode);
	rcu_read_unlock();
}

/* What the entry handler of __oom_reap_task_mm() passes to the return handler. */
struct reap_call {
	struct mm_struct *mm;
};

const size_t oomtrace_reap_mm_size = sizeof(struct reap_call);

int oomtrace_reap_mm_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct reap_call *call = (struct reap_call *)ri->data;

	/* Calls by the oom_reaper are seen by its tracepoints. */
	if (!in_mrelease())
		return 1;
	call->mm = (struct mm_struct *)regs_get_kernel_argument(regs, 0);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_reap_mm_entry);

/*
 * Find the victim with that address space, if it was killed recently. If its address
 * space was not known then, it is the one of that thread group; @tgid is 0 if that is
 * not known.
 */
static bool find_killed(const struct mm_struct *mm, pid_t tgid, u64 now, u64 *episode,
			struct killed *found)
{
	unsigned long flags;
	struct daemon *d;
	bool ok = false;
	u32 i;

	raw_spin_lock_irqsave(&daemons_lock, flags);
	for (d = daemons; d < daemons + OPEN; d++) {
		for (i = 0; i < d->victims; i++) {
			struct killed *k = &d->killed[i];

			if (k->shared ||
			    oomtrace_ns_between(k->when_ns, now) > RELEASE_NS)
				continue;
			if (!k->mm && tgid && k->tgid == tgid)
				k->mm = mm;
			if (k->mm != mm)
				continue;
			*found = *k;
			*episode = d->id;
			ok = true;
		}
	}
	raw_spin_unlock_irqrestore(&daemons_lock, flags);
	return ok;
}

/*
 * Find the kernel's victim that owns an address space. If there is none, the kill was
 * not recorded: add a victim without a signal. RCU is held.
 */
static bool find_or_add_owner(struct task_struct *owner, struct mm_struct *mm, u64 now,
			      u64 *episode, struct killed *found)
{
	*found = (struct killed){ .tgid = owner->tgid };
	*episode = oomtrace_remains_episode(owner, &found->when_ns);
	if (*episode)
		return true;
	add_victim(owner, mm, 0);
	return find_killed(mm, owner->tgid, now, episode, found);
}

int oomtrace_reap_mm_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct mm_struct *mm = ((struct reap_call *)ri->data)->mm;
	u64 now = ktime_get_mono_fast_ns(), episode;
	struct task_struct *owner;
	struct killed k;
	bool found;

	oomtrace_hit(OOMTRACE_HOOK_REAP_MM);
	/* A process may release a dying child as often as it likes. */
	if (!may_kill_any_task())
		return 0;
	rcu_read_lock();
	owner = rcu_dereference(mm->owner);
	found = find_killed(mm, owner ? owner->tgid : 0, now, &episode, &k);
	if (!found && owner)
		found = find_or_add_owner(owner, mm, now, &episode, &k);
	rcu_read_unlock();
	/* The system call pins the mm. */
	if (found)
		oomtrace_record_released(episode, k.tgid,
					 oomtrace_ns_between(k.when_ns, now), mm);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_reap_mm_return);

/* ---- the worker ---- */

static void record_daemon_end(const struct daemon *d)
{
	struct oomtrace_oom_end rec = {
		OOMTRACE_RECORD(OOM_END, oom_end),
		.episode = d->id,
		.duration_ns = oomtrace_ns_between(d->begin_ns, d->end_ns),
		.victims = d->victims,
		.candidates = d->candidates,
		.missed = d->missed,
		.ending = OOMTRACE_ENDING_KILLED,
	};

	rec.h.valid &= ~(OOMTRACE_BIT(oom_end, notifier_freed) |
			 OOMTRACE_BIT(oom_end, panic) |
			 OOMTRACE_END_COUNTS);
	oomtrace_stats_ending(OOMTRACE_ENDING_KILLED);
	oomtrace_oom_write(&rec.h);
}

/* Close an episode that is due, or any one if @all. False if there is none. */
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
		oomtrace_episode_ended(d->id);
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

	/* Without the lock: an episode that opens now queues the work itself. */
	for (i = 0; i < OPEN; i++)
		if (READ_ONCE(daemons[i].state) != CLOSED)
			return true;
	return false;
}

/* Have the path of a candidate's cgroup recorded, if the process still exists. */
static void add_candidate_path(struct daemon *d, const struct oomtrace_rank *rank)
{
	struct task_struct *task;
	unsigned long flags;

	rcu_read_lock();
	task = oomtrace_task_of(rank->rec.tgid, PIDTYPE_TGID);
	/* The pid may have been reused. */
	if (task && task->start_time == rank->born) {
		raw_spin_lock_irqsave(&daemons_lock, flags);
		oomtrace_paths_add_task(d->paths, task, true);
		raw_spin_unlock_irqrestore(&daemons_lock, flags);
	}
	rcu_read_unlock();
}

/* Record the best candidates of the current ranking. */
static void record_ranking(struct daemon *d, u32 *candidates, u32 *missed)
{
	struct oomtrace_ranks ranks;
	u32 i;

	*candidates = 0;
	*missed = 0;
	/* Without memory for the ranking there are no candidates. */
	if (oomtrace_ranks_make(&ranks, 0))
		return;
	*candidates = ranks.count;
	for (i = 0; i < ranks.count && i < RANKED_MAX; i++) {
		struct oomtrace_candidate *rec = &ranks.rank[i].rec;

		rec->episode = d->id;
		rec->index = i;
		rec->h.valid |= OOMTRACE_BIT(candidate, episode);
		/* Read after the signal; the daemon did not decide by it. */
		rec->h.derived = rec->h.valid &
				 ~OOMTRACE_BIT(candidate, episode);
		if (!oomtrace_oom_write(&rec->h))
			++*missed;
		add_candidate_path(d, &ranks.rank[i]);
		cond_resched();
	}
	*missed += ranks.count - i;
	oomtrace_ranks_free(&ranks);
}

/* Find an episode without a ranking. */
static struct daemon *find_unranked(void)
{
	int i;

	for (i = 0; i < OPEN; i++)
		/* Acquire: @id is set. Pairs with open_daemon_episode(). */
		if (smp_load_acquire(&daemons[i].state) == UNRANKED)
			return &daemons[i];
	return NULL;
}

/* No lock while ranking: only this worker moves an episode out of UNRANKED. */
static void rank_unranked(void)
{
	u32 candidates, missed;
	unsigned long flags;
	struct daemon *d;

	while ((d = find_unranked())) {
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
 * oomtrace_daemon_init() - prepare the worker, before the first handler runs
 */
void oomtrace_daemon_init(void)
{
	oomtrace_later_init(&ranking_work, rank_daemons, 0);
}

/**
 * oomtrace_daemon_exit() - close all open episodes
 *
 * Call it after the last handler has run, before oomtrace_paths_exit() and before
 * the rings are freed.
 */
void oomtrace_daemon_exit(void)
{
	oomtrace_later_cancel(&ranking_work);
	cancel_delayed_work_sync(&close_work);
	while (close_daemon(true))
		;
}
