// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace list: a table of all OOMs that are recorded or saved, one in a row.
 */
#include <argp.h>
#include <liboomtrace.h>
#include <stdio.h>
#include <stdlib.h>

#include "../common/decider.h"
#include "brief.h"
#include "clock.h"
#include "cmd_list.h"
#include "json.h"
#include "sigkill.h"
#include "size.h"
#include "store_pick.h"
#include "term.h"
#include "victim.h"
#include "when.h"

enum { KEY_ALL = 0x200 };

static bool all_endings;
static struct table_choice choice = TABLE_ALL;

static error_t parse_list_option(int key, const char *arg)
{
	if (key != KEY_ALL)
		return table_option(&choice, key, arg);
	all_endings = true;
	return 0;
}

/* What a row shows. */
struct row {
	const struct episode *ep;
	const struct records *recs;
	const struct cgroups *cgroups;
	const struct oomtrace_victim *victim;	/* the first; NULL if there is none */
	unsigned int more;			/* other victims */
	bool again;				/* an earlier OOM had killed @victim */
	bool dying;				/* else it was dying before this OOM */
	const char *ending;			/* NULL if not known */
	bool size_known;
	s64 pages;
};

static void fill_row(struct row *row, const struct store *st,
		     const struct episode *ep, const struct cgroups *cgroups)
{
	const struct records *recs = &st->load[ep->load].recs;
	const struct oomtrace_oom_end *e =
		records_first(recs, ep->number, OOMTRACE_OOM_END);
	const struct oomtrace_victim **victims;
	size_t n;

	*row = (struct row){ .ep = ep, .recs = recs, .cgroups = cgroups };
	victims = victim_list(&n, recs, ep->number);
	row->victim = victims[0];
	row->more = n ? n - 1 : 0;
	free(victims);
	row->again = row->victim &&
		     oomtrace_field_valid(&row->victim->h, OOMTRACE_BIT_victim_earlier);
	row->dying = row->victim && !row->again && !oomtrace_victim_is_new(&row->victim->h);
	if (e)
		row->ending = oomtrace_value_name(OOMTRACE_OOM_END, "ending",
						  e->ending);
	if (!row->victim)
		return;
	row->size_known =
		oomtrace_field_valid(&row->victim->h, OOMTRACE_BIT_victim_rss_anon) &&
		oomtrace_field_valid(&row->victim->h, OOMTRACE_BIT_victim_rss_file) &&
		oomtrace_field_valid(&row->victim->h, OOMTRACE_BIT_victim_rss_shmem);
	row->pages = row->victim->rss_anon + row->victim->rss_file +
		     row->victim->rss_shmem;
}

static void add_row(struct table *t, const struct store *st, const struct row *row,
		    bool all)
{
	const struct episode *ep = row->ep;
	char id[STORE_ID_MAX], when[WHEN_MAX], text[CGROUP_LABEL_MAX + 32];
	char comm[4 * OOMTRACE_COMM_LEN + 1], size[SIZE_TEXT_MAX];

	table_row(t);
	table_cell(t, "%s", store_id(id, st, ep));
	if (ep->dated) {
		table_cell(t, "%s %s", when_write_short(text, ep->wall_ns),
			   when_zone(when, ep->wall_ns));
		when_write_age_short(when, clock_ns(CLOCK_REALTIME) - ep->wall_ns);
		table_cell(t, "%s", when);
	} else {
		table_cell(t, "%.6f s after boot", ep->ts_ns / 1e9);
		table_cell(t, "-");
	}
	table_cell(t, "%s", brief_where(text, sizeof(text), row->recs, ep,
					row->cgroups));
	if (row->victim) {
		oomtrace_escape(comm, sizeof(comm), row->victim->comm,
				sizeof(row->victim->comm));
		table_cell(t, "%s[%d]%s", comm, row->victim->pid,
			   row->again ? ", again" : row->dying ? ", dying already" : "");
	} else {
		table_cell(t, "-");
	}
	/* The row of the earlier OOM has its memory. */
	table_cell(t, "%s", row->size_known && !row->again && !row->dying ?
		   size_write(size, row->pages, row->recs->facts.page_size) : "-");
	if (row->more)
		table_cell(t, "+%u", row->more);
	else
		table_cell(t, "%s", "");
	if (all)
		table_cell(t, "%s", row->ending ? row->ending : "?");
}

