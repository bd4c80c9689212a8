/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is recorded and printed when the kernel panics.
 */
#ifndef OOMTRACE_PANIC_H
#define OOMTRACE_PANIC_H

int oomtrace_panic_init(void);
void oomtrace_panic_exit(void);

#endif /* OOMTRACE_PANIC_H */
