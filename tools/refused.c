// SPDX-License-Identifier: GPL-2.0
/*
 * Finds refused system calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "refusal.h"
#include "refused.h"

#define VALID(r, field)	oomtrace_field_valid(&(r)->h, OOMTRACE_BIT_refused_##field)

/* ---- finding ---- */

/* Is the denial that explains it among the records? */
static bool has_commit_record(const struct records *recs, const struct oomtrace_refused *r)
{
	const struct oomtrace_header *rec;
	size_t i;

	if (r->causes != 1U << OOMTRACE_CAUSE_COMMIT || !VALID(r, commit_seq))
		return false;
	for (i = recs->n; i-- > 0;) {
		rec = recs->rec[i];
		if (rec->type == OOMTRACE_COMMIT && rec->seq == r->commit_seq &&
		    rec->cpu == r->commit_cpu)
			return true;
	}
	return false;
}

struct refused_call *refused_find(const struct store *st, const struct options *opt,
				  size_t *n)
{
	struct store_place at = { 0 };
	struct refused_call *list = NULL;
	const struct oomtrace_refused *r;
	size_t room = 0;

	*n = 0;
	while (store_next(st, opt, OOMTRACE_REFUSED, &at)) {
		r = (const void *)at.rec;
		if (has_commit_record(&st->load[at.load].recs, r))
			continue;
		list = xgrow(list, *n, &room, sizeof(*list));
		list[(*n)++] = (struct refused_call){
			.r = r, .load = at.load, .wall_ns = at.wall_ns,
			.dated = at.dated,
		};
	}
	return list;
}

static struct store_place place_of(const struct refused_call *c)
{
	return (struct store_place){
		.rec = &c->r->h, .load = c->load, .dated = c->dated,
		.wall_ns = c->wall_ns,
	};
}

const char *refused_id(char *buf, size_t size, const struct store *st,
		       const struct refused_call *c)
{
	const struct store_place at = place_of(c);
	char id[REFUSAL_ID_MAX];

	snprintf(buf, size, "%s", request_id(id, st, &at));
	return buf;
}

bool refused_is(const struct store *st, const struct refused_call *c, const char *id)
{
	const struct store_place at = place_of(c);

	return request_is(st, id, &at);
}
