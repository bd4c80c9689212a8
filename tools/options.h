/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of oomtrace and what can be said on their command lines.
 *
 * Each command is a struct command in a file of its own (stream.c, last.c,
 * info.c), listed in main.c; options.c reads the command line for all of them.
 */
#ifndef OOMTRACE_OPTIONS_H
#define OOMTRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/oomtrace.h"

/* Exit statuses. */
#define EXIT_OK		0
#define EXIT_RUNTIME	1
#define EXIT_USAGE	2

/* Which options a command knows; every one knows --device and --help. */
#define TAKES_JSON	0x1
#define TAKES_TYPES	0x2
#define TAKES_OLDEST	0x4
#define TAKES_EPISODE	0x8
#define TAKES_FILE	0x10	/* as an argument too, not only with --device */

/**
 * struct options - a command line, read
 * @device: where records come from.
 * @json: JSON instead of text.
 * @oldest: start with the oldest record held.
 * @types: bit n: show records of type n; unknown types only if all are shown.
 * @all_types: @types was not given.
 * @episode: the episode asked for, 0 for the newest.
 */
struct options {
	const char *device;
	bool json;
	bool oldest;
	bool all_types;
	unsigned long types;
	unsigned long long episode;
};

struct argp_option;

/**
 * struct command - one command
 * @name: as typed.
 * @summary: one line for the list of commands.
 * @help: text of --help: what it does, "\v", examples.
 * @takes: TAKES_*.
 * @options: options that only this command knows, up to an empty one; or NULL.
 * @option: take one of them, by its key: 0, or EINVAL after having said what
 *	is wrong with its argument.
 * @run: do it; returns an exit status, after having said what failed.
 */
struct command {
	const char *name;
	const char *summary;
	const char *help;
	unsigned int takes;
	const struct argp_option *options;
	int (*option)(int key, const char *arg);
	int (*run)(const struct options *opt);
};

/**
 * options_read() - read a command's arguments
 * @cmd: the command.
 * @argc: as main() has it, without the arguments before the command's name.
 * @argv: likewise; argv[0] is the name.
 * @opt: out.
 *
 * Does not return if it was told to help or finds a mistake.
 */
void options_read(const struct command *cmd, int argc, char **argv,
		  struct options *opt);

/** say_error() - "PROGRAM: ..." on standard error, with a newline */
void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct oomtrace;

/**
 * open_records() - open what the command line names
 * @opt: the command line.
 * @flags: enum oomtrace_open_flags.
 *
 * Return: a handle, or NULL after having said what failed.
 */
struct oomtrace *open_records(const struct options *opt, unsigned int flags);

/**
 * open_module() - the same for what only the module itself can answer
 * @opt: the command line.
 *
 * Return: a handle of a device, or NULL after having said what failed.
 */
struct oomtrace *open_module(const struct options *opt);

/**
 * close_output() - see that everything printed has arrived
 *
 * Return: EXIT_OK, also if the reader went away, which is no failure; else
 * EXIT_RUNTIME.
 */
int close_output(void);

#endif /* OOMTRACE_OPTIONS_H */
