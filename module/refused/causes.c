// SPDX-License-Identifier: GPL-2.0
/*
 * What explains that a system call was refused: each limit that the kernel asks in
 * this call is compared with what was in use, as the kernel does it.
 *
 * The memory in use is read at the entry, and all else at the return, so all of this is
 * derived. Another thread may have changed the numbers meanwhile. A limit that is not
 * exceeded then is not named; if none is, the cause is unknown. What the notes say was
 * seen in this call itself.
 *
 * Handlers call this with preemption off, in the task that made the call. It reads
 * that task's own memory, credentials and namespaces, which need no lock, and takes
 * none.
 */
#include <linux/cgroup.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <asm/unistd.h>
#include <uapi/linux/io_uring.h>
#include <uapi/linux/sched.h>
#include <uapi/linux/shm.h>

#include "commit/notes.h"
#include "common/fields.h"
#include "compat/cred.h"
#include "compat/hugetlb.h"
#include "hook/btf.h"
#include "hook/symbols.h"
#include "refused/causes.h"
#include "syscall.h"

/* ---- how much was asked for ---- */

/**
 * oomtrace_call_bytes() - how much a call asked for
 * @c: the call.
 * @ret: what it returned.
 * @known: out: the call has a size, and it is known.
 *
 * Return: bytes.
 */
u64 oomtrace_call_bytes(const struct oomtrace_call_args *c, long ret, bool *known)
{
	*known = c->known;
	switch (c->call) {
	case OOMTRACE_CALL_MMAP:
	case OOMTRACE_CALL_MPROTECT:
	case OOMTRACE_CALL_MUNMAP:
	case OOMTRACE_CALL_MLOCK:
	case OOMTRACE_CALL_MADVISE:
	case OOMTRACE_CALL_SHMGET:
		return c->known ? c->arg[1] : 0;
	case OOMTRACE_CALL_BRK:
		return c->known ? c->arg[0] - ret : 0;
	case OOMTRACE_CALL_MREMAP:
		if (!c->known)
			return 0;
		/* The kernel compares all of a map that is added to the old one. */
		if (c->arg[3] & MREMAP_DONTUNMAP)
			return c->arg[1];
		return c->arg[2] > c->arg[1] ? c->arg[2] - c->arg[1] : 0;
	}
	*known = false;
	return 0;
}

/* ---- what was in use ---- */

/**
 * oomtrace_read_in_use() - read what current's mm has in use
 * @use: out.
 */
void oomtrace_read_in_use(struct oomtrace_in_use *use)
{
	const struct mm_struct *mm = current->mm;

	*use = (struct oomtrace_in_use){ };
	if (!mm)
		return;
	use->total_vm = READ_ONCE(mm->total_vm);
	use->data_vm = READ_ONCE(mm->data_vm);
	use->locked_vm = READ_ONCE(mm->locked_vm);
	use->maps = READ_ONCE(mm->map_count);
}

NOKPROBE_SYMBOL(oomtrace_read_in_use);

/* ---- the causes ---- */

/* Add a cause that is explained by numbers; the first three have room for them. */
static void add_cause(struct oomtrace_refused *rec, enum oomtrace_cause cause, u64 used,
		      u64 limit, bool numbers)
{
	unsigned int n = hweight32(rec->causes);
	u64 valid = 0;

	rec->causes |= BIT(cause);
	switch (n) {
	case 0:
		rec->cause = cause;
		rec->used = used;
		rec->limit = limit;
		valid = OOMTRACE_BIT(refused, used) | OOMTRACE_BIT(refused, limit);
		break;
	case 1:
		rec->cause2 = cause;
		rec->used2 = used;
		rec->limit2 = limit;
		rec->h.valid |= OOMTRACE_BIT(refused, cause2);
		valid = OOMTRACE_BIT(refused, used2) | OOMTRACE_BIT(refused, limit2);
		break;
	case 2:
		rec->cause3 = cause;
		rec->used3 = used;
		rec->limit3 = limit;
		rec->h.valid |= OOMTRACE_BIT(refused, cause3);
		valid = OOMTRACE_BIT(refused, used3) | OOMTRACE_BIT(refused, limit3);
		break;
	}
	if (numbers)
		rec->h.valid |= valid;
}

