// SPDX-License-Identifier: GPL-2.0
/*
 * How an OOM begins: who asked for what, why it came to this, and what memory
 * there was. (What it was used for: memstate.c. What led to it: pressure.c.)
 *
 * One record, written by selection.c's handler at the entry of out_of_memory(),
 * with oom_lock held and preemption off. All of it is read from the kernel's own
 * counters; nothing is summed over CPUs or waited for.
 */
#include <linux/kallsyms.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/swap.h>
#include <linux/vmstat.h>
#include <asm/syscall.h>

#include "oom/episode.h"
#include "task.h"
#include "hook/symbols.h"
#include "compat/memcontrol.h"

static void fill_zones(struct oomtrace_oom_begin *rec)
{
	int nid, i;

	rec->wmark_min = 0;
	rec->wmark_low = 0;
	rec->wmark_high = 0;
	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (!populated_zone(zone))
				continue;
			rec->wmark_min += min_wmark_pages(zone);
			rec->wmark_low += low_wmark_pages(zone);
			rec->wmark_high += high_wmark_pages(zone);
		}
	}
}

static void fill_memory(struct oomtrace_oom_begin *rec)
{
	rec->free = global_zone_page_state(NR_FREE_PAGES);
	rec->file = global_node_page_state(NR_ACTIVE_FILE) +
		    global_node_page_state(NR_INACTIVE_FILE);
	rec->anon = global_node_page_state(NR_ACTIVE_ANON) +
		    global_node_page_state(NR_INACTIVE_ANON);
	rec->shmem = global_node_page_state(NR_SHMEM);
	rec->slab_reclaimable =
		global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
	rec->slab_unreclaimable =
		global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	rec->swap_free = get_nr_swap_pages();
	rec->total_swap = READ_ONCE(*oomtrace_sym.total_swap_pages);
	rec->totalram = totalram_pages();
	if (!oomtrace_have(&oomtrace_sym.total_swap_pages))
		rec->h.valid &= ~OOMTRACE_BIT(oom_begin, total_swap);
	fill_zones(rec);
}

/* Current, who asks. */
static void fill_asker(struct oomtrace_oom_begin *rec)
{
	rec->h.derived = 0;
	rec->pid = current->pid;
	rec->tgid = current->tgid;
	rec->uid = oomtrace_uid(current);
	oomtrace_comm(rec->comm, current);
	rec->cgroup_id = oomtrace_memcg_id(current);
	rec->oom_score_adj = current->signal->oom_score_adj;
	rec->ns_pid = oomtrace_ns_pid(current);
	rec->reserved = 0;
}

/* Fields that only an OOM of a cgroup has. */
#define OF_MEMCG (OOMTRACE_BIT(oom_begin, memcg_id) |		\
		  OOMTRACE_BIT(oom_begin, memcg_usage) |	\
		  OOMTRACE_BIT(oom_begin, memcg_limit))

static void fill_memcg(struct oomtrace_oom_begin *rec,
		       struct mem_cgroup *memcg)
{
	rec->memcg_id = 0;
	rec->memcg_usage = 0;
	rec->memcg_limit = 0;
	if (!memcg)
		return;
	rec->memcg_id = cgroup_id(memcg->css.cgroup);
	rec->memcg_usage = page_counter_read(&memcg->memory);
	rec->memcg_limit = READ_ONCE(memcg->memory.max);
	rec->h.valid |= OF_MEMCG;
	rec->h.derived |= OOMTRACE_BIT(oom_begin, memcg_usage);
}

/* In the words of the kernel's own report. */
static void fill_gfp_names(struct oomtrace_oom_begin *rec, gfp_t gfp)
{
	int n;

	memset(rec->gfp_names, 0, sizeof(rec->gfp_names));
	n = snprintf(rec->gfp_names, sizeof(rec->gfp_names), "%pGg", &gfp);
	if (n < sizeof(rec->gfp_names))
		return;
	memset(rec->gfp_names, 0, sizeof(rec->gfp_names));
	rec->h.valid &= ~OOMTRACE_BIT(oom_begin, gfp_names);
}

/* Frames looked through for the function that called for an OOM. */
#define CALLERS	32

/*
 * Is somebody writing to memory.max? It looks like any other memcg OOM but for
 * the function that calls. Only for tasks in a write system call: it takes a
 * while.
 */
static bool in_memory_max_write(void)
{
	/* Too large for a stack that is deep already; oom_lock guards them. */
	static unsigned long frames[CALLERS];
	static char symbol[KSYM_SYMBOL_LEN];
	unsigned int i, nr;

	if (current->flags & PF_KTHREAD)
		return false;
	switch (syscall_get_nr(current, task_pt_regs(current))) {
	case __NR_write:
	case __NR_writev:
	case __NR_pwrite64:
		break;
	default:
		return false;
	}
	nr = stack_trace_save(frames, CALLERS, 0);
	for (i = 0; i < nr; i++) {
		sprint_symbol_no_offset(symbol, frames[i]);
		if (!strcmp(symbol, "memory_max_write"))
			return true;
	}
	return false;
}

