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

#include "clock.h"
#include "cmd_dump.h"
#include "match.h"
#include "plain.h"
#include "records_json.h"
#include "savefile_read.h"
#include "signals.h"
#include "when.h"

enum { KEY_TIME = 0x200, KEY_PLAIN };

/* What a line of text begins with. */
static enum { MONO, WALL, AGO } clock_shown;
/* A sentence instead of the fields. */
static bool plain;

/* From the records' clock to CLOCK_REALTIME; 0 if a file does not say. */
static long long wall_offset_ns;
static bool from_device;
/* Where the records are from. */
static struct saved_header facts;

/* Number of lost records in records that are not printed. */
static unsigned long long hidden_losses;

static bool is_wanted(const struct options *opt,
		      const struct oomtrace_header *rec)
{
	bool of_type = opt->all_types ||
		       (rec->type < 64 && (opt->types >> rec->type & 1));
	long long count;

	if (opt->timed && !is_in_time(opt, rec->ts_ns + wall_offset_ns))
		return false;
	if (of_type && match_record(rec))
		return true;
	if (rec->type == OOMTRACE_LOST &&
	    oomtrace_get_int(rec, "count", &count) > 0)
		hidden_losses += count;
	return false;
}

/* Returns 0 or a negative errno. */
static int print_record_json(const struct oomtrace_header *rec)
{
	static char text[RECORDS_JSON_MAX];

	errno = 0;
	if (!records_json(rec, &facts, wall_offset_ns, wall_offset_ns, text))
		return oomtrace_print_json(rec, stdout);
	return puts(text) < 0 ? -(errno ?: EIO) : 0;
}

/* The line of text, with a time of day or an age instead of the seconds. */
static int print_record_dated(const struct oomtrace_header *rec)
{
	static char text[8192];
	long long wall = rec->ts_ns + wall_offset_ns;
	char when[WHEN_MAX];
	const char *rest;

	oomtrace_text(rec, text, sizeof(text));
	rest = strchr(text, '[');
	if (clock_shown == AGO)
		when_write_age(when, clock_ns(CLOCK_REALTIME) - wall);
	else
		when_write_precise(when, wall);
	errno = 0;
	return printf(clock_shown == AGO ? "%14s %s\n" : "%s %s\n", when,
		      rest ? rest : text) < 0 ? -(errno ?: EIO) : 0;
}

/* A sentence with the time before it. Records that are only details have none. */
static int print_record_plain(const struct options *opt, const struct oomtrace_header *rec)
{
	long long wall = rec->ts_ns + wall_offset_ns;
	char when[WHEN_MAX], text[PLAIN_MAX];

	if (!plain_sentence(text, rec, facts.page_size))
		return opt->all_types ? 0 : oomtrace_print_text(rec, stdout);
	if (clock_shown == MONO || !wall_offset_ns)
		snprintf(when, sizeof(when), "%12.6f", rec->ts_ns / 1e9);
	else if (clock_shown == AGO)
		when_write_age(when, clock_ns(CLOCK_REALTIME) - wall);
	else
		when_write_precise(when, wall);
	errno = 0;
	return printf("%s %s\n", when, text) < 0 ? -(errno ?: EIO) : 0;
}

/* Returns 0 or a positive errno. */
static int print_dump_record(const struct options *opt, const struct oomtrace_header *rec,
			     bool flush)
{
	int err;

	/* The clock may be set while this runs. */
	if (from_device && flush)
		wall_offset_ns = clock_offset_ns(CLOCK_REALTIME);
	if (opt->json)
		err = print_record_json(rec);
	else if (plain)
		err = print_record_plain(opt, rec);
	else if (clock_shown == MONO || !wall_offset_ns)
		err = oomtrace_print_text(rec, stdout);
	else
		err = print_record_dated(rec);

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
	static const char * const clocks[] = {
		[MONO] = "mono", [WALL] = "wall", [AGO] = "ago",
	};
	unsigned int i;

	if (key == 'f')
		return match_add(arg) ? 0 : EINVAL;
	if (key == KEY_PLAIN) {
		plain = true;
		return 0;
	}
	if (key != KEY_TIME)
		return ARGP_ERR_UNKNOWN;
	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		if (strcmp(arg, clocks[i]))
			continue;
		clock_shown = i;
		return 0;
	}
	say_error("--time: unknown clock '%s': give wall (time of day), mono (seconds since boot) or ago",
		  arg);
	return EINVAL;
}

/* Find out the time of day of the records. Returns an exit status. */
static int start_clock(struct oomtrace *ot, const struct options *opt)
{
	saved_facts(ot, &facts);
	wall_offset_ns = facts.wall_offset_ns;
	from_device = oomtrace_is_device(ot);
	if (wall_offset_ns || !(opt->timed || clock_shown != MONO))
		return EXIT_OK;
	say_error("--since, --until and --time need the time of the records, which this file lacks");
	return EXIT_RUNTIME;
}

static const struct argp_option dump_options[] = {
	{ "filter", 'f', "CONDITION", 0,
	  "Print only records that match: FIELD=VALUE, FIELD!=VALUE, FIELD<N or FIELD>N. If given more than once, all must match",
	  0 },
	{ "time", KEY_TIME, "wall|mono|ago", 0,
	  "Begin lines with the time of day, the seconds since boot (default), or the age",
	  0 },
	{ "plain", KEY_PLAIN, NULL, 0,
	  "A sentence for each record instead of its fields; records that are only details of others have none",
	  0 },
	{ 0 }
};

static int run_dump(const struct options *opt)
{
	struct oomtrace *ot = open_records(opt, 0);
	int status;

	if (!ot)
		return open_status();
	status = start_clock(ot, opt);
	if (!status)
		print_available(ot, opt, false, &status);
	return finish_dump(ot, status);
}

static int run_live(const struct options *opt)
{
	struct oomtrace *ot;

	ot = open_records(opt, opt->oldest ? 0 : OOMTRACE_OPEN_NEWEST);
	if (!ot)
		return open_status();
	if (start_clock(ot, opt) || signals_catch()) {
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
		"  oomtrace dump --since 17:00 --time wall\n"
		"  oomtrace dump --json | jq 'select(.type == \"verdict\")'\n"
		"      the OOM killer's choices, for a program\n",
	.takes = TAKES_JSON | TAKES_TYPES | TAKES_FILE | TAKES_TIMES,
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
		"  oomtrace live --plain --time wall\n"
		"      what happens, in sentences\n"
		"  oomtrace live --filter ret!=0 --filter 'pages>262144'\n"
		"      refused requests for more than 1 GiB\n"
		"  oomtrace live --oldest --json >> oomtrace.jsonl\n"
		"      save everything, including the buffered records\n",
	.takes = TAKES_JSON | TAKES_TYPES | TAKES_OLDEST | TAKES_TIMES,
	.options = dump_options,
	.option = parse_dump_option,
	.run = run_live,
};
