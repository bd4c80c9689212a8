// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace ranking: print the processes in the order in which the OOM killer would
 * choose them now, for the machine or one memory cgroup. Nothing is killed.
 */
#include <argp.h>
#include <errno.h>
#include <liboomtrace.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd_ranking.h"
#include "ranking.h"

static unsigned long long cgroup_id;

static int parse_ranking_option(int key, const char *arg)
{
	(void)key;
	return ranking_cgroup(arg, &cgroup_id) ? 0 : EINVAL;
}

static int print_ranking(const struct oomtrace_ranking *rk,
			 const struct oomtrace_candidate *recs, bool json)
{
	int err = 0;
	__u32 i;

	for (i = 0; i < rk->count && !err; i++)
		err = json ? oomtrace_print_json(&recs[i].h, stdout)
			   : oomtrace_print_text(&recs[i].h, stdout);
	/* This reports write errors. */
	return close_output();
}

static int run_ranking(const struct options *opt)
{
	struct oomtrace_candidate *recs;
	struct oomtrace_ranking rk;
	int status;

	status = ranking_read(opt, cgroup_id, &rk, &recs);
	if (!status)
		status = print_ranking(&rk, recs, opt->json);
	free(recs);
	return status;
}

static const struct argp_option ranking_options[] = {
	{ "cgroup", 'c', "DIR|ID", 0,
	  "Assume that this memory cgroup is out of memory, not the machine", 0 },
	{ 0 },
};

const struct command command_ranking = {
	.name = "ranking",
	.summary = "which processes the OOM killer would choose now",
	.help = "Print all processes in the order in which the OOM killer would choose them, by the kernel's own score. Processes that it may not kill come last. Nothing is killed."
		"\v"
		"Examples:\n"
		"  oomtrace ranking | head -5\n"
		"  oomtrace ranking --cgroup /sys/fs/cgroup/user.slice --json\n",
	.takes = TAKES_JSON,
	.options = ranking_options,
	.option = parse_ranking_option,
	.run = run_ranking,
};
