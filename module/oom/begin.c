// SPDX-License-Identifier: GPL-2.0
/*
 * How an OOM begins: which task requested what, what triggered the OOM, and how
 * much memory was left.
 *
 * Handlers call this at the entry of out_of_memory(), with oom_lock held and
 * preemption off, or when an OOM daemon starts an episode, with interrupts off.
 * The begin record is read from the kernel's own counters, which change
 * meanwhile, hence READ_ONCE(). Nothing here waits or sums over CPUs. The records
 * of memory use and of the allocator's retries follow the begin record.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/swap.h>
#include <linux/vmstat.h>
#include <asm/syscall.h>

#include "compat/memcontrol.h"
#include "hook/symbols.h"
#include "oom/account.h"
#include "oom/begin.h"
#include "oom/cgroup_paths.h"
#include "oom/episode.h"
#include "oom/memory.h"
#include "oom/retries.h"
#include "oom/zones.h"
#include "ring/stacks.h"
#include "task.h"

static void fill_watermarks(struct oomtrace_oom_begin *rec)
{
	int nid, i;

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

static void fill_global_memory(struct oomtrace_oom_begin *rec)
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
	rec->total_swap = READ_ONCE(*oomtrace_sym.total_swap);
	rec->totalram = totalram_pages();
	if (!oomtrace_have(&oomtrace_sym.total_swap))
		rec->h.valid &= ~OOMTRACE_BIT(oom_begin, total_swap);
	fill_watermarks(rec);
}

/* Describe current: the task that allocates or the daemon that kills. */
static void fill_current(struct oomtrace_oom_begin *rec)
{
	rec->pid = current->pid;
	rec->tgid = current->tgid;
	rec->uid = oomtrace_uid(current);
	oomtrace_comm(rec->comm, current);
	rec->cgroup_id = oomtrace_memcg_id(current);
	rec->oom_score_adj = current->signal->oom_score_adj;
	rec->ns_pid = oomtrace_ns_pid(current);
}

/* Fields that only a memcg OOM has. */
#define OF_MEMCG (OOMTRACE_BIT(oom_begin, memcg_id) |		\
		  OOMTRACE_BIT(oom_begin, memcg_usage) |	\
		  OOMTRACE_BIT(oom_begin, memcg_limit))

#define OF_REQUEST (OOMTRACE_BIT(oom_begin, order) |		\
		    OOMTRACE_BIT(oom_begin, gfp) |		\
		    OOMTRACE_BIT(oom_begin, gfp_names) |	\
		    OOMTRACE_BIT(oom_begin, stack))

static void fill_memcg(struct oomtrace_oom_begin *rec,
		       struct mem_cgroup *memcg)
{
	if (!memcg)
		return;
	rec->memcg_id = cgroup_id(memcg->css.cgroup);
	rec->memcg_usage = page_counter_read(&memcg->memory);
	rec->memcg_limit = READ_ONCE(memcg->memory.max);
	rec->h.valid |= OF_MEMCG;
	rec->h.derived |= OOMTRACE_BIT(oom_begin, memcg_usage);
}

/* Name the flags as the kernel's own report does; absent if too long. */
static void fill_gfp_names(struct oomtrace_oom_begin *rec, gfp_t gfp)
{
	int n;

	n = snprintf(rec->gfp_names, sizeof(rec->gfp_names), "%pGg", &gfp);
	if (n < sizeof(rec->gfp_names))
		return;
	memset(rec->gfp_names, 0, sizeof(rec->gfp_names));
	rec->h.valid &= ~OOMTRACE_BIT(oom_begin, gfp_names);
}

/* Stack frames searched, those of the probe included. */
#define CALLERS	40

/* Too large for the stack, which is deep already; oom_lock guards it. */
static unsigned long callers[CALLERS];

/*
 * Can current be in a system call? A worker of io_uring makes those of others.
 * Not in one are a kernel thread and a page fault of user space.
 */
