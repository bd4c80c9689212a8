// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that wait in a cgroup of version 1 whose OOM killer is switched off (1 in
 * memory.oom_control). The kernel kills none of them: each waits at the end of its page
 * fault until memory comes, the limit is raised, or the killer is switched on.
 *
 * That is an episode, too. It begins when the first task waits, and ends when none has
 * waited for a second: a task that is woken, and finds that there still is no memory,
 * waits again at once. Each task that waits has a record when it begins, and one with
 * the time that it has waited when the episode ends.
 *
 *   mem_cgroup_oom_synchronize()   entry: a task begins to wait
 *                                  return: it goes on, and why it can
 *   worker, once a second          closes episodes; finds waits whose return was
 *                                  missed
 *
 * Few episodes can be open at once, each with few tasks; what finds no room is counted.
 * The handlers run in the task that waits.
 */
#include <linux/memcontrol.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include "compat/memcontrol.h"
#include "compat/ptrace.h"
#include "hook/hook.h"
#include "later.h"
#include "oom/account.h"
#include "oom/begin.h"
#include "oom/cgroup_paths.h"
#include "oom/episode.h"
#include "oom/waiting.h"
#include "stats.h"
#include "task.h"

/* Episodes open at once, and tasks of one episode, at most. */
#define GROUPS		4
#define WAITERS		32
/* How long no task waits before the episode is closed. */
#define PAUSE_NS	NSEC_PER_SEC

/**
 * struct waiter - a task that waits, or has waited
 * @task: what its records have in common.
 * @born: start time of the task, in case the pid is reused.
 * @since_ns: begin of its present wait, CLOCK_MONOTONIC; 0: it does not wait.
 */
struct waiter {
	struct oomtrace_wait task;
	u64 born;
	u64 since_ns;
};

/**
 * struct waiting_group - an episode of a cgroup whose tasks wait
 * @memcg: the cgroup, with a reference; NULL if the entry is unused.
 * @id: number of the episode.
 * @begin_ns: begin of the first wait, CLOCK_MONOTONIC.
 * @end_ns: end of the last wait, CLOCK_MONOTONIC.
 * @limit: the cgroup's limit of memory at @begin_ns, pages.
 * @memsw_limit: its limit of memory and swap together at @begin_ns, pages.
 * @n: entries of @waiter in use.
 * @active: tasks that wait now.
 * @ending: enum oomtrace_ending as far as the last end of a wait shows.
 * @paths: cgroups whose paths are recorded at the end; NULL if no set was free.
 * @waiter: the tasks.
 */
struct waiting_group {
	struct mem_cgroup *memcg;
	u64 id;
	u64 begin_ns;
	u64 end_ns;
	unsigned long limit;
	unsigned long memsw_limit;
	u32 n;
	u32 active;
	u8 ending;
	struct oomtrace_paths *paths;
	struct waiter waiter[WAITERS];
};

static struct waiting_group groups[GROUPS];
/* Guards groups. Raw: handlers take it. */
static DEFINE_RAW_SPINLOCK(groups_lock);

static struct oomtrace_later waiting_work;

/* ---- for handlers; groups_lock is held ---- */

static struct waiting_group *find_group(const struct mem_cgroup *memcg)
{
	int i;

	for (i = 0; i < GROUPS; i++)
		if (groups[i].memcg == memcg)
			return &groups[i];
	return NULL;
}

static struct waiting_group *open_group(struct mem_cgroup *memcg, u64 now)
{
	struct waiting_group *g = find_group(NULL);

	/* The task's own reference keeps the cgroup until it has waited. */
	if (!g || !css_tryget(&memcg->css))
		return NULL;
	memset(g, 0, sizeof(*g));
	g->memcg = memcg;
	g->id = oomtrace_episode_next();
	g->begin_ns = now;
	g->limit = READ_ONCE(memcg->memory.max);
	g->memsw_limit = READ_ONCE(memcg->memsw.max);
	g->paths = oomtrace_paths_get(g->id);
	oomtrace_record_wait_begin(g->id, memcg);
	oomtrace_account_record(g->id, memcg);
	oomtrace_paths_add(g->paths, &memcg->css, false);
	oomtrace_later_ask(&waiting_work);
	return g;
}

