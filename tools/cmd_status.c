// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace status, which is also oomtrace without arguments: is the module
 * there and whole, what happened so far, what to type next. Answers without
 * root and without the module, too, from what everybody may read, and says why
 * it is not more.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../common/format.h"
#include "cmd_status.h"
#include "json.h"
#include "status.h"

#define HOOKS		"/sys/kernel/debug/oomtrace/hooks"

/* ---- as text ---- */

static void tell_module(const struct status *s)
{
	switch (s->state) {
	case STATUS_LOADED:
		printf("Module:    loaded, record ABI %u, %s\n", s->info.abi,
		       s->info.enabled ? "at work" :
		       "switched off (echo 1 > /sys/kernel/debug/oomtrace/enable)");
		if (s->info.hooks_missing)
			printf("Hooks:     %u are missing, so records lack fields: " HOOKS "\n",
			       s->info.hooks_missing);
		else
			printf("Hooks:     all right\n");
		break;
	case STATUS_FORBIDDEN:
		printf("Module:    loaded, but only root may read it\n");
		break;
	default:
		printf("Module:    %s\n", s->why);
	}
}

static void tell_history(const struct status *s)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1];

	if (s->state == STATUS_LOADED) {
		printf("OOMs:      %llu since it was loaded",
		       (u64)s->info.episodes);
		if (s->verdict.h.type) {
			oomtrace_escape(comm, sizeof(comm), s->verdict.comm,
					sizeof(s->verdict.comm));
			printf("; the last that killed, %llu, took %s[%d]",
			       s->last, comm, s->verdict.pid);
		}
		putchar('\n');
		if (s->denials_known)
			printf("Denials:   %llu commit requests since it was loaded\n",
			       s->denials);
		else
			printf("Denials:   not counted here: " STATUS_STATS_FILE " cannot be read\n");
		if (s->lost)
			printf("Lost:      %llu records were overwritten before anybody read them\n",
			       s->lost);
	}
	if (s->kills_known)
		printf("Kernel:    %llu OOM kills since boot, by its own count\n",
		       s->kills);
}

static void tell_memory(const struct status *s)
{
	const struct oomtrace_sample *m = &s->memory;
	double mib = 1048576.0 / sysconf(_SC_PAGESIZE);

	if (s->mode_known)
		printf("Overcommit: mode %llu; ", s->mode);
	printf("committed %.1f MiB, limit of mode 2 %.1f MiB, available %.1f MiB\n",
	       m->committed / mib, m->limit / mib, m->available / mib);
	if (s->pstore)
		printf("Panic:     %zu files of one were kept by pstore: oomtrace last --pstore\n",
		       s->pstore);
}

static void tell_next(const struct status *s)
{
	if (s->state == STATUS_FORBIDDEN)
		printf("Next:      sudo oomtrace\n");
	else if (s->state != STATUS_LOADED)
		printf("Next:      modprobe oomtrace; oomtrace --help lists the commands\n");
	else if (s->info.episodes)
		printf("Next:      oomtrace last explains the last OOM; oomtrace whatif, who else could have died\n");
	else if (s->denials)
		printf("Next:      oomtrace dump --type commit shows the denials that are held\n");
	else
		printf("Next:      oomtrace live shows what happens from now on; oomtrace --help lists the commands\n");
}

static void tell(const struct status *s)
{
	struct utsname u;

	if (!uname(&u))
		printf("oomtrace " OOMTRACE_VERSION " on %s, kernel %s\n",
		       u.nodename, u.release);
	tell_module(s);
	tell_history(s);
	tell_memory(s);
	tell_next(s);
}

/* ---- as JSON ---- */

static void print_json(const struct status *s)
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
	if (s->verdict.h.type) {
		ADD("last_episode", s->last);
		ADD("last_pid", s->verdict.pid);
		json_add_string(obj, "last_comm", s->verdict.comm,
				sizeof(s->verdict.comm));
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

static int run_status(const struct options *opt)
{
	static struct status s;

	status_read(&s, opt);
	if (opt->json)
		print_json(&s);
	else
		tell(&s);
	return close_output();
}

const struct command command_status = {
	.name = "status",
	.summary = "is it at work, what happened, what to type next",
	.help = "Say whether the module is loaded and whole, what happened since, and what to type next. So does oomtrace without a command. Without root or without the module it says what everybody may know."
		"\v"
		"Examples:\n"
		"  oomtrace\n"
		"  oomtrace status --json | jq .hooks_missing\n",
	.takes = TAKES_JSON,
	.run = run_status,
};
