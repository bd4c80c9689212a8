// SPDX-License-Identifier: GPL-2.0
/*
 * Text for people on a terminal.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/format.h"
#include "term.h"

#define LABEL_WIDTH	9

static bool coloured;
static int columns;
static pid_t pager;

static const char *choose_pager(void)
{
	const char *program = getenv("OOMTRACE_PAGER");

	if (!program)
		program = getenv("PAGER");
	if (!program)
		program = "less";
	return *program && strcmp(program, "cat") ? program : NULL;
}

/* The pager ends when it has read everything or the user quits. */
static void wait_for_pager(void)
{
	fflush(stdout);
	close(STDOUT_FILENO);
	waitpid(pager, NULL, 0);
}

static void start_pager(const char *program)
{
	int fds[2];

	if (pipe(fds))
		return;
	fflush(NULL);
	pager = fork();
	if (!pager) {
		signal(SIGPIPE, SIG_DFL);
		dup2(fds[0], STDIN_FILENO);
		close(fds[0]);
		close(fds[1]);
		/* As git does: quit if it fits, show colour, leave the screen. */
		setenv("LESS", "FRX", 0);
		setenv("LV", "-c", 0);
		execl("/bin/sh", "sh", "-c", program, (char *)NULL);
		_exit(127);
	}
	if (pager > 0) {
		/* Ctrl-C is for the pager. */
		signal(SIGINT, SIG_IGN);
		dup2(fds[1], STDOUT_FILENO);
		atexit(wait_for_pager);
	}
	close(fds[0]);
	close(fds[1]);
}

/* A missing pager would swallow the text. */
static bool is_there(const char *program)
{
	char cmd[300];

	if (snprintf(cmd, sizeof(cmd), "command -v %.*s >/dev/null 2>&1",
		     (int)strcspn(program, " "), program) >= (int)sizeof(cmd))
		return false;
	return !system(cmd);
}

void term_start(const struct options *opt)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	const char *program = choose_pager();
	struct winsize size;

	/* As ls and ps do: exported by whoever runs this for a screen. */
	columns = getenv("COLUMNS") ? atoi(getenv("COLUMNS")) : 0;
	if (columns < 0)
		columns = 0;
	if (!isatty(STDOUT_FILENO) || opt->json)
		return;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		columns = size.ws_col;
	else if (!columns)
		columns = TERM_WIDTH;
	coloured = !(no_color && *no_color) && term && strcmp(term, "dumb");
	if (program && !opt->no_pager && isatty(STDIN_FILENO) && is_there(program))
		start_pager(program);
}

int term_width(void)
{
	return columns;
}

bool term_is_coloured(void)
{
	return coloured;
}

const char *term_bold(void)
{
	return coloured ? "\033[1m" : "";
}

const char *term_red(void)
{
	return coloured ? "\033[1;31m" : "";
}

const char *term_plain(void)
{
	return coloured ? "\033[0m" : "";
}

/* Write a word with its marks. Returns its width without them. */
static int put_word(const char *word, size_t len)
{
	int width = 0;

	for (; len--; word++) {
		if (*word == '\001') {
			fputs(term_red(), stdout);
		} else if (*word == '\002') {
			fputs(term_plain(), stdout);
		} else {
			putchar(*word == TERM_GLUE[0] ? ' ' : *word);
			width++;
		}
	}
	return width;
}

static int width_of(const char *word, size_t len)
{
	int width = 0;

	while (len--)
		width += *word++ > '\002';
	return width;
}

void term_say(const char *label, const char *fmt, ...)
{
	char text[4096];
	const char *at;
	va_list args;
	int column;
	size_t len;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	column = LABEL_WIDTH;
	printf("%s%-*s%s", term_bold(), LABEL_WIDTH, label, term_plain());
	for (at = text; *at; at += len + (at[len] == ' ')) {
		len = strcspn(at, " ");
		if (column > LABEL_WIDTH && column + 1 + width_of(at, len) > TERM_WIDTH) {
			printf("\n%*s", LABEL_WIDTH, "");
			column = LABEL_WIDTH;
		} else if (column > LABEL_WIDTH) {
			putchar(' ');
			column++;
		}
		column += put_word(at, len);
	}
	putchar('\n');
}

const char *term_clean(char *buf, size_t size, const char *text)
{
	oomtrace_escape(buf, size, text, strlen(text));
	return buf;
}