static struct waiter *find_waiter(struct waiting_group *g, const struct task_struct *task)
{
	u32 i;

	for (i = 0; i < g->n; i++)
		if (g->waiter[i].task.pid == task->pid &&
		    g->waiter[i].born == task->start_time)
			return &g->waiter[i];
	return NULL;
}

/* Add current; NULL if there is no room. */
static struct waiter *add_waiter(struct waiting_group *g)
{
	struct waiter *w;

	if (g->n == WAITERS)
		return NULL;
	w = &g->waiter[g->n++];
	w->born = current->start_time;
	w->task = (struct oomtrace_wait){
		OOMTRACE_RECORD(WAIT, wait),
		.episode = g->id,
		.pid = current->pid,
		.tgid = current->tgid,
		.uid = oomtrace_uid(current),
		.cgroup_id = oomtrace_memcg_id(current),
		.ns_pid = oomtrace_ns_pid(current),
	};
	oomtrace_comm(w->task.comm, current);
	w->task.h.valid &= ~(OOMTRACE_BIT(wait, waited_ns) | OOMTRACE_BIT(wait, waits) |
			     OOMTRACE_BIT(wait, killed));
	oomtrace_oom_write(&w->task.h);
	w->task.waits = 1;
	oomtrace_paths_add_task(g->paths, current, false);
	return w;
}

static void begin_wait(struct mem_cgroup *memcg, u64 now)
{
	struct waiting_group *g = find_group(memcg);
	struct waiter *w;

	if (!g)
		g = open_group(memcg, now);
	w = g ? find_waiter(g, current) : NULL;
	if (w)
		w->task.waits++;
	else if (g)
		w = add_waiter(g);
	if (!w) {
		oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_WAIT, 1);
		return;
	}
	w->since_ns = now;
	g->active++;
}

/* Either limit makes a task wait, and the kernel wakes it when either is raised. */
static bool was_limit_raised(const struct waiting_group *g)
{
	return READ_ONCE(g->memcg->memory.max) > g->limit ||
	       READ_ONCE(g->memcg->memsw.max) > g->memsw_limit;
}

/* Why can the task go on? */
static u8 find_wait_ending(const struct waiting_group *g, bool killed)
{
	if (!oomtrace_memcg_killer_off(g->memcg))
		return OOMTRACE_ENDING_KILLER_ON;
	if (was_limit_raised(g))
		return OOMTRACE_ENDING_LIMIT_RAISED;
	return killed ? OOMTRACE_ENDING_WAITERS_KILLED : OOMTRACE_ENDING_MEMORY_CAME;
}

static void end_wait(struct waiting_group *g, struct waiter *w, bool killed, u64 now)
{
	w->task.waited_ns += oomtrace_ns_between(w->since_ns, now);
	w->task.killed = killed;
	w->since_ns = 0;
	g->active--;
	g->end_ns = now;
	g->ending = find_wait_ending(g, killed);
}

int oomtrace_synchronize_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	/* Only the lowest byte of a bool argument is defined. */
	bool wait = (u8)regs_get_kernel_argument(regs, 0);
	struct mem_cgroup *memcg = (struct mem_cgroup *)oomtrace_memcg_in_oom(current);
	unsigned long flags;

	/* With its killer on, the task calls it and does not wait. */
	if (!wait || !memcg || !oomtrace_memcg_killer_off(memcg))
		return 1;
	oomtrace_hit(OOMTRACE_HOOK_SYNCHRONIZE);
	raw_spin_lock_irqsave(&groups_lock, flags);
	begin_wait(memcg, ktime_get_mono_fast_ns());
	raw_spin_unlock_irqrestore(&groups_lock, flags);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_synchronize_entry);

int oomtrace_synchronize_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	u64 now = ktime_get_mono_fast_ns();
	unsigned long flags;
	struct waiter *w;
	int i;

	raw_spin_lock_irqsave(&groups_lock, flags);
	for (i = 0; i < GROUPS; i++) {
		if (!groups[i].memcg)
			continue;
		w = find_waiter(&groups[i], current);
		if (w && w->since_ns)
			end_wait(&groups[i], w, fatal_signal_pending(current), now);
	}
	raw_spin_unlock_irqrestore(&groups_lock, flags);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_synchronize_return);

