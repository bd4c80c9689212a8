// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace refusals: a table of the requests for address space that commit
 * accounting refused, grouped by process and moment, one of the system calls that
 * other limits refused, and one of the kernel's allocations that failed.
 * oomtrace why: the sum of one of them, line by line.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "alloc_failure.h"
#include "clock.h"
#include "cmd_refusals.h"
#include "human.h"
#include "json.h"
#include "refusal.h"
#include "refused_print.h"
#include "size.h"
#include "stack.h"
#include "store_pick.h"
#include "table.h"
#include "term.h"
#include "when.h"

static struct table_choice choice = TABLE_ALL;
static const char *wanted;

static error_t parse_refusals_option(int key, const char *arg)
{
	return table_option(&choice, key, arg);
}

/* ---- the table ---- */

static unsigned int page_size_of(const struct store *st, const struct refusal *r)
{
	return st->load[r->load].recs.facts.page_size;
}

static void add_row(struct table *t, const struct store *st, const struct refusal *r)
{
	char text[400], task[HUMAN_TASK_LEN], size[SIZE_TEXT_MAX];
	unsigned int page = page_size_of(st, r);
	struct refusal_sum s;

	refusal_sum(&s, r->c, page);
	table_row(t);
	table_cell(t, "%s", refusal_id(text, st, r));
	table_cell(t, "%s", when_write_row(text, r->dated, r->wall_ns, r->c->h.ts_ns));
	table_cell(t, "%s", human_task(task, r->c->comm, r->c->tgid));
	table_cell(t, "%s", refusal_overflowed(r->c) ? "overflow" :
		   size_write(size, r->c->pages, page));
	table_cell(t, "%s", s.known ? size_write(size, s.left, page) : "?");
	table_cell(t, "%s", s.known ? size_write(size, s.short_by, page) : "?");
	table_cell(t, "%s", refusal_calls(text, sizeof(text), r->calls));
	table_cell(t, "%u", r->times);
	table_cell(t, "%s", refusal_owner(text, sizeof(text), st, r));
}

/* Absent if it is more than 64 bits can hold. */
static void add_bytes(struct json_object *obj, const char *name, s64 pages,
		      unsigned int page)
{
	s64 less;

	if (pages >= 0 && (u64)pages <= UINT64_MAX / page)
		json_object_object_add(obj, name, json_object_new_uint64((u64)pages * page));
	else if (pages < 0 && !__builtin_mul_overflow(pages, page, &less))
		json_object_object_add(obj, name, json_object_new_int64(less));
}

static void print_json(const struct store *st, const struct refusal *r)
{
	struct json_object *obj = json_object_new_object();
	unsigned int page = page_size_of(st, r);
	struct refusal_sum s;
	char text[400];

	refusal_sum(&s, r->c, page);
	json_add_string(obj, "id", refusal_id(text, st, r), sizeof(text));
	if (r->dated)
		json_add_string(obj, "time", when_write_rfc3339(text, r->wall_ns),
				sizeof(text));
	json_object_object_add(obj, "ts_ns", json_object_new_uint64(r->c->h.ts_ns));
	json_object_object_add(obj, "pid", json_object_new_int64(r->c->tgid));
	json_add_string(obj, "comm", r->c->comm, sizeof(r->c->comm));
	json_object_object_add(obj, "uid", json_object_new_int64(r->c->uid));
	json_object_object_add(obj, "mode", json_object_new_int64(r->c->mode));
	if (!refusal_overflowed(r->c))
		add_bytes(obj, "asked_bytes", r->c->pages, page);
	if (s.known) {
		add_bytes(obj, "left_bytes", s.left, page);
		add_bytes(obj, "short_bytes", s.short_by, page);
	}
	json_add_string(obj, "calls", refusal_calls(text, sizeof(text), r->calls),
			sizeof(text));
	json_object_object_add(obj, "times", json_object_new_int64(r->times));
	refusal_owner(text, sizeof(text), st, r);
	if (strcmp(text, "-"))
		json_add_string(obj, "unit", text, sizeof(text));
	puts(json_text(obj));
	json_object_put(obj);
}

