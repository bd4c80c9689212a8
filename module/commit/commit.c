// SPDX-License-Identifier: GPL-2.0
/*
 * A commit decision: the kernel's answer to a request for address space.
 *
 * Counts the decision and, if it is chosen, writes a record to the commit ring:
 * every term of the kernel's sum, the task that makes the request, and its
 * system call. Runs when the answer is known, in the context of that task, with
 * preemption off. Which of the kernel's variables can be read is determined once,
 * at load; fields that need another variable are absent.
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
 * struct terms - the terms of the kernel's sum
 * @totalram: RAM, pages.
 * @total_swap: swap, pages.
 * @hugetlb: memory in huge pages, pages.
 * @kbytes: vm.overcommit_kbytes, KiB.
 * @ratio: vm.overcommit_ratio, percent.
 * @limit: vm_commit_limit(), pages.
 * @admin_reserve: vm.admin_reserve_kbytes, KiB.
 * @user_reserve: vm.user_reserve_kbytes, KiB.
 * @allowed: the limit in the comparison, pages; not used in mode 1.
 * @committed: the counter in the comparison, pages; 0 in modes 0 and 1.
 * @derived: mask of the fields that may differ from the kernel's own numbers.
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

/* KiB to pages, rounded as in the kernel's sum. */
#define OOMTRACE_KB_TO_PAGES(kb)	((kb) >> (PAGE_SHIFT - 10))

/*
 * Compute all of @t except @committed and @derived from the kernel's variables,
 * with the kernel's order and types, so that rounding and overflow are the same.
 */
static __always_inline void compute_limit(struct terms *t,
					  const struct oomtrace_commit_call *call)
{
	t->totalram = totalram_pages();
	t->total_swap = READ_ONCE(*oomtrace_sym.total_swap);
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
 * Compute the change of the counter's shared part when the kernel took back the
 * charge of a denied request with percpu_counter_add_batch().
 */
static s64 find_uncharge(const struct oomtrace_commit_call *call)
{
	s64 local = call->local - call->pages;

	return abs(local) >= READ_ONCE(*oomtrace_sym.committed_as_batch) ?
	       local : 0;
}

/* Find the counter's value in the comparison; the kernel reads it as 0 or more. */
static __always_inline void
read_committed(struct terms *t, const struct oomtrace_commit_call *call, int ret)
{
	s64 now;

	t->derived = 0;
	t->committed = 0;
	if (call->mode != OVERCOMMIT_NEVER)
		return;
	if (call->at_entry) {
		t->committed = max_t(s64, call->committed, 0);
		return;
	}
	now = READ_ONCE(oomtrace_sym.committed_as->count);
	if (ret)
		now -= find_uncharge(call);
	t->committed = max_t(s64, now, 0);
	/* Another CPU changed it since entry, before or after the comparison. */
	if (now != call->committed)
		t->derived |= OOMTRACE_BIT(commit, committed);
}

/*
 * If the terms do not explain the answer, the kernel used another value: of the
 * counter, which another CPU charged and uncharged, or of the mode.
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

/* Fields that are present in every record. */
#define ALWAYS_VALID (OOMTRACE_ALL(commit) &			\
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

/* Valid masks by mode, as far as the symbols found at load decide. */
static u64 valid_by_mode[OOMTRACE_MODE_UNKNOWN + 1];
/* Some symbols were not found at load. */
static bool symbols_missing;

/**
 * oomtrace_commit_init() - find which fields can be read on this kernel
 *
 * Call after oomtrace_symbols_init() and before any hook is attached.
 */
void oomtrace_commit_init(void)
{
	u64 valid = ALWAYS_VALID;
	bool limit, reserves;

#define HAVE(member, field) do {					\
	if (oomtrace_have(&oomtrace_sym.member))			\
		valid |= OOMTRACE_BIT(commit, field);			\
} while (0)
	HAVE(overcommit_memory, mode);
	HAVE(admin_reserve_kbytes, admin_reserve);
	HAVE(user_reserve_kbytes, user_reserve);
	HAVE(total_swap, total_swap);
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
	symbols_missing = ~valid_by_mode[OVERCOMMIT_NEVER] &
			  OOMTRACE_ALL(commit) &
			  ~(OOMTRACE_BIT(commit, total_vm) |
			    OOMTRACE_BIT(commit, stack) |
			    OOMTRACE_BIT(commit, left_out));
}

/* Set absent fields to 0: they may have the value of a symbol's stand-in. */
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

static void fill_stack(struct oomtrace_commit *rec,
		       const struct oomtrace_commit_call *call, bool denied)
{
	rec->stack = denied ? oomtrace_stack_save(call->at_entry) : 0;
	if (rec->stack)
		rec->h.valid |= OOMTRACE_BIT(commit, stack);
}

/* Were the variables found that the kernel compares in this mode? */
static bool has_terms(int mode)
{
	u64 terms = OOMTRACE_BIT(commit, allowed);

	if (mode == OVERCOMMIT_NEVER)
		terms |= OOMTRACE_BIT(commit, committed);
	return (valid_by_mode[mode] & terms) == terms;
}

