// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace status: whether the module is loaded and complete, what happened so
 * far, and what to do next. It works without root and without the module, from
 * files that all users may read, and then says why it shows less.
 */
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../common/format.h"
#include "cmd_status.h"
#include "human.h"
#include "json.h"
#include "status.h"

#define REFUSALS	"oomtrace refusals shows which requests were refused, and why"
#define HOOKS		"/sys/kernel/debug/oomtrace/hooks"

enum { KEY_CHECK = 0x200 };

static bool check;

static error_t parse_status_option(int key, const char *arg)
{
	(void)arg;
	if (key != KEY_CHECK)
		return ARGP_ERR_UNKNOWN;
	check = true;
	return 0;
}

/* ---- as text ---- */

static void print_module_state(const struct status *s)
{
	switch (s->state) {
	case STATUS_LOADED:
		printf("Module:    loaded, record ABI %u, %s\n", s->info.abi,
		       s->info.enabled ? "recording" :
		       "disabled (echo 1 > /sys/kernel/debug/oomtrace/enable)");
		if (s->info.hooks_missing)
			printf("Hooks:     %u missing, so records lack fields: see " HOOKS "\n",
			       s->info.hooks_missing);
		else
			printf("Hooks:     none missing\n");
		break;
	case STATUS_FORBIDDEN:
		printf("Module:    loaded, but only root may read it\n");
		break;
	default:
		printf("Module:    %s\n", s->why);
	}
}

static void print_history(const struct status *s)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1];

	if (s->state == STATUS_LOADED) {
		printf("OOMs:      %llu since the module was loaded",
		       (u64)s->info.episodes);
		if (s->victim.h.type) {
			oomtrace_escape(comm, sizeof(comm), s->victim.comm,
					sizeof(s->victim.comm));
			printf("; the last victim was %s[%d], in episode %llu",
			       comm, s->victim.pid, s->last);
		}
		putchar('\n');
		if (s->denials_known)
			printf("Denials:   %llu commit requests since the module was loaded\n",
			       s->denials);
		else
			printf("Denials:   unknown: " STATUS_STATS_FILE " cannot be read\n");
		if (s->lost)
			printf("Lost:      %llu records were overwritten\n",
			       s->lost);
	}
	if (s->kills_known)
		printf("Kernel:    %llu OOM kills since boot, by the kernel's count\n",
		       s->kills);
}

static void print_memory_state(const struct status *s)
{
	const struct oomtrace_sample *m = &s->memory;
	double page_size = sysconf(_SC_PAGESIZE);
	char a[HUMAN_LEN], b[HUMAN_LEN], c[HUMAN_LEN];

	if (s->mode_known)
		printf("Overcommit: mode %llu; ", s->mode);
	printf("committed %s, limit of mode 2 %s, available %s\n",
	       human_size(a, m->committed * page_size), human_size(b, m->limit * page_size),
	       human_size(c, m->available * page_size));
	if (s->pstore)
		printf("Panic:     pstore has %zu files of a panic: see oomtrace last --pstore\n",
		       s->pstore);
}

static void print_next_step(const struct status *s)
{
	if (s->state == STATUS_FORBIDDEN)
		printf("Next:      sudo oomtrace\n");
	else if (s->state == STATUS_BROKEN && strstr(s->why, "ABI"))
		printf("Next:      use the command of the module's version, or modprobe -r oomtrace; modprobe oomtrace\n");
	else if (s->state != STATUS_LOADED)
		printf("Next:      modprobe oomtrace; %s\n", access(STORE_DIR, R_OK) ?
		       "oomtrace --help lists the commands" :
		       "oomtrace list shows what was saved before");
	else if (s->info.episodes)
		printf("Next:      oomtrace last explains the last OOM kill; oomtrace list lists all%s\n",
		       s->denials ? ";\n           " REFUSALS : "");
	else if (s->denials)
		printf("Next:      " REFUSALS "\n");
	else
		printf("Next:      oomtrace live shows new records; oomtrace --help lists the commands\n");
}

