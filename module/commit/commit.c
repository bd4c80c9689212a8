// SPDX-License-Identifier: GPL-2.0
/*
 * The answer to a request for address space: counted, and recorded if it is to
 * be, with every term of the kernel's sum, and who asked how.
 *
 * Called by commit.c when the answer is known, in the asking task's context with
 * preemption off. Which fields a kernel lets us read is found out once, at load.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "commit/choice.h"
#include "commit/commit.h"
#include "commit/origin.h"
#include "commit/sysctl.h"
#include "hook/symbols.h"
#include "ring/ring.h"
#include "ring/stacks.h"
#include "stats.h"
#include "task.h"

/* ---- the sum ---- */

/**
 * struct terms - the numbers of the kernel's sum
 * @totalram: RAM, pages.
 * @total_swap: swap, pages.
 * @hugetlb: huge pages, in pages.
 * @kbytes: vm.overcommit_kbytes.
 * @ratio: vm.overcommit_ratio.
 * @limit: vm_commit_limit(), pages.
 * @admin_reserve: vm.admin_reserve_kbytes.
 * @user_reserve: vm.user_reserve_kbytes.
 * @allowed: what is compared with, pages; not in mode 1.
 * @committed: what is compared, pages; mode 2 only, else 0.
 * @derived: fields of the record that are not the kernel's own numbers.
 */
struct terms {
	long totalram;
	long total_swap;
	unsigned long hugetlb;
	unsigned long kbytes;
	long ratio;
	long limit;
	unsigned long admin_reserve;
	unsigned long user_reserve;
	s64 allowed;
	s64 committed;
	u64 derived;
};

/* Kilobytes to pages, as the kernel's sum rounds them. */
#define OOMTRACE_KB_TO_PAGES(kb)	((kb) >> (PAGE_SHIFT - 10))

/*
 * The kernel's sum, in the kernel's order and types, over its own variables: all
 * of @t but @committed and @derived.
 */
static __always_inline void compute_limit(struct terms *t,
					  const struct oomtrace_commit_call *call)
{
	t->totalram = totalram_pages();
	t->total_swap = READ_ONCE(*oomtrace_sym.total_swap_pages);
	t->hugetlb = oomtrace_hugetlb_pages();
	t->kbytes = READ_ONCE(*oomtrace_sym.overcommit_kbytes);
	t->ratio = READ_ONCE(*oomtrace_sym.overcommit_ratio);
	if (t->kbytes)
		t->limit = OOMTRACE_KB_TO_PAGES(t->kbytes);
	else
		t->limit = (t->totalram - t->hugetlb) * t->ratio / 100;
	t->limit += t->total_swap;
	t->admin_reserve = READ_ONCE(*oomtrace_sym.admin_reserve_kbytes);
	t->user_reserve = READ_ONCE(*oomtrace_sym.user_reserve_kbytes);

	if (call->mode == OVERCOMMIT_GUESS) {
		t->allowed = t->totalram + t->total_swap;
		return;
	}
	t->allowed = t->limit;
	if (!call->cap_sys_admin)
		t->allowed -= OOMTRACE_KB_TO_PAGES(t->admin_reserve);
	if (call->mm)
		t->allowed -= min_t(long, call->total_vm / 32,
				    OOMTRACE_KB_TO_PAGES(t->user_reserve));
}

/*
 * How percpu_counter_add_batch() has changed the shared part of the counter when
 * it took back the charge of a denied request.
 */
static s64 find_uncharge(const struct oomtrace_commit_call *call)
{
	s64 local = call->local - call->pages;

	return abs(local) >= READ_ONCE(*oomtrace_sym.committed_as_batch) ?
	       local : 0;
}

/* The counter as it was compared; the kernel reads it with a floor of zero. */
static __always_inline void
read_committed(struct terms *t, const struct oomtrace_commit_call *call, int ret)
{
	s64 now;

	t->derived = 0;
	t->committed = 0;
	if (call->mode != OVERCOMMIT_NEVER)
		return;
	now = READ_ONCE(oomtrace_sym.committed_as->count);
	if (ret)
		now -= find_uncharge(call);
	t->committed = max_t(s64, now, 0);
	/* It changed between our two looks: who knows when. */
	if (now != call->committed)
		t->derived |= OOMTRACE_BIT(commit, committed);
}

/*
 * If the terms do not explain the answer, then one of them was another for a
 * moment: the counter by another CPU's charge, there and back, or the mode.
 */
