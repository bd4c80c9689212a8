// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace limits: find the processes that the argument names, and print how near
 * each is to the limits that answer ENOMEM or EAGAIN. Needs no module.
 */
#include <argp.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/format.h"
#include "cmd_limits.h"
#include "container_names.h"
#include "human.h"
#include "json.h"
#include "limits.h"
#include "numbers.h"
#include "procfs.h"

/* Processes to print if a name or a unit has many. */
#define PROCESSES_MAX	16
/* How long the events of memory.high are watched, ms. */
#define WATCH_MS	200
/* A limit is near from this share on. */
#define NEAR		0.9

static bool show_all;

static error_t parse_limits_option(int key, const char *arg)
{
	(void)arg;
	if (key != 'a')
		return ARGP_ERR_UNKNOWN;
	show_all = true;
	return 0;
}

/* ---- which processes ---- */

/* The text after the name of a line of /proc/PID/status; "" if there is none. */
static void read_status_line(int pid, const char *name, char *buf, size_t size)
{
	char path[64], text[8192], *at;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (!procfs_read(path, text, sizeof(text)))
		return;
	at = strstr(text, name);
	if (!at)
		return;
	at += strlen(name);
	at += strspn(at, "\t ");
	snprintf(buf, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* Is it the unit, or the path, of a process's cgroup, or of one above it? */
static bool is_in_cgroup(const char *path, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	if (*name == '/')
		return !strncmp(path, name, len) &&
		       (!path[len] || path[len] == '/' || name[len - 1] == '/');
	for (at = strchr(path, '/'); at; at = strchr(at + 1, '/'))
		if (!strncmp(at + 1, name, len) && (!at[1 + len] || at[1 + len] == '/'))
			return true;
	return false;
}

static bool has_name(int pid, const char *name)
{
	char comm[64], path[CGROUP_PATH_MAX], label[CGROUP_LABEL_MAX];

	read_status_line(pid, "Name:", comm, sizeof(comm));
	if (!strcmp(comm, name))
		return true;
	if (!procfs_cgroup(pid, path, sizeof(path)))
		return false;
	if (is_in_cgroup(path, name))
		return true;
	cgroup_kind(path, label, sizeof(label));
	if (!strcmp(label, name))
		return true;
	cgroup_describe("", path, label, sizeof(label));
	return !strcmp(label, name);
}

/* Find the processes with a name; returns how many there are. */
static size_t find_processes(const char *name, int *pids, size_t max)
{
	struct dirent **list;
	size_t found = 0;
	int i, n;

	n = scandir("/proc", &list, NULL, versionsort);
	for (i = 0; i < n; i++) {
		int pid = isdigit((unsigned char)*list[i]->d_name) ?
			  atoi(list[i]->d_name) : 0;

		free(list[i]);
		if (!pid || !has_name(pid, name))
			continue;
		if (found < max)
			pids[found] = pid;
		found++;
	}
	if (n >= 0)
		free(list);
	return found;
}

/* A pid may be one of a container: name the process that has it there. */
static void say_no_process(const char *arg)
{
	char ns_pids[256], comm[64], clean[4 * 64 + 1];
	const char *last;
	struct dirent *e;
	DIR *d = opendir("/proc");
	bool said = false;

	while (d && (e = readdir(d))) {
		int pid = isdigit((unsigned char)*e->d_name) ? atoi(e->d_name) : 0;

		if (!pid)
			continue;
		read_status_line(pid, "NSpid:", ns_pids, sizeof(ns_pids));
		last = strrchr(ns_pids, '\t');
		if (!last || strcmp(last + 1, arg))
			continue;
		read_status_line(pid, "Name:", comm, sizeof(comm));
		oomtrace_escape(clean, sizeof(clean), comm, sizeof(comm));
		say_error("no process %s in this pid namespace; %s[%d] has that pid in its container: oomtrace limits %d",
			  arg, clean, pid, pid);
		said = true;
	}
	if (d)
		closedir(d);
	if (!said)
		say_error("no process %s in this pid namespace", arg);
}

/* ---- as text ---- */

static void format_count(char *buf, size_t size, unsigned long long n)
{
	char digits[32];
	int i, len = snprintf(digits, sizeof(digits), "%llu", n);
	size_t at = 0;

	for (i = 0; i < len && at + 2 < size; i++) {
		if (i && (len - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
}

static void format_amount(char buf[HUMAN_LEN], const struct limit_row *row,
			  unsigned long long n)
{
	if (n == LIMITS_NONE)
		snprintf(buf, HUMAN_LEN, "no limit");
	else if (!row->bytes)
		format_count(buf, HUMAN_LEN, n);
	else
		human_size(buf, n);
}

static void print_limit(const struct limit_row *row)
{
	char used[HUMAN_LEN] = "not known", max[HUMAN_LEN], share[16] = "-", where[4 * 96 + 1];
	double part = limits_share(row);

	if (row->used_known)
		format_amount(used, row, row->used);
	format_amount(max, row, row->max);
	if (part >= 0)
		snprintf(share, sizeof(share), "%.1f%%", 100 * part);
	printf("%-28s %12s %12s %7s  %s", row->name, used, max, share, row->answer);
	if (row->events != LIMITS_NONE && row->events)
		printf("; %llu times so far", row->events);
	if (*row->note)
		printf(" (%s)", row->note);
	if (*row->where) {
		oomtrace_escape(where, sizeof(where), row->where, 96);
		printf("\n  of %s", where);
	}
	putchar('\n');
}

static void print_summary(const struct limits *l)
{
	char where[4 * CGROUP_PATH_MAX + 1];
	size_t i, near = 0;

	if (*l->throttled) {
		oomtrace_escape(where, sizeof(where), l->throttled,
				sizeof(l->throttled));
		printf("Throttled: it stands still, throttled by memory.high of %s: %s. memory.high never kills\n",
		       where, l->throttled_why);
	}
	for (i = 0; i < l->n; i++) {
		double part = limits_share(&l->row[i]);

		if (part < NEAR)
			continue;
		oomtrace_escape(where, sizeof(where), l->row[i].where,
				sizeof(l->row[i].where));
		printf("%s %s at %.1f %%%s%s\n", near++ ? "          " : "Near:     ",
		       l->row[i].name, 100 * part, *where ? " of " : "", where);
	}
	if (!near)
		printf("Near:      none; the nearest is %s at %.1f %%\n",
		       l->n && limits_share(&l->row[0]) >= 0 ? l->row[0].name : "none",
		       l->n && limits_share(&l->row[0]) >= 0 ?
		       100 * limits_share(&l->row[0]) : 0);
	for (i = 0; i < l->absent_n; i++)
		printf("Absent:    %s\n", l->absent[i]);
}

static void print_limits(const struct limits *l)
{
	char comm[4 * 64 + 1], label[CGROUP_LABEL_MAX];
	char clean[4 * CGROUP_LABEL_MAX + 1];
	size_t i, unset = 0;

	oomtrace_escape(comm, sizeof(comm), l->comm, sizeof(l->comm));
	cgroup_describe("", *l->path ? l->path : "-", label, sizeof(label));
	oomtrace_escape(clean, sizeof(clean), label, sizeof(label));
	printf("%s[%d], uid %u, cgroup %s\n", comm, l->pid, l->uid, clean);
	printf("%-28s %12s %12s %7s  %s\n", "LIMIT", "USED", "MAX", "SHARE",
	       "WHEN IT IS REACHED");
	for (i = 0; i < l->n; i++) {
		if (l->row[i].max == LIMITS_NONE && !show_all)
			unset++;
		else
			print_limit(&l->row[i]);
	}
	if (unset)
		printf("%zu limits are not set; --all shows them\n", unset);
	print_summary(l);
}

/* ---- as JSON ---- */

static struct json_object *json_limit(const struct limit_row *row)
{
	struct json_object *obj = json_object_new_object();

	json_add_string(obj, "limit", row->key, strlen(row->key));
	json_add_string(obj, "unit", row->bytes ? "bytes" : "count", 5);
	if (*row->where)
		json_add_string(obj, "cgroup", row->where, sizeof(row->where));
	if (row->used_known)
		json_object_object_add(obj, "used", json_object_new_uint64(row->used));
	if (row->max != LIMITS_NONE)
		json_object_object_add(obj, "max", json_object_new_uint64(row->max));
	if (limits_share(row) >= 0)
		json_object_object_add(obj, "share",
				       json_object_new_double(limits_share(row)));
	if (row->events != LIMITS_NONE)
		json_object_object_add(obj, "events",
				       json_object_new_uint64(row->events));
	json_add_string(obj, "answer", row->answer, strlen(row->answer));
	return obj;
}

static void print_limits_json(const struct limits *l)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct json_object *absent = json_object_new_array();
	size_t i;

	json_object_object_add(obj, "pid", json_object_new_int(l->pid));
	json_add_string(obj, "comm", l->comm, sizeof(l->comm));
	json_object_object_add(obj, "uid", json_object_new_int64(l->uid));
	if (*l->path)
		json_add_string(obj, "cgroup", l->path, sizeof(l->path));
	for (i = 0; i < l->n; i++)
		json_object_array_add(list, json_limit(&l->row[i]));
	json_object_object_add(obj, "limits", list);
	if (*l->throttled)
		json_add_string(obj, "throttled_by", l->throttled,
				sizeof(l->throttled));
	for (i = 0; i < l->absent_n; i++)
		json_object_array_add(absent, json_object_new_string(l->absent[i]));
	json_object_object_add(obj, "absent", absent);
	puts(json_text(obj));
	json_object_put(obj);
}

/* ---- the command ---- */

static int show_process(int pid, const struct options *opt)
{
	static struct limits l;
	int err = limits_read(&l, pid, WATCH_MS);

	switch (err) {
	case 0:
		break;
	case -ESRCH:
		say_error("process %d has exited", pid);
		return EXIT_RUNTIME;
	case -ENOEXEC:
		say_error("%d is a kernel thread: none of these limits is for it", pid);
		return EXIT_RUNTIME;
	default:
		say_error("process %d: %s", pid, strerror(-err));
		return EXIT_RUNTIME;
	}
	if (opt->json)
		print_limits_json(&l);
	else
		print_limits(&l);
	return EXIT_OK;
}

/* A thread has the limits of its process. */
static int process_of(int pid)
{
	char tgid[32];

	read_status_line(pid, "Tgid:", tgid, sizeof(tgid));
	return *tgid ? atoi(tgid) : 0;
}

static int run_limits(const struct options *opt)
{
	int pids[PROCESSES_MAX], status = EXIT_OK;
	long long pid;
	size_t i, n;

	if (!*opt->task) {
		say_error("limits: the name is empty: give a pid, a command name or a unit");
		return EXIT_USAGE;
	}
	if (!opt->task[strspn(opt->task, "0123456789")]) {
		if (!read_number(opt->task, 1, 1 << 22, &pid)) {
			say_error("'%s' is not a pid: pids are 1 to 4194304",
				  opt->task);
			return EXIT_USAGE;
		}
		pids[0] = process_of(pid);
		if (!pids[0]) {
			say_no_process(opt->task);
			return EXIT_RUNTIME;
		}
		n = 1;
	} else {
		n = find_processes(opt->task, pids, PROCESSES_MAX);
	}
	if (!n) {
		say_error("no process has the command name '%s', and none is in a unit or cgroup of that name",
			  opt->task);
		return EXIT_RUNTIME;
	}
	for (i = 0; i < n && i < PROCESSES_MAX; i++) {
		if (i && !opt->json)
			putchar('\n');
		if (show_process(pids[i], opt))
			status = EXIT_RUNTIME;
	}
	if (n > PROCESSES_MAX)
		say_error("%zu more processes are not shown: name one by its pid",
			  n - PROCESSES_MAX);
	return close_output() ? EXIT_RUNTIME : status;
}

static const struct argp_option limits_options[] = {
	{ "all", 'a', NULL, 0, "Show limits that are not set, too", 0 },
	{ 0 },
};

const struct command command_limits = {
	.name = "limits",
	.summary = "how near a process is to each limit that answers ENOMEM",
	.help = "Print every limit that answers ENOMEM or EAGAIN to a process, and how near the process is to it: the number of its maps, its rlimits, huge pages, tasks, the commit limit in mode 2, and pids.max, memory.max and memory.high of each cgroup above it. The process is named by its pid, by its command name, or by its unit, container or cgroup. Needs no module; without root some numbers are absent, which is then said."
		"\v"
		"Examples:\n"
		"  oomtrace limits 1234\n"
		"  oomtrace limits java\n"
		"  oomtrace limits postgresql.service\n"
		"  oomtrace limits --json 1234 | jq '.limits[] | select(.share > 0.9)'\n",
	.takes = TAKES_JSON | TAKES_TASK,
	.options = limits_options,
	.option = parse_limits_option,
	.run = run_limits,
};
