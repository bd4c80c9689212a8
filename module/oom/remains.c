// SPDX-License-Identifier: GPL-2.0
/*
 * Victims that do not go: a second after its kill a process should be gone. If it is
 * not, one of its threads may wait for a device in a way that no signal ends, and the
 * memory may or may not be free.
 *
 * Handlers note each victim in a small table. Once a second a worker looks for the
 * processes that are still there, and records what is left: threads, memory, and the
 * function that a thread waits in. After ten records of a process the intervals
 * double, and after twenty it is no longer watched. A last record says that it is
 * gone. A victim of an OOM daemon has that record in any case: no hook shows its exit.
 *
 *   victim ──> watched ──1 s──> still there? ──> record, again a second later
 *              (handler)        (worker)
 *
 * The worker runs in process context. It pins no task: a task is looked up by its pid
 * and its start time, and read under RCU.
 */
#include <linux/kernel.h>
#include <linux/oom.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "compat/mm.h"
#include "compat/unwind.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "later.h"
#include "oom/episode.h"
#include "oom/remains.h"
#include "stats.h"
#include "task.h"

/* Processes watched at a time. */
#define WATCHED		64
/* Records of a process once a second, and in all. */
#define EVERY_SECOND	10
#define RECORDS		20
/* The first look is this late: most victims are gone by then. */
#define FIRST_NS	(NSEC_PER_SEC * 9 / 10)
/* Threads of a process that are looked at, at most. */
#define THREADS		16384
/* The kernel's reaper gives up after that many attempts (MAX_OOM_REAP_RETRIES). */
#define REAPER_ATTEMPTS	10

/**
 * struct reaping - what the kernel's reaper has done for an address space
 * @marked: a process with it was marked, so the reaper may come.
 * @unclear: some of its steps were not seen.
 * @started: it has begun.
 * @attempts: attempts that have ended.
 * @finished: the last of them was not skipped.
 */
struct reaping {
	bool marked;
	bool unclear;
	bool started;
	u32 attempts;
	bool finished;
};

/**
 * struct watched - a victim
 * @episode: number of its episode; 0 if it was marked outside one.
 * @pid: the thread that its victim record names; 0 if the entry is unused.
 * @tgid: its thread group.
 * @mm: its address space when it was killed or marked; only compared, never
 *	dereferenced. NULL if that thread had none.
 * @born: start time of the thread group's leader, in case the pid is reused.
 * @comm: command name of the process.
 * @by_kernel: the OOM killer marked it: its exit has records of its own.
 * @killed_ns: when it was killed, CLOCK_MONOTONIC.
 * @next_ns: when to look again, CLOCK_MONOTONIC.
 * @records: records of it so far.
 * @times_off: oomtrace_hooks_times_off() when it was killed.
 * @reaping: what the reaper has done for @mm.
 */
struct watched {
	u64 episode;
	pid_t pid;
	pid_t tgid;
	const struct mm_struct *mm;
	u64 born;
	char comm[OOMTRACE_COMM_LEN];
	bool by_kernel;
	u64 killed_ns;
	u64 next_ns;
	u32 records;
	u32 times_off;
	struct reaping reaping;
};

static struct watched watched[WATCHED];
/* Guards watched. Raw, with interrupts off: signals are sent that way. */
static DEFINE_RAW_SPINLOCK(watched_lock);

static struct oomtrace_later remains_work;

/* ---- for handlers ---- */

/* The entry of a process, or a free one, or NULL; watched_lock is held. */
static struct watched *find_watched(pid_t tgid)
{
	struct watched *free = NULL;
	int i;

	for (i = 0; i < WATCHED; i++) {
		if (watched[i].pid && watched[i].tgid == tgid)
			return &watched[i];
		if (!watched[i].pid && !free)
			free = &watched[i];
	}
	return free;
}

/*
 * A task is marked: the reaper's steps for its address space count from now on. Those
 * before are known of another process that has it, or not at all. watched_lock is held.
 */
static void watch_reaper(struct watched *w, struct mm_struct *mm)
{
	int i;

	w->mm = mm;
	if (w->reaping.marked)
		return;
	for (i = 0; i < WATCHED; i++) {
		if (!watched[i].pid || watched[i].mm != mm || !watched[i].reaping.marked ||
		    watched[i].times_off != w->times_off)
			continue;
		w->reaping = watched[i].reaping;
		return;
	}
	w->reaping.marked = true;
	w->reaping.unclear = !mm || oomtrace_mm_oom_skip(mm);
}

