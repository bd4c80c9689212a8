// SPDX-License-Identifier: GPL-2.0
/*
 * Parses the command lines of oomtrace's commands with argp, which also writes
 * the help. argp's own error handling is off: its messages do not say what is
 * allowed, and its exit status is not the one for usage errors here.
 */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <liboomtrace.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "savefile_read.h"

enum { KEY_OLDEST = 0x100, KEY_USAGE };

/* All commands but those that read a process take --device. */
#define TAKES_DEVICE	0x8000

/* Upper bound: the common options, a command's own, and the empty last one. */
#define OPTIONS_MAX	24

/* A command line being read. */
struct reading {
	const struct command *cmd;
	struct options *opt;
	bool episode_given;
	bool file_given;
};

/* An error message was printed, so argp's usage text is not needed. */
static bool said;

void say_error(const char *fmt, ...)
{
	va_list args;

	said = true;
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

struct oomtrace *open_records(const struct options *opt, unsigned int flags)
{
	struct oomtrace *ot = oomtrace_new();

	if (ot && !saved_open(ot, opt->device, flags))
		return ot;
	say_error("%s", saved_error(ot));
	oomtrace_free(ot);
	return NULL;
}

struct oomtrace *open_module(const struct options *opt)
{
	struct oomtrace *ot = open_records(opt, 0);

	if (!ot || oomtrace_is_device(ot))
		return ot;
	say_error("%s is not a device: this command reads the module, not saved records",
		  opt->device);
	oomtrace_free(ot);
	return NULL;
}

/* A pipe without a reader: what `oomtrace dump | head` leaves behind. */
static bool has_reader_left(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP));
}

int report_output_error(int err)
{
	if (err == EPIPE || has_reader_left())
		return EXIT_OK;
	say_error("cannot write the output: %s", err ? strerror(err) :
		  "a part is missing");
	return EXIT_RUNTIME;
}

int close_output(void)
{
	/* Flush first: ferror() does not cover buffered data. */
	int err = fflush(stdout) ? errno : 0;

	/* If an earlier write failed, its errno is lost. */
	return err || ferror(stdout) ? report_output_error(err) : EXIT_OK;
}

static void list_types(void)
{
	unsigned int type;
	const char *name;

	fputs("record types:", stderr);
	for (type = 1; type <= USHRT_MAX; type++) {
		name = oomtrace_type_name(type);
		if (name)
			fprintf(stderr, "%s %s", type > 1 ? "," : "", name);
	}
	fputc('\n', stderr);
}

static error_t read_types(struct options *opt, char *list)
{
	char *name, *next = list;
	unsigned int type;

	opt->all_types = false;
	while ((name = strsep(&next, ","))) {
		type = oomtrace_type_number(name);
		if (!type) {
			say_error("unknown record type '%s'", name);
			list_types();
			return EINVAL;
		}
		opt->types |= 1UL << type;
	}
	return 0;
}

static error_t report_unexpected(const struct reading *r, const char *arg)
{
	say_error("%s: unexpected argument '%s'", r->cmd->name, arg);
	return EINVAL;
}

static error_t read_episode(struct reading *r, const char *arg)
{
	char *end;

	if (r->episode_given)
		return report_unexpected(r, arg);
	r->episode_given = true;
	errno = 0;
	r->opt->episode = strtoull(arg, &end, 10);
	if (*arg >= '1' && *arg <= '9' && !*end && !errno)
		return 0;
	say_error("'%s' is not an episode: episodes are numbered 1, 2, 3...", arg);
	return EINVAL;
}

/* If a command accepts both, a number is an episode and the rest is a file. */
static error_t read_argument(struct reading *r, const char *arg)
{
	bool episode = r->cmd->takes & TAKES_EPISODE;
	bool file = r->cmd->takes & TAKES_FILE;

	if (r->cmd->takes & TAKES_TASK) {
		if (r->opt->task)
			return report_unexpected(r, arg);
		r->opt->task = arg;
		return 0;
	}

	if (file && !(episode && arg[strspn(arg, "0123456789")] == '\0')) {
		if (r->file_given)
			return report_unexpected(r, arg);
		if (episode && access(arg, F_OK)) {
			say_error("'%s' is neither a file nor an episode: episodes are numbered 1, 2, 3...",
				  arg);
			return EINVAL;
		}
		r->file_given = true;
		r->opt->device = arg;
		return 0;
	}
	return episode ? read_episode(r, arg) : report_unexpected(r, arg);
}

