// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace report: write an OOM, or a recording, as one self-contained HTML page.
 *
 * The template gets the answers, charts, tables and the explanation of the OOM,
 * and its numbers as JSON for programs. All text from records is escaped.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "../common/story.h"
#include "cmd_report.h"
#include "json.h"
#include "records.h"
#include "report_html.h"
#include "report_page.h"
#include "store_pick.h"

/* Upper bounds of what the page shows. */
#define CANDIDATES_SHOWN	500
#define SAMPLES_SHOWN		2000

static const char *output;

static error_t parse_report_option(int key, const char *arg)
{
	switch (key) {
	case 'o':
		output = arg;
		return 0;
	case 'c':
		/* Earlier versions embedded a library. */
		say_error("report: --chart is not needed: the page has its charts without Chart.js");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the parts ---- */

/* Inside <script>, only "<" needs escaping: it could end the element. */
static void put_json(FILE *to, struct json_object *obj)
{
	const char *s;

	for (s = json_text(obj); *s; s++) {
		if (*s == '<')
			fputs("\\u003c", to);
		else
			fputc(*s, to);
	}
}

static void put_story(FILE *to, const struct report *p)
{
	struct oomtrace_out out = { .vprint = html_vprint, .ctx = to };
	static struct oomtrace_story s;
	size_t i;

	if (!p->episode) {
		fputs("These records contain no OOM.", to);
		return;
	}
	oomtrace_story_init(&s, p->episode, p->recs.facts.page_size);
	for (i = 0; i < p->recs.n; i++)
		oomtrace_story_feed(&s, p->recs.rec[i]);
	oomtrace_story_use_stack(&s, records_stack(&p->recs, oomtrace_story_stack(&s)));
	oomtrace_story_print(&s, &out);
}

static void put_title(FILE *to, const struct report *p)
{
	if (!p->episode) {
		fputs("Memory recorded by oomtrace", to);
		return;
	}
	fprintf(to, "OOM episode %llu", p->episode);
	if (*p->recs.facts.node) {
		fputs(" on ", to);
		html_put(to, p->recs.facts.node);
	}
	if (p->verdict || p->victim) {
		fputs(": ", to);
		if (p->verdict)
			html_put_task(to, p->verdict->comm, p->verdict->pid);
		else
			html_put_task(to, p->victim->comm, p->victim->pid);
		fputs(" was killed", to);
	}
}

static void put_source(FILE *to, const struct report *p)
{
	if (*p->recs.facts.release) {
		fputs("Recorded on ", to);
		html_put(to, p->recs.facts.node);
		fputs(", kernel ", to);
		html_put(to, p->recs.facts.release);
		fputs(" on ", to);
		html_put(to, p->recs.facts.machine);
		fputs(". ", to);
	}
	fputs("Written by oomtrace " OOMTRACE_VERSION " from ", to);
	html_put(to, p->path);
	fputs(".", to);
}

/* ---- the numbers ---- */

static void add_optional_int(struct json_object *obj, const char *name,
			     const struct oomtrace_header *rec, unsigned int idx,
			     s64 n)
{
	json_object_object_add(obj, name, oomtrace_field_valid(rec, idx) ?
			       json_object_new_int64(n) : NULL);
}

/* The name of a candidate's outcome; NULL if it is not known. */
static const char *name_outcome(const struct oomtrace_candidate *c)
{
	if (!oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_verdict))
		return NULL;
	if (c->verdict != OOMTRACE_EVAL_INELIGIBLE)
		return oomtrace_value_name(OOMTRACE_CANDIDATE, "verdict", c->verdict);
	if (!oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_reason))
		return "ineligible";
	return oomtrace_value_name(OOMTRACE_CANDIDATE, "reason", c->reason);
}

static struct json_object *candidate_json(const struct report *p,
					  const struct oomtrace_candidate *c,
					  const struct oomtrace_verdict *v)
{
	struct json_object *obj = json_object_new_object();
	const char *name = name_outcome(c);
	bool chosen = v && v->pid == c->pid;
	char comm[4 * OOMTRACE_COMM_LEN + 1], task[100];
	s64 adj;

	oomtrace_escape(comm, sizeof(comm), c->comm, sizeof(c->comm));
	snprintf(task, sizeof(task), "%s[%d]", comm, c->pid);
	json_add_string(obj, "name", task, sizeof(task));
#define ADD(field)	add_optional_int(obj, #field, &c->h, \
				  OOMTRACE_BIT_candidate_##field, c->field)
	ADD(points);
	ADD(rss_anon);
	ADD(rss_file);
	ADD(rss_shmem);
	ADD(swapents);
	ADD(oom_score_adj);
#undef ADD
	add_optional_int(obj, "pgtables", &c->h,
			 OOMTRACE_BIT_candidate_pgtables_bytes,
			 c->pgtables_bytes / p->recs.facts.page_size);
	adj = v ? (u64)c->oom_score_adj * (v->totalpages / 1000) : 0;
	json_object_object_add(obj, "adj_pages", json_object_new_int64(adj));
	if (chosen || !name)
		name = chosen ? "killed" : "?";
	json_object_object_add(obj, "verdict", json_object_new_string(name));
	json_object_object_add(obj, "chosen", json_object_new_boolean(chosen));
	return obj;
}