/**
 * oomtrace_remains_watch() - watch a victim until it is gone
 * @episode: number of its episode; 0 for none.
 * @task: the victim, pinned by the caller; RCU is held.
 * @by_kernel: the OOM killer marked it: its exit has records of its own.
 * @earlier: out: number of the earlier episode whose victim it is already, or 0.
 *
 * Return: true if it is a victim of this episode already.
 */
bool oomtrace_remains_watch(u64 episode, struct task_struct *task, bool by_kernel,
			    u64 *earlier)
{
	u64 now = ktime_get_mono_fast_ns();
	unsigned long flags;
	struct watched *w;
	bool again = false;

	*earlier = 0;
	raw_spin_lock_irqsave(&watched_lock, flags);
	w = find_watched(task->tgid);
	if (!w) {
		oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_WATCH, 1);
	} else if (!w->pid || w->born != task->group_leader->start_time) {
		*w = (struct watched){
			.episode = episode,
			.pid = task->pid,
			.tgid = task->tgid,
			.born = task->group_leader->start_time,
			.by_kernel = by_kernel,
			.killed_ns = now,
			.next_ns = now + FIRST_NS,
			.times_off = oomtrace_hooks_times_off(),
			.mm = READ_ONCE(task->mm),
		};
		oomtrace_comm(w->comm, task->group_leader);
		oomtrace_later_ask(&remains_work);
	} else {
		again = episode && w->episode == episode;
		if (!again)
			*earlier = w->episode;
	}
	/* Only then may the handler dereference the address space. */
	if (w && by_kernel)
		watch_reaper(w, task->mm);
	raw_spin_unlock_irqrestore(&watched_lock, flags);
	return again;
}

/**
 * oomtrace_remains_episode() - find the episode of a victim that is watched
 * @task: a task of the process, pinned by the caller; RCU is held.
 * @killed_ns: out: when it was killed, CLOCK_MONOTONIC.
 *
 * Return: number of the episode, or 0.
 */
u64 oomtrace_remains_episode(const struct task_struct *task, u64 *killed_ns)
{
	const struct watched *w;
	unsigned long flags;
	u64 episode = 0;

	raw_spin_lock_irqsave(&watched_lock, flags);
	w = find_watched(task->tgid);
	if (w && w->pid && w->born == task->group_leader->start_time) {
		episode = w->episode;
		*killed_ns = w->killed_ns;
	}
	raw_spin_unlock_irqrestore(&watched_lock, flags);
	return episode;
}

/**
 * oomtrace_remains_reaper() - note a step of the kernel's reaper
 * @mm: the address space, only to be compared; NULL if it is not known.
 * @step: enum oomtrace_step.
 */
void oomtrace_remains_reaper(const struct mm_struct *mm, u8 step)
{
	unsigned long flags;
	int i;

	raw_spin_lock_irqsave(&watched_lock, flags);
	for (i = 0; i < WATCHED; i++) {
		struct reaping *r = &watched[i].reaping;

		if (!watched[i].pid || (mm && watched[i].mm != mm))
			continue;
		r->unclear |= !mm;
		r->started = true;
		if (step == OOMTRACE_STEP_FINISH || step == OOMTRACE_STEP_SKIP) {
			r->attempts++;
			r->finished = step == OOMTRACE_STEP_FINISH;
		}
	}
	raw_spin_unlock_irqrestore(&watched_lock, flags);
}

/* ---- what is left ---- */

#define OF_MEMORY (OOMTRACE_BIT(remains, rss_anon) |	\
		   OOMTRACE_BIT(remains, rss_file) |	\
		   OOMTRACE_BIT(remains, rss_shmem) |	\
		   OOMTRACE_BIT(remains, mm_users))

#define OF_THREAD (OOMTRACE_BIT(remains, thread_pid) |	\
		   OOMTRACE_BIT(remains, thread_comm) |	\
		   OOMTRACE_BIT(remains, state) |	\
		   OOMTRACE_BIT(remains, wchan) |	\
		   OOMTRACE_BIT(remains, callers))

/* Is this an address in a function of the scheduler, as the kernel's wchan skips? */
static bool is_in_scheduler(unsigned long addr)
{
	return addr >= oomtrace_sched_text.start && addr < oomtrace_sched_text.end;
}