static void print_status_text(const struct status *s)
{
	struct utsname u;

	if (!uname(&u))
		printf("oomtrace " OOMTRACE_VERSION " on %s, kernel %s\n",
		       u.nodename, u.release);
	print_module_state(s);
	print_history(s);
	print_memory_state(s);
	print_next_step(s);
}

/* ---- as JSON ---- */

static void print_status_json(const struct status *s)
{
	static const char * const states[] = {
		[STATUS_LOADED] = "loaded", [STATUS_ABSENT] = "not_loaded",
		[STATUS_FORBIDDEN] = "no_permission",
		[STATUS_BROKEN] = "broken",
	};
	struct json_object *obj = json_object_new_object();

#define ADD(name, n) \
	json_object_object_add(obj, name, json_object_new_uint64(n))
	json_object_object_add(obj, "version",
			       json_object_new_string(OOMTRACE_VERSION));
	json_object_object_add(obj, "module",
			       json_object_new_string(states[s->state]));
	if (*s->why)
		json_object_object_add(obj, "why",
				       json_object_new_string(s->why));
	if (s->state == STATUS_LOADED) {
		ADD("abi", s->info.abi);
		ADD("enabled", s->info.enabled);
		ADD("hooks_missing", s->info.hooks_missing);
		ADD("episodes", s->info.episodes);
		ADD("lost", s->lost);
	}
	if (s->state == STATUS_LOADED && s->denials_known)
		ADD("denials", s->denials);
	if (s->victim.h.type) {
		ADD("last_episode", s->last);
		ADD("last_pid", s->victim.pid);
		json_add_string(obj, "last_comm", s->victim.comm,
				sizeof(s->victim.comm));
	}
	if (s->kills_known)
		ADD("kernel_oom_kills", s->kills);
	if (s->mode_known)
		ADD("overcommit_memory", s->mode);
	ADD("committed", s->memory.committed);
	ADD("commit_limit", s->memory.limit);
	ADD("available", s->memory.available);
	ADD("pstore_files", s->pstore);
#undef ADD
	puts(json_text(obj));
	json_object_put(obj);
}

/* ---- for a monitor ---- */

static void print_check(const struct status *s, int verdict)
{
	switch (verdict) {
	case EXIT_OK:
		puts("OK: recording, no hook is missing");
		break;
	case EXIT_HOOKS:
		printf("WARNING: recording, but %u of %u hooks are missing: see " HOOKS "\n",
		       s->info.hooks_missing, s->info.hooks);
		break;
	case EXIT_BLIND:
		printf("CRITICAL: not recording: %s\n", s->state == STATUS_LOADED ?
		       "disabled (echo 1 > /sys/kernel/debug/oomtrace/enable)" : s->why);
		break;
	default:
		printf("UNKNOWN: only root may read the module\n");
	}
}

static int run_status(const struct options *opt)
{
	static struct status s;
	int verdict, status;

	status_read(&s, opt);
	verdict = status_verdict(&s);
	if (check)
		print_check(&s, verdict);
	else if (opt->json)
		print_status_json(&s);
	else
		print_status_text(&s);
	status = close_output();
	/* Without root there is less to show, which is no failure. */
	if (s.state == STATUS_FORBIDDEN && !check)
		verdict = EXIT_OK;
	return status ? status : verdict;
}

static const struct argp_option status_options[] = {
	{ "check", KEY_CHECK, NULL, 0,
	  "Print one line for a monitor: OK, WARNING, CRITICAL or UNKNOWN", 0 },
	{ 0 }
};

const struct command command_status = {
	.name = "status",
	.summary = "is it recording, what happened, what to do next",
	.help = "Show whether the module is loaded, how many hooks are missing, what happened since it was loaded, and what to do next. Without root or without the module it shows only what all users may read. Exit status: 0 recording, 3 not recording (not loaded, another ABI, disabled), 4 recording but hooks are missing."
		"\v"
		"Examples:\n"
		"  oomtrace status --check\n"
		"  oomtrace status --json | jq .hooks_missing\n",
	.takes = TAKES_JSON,
	.options = status_options,
	.option = parse_status_option,
	.run = run_status,
};
