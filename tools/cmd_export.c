// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace export: print buffered or saved records in the format of another
 * program: JSON lines, a trace for Perfetto, or metrics for Prometheus.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd_export.h"
#include "liboomtrace.h"
#include "meminfo.h"
#include "metrics.h"
#include "perfetto.h"
#include "records_json.h"
#include "store_pick.h"

enum format { FORMAT_NONE, JSON, PERFETTO, PROMETHEUS, OPENMETRICS };

static enum format format;

static error_t parse_export_option(int key, const char *arg)
{
	static const char * const names[] = {
		[JSON] = "json", [PERFETTO] = "perfetto",
		[PROMETHEUS] = "prometheus", [OPENMETRICS] = "openmetrics",
	};
	unsigned int i;

	if (key != 'f')
		return ARGP_ERR_UNKNOWN;
	for (i = JSON; i < ARRAY_SIZE(names); i++) {
		if (strcmp(arg, names[i]))
			continue;
		format = i;
		return 0;
	}
	say_error("--format: unknown format '%s': give json, perfetto, prometheus or openmetrics",
		  arg);
	return EINVAL;
}

/* The load whose records are the newest, NULL if there is none. */
static struct load *newest_load(const struct store *st)
{
	size_t i;

	for (i = 0; i < st->nload; i++)
		if (store_is_newest_load(st, i))
			return &st->load[i];
	return st->nload ? &st->load[st->nload - 1] : NULL;
}

/* Only one load has one time line. */
static void export_perfetto(const struct store *st)
{
	const struct load *l = newest_load(st);

	if (l)
		perfetto_print(&l->recs);
}

static bool is_exported(const struct options *opt, const struct load *l, size_t i)
{
	return !opt->timed || (l->wall[i] && is_in_time(opt, l->recs.rec[i]->ts_ns +
							l->wall[i]));
}

/* Returns 0, or an exit status after an error message. */
static int export_json(const struct store *st, const struct options *opt)
{
	char text[RECORDS_JSON_MAX];
	const struct load *l;
	size_t i, k;

	for (i = 0; i < st->nload; i++) {
		l = &st->load[i];
		for (k = 0; k < l->recs.n; k++) {
			if (!is_exported(opt, l, k) ||
			    !records_json(l->recs.rec[k], &l->recs.facts, l->wall[k],
					  l->wall[k], text))
				continue;
			errno = 0;
			if (puts(text) < 0)
				return report_output_error(errno);
		}
	}
	return 0;
}

static void export_metrics(const struct store *st, const struct options *opt)
{
	static struct metrics m;
	struct metrics_source src = {
		.openmetrics = format == OPENMETRICS, .mode = -1,
	};
	const struct load *l = newest_load(st);
	struct oomtrace *ot;
	size_t i, k;

	for (i = 0; i < st->nload; i++)
		for (k = 0; k < st->load[i].recs.n; k++)
			if (is_exported(opt, &st->load[i], k))
				metrics_feed(&m, st->load[i].recs.rec[k]);
	if (l) {
		src.page_size = l->recs.facts.page_size;
		src.wall_offset_ns = l->recs.facts.wall_offset_ns;
		src.up = l->live;
	}
	ot = src.up ? open_records(opt, 0) : NULL;
	if (ot) {
		meminfo_sample(&src.sample);
		src.info_known = !oomtrace_get_info(ot, &src.info,
						    sizeof(src.info));
		oomtrace_free(ot);
	}
	metrics_settle(&m, ~0ULL);
	metrics_print(&m, &src, stdout);
}

static int run_export(const struct options *opt)
{
	struct store st;
	int status, damaged;

	if (!format) {
		say_error("export: no format: give --format with json, perfetto, prometheus or openmetrics");
		return EXIT_USAGE;
	}
	status = store_read(&st, opt, format == PERFETTO ? STORE_WHOLE | RECORDS_OOM |
			    RECORDS_TYPE(OOMTRACE_COMMIT) |
			    RECORDS_TYPE(OOMTRACE_SAMPLE) : ~0UL);
	if (!status && format == PERFETTO)
		export_perfetto(&st);
	else if (!status && format == JSON)
		status = export_json(&st, opt);
	else if (!status)
		export_metrics(&st, opt);
	damaged = st.damaged;
	store_free(&st);
	/* A failed write of JSON was reported. */
	if (!status && !(format == JSON && ferror(stdout)))
		status = close_output();
	return status ? status : damaged;
}

static const struct argp_option export_options[] = {
	{ "format", 'f', "FORMAT", 0,
	  "json (one record per line), perfetto (for ui.perfetto.dev and chrome://tracing), prometheus (for a textfile or promtool), openmetrics",
	  0 },
	{ 0 }
};

const struct command command_export = {
	.name = "export",
	.summary = "records for other programs: JSON, Perfetto, Prometheus",
	.help = "Print the buffered and the saved records, or those of FILEs and DIRs, in the format of another program. A Perfetto trace has the records since the module was loaded last. Metrics count these records only; oomtraced(8) counts all records as they are written."
		"\v"
		"Examples:\n"
		"  oomtrace export --format perfetto day.oom > day.json\n"
		"  oomtrace export --format prometheus | promtool check metrics\n",
	.takes = TAKES_STORE | TAKES_TIMES,
	.options = export_options,
	.option = parse_export_option,
	.run = run_export,
};
