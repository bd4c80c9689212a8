/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sizes and times in units that people read, and tasks. Allocates nothing.
 */
#ifndef OOMTRACE_HUMAN_H
#define OOMTRACE_HUMAN_H

#include "../include/oomtrace.h"

/* Bytes for any text of this file, but a task. */
#define HUMAN_LEN	32
/* Bytes for a task: its escaped name and its pid. */
#define HUMAN_TASK_LEN	(4 * OOMTRACE_COMM_LEN + 16)

/**
 * human_size() - write an amount of memory
 * @buf: out.
 * @bytes: the amount; a negative one is written as 0.
 *
 * "24 MiB", "119.7 MiB", "0 KiB": in the largest unit that gives at least 1, with
 * one decimal unless it is exact.
 *
 * Return: @buf.
 */
const char *human_size(char buf[HUMAN_LEN], double bytes);

/** human_time() - "12 days", "3 hours", "4 min", "9 s"; returns @buf */
const char *human_time(char buf[HUMAN_LEN], long long seconds);

/** human_utc() - a time as RFC 3339 in UTC with microseconds; returns @buf */
const char *human_utc(char buf[HUMAN_LEN], long long realtime_ns);

/**
 * human_task() - write a task: "mysqld[346]"
 * @buf: out.
 * @comm: its command name, OOMTRACE_COMM_LEN bytes.
 * @pid: its pid.
 *
 * Return: @buf.
 */
const char *human_task(char buf[HUMAN_TASK_LEN], const char *comm, __s32 pid);

#endif /* OOMTRACE_HUMAN_H */