static void add_limit(struct oomtrace_refused *rec, enum oomtrace_cause cause, u64 used,
		      u64 limit)
{
	add_cause(rec, cause, used, limit, true);
}

/*
 * Does a size exceed a limit with what is in use? Bytes; their sum may need more than 64
 * bits. If the kernel cannot round the size up to pages, it asks for no limit.
 */
static bool exceeds(u64 used, u64 bytes, u64 limit)
{
	u64 more = PAGE_ALIGN(bytes);

	return more >= bytes && (used > limit || more > limit - used);
}

/* A size that overflowed is negative, and so is a limit below the reserves. */
static bool fits_in_bytes(s64 pages)
{
	return (u64)pages <= U64_MAX >> PAGE_SHIFT;
}

/* What commit accounting denied in this call. */
static void add_denial(struct oomtrace_refused *rec, const struct oomtrace_note *note)
{
	if (note->limit && fits_in_bytes(note->limit) && fits_in_bytes(note->used))
		add_limit(rec, OOMTRACE_CAUSE_COMMIT, (u64)note->used << PAGE_SHIFT,
			  (u64)note->limit << PAGE_SHIFT);
	else
		add_cause(rec, OOMTRACE_CAUSE_COMMIT, 0, 0, false);
	if (!note->seq)
		return;
	rec->commit_cpu = note->cpu;
	rec->commit_seq = note->seq;
	rec->h.valid |= OOMTRACE_BIT(refused, commit_cpu) |
			OOMTRACE_BIT(refused, commit_seq);
}

/* What else was seen to fail in this call. */
static void add_within(struct oomtrace_refused *rec, const struct oomtrace_note *note)
{
	if (note->uncharged)
		add_cause(rec, OOMTRACE_CAUSE_MEMCG, note->charged << PAGE_SHIFT,
			  note->charge_limit << PAGE_SHIFT, note->charge_limit);
	if (note->no_gap)
		add_cause(rec, OOMTRACE_CAUSE_ADDRESS_SPACE, 0, 0, false);
}

/* The allocation of the kernel that failed in this call. */
static void add_failure(struct oomtrace_refused *rec, const struct oomtrace_note *note)
{
	if (note->order) {
		add_cause(rec, OOMTRACE_CAUSE_CONTIGUOUS, 0, 0, false);
		rec->order = note->order;
		rec->h.valid |= OOMTRACE_BIT(refused, order);
	} else {
		add_cause(rec, OOMTRACE_CAUSE_ALLOCATION, 0, 0, false);
	}
	if (!note->alloc_seq)
		return;
	rec->alloc_cpu = note->alloc_cpu;
	rec->alloc_seq = note->alloc_seq;
	rec->h.valid |= OOMTRACE_BIT(refused, alloc_cpu) |
			OOMTRACE_BIT(refused, alloc_seq);
}

/*
 * A caller that wants no warning may have had another way. So its failure is the cause
 * only if no limit is. Room for huge pages is asked for without a warning as well.
 */
static bool is_failure_the_cause(const struct oomtrace_refused *rec,
				 const struct oomtrace_note *note)
{
	if (!note->failed || (rec->causes & BIT(OOMTRACE_CAUSE_HUGETLB)))
		return false;
	return note->warned || !rec->causes;
}

/* A capability counts where the kernel asks for it in the initial user namespace. */
static bool has_global_cap(int cap)
{
	const struct cred *cred = current_cred();

	return cred->user_ns == &init_user_ns && cap_raised(cred->cap_effective, cap);
}

