/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parses numbers on command lines. The caller prints the error message, since it
 * knows the option.
 */
#ifndef OOMTRACE_NUMBERS_H
#define OOMTRACE_NUMBERS_H

#include <stdbool.h>

/** read_number() - parse a decimal number from @min to @max, without a suffix */
bool read_number(const char *text, long long min, long long max, long long *n);

/** read_size() - parse a size in bytes, or with the unit K, M, G or T */
bool read_size(const char *text, long long *bytes);

/** read_time() - parse a time in seconds, or with ms, s, m, h or d */
bool read_time(const char *text, long long *ns);

#endif /* OOMTRACE_NUMBERS_H */
