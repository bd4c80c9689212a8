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

/* Is its OOM killer switched off, so that its tasks wait? Only for cgroup v1. */
static inline bool oomtrace_memcg_killer_off(const struct mem_cgroup *memcg)
{
#if HAS_MEMCG_IN_OOM
	return READ_ONCE(memcg->oom_kill_disable);
#else
	return false;
#endif
}

/* Do tasks of this kernel ever wait for that? */
#define OOMTRACE_TASKS_WAIT	HAS_MEMCG_IN_OOM

#endif /* OOMTRACE_COMPAT_MEMCONTROL_H */