/*
 * How many maps a call may need besides those that there are: a map that is added
 * needs one; one that is split needs two, and mremap, which does both, more.
 */
static int maps_needed(const struct oomtrace_call_args *c)
{
	switch (c->call) {
	case OOMTRACE_CALL_MMAP:
		return c->known && (c->arg[3] & MAP_FIXED);
	case OOMTRACE_CALL_MREMAP:
		return c->known && (c->arg[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP)) ? 5 : 3;
	case OOMTRACE_CALL_BRK:
	case OOMTRACE_CALL_SHMAT:
		return 0;
	}
	return 1;
}

/* May the call fail with ENOMEM for this? madvise makes EAGAIN of it. */
static bool changes_maps(u8 call)
{
	switch (call) {
	case OOMTRACE_CALL_MMAP:
	case OOMTRACE_CALL_BRK:
	case OOMTRACE_CALL_MREMAP:
	case OOMTRACE_CALL_MPROTECT:
	case OOMTRACE_CALL_MUNMAP:
	case OOMTRACE_CALL_MLOCK:
	case OOMTRACE_CALL_SHMAT:
		return true;
	}
	return false;
}

/*
 * A call that adds a map is refused if there are more than the limit, and one that
 * splits a map if there are as many. @spare: count a map less for the former.
 */
static void add_map_count(struct oomtrace_refused *rec,
			  const struct oomtrace_call_args *c, int maps, int spare)
{
	int limit = READ_ONCE(*oomtrace_sym.max_map_count);

	if (changes_maps(c->call) && oomtrace_have(&oomtrace_sym.max_map_count) &&
	    (s64)maps + maps_needed(c) + spare > limit)
		add_limit(rec, OOMTRACE_CAUSE_MAP_COUNT, maps, limit);
}

static void add_rlimit_as(struct oomtrace_refused *rec, const struct oomtrace_call_args *c,
			  u64 used)
{
	u64 limit = rlimit(RLIMIT_AS);

	switch (c->call) {
	case OOMTRACE_CALL_MMAP:
	case OOMTRACE_CALL_BRK:
	case OOMTRACE_CALL_MREMAP:
		if (limit != RLIM_INFINITY && exceeds(used, rec->bytes, limit))
			add_limit(rec, OOMTRACE_CAUSE_RLIMIT_AS, used, limit);
	}
}

/* Is what is asked for data: private and writable, and no stack? */
static bool asks_for_data(const struct oomtrace_call_args *c)
{
	switch (c->call) {
	case OOMTRACE_CALL_MMAP:
		return c->known && (c->arg[2] & PROT_WRITE) &&
		       !(c->arg[3] & (MAP_SHARED | MAP_GROWSDOWN));
	case OOMTRACE_CALL_MPROTECT:
		return c->known && (c->arg[2] & PROT_WRITE);
	case OOMTRACE_CALL_BRK:
	case OOMTRACE_CALL_MREMAP:
		return true;
	}
	return false;
}

static void add_rlimit_data(struct oomtrace_refused *rec,
			    const struct oomtrace_call_args *c, u64 used)
{
	const struct mm_struct *mm = current->mm;
	u64 limit = rlimit(RLIMIT_DATA), heap;

	if (!asks_for_data(c))
		return;
	if (c->call == OOMTRACE_CALL_BRK && limit != RLIM_INFINITY) {
		/*
		 * brk first compares the heap and the program's data by themselves. Nothing
		 * makes the kernel ignore that.
		 */
		heap = READ_ONCE(mm->brk) - mm->start_brk + mm->end_data - mm->start_data;
		if (heap + rec->bytes > limit) {
			add_limit(rec, OOMTRACE_CAUSE_RLIMIT_DATA, heap, limit);
			return;
		}
	}
	if (READ_ONCE(*oomtrace_sym.ignore_rlimit_data))
		return;
	/* For Valgrind, which sets the limit to 0, the hard limit counts. */
	if (!limit)
		limit = rlimit_max(RLIMIT_DATA);
	if (limit != RLIM_INFINITY && exceeds(used, rec->bytes, limit))
		add_limit(rec, OOMTRACE_CAUSE_RLIMIT_DATA, used, limit);
}

