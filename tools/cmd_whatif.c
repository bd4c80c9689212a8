// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace whatif: replay a recorded OOM with other oom_score_adj values or
 * another limit.
 *
 * A replay shows which task would be chosen, not what the machine would have done
 * afterwards. The answer lists what the records leave open.
 */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../common/format.h"
#include "cmd_whatif.h"
#include "numbers.h"
#include "store_pick.h"
#include "whatif_print.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"

enum { KEY_ADJ = 0x200, KEY_LIMIT, KEY_SAVE };

/* One --adj: a set of tasks and their assumed oom_score_adj. */
struct assumption {
	const char *arg;		/* the argument, for messages */
	enum { BY_PID, BY_COMM, BY_CGROUP } by;
	unsigned long long id;
	char comm[OOMTRACE_COMM_LEN];
	int adj;
};

static struct assumption *assumed;
static size_t nassumed, assumed_room;
static s64 limit_bytes;
static s32 save_pid;

/* ---- the command line ---- */

/* Parse WHO: a pid, a cgroup as a path or cgroup:ID, or a command name. */
static error_t parse_who(struct assumption *a, const char *who, size_t len)
{
	char path[4096];
	struct stat st;
	char *end;

	errno = 0;
	a->id = strtoull(who, &end, 10);
	if (isdigit(*who) && end == who + len && !errno) {
		a->by = BY_PID;
		return 0;
	}
	if (!strncmp(who, "cgroup:", 7)) {
		a->by = BY_CGROUP;
		a->id = strtoull(who + 7, &end, 10);
		if (isdigit(who[7]) && end == who + len && !errno)
			return 0;
		say_error("--adj %s: invalid cgroup: give cgroup:ID, with the id in the records, or a path",
			  a->arg);
		return EINVAL;
	}
	if (*who == '/') {
		a->by = BY_CGROUP;
		snprintf(path, sizeof(path), "%s%.*s",
			 strncmp(who, CGROUP_ROOT "/", sizeof(CGROUP_ROOT)) ?
			 CGROUP_ROOT : "", (int)len, who);
		if (stat(path, &st)) {
			say_error("--adj %s: cgroup %s no longer exists: give cgroup:ID, with the id in the records",
				  a->arg, path);
			return EINVAL;
		}
		a->id = st.st_ino;
		return 0;
	}
	a->by = BY_COMM;
	if (!len || len >= sizeof(a->comm)) {
		say_error("--adj %s: invalid command name: it must have 1 to %zu bytes",
			  a->arg, sizeof(a->comm) - 1);
		return EINVAL;
	}
	memcpy(a->comm, who, len);
	return 0;
}

static error_t parse_assumption(const char *arg)
{
	struct assumption a = { .arg = arg };
	const char *eq = strrchr(arg, '=');
	char *end;
	long adj;

	if (!eq) {
		say_error("--adj: invalid argument '%s': give WHO=N, for example hog=-500", arg);
		return EINVAL;
	}
	errno = 0;
	adj = strtol(eq + 1, &end, 10);
	if (end == eq + 1 || *end || errno || adj < ADJ_MIN || adj > ADJ_MAX) {
		say_error("--adj %s: oom_score_adj must be a number from %d to %d",
			  arg, ADJ_MIN, ADJ_MAX);
		return EINVAL;
	}
	a.adj = adj;
	if (parse_who(&a, arg, eq - arg))
		return EINVAL;
	assumed = xgrow(assumed, nassumed, &assumed_room, sizeof(a));
	assumed[nassumed++] = a;
	return 0;
}

