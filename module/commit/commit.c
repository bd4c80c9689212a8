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
#include "commit/limit.h"
#include "commit/notes.h"
#include "commit/origin.h"
#include "commit/quick.h"
#include "commit/sysctl.h"
#include "commit/terms.h"
#include "hook/symbols.h"
#include "ring/ring.h"
#include "ring/stacks.h"
#include "stats.h"
#include "task.h"

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
/* The same with total_vm. */
static u64 valid_with_mm[OOMTRACE_MODE_UNKNOWN + 1];
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
	int mode;

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
	for (mode = 0; mode <= OOMTRACE_MODE_UNKNOWN; mode++)
		valid_with_mm[mode] = valid_by_mode[mode] |
				      OOMTRACE_BIT(commit, total_vm);
	symbols_missing = ~valid_by_mode[OVERCOMMIT_NEVER] &
			  OOMTRACE_ALL(commit) &
			  ~(OOMTRACE_BIT(commit, total_vm) |
			    OOMTRACE_BIT(commit, stack) |
			    OOMTRACE_BIT(commit, left_out));
	oomtrace_quick_set(OOMTRACE_QUICK_GAPS, symbols_missing);
	oomtrace_quick_set(OOMTRACE_QUICK_NO_TERMS,
			   !oomtrace_commit_has_terms(OVERCOMMIT_NEVER));
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
		       const struct oomtrace_commit_call *call, bool at_entry,
		       bool denied)
{
	rec->stack = denied ? oomtrace_stack_save(call->regs, at_entry) : 0;
	if (rec->stack)
		rec->h.valid |= OOMTRACE_BIT(commit, stack);
}

/* Were the variables found that the kernel compares in this mode? */
bool oomtrace_commit_has_terms(int mode)
{
	u64 terms = OOMTRACE_BIT(commit, allowed);

	if (mode == OVERCOMMIT_NEVER)
		terms |= OOMTRACE_BIT(commit, committed);
	return (valid_by_mode[mode] & terms) == terms;
}

/* Do the numbers that an answer at entry rests on still hold? */
static __always_inline bool answer_holds(int mode, long totalram, long total_swap)
{
	if (unlikely(mode != READ_ONCE(*oomtrace_sym.overcommit_memory)))
		return false;
	if (mode == OVERCOMMIT_GUESS)
		return likely(totalram == totalram_pages()) &&
		       likely(total_swap == READ_ONCE(*oomtrace_sym.total_swap));
	/* In mode 2 the counter may change before the kernel compares it. */
	return mode == OVERCOMMIT_ALWAYS;
}

/* Mark an answer that the kernel has not given yet, and that is not certain. */
static void mark_predicted(struct oomtrace_commit *rec)
{
	rec->h.derived |= rec->h.valid & (OOMTRACE_BIT(commit, ret) |
					  OOMTRACE_BIT(commit, committed) |
					  OOMTRACE_BIT(commit, allowed));
}

static __always_inline void fill_left_out(struct oomtrace_commit *rec, u8 why, u32 left_out)
{
	rec->recorded = why;
	rec->left_out = left_out;
	if (why == OOMTRACE_RECORDED_NEAR)
		rec->h.valid |= OOMTRACE_BIT(commit, left_out);
}

/* Is no slot free for a record? If so, that is counted. */
static __always_inline bool is_unrecorded(void)
{
	if (likely(!oomtrace_ring_is_busy(&oomtrace_rings[OOMTRACE_RING_COMMIT])))
		return false;
	this_cpu_inc(oomtrace_stats.unrecorded);
	return true;
}

/* Get the slot; is_unrecorded() has returned false. The time is set later. */
static __always_inline struct oomtrace_commit *begin_record(void)
{
	return oomtrace_ring_begin(&oomtrace_rings[OOMTRACE_RING_COMMIT],
				   OOMTRACE_COMMIT, sizeof(struct oomtrace_commit));
}

/*
 * Read the clock, which is a call. Late, so that few values are kept in registers
 * meanwhile, but before the stack is unwound.
 */
static __always_inline void fill_time(struct oomtrace_commit *rec)
{
	rec->h.ts_ns = ktime_get_mono_fast_ns();
}