static void add_rlimit_memlock(struct oomtrace_refused *rec,
			       const struct oomtrace_call_args *c,
			       const struct oomtrace_in_use *use)
{
	u64 used = (u64)use->locked_vm << PAGE_SHIFT;
	u64 limit = rlimit(RLIMIT_MEMLOCK), more = rec->bytes;

	if (limit == RLIM_INFINITY || has_global_cap(CAP_IPC_LOCK))
		return;
	switch (c->call) {
	case OOMTRACE_CALL_MLOCK:
		if (c->known)
			more += offset_in_page(c->arg[0]);
		break;
	case OOMTRACE_CALL_MLOCKALL:
		/* All that there is must be below the limit. */
		if (!c->known || !(c->arg[0] & MCL_CURRENT))
			return;
		used = (u64)use->total_vm << PAGE_SHIFT;
		break;
	case OOMTRACE_CALL_BRK:
		if (current->mm->def_flags & VM_LOCKED)
			break;
		return;
	default:
		return;
	}
	if (exceeds(used, more, limit))
		add_limit(rec, OOMTRACE_CAUSE_RLIMIT_MEMLOCK, used, limit);
}

/* Read what current's program has in its memory; false if that is not in memory any more. */
static bool read_from_program(void *to, const void __user *at, size_t bytes)
{
	unsigned long left;

	if (!access_ok(at, bytes))
		return false;
	/* A handler may not wait for a page. */
	pagefault_disable();
	left = __copy_from_user_inatomic(to, at, bytes);
	pagefault_enable();
	return !left;
}

#ifdef CONFIG_IO_URING
/* Buffers of a call that are looked at, at most: the sum is a lower bound then. */
#define BUFFERS	16

/*
 * The pages of the buffers that current registers with a ring, in bytes; 0 if it
 * registers none, or if they are not in memory any more.
 */
static u64 sum_buffers(const struct oomtrace_call_args *c)
{
	const struct iovec __user *at = (void __user *)c->arg[2];
	struct iovec v;
	u64 sum = 0, i;
	bool ia32;

	if (!c->known || oomtrace_syscall_nr(&ia32) != __NR_io_uring_register || ia32 ||
	    c->arg[1] != IORING_REGISTER_BUFFERS)
		return 0;
	for (i = 0; i < min_t(u64, (u32)c->arg[3], BUFFERS); i++) {
		if (!read_from_program(&v, at + i, sizeof(v)))
			return 0;
		sum += PAGE_ALIGN(offset_in_page(v.iov_base) + v.iov_len);
	}
	return sum;
}

/* A ring counts what it locks for the user who made it: mostly the one of current. */
static void add_rlimit_of_rings(struct oomtrace_refused *rec,
				const struct oomtrace_call_args *c)
{
	u64 used = (u64)atomic_long_read(&current_cred()->user->locked_vm) << PAGE_SHIFT;
	u64 limit = rlimit(RLIMIT_MEMLOCK), more = sum_buffers(c);

	if (more && limit != RLIM_INFINITY && !has_global_cap(CAP_IPC_LOCK) &&
	    used + more > limit)
		add_limit(rec, OOMTRACE_CAUSE_RLIMIT_MEMLOCK, used, limit);
}
#else
static void add_rlimit_of_rings(struct oomtrace_refused *rec,
				const struct oomtrace_call_args *c)
{
}
#endif

