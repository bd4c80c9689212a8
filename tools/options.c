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

#include "clock.h"
#include "options.h"
#include "savefile_read.h"
#include "when.h"

enum {
	KEY_OLDEST = 0x100, KEY_USAGE, KEY_DIR, KEY_SINCE, KEY_UNTIL, KEY_NO_PAGER,
	KEY_NO_TIMES,
};

/* Upper bound: the common options, a command's own, and the empty last one. */
#define OPTIONS_MAX	32

/* All commands but those that read a process take --device. */
#define TAKES_DEVICE	0x8000

/* Commands that do not take times. */
#define REFUSES_TIMES	0x4000

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

static int last_status = EXIT_RUNTIME;

int status_of_error(int err)
{
	switch (err) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
	case -EPROTO:
		return EXIT_BLIND;
	default:
		return EXIT_RUNTIME;
	}
}

int open_status(void)
{
	return last_status;
}

struct oomtrace *open_records(const struct options *opt, unsigned int flags)
{
	struct oomtrace *ot = oomtrace_new();
	int err = ot ? saved_open(ot, opt->device, flags) : -ENOMEM;

	if (!err)
		return ot;
	/* A file that is not there says nothing about the module. */
	last_status = strcmp(opt->device, OOMTRACE_DEVICE) ? EXIT_RUNTIME :
		      status_of_error(err);
	say_error("%s", saved_error(ot));
	oomtrace_free(ot);
	return NULL;
}

struct oomtrace *open_module(const struct options *opt)
{
	struct oomtrace *ot = open_records(opt, 0);

	if (!ot || oomtrace_is_device(ot))
		return ot;
	last_status = EXIT_RUNTIME;
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

/* @text is a number without a sign, up to @end. */
static bool read_unsigned(const char *text, const char *end,
			  unsigned long long *n)
{
	char *stop;

	errno = 0;
	*n = strtoull(text, &stop, 10);
	return *text >= '1' && *text <= '9' && stop == end && !errno;
}

/* BOOT.LOAD.NUMBER, the id that a program gets. */
static bool read_long_id(struct episode_id *id, const char *arg)
{
	size_t boot = strspn(arg, "0123456789abcdef");
	const char *load = arg + boot + 1, *dot;

	if (boot != IDENTITY_BOOT - 1 || arg[boot] != '.')
		return false;
	dot = strchr(load, '.');
	if (!dot || !read_unsigned(load, dot, &id->load))
		return false;
	memcpy(id->boot, arg, boot);
	return read_unsigned(dot + 1, arg + strlen(arg), &id->number);
}

/* NUMBER, or STAMP-NUMBER, or BOOT.LOAD.NUMBER. */
static bool read_episode_id(struct episode_id *id, const char *arg)
{
	const char *at;

	memset(id, 0, sizeof(*id));
	if (read_unsigned(arg, arg + strlen(arg), &id->number))
		return true;
	if (when_read_stamp(arg, &at, &id->wall_ns)) {
		id->stamped = true;
		return *at == '-' && read_unsigned(at + 1, at + strlen(at),
						   &id->number);
	}
	return read_long_id(id, arg);
}

#define EPISODE_FORMS	"episodes are numbered 1, 2, 3..., and oomtrace list shows their ids"

static error_t read_episode(struct reading *r, const char *arg)
{
	if (r->episode_given)
		return report_unexpected(r, arg);
	r->episode_given = true;
	if (read_episode_id(&r->opt->id, arg)) {
		r->opt->episode = r->opt->id.number;
		return 0;
	}
	say_error("'%s' is not an episode: " EPISODE_FORMS, arg);
	return EINVAL;
}

static error_t add_source(struct reading *r, const char *path)
{
	struct options *opt = r->opt;

	if (r->cmd->takes & TAKES_STORE) {
		opt->source = reallocarray(opt->source, opt->nsource + 1,
					   sizeof(*opt->source));
		if (!opt->source)
			return ENOMEM;
		opt->source[opt->nsource++] = path;
	} else if (r->file_given) {
		return report_unexpected(r, path);
	}
	r->file_given = true;
	opt->device = path;
	return 0;
}

/* If a command accepts both, what looks like an episode is one. */
static error_t read_argument(struct reading *r, const char *arg)
{
	bool episode = r->cmd->takes & TAKES_EPISODE;
	bool file = r->cmd->takes & (TAKES_FILE | TAKES_STORE);
	struct episode_id id;

	if (r->cmd->takes & TAKES_TASK) {
		if (r->opt->task)
			return report_unexpected(r, arg);
		r->opt->task = arg;
		return 0;
	}
	if (r->cmd->argument && !r->cmd->argument(arg))
		return 0;
	if (!file)
		return episode ? read_episode(r, arg) : report_unexpected(r, arg);
	if (!episode)
		return add_source(r, arg);
	if (arg[strspn(arg, "0123456789")] == '\0' || read_episode_id(&id, arg))
		return read_episode(r, arg);
	if (!access(arg, F_OK))
		return add_source(r, arg);
	say_error("'%s' is neither a file nor an episode: " EPISODE_FORMS, arg);
	return EINVAL;
}

/* --since and --until. */
static error_t read_when(struct options *opt, long long *ns, const char *name,
			 const char *arg)
{
	opt->timed = true;
	if (when_read(arg, clock_ns(CLOCK_REALTIME), ns))
		return 0;
	say_error("--%s: invalid time '%s': " WHEN_FORMS, name, arg);
	return EINVAL;
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
		r->file_given = false;
		return add_source(r, arg);
	case KEY_DIR:
		r->opt->dir = arg;
		r->opt->dir_given = true;
		return 0;
	case KEY_SINCE:
		if (r->cmd->since_given)
			*r->cmd->since_given = true;
		return read_when(r->opt, &r->opt->since, "since", arg);
	case KEY_UNTIL:
		return read_when(r->opt, &r->opt->until, "until", arg);
	case KEY_NO_TIMES:
		say_error("%s shows the present, so --since and --until mean nothing: dump, list, last, refusals, export and others have them",
			  r->cmd->name);
		return EINVAL;
	case KEY_NO_PAGER:
		r->opt->no_pager = true;
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
		{ TAKES_STORE, { "dir", KEY_DIR, "DIR", 0,
		  "Read DIR beside the device, instead of " STORE_DIR, 0 } },
		{ TAKES_TIMES, { "since", KEY_SINCE, "TIME", 0,
		  "From TIME on: 2h (ago), today, yesterday, 17:00, \"2026-11-29 17:00\"", 0 } },
		{ TAKES_TIMES, { "until", KEY_UNTIL, "TIME", 0,
		  "Up to TIME", 0 } },
		{ TAKES_PAGER, { "no-pager", KEY_NO_PAGER, NULL, 0,
		  "Do not show long text in a pager", 0 } },
		/* Any command knows them, some only to say that they mean nothing. */
		{ REFUSES_TIMES, { "since", KEY_NO_TIMES, "TIME", OPTION_HIDDEN, NULL, 0 } },
		{ REFUSES_TIMES, { "until", KEY_NO_TIMES, "TIME", OPTION_HIDDEN, NULL, 0 } },
		{ 0, { "help", 'h', NULL, 0, "Print this help", 0 } },
		{ 0, { "usage", KEY_USAGE, NULL, OPTION_HIDDEN, NULL, 0 } },
	};
	unsigned int takes = cmd->takes |
			     (cmd->takes & TAKES_TIMES ? 0 : REFUSES_TIMES);
	const struct argp_option *own = cmd->options;
	struct argp_option *end = to + OPTIONS_MAX - 1;
	unsigned int i;

