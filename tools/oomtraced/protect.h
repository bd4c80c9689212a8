/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Protection of the service while memory is out.
 */
#ifndef OOMTRACE_PROTECT_H
#define OOMTRACE_PROTECT_H

/** protect_self() - lock the memory, and nearly exempt the process from the OOM killer */
void protect_self(void);

#endif /* OOMTRACE_PROTECT_H */