static error_t parse_whatif_option(int key, const char *arg)
{
	long long n;

	switch (key) {
	case KEY_ADJ:
		return parse_assumption(arg);
	case KEY_LIMIT:
		if (read_size(arg, &n) && n > 0) {
			limit_bytes = n;
			return 0;
		}
		say_error("--limit: invalid size '%s': give bytes, or a number with K, M, G or T",
			  arg);
		return EINVAL;
	case KEY_SAVE:
		if (read_number(arg, 1, INT_MAX, &n)) {
			save_pid = n;
			return 0;
		}
		say_error("--save: invalid pid '%s': give the pid of a candidate", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the assumptions ---- */

static bool is_meant(const struct assumption *a,
		     const struct oomtrace_candidate *c)
{
	switch (a->by) {
	case BY_PID:
		return (unsigned long long)c->pid == a->id ||
		       (unsigned long long)c->tgid == a->id;
	case BY_COMM:
		return !strncmp(c->comm, a->comm, sizeof(c->comm));
	case BY_CGROUP:
		return c->cgroup_id == a->id;
	}
	return false;
}

/* The index of the task with a pid, -1 if there is none. */
static long find_task(const struct replay *r, s32 pid)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->task[i].c->pid == pid || r->task[i].c->tgid == pid)
			return i;
	return -1;
}

static int apply_adj(struct replay *r, unsigned long long episode)
{
	size_t i, k, meant;

	for (k = 0; k < nassumed; k++) {
		meant = 0;
		for (i = 0; i < r->n; i++) {
			if (!is_meant(&assumed[k], r->task[i].c))
				continue;
			replay_set_adj(r, i, assumed[k].adj);
			meant++;
		}
		if (meant)
			continue;
		say_error("--adj %s: no candidate of OOM episode %llu matches; list them with: oomtrace dump --type candidate",
			  assumed[k].arg, episode);
		return EXIT_RUNTIME;
	}
	return EXIT_OK;
}

/* The limit of memory and swap together, which only v1 has, pages; -1: there is none. */
static s64 limit_with_swap(const struct whatif *a)
{
	const struct oomtrace_memcg *m = a->account;

	if (!m || !oomtrace_field_valid(&m->h, OOMTRACE_BIT_memcg_memsw) ||
	    !oomtrace_field_valid(&m->h, OOMTRACE_BIT_memcg_memsw_limit))
		return -1;
	return m->memsw_limit / a->r.page_size;
}

/* totalpages is the limit plus the usable swap: of v1 what memsw leaves above the limit. */
static s64 total_with_limit(const struct whatif *a, s64 pages)
{
	const struct oomtrace_oom_begin *b = a->begin;
	s64 memsw = limit_with_swap(a), limit = b->memcg_limit;
	s64 swap = a->r.totalpages - limit;

	if (memsw < 0 || !oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_total_swap))
		return pages + swap;
	/* With a swappiness of 0 the kernel counts no swap. */
	if (!swap && memsw > limit)
		return pages;
	return pages + (memsw - pages < b->total_swap ? memsw - pages : b->total_swap);
}

/* Would the request have fitted? In v1, below the limit with swap too. */
static bool has_room(const struct whatif *a, s64 pages)
{
	const struct oomtrace_oom_begin *b = a->begin;
	s64 memsw = limit_with_swap(a), request = whatif_request(a);

	if (!oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_memcg_usage) ||
	    pages - request < (s64)b->memcg_usage)
		return false;
	return memsw < 0 || memsw - request >= (s64)(a->account->memsw / a->r.page_size);
}

static int apply_limit(struct whatif *a)
{
	const struct oomtrace_oom_begin *b = a->begin;
	s64 pages = limit_bytes / a->r.page_size;

	a->limit = pages;
	if (!b || !oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_memcg_limit)) {
		say_error("--limit: OOM episode %llu was not caused by a memory cgroup's limit",
			  a->episode);
		return EXIT_RUNTIME;
	}
	if (limit_with_swap(a) >= 0 && pages > limit_with_swap(a)) {
		say_error("--limit: the kernel rejects a limit above %lld pages, the cgroup's limit of memory and swap",
			  (long long)limit_with_swap(a));
		return EXIT_RUNTIME;
	}
	replay_set_total(&a->r, total_with_limit(a, pages));
	a->no_oom = has_room(a, pages);
	return EXIT_OK;
}

static int find_saving_adj(struct whatif *a)
{
	long i = find_task(&a->r, save_pid);
	size_t k;

	if (i < 0) {
		say_error("--save %d: no candidate of OOM episode %llu has that pid",
			  save_pid, a->episode);
		return EXIT_RUNTIME;
	}
	for (k = 0; k < nassumed; k++) {
		if (!is_meant(&assumed[k], a->r.task[i].c))
			continue;
		say_error("--save %d and --adj %s are about the same task: give one of them",
			  save_pid, assumed[k].arg);
		return EXIT_USAGE;
	}
	a->save = i;
	if (replay_choose(&a->r) != i)
		a->saved = NOT_CHOSEN;
	else
		a->saved = replay_save(&a->r, i) ? SAVED : NOT_SAVED;
	return EXIT_OK;
}

static void count_losses(struct whatif *a, const struct records *recs)
{
	const struct oomtrace_oom_end *end =
		records_first(recs, a->episode, OOMTRACE_OOM_END);
	const struct oomtrace_header *rec;
	size_t pos = 0;

	if (end && oomtrace_field_valid(&end->h, OOMTRACE_BIT_oom_end_candidates) &&
	    end->candidates > a->r.n)
		a->missed = end->candidates - a->r.n;
	/* An older module has no such rule, and no such count. */
	if (end && a->v->recomputed != OOMTRACE_RECOMPUTED_UNAVAILABLE &&
	    oomtrace_field_valid(&end->h, OOMTRACE_BIT_oom_end_scored))
		a->dropped = end->missed < a->missed ? end->missed : a->missed;
	while ((rec = records_next(recs, a->episode, &pos)))
		if (rec->type == OOMTRACE_VICTIM &&
		    ((const struct oomtrace_victim *)rec)->why ==
		    OOMTRACE_WHY_GROUP)
			a->group++;
}

