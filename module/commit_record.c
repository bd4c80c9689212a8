// SPDX-License-Identifier: GPL-2.0
/*
 * The record of a commit decision: every term of the kernel's sum, and who
 * asked how.
 *
 * Called by commit.c's handlers, with preemption off, for the decisions that
 * are recorded. Which fields a kernel lets us read is found out once, at load.
 */
#include <linux/mm.h>
#include <linux/mman.h>

#include "commit.h"
#include "hooks.h"
#include "oomtrace.h"
#include "origin.h"
#include "ring.h"
#include "stacks.h"
#include "stats.h"
#include "symbols.h"

/* Fields that no lack of a symbol and no circumstance can take away. */
#define ALWAYS_THERE (OOMTRACE_ALL(commit) &			\
	~(OOMTRACE_BIT(commit, committed) |			\
	  OOMTRACE_BIT(commit, allowed) |			\
	  OOMTRACE_BIT(commit, mode) |				\
	  OOMTRACE_BIT(commit, limit) |				\
	  OOMTRACE_BIT(commit, admin_reserve) |			\
	  OOMTRACE_BIT(commit, user_reserve) |			\
	  OOMTRACE_BIT(commit, total_vm) |			\
	  OOMTRACE_BIT(commit, total_swap) |			\
	  OOMTRACE_BIT(commit, hugetlb) |			\
	  OOMTRACE_BIT(commit, overcommit_kbytes) |		\
	  OOMTRACE_BIT(commit, overcommit_ratio) |		\
	  OOMTRACE_BIT(commit, stack) |				\
	  OOMTRACE_BIT(commit, left_out)))

/* What the symbols found at load let us say, for each mode. */
static u64 valid_by_mode[OOMTRACE_MODE_UNKNOWN + 1];

/**
 * oomtrace_commit_init() - note which fields this kernel lets us read
 *
 * After oomtrace_symbols_init(), before the hooks.
 */
void oomtrace_commit_init(void)
{
	u64 valid = ALWAYS_THERE;
	bool limit, reserves;

#define HAVE(member, field) do {					\
	if (oomtrace_have(&oomtrace_sym.member))			\
		valid |= OOMTRACE_BIT(commit, field);			\
} while (0)
	HAVE(overcommit_memory, mode);
	HAVE(admin_reserve_kbytes, admin_reserve);
	HAVE(user_reserve_kbytes, user_reserve);
	HAVE(total_swap_pages, total_swap);
	HAVE(overcommit_kbytes, overcommit_kbytes);
	HAVE(overcommit_ratio, overcommit_ratio);
	if (oomtrace_have(&oomtrace_sym.hugetlb_max_hstate))
		HAVE(hstates, hugetlb);
#undef HAVE
	limit = (valid & OOMTRACE_BIT(commit, total_swap)) &&
		(valid & OOMTRACE_BIT(commit, overcommit_kbytes)) &&
		(valid & OOMTRACE_BIT(commit, overcommit_ratio)) &&
		(valid & OOMTRACE_BIT(commit, hugetlb));
	reserves = (valid & OOMTRACE_BIT(commit, admin_reserve)) &&
		   (valid & OOMTRACE_BIT(commit, user_reserve));
	if (limit)
		valid |= OOMTRACE_BIT(commit, limit);

	valid_by_mode[OOMTRACE_MODE_UNKNOWN] = valid;
	valid_by_mode[OVERCOMMIT_ALWAYS] = valid;
	valid_by_mode[OVERCOMMIT_GUESS] = valid;
	if (valid & OOMTRACE_BIT(commit, total_swap))
		valid_by_mode[OVERCOMMIT_GUESS] |= OOMTRACE_BIT(commit, allowed);
	valid_by_mode[OVERCOMMIT_NEVER] = valid;
	if (limit && reserves)
		valid_by_mode[OVERCOMMIT_NEVER] |= OOMTRACE_BIT(commit, allowed);
	if (oomtrace_have(&oomtrace_sym.committed_as) &&
	    oomtrace_have(&oomtrace_sym.committed_as_batch))
		valid_by_mode[OVERCOMMIT_NEVER] |=
			OOMTRACE_BIT(commit, committed);
}

static void fill_stack(struct oomtrace_commit *rec, bool denied)
{
	rec->stack = denied ? oomtrace_stack_save() : 0;
	if (rec->stack)
		rec->h.valid |= OOMTRACE_BIT(commit, stack);
}

static void fill_left_out(struct oomtrace_commit *rec, u8 why, u32 left_out)
{
	rec->recorded = why;
	rec->left_out = left_out;
	if (why == OOMTRACE_RECORDED_NEAR)
		rec->h.valid |= OOMTRACE_BIT(commit, left_out);
}

/**
 * oomtrace_commit_record() - write the record of a decision
 * @call: the call.
 * @t: its terms.
 * @ret: the answer.
 * @why: enum oomtrace_recorded.
 * @left_out: near misses left out before this one.
 */
void oomtrace_commit_record(const struct oomtrace_commit_call *call,
			    const struct oomtrace_commit_terms *t, int ret,
			    u8 why, u32 left_out)
{
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_COMMIT];
	struct oomtrace_commit *rec;

	rec = oomtrace_ring_reserve(ring, OOMTRACE_COMMIT, sizeof(*rec));
	if (!rec) {
		this_cpu_inc(oomtrace_stats.unrecorded);
		return;
	}
	rec->h.valid = valid_by_mode[call->mode & 3];
	rec->h.derived = t->derived;
	rec->pid = current->pid;
	rec->tgid = current->tgid;
	rec->uid = __kuid_val(current_uid());
	rec->ret = ret;
	oomtrace_comm(rec->comm, current);
	rec->cgroup_id = oomtrace_memcg_id(current);
	rec->pages = call->pages;
	rec->committed = call->mode == OVERCOMMIT_NEVER ? t->committed : 0;
	rec->allowed = call->mode == OVERCOMMIT_ALWAYS ? 0 : t->allowed;
	rec->limit = t->limit;
	rec->admin_reserve = OOMTRACE_KB_TO_PAGES(t->admin_reserve);
	rec->user_reserve = OOMTRACE_KB_TO_PAGES(t->user_reserve);
	rec->total_vm = call->total_vm;
	rec->totalram = t->totalram;
	rec->total_swap = t->total_swap;
	rec->hugetlb = t->hugetlb;
	rec->overcommit_kbytes = t->kbytes;
	rec->overcommit_ratio = t->ratio;
	rec->mode = call->mode;
	rec->cap_sys_admin = call->cap_sys_admin;
	rec->origin = oomtrace_origin();
	if (call->mm)
		rec->h.valid |= OOMTRACE_BIT(commit, total_vm);
	fill_stack(rec, ret);
	fill_left_out(rec, why, left_out);
	oomtrace_ring_publish(ring, &rec->h);
}

