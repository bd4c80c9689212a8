/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mapping a ring's memory into a process.
 */
#ifndef OOMTRACE_MMAP_H
#define OOMTRACE_MMAP_H

#include <linux/fs.h>

int oomtrace_ring_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* OOMTRACE_MMAP_H */