/* ---- the command ---- */

static int report_no_replay(const struct records *recs, unsigned long long wanted,
			    unsigned long long episode)
{
	const struct oomtrace_oom_begin *b =
		records_first(recs, episode, OOMTRACE_OOM_BEGIN);

	if (!episode && wanted)
		say_error("no record of OOM episode %llu is available", wanted);
	else if (!episode)
		say_error("no OOM episode is available");
	else if (b && b->scope == OOMTRACE_SCOPE_USERSPACE)
		say_error("OOM episode %llu was decided in user space, not by the kernel's rules: see oomtrace last %llu",
			  episode, episode);
	else if (!records_first(recs, episode, OOMTRACE_VERDICT))
		say_error("no task was chosen in OOM episode %llu: see oomtrace last %llu",
			  episode, episode);
	else
		say_error("no candidates were compared in OOM episode %llu (vm.oom_kill_allocating_task or another policy), or their records were overwritten",
			  episode);
	return EXIT_RUNTIME;
}

static int replay_with_assumptions(struct whatif *a, const struct records *recs)
{
	int status = EXIT_OK;

	a->begin = records_first(recs, a->episode, OOMTRACE_OOM_BEGIN);
	a->account = records_first(recs, a->episode, OOMTRACE_MEMCG);
	count_losses(a, recs);
	a->was = replay_choose(&a->r);
	if (limit_bytes)
		status = apply_limit(a);
	if (!status)
		status = apply_adj(&a->r, a->episode);
	if (!status && save_pid)
		status = find_saving_adj(a);
	a->then = replay_choose(&a->r);
	return status;
}

static int replay_episode(struct store *st, const struct episode *ep,
			  const struct options *opt)
{
	const struct records *recs = store_complete(st, ep);
	struct whatif a = { .episode = ep->number };
	int status;

	if (!replay_init(&a.r, recs, a.episode) || !a.r.n)
		return report_no_replay(recs, opt->episode, a.episode);
	a.v = records_first(recs, a.episode, OOMTRACE_VERDICT);
	status = replay_with_assumptions(&a, recs);
	if (!status) {
		if (opt->json)
			whatif_json(&a);
		else
			whatif_text(&a);
		status = close_output();
	}
	replay_free(&a.r);
	return status;
}

static int run_whatif(const struct options *opt)
{
	const struct episode *ep;
	struct store st;
	int damaged, status;

	status = store_read(&st, opt, RECORDS_OOM | RECORDS_TYPE(OOMTRACE_MEMCG));
	if (!status) {
		ep = store_pick(&st, opt, STORE_CHOSEN);
		status = ep ? replay_episode(&st, ep, opt) :
			      store_report_none(&st, opt);
	}
	damaged = st.damaged;
	store_free(&st);
	return status ? status : damaged;
}

static const struct argp_option whatif_options[] = {
	{ "adj", KEY_ADJ, "WHO=N", 0,
	  "Assume that WHO had an oom_score_adj of N. WHO is a pid, a command name, a cgroup's path, or cgroup:ID. Repeatable; the last match applies",
	  0 },
	{ "limit", KEY_LIMIT, "SIZE", 0,
	  "Assume that the memory cgroup's limit was SIZE (bytes, or with K, M, G, T)", 0 },
	{ "save", KEY_SAVE, "PID", 0,
	  "Print the smallest change of PID's oom_score_adj with which it is not chosen", 0 },
	{ 0 }
};

const struct command command_whatif = {
	.name = "whatif",
	.summary = "replay an OOM with other oom_score_adj values",
	.help = "Replay an OOM, by the kernel's rules and with its own scores, as if tasks had other oom_score_adj values or the cgroup another limit. Without EPISODE, the newest OOM in which a task was chosen."
		"\v"
		"Examples:\n"
		"  oomtrace whatif --adj hog=-500\n"
		"      would hog have survived, and which task would have been killed?\n"
		"  oomtrace whatif --save 812 3\n"
		"      which oom_score_adj would have saved pid 812 in the third OOM?\n"
		"  oomtrace whatif --limit 512M saved.oom\n",
	.takes = TAKES_JSON | TAKES_EPISODE | TAKES_STORE | TAKES_TIMES,
	.options = whatif_options,
	.option = parse_whatif_option,
	.run = run_whatif,
};
