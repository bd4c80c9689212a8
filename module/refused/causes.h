/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What explains that a system call was refused.
 */
#ifndef OOMTRACE_CAUSES_H
#define OOMTRACE_CAUSES_H

#include "include/oomtrace.h"
#include "refused/calls.h"

void oomtrace_causes_init(void);
u64 oomtrace_call_bytes(const struct oomtrace_call_args *c, long ret, bool *known);
void oomtrace_fill_causes(struct oomtrace_refused *rec,
			  const struct oomtrace_call_args *c);

#endif /* OOMTRACE_CAUSES_H */
