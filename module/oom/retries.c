// SPDX-License-Identifier: GPL-2.0
/*
 * Retries: how often the allocator retried before it called the OOM killer, and
 * what it found each time.
 *
 * The tracepoints reclaim_retry_zone and compact_retry report each retry. After
 * most retries memory is found, so they are not recorded at once. A table of
 * fixed size keeps the last few of each task. If that task then calls the OOM
 * killer, they become records of the episode, oldest first. The pid determines a
 * task's place in the table. If two tasks share a place, the later one takes it,
 * and the retries in it are dropped and counted.
 *
 * The tracepoints run in the task that allocates, never in an interrupt. Recent
 * kernels call them with preemption enabled.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/spinlock.h>
#include <linux/vmstat.h>

#include "hook/hook.h"
#include "oom/episode.h"
#include "oom/retries.h"
#include "stats.h"
#include "task.h"

/* Places in the table, as a power of two, and retries kept in each. */
#define PLACES_SHIFT	7
#define PLACES		BIT(PLACES_SHIFT)
#define KEPT		8

/* Older retries do not belong to the episode. */
#define MAX_AGE_NS	(10ULL * NSEC_PER_SEC)

/**
 * struct retry - a retry that is not recorded yet
 * @ts_ns: time of the retry, CLOCK_MONOTONIC.
 * @zone: the zone, NULL for compaction. Zones are never freed.
 * @reclaimable: pages that could still be reclaimed.
 * @available: @reclaimable plus the zone's free pages.
 * @min_wmark: the zone's min watermark, pages.
 * @zone_idx: enum zone_type.
 * @order: order of the allocation.
 * @no_progress_loops: loops in which reclaim freed no page.
 * @priority: enum compact_priority.
 * @result: enum compact_result.
 * @retries: compaction retries so far.
 * @max_retries: compaction retries allowed.
 * @kind: enum oomtrace_retry_kind; decides which of the above are set.
 * @again: the kernel retries.
 * @free_counted: @reclaimable is the zone's free pages.
 */
struct retry {
	u64 ts_ns;
	const struct zone *zone;
	u64 reclaimable;
	u64 available;
	u64 min_wmark;
	s32 zone_idx;
	s32 order;
	s32 no_progress_loops;
	s32 priority;
	s32 result;
	s32 retries;
	s32 max_retries;
	u8 kind;
	bool again;
	bool free_counted;
};

/**
 * struct place - a place in the table
 * @lock: guards the other members. Raw: PREEMPT_RT must not sleep here. Held for
 *	a few hundred instructions.
 * @pid: the task whose retries are kept here; 0 if there is none.
 * @start_time: start time of @pid, nanoseconds, in case the pid is reused.
 * @seen: retries of that task; numbers @seen - KEPT + 1 to @seen are kept.
 * @kept: retry number n is in entry n % KEPT.
 */
struct place {
	raw_spinlock_t lock;	/* see above */
	pid_t pid;
	u64 start_time;
	u32 seen;
	struct retry kept[KEPT];
};

static struct place places[PLACES] = {
	[0 ... PLACES - 1] = {
		.lock = __RAW_SPIN_LOCK_UNLOCKED(places.lock),
	},
};

static struct place *find_own_place(void)
{
	return &places[hash_32(current->pid, PLACES_SHIFT)];
}

static bool is_own_place(const struct place *p)
{
	return p->pid == current->pid && p->start_time == current->start_time;
}

static u32 count_kept_retries(const struct place *p)
{
	return min_t(u32, p->seen, KEPT);
}

/* Make a place current's, and count the retries that its owner loses. */
static void claim_place(struct place *p, u64 now)
{
	u32 i, n = 0;

	for (i = 0; i < count_kept_retries(p); i++)
		n += oomtrace_ns_between(p->kept[(p->seen - i) % KEPT].ts_ns,
					 now) < MAX_AGE_NS;
	if (n)
		oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_RETRY, n);
	p->pid = current->pid;
	p->start_time = current->start_time;
	p->seen = 0;
}

static void store_retry(const struct retry *r)
{
	struct place *p = find_own_place();

	raw_spin_lock(&p->lock);
	if (!is_own_place(p))
		claim_place(p, r->ts_ns);
	p->kept[++p->seen % KEPT] = *r;
	raw_spin_unlock(&p->lock);
}

static bool is_about(u64 a, u64 b)
{
	return (a > b ? a - b : b - a) <= a / 64;
}

/*
 * Some kernels count a zone's free pages as reclaimable if it has no page that is.
 * The number itself does not show it, so compare with what it could be otherwise.
 */
