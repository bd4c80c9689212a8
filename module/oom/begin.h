/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The first records of an episode.
 */
#ifndef OOMTRACE_BEGIN_H
#define OOMTRACE_BEGIN_H

#include <linux/types.h>

#include "include/oomtrace.h"
#include "oom/episode.h"

void oomtrace_fill_begin(struct oomtrace_oom_begin *rec,
			 const struct oomtrace_episode *ep);
void oomtrace_write_begin(struct oomtrace_episode *ep,
			  struct oomtrace_oom_begin *rec, bool with_stack);
void oomtrace_record_begin(struct oomtrace_episode *ep);
void oomtrace_record_cause(struct oomtrace_episode *ep);
void oomtrace_record_daemon_begin(u64 episode);
void oomtrace_record_wait_begin(u64 episode, struct mem_cgroup *memcg);

#endif /* OOMTRACE_BEGIN_H */
