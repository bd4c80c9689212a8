// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace last: explain an OOM on one screen, or with every number. With --list
 * or --since: the table of oomtrace list. With --json: the records of an OOM, or
 * of each OOM, in one object.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "../common/story.h"
#include "brief.h"
#include "cgroups.h"
#include "clock.h"
#include "cmd_last.h"
#include "cmd_list.h"
#include "human.h"
#include "json.h"
#include "pstore.h"
#include "records_json.h"
#include "sigkill.h"
#include "store_pick.h"
#include "term.h"
#include "victim.h"
#include "when.h"

enum { KEY_LIST = 0x200, KEY_PSTORE };

static bool list, since_given, whole;
static bool pstore;
static const char *pstore_dir;
static struct cgroups cgroups;

static error_t parse_last_option(int key, const char *arg)
{
	switch (key) {
	case KEY_LIST:
		list = true;
		return 0;
	case KEY_PSTORE:
		pstore = true;
		pstore_dir = arg;
		return 0;
	case 'v':
		whole = true;
		return 0;
	case TABLE_PAGES:
		return table_option(NULL, key, arg);
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
	kind = cgroups_describe(&cgroups, path, owner, sizeof(owner));
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

/* The newest episode of this load, if none after @ep killed a task. */
static unsigned long long find_later(const struct store *st, const struct episode *ep)
{
	const struct episode *e;
	unsigned long long newest = 0;
	size_t i;

	if (!ep->killed)
		return 0;
	for (i = 0; i < st->nepisode; i++) {
		e = &st->episode[i];
		if (e->load != ep->load || e->number <= ep->number)
			continue;
		if (e->killed)
			return 0;
		newest = e->number > newest ? e->number : newest;
	}
	return newest;
}

/* What oomtraced had read of the victims. */
static void print_processes(const struct records *recs, unsigned long long episode)
{
	char text[VICTIM_TEXT_MAX], ago[HUMAN_LEN];
	const struct oomtrace_header *rec;
	const struct oomtrace_victim *v;
	const char *label = "Process:";
	size_t pos = 0;
	u64 ago_ns;

	while ((rec = records_next(recs, episode, &pos))) {
		v = (const void *)rec;
		if (rec->type != OOMTRACE_VICTIM ||
		    !victim_describe(text, recs, &cgroups, episode, v->tgid, &ago_ns))
			continue;
		printf("%-11s[%d] was %s (read %s before)\n", label, v->tgid, text,
		       human_time(ago, ago_ns / NS_PER_S));
		label = "";
	}
}

/* Every number, in the words of the module's last_oom file. */
static void explain_whole(const struct store *st, const struct records *recs,
			  const struct episode *ep)
{
	char time[WHEN_MAX];
	struct oomtrace_out out = { .vprint = print_story_text, .ctx = stdout };
	static struct oomtrace_story s;
	size_t i;

	oomtrace_story_init(&s, ep->number, recs->facts.page_size);
	for (i = 0; i < recs->n; i++)
		oomtrace_story_feed(&s, recs->rec[i]);
	oomtrace_story_use_stack(&s, records_stack(recs, oomtrace_story_stack(&s)));
	oomtrace_story_use_later(&s, find_later(st, ep));
	if (ep->dated && oomtrace_story_begin_ns(&s))
		oomtrace_story_use_time(&s, when_write_utc(time, ep->wall_ns));
	oomtrace_story_print(&s, &out);
	print_processes(recs, ep->number);
	print_cgroups(recs, ep->number);
}

static int explain_episode(struct store *st, const struct options *opt)
{
	const struct episode *ep = store_pick(st, opt, STORE_KILLED);
	const struct records *recs;
	size_t i;

	if (!ep) {
		if (!opt->episode)
			sigkills_say_newest(st, opt);
		return store_report_none(st, opt);
	}
	recs = store_complete(st, ep);
	cgroups.names_root = load_is_here(&st->load[ep->load]) ? "" : NULL;
	for (i = 0; i < recs->n; i++)
		cgroups_feed(&cgroups, recs->rec[i]);
	if (whole) {
		if (ep->dated)
			brief_title(st, ep);
		explain_whole(st, recs, ep);
	} else {
		brief_print(st, ep, &cgroups, opt);
		sigkills_say_newest(st, opt);
	}
	return EXIT_OK;
}

/* ---- as JSON ---- */

/* Print the episode's records in one object. */
static void print_episode_json(struct store *st, const struct episode *ep)
{
	const struct records *recs = store_complete(st, ep);
	struct json_object *obj = json_object_new_object();
	struct json_object *array = json_object_new_array();
	char text[RECORDS_JSON_MAX], when[WHEN_MAX], id[STORE_ID_MAX];
	const struct oomtrace_header *rec;
	size_t pos = 0;

	json_object_object_add(obj, "episode", json_object_new_uint64(ep->number));
	json_add_string(obj, "id", store_long_id(id, st, ep), sizeof(id));
	if (ep->dated) {
		json_object_object_add(obj, "realtime_ns",
				       json_object_new_int64(ep->wall_ns));
		json_add_string(obj, "time", when_write_rfc3339(when, ep->wall_ns),
				sizeof(when));
	}
	if (*recs->facts.node)
		json_add_string(obj, "host", recs->facts.node,
				sizeof(recs->facts.node));
	while ((rec = records_next(recs, ep->number, &pos)))
		if (records_json(rec, &recs->facts, ep->dated,
				 ep->wall_ns - (s64)ep->ts_ns, text))
			json_object_array_add(array, json_tokener_parse(text));
	json_object_object_add(obj, "records", array);
	puts(json_text(obj));
	json_object_put(obj);
}

static int print_json(struct store *st, const struct options *opt)
{
	const struct episode *ep;
	size_t i, printed = 0;

	if (!list || opt->episode) {
		ep = store_pick(st, opt, STORE_CHOSEN);
		if (!ep)
			return store_report_none(st, opt);
		print_episode_json(st, ep);
		return EXIT_OK;
	}
	for (i = 0; i < st->nepisode; i++) {
		ep = &st->episode[i];
		if (opt->timed && !(ep->dated && is_in_time(opt, ep->wall_ns)))
			continue;
		print_episode_json(st, ep);
		printed++;
	}
	return printed ? EXIT_OK : store_report_none(st, opt);
}

/* ---- the command ---- */

static int run_last(const struct options *opt)
{
	static const struct table_choice whole_list = TABLE_ALL;
	struct store st;
	int status, damaged;

	if (pstore && (list || opt->timed || opt->json || opt->episode ||
		       opt->nsource || opt->dir_given)) {
		say_error("last: --pstore cannot be combined with other options or arguments; for another directory give --pstore=DIR");
		return EXIT_USAGE;
	}
	if (pstore) {
		status = pstore_print(pstore_dir);
		return status ? status : close_output();
	}
	list |= since_given;
	/* A damaged file is used up to the damage. */
	status = store_read(&st, opt, ~(RECORDS_TYPE(OOMTRACE_COMMIT) | STORE_WHOLE | STORE_QUIET |
					RECORDS_TYPE(OOMTRACE_SAMPLE)));
	if (status) {
		store_free(&st);
		return status;
	}
	term_start(opt);
	if (opt->json)
		status = print_json(&st, opt);
	else if (list && !opt->episode)
		status = list_print(&st, opt, true, &whole_list);
	else
		status = explain_episode(&st, opt);
	damaged = st.damaged;
	store_free(&st);
	if (!status)
		status = close_output();
	return status ? status : damaged;
}

static const struct argp_option last_options[] = {
	{ "verbose", 'v', NULL, 0, "Every number", 0 },
	{ "list", KEY_LIST, NULL, 0, "Like oomtrace list --all", 0 },
	TABLE_OPTION_PAGES,
	{ "pstore", KEY_PSTORE, "DIR", OPTION_ARG_OPTIONAL,
	  "Print what the module logged at the last kernel panic, from pstore's files in "
	  PSTORE_DIR " or DIR", 0 },
	{ 0 }
};

const struct command command_last = {
	.name = "last",
	.summary = "explain the last OOM kill, or the one with a given id",
	.help = "Explain an OOM kill: which process was killed, where and why, what came before and after, and what to do next. Without EPISODE, the newest in which a process was killed, of the device and of what oomtraced(8) has saved, or of FILEs and DIRs. With --json, print its records as one object. With --since, list instead."
		"\v"
		"Examples:\n"
		"  oomtrace last\n"
		"  oomtrace last -v\n"
		"      the same with every number\n"
		"  oomtrace last 3\n"
		"      the third OOM since the module was loaded\n"
		"  oomtrace last 20261129T174713-9\n"
		"      one of an earlier load or boot, by its id in oomtrace list\n"
		"  oomtrace last --until 17:00 day.oom\n",
	.takes = TAKES_EPISODE | TAKES_STORE | TAKES_JSON | TAKES_TIMES | TAKES_PAGER,
	.options = last_options,
	.option = parse_last_option,
	.since_given = &since_given,
	.run = run_last,
};
