/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The record ABI of oomtrace, shared by the module and user space: the bytes
 * that /dev/oomtrace delivers and their meaning. Functions of the module and
 * helpers of the tools do not belong here.
 *
 * The module fills these structs and buffers them in rings: per CPU, and one for
 * all candidates. Readers of the device get them unchanged. The field lists that
 * text and JSON are made from must match these structs (checked at build time).
 *
 * Rules of the ABI
 *  - Every record starts with struct oomtrace_header. With @header.size a
 *    reader skips a type that it does not know, and fields beyond those that it
 *    knows. New fields are only added at the end of a struct.
 *  - Records are 8-byte aligned and a multiple of 8 bytes long; padding is
 *    explicit and zero. Byte order is the machine's.
 *  - An "absent" field could not be read or does not apply: it is zero and its
 *    bit in @header.valid is 0. Bit n stands for the n-th field of the type's
 *    list (OOMTRACE_FIELDS_*), which omits the header's own members and padding:
 *    these are always present.
 *  - A "derived" field is not the value that the kernel used: it was read just
 *    before or after, or computed. Its bit in @header.derived is set, and in
 *    @header.valid too. The comments say when a field can be derived.
 *  - "pages" are pages of the kernel's base size, "bytes" are bytes, and
 *    "_ns" are nanoseconds of CLOCK_MONOTONIC.
 *  - Pids are those of the initial pid namespace, uids those of the initial
 *    user namespace. A cgroup's id is the inode number of its directory.
 */
#ifndef _UAPI_OOMTRACE_H
#define _UAPI_OOMTRACE_H

#include <linux/types.h>
#include <linux/ioctl.h>

/**
 * OOMTRACE_ABI_VERSION - version of everything in this file
 *
 * Raised when an old reader would misread a new record. New types, new fields
 * at the end of a struct and new values of an enumeration do not raise it.
 */
#define OOMTRACE_ABI_VERSION	1

/** OOMTRACE_COMM_LEN - bytes of a command name (TASK_COMM_LEN, with the NUL) */
#define OOMTRACE_COMM_LEN	16

/**
 * enum oomtrace_type - what a record is about (@header.type)
 * @OOMTRACE_COMMIT: one decision of __vm_enough_memory()
 * @OOMTRACE_OOM_BEGIN: out_of_memory() was entered: an episode begins
 * @OOMTRACE_RETRY: a reclaim or compaction retry that led to an episode
 * @OOMTRACE_CANDIDATE: one task that the OOM killer evaluated
 * @OOMTRACE_VERDICT: the task that oom_kill_process() was called for
 * @OOMTRACE_VICTIM: a task that was killed, or was exiting and got reserves
 * @OOMTRACE_REAP: one step in freeing a victim's memory
 * @OOMTRACE_OOM_END: out_of_memory() returned, or will never return
 * @OOMTRACE_LOST: number of records that a reader missed; made per reader
 * @OOMTRACE_MARK: an overcommit sysctl was found changed
 * @OOMTRACE_STACK: a stack that records refer to by number; made per reader
 * @OOMTRACE_ZONE: one zone's free pages and watermarks when an episode began
 * @OOMTRACE_MEMORY: what memory was used for when an episode began
 * @OOMTRACE_PSI: pressure stall averages when an episode began
 * @OOMTRACE_NAME: the path of a cgroup whose id an episode's records contain
 * @OOMTRACE_REPEAT: number of OOMs that ended like a recorded episode
 * @OOMTRACE_ZONELIST: the zones that the request of an episode may use
 * @OOMTRACE_MEMCG: what the memory of the cgroup that is out of memory was used for
 * @OOMTRACE_EXEMPT: the largest task that an oom_score_adj of -1000 protects
 * @OOMTRACE_REFUSED: a system call that answered ENOMEM; for fork, also EAGAIN
 * @OOMTRACE_SAMPLE: memory at one moment; made by programs that save records,
 *	never by the module
 * @OOMTRACE_PROCESS: what was read of a victim before its kill; made by programs
 *	that save records, never by the module
 * @OOMTRACE_CONTAINER: the names of a cgroup's container and pod; made by programs
 *	that save records, never by the module
 * @OOMTRACE_REMAINS: what is left of a victim that should be gone
 * @OOMTRACE_WAIT: a task that waits since its cgroup's OOM killer is switched off
 * @OOMTRACE_CGROUP: the path of a cgroup whose id a sigkill record contains
 * @OOMTRACE_SIGKILL: one SIGKILL that was sent, by any sender; only with signals=kill
 * @OOMTRACE_ALLOC_FAILURE: an allocation of the kernel that failed
 */
enum oomtrace_type {
	OOMTRACE_COMMIT		= 1,
	OOMTRACE_OOM_BEGIN	= 2,
	OOMTRACE_RETRY	= 3,
	OOMTRACE_CANDIDATE	= 4,
	OOMTRACE_VERDICT	= 5,
	OOMTRACE_VICTIM		= 6,
	OOMTRACE_REAP		= 7,
	OOMTRACE_OOM_END	= 8,
	OOMTRACE_LOST		= 9,
	OOMTRACE_MARK		= 10,
	OOMTRACE_STACK		= 11,
	OOMTRACE_ZONE		= 12,
	OOMTRACE_MEMORY		= 13,
	OOMTRACE_PSI		= 14,
	OOMTRACE_NAME		= 15,
	OOMTRACE_REPEAT		= 16,
	OOMTRACE_ZONELIST	= 17,
	OOMTRACE_SAMPLE		= 20,
	OOMTRACE_PROCESS	= 21,
	OOMTRACE_CONTAINER	= 22,
	OOMTRACE_MEMCG		= 26,
	OOMTRACE_EXEMPT		= 27,
	OOMTRACE_SIGKILL	= 30,
	OOMTRACE_REMAINS	= 31,
	OOMTRACE_WAIT		= 32,
	OOMTRACE_CGROUP		= 33,
	OOMTRACE_REFUSED	= 34,
	OOMTRACE_ALLOC_FAILURE	= 35,
};

/**
 * enum oomtrace_ring_id - the ring that buffered a record
 * @OOMTRACE_RING_COMMIT: commit decisions, refused calls, failed allocations and
 *	SIGKILLs, which can be frequent
 * @OOMTRACE_RING_OOM: OOM episodes, which are rare; commit decisions never
 *	overwrite them
 * @OOMTRACE_RING_CANDIDATE: the candidates of OOM episodes, which overwrite only
 *	each other; one memory for the machine, found as that of the possible CPU
 *	with the lowest number. All other CPUs have none. A reader that maps only
 *	the rings above misses the candidates, which oom_end counts.
 * @OOMTRACE_RINGS: number of rings
 */
enum oomtrace_ring_id {
	OOMTRACE_RING_COMMIT	= 0,
	OOMTRACE_RING_OOM	= 1,
	OOMTRACE_RING_CANDIDATE	= 2,
	OOMTRACE_RINGS		= 3,
};

/** OOMTRACE_INFO_RINGS - rings in the array of struct oomtrace_info */
#define OOMTRACE_INFO_RINGS	2

/**
 * enum oomtrace_refusal - context of a nested write, which the ring rejects
 * @OOMTRACE_REFUSED_TASK: process context: a probe fired inside another write
 * @OOMTRACE_REFUSED_SOFTIRQ: softirq
 * @OOMTRACE_REFUSED_IRQ: hard interrupt
 * @OOMTRACE_REFUSED_NMI: non-maskable interrupt
 * @OOMTRACE_REFUSALS: number of contexts
 */
enum oomtrace_refusal {
	OOMTRACE_REFUSED_TASK,
	OOMTRACE_REFUSED_SOFTIRQ,
	OOMTRACE_REFUSED_IRQ,
	OOMTRACE_REFUSED_NMI,
	OOMTRACE_REFUSALS,
};

/** OOMTRACE_FLAG_RING - bits of @header.flags that hold enum oomtrace_ring_id */
#define OOMTRACE_FLAG_RING	0x000f

/**
 * struct oomtrace_header - the start of every record
 * @type: enum oomtrace_type.
 * @size: bytes of the whole record, including this header; a multiple of 8.
 * @cpu: CPU whose ring buffered the record. It wrote the record, too, except in
 *	the ring of the candidates, which any CPU writes.
 * @flags: OOMTRACE_FLAG_RING; the other bits are zero.
 * @seq: number of the record in its ring on its CPU: 1, 2, 3..., written without
 *	gaps. In a ring's memory, 0 marks a slot that is being written. In a lost
 *	record: the number of the first record that this reader missed.
 * @ts_ns: CLOCK_MONOTONIC when the record was written, nanoseconds. Add
 *	struct oomtrace_info's @boot_offset_ns for CLOCK_BOOTTIME.
 * @valid: bit n: the n-th field of this type is present.
 * @derived: bit n: the n-th field is not the value that the kernel used.
 */
struct oomtrace_header {
	__u16	type;
	__u16	size;
	__u16	cpu;
	__u16	flags;
	__u64	seq;
	__u64	ts_ns;
	__u64	valid;
	__u64	derived;
};

/**
 * enum oomtrace_origin - what requests address space
 * @OOMTRACE_ORIGIN_OTHER: none of the below: drivers, and page faults that the
 *	kernel causes itself in a system call
 * @OOMTRACE_ORIGIN_MMAP: mmap(2), mmap2
 * @OOMTRACE_ORIGIN_BRK: brk(2)
 * @OOMTRACE_ORIGIN_FORK: fork, vfork, clone, clone3 (the mm is the parent's)
 * @OOMTRACE_ORIGIN_MPROTECT: mprotect(2), pkey_mprotect(2)
 * @OOMTRACE_ORIGIN_MREMAP: mremap(2)
 * @OOMTRACE_ORIGIN_SHMEM: tmpfs, shmget, memfd
 * @OOMTRACE_ORIGIN_EXEC: execve, execveat (the mm is the new program's)
 * @OOMTRACE_ORIGIN_STACK: a page fault below the stack: the stack is to grow. If it
 *	is denied, the task gets SIGSEGV
 * @OOMTRACE_ORIGIN_FAULT: a page fault on shared memory of tmpfs. If it is denied,
 *	the task gets SIGBUS, unless a smaller page is granted
 * @OOMTRACE_ORIGIN_SWAPOFF: swapoff(2)
 * @OOMTRACE_ORIGIN_MMAP_SHARED: mmap(2), mmap2 of shared anonymous memory, which is
 *	tmpfs's; from a 32-bit program only mmap2
 */
enum oomtrace_origin {
	OOMTRACE_ORIGIN_OTHER,
	OOMTRACE_ORIGIN_MMAP,
	OOMTRACE_ORIGIN_BRK,
	OOMTRACE_ORIGIN_FORK,
	OOMTRACE_ORIGIN_MPROTECT,
	OOMTRACE_ORIGIN_MREMAP,
	OOMTRACE_ORIGIN_SHMEM,
	OOMTRACE_ORIGIN_EXEC,
	OOMTRACE_ORIGIN_STACK,
	OOMTRACE_ORIGIN_FAULT,
	OOMTRACE_ORIGIN_SWAPOFF,
	OOMTRACE_ORIGIN_MMAP_SHARED,
	OOMTRACE_ORIGINS,
};

/**
 * enum oomtrace_recorded - why a commit decision has a record
 * @OOMTRACE_RECORDED_DENIED: the request was denied
 * @OOMTRACE_RECORDED_ALL: every decision is recorded (commit_records=all)
 * @OOMTRACE_RECORDED_NEAR: a near miss: granted with little left (near_percent)
 */
enum oomtrace_recorded {
	OOMTRACE_RECORDED_DENIED,
	OOMTRACE_RECORDED_ALL,
	OOMTRACE_RECORDED_NEAR,
	OOMTRACE_RECORDEDS,
};

/**
 * struct oomtrace_commit - one decision of __vm_enough_memory()
 * @h: header.
 * @pid: current->pid.
 * @tgid: current->tgid.
 * @uid: current's real uid.
 * @ret: the function's return value: 0 or -ENOMEM (-12).
 * @comm: current->comm; bytes after the NUL are zero.
 * @cgroup_id: id of current's memory cgroup.
 * @pages: pages requested, the function's second argument; any value, as given.
 * @committed: the approximate vm_committed_as that the kernel compared, after
 *	charging @pages; pages. Derived if another CPU changed the counter during
 *	the call: its values before and after differ, or it does not explain
 *	@ret. Absent in modes 0 and 1, which compare no counter.
 * @allowed: the limit that @committed was compared with, pages. In mode 0
 *	@pages is compared with it: @totalram + @total_swap. Absent in mode 1.
 * @limit: vm_commit_limit(), CommitLimit in /proc/meminfo; pages; all modes.
 * @admin_reserve: sysctl_admin_reserve_kbytes in pages.
 * @user_reserve: sysctl_user_reserve_kbytes in pages.
 * @total_vm: mm->total_vm of the mm passed to the function, pages; absent if
 *	the mm was NULL.
 * @totalram: totalram_pages(), pages.
 * @total_swap: total_swap_pages, pages; 0 on a kernel without CONFIG_SWAP.
 * @hugetlb: hugetlb_total_pages(), pages; subtracted from RAM when the limit is
 *	a ratio. 0 on a kernel without CONFIG_HUGETLB_PAGE.
 * @overcommit_kbytes: sysctl_overcommit_kbytes, KiB; 0: the limit is a ratio.
 * @overcommit_ratio: sysctl_overcommit_ratio, percent.
 * @mode: sysctl_overcommit_memory at entry: 0 heuristic, 1 always, 2 never.
 *	Derived if it does not explain @ret: it or the committed counter changed
 *	during the call.
 * @cap_sys_admin: the function's third argument: 1 if the admin reserve may be
 *	used.
 * @origin: enum oomtrace_origin, by the system call that current executes, or by
 *	its page fault outside of one.
 * @recorded: enum oomtrace_recorded.
 * @stack: number of the stack record with the call chain; absent for grants,
 *	when the stack table is full, and on kernels that cannot unwind from a
 *	return probe (before 5.15).
 * @left_out: near misses on this CPU that the rate limit left unrecorded since
 *	the last recorded one.
 *
 * In mode 2 the kernel computes @allowed = @limit - (@cap_sys_admin ? 0 :
 * @admin_reserve) - min(@total_vm / 32, @user_reserve), the last term only with
 * an mm. It grants the request if and only if @committed < @allowed.
 */
