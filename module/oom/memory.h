/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory use when an episode begins.
 */
#ifndef OOMTRACE_MEMORY_H
#define OOMTRACE_MEMORY_H

#include <linux/types.h>

struct mem_cgroup;

void oomtrace_record_memory(u64 episode, struct mem_cgroup *memcg);

#endif /* OOMTRACE_MEMORY_H */