static int compare_candidates(const void *a, const void *b)
{
	const struct oomtrace_candidate *x = *(void * const *)a;
	const struct oomtrace_candidate *y = *(void * const *)b;
	bool has_x = oomtrace_field_valid(&x->h, OOMTRACE_BIT_candidate_points);
	bool has_y = oomtrace_field_valid(&y->h, OOMTRACE_BIT_candidate_points);

	if (has_x != has_y)
		return has_x ? -1 : 1;
	if (x->points != y->points)
		return x->points > y->points ? -1 : 1;
	return x->index > y->index ? -1 : 1;
}

static struct json_object *candidates_json(const struct report *p)
{
	const struct oomtrace_verdict *v =
		records_first(&p->recs, p->episode, OOMTRACE_VERDICT);
	const void **list = xcalloc(p->recs.n, sizeof(*list));
	struct json_object *array = json_object_new_array();
	const struct oomtrace_header *rec;
	size_t pos = 0, n = 0, i;

	while ((rec = records_next(&p->recs, p->episode, &pos)))
		if (rec->type == OOMTRACE_CANDIDATE)
			list[n++] = rec;
	qsort(list, n, sizeof(*list), compare_candidates);
	for (i = 0; i < n && i < CANDIDATES_SHOWN; i++)
		json_object_array_add(array, candidate_json(p, list[i], v));
	free(list);
	return array;
}

/* The memory state: pairs of a name and a number of pages. */
static struct json_object *memory_json(const struct report *p)
{
	static const struct { const char *name; unsigned int idx; } shown[] = {
		{ "cgroup: used", OOMTRACE_BIT_oom_begin_memcg_usage },
		{ "cgroup: limit", OOMTRACE_BIT_oom_begin_memcg_limit },
		{ "RAM", OOMTRACE_BIT_oom_begin_totalram },
		{ "free", OOMTRACE_BIT_oom_begin_free },
		{ "watermark min", OOMTRACE_BIT_oom_begin_wmark_min },
		{ "watermark low", OOMTRACE_BIT_oom_begin_wmark_low },
		{ "watermark high", OOMTRACE_BIT_oom_begin_wmark_high },
		{ "anonymous", OOMTRACE_BIT_oom_begin_anon },
		{ "file", OOMTRACE_BIT_oom_begin_file },
		{ "shared", OOMTRACE_BIT_oom_begin_shmem },
		{ "slab, reclaimable", OOMTRACE_BIT_oom_begin_slab_reclaimable },
		{ "slab, unreclaimable", OOMTRACE_BIT_oom_begin_slab_unreclaimable },
		{ "swap", OOMTRACE_BIT_oom_begin_total_swap },
		{ "swap, free", OOMTRACE_BIT_oom_begin_swap_free },
	};
	const struct oomtrace_header *rec =
		records_first(&p->recs, p->episode, OOMTRACE_OOM_BEGIN);
	const struct oomtrace_field *fields =
		oomtrace_type_desc(OOMTRACE_OOM_BEGIN)->fields;
	struct json_object *array = json_object_new_array(), *pair;
	unsigned int i;
	s64 n;

	for (i = 0; rec && i < ARRAY_SIZE(shown); i++) {
		if (!oomtrace_field_valid(rec, shown[i].idx))
			continue;
		n = oomtrace_field_int(rec, &fields[shown[i].idx]);
		pair = json_object_new_array();
		json_object_array_add(pair,
				      json_object_new_string(shown[i].name));
		json_object_array_add(pair, json_object_new_int64(n));
		json_object_array_add(array, pair);
	}
	return array;
}

static struct json_object *samples_json(const struct report *p)
{
	struct json_object *array = json_object_new_array(), *one;
	const struct oomtrace_sample *s;
	size_t i, n = 0, seen = 0, step;