struct oomtrace_commit {
	struct oomtrace_header h;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__s32	ret;
	char	comm[OOMTRACE_COMM_LEN];
	__u64	cgroup_id;
	__s64	pages;
	__s64	committed;
	__s64	allowed;
	__s64	limit;
	__s64	admin_reserve;
	__s64	user_reserve;
	__s64	total_vm;
	__s64	totalram;
	__s64	total_swap;
	__s64	hugetlb;
	__u64	overcommit_kbytes;
	__s32	overcommit_ratio;
	__u8	mode;
	__u8	cap_sys_admin;
	__u8	origin;
	__u8	recorded;
	__u32	stack;
	__u32	left_out;
};

/**
 * enum oomtrace_call - the system call that was refused
 * @OOMTRACE_CALL_OTHER: none of the below; no record has it
 * @OOMTRACE_CALL_MMAP: mmap(2), mmap2
 * @OOMTRACE_CALL_BRK: brk(2)
 * @OOMTRACE_CALL_MREMAP: mremap(2)
 * @OOMTRACE_CALL_MPROTECT: mprotect(2), pkey_mprotect(2)
 * @OOMTRACE_CALL_MUNMAP: munmap(2)
 * @OOMTRACE_CALL_MLOCK: mlock(2), mlock2(2)
 * @OOMTRACE_CALL_MLOCKALL: mlockall(2)
 * @OOMTRACE_CALL_SHMGET: shmget(2)
 * @OOMTRACE_CALL_SHMAT: shmat(2)
 * @OOMTRACE_CALL_MADVISE: madvise(2)
 * @OOMTRACE_CALL_FORK: fork, vfork, clone, clone3
 * @OOMTRACE_CALL_EXEC: execve, execveat
 * @OOMTRACE_CALL_IO_URING: io_uring_setup, io_uring_register
 * @OOMTRACE_CALL_BPF: bpf(2)
 * @OOMTRACE_CALL_MODULE: init_module, finit_module
 */
enum oomtrace_call {
	OOMTRACE_CALL_OTHER,
	OOMTRACE_CALL_MMAP,
	OOMTRACE_CALL_BRK,
	OOMTRACE_CALL_MREMAP,
	OOMTRACE_CALL_MPROTECT,
	OOMTRACE_CALL_MUNMAP,
	OOMTRACE_CALL_MLOCK,
	OOMTRACE_CALL_MLOCKALL,
	OOMTRACE_CALL_SHMGET,
	OOMTRACE_CALL_SHMAT,
	OOMTRACE_CALL_MADVISE,
	OOMTRACE_CALL_FORK,
	OOMTRACE_CALL_EXEC,
	OOMTRACE_CALL_IO_URING,
	OOMTRACE_CALL_BPF,
	OOMTRACE_CALL_MODULE,
	OOMTRACE_CALLS,
};

/**
 * enum oomtrace_cause - what explains a refusal
 * @OOMTRACE_CAUSE_UNKNOWN: none of the below
 * @OOMTRACE_CAUSE_COMMIT: commit accounting denied a request in this call; used and
 *	limit are what it compared, bytes; absent if one is negative: a size that
 *	overflowed, or reserves that are larger than the limit
 * @OOMTRACE_CAUSE_MAP_COUNT: vm.max_map_count; maps
 * @OOMTRACE_CAUSE_RLIMIT_AS: RLIMIT_AS; bytes
 * @OOMTRACE_CAUSE_RLIMIT_DATA: RLIMIT_DATA; bytes
 * @OOMTRACE_CAUSE_RLIMIT_MEMLOCK: RLIMIT_MEMLOCK; bytes
 * @OOMTRACE_CAUSE_HUGETLB: too few huge pages in the pool: used are those that are
 *	reserved, limit is what the pool can give in all: free ones, and surplus
 *	that it may still add; huge pages of 2^order pages
 * @OOMTRACE_CAUSE_PID_NAMESPACE: process 1 of the pid namespace has ended; no numbers
 * @OOMTRACE_CAUSE_PIDS_MAX: pids.max of a cgroup; tasks
 * @OOMTRACE_CAUSE_RLIMIT_NPROC: RLIMIT_NPROC; tasks of the user
 * @OOMTRACE_CAUSE_THREADS_MAX: kernel.threads-max; tasks
 * @OOMTRACE_CAUSE_CONTIGUOUS: 2^order contiguous pages could not be allocated in this
 *	call; no numbers
 * @OOMTRACE_CAUSE_ALLOCATION: another allocation of the kernel failed in this call: of
 *	one page, or by vmalloc(); no numbers
 * @OOMTRACE_CAUSE_MEMCG: a memory cgroup could not be charged in this call: memory of
 *	the nearest cgroup that is full, and its limit; bytes
 * @OOMTRACE_CAUSE_ADDRESS_SPACE: no gap in the address space was large enough; no numbers
 */
enum oomtrace_cause {
	OOMTRACE_CAUSE_UNKNOWN,
	OOMTRACE_CAUSE_COMMIT,
	OOMTRACE_CAUSE_MAP_COUNT,
	OOMTRACE_CAUSE_RLIMIT_AS,
	OOMTRACE_CAUSE_RLIMIT_DATA,
	OOMTRACE_CAUSE_RLIMIT_MEMLOCK,
	OOMTRACE_CAUSE_HUGETLB,
	OOMTRACE_CAUSE_PID_NAMESPACE,
	OOMTRACE_CAUSE_PIDS_MAX,
	OOMTRACE_CAUSE_RLIMIT_NPROC,
	OOMTRACE_CAUSE_THREADS_MAX,
	OOMTRACE_CAUSE_CONTIGUOUS,
	OOMTRACE_CAUSE_ALLOCATION,
	OOMTRACE_CAUSE_MEMCG,
	OOMTRACE_CAUSE_ADDRESS_SPACE,
	OOMTRACE_CAUSES,
};

/**
 * struct oomtrace_refused - a system call that was refused
 * @h: header. The record is written when the call returns.
 * @pid: current->pid.
 * @tgid: current->tgid.
 * @uid: current's real uid.
 * @causes: bit n: enum oomtrace_cause n explains the refusal; derived, since it is
 *	worked out from the kernel's numbers at the entry and the return. All that
 *	explain it are set, and only UNKNOWN if there is none.
 * @comm: current->comm; bytes after the NUL are zero.
 * @cgroup_id: id of current's memory cgroup.
 * @ret: what the call returned: -ENOMEM (-12); for fork also -EAGAIN (-11); for brk
 *	the old break.
 * @bytes: how much was asked for, bytes: for mremap and brk what was to be added.
 *	Absent for calls that have no size, and where the arguments are not known.
 * @commit_seq: number of the commit record of the denial in this call; absent if
 *	commit accounting denied nothing, or if the denial has no record.
 * @used: what was in use before the call, of @cause; unit by enum oomtrace_cause.
 *	Derived; absent if the cause has no numbers. So are the next members.
 * @limit: the limit of @cause.
 * @used2: the same of @cause2.
 * @limit2: the limit of @cause2.
 * @used3: the same of @cause3.
 * @limit3: the limit of @cause3.
 * @stack: number of the stack record with the callers of the refusing function; absent
 *	as in struct oomtrace_commit.
 * @left_out: refusals on this CPU that the rate limit left unrecorded since the last
 *	recorded one.
 * @commit_cpu: CPU of that commit record.
 * @call: enum oomtrace_call.
 * @cause: enum oomtrace_cause, the first of @causes.
 * @cause2: the second of @causes; absent if there is only one.
 * @cause3: the third of @causes; absent if there are only two.
 * @order: of HUGETLB: a huge page is 2^order pages; of CONTIGUOUS: 2^order pages were
 *	asked for. Absent for other causes.
 * @reserved: zero.
 * @alloc_seq: of CONTIGUOUS and ALLOCATION: number of the alloc_failure record; absent
 *	if the failure has none.
 * @alloc_cpu: CPU of that record.
 * @reserved2: zero.
 *
 * Only with refusals=syscalls. At most 100 per second and CPU are recorded; the file
 * `stats` counts all of them.
 */
struct oomtrace_refused {
	struct oomtrace_header h;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__u32	causes;
	char	comm[OOMTRACE_COMM_LEN];
	__u64	cgroup_id;
	__s64	ret;
	__u64	bytes;
	__u64	commit_seq;
	__u64	used;
	__u64	limit;
	__u64	used2;
	__u64	limit2;
	__u64	used3;
	__u64	limit3;
	__u32	stack;
	__u32	left_out;
	__u16	commit_cpu;
	__u8	call;
	__u8	cause;
	__u8	cause2;
	__u8	cause3;
	__u8	order;
	__u8	reserved;
	__u64	alloc_seq;
	__u16	alloc_cpu;
	__u16	reserved2[3];
};

/**
 * enum oomtrace_alloc_kind - what kind of allocation failed
 * @OOMTRACE_ALLOC_OTHER: the kernel reports it by words that are not known here
 * @OOMTRACE_ALLOC_PAGES: pages from the page allocator, contiguous if there are several
 * @OOMTRACE_ALLOC_VMALLOC: vmalloc(): pages that need not be contiguous
 */
enum oomtrace_alloc_kind {
	OOMTRACE_ALLOC_OTHER,
	OOMTRACE_ALLOC_PAGES,
	OOMTRACE_ALLOC_VMALLOC,
	OOMTRACE_ALLOC_KINDS,
};

/**
 * enum oomtrace_context - where the kernel was when it made an allocation
 * @OOMTRACE_CONTEXT_TASK: in a task
 * @OOMTRACE_CONTEXT_SOFTIRQ: in a softirq
 * @OOMTRACE_CONTEXT_HARDIRQ: in a hard interrupt
 */
enum oomtrace_context {
	OOMTRACE_CONTEXT_TASK,
	OOMTRACE_CONTEXT_SOFTIRQ,
	OOMTRACE_CONTEXT_HARDIRQ,
	OOMTRACE_CONTEXTS,
};

/** OOMTRACE_ALLOC_GFP_NAMES - bytes for the names of gfp flags of an alloc_failure */
#define OOMTRACE_ALLOC_GFP_NAMES	72

/**
 * struct oomtrace_alloc_failure - an allocation of the kernel that failed
 * @h: header. The record is written at the entry of warn_alloc(), which the kernel calls
 *	whether it prints a message or not.
 * @pid: current->pid; absent in an interrupt, which runs in a task that has no part in
 *	it. So are @tgid, @uid, @comm, @cgroup_id and @oom_victim.
 * @tgid: current->tgid.
 * @uid: current's real uid.
 * @gfp: the allocation's gfp flags; the bits depend on the kernel release.
 * @comm: current->comm; bytes after the NUL are zero.
 * @cgroup_id: id of current's memory cgroup.
 * @bytes: size for which vmalloc() was called, bytes; absent for other kinds, and where
 *	the kernel's message does not begin with it.
 * @free: free pages of all zones then: NR_FREE_PAGES.
 * @stack: number of the stack record with the functions that asked; absent if the table
 *	of stacks is full.
 * @left_out: failures on this CPU with the same @no_warn that the rate limit left
 *	unrecorded since the last recorded one.
 * @order: 2^order pages were asked for; absent unless @kind is PAGES.
 * @kind: enum oomtrace_alloc_kind.
 * @context: enum oomtrace_context.
 * @no_warn: 1: with __GFP_NOWARN: the caller expects that it may fail, often has another
 *	way, and the kernel prints nothing. Recorded only with refusals=syscalls.
 * @oom_victim: 1: current is a victim of the OOM killer, and is about to exit.
 * @reserved: zero.
 * @gfp_names: @gfp as this kernel prints it (printk's %pGg); absent if too long.
 *
 * At most 10 per second and CPU are recorded with and without @no_warn each; the file
 * `stats` counts all of them.
 */
struct oomtrace_alloc_failure {
	struct oomtrace_header h;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__u32	gfp;
	char	comm[OOMTRACE_COMM_LEN];
	__u64	cgroup_id;
	__u64	bytes;
	__u64	free;
	__u32	stack;
	__u32	left_out;
	__u8	order;
	__u8	kind;
	__u8	context;
	__u8	no_warn;
	__u8	oom_victim;
	__u8	reserved[3];
	char	gfp_names[OOMTRACE_ALLOC_GFP_NAMES];
};

/**
 * enum oomtrace_knob - a sysctl that commit decisions depend on
 * @OOMTRACE_KNOB_MEMORY: vm.overcommit_memory
 * @OOMTRACE_KNOB_RATIO: vm.overcommit_ratio, percent
 * @OOMTRACE_KNOB_KBYTES: vm.overcommit_kbytes, KiB
 * @OOMTRACE_KNOB_ADMIN_RESERVE: vm.admin_reserve_kbytes, KiB
 * @OOMTRACE_KNOB_USER_RESERVE: vm.user_reserve_kbytes, KiB
 */
enum oomtrace_knob {
	OOMTRACE_KNOB_MEMORY,
	OOMTRACE_KNOB_RATIO,
	OOMTRACE_KNOB_KBYTES,
	OOMTRACE_KNOB_ADMIN_RESERVE,
	OOMTRACE_KNOB_USER_RESERVE,
	OOMTRACE_KNOBS,
};

/**
 * struct oomtrace_mark - an overcommit sysctl was found changed
 * @h: header. @ts_ns is when the change was noticed, not when it was made:
 *	vm.overcommit_memory at the next decision, the others at the next
 *	recorded decision, all of them when the hooks are switched on.
 * @old: the value when it was last read, in the sysctl's own unit.
 * @new: the value now, in the sysctl's own unit.
 * @pid: the task whose request noticed the change, or which switched the hooks
 *	on; not the one that made it.
 * @knob: enum oomtrace_knob.
 * @reserved: zero.
 */
struct oomtrace_mark {
	struct oomtrace_header h;
	__u64	old;
	__u64	new;
	__s32	pid;
	__u8	knob;
	__u8	reserved[3];
};

/** OOMTRACE_STACK_TEXT - bytes of a stack record's text */
#define OOMTRACE_STACK_TEXT	960

/**
 * struct oomtrace_stack - a kernel stack, as symbols
 * @h: header; @cpu, @flags and @seq are those of the next record, which refers
 *	to this stack.
 * @id: the number in the field stack of commit, oom_begin, refused and
 *	alloc_failure: 1, 2, ...; equal stacks share one.
 * @frames: number of frames in @text.
 * @text: "function+offset/size", innermost first, separated by one space; the
 *	outermost frames are omitted if they do not fit. No addresses.
 *
 * Made for each reader before the first record that refers to the stack. It has
 * no sequence number of its own and is not in the rings.
 */
