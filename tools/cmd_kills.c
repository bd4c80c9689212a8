// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace kills: who sent each SIGKILL, the OOM killer or somebody else.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "cgroups.h"
#include "cmd_kills.h"
#include "json.h"
#include "sigkill.h"
#include "table.h"
#include "term.h"
#include "when.h"

#define SETTING	"/sys/module/oomtrace/parameters/signals"

#define HAS(k, field)	oomtrace_field_valid(&(k)->h, OOMTRACE_BIT_sigkill_##field)

enum { KEY_ALL = 0x200 };

static struct table_choice choice = TABLE_ALL;
static const char *wanted;
static bool all_results;

static error_t parse_kills_option(int key, const char *arg)
{
	if (key != KEY_ALL)
		return table_option(&choice, key, arg);
	all_results = true;
	return 0;
}

/* A file is a source of records. */
static int take_victim(const char *arg)
{
	if (wanted || strchr(arg, '/') || !access(arg, F_OK))
		return ENOENT;
	wanted = arg;
	return 0;
}

static bool is_shown(const struct oomtrace_sigkill *k)
{
	char *end;
	long pid;

	/* A mere count of what was left out. */
	if (!HAS(k, victim_tgid))
		return !wanted && k->left_out;
	if (!all_results && !sigkill_is_kill(k))
		return false;
	if (!wanted)
		return true;
	pid = strtol(wanted, &end, 10);
	if (*wanted && !*end && (k->victim_tgid == pid || k->victim_pid == pid))
		return true;
	return !strncmp(k->victim_comm, wanted, sizeof(k->victim_comm));
}

/* ", in web.service": where a process was; "" if that is not known. */
static const char *write_owner(char *buf, size_t size, const struct cgroups *g,
			       unsigned long long id)
{
	char label[CGROUP_LABEL_MAX], clean[4 * CGROUP_LABEL_MAX + 1];
	const char *path = cgroups_path(g, id);

	*buf = '\0';
	if (!path || !strcmp(path, "/"))
		return buf;
	cgroups_describe(g, path, label, sizeof(label));
	oomtrace_escape(clean, sizeof(clean), label, sizeof(label));
	snprintf(buf, size, ", in %s", clean);
	return buf;
}

static void print_row(const struct sigkill *s, const struct cgroups *g)
{
	const struct oomtrace_sigkill *k = s->k;
	char when[WHEN_MAX], comm[4 * OOMTRACE_COMM_LEN + 1];
	char text[SIGKILL_TEXT_MAX], owner[4 * CGROUP_LABEL_MAX + 20];
	char parent[4 * OOMTRACE_COMM_LEN + 1], released[80] = "";

	if (s->dated)
		when_write_short(when, s->wall_ns);
	else
		snprintf(when, sizeof(when), "%.6f", k->h.ts_ns / 1e9);
	if (k->left_out)
		printf("%s  %llu more SIGKILLs, too many to be recorded one by one\n",
		       when, (unsigned long long)k->left_out);
	if (!HAS(k, victim_tgid))
		return;
	oomtrace_escape(comm, sizeof(comm), k->victim_comm, sizeof(k->victim_comm));
	write_owner(owner, sizeof(owner), g, k->victim_cgroup_id);
	if (s->released)
		snprintf(released, sizeof(released),
			 "; its memory was freed by process_mrelease (OOM %llu)", s->released);
	printf("%s  %s[%d]%s%s %s%s\n", when, comm, k->victim_tgid, owner,
	       *owner ? "," : "", sigkill_describe(text, k), released);
	if (!HAS(k, tgid))
		return;
	oomtrace_escape(comm, sizeof(comm), k->comm, sizeof(k->comm));
	oomtrace_escape(parent, sizeof(parent), k->parent_comm, sizeof(k->parent_comm));
	printf("%*s  %s[%d]: uid %u, child of %s[%d]%s\n", (int)strlen(when), "",
	       comm, k->tgid, k->uid, parent, k->parent_pid,
	       write_owner(owner, sizeof(owner), g, k->cgroup_id));
}

static void add_task_json(struct json_object *to, const char *name, const char *comm,
			  s64 pid, s64 uid, const char *path)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "pid", json_object_new_int64(pid));
	json_add_string(obj, "comm", comm, OOMTRACE_COMM_LEN);
	json_object_object_add(obj, "uid", json_object_new_int64(uid));
	if (path)
		json_add_string(obj, "cgroup", path, CGROUP_PATH_MAX);
	json_object_object_add(to, name, obj);
}

static void add_word(struct json_object *obj, const char *field, const char *name,
		     unsigned int value)
{
	const char *word = oomtrace_value_name(OOMTRACE_SIGKILL, field, value);

	if (word)
		json_add_string(obj, name, word, OOMTRACE_STR_MAX);
}

