// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace last: an OOM episode explained to a person, in the same words as the
 * module's last_oom file, since both come from common/story.h; and whose the
 * cgroups were. Or a list of episodes, a line or a JSON object for each.
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

static error_t option(int key, const char *arg)
{
	switch (key) {
	case KEY_LIST:
		list = true;
		return 0;
	case KEY_SINCE:
		list = true;
		if (read_time(arg, &since_ns))
			return 0;
		say_error("--since %s: it is a time back from now, as in 90s, 10m, 2h or 7d",
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
void print(void *ctx, const char *fmt, va_list args)
{
	vfprintf(ctx, fmt, args);
}

/* Where a cgroup is, and whose if its path tells. */
static void tell_cgroup(const char *what, unsigned long long id)
{
	const char *path = cgroups_path(&cgroups, id);
	char label[CGROUP_LABEL_MAX], clean[4 * CGROUP_LABEL_MAX + 1];
	char clean_path[4 * CGROUP_PATH_MAX + 1];
	enum cgroup_kind kind;

	if (!path)
		return;
	oomtrace_escape(clean_path, sizeof(clean_path), path, CGROUP_PATH_MAX);
	kind = cgroup_kind(path, label, sizeof(label));
	if (kind == CGROUP_OTHER) {
		printf("%-11scgroup %llu is %s\n", what, id, clean_path);
		return;
	}
	oomtrace_escape(clean, sizeof(clean), label, sizeof(label));
	printf("%-11scgroup %llu is %s%s, %s\n", what, id,
	       kind == CGROUP_SYSTEMD ? "the unit " : "", clean, clean_path);
}

/* Cgroups that were told, so that none is told twice. */
#define TOLD	16
struct told {
	unsigned long long id[TOLD];
	unsigned int n;
};

static void tell_once(struct told *told, const char *what, unsigned long long id)
{
	unsigned int i;

	for (i = 0; i < told->n; i++)
		if (told->id[i] == id)
			return;
	if (told->n == TOLD)
		return;
	told->id[told->n++] = id;
	tell_cgroup(what, id);
}

/* The one that ran out, its victims', and the one that asked or killed. */
static void tell_cgroups(const struct records *recs, unsigned long long episode)
{
	const struct oomtrace_oom_begin *b =
		records_first(recs, episode, OOMTRACE_OOM_BEGIN);
	const struct oomtrace_victim *v;
	struct told told = { .n = 0 };
	size_t i;

	if (b && oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_memcg_id))
		tell_once(&told, "Out of it:", b->memcg_id);
	for (i = 0; i < recs->n; i++) {
		v = (const void *)recs->rec[i];
		if (v->h.type == OOMTRACE_VICTIM && v->episode == episode &&
		    oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_cgroup_id))
			tell_once(&told, "Victim's:", v->cgroup_id);
	}
	if (b && oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_cgroup_id))
		tell_once(&told, b->scope == OOMTRACE_SCOPE_USERSPACE ?
			  "Killer's:" : "Asker's:", b->cgroup_id);
}

static int explain(const struct records *recs, const struct options *opt)
{
	struct oomtrace_out out = { .vprint = print, .ctx = stdout };
	static struct oomtrace_story s;
	size_t i;

	oomtrace_story_init(&s, opt->episode, recs->facts.page_size);
	for (i = 0; i < recs->n; i++)
		oomtrace_story_feed(&s, recs->rec[i]);
	if (opt->episode && !oomtrace_story_found(&s)) {
		say_error("no record of OOM episode %llu is held", opt->episode);
		return EXIT_RUNTIME;
	}
	oomtrace_story_print(&s, &out);
	tell_cgroups(recs, oomtrace_story_found(&s));
	return EXIT_OK;
}

/* ---- a list ---- */

/* When it began, as a time of day if that is known. */
static void say_when(char *buf, size_t size, unsigned long long ts_ns,
		     long long wall_offset_ns)
{
	time_t t = (ts_ns + wall_offset_ns) / NS_PER_S;
	struct tm tm;

	if (!wall_offset_ns || !localtime_r(&t, &tm) ||
	    !strftime(buf, size, "%F %T", &tm))
		snprintf(buf, size, "%.6f s", ts_ns / 1e9);
}

/* If the begin was overwritten, the verdict tells. */
static const char *scope_name(const struct records *recs,
			      unsigned long long episode,
			      const struct oomtrace_oom_begin *b)
{
	const struct oomtrace_verdict *v =
		b ? NULL : records_first(recs, episode, OOMTRACE_VERDICT);

	if (!b && !v)
		return NULL;
	/* No scope has the number that stands for none. */
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

	say_when(when, sizeof(when), ts_ns, wall_offset_ns);
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

/* The episode's records, as they are, in one object. */
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

/* Each episode by the first record of it, which need not be its begin. */
static int list_episodes(struct records *recs, const struct options *opt,
			 long long wall_offset_ns)
{
	unsigned long long done = 0, episode, ts_ns, only = opt->episode;
	size_t i;

	if (since_ns >= 0 && !wall_offset_ns) {
		say_error("last: the file does not say when it was made, so --since means nothing; give --list");
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
	say_error("no record of OOM episode %llu is held", only);
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
		say_error("last: --pstore prints what was explained at a panic, as it is; it goes with no other option; another directory is --pstore=DIR");
		return EXIT_USAGE;
	}
	if (pstore) {
		status = pstore_print(pstore_dir);
		return status ? status : close_output();
	}
	/* A damaged file may still tell a story up to the damage. */
	damaged = records_read(&recs, opt,
			       ~RECORDS_TYPE(OOMTRACE_COMMIT));
	if (damaged && !recs.facts.page_size)
		return damaged;
	for (i = 0; i < recs.n; i++)
		cgroups_feed(&cgroups, recs.rec[i]);
	if (list || opt->json)
		status = list_episodes(&recs, opt, recs.facts.wall_offset_ns);
	else
		status = explain(&recs, opt);
	records_free(&recs);
	if (!status)
		status = close_output();
	return status ? status : damaged;
}

static const struct argp_option own_options[] = {
	{ "list", KEY_LIST, NULL, 0, "A line for each OOM that is held", 0 },
	{ "since", KEY_SINCE, "TIME", 0,
	  "A line for each OOM of the last so many s, m, h or d", 0 },
	{ "pstore", KEY_PSTORE, "DIR", OPTION_ARG_OPTIONAL,
	  "What the module said when the kernel panicked, as pstore kept it; DIR instead of "
	  PSTORE_DIR, 0 },
	{ 0 }
};

const struct command command_last = {
	.name = "last",
	.summary = "explain the last OOM, or the one with a number",
	.help = "Explain an OOM to a person: who asked, who was killed and why that one, and how its memory came back. Without EPISODE, the newest that is held. With --json, its records as one object."
		"\v"
		"Examples:\n"
		"  oomtrace last\n"
		"  oomtrace last --since 2h\n"
		"      which OOMs there were\n"
		"  oomtrace last 3\n"
		"      the third OOM since the module was loaded\n"
		"  oomtrace last day.oom\n",
	.takes = TAKES_EPISODE | TAKES_FILE | TAKES_JSON,
	.options = own_options,
	.option = option,
	.run = run_last,
};
