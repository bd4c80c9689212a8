/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What explains that a system call was refused.
 */
#ifndef OOMTRACE_CAUSES_H
#define OOMTRACE_CAUSES_H

#include "include/oomtrace.h"
#include "refused/calls.h"

/**
 * struct oomtrace_in_use - what current's mm had in use when a call began
 * @total_vm: its size, pages.
 * @data_vm: private writable memory that is no stack, pages.
 * @locked_vm: locked memory, pages.
 * @maps: its maps.
 *
 * The call changes it itself: mlock keeps what it has locked before it fails. All are 0
 * if there is no mm.
 */
struct oomtrace_in_use {
	unsigned long total_vm;
	unsigned long data_vm;
	unsigned long locked_vm;
	int maps;
};

void oomtrace_causes_init(void);
void oomtrace_read_in_use(struct oomtrace_in_use *use);
u64 oomtrace_call_bytes(const struct oomtrace_call_args *c, long ret, bool *known);
void oomtrace_fill_causes(struct oomtrace_refused *rec,
			  const struct oomtrace_call_args *c,
			  const struct oomtrace_in_use *use);

#endif /* OOMTRACE_CAUSES_H */