/* @task: current, as the caller has loaded it. */
static __always_inline void fill_task(struct oomtrace_commit *rec, struct task_struct *task)
{
	rec->pid = task->pid;
	rec->tgid = task->tgid;
	/* As current_uid(), without another load of current. */
	rec->uid = __kuid_val(rcu_dereference_protected(task->cred, 1)->uid);
	oomtrace_comm(rec->comm, task);
	rec->cgroup_id = oomtrace_memcg_id(task);
}

static __always_inline void fill_record(struct oomtrace_commit *rec,
					const struct oomtrace_commit_call *call,
					const struct oomtrace_commit_terms *t, const int mode,
					const bool at_entry, int ret, u8 why,
					u32 left_out)
{
	struct task_struct *task = current;

	rec->h.valid = call->mm ? valid_with_mm[mode & 3] : valid_by_mode[mode & 3];
	rec->h.derived = t->derived;
	fill_task(rec, task);
	rec->origin = call->fault ?: oomtrace_origin_of_syscall(task);
	rec->ret = ret;
	rec->pages = call->pages;
	rec->committed = t->committed;
	rec->allowed = mode == OVERCOMMIT_ALWAYS ? 0 : t->allowed;
	rec->limit = t->limit;
	rec->admin_reserve = OOMTRACE_KB_TO_PAGES(t->admin_reserve);
	rec->user_reserve = OOMTRACE_KB_TO_PAGES(t->user_reserve);
	rec->total_vm = call->total_vm;
	rec->totalram = t->totalram;
	rec->total_swap = t->total_swap;
	rec->hugetlb = t->hugetlb;
	rec->overcommit_kbytes = t->kbytes;
	rec->overcommit_ratio = t->ratio;
	rec->mode = mode;
	rec->cap_sys_admin = call->cap_sys_admin;
	fill_time(rec);
	fill_stack(rec, call, at_entry, ret);
	fill_left_out(rec, why, left_out);
	if (unlikely(symbols_missing))
		clear_absent(rec);
	/* Last, to see as much as can be seen of what changes meanwhile. */
	if (at_entry && (!answer_holds(mode, t->totalram, t->total_swap) ||
			 (mode != OVERCOMMIT_ALWAYS && !oomtrace_commit_has_terms(mode))))
		mark_predicted(rec);
}

static __always_inline void publish_record(struct oomtrace_commit *rec)
{
	oomtrace_ring_publish(&oomtrace_rings[OOMTRACE_RING_COMMIT], &rec->h);
}

/* Returns the number of the record; 0 if there is none. */
static __always_inline u64
record_if_chosen(const struct oomtrace_commit_call *call,
		 const struct oomtrace_commit_terms *t, const int mode,
		 const bool at_entry, int ret)
{
	unsigned int what = READ_ONCE(oomtrace_commit_records);
	struct oomtrace_commit *rec;
	s64 left_out = 0;
	u8 why;

	if (what == OOMTRACE_RECORD_NONE)
		return 0;
	if (ret)
		why = OOMTRACE_RECORDED_DENIED;
	else if (what == OOMTRACE_RECORD_ALL)
		why = OOMTRACE_RECORDED_ALL;
	else if (mode == OVERCOMMIT_NEVER &&
		 oomtrace_is_near(t->allowed, t->committed,
				  READ_ONCE(oomtrace_near_percent)))
		why = OOMTRACE_RECORDED_NEAR;
	else
		return 0;
	if (!oomtrace_filter_passes(call->pages, mode, ret))
		return 0;
	if (why == OOMTRACE_RECORDED_NEAR) {
		left_out = oomtrace_near_allowed();
		if (left_out < 0)
			return 0;
	}
	if (oomtrace_sysctl_changed(t->ratio, t->kbytes, t->admin_reserve,
				    t->user_reserve))
		oomtrace_sysctl_record_changes();
	if (is_unrecorded())
		return 0;
	rec = begin_record();
	fill_record(rec, call, t, mode, at_entry, ret, why, left_out);
	publish_record(rec);
	return rec->h.seq;
}

/**
 * oomtrace_commit_record_any_grant() - record a grant that is certain at entry
 * @mm: the call's first argument.
 * @pages: the second.
 * @cap_sys_admin: the third.
 * @mode: vm.overcommit_memory at entry: 0 or 1.
 *
 * Does what oomtrace_commit_record_grant() does, also for a request from a page fault,
 * after a change of a sysctl, of which it writes a mark first, and if a variable cannot be
 * read.
 */
