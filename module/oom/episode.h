/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The current episode: its state, its number, and how handlers write its
 * records.
 *
 * The kernel runs one OOM at a time: every caller of out_of_memory() holds
 * oom_lock. So there is one struct oomtrace_episode, and only the task inside
 * out_of_memory() may access it. Each handler checks oomtrace_episode_mine()
 * first.
 */
#ifndef OOMTRACE_EPISODE_H
#define OOMTRACE_EPISODE_H

#include <linux/oom.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "common/fields.h"
#include "include/oomtrace.h"

struct oomtrace_paths;

/**
 * struct oomtrace_episode - the OOM under way
 * @task: the task inside out_of_memory(), NULL if there is none.
 * @oc: the kernel's struct of this OOM, on @task's stack.
 * @id: serial number; 0 while @held.
 * @begin_ns: entry of out_of_memory(), CLOCK_MONOTONIC.
 * @freed: pages freed according to the oom notifiers.
 * @victims: tasks killed or marked as victims so far.
 * @candidates: tasks evaluated so far, without kernel threads and init.
 * @exempt: tasks that were not eligible so far, by enum oomtrace_reason.
 * @exempt_tgid: the largest candidate so far with an oom_score_adj of -1000; 0 if
 *	there is none.
 * @exempt_pages: its resident memory and swap, pages.
 * @missed: candidates without a record.
 * @times_off: oomtrace_hooks_times_off() at its begin.
 * @room: candidates that may be written to the ring directly.
 * @reserve: slots of the ring that @room leaves for staged records.
 * @adj_unit: pages that an oom_score_adj of 1 is worth; set once @seen.
 * @scan_ns: CLOCK_MONOTONIC for the next candidates.
 * @clock_until: number of @candidates at which the clock is read for @scan_ns.
 * @plain_until: number of @candidates at which the next one may need more than a
 *	short record in the ring.
 * @all_terms: the terms of all candidates are recorded.
 * @unsure: no return of oom_badness() was seen yet, or @nodes.
 * @nodes: the kernel may skip candidates because of their memory nodes.
 * @best_pid: the task that should die: highest points, of equals the later one.
 * @best_points: points of @best_pid.
 * @second_pid: the task that would die without @best_pid.
 * @second_points: points of @second_pid.
 * @scored: tasks that got points.
 * @unseen: tasks whose points are unknown because oom_badness() was not seen, or
 *	that led without a return of it.
 * @chosen_tgid: thread group that oom_kill_process() was called for.
 * @dying_pid: earlier victim, still dying, at which the scan stopped.
 * @dying_tgid: thread group that __oom_kill_process() was last called for.
 * @signalled_tgid: thread group that the caller last sent SIGKILL to.
 * @seen: a return of oom_badness() was seen.
 * @notified: the oom notifiers were called.
 * @killing: oom_kill_process() was called.
 * @chosen_marked: the chosen task was marked; later victims are of its group.
 * @aborted: the scan stopped at @dying_pid.
 * @caller_exiting: the caller itself was marked, no task was chosen.
 * @panic: enum oomtrace_panic, if the kernel panics now.
 * @memcg: the cgroup that is out of memory. For comparison only: it may be gone.
 * @memcg_id: id of @memcg; 0 if there is none.
 * @no_fs: the request lacks __GFP_FS, so the kernel kills no task for it.
 * @held: its records are held back, since it may only repeat another episode.
 *	It has no number and no paths then.
 * @waits_for: while @held, pid of the dying victim that the last episode of
 *	this cgroup waited for; 0 if it waited for none.
 * @account_unwritten: the cgroup's account was read, and is still to be written.
 * @paths: cgroups whose paths are recorded at the end; NULL if no set was free.
 */
struct oomtrace_episode {
	struct task_struct *task;
	struct oom_control *oc;
	u64 id;
	u64 begin_ns;
	unsigned long freed;
	u32 victims;
	u32 candidates;
	u32 exempt[OOMTRACE_REASONS];
	pid_t exempt_tgid;
	s64 exempt_pages;
	u32 missed;
	u32 times_off;
	u32 room;
	u32 reserve;
	long adj_unit;
	u64 scan_ns;
	u32 clock_until;
	u32 plain_until;
	bool all_terms;
	bool unsure;
	bool nodes;
	pid_t best_pid;
	long best_points;
	pid_t second_pid;
	long second_points;
	u32 scored;
	u32 unseen;
	pid_t chosen_tgid;
	pid_t dying_pid;
	pid_t dying_tgid;
	pid_t signalled_tgid;
	bool seen;
	bool notified;
	bool killing;
	bool chosen_marked;
	bool aborted;
	bool caller_exiting;
	u8 panic;
	const void *memcg;
	u64 memcg_id;
	bool no_fs;
	bool held;
	pid_t waits_for;
	bool account_unwritten;
	struct oomtrace_paths *paths;
};

extern struct oomtrace_episode oomtrace_episode;

/* Is current inside out_of_memory()? Only then may it access the episode. */
static inline bool oomtrace_episode_mine(void)
{
	/* Only current stores current here, so no ordering is needed. */
	return READ_ONCE(oomtrace_episode.task) == current;
}

/*
 * The first initializer of a record, as in OOMTRACE_RECORD(OOM_END, oom_end). It
 * marks all fields valid; a field without an initializer is 0.
 */
#define OOMTRACE_RECORD(TYPE, struct_name)			\
	.h = {							\
		.type = OOMTRACE_##TYPE,			\
		.size = sizeof(struct oomtrace_##struct_name),	\
		.valid = OOMTRACE_ALL(struct_name),		\
	}

/* The fields of an end record that count tasks of the kernel's scan. */
#define OOMTRACE_END_COUNTS (OOMTRACE_BIT(oom_end, scored) |		\
			     OOMTRACE_BIT(oom_end, exempt_init) |	\
			     OOMTRACE_BIT(oom_end, exempt_kthread) |	\
			     OOMTRACE_BIT(oom_end, exempt_no_mm) |	\
			     OOMTRACE_BIT(oom_end, exempt_adj_min) |	\
			     OOMTRACE_BIT(oom_end, exempt_oom_skip) |	\
			     OOMTRACE_BIT(oom_end, exempt_vfork) |	\
			     OOMTRACE_BIT(oom_end, exempt_cpuset))

bool oomtrace_oom_write(const struct oomtrace_header *rec);
u64 oomtrace_episode_open(bool *open);
void oomtrace_episode_ended(u64 episode);
u64 oomtrace_episode_last(u64 *end_ns);
u64 oomtrace_episode_next(void);
u64 oomtrace_episode_count(void);

#endif /* OOMTRACE_EPISODE_H */
