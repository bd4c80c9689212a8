/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory and pressure of this machine, as the kernel shows them to all users.
 */
#ifndef OOMTRACE_MACHINE_H
#define OOMTRACE_MACHINE_H

/** machine_meminfo() - a line "@name: value kB" of /proc/meminfo in bytes; negative if absent */
double machine_meminfo(const char *name);

/**
 * machine_pressure() - how long tasks were stalled in the last 10 seconds
 * @resource: "memory" or "io".
 * @kind: "some" or "full".
 *
 * Return: percent, negative if this kernel does not say.
 */
double machine_pressure(const char *resource, const char *kind);

#endif /* OOMTRACE_MACHINE_H */
