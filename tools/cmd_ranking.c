// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace ranking: who would be killed if memory ran out now, of the machine or
 * of one memory cgroup. The module works it out; nobody is killed.
 */
#include <argp.h>
#include <errno.h>
#include <liboomtrace.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd_ranking.h"
#include "ranking.h"

static unsigned long long cgroup_id;

static int take_cgroup(int key, const char *arg)
{
	(void)key;
	return ranking_cgroup(arg, &cgroup_id) ? 0 : EINVAL;
}

static int print(const struct oomtrace_ranking *rk,
		 const struct oomtrace_candidate *recs, bool json)
{
	int err = 0;
	__u32 i;

	for (i = 0; i < rk->count && !err; i++)
		err = json ? oomtrace_print_json(&recs[i].h, stdout)
			   : oomtrace_print_text(&recs[i].h, stdout);
	/* What went wrong with the output is said there. */
	return close_output();
}

static int run_ranking(const struct options *opt)
{
	struct oomtrace_candidate *recs;
	struct oomtrace_ranking rk;
	int status;

	status = ranking_read(opt, cgroup_id, &rk, &recs);
	if (!status)
		status = print(&rk, recs, opt->json);
	free(recs);
	return status;
}

static const struct argp_option own_options[] = {
	{ "cgroup", 'c', "DIR|ID", 0,
	  "As if that memory cgroup were out of memory, not the machine", 0 },
	{ 0 },
};

const struct command command_ranking = {
	.name = "ranking",
	.summary = "who would be killed if memory ran out now",
	.help = "Print all processes in the order in which the OOM killer would take them, by its own formula; those it may not kill come last. Kills nobody."
		"\v"
		"Examples:\n"
		"  oomtrace ranking | head -5\n"
		"  oomtrace ranking --cgroup /sys/fs/cgroup/user.slice --json\n",
	.takes = TAKES_JSON,
	.options = own_options,
	.option = take_cgroup,
	.run = run_ranking,
};
