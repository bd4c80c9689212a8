// SPDX-License-Identifier: GPL-2.0
/*
 * The zones when an episode begins: which of them the request may use, and the
 * free pages, watermarks and free blocks of each.
 *
 * A request may use the zones of its zonelist up to the highest zone that its
 * flags allow, on the nodes that its memory policy and its cpuset allow. The
 * kernel decides so in constrained_alloc() and get_page_from_freelist(), with
 * functions that it does not export; this file repeats their decisions. A zonelist
 * record has the result, and zone records follow, the allowed zones first.
 *
 * Handlers call this at the entry of out_of_memory(), with oom_lock held and
 * preemption off. It takes time for each zone of the machine, once for an episode.
 * All counters change meanwhile, hence READ_ONCE(). Nothing is summed over CPUs, no
 * zone's lock is taken, and nothing waits.
 */
#include <linux/cpuset.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/vmstat.h>

#include "oom/episode.h"
#include "oom/zones.h"
#include "task.h"

/* Zones recorded for one episode, at most. */
#define MAX_ZONES	16

/**
 * struct zone_request - what limits the request of an episode to some zones
 * @oc: the kernel's struct of this OOM.
 * @highest: index of the highest zone that its flags allow.
 * @nodes: nodes with an allowed zone.
 * @known: @nodes is known.
 * @zones_allowed: number of allowed zones.
 * @cpuset_limited: the cpuset does not allow some zone that is allowed otherwise.
 */
struct zone_request {
	const struct oom_control *oc;
	enum zone_type highest;
	nodemask_t nodes;
	bool known;
	u32 zones_allowed;
	bool cpuset_limited;
};

/* ---- which zones are allowed ---- */

/*
 * Can a request beyond the task's own nodes go up to a cpuset that is a hardwall?
 * Only cgroup v1 has these. In v2 such a request may use all nodes.
 */
static bool may_have_hardwall(void)
{
#ifdef CONFIG_CPUSETS
	/* true: preemption off is enough, but lockdep cannot see that. */
	return !oomtrace_cgroup_v2(task_css_check(current, cpuset_cgrp_id,
						  true)->cgroup);
#else
	return false;
#endif
}

enum { DENIED, ALLOWED, UNKNOWN };

/* The decision of the kernel's cpuset_zone_allowed(). */
static int check_cpuset(int node, gfp_t gfp)
{
	if (node_isset(node, cpuset_current_mems_allowed) ||
	    tsk_is_oom_victim(current))
		return ALLOWED;
	if (gfp & __GFP_HARDWALL)
		return DENIED;
	if ((current->flags & PF_EXITING) || !may_have_hardwall())
		return ALLOWED;
	return UNKNOWN;
}

/* Would the request use this zone if no cpuset limited it? */
static bool is_in_policy(const struct zone_request *req, struct zoneref *z)
{
	const nodemask_t *mask = req->oc->nodemask;

	return zonelist_zone_idx(z) <= req->highest &&
	       (!mask || node_isset(zonelist_node_idx(z), *mask));
}

static void find_allowed_zones(struct zone_request *req)
{
	bool unknown = false;
	struct zoneref *z;

	for (z = req->oc->zonelist->_zonerefs; z->zone; z++) {
		if (!is_in_policy(req, z))
			continue;
		switch (check_cpuset(zonelist_node_idx(z), req->oc->gfp_mask)) {
		case ALLOWED:
			node_set(zonelist_node_idx(z), req->nodes);
			req->zones_allowed++;
			break;
		case DENIED:
			req->cpuset_limited = true;
			break;
		default:
			unknown = true;
			break;
		}
	}
	if (unknown) {
		nodes_clear(req->nodes);
		return;
	}
	req->known = true;
}

/* The zonelist of each node has all zones with managed pages of all its nodes. */
static bool is_allowed(const struct zone_request *req, struct zone *zone)
{
	return req->known && zone_idx(zone) <= req->highest &&
	       managed_zone(zone) && node_isset(zone_to_nid(zone), req->nodes);
}