struct oomtrace_stack {
	struct oomtrace_header h;
	__u32	id;
	__u32	frames;
	char	text[OOMTRACE_STACK_TEXT];
};

/**
 * struct oomtrace_sample - values of /proc/meminfo at one moment
 * @h: header; @ts_ns is when the file was read; @cpu and @seq are 0.
 * @committed: Committed_AS, pages: vm_memory_committed(), the exact sum over
 *	all CPUs.
 * @limit: CommitLimit, pages: vm_commit_limit(), in all modes.
 * @available: MemAvailable, pages.
 * @free: MemFree, pages.
 * @swap_free: SwapFree, pages.
 *
 * Not in the rings: `oomtrace record` and oomtraced add samples to the records that
 * they save, because commit decisions in modes 0 and 1 read no counter.
 */
struct oomtrace_sample {
	struct oomtrace_header h;
	__s64	committed;
	__s64	limit;
	__s64	available;
	__s64	free;
	__s64	swap_free;
};

/** OOMTRACE_PROCESS_TEXT - bytes for a command line or a path, with the NUL */
#define OOMTRACE_PROCESS_TEXT	256

/**
 * struct oomtrace_process - what was read of a victim while it lived
 * @h: header; @ts_ns is that of the victim record; @cpu and @seq are 0.
 * @episode: number of the episode that killed it.
 * @pid: its process id (tgid).
 * @comm: its command name when it was read.
 * @age_ns: from its start to the kill, nanoseconds.
 * @read_ago_ns: from the reading to the kill, nanoseconds. It may have changed its
 *	command line since.
 * @cmdline: arguments separated by spaces, cut if they do not fit; absent if they
 *	could not be read.
 * @cgroup: path of its cgroup; absent if it could not be read or does not fit.
 *
 * Not in the rings: oomtraced looks at the likeliest victims every 15 seconds, and
 * adds what it knows to the records that it saves. The module could not read a
 * command line: that may sleep on the memory that ran out.
 */
struct oomtrace_process {
	struct oomtrace_header h;
	__u64	episode;
	__s32	pid;
	__u32	reserved;
	char	comm[OOMTRACE_COMM_LEN];
	__u64	age_ns;
	__u64	read_ago_ns;
	char	cmdline[OOMTRACE_PROCESS_TEXT];
	char	cgroup[OOMTRACE_PROCESS_TEXT];
};

/** OOMTRACE_NAMESPACE_LEN - bytes of a name of a namespace, with the NUL */
#define OOMTRACE_NAMESPACE_LEN	64
/** OOMTRACE_NAME_LEN - bytes of a name of a pod or a container, with the NUL */
#define OOMTRACE_NAME_LEN	256

/**
 * struct oomtrace_container - the names of the container that a cgroup is of
 * @h: header; @ts_ns is that of the name record; @cpu and @seq are 0.
 * @cgroup_id: the cgroup, whose path is in a name record.
 * @pod_namespace: namespace of the pod; absent without Kubernetes.
 * @pod: the pod; absent without Kubernetes.
 * @container: the container; absent for the cgroup of a whole pod.
 *
 * A name is absent if it was not found. Not in the rings: oomtraced reads the names
 * from files of container runtimes just after an OOM, and adds them to the records
 * that it saves, before the name record. The runtime may delete these files when
 * the container ends.
 */
struct oomtrace_container {
	struct oomtrace_header h;
	__u64	cgroup_id;
	char	pod_namespace[OOMTRACE_NAMESPACE_LEN];
	char	pod[OOMTRACE_NAME_LEN];
	char	container[OOMTRACE_NAME_LEN];
};

/**
 * enum oomtrace_scope - where memory ran out
 * @OOMTRACE_SCOPE_GLOBAL: the machine, a cpuset or a memory policy
 * @OOMTRACE_SCOPE_MEMCG: a memory cgroup's limit
 * @OOMTRACE_SCOPE_USERSPACE: an OOM daemon killed, not the kernel
 */
enum oomtrace_scope {
	OOMTRACE_SCOPE_GLOBAL,
	OOMTRACE_SCOPE_MEMCG,
	OOMTRACE_SCOPE_USERSPACE,
	OOMTRACE_SCOPES,
};

/**
 * enum oomtrace_trigger - why the OOM killer was called
 * @OOMTRACE_TRIGGER_ALLOCATION: an allocation or a memcg charge failed
 * @OOMTRACE_TRIGGER_SYSRQ: sysrq-f (oom_control.order == -1)
 * @OOMTRACE_TRIGGER_MEMORY_MAX: memory.max was set below the usage
 * @OOMTRACE_TRIGGER_MIN_TTL: MGLRU's min_ttl_ms, called by kswapd
 * @OOMTRACE_TRIGGER_DAEMON: an OOM daemon in user space
 * @OOMTRACE_TRIGGER_PAGE_FAULT: the end of a page fault in which an allocation
 *	failed (pagefault_out_of_memory(), mem_cgroup_oom_synchronize()). If the
 *	allocation itself calls the OOM killer, the trigger is "allocation".
 * @OOMTRACE_TRIGGER_OOM_CONTROL: none: memory.oom_control of the cgroup (v1) is 1, so
 *	the OOM killer is not called, and the task waits
 */
enum oomtrace_trigger {
	OOMTRACE_TRIGGER_ALLOCATION,
	OOMTRACE_TRIGGER_SYSRQ,
	OOMTRACE_TRIGGER_MEMORY_MAX,
	OOMTRACE_TRIGGER_MIN_TTL,
	OOMTRACE_TRIGGER_DAEMON,
	OOMTRACE_TRIGGER_PAGE_FAULT,
	OOMTRACE_TRIGGER_OOM_CONTROL,
	OOMTRACE_TRIGGERS,
};

/** OOMTRACE_GFP_NAMES - bytes for the names of gfp flags */
#define OOMTRACE_GFP_NAMES	96

/**
 * struct oomtrace_oom_begin - the OOM killer was called
 * @h: header.
 * @episode: serial number of this OOM since the module was loaded: 1, 2, ...
 * @pid: current->pid: the task that called the OOM killer, or the daemon.
 * @tgid: current->tgid.
 * @uid: current's real uid.
 * @gfp: oom_control.gfp_mask; the bits depend on the kernel release.
 * @comm: current->comm. The victim is usually another task.
 * @cgroup_id: id of current's memory cgroup.
 * @memcg_id: id of the memory cgroup that is out of memory (oom_control.memcg);
 *	absent unless @scope is memcg.
 * @memcg_usage: its page_counter, pages; absent unless @scope is memcg.
 *	Derived: read at entry, after the charge failed.
 * @memcg_limit: its memory.max, pages; absent unless @scope is memcg.
 * @free: NR_FREE_PAGES of the machine, pages. @free to @swap_free are the
 *	kernel's approximate global counters at entry.
 * @file: NR_ACTIVE_FILE + NR_INACTIVE_FILE, pages.
 * @anon: NR_ACTIVE_ANON + NR_INACTIVE_ANON, pages.
 * @shmem: NR_SHMEM, pages.
 * @slab_reclaimable: NR_SLAB_RECLAIMABLE_B, pages.
 * @slab_unreclaimable: NR_SLAB_UNRECLAIMABLE_B, pages.
 * @swap_free: nr_swap_pages, pages.
 * @total_swap: total_swap_pages, pages; 0 on a kernel without CONFIG_SWAP;
 *	otherwise absent if the symbol was not found.
 * @totalram: totalram_pages(), pages.
 * @wmark_min: sum of all zones' min watermarks, pages.
 * @wmark_low: sum of all zones' low watermarks, pages.
 * @wmark_high: sum of all zones' high watermarks, pages.
 * @order: oom_control.order: 2^order pages were requested; -1 for sysrq.
 * @oom_score_adj: current's, -1000 to 1000.
 * @scope: enum oomtrace_scope.
 * @trigger: enum oomtrace_trigger; absent if a memcg OOM may be caused by a write
 *	to memory.max and memory_max_write() was not found.
 * @gfp_names: @gfp as this kernel prints it (printk's %pGg), for example
 *	"GFP_HIGHUSER_MOVABLE|__GFP_ZERO". Absent if it does not fit.
 * @ns_pid: @pid in the task's own pid namespace.
 * @stack: number of the stack record with the callers of out_of_memory();
 *	absent if @scope is userspace, when the stack table is full, and on
 *	kernels that cannot unwind here.
 *
 * Other records of the episode hold more of the memory state: one memory, one
 * psi for each resource and, if @scope is global, one zonelist and one zone for
 * each populated zone, up to 16. They are missing if the episode at first looked
 * like a repeat (struct oomtrace_repeat); @h.ts_ns is then the time when it proved
 * to be none.
 */
struct oomtrace_oom_begin {
	struct oomtrace_header h;
	__u64	episode;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__u32	gfp;
	char	comm[OOMTRACE_COMM_LEN];
	__u64	cgroup_id;
	__u64	memcg_id;
	__u64	memcg_usage;
	__u64	memcg_limit;
	__s64	free;
	__s64	file;
	__s64	anon;
	__s64	shmem;
	__s64	slab_reclaimable;
	__s64	slab_unreclaimable;
	__s64	swap_free;
	__s64	total_swap;
	__s64	totalram;
	__s64	wmark_min;
	__s64	wmark_low;
	__s64	wmark_high;
	__s32	order;
	__s16	oom_score_adj;
	__u8	scope;
	__u8	trigger;
	char	gfp_names[OOMTRACE_GFP_NAMES];
	__s32	ns_pid;
	__u32	stack;
};

/** OOMTRACE_ZONE_NAME - bytes for a zone's name */
#define OOMTRACE_ZONE_NAME	8

/**
 * struct oomtrace_zone - a populated zone when an episode began
 * @h: header.
 * @episode: number of the episode.
 * @node: NUMA node of the zone.
 * @zone: index of the zone on its node (enum zone_type).
 * @name: zone.name: DMA, DMA32, Normal, Movable.
 * @free: NR_FREE_PAGES of the zone, pages. All counters of a zone are the
 *	kernel's approximate ones, as in its OOM report.
 * @wmark_boost: zone.watermark_boost, pages; included in the three watermarks.
 * @wmark_min: min_wmark_pages(), pages.
 * @wmark_low: low_wmark_pages(), pages.
 * @wmark_high: high_wmark_pages(), pages.
 * @reserved_highatomic: zone.nr_reserved_highatomic, pages.
 * @active_anon: NR_ZONE_ACTIVE_ANON, pages.
 * @inactive_anon: NR_ZONE_INACTIVE_ANON, pages.
 * @active_file: NR_ZONE_ACTIVE_FILE, pages.
 * @inactive_file: NR_ZONE_INACTIVE_FILE, pages.
 * @unevictable: NR_ZONE_UNEVICTABLE, pages.
 * @writepending: NR_ZONE_WRITE_PENDING, pages.
 * @present: zone.present_pages, pages.
 * @managed: zone_managed_pages(), pages.
 * @allowed: 1 if the request may use the zone, as constrained_alloc() decides:
 *	the zone is in the request's zonelist, its index is not above
 *	@oomtrace_zonelist.highest_zone, and nodemask and cpuset allow its node;
 *	otherwise 0. Absent if that is not known: the request has no zonelist
 *	(page_fault, min_ttl), or only a cpuset of cgroup v1 can tell.
 * @lowmem_reserve: zone.lowmem_reserve[] for the request's highest zone: pages
 *	kept, above the watermark, for requests that can use no other zone.
 *	Absent if the request has no zonelist.
 * @usable_order: the largest order of a free block on a list that the request
 *	may use: those of unmovable, movable and reclaimable pages and, for a
 *	movable request, of CMA; -1 if there is none. Absent if the request has
 *	no zonelist.
 * @free_order0: free_area[0].nr_free: free blocks of one page, as in
 *	/proc/buddyinfo. Read without the zone's lock, as are all orders.
 * @free_order1: free blocks of 2 pages. Absent if the kernel has no such order;
 *	so is each higher one.
 * @free_order2: free blocks of 4 pages.
 * @free_order3: free blocks of 8 pages.
 * @free_order4: free blocks of 16 pages.
 * @free_order5: free blocks of 32 pages.
 * @free_order6: free blocks of 64 pages.
 * @free_order7: free blocks of 128 pages.
 * @free_order8: free blocks of 256 pages.
 * @free_order9: free blocks of 512 pages.
 * @free_order10: free blocks of 1,024 pages.
 * @free_order11: free blocks of 2,048 pages.
 * @free_order12: free blocks of 4,096 pages.
 * @free_order13: free blocks of 8,192 pages.
 *
 * At most 16 zones are recorded: first those that the request may use, in the
 * order of its zonelist, then the others by node and index.
 * @oomtrace_zonelist.zones_left_out counts the rest.
 */
struct oomtrace_zone {
	struct oomtrace_header h;
	__u64	episode;
	__s32	node;
	__s32	zone;
	char	name[OOMTRACE_ZONE_NAME];
	__s64	free;
	__s64	wmark_boost;
	__s64	wmark_min;
	__s64	wmark_low;
	__s64	wmark_high;
	__s64	reserved_highatomic;
	__s64	active_anon;
	__s64	inactive_anon;
	__s64	active_file;
	__s64	inactive_file;
	__s64	unevictable;
	__s64	writepending;
	__s64	present;
	__s64	managed;
	__s64	lowmem_reserve;
	__s32	usable_order;
	__u8	allowed;
	__u8	reserved[3];
	__u64	free_order0;
	__u64	free_order1;
	__u64	free_order2;
	__u64	free_order3;
	__u64	free_order4;
	__u64	free_order5;
	__u64	free_order6;
	__u64	free_order7;
	__u64	free_order8;
	__u64	free_order9;
	__u64	free_order10;
	__u64	free_order11;
	__u64	free_order12;
	__u64	free_order13;
};

/** OOMTRACE_NODE_LIST - bytes for a list of NUMA nodes */
#define OOMTRACE_NODE_LIST	40

