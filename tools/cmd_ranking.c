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
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "options.h"
#include "ranking.h"
#include "records.h"

static unsigned long long cgroup_id;

bool ranking_cgroup(const char *arg, unsigned long long *id)
{
	struct stat st;
	char *end;

	errno = 0;
	*id = strtoull(arg, &end, 10);
	if (*arg >= '1' && *arg <= '9' && !*end && !errno)
		return true;
	if (!stat(arg, &st) && S_ISDIR(st.st_mode)) {
		*id = st.st_ino;
		return true;
	}
	say_error("'%s' is no cgroup: its directory is wanted, or its id", arg);
	return false;
}

static int take_cgroup(int key, const char *arg)
{
	(void)key;
	return ranking_cgroup(arg, &cgroup_id) ? 0 : EINVAL;
}

/* As many as last time and some more, until all fit. */
int ranking_ask(struct oomtrace *ot, unsigned long long cgroup,
		struct oomtrace_ranking *rk, struct oomtrace_candidate **recs)
{
	__u32 room = 0;

	*recs = NULL;
	do {
		room = room ? rk->count + rk->count / 4 + 16 : 256;
		free(*recs);
		*recs = xcalloc(room, sizeof(**recs));
		memset(rk, 0, sizeof(*rk));
		rk->size = sizeof(*rk);
		rk->room = room;
		rk->records = (unsigned long)*recs;
		rk->cgroup_id = cgroup;
		if (ioctl(oomtrace_fd(ot), OOMTRACE_IOC_RANKING, rk))
			return -errno;
	} while (rk->count > room);
	return 0;
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

int ranking_read(const struct options *opt, unsigned long long cgroup,
		 struct oomtrace_ranking *rk, struct oomtrace_candidate **recs)
{
	struct oomtrace *ot = open_module(opt);
	int err;

	*recs = NULL;
	if (!ot)
		return EXIT_RUNTIME;
	err = ranking_ask(ot, cgroup, rk, recs);
	oomtrace_free(ot);
	if (!err)
		return EXIT_OK;
	say_error("no ranking from %s: %s", opt->device,
		  err == -ESRCH ? "no process is in that memory cgroup" :
		  strerror(-err));
	return EXIT_RUNTIME;
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
