// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace advise: which of the recorded requests vm.overcommit_memory=2 would
 * have refused, as text or JSON, with what such a replay cannot know.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../common/format.h"
#include "../common/say.h"
#include "advise_print.h"
#include "cmd_advise.h"
#include "numbers.h"

enum { KEY_RATIO = 0x200, KEY_KBYTES, KEY_SWEEP };

static struct limit asked_limit;
static unsigned int limits_asked;
static bool sweep;

static error_t parse_advise_option(int key, const char *arg)
{
	long long n;

	switch (key) {
	case KEY_RATIO:
		if (!read_number(arg, 0, 10000, &n)) {
			say_error("--ratio: invalid ratio '%s': vm.overcommit_ratio is a percentage from 0 to 10000",
				  arg);
			return EINVAL;
		}
		asked_limit = (struct limit){ .value = n };
		limits_asked++;
		return 0;
	case KEY_KBYTES:
		if (!read_number(arg, 1, 1LL << 50, &n)) {
			say_error("--kbytes: invalid limit '%s': vm.overcommit_kbytes is a number of KiB from 1",
				  arg);
			return EINVAL;
		}
		asked_limit = (struct limit){ .by_kbytes = true, .value = n };
		limits_asked++;
		return 0;
	case KEY_SWEEP:
		sweep = true;
		limits_asked++;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- refusals by command ---- */

static int by_comm(const void *a, const void *b)
{
	return memcmp(((const struct command_refusals *)a)->comm,
		      ((const struct command_refusals *)b)->comm, OOMTRACE_COMM_LEN);
}

static int by_count(const void *a, const void *b)
{
	const struct command_refusals *x = a, *y = b;

	if (x->refused != y->refused)
		return x->refused > y->refused ? -1 : 1;
	return by_comm(a, b);
}

/* Make one entry per refusal, sort by name, and merge equal names. */
static void count_commands(struct advice *a, const struct history *h)
{
	const struct refusals *r = &a->refusals;
	size_t i, n = 0, k = 0;

	for (i = 0; i < h->n; i++)
		n += r->refused[i];
	a->commands = xcalloc(n, sizeof(a->commands[0]));
	for (i = 0; i < h->n; i++) {
		if (!r->refused[i])
			continue;
		memcpy(a->commands[k].comm, h->decision[i].rec->comm,
		       OOMTRACE_COMM_LEN);
		a->commands[k++].refused = 1;
	}
	qsort(a->commands, k, sizeof(a->commands[0]), by_comm);
	for (i = 0; i < k; i++) {
		if (a->ncommands && !by_comm(&a->commands[a->ncommands - 1],
					     &a->commands[i]))
			a->commands[a->ncommands - 1].refused++;
		else
			a->commands[a->ncommands++] = a->commands[i];
	}
	qsort(a->commands, a->ncommands, sizeof(a->commands[0]), by_count);
}

static void evaluate_limit(struct advice *a, const struct history *h,
			   struct limit limit)
{
	memset(a, 0, sizeof(*a));
	a->limit = limit;
	a->pages = limit_pages(&limit, h->decision[h->n - 1].rec,
			       h->page_size);
	judge(h, &limit, &a->refusals);
	count_commands(a, h);
}

/* ---- the command ---- */

/* The ratios of a sweep: round numbers, and those around the smallest ratio. */
static size_t choose_limits(const struct report *rep, struct limit *limit)
{
	static const int round[] = { 0, 25, 50, 75, 100, 125, 150, 200 };
	s64 extra[] = { rep->smallest - 1, rep->smallest, rep->smallest_sure };
	size_t n = 0, i, k;

	for (i = 0; i < ARRAY_SIZE(round); i++)
		limit[n++].value = round[i];
	for (i = 0; i < ARRAY_SIZE(extra); i++) {
		if (extra[i] < 0)
			continue;
		for (k = 0; k < n && limit[k].value < extra[i]; k++)
			;
		if (k < n && limit[k].value == extra[i])
			continue;
		memmove(&limit[k + 1], &limit[k], (n - k) * sizeof(limit[0]));
		limit[k].value = extra[i];
		n++;
	}
	return n;
}

static void make_report(struct report *rep, const struct history *h)
{
	struct limit limit[16] = { 0 };
	size_t i, n = 1;

	rep->smallest = smallest_ratio(h, false);
	rep->smallest_sure = smallest_ratio(h, true);
	if (!limits_asked || sweep)
		n = choose_limits(rep, limit);
	else
		limit[0] = asked_limit;
	rep->advice = xcalloc(n, sizeof(rep->advice[0]));
	for (i = 0; i < n; i++)
		evaluate_limit(&rep->advice[rep->n++], h, limit[i]);
}

static void free_report(struct report *rep)
{
	size_t i;

	for (i = 0; i < rep->n; i++) {
		free(rep->advice[i].commands);
		free(rep->advice[i].refusals.refused);
	}
	free(rep->advice);
}

/* Granted requests must be recorded too: only with commit_records=all. */
static bool all_recorded(const struct records *recs)
{
	const struct oomtrace_commit *c;
	size_t i;

	for (i = 0; i < recs->n; i++) {
		c = (const void *)recs->rec[i];
		if (c->h.type == OOMTRACE_COMMIT &&
		    oomtrace_field_valid(&c->h, OOMTRACE_BIT_commit_recorded) &&
		    c->recorded == OOMTRACE_RECORDED_ALL)
			return true;
	}
	return false;
}

static int run_advise(const struct options *opt)
{
	struct records recs = { 0 };
	struct history h;
	struct report rep = { .history = &h, .recs = &recs };
	int status, damaged;

	if (limits_asked > 1) {
		say_error("advise: give only one of --ratio, --kbytes and --sweep");
		return EXIT_USAGE;
	}
	damaged = records_read(&recs, opt, RECORDS_TYPE(OOMTRACE_COMMIT) |
			       RECORDS_TYPE(OOMTRACE_SAMPLE));
	if (damaged && !recs.n)
		return damaged;
	history_init(&h, &recs);
	if (!all_recorded(&recs) || !h.n) {
		say_error("%s: use `oomtrace record --all -o FILE`, then `oomtrace advise FILE`",
			  all_recorded(&recs) ?
			  "no decision lies between two samples of the committed memory" :
			  "granted requests were not recorded");
		status = EXIT_RUNTIME;
	} else {
		make_report(&rep, &h);
		if (opt->json)
			advise_json(&rep);
		else
			advise_text(&rep);
		status = close_output();
		free_report(&rep);
	}
	history_free(&h);
	records_free(&recs);
	return status ? status : damaged;
}

static const struct argp_option advise_options[] = {
	{ "ratio", KEY_RATIO, "R", 0,
	  "Assume vm.overcommit_ratio=R", 0 },
	{ "kbytes", KEY_KBYTES, "K", 0,
	  "Assume vm.overcommit_kbytes=K", 0 },
	{ "sweep", KEY_SWEEP, NULL, 0,
	  "Try several ratios and find the smallest without a refusal; the default",
	  0 },
	{ 0 }
};

const struct command command_advise = {
	.name = "advise",
	.summary = "what vm.overcommit_memory=2 would have refused",
	.help = "Replay commit decisions recorded in any mode, and print which requests vm.overcommit_memory=2 would have refused with a given limit: how many, of which commands, and when."
		"\v"
		"Examples:\n"
		"  oomtrace record --all -o day.oom     (under the usual load)\n"
		"  oomtrace advise day.oom\n"
		"  oomtrace advise --ratio 80 --json day.oom\n",
	.takes = TAKES_JSON | TAKES_FILE | TAKES_TIMES,
	.options = advise_options,
	.option = parse_advise_option,
	.run = run_advise,
};
