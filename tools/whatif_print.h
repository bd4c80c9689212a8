/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The answer of oomtrace whatif: what whatif.c finds out, whatif_print.c tells.
 */
#ifndef OOMTRACE_WHATIF_PRINT_H
#define OOMTRACE_WHATIF_PRINT_H

#include "replay.h"

/**
 * struct whatif - all that is told
 * @episode: its number.
 * @v: its verdict.
 * @begin: its begin, or NULL.
 * @r: the replay, with what is assumed.
 * @was: task that the recorded points name: the replay without assumptions.
 * @then: who dies with what is assumed.
 * @saved: what --save found out.
 * @no_oom: with the assumed limit there was memory left.
 * @missed: candidates without a record.
 * @group: members of a cgroup that died with the chosen one.
 * @limit: assumed limit of the cgroup, pages; 0: as it was.
 * @save: number of the task that --save is about.
 */
struct whatif {
	unsigned long long episode;
	const struct oomtrace_verdict *v;
	const struct oomtrace_oom_begin *begin;
	struct replay r;
	long was;
	long then;
	enum { NOT_ASKED, SAVED, NOT_CHOSEN, NOT_SAVED } saved;
	bool no_oom;
	unsigned long long missed;
	unsigned int group;
	s64 limit;
	size_t save;
};

/** whatif_tell() - the answer to a person, on standard output */
void whatif_tell(const struct whatif *a);

/** whatif_json() - the answer as one line of JSON, on standard output */
void whatif_json(const struct whatif *a);

#endif /* OOMTRACE_WHATIF_PRINT_H */