static bool may_be_in_syscall(void)
{
	if (current->flags & PF_IO_WORKER)
		return true;
	return !(current->flags & PF_KTHREAD) &&
	       syscall_get_nr(current, task_pt_regs(current)) != -1;
}

/* The first of the callers[] after a function; @nr if it is not among them. */
static unsigned int skip_to_caller(unsigned int nr,
				   const struct oomtrace_code *code)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (callers[i] > code->start && callers[i] <= code->end)
			return i + 1;
	return nr;
}

/*
 * Does a write to memory.max cause this memcg OOM? Only the call stack shows it:
 * many system calls can write, also for a 32-bit program, and from a worker.
 */
static bool in_memory_max_write(void)
{
	unsigned int nr = stack_trace_save(callers, CALLERS, 0);

	return skip_to_caller(nr, &oomtrace_memory_max_write) < nr;
}

/*
 * Name the stack from the caller of out_of_memory() on. It may be taken by any hook
 * inside that function.
 */
static void fill_begin_stack(struct oomtrace_oom_begin *rec)
{
	unsigned int nr = stack_trace_save(callers, CALLERS, 0);
	unsigned int first = skip_to_caller(nr, &oomtrace_out_of_memory);

	rec->stack = first < nr ? oomtrace_stack_add_oom(callers + first,
							 nr - first) : 0;
	if (rec->stack)
		rec->h.valid |= OOMTRACE_BIT(oom_begin, stack);
}

/*
 * Does this OOM come from the end of a page fault? A global one then has neither
 * flags nor a zonelist. For a memcg OOM, the task has the cgroup in memcg_in_oom.
 */
static bool after_page_fault(const struct oom_control *oc)
{
	if (!oc->memcg)
		return !oc->gfp_mask && !oc->zonelist;
	return oomtrace_memcg_in_oom(current) == oc->memcg;
}

/* Returns OOMTRACE_TRIGGERS if the trigger is not known. */
static u8 find_trigger(const struct oom_control *oc)
{
	if (oc->order == -1)
		return OOMTRACE_TRIGGER_SYSRQ;
	if (after_page_fault(oc))
		return OOMTRACE_TRIGGER_PAGE_FAULT;
	if (current_is_kswapd())
		return OOMTRACE_TRIGGER_MIN_TTL;
	if (!oc->memcg || !may_be_in_syscall())
		return OOMTRACE_TRIGGER_ALLOCATION;
	if (!oomtrace_memory_max_write.end)
		return OOMTRACE_TRIGGERS;
	return in_memory_max_write() ? OOMTRACE_TRIGGER_MEMORY_MAX :
				       OOMTRACE_TRIGGER_ALLOCATION;
}

/**
 * oomtrace_fill_begin() - fill a begin record
 * @rec: the record; all fields but the episode's number and the stack are set.
 * @ep: the episode; current is in out_of_memory().
 */
void oomtrace_fill_begin(struct oomtrace_oom_begin *rec,
			 const struct oomtrace_episode *ep)
{
	const struct oom_control *oc = ep->oc;

	*rec = (struct oomtrace_oom_begin){
		OOMTRACE_RECORD(OOM_BEGIN, oom_begin),
		.gfp = (__force u32)oc->gfp_mask,
		.order = oc->order,
		.scope = oc->memcg ? OOMTRACE_SCOPE_MEMCG :
				     OOMTRACE_SCOPE_GLOBAL,
		.trigger = find_trigger(oc),
	};
	rec->h.valid &= ~(OF_MEMCG | OOMTRACE_BIT(oom_begin, stack));
	if (rec->trigger == OOMTRACE_TRIGGERS) {
		rec->trigger = 0;
		rec->h.valid &= ~OOMTRACE_BIT(oom_begin, trigger);
	}
	fill_current(rec);
	fill_memcg(rec, oc->memcg);
	fill_global_memory(rec);
	fill_gfp_names(rec, oc->gfp_mask);
}

