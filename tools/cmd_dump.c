// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace dump and oomtrace live: print the buffered or the coming records as
 * lines of text or JSON, one at a time.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <liboomtrace.h>

#include "cmd_dump.h"
#include "match.h"
#include "savefile_read.h"
#include "signals.h"

/* Number of lost records in records that are not printed. */
static unsigned long long hidden_losses;

static bool is_wanted(const struct options *opt,
		      const struct oomtrace_header *rec)
{
	bool of_type = opt->all_types ||
		       (rec->type < 64 && (opt->types >> rec->type & 1));
	long long count;

	if (of_type && match_record(rec))
		return true;
	if (rec->type == OOMTRACE_LOST &&
	    oomtrace_get_int(rec, "count", &count) > 0)
		hidden_losses += count;
	return false;
}

/* Returns 0 or a positive errno. */
static int print_dump_record(const struct options *opt, const struct oomtrace_header *rec,
			     bool flush)
{
	int err = opt->json ? oomtrace_print_json(rec, stdout)
			    : oomtrace_print_text(rec, stdout);

	if (!err && flush && fflush(stdout))
		err = -errno;
	return -err;
}

/*
 * Print all records that are available now. Returns 1 if there may be more later,
 * else 0 with the command's exit status in *status.
 */
static int print_available(struct oomtrace *ot, const struct options *opt,
			   bool live, int *status)
{
	const struct oomtrace_header *rec;
	int ret = 0, err;

	while (!signals_stopped() && (ret = oomtrace_next(ot, &rec)) > 0) {
		if (!is_wanted(opt, rec))
			continue;
		err = print_dump_record(opt, rec, live);
		if (err) {
			*status = signals_stopped() ? EXIT_OK :
				  report_output_error(err);
			return 0;
		}
	}
	*status = EXIT_OK;
	if (signals_stopped())
		return 0;
	if (ret == -EINTR)
		return 1;
	if (ret < 0) {
		say_error("%s", saved_error(ot));
		*status = EXIT_RUNTIME;
		return 0;
	}
	return oomtrace_is_device(ot);
}

static int follow_records(struct oomtrace *ot, const struct options *opt)
{
	int status, ret;

	while (print_available(ot, opt, true, &status)) {
		ret = oomtrace_wait(ot, -1, signals_fd());
		if (ret < 0 && ret != -EINTR) {
			say_error("%s", saved_error(ot));
			return EXIT_RUNTIME;
		}
	}
	return status;
}

static int finish_dump(struct oomtrace *ot, int status)
{
	oomtrace_free(ot);
	if (!signals_stopped() && status == EXIT_OK)
		status = close_output();
	if (hidden_losses)
		say_error("%llu records were overwritten before they were read",
			  hidden_losses);
	return status;
}

static int parse_dump_option(int key, const char *arg)
{
	if (key != 'f')
		return ARGP_ERR_UNKNOWN;
	return match_add(arg) ? 0 : EINVAL;
}

static const struct argp_option dump_options[] = {
	{ "filter", 'f', "CONDITION", 0,
	  "Print only records that match: FIELD=VALUE, FIELD!=VALUE, FIELD<N or FIELD>N. If given more than once, all must match",
	  0 },
	{ 0 }
};

static int run_dump(const struct options *opt)
{
	struct oomtrace *ot = open_records(opt, 0);
	int status;

	if (!ot)
		return EXIT_RUNTIME;
	print_available(ot, opt, false, &status);
	return finish_dump(ot, status);
}

static int run_live(const struct options *opt)
{
	struct oomtrace *ot;

	ot = open_records(opt, opt->oldest ? 0 : OOMTRACE_OPEN_NEWEST);
	if (!ot)
		return EXIT_RUNTIME;
	if (signals_catch()) {
		oomtrace_free(ot);
		return EXIT_RUNTIME;
	}
	return finish_dump(ot, follow_records(ot, opt));
}

const struct command command_dump = {
	.name = "dump",
	.summary = "print the buffered records and exit",
	.help = "Print the buffered records, oldest first, and exit. Reading does not consume them."
		"\v"
		"Examples:\n"
		"  oomtrace dump --type commit\n"
		"      the commit decisions; denials end with the shortfall\n"
		"  oomtrace dump --json | jq 'select(.type == \"verdict\")'\n"
		"      the OOM killer's choices, for a program\n",
	.takes = TAKES_JSON | TAKES_TYPES | TAKES_FILE,
	.options = dump_options,
	.option = parse_dump_option,
	.run = run_dump,
};

const struct command command_live = {
	.name = "live",
	.summary = "print new records as they are written",
	.help = "Print new records as they are written, until interrupted."
		"\v"
		"Examples:\n"
		"  oomtrace live\n"
		"      watch; Ctrl-C ends it\n"
		"  oomtrace live --filter ret!=0 --filter 'pages>262144'\n"
		"      refused requests for more than 1 GiB\n"
		"  oomtrace live --oldest --json >> oomtrace.jsonl\n"
		"      save everything, including the buffered records\n",
	.takes = TAKES_JSON | TAKES_TYPES | TAKES_OLDEST,
	.options = dump_options,
	.option = parse_dump_option,
	.run = run_live,
};
