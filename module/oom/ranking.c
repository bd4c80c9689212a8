// SPDX-License-Identifier: GPL-2.0
/*
 * Ranking: which process the OOM killer would choose now. Each process gets the
 * points that oom_badness() would give it, by the same formula. No process is
 * killed, and no function of the OOM killer is called.
 *
 * This runs in process context, when a user reads the ranking or an OOM daemon
 * has killed. The kernel evaluates all tasks in one pass with oom_lock held. Here
 * processes are found by pid, STAGE pids at a time under RCU, and memory for the
 * next stage is allocated in between. So tens of thousands of processes delay no
 * other task. The numbers are of slightly different times, hence marked as
 * derived.
 *
 * Differences from an OOM: cpusets and memory policies depend on the task that
 * allocates, so they exclude no process here. In a cgroup, the kernel visits
 * processes with equal points in an order of its own.
 */
#include <linux/cgroup.h>
#include <linux/idr.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>
#include <linux/swap.h>

#include "compat/mm.h"
#include "hook/symbols.h"
#include "oom/ranking.h"
#include "task.h"

/* Pids visited in one RCU read section, at most. */
#define STAGE	64

/* ---- the cgroup ---- */

/*
 * Compute totalpages of a memcg OOM, as mem_cgroup_get_max() does. READ_ONCE(): a
 * user may change the limits meanwhile.
 */
static unsigned long memcg_totalpages(struct mem_cgroup *memcg)
{
	unsigned long max = READ_ONCE(memcg->memory.max);
	unsigned long swap = READ_ONCE(*oomtrace_sym.total_swap);

	if (!cgroup_subsys_on_dfl(memory_cgrp_subsys))
		swap = min(swap, READ_ONCE(memcg->memsw.max) - max);
	else
		swap = min(swap, READ_ONCE(memcg->swap.max));
	/* With vm.swappiness at 0 the kernel does not count on swap. */
	if (READ_ONCE(*oomtrace_sym.swappiness))
		max += swap;
	return max ?: 1;
}

/*
 * Find the memory cgroup with that id among a task's own and its ancestors; NULL
 * if the task is not in it. RCU is held.
 */
static struct mem_cgroup *find_memcg_above(struct task_struct *task, u64 id)
{
	struct mem_cgroup *memcg;

	memcg = mem_cgroup_from_css(task_css_check(task, memory_cgrp_id, true));
	for (; memcg; memcg = parent_mem_cgroup(memcg))
		if (cgroup_id(memcg->css.cgroup) == id)
			break;
	return memcg;
}

/* ---- one process ---- */

static void set_verdict(struct oomtrace_candidate *rec, u8 verdict, u8 reason)
{
	rec->verdict = verdict;
	rec->reason = reason;
}

/* Score a thread with an mm, as oom_badness() does; its task_lock() is held. */
static void score_locked(struct oomtrace_candidate *rec, struct task_struct *t,
			 unsigned long totalpages)
{
	rec->rss_anon = oomtrace_mm_counter(t->mm, MM_ANONPAGES);
	rec->rss_file = oomtrace_mm_counter(t->mm, MM_FILEPAGES);
	rec->rss_shmem = oomtrace_mm_counter(t->mm, MM_SHMEMPAGES);
	rec->swapents = oomtrace_mm_counter(t->mm, MM_SWAPENTS);
	rec->pgtables_bytes = mm_pgtables_bytes(t->mm);
	rec->h.valid |= OOMTRACE_BIT(candidate, rss_anon) |
			OOMTRACE_BIT(candidate, rss_file) |
			OOMTRACE_BIT(candidate, rss_shmem) |
			OOMTRACE_BIT(candidate, swapents) |
			OOMTRACE_BIT(candidate, pgtables_bytes);
	if (rec->oom_score_adj == OOM_SCORE_ADJ_MIN) {
		set_verdict(rec, OOMTRACE_EVAL_INELIGIBLE,
			    OOMTRACE_REASON_ADJ_MIN);
	} else if (oomtrace_mm_oom_skip(t->mm)) {
		set_verdict(rec, OOMTRACE_EVAL_INELIGIBLE,
			    OOMTRACE_REASON_OOM_SKIP);
	} else if (in_vfork(t)) {
		set_verdict(rec, OOMTRACE_EVAL_INELIGIBLE,
			    OOMTRACE_REASON_VFORK);
	} else {
		rec->verdict = OOMTRACE_EVAL_KEPT;
		rec->points = rec->rss_anon + rec->rss_file + rec->rss_shmem +
			      rec->swapents +
			      rec->pgtables_bytes / PAGE_SIZE +
			      rec->oom_score_adj * (long)(totalpages / 1000);
		rec->h.valid |= OOMTRACE_BIT(candidate, points);
	}
}