static __always_inline void
mark_unexplained(struct terms *t, const struct oomtrace_commit_call *call, int ret)
{
	bool denied = false;

	if (call->mode == OVERCOMMIT_NEVER)
		denied = t->committed >= t->allowed;
	else if (call->mode == OVERCOMMIT_GUESS)
		denied = call->pages > t->allowed;
	if (unlikely(denied != !!ret))
		t->derived |= OOMTRACE_BIT(commit, mode) |
			      OOMTRACE_BIT(commit, committed);
}

/* ---- the record ---- */

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
/* Some symbols were not found. */
static bool lacking;

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
	lacking = ~valid_by_mode[OVERCOMMIT_NEVER] & OOMTRACE_ALL(commit) &
		  ~(OOMTRACE_BIT(commit, total_vm) |
		    OOMTRACE_BIT(commit, stack) |
		    OOMTRACE_BIT(commit, left_out));
}

/* What could not be had is zero, whatever stood in for it in the sum. */
static noinline void clear_absent(struct oomtrace_commit *rec)
{
#define CLEAR(field) do {						\
	if (!(rec->h.valid & OOMTRACE_BIT(commit, field)))		\
		rec->field = 0;						\
} while (0)
	CLEAR(mode);
	CLEAR(committed);
	CLEAR(allowed);
	CLEAR(limit);
	CLEAR(admin_reserve);
	CLEAR(user_reserve);
	CLEAR(total_swap);
	CLEAR(hugetlb);
	CLEAR(overcommit_kbytes);
	CLEAR(overcommit_ratio);
#undef CLEAR
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

static __always_inline void record_commit(const struct oomtrace_commit_call *call,
					  const struct terms *t, int ret, u8 why,
				   u32 left_out)
{
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_COMMIT];
	struct oomtrace_commit *rec;

	rec = oomtrace_ring_reserve(ring, OOMTRACE_COMMIT, sizeof(*rec));
	if (!rec) {
		this_cpu_inc(oomtrace_stats.unrecorded);
		return;
	}
	rec->h.valid = valid_by_mode[call->mode & 3] |
		       (call->mm ? OOMTRACE_BIT(commit, total_vm) : 0);
	rec->h.derived = t->derived;
	rec->pid = current->pid;
	rec->tgid = current->tgid;
	rec->uid = __kuid_val(current_uid());
	rec->ret = ret;
	oomtrace_comm(rec->comm, current);
	rec->cgroup_id = oomtrace_memcg_id(current);
	rec->pages = call->pages;
	rec->committed = t->committed;
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
	fill_stack(rec, ret);
	fill_left_out(rec, why, left_out);
	if (unlikely(lacking))
		clear_absent(rec);
	oomtrace_ring_publish(ring, &rec->h);
}

static __always_inline void
record_if_chosen(const struct oomtrace_commit_call *call,
		 const struct terms *t, int ret)
{
	unsigned int what = READ_ONCE(oomtrace_commit_records);
	u32 left_out = 0;
	u8 why;

	if (what == OOMTRACE_RECORD_NONE)
		return;
	if (ret)
		why = OOMTRACE_RECORDED_DENIED;
	else if (what == OOMTRACE_RECORD_ALL)
		why = OOMTRACE_RECORDED_ALL;
	else if (call->mode == OVERCOMMIT_NEVER && oomtrace_is_near(t->allowed, t->committed))
		why = OOMTRACE_RECORDED_NEAR;
	else
		return;
	if (!oomtrace_filter_passes(call->pages, call->mode, ret))
		return;
	if (why == OOMTRACE_RECORDED_NEAR && !oomtrace_near_allowed(&left_out))
		return;
	if (oomtrace_sysctl_changed(t->ratio, t->kbytes, t->admin_reserve,
				    t->user_reserve))
		oomtrace_sysctl_look();
	record_commit(call, t, ret, why, left_out);
}

/* ---- the answer ---- */

/* What is left after a decision; nothing, if it was a denial or nearly one. */
static __always_inline void count_headroom(s64 pages)
{
	int bucket = pages > 0 ? fls64(pages) : OOMTRACE_PAGES_BUCKETS - 1;

	this_cpu_inc(oomtrace_stats.headroom[bucket]);
}

/**
 * oomtrace_commit_answer() - tell what is to be told of a call
 * @call: the call.
 * @ret: what the kernel answered.
 */
void oomtrace_commit_answer(const struct oomtrace_commit_call *call, int ret)
{
	struct terms t;

	compute_limit(&t, call);
	read_committed(&t, call, ret);
	mark_unexplained(&t, call, ret);
	oomtrace_commit_count(call->mode, ret);
	if (ret)
		oomtrace_stats_denial();
	if (call->mode == OVERCOMMIT_NEVER)
		count_headroom(t.allowed - t.committed);
	record_if_chosen(call, &t, ret);
}
