/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files that write an OOM on one screen share.
 */
#ifndef OOMTRACE_BRIEF_PARTS_H
#define OOMTRACE_BRIEF_PARTS_H

#include "../common/format.h"
#include "../common/say.h"
#include "cgroups.h"
#include "store.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

/**
 * struct brief - what is being written
 * @st: the store.
 * @ep: the episode.
 * @recs: the records of its load.
 * @cgroups: the paths of its cgroups.
 * @opt: the command line.
 * @s: its records, as far as the explanation needs them.
 * @page: bytes of a page.
 * @here: it happened on this machine.
 */
struct brief {
	const struct store *st;
	const struct episode *ep;
	const struct records *recs;
	const struct cgroups *cgroups;
	const struct options *opt;
	struct oomtrace_story s;
	unsigned int page;
	bool here;
};

/** struct sentence - a sentence that is being written */
struct sentence {
	char text[800];
	size_t len;
};

/** brief_append() - the vprint of a struct oomtrace_out whose ctx is a sentence */
void brief_append(void *ctx, const char *fmt, va_list args) __printf(2, 0);

/** brief_sum() - add up fields of a record; false if one of them is absent */
bool brief_sum(const struct oomtrace_header *rec, const u8 *idx, unsigned int n,
	       s64 *sum);

/** brief_scope() - enum oomtrace_scope of an episode; OOMTRACE_SCOPES if unknown */
unsigned int brief_scope(const struct records *recs, u64 episode);

/**
 * brief_container() - the container of the first victim
 * @buf: out: "container nginx of pod shop/web-7d9f".
 * @size: bytes of @buf.
 * @b: what is being written.
 *
 * Return: false if it is none, or what brief_say_where() names.
 */
bool brief_container(char *buf, size_t size, const struct brief *b);

/** brief_ns() - write a duration; returns @buf */
const char *brief_ns(char buf[40], u64 ns);

/** brief_say_after() - write the paragraphs "After" */
void brief_say_after(const struct brief *b);

/** brief_say_decided() - write who decided, and by which rule */
void brief_say_decided(const struct brief *b);

/** brief_say_where() - write the paragraph "Where" */
void brief_say_where(const struct brief *b);

/** brief_say_why() - write the paragraph "Why", with the first candidates */
void brief_say_why(const struct brief *b);

#endif /* OOMTRACE_BRIEF_PARTS_H */