#ifdef CONFIG_HUGETLB_PAGE
/* The pool that a call names by its flags; log: of the page size, 0: the default. */
static const struct hstate *find_pool(unsigned int log)
{
	unsigned int i;

	if (!oomtrace_have(&oomtrace_sym.hstates))
		return NULL;
	if (!log) {
		i = READ_ONCE(*oomtrace_sym.default_huge);
		return oomtrace_have(&oomtrace_sym.default_huge) &&
		       i < oomtrace_huge_sizes_nr ? &oomtrace_sym.hstates[i] : NULL;
	}
	for (i = 0; i < oomtrace_huge_sizes_nr; i++)
		if (oomtrace_huge_sizes[i].order + PAGE_SHIFT == log)
			return &oomtrace_sym.hstates[i];
	return NULL;
}
#else
static const struct hstate *find_pool(unsigned int log)
{
	return NULL;
}
#endif

static void add_hugetlb(struct oomtrace_refused *rec, const struct oomtrace_call_args *c)
{
	unsigned long flags, huge, reserved, most;
	const struct hstate *pool;
	unsigned int order;

	if (!c->known)
		return;
	/* Both calls have the log of the page size at the same place. */
	BUILD_BUG_ON(SHM_HUGETLB >> MAP_HUGE_SHIFT);
	if (c->call == OOMTRACE_CALL_MMAP)
		huge = c->arg[3] & MAP_HUGETLB;
	else if (c->call == OOMTRACE_CALL_SHMGET)
		huge = c->arg[2] & SHM_HUGETLB;
	else
		return;
	flags = c->call == OOMTRACE_CALL_MMAP ? c->arg[3] : c->arg[2];
	/* Then no page is reserved, in any mode: a fault may find none later. */
	if (flags & (c->call == OOMTRACE_CALL_MMAP ? MAP_NORESERVE : SHM_NORESERVE))
		return;
	pool = huge ? find_pool(flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK) : NULL;
	if (!pool)
		return;
	order = huge_page_order((void *)pool);
	reserved = oomtrace_hstate_reserved(pool);
	most = oomtrace_hstate_free(pool) + oomtrace_hstate_surplus_left(pool);
	huge = DIV_ROUND_UP_ULL(rec->bytes, PAGE_SIZE << order);
	if (reserved + huge <= most)
		return;
	add_limit(rec, OOMTRACE_CAUSE_HUGETLB, reserved, most);
	rec->order = order;
	rec->h.valid |= OOMTRACE_BIT(refused, order);
}

/* ---- more tasks ---- */

/* Where struct pids_cgroup, which no header declares, has its numbers; 0: unknown. */
static u32 pids_counter, pids_limit;

/**
 * oomtrace_causes_init() - find where the kernel has the tasks of a cgroup
 *
 * Context: process context, once, before the hooks are attached.
 */
void oomtrace_causes_init(void)
{
	const struct btf_type *t;
	struct oomtrace_btf btf;
	u32 css, counter, limit;

	if (!IS_ENABLED(CONFIG_CGROUP_PIDS) || !oomtrace_btf_open(&btf))
		return;
	t = oomtrace_btf_find(&btf, BTF_KIND_STRUCT, "pids_cgroup");
	if (oomtrace_btf_member(&btf, t, "css", &css) && !css &&
	    oomtrace_btf_member(&btf, t, "counter", &counter) &&
	    oomtrace_btf_member(&btf, t, "limit", &limit)) {
		pids_counter = counter;
		pids_limit = limit;
	}
	oomtrace_btf_close(&btf);
}

/*
 * May the task have been meant for another cgroup than current's? clone3() has its flags in
 * the memory of the program. Its number is the same for 32-bit programs.
 */
static bool is_for_other_cgroup(const struct oomtrace_call_args *c)
{
	const struct clone_args __user *args = (void __user *)c->arg[0];
	u64 flags;
	bool ia32;

	if (!c->known || oomtrace_syscall_nr(&ia32) != __NR_clone3)
		return false;
	return !read_from_program(&flags, &args->flags, sizeof(flags)) ||
	       (flags & CLONE_INTO_CGROUP);
}