	for (i = 0; i < p->recs.n; i++)
		n += !!report_sample(p, i);
	step = n / SAMPLES_SHOWN + 1;
	for (i = 0; i < p->recs.n; i++) {
		s = report_sample(p, i);
		if (!s || seen++ % step)
			continue;
		one = json_object_new_array();
		json_object_array_add(one,
				      json_object_new_double(s->h.ts_ns / 1e9));
		json_object_array_add(one, json_object_new_int64(s->committed));
		json_object_array_add(one, json_object_new_int64(s->limit));
		json_object_array_add(one, json_object_new_int64(s->available));
		json_object_array_add(array, one);
	}
	return array;
}

static void put_data(FILE *to, const struct report *p)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "page_size",
			       json_object_new_int64(p->recs.facts.page_size));
	json_object_object_add(obj, "candidates", candidates_json(p));
	json_object_object_add(obj, "memory", memory_json(p));
	json_object_object_add(obj, "samples", samples_json(p));
	put_json(to, obj);
	json_object_put(obj);
}

/* ---- the page ---- */

static void put_page(FILE *to, const struct report *p)
{
	static const struct {
		const char *mark;
		void (*put)(FILE *to, const struct report *p);
	} parts[] = {
		{ "@TITLE@", put_title }, { "@SUMMARY@", report_put_summary },
		{ "@MEMORY@", report_put_memory },
		{ "@CANDIDATES@", report_put_candidates },
		{ "@TIMELINE@", report_put_timeline },
		{ "@SAMPLES@", report_put_samples }, { "@STORY@", put_story },
		{ "@SOURCE@", put_source }, { "@DATA@", put_data },
	};
	const char *at;
	unsigned int i;

	for (at = report_page; *at; at++) {
		if (*at != '@') {
			fputc(*at, to);
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(parts); i++)
			if (!strncmp(at, parts[i].mark, strlen(parts[i].mark)))
				break;
		if (i < ARRAY_SIZE(parts)) {
			parts[i].put(to, p);
			at += strlen(parts[i].mark) - 1;
		} else {
			fputc(*at, to);
		}
	}
}

static int write_page(const struct report *p)
{
	FILE *to = strcmp(output, "-") ? fopen(output, "we") : stdout;

	if (to) {
		put_page(to, p);
		if (to == stdout)
			return close_output();
		/* Flush first: ferror() does not cover buffered data. */
		if (!fflush(to) && !ferror(to) && !fclose(to))
			return EXIT_OK;
	}
	say_error("cannot write %s: %s", output, strerror(errno));
	return EXIT_RUNTIME;
}

static int run_report(const struct options *opt)
{
	static struct report p;
	const struct episode *ep;
	struct store st;
	int status, damaged;

	if (!output) {
		say_error("report: no output file: give -o PAGE.html");
		return EXIT_USAGE;
	}
	status = store_read(&st, opt, ~(RECORDS_TYPE(OOMTRACE_COMMIT) | STORE_WHOLE | STORE_QUIET));
	ep = status ? NULL : store_pick(&st, opt, STORE_CHOSEN);
	if (!status && !ep && (opt->episode || opt->timed))
		status = store_report_none(&st, opt);
	if (!status) {
		/* The records stay the store's. */
		if (ep)
			p.recs = *store_complete(&st, ep);
		else if (st.nload)
			p.recs = st.load[st.nload - 1].recs;
		p.episode = ep ? ep->number : 0;
		p.path = opt->device;
		if (st.nload && load_is_here(&st.load[ep ? ep->load : st.nload - 1]))
			p.cgroups.names_root = "";
		report_collect(&p);
		status = write_page(&p);
		free(p.candidates);
	}
	damaged = st.damaged;
	store_free(&st);
	return status ? status : damaged;
}

static const struct argp_option report_options[] = {
	{ "output", 'o', "PAGE.html", 0, "Write to PAGE.html; \"-\" is standard output", 0 },
	{ "chart", 'c', "FILE", OPTION_HIDDEN, "", 0 },
	{ 0 }
};

const struct command command_report = {
	.name = "report",
	.summary = "write an OOM as an HTML page",
	.help = "Write a self-contained HTML page about an OOM: who was killed, where, when and why, the memory at that moment, the candidates, the timeline, and the memory in the hour before and after if there are samples. The page needs no JavaScript and no other file."
		"\v"
		"Examples:\n"
		"  oomtrace report -o oom.html\n"
		"      the last OOM with a victim\n"
		"  oomtrace report day.oom 3 -o third.html\n",
	.takes = TAKES_EPISODE | TAKES_STORE | TAKES_TIMES,
	.options = report_options,
	.option = parse_report_option,
	.run = run_report,
};
