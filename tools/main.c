// SPDX-License-Identifier: GPL-2.0
/*
 * The oomtrace program: finds the command that its first argument names and runs
 * it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd_advise.h"
#include "cmd_dump.h"
#include "cmd_export.h"
#include "cmd_info.h"
#include "cmd_kills.h"
#include "cmd_last.h"
#include "cmd_limits.h"
#include "cmd_list.h"
#include "cmd_overview.h"
#include "cmd_protect.h"
#include "cmd_ranking.h"
#include "cmd_record.h"
#include "cmd_refusals.h"
#include "cmd_report.h"
#include "cmd_status.h"
#include "cmd_top.h"
#include "cmd_whatif.h"
#include "options.h"

static const struct command * const commands[] = {
	&command_status, &command_list, &command_last,
	&command_kills, &command_refusals, &command_why, &command_whatif,
	&command_protect, &command_limits,
	&command_advise, &command_live, &command_top, &command_dump,
	&command_record, &command_report, &command_export, &command_ranking,
	&command_info,
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void list_commands(FILE *to)
{
	unsigned int i;

	fputs("Commands:\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", commands[i]->name,
			commands[i]->summary);
}

static int print_usage(void)
{
	puts("Usage: oomtrace COMMAND [OPTION...]\n"
	     "Explain why the kernel refused memory and how its OOM killer chose a victim.\n");
	list_commands(stdout);
	puts("\n"
	     "Options:\n"
	     "  -h, --help     print this help\n"
	     "  -V, --version  print the version\n"
	     "\n"
	     "`oomtrace COMMAND --help` lists the options of a command and examples;\n"
	     "oomtrace(8) explains the output. Without a command: what was killed and refused,\n"
	     "and the memory now, on one screen. To read the module it must be loaded\n"
	     "(modprobe oomtrace), and you must be root. Exit status: 0 success, 1 failure\n"
	     "or nothing found, 2 usage error, 3 not recording, 4 hooks missing.");
	return close_output();
}

static int print_version(void)
{
	printf("oomtrace %s (record ABI %d)\n", OOMTRACE_VERSION,
	       OOMTRACE_ABI_VERSION);
	return close_output();
}

static const struct command *find_command(const char *name)
{
	unsigned int i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *cmd;
	struct options opt;

	/* A closed output pipe shall be EPIPE, which is not treated as a failure. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		static char *overview[] = { "overview", NULL };

		options_read(&command_overview, 1, overview, &opt);
		return command_overview.run(&opt);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return print_usage();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return print_version();

	cmd = find_command(argv[1]);
	if (!cmd) {
		say_error("unknown %s '%s'",
			  argv[1][0] == '-' ? "option" : "command", argv[1]);
		list_commands(stderr);
		fputs("Options: --help, --version\n", stderr);
		return EXIT_USAGE;
	}
	options_read(cmd, argc - 1, argv + 1, &opt);
	return cmd->run(&opt);
}