/**
 * struct oomtrace_zonelist - the zones that the request of an episode may use
 * @h: header.
 * @episode: number of the episode.
 * @nodes: nodes of the allowed zones, as a list: "0-1,3". A list is absent if it
 *	does not fit.
 * @nodemask: oom_control.nodemask, the nodes of a memory policy; absent if the
 *	request has none.
 * @mems_allowed: current->mems_allowed, the nodes of its cpuset. Kernel memory
 *	may come from other nodes.
 * @free: sum of NR_FREE_PAGES of the allowed zones, pages. @free to
 *	@usable_free are the kernel's approximate counters at entry.
 * @managed: sum of zone_managed_pages() of the allowed zones, pages.
 * @wmark_min: sum of min_wmark_pages() of the allowed zones, pages.
 * @file: NR_ZONE_ACTIVE_FILE + NR_ZONE_INACTIVE_FILE of the allowed zones, pages.
 * @anon: NR_ZONE_ACTIVE_ANON + NR_ZONE_INACTIVE_ANON of the allowed zones, pages.
 * @slab_reclaimable: NR_SLAB_RECLAIMABLE_B of the nodes in @nodes, pages. The
 *	kernel counts it for whole nodes only.
 * @kernel_misc_reclaimable: NR_KERNEL_MISC_RECLAIMABLE of the nodes in @nodes,
 *	pages.
 * @other_zones_free: NR_FREE_PAGES of those zones of the nodes in @nodes that are
 *	not allowed, because they are above @highest_zone, pages.
 * @other_nodes_free: NR_FREE_PAGES of all zones of the other nodes, pages.
 * @usable_free: NR_FREE_PAGES of the allowed zones that have more free pages than
 *	their min watermark and lowmem_reserve together, pages.
 * @zones: populated zones of the machine.
 * @zones_allowed: number of allowed zones.
 * @zones_left_out: populated zones without a zone record.
 * @highest_zone: index of the highest zone that the request may use:
 *	gfp_zone(gfp). Absent if the request has no zonelist.
 * @usable_order: largest @oomtrace_zone.usable_order of the zones in @usable_free;
 *	-1 if there is no such block.
 * @constraint: enum oomtrace_constraint, derived: what constrained_alloc() will
 *	return. Other causes limit a request too: __GFP_THISNODE, @highest_zone.
 * @reserved: zero.
 *
 * Written for each episode of scope global, before its zone records. If the
 * request has no zonelist (page_fault, min_ttl), or if only a cpuset of cgroup v1
 * can tell what is allowed, then @constraint, @nodes, @zones_allowed and all sums
 * are absent.
 */
struct oomtrace_zonelist {
	struct oomtrace_header h;
	__u64	episode;
	char	nodes[OOMTRACE_NODE_LIST];
	char	nodemask[OOMTRACE_NODE_LIST];
	char	mems_allowed[OOMTRACE_NODE_LIST];
	__s64	free;
	__s64	managed;
	__s64	wmark_min;
	__s64	file;
	__s64	anon;
	__s64	slab_reclaimable;
	__s64	kernel_misc_reclaimable;
	__s64	other_zones_free;
	__s64	other_nodes_free;
	__s64	usable_free;
	__u32	zones;
	__u32	zones_allowed;
	__u32	zones_left_out;
	__s32	highest_zone;
	__s32	usable_order;
	__u8	constraint;
	__u8	reserved[3];
};

/**
 * struct oomtrace_memory - what memory was used for when an episode began
 * @h: header.
 * @episode: number of the episode.
 * @active_anon: NR_ACTIVE_ANON of the machine, pages. @active_anon to @shmem_thp
 *	are the kernel's approximate global counters, as in its OOM report.
 * @inactive_anon: NR_INACTIVE_ANON, pages.
 * @isolated_anon: NR_ISOLATED_ANON, pages.
 * @active_file: NR_ACTIVE_FILE, pages.
 * @inactive_file: NR_INACTIVE_FILE, pages.
 * @isolated_file: NR_ISOLATED_FILE, pages.
 * @unevictable: NR_UNEVICTABLE, pages.
 * @mlocked: NR_MLOCK, pages.
 * @dirty: NR_FILE_DIRTY, pages.
 * @writeback: NR_WRITEBACK, pages.
 * @mapped: NR_FILE_MAPPED, pages.
 * @kernel_misc_reclaimable: NR_KERNEL_MISC_RECLAIMABLE, pages.
 * @kernel_stack_kb: NR_KERNEL_STACK_KB, KiB.
 * @anon_thp: NR_ANON_THPS in pages: anonymous memory in transparent huge pages.
 * @shmem_thp: NR_SHMEM_THPS in pages: shmem in transparent huge pages.
 * @hugetlb: pages in all hugetlb huge pages, used or not; 0 on a kernel without
 *	CONFIG_HUGETLB_PAGE; otherwise absent if the symbol hstates was not found.
 * @hugetlb_free: pages in unused hugetlb huge pages; absent if @hugetlb is.
 * @memcg_swap: swap charged to the cgroup that is out of memory, pages; absent
 *	unless it is a memcg OOM on the cgroup v2 hierarchy.
 * @memcg_swap_max: that cgroup's memory.swap.max, pages; absent if @memcg_swap
 *	is.
 * @pagetables: NR_PAGETABLE: page tables of processes, pages.
 * @sec_pagetables: NR_SECONDARY_PAGETABLE: page tables of virtual machines and of
 *	IOMMUs, pages; absent if the kernel does not count them.
 * @vmalloc: memory of vmalloc, pages, as VmallocUsed in /proc/meminfo. Kernel stacks
 *	are a part of it if the kernel has CONFIG_VMAP_STACK. Absent if the symbol
 *	nr_vmalloc_pages was not found, on kernels that need it.
 * @percpu: per-CPU memory, pages, as Percpu in /proc/meminfo; absent if its symbols
 *	were not found.
 * @zsmalloc: NR_ZSPAGES: compressed memory of zram and zswap, pages.
 * @gpu: NR_GPU_ACTIVE and NR_GPU_RECLAIM: memory of GPUs, pages; absent if the
 *	kernel does not count it.
 * @not_counted: pages of RAM that none of these counters has, nor those of struct
 *	oomtrace_oom_begin: RAM without free pages, the pages on LRU lists (@active_anon
 *	to @unevictable), slab, @pagetables, @sec_pagetables, @vmalloc, kernel stacks
 *	that are not part of it, @percpu, @hugetlb, @kernel_misc_reclaimable, @zsmalloc
 *	and @gpu. These are pages of drivers and of pipes, a balloon, and free pages
 *	that are cached for a CPU. Always derived; below 0 if counters are not exact.
 *	Absent if @vmalloc, @percpu or @hugetlb is.
 */
struct oomtrace_memory {
	struct oomtrace_header h;
	__u64	episode;
	__s64	active_anon;
	__s64	inactive_anon;
	__s64	isolated_anon;
	__s64	active_file;
	__s64	inactive_file;
	__s64	isolated_file;
	__s64	unevictable;
	__s64	mlocked;
	__s64	dirty;
	__s64	writeback;
	__s64	mapped;
	__s64	kernel_misc_reclaimable;
	__s64	kernel_stack_kb;
	__s64	anon_thp;
	__s64	shmem_thp;
	__s64	hugetlb;
	__s64	hugetlb_free;
	__u64	memcg_swap;
	__u64	memcg_swap_max;
	__s64	pagetables;
	__s64	sec_pagetables;
	__s64	vmalloc;
	__s64	percpu;
	__s64	zsmalloc;
	__s64	gpu;
	__s64	not_counted;
};

/**
 * struct oomtrace_memcg - what the memory of a cgroup out of memory was used for
 * @h: header.
 * @episode: number of the episode.
 * @cgroup_id: id of the cgroup that is out of memory.
 * @usage: memory.current (v1: memory.usage_in_bytes), bytes.
 * @limit: memory.max (v1: memory.limit_in_bytes), bytes.
 * @swap: swap that the cgroup uses, bytes: memory.swap.current; in v1 the swap of
 *	memory.stat.
 * @memsw: v1: memory.memsw.usage_in_bytes; absent in v2.
 * @memsw_limit: v1: memory.memsw.limit_in_bytes; absent in v2.
 * @anon: anonymous memory that processes map, bytes. @anon to @hugetlb are the
 *	numbers of memory.stat with these names, of the cgroup and its descendants.
 * @file: page cache, bytes; @shmem is a part of it.
 * @kernel: all memory of the kernel that is charged to the cgroup, bytes, except
 *	for @sock.
 * @kernel_stack: kernel stacks, bytes.
 * @pagetables: page tables, bytes.
 * @sec_pagetables: page tables of virtual machines and of IOMMUs, bytes.
 * @percpu: per-CPU memory, bytes.
 * @sock: buffers of sockets, bytes.
 * @vmalloc: memory that the kernel maps page by page, bytes.
 * @shmem: files in tmpfs, and shared memory, bytes, whether mapped or not.
 * @zswap: compressed swap in memory, bytes.
 * @zswapped: what @zswap is when decompressed, bytes.
 * @file_mapped: @file that processes map, bytes.
 * @file_dirty: @file to be written, bytes.
 * @file_writeback: @file being written, bytes.
 * @swapcached: pages of swap that are in memory, too, bytes.
 * @anon_thp: @anon in transparent huge pages, bytes.
 * @file_thp: @file in transparent huge pages, bytes.
 * @shmem_thp: @shmem in transparent huge pages, bytes.
 * @inactive_anon: anonymous memory and shmem that reclaim would try first, bytes.
 * @active_anon: other anonymous memory and shmem, bytes.
 * @inactive_file: page cache that reclaim would try first, bytes.
 * @active_file: other page cache, bytes.
 * @unevictable: memory that cannot be reclaimed (mlock), bytes.
 * @slab_reclaimable: slab that reclaim may free (dentries, inodes), bytes.
 * @slab_unreclaimable: other slab, bytes.
 * @hugetlb: huge pages of hugetlbfs, bytes; 0 unless the cgroup file system is
 *	mounted with memory_hugetlb_accounting.
 *
 * One for each OOM of a memory cgroup. The numbers of memory.stat are those that
 * the kernel prints in its log of the same OOM. If it prints none, because its log
 * is limited to ten OOMs in five seconds, they are derived: read when the episode
 * begins, and as old as the last time that the kernel added them up over all CPUs.
 * One that the kernel does not count for cgroups is absent (5.10: @kernel,
 * @pagetables, @vmalloc and others). All are absent if the kernel has no BTF.
 */
struct oomtrace_memcg {
	struct oomtrace_header h;
	__u64	episode;
	__u64	cgroup_id;
	__u64	usage;
	__u64	limit;
	__u64	swap;
	__u64	memsw;
	__u64	memsw_limit;
	__u64	anon;
	__u64	file;
	__u64	kernel;
	__u64	kernel_stack;
	__u64	pagetables;
	__u64	sec_pagetables;
	__u64	percpu;
	__u64	sock;
	__u64	vmalloc;
	__u64	shmem;
	__u64	zswap;
	__u64	zswapped;
	__u64	file_mapped;
	__u64	file_dirty;
	__u64	file_writeback;
	__u64	swapcached;
	__u64	anon_thp;
	__u64	file_thp;
	__u64	shmem_thp;
	__u64	inactive_anon;
	__u64	active_anon;
	__u64	inactive_file;
	__u64	active_file;
	__u64	unevictable;
	__u64	slab_reclaimable;
	__u64	slab_unreclaimable;
	__u64	hugetlb;
};

/**
 * enum oomtrace_resource - what stalled tasks waited for
 * @OOMTRACE_RESOURCE_MEMORY: memory, as in /proc/pressure/memory
 * @OOMTRACE_RESOURCE_IO: block devices, as in /proc/pressure/io
 */
enum oomtrace_resource {
	OOMTRACE_RESOURCE_MEMORY,
	OOMTRACE_RESOURCE_IO,
	OOMTRACE_RESOURCES,
};

/**
 * struct oomtrace_psi - pressure stall averages when an episode began
 * @h: header.
 * @episode: number of the episode.
 * @cgroup_id: id of the cgroup that is out of memory; absent: the averages are
 *	those of the whole machine.
 * @some_avg10: share of the last 10 seconds in which at least one task was
 *	stalled, hundredths of a percent.
 * @some_avg60: the same over 60 seconds.
 * @some_avg300: the same over 300 seconds.
 * @full_avg10: share of the last 10 seconds in which all non-idle tasks were
 *	stalled at the same time, hundredths of a percent.
 * @full_avg60: the same over 60 seconds.
 * @full_avg300: the same over 300 seconds.
 * @some_total_ns: time with at least one task stalled, since boot or since the
 *	cgroup was created, nanoseconds.
 * @full_total_ns: time with all non-idle tasks stalled, since boot or since the
 *	cgroup was created, nanoseconds.
 * @age_ns: age of these averages and sums, nanoseconds. While tasks are active
 *	the kernel updates them every two seconds.
 * @resource: enum oomtrace_resource.
 * @reserved: zero.
 *
 * There is no psi record if the kernel has no averages: PSI is disabled, at boot
 * or for this cgroup, or the cgroup is a v1 cgroup.
 */
struct oomtrace_psi {
	struct oomtrace_header h;
	__u64	episode;
	__u64	cgroup_id;
	__u32	some_avg10;
	__u32	some_avg60;
	__u32	some_avg300;
	__u32	full_avg10;
	__u32	full_avg60;
	__u32	full_avg300;
	__u64	some_total_ns;
	__u64	full_total_ns;
	__u64	age_ns;
	__u8	resource;
	__u8	reserved[7];
};

/**
 * enum oomtrace_retry_kind - which retry decision of the allocator
 * @OOMTRACE_RETRY_RECLAIM: should_reclaim_retry(), for one zone
 * @OOMTRACE_RETRY_COMPACT: should_compact_retry()
 */
enum oomtrace_retry_kind {
	OOMTRACE_RETRY_RECLAIM,
	OOMTRACE_RETRY_COMPACT,
	OOMTRACE_RETRIES,
};

