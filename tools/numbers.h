/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers as they are written on command lines. No message: the caller knows
 * which option it is about.
 */
#ifndef OOMTRACE_NUMBERS_H
#define OOMTRACE_NUMBERS_H

#include <stdbool.h>

/** read_number() - a decimal number, nothing behind it, within bounds */
bool read_number(const char *text, long long min, long long max, long long *n);

/** read_size() - bytes, perhaps with K, M, G or T for powers of 1024 */
bool read_size(const char *text, long long *bytes);

/** read_time() - seconds, perhaps with ms, s, m, h or d, as nanoseconds */
bool read_time(const char *text, long long *ns);

#endif /* OOMTRACE_NUMBERS_H */
