// SPDX-License-Identifier: GPL-2.0
/* The kernel's own tracers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"
#include "tracer.h"

#define TRACEFS		"/sys/kernel/tracing"

const char *badness_function(void)
{
	char *text = slurp("/proc/kallsyms", NULL);
	bool split = strstr(text, " oom_badness.part.0\n");

	free(text);
	return split ? "oom_badness.part.0" : "oom_badness";
}

void hook_kind(const char *function, char kind[32])
{
	char *text = slurp(DEBUGFS "/hooks", NULL), line[256];

	line_with(text, function, line, sizeof(line));
	if (sscanf(line, "%*s %31s", kind) != 1)
		strcpy(kind, "none");
	free(text);
}

/* Opening a tracefs file with O_TRUNC clears it. Some kernels lack a file. */
static void clear_file(const char *file)
{
	int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT)
		die("cannot empty %s", file);
}

void tracer_forget(void)
{
	clear_file(TRACEFS "/trace");
}

bool tracer_start(const char *tracer, const char *const *functions)
{
	/* A write accepts only one function. */
	for (; *functions; functions++)
		if (spill(TRACEFS "/set_ftrace_filter", *functions))
			die("cannot trace %s", *functions);
	if (spill(TRACEFS "/current_tracer", tracer))
		return false;
	tracer_forget();
	return true;
}

size_t tracer_lines(const char *word)
{
	char *text = slurp(TRACEFS "/trace", NULL), *save = NULL;
	size_t n = 0;
	char *line;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *caller = strstr(line, "<-");

		if (caller)
			*caller = '\0';
		if (strstr(line, word))
			n++;
	}
	free(text);
	return n;
}

void tracer_stop(void)
{
	spill(TRACEFS "/current_tracer", "nop");
	clear_file(TRACEFS "/set_ftrace_filter");
	tracer_forget();
}

bool tracer_cut_at_kill(char *trace, pid_t pid)
{
	char event[48], *at;

	snprintf(event, sizeof(event), " mark_victim: pid=%d", pid);
	at = strstr(trace, event);
	while (at && at > trace && at[-1] != '\n')
		at--;
	if (at)
		*at = '\0';
	return at;
}
