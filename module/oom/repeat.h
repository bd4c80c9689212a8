/* SPDX-License-Identifier: GPL-2.0 */
/*
 * OOMs that repeat the last one of the same cgroup: counted, not recorded whole.
 */
#ifndef OOMTRACE_REPEAT_H
#define OOMTRACE_REPEAT_H

#include <linux/types.h>

struct oomtrace_episode;

void oomtrace_repeat_init(void);
void oomtrace_repeat_exit(void);
void oomtrace_repeat_begin(struct oomtrace_episode *ep);
bool oomtrace_repeat_end(struct oomtrace_episode *ep, u8 how);

#endif /* OOMTRACE_REPEAT_H */
