/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ranking: which process the OOM killer would choose now.
 */
#ifndef OOMTRACE_RANKING_H
#define OOMTRACE_RANKING_H

#include "include/oomtrace.h"

/**
 * struct oomtrace_rank - one process of a ranking
 * @rec: the process as a candidate.
 * @born: start time, CLOCK_MONOTONIC nanoseconds. Of processes with equal points
 *	the later one dies.
 */
struct oomtrace_rank {
	struct oomtrace_candidate rec;
	u64 born;
};

/**
 * struct oomtrace_ranks - a ranking
 * @rank: the processes, best candidate first, ineligible ones last.
 * @count: entries of @rank in use.
 * @room: entries of @rank allocated.
 * @eligible: processes that can be killed.
 * @kthreads: kernel threads, which @rank leaves out.
 * @totalpages: pages of which an oom_score_adj of 1 is a thousandth.
 * @cgroup_id: id of the memory cgroup; 0 for the machine.
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