/* The limit that refused the last one. */
static void say_limit(const struct store *st, const struct refusal *r,
		      const struct options *opt)
{
	char limit[SIZE_TEXT_MAX], ram[SIZE_TEXT_MAX], swap[SIZE_TEXT_MAX];
	const struct oomtrace_commit *c = r->c;
	unsigned int page = page_size_of(st, r);
	char id[REFUSAL_ID_MAX], args[600];
	struct refusal_sum s;

	refusal_sum(&s, c, page);
	if (!s.known)
		return;
	putchar('\n');
	size_write(swap, c->total_swap, page);
	if (c->mode != 2)
		term_say("Limit", "mode %u: one request may be at most RAM + swap, %s", c->mode,
			 size_write(limit, c->allowed, page));
	else if (c->overcommit_kbytes)
		term_say("Limit", "mode 2: %s = vm.overcommit_kbytes %llu + swap %s",
			 size_write(limit, c->limit, page),
			 (u64)c->overcommit_kbytes, swap);
	else
		term_say("Limit", "mode 2: %s = %d" TERM_GLUE "%% of %s RAM + swap %s",
			 size_write(limit, c->limit, page), c->overcommit_ratio,
			 size_write(ram, s.ram, page), swap);
	refusal_ways_out(c, page);
	store_name_sources(args, sizeof(args), opt);
	term_say("Next", "oomtrace why %s%s", refusal_id(id, st, r), args);
}

static void print_table(const struct store *st, const struct refusal *list, size_t n,
			const struct options *opt)
{
	char time[WHEN_MAX];
	const struct table_column columns[] = {
		{ "ID", true, false }, { time, false, false },
		{ "PROCESS", false, false }, { "ASKED", true, false },
		{ "LEFT", true, false }, { "SHORT BY", true, false },
		{ "CALL", false, true }, { "TIMES", true, false },
		{ "UNIT", false, true }, { NULL, false, false },
	};
	struct table *t;
	size_t i;

	when_write_heading(time, clock_ns(CLOCK_REALTIME));
	t = table_new(columns, !choice.no_headings);

	for (i = table_first(&choice, n); i < n; i++)
		add_row(t, st, &list[table_pick(&choice, i, n)]);
	table_print(t);
	if (!choice.no_headings)
		say_limit(st, &list[n - 1], opt);
}

static int report_none(const struct options *opt)
{
	say_error("no refused request is recorded%s; limits that do not ask commit accounting answer ENOMEM, too: oomtrace limits PID shows how near they are, and oomtrace record --refusals records them",
		  opt->timed ? " in that time" : "");
	return EXIT_RUNTIME;
}

static int read_store(struct store *st, const struct options *opt)
{
	return store_read(st, opt, RECORDS_TYPE(OOMTRACE_COMMIT) |
			  RECORDS_TYPE(OOMTRACE_STACK) |
			  RECORDS_TYPE(OOMTRACE_REFUSED) |
			  RECORDS_TYPE(OOMTRACE_ALLOC_FAILURE));
}

/*
 * The kernel's allocations that failed. Those that may fail are in no table, since the
 * kernel mostly has another way.
 */
static void print_failures(const struct store *st, struct alloc_failure *list, size_t n,
			   const struct options *opt, bool follows)
{
	size_t i, kept = 0;

	for (i = table_first(&choice, n); opt->json && i < n; i++)
		alloc_failure_print_json(st, &list[table_pick(&choice, i, n)]);
	if (opt->json)
		return;
	for (i = 0; i < n; i++)
		if (!list[i].a->no_warn)
			list[kept++] = list[i];
	if (follows && n)
		putchar('\n');
	if (kept)
		alloc_failures_print_table(st, list, kept, &choice);
	if (n > kept && !choice.no_headings)
		term_say("Failures", "%zu of the kernel's allocations that may fail (__GFP_NOWARN): oomtrace dump --type alloc_failure lists them",
			 n - kept);
}

static int run_refusals(const struct options *opt)
{
	struct alloc_failure *failures = NULL;
	struct refused_call *calls = NULL;
	struct refusal *list = NULL;
	struct store st;
	int status = read_store(&st, opt), damaged;
	size_t n = 0, ncalls = 0, nfailures = 0, i;

	if (!status) {
		list = refusals_find(&st, opt, &n);
		calls = refused_find(&st, opt, &ncalls);
		failures = alloc_failures_find(&st, opt, &nfailures);
		term_start(opt);
		if (!n && !ncalls && !nfailures)
			status = report_none(opt);
		else if (n && !opt->json)
			print_table(&st, list, n, opt);
		for (i = table_first(&choice, n); opt->json && i < n; i++)
			print_json(&st, &list[table_pick(&choice, i, n)]);
		if (n && ncalls && !opt->json)
			putchar('\n');
		if (ncalls && !opt->json)
			refused_print_table(&st, calls, ncalls, &choice);
		for (i = table_first(&choice, ncalls); opt->json && i < ncalls; i++)
			refused_print_json(&st, &calls[table_pick(&choice, i, ncalls)]);
		print_failures(&st, failures, nfailures, opt, n || ncalls);
	}
	damaged = st.damaged;
	free(failures);
	free(calls);
	free(list);
	store_free(&st);
	if (!status)
		status = close_output();
	return status ? status : damaged;
}

/* ---- why ---- */

static int take_id(const char *arg)
{
	if (wanted || !refusal_is_id(arg))
		return ENOENT;
	wanted = arg;
	return 0;
}

