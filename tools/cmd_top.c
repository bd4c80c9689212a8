// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace top: an ncurses screen of the machine's memory and pressure, the last
 * kill, the cgroups nearest to their limits, and the processes to be killed next.
 *
 * It only shows: no key kills or changes anything.
 */
#include <argp.h>
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "cgroup_limits.h"
#include "clock.h"
#include "cmd_top.h"
#include "container_names.h"
#include "human.h"
#include "machine.h"
#include "numbers.h"
#include "procfs.h"
#include "ranking.h"
#include "signals.h"
#include "status.h"

/* Reading the limits of many cgroups takes longer than everything else. */
#define LIMITS_NS	(5 * NS_PER_S)
#define BAR		24	/* columns of a bar */

static long long delay_ns = NS_PER_S, turns = -1;

static enum order { BY_SCORE, BY_MEMORY, BY_ADJ, ORDERS } order;
static bool show_commit, show_help, paused;

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
	case 'c':
		show_commit = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- drawing ---- */

/* The next free row; what does not fit on the screen is left out. */
static int row;

__attribute__((format(printf, 1, 2)))
static void draw(const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (row < LINES)
		mvaddnstr(row++, 0, line, COLS);
}

/* Names may have any byte: show no terminal controls. */
static const char *clean_name(const char *name, size_t n)
{
	static char clean[4 * CGROUP_LABEL_MAX + 1];

	oomtrace_escape(clean, sizeof(clean), name, n);
	return clean;
}

/* A bar of used memory, and its percentage. It is red from 90 % on. */
static void draw_bar(int column, double used, double all)
{
	int full = all > 0 ? used * BAR / all : 0, i;
	double percent = all > 0 ? 100 * used / all : 0;

	if (column + BAR + 10 > COLS || row > LINES)
		return;
	full = full < 0 ? 0 : full > BAR ? BAR : full;
	mvaddch(row - 1, column, '[');
	attron(percent >= 90 ? A_BOLD | COLOR_PAIR(1) : A_BOLD);
	for (i = 0; i < full; i++)
		addch('|');
	attroff(A_BOLD | COLOR_PAIR(1));
	mvprintw(row - 1, column + 1 + BAR, "] %5.1f %%", percent);
}

static void draw_heading(const char *text)
{
	if (row >= LINES)
		return;
	attron(A_REVERSE);
	mvprintw(row++, 0, "%-*.*s", COLS, COLS, text);
	attroff(A_REVERSE);
}

static double to_bytes(long long pages)
{
	return (double)pages * sysconf(_SC_PAGESIZE);
}

/* ---- the machine ---- */

static void draw_title(void)
{
	char host[65] = "", when[64] = "", line[256];
	time_t now = time(NULL);
	struct tm tm;

	gethostname(host, sizeof(host) - 1);
	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%a %F %T %Z", &tm);
	attron(A_BOLD);
	draw("oomtrace top   %s   %s%s", clean_name(host, strlen(host)), when,
	     paused ? "   PAUSED" : "");
	attroff(A_BOLD);
	snprintf(line, sizeof(line), "h help  q quit");
	if (COLS >= 78)
		mvaddstr(0, COLS - strlen(line), line);
}

static void draw_memory(const struct status *s)
{
	double total = machine_meminfo("MemTotal"), swap = machine_meminfo("SwapTotal");
	double free_swap = machine_meminfo("SwapFree");
	double available = to_bytes(s->memory.available);
	char a[HUMAN_LEN], b[HUMAN_LEN];

	draw("Memory    %s available of %s", human_size(a, available),
	     human_size(b, total));
	draw_bar(44, total - available, total);
	if (swap <= 0) {
		draw("Swap      none");
	} else {
		draw("Swap      %s free of %s", human_size(a, free_swap),
		     human_size(b, swap));
		draw_bar(44, swap - free_swap, swap);
	}
	if (machine_pressure("memory", "some") < 0)
		draw("Pressure  not known: this kernel has no PSI, or it is off (psi=1)");
	else
		draw("Pressure  memory: some %.2f %%, full %.2f %%; I/O: some %.2f %% of the last 10 s",
		     machine_pressure("memory", "some"),
		     machine_pressure("memory", "full"),
		     machine_pressure("io", "some"));
}