static void add_text(struct json_object *obj, const char *name, const char *text)
{
	json_add_string(obj, name, text, OOMTRACE_STR_MAX);
}

/* Who decided, and by which rule, as far as records tell. */
static void add_decider(struct json_object *obj, const struct row *row,
			const struct oomtrace_oom_begin *b)
{
	const struct oomtrace_verdict *v =
		records_first(row->recs, row->ep->number, OOMTRACE_VERDICT);
	enum oomtrace_decider decider = oomtrace_decider(b, v);
	struct json_object *daemon;
	const char *path;

	if (decider == OOMTRACE_DECIDER_UNKNOWN)
		return;
	add_text(obj, "decided_by", oomtrace_decider_name(decider));
	if (decider == OOMTRACE_DECIDER_DAEMON) {
		daemon = json_object_new_object();
		json_object_object_add(daemon, "pid", json_object_new_int64(b->pid));
		json_add_string(daemon, "comm", b->comm, OOMTRACE_COMM_LEN);
		path = cgroups_path(row->cgroups, b->cgroup_id);
		if (path)
			json_add_string(daemon, "cgroup", path, CGROUP_PATH_MAX);
		json_object_object_add(obj, "daemon", daemon);
		return;
	}
	add_text(obj, "policy", oomtrace_value_name(OOMTRACE_VERDICT, "policy", v->policy));
	if (oomtrace_field_valid(&v->h, OOMTRACE_BIT_verdict_message))
		json_add_string(obj, "message", v->message, OOMTRACE_MESSAGE_LEN);
}

static void print_row_json(const struct store *st, const struct row *row)
{
	const struct episode *ep = row->ep;
	const struct saved_header *facts = &row->recs->facts;
	struct json_object *obj = json_object_new_object(), *killed;
	const struct oomtrace_oom_begin *b =
		records_first(row->recs, ep->number, OOMTRACE_OOM_BEGIN);
	char text[CGROUP_LABEL_MAX + 32], id[STORE_ID_MAX];
	const char *path;

	add_text(obj, "id", store_long_id(id, st, ep));
	add_text(obj, "short_id", store_id(id, st, ep));
	json_object_object_add(obj, "episode", json_object_new_uint64(ep->number));
	if (ep->dated)
		add_text(obj, "time", when_write_rfc3339(text, ep->wall_ns));
	json_object_object_add(obj, "ts_ns", json_object_new_uint64(ep->ts_ns));
	if (*facts->node)
		add_text(obj, "host", facts->node);
	add_text(obj, "where", brief_where(text, sizeof(text), row->recs, ep,
					   row->cgroups));
	path = b && b->scope == OOMTRACE_SCOPE_MEMCG ?
	       cgroups_path(row->cgroups, b->memcg_id) : NULL;
	if (path)
		json_add_string(obj, "cgroup", path, CGROUP_PATH_MAX);
	if (row->ending)
		add_text(obj, "ending", row->ending);
	add_decider(obj, row, b);
	if (row->victim) {
		killed = json_object_new_object();
		json_object_object_add(killed, "pid",
				       json_object_new_int64(row->victim->pid));
		json_add_string(killed, "comm", row->victim->comm, OOMTRACE_COMM_LEN);
		json_object_object_add(killed, "uid",
				       json_object_new_int64(row->victim->uid));
		json_object_object_add(obj, row->dying ? "dying" : "killed", killed);
		json_object_object_add(obj, "more", json_object_new_int64(row->more));
	}
	if (row->again)
		json_object_object_add(obj, "again_of",
				       json_object_new_uint64(row->victim->earlier));
	if (row->size_known)
		json_object_object_add(obj, "bytes", json_object_new_int64(row->pages *
				       (s64)facts->page_size));
	puts(json_text(obj));
	json_object_put(obj);
}

