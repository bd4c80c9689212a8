/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paths of the cgroups in an episode's records, recorded after the episode.
 */
#ifndef OOMTRACE_CGROUP_PATHS_H
#define OOMTRACE_CGROUP_PATHS_H

#include <linux/cgroup.h>
#include <linux/sched.h>

struct oomtrace_paths;

void oomtrace_paths_init(void);
void oomtrace_paths_exit(void);

struct oomtrace_paths *oomtrace_paths_get(u64 episode);
bool oomtrace_paths_add(struct oomtrace_paths *paths,
			struct cgroup_subsys_state *css, bool candidate);
void oomtrace_paths_add_task(struct oomtrace_paths *paths,
			     struct task_struct *task, bool candidate);
bool oomtrace_paths_has_room(const struct oomtrace_paths *paths);
bool oomtrace_paths_add_new(struct oomtrace_paths *paths,
			    struct cgroup_subsys_state *css);
void oomtrace_paths_count_unnamed(struct oomtrace_paths *paths, unsigned int n);
const struct cgroup_subsys_state *
oomtrace_paths_css(const struct oomtrace_paths *paths, unsigned int i);
void oomtrace_paths_submit(struct oomtrace_paths *paths);

#endif /* OOMTRACE_CGROUP_PATHS_H */
