// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace dump and oomtrace live: records as lines of text or JSON, what is
 * held or what is to come. Reads by device.c, prints by common/format.c and
 * json.c; one record at a time is all it remembers.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/format.h"
#include "device.h"
#include "json.h"
#include "options.h"

/* Written to by the signal handler, so that no signal gets lost before poll. */
static int wake_pipe[2] = { -1, -1 };
static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	int saved = errno;

	(void)sig;
	stopped = 1;
	if (write(wake_pipe[1], "", 1) < 0)
		errno = saved;		/* full: poll wakes up anyway */
	errno = saved;
}

static int catch_signals(void)
{
	/* No SA_RESTART: a write to a stuck pipe must end, too. */
	struct sigaction action = { .sa_handler = stop };

	if (pipe2(wake_pipe, O_NONBLOCK | O_CLOEXEC) ||
	    sigaction(SIGINT, &action, NULL) ||
	    sigaction(SIGTERM, &action, NULL)) {
		say_error("cannot catch signals: %s", strerror(errno));
		return EXIT_RUNTIME;
	}
	return EXIT_OK;
}

/* Records that the reader lost, if it does not show those records. */
static unsigned long long hidden_losses;

static bool wanted(const struct options *opt,
		   const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc;

	if (opt->all_types)
		return true;
	if (rec->type < 64 && (opt->types >> rec->type & 1))
		return true;
	if (rec->type == OOMTRACE_LOST &&
	    oomtrace_field_valid(rec, OOMTRACE_BIT_lost_count)) {
		desc = oomtrace_type_desc(rec->type);
		hidden_losses += oomtrace_field_int(rec,
			&desc->fields[OOMTRACE_BIT_lost_count]);
	}
	return false;
}

static bool print_text(const struct oomtrace_header *rec)
{
	char line[OOMTRACE_LINE_MAX];
	size_t len = oomtrace_format(line, sizeof(line), rec);

	return fwrite(line, 1, len, stdout) == len;
}

static bool print_json(const struct oomtrace_header *rec)
{
	struct json_object *obj = json_record(rec);
	bool ok;

	if (!obj) {
		errno = ENOMEM;
		return false;
	}
	ok = puts(json_text(obj)) >= 0;
	json_object_put(obj);
	return ok;
}

/* The reader of our output may leave at any time; that is how `| head` ends. */
static int output_failed(void)
{
	if (errno == EPIPE || stopped)
		return EXIT_OK;
	say_error("cannot write the output: %s", strerror(errno));
	return EXIT_RUNTIME;
}

/*
 * Print all that can be read now. 1: there may be more later; else *status is
 * the command's exit status.
 */
static int print_held(struct oomtrace_device *d, const struct options *opt,
		      bool live, int *status)
{
	const struct oomtrace_header *rec;
	bool ok;
	int ret = 0;

	while (!stopped && (ret = oomtrace_next(d, &rec)) > 0) {
		if (!wanted(opt, rec))
			continue;
		ok = opt->json ? print_json(rec) : print_text(rec);
		if (!ok || (live && fflush(stdout))) {
			*status = output_failed();
			return 0;
		}
	}
	*status = EXIT_OK;
	if (stopped)
		return 0;
	if (ret == -EINTR)
		return 1;
	if (ret < 0) {
		say_error("%s", d->error);
		*status = EXIT_RUNTIME;
		return 0;
	}
	return !d->is_file;
}

static int follow(struct oomtrace_device *d, const struct options *opt)
{
	int status, err;

	while (print_held(d, opt, true, &status)) {
		err = oomtrace_wait(d, wake_pipe[0]);
		if (err && err != -EINTR) {
			say_error("%s", d->error);
			return EXIT_RUNTIME;
		}
	}
	return status;
}

static int finish(struct oomtrace_device *d, int status)
{
	oomtrace_close(d);
	if (!stopped && status == EXIT_OK)
		status = close_output();
	if (hidden_losses)
		say_error("%llu records were lost to this reader",
			  hidden_losses);
	return status;
}

static int run_dump(const struct options *opt)
{
	static struct oomtrace_device d;
	int status;

	if (oomtrace_open(&d, opt->device)) {
		say_error("%s", d.error);
		return EXIT_RUNTIME;
	}
	print_held(&d, opt, false, &status);
	return finish(&d, status);
}

static int run_live(const struct options *opt)
{
	static struct oomtrace_device d;

	if (oomtrace_open(&d, opt->device) ||
	    (!opt->oldest && oomtrace_skip_to_end(&d))) {
		say_error("%s", d.error);
		return EXIT_RUNTIME;
	}
	if (catch_signals())
		return EXIT_RUNTIME;
	return finish(&d, follow(&d, opt));
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
	.takes = TAKES_JSON | TAKES_TYPES,
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
		"  oomtrace live --oldest --json >> oomtrace.jsonl\n"
		"      keep everything, with what is held already\n",
	.takes = TAKES_JSON | TAKES_TYPES | TAKES_OLDEST,
	.run = run_live,
};