/* Append a function's name and a space; false if it does not fit. */
static bool append_function(char *buf, size_t size, size_t *len, unsigned long addr)
{
	size_t n = snprintf(buf + *len, size - *len, "%s%ps", *len ? " " : "",
			    (void *)addr);

	if (n >= size - *len) {
		memset(buf + *len, 0, size - *len);
		return false;
	}
	*len += n;
	return true;
}

/* Name the function that a thread waits in, and that function's callers. */
static void fill_wchan(struct oomtrace_remains *rec, struct task_struct *t)
{
	unsigned long frames[24], flags;
	unsigned int nr = 0, i = 0;
	size_t len = 0;

	raw_spin_lock_irqsave(&t->pi_lock, flags);
	if (oomtrace_is_blocked(t))
		nr = oomtrace_unwind(t, frames, ARRAY_SIZE(frames));
	raw_spin_unlock_irqrestore(&t->pi_lock, flags);
	while (i < nr && is_in_scheduler(frames[i]))
		i++;
	if (!oomtrace_sched_text.end || i == nr ||
	    !append_function(rec->wchan, sizeof(rec->wchan), &len, frames[i]))
		return;
	rec->h.valid |= OOMTRACE_BIT(remains, wchan);
	len = 0;
	while (++i < nr && append_function(rec->callers, sizeof(rec->callers), &len,
					   frames[i]))
		rec->h.valid |= OOMTRACE_BIT(remains, callers);
}

static void fill_thread(struct oomtrace_remains *rec, struct task_struct *t)
{
	rec->thread_pid = t->pid;
	oomtrace_comm(rec->thread_comm, t);
	rec->state[0] = task_state_to_char(t);
	rec->h.valid |= OOMTRACE_BIT(remains, thread_pid) |
			OOMTRACE_BIT(remains, thread_comm) |
			OOMTRACE_BIT(remains, state);
	fill_wchan(rec, t);
}

/* Count the threads, and describe one: rather one in state D. RCU is held. */
static void fill_threads(struct oomtrace_remains *rec, struct task_struct *leader)
{
	struct task_struct *t, *first = NULL, *blocked = NULL;
	u32 n = 0;

	for_each_thread(leader, t) {
		if (++n > THREADS)
			break;
		if (READ_ONCE(t->exit_state))
			continue;
		rec->threads++;
		if (!first)
			first = t;
		if (task_state_to_char(t) != 'D')
			continue;
		rec->blocked++;
		if (!blocked)
			blocked = t;
	}
	if (first)
		fill_thread(rec, blocked ? blocked : first);
}

static void fill_memory(struct oomtrace_remains *rec, struct mm_struct *mm)
{
	rec->mm_users = atomic_read(&mm->mm_users);
	rec->rss_anon = oomtrace_mm_counter(mm, MM_ANONPAGES);
	rec->rss_file = oomtrace_mm_counter(mm, MM_FILEPAGES);
	rec->rss_shmem = oomtrace_mm_counter(mm, MM_SHMEMPAGES);
	rec->h.valid |= OF_MEMORY;
}

/* Derive what the reaper does from its steps; OOMTRACE_REAPERS if that is not clear. */
static u8 find_reaper(const struct watched *w, struct mm_struct *mm)
{
	const struct reaping *r = &w->reaping;

	if (!r->marked || r->unclear ||
	    !oomtrace_hook_attached(OOMTRACE_HOOK_FINISH_REAPING) ||
	    !oomtrace_hook_attached(OOMTRACE_HOOK_SKIP_REAPING) ||
	    w->times_off != oomtrace_hooks_times_off())
		return OOMTRACE_REAPERS;
	if (!oomtrace_mm_oom_skip(mm))
		return r->started ? OOMTRACE_REAPER_TRYING : OOMTRACE_REAPER_WAITING;
	/* The kernel sets it, too, when the last user frees the memory. */
	if (!atomic_read(&mm->mm_users))
		return OOMTRACE_REAPERS;
	if (r->attempts >= REAPER_ATTEMPTS)
		return r->finished ? OOMTRACE_REAPERS : OOMTRACE_REAPER_GAVE_UP;
	if (r->finished)
		return OOMTRACE_REAPER_FINISHED;
	return r->attempts ? OOMTRACE_REAPERS : OOMTRACE_REAPER_BARRED;
}

