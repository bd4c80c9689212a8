/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sizes and times in units that people read. Allocates nothing.
 */
#ifndef OOMTRACE_HUMAN_H
#define OOMTRACE_HUMAN_H

/* Bytes for any text of this file. */
#define HUMAN_LEN	32

/** human_size() - "24 MiB", "23.8 MiB", "1.5 GiB", "512 KiB"; returns @buf */
const char *human_size(char buf[HUMAN_LEN], double bytes);

/** human_time() - "12 days", "3 hours", "4 min", "9 s"; returns @buf */
const char *human_time(char buf[HUMAN_LEN], long long seconds);

/** human_utc() - a time as RFC 3339 in UTC with microseconds; returns @buf */
const char *human_utc(char buf[HUMAN_LEN], long long realtime_ns);

#endif /* OOMTRACE_HUMAN_H */
