/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The setting "refusals".
 */
#ifndef OOMTRACE_REFUSALS_H
#define OOMTRACE_REFUSALS_H

int oomtrace_refusals_set(const char *name);
const char *oomtrace_refusals_name(void);

#endif /* OOMTRACE_REFUSALS_H */
