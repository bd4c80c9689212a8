/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files share that belongs to none of the smaller headers.
 */
#ifndef OOMTRACE_MODULE_H
#define OOMTRACE_MODULE_H

#include <linux/cred.h>
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/mmzone.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <asm/word-at-a-time.h>

#include "common/fields.h"
#include "include/oomtrace.h"

/* Which commit decisions are recorded; all of them are counted. */
enum oomtrace_commit_records {
	OOMTRACE_RECORD_DENIED,
	OOMTRACE_RECORD_ALL,
	OOMTRACE_RECORD_NONE,
};

extern unsigned int oomtrace_commit_records;
int oomtrace_commit_records_set(const char *name);
const char *oomtrace_commit_records_name(void);

/* Near misses: grants in mode 2 that leave less than this percentage; 0: none */
extern unsigned int oomtrace_near_percent;
int oomtrace_near_percent_set(const char *text);

/**
 * oomtrace_memcg_id() - the id of a task's memory cgroup
 * @task: a task; RCU is held, or preemption is off, or it is current.
 *
 * The id is the inode number of the cgroup's directory. The path is looked up
 * later by whoever reads: that takes locks which a handler may not.
 *
 * Return: the id.
 */
static inline u64 oomtrace_memcg_id(struct task_struct *task)
{
	/* true: RCU cannot see that preemption is off, which is enough. */
	return cgroup_id(task_css_check(task, memory_cgrp_id, true)->cgroup);
}

/* Is this a cgroup of version 2? */
static inline bool oomtrace_cgroup_v2(const struct cgroup *cgrp)
{
	return cgrp->root == &cgrp_dfl_root;
}

/* A task's real uid in the initial user namespace, where a kuid is itself. */
static inline u32 oomtrace_uid(struct task_struct *task)
{
	return __kuid_val(task_uid(task));
}

/* The same for less, where RCU is held, or preemption is off. */
static inline u32 oomtrace_uid_rcu(struct task_struct *task)
{
	/* raw: RCU cannot see that preemption is off, which is enough. */
	return __kuid_val(rcu_dereference_raw(task->real_cred)->uid);
}

/*
 * A task's name. It may change while it is copied: the kernel's own reports
 * take it the same way. Whatever happens, the last byte is NUL and so are all
 * behind the first NUL; words at a time, since a commit decision waits for it.
 */
static inline void oomtrace_comm(char *dst, const struct task_struct *task)
{
	const struct word_at_a_time ones = WORD_AT_A_TIME_CONSTANTS;
	const unsigned long *src = (const unsigned long *)task->comm;
	unsigned long a = src[0], b = src[1], zeros;

	BUILD_BUG_ON(OOMTRACE_COMM_LEN != TASK_COMM_LEN);
	BUILD_BUG_ON(OOMTRACE_COMM_LEN != 2 * sizeof(a));
	if (has_zero(a, &zeros, &ones)) {
		zeros = prep_zero_mask(a, zeros, &ones);
		a &= zero_bytemask(create_zero_mask(zeros));
		b = 0;
	} else if (has_zero(b, &zeros, &ones)) {
		zeros = prep_zero_mask(b, zeros, &ones);
		b &= zero_bytemask(create_zero_mask(zeros));
	}
	memcpy(dst, &a, sizeof(a));
	memcpy(dst + sizeof(a), &b, sizeof(b));
	dst[OOMTRACE_COMM_LEN - 1] = '\0';
}

/*
 * A word from outside in a message of ours: printk escapes what could pass for
 * a line of its own or for a terminal's command.
 */
#define WORD_FMT	"'%*pE'"
#define WORD_ARG(text)	(int)strlen(text), (text)

/**
 * oomtrace_ns_pid() - a task's pid in its own pid namespace
 * @task: a task; RCU is held, or preemption is off, or it is current.
 *
 * Return: the pid, 0 if the task has lost it already.
 */
static inline pid_t oomtrace_ns_pid(struct task_struct *task)
{
	/* raw: RCU cannot see that preemption is off, which is enough. */
	const struct pid *pid = rcu_dereference_raw(task->thread_pid);

	return pid ? pid->numbers[pid->level].nr : 0;
}

/**
 * oomtrace_zone_name() - a zone's name
 * @dst: OOMTRACE_ZONE_NAME bytes, all of them set.
 * @zone: the zone, or NULL for none.
 */
static inline void oomtrace_zone_name(char *dst, const struct zone *zone)
{
	strscpy_pad(dst, zone ? zone->name : "", OOMTRACE_ZONE_NAME);
}

int oomtrace_chardev_init(void);
void oomtrace_chardev_exit(void);
void oomtrace_debugfs_init(void);
void oomtrace_debugfs_exit(void);
u64 oomtrace_episodes(void);
u64 oomtrace_pressure_dropped(void);

#endif /* OOMTRACE_MODULE_H */
