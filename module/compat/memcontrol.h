/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/memcontrol.h for all supported kernels.
 */
#ifndef OOMTRACE_COMPAT_MEMCONTROL_H
#define OOMTRACE_COMPAT_MEMCONTROL_H

#include <linux/memcontrol.h>
#include <linux/sched.h>

#include "has.h"

/* The memcg whose OOM a task handles at the end of its page fault, or NULL. */
static inline const struct mem_cgroup *
oomtrace_memcg_in_oom(const struct task_struct *task)
{
#if HAS_MEMCG_IN_OOM
	return task->memcg_in_oom;
#else
	return NULL;
#endif
}

#endif /* OOMTRACE_COMPAT_MEMCONTROL_H */