/* Score a process by its first thread with an mm. RCU is held. */
static void score_process(struct oomtrace_candidate *rec, struct task_struct *p,
			  unsigned long totalpages)
{
	struct task_struct *t;
	bool found;

	for_each_thread(p, t) {
		task_lock(t);
		found = t->mm;
		if (found)
			score_locked(rec, t, totalpages);
		task_unlock(t);
		if (found)
			return;
	}
	set_verdict(rec, OOMTRACE_EVAL_INELIGIBLE, OOMTRACE_REASON_NO_MM);
}

/* Evaluate a process as oom_evaluate_task() does. */
static void evaluate_process(struct oomtrace_candidate *rec, struct task_struct *p,
			     unsigned long totalpages)
{
	if (is_global_init(p))
		set_verdict(rec, OOMTRACE_EVAL_INELIGIBLE, OOMTRACE_REASON_INIT);
	else if (!tsk_is_oom_victim(p))
		score_process(rec, p, totalpages);
	else if (oomtrace_mm_oom_skip(p->signal->oom_mm))
		set_verdict(rec, OOMTRACE_EVAL_INELIGIBLE,
			    OOMTRACE_REASON_OOM_SKIP);
	else
		set_verdict(rec, OOMTRACE_EVAL_ABORT, OOMTRACE_REASON_IN_FLIGHT);
	if (oom_task_origin(p) && rec->verdict == OOMTRACE_EVAL_KEPT)
		rec->points = LONG_MAX;
}

static void fill_rank(struct oomtrace_rank *rank, struct task_struct *p,
		      unsigned long totalpages)
{
	struct oomtrace_candidate *rec = &rank->rec;

	memset(rank, 0, sizeof(*rank));
	rank->born = p->start_time;
	rec->h.type = OOMTRACE_CANDIDATE;
	rec->h.size = sizeof(*rec);
	rec->h.cpu = raw_smp_processor_id();
	rec->h.flags = OOMTRACE_RING_OOM;
	rec->h.ts_ns = ktime_get_mono_fast_ns();
	rec->h.valid = OOMTRACE_BIT(candidate, index) |
		       OOMTRACE_BIT(candidate, pid) |
		       OOMTRACE_BIT(candidate, tgid) |
		       OOMTRACE_BIT(candidate, comm) |
		       OOMTRACE_BIT(candidate, uid) |
		       OOMTRACE_BIT(candidate, cgroup_id) |
		       OOMTRACE_BIT(candidate, oom_score_adj) |
		       OOMTRACE_BIT(candidate, verdict) |
		       OOMTRACE_BIT(candidate, reason);
	rec->pid = p->pid;
	rec->tgid = p->tgid;
	rec->uid = oomtrace_uid(p);
	oomtrace_comm(rec->comm, p);
	rec->cgroup_id = oomtrace_memcg_id(p);
	rec->oom_score_adj = p->signal->oom_score_adj;
	rec->ns_pid = oomtrace_ns_pid(p);
	if (rec->ns_pid)
		rec->h.valid |= OOMTRACE_BIT(candidate, ns_pid);
	evaluate_process(rec, p, totalpages);
	/* Computed here, and not by the kernel for a kill. */
	rec->h.derived = rec->h.valid &
			 (OOMTRACE_BIT(candidate, index) |
			  OOMTRACE_BIT(candidate, points) |
			  OOMTRACE_BIT(candidate, verdict) |
			  OOMTRACE_BIT(candidate, reason));
}

/* ---- all processes ---- */

/* Find the process with the next pid from *nr on; RCU is held. */
static struct task_struct *next_process(int *nr, int *looked)
{
	struct pid *pid;
	struct task_struct *p;

