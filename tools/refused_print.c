// SPDX-License-Identifier: GPL-2.0
/*
 * Prints refused system calls: all in a table or as JSON, or one explained.
 */
#include <stdio.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "clock.h"
#include "human.h"
#include "json.h"
#include "refusal.h"
#include "refused_print.h"
#include "stack.h"
#include "term.h"
#include "when.h"

static unsigned int page_size_of(const struct store *st, const struct refused_call *c)
{
	return st->load[c->load].recs.facts.page_size;
}

static void add_row(struct table *t, const struct store *st, const struct refused_call *c)
{
	char text[REFUSED_TEXT_MAX], task[HUMAN_TASK_LEN];

	table_row(t);
	table_cell(t, "%s", refused_id(text, sizeof(text), st, c));
	table_cell(t, "%s", when_write_row(text, c->dated, c->wall_ns, c->r->h.ts_ns));
	table_cell(t, "%s", human_task(task, c->r->comm, c->r->tgid));
	table_cell(t, "%s", refused_asked(text, sizeof(text), c->r));
	table_cell(t, "%s", refused_names(text, sizeof(text), c->r));
}

/** refused_print_table() - print the last ones, as chosen, and explain the last */
void refused_print_table(const struct store *st, const struct refused_call *list,
			 size_t n, const struct table_choice *choice)
{
	char time[WHEN_MAX], text[REFUSED_TEXT_MAX], task[HUMAN_TASK_LEN];
	const struct table_column columns[] = {
		{ "ID", true, false }, { time, false, false },
		{ "PROCESS", false, false }, { "CALL", false, false },
		{ "CAUSE", false, true }, { NULL, false, false },
	};
	size_t i;
	struct table *t;

	when_write_heading(time, clock_ns(CLOCK_REALTIME));
	t = table_new(columns, !choice->no_headings);
	for (i = table_first(choice, n); i < n; i++)
		add_row(t, st, &list[table_pick(choice, i, n)]);
	table_print(t);
	if (choice->no_headings)
		return;
	putchar('\n');
	term_say("Cause", "%s: %s", human_task(task, list[n - 1].r->comm, list[n - 1].r->tgid),
		 refused_cause(text, list[n - 1].r, page_size_of(st, &list[n - 1])));
}

/** refused_print_json() - print one as a line of JSON */
void refused_print_json(const struct store *st, const struct refused_call *c)
{
	struct json_object *obj = json_object_new_object();
	const struct oomtrace_refused *r = c->r;
	char text[REFUSED_TEXT_MAX];

	json_add_string(obj, "id", refused_id(text, sizeof(text), st, c), sizeof(text));
	if (c->dated)
		json_add_string(obj, "time", when_write_rfc3339(text, c->wall_ns),
				sizeof(text));
	json_object_object_add(obj, "ts_ns", json_object_new_uint64(r->h.ts_ns));
	json_object_object_add(obj, "pid", json_object_new_int64(r->tgid));
	json_add_string(obj, "comm", r->comm, sizeof(r->comm));
	json_object_object_add(obj, "uid", json_object_new_int64(r->uid));
	json_add_string(obj, "calls",
			oomtrace_value_name(OOMTRACE_REFUSED, "call", r->call) ?: "?", 32);
	json_add_string(obj, "answer", refused_answer(r), 16);
	if (oomtrace_field_valid(&r->h, OOMTRACE_BIT_refused_bytes))
		json_object_object_add(obj, "asked_bytes", json_object_new_uint64(r->bytes));
	json_add_string(obj, "causes", refused_names(text, sizeof(text), r), sizeof(text));
	json_add_string(obj, "explanation", refused_cause(text, r, page_size_of(st, c)),
			sizeof(text));
	puts(json_text(obj));
	json_object_put(obj);
}

/* What else such a call answers ENOMEM for, where no limit explains it. */
static void say_unknown(const struct oomtrace_refused *r)
{
	switch (r->call) {
	case OOMTRACE_CALL_MPROTECT:
	case OOMTRACE_CALL_MADVISE:
	case OOMTRACE_CALL_MLOCK:
		term_say("", "This call also answers ENOMEM if a part of the range is not mapped.");
		break;
	}
	term_say("Next", "oomtrace limits %d, while the process lives", r->tgid);
}

/** refused_explain() - explain one */
void refused_explain(const struct store *st, const struct refused_call *c)
{
	const struct saved_header *facts = &st->load[c->load].recs.facts;
	char text[REFUSED_TEXT_MAX], asked[64], task[HUMAN_TASK_LEN], left[300];
	char id[REFUSAL_ID_MAX], node[160], when[WHEN_MAX], age[WHEN_MAX];
	const struct oomtrace_refused *r = c->r;

	snprintf(left, sizeof(left), "Refusal %s%s%s", refused_id(id, sizeof(id), st, c),
		 *facts->node ? " on " : "", term_clean(node, sizeof(node), facts->node));
	if (c->dated)
		printf("%s%-26s%s %s, %s\n\n", term_bold(), left, term_plain(),
		       when_write(when, c->wall_ns),
		       when_write_age(age, clock_ns(CLOCK_REALTIME) - c->wall_ns));
	else
		printf("%s%-26s%s %.6f s after boot\n\n", term_bold(), left,
		       term_plain(), r->h.ts_ns / 1e9);
	term_say("Asked", "\001%s\002, uid %u: %s, refused with %s",
		 human_task(task, r->comm, r->tgid), r->uid,
		 refused_asked(asked, sizeof(asked), r), refused_answer(r));
	term_say("Cause", "%s (worked out from the kernel's numbers when the call returned)",
		 refused_cause(text, r, facts->page_size));
	if (oomtrace_field_valid(&r->h, OOMTRACE_BIT_refused_commit_seq))
		term_say("", "Its sum: oomtrace why %u.%llu", r->commit_cpu,
			 (unsigned long long)r->commit_seq);
	if (oomtrace_field_valid(&r->h, OOMTRACE_BIT_refused_alloc_seq))
		term_say("", "Its allocation: oomtrace why %u.%llu", r->alloc_cpu,
			 (unsigned long long)r->alloc_seq);
	if (r->cause == OOMTRACE_CAUSE_UNKNOWN)
		say_unknown(r);
	say_stack(&st->load[c->load].recs, oomtrace_stack_of(&r->h));
}
