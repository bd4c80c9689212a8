/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The episode under way: what handlers know of it, its number, and how they
 * write its records.
 *
 * The kernel runs one OOM at a time: every caller of out_of_memory() holds
 * oom_lock. So there is one struct oomtrace_episode, and only the task inside
 * out_of_memory() touches it. Each handler asks oomtrace_episode_mine() first.
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
 * @task: the task inside out_of_memory(), NULL if none is.
 * @oc: the kernel's struct of this OOM, on @task's stack.
 * @id: serial number.
 * @begin_ns: when out_of_memory() was entered, CLOCK_MONOTONIC.
 * @freed: pages that the oom notifiers say they freed.
 * @victims: tasks killed or marked as victims so far.
 * @candidates: tasks looked at so far.
 * @missed: of those, how many have no record.
 * @best_pid: of all tasks scored, the one that should die: highest points, of
 *	equals the later.
 * @best_points: its points.
 * @second_pid: who would die if that one were not there.
 * @second_points: its points.
 * @scored: tasks that got points.
 * @chosen_tgid: the thread group oom_kill_process() was called for.
 * @dying_pid: the victim still dying that the scan met.
 * @dying_tgid: the thread group __oom_kill_process() was called for last.
 * @notified: the oom notifiers were called.
 * @killing: oom_kill_process() was called.
 * @chosen_marked: its victim was marked; those that follow are its group's.
 * @aborted: the scan met a victim still dying.
 * @caller_exiting: the caller itself was marked, nobody was chosen.
 * @memcg: the cgroup that is out of memory, to be compared only: it may be gone.
 * @memcg_id: its id; 0: none is.
 * @no_fs: the request has no __GFP_FS: the kernel will have nobody killed for it.
 * @held: nothing of it is written yet, since it may only repeat another episode.
 *	It has no number and no paths then.
 * @waits_for: while @held, the pid of the dying victim that the last episode of
 *	this cgroup waited for; 0: it waited for none.
 * @paths: its cgroups, whose paths are recorded at the end; NULL if there was no
 *	room.
 */
struct oomtrace_episode {
	struct task_struct *task;
	struct oom_control *oc;
	u64 id;
	u64 begin_ns;
	unsigned long freed;
	u32 victims;
	u32 candidates;
	u32 missed;
	pid_t best_pid;
	long best_points;
	pid_t second_pid;
	long second_points;
	u32 scored;
	pid_t chosen_tgid;
	pid_t dying_pid;
	pid_t dying_tgid;
	bool notified;
	bool killing;
	bool chosen_marked;
	bool aborted;
	bool caller_exiting;
	const void *memcg;
	u64 memcg_id;
	bool no_fs;
	bool held;
	pid_t waits_for;
	struct oomtrace_paths *paths;
};

extern struct oomtrace_episode oomtrace_episode;

/**
 * oomtrace_episode_mine() - is current the task inside out_of_memory()?
 *
 * Return: true if so, and then the episode is current's to read and write.
 */
static inline bool oomtrace_episode_mine(void)
{
	/* Only current can have put current there: no ordering is needed. */
	return READ_ONCE(oomtrace_episode.task) == current;
}

/*
 * The first initializer of a record: OOMTRACE_RECORD(OOM_END, oom_end). Its fields
 * are valid then, and those without an initializer are 0.
 */
#define OOMTRACE_RECORD(TYPE, struct_name)			\
	.h = {							\
		.type = OOMTRACE_##TYPE,			\
		.size = sizeof(struct oomtrace_##struct_name),	\
		.valid = OOMTRACE_ALL(struct_name),		\
	}

bool oomtrace_oom_write(const struct oomtrace_header *rec);
u64 oomtrace_episode_next(void);
u64 oomtrace_episode_count(void);

#endif /* OOMTRACE_EPISODE_H */
