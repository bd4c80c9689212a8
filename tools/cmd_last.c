// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace last: explain an OOM episode in the same words as the module's last_oom
 * file, followed by the paths of the cgroups. With --list, --since or --json:
 * print a line or a JSON object per episode.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "../common/story.h"
#include "cgroups.h"
#include "clock.h"
#include "cmd_last.h"
#include "json.h"
#include "numbers.h"
#include "pstore.h"
#include "records.h"

enum { KEY_LIST = 0x200, KEY_SINCE, KEY_PSTORE };

static bool list;
static long long since_ns = -1;
static bool pstore;
static const char *pstore_dir;
static struct cgroups cgroups;

static error_t parse_last_option(int key, const char *arg)
{
	switch (key) {
	case KEY_LIST:
		list = true;
		return 0;
	case KEY_SINCE:
		list = true;
		if (read_time(arg, &since_ns))
			return 0;
		say_error("--since: invalid time '%s': give for example 90s, 10m, 2h or 7d",
			  arg);
		return EINVAL;
	case KEY_PSTORE:
		pstore = true;
		pstore_dir = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- one episode ---- */

static __printf(2, 0)
void print_story_text(void *ctx, const char *fmt, va_list args)
{
	vfprintf(ctx, fmt, args);
}

/* Print a cgroup's path, and its container or unit if the path has one. */
static void print_cgroup(const char *label, const char *what, unsigned long long id)
{
	const char *path = cgroups_path(&cgroups, id);
	char owner[CGROUP_LABEL_MAX], clean[4 * CGROUP_LABEL_MAX + 1];
	char clean_path[4 * CGROUP_PATH_MAX + 1];
	enum cgroup_kind kind;

	if (!path)
		return;
	oomtrace_escape(clean_path, sizeof(clean_path), path, CGROUP_PATH_MAX);
	kind = cgroup_kind(path, owner, sizeof(owner));
	if (kind == CGROUP_OTHER) {
		printf("%-11s%scgroup %llu is %s\n", label, what, id, clean_path);
		return;
	}
	oomtrace_escape(clean, sizeof(clean), owner, sizeof(owner));
	printf("%-11s%scgroup %llu is %s%s, %s\n", label, what, id,
	       kind == CGROUP_SYSTEMD ? "the unit " : "", clean, clean_path);
}

/* Cgroups that were printed, so that each is printed once. */
#define PRINTED_MAX	16
struct printed {
	unsigned long long id[PRINTED_MAX];
	unsigned int n;
};

static void print_cgroup_once(struct printed *printed, const char *what,
			      unsigned long long id)
{
	unsigned int i;

	for (i = 0; i < printed->n; i++)
		if (printed->id[i] == id)
			return;
	if (printed->n == PRINTED_MAX || !cgroups_path(&cgroups, id))
		return;
	print_cgroup(printed->n ? "" : "Cgroups:", what, id);
	printed->id[printed->n++] = id;
}

/* The cgroup out of memory, the victims', and that of the allocator or killer. */
static void print_cgroups(const struct records *recs, unsigned long long episode)
{
	const struct oomtrace_oom_begin *b =
		records_first(recs, episode, OOMTRACE_OOM_BEGIN);
	const struct oomtrace_victim *v;
	struct printed printed = { .n = 0 };
	size_t i;

	if (b && oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_memcg_id))
		print_cgroup_once(&printed, "out of memory: ", b->memcg_id);
	for (i = 0; i < recs->n; i++) {
		v = (const void *)recs->rec[i];
		if (v->h.type == OOMTRACE_VICTIM && v->episode == episode &&
		    oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_cgroup_id))
			print_cgroup_once(&printed, "victim's ", v->cgroup_id);
	}
	if (b && oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_cgroup_id))
		print_cgroup_once(&printed, b->scope == OOMTRACE_SCOPE_USERSPACE ?
				  "killer's " : "asked by: ", b->cgroup_id);
}

static int explain_episode(const struct records *recs, const struct options *opt)
{
	struct oomtrace_out out = { .vprint = print_story_text, .ctx = stdout };
	static struct oomtrace_story s;
	size_t i;

	oomtrace_story_init(&s, opt->episode, recs->facts.page_size);
	for (i = 0; i < recs->n; i++)
		oomtrace_story_feed(&s, recs->rec[i]);
	if (opt->episode && !oomtrace_story_found(&s)) {
		say_error("no record of OOM episode %llu is available", opt->episode);
		return EXIT_RUNTIME;
	}
	oomtrace_story_use_stack(&s, records_stack(recs, oomtrace_story_stack(&s)));
	oomtrace_story_print(&s, &out);
	print_cgroups(recs, oomtrace_story_found(&s));
	return EXIT_OK;
}

/* ---- a list ---- */

/* When an episode began, as a time of day if that is known. */
static void format_time(char *buf, size_t size, unsigned long long ts_ns,
			long long wall_offset_ns)
{
	time_t t = (ts_ns + wall_offset_ns) / NS_PER_S;
	struct tm tm;

	if (!wall_offset_ns || !localtime_r(&t, &tm) ||
	    !strftime(buf, size, "%F %T", &tm))
		snprintf(buf, size, "%.6f s", ts_ns / 1e9);
}

/* The verdict has the scope too, in case the begin was overwritten. */
static const char *scope_name(const struct records *recs,
			      unsigned long long episode,
			      const struct oomtrace_oom_begin *b)
{
	const struct oomtrace_verdict *v =
		b ? NULL : records_first(recs, episode, OOMTRACE_VERDICT);

	if (!b && !v)
		return NULL;
	/* An unknown scope has no name, so NULL is returned. */
	return oomtrace_value_name(OOMTRACE_OOM_BEGIN, "scope",
				   b ? b->scope : oomtrace_verdict_scope(v));
}

