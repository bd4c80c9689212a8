// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the settings of oomtraced. Each option that takes a value may also be set
 * by an environment variable, which the unit reads from /etc/oomtraced.conf.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../clock.h"
#include "../numbers.h"
#include "../options.h"
#include "liboomtrace.h"
#include "settings.h"

enum {
	KEY_MAX_SIZE = 0x200, KEY_MAX_AGE, KEY_TEXTFILE, KEY_INTERVAL, KEY_COMMANDS,
	KEY_STDOUT, KEY_LOAD, KEY_RELOAD,
};

/* Paths get a suffix, so they must be shorter than PATH_MAX. */
#define PATH_LEN_MAX	4000

static bool set_path(const char **to, const char *name, const char *arg)
{
	if (strlen(arg) > PATH_LEN_MAX) {
		say_error("%s: the path is longer than %d bytes", name,
			  PATH_LEN_MAX);
		return false;
	}
	*to = *arg ? arg : NULL;
	return true;
}

/* Set one value. @name is that of the option or variable, for messages. */
static bool set_value(struct settings *s, int key, const char *name,
		      const char *arg)
{
	switch (key) {
	case 's':
		return set_path(&s->state_dir, name, arg);
	case KEY_TEXTFILE:
		return set_path(&s->textfile, name, arg);
	case KEY_MAX_SIZE:
		if (read_size(arg, &s->max_bytes) && s->max_bytes >= 1 << 20)
			return true;
		say_error("%s: invalid size '%s': give at least 1M", name, arg);
		return false;
	case KEY_MAX_AGE:
		if (read_time(arg, &s->max_age_ns) &&
		    (!s->max_age_ns || s->max_age_ns >= 3600 * NS_PER_S))
			return true;
		say_error("%s: invalid time '%s': give at least 1h, or 0 to keep files of any age",
			  name, arg);
		return false;
	case KEY_INTERVAL:
		if (read_time(arg, &s->interval_ns) &&
		    s->interval_ns >= NS_PER_S)
			return true;
		say_error("%s: invalid time '%s': give at least 1s", name, arg);
		return false;
	case KEY_COMMANDS:
		s->command_lines = !strcmp(arg, "yes");
		if (s->command_lines || !strcmp(arg, "no"))
			return true;
		say_error("%s: invalid value '%s': give yes or no", name, arg);
		return false;
	default:
		return false;
	}
}

static const struct {
	int key;
	const char *option, *variable;
} values[] = {
	{ 's', "--state", "OOMTRACED_STATE" },
	{ KEY_MAX_SIZE, "--max-size", "OOMTRACED_MAX_SIZE" },
	{ KEY_MAX_AGE, "--max-age", "OOMTRACED_MAX_AGE" },
	{ KEY_TEXTFILE, "--textfile", "OOMTRACED_TEXTFILE" },
	{ KEY_INTERVAL, "--interval", "OOMTRACED_INTERVAL" },
	{ KEY_COMMANDS, "--command-lines", "OOMTRACED_COMMAND_LINES" },
};

#define VALUES	(sizeof(values) / sizeof(values[0]))

static bool read_environment(struct settings *s)
{
	const char *value;
	unsigned int i;

	for (i = 0; i < VALUES; i++) {
		value = getenv(values[i].variable);
		if (value && !set_value(s, values[i].key, values[i].variable,
					value))
			return false;
	}
	return true;
}

static error_t parse_service_option(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;
	unsigned int i;

	for (i = 0; i < VALUES; i++)
		if (values[i].key == key)
			return set_value(s, key, values[i].option, arg) ?
			       0 : EINVAL;
	switch (key) {
	case 'd':
		s->device = arg;
		return 0;
	case KEY_STDOUT:
		s->to_stdout = true;
		return 0;
	case KEY_LOAD:
		s->load = true;
		return 0;
	case KEY_RELOAD:
		s->reload = true;
		return 0;
	case ARGP_KEY_ARG:
		say_error("unexpected argument '%s'", arg);
		argp_usage(state);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "device", 'd', "PATH", 0, "Follow PATH instead of " OOMTRACE_DEVICE, 0 },
	{ "state", 's', "DIR", 0,
	  "Save records in DIR; by default, or with an empty DIR, none are saved", 0 },
	{ "max-size", KEY_MAX_SIZE, "SIZE", 0,
	  "Limit of the files in DIR together, 64M by default", 0 },
	{ "max-age", KEY_MAX_AGE, "TIME", 0,
	  "Delete files in DIR that ended longer ago, like 90d; 0, the default, keeps them", 0 },
	{ "textfile", KEY_TEXTFILE, "FILE", 0,
	  "Write metrics to FILE, for node_exporter's textfile collector, unless it is empty", 0 },
	{ "interval", KEY_INTERVAL, "TIME", 0,
	  "Time between two updates of FILE, 15s by default; each OOM updates it too", 0 },
	{ "command-lines", KEY_COMMANDS, "yes|no", 0,
	  "Read the command lines of the likeliest victims every 15 s; yes by default", 0 },
	{ "stdout", KEY_STDOUT, NULL, 0,
	  "Print each OOM as a line of JSON instead of writing it to the journal", 0 },
	{ "load-module", KEY_LOAD, NULL, 0,
	  "Load the module, store the reason of a failure for the service, and exit", 0 },
	{ "reload-module", KEY_RELOAD, NULL, 0,
	  "Unload the module first, then as --load-module", 0 },
	{ 0 }
};

static const struct argp argp = {
	options, parse_service_option, NULL,
	"Follow /dev/oomtrace: write OOM episodes to the journal, records to a directory, and metrics to a file. Meant to be run by systemd; exits on SIGTERM."
	"\v"
	"The variables OOMTRACED_STATE, _MAX_SIZE, _MAX_AGE, _TEXTFILE, _INTERVAL and _COMMAND_LINES set what the options of these names set; the service reads them from /etc/oomtraced.conf.\n"
	"\n"
	"Examples:\n"
	"  systemctl enable --now oomtraced\n"
	"      run it as a service\n"
	"  oomtraced --stdout\n"
	"      print a line of JSON for each OOM\n",
	NULL, NULL, NULL
};

bool settings_read(struct settings *s, int argc, char **argv)
{
	memset(s, 0, sizeof(*s));
	s->device = OOMTRACE_DEVICE;
	s->max_bytes = 64 << 20;
	s->interval_ns = 15 * NS_PER_S;
	s->command_lines = true;
	return read_environment(s) && !argp_parse(&argp, argc, argv, 0, NULL, s);
}
