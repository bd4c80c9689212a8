/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints the answer of oomtrace whatif.
 */
#ifndef OOMTRACE_WHATIF_PRINT_H
#define OOMTRACE_WHATIF_PRINT_H

#include "replay.h"

/**
 * struct whatif - the answer
 * @episode: number of the episode.
 * @v: verdict of the episode.
 * @begin: begin of the episode, or NULL.
 * @account: the record of the cgroup's memory, or NULL.
 * @r: the replay with the assumptions.
 * @was: result of the replay without assumptions, by the recorded points.
 * @then: result of the replay with the assumptions.
 * @saved: result of --save.
 * @no_oom: the assumed limit has room for the request.
 * @missed: number of candidates without a record.
 * @dropped: how many of them the module left out, because they have no more points
 *	than the best recorded one with the same oom_score_adj.
 * @group: number of tasks killed with the chosen one (memory.oom.group).
 * @limit: assumed limit of the cgroup, pages; 0 if unchanged.
 * @save: index of the task of --save.
 */
struct whatif {
	unsigned long long episode;
	const struct oomtrace_verdict *v;
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_memcg *account;
	struct replay r;
	long was;
	long then;
	enum { NOT_ASKED, SAVED, NOT_CHOSEN, NOT_SAVED } saved;
	bool no_oom;
	unsigned long long missed;
	unsigned long long dropped;
	unsigned int group;
	s64 limit;
	size_t save;
};

/** whatif_request() - pages that were asked for; 1 if that is not known */
s64 whatif_request(const struct whatif *a);

/** whatif_text() - print the answer as text to standard output */
void whatif_text(const struct whatif *a);

/** whatif_json() - print the answer as one line of JSON to standard output */
void whatif_json(const struct whatif *a);

#endif /* OOMTRACE_WHATIF_PRINT_H */