	for (; own && own->name && to < end; own++)
		*to++ = *own;
	for (i = 0; i < sizeof(all) / sizeof(all[0]) && to < end; i++)
		if (all[i].takes == TAKES_DEVICE ? !(cmd->takes & TAKES_TASK) :
		    (all[i].takes & takes) == all[i].takes)
			*to++ = all[i].option;
}

static const char *args_doc(unsigned int takes)
{
	switch (takes & (TAKES_EPISODE | TAKES_FILE | TAKES_STORE | TAKES_TASK)) {
	case TAKES_TASK:
		return "PID|COMM|UNIT";
	case TAKES_EPISODE | TAKES_FILE:
		return "[FILE] [EPISODE]";
	case TAKES_EPISODE | TAKES_STORE:
		return "[FILE|DIR]... [EPISODE]";
	case TAKES_STORE:
		return "[FILE|DIR]...";
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
	const char *sources = args_doc(cmd->takes);
	char name[32], args[80];
	struct argp_option options[OPTIONS_MAX] = { 0 };
	struct reading r = { .cmd = cmd, .opt = opt };
	struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = args,
		.doc = cmd->help,
	};
	snprintf(args, sizeof(args), "%s%s%s",
		 cmd->argument_name ? cmd->argument_name : "",
		 cmd->argument_name && sources ? " " : "", sources ? sources : "");
	snprintf(name, sizeof(name), "oomtrace %s", cmd->name);
	argv[0] = name;
	pick_options(options, cmd);
	memset(opt, 0, sizeof(*opt));
	opt->device = OOMTRACE_DEVICE;
	opt->all_types = true;
	opt->dir = STORE_DIR;
	opt->since = LLONG_MIN;
	opt->until = LLONG_MAX;

	if (!argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP, NULL,
			&r)) {
		if (opt->since <= opt->until)
			return;
		say_error("%s: --since is later than --until", cmd->name);
	}
	/* Own messages say what is allowed; argp's need the usage text. */
	if (!said)
		argp_help(&argp, stderr, ARGP_HELP_USAGE, name);
	exit(EXIT_USAGE);
}
