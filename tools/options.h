/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command lines of oomtrace's commands, and what most commands need: error
 * messages, opening the records, and closing the output.
 */
#ifndef OOMTRACE_OPTIONS_H
#define OOMTRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/oomtrace.h"
#include "identity.h"

/* Exit statuses. */
#define EXIT_OK		0
#define EXIT_RUNTIME	1	/* also: nothing was found */
#define EXIT_USAGE	2
#define EXIT_BLIND	3	/* not recording: no module, another ABI, disabled */
#define EXIT_HOOKS	4	/* recording, but hooks are missing */

/* Where oomtraced keeps what it saves. */
#define STORE_DIR	"/var/lib/oomtrace"

/* Options that a command accepts; every command accepts --device and --help. */
#define TAKES_JSON	0x1
#define TAKES_TYPES	0x2
#define TAKES_OLDEST	0x4
#define TAKES_EPISODE	0x8
#define TAKES_FILE	0x10	/* as an argument too, not only with --device */
#define TAKES_STORE	0x20	/* any number of files and directories */
#define TAKES_TIMES	0x40	/* --since and --until */
#define TAKES_PAGER	0x80	/* long text for people */
#define TAKES_TASK	0x100	/* a process, which must be given; no --device */

/**
 * struct episode_id - an episode as the command line names it
 * @number: its number, never 0.
 * @stamped: @wall_ns is given: it began within a few seconds of that.
 * @wall_ns: CLOCK_REALTIME, nanoseconds.
 * @boot: boot id of its load; "" if not given.
 * @load: number of its load; 0 if not given.
 */
struct episode_id {
	unsigned long long number;
	bool stamped;
	long long wall_ns;
	char boot[IDENTITY_BOOT];
	unsigned long long load;
};

/**
 * struct options - a parsed command line
 * @device: source of the records: a device or a file.
 * @source: with TAKES_STORE: the files and directories that were given.
 * @nsource: number of @source; 0: read the device and @dir.
 * @dir: directory of saved records to read beside the device.
 * @dir_given: @dir is not the default.
 * @json: print JSON instead of text.
 * @oldest: start with the oldest buffered record.
 * @types: bit n is set to show records of type n.
 * @all_types: show all types, including unknown ones; @types is not used.
 * @episode: number of the requested episode, 0 for the newest.
 * @id: the requested episode; its @number is @episode.
 * @since: start of the time range, CLOCK_REALTIME in nanoseconds.
 * @until: end of the time range, CLOCK_REALTIME in nanoseconds.
 * @timed: @since or @until was given.
 * @no_pager: do not start a pager.
 * @task: the process that the command line names.
 */
struct options {
	const char *device;
	const char **source;
	size_t nsource;
	const char *dir;
	bool dir_given;
	bool json;
	bool oldest;
	bool all_types;
	unsigned long types;
	unsigned long long episode;
	struct episode_id id;
	long long since;
	long long until;
	bool timed;
	bool no_pager;
	const char *task;
};

/** is_in_time() - is a moment in the time range of the command line? */
static inline bool is_in_time(const struct options *opt, long long wall_ns)
{
	return wall_ns >= opt->since && wall_ns <= opt->until;
}

struct argp_option;

/**
 * struct command - one command
 * @name: its name on the command line.
 * @summary: one line for the list of commands.
 * @help: text of --help: what the command does, "\v", examples.
 * @takes: TAKES_*.
 * @options: the command's own options, ended by an empty one; or NULL.
 * @option: handle one of @options by its key. Returns 0, or EINVAL after an
 *	error message.
 * @argument: take an argument that is neither a file nor an episode; NULL if
 *	there is none. Returns 0, or ENOENT if it may be a file.
 * @argument_name: its name in the help.
 * @since_given: set to true by --since, for a command that acts upon it; or NULL.
 * @run: run the command. Returns an exit status, after any error message.
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	unsigned int takes;
	const struct argp_option *options;
	int (*option)(int key, const char *arg);
	int (*argument)(const char *arg);
	const char *argument_name;
	bool *since_given;
	int (*run)(const struct options *opt);
};

/**
 * options_read() - parse a command's arguments
 * @cmd: the command.
 * @argc: number of arguments, with the command's name.
 * @argv: arguments; argv[0] is the command's name.
 * @opt: out.
 *
 * Exits after --help and after a usage error.
 */
void options_read(const struct command *cmd, int argc, char **argv,
		  struct options *opt);

/** say_error() - print "PROGRAM: message" on standard error */
void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct oomtrace;

/**
 * open_records() - open the source that the command line names
 * @opt: the command line.
 * @flags: enum oomtrace_open_flags.
 *
 * Return: a handle, or NULL after an error message.
 */
struct oomtrace *open_records(const struct options *opt, unsigned int flags);

/** open_status() - exit status for the open_records() that failed last */
int open_status(void);

/** status_of_error() - exit status for a negative errno of opening a source */
int status_of_error(int err);

/**
 * open_module() - open_records(), but only a device, not saved records
 * @opt: the command line.
 *
 * Return: a handle of a device, or NULL after an error message.
 */
struct oomtrace *open_module(const struct options *opt);

/**
 * close_output() - flush standard output and report write errors
 *
 * Return: EXIT_OK, also if the reader of a pipe has closed it; else EXIT_RUNTIME
 * after an error message.
 */
int close_output(void);

/**
 * report_output_error() - report that standard output could not be written
 * @err: positive errno of the write; 0 if it is not known.
 *
 * Return: as close_output().
 */
int report_output_error(int err);

#endif /* OOMTRACE_OPTIONS_H */
