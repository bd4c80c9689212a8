/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was read of a victim before its kill.
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

#endif /* OOMTRACE_VICTIM_H */
