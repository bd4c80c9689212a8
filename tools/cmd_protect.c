// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace protect: print the processes that the OOM killer would choose first,
 * with their command lines and units, and how to protect the first one.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/format.h"
#include "container_names.h"
#include "cmd_protect.h"
#include "json.h"
#include "numbers.h"
#include "procfs.h"
#include "ranking.h"
#include "replay.h"
#include "size.h"
#include "table.h"
#include "term.h"

static unsigned long long cgroup_id;
static long long shown = 20;

static error_t parse_protect_option(int key, const char *arg)
{
	switch (key) {
	case 'c':
		return ranking_cgroup(arg, &cgroup_id) ? 0 : EINVAL;
	case 'n':
		if (read_number(arg, 1, 1000000, &shown))
			return 0;
		say_error("--number: invalid number '%s': give 1 to 1000000", arg);
		return EINVAL;
	case TABLE_PAGES:
		return table_option(NULL, key, arg);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The container or unit of a process, or its cgroup; "-" if it has exited. */
static void find_owner(int pid, char *label, size_t size)
{
	char path[CGROUP_PATH_MAX];

	if (procfs_cgroup(pid, path, sizeof(path)))
		cgroup_describe("", path, label, size);
	else
		snprintf(label, size, "-");
}

static void add_ranking_row(struct table *t, unsigned int place,
			    const struct oomtrace_candidate *c, u64 totalpages)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1], cmdline[256] = "-", size[SIZE_TEXT_MAX];
	char label[CGROUP_LABEL_MAX], clean[4 * CGROUP_LABEL_MAX + 1];
	unsigned int page = sysconf(_SC_PAGESIZE);
	s64 pages;

	oomtrace_escape(comm, sizeof(comm), c->comm, sizeof(c->comm));
	find_owner(c->pid, label, sizeof(label));
	oomtrace_escape(clean, sizeof(clean), label, sizeof(label));
	procfs_cmdline(c->pid, cmdline, sizeof(cmdline));
	table_row(t);
	table_cell(t, "%u", place);
	table_cell(t, "%s[%d]", comm, c->pid);
	table_cell(t, "%s", candidate_memory(c, page, totalpages, &pages) ?
		   size_write(size, pages, page) : "?");
	table_cell(t, "%.1f %%", totalpages ? 100.0 * c->points / totalpages : 0);
	table_cell(t, "%d", c->oom_score_adj);
	table_cell(t, "%s", clean);
	table_cell(t, "%s", cmdline);
}

/* The oom_score_adj with which the second process would be the first. */
static void say_advice(const struct oomtrace_ranking *rk,
		       const struct oomtrace_candidate *recs)
{
	s64 unit = rk->totalpages / 1000, over, adj;
	char comm[4 * OOMTRACE_COMM_LEN + 1];

	if (rk->eligible < 2)
		return;
	oomtrace_escape(comm, sizeof(comm), recs[0].comm, sizeof(recs[0].comm));
	over = recs[0].points - recs[1].points;
	adj = unit ? recs[0].oom_score_adj - (over / unit + 1) : ADJ_MIN;
	if (adj < ADJ_MIN)
		adj = ADJ_MIN;
	term_say("First", "%s[%d] would be killed first. With an oom_score_adj of %lld or lower, another process would be:",
		 comm, recs[0].pid, adj);
	printf("%11schoom -p %d -n %lld        (for a unit: OOMScoreAdjust=%lld)\n", "",
	       recs[0].pid, adj, adj);
}

static void print_ranking_table(const struct oomtrace_ranking *rk,
				const struct oomtrace_candidate *recs)
{
	static const struct table_column columns[] = {
		{ "", true, false }, { "PROCESS", false, false }, { "SIZE", true, false },
		{ "SCORE", true, false }, { "ADJ", true, false }, { "UNIT", false, true },
		{ "COMMAND", false, true }, { NULL, false, false },
	};
	struct table *t = table_new(columns, true);
	__u32 i, exempt = 0;

	for (i = 0; i < rk->eligible && i < rk->count && i < shown; i++)
		add_ranking_row(t, i + 1, &recs[i], rk->totalpages);
	table_print(t);
	for (i = rk->eligible; i < rk->count; i++)
		exempt += recs[i].reason == OOMTRACE_REASON_ADJ_MIN;
	putchar('\n');
	if (rk->eligible > shown)
		term_say("More", "%lld processes, with -n %u", rk->eligible - shown,
			 rk->eligible);
	term_say("Exempt", "%u by oom_score_adj -1000, %u for other reasons, and %u kernel threads; %u processes can be killed",
		 exempt, rk->count - rk->eligible - exempt, rk->kthreads, rk->eligible);
	say_advice(rk, recs);
}

static void print_ranking_json(const struct oomtrace_ranking *rk,
			       const struct oomtrace_candidate *recs)
{
	char label[CGROUP_LABEL_MAX], cmdline[1024];
	struct json_object *obj, *adj;
	__u32 i;

	for (i = 0; i < rk->eligible && i < rk->count && i < shown; i++) {
		obj = json_object_new_object();
		json_object_object_add(obj, "place",
				       json_object_new_int64(i + 1));
		json_object_object_add(obj, "pid",
				       json_object_new_int64(recs[i].pid));
		json_add_string(obj, "comm", recs[i].comm, OOMTRACE_COMM_LEN);
		json_object_object_add(obj, "points",
				       json_object_new_int64(recs[i].points));
		adj = json_object_new_int64(recs[i].oom_score_adj);
		json_object_object_add(obj, "oom_score_adj", adj);
		find_owner(recs[i].pid, label, sizeof(label));
		json_add_string(obj, "whose", label, sizeof(label));
		if (procfs_cmdline(recs[i].pid, cmdline, sizeof(cmdline)))
			json_add_string(obj, "cmdline", cmdline,
					sizeof(cmdline));
		puts(json_text(obj));
		json_object_put(obj);
	}
}

static int run_protect(const struct options *opt)
{
	struct oomtrace_candidate *recs;
	struct oomtrace_ranking rk;
	int status;

	status = ranking_read(opt, cgroup_id, &rk, &recs);
	if (!status) {
		term_start(opt);
		if (opt->json)
			print_ranking_json(&rk, recs);
		else
			print_ranking_table(&rk, recs);
		status = close_output();
	}
	free(recs);
	return status;
}

static const struct argp_option protect_options[] = {
	{ "cgroup", 'c', "DIR|ID", 0,
	  "Assume that this memory cgroup is out of memory, not the machine", 0 },
	{ "number", 'n', "N", 0, "Show N processes, 20 by default", 0 },
	TABLE_OPTION_PAGES,
	{ 0 },
};

const struct command command_protect = {
	.name = "protect",
	.summary = "which process would be killed next, and how to protect it",
	.help = "Print the processes that the OOM killer would kill first if memory ran out now, with their unit or container and their command lines, and how to protect the first one. SCORE is the kernel's, as a percentage of the memory of the machine or the cgroup."
		"\v"
		"Examples:\n"
		"  oomtrace protect\n"
		"  oomtrace protect --cgroup /sys/fs/cgroup/system.slice/db.service\n",
	.takes = TAKES_JSON | TAKES_PAGER,
	.options = protect_options,
	.option = parse_protect_option,
	.run = run_protect,
};
