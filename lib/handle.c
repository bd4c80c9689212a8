// SPDX-License-Identifier: GPL-2.0
/*
 * Stores the error message of a handle.
 */
#include "handle.h"

int handle_fail(struct oomtrace *ot, int err, const char *fmt, ...)
{
	struct { char *at; size_t room; } out = { ot->error, sizeof(ot->error) };
	va_list args;
	int n = 0;

	if (ot->name)
		n = scnprintf(out.at, out.room, "%s: ", ot->name);
	va_start(args, fmt);
	vscnprintf(out.at + n, out.room - n, fmt, args);
	va_end(args);
	return -err;
}

int handle_fail_errno(struct oomtrace *ot, int err, const char *what)
{
	char text[128];

	return handle_fail(ot, err, "%s%s", what,
			   strerror_r(err, text, sizeof(text)));
}