/**
 * struct oomtrace_retry - one retry decision of the allocator before an OOM
 * @h: header; @ts_ns is when the episode began, see @age_ns.
 * @episode: number of the episode that followed: the same task's next one,
 *	within ten seconds.
 * @age_ns: time from the retry decision to the episode's begin, nanoseconds.
 * @reclaimable: zone_reclaimable_pages() of the zone, pages; reclaim only.
 * @available: @reclaimable plus the zone's free pages, pages; reclaim only.
 * @min_wmark: the zone's min watermark, pages; reclaim only.
 * @node: NUMA node of the zone; reclaim only.
 * @zone: index of the zone on its node (enum zone_type); reclaim only.
 * @order: order of the allocation.
 * @no_progress_loops: loops in which reclaim freed nothing; reclaim only.
 * @priority: enum compact_priority; compact only.
 * @result: enum compact_result; compact only.
 * @retries: compaction retries so far; compact only.
 * @max_retries: retries that the kernel allows; compact only.
 * @kind: enum oomtrace_retry_kind.
 * @retry: 1 if the kernel retries, 0 if it gives up. A reclaim retry gives up on
 *	this zone only, and the kernel checks the next one.
 * @free_counted: 1 if @reclaimable is the zone's free pages, which some kernels
 *	count when nothing is reclaimable: then @available has them twice. Derived:
 *	compared with the zone's counters. 0 if not; reclaim only.
 * @reserved: zero.
 * @index: number of the retry since the task's last episode, or since the module
 *	first recorded a retry of the task: 1, 2, ...
 * @zone_name: zone.name of the zone; reclaim only.
 *
 * Only global episodes that an allocation triggered have retry records, the last
 * eight. If many tasks retry at once, the retries of some are dropped (the stats
 * file counts them).
 */
struct oomtrace_retry {
	struct oomtrace_header h;
	__u64	episode;
	__u64	age_ns;
	__u64	reclaimable;
	__u64	available;
	__u64	min_wmark;
	__s32	node;
	__s32	zone;
	__s32	order;
	__s32	no_progress_loops;
	__s32	priority;
	__s32	result;
	__s32	retries;
	__s32	max_retries;
	__u8	kind;
	__u8	retry;
	__u8	free_counted;
	__u8	reserved;
	__u32	index;
	char	zone_name[OOMTRACE_ZONE_NAME];
};

/**
 * enum oomtrace_eval - result of oom_evaluate_task() for a task
 * @OOMTRACE_EVAL_LEADING: became oom_control.chosen; a later task may replace it
 * @OOMTRACE_EVAL_KEPT: scored less than oom_control.chosen
 * @OOMTRACE_EVAL_INELIGIBLE: must not be killed, see enum oomtrace_reason
 * @OOMTRACE_EVAL_ABORT: an earlier victim that is still dying; the scan ended
 */
enum oomtrace_eval {
	OOMTRACE_EVAL_LEADING,
	OOMTRACE_EVAL_KEPT,
	OOMTRACE_EVAL_INELIGIBLE,
	OOMTRACE_EVAL_ABORT,
	OOMTRACE_EVALS,
};

/**
 * enum oomtrace_reason - why a task was not eligible, or the scan aborted
 * @OOMTRACE_REASON_NONE: the task is eligible
 * @OOMTRACE_REASON_INIT: the global init process; only in a ranking, because an
 *	OOM's end record counts it
 * @OOMTRACE_REASON_KTHREAD: a kernel thread; in no record, because an OOM's end
 *	record and a ranking count them
 * @OOMTRACE_REASON_NO_MM: none of its threads has an address space any more
 * @OOMTRACE_REASON_ADJ_MIN: its oom_score_adj is -1000
 * @OOMTRACE_REASON_OOM_SKIP: its memory was already reaped (MMF_OOM_SKIP)
 * @OOMTRACE_REASON_VFORK: it is in vfork and uses its parent's memory
 * @OOMTRACE_REASON_CPUSET: its memory is on other nodes (cpuset, mempolicy)
 * @OOMTRACE_REASON_IN_FLIGHT: an earlier OOM killed it and it is still dying
 */
enum oomtrace_reason {
	OOMTRACE_REASON_NONE,
	OOMTRACE_REASON_INIT,
	OOMTRACE_REASON_KTHREAD,
	OOMTRACE_REASON_NO_MM,
	OOMTRACE_REASON_ADJ_MIN,
	OOMTRACE_REASON_OOM_SKIP,
	OOMTRACE_REASON_VFORK,
	OOMTRACE_REASON_CPUSET,
	OOMTRACE_REASON_IN_FLIGHT,
	OOMTRACE_REASONS,
};

/**
 * struct oomtrace_candidate - one task in the OOM killer's scan
 * @h: header.
 * @episode: number of the episode.
 * @pid: the task's pid.
 * @tgid: its thread group id.
 * @uid: its real uid.
 * @index: its position in the scan, from 0, not counting kernel threads and init.
 * @comm: its command name when it was evaluated.
 * @cgroup_id: id of its memory cgroup.
 * @points: return value of oom_badness(), pages, may be negative. Absent if
 *	oom_badness() was not called, was not seen, or found the task ineligible;
 *	LONG_MAX for a task marked as an OOM origin: in swapoff, while it unmerges
 *	the pages of KSM, or while it enlarges a trace buffer.
 * @rss_anon: MM_ANONPAGES, pages. The five memory fields are read just after
 *	oom_badness() has read them: derived if they do not add up to @points.
 *	Absent if the task has no mm or its lock was contended, and, with
 *	candidates=compact, unless the task led, or was a contender when it was
 *	evaluated: one of the 64 with the most points, or the best one with its
 *	oom_score_adj. On kernels whose OOM killer adds up these counters over all
 *	CPUs, they are read without that for other tasks, and are derived.
 * @rss_file: MM_FILEPAGES, pages.
 * @rss_shmem: MM_SHMEMPAGES, pages.
 * @swapents: MM_SWAPENTS, pages.
 * @pgtables_bytes: mm_pgtables_bytes(), bytes.
 * @oom_score_adj: -1000 to 1000.
 * @verdict: enum oomtrace_eval. Absent, with @reason, if a task that was not
 *	scored cannot be told from one whose score was not seen: as long as no
 *	return of oom_badness() was seen in this scan.
 * @reason: enum oomtrace_reason. Derived: inferred from the task's state, by
 *	the kernel's tests in the kernel's order. Never cpuset in a memcg OOM or
 *	with one memory node, where the kernel does not skip tasks for that.
 * @ns_pid: @pid in the task's own pid namespace; absent if the task has already
 *	released its pid, and where candidates=compact omits the memory of a
 *	candidate with points.
 *
 * If a scan has more candidates than its part of the ring has slots, the first
 * ones are recorded, and of the others the contenders, when the scan is over.
 */
struct oomtrace_candidate {
	struct oomtrace_header h;
	__u64	episode;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__u32	index;
	char	comm[OOMTRACE_COMM_LEN];
	__u64	cgroup_id;
	__s64	points;
	__s64	rss_anon;
	__s64	rss_file;
	__s64	rss_shmem;
	__s64	swapents;
	__u64	pgtables_bytes;
	__s16	oom_score_adj;
	__u8	verdict;
	__u8	reason;
	__s32	ns_pid;
};

/**
 * struct oomtrace_exempt - the largest task that an oom_score_adj of -1000 protects
 * @h: header.
 * @episode: number of the episode.
 * @pid: thread group id of the task.
 * @source_pid: thread group id of the process that it may have the oom_score_adj
 *	from: its farthest ancestor, if that one and all in between have the same
 *	oom_score_adj when the episode ends. Derived, since each of them can also
 *	have set it. Absent if the task's parent has another oom_score_adj.
 * @comm: command name of the task.
 * @source_comm: command name of @source_pid; absent if that is.
 * @pages: the task's resident memory and swap when it was a candidate, pages.
 *
 * One for an episode with such a candidate whose memory is known, unless it exits
 * before the end of the episode.
 */
struct oomtrace_exempt {
	struct oomtrace_header h;
	__u64	episode;
	__s32	pid;
	__s32	source_pid;
	char	comm[OOMTRACE_COMM_LEN];
	char	source_comm[OOMTRACE_COMM_LEN];
	__s64	pages;
};

/**
 * enum oomtrace_constraint - oom_control.constraint
 * @OOMTRACE_CONSTRAINT_NONE: the machine is out of memory
 * @OOMTRACE_CONSTRAINT_CPUSET: the nodes of a cpuset are out of memory
 * @OOMTRACE_CONSTRAINT_MEMORY_POLICY: the nodes of a memory policy are
 * @OOMTRACE_CONSTRAINT_MEMCG: a memory cgroup is at its limit
 */
enum oomtrace_constraint {
	OOMTRACE_CONSTRAINT_NONE,
	OOMTRACE_CONSTRAINT_CPUSET,
	OOMTRACE_CONSTRAINT_MEMORY_POLICY,
	OOMTRACE_CONSTRAINT_MEMCG,
	OOMTRACE_CONSTRAINTS,
};

/**
 * enum oomtrace_recomputed - do the recorded points explain the kernel's choice?
 * @OOMTRACE_RECOMPUTED_UNAVAILABLE: candidates or their points are missing, or
 *	none was scanned
 * @OOMTRACE_RECOMPUTED_AGREE: the victim has the highest recorded points
 * @OOMTRACE_RECOMPUTED_TIE: the runner-up has as many; the later one is killed
 * @OOMTRACE_RECOMPUTED_RACED: another task has the highest recorded points
 * @OOMTRACE_RECOMPUTED_ORIGIN: the victim was marked as an OOM origin
 */
enum oomtrace_recomputed {
	OOMTRACE_RECOMPUTED_UNAVAILABLE,
	OOMTRACE_RECOMPUTED_AGREE,
	OOMTRACE_RECOMPUTED_TIE,
	OOMTRACE_RECOMPUTED_RACED,
	OOMTRACE_RECOMPUTED_ORIGIN,
	OOMTRACE_RECOMPUTEDS,
};

/**
 * enum oomtrace_policy - what chose the task, by the message for the kernel's log
 * that oom_kill_process() was called with
 * @OOMTRACE_POLICY_ALLOCATING_TASK: vm.oom_kill_allocating_task: the task that
 *	allocates is killed, and no tasks are compared
 * @OOMTRACE_POLICY_GLOBAL: the comparison of all tasks
 * @OOMTRACE_POLICY_MEMCG: the comparison of the tasks of a memory cgroup
 * @OOMTRACE_POLICY_OTHER: none of these, for example a BPF program that handles
 *	OOMs; it may choose several tasks in one episode
 */
enum oomtrace_policy {
	OOMTRACE_POLICY_ALLOCATING_TASK,
	OOMTRACE_POLICY_GLOBAL,
	OOMTRACE_POLICY_MEMCG,
	OOMTRACE_POLICY_OTHER,
	OOMTRACE_POLICIES,
};

/**
 * OOMTRACE_MESSAGE_LEN - bytes for the message of a policy in a verdict record
 */
#define OOMTRACE_MESSAGE_LEN	64

/**
 * struct oomtrace_verdict - the task that oom_kill_process() was called for
 * @h: header.
 * @episode: number of the episode.
 * @pid: oom_control.chosen's pid.
 * @tgid: its thread group id.
 * @comm: its command name.
 * @cgroup_id: id of its memory cgroup.
 * @points: oom_control.chosen_points, pages. Absent unless @policy is global or
 *	memcg: otherwise no task is scored.
 * @totalpages: oom_control.totalpages, pages: one oom_score_adj is worth a
 *	thousandth of it. Absent if @policy is other and the kernel has not set it.
 * @memcg_id: id of the cgroup that was out of memory; absent if not a memcg OOM.
 * @runner_up_points: highest points of any other task, pages; absent if there
 *	was none, or if the points of some task are not known.
 * @runner_up_pid: pid of that task; absent if @runner_up_points is.
 * @constraint: enum oomtrace_constraint.
 * @recomputed: enum oomtrace_recomputed.
 * @policy: enum oomtrace_policy.
 * @reserved: zero.
 * @message: the message that oom_kill_process() was called with, which the kernel
 *	prints before "Killed process"; cut to 63 bytes. Absent unless @policy is other.
 */
struct oomtrace_verdict {
	struct oomtrace_header h;
	__u64	episode;
	__s32	pid;
	__s32	tgid;
	char	comm[OOMTRACE_COMM_LEN];
	__u64	cgroup_id;
	__s64	points;
	__u64	totalpages;
	__u64	memcg_id;
	__s64	runner_up_points;
	__s32	runner_up_pid;
	__u8	constraint;
	__u8	recomputed;
	__u8	policy;
	__u8	reserved;
	char	message[OOMTRACE_MESSAGE_LEN];
};

/**
 * enum oomtrace_why - why a task became a victim
 * @OOMTRACE_WHY_CHOSEN: oom_kill_process() was called for it
 * @OOMTRACE_WHY_GROUP: memory.oom.group: its whole cgroup is killed
 * @OOMTRACE_WHY_SHARED_MM: it shares the victim's address space, so the OOM killer, or
 *	a process_mrelease() that kills, killed it too
 * @OOMTRACE_WHY_CALLER_EXITING: it called the OOM killer while it was exiting,
 *	and got access to memory reserves
 * @OOMTRACE_WHY_DAEMON: an OOM daemon in user space killed it
 * @OOMTRACE_WHY_DYING: oom_kill_process() was called for it, found it dying already,
 *	and only gave it access to memory reserves: no signal, no kill
 */
enum oomtrace_why {
	OOMTRACE_WHY_CHOSEN,
	OOMTRACE_WHY_GROUP,
	OOMTRACE_WHY_SHARED_MM,
	OOMTRACE_WHY_CALLER_EXITING,
	OOMTRACE_WHY_DAEMON,
	OOMTRACE_WHY_DYING,
	OOMTRACE_WHYS,
};

/**
 * struct oomtrace_victim - a task that dies: marked as OOM victim
 * (mark_oom_victim()), killed together with one, or killed by an OOM daemon
 * @h: header.
 * @episode: number of the episode; absent if the task was marked outside of
 *	every episode.
 * @pid: pid of the marked thread. It is not the process's leader if that has
 *	already exited.
 * @tgid: its thread group id: the process that dies.
 * @uid: its real uid.
 * @oom_score_adj: -1000 to 1000.
 * @why: enum oomtrace_why; absent if @episode is.
 * @signal: the signal sent to it: SIGKILL (9), or from a daemon SIGTERM (15),
 *	which it may survive. Absent if it was exiting without a signal.
 * @comm: its command name.
 * @cgroup_id: id of its memory cgroup.
 * @total_vm: mm->total_vm, pages. This and the next five are absent if the record
 *	of another victim of this episode counts that memory (@why is shared_mm, or a
 *	daemon killed both), and if a daemon's victim is changing its address space.
 * @rss_anon: MM_ANONPAGES when it was marked, pages.
 * @rss_file: MM_FILEPAGES, pages.
 * @rss_shmem: MM_SHMEMPAGES, pages.
 * @swapents: MM_SWAPENTS, pages.
 * @pgtables_bytes: mm_pgtables_bytes(), bytes.
 * @ns_pid: @pid in the task's own pid namespace; absent if the task has already
 *	released its pid.
 * @how: enum oomtrace_how: the daemon's system call that sent @signal; absent if the
 *	kernel sent it. mrelease: process_mrelease() killed, and then reaped.
 * @reserved2: zero.
 * @earlier: number of an earlier episode in which the process was killed, and has not
 *	gone yet; absent if there is none. Such a process is not killed once more.
 */
