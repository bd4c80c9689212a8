/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cgroups that an episode's records name by number, to be told by path when
 * the episode is over (names.c).
 */
#ifndef OOMTRACE_NAMES_H
#define OOMTRACE_NAMES_H

#include <linux/cgroup.h>
#include <linux/sched.h>

struct oomtrace_names;

void oomtrace_names_init(void);
void oomtrace_names_exit(void);
u64 oomtrace_names_dropped(void);

struct oomtrace_names *oomtrace_names_get(u64 episode);
bool oomtrace_names_add(struct oomtrace_names *names,
			struct cgroup_subsys_state *css, bool candidate);
void oomtrace_names_add_task(struct oomtrace_names *names,
			     struct task_struct *task, bool candidate);
void oomtrace_names_submit(struct oomtrace_names *names);

#endif /* OOMTRACE_NAMES_H */
