// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace without arguments: is it recording, what was killed and refused, how
 * much memory is there now, and what to type next. One screen of 80 columns.
 *
 * Works without root and without the module, and then shows what all users may
 * read and what oomtraced has saved.
 */
#include <glob.h>
#include <liboomtrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/format.h"
#include "cgroup_limits.h"
#include "alloc_failure.h"
#include "clock.h"
#include "cmd_list.h"
#include "cmd_overview.h"
#include "container_names.h"
#include "human.h"
#include "machine.h"
#include "ranking.h"
#include "refusal.h"
#include "refused.h"
#include "size.h"
#include "status.h"
#include "store.h"
#include "term.h"
#include "when.h"

#define DAY_NS		(24 * 3600 * NS_PER_S)
#define KILLS_SHOWN	3

static double to_bytes(long long pages)
{
	return (double)pages * sysconf(_SC_PAGESIZE);
}

static void print_title(void)
{
	char host[65] = "?", clean[260], left[360], when[WHEN_MAX];

	gethostname(host, sizeof(host) - 1);
	snprintf(left, sizeof(left), "oomtrace " OOMTRACE_VERSION " on %s",
		 term_clean(clean, sizeof(clean), host));
	printf("%s%-26s%s %s\n\n", term_bold(), left, term_plain(),
	       when_write(when, clock_ns(CLOCK_REALTIME)));
}

static void say_state(const struct status *s)
{
	switch (s->state) {
	case STATUS_LOADED:
		if (!s->info.enabled)
			term_say("State", "\001not recording\002: disabled (echo 1 > /sys/kernel/debug/oomtrace/enable)");
		else if (s->info.hooks_missing)
			term_say("State", "recording, but \001%u of %u hooks are missing\002: see /sys/kernel/debug/oomtrace/hooks",
				 s->info.hooks_missing, s->info.hooks);
		else
			term_say("State", "recording, no hook is missing");
		break;
	case STATUS_FORBIDDEN:
		term_say("State", "the module is loaded, but only root may read it");
		break;
	default:
		term_say("State", "\001not recording\002: %s", s->why);
	}
}

/* ---- kills ---- */

static void say_kills(const struct store *st, const struct status *s,
		      const struct options *opt)
{
	static const struct table_choice newest = {
		.at_most = KILLS_SHOWN, .reverse = true,
	};
	long long now = clock_ns(CLOCK_REALTIME);
	unsigned long long kills = 0, today = 0;
	const struct episode *ep, *first = NULL;
	char when[WHEN_MAX];
	size_t i;

	for (i = 0; i < st->nepisode; i++) {
		ep = &st->episode[i];
		if (!ep->killed)
			continue;
		kills++;
		today += ep->dated && now - ep->wall_ns < DAY_NS;
		if (ep->dated && !first)
			first = ep;
	}
	if (!kills && s->state == STATUS_LOADED)
		term_say("Killed", "nothing: no OOM kill is recorded or saved");
	else if (!kills && s->kills_known)
		term_say("Killed", "%llu by the kernel's own count since boot; none is saved",
			 s->kills);
	if (!kills)
		return;
	term_say("Killed", "%llu OOM %s recorded or saved%s%.10s, %llu in the last 24" TERM_GLUE "h",
		 kills, kills == 1 ? "kill" : "kills", first ? " since " : "",
		 first ? when_write_short(when, first->wall_ns) : "", today);
	list_print(st, opt, false, &newest);
	putchar('\n');
}

/* ---- refusals ---- */

/* The last system call that another limit refused. */
static void say_refused_call(const struct store *st, const struct options *opt)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1], cause[REFUSED_TEXT_MAX], asked[64];
	struct refused_call *calls, *last;
	size_t n;

	calls = refused_find(st, opt, &n);
	if (n) {
		last = &calls[n - 1];
		oomtrace_escape(comm, sizeof(comm), last->r->comm, sizeof(last->r->comm));
		term_say("", "%zu other %s; the last: %s[%d], %s: %s", n,
			 n == 1 ? "call" : "calls", comm, last->r->tgid,
			 refused_asked(asked, sizeof(asked), last->r),
			 refused_cause(cause, last->r,
				       st->load[last->load].recs.facts.page_size));
	}
	free(calls);
}