static void say_line(char sign, const char *what, s64 pages, unsigned int page,
		     const char *note)
{
	char size[SIZE_TEXT_MAX];

	printf("%11s%c %-29s %16s%s%s\n", "", sign, what,
	       size_write(size, pages, page), *note ? "  " : "", note);
}

/* Every line is a number of the record, or the sum of the lines above. */
static void say_sum_mode2(const struct oomtrace_commit *c, unsigned int page)
{
	bool derived = oomtrace_field_derived(&c->h, OOMTRACE_BIT_commit_committed);
	struct refusal_sum s;
	char note[80];

	refusal_sum(&s, c, page);
	term_say("Sum", "vm.overcommit_memory is 2: what is committed must stay below the limit");
	if (c->overcommit_kbytes) {
		say_line(' ', "vm.overcommit_kbytes", s.base, page, "");
	} else {
		say_line(' ', "RAM", c->totalram, page, "");
		say_line('-', "huge pages", c->hugetlb, page, "");
		printf("%11sx %-29s %14d %%\n", "", "vm.overcommit_ratio",
		       c->overcommit_ratio);
	}
	say_line('+', "swap", c->total_swap, page, "");
	say_line('=', "limit (CommitLimit)", c->limit, page, "");
	say_line('-', "reserve for root", s.admin, page, c->cap_sys_admin ?
		 "it has CAP_SYS_ADMIN" : "vm.admin_reserve_kbytes");
	snprintf(note, sizeof(note), "%s", s.user == c->user_reserve ?
		 "vm.user_reserve_kbytes" : "1/32 of its size");
	say_line('-', "reserve for other processes", s.user, page, note);
	say_line('=', "allowed", c->allowed, page, "");
	say_line('-', "committed before", s.before, page,
		 derived ? "~ changed meanwhile" : "");
	say_line('=', "left", s.left, page, "");
	say_line('-', "asked", c->pages, page, "");
	say_line('-', "must stay free", 1, page, "");
	say_line('=', "short by", s.short_by, page, "");
}

static void say_sum(const struct oomtrace_commit *c, unsigned int page)
{
	struct refusal_sum s;

	if (refusal_overflowed(c)) {
		term_say("Sum", "none: rounded up to pages, the size is a negative number, which mode 0 takes for larger than any memory");
		return;
	}
	refusal_sum(&s, c, page);
	if (!s.known) {
		term_say("Sum", "not recorded: this kernel did not show the terms");
		return;
	}
	if (c->mode == 2) {
		say_sum_mode2(c, page);
		return;
	}
	term_say("Sum", "vm.overcommit_memory is %u: one request may not be larger than RAM and swap together",
		 c->mode);
	say_line(' ', "RAM", c->totalram, page, "");
	say_line('+', "swap", c->total_swap, page, "");
	say_line('=', "allowed at once", c->allowed, page, "");
	say_line('-', "asked", c->pages, page, "");
	say_line('=', "short by", s.short_by, page, "");
}

/* @largest: no request of the group is larger. */
static void explain(const struct store *st, const struct refusal *r, bool largest)
{
	const struct saved_header *facts = &st->load[r->load].recs.facts;
	const struct oomtrace_commit *c = r->c;
	char id[REFUSAL_ID_MAX], node[160], when[WHEN_MAX], age[WHEN_MAX];
	char task[HUMAN_TASK_LEN], size[SIZE_TEXT_MAX], text[400], left[300];
	unsigned int page = facts->page_size;

	snprintf(left, sizeof(left), "Refusal %s%s%s", refusal_id(id, st, r),
		 *facts->node ? " on " : "",
		 term_clean(node, sizeof(node), facts->node));
	if (r->dated)
		printf("%s%-26s%s %s, %s\n\n", term_bold(), left, term_plain(),
		       when_write(when, r->wall_ns),
		       when_write_age(age, clock_ns(CLOCK_REALTIME) - r->wall_ns));
	else
		printf("%s%-26s%s %.6f s after boot\n\n", term_bold(), left,
		       term_plain(), c->h.ts_ns / 1e9);
	term_say("Asked", "\001%s\002, uid %u: %s by %s, %s",
		 human_task(task, c->comm, c->tgid), c->uid, refusal_asked(size, c, page),
		 refusal_calls(text, sizeof(text), 1U << (c->origin & 31)),
		 refusal_result(c));
	if (r->times > 1)
		term_say("", "(%s of %u requests at that moment: %s)",
			 largest ? "the largest" : "one", r->times,
			 refusal_calls(text, sizeof(text), r->calls));
	refusal_owner(text, sizeof(text), st, r);
	if (strcmp(text, "-"))
		term_say("Unit", "%s", text);
	say_sum(c, page);
	say_stack(&st->load[r->load].recs,
		  oomtrace_field_valid(&c->h, OOMTRACE_BIT_commit_stack) ? c->stack : 0);
	refusal_ways_out(c, page);
}

