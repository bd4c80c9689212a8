// SPDX-License-Identifier: GPL-2.0
/* A task points to the memcg whose OOM it handles when its page fault ends. */
#include <linux/sched.h>

struct mem_cgroup *probe(const struct task_struct *task);
struct mem_cgroup *probe(const struct task_struct *task)
{
	return task->memcg_in_oom;
}
