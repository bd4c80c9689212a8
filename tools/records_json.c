// SPDX-License-Identifier: GPL-2.0
/*
 * Adds the time of day and an id to the JSON of a record.
 */
#include <liboomtrace.h>
#include <stdio.h>
#include <string.h>

#include "records.h"
#include "records_json.h"
#include "when.h"

#define TS_NS	"\"ts_ns\":"

/*
 * Numbers are unique in a ring, so only records of one ring have an id by number: that of
 * refused requests. A stack has the number of the record that it is read before, a lost
 * record that of the first missed one.
 */
static bool has_own_number(const struct oomtrace_header *rec)
{
	return (rec->flags & OOMTRACE_FLAG_RING) == OOMTRACE_RING_COMMIT && rec->seq &&
	       rec->type != OOMTRACE_STACK && rec->type != OOMTRACE_LOST;
}

/* "" if the load has no name, or the record neither an OOM nor a number of its own. */
static void write_id(char *buf, size_t size, const struct oomtrace_header *rec,
		     const struct saved_header *facts)
{
	unsigned long long episode = records_episode(rec);
	int n;

	*buf = '\0';
	if (!*facts->boot || !facts->load || !(episode || has_own_number(rec)))
		return;
	n = snprintf(buf, size, ",\"%s_id\":\"%s.%llu.", episode ? "oom" : "record",
		     facts->boot, (unsigned long long)facts->load);
	if (episode)
		snprintf(buf + n, size - n, "%llu\"", episode);
	else
		snprintf(buf + n, size - n, "%u.%llu\"", rec->cpu,
			 (unsigned long long)rec->seq);
}

bool records_json(const struct oomtrace_header *rec,
		  const struct saved_header *facts, bool dated,
		  long long wall_offset_ns, char buf[RECORDS_JSON_MAX])
{
	char when[WHEN_MAX], member[WHEN_MAX + 128] = "";
	int len = oomtrace_json(rec, buf, RECORDS_JSON_MAX);
	size_t n = 0;
	char *at;

	if (len >= RECORDS_JSON_MAX)
		return false;
	/* The header's members come first, so no string of the record is before. */
	at = strstr(buf, TS_NS);
	if (!at)
		return true;
	at += strlen(TS_NS);
	at += strspn(at, "0123456789");
	if (dated)
		n = snprintf(member, sizeof(member), ",\"time\":\"%s\"",
			     when_write_rfc3339(when, (long long)rec->ts_ns +
						wall_offset_ns));
	write_id(member + n, sizeof(member) - n, rec, facts);
	n = strlen(member);
	if (len + n >= RECORDS_JSON_MAX)
		return false;
	memmove(at + n, at, buf + len + 1 - at);
	memcpy(at, member, n);
	return true;
}
