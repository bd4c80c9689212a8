/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which CPUs have memory for records.
 */
#ifndef OOMTRACE_CPUS_H
#define OOMTRACE_CPUS_H

#include "include/oomtrace.h"

int oomtrace_rings_init(const unsigned int kb[OOMTRACE_RINGS]);
void oomtrace_rings_exit(void);

#endif /* OOMTRACE_CPUS_H */
