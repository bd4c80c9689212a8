/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests for address space that commit accounting refused: which there are, and
 * the sum of each.
 */
#ifndef OOMTRACE_REFUSAL_H
#define OOMTRACE_REFUSAL_H

#include "size.h"
#include "store.h"

/* Bytes that hold any id of a refusal. */
#define REFUSAL_ID_MAX	64

/**
 * struct refusal - refused requests of one process at one moment
 * @c: the largest of them.
 * @load: index of its load.
 * @dated: @wall_ns is known.
 * @wall_ns: CLOCK_REALTIME of the first, nanoseconds.
 * @first_ns: CLOCK_MONOTONIC of the first, nanoseconds.
 * @last_ns: CLOCK_MONOTONIC of the last, nanoseconds.
 * @calls: bit n: enum oomtrace_origin n was among them.
 * @times: number of requests.
 */
struct refusal {
	const struct oomtrace_commit *c;
	size_t load;
	bool dated;
	long long wall_ns;
	unsigned long long first_ns;
	unsigned long long last_ns;
	unsigned int calls;
	unsigned int times;
};

/**
 * struct refusal_sum - the kernel's sum for one request, pages
 * @known: the numbers below are known.
 * @ram: RAM that the ratio applies to: without huge pages.
 * @base: what the limit is without swap.
 * @admin: reserve for root; 0 if the process may use it.
 * @user: reserve for other processes of the user.
 * @before: committed before the request.
 * @left: what was left of @allowed. A request must be smaller.
 * @short_by: a request smaller by this much would have been granted.
 */
struct refusal_sum {
	bool known;
	s64 ram;
	s64 base;
	s64 admin;
	s64 user;
	s64 before;
	s64 left;
	s64 short_by;
};

/**
 * refusals_find() - group the refused requests in the store
 * @st: the store, read with RECORDS_TYPE(OOMTRACE_COMMIT).
 * @opt: the command line, for the time range.
 * @n: out: number of groups.
 *
 * Return: an array to free, oldest first.
 */
struct refusal *refusals_find(const struct store *st, const struct options *opt,
			      size_t *n);

/**
 * request_id() - CPU.SEQ in the newest load, else STAMP-CPU.SEQ
 * @buf: out.
 * @st: the store.
 * @at: any record of the ring of commit decisions.
 */
const char *request_id(char buf[REFUSAL_ID_MAX], const struct store *st,
		       const struct store_place *at);

/**
 * request_is() - does an id on a command line mean this record?
 * @st: the store.
 * @text: the id.
 * @at: any record of the ring of commit decisions.
 */
bool request_is(const struct store *st, const char *text, const struct store_place *at);

/** refusal_id() - request_id() of the largest request of a group */
const char *refusal_id(char buf[REFUSAL_ID_MAX], const struct store *st,
		       const struct refusal *r);

/**
 * refusal_pick() - find the request that an id on a command line means
 * @st: the store.
 * @list: all groups.
 * @n: number of groups.
 * @id: [STAMP-]CPU.SEQ, or the record_id BOOT.LOAD.CPU.SEQ of any refused request.
 * @found: out: its group, with this request as @c.
 *
 * Return: false if there is none.
 */
bool refusal_pick(const struct store *st, const struct refusal *list, size_t n,
		  const char *id, struct refusal *found);

/** refusal_is_id() - has a text the form of an id? */
bool refusal_is_id(const char *text);

/** refusal_sum() - do the kernel's sum */
void refusal_sum(struct refusal_sum *s, const struct oomtrace_commit *c,
		 unsigned int page_size);

/** refusal_overflowed() - did the kernel round the size up to a negative number of pages? */
bool refusal_overflowed(const struct oomtrace_commit *c);

/** refusal_asked() - "10 GiB", or that the size overflowed */
const char *refusal_asked(char buf[SIZE_TEXT_MAX], const struct oomtrace_commit *c,
			  unsigned int page_size);

/** refusal_calls() - "mmap,brk" */
const char *refusal_calls(char *buf, size_t size, unsigned int calls);

/** refusal_result() - say what the task got: an error, or a signal */
const char *refusal_result(const struct oomtrace_commit *c);

/** refusal_owner() - unit, container or cgroup of the process; "-" if unknown */
const char *refusal_owner(char *buf, size_t size, const struct store *st,
			  const struct refusal *r);

/**
 * refusal_ways_out() - say what would have granted a request
 * @c: the request.
 * @page_size: bytes of a page.
 */
void refusal_ways_out(const struct oomtrace_commit *c, unsigned int page_size);

#endif /* OOMTRACE_REFUSAL_H */