struct oomtrace_victim {
	struct oomtrace_header h;
	__u64	episode;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__s16	oom_score_adj;
	__u8	why;
	__u8	signal;
	char	comm[OOMTRACE_COMM_LEN];
	__u64	cgroup_id;
	__s64	total_vm;
	__s64	rss_anon;
	__s64	rss_file;
	__s64	rss_shmem;
	__s64	swapents;
	__u64	pgtables_bytes;
	__s32	ns_pid;
	__u8	how;
	__u8	reserved2[3];
	__u64	earlier;
};

/**
 * enum oomtrace_step - a step in freeing a victim's memory
 * @OOMTRACE_STEP_QUEUED: queued for the oom_reaper (2 s after the kill)
 * @OOMTRACE_STEP_START: the reaper started to unmap its address space
 * @OOMTRACE_STEP_FINISH: the reaper finished, perhaps with memory left
 * @OOMTRACE_STEP_SKIP: the reaper could not or need not reap; it may try again
 * @OOMTRACE_STEP_EXITED: the victim's marked thread exited. Its address space is
 *	released if nothing is left and no other task holds it: see @mm_users
 * @OOMTRACE_STEP_RELEASED: process_mrelease() reaped its address space
 */
enum oomtrace_step {
	OOMTRACE_STEP_QUEUED,
	OOMTRACE_STEP_START,
	OOMTRACE_STEP_FINISH,
	OOMTRACE_STEP_SKIP,
	OOMTRACE_STEP_EXITED,
	OOMTRACE_STEP_RELEASED,
	OOMTRACE_STEPS,
};

/**
 * struct oomtrace_reap - one step in freeing a victim's memory
 * @h: header.
 * @episode: number of the victim's episode; absent if more victims were dying
 *	than the module can track.
 * @pid: pid of the victim's marked thread.
 * @step: enum oomtrace_step.
 * @reserved: zero.
 * @since_kill_ns: time since the victim was marked, nanoseconds; absent if
 *	@episode is.
 * @rss_anon: MM_ANONPAGES that its address space still has, pages. The three
 *	rss fields are absent at queued.
 * @rss_file: MM_FILEPAGES, pages.
 * @rss_shmem: MM_SHMEMPAGES, pages.
 * @mm_users: users that still hold its address space (mm->mm_users): other
 *	threads, other processes that share it, and readers of /proc/PID for as
 *	long as they read. Present at exited only. If it is 0 and the rss fields
 *	are not, another task is freeing the memory at that moment.
 * @reserved2: zero.
 */
struct oomtrace_reap {
	struct oomtrace_header h;
	__u64	episode;
	__s32	pid;
	__u8	step;
	__u8	reserved[3];
	__u64	since_kill_ns;
	__s64	rss_anon;
	__s64	rss_file;
	__s64	rss_shmem;
	__u32	mm_users;
	__u32	reserved2;
};

/**
 * enum oomtrace_ending - how an episode ended
 * @OOMTRACE_ENDING_UNKNOWN: the return of out_of_memory() was not seen, or a hook
 *	that would tell is missing or was switched off meanwhile
 * @OOMTRACE_ENDING_KILLED: a victim was chosen and killed; chosen only, since it
 *	was dying or gone already, if struct oomtrace_oom_end's @victims is 0, or the
 *	victim's @why is dying
 * @OOMTRACE_ENDING_NOTIFIER_FREED: an oom notifier freed memory; no kill
 * @OOMTRACE_ENDING_CALLER_EXITING: the caller was exiting and got reserves
 * @OOMTRACE_ENDING_SCAN_ABORTED: the kernel waits for an earlier victim
 * @OOMTRACE_ENDING_NO_FS: the allocation has no __GFP_FS; no kill
 * @OOMTRACE_ENDING_NO_CANDIDATE: no task was eligible
 * @OOMTRACE_ENDING_PANIC: the kernel panicked
 * @OOMTRACE_ENDING_DISABLED: the OOM killer is disabled (suspend)
 * @OOMTRACE_ENDING_MEMORY_CAME: of tasks that waited (OOMTRACE_TRIGGER_OOM_CONTROL), the
 *	last one went on, since memory of the cgroup was freed
 * @OOMTRACE_ENDING_LIMIT_RAISED: the same, since the cgroup's limit of memory, or of memory
 *	and swap together, was raised
 * @OOMTRACE_ENDING_KILLER_ON: the same, since the cgroup's OOM killer was switched on;
 *	an episode with a kill may follow
 * @OOMTRACE_ENDING_WAITERS_KILLED: the last task that waited was killed by a signal
 * @OOMTRACE_ENDING_POLICY_FREED: out_of_memory() returned true, which means that memory
 *	was freed or will be, and the kernel had neither chosen a task nor a reason of its
 *	own; so a policy that is not the kernel's, such as a BPF program, said so
 */
enum oomtrace_ending {
	OOMTRACE_ENDING_UNKNOWN,
	OOMTRACE_ENDING_KILLED,
	OOMTRACE_ENDING_NOTIFIER_FREED,
	OOMTRACE_ENDING_CALLER_EXITING,
	OOMTRACE_ENDING_SCAN_ABORTED,
	OOMTRACE_ENDING_NO_FS,
	OOMTRACE_ENDING_NO_CANDIDATE,
	OOMTRACE_ENDING_PANIC,
	OOMTRACE_ENDING_DISABLED,
	OOMTRACE_ENDING_MEMORY_CAME,
	OOMTRACE_ENDING_LIMIT_RAISED,
	OOMTRACE_ENDING_KILLER_ON,
	OOMTRACE_ENDING_WAITERS_KILLED,
	OOMTRACE_ENDING_POLICY_FREED,
	OOMTRACE_ENDINGS,
};

/**
 * enum oomtrace_panic - why the kernel panicked during an OOM, by the panic's message
 * @OOMTRACE_PANIC_OTHER: for a reason that is not the OOM's: out_of_memory() did not
 *	panic itself
 * @OOMTRACE_PANIC_SYSCTL: vm.panic_on_oom, before any task was looked at; see
 *	check_panic_on_oom()
 * @OOMTRACE_PANIC_NO_TASK: no task was eligible, and the whole machine was out of
 *	memory; see out_of_memory()
 */
enum oomtrace_panic {
	OOMTRACE_PANIC_OTHER,
	OOMTRACE_PANIC_SYSCTL,
	OOMTRACE_PANIC_NO_TASK,
	OOMTRACE_PANICS,
};

/**
 * struct oomtrace_oom_end - the OOM killer returned
 * @h: header.
 * @episode: number of the episode.
 * @duration_ns: time from the entry of out_of_memory() to its return,
 *	nanoseconds; in scope userspace, from the daemon's first signal to its
 *	last. The victims' memory is freed later: see the reap records.
 * @notifier_freed: pages that the oom notifiers reported as freed; absent if
 *	they were not called (memcg).
 * @victims: number of victim records: tasks killed or marked in this episode;
 *	absent if mark_victim is not hooked.
 * @candidates: tasks that the kernel evaluated, without @exempt_init and
 *	@exempt_kthread; in scope userspace, processes in the ranking that the
 *	module made just after the daemon's signal.
 * @missed: those of the @candidates without a candidate record, because the
 *	ring was full or a write was rejected. Those that were scored have no
 *	more points than the best recorded one with the same oom_score_adj.
 *	Records that later episodes overwrote are not counted here but in each
 *	reader's lost records.
 * @ending: enum oomtrace_ending.
 * @panic: enum oomtrace_panic; absent unless @ending is panic.
 * @reserved: zero.
 * @scored: those of the @candidates with points. @scored and the counts below
 *	are absent in scope userspace.
 * @exempt_init: 1 if the kernel evaluated the global init process, which it never
 *	kills. It has no candidate record.
 * @exempt_kthread: kernel threads that the kernel evaluated. They have no
 *	candidate records.
 * @exempt_no_mm: candidates without an address space. Derived, as are all counts
 *	below: by the reason of each candidate (enum oomtrace_reason).
 * @exempt_adj_min: candidates with an oom_score_adj of -1000.
 * @exempt_oom_skip: candidates whose memory was already reaped.
 * @exempt_vfork: candidates in vfork.
 * @exempt_cpuset: candidates with memory on other nodes only.
 */
struct oomtrace_oom_end {
	struct oomtrace_header h;
	__u64	episode;
	__u64	duration_ns;
	__u64	notifier_freed;
	__u32	victims;
	__u32	candidates;
	__u32	missed;
	__u8	ending;
	__u8	panic;
	__u8	reserved[2];
	__u32	scored;
	__u32	exempt_init;
	__u32	exempt_kthread;
	__u32	exempt_no_mm;
	__u32	exempt_adj_min;
	__u32	exempt_oom_skip;
	__u32	exempt_vfork;
	__u32	exempt_cpuset;
};

/**
 * struct oomtrace_repeat - OOMs that ended like an episode, and are only counted
 * @h: header.
 * @episode: number of the episode that they repeat: the last recorded one of the
 *	same cgroup, or of the machine.
 * @count: calls of out_of_memory() that would each have been an episode; they
 *	have no episode number. Each call is in one repeat record only.
 * @first_ns: when the first of these calls began, nanoseconds.
 * @last_ns: when the last of these calls began, nanoseconds.
 * @memcg_id: id of the cgroup that was out of memory; absent if not a memcg OOM.
 * @victim_pid: pid of the dying victim that each call found; absent unless
 *	@ending is scan_aborted.
 * @ending: enum oomtrace_ending: scan_aborted, no_candidate or no_fs. None of
 *	these calls killed or marked a task.
 * @reserved: zero.
 *
 * While a victim is dying, tasks that need its memory call the OOM killer
 * thousands of times a second. One call each second becomes an episode with all
 * its records; a repeat record counts the others, up to a second after the last
 * of them. The counts of an episode's repeat records add up exactly.
 */
struct oomtrace_repeat {
	struct oomtrace_header h;
	__u64	episode;
	__u64	count;
	__u64	first_ns;
	__u64	last_ns;
	__u64	memcg_id;
	__s32	victim_pid;
	__u8	ending;
	__u8	reserved[3];
};

/** OOMTRACE_NAME_PATH - bytes for a path in one name record */
#define OOMTRACE_NAME_PATH	256

/**
 * struct oomtrace_name - the path of a cgroup, or a part of it
 * @h: header. The record is written some time after the episode's end.
 * @episode: number of the episode whose records contain the cgroup's id.
 * @cgroup_id: the id, as in the @cgroup_id or @memcg_id of those records.
 * @length: bytes of the whole path, without NUL; 1 to 1023. Absent if the kernel
 *	does not give the path; so are @offset, @truncated and @path.
 * @offset: position of this part in the path, bytes. A path longer than
 *	OOMTRACE_NAME_PATH is split over consecutive records.
 * @removed: 1 if the cgroup was removed before its path was read; the path is
 *	the one that it had.
 * @truncated: 1 if the path was longer and its end is missing.
 * @reserved: zero.
 * @path: this part of the path, from the root of its hierarchy; without a NUL if
 *	it fills the array.
 *
 * An episode has names for up to 64 cgroups: of the task that called the OOM
 * killer, the one that is out of memory, those of the victims, and as many of
 * the candidates' as fit.
 */
struct oomtrace_name {
	struct oomtrace_header h;
	__u64	episode;
	__u64	cgroup_id;
	__u16	length;
	__u16	offset;
	__u8	removed;
	__u8	truncated;
	__u8	reserved[2];
	char	path[OOMTRACE_NAME_PATH];
};

/** OOMTRACE_CGROUP_PATH - bytes for a path in one cgroup record */
#define OOMTRACE_CGROUP_PATH	128

/**
 * struct oomtrace_cgroup - the path of a cgroup of sigkill records, or a part of it
 * @h: header. The record follows those within a second or two, in their ring.
 * @cgroup_id: the id, as in the @cgroup_id or @victim_cgroup_id of those records.
 * @length: bytes of the whole path, without NUL; 1 to 1023. Absent if the kernel
 *	does not give the path; so are @offset, @truncated and @path.
 * @offset: position of this part in the path, bytes. A path longer than
 *	OOMTRACE_CGROUP_PATH is split over consecutive records.
 * @removed: 1 if the cgroup was removed before its path was read.
 * @truncated: 1 if the path was longer and its end is missing.
 * @reserved: zero.
 * @path: this part of the path, from the root of its hierarchy; without a NUL if
 *	it fills the array.
 */
struct oomtrace_cgroup {
	struct oomtrace_header h;
	__u64	cgroup_id;
	__u16	length;
	__u16	offset;
	__u8	removed;
	__u8	truncated;
	__u8	reserved[2];
	char	path[OOMTRACE_CGROUP_PATH];
};

/**
 * struct oomtrace_wait - a task that waits since its cgroup's OOM killer is off
 * @h: header.
 * @episode: number of the episode.
 * @cgroup_id: id of the task's memory cgroup.
 * @waited_ns: how long it has waited in this episode, nanoseconds. Absent, as @waits
 *	and @killed, in the record of its first wait's begin. Derived, as @killed, if the
 *	end of a wait was seen up to a second late.
 * @pid: pid of the task.
 * @tgid: thread group id of the task.
 * @uid: real uid of the task.
 * @ns_pid: @pid in the task's own pid namespace.
 * @waits: how often it waited: a task that is woken in vain waits again.
 * @killed: 1 if its last wait ended with a signal that kills it, else 0.
 * @reserved: zero.
 * @comm: command name of the task.
 *
 * One when the task first waits, and one when the episode ends, for up to 32 tasks.
 */
struct oomtrace_wait {
	struct oomtrace_header h;
	__u64	episode;
	__u64	cgroup_id;
	__u64	waited_ns;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__s32	ns_pid;
	__u32	waits;
	__u8	killed;
	__u8	reserved[3];
	char	comm[OOMTRACE_COMM_LEN];
};

/**
 * enum oomtrace_reaper - what the kernel's OOM reaper does about a victim
 * @OOMTRACE_REAPER_WAITING: it has not come yet: it starts 2 s after the kill
 * @OOMTRACE_REAPER_TRYING: it has started, or was skipped and tries again
 * @OOMTRACE_REAPER_FINISHED: it has freed what it can
 * @OOMTRACE_REAPER_GAVE_UP: it has given up after ten attempts, since the address space
 *	was locked
 * @OOMTRACE_REAPER_BARRED: it may not free the memory, which a process shares that may
 *	not be killed
 */
