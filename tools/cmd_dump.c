// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace dump and oomtrace live: records as lines of text or JSON, what is
 * held or what is to come. Reads and prints by liboomtrace; one record at a time
 * is all it remembers.
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

/* Records that the reader lost, if it does not show those records. */
static unsigned long long hidden_losses;

static bool wanted(const struct options *opt,
		   const struct oomtrace_header *rec)
{
	bool of_type = opt->all_types ||
		       (rec->type < 64 && (opt->types >> rec->type & 1));
	long long count;

	if (of_type && match(rec))
		return true;
	if (rec->type == OOMTRACE_LOST &&
	    oomtrace_get_int(rec, "count", &count) > 0)
		hidden_losses += count;
	return false;
}

/* 0 or a positive errno. */
static int print(const struct options *opt, const struct oomtrace_header *rec,
		 bool flush)
{
	int err = opt->json ? oomtrace_print_json(rec, stdout)
			    : oomtrace_print_text(rec, stdout);

	if (!err && flush && fflush(stdout))
		err = -errno;
	return -err;
}

/* The reader of our output may leave at any time; that is how `| head` ends. */
static int output_failed(int err)
{
	if (err == EPIPE || signals_stopped())
		return EXIT_OK;
	say_error("cannot write the output: %s", strerror(err));
	return EXIT_RUNTIME;
}

/*
 * Print all that can be read now. 1: there may be more later; else *status is
 * the command's exit status.
 */
static int print_held(struct oomtrace *ot, const struct options *opt,
		      bool live, int *status)
{
	const struct oomtrace_header *rec;
	int ret = 0, err;

	while (!signals_stopped() && (ret = oomtrace_next(ot, &rec)) > 0) {
		if (!wanted(opt, rec))
			continue;
		err = print(opt, rec, live);
		if (err) {
			*status = output_failed(err);
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

static int follow(struct oomtrace *ot, const struct options *opt)
{
	int status, ret;

	while (print_held(ot, opt, true, &status)) {
		ret = oomtrace_wait(ot, -1, signals_fd());
		if (ret < 0 && ret != -EINTR) {
			say_error("%s", saved_error(ot));
			return EXIT_RUNTIME;
		}
	}
	return status;
}

static int finish(struct oomtrace *ot, int status)
{
	oomtrace_free(ot);
	if (!signals_stopped() && status == EXIT_OK)
		status = close_output();
	if (hidden_losses)
		say_error("%llu records were lost to this reader",
			  hidden_losses);
	return status;
}

static int option(int key, const char *arg)
{
	if (key != 'f')
		return ARGP_ERR_UNKNOWN;
	return match_add(arg) ? 0 : EINVAL;
}

static const struct argp_option own_options[] = {
	{ "filter", 'f', "CONDITION", 0,
	  "Print only records of which this holds: FIELD=VALUE, FIELD!=VALUE, FIELD<N or FIELD>N. If given again, all must hold",
	  0 },
	{ 0 }
};

static int run_dump(const struct options *opt)
{
	struct oomtrace *ot = open_records(opt, 0);
	int status;

	if (!ot)
		return EXIT_RUNTIME;
	print_held(ot, opt, false, &status);
	return finish(ot, status);
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
	return finish(ot, follow(ot, opt));
}

const struct command command_dump = {
	.name = "dump",
	.summary = "print the records that are held, and stop",
	.help = "Print the records that are held, oldest first, and stop. Reading takes nothing away."
		"\v"
		"Examples:\n"
		"  oomtrace dump --type commit\n"
		"      the commit decisions that are held; denials end with the shortfall\n"
		"  oomtrace dump --json | jq 'select(.type == \"verdict\")'\n"
		"      whom the OOM killer chose, for a program\n",
	.takes = TAKES_JSON | TAKES_TYPES | TAKES_FILE,
	.options = own_options,
	.option = option,
	.run = run_dump,
};

const struct command command_live = {
	.name = "live",
	.summary = "print records as they come",
	.help = "Print records as they come, from now on, until interrupted."
		"\v"
		"Examples:\n"
		"  oomtrace live\n"
		"      watch; Ctrl-C ends it\n"
		"  oomtrace live --filter ret!=0 --filter 'pages>262144'\n"
		"      refused requests of more than a gigabyte\n"
		"  oomtrace live --oldest --json >> oomtrace.jsonl\n"
		"      keep everything, with what is held already\n",
	.takes = TAKES_JSON | TAKES_TYPES | TAKES_OLDEST,
	.options = own_options,
	.option = option,
	.run = run_live,
};
