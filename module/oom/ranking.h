/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who would be killed now (ranking.c), for debugfs.c and chardev.c.
 */
#ifndef OOMTRACE_RANKING_H
#define OOMTRACE_RANKING_H

#include "include/oomtrace.h"

/**
 * struct oomtrace_rank - one process of a ranking
 * @rec: what is known of it, as a candidate's record.
 * @born: when it was started, CLOCK_MONOTONIC: of equals the later dies.
 */
struct oomtrace_rank {
	struct oomtrace_candidate rec;
	u64 born;
};

/**
 * struct oomtrace_ranks - a ranking
 * @rank: the processes, best candidate first, then those not eligible.
 * @count: how many.
 * @room: how many @rank has room for.
 * @eligible: how many of them can be killed.
 * @kthreads: kernel threads, which are not in it.
 * @totalpages: what one oom_score_adj is a thousandth of, pages.
 * @cgroup_id: whose: a memory cgroup's, or 0 for the machine's.
 */
struct oomtrace_ranks {
	struct oomtrace_rank *rank;
	u32 count;
	u32 room;
	u32 eligible;
	u32 kthreads;
	unsigned long totalpages;
	u64 cgroup_id;
};

int oomtrace_ranks_make(struct oomtrace_ranks *ranks, u64 cgroup_id);
void oomtrace_ranks_free(struct oomtrace_ranks *ranks);

#endif /* OOMTRACE_RANKING_H */
