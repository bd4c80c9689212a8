/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Refused system calls: which there are, and in words what explains each.
 */
#ifndef OOMTRACE_REFUSED_H
#define OOMTRACE_REFUSED_H

#include "store.h"

/* Bytes that hold the causes of a refusal. */
#define REFUSED_TEXT_MAX	600

/**
 * struct refused_call - a refused system call
 * @r: the record.
 * @load: index of its load.
 * @dated: @wall_ns is known.
 * @wall_ns: CLOCK_REALTIME, nanoseconds.
 */
struct refused_call {
	const struct oomtrace_refused *r;
	size_t load;
	bool dated;
	long long wall_ns;
};

/**
 * refused_find() - find the refused calls in the store
 * @st: the store, read with RECORDS_TYPE(OOMTRACE_REFUSED).
 * @opt: the command line, for the time range.
 * @n: out: number of calls.
 *
 * Calls that only commit accounting refused are left out if their commit record is
 * there: they are among the refusals of commit accounting.
 *
 * Return: an array to free, oldest first.
 */
struct refused_call *refused_find(const struct store *st, const struct options *opt,
				  size_t *n);

/** refused_id() - CPU.SEQ in the newest load, else STAMP-CPU.SEQ */
const char *refused_id(char *buf, size_t size, const struct store *st,
		       const struct refused_call *c);

/** refused_is() - does the id on a command line mean this one? */
bool refused_is(const struct store *st, const struct refused_call *c, const char *id);

/** refused_asked() - "mmap of 64 KiB" */
const char *refused_asked(char *buf, size_t size, const struct oomtrace_refused *r);

/** refused_cause() - all causes in words, with their numbers */
const char *refused_cause(char buf[REFUSED_TEXT_MAX], const struct oomtrace_refused *r,
			  unsigned int page_size);

/** refused_names() - "map_count,rlimit_as" */
const char *refused_names(char *buf, size_t size, const struct oomtrace_refused *r);

/** refused_answer() - "ENOMEM", "EAGAIN" */
const char *refused_answer(const struct oomtrace_refused *r);

#endif /* OOMTRACE_REFUSED_H */
