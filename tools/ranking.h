/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who would be killed now, as the module works it out: for oomtrace ranking,
 * protect and top.
 */
#ifndef OOMTRACE_RANKING_H
#define OOMTRACE_RANKING_H

#include <stdbool.h>

#include <liboomtrace.h>

struct options;

/** ranking_cgroup() - a cgroup's directory or id; false after a message */
bool ranking_cgroup(const char *arg, unsigned long long *id);

/**
 * ranking_ask() - all processes there are, the first to be killed first
 * @ot: a device.
 * @cgroup: the memory cgroup that would be out of memory, 0: the machine.
 * @rk: out.
 * @recs: out: rk->count of them; to be freed in any case.
 *
 * Return: 0 or a negative errno.
 */
int ranking_ask(struct oomtrace *ot, unsigned long long cgroup,
		struct oomtrace_ranking *rk, struct oomtrace_candidate **recs);

/** ranking_read() - the same of what @opt names; an exit status after a message */
int ranking_read(const struct options *opt, unsigned long long cgroup,
		 struct oomtrace_ranking *rk, struct oomtrace_candidate **recs);

#endif /* OOMTRACE_RANKING_H */
