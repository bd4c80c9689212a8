/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records kept in memory, for commands that need more than one record at a time.
 *
 * A stored record has the size that this build expects of its type, with zeroes
 * after a shorter record of an older writer. Its header is not changed, so fields
 * that the shorter record lacks stay absent (oomtrace_field_valid()).
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
 * @rec: the records, each allocated separately.
 * @n: number of records.
 * @lost: number of lost records of each ring.
 * @facts: origin of the records; @page_size is 0 if nothing was read.
 * @facts_known: @facts has more than the @page_size.
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

/** RECORDS_TYPE() - the bit of a record type, for records_read() */
#define RECORDS_TYPE(type)	(1UL << (type))

/** RECORDS_OOM - the record types of an OOM episode */
#define RECORDS_OOM						\
	(RECORDS_TYPE(OOMTRACE_OOM_BEGIN) |			\
	 RECORDS_TYPE(OOMTRACE_RETRY) |			\
	 RECORDS_TYPE(OOMTRACE_CANDIDATE) |			\
	 RECORDS_TYPE(OOMTRACE_VERDICT) |			\
	 RECORDS_TYPE(OOMTRACE_VICTIM) |			\
	 RECORDS_TYPE(OOMTRACE_REAP) |				\
	 RECORDS_TYPE(OOMTRACE_OOM_END))

/**
 * records_read() - read all records of some types from a source
 * @recs: out; zeroed, or filled by an earlier call. The caller frees it, also on
 *	failure.
 * @opt: names the source.
 * @types: bits RECORDS_TYPE().
 *
 * Return: 0, or an exit status after an error message. Records before the damage
 * in a file are kept.
 */
int records_read(struct records *recs, const struct options *opt,
		 unsigned long types);

/**
 * records_index() - build an index by episode
 * @recs: the records; none may be added afterwards.
 *
 * Without the index, each lookup scans all records. Exits if memory is out.
 */
void records_index(struct records *recs);

/** records_add() - add a copy of a record; exits if memory is out */
void records_add(struct records *recs, const struct oomtrace_header *rec);

/** records_free() - free all records */
void records_free(struct records *recs);

/** records_episode() - the episode number of a record; 0 if it has none */
unsigned long long records_episode(const struct oomtrace_header *rec);

/**
 * records_pick() - select an episode
 * @recs: the records.
 * @wanted: number of the episode; 0 for the newest in which a victim was chosen,
 *	or else the newest.
 *
 * Return: the number; 0 if there is no record of it.
 */
unsigned long long records_pick(const struct records *recs,
				unsigned long long wanted);

/**
 * records_next() - iterate over an episode's records in order
 * @recs: the records.
 * @episode: the episode.
 * @pos: 0 to start; advanced by each call.
 *
 * Return: a record, or NULL after the last one.
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
 * Return: the record, or NULL if there is none.
 */
const void *records_first(const struct records *recs,
			  unsigned long long episode, unsigned int type);

/**
 * records_stack() - a stack by its number
 * @recs: the records; types must include OOMTRACE_STACK.
 * @id: the number; 0 for none.
 *
 * Return: the stack record, or NULL if there is none.
 */
const struct oomtrace_stack *records_stack(const struct records *recs, unsigned int id);

/** xcalloc() - calloc() that exits with a message if memory is out */
void *xcalloc(size_t n, size_t size);

/** xgrow() - make room for one more element, doubling the array; may exit */
void *xgrow(void *array, size_t n, size_t *room, size_t size);

#endif /* OOMTRACE_RECORDS_H */
