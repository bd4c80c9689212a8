/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The account of a memory cgroup that is out of memory.
 */
#ifndef OOMTRACE_ACCOUNT_H
#define OOMTRACE_ACCOUNT_H

#include <linux/kprobes.h>

#include "oom/episode.h"

void oomtrace_account_init(void);
void oomtrace_account_begin(struct oomtrace_episode *ep);
void oomtrace_account_finish(struct oomtrace_episode *ep);
void oomtrace_account_record(u64 episode, struct mem_cgroup *memcg);
int oomtrace_print_meminfo_entry(struct kretprobe_instance *ri,
				 struct pt_regs *regs);
int oomtrace_print_meminfo_return(struct kretprobe_instance *ri,
				  struct pt_regs *regs);

#endif /* OOMTRACE_ACCOUNT_H */