	while (*looked < STAGE) {
		pid = idr_get_next(&init_pid_ns.idr, nr);
		if (!pid) {
			*nr = -1;
			return NULL;
		}
		++*nr;
		++*looked;
		p = pid_task(pid, PIDTYPE_TGID);
		if (p)
			return p;
	}
	return NULL;
}

/* Add the processes of one stage, from pid *nr on; the caller made room for it. */
static void walk_processes(struct oomtrace_ranks *ranks, int *nr)
{
	struct mem_cgroup *memcg;
	struct task_struct *p;
	int looked = 0;

	rcu_read_lock();
	while ((p = next_process(nr, &looked))) {
		if (ranks->cgroup_id) {
			memcg = find_memcg_above(p, ranks->cgroup_id);
			if (!memcg)
				continue;
			ranks->totalpages = memcg_totalpages(memcg);
		}
		if (p->flags & PF_KTHREAD) {
			ranks->kthreads++;
			continue;
		}
		fill_rank(&ranks->rank[ranks->count++], p, ranks->totalpages);
	}
	rcu_read_unlock();
}

/* Make room for one more stage. */
static int grow_ranks(struct oomtrace_ranks *ranks)
{
	u32 room = max_t(u32, 4 * STAGE, 2 * ranks->room);
	struct oomtrace_rank *more;

	if (ranks->room - ranks->count >= STAGE)
		return 0;
	/* Reading a ranking must not trigger an OOM: rather fail. */
	more = kvmalloc_array(room, sizeof(*more),
			      GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (!more)
		return -ENOMEM;
	if (ranks->count)
		memcpy(more, ranks->rank, ranks->count * sizeof(*more));
	kvfree(ranks->rank);
	ranks->rank = more;
	ranks->room = room;
	return 0;
}

/* Best candidate first, ineligible processes last. */
static int compare_ranks(const void *x, const void *y)
{
	const struct oomtrace_rank *a = x, *b = y;
	bool a_can = a->rec.verdict == OOMTRACE_EVAL_KEPT;
	bool b_can = b->rec.verdict == OOMTRACE_EVAL_KEPT;

	if (a_can != b_can)
		return a_can ? -1 : 1;
	if (a_can && a->rec.points != b->rec.points)
		return a->rec.points > b->rec.points ? -1 : 1;
	if (a->born != b->born)
		return a->born > b->born ? -1 : 1;
	return 0;
}

/**
 * oomtrace_ranks_make() - rank all processes, or those of a memory cgroup
 * @ranks: out: the ranking; the caller frees it if this succeeds.
 * @cgroup_id: id of the memory cgroup; 0 for the machine.
 *
 * Return: 0, -ENOMEM, -EINTR if current was killed, or -ESRCH if there is no
 * process in that cgroup.
 */
int oomtrace_ranks_make(struct oomtrace_ranks *ranks, u64 cgroup_id)
{
	int nr = 1, ret;
	u32 i;

	memset(ranks, 0, sizeof(*ranks));
	ranks->cgroup_id = cgroup_id;
	if (!cgroup_id)
		ranks->totalpages = totalram_pages() +
			READ_ONCE(*oomtrace_sym.total_swap);
	while (nr > 0) {
		ret = grow_ranks(ranks);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			goto fail;
		walk_processes(ranks, &nr);
		cond_resched();
	}
	ret = -ESRCH;
	if (!ranks->count)
		goto fail;

	sort(ranks->rank, ranks->count, sizeof(*ranks->rank), compare_ranks, NULL);
	for (i = 0; i < ranks->count; i++) {
		struct oomtrace_candidate *rec = &ranks->rank[i].rec;

		rec->index = i;
		ranks->eligible += rec->verdict == OOMTRACE_EVAL_KEPT;
	}
	if (ranks->eligible)
		ranks->rank[0].rec.verdict = OOMTRACE_EVAL_LEADING;
	return 0;

fail:
	oomtrace_ranks_free(ranks);
	return ret;
}

/**
 * oomtrace_ranks_free() - free a ranking
 * @ranks: the ranking.
 */
void oomtrace_ranks_free(struct oomtrace_ranks *ranks)
{
	kvfree(ranks->rank);
	ranks->rank = NULL;
}
