/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The limits of one process that answer ENOMEM or EAGAIN, and how near each is.
 */
#ifndef OOMTRACE_LIMITS_H
#define OOMTRACE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "cgroups.h"

#define LIMITS_MAX	160
#define LIMITS_ABSENT	16
#define LIMITS_NONE	(~0ULL)

/**
 * struct limit_row - one limit
 * @name: the limit: "vm.max_map_count".
 * @key: a name for programs: "map_count".
 * @where: the cgroup that it is of; "" if it is of no cgroup.
 * @bytes: @used and @max are bytes, not a number of things.
 * @used_known: @used could be read.
 * @used: what is in use.
 * @max: the limit; LIMITS_NONE: no limit.
 * @answer: what happens when it is reached.
 * @note: more about it, or "".
 * @events: how often it was reached, by the kernel's count; LIMITS_NONE: not counted.
 */
struct limit_row {
	const char *name;
	const char *key;
	char where[CGROUP_PATH_MAX];
	bool bytes;
	bool used_known;
	unsigned long long used;
	unsigned long long max;
	const char *answer;
	char note[160];
	unsigned long long events;
};

/**
 * struct limits - all limits of a process
 * @pid: its pid.
 * @comm: its command name.
 * @uid: its real uid.
 * @path: the path of its memory cgroup, "" if it was not found.
 * @row: the limits, the nearest first.
 * @n: number of @row.
 * @throttled: the cgroup whose memory.high throttles it; "" if none does.
 * @throttled_why: how that is known.
 * @absent: what could not be read, and why.
 * @absent_n: number of @absent.
 */
struct limits {
	int pid;
	char comm[64];
	unsigned int uid;
	char path[CGROUP_PATH_MAX];
	struct limit_row row[LIMITS_MAX];
	size_t n;
	char throttled[CGROUP_PATH_MAX];
	char throttled_why[160];
	char absent[LIMITS_ABSENT][160];
	size_t absent_n;
};

/**
 * limits_read() - read the limits of a process
 * @l: out: the limits.
 * @pid: its pid, in the caller's pid namespace.
 * @wait_ms: time over which the events of memory.high are watched, ms.
 *
 * Return: 0; -ESRCH if there is no such process, or if it exits meanwhile; -ENOEXEC
 * if it is a kernel thread, which has none of these limits; or another errno.
 */
int limits_read(struct limits *l, int pid, unsigned int wait_ms);

/** limits_share() - the part of a limit in use, 0 and more; -1: no limit, or not known */
double limits_share(const struct limit_row *row);

/** limits_absent() - say that something could not be read */
void limits_absent(struct limits *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** limits_add() - add a limit; returns it, to be filled in further */
struct limit_row *limits_add(struct limits *l, const char *key, const char *name,
			     const char *answer);

/**
 * limits_read_cgroups() - add the limits of the cgroups above a process
 * @l: the limits.
 * @text: the process's /proc/PID/cgroup.
 *
 * Called again after a while, it sets @l->throttled by the events since then.
 */
void limits_read_cgroups(struct limits *l, const char *text);

#endif /* OOMTRACE_LIMITS_H */
