/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allocator's retries before an OOM.
 */
#ifndef OOMTRACE_RETRIES_H
#define OOMTRACE_RETRIES_H

#include <linux/mmzone.h>
#include <linux/compaction.h>

struct oomtrace_episode;

void oomtrace_reclaim_retry(void *data, struct zoneref *zoneref, int order,
			    unsigned long reclaimable, unsigned long available,
			    unsigned long min_wmark, int no_progress_loops,
			    bool wmark_check);
void oomtrace_compact_retry(void *data, int order,
			    enum compact_priority priority,
			    enum compact_result result, int retries,
			    int max_retries, bool ret);
void oomtrace_record_retries(const struct oomtrace_episode *ep);

#endif /* OOMTRACE_RETRIES_H */