static bool counts_free_pages(struct zone *zone, u64 reclaimable, u64 free)
{
	u64 file, anon;

	if (!reclaimable || !is_about(reclaimable, free))
		return false;
	file = zone_page_state(zone, NR_ZONE_INACTIVE_FILE) +
	       zone_page_state(zone, NR_ZONE_ACTIVE_FILE);
	anon = zone_page_state(zone, NR_ZONE_INACTIVE_ANON) +
	       zone_page_state(zone, NR_ZONE_ACTIVE_ANON);
	return !is_about(reclaimable, file) && !is_about(reclaimable, file + anon);
}

void oomtrace_reclaim_retry(void *data, struct zoneref *zoneref, int order,
			    unsigned long reclaimable, unsigned long available,
			    unsigned long min_wmark, int no_progress_loops,
			    bool wmark_check)
{
	struct retry r = {
		.ts_ns = ktime_get_mono_fast_ns(),
		.zone = zoneref->zone,
		.reclaimable = reclaimable,
		.available = available,
		.min_wmark = min_wmark,
		.zone_idx = zoneref->zone_idx,
		.order = order,
		.no_progress_loops = no_progress_loops,
		.kind = OOMTRACE_RETRY_RECLAIM,
		.again = wmark_check,
		.free_counted = counts_free_pages(zoneref->zone, reclaimable,
						  available - reclaimable),
	};

	oomtrace_hit(OOMTRACE_HOOK_RECLAIM_RETRY);
	store_retry(&r);
}

void oomtrace_compact_retry(void *data, int order,
			    enum compact_priority priority,
			    enum compact_result result, int retries,
			    int max_retries, bool ret)
{
	struct retry r = {
		.ts_ns = ktime_get_mono_fast_ns(),
		.order = order,
		.priority = priority,
		.result = result,
		.retries = retries,
		.max_retries = max_retries,
		.kind = OOMTRACE_RETRY_COMPACT,
		.again = ret,
	};

	oomtrace_hit(OOMTRACE_HOOK_COMPACT_RETRY);
	store_retry(&r);
}

#define RECLAIM_FIELDS (OOMTRACE_BIT(retry, node) |			\
			OOMTRACE_BIT(retry, zone) |			\
			OOMTRACE_BIT(retry, zone_name) |		\
			OOMTRACE_BIT(retry, reclaimable) |		\
			OOMTRACE_BIT(retry, available) |		\
			OOMTRACE_BIT(retry, min_wmark) |		\
			OOMTRACE_BIT(retry, no_progress_loops) |	\
			OOMTRACE_BIT(retry, free_counted))
#define COMPACT_FIELDS (OOMTRACE_BIT(retry, priority) |		\
			OOMTRACE_BIT(retry, result) |		\
			OOMTRACE_BIT(retry, retries) |		\
			OOMTRACE_BIT(retry, max_retries))

static void record_retry(const struct oomtrace_episode *ep,
			 const struct retry *r, u32 index)
{
	struct oomtrace_retry rec = {
		OOMTRACE_RECORD(RETRY, retry),
		.episode = ep->id,
		.age_ns = oomtrace_ns_between(r->ts_ns, ep->begin_ns),
		.reclaimable = r->reclaimable,
		.available = r->available,
		.min_wmark = r->min_wmark,
		.node = r->zone ? zone_to_nid((struct zone *)r->zone) : 0,
		.zone = r->zone_idx,
		.order = r->order,
		.no_progress_loops = r->no_progress_loops,
		.priority = r->priority,
		.result = r->result,
		.retries = r->retries,
		.max_retries = r->max_retries,
		.kind = r->kind,
		.retry = r->again,
		.free_counted = r->free_counted,
		.index = index,
	};

	rec.h.valid &= ~(r->kind == OOMTRACE_RETRY_RECLAIM ?
			 COMPACT_FIELDS : RECLAIM_FIELDS);
	if (r->kind == OOMTRACE_RETRY_RECLAIM)
		rec.h.derived |= OOMTRACE_BIT(retry, free_counted);
	oomtrace_zone_name(rec.zone_name, r->zone);
	oomtrace_oom_write(&rec.h);
}

/**
 * oomtrace_record_retries() - write the records of the retries before an episode
 * @ep: the episode; current is in out_of_memory().
 */
void oomtrace_record_retries(const struct oomtrace_episode *ep)
{
	struct place *p = find_own_place();
	u32 i;

	raw_spin_lock(&p->lock);
	if (is_own_place(p)) {
		for (i = p->seen - count_kept_retries(p) + 1; i <= p->seen; i++) {
			const struct retry *r = &p->kept[i % KEPT];

			if (oomtrace_ns_between(r->ts_ns, ep->begin_ns) < MAX_AGE_NS)
				record_retry(ep, r, i);
		}
		p->seen = 0;
	}
	raw_spin_unlock(&p->lock);
}