/* The last allocation of the kernel that failed, though it should not. */
static void say_alloc_failures(const struct store *st, const struct options *opt)
{
	char who[HUMAN_TASK_LEN], words[ALLOC_TEXT_MAX], age[WHEN_MAX] = "";
	const struct alloc_failure *last = NULL;
	struct alloc_failure *list;
	size_t n, i, kept = 0;

	list = alloc_failures_find(st, opt, &n);
	for (i = 0; i < n; i++) {
		if (list[i].a->no_warn)
			continue;
		last = &list[i];
		kept++;
	}
	if (last && last->dated)
		when_write_age(age, clock_ns(CLOCK_REALTIME) - last->wall_ns);
	if (last)
		term_say("Failed", "%zu %s of the kernel; the last: %s: %s%s%s", kept,
			 kept == 1 ? "allocation" : "allocations",
			 alloc_failure_who(who, sizeof(who), last->a),
			 alloc_failure_words(words, last->a,
					     st->load[last->load].recs.facts.page_size),
			 *age ? ", " : "", age);
	free(list);
}

static void say_refusals(const struct store *st, const struct status *s,
			 const struct options *opt)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1], size[SIZE_TEXT_MAX], age[WHEN_MAX] = "";
	struct refusal *list, *last;
	char count[80] = "";
	size_t n;

	list = refusals_find(st, opt, &n);
	if (s->denials_known)
		snprintf(count, sizeof(count), "%llu %s since the module was loaded",
			 s->denials, s->denials == 1 ? "request" : "requests");
	if (!n && *count)
		term_say("Refused", "%s, by commit accounting alone; oomtrace limits PID shows other limits that answer ENOMEM",
			 count);
	if (n) {
		last = &list[n - 1];
		oomtrace_escape(comm, sizeof(comm), last->c->comm, sizeof(last->c->comm));
		if (last->dated)
			when_write_age(age, clock_ns(CLOCK_REALTIME) - last->wall_ns);
		term_say("Refused", "%s%s the last was %s for %s[%d]%s%s", count,
			 *count ? ";" : "", refusal_asked(size, last->c,
			 st->load[last->load].recs.facts.page_size),
			 comm, last->c->tgid, *age ? ", " : "", age);
	}
	free(list);
	say_refused_call(st, opt);
	say_alloc_failures(st, opt);
}

/* ---- now ---- */

static void say_memory(const struct status *s)
{
	double swap = machine_meminfo("SwapTotal");
	double pressure = machine_pressure("memory", "some");
	char a[HUMAN_LEN], b[HUMAN_LEN], c[HUMAN_LEN], d[HUMAN_LEN];
	char stalls[64] = "", swaps[2 * HUMAN_LEN + 32] = "no swap";

	if (pressure >= 0)
		snprintf(stalls, sizeof(stalls), "; pressure" TERM_GLUE "%.1f" TERM_GLUE "%% (some, 10 s)",
			 pressure);
	if (swap > 0)
		snprintf(swaps, sizeof(swaps), "%s of %s swap free",
			 human_size(c, machine_meminfo("SwapFree")), human_size(d, swap));
	term_say("Memory", "%s available of %s, %s%s",
		 human_size(a, to_bytes(s->memory.available)),
		 human_size(b, machine_meminfo("MemTotal")), swaps, stalls);
	/* Only mode 2 enforces the limit. */
	if (s->mode_known && s->mode == 2)
		term_say("Commit", "%s of the limit %s are committed (vm.overcommit_memory is 2)",
			 human_size(a, to_bytes(s->memory.committed)),
			 human_size(b, to_bytes(s->memory.limit)));
}

static void say_limit(void)
{
	static struct cgroup_limits l;
	char label[CGROUP_LABEL_MAX], clean[4 * CGROUP_LABEL_MAX + 1];
	char a[HUMAN_LEN], b[HUMAN_LEN];

	cgroup_limits_read(&l);
	if (!l.n)
		return;
	cgroup_describe("", l.nearest[0].path, label, sizeof(label));
	term_say("Limit", "%s is nearest to its limit: %s of %s, %.0f" TERM_GLUE "%% with cache",
		 term_clean(clean, sizeof(clean), label), human_size(a, l.nearest[0].used),
		 human_size(b, l.nearest[0].limit),
		 100.0 * l.nearest[0].used / l.nearest[0].limit);
}

