/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records kept in memory, for the commands that look at many of them at once:
 * whatif, advise, export, report. Those that print one record after the other
 * do not need this.
 *
 * A kept record is as long as this build knows its type, zero where the writer
 * wrote less; its header is the writer's, so that a field which a short record
 * lacks is still absent (oomtrace_field_valid()).
 */
#ifndef OOMTRACE_RECORDS_H
#define OOMTRACE_RECORDS_H

#include <stddef.h>

#include "../common/shim.h"
#include "../include/oomtrace.h"
#include "savefile.h"

struct options;

/**
 * struct records - records in the order in which they were read
 * @rec: each in memory of its own.
 * @n: how many.
 * @lost: records of each ring that this reader did not get.
 * @facts: where they come from, of the last source; its @page_size is 0 if
 *	nothing was read.
 * @facts_known: more of it than the @page_size.
 * @room: private.
 * @by_episode: private; NULL without records_index().
 */
struct records {
	struct oomtrace_header **rec;
	size_t n;
	unsigned long long lost[OOMTRACE_RINGS];
	struct saved_header facts;
	bool facts_known;
	size_t room;
	struct records_place {
		unsigned long long episode;
		size_t at;
	} *by_episode;
};

/** RECORDS_TYPE() - the bit of a type, for records_read() */
#define RECORDS_TYPE(type)	(1UL << (type))

/** RECORDS_OOM - the types that make up an OOM episode */
#define RECORDS_OOM						\
	(RECORDS_TYPE(OOMTRACE_OOM_BEGIN) |			\
	 RECORDS_TYPE(OOMTRACE_RETRY) |			\
	 RECORDS_TYPE(OOMTRACE_CANDIDATE) |			\
	 RECORDS_TYPE(OOMTRACE_VERDICT) |			\
	 RECORDS_TYPE(OOMTRACE_VICTIM) |			\
	 RECORDS_TYPE(OOMTRACE_REAP) |				\
	 RECORDS_TYPE(OOMTRACE_OOM_END))

/**
 * records_read() - keep all records of some types that a source holds
 * @recs: out; zero, or filled by an earlier call. To be freed in any case.
 * @opt: names the source.
 * @types: bits RECORDS_TYPE().
 *
 * Return: 0; or an exit status after having said what failed: what came before
 * a damage in a file is kept.
 */
int records_read(struct records *recs, const struct options *opt,
		 unsigned long types);

/**
 * records_index() - for who asks for one episode after the other
 * @recs: the records, to which no others are added then.
 *
 * Without it each question looks at all records. Exits if memory is out.
 */
void records_index(struct records *recs);

/** records_add() - keep a copy of a record; exits if memory is out */
void records_add(struct records *recs, const struct oomtrace_header *rec);

/** records_free() - let go of all */
void records_free(struct records *recs);

/** records_episode() - the episode of a record; 0 if it has none */
unsigned long long records_episode(const struct oomtrace_header *rec);

/**
 * records_pick() - which episode is meant
 * @recs: the records.
 * @wanted: its number; 0 for the newest in which somebody was chosen to be
 *	killed, and if there is none, for the newest.
 *
 * Return: its number; 0 if no record of it is there.
 */
unsigned long long records_pick(const struct records *recs,
				unsigned long long wanted);

/**
 * records_next() - an episode's records in their order
 * @recs: the records.
 * @episode: the episode.
 * @pos: 0 at the start; moved on.
 *
 * Return: a record, NULL if there is no other.
 */
const struct oomtrace_header *records_next(const struct records *recs,
					   unsigned long long episode,
					   size_t *pos);

/**
 * records_first() - the first record of a type in an episode
 * @recs: the records.
 * @episode: the episode.
 * @type: enum oomtrace_type.
 *
 * Return: the record, NULL if there is none.
 */
const void *records_first(const struct records *recs,
			  unsigned long long episode, unsigned int type);

/** xcalloc() - zeroed memory; exits with a message if there is none */
void *xcalloc(size_t n, size_t size);

/** xgrow() - room for one more element in an array that doubles */
void *xgrow(void *array, size_t n, size_t *room, size_t size);

#endif /* OOMTRACE_RECORDS_H */
