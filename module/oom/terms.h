/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The terms of a candidate's score, and the setting for which candidates they are
 * recorded.
 */
#ifndef OOMTRACE_TERMS_H
#define OOMTRACE_TERMS_H

#include <linux/types.h>

#include "include/oomtrace.h"

struct oomtrace_episode;
struct task_struct;

/* The fields of the terms. */
#define OOMTRACE_TERMS (OOMTRACE_BIT(candidate, rss_anon) |		\
			OOMTRACE_BIT(candidate, rss_file) |		\
			OOMTRACE_BIT(candidate, rss_shmem) |		\
			OOMTRACE_BIT(candidate, swapents) |		\
			OOMTRACE_BIT(candidate, pgtables_bytes))

int oomtrace_candidates_set(const char *name);
const char *oomtrace_candidates_name(void);
bool oomtrace_terms_of_all(void);

void oomtrace_terms_of_scored(struct oomtrace_candidate *rec,
			      const struct oomtrace_episode *ep,
			      struct task_struct *task, bool exact);
u8 oomtrace_terms_of_unscored(struct oomtrace_candidate *rec,
			      struct task_struct *task);

#endif /* OOMTRACE_TERMS_H */
