/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Episodes of OOM killers in user space (daemons.c).
 */
#ifndef OOMTRACE_DAEMONS_H
#define OOMTRACE_DAEMONS_H

#include <linux/sched.h>
#include <linux/types.h>

void oomtrace_daemons_init(void);
void oomtrace_daemons_exit(void);
u64 oomtrace_daemons_dropped(void);
void oomtrace_daemon_signal(int sig, struct task_struct *task);

#endif /* OOMTRACE_DAEMONS_H */
