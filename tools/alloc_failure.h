/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations of the kernel that failed: which there are, each in words, as a table, as
 * JSON and explained.
 */
#ifndef OOMTRACE_ALLOC_FAILURE_H
#define OOMTRACE_ALLOC_FAILURE_H

#include "store.h"
#include "table.h"

/* Bytes that hold an allocation in words. */
#define ALLOC_TEXT_MAX	400

/**
 * struct alloc_failure - an allocation that failed
 * @a: the record.
 * @load: index of its load.
 * @dated: @wall_ns is known.
 * @wall_ns: CLOCK_REALTIME, nanoseconds.
 */
struct alloc_failure {
	const struct oomtrace_alloc_failure *a;
	size_t load;
	bool dated;
	long long wall_ns;
};

/**
 * alloc_failures_find() - find the failed allocations in the store
 * @st: the store, read with RECORDS_TYPE(OOMTRACE_ALLOC_FAILURE).
 * @opt: the command line, for the time range.
 * @n: out: their number.
 *
 * Return: an array to free, oldest first.
 */
struct alloc_failure *alloc_failures_find(const struct store *st,
					  const struct options *opt, size_t *n);

/** alloc_failure_is() - does the id on a command line mean this one? */
bool alloc_failure_is(const struct store *st, const struct alloc_failure *f,
		      const char *id);

/** alloc_failure_who() - "modprobe[612]", "a softirq" */
const char *alloc_failure_who(char *buf, size_t size,
			      const struct oomtrace_alloc_failure *a);

/** alloc_failure_asked() - "1024 contiguous pages (4 MiB)" */
const char *alloc_failure_asked(char *buf, size_t size,
				const struct oomtrace_alloc_failure *a,
				unsigned int page_size);

/** alloc_failure_words() - "the kernel could not allocate ...; 8 MiB of memory were free" */
const char *alloc_failure_words(char buf[ALLOC_TEXT_MAX],
				const struct oomtrace_alloc_failure *a,
				unsigned int page_size);

/** alloc_failures_print_table() - print the last ones, as chosen, and explain the last */
void alloc_failures_print_table(const struct store *st, const struct alloc_failure *list,
				size_t n, const struct table_choice *choice);

/** alloc_failure_print_json() - print one as a line of JSON */
void alloc_failure_print_json(const struct store *st, const struct alloc_failure *f);

/** alloc_failure_explain() - explain one */
void alloc_failure_explain(const struct store *st, const struct alloc_failure *f);

#endif /* OOMTRACE_ALLOC_FAILURE_H */
