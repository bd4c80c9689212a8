// SPDX-License-Identifier: GPL-2.0
/*
 * Finds allocations of the kernel that failed, and prints them: in a table, as JSON,
 * and one explained.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "alloc_failure.h"
#include "clock.h"
#include "human.h"
#include "json.h"
#include "refusal.h"
#include "stack.h"
#include "term.h"
#include "when.h"

#define HAS(a, field)	oomtrace_field_valid(&(a)->h, OOMTRACE_BIT_alloc_failure_##field)

/* Up to this order the kernel kills a process rather than fail (PAGE_ALLOC_COSTLY_ORDER). */
#define MOST_WITH_OOM	3

/* ---- finding ---- */

struct alloc_failure *alloc_failures_find(const struct store *st,
					  const struct options *opt, size_t *n)
{
	struct store_place at = { 0 };
	struct alloc_failure *list = NULL;
	size_t room = 0;

	*n = 0;
	while (store_next(st, opt, OOMTRACE_ALLOC_FAILURE, &at)) {
		list = xgrow(list, *n, &room, sizeof(*list));
		list[(*n)++] = (struct alloc_failure){
			.a = (const void *)at.rec, .load = at.load,
			.wall_ns = at.wall_ns, .dated = at.dated,
		};
	}
	return list;
}

static struct store_place place_of(const struct alloc_failure *f)
{
	return (struct store_place){
		.rec = &f->a->h, .load = f->load, .dated = f->dated,
		.wall_ns = f->wall_ns,
	};
}

static const char *write_id(char buf[REFUSAL_ID_MAX], const struct store *st,
			    const struct alloc_failure *f)
{
	const struct store_place at = place_of(f);

	return request_id(buf, st, &at);
}

bool alloc_failure_is(const struct store *st, const struct alloc_failure *f,
		      const char *id)
{
	const struct store_place at = place_of(f);

	return request_is(st, id, &at);
}

/* ---- printing ---- */

static unsigned int page_size_of(const struct store *st, const struct alloc_failure *f)
{
	return st->load[f->load].recs.facts.page_size;
}

static const char *write_flags(char *buf, size_t size,
			       const struct oomtrace_alloc_failure *a)
{
	char names[OOMTRACE_ALLOC_GFP_NAMES + 1];

	if (HAS(a, gfp_names)) {
		oomtrace_get_str(&a->h, "gfp_names", names, sizeof(names));
		term_clean(buf, size, names);
	} else {
		snprintf(buf, size, "0x%x", a->gfp);
	}
	return buf;
}

static void add_row(struct table *t, const struct store *st, const struct alloc_failure *f)
{
	char text[ALLOC_TEXT_MAX];

	table_row(t);
	table_cell(t, "%s", write_id(text, st, f));
	table_cell(t, "%s", when_write_row(text, f->dated, f->wall_ns, f->a->h.ts_ns));
	table_cell(t, "%s", alloc_failure_who(text, sizeof(text), f->a));
	table_cell(t, "%s", alloc_failure_asked(text, sizeof(text), f->a, page_size_of(st, f)));
	table_cell(t, "%s", write_flags(text, sizeof(text), f->a));
}

void alloc_failures_print_table(const struct store *st, const struct alloc_failure *list,
				size_t n, const struct table_choice *choice)
{
	char time[WHEN_MAX], text[ALLOC_TEXT_MAX], who[HUMAN_TASK_LEN];
	const struct table_column columns[] = {
		{ "ID", true, false }, { time, false, false },
		{ "PROCESS", false, false }, { "THE KERNEL COULD NOT ALLOCATE", false, false },
		{ "FLAGS", false, true }, { NULL, false, false },
	};
	size_t i;
	const struct alloc_failure *last = &list[n - 1];
	struct table *t;

	when_write_heading(time, clock_ns(CLOCK_REALTIME));
	t = table_new(columns, !choice->no_headings);
	for (i = table_first(choice, n); i < n; i++)
		add_row(t, st, &list[table_pick(choice, i, n)]);
	table_print(t);
	if (choice->no_headings)
		return;
	putchar('\n');
	term_say("Failure", "%s: %s", alloc_failure_who(who, sizeof(who), last->a),
		 alloc_failure_words(text, last->a, page_size_of(st, last)));
}