noinline void oomtrace_commit_record_any_grant(unsigned long mm, long pages,
					       unsigned long cap_sys_admin,
					       unsigned long mode)
{
	const struct oomtrace_commit_call call = {
		.mm = (struct mm_struct *)mm,
		.pages = pages,
		.total_vm = mm ? READ_ONCE(((struct mm_struct *)mm)->total_vm) : 0,
		.cap_sys_admin = (int)cap_sys_admin,
		.mode = mode,
		.fault = oomtrace_origin_in_fault(current),
	};
	struct oomtrace_commit *rec;
	struct oomtrace_commit_terms t;

	oomtrace_sysctl_record_changes();
	if (is_unrecorded())
		return;
	rec = begin_record();
	t = oomtrace_commit_compute_terms(&call, mode);
	fill_record(rec, &call, &t, mode, true, 0, OOMTRACE_RECORDED_ALL, 0);
	publish_record(rec);
}

/* The sysctls that are terms of the limit, if none has changed since the last mark. */
static __always_inline bool fill_same_sysctls(struct oomtrace_commit *rec,
					      unsigned long *kbytes, int *ratio)
{
	unsigned long reserve = READ_ONCE(*oomtrace_sym.admin_reserve_kbytes);

	if (oomtrace_sysctl_is_new(admin_reserve, reserve))
		return false;
	rec->admin_reserve = OOMTRACE_KB_TO_PAGES(reserve);
	reserve = READ_ONCE(*oomtrace_sym.user_reserve_kbytes);
	if (oomtrace_sysctl_is_new(user_reserve, reserve))
		return false;
	rec->user_reserve = OOMTRACE_KB_TO_PAGES(reserve);
	*ratio = READ_ONCE(*oomtrace_sym.overcommit_ratio);
	if (oomtrace_sysctl_is_new(ratio, *ratio))
		return false;
	rec->overcommit_ratio = *ratio;
	*kbytes = READ_ONCE(*oomtrace_sym.overcommit_kbytes);
	if (oomtrace_sysctl_is_new(kbytes, *kbytes))
		return false;
	rec->overcommit_kbytes = *kbytes;
	return true;
}

/*
 * Does what fill_record() does for a grant that is certain at entry, in mode 0 or
 * 1. Each field is written as soon as it is read, and what takes a call comes first or
 * last, so that few registers are saved.
 */
static __always_inline void record_grant(unsigned long mm, long pages,
					 unsigned long cap_sys_admin, const int mode)
{
	struct task_struct *task = current;
	unsigned long hugetlb, kbytes;
	struct oomtrace_commit *rec;
	long totalram, total_swap;
	int ratio;
	u8 origin;

	if (unlikely(oomtrace_origin_is_fault(task))) {
		oomtrace_commit_record_any_grant(mm, pages, cap_sys_admin, mode);
		return;
	}
	/* Here, where a register still has what the test has read. */
	origin = oomtrace_origin_of_syscall(task);
	if (is_unrecorded())
		return;
	rec = begin_record();
	rec->origin = origin;
	if (unlikely(!fill_same_sysctls(rec, &kbytes, &ratio))) {
		oomtrace_ring_abandon(&oomtrace_rings[OOMTRACE_RING_COMMIT]);
		oomtrace_commit_record_any_grant(mm, pages, cap_sys_admin, mode);
		return;
	}
	rec->h.derived = 0;
	rec->ret = 0;
	rec->pages = pages;
	rec->committed = 0;
	rec->mode = mode;
	rec->cap_sys_admin = cap_sys_admin;
	rec->stack = 0;
	fill_left_out(rec, OOMTRACE_RECORDED_ALL, 0);
	if (likely(mm)) {
		rec->h.valid = valid_with_mm[mode];
		rec->total_vm = READ_ONCE(((struct mm_struct *)mm)->total_vm);
	} else {
		rec->h.valid = valid_by_mode[mode];
		rec->total_vm = 0;
	}
	fill_task(rec, task);

	hugetlb = oomtrace_hugetlb_pages();
	rec->hugetlb = hugetlb;
	totalram = totalram_pages();
	rec->totalram = totalram;
	total_swap = READ_ONCE(*oomtrace_sym.total_swap);
	rec->total_swap = total_swap;
	rec->allowed = mode == OVERCOMMIT_GUESS ? totalram + total_swap : 0;
	rec->limit = oomtrace_commit_limit(totalram, total_swap, hugetlb, kbytes, ratio);
	if (unlikely(!answer_holds(mode, totalram, total_swap)))
		mark_predicted(rec);
	fill_time(rec);
	publish_record(rec);
}

