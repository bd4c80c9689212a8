// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the answer of oomtrace advise as text and as JSON.
 */
#include <stdarg.h>
#include <stdio.h>

#include "../common/format.h"
#include "../common/say.h"
#include "advise_print.h"
#include "json.h"

/* Number of commands listed for each limit. */
#define NAMED	3

static __printf(2, 0)
void print_advise_text(void *ctx, const char *fmt, va_list args)
{
	vfprintf(ctx, fmt, args);
}

static u64 first_ns(const struct report *rep)
{
	return rep->history->decision[0].rec->h.ts_ns;
}

static u64 span_ns(const struct report *rep)
{
	const struct history *h = rep->history;

	return h->decision[h->n - 1].rec->h.ts_ns - first_ns(rep);
}

/* The caveat of an index; NULL after the last one. */
static const char *advise_caveat(const struct report *rep, unsigned int n)
{
	static const char * const always[] = {
		"a refused program behaves differently: it requests less, retries or exits; everything after the first refusal is an estimate",
		"mappings with MAP_NORESERVE are charged in mode 2 only; these records do not include them",
		"mode 2 compares a per-CPU counter with an error of up to 0.4 % of RAM",
	};
	const struct history *h = rep->history;
	static char text[200];
	unsigned int i = 0;

	if (n < ARRAY_SIZE(always))
		return always[n];
	n -= ARRAY_SIZE(always);
	if (rep->recs->lost[OOMTRACE_RING_COMMIT] && i++ == n) {
		snprintf(text, sizeof(text),
			 "%llu decisions were overwritten before they were saved; the samples include their memory, but they are not judged",
			 rep->recs->lost[OOMTRACE_RING_COMMIT]);
		return text;
	}
	if (h->unplaced && i++ == n) {
		snprintf(text, sizeof(text),
			 "%zu decisions lie before the first or after the last sample and are not judged",
			 h->unplaced);
		return text;
	}
	if (h->incomplete && i++ == n) {
		snprintf(text, sizeof(text),
			 "%zu decisions lack a term of the limit and are not judged",
			 h->incomplete);
		return text;
	}
	return NULL;
}

/* ---- text ---- */

static void print_commands(struct text_writer *w, const struct advice *a)
{
	size_t i;

	for (i = 0; i < a->ncommands && i < NAMED; i++) {
		write_text(w, "%s", i ? ", " : "");
		write_comm(w, a->commands[i].comm);
		write_text(w, " ");
		write_count(w, a->commands[i].refused);
	}
	if (a->ncommands > NAMED)
		write_text(w, ", %zu more", a->ncommands - NAMED);
}

static void print_advice_row(struct text_writer *w, const struct report *rep,
			     const struct advice *a)
{
	const struct refusals *r = &a->refusals;
	char name[40], range[48], first[32] = "-";

	snprintf(name, sizeof(name), a->limit.by_kbytes ? "%lld kB" : "%lld %%",
		 a->limit.value);
	snprintf(range, sizeof(range), "%zu to %zu", r->least, r->most);
	if (r->first)
		snprintf(first, sizeof(first), "%.3f s",
			 (r->first->rec->h.ts_ns - first_ns(rep)) / 1e9);
	write_text(w, "%14s %12lld %9zu %16s %12s  ", name, a->pages, r->guess, range,
		   first);
	print_commands(w, a);
	write_text(w, "\n");
}

static void print_smallest(struct text_writer *w, const struct report *rep)
{
	write_text(w, "Smallest vm.overcommit_ratio without a refusal: ");
	if (rep->smallest < 0)
		write_text(w, "none, since some request is larger than any limit\n");
	else if (rep->smallest_sure < 0)
		write_text(w, "probably %lld\n", rep->smallest);
	else if (rep->smallest == rep->smallest_sure)
		write_text(w, "%lld\n", rep->smallest);
	else
		write_text(w, "probably %lld; certainly %lld\n", rep->smallest,
			   rep->smallest_sure);
}

void advise_text(const struct report *rep)
{
	struct oomtrace_out out = { .vprint = print_advise_text, .ctx = stdout };
	struct text_writer w = { .out = &out, .page_size = rep->recs->facts.page_size };
	const struct history *h = rep->history;
	const char *text;
	unsigned int i;

	write_count(&w, h->n);
	write_text(&w, " commit decisions in ");
	write_duration(&w, span_ns(rep));
	write_text(&w, "; the committed memory is known to within ");
	write_count(&w, h->width);
	write_text(&w, " pages");
	write_size(&w, h->width);
	write_text(&w, "\n\nvm.overcommit_memory=2 would have refused:\n");
	write_text(&w, "%14s %12s %9s %16s %12s  %s\n", "limit", "pages", "probably",
		   "least to most", "first after", "commands");
	for (i = 0; i < rep->n; i++)
		print_advice_row(&w, rep, &rep->advice[i]);
	write_text(&w, "\n");
	print_smallest(&w, rep);
	for (i = 0; (text = advise_caveat(rep, i)); i++)
		write_text(&w, "%s%s\n", i ? "     " : "But: ", text);
}

/* ---- JSON ---- */

static void add_count(struct json_object *obj, const char *name, s64 n)
{
	json_object_object_add(obj, name, json_object_new_int64(n));
}

static struct json_object *advice_json(const struct report *rep,
				       const struct advice *a)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct json_object *one;
	size_t i;

	add_count(obj, a->limit.by_kbytes ? "overcommit_kbytes" :
		  "overcommit_ratio", a->limit.value);
	add_count(obj, "limit", a->pages);
	add_count(obj, "least", a->refusals.least);
	add_count(obj, "probably", a->refusals.guess);
	add_count(obj, "most", a->refusals.most);
	add_count(obj, "pages", a->refusals.pages);
	if (a->refusals.first)
		add_count(obj, "first_ns", a->refusals.first->rec->h.ts_ns -
			  first_ns(rep));
	for (i = 0; i < a->ncommands; i++) {
		one = json_object_new_object();
		json_add_string(one, "comm", a->commands[i].comm,
				OOMTRACE_COMM_LEN);
		add_count(one, "refused", a->commands[i].refused);
		json_object_array_add(list, one);
	}
	json_object_object_add(obj, "commands", list);
	return obj;
}

void advise_json(const struct report *rep)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct json_object *caveats = json_object_new_array();
	const char *text;
	unsigned int i;

	add_count(obj, "decisions", rep->history->n);
	add_count(obj, "samples", rep->history->samples);
	add_count(obj, "span_ns", span_ns(rep));
	add_count(obj, "uncertain_pages", rep->history->width);
	for (i = 0; i < rep->n; i++)
		json_object_array_add(list, advice_json(rep, &rep->advice[i]));
	json_object_object_add(obj, "limits", list);
	if (rep->smallest >= 0)
		add_count(obj, "smallest_ratio", rep->smallest);
	if (rep->smallest_sure >= 0)
		add_count(obj, "smallest_ratio_sure", rep->smallest_sure);
	for (i = 0; (text = advise_caveat(rep, i)); i++)
		json_object_array_add(caveats, json_object_new_string(text));
	json_object_object_add(obj, "caveats", caveats);
	puts(json_text(obj));
	json_object_put(obj);
}
