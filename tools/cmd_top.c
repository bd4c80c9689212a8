// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace top: an ncurses screen, refreshed every second, of the committed and
 * available memory, the refused requests, and the processes to be killed next.
 */
#include <argp.h>
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/format.h"
#include "cgroups.h"
#include "cmd_top.h"
#include "numbers.h"
#include "procfs.h"
#include "ranking.h"
#include "signals.h"
#include "status.h"

static long long delay_ns = 1000000000, turns = -1;

static error_t parse_top_option(int key, const char *arg)
{
	switch (key) {
	case 's':
		if (read_time(arg, &delay_ns) && delay_ns >= 100000000 &&
		    delay_ns <= 3600000000000LL)
			return 0;
		say_error("--delay: invalid time '%s': give 100ms to 1h", arg);
		return EINVAL;
	case 'n':
		if (read_number(arg, 1, 1000000, &turns))
			return 0;
		say_error("--number: invalid number '%s': give 1 to 1000000", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static double pages_to_mib(long long pages)
{
	return pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* Draw a line with a bar that shows which part is used. */
static void draw_bar(int row, const char *name, long long used, long long all)
{
	int width = COLS - 48, full;

	mvprintw(row, 0, "%-10s %9.1f of %9.1f MiB", name, pages_to_mib(used), pages_to_mib(all));
	if (width < 10 || all <= 0)
		return;
	full = used < 0 ? 0 : used >= all ? width : (int)(used * width / all);
	mvaddch(row, 44, '[');
	attron(used >= all ? A_REVERSE : A_BOLD);
	while (full-- > 0)
		addch('|');
	attroff(A_REVERSE | A_BOLD);
	mvaddch(row, 45 + width, ']');
}

static int draw_status(const struct status *s, const struct status *last)
{
	const struct oomtrace_sample *m = &s->memory;
	int row = 0;

	attron(A_BOLD);
	mvprintw(row++, 0, "oomtrace top: overcommit mode %llu; q quits",
		 s->mode);
	attroff(A_BOLD);
	draw_bar(row++, "committed", m->committed, m->limit);
	mvprintw(row++, 0, "available  %9.1f MiB", pages_to_mib(m->available));
	mvprintw(row++, 0, "headroom   %9.1f MiB to the limit of mode 2",
		 pages_to_mib(m->limit - m->committed));
	if (s->state != STATUS_LOADED) {
		mvprintw(row++, 0, "%s", s->why);
		return row + 1;
	}
	mvprintw(row++, 0, "OOMs       %llu%s; hooks missing %u; records lost %llu",
		 (u64)s->info.episodes,
		 s->info.episodes != last->info.episodes ? " (just now)" : "",
		 s->info.hooks_missing, s->lost);
	if (s->denials_known)
		mvprintw(row++, 0, "denials    %llu, %lld since the last refresh",
			 s->denials, (s64)(s->denials - last->denials));
	return row + 1;
}

static void draw_ranking(int row, const struct options *opt)
{
	struct oomtrace *ot = oomtrace_new();
	struct oomtrace_candidate *recs = NULL;
	char path[CGROUP_PATH_MAX], label[CGROUP_LABEL_MAX];
	char clean[4 * CGROUP_LABEL_MAX + 1];
	struct oomtrace_ranking rk;
	__u32 i;

	if (ot && !oomtrace_open(ot, opt->device, 0) &&
	    !ranking_ask(ot, 0, &rk, &recs)) {
		attron(A_REVERSE);
		mvprintw(row++, 0, "%-4s %-16s %8s %12s %6s  %-30s", "next",
			 "command", "pid", "points", "adj", "unit");
		attroff(A_REVERSE);
		for (i = 0; i < rk.eligible && i < rk.count && row < LINES; i++) {
			strcpy(label, "-");
			if (procfs_cgroup(recs[i].pid, path, sizeof(path)))
				cgroup_kind(path, label, sizeof(label));
			oomtrace_escape(clean, sizeof(clean), label,
					sizeof(label));
			mvprintw(row, 0, "%4u ", i + 1);
			oomtrace_escape(path, sizeof(path), recs[i].comm,
					sizeof(recs[i].comm));
			mvprintw(row++, 5, "%-16.16s %8d %12lld %6d  %.*s",
				 path, recs[i].pid, (s64)recs[i].points,
				 recs[i].oom_score_adj,
				 COLS > 52 ? COLS - 52 : 0, clean);
		}
	}
	free(recs);
	oomtrace_free(ot);
}

static int run_top(const struct options *opt)
{
	static struct status now, last;
	SCREEN *screen;
	int row;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		say_error("top: not a terminal: oomtrace status and oomtrace protect print the same information");
		return EXIT_USAGE;
	}
	status_read(&now, opt);
	if (now.state != STATUS_LOADED) {
		say_error("%s", now.why);
		return EXIT_RUNTIME;
	}
	last = now;
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		say_error("top: unknown terminal type '%s' in TERM",
			  getenv("TERM") ? : "");
		return EXIT_RUNTIME;
	}
	/* Replace the handlers of ncurses, which exit with status 1. */
	if (signals_catch()) {
		endwin();
		return EXIT_RUNTIME;
	}
	cbreak();
	noecho();
	curs_set(0);
	timeout(delay_ns / 1000000);
	for (;;) {
		erase();
		row = draw_status(&now, &last);
		draw_ranking(row, opt);
		refresh();
		if (turns > 0 && !--turns)
			break;
		if (getch() == 'q' || signals_stopped())
			break;
		last = now;
		status_read(&now, opt);
	}
	endwin();
	delscreen(screen);
	return EXIT_OK;
}

static const struct argp_option top_options[] = {
	{ "delay", 's', "TIME", 0, "Time between two refreshes, 1s by default", 0 },
	{ "number", 'n', "N", 0, "Exit after N refreshes", 0 },
	{ 0 },
};

const struct command command_top = {
	.name = "top",
	.summary = "a live screen of memory, denials and the next victims",
	.help = "Show the committed and available memory, refused requests, OOMs, and the processes that would be killed next, refreshed every second. Press q to quit."
		"\v"
		"Examples:\n"
		"  oomtrace top\n"
		"  oomtrace top --delay 5s\n",
	.options = top_options,
	.option = parse_top_option,
	.run = run_top,
};