/* The limit of mode 2 says nothing about this machine in other modes. */
static void draw_commit(const struct status *s)
{
	const struct oomtrace_sample *m = &s->memory;
	char a[HUMAN_LEN], b[HUMAN_LEN], c[HUMAN_LEN];
	long long left = m->limit - m->committed;

	if (!show_commit && !(s->mode_known && s->mode == 2))
		return;
	draw("Commit    %s of %s, headroom %s%s%s", human_size(a, to_bytes(m->committed)),
	     human_size(b, to_bytes(m->limit)), left < 0 ? "-" : "",
	     human_size(c, to_bytes(llabs(left))),
	     s->mode == 2 ? "" : " (not enforced: mode is not 2)");
}

static void draw_events(const struct status *s, const struct status *last)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1], when[64] = "", ago[HUMAN_LEN];
	long long ns;
	struct tm tm;
	time_t t;

	if (s->state != STATUS_LOADED) {
		draw("oomtrace  %s", s->why);
		return;
	}
	if (s->victim.h.type) {
		ns = s->victim.h.ts_ns + s->info.wall_offset_ns;
		t = ns / NS_PER_S;
		if (localtime_r(&t, &tm))
			strftime(when, sizeof(when), "%F %T", &tm);
		oomtrace_escape(comm, sizeof(comm), s->victim.comm,
				sizeof(s->victim.comm));
		draw("Last kill %s[%d], %s, %s ago", comm, s->victim.pid, when,
		     human_time(ago, (clock_ns(CLOCK_REALTIME) - ns) / NS_PER_S));
	} else {
		draw("Last kill none is recorded");
	}
	draw("OOMs      %llu%s; hooks missing %u; records lost %llu",
	     (u64)s->info.episodes,
	     s->info.episodes != last->info.episodes ? " (just now)" : "",
	     s->info.hooks_missing, s->lost);
	if (s->denials_known && (s->denials || (s->mode_known && s->mode == 2)))
		draw("Refused   %llu requests, %lld since the last refresh",
		     s->denials, (s64)(s->denials - last->denials));
}

/* ---- cgroups ---- */

static void draw_limits(int rows)
{
	static struct cgroup_limits l;
	static long long read_ns;
	char label[CGROUP_LABEL_MAX], a[HUMAN_LEN], b[HUMAN_LEN];
	long long now = clock_ns(CLOCK_MONOTONIC);
	unsigned int i;
	double percent;

	if (!read_ns || now - read_ns > LIMITS_NS) {
		cgroup_limits_read(&l);
		read_ns = now;
	}
	row++;
	draw_heading("NEAREST TO THEIR LIMIT (used includes cache)");
	if (l.cut)
		draw("only the first %u cgroups are looked at", l.looked);
	if (!l.n)
		draw("no cgroup has a memory limit");
	if (rows > (int)l.n)
		rows = l.n;
	for (i = 0; i < (unsigned int)rows; i++) {
		cgroup_describe("", l.nearest[i].path, label, sizeof(label));
		percent = 100.0 * l.nearest[i].used / l.nearest[i].limit;
		attron(percent >= 90 ? COLOR_PAIR(1) : 0);
		draw("%10s of %10s  %5.1f %%  %s", human_size(a, l.nearest[i].used),
		     human_size(b, l.nearest[i].limit), percent,
		     clean_name(label, strlen(label)));
		attroff(COLOR_PAIR(1));
	}
}

/* ---- processes ---- */

static long long memory_of(const struct oomtrace_candidate *c)
{
	return c->rss_anon + c->rss_file + c->rss_shmem + c->swapents +
	       (long long)c->pgtables_bytes / sysconf(_SC_PAGESIZE);
}

static int compare_rows(const void *a, const void *b)
{
	const struct oomtrace_candidate *x = a, *y = b;
	long long nx = order == BY_MEMORY ? memory_of(x) : x->oom_score_adj;
	long long ny = order == BY_MEMORY ? memory_of(y) : y->oom_score_adj;

	if (nx != ny)
		return nx > ny ? -1 : 1;
	return x->points > y->points ? -1 : x->points < y->points;
}

static void draw_process(const struct oomtrace_candidate *c, u64 total)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1], path[CGROUP_PATH_MAX];
	char label[CGROUP_LABEL_MAX] = "-", memory[HUMAN_LEN], score[HUMAN_LEN];

	if (procfs_cgroup(c->pid, path, sizeof(path)))
		cgroup_describe("", path, label, sizeof(label));
	oomtrace_escape(comm, sizeof(comm), c->comm, sizeof(c->comm));
	draw("%-15.15s %8d %10s %5.1f %% %5d %10s  %s", comm, c->pid,
	     human_size(memory, to_bytes(memory_of(c))),
	     total ? 100.0 * memory_of(c) / total : 0, c->oom_score_adj,
	     human_size(score, to_bytes(c->points > 0 ? c->points : 0)),
	     clean_name(label, strlen(label)));
}

