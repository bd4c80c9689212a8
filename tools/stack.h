/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel stack of a record, for people.
 */
#ifndef OOMTRACE_TOOLS_STACK_H
#define OOMTRACE_TOOLS_STACK_H

#include "records.h"

/** say_stack() - write the functions of a stack, by its number, if it is recorded */
void say_stack(const struct records *recs, unsigned int id);

#endif /* OOMTRACE_TOOLS_STACK_H */
