/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waking the readers that sleep, for writers and readers.
 */
#ifndef OOMTRACE_WAKEUP_H
#define OOMTRACE_WAKEUP_H

#include <linux/wait.h>

/* Nonzero while a reader sleeps until the next record. */
extern int oomtrace_ring_waiting;

void oomtrace_wakeup_init(void);
void oomtrace_wakeup_exit(void);
void oomtrace_ring_kick(void);
wait_queue_head_t *oomtrace_ring_wait(void);

#endif /* OOMTRACE_WAKEUP_H */