static void say_first_victim(const struct options *opt)
{
	struct oomtrace *ot = oomtrace_new();
	struct oomtrace_candidate *recs = NULL;
	char comm[4 * OOMTRACE_COMM_LEN + 1], size[HUMAN_LEN];
	struct oomtrace_ranking rk;

	if (ot && !oomtrace_open(ot, opt->device, 0) &&
	    !ranking_ask(ot, 0, &rk, &recs) && rk.eligible) {
		oomtrace_escape(comm, sizeof(comm), recs->comm, sizeof(recs->comm));
		term_say("First", "%s[%d] would be killed first: %s, oom_score_adj %d", comm,
			 recs->pid, human_size(size, to_bytes(recs->rss_anon + recs->rss_file +
							      recs->rss_shmem + recs->swapents)),
			 recs->oom_score_adj);
	}
	free(recs);
	oomtrace_free(ot);
}

/* ---- what to type next ---- */

static void say_command(const char **label, const char *command, const char *use)
{
	term_say(*label, "%-21s %s", command, use);
	*label = "";
}

static void say_next(const struct store *st, const struct status *s)
{
	const char *label = "Next";
	bool killed = false;
	size_t i;

	for (i = 0; i < st->nepisode; i++)
		killed |= st->episode[i].killed;
	putchar('\n');
	if (s->state == STATUS_FORBIDDEN)
		say_command(&label, "sudo oomtrace", "all of this");
	else if (s->state == STATUS_BROKEN && strstr(s->why, "ABI"))
		say_command(&label, "modprobe -r oomtrace; modprobe oomtrace", "");
	else if (s->state != STATUS_LOADED)
		say_command(&label, "modprobe oomtrace", "record from now on");
	if (killed) {
		say_command(&label, "oomtrace last", "why the last one was killed");
		say_command(&label, "oomtrace list", "all kills");
	}
	if (s->denials)
		say_command(&label, "oomtrace refusals", "which requests were refused, and why");
	if (s->state == STATUS_LOADED) {
		say_command(&label, "oomtrace protect", "who would be killed, and how to prevent it");
		say_command(&label, "oomtrace top", "memory, pressure and limits, live");
	}
	say_command(&label, "oomtrace --help", "all commands");
	if (s->pstore)
		say_command(&label, "oomtrace last --pstore", "what the module logged at a panic");
}

/* ---- the command ---- */

static bool have_saved(void)
{
	glob_t g;
	bool found = !glob(STORE_DIR "/*.oom", 0, NULL, &g);

	globfree(&g);
	return found;
}

/* Without the module, only what was saved. Nothing there is no error here. */
static void read_records(struct store *st, const struct status *s,
			 const struct options *opt)
{
	static const char *dir = STORE_DIR;
	struct options saved = *opt;

	memset(st, 0, sizeof(*st));
	if (s->state != STATUS_LOADED) {
		if (!have_saved())
			return;
		saved.source = &dir;
		saved.nsource = 1;
	}
	store_read(st, &saved, RECORDS_OOM | RECORDS_TYPE(OOMTRACE_REPEAT) |
		   RECORDS_TYPE(OOMTRACE_NAME) | RECORDS_TYPE(OOMTRACE_CONTAINER) |
		   RECORDS_TYPE(OOMTRACE_COMMIT) | RECORDS_TYPE(OOMTRACE_REFUSED) |
		   RECORDS_TYPE(OOMTRACE_ALLOC_FAILURE));
}

static int run_overview(const struct options *opt)
{
	static struct status s;
	struct store st;
	int status;

	status_read(&s, opt);
	read_records(&st, &s, opt);
	term_start(opt);
	print_title();
	say_state(&s);
	say_kills(&st, &s, opt);
	say_refusals(&st, &s, opt);
	say_memory(&s);
	say_limit();
	if (s.state == STATUS_LOADED)
		say_first_victim(opt);
	say_next(&st, &s);
	store_free(&st);
	status = close_output();
	if (status)
		return status;
	/* Without root there is less to show, which is no failure. */
	return s.state == STATUS_FORBIDDEN ? EXIT_OK : status_verdict(&s);
}

const struct command command_overview = {
	.name = "overview",
	.takes = TAKES_PAGER,
	.run = run_overview,
};