static void list_text(const struct records *recs, unsigned long long episode,
		      unsigned long long ts_ns, long long wall_offset_ns)
{
	const struct oomtrace_oom_begin *b =
		records_first(recs, episode, OOMTRACE_OOM_BEGIN);
	const struct oomtrace_victim *v =
		records_first(recs, episode, OOMTRACE_VICTIM);
	const struct oomtrace_oom_end *e =
		records_first(recs, episode, OOMTRACE_OOM_END);
	const char *scope = scope_name(recs, episode, b);
	const char *ending = e ? oomtrace_value_name(OOMTRACE_OOM_END, "ending",
						     e->ending) : NULL;
	char when[64], comm[4 * OOMTRACE_COMM_LEN + 1] = "";

	format_time(when, sizeof(when), ts_ns, wall_offset_ns);
	printf("%6llu  %-20s %-10s %-15s", episode, when, scope ? scope : "?",
	       ending ? ending : "?");
	if (v) {
		oomtrace_escape(comm, sizeof(comm), v->comm, sizeof(v->comm));
		printf(" %s[%d]", comm, v->pid);
		if (e && e->victims > 1)
			printf(" and %u more", e->victims - 1);
	}
	putchar('\n');
}

/* Print the episode's records in one object. */
static void list_json(const struct records *recs, unsigned long long episode,
		      unsigned long long ts_ns, long long wall_offset_ns)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *array = json_object_new_array();
	char text[16384];
	const struct oomtrace_header *rec;
	size_t pos = 0;

	json_object_object_add(obj, "episode", json_object_new_uint64(episode));
	if (wall_offset_ns)
		json_object_object_add(obj, "realtime_ns",
				       json_object_new_int64(ts_ns +
							     wall_offset_ns));
	while ((rec = records_next(recs, episode, &pos)))
		if (oomtrace_json(rec, text, sizeof(text)) < (int)sizeof(text))
			json_object_array_add(array, json_tokener_parse(text));
	json_object_object_add(obj, "records", array);
	puts(json_text(obj));
	json_object_put(obj);
}

/* Print each episode at its first record, which need not be the begin. */
static int list_episodes(struct records *recs, const struct options *opt,
			 long long wall_offset_ns)
{
	unsigned long long done = 0, episode, ts_ns, only = opt->episode;
	size_t i;

	if (since_ns >= 0 && !wall_offset_ns) {
		say_error("last: --since needs the time of the records, which this file lacks: give --list");
		return EXIT_RUNTIME;
	}
	if (opt->json && !list && !only)
		only = records_pick(recs, 0);
	if (!only)
		records_index(recs);
	for (i = 0; i < recs->n; i++) {
		episode = records_episode(recs->rec[i]);
		ts_ns = recs->rec[i]->ts_ns;
		if (episode <= done || (only && episode != only))
			continue;
		done = episode;
		if (since_ns >= 0 && (long long)(ts_ns + wall_offset_ns) <
				     clock_ns(CLOCK_REALTIME) - since_ns)
			continue;
		if (opt->json)
			list_json(recs, episode, ts_ns, wall_offset_ns);
		else
			list_text(recs, episode, ts_ns, wall_offset_ns);
	}
	if (done || !only)
		return EXIT_OK;
	say_error("no record of OOM episode %llu is available", only);
	return EXIT_RUNTIME;
}

/* ---- the command ---- */

static int run_last(const struct options *opt)
{
	struct records recs = { 0 };
	int status, damaged;
	size_t i;

	if (pstore && (list || opt->json || opt->episode ||
		       strcmp(opt->device, OOMTRACE_DEVICE))) {
		say_error("last: --pstore cannot be combined with other options or arguments; for another directory give --pstore=DIR");
		return EXIT_USAGE;
	}
	if (pstore) {
		status = pstore_print(pstore_dir);
		return status ? status : close_output();
	}
	/* A damaged file is used up to the damage. */
	damaged = records_read(&recs, opt,
			       ~RECORDS_TYPE(OOMTRACE_COMMIT));
	if (damaged && !recs.facts.page_size)
		return damaged;
	for (i = 0; i < recs.n; i++)
		cgroups_feed(&cgroups, recs.rec[i]);
	if (list || opt->json)
		status = list_episodes(&recs, opt, recs.facts.wall_offset_ns);
	else
		status = explain_episode(&recs, opt);
	records_free(&recs);
	if (!status)
		status = close_output();
	return status ? status : damaged;
}

static const struct argp_option last_options[] = {
	{ "list", KEY_LIST, NULL, 0, "Print a line for each buffered OOM", 0 },
	{ "since", KEY_SINCE, "TIME", 0,
	  "Print a line for each OOM of the last TIME (s, m, h, d)", 0 },
	{ "pstore", KEY_PSTORE, "DIR", OPTION_ARG_OPTIONAL,
	  "Print what the module logged at the last kernel panic, from pstore's files in "
	  PSTORE_DIR " or DIR", 0 },
	{ 0 }
};

const struct command command_last = {
	.name = "last",
	.summary = "explain the last OOM, or the one with a given number",
	.help = "Explain an OOM: which task allocated, which task was killed and why, and how its memory was freed. Without EPISODE, the newest buffered OOM. With --json, print its records as one object."
		"\v"
		"Examples:\n"
		"  oomtrace last\n"
		"  oomtrace last --since 2h\n"
		"      list the OOMs of the last two hours\n"
		"  oomtrace last 3\n"
		"      the third OOM since the module was loaded\n"
		"  oomtrace last day.oom\n",
	.takes = TAKES_EPISODE | TAKES_FILE | TAKES_JSON,
	.options = last_options,
	.option = parse_last_option,
	.run = run_last,
};