enum oomtrace_reaper {
	OOMTRACE_REAPER_WAITING,
	OOMTRACE_REAPER_TRYING,
	OOMTRACE_REAPER_FINISHED,
	OOMTRACE_REAPER_GAVE_UP,
	OOMTRACE_REAPER_BARRED,
	OOMTRACE_REAPERS,
};

/** OOMTRACE_CALLERS - bytes for the names of functions in a remains record */
#define OOMTRACE_CALLERS	104

/**
 * struct oomtrace_remains - what is left of a victim, a second or more after its kill
 * @h: header.
 * @episode: number of the episode; absent if the victim was marked outside one.
 * @since_kill_ns: time since the victim was killed, nanoseconds.
 * @rss_anon: anonymous memory that the victim's address space still has, pages. Absent,
 *	as the next two and @mm_users, if @threads is 0, or if no thread of a daemon's
 *	victim has an address space any more.
 * @rss_file: file pages, pages.
 * @rss_shmem: shared memory, pages.
 * @pid: pid of the victim, as in its victim record.
 * @tgid: its thread group id.
 * @threads: threads that have not exited, at most 16,384; 0: the victim is gone. For one
 *	that the kernel marked, that record comes only after others.
 * @blocked: of these, threads in uninterruptible sleep (state D): no signal reaches
 *	them.
 * @mm_users: mm_users of the address space: threads, processes and others that hold it.
 * @thread_pid: pid of one of these threads, of the first in state D if there is one.
 *	Absent, as all else about that thread, if @threads is 0.
 * @comm: command name of the process.
 * @thread_comm: command name of that thread.
 * @state: its state, as /proc/PID/stat has it: "D", "R", "S", ...
 * @wchan: the function of the kernel that it waits in, as in /proc/PID/wchan. Absent if
 *	it does not wait, and on kernels whose stacks cannot be read: all but x86.
 * @callers: the functions that called @wchan, the nearest first, separated by spaces.
 * @reaper: enum oomtrace_reaper, by the steps that were seen. Absent for the victim of
 *	an OOM daemon, and if these do not tell.
 * @reserved: zero.
 *
 * Ten records in seconds, then at intervals that double, 20 in all.
 */
struct oomtrace_remains {
	struct oomtrace_header h;
	__u64	episode;
	__u64	since_kill_ns;
	__s64	rss_anon;
	__s64	rss_file;
	__s64	rss_shmem;
	__s32	pid;
	__s32	tgid;
	__u32	threads;
	__u32	blocked;
	__u32	mm_users;
	__s32	thread_pid;
	char	comm[OOMTRACE_COMM_LEN];
	char	thread_comm[OOMTRACE_COMM_LEN];
	char	state[8];
	char	wchan[64];
	char	callers[OOMTRACE_CALLERS];
	__u8	reaper;
	__u8	reserved[7];
};

/**
 * enum oomtrace_sender - what sent a SIGKILL
 * @OOMTRACE_SENDER_PROCESS: user space: the current task, by a system call, or as it
 *	exits
 * @OOMTRACE_SENDER_KERNEL: the kernel, for another reason than an OOM
 * @OOMTRACE_SENDER_OOM_KILLER: the kernel's OOM killer
 */
enum oomtrace_sender {
	OOMTRACE_SENDER_PROCESS,
	OOMTRACE_SENDER_KERNEL,
	OOMTRACE_SENDER_OOM_KILLER,
	OOMTRACE_SENDERS,
};

/**
 * enum oomtrace_how - the way in which a SIGKILL was sent
 * @OOMTRACE_HOW_OTHER: none of the below
 * @OOMTRACE_HOW_KILL: kill(2), tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo
 * @OOMTRACE_HOW_PIDFD: pidfd_send_signal(2)
 * @OOMTRACE_HOW_WRITE: a write to a file, such as cgroup.kill
 * @OOMTRACE_HOW_MRELEASE: process_mrelease(2)
 * @OOMTRACE_HOW_EXIT: the sender exits, and the victim asked for the signal then
 *	(PR_SET_PDEATHSIG), or the sender traced it (PTRACE_O_EXITKILL)
 * @OOMTRACE_HOW_PID_NAMESPACE: the sender is the init of a pid namespace and exits,
 *	so the kernel kills all other tasks in there
 * @OOMTRACE_HOW_ITSELF: the kernel kills the task that runs: RLIMIT_CPU, or an exec
 *	that failed too late to return
 */
enum oomtrace_how {
	OOMTRACE_HOW_OTHER,
	OOMTRACE_HOW_KILL,
	OOMTRACE_HOW_PIDFD,
	OOMTRACE_HOW_WRITE,
	OOMTRACE_HOW_MRELEASE,
	OOMTRACE_HOW_EXIT,
	OOMTRACE_HOW_PID_NAMESPACE,
	OOMTRACE_HOW_ITSELF,
	OOMTRACE_HOWS,
};

/**
 * enum oomtrace_sent - what became of a signal (the kernel's TRACE_SIGNAL_*)
 * @OOMTRACE_SENT_DELIVERED: the task gets it
 * @OOMTRACE_SENT_IGNORED: the task is dying already, or is an init that may not be
 *	killed from inside its pid namespace
 * @OOMTRACE_SENT_ALREADY_PENDING: the task has one already
 * @OOMTRACE_SENT_OVERFLOW_FAIL: there was no memory for it
 * @OOMTRACE_SENT_LOSE_INFO: the task gets it, without information on the sender
 */
enum oomtrace_sent {
	OOMTRACE_SENT_DELIVERED,
	OOMTRACE_SENT_IGNORED,
	OOMTRACE_SENT_ALREADY_PENDING,
	OOMTRACE_SENT_OVERFLOW_FAIL,
	OOMTRACE_SENT_LOSE_INFO,
	OOMTRACE_SENTS,
};

/**
 * enum oomtrace_near - the OOM episode that a SIGKILL is near to
 * @OOMTRACE_NEAR_NONE: none was open, and none ended within the last minute
 * @OOMTRACE_NEAR_PART: the SIGKILL is part of the episode: the OOM killer sent it, or
 *	an OOM daemon
 * @OOMTRACE_NEAR_OPEN: the episode of another task was open
 * @OOMTRACE_NEAR_ENDED: the episode had ended
 */
enum oomtrace_near {
	OOMTRACE_NEAR_NONE,
	OOMTRACE_NEAR_PART,
	OOMTRACE_NEAR_OPEN,
	OOMTRACE_NEAR_ENDED,
	OOMTRACE_NEARS,
};

/**
 * struct oomtrace_sigkill - a SIGKILL that was sent
 * @h: header.
 * @cgroup_id: id of the sender's memory cgroup.
 * @victim_cgroup_id: id of the victim's memory cgroup.
 * @oom_episode: number of the episode that @near is about. Absent if there is none,
 *	or if it may only repeat another one and has no number yet.
 * @oom_age_ns: time since the end of that episode, nanoseconds; absent unless @near is
 *	ended.
 * @left_out: SIGKILLs since the previous record that have none of their own, because
 *	there were too many. A record that has only this field reports the last ones.
 * @pid: pid of the sender: the task that ran when the signal was sent. Absent, as
 *	all else about the sender, if that was in an interrupt.
 * @tgid: thread group id of the sender.
 * @uid: real uid of the sender.
 * @ns_pid: @pid in the sender's own pid namespace.
 * @parent_pid: thread group id of the sender's parent.
 * @victim_pid: pid of the task that the signal was sent to.
 * @victim_tgid: thread group id of that task: all of its threads die.
 * @victim_uid: real uid of the victim.
 * @victim_ns_pid: @victim_pid in the victim's own pid namespace; absent if the victim
 *	has already released its pid.
 * @comm: command name of the sender's process.
 * @parent_comm: command name of the sender's parent.
 * @victim_comm: command name of the victim's process.
 * @sender: enum oomtrace_sender.
 * @how: enum oomtrace_how.
 * @result: enum oomtrace_sent.
 * @near: enum oomtrace_near.
 *
 * Written while signals=kill, to the ring of commit decisions: no number of signals
 * overwrites an OOM. Cgroup records have the cgroups' paths.
 */
struct oomtrace_sigkill {
	struct oomtrace_header h;
	__u64	cgroup_id;
	__u64	victim_cgroup_id;
	__u64	oom_episode;
	__u64	oom_age_ns;
	__u64	left_out;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__s32	ns_pid;
	__s32	parent_pid;
	__s32	victim_pid;
	__s32	victim_tgid;
	__u32	victim_uid;
	__s32	victim_ns_pid;
	__u8	sender;
	__u8	how;
	__u8	result;
	__u8	near;
	char	comm[OOMTRACE_COMM_LEN];
	char	parent_comm[OOMTRACE_COMM_LEN];
	char	victim_comm[OOMTRACE_COMM_LEN];
};

/**
 * struct oomtrace_lost - records that were overwritten before they were read
 * @h: header: @cpu, and the ring in @flags, where they were; @ts_ns is that of
 *	the next record that the reader gets from there.
 * @count: exact number of records lost to this reader.
 * @ring: enum oomtrace_ring_id.
 * @reserved: zero.
 */
struct oomtrace_lost {
	struct oomtrace_header h;
	__u64	count;
	__u8	ring;
	__u8	reserved[7];
};

/**
 * OOMTRACE_MAX_RECORD - bytes of the longest record of this ABI version
 *
 * A buffer of this size always holds at least one record. read() fails with
 * EINVAL if the buffer is too small for the next record.
 */
#define OOMTRACE_MAX_RECORD	1024

/**
 * struct oomtrace_ring_page - first page of a mapping: one ring on one CPU
 * @abi: OOMTRACE_ABI_VERSION; a reader that does not know it must stop.
 * @size: bytes of this struct in use; a later version may have more.
 * @data_offset: bytes from the start of this page to slot 0.
 * @slot_size: bytes from one slot to the next; no record is longer.
 * @slots: number of slots.
 * @generation: 0 at first, plus 1 each time the memory is replaced: by a resize,
 *	or when a CPU that had none gets some.
 * @cpu: CPU of the ring.
 * @ring: enum oomtrace_ring_id.
 * @closed: 1 if the ring has moved to new memory: no more records are written
 *	here.
 * @reserved: zero.
 * @first: number of the oldest record that was ever here.
 * @reserved2: zero.
 * @head: number of the last complete record; 0: none yet. In a cache line of its
 *	own.
 *
 * All members except @closed and @head are constant. To map a ring, get offset
 * and size from OOMTRACE_IOC_RING, then call mmap(NULL, mmap_size, PROT_READ,
 * MAP_SHARED, fd, mmap_offset). It fails with EINVAL if the size is not the
 * ring's, for example after a resize: call the ioctl again. A mapping stays
 * valid whatever happens to the ring. It keeps the module loaded and pins the
 * memory that it maps, even after a resize.
 *
 * To read the ring, keep the number "next" of the next record to read (@first or
 * later). The barriers have their C11 names:
 *
 *  1. Load @head with acquire order. If next > @head, no record is available: go
 *     to 5.
 *  2. oldest = max(@first, @head >= @slots ? @head - @slots + 1 : 1). If
 *     next < oldest, exactly oldest - next records are lost: count them and set
 *     next = oldest.
 *  3. The record is at @data_offset + (next - 1) % @slots * @slot_size. Copy it,
 *     at most @slot_size bytes, and trust nothing in it yet. Then issue an
 *     acquire fence.
 *  4. Load the record's header.seq from the mapping. If it equals next, the copy
 *     is valid: next++, and go to 3 while next <= the loaded @head. Otherwise
 *     the record was overwritten: count one lost record, next++, and go to 1.
 *  5. Load @closed with acquire order. If it is 0, wait and go to 1. Otherwise
 *     load @head again. If next > @head, everything is read: unmap, call
 *     OOMTRACE_IOC_RING again, map, and continue with the same next. Numbers
 *     continue, and step 2 counts the records that did not fit the new memory.
 *
 * A CPU that was never online since load has no memory for records. Its page can
 * be mapped all the same: OOMTRACE_IOC_RING returns the size, @slots is 0, and
 * @head stays 0. When the CPU has memory, @closed becomes 1, and step 5 maps it.
 *
 * To wait, call lseek(fd, 0, SEEK_END), repeat step 1 in each mapping, and call
 * poll(fd) only if no mapping has a record. Load @head and header.seq as 64 bits
 * at once, in 32-bit programs too (__atomic_load_n() does). OOMTRACE_IOC_STACK
 * returns the stacks.
 */
struct oomtrace_ring_page {
	__u32	abi;
	__u32	size;
	__u32	data_offset;
	__u32	slot_size;
	__u32	slots;
	__u32	generation;
	__u32	cpu;
	__u32	ring;
	__u32	closed;
	__u32	reserved;
	__u64	first;
	__u64	reserved2[2];
	__u64	head;
};

/**
 * struct oomtrace_ring_cpu_info - one ring on one CPU (OOMTRACE_IOC_RING)
 * @size: in: sizeof(struct oomtrace_ring_cpu_info); EINVAL otherwise.
 * @ring: in: enum oomtrace_ring_id; EINVAL for any other value.
 * @cpu: in: CPU number; EINVAL if it is not a possible CPU.
 * @slot_size: out: bytes from one slot to the next.
 * @slots: out: number of slots; 0: the CPU has no memory (yet).
 * @generation: out: as in struct oomtrace_ring_page.
 * @mmap_offset: out: offset for mmap(); constant while the module is loaded. Its
 *	value has no other meaning.
 * @mmap_size: out: size for mmap(), bytes, never 0; a resize changes it.
 * @first: out: as in struct oomtrace_ring_page.
 * @written: out: records written since load: the number of the last one.
 * @refused: out: nested writes rejected, for each enum oomtrace_refusal.
 */
struct oomtrace_ring_cpu_info {
	__u32	size;
	__u32	ring;
	__u32	cpu;
	__u32	slot_size;
	__u32	slots;
	__u32	generation;
	__u64	mmap_offset;
	__u64	mmap_size;
	__u64	first;
	__u64	written;
	__u64	refused[OOMTRACE_REFUSALS];
};