/* RCU pins the leader, the leader its signal struct, and that the mm of a victim. */
static void fill_victims_memory(struct oomtrace_remains *rec, const struct watched *w,
				struct task_struct *leader)
{
	struct mm_struct *mm = READ_ONCE(leader->signal->oom_mm);
	struct task_struct *t;
	u32 n = 0;

	if (mm) {
		fill_memory(rec, mm);
		rec->reaper = find_reaper(w, mm);
		if (rec->reaper == OOMTRACE_REAPERS)
			rec->reaper = 0;
		else
			rec->h.valid |= OOMTRACE_BIT(remains, reaper);
		rec->h.derived = rec->h.valid & OOMTRACE_BIT(remains, reaper);
		return;
	}
	/* A daemon's victim has no such pointer. */
	for_each_thread(leader, t) {
		if (++n > THREADS)
			break;
		task_lock(t);
		if (t->mm)
			fill_memory(rec, t->mm);
		task_unlock(t);
		if (rec->h.valid & OF_MEMORY)
			break;
	}
}

/* Fill a record with what is left of a victim. */
static void fill_remains(struct oomtrace_remains *rec, const struct watched *w)
{
	struct task_struct *leader;

	*rec = (struct oomtrace_remains){
		OOMTRACE_RECORD(REMAINS, remains),
		.episode = w->episode,
		.pid = w->pid,
		.tgid = w->tgid,
		.since_kill_ns = oomtrace_ns_between(w->killed_ns,
						     ktime_get_mono_fast_ns()),
	};
	memcpy(rec->comm, w->comm, sizeof(rec->comm));
	rec->h.valid &= ~(OF_MEMORY | OF_THREAD | OOMTRACE_BIT(remains, reaper));
	if (!w->episode)
		rec->h.valid &= ~OOMTRACE_BIT(remains, episode);
	rcu_read_lock();
	leader = oomtrace_task_of(w->tgid, PIDTYPE_TGID);
	/* The pid may have been reused. */
	if (leader && leader->start_time == w->born) {
		fill_threads(rec, leader);
		if (rec->threads)
			fill_victims_memory(rec, w, leader);
	}
	rcu_read_unlock();
}

/* ---- the worker ---- */

/* The interval until the next record, seconds. */
static u64 next_interval(u32 records)
{
	return records < EVERY_SECOND ? 1 : 2ULL << (records - EVERY_SECOND);
}

/*
 * Look at one victim, and record what is left of it. Only the worker frees an entry,
 * so it stays the victim's meanwhile, unless its pid was reused and killed again.
 */
static void look_at(struct watched *entry)
{
	/* Too large for the stack; there is one worker. */
	static struct oomtrace_remains rec;
	unsigned long flags;
	struct watched w;

	raw_spin_lock_irqsave(&watched_lock, flags);
	w = *entry;
	raw_spin_unlock_irqrestore(&watched_lock, flags);
	if (!w.pid)
		return;
	fill_remains(&rec, &w);
	if (rec.threads && ktime_get_mono_fast_ns() < w.next_ns)
		return;
	/* The kernel's victims have other records of their exit. */
	if (rec.threads || w.records || !w.by_kernel)
		oomtrace_oom_write(&rec.h);
	w.records++;
	raw_spin_lock_irqsave(&watched_lock, flags);
	if (entry->born == w.born) {
		entry->records = w.records;
		entry->next_ns = w.next_ns + next_interval(w.records) * NSEC_PER_SEC;
		if (!rec.threads || w.records == RECORDS)
			entry->pid = 0;
	}
	raw_spin_unlock_irqrestore(&watched_lock, flags);
}

static void look_at_all(struct work_struct *unused)
{
	bool any = false;
	int i;

	for (i = 0; i < WATCHED; i++) {
		look_at(&watched[i]);
		any |= READ_ONCE(watched[i].pid);
		cond_resched();
	}
	if (any)
		oomtrace_later_repeat(&remains_work);
}

/**
 * oomtrace_remains_init() - prepare the worker, before the first handler runs
 */
void oomtrace_remains_init(void)
{
	oomtrace_later_init(&remains_work, look_at_all, HZ);
}

/**
 * oomtrace_remains_exit() - stop the worker
 *
 * Call it after the last handler has run, and before the rings are freed.
 */
void oomtrace_remains_exit(void)
{
	oomtrace_later_cancel(&remains_work);
}