/* The refused call that is wanted; the newest if it is newer than @newest. */
static struct refused_call *choose_call(const struct store *st, struct refused_call *calls,
					size_t n, const struct refusal *newest)
{
	while (wanted && n > 0)
		if (refused_is(st, &calls[--n], wanted))
			return &calls[n];
	if (wanted || !n)
		return NULL;
	if (newest && (newest->load > calls[n - 1].load ||
		       (newest->load == calls[n - 1].load &&
			newest->last_ns > calls[n - 1].r->h.ts_ns)))
		return NULL;
	return &calls[n - 1];
}

/*
 * The failed allocation that is wanted. Without an id the newest, if nothing was refused:
 * what a program was refused comes first.
 */
static struct alloc_failure *choose_failure(const struct store *st,
					    struct alloc_failure *list, size_t n,
					    bool refused)
{
	if (!wanted)
		return n && !refused ? &list[n - 1] : NULL;
	while (n > 0)
		if (alloc_failure_is(st, &list[--n], wanted))
			return &list[n];
	return NULL;
}

static int run_why(const struct options *opt)
{
	struct alloc_failure *failures = NULL, *failure;
	struct refused_call *calls = NULL, *call;
	struct refusal *list = NULL, one;
	bool found = false, largest = true;
	struct store st;
	int status = read_store(&st, opt), damaged;
	size_t n = 0, ncalls = 0, nfailures = 0, i;

	if (!status) {
		list = refusals_find(&st, opt, &n);
		if (wanted) {
			found = refusal_pick(&st, list, n, wanted, &one);
			for (largest = false, i = 0; found && i < n; i++)
				largest |= list[i].c == one.c;
		} else if (n) {
			one = list[n - 1];
			found = true;
		}
		calls = refused_find(&st, opt, &ncalls);
		call = choose_call(&st, calls, ncalls, n ? &list[n - 1] : NULL);
		failures = alloc_failures_find(&st, opt, &nfailures);
		failure = choose_failure(&st, failures, nfailures, n || ncalls);
		term_start(opt);
		if (!n && !ncalls && !nfailures) {
			status = report_none(opt);
		} else if (failure) {
			if (opt->json)
				alloc_failure_print_json(&st, failure);
			else
				alloc_failure_explain(&st, failure);
		} else if (call) {
			if (opt->json)
				refused_print_json(&st, call);
			else
				refused_explain(&st, call);
		} else if (!found) {
			say_error("no refused request has the id %s: oomtrace refusals lists them",
				  wanted);
			status = EXIT_RUNTIME;
		} else if (opt->json) {
			print_json(&st, &one);
		} else {
			explain(&st, &one, largest);
		}
	}
	damaged = st.damaged;
	free(failures);
	free(calls);
	free(list);
	store_free(&st);
	if (!status)
		status = close_output();
	return status ? status : damaged;
}

/* ---- the commands ---- */

static const struct argp_option refusals_options[] = {
	TABLE_OPTIONS,
	{ 0 }
};

const struct command command_refusals = {
	.name = "refusals",
	.summary = "a table of refused requests for memory, and ways out",
	.help = "List the requests for address space that commit accounting refused with ENOMEM, below them the system calls that another limit refused, if those are recorded (refusals=syscalls, or oomtrace record --refusals), and the kernel's own allocations that failed. The first are grouped by process and moment, since malloc tries several calls. LEFT is what could still be committed then. The lines below explain the limit that refused the last one, and what would have granted it."
		"\v"
		"Examples:\n"
		"  oomtrace refusals --since today\n"
		"  oomtrace refusals -n 5 /var/lib/oomtrace\n",
	.takes = TAKES_STORE | TAKES_JSON | TAKES_TIMES | TAKES_PAGER,
	.options = refusals_options,
	.option = parse_refusals_option,
	.run = run_refusals,
};

static const struct argp_option why_options[] = {
	TABLE_OPTION_PAGES,
	{ 0 }
};

const struct command command_why = {
	.name = "why",
	.summary = "why a request was refused: the kernel's sum, line by line",
	.help = "Explain why a request for address space was refused: the kernel's sum line by line, the kernel's functions that led there, and what would have granted it. Or why another system call was refused, or what an allocation of the kernel that failed was for. ID is that of oomtrace refusals, or the record_id in the JSON of a record; without it, the last one."
		"\v"
		"Examples:\n"
		"  oomtrace why\n"
		"  oomtrace why 1.57 day.oom\n",
	.takes = TAKES_STORE | TAKES_JSON | TAKES_TIMES | TAKES_PAGER,
	.options = why_options,
	.option = parse_refusals_option,
	.argument = take_id,
	.argument_name = "[ID]",
	.run = run_why,
};