/* A cgroup is at its limit if one more task would exceed it; the root has none. */
static void add_pids_max(struct oomtrace_refused *rec)
{
#ifdef CONFIG_CGROUP_PIDS
	/* true: preemption off is enough, but lockdep cannot see that. */
	const struct cgroup_subsys_state *css = task_css_check(current, pids_cgrp_id, true);
	s64 used, limit;

	if (!pids_limit)
		return;
	for (; css && css->parent; css = css->parent) {
		used = atomic64_read((void *)css + pids_counter);
		limit = atomic64_read((void *)css + pids_limit);
		if (used < limit)
			continue;
		add_limit(rec, OOMTRACE_CAUSE_PIDS_MAX, used, limit);
		return;
	}
#endif
}

static void add_task_limits(struct oomtrace_refused *rec,
			    const struct oomtrace_call_args *c)
{
	const struct pid_namespace *ns = current->nsproxy->pid_ns_for_children;
	u64 limit = rlimit(RLIMIT_NPROC), used;

	if (rec->ret == -ENOMEM) {
		if (!(READ_ONCE(ns->pid_allocated) & PIDNS_ADDING))
			add_cause(rec, OOMTRACE_CAUSE_PID_NAMESPACE, 0, 0, false);
		return;
	}
	if (!is_for_other_cgroup(c))
		add_pids_max(rec);
	used = max(0L, oomtrace_tasks_of_user());
	if (limit != RLIM_INFINITY && used >= limit &&
	    !uid_eq(current_cred()->user->uid, GLOBAL_ROOT_UID) &&
	    !has_global_cap(CAP_SYS_RESOURCE) && !has_global_cap(CAP_SYS_ADMIN))
		add_limit(rec, OOMTRACE_CAUSE_RLIMIT_NPROC, used, limit);
	used = READ_ONCE(*oomtrace_sym.nr_threads);
	limit = READ_ONCE(*oomtrace_sym.max_threads);
	if (oomtrace_have(&oomtrace_sym.max_threads) && used >= limit)
		add_limit(rec, OOMTRACE_CAUSE_THREADS_MAX, used, limit);
}

/**
 * oomtrace_fill_causes() - find what explains a refusal
 * @rec: the record: ret, bytes and which of them are valid are set, and causes is 0.
 *	All members about causes are filled in.
 * @c: the call.
 * @use: what was in use when it began.
 */
void oomtrace_fill_causes(struct oomtrace_refused *rec,
			  const struct oomtrace_call_args *c,
			  const struct oomtrace_in_use *use)
{
	struct oomtrace_note note;

	if (!oomtrace_note_take(&note))
		note = (struct oomtrace_note){ };
	if (note.denied)
		add_denial(rec, &note);
	add_within(rec, &note);
	if (c->call == OOMTRACE_CALL_FORK) {
		add_task_limits(rec, c);
	} else if (current->mm) {
		add_map_count(rec, c, use->maps, 0);
		/* Without a size there is no sum. */
		if (rec->h.valid & OOMTRACE_BIT(refused, bytes)) {
			add_rlimit_as(rec, c, (u64)use->total_vm << PAGE_SHIFT);
			add_rlimit_data(rec, c, (u64)use->data_vm << PAGE_SHIFT);
			add_hugetlb(rec, c);
		}
		if (c->call == OOMTRACE_CALL_IO_URING)
			add_rlimit_of_rings(rec, c);
		else
			add_rlimit_memlock(rec, c, use);
		/* Kernels differ in whether the limit itself can be reached. */
		if (!rec->causes)
			add_map_count(rec, c, use->maps, 1);
	}
	if (is_failure_the_cause(rec, &note))
		add_failure(rec, &note);
	if (!rec->causes)
		add_cause(rec, OOMTRACE_CAUSE_UNKNOWN, 0, 0, false);
}