void alloc_failure_print_json(const struct store *st, const struct alloc_failure *f)
{
	struct json_object *obj = json_object_new_object();
	const struct oomtrace_alloc_failure *a = f->a;
	char text[ALLOC_TEXT_MAX];

	json_add_string(obj, "id", write_id(text, st, f), sizeof(text));
	if (f->dated)
		json_add_string(obj, "time", when_write_rfc3339(text, f->wall_ns),
				sizeof(text));
	json_object_object_add(obj, "ts_ns", json_object_new_uint64(a->h.ts_ns));
	if (HAS(a, tgid)) {
		json_object_object_add(obj, "pid", json_object_new_int64(a->tgid));
		json_add_string(obj, "comm", a->comm, sizeof(a->comm));
		json_object_object_add(obj, "uid", json_object_new_int64(a->uid));
	}
	json_add_string(obj, "kind",
			oomtrace_value_name(OOMTRACE_ALLOC_FAILURE, "kind", a->kind) ?: "?",
			32);
	if (HAS(a, order)) {
		json_object_object_add(obj, "order", json_object_new_int64(a->order));
		json_object_object_add(obj, "asked_bytes",
				       json_object_new_uint64((__u64)page_size_of(st, f) <<
							      (a->order & 31)));
	} else if (HAS(a, bytes)) {
		json_object_object_add(obj, "asked_bytes", json_object_new_uint64(a->bytes));
	}
	json_add_string(obj, "gfp", write_flags(text, sizeof(text), a), sizeof(text));
	if (HAS(a, free))
		json_object_object_add(obj, "free_bytes",
				       json_object_new_uint64(a->free *
							      page_size_of(st, f)));
	json_add_string(obj, "explanation",
			alloc_failure_words(text, a, page_size_of(st, f)), sizeof(text));
	puts(json_text(obj));
	json_object_put(obj);
}

/* Why no process was killed for it. */
static void say_no_kill(const struct oomtrace_alloc_failure *a)
{
	if (!HAS(a, tgid))
		term_say("", "An interrupt cannot wait for memory: the kernel drops what it was about, mostly a packet.");
	else if (HAS(a, order) && a->order > MOST_WITH_OOM)
		term_say("", "The kernel kills no process for more than 8 contiguous pages.");
}

void alloc_failure_explain(const struct store *st, const struct alloc_failure *f)
{
	const struct records *recs = &st->load[f->load].recs;
	char id[REFUSAL_ID_MAX], node[160], when[WHEN_MAX], age[WHEN_MAX], left[300];
	char text[ALLOC_TEXT_MAX], who[HUMAN_TASK_LEN];
	const struct oomtrace_alloc_failure *a = f->a;

	snprintf(left, sizeof(left), "Failed allocation %s%s%s", write_id(id, st, f),
		 *recs->facts.node ? " on " : "",
		 term_clean(node, sizeof(node), recs->facts.node));
	if (f->dated)
		printf("%s%-26s%s %s, %s\n\n", term_bold(), left, term_plain(),
		       when_write(when, f->wall_ns),
		       when_write_age(age, clock_ns(CLOCK_REALTIME) - f->wall_ns));
	else
		printf("%s%-26s%s %.6f s after boot\n\n", term_bold(), left, term_plain(),
		       a->h.ts_ns / 1e9);
	if (HAS(a, uid))
		term_say("Asked", "\001%s\002, uid %u: %s",
			 alloc_failure_who(who, sizeof(who), a), a->uid,
			 alloc_failure_words(text, a, page_size_of(st, f)));
	else
		term_say("Asked", "\001%s\002: %s", alloc_failure_who(who, sizeof(who), a),
			 alloc_failure_words(text, a, page_size_of(st, f)));
	say_no_kill(a);
	term_say("Flags", "%s", write_flags(text, sizeof(text), a));
	say_stack(recs, oomtrace_stack_of(&a->h));
	if (a->left_out)
		term_say("", "(%u failures before it on that CPU have no record)", a->left_out);
}
