// SPDX-License-Identifier: GPL-2.0
/*
 * Adds the time of day to the JSON of a record.
 */
#include <liboomtrace.h>
#include <stdio.h>
#include <string.h>

#include "records_json.h"
#include "when.h"

#define TS_NS	"\"ts_ns\":"

bool records_json(const struct oomtrace_header *rec, bool dated,
		  long long wall_offset_ns, char buf[RECORDS_JSON_MAX])
{
	char when[WHEN_MAX], member[WHEN_MAX + 16];
	int len = oomtrace_json(rec, buf, RECORDS_JSON_MAX);
	size_t n;
	char *at;

	if (len >= RECORDS_JSON_MAX)
		return false;
	/* The header's members come first, so no string of the record is before. */
	at = dated ? strstr(buf, TS_NS) : NULL;
	if (!at)
		return true;
	at += strlen(TS_NS);
	at += strspn(at, "0123456789");
	when_write_rfc3339(when, (long long)rec->ts_ns + wall_offset_ns);
	n = snprintf(member, sizeof(member), ",\"time\":\"%s\"", when);
	if (len + n >= RECORDS_JSON_MAX)
		return false;
	memmove(at + n, at, buf + len + 1 - at);
	memcpy(at, member, n);
	return true;
}
