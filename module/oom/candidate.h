/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Candidates: the tasks that a victim selection evaluates.
 */
#ifndef OOMTRACE_CANDIDATE_H
#define OOMTRACE_CANDIDATE_H

#include <linux/kprobes.h>

#include "hook/entry.h"

struct oomtrace_episode;

extern struct oomtrace_entry oomtrace_evaluate;
extern struct oomtrace_entry oomtrace_badness_by_ftrace;

int oomtrace_badness_before(struct kprobe *kp, struct pt_regs *regs);
int oomtrace_badness_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_badness_return(struct kretprobe_instance *ri,
			    struct pt_regs *regs);

void oomtrace_candidate_finish(struct oomtrace_episode *ep);
void oomtrace_candidate_forget(struct oomtrace_episode *ep);
void oomtrace_candidate_begin(struct oomtrace_episode *ep);
bool oomtrace_badness_is_blind(void);

#endif /* OOMTRACE_CANDIDATE_H */
