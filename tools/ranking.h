/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the module's ranking: the processes in the order in which the OOM killer
 * would choose them now.
 */
#ifndef OOMTRACE_RANKING_H
#define OOMTRACE_RANKING_H

#include <stdbool.h>

#include <liboomtrace.h>

struct options;

/** ranking_cgroup() - parse a cgroup's directory or id; false after a message */
bool ranking_cgroup(const char *arg, unsigned long long *id);

/**
 * ranking_ask() - read the ranking of all processes, the first choice first
 * @ot: a device.
 * @cgroup: the memory cgroup assumed to be out of memory; 0 for the machine.
 * @rk: out.
 * @recs: out: rk->count records; the caller frees them, also on failure.
 *
 * Return: 0 or a negative errno.
 */
int ranking_ask(struct oomtrace *ot, unsigned long long cgroup,
		struct oomtrace_ranking *rk, struct oomtrace_candidate **recs);

/** ranking_read() - ranking_ask() on the device in @opt; prints any error */
int ranking_read(const struct options *opt, unsigned long long cgroup,
		 struct oomtrace_ranking *rk, struct oomtrace_candidate **recs);

#endif /* OOMTRACE_RANKING_H */
