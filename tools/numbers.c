// SPDX-License-Identifier: GPL-2.0
/*
 * Parses numbers, sizes and times on command lines.
 */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"

/* A suffix of a number and its factor. */
struct unit {
	const char *name;
	long long worth;
};

bool read_number(const char *text, long long min, long long max, long long *n)
{
	char *end;

	errno = 0;
	*n = strtoll(text, &end, 10);
	return (isdigit(*text) || (*text == '-' && isdigit(text[1]))) &&
	       !*end && !errno && *n >= min && *n <= max;
}

static bool read_with_unit(const char *text, const struct unit *units,
			   long long *n)
{
	char *end;

	if (!isdigit(*text))
		return false;
	errno = 0;
	*n = strtoll(text, &end, 10);
	if (errno)
		return false;
	for (; units->name; units++)
		if (!strcmp(end, units->name))
			return !__builtin_mul_overflow(*n, units->worth, n);
	return false;
}

bool read_size(const char *text, long long *bytes)
{
	static const struct unit units[] = {
		{ "", 1 }, { "K", 1LL << 10 }, { "M", 1LL << 20 },
		{ "G", 1LL << 30 }, { "T", 1LL << 40 }, { NULL, 0 }
	};

	return read_with_unit(text, units, bytes);
}

bool read_time(const char *text, long long *ns)
{
	static const struct unit units[] = {
		{ "", 1000000000LL }, { "s", 1000000000LL },
		{ "ms", 1000000LL }, { "m", 60 * 1000000000LL },
		{ "h", 3600 * 1000000000LL }, { "d", 86400 * 1000000000LL },
		{ NULL, 0 }
	};

	return read_with_unit(text, units, ns);
}