static void draw_ranking(const struct options *opt)
{
	static const char * const names[] = { "score", "memory", "oom_score_adj" };
	struct oomtrace *ot = oomtrace_new();
	struct oomtrace_candidate *recs = NULL;
	struct oomtrace_ranking rk;
	char heading[96];
	__u32 i, n;

	row++;
	snprintf(heading, sizeof(heading), "%-15s %8s %10s %7s %5s %10s  %s",
		 "command", "pid", "memory", "share", "adj", "score", "unit");
	draw_heading(heading);
	if (ot && !oomtrace_open(ot, opt->device, 0) &&
	    !ranking_ask(ot, 0, &rk, &recs)) {
		n = rk.eligible < rk.count ? rk.eligible : rk.count;
		if (order != BY_SCORE)
			qsort(recs, n, sizeof(*recs), compare_rows);
		/* The last row has the order. */
		for (i = 0; i < n && row < LINES - 1; i++)
			draw_process(&recs[i], rk.totalpages);
		row = row < LINES - 1 ? row : LINES - 1;
		draw("%u can be killed, sorted by %s%s", rk.eligible, names[order],
		     order == BY_SCORE ? ": the first would be killed next" : "");
	}
	free(recs);
	oomtrace_free(ot);
}

/* ---- the screen ---- */

static void draw_help(void)
{
	static const char * const text[] = {
		"", "Keys", "",
		"  s        sort the processes by score, memory or oom_score_adj",
		"  p space  pause, and go on",
		"  c        show the commit limit, which only mode 2 enforces",
		"  h ?      this help",
		"  q        quit", "",
		"score is what the OOM killer compares: the memory, and a thousandth of RAM and",
		"swap for each oom_score_adj. No key kills a process or changes anything.",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(text); i++)
		draw("%s", text[i]);
}

static void draw_screen(const struct status *now, const struct status *last,
			const struct options *opt)
{
	erase();
	row = 0;
	draw_title();
	if (show_help) {
		draw_help();
	} else {
		draw_memory(now);
		draw_commit(now);
		draw_events(now, last);
		draw_limits(LINES > 30 ? 8 : 3);
		draw_ranking(opt);
	}
	refresh();
}

/* Returns false to quit. */
static bool handle_key(int key)
{
	switch (key) {
	case 'q':
		return false;
	case 's':
		order = (order + 1) % ORDERS;
		break;
	case 'c':
		show_commit = !show_commit;
		break;
	case 'h':
	case '?':
		show_help = !show_help;
		break;
	case 'p':
	case ' ':
		paused = !paused;
		break;
	}
	return true;
}

static int run_top(const struct options *opt)
{
	static struct status now, last;
	SCREEN *screen;
	int key;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		say_error("top: not a terminal: oomtrace status and oomtrace protect print the same information");
		return EXIT_USAGE;
	}
	status_read(&now, opt);
	if (now.state != STATUS_LOADED) {
		say_error("%s", now.why);
		return status_verdict(&now);
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
	if (!getenv("NO_COLOR") && start_color() == OK) {
		use_default_colors();
		init_pair(1, COLOR_RED, -1);
	}
	timeout(delay_ns / 1000000);
	for (key = 0;;) {
		/* While paused, only a key draws. */
		if (!paused || key != ERR)
			draw_screen(&now, &last, opt);
		if (turns > 0 && !--turns)
			break;
		key = getch();
		if (signals_stopped() || !handle_key(key))
			break;
		/* A key only draws the screen again. */
		if (paused || key != ERR)
			continue;
		last = now;
		status_read(&now, opt);
	}
	endwin();
	delscreen(screen);
	return status_verdict(&now);
}

static const struct argp_option top_options[] = {
	{ "delay", 's', "TIME", 0, "Time between two refreshes, 1s by default", 0 },
	{ "number", 'n', "N", 0, "Exit after N refreshes", 0 },
	{ "commit", 'c', NULL, 0,
	  "Show the commit limit in modes 0 and 1 too, which do not enforce it", 0 },
	{ 0 },
};

const struct command command_top = {
	.name = "top",
	.summary = "a live screen of memory, pressure and the next victims",
	.help = "Show the machine's memory and pressure, the last kill, the cgroups that are nearest to their limits, and the processes that would be killed next, refreshed every second. Press h for the keys, q to quit. The exit status is that of status: 3 not recording, 4 hooks are missing."
		"\v"
		"Examples:\n"
		"  oomtrace top\n"
		"  oomtrace top --delay 5s\n",
	.options = top_options,
	.option = parse_top_option,
	.run = run_top,
};