/* The decision of the kernel's constrained_alloc(), which comes later. */
static u8 predict_constraint(const struct zone_request *req)
{
	const nodemask_t *mask = req->oc->nodemask;

	if (!IS_ENABLED(CONFIG_NUMA) || (req->oc->gfp_mask & __GFP_THISNODE))
		return OOMTRACE_CONSTRAINT_NONE;
	if (mask && !nodes_subset(node_states[N_MEMORY], *mask))
		return OOMTRACE_CONSTRAINT_MEMORY_POLICY;
	return req->cpuset_limited ? OOMTRACE_CONSTRAINT_CPUSET :
				     OOMTRACE_CONSTRAINT_NONE;
}

/* ---- a zone ---- */

/* A movable request, and no other one, gets pages of CMA. */
static bool has_cma_block(struct free_area *area, gfp_t gfp)
{
#ifdef CONFIG_CMA
	return (gfp & (__GFP_RECLAIMABLE | __GFP_MOVABLE)) == __GFP_MOVABLE &&
	       !list_empty(&area->free_list[MIGRATE_CMA]);
#else
	return false;
#endif
}

/* Only looks whether lists are empty, as the kernel's watermark check does. */
static bool has_usable_block(struct free_area *area, gfp_t gfp)
{
	int type;

	if (!READ_ONCE(area->nr_free))
		return false;
	for (type = 0; type < MIGRATE_PCPTYPES; type++)
		if (!list_empty(&area->free_list[type]))
			return true;
	return has_cma_block(area, gfp);
}

/* The largest order of a free block that the request may use, or -1. */
static s32 find_usable_order(struct zone *zone, gfp_t gfp)
{
	int order = ARRAY_SIZE(zone->free_area) - 1;

	while (order >= 0 && !has_usable_block(&zone->free_area[order], gfp))
		order--;
	return order;
}

static s64 read_lowmem_reserve(const struct zone *zone, enum zone_type highest)
{
	return READ_ONCE(zone->lowmem_reserve[highest]);
}

#define ORDERS_RECORDED						\
	(OOMTRACE_BIT_zone_free_order13 - OOMTRACE_BIT_zone_free_order0 + 1)
static_assert(offsetof(struct oomtrace_zone, free_order13) ==
	      offsetof(struct oomtrace_zone, free_order0) +
	      (ORDERS_RECORDED - 1) * sizeof(u64));

static void fill_blocks(struct oomtrace_zone *rec, const struct zone *zone)
{
	u64 *blocks = &rec->free_order0;
	int order;

	for (order = 0; order < ORDERS_RECORDED; order++) {
		if (order < ARRAY_SIZE(zone->free_area))
			blocks[order] = READ_ONCE(zone->free_area[order].nr_free);
		else
			rec->h.valid &= ~(OOMTRACE_BIT(zone, free_order0) << order);
	}
}

#define OF_REQUEST (OOMTRACE_BIT(zone, lowmem_reserve) |		\
		    OOMTRACE_BIT(zone, usable_order))