/* ---- the worker ---- */

/* End the waits of tasks that do not wait any more: their return was missed. */
static void find_missed_returns(struct waiting_group *g, u64 now)
{
	struct task_struct *task;
	struct waiter *w;
	u32 i;

	rcu_read_lock();
	for (i = 0; i < g->n; i++) {
		w = &g->waiter[i];
		if (!w->since_ns)
			continue;
		task = oomtrace_task_of(w->task.pid, PIDTYPE_PID);
		if (!task || task->start_time != w->born ||
		    oomtrace_memcg_in_oom(task) != g->memcg) {
			end_wait(g, w, !task, now);
			w->task.h.derived |= OOMTRACE_BIT(wait, waited_ns) |
					     OOMTRACE_BIT(wait, killed);
		}
	}
	rcu_read_unlock();
}

static void record_wait_end(const struct waiting_group *g, u8 how)
{
	struct oomtrace_oom_end rec = {
		OOMTRACE_RECORD(OOM_END, oom_end),
		.episode = g->id,
		.duration_ns = oomtrace_ns_between(g->begin_ns, g->end_ns),
		.ending = how,
	};
	struct oomtrace_wait wait;
	u32 i;

	for (i = 0; i < g->n; i++) {
		wait = g->waiter[i].task;
		wait.h.valid |= OOMTRACE_BIT(wait, waited_ns) |
				OOMTRACE_BIT(wait, waits) |
				OOMTRACE_BIT(wait, killed);
		oomtrace_oom_write(&wait.h);
	}
	/* The kernel chose no task. */
	rec.h.valid &= ~(OOMTRACE_BIT(oom_end, notifier_freed) | OOMTRACE_BIT(oom_end, panic) |
			 OOMTRACE_END_COUNTS);
	/* Read when a task went on, not when it was woken. */
	rec.h.derived = OOMTRACE_BIT(oom_end, ending);
	oomtrace_stats_ending(how);
	oomtrace_oom_write(&rec.h);
}

/*
 * Close an episode in which no task has waited for a while, or any one if @all. Returns
 * the cgroup, whose reference the caller drops, or NULL.
 */
static struct mem_cgroup *close_group(struct waiting_group *g, bool all)
{
	struct oomtrace_paths *paths = NULL;
	struct mem_cgroup *memcg = NULL;
	u64 now = ktime_get_mono_fast_ns();
	unsigned long flags;

	raw_spin_lock_irqsave(&groups_lock, flags);
	if (g->memcg)
		find_missed_returns(g, now);
	if (g->memcg && (all || (!g->active &&
				 oomtrace_ns_between(g->end_ns, now) >= PAUSE_NS))) {
		if (g->active)
			g->end_ns = now;
		record_wait_end(g, g->active ? OOMTRACE_ENDING_UNKNOWN : g->ending);
		oomtrace_episode_ended(g->id);
		memcg = g->memcg;
		paths = g->paths;
		g->memcg = NULL;
	}
	raw_spin_unlock_irqrestore(&groups_lock, flags);
	oomtrace_paths_submit(paths);
	return memcg;
}

static void close_groups(bool all)
{
	struct mem_cgroup *memcg;
	int i;

	for (i = 0; i < GROUPS; i++) {
		memcg = close_group(&groups[i], all);
		if (memcg)
			css_put(&memcg->css);
	}
}

static void close_idle_groups(struct work_struct *unused)
{
	bool any = false;
	int i;

	close_groups(false);
	for (i = 0; i < GROUPS; i++)
		any |= !!READ_ONCE(groups[i].memcg);
	if (any)
		oomtrace_later_repeat(&waiting_work);
}

/**
 * oomtrace_waiting_init() - prepare the worker, before the first handler runs
 */
void oomtrace_waiting_init(void)
{
	oomtrace_later_init(&waiting_work, close_idle_groups, HZ);
}

/**
 * oomtrace_waiting_exit() - close all open episodes
 *
 * Call it after the last handler has run, before oomtrace_paths_exit() and before
 * the rings are freed.
 */
void oomtrace_waiting_exit(void)
{
	oomtrace_later_cancel(&waiting_work);
	close_groups(true);
}
