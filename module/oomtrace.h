/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files share that belongs to none of the smaller headers.
 */
#ifndef OOMTRACE_MODULE_H
#define OOMTRACE_MODULE_H

#include <linux/cred.h>
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "../common/fields.h"
#include "../include/oomtrace.h"

/* Which commit decisions are recorded; all of them are counted. */
enum oomtrace_commit_records {
	OOMTRACE_RECORD_DENIED,
	OOMTRACE_RECORD_ALL,
	OOMTRACE_RECORD_NONE,
};

extern unsigned int oomtrace_commit_records;

/**
 * oomtrace_memcg_id() - the id of a task's memory cgroup
 * @task: a task; the caller holds rcu_read_lock() or it is current.
 *
 * The id is the inode number of the cgroup's directory. The path is looked up
 * later by whoever reads: that takes locks which a handler may not.
 *
 * Return: the id.
 */
static inline u64 oomtrace_memcg_id(struct task_struct *task)
{
	struct cgroup_subsys_state *css;
	u64 id;

	rcu_read_lock();
	css = task_css(task, memory_cgrp_id);
	id = cgroup_id(css->cgroup);
	rcu_read_unlock();
	return id;
}

/* A task's real uid in the initial user namespace. */
static inline u32 oomtrace_uid(struct task_struct *task)
{
	return from_kuid(&init_user_ns, task_uid(task));
}

/*
 * A task's name. It may change while it is copied: the kernel's own reports
 * take it the same way. Whatever happens the last byte is NUL, and so are all
 * behind the first.
 */
static inline void oomtrace_comm(char *dst, struct task_struct *task)
{
	BUILD_BUG_ON(OOMTRACE_COMM_LEN != TASK_COMM_LEN);
	strscpy_pad(dst, task->comm, OOMTRACE_COMM_LEN);
}

int oomtrace_chardev_init(void);
void oomtrace_chardev_exit(void);
int oomtrace_debugfs_init(void);
void oomtrace_debugfs_exit(void);
u64 oomtrace_episodes(void);

#endif /* OOMTRACE_MODULE_H */
