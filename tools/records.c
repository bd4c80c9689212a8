// SPDX-License-Identifier: GPL-2.0
/*
 * Reads records into memory and looks them up by episode and type.
 */
#include <liboomtrace.h>
#include <stdlib.h>
#include <string.h>

#include "../common/format.h"
#include "options.h"
#include "records.h"
#include "savefile_read.h"

void *xcalloc(size_t n, size_t size)
{
	void *mem = calloc(n ? n : 1, size ? size : 1);

	if (mem)
		return mem;
	say_error("memory is out");
	exit(EXIT_RUNTIME);
}

void *xgrow(void *array, size_t n, size_t *room, size_t size)
{
	void *mem;

	if (n < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	mem = reallocarray(array, *room, size);
	if (mem)
		return mem;
	say_error("memory is out");
	exit(EXIT_RUNTIME);
}

void records_add(struct records *recs, const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	size_t size = desc && desc->size > rec->size ? desc->size : rec->size;
	struct oomtrace_header *copy = xcalloc(1, size);

	memcpy(copy, rec, rec->size);
	recs->rec = xgrow(recs->rec, recs->n, &recs->room,
			  sizeof(recs->rec[0]));
	recs->rec[recs->n++] = copy;
}

void records_free(struct records *recs)
{
	size_t i;

	for (i = 0; i < recs->n; i++)
		free(recs->rec[i]);
	free(recs->rec);
	free(recs->by_episode);
	memset(recs, 0, sizeof(*recs));
}

int records_read(struct records *recs, const struct options *opt,
		 unsigned long types)
{
	struct oomtrace *ot = open_records(opt, 0);
	const struct oomtrace_header *rec;
	int ret, ring;

	if (!ot)
		return open_status();
	/* Skip to the episode's begin; read everything if that was overwritten. */
	if (opt->episode && oomtrace_is_device(ot))
		oomtrace_seek_episode(ot, opt->episode);
	recs->facts_known = saved_facts(ot, &recs->facts);
	if (opt->timed && !recs->facts.wall_offset_ns) {
		say_error("--since and --until need the time of the records, which this file lacks");
		oomtrace_free(ot);
		return EXIT_RUNTIME;
	}
	while ((ret = oomtrace_next(ot, &rec)) > 0)
		if (rec->type < 64 && (types >> rec->type & 1) &&
		    (!opt->timed || is_in_time(opt, (long long)rec->ts_ns +
					       recs->facts.wall_offset_ns)))
			records_add(recs, rec);
	for (ring = 0; ring < OOMTRACE_RINGS; ring++)
		recs->lost[ring] += oomtrace_lost(ot, ring, -1);
	if (ret)
		say_error("%s", saved_error(ot));
	oomtrace_free(ot);
	return ret ? EXIT_RUNTIME : EXIT_OK;
}

unsigned long long records_episode(const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);

	/* Every type that has an episode has it as its first field. */
	if (!desc || strcmp(desc->fields[0].name, "episode") ||
	    !oomtrace_field_valid(rec, 0))
		return 0;
	return oomtrace_field_int(rec, &desc->fields[0]);
}

unsigned long long records_pick(const struct records *recs,
				unsigned long long wanted)
{
	unsigned long long newest = 0, chosen = 0, episode;
	size_t i;

	for (i = 0; i < recs->n; i++) {
		episode = records_episode(recs->rec[i]);
		if (wanted && episode != wanted)
			continue;
		if (episode > newest)
			newest = episode;
		if (recs->rec[i]->type == OOMTRACE_VERDICT && episode > chosen)
			chosen = episode;
	}
	return chosen ? chosen : newest;
}

static int by_episode(const void *a, const void *b)
{
	const struct records_place *x = a, *y = b;

	if (x->episode != y->episode)
		return x->episode < y->episode ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

void records_index(struct records *recs)
{
	size_t i;

	recs->by_episode = xcalloc(recs->n, sizeof(recs->by_episode[0]));
	for (i = 0; i < recs->n; i++) {
		recs->by_episode[i].episode = records_episode(recs->rec[i]);
		recs->by_episode[i].at = i;
	}
	qsort(recs->by_episode, recs->n, sizeof(recs->by_episode[0]),
	      by_episode);
}

/* Index entry of an episode's first record, or of a later episode's. */
static size_t first_place(const struct records *recs, unsigned long long episode)
{
	size_t low = 0, high = recs->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (recs->by_episode[mid].episode < episode)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct oomtrace_header *records_next(const struct records *recs,
					   unsigned long long episode,
					   size_t *pos)
{
	const struct records_place *place;

	if (recs->by_episode) {
		if (!*pos)
			*pos = first_place(recs, episode);
		place = &recs->by_episode[*pos];
		if (*pos == recs->n || place->episode != episode)
			return NULL;
		++*pos;
		return recs->rec[place->at];
	}
	while (*pos < recs->n)
		if (records_episode(recs->rec[(*pos)++]) == episode)
			return recs->rec[*pos - 1];
	return NULL;
}

const void *records_first(const struct records *recs,
			  unsigned long long episode, unsigned int type)
{
	const struct oomtrace_header *rec;
	size_t pos = 0;

	while ((rec = records_next(recs, episode, &pos)))
		if (rec->type == type)
			return rec;
	return NULL;
}

const struct oomtrace_stack *records_stack(const struct records *recs, unsigned int id)
{
	size_t i;

	for (i = 0; id && i < recs->n; i++) {
		const struct oomtrace_stack *stack = (const void *)recs->rec[i];

		if (stack->h.type == OOMTRACE_STACK && stack->id == id)
			return stack;
	}
	return NULL;
}