static void record_zone(u64 episode, struct zone *zone,
			const struct zone_request *req)
{
	struct oomtrace_zone rec = {
		OOMTRACE_RECORD(ZONE, zone),
		.episode = episode,
		.node = zone_to_nid(zone),
		.zone = zone_idx(zone),
		.free = zone_page_state(zone, NR_FREE_PAGES),
		.wmark_boost = READ_ONCE(zone->watermark_boost),
		.wmark_min = min_wmark_pages(zone),
		.wmark_low = low_wmark_pages(zone),
		.wmark_high = high_wmark_pages(zone),
		.reserved_highatomic = READ_ONCE(zone->nr_reserved_highatomic),
		.active_anon = zone_page_state(zone, NR_ZONE_ACTIVE_ANON),
		.inactive_anon = zone_page_state(zone, NR_ZONE_INACTIVE_ANON),
		.active_file = zone_page_state(zone, NR_ZONE_ACTIVE_FILE),
		.inactive_file = zone_page_state(zone, NR_ZONE_INACTIVE_FILE),
		.unevictable = zone_page_state(zone, NR_ZONE_UNEVICTABLE),
		.writepending = zone_page_state(zone, NR_ZONE_WRITE_PENDING),
		.present = READ_ONCE(zone->present_pages),
		.managed = zone_managed_pages(zone),
		.allowed = is_allowed(req, zone),
	};

	oomtrace_zone_name(rec.name, zone);
	fill_blocks(&rec, zone);
	if (req->oc->zonelist) {
		rec.lowmem_reserve = read_lowmem_reserve(zone, req->highest);
		rec.usable_order = find_usable_order(zone, req->oc->gfp_mask);
	} else {
		rec.h.valid &= ~OF_REQUEST;
	}
	if (!req->known)
		rec.h.valid &= ~OOMTRACE_BIT(zone, allowed);
	oomtrace_oom_write(&rec.h);
}

/* ---- all zones ---- */

/* A counter of a node; the kernel's node_page_state() is not exported. */
static s64 read_node_counter(int node, enum node_stat_item item)
{
	return max(0L, atomic_long_read(&NODE_DATA(node)->vm_stat[item]));
}

static void add_allowed_zone(struct oomtrace_zonelist *rec, struct zone *zone,
			     const struct zone_request *req, s64 free)
{
	s32 order = find_usable_order(zone, req->oc->gfp_mask);
	s64 min = min_wmark_pages(zone);

	rec->free += free;
	rec->managed += zone_managed_pages(zone);
	rec->wmark_min += min;
	rec->file += zone_page_state(zone, NR_ZONE_ACTIVE_FILE) +
		     zone_page_state(zone, NR_ZONE_INACTIVE_FILE);
	rec->anon += zone_page_state(zone, NR_ZONE_ACTIVE_ANON) +
		     zone_page_state(zone, NR_ZONE_INACTIVE_ANON);
	if (free <= min + read_lowmem_reserve(zone, req->highest))
		return;
	rec->usable_free += free;
	rec->usable_order = max(rec->usable_order, order);
}

static void add_zone(struct oomtrace_zonelist *rec, struct zone *zone,
		     const struct zone_request *req)
{
	s64 free = zone_page_state(zone, NR_FREE_PAGES);

	rec->zones++;
	if (!req->known)
		return;
	if (is_allowed(req, zone))
		add_allowed_zone(rec, zone, req, free);
	else if (node_isset(zone_to_nid(zone), req->nodes))
		rec->other_zones_free += free;
	else
		rec->other_nodes_free += free;
}

static void add_node(struct oomtrace_zonelist *rec, int node,
		     const struct zone_request *req)
{
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &NODE_DATA(node)->node_zones[i];

		if (populated_zone(zone))
			add_zone(rec, zone, req);
	}
	if (!node_isset(node, req->nodes))
		return;
	/* For a node, the kernel counts both in pages. */
	rec->slab_reclaimable += read_node_counter(node, NR_SLAB_RECLAIMABLE_B);
	rec->kernel_misc_reclaimable +=
		read_node_counter(node, NR_KERNEL_MISC_RECLAIMABLE);
}

/* Write nodes as a list; the field is absent if the list does not fit. */
static void fill_nodes(struct oomtrace_zonelist *rec, char *list,
		       const nodemask_t *nodes, u64 bit)
{
	int n = snprintf(list, OOMTRACE_NODE_LIST, "%*pbl",
			 nodemask_pr_args(nodes));

	if (n < OOMTRACE_NODE_LIST)
		return;
	memset(list, 0, OOMTRACE_NODE_LIST);
	rec->h.valid &= ~bit;
}

