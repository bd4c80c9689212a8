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

/* Exit statuses. */
#define EXIT_OK		0
#define EXIT_RUNTIME	1
#define EXIT_USAGE	2

/* Options that a command accepts; every command accepts --device and --help. */
#define TAKES_JSON	0x1
#define TAKES_TYPES	0x2
#define TAKES_OLDEST	0x4
#define TAKES_EPISODE	0x8
#define TAKES_FILE	0x10	/* as an argument too, not only with --device */
#define TAKES_TASK	0x20	/* a process, which must be given; no --device */

/**
 * struct options - a parsed command line
 * @device: source of the records: a device or a file.
 * @json: print JSON instead of text.
 * @oldest: start with the oldest buffered record.
 * @types: bit n is set to show records of type n.
 * @all_types: show all types, including unknown ones; @types is not used.
 * @episode: number of the requested episode, 0 for the newest.
 * @task: the process that the command line names.
 */
struct options {
	const char *device;
	bool json;
	bool oldest;
	bool all_types;
	unsigned long types;
	unsigned long long episode;
	const char *task;
};

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
 * @run: run the command. Returns an exit status, after any error message.
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
