/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The victims of an OOM, and what was read of one before its kill.
 */
#ifndef OOMTRACE_VICTIM_H
#define OOMTRACE_VICTIM_H

#include "cgroups.h"
#include "records.h"

/* Bytes that hold any description. */
#define VICTIM_TEXT_MAX	512

/**
 * victim_describe() - command line, unit and age of a victim
 * @buf: out: "java -jar payments.jar of payments.service, up 12 days", printable
 *	ASCII.
 * @recs: records of its load.
 * @cgroups: the paths of its cgroups.
 * @episode: the episode.
 * @pid: its process id (tgid).
 * @read_ago_ns: out: how long before the kill that was read.
 *
 * Return: false if oomtraced had not looked at it.
 */
bool victim_describe(char buf[VICTIM_TEXT_MAX], const struct records *recs,
		     const struct cgroups *cgroups, unsigned long long episode, s32 pid,
		     u64 *read_ago_ns);

/**
 * victim_list() - the processes that an OOM killed, each once
 * @n: out: their number.
 * @recs: records of its load.
 * @episode: the episode.
 *
 * Return: the first victim record of each, in order; free() it.
 */
const struct oomtrace_victim **victim_list(size_t *n, const struct records *recs,
					   unsigned long long episode);

#endif /* OOMTRACE_VICTIM_H */