/**
 * oomtrace_commit_record_grant() - record a grant that is certain at entry
 * @mm: the call's first argument.
 * @pages: the second.
 * @cap_sys_admin: the third.
 * @mode: vm.overcommit_memory at entry: 0 or 1.
 *
 * The decision is counted already, and passes the filter. For handlers, with
 * preemption off, while the quick way for records is open.
 */
void notrace oomtrace_commit_record_grant(unsigned long mm, long pages,
					  unsigned long cap_sys_admin,
					  unsigned long mode)
{
	if (mode == OVERCOMMIT_GUESS)
		record_grant(mm, pages, cap_sys_admin, OVERCOMMIT_GUESS);
	else
		record_grant(mm, pages, cap_sys_admin, OVERCOMMIT_ALWAYS);
}

/* ---- the answer ---- */

/* @t has the terms; count the decision, and record it if it is chosen. */
static __always_inline void
finish_call(const struct oomtrace_commit_call *call,
	    const struct oomtrace_commit_terms *t, const int mode,
	    const bool at_entry, int ret)
{
	u64 seq;

	oomtrace_commit_count(mode, ret);
	if (ret)
		oomtrace_stats_denial();
	if (mode == OVERCOMMIT_NEVER)
		oomtrace_stats_headroom(t->allowed - t->committed);
	seq = record_if_chosen(call, t, mode, at_entry, ret);
	if (ret && oomtrace_notes_are_read())
		oomtrace_note_denial(smp_processor_id(), seq,
				     mode == OVERCOMMIT_NEVER ? t->committed :
								call->pages,
				     oomtrace_commit_has_terms(mode) ?
				     t->allowed : 0);
}

/**
 * oomtrace_commit_predict() - finish a call with what is known at entry
 * @call: the call.
 */
void oomtrace_commit_predict(const struct oomtrace_commit_call *call)
{
	const int mode = call->mode;
	struct oomtrace_commit_terms t = oomtrace_commit_compute_terms(call, mode);
	int ret = 0;

	oomtrace_commit_read_committed(&t, call, mode, true, 0);
	/* Where a term is missing, nothing is known: claim no refusal. */
	if (mode == OVERCOMMIT_GUESS && oomtrace_commit_has_terms(mode))
		ret = oomtrace_commit_guess_denies(call->pages, t.allowed) ? -ENOMEM : 0;
	else if (mode == OVERCOMMIT_NEVER && oomtrace_commit_has_terms(mode))
		ret = t.committed >= t.allowed ? -ENOMEM : 0;
	finish_call(call, &t, mode, true, ret);
}

static __always_inline void
answer_at_return(const struct oomtrace_commit_call *call, const int mode, int ret)
{
	struct oomtrace_commit_terms t = oomtrace_commit_compute_terms(call, mode);

	oomtrace_commit_read_committed(&t, call, mode, false, ret);
	oomtrace_commit_mark_unexplained(&t, call, mode, ret);
	finish_call(call, &t, mode, false, ret);
}

/**
 * oomtrace_commit_answer() - count a decision, and record it if it is chosen
 * @call: the call.
 * @ret: the kernel's answer, 0 or -ENOMEM.
 * @regs: the registers after the function's return.
 *
 * For handlers, with preemption off. Grants in mode 2 are a flood if they are
 * recorded: for them all else is left out at compile time.
 */
void oomtrace_commit_answer(struct oomtrace_commit_call *call, int ret,
			    struct pt_regs *regs)
{
	call->regs = regs;
	if (likely(!ret && call->mode == OVERCOMMIT_NEVER))
		answer_at_return(call, OVERCOMMIT_NEVER, 0);
	else
		answer_at_return(call, call->mode, ret);
}
