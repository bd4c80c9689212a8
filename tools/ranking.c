// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the module's ranking of processes.
 */
#include <errno.h>
#include <liboomtrace.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "options.h"
#include "ranking.h"
#include "records.h"

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
	say_error("'%s' is not a cgroup: give its directory or its id", arg);
	return false;
}

/* Retry with room for some more than the last count, until all records fit. */
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

int ranking_read(const struct options *opt, unsigned long long cgroup,
		 struct oomtrace_ranking *rk, struct oomtrace_candidate **recs)
{
	struct oomtrace *ot = open_module(opt);
	int err;

	*recs = NULL;
	if (!ot)
		return open_status();
	err = ranking_ask(ot, cgroup, rk, recs);
	oomtrace_free(ot);
	if (!err)
		return EXIT_OK;
	say_error("cannot read the ranking from %s: %s", opt->device,
		  err == -ESRCH ? "that memory cgroup has no process" :
		  strerror(-err));
	return EXIT_RUNTIME;
}