#define OF_ALLOWED (OOMTRACE_BIT(zonelist, constraint) |		\
		    OOMTRACE_BIT(zonelist, nodes) |			\
		    OOMTRACE_BIT(zonelist, zones_allowed) |		\
		    OOMTRACE_BIT(zonelist, free) |			\
		    OOMTRACE_BIT(zonelist, managed) |			\
		    OOMTRACE_BIT(zonelist, wmark_min) |			\
		    OOMTRACE_BIT(zonelist, file) |			\
		    OOMTRACE_BIT(zonelist, anon) |			\
		    OOMTRACE_BIT(zonelist, slab_reclaimable) |		\
		    OOMTRACE_BIT(zonelist, kernel_misc_reclaimable) |	\
		    OOMTRACE_BIT(zonelist, other_zones_free) |		\
		    OOMTRACE_BIT(zonelist, other_nodes_free) |		\
		    OOMTRACE_BIT(zonelist, usable_free) |		\
		    OOMTRACE_BIT(zonelist, usable_order))

static void fill_limits(struct oomtrace_zonelist *rec,
			const struct zone_request *req)
{
	const struct oom_control *oc = req->oc;

	fill_nodes(rec, rec->mems_allowed, &cpuset_current_mems_allowed,
		   OOMTRACE_BIT(zonelist, mems_allowed));
	if (oc->nodemask)
		fill_nodes(rec, rec->nodemask, oc->nodemask,
			   OOMTRACE_BIT(zonelist, nodemask));
	else
		rec->h.valid &= ~OOMTRACE_BIT(zonelist, nodemask);
	if (oc->zonelist)
		rec->highest_zone = req->highest;
	else
		rec->h.valid &= ~OOMTRACE_BIT(zonelist, highest_zone);
	if (!req->known) {
		rec->h.valid &= ~OF_ALLOWED;
		return;
	}
	fill_nodes(rec, rec->nodes, &req->nodes, OOMTRACE_BIT(zonelist, nodes));
	rec->zones_allowed = req->zones_allowed;
	rec->usable_order = -1;
	rec->constraint = predict_constraint(req);
	rec->h.derived |= OOMTRACE_BIT(zonelist, constraint);
}

static void record_zonelist(u64 episode, const struct zone_request *req)
{
	struct oomtrace_zonelist rec = {
		OOMTRACE_RECORD(ZONELIST, zonelist),
		.episode = episode,
	};
	int node;

	fill_limits(&rec, req);
	for_each_online_node(node)
		add_node(&rec, node, req);
	if (rec.zones > MAX_ZONES)
		rec.zones_left_out = rec.zones - MAX_ZONES;
	oomtrace_oom_write(&rec.h);
}

/* Record the allowed zones, in the order in which the kernel tries them. */
static int record_allowed_zones(u64 episode, const struct zone_request *req)
{
	struct zoneref *z;
	int n = 0;

	if (!req->known)
		return 0;
	for (z = req->oc->zonelist->_zonerefs; z->zone && n < MAX_ZONES; z++) {
		if (!is_in_policy(req, z) || !is_allowed(req, z->zone))
			continue;
		record_zone(episode, z->zone, req);
		n++;
	}
	return n;
}

static void record_other_zones(u64 episode, const struct zone_request *req, int n)
{
	int node, i;

	for_each_online_node(node) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(node)->node_zones[i];

			if (!populated_zone(zone) || is_allowed(req, zone))
				continue;
			if (++n > MAX_ZONES)
				return;
			record_zone(episode, zone, req);
		}
	}
}

/**
 * oomtrace_record_zones() - write the zonelist record and the zone records
 * @episode: number of the episode.
 * @oc: the kernel's struct of this OOM, which is not of a memory cgroup; current is
 *	in out_of_memory().
 */
void oomtrace_record_zones(u64 episode, const struct oom_control *oc)
{
	/* Too large for the stack, which is deep already; oom_lock guards it. */
	static struct zone_request req;

	req = (struct zone_request){
		.oc = oc,
		.highest = gfp_zone(oc->gfp_mask),
	};
	if (oc->zonelist)
		find_allowed_zones(&req);
	record_zonelist(episode, &req);
	record_other_zones(episode, &req, record_allowed_zones(episode, &req));
}
