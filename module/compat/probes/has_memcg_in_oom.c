// SPDX-License-Identifier: GPL-2.0
/* A task remembers a cgroup that ran out of memory until its page fault ends. */
#include <linux/sched.h>

struct mem_cgroup *probe(const struct task_struct *task);
struct mem_cgroup *probe(const struct task_struct *task)
{
	return task->memcg_in_oom;
}
