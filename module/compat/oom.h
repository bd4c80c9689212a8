/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/oom.h and trace/events/oom.h for all supported kernels: the handler of the
 * tracepoint mark_victim.
 *
 * OOMTRACE_DECLARE_MARK_VICTIM(name) declares the handler.
 * OOMTRACE_DEFINE_MARK_VICTIM(name, function) defines it. It calls
 * function(struct task_struct *task). The kernel pins the task.
 */
#ifndef OOMTRACE_COMPAT_OOM_H
#define OOMTRACE_COMPAT_OOM_H

#include <linux/oom.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "has.h"

#if HAS_MARK_VICTIM_TASK
#define OOMTRACE_DECLARE_MARK_VICTIM(name)				\
	void name(void *data, struct task_struct *task, uid_t uid)

#define OOMTRACE_DEFINE_MARK_VICTIM(name, function)			\
void name(void *data, struct task_struct *task, uid_t uid)		\
{									\
	function(task);							\
}
#else
#define OOMTRACE_DECLARE_MARK_VICTIM(name)				\
	void name(void *data, int pid)

#define OOMTRACE_DEFINE_MARK_VICTIM(name, function)			\
void name(void *data, int pid)						\
{									\
	struct task_struct *task;					\
									\
	rcu_read_lock();						\
	task = oomtrace_marked_task(pid);				\
	if (task)							\
		function(task);						\
	rcu_read_unlock();						\
}

/*
 * Find the task that mark_oom_victim() marks; RCU is held. The task still has its
 * mm, so its pid is still hashed.
 */
static inline struct task_struct *oomtrace_marked_task(int pid)
{
	if (pid == current->pid)
		return current;
	return pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_PID);
}
#endif

#endif /* OOMTRACE_COMPAT_OOM_H */
