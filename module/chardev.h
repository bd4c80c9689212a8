/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device /dev/oomtrace.
 */
#ifndef OOMTRACE_CHARDEV_H
#define OOMTRACE_CHARDEV_H

int oomtrace_chardev_init(void);
void oomtrace_chardev_exit(void);

#endif /* OOMTRACE_CHARDEV_H */