/* Do the numbers that the answer at entry rests on still hold? */
static bool answer_holds(const struct oomtrace_commit_call *call,
			 const struct terms *t)
{
	if (call->mode != READ_ONCE(*oomtrace_sym.overcommit_memory))
		return false;
	if (call->mode == OVERCOMMIT_GUESS)
		return has_terms(call->mode) &&
		       t->totalram == totalram_pages() &&
		       t->total_swap == READ_ONCE(*oomtrace_sym.total_swap);
	/* In mode 2 the counter may change before the kernel compares it. */
	return call->mode == OVERCOMMIT_ALWAYS;
}

/* Mark an answer that the kernel has not given yet, unless it is certain. */
static void mark_predicted(struct oomtrace_commit *rec,
			   const struct oomtrace_commit_call *call,
			   const struct terms *t)
{
	if (answer_holds(call, t))
		return;
	rec->h.derived |= rec->h.valid & (OOMTRACE_BIT(commit, ret) |
					  OOMTRACE_BIT(commit, committed) |
					  OOMTRACE_BIT(commit, allowed));
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
	fill_stack(rec, call, ret);
	fill_left_out(rec, why, left_out);
	if (unlikely(symbols_missing))
		clear_absent(rec);
	/* Last, to see as much as can be seen of what changes meanwhile. */
	if (call->at_entry)
		mark_predicted(rec, call, t);
	oomtrace_ring_publish(ring, &rec->h);
}

static __always_inline void
record_if_chosen(const struct oomtrace_commit_call *call,
		 const struct terms *t, int ret)
{
	unsigned int what = READ_ONCE(oomtrace_commit_records);
	s64 left_out = 0;
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
	if (why == OOMTRACE_RECORDED_NEAR) {
		left_out = oomtrace_near_allowed();
		if (left_out < 0)
			return;
	}
	if (oomtrace_sysctl_changed(t->ratio, t->kbytes, t->admin_reserve,
				    t->user_reserve))
		oomtrace_sysctl_record_changes();
	record_commit(call, t, ret, why, left_out);
}

/* ---- the answer ---- */

/* Count a decision by the pages left; the last bucket is for none. */
static __always_inline void count_headroom(s64 pages)
{
	int bucket = pages > 0 ? fls64(pages) : OOMTRACE_PAGES_BUCKETS - 1;

	this_cpu_inc(oomtrace_stats.headroom[bucket]);
}

/* @t has the terms; count the decision, and record it if it is chosen. */
static __always_inline void
finish_call(const struct oomtrace_commit_call *call, const struct terms *t, int ret)
{
	oomtrace_commit_count(call->mode, ret);
	if (ret)
		oomtrace_stats_denial();
	if (call->mode == OVERCOMMIT_NEVER)
		count_headroom(t->allowed - t->committed);
	record_if_chosen(call, t, ret);
}

/*
 * Other CPUs may add to the counter before the kernel compares it: what each may
 * hold back, many times over, or a part of what is allowed, whichever is more.
 */
#define MARGIN_BATCHES	8
#define MARGIN_SHIFT	5

/**
 * oomtrace_commit_is_ample() - is a request in mode 2 granted, whatever happens?
 * @call: the call, at entry.
 *
 * Far from the limit the answer is known at entry. If so, and if no record is
 * wanted, the call is counted.
 *
 * Return: true if the call is counted; false if its return is needed.
 */
bool oomtrace_commit_is_ample(const struct oomtrace_commit_call *call)
{
	s64 left, margin;
	struct terms t;

	if (call->mode != OVERCOMMIT_NEVER || !has_terms(call->mode) ||
	    READ_ONCE(oomtrace_commit_records) == OOMTRACE_RECORD_ALL)
		return false;
	compute_limit(&t, call);
	left = t.allowed - max_t(s64, call->committed, 0);
	margin = max((s64)num_online_cpus() * MARGIN_BATCHES *
		     READ_ONCE(*oomtrace_sym.committed_as_batch),
		     t.allowed >> MARGIN_SHIFT);
	if (left <= margin || oomtrace_is_near(t.allowed, t.allowed - left + margin))
		return false;
	oomtrace_commit_count(call->mode, false);
	count_headroom(left);
	return true;
}

/**
 * oomtrace_commit_predict() - finish a call with what is known at entry
 * @call: the call.
 */
void oomtrace_commit_predict(struct oomtrace_commit_call *call)
{
	struct terms t;
	int ret = 0;

	call->at_entry = true;
	compute_limit(&t, call);
	read_committed(&t, call, 0);
	/* Where a term is missing, nothing is known: claim no refusal. */
	if (call->mode == OVERCOMMIT_GUESS && has_terms(call->mode))
		ret = call->pages > t.allowed ? -ENOMEM : 0;
	else if (call->mode == OVERCOMMIT_NEVER && has_terms(call->mode))
		ret = t.committed >= t.allowed ? -ENOMEM : 0;
	finish_call(call, &t, ret);
}

/**
 * oomtrace_commit_answer() - count a decision, and record it if it is chosen
 * @call: the call.
 * @ret: the kernel's answer, 0 or -ENOMEM.
 *
 * For handlers, with preemption off.
 */
void oomtrace_commit_answer(const struct oomtrace_commit_call *call, int ret)
{
	struct terms t;

	compute_limit(&t, call);
	read_committed(&t, call, ret);
	mark_unexplained(&t, call, ret);
	finish_call(call, &t, ret);
}
