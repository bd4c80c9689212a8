/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The size of the rings: set at load, changed by the user at run time.
 */
#ifndef OOMTRACE_RESIZE_H
#define OOMTRACE_RESIZE_H

#include "include/oomtrace.h"

int oomtrace_buffers_init(void);
int oomtrace_ring_resize(enum oomtrace_ring_id id, unsigned int kb);
int oomtrace_buffer_size_set(char *text);
size_t oomtrace_buffer_size_print(char *buf, size_t size);

#endif /* OOMTRACE_RESIZE_H */
