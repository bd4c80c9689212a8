/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The settings of oomtraced, from its command line and its environment.
 */
#ifndef OOMTRACE_SETTINGS_H
#define OOMTRACE_SETTINGS_H

#include <stdbool.h>

/**
 * struct settings - what to do, and where
 * @device: the device to follow.
 * @state_dir: directory of the saved records; NULL to save none.
 * @textfile: file of the metrics; NULL to write none.
 * @max_bytes: limit of all files in @state_dir together.
 * @max_age_ns: files that ended longer ago are deleted; 0 to keep them.
 * @interval_ns: time between two updates of @textfile.
 * @command_lines: remember the command lines of the likeliest victims.
 * @to_stdout: print a line of JSON for each OOM instead of using the journal.
 * @load: load the module and exit.
 * @reload: unload the module, load it, and exit.
 */
struct settings {
	const char *device;
	const char *state_dir;
	const char *textfile;
	long long max_bytes;
	long long max_age_ns;
	long long interval_ns;
	bool command_lines;
	bool to_stdout;
	bool load;
	bool reload;
};

/**
 * settings_read() - read the settings; the command line overrides the environment
 *
 * Exits after --help and --version.
 *
 * Return: false after an error message.
 */
bool settings_read(struct settings *s, int argc, char **argv);

#endif /* OOMTRACE_SETTINGS_H */