/*
 * At the end of a page fault that found no memory: of the machine's, when nobody
 * says any more for what, or of a cgroup's that it was told to remember.
 */
static bool after_page_fault(const struct oom_control *oc)
{
	if (!oc->memcg)
		return !oc->gfp_mask && !oc->zonelist;
	return oomtrace_memcg_in_oom(current) == oc->memcg;
}

static u8 trigger(const struct oom_control *oc)
{
	if (oc->order == -1)
		return OOMTRACE_TRIGGER_SYSRQ;
	if (after_page_fault(oc))
		return OOMTRACE_TRIGGER_PAGE_FAULT;
	if (current_is_kswapd())
		return OOMTRACE_TRIGGER_MIN_TTL;
	if (oc->memcg && in_memory_max_write())
		return OOMTRACE_TRIGGER_MEMORY_MAX;
	return OOMTRACE_TRIGGER_ALLOCATION;
}

/**
 * oomtrace_fill_begin() - say who asked for what, and what memory there is
 * @rec: the record; what the header says of the ring is left as it is.
 * @ep: the episode; current is in out_of_memory().
 */
void oomtrace_fill_begin(struct oomtrace_oom_begin *rec,
			 const struct oomtrace_episode *ep)
{
	const struct oom_control *oc = ep->oc;

	rec->h.valid = OOMTRACE_ALL(oom_begin) & ~OF_MEMCG;
	rec->episode = ep->id;
	fill_asker(rec);
	rec->gfp = (__force u32)oc->gfp_mask;
	fill_memcg(rec, oc->memcg);
	fill_memory(rec);
	rec->order = oc->order;
	rec->scope = oc->memcg ? OOMTRACE_SCOPE_MEMCG : OOMTRACE_SCOPE_GLOBAL;
	rec->trigger = trigger(oc);
	fill_gfp_names(rec, oc->gfp_mask);
}

/**
 * oomtrace_record_cause() - tell whose episode it is and what led to it
 * @ep: the episode, which has its number and names; current is in
 *	out_of_memory().
 */
void oomtrace_record_cause(const struct oomtrace_episode *ep)
{
	const struct oom_control *oc = ep->oc;

	oomtrace_names_add_task(ep->names, current, false);
	if (oc->memcg)
		oomtrace_names_add(ep->names, &oc->memcg->css, false);
	else
		oomtrace_record_pressure(ep);
}

/**
 * oomtrace_write_begin() - write a begin that was filled in before
 * @ep: the episode, which has its number now.
 * @from: the record.
 *
 * Records of the state of memory are the caller's, who knows how old it is.
 */
void oomtrace_write_begin(const struct oomtrace_episode *ep,
			  const struct oomtrace_oom_begin *from)
{
	struct oomtrace_oom_begin *rec;
	unsigned long flags;

	rec = oomtrace_oom_reserve(OOMTRACE_OOM_BEGIN, sizeof(*rec), &flags);
	if (!rec)
		return;
	oomtrace_oom_copy(rec, from, sizeof(*rec));
	rec->episode = ep->id;
	oomtrace_oom_publish(rec, flags);
}

/**
 * oomtrace_record_begin() - write the records that start an episode
 * @ep: the episode; current is in out_of_memory().
 */
void oomtrace_record_begin(const struct oomtrace_episode *ep)
{
	/* It takes too long for interrupts to be off; oom_lock guards it. */
	static struct oomtrace_oom_begin made;
	const struct oom_control *oc = ep->oc;

	oomtrace_fill_begin(&made, ep);
	oomtrace_write_begin(ep, &made);
	/* Zones say nothing about a cgroup's limit. */
	oomtrace_record_memstate(ep->id, oc->memcg, !oc->memcg);
	oomtrace_record_cause(ep);
}

/**
 * oomtrace_record_daemon_begin() - write the records that start an episode of
 * user space's
 * @episode: its number; current is the daemon, and kills.
 */
void oomtrace_record_daemon_begin(u64 episode)
{
	struct oomtrace_oom_begin *rec;
	unsigned long flags;

	rec = oomtrace_oom_reserve(OOMTRACE_OOM_BEGIN, sizeof(*rec), &flags);
	if (!rec)
		return;
	/* Nobody asked for pages: there is a sender, not a request. */
	rec->h.valid = OOMTRACE_ALL(oom_begin) &
		       ~(OF_MEMCG |
			 OOMTRACE_BIT(oom_begin, order) |
			 OOMTRACE_BIT(oom_begin, gfp) |
			 OOMTRACE_BIT(oom_begin, gfp_names));
	rec->episode = episode;
	fill_asker(rec);
	rec->gfp = 0;
	memset(rec->gfp_names, 0, sizeof(rec->gfp_names));
	fill_memcg(rec, NULL);
	fill_memory(rec);
	rec->order = 0;
	rec->scope = OOMTRACE_SCOPE_USERSPACE;
	rec->trigger = OOMTRACE_TRIGGER_DAEMON;
	oomtrace_oom_publish(rec, flags);
	oomtrace_record_memstate(episode, NULL, false);
}