/**
 * struct oomtrace_resize - change the size of a ring (OOMTRACE_IOC_RESIZE)
 * @size: sizeof(struct oomtrace_resize); EINVAL otherwise.
 * @ring: enum oomtrace_ring_id; EINVAL for any other value.
 * @kb: KiB per CPU that is or was online, and for each that comes online (KiB in
 *	all for the ring of candidates); 16 to 1048576, rounded up to whole pages;
 *	EINVAL otherwise.
 *	If the memory cannot be allocated, the ring is unchanged and the ioctl
 *	fails with ENOMEM.
 * @flags: zero; EINVAL otherwise.
 *
 * The newest records that fit are kept. Hooks, readers and mappings continue.
 */
struct oomtrace_resize {
	__u32	size;
	__u32	ring;
	__u32	kb;
	__u32	flags;
};

/**
 * enum oomtrace_whence - a reader's new position (@oomtrace_seek.whence)
 * @OOMTRACE_SEEK_OLDEST: the oldest buffered record; as lseek(fd, 0, SEEK_SET)
 * @OOMTRACE_SEEK_NEWEST: past all buffered records; as lseek(fd, 0, SEEK_END)
 * @OOMTRACE_SEEK_SEQ: record @value of @ring on @cpu; other rings and CPUs keep
 *	their position
 * @OOMTRACE_SEEK_EPISODE: in all rings on all CPUs, the first record that is not
 *	older than the begin of OOM episode @value
 */
enum oomtrace_whence {
	OOMTRACE_SEEK_OLDEST,
	OOMTRACE_SEEK_NEWEST,
	OOMTRACE_SEEK_SEQ,
	OOMTRACE_SEEK_EPISODE,
};

/**
 * struct oomtrace_seek - move a reader (OOMTRACE_IOC_SEEK)
 * @size: sizeof(struct oomtrace_seek); EINVAL otherwise.
 * @whence: enum oomtrace_whence; EINVAL for any other value.
 * @ring: enum oomtrace_ring_id for OOMTRACE_SEEK_SEQ; otherwise zero, or EINVAL.
 * @cpu: CPU number for OOMTRACE_SEEK_SEQ; otherwise zero, or EINVAL.
 * @value: number of a record, from 1, or of an episode; otherwise zero, or
 *	EINVAL. If the record was overwritten, the reader gets a lost record.
 *	ENXIO if it is more than one past the last written record. ENOENT if the
 *	episode's begin record is not buffered.
 */
struct oomtrace_seek {
	__u32	size;
	__u32	whence;
	__u32	ring;
	__u32	cpu;
	__u64	value;
};

/**
 * struct oomtrace_stats_info - counters since load (OOMTRACE_IOC_STATS)
 * @size: in: sizeof(struct oomtrace_stats_info); EINVAL otherwise.
 * @reserved: in: zero; EINVAL otherwise.
 * @granted: out: requests granted, by overcommit mode; [3]: mode unknown.
 * @denied: out: requests denied, by overcommit mode; [3]: mode unknown.
 * @unrecorded: out: decisions whose record the ring rejected: a nested write, or a CPU
 *	without memory.
 * @stacks_refused: out: denials without a stack because the table was full.
 * @endings: out: OOM episodes by enum oomtrace_ending; entries beyond
 *	OOMTRACE_ENDINGS are reserved.
 */
struct oomtrace_stats_info {
	__u32	size;
	__u32	reserved;
	__u64	granted[4];
	__u64	denied[4];
	__u64	unrecorded;
	__u64	stacks_refused;
	__u64	endings[16];
};

/**
 * struct oomtrace_ring_info - geometry of one ring
 * @slot_size: bytes from one slot to the next.
 * @slots: number of slots per CPU that has memory.
 * @bytes: memory of all CPUs together, bytes, including replaced memory that is
 *	still mapped.
 * @written: records written since load, all CPUs.
 * @refused: nested writes rejected since load, all CPUs.
 */
struct oomtrace_ring_info {
	__u32	slot_size;
	__u32	slots;
	__u64	bytes;
	__u64	written;
	__u64	refused;
};

/**
 * struct oomtrace_info - state of the module (OOMTRACE_IOC_INFO)
 * @size: in: sizeof(struct oomtrace_info) of the caller, which is also part of
 *	the ioctl's number; EINVAL if it is smaller than OOMTRACE_INFO_SIZE_VER1.
 *	Members that the module does not know are zeroed. Out: bytes that the
 *	module knows.
 * @abi: out: OOMTRACE_ABI_VERSION of the module.
 * @page_size: out: bytes of a page.
 * @cpus: out: number of CPUs that have or can get rings (possible CPUs).
 * @boot_offset_ns: out: CLOCK_BOOTTIME minus CLOCK_MONOTONIC now, nanoseconds.
 * @wall_offset_ns: out: CLOCK_REALTIME minus CLOCK_MONOTONIC now, nanoseconds.
 * @episodes: out: OOM episodes since load.
 * @enabled: out: 1 if the hooks are armed.
 * @hooks_missing: out: hooks that could not attach or do not fire; the hooks
 *	file says why.
 * @ring: out: the rings of commit decisions and OOM episodes.
 * @hooks: out: number of hooks, attached or not.
 * @cpu_ids: out: all CPU numbers are lower; not each lower one is a possible CPU.
 * @ring_cpus: out: number of CPUs whose rings have memory. The others were never
 *	online since load, or there was no memory for them when they came.
 * @reserved: out: zero.
 * @no_memory: out: records lost since load because the CPU was online without
 *	memory, all rings and CPUs; not part of @refused.
 * @candidates: out: the ring of candidates; a module without one leaves it zero.
 */
struct oomtrace_info {
	__u32	size;
	__u32	abi;
	__u32	page_size;
	__u32	cpus;
	__s64	boot_offset_ns;
	__s64	wall_offset_ns;
	__u64	episodes;
	__u32	enabled;
	__u32	hooks_missing;
	struct oomtrace_ring_info ring[OOMTRACE_INFO_RINGS];
	__u32	hooks;
	__u32	cpu_ids;
	__u32	ring_cpus;
	__u32	reserved;
	__u64	no_memory;
	struct oomtrace_ring_info candidates;
};

/** OOMTRACE_INFO_SIZE_VER1 - bytes of struct oomtrace_info's first version */
#define OOMTRACE_INFO_SIZE_VER1	112

/**
 * enum oomtrace_filter_bits - conditions of a filter (@oomtrace_filter.mask)
 * @OOMTRACE_FILTER_PID: current->pid is @pid
 * @OOMTRACE_FILTER_TGID: current->tgid is @tgid
 * @OOMTRACE_FILTER_COMM: current->comm is @comm
 * @OOMTRACE_FILTER_UID: current's real uid is @uid
 * @OOMTRACE_FILTER_CGROUP: current's memory cgroup is @cgroup_id
 * @OOMTRACE_FILTER_MIN_PAGES: the request is for at least @min_pages
 * @OOMTRACE_FILTER_OUTCOME: the request is denied (@denied 1) or granted (0)
 * @OOMTRACE_FILTER_MODE: the overcommit mode is @mode
 * @OOMTRACE_FILTER_ALL: all of these bits; any other is EINVAL
 */
enum oomtrace_filter_bits {
	OOMTRACE_FILTER_PID		= 1,
	OOMTRACE_FILTER_TGID		= 2,
	OOMTRACE_FILTER_COMM		= 4,
	OOMTRACE_FILTER_UID		= 8,
	OOMTRACE_FILTER_CGROUP		= 16,
	OOMTRACE_FILTER_MIN_PAGES	= 32,
	OOMTRACE_FILTER_OUTCOME		= 64,
	OOMTRACE_FILTER_MODE		= 128,
	OOMTRACE_FILTER_ALL		= 255,
};

/**
 * struct oomtrace_filter - which commit decisions are recorded
 * @size: sizeof(struct oomtrace_filter); EINVAL otherwise.
 * @mask: enum oomtrace_filter_bits that must all be met; 0: no filter.
 * @pid: pid of the task.
 * @tgid: thread group id of the task.
 * @uid: real uid of the task.
 * @denied: 1 denied, 0 granted.
 * @mode: overcommit mode, 0, 1 or 2.
 * @reserved: zero; EINVAL otherwise.
 * @comm: the whole command name, NUL-terminated.
 * @cgroup_id: id of the task's memory cgroup.
 * @min_pages: smallest request, pages. A request whose size overflowed in the kernel has
 *	negative pages, and is larger than any.
 *
 * A field whose bit is not in @mask must be zero. A filter affects recording
 * only: every decision is counted.
 */
struct oomtrace_filter {
	__u32	size;
	__u32	mask;
	__s32	pid;
	__s32	tgid;
	__u32	uid;
	__u8	denied;
	__u8	mode;
	__u8	reserved[2];
	char	comm[OOMTRACE_COMM_LEN];
	__u64	cgroup_id;
	__s64	min_pages;
};

/**
 * struct oomtrace_ranking - processes as OOM candidates (OOMTRACE_IOC_RANKING)
 * @size: in: sizeof(struct oomtrace_ranking); EINVAL otherwise.
 * @room: in: number of records that fit at @records; 0: return only the counts.
 * @records: in: address of an array of struct oomtrace_candidate. The ioctl
 *	fills in one for each process, the most likely victim first; processes
 *	that are not eligible follow, with their reason. @episode is absent;
 *	@points, @verdict, @reason and @index are derived.
 * @cgroup_id: in: id of the memory cgroup that would be out of memory; 0: the
 *	machine. ESRCH if the cgroup has no process.
 * @totalpages: out: pages of RAM and swap, or the cgroup's limit; one
 *	oom_score_adj is worth a thousandth of it.
 * @count: out: number of processes; if it exceeds @room, the last are omitted.
 * @eligible: out: number of processes that can be killed.
 * @kthreads: out: number of kernel threads, which have no record.
 * @reserved: zero.
 */
struct oomtrace_ranking {
	__u32	size;
	__u32	room;
	__u64	records;
	__u64	cgroup_id;
	__u64	totalpages;
	__u32	count;
	__u32	eligible;
	__u32	kthreads;
	__u32	reserved;
};

/** OOMTRACE_DAEMONS - largest number of OOM daemon commands */
#define OOMTRACE_DAEMONS	16

/**
 * struct oomtrace_daemons - commands that are OOM daemons (OOMTRACE_IOC_DAEMONS)
 * @size: sizeof(struct oomtrace_daemons); EINVAL otherwise.
 * @count: number of entries in @comm, 0 to OOMTRACE_DAEMONS; EINVAL otherwise.
 * @comm: whole command names, NUL-terminated and not empty; EINVAL otherwise.
 *	Their kills are recorded as episodes of scope userspace.
 */
struct oomtrace_daemons {
	__u32	size;
	__u32	count;
	char	comm[OOMTRACE_DAEMONS][OOMTRACE_COMM_LEN];
};

/**
 * OOMTRACE_IOC_INFO - fill in a struct oomtrace_info
 *
 * The struct may grow: the module accepts this ioctl number with any size that
 * is at least OOMTRACE_INFO_SIZE_VER1.
 */
#define OOMTRACE_IOC_INFO	_IOWR('O', 0x70, struct oomtrace_info)
/** OOMTRACE_IOC_ENABLE - arm (1) or disarm (0) the hooks; EINVAL otherwise */
#define OOMTRACE_IOC_ENABLE	_IOW('O', 0x71, __u32)
/** OOMTRACE_IOC_SET_FILTER - replace the filter, for all readers */
#define OOMTRACE_IOC_SET_FILTER	_IOW('O', 0x72, struct oomtrace_filter)
/** OOMTRACE_IOC_GET_FILTER - get the current filter; @size must be set */
#define OOMTRACE_IOC_GET_FILTER	_IOWR('O', 0x73, struct oomtrace_filter)
/** OOMTRACE_IOC_COMMIT_RECORDS - record 0 denied, 1 all, 2 none; else EINVAL */
#define OOMTRACE_IOC_COMMIT_RECORDS	_IOW('O', 0x74, __u32)
/** OOMTRACE_IOC_NEAR_PERCENT - record grants with less left: 0 (off) to 100 % */
#define OOMTRACE_IOC_NEAR_PERCENT	_IOW('O', 0x75, __u32)
/** OOMTRACE_IOC_RANKING - rank the processes as OOM candidates; kills none */
#define OOMTRACE_IOC_RANKING	_IOWR('O', 0x76, struct oomtrace_ranking)
/** OOMTRACE_IOC_DAEMONS - replace the list of OOM daemons */
#define OOMTRACE_IOC_DAEMONS	_IOW('O', 0x77, struct oomtrace_daemons)
/** OOMTRACE_IOC_RESIZE - change the size of a ring */
#define OOMTRACE_IOC_RESIZE	_IOW('O', 0x78, struct oomtrace_resize)
/** OOMTRACE_IOC_SEEK - move this reader */
#define OOMTRACE_IOC_SEEK	_IOW('O', 0x79, struct oomtrace_seek)
/** OOMTRACE_IOC_RING - get one CPU's ring: geometry, mapping, counters */
#define OOMTRACE_IOC_RING	_IOWR('O', 0x7a, struct oomtrace_ring_cpu_info)
/** OOMTRACE_IOC_STATS - get the counters since load */
#define OOMTRACE_IOC_STATS	_IOWR('O', 0x7b, struct oomtrace_stats_info)
/** OOMTRACE_IOC_STACK - get the stack with number @id; ENOENT if there is none */
#define OOMTRACE_IOC_STACK	_IOWR('O', 0x7c, struct oomtrace_stack)

/** OOMTRACE_IOC_CANDIDATES - record the memory of 0 contenders, 1 all; else EINVAL */
#define OOMTRACE_IOC_CANDIDATES	_IOW('O', 0x7d, __u32)

/** OOMTRACE_IOC_SIGNALS - record 0 none of all signals, 1 SIGKILL; else EINVAL */
#define OOMTRACE_IOC_SIGNALS	_IOW('O', 0x84, __u32)
/** OOMTRACE_IOC_REFUSALS - record refused system calls: 0 off, 1 on; else EINVAL */
#define OOMTRACE_IOC_REFUSALS	_IOW('O', 0x80, __u32)

/*
 * Position: a newly opened device starts at the oldest buffered record.
 * lseek(fd, 0, SEEK_SET) returns there, and lseek(fd, 0, SEEK_END) skips all
 * records written so far; other offsets fail with EINVAL. OOMTRACE_IOC_SEEK has
 * more choices. Skipped records do not count as lost.
 */

#endif /* _UAPI_OOMTRACE_H */
