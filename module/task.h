/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers for handlers that read tasks, cgroups and zones, and a format to print
 * text that comes from users.
 */
#ifndef OOMTRACE_TASK_H
#define OOMTRACE_TASK_H

#include <linux/cred.h>
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/mmzone.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <asm/word-at-a-time.h>

#include "common/fields.h"
#include "include/oomtrace.h"

/**
 * oomtrace_memcg_id() - the id of a task's memory cgroup
 * @task: a task; RCU is held, or preemption is off, or it is current.
 *
 * A handler cannot resolve the cgroup's path, since that takes locks.
 *
 * Return: the inode number of the cgroup's directory.
 */
static inline u64 oomtrace_memcg_id(struct task_struct *task)
{
	/* true: preemption off is enough, but lockdep cannot see that. */
	return cgroup_id(task_css_check(task, memory_cgrp_id, true)->cgroup);
}

/* Is this a cgroup of version 2? */
static inline bool oomtrace_cgroup_v2(const struct cgroup *cgrp)
{
	return cgrp->root == &cgrp_dfl_root;
}

/* A task's real uid in the initial user namespace, which is the kuid's value. */
static inline u32 oomtrace_uid(struct task_struct *task)
{
	return __kuid_val(task_uid(task));
}

/* oomtrace_uid() at a lower cost; RCU is held, or preemption is off. */
static inline u32 oomtrace_uid_rcu(struct task_struct *task)
{
	/* raw: preemption off is enough, but lockdep cannot see that. */
	return __kuid_val(rcu_dereference_raw(task->real_cred)->uid);
}

/*
 * Copy a task's comm. It may change meanwhile; the kernel's own reports copy it
 * without a lock as well. The last byte and all bytes after the first NUL are
 * always NUL. Copies whole words, since this delays a commit decision.
 */
static __always_inline void oomtrace_comm(char *dst, const struct task_struct *task)
{
#ifdef __BIG_ENDIAN
	/* What follows needs the first byte of a word to be its lowest. */
	strscpy_pad(dst, task->comm, OOMTRACE_COMM_LEN);
#else
	const struct word_at_a_time ones = WORD_AT_A_TIME_CONSTANTS;
	const unsigned long *src = (const unsigned long *)task->comm;
	unsigned long a = src[0], b = src[1], zeros;

	BUILD_BUG_ON(OOMTRACE_COMM_LEN != TASK_COMM_LEN);
	BUILD_BUG_ON(OOMTRACE_COMM_LEN != 2 * sizeof(a));
	/* The lowest bit in zeros is the top bit of the first NUL byte. */
	if (has_zero(a, &zeros, &ones)) {
		a &= zeros ^ (zeros - 1);
		b = 0;
	} else if (has_zero(b, &zeros, &ones)) {
		b &= zeros ^ (zeros - 1);
	} else {
		b &= ~0UL >> BITS_PER_BYTE;
	}
	memcpy(dst, &a, sizeof(a));
	memcpy(dst + sizeof(a), &b, sizeof(b));
#endif
}

/*
 * Prints text from a user in a message. %pE escapes newlines and control
 * characters, so the text can forge neither log lines nor terminal commands.
 */
#define WORD_FMT	"'%*pE'"
#define WORD_ARG(text)	(int)strlen(text), (text)

/*
 * The time from one CLOCK_MONOTONIC stamp to a later one, nanoseconds. The fast
 * clock may step back slightly when the timekeeper is updated, so never negative.
 */
static inline u64 oomtrace_ns_between(u64 from, u64 to)
{
	return to > from ? to - from : 0;
}

/**
 * oomtrace_ns_pid() - a task's pid in its own pid namespace
 * @task: a task; RCU is held, or preemption is off, or it is current.
 *
 * Return: the pid, or 0 if the task has exited and has none any more.
 */
static inline pid_t oomtrace_ns_pid(struct task_struct *task)
{
	/* raw: preemption off is enough, but lockdep cannot see that. */
	const struct pid *pid = rcu_dereference_raw(task->thread_pid);

	return pid ? pid->numbers[pid->level].nr : 0;
}

/**
 * oomtrace_task_of() - find a task by its pid; RCU is held
 * @pid: the pid in the initial pid namespace.
 * @type: PIDTYPE_PID, or PIDTYPE_TGID to accept thread group leaders only.
 *
 * Return: the task, valid until RCU is released, or NULL.
 */
static inline struct task_struct *oomtrace_task_of(pid_t pid, enum pid_type type)
{
	return pid_task(find_pid_ns(pid, &init_pid_ns), type);
}

/**
 * oomtrace_zone_name() - copy a zone's name
 * @dst: OOMTRACE_ZONE_NAME bytes, padded with NUL.
 * @zone: the zone, or NULL for none.
 */
static inline void oomtrace_zone_name(char *dst, const struct zone *zone)
{
	strscpy_pad(dst, zone ? zone->name : "", OOMTRACE_ZONE_NAME);
}

#endif /* OOMTRACE_TASK_H */
