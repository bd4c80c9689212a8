/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The largest task that an oom_score_adj of -1000 protects.
 */
#ifndef OOMTRACE_EXEMPT_H
#define OOMTRACE_EXEMPT_H

#include "include/oomtrace.h"
#include "oom/episode.h"

void oomtrace_exempt_note(struct oomtrace_episode *ep,
			  const struct oomtrace_candidate *rec);
void oomtrace_exempt_record(const struct oomtrace_episode *ep);

#endif /* OOMTRACE_EXEMPT_H */