/**
 * oomtrace_record_cause() - record the retries or the cgroups of an episode
 * @ep: the episode, which has a number and paths; current is in out_of_memory().
 */
void oomtrace_record_cause(struct oomtrace_episode *ep)
{
	const struct oom_control *oc = ep->oc;

	oomtrace_paths_add_task(ep->paths, current, false);
	if (oc->memcg) {
		oomtrace_paths_add(ep->paths, &oc->memcg->css, false);
		oomtrace_account_begin(ep);
	} else {
		oomtrace_record_retries(ep);
	}
}

/**
 * oomtrace_write_begin() - assign an episode number and write the begin record
 * @ep: the episode; gets its number and its set for paths.
 * @rec: the record, filled by oomtrace_fill_begin(); gets its stack.
 * @with_stack: current is in the out_of_memory() of this episode, and its stack
 *	shows the callers of that function.
 *
 * It does not write the records of memory use: for an episode that was held back
 * they would be too late.
 */
void oomtrace_write_begin(struct oomtrace_episode *ep,
			  struct oomtrace_oom_begin *rec, bool with_stack)
{
	if (with_stack)
		fill_begin_stack(rec);
	ep->id = oomtrace_episode_next();
	ep->paths = oomtrace_paths_get(ep->id);
	rec->episode = ep->id;
	oomtrace_oom_write(&rec->h);
}

/**
 * oomtrace_record_begin() - write the records that start an episode
 * @ep: the episode; current is in out_of_memory().
 */
void oomtrace_record_begin(struct oomtrace_episode *ep)
{
	/* Too large for the stack, which is deep already; oom_lock guards it. */
	static struct oomtrace_oom_begin rec;
	const struct oom_control *oc = ep->oc;

	oomtrace_fill_begin(&rec, ep);
	oomtrace_write_begin(ep, &rec, true);
	oomtrace_record_memory(ep->id, oc->memcg);
	/* Zone watermarks play no part in a memcg OOM. */
	if (!oc->memcg)
		oomtrace_record_zones(ep->id, oc);
	oomtrace_record_cause(ep);
}

/**
 * oomtrace_record_daemon_begin() - write the records that start an episode of
 * an OOM daemon
 * @episode: the episode's number; current is the daemon.
 */
void oomtrace_record_daemon_begin(u64 episode)
{
	struct oomtrace_oom_begin rec = {
		OOMTRACE_RECORD(OOM_BEGIN, oom_begin),
		.episode = episode,
		.scope = OOMTRACE_SCOPE_USERSPACE,
		.trigger = OOMTRACE_TRIGGER_DAEMON,
	};

	/* A signal started this episode, so there is no request for pages. */
	rec.h.valid &= ~(OF_MEMCG | OF_REQUEST);
	fill_current(&rec);
	fill_global_memory(&rec);
	oomtrace_oom_write(&rec.h);
	oomtrace_record_memory(episode, NULL);
}

/**
 * oomtrace_record_wait_begin() - write the records that start an episode of tasks that
 * wait
 * @episode: the episode's number; current is the first task.
 * @memcg: the cgroup whose OOM killer is switched off.
 */
void oomtrace_record_wait_begin(u64 episode, struct mem_cgroup *memcg)
{
	struct oomtrace_oom_begin rec = {
		OOMTRACE_RECORD(OOM_BEGIN, oom_begin),
		.episode = episode,
		.scope = OOMTRACE_SCOPE_MEMCG,
		.trigger = OOMTRACE_TRIGGER_OOM_CONTROL,
	};

	/* The request is over: the task is at the end of its page fault. */
	rec.h.valid &= ~(OF_MEMCG | OF_REQUEST);
	fill_current(&rec);
	fill_memcg(&rec, memcg);
	fill_global_memory(&rec);
	oomtrace_oom_write(&rec.h);
	oomtrace_record_memory(episode, memcg);
}
