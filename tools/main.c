// SPDX-License-Identifier: GPL-2.0
/*
 * The oomtrace command: finds the command that was asked for and runs it.
 * Everything else is in the commands' own files, see options.h.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd_advise.h"
#include "cmd_dump.h"
#include "cmd_export.h"
#include "cmd_info.h"
#include "cmd_last.h"
#include "cmd_protect.h"
#include "cmd_ranking.h"
#include "cmd_record.h"
#include "cmd_report.h"
#include "cmd_status.h"
#include "cmd_top.h"
#include "cmd_whatif.h"
#include "options.h"

static const struct command * const commands[] = {
	&command_status, &command_last, &command_whatif, &command_protect,
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

static int help(void)
{
	puts("Usage: oomtrace COMMAND [OPTION...]\n"
	     "Why the kernel refused memory, and why its OOM killer took whom it took.\n");
	list_commands(stdout);
	puts("\n"
	     "Options:\n"
	     "  -h, --help     print this help\n"
	     "  -V, --version  print the version\n"
	     "\n"
	     "`oomtrace COMMAND --help` has the options of a command and examples; oomtrace(8)\n"
	     "explains the output. Without a command: status. The module must be loaded\n"
	     "(modprobe oomtrace) and only root may read it. Exit status: 0 done, 1 failed,\n"
	     "2 not understood.");
	return close_output();
}

static int version(void)
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

	/* A reader that left is seen as EPIPE, and is no failure. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		static char *status[] = { "status", NULL };

		options_read(&command_status, 1, status, &opt);
		return command_status.run(&opt);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return version();

	cmd = find_command(argv[1]);
	if (!cmd) {
		say_error("there is no %s '%s'",
			  argv[1][0] == '-' ? "option" : "command", argv[1]);
		list_commands(stderr);
		fputs("Options: --help, --version\n", stderr);
		return EXIT_USAGE;
	}
	options_read(cmd, argc - 1, argv + 1, &opt);
	return cmd->run(&opt);
}