static void print_row_json(const struct sigkill *s, const struct cgroups *g)
{
	const struct oomtrace_sigkill *k = s->k;
	struct json_object *obj = json_object_new_object();
	char text[SIGKILL_TEXT_MAX], when[WHEN_MAX];

	if (s->dated)
		json_add_string(obj, "time", when_write_rfc3339(when, s->wall_ns),
				sizeof(when));
	json_object_object_add(obj, "ts_ns", json_object_new_uint64(k->h.ts_ns));
	if (k->left_out)
		json_object_object_add(obj, "left_out", json_object_new_uint64(k->left_out));
	if (HAS(k, victim_tgid)) {
		add_word(obj, "sender", "sender", k->sender);
		add_word(obj, "how", "how", k->how);
		add_word(obj, "result", "result", k->result);
		add_word(obj, "near", "near", k->near);
		if (HAS(k, oom_episode))
			json_object_object_add(obj, "episode",
					       json_object_new_uint64(k->oom_episode));
		if (s->released)
			json_object_object_add(obj, "released_in",
					       json_object_new_uint64(s->released));
		add_task_json(obj, "victim", k->victim_comm, k->victim_tgid, k->victim_uid,
			      cgroups_path(g, k->victim_cgroup_id));
		json_add_string(obj, "text", sigkill_describe(text, k), sizeof(text));
	}
	if (HAS(k, tgid))
		add_task_json(obj, "from", k->comm, k->tgid, k->uid,
			      cgroups_path(g, k->cgroup_id));
	puts(json_text(obj));
	json_object_put(obj);
}

/* What the module does now: kill, none, or "" if it is not loaded. */
static void read_setting(char *buf, size_t size)
{
	FILE *f = fopen(SETTING, "re");

	if (!f || !fgets(buf, size, f))
		*buf = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	if (f)
		fclose(f);
}

static int report_none(const struct options *opt, size_t n)
{
	char setting[16];

	read_setting(setting, sizeof(setting));
	if (wanted)
		say_error("no SIGKILL to %s is recorded%s", wanted,
			  opt->timed ? " in that time" : "");
	else
		say_error("no SIGKILL is recorded%s%s", opt->timed ? " in that time" : "",
			  n && !all_results ? " that had an effect; --all lists the others" : "");
	if (!strcmp(setting, "none"))
		say_error("they are not recorded: echo kill >/sys/kernel/debug/oomtrace/signals starts that, or oomtrace record --signals");
	return EXIT_RUNTIME;
}

static int print_list(const struct store *st, const struct options *opt)
{
	struct cgroups *names = store_cgroups(st);
	const struct sigkill *s;
	struct sigkill *list;
	long long skip, shown = 0, count = 0;
	size_t n, i;

	list = sigkills_find(st, opt, &n);
	for (i = 0; i < n; i++)
		count += is_shown(list[i].k);
	/* The newest ones are shown. */
	skip = choice.reverse || count <= choice.at_most ? 0 : count - choice.at_most;
	for (i = 0; i < n && shown < choice.at_most; i++) {
		s = &list[choice.reverse ? n - 1 - i : i];
		if (!is_shown(s->k) || skip-- > 0)
			continue;
		shown++;
		if (opt->json)
			print_row_json(s, &names[s->load]);
		else
			print_row(s, &names[s->load]);
	}
	free(list);
	free(names);
	return shown ? EXIT_OK : report_none(opt, n);
}

static int run_kills(const struct options *opt)
{
	struct store st;
	int status, damaged;

	status = store_read(&st, opt, STORE_QUIET | RECORDS_TYPE(OOMTRACE_SIGKILL) |
			    RECORDS_TYPE(OOMTRACE_CGROUP) | RECORDS_TYPE(OOMTRACE_VICTIM));
	if (!status) {
		term_start(opt);
		status = print_list(&st, opt);
	}
	damaged = st.damaged;
	store_free(&st);
	if (!status)
		status = close_output();
	return status ? status : damaged;
}

static const struct argp_option kills_options[] = {
	{ "all", KEY_ALL, NULL, 0,
	  "Also SIGKILLs without effect: to a process that was dying already", 0 },
	{ "number", 'n', "N", 0, "Only the newest N", 0 },
	{ "reverse", 'r', NULL, 0, "Newest first", 0 },
	{ 0 }
};

const struct command command_kills = {
	.name = "kills",
	.summary = "who sent a SIGKILL: behind exit status 137 when it was no OOM",
	.help = "List the SIGKILLs that were sent to all processes, or to one: by which process, by the kernel or by its OOM killer, and whether an OOM was near. They are recorded while the module's setting signals is kill, which is not the default: write kill to /sys/kernel/debug/oomtrace/signals, or use oomtrace record --signals."
		"\v"
		"Examples:\n"
		"  oomtrace kills\n"
		"  oomtrace kills nginx --since yesterday\n"
		"  oomtrace kills --json 4711\n",
	.takes = TAKES_STORE | TAKES_JSON | TAKES_TIMES | TAKES_PAGER,
	.options = kills_options,
	.option = parse_kills_option,
	.argument = take_victim,
	.argument_name = "[PID|NAME]",
	.run = run_kills,
};
