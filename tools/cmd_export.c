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
#include "records.h"
#include "savefile_read.h"

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

static int export_perfetto(const struct options *opt)
{
	struct records recs = { 0 };
	int damaged;

	damaged = records_read(&recs, opt, RECORDS_OOM |
			       RECORDS_TYPE(OOMTRACE_COMMIT) |
			       RECORDS_TYPE(OOMTRACE_SAMPLE));
	if (!damaged || recs.n) {
		records_index(&recs);
		perfetto_print(&recs);
	}
	records_free(&recs);
	return damaged;
}

/* Count all records in @m, or print them as JSON. Returns 0 or an exit status. */
static int feed_or_print(struct oomtrace *ot, struct metrics *m)
{
	const struct oomtrace_header *rec;
	int ret, err = 0;

	while ((ret = oomtrace_next(ot, &rec)) > 0) {
		if (m)
			metrics_feed(m, rec);
		else
			err = oomtrace_print_json(rec, stdout);
		if (err)
			return report_output_error(-err);
	}
	if (!ret)
		return 0;
	say_error("%s", saved_error(ot));
	return EXIT_RUNTIME;
}

static int export_metrics(struct oomtrace *ot)
{
	static struct metrics m;
	struct metrics_source src = {
		.openmetrics = format == OPENMETRICS, .mode = -1,
	};
	struct saved_header facts;
	int damaged = feed_or_print(ot, &m);

	saved_facts(ot, &facts);
	src.page_size = facts.page_size;
	src.wall_offset_ns = facts.wall_offset_ns;
	src.up = oomtrace_is_device(ot);
	if (src.up) {
		meminfo_sample(&src.sample);
		src.info_known = !oomtrace_get_info(ot, &src.info,
						    sizeof(src.info));
	}
	metrics_settle(&m, ~0ULL);
	metrics_print(&m, &src, stdout);
	return damaged;
}

static int run_export(const struct options *opt)
{
	struct oomtrace *ot;
	int status, damaged;

	if (!format) {
		say_error("export: no format: give --format with json, perfetto, prometheus or openmetrics");
		return EXIT_USAGE;
	}
	if (format == PERFETTO) {
		damaged = export_perfetto(opt);
	} else {
		ot = open_records(opt, 0);
		if (!ot)
			return EXIT_RUNTIME;
		damaged = format == JSON ? feed_or_print(ot, NULL) :
					   export_metrics(ot);
		oomtrace_free(ot);
	}
	/* A failed write was reported above. */
	if (format == JSON && ferror(stdout))
		return damaged;
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
	.help = "Print the buffered records, or those of FILE, in the format of another program. The metrics count the buffered records only; oomtraced(8) counts all records as they are written."
		"\v"
		"Examples:\n"
		"  oomtrace export --format perfetto day.oom > day.json\n"
		"  oomtrace export --format prometheus | promtool check metrics\n",
	.takes = TAKES_FILE,
	.options = export_options,
	.option = parse_export_option,
	.run = run_export,
};