static void __attribute__((noreturn))
print_argp_help(struct argp_state *state, unsigned int what)
{
	/* Suppress argp's note about arguments of long and short options. */
	setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
	argp_help(state->root_argp, stdout, what, state->name);
	exit(close_output());
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct reading *r = state->input;

	switch (key) {
	case 'd':
		r->file_given = true;
		r->opt->device = arg;
		return 0;
	case 'j':
		r->opt->json = true;
		return 0;
	case 't':
		return read_types(r->opt, arg);
	case KEY_OLDEST:
		r->opt->oldest = true;
		return 0;
	case 'h':
		print_argp_help(state, ARGP_HELP_LONG | ARGP_HELP_USAGE |
			   ARGP_HELP_DOC);
	case KEY_USAGE:
		print_argp_help(state, ARGP_HELP_USAGE);
	case ARGP_KEY_ARG:
		return read_argument(r, arg);
	case ARGP_KEY_END:
		if (!(r->cmd->takes & TAKES_TASK) || r->opt->task)
			return 0;
		say_error("%s: which process? Give a pid, a command name or a unit",
			  r->cmd->name);
		return EINVAL;
	default:
		if (r->cmd->option && key > 0 && key < ARGP_KEY_END)
			return r->cmd->option(key, arg);
		return ARGP_ERR_UNKNOWN;
	}
}

/* Collect a command's own options and the common options that it accepts. */
static void pick_options(struct argp_option *to, const struct command *cmd)
{
	static const struct {
		unsigned int takes;
		struct argp_option option;
	} all[] = {
		{ TAKES_DEVICE, { "device", 'd', "PATH", 0,
		  "Read PATH instead of " OOMTRACE_DEVICE
		  ": another device or a file of saved records", 0 } },
		{ TAKES_JSON, { "json", 'j', NULL, 0,
		  "Print JSON, one object per line", 0 } },
		{ TAKES_TYPES, { "type", 't', "TYPE[,TYPE...]", 0,
		  "Print only records of these types", 0 } },
		{ TAKES_OLDEST, { "oldest", KEY_OLDEST, NULL, 0,
		  "Start with the oldest buffered record", 0 } },
		{ 0, { "help", 'h', NULL, 0, "Print this help", 0 } },
		{ 0, { "usage", KEY_USAGE, NULL, OPTION_HIDDEN, NULL, 0 } },
	};
	const struct argp_option *own = cmd->options;
	struct argp_option *end = to + OPTIONS_MAX - 1;
	unsigned int i;

	for (; own && own->name && to < end; own++)
		*to++ = *own;
	for (i = 0; i < sizeof(all) / sizeof(all[0]) && to < end; i++)
		if (all[i].takes == TAKES_DEVICE ? !(cmd->takes & TAKES_TASK) :
		    (all[i].takes & cmd->takes) == all[i].takes)
			*to++ = all[i].option;
}

static const char *args_doc(unsigned int takes)
{
	switch (takes & (TAKES_EPISODE | TAKES_FILE | TAKES_TASK)) {
	case TAKES_TASK:
		return "PID|COMM|UNIT";
	case TAKES_EPISODE | TAKES_FILE:
		return "[FILE] [EPISODE]";
	case TAKES_EPISODE:
		return "[EPISODE]";
	case TAKES_FILE:
		return "[FILE]";
	default:
		return NULL;
	}
}

void options_read(const struct command *cmd, int argc, char **argv,
		  struct options *opt)
{
	struct argp_option options[OPTIONS_MAX] = { 0 };
	struct reading r = { .cmd = cmd, .opt = opt };
	struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = args_doc(cmd->takes),
		.doc = cmd->help,
	};
	char name[32];

	snprintf(name, sizeof(name), "oomtrace %s", cmd->name);
	argv[0] = name;
	pick_options(options, cmd);
	memset(opt, 0, sizeof(*opt));
	opt->device = OOMTRACE_DEVICE;
	opt->all_types = true;

	if (!argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP, NULL,
			&r))
		return;
	/* Own messages say what is allowed; argp's need the usage text. */
	if (!said)
		argp_help(&argp, stderr, ARGP_HELP_USAGE, name);
	exit(EXIT_USAGE);
}