static bool is_shown(const struct episode *ep, const struct options *opt, bool all)
{
	if (opt->timed && !(ep->dated && is_in_time(opt, ep->wall_ns)))
		return false;
	return all || ep->killed;
}

static struct table *start_table(bool all, bool headings)
{
	static const struct table_column columns[] = {
		{ "ID", true, false }, { "TIME", false, false },
		{ "AGE", true, false }, { "WHERE", false, true },
		{ "KILLED", false, false }, { "SIZE", true, false },
		{ "+N", false, false }, { NULL, false, false },
	};
	struct table_column with_ending[9];

	if (!all)
		return table_new(columns, headings);
	memcpy(with_ending, columns, sizeof(columns));
	with_ending[7] = (struct table_column){ "ENDING", false, false };
	with_ending[8] = columns[7];
	return table_new(with_ending, headings);
}

static int report_no_row(const struct store *st, const struct options *opt, bool all)
{
	if (opt->timed || !st->nepisode || all)
		return store_report_none(st, opt);
	say_error("no process was killed; --all lists other OOMs");
	return EXIT_RUNTIME;
}

int list_print(const struct store *st, const struct options *opt, bool all,
	       const struct table_choice *shape)
{
	struct cgroups *cgroups = store_cgroups(st);
	struct table *t = opt->json ? NULL : start_table(all, !shape->no_headings);
	const struct episode *ep;
	long long n = 0, skip, shown = 0;
	struct row row;
	size_t i;

	for (i = 0; i < st->nepisode; i++)
		n += is_shown(&st->episode[i], opt, all);
	/* The newest ones are shown. */
	skip = shape->reverse || n <= shape->at_most ? 0 : n - shape->at_most;
	for (i = 0; i < st->nepisode && shown < shape->at_most; i++) {
		ep = &st->episode[shape->reverse ? st->nepisode - 1 - i : i];
		if (!is_shown(ep, opt, all) || skip-- > 0)
			continue;
		shown++;
		fill_row(&row, st, ep, &cgroups[ep->load]);
		if (t)
			add_row(t, st, &row, all);
		else
			print_row_json(st, &row);
	}
	free(cgroups);
	if (!shown)
		return report_no_row(st, opt, all);
	if (t)
		table_print(t);
	return EXIT_OK;
}

static int run_list(const struct options *opt)
{
	struct store st;
	int status, damaged;

	status = store_read(&st, opt, RECORDS_OOM | RECORDS_TYPE(OOMTRACE_REPEAT) |
			    RECORDS_TYPE(OOMTRACE_NAME) | RECORDS_TYPE(OOMTRACE_CONTAINER) |
			    RECORDS_TYPE(OOMTRACE_SIGKILL));
	if (!status) {
		term_start(opt);
		status = list_print(&st, opt, all_endings, &choice);
		if (!opt->json && !choice.no_headings)
			sigkills_say_newest(&st, opt);
	}
	damaged = st.damaged;
	store_free(&st);
	if (!status)
		status = close_output();
	return status ? status : damaged;
}

static const struct argp_option list_options[] = {
	{ "all", KEY_ALL, NULL, 0, "Also OOMs in which no process was killed", 0 },
	TABLE_OPTIONS,
	{ 0 }
};

const struct command command_list = {
	.name = "list",
	.summary = "a table of all OOM kills, also of earlier boots",
	.help = "List the OOM kills that the module has buffered and those that oomtraced(8) has saved, of earlier boots too; or those in FILEs and DIRs. SIZE is the memory of the killed process. +N counts other processes that were killed with it."
		"\v"
		"Examples:\n"
		"  oomtrace list --since yesterday\n"
		"  oomtrace list -r -n 10\n"
		"      the last ten, the newest first\n"
		"  oomtrace list --json /srv/crash/*.oom\n",
	.takes = TAKES_STORE | TAKES_JSON | TAKES_TIMES | TAKES_PAGER,
	.options = list_options,
	.option = parse_list_option,
	.run = run_list,
};
