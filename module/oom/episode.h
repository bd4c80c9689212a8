/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The episode under way, and what selection.c, candidate.c and victim.c tell
 * each other.
 *
 * The kernel runs one OOM at a time: every caller of out_of_memory() holds
 * oom_lock. So there is one struct oomtrace_episode, and only the task inside
 * out_of_memory() touches it (each handler asks oomtrace_episode_mine() first).
 */
#ifndef OOMTRACE_EPISODE_H
#define OOMTRACE_EPISODE_H

#include <linux/irqflags.h>
#include <linux/oom.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "include/oomtrace.h"
#include "oom/cgroup_paths.h"
#include "ring/ring.h"

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
 * @held: nothing of it is written yet, and maybe never: see again.c. It has no
 *	number and no names then.
 * @names: its cgroups, to be told by name; NULL if there was no room.
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
	struct oomtrace_names *names;
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

/**
 * oomtrace_oom_reserve() - oomtrace_ring_reserve() for the OOM ring
 * @type: enum oomtrace_type.
 * @size: the record's size.
 * @flags: where interrupt state is kept until oomtrace_oom_publish().
 *
 * Interrupts are off until then, so this may be called in any context but NMI,
 * and no write is ever refused.
 *
 * Return: the record, or NULL (interrupts are back on then).
 */
static __always_inline void *oomtrace_oom_reserve(u16 type, u16 size,
						  unsigned long *flags)
{
	void *rec;

	local_irq_save(*flags);
	rec = oomtrace_ring_reserve(&oomtrace_rings[OOMTRACE_RING_OOM], type,
				    size);
	if (!rec)
		local_irq_restore(*flags);
	return rec;
}

/**
 * oomtrace_oom_publish() - oomtrace_ring_publish() for the OOM ring
 * @rec: the record.
 * @flags: as oomtrace_oom_reserve() left them.
 */
static __always_inline void oomtrace_oom_publish(void *rec, unsigned long flags)
{
	oomtrace_ring_publish(&oomtrace_rings[OOMTRACE_RING_OOM], rec);
	local_irq_restore(flags);
}

/**
 * oomtrace_oom_copy() - fill a reserved record with one made before
 * @to: the record; what the header says of the ring is left as it is.
 * @from: of the same type.
 * @size: of either, a constant.
 */
static __always_inline void oomtrace_oom_copy(void *to, const void *from,
					      size_t size)
{
	const struct oomtrace_header *f = from;
	struct oomtrace_header *t = to;

	t->valid = f->valid;
	t->derived = f->derived;
	memcpy(to + sizeof(*t), from + sizeof(*f), size - sizeof(*t));
}

/**
 * oomtrace_task_of() - the task that has a number now
 * @pid: as the first pid namespace counts.
 * @type: PIDTYPE_PID, or PIDTYPE_TGID if it must lead a process.
 *
 * Return: the task, which RCU holds, or NULL.
 */
static inline struct task_struct *oomtrace_task_of(pid_t pid, enum pid_type type)
{
	return pid_task(find_pid_ns(pid, &init_pid_ns), type);
}

u64 oomtrace_next_episode(void);
void oomtrace_fill_begin(struct oomtrace_oom_begin *rec,
			 const struct oomtrace_episode *ep);
void oomtrace_write_begin(const struct oomtrace_episode *ep,
			  const struct oomtrace_oom_begin *from);
void oomtrace_record_begin(const struct oomtrace_episode *ep);
void oomtrace_record_cause(const struct oomtrace_episode *ep);
/**
 * struct oomtrace_last_episodes - what a panic may have to do with
 * @begin_ns: when the last episode began, CLOCK_MONOTONIC; 0: there was none.
 * @panicked: the kernel panicked within that one.
 * @kill_ns: when the last one began that killed; 0: there was none.
 * @kill: that one's number.
 */
struct oomtrace_last_episodes {
	u64 begin_ns;
	bool panicked;
	u64 kill_ns;
	u64 kill;
};

void oomtrace_episode_panic(struct oomtrace_last_episodes *last);
void oomtrace_candidate_finish(struct oomtrace_episode *ep);
bool oomtrace_candidate_forget(void);
bool oomtrace_record_candidate(const struct oomtrace_candidate *from);
void oomtrace_record_daemon_begin(u64 episode);
void oomtrace_record_victim(u64 episode, struct task_struct *task,
			    struct mm_struct *mm, u8 why, u8 sig);
void oomtrace_record_released(u64 episode, pid_t pid, u64 since_ns,
			      struct mm_struct *mm);
void oomtrace_record_memstate(u64 episode, struct mem_cgroup *memcg, bool zones);
void oomtrace_record_pressure(const struct oomtrace_episode *ep);

#endif /* OOMTRACE_EPISODE_H */
