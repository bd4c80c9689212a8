/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/memcontrol.h as every supported kernel has it.
 */
#ifndef OOMTRACE_COMPAT_MEMCONTROL_H
#define OOMTRACE_COMPAT_MEMCONTROL_H

#include <linux/memcontrol.h>
#include <linux/sched.h>

#include "has.h"

/* The cgroup that current remembers as out of memory at the end of a fault. */
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
