/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers, sizes, times and tasks as a person reads them: the vocabulary of
 * common/story_print.c.
 *
 * Everything goes out through struct oomtrace_out, piece by piece. A field that
 * its record does not have is said as "not known", a derived one gets a ~ and
 * is remembered, so that the ~ can be explained at the end.
 */
#ifndef OOMTRACE_SAY_H
#define OOMTRACE_SAY_H

#include "format.h"
#include "story.h"

/**
 * struct teller - the one who is telling a story
 * @out: where it goes to.
 * @page_size: bytes of a page, not 0.
 * @tilde: a ~ was written.
 */
struct teller {
	const struct oomtrace_out *out;
	u32 page_size;
	bool tilde;
};

/** say() - anything, as with printf */
void say(struct teller *t, const char *fmt, ...)
	__printf(2, 3);

/** say_label() - start a paragraph; "" for a line that goes on */
void say_label(struct teller *t, const char *label);

/** say_count() - a number with commas: 1,234,567 */
void say_count(struct teller *t, s64 n);

/** say_size() - pages as a size: " (4.8 MiB)"; nothing if @pages is below 1 */
void say_size(struct teller *t, s64 pages);

/** say_kib() - pages as dmesg says them: 94,100 KiB */
void say_kib(struct teller *t, s64 pages);

/** say_time() - nanoseconds as a time: 12.3 ms */
void say_time(struct teller *t, u64 ns);

/** say_tilde() - the mark of a derived number, if it is one */
void say_tilde(struct teller *t, bool derived);

/** say_comm() - a command name, escaped; @comm need not end */
void say_comm(struct teller *t, const char *comm);

/**
 * get_field() - a number of a kept record
 * @rec: the record; one that was not seen has a type of 0.
 * @idx: the field's number.
 * @n: out: the number, 0 if it is absent.
 *
 * Return: true if it is there.
 */
bool get_field(const struct oomtrace_header *rec, unsigned int idx, s64 *n);

/** has_scope() - is it known that the episode has this enum oomtrace_scope? */
bool has_scope(const struct oomtrace_story *s, s64 scope);

/*
 * A field of a record, by its number: with commas; in pages with their size; in
 * KiB; as its name; as a time; without commas, for a pid, uid or cgroup id.
 */
void say_field(struct teller *t, const struct oomtrace_header *rec,
	       unsigned int idx);
void say_pages(struct teller *t, const struct oomtrace_header *rec,
	       unsigned int idx);
void say_kib_field(struct teller *t, const struct oomtrace_header *rec,
		   unsigned int idx);
void say_name(struct teller *t, const struct oomtrace_header *rec,
	      unsigned int idx);
void say_time_field(struct teller *t, const struct oomtrace_header *rec,
		    unsigned int idx);
void say_id(struct teller *t, const struct oomtrace_header *rec,
	    unsigned int idx);

/** say_string() - a field of characters, escaped */
void say_string(struct teller *t, const struct oomtrace_header *rec,
		unsigned int idx);

/** say_task() - comm[pid] from those two fields of a record */
void say_task(struct teller *t, const struct oomtrace_header *rec,
	      unsigned int comm, unsigned int pid);

/** tell_memory() - what memory there was (common/story_memory.c) */
void tell_memory(struct teller *t, const struct oomtrace_story *s);

/** tell_choice() - who was killed and why that one (common/story_choice.c) */
void tell_choice(struct teller *t, const struct oomtrace_story *s);

#endif /* OOMTRACE_SAY_H */
