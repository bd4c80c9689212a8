/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holding back the records of an episode that may only repeat another one.
 */
#ifndef OOMTRACE_HOLD_H
#define OOMTRACE_HOLD_H

#include <linux/types.h>

#include "include/oomtrace.h"
#include "oom/episode.h"

bool oomtrace_still_dying(pid_t pid);
void oomtrace_hold_begin(struct oomtrace_episode *ep);
bool oomtrace_hold_candidate(struct oomtrace_episode *ep,
			     const struct oomtrace_candidate *rec);
void oomtrace_hold_release(struct oomtrace_episode *ep, bool inside);

#endif /* OOMTRACE_HOLD_H */
