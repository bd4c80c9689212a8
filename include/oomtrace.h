/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The record ABI of oomtrace, shared by the module and user space.
 *
 * This file says what bytes /dev/oomtrace gives and what they mean, and nothing
 * else: no function of the module, no helper of the tools. The module fills
 * these structs (module/commit.c, selection.c, victim.c), its rings keep them
 * (module/ring.c), and whoever reads the device gets them unchanged. The names
 * of the fields for text and JSON are in common/fields.h, which this file's
 * structs must match (checked at build time).
 *
 * Rules of the ABI
 *  - Every record starts with struct oomtrace_header. A reader that does not
 *    know a type, or finds a record longer than it expects, skips by
 *    @header.size. Fields are only ever added at the end of a struct.
 *  - All records are 8-byte aligned and a multiple of 8 bytes long; padding is
 *    explicit and zero. Byte order is the machine's.
 *  - A field that could not be had is zero and its bit in @header.valid is 0.
 *    Bit n stands for the n-th field of the type's list in common/fields.h
 *    (the header's own fields and padding do not count and are always there).
 *  - A field that is not the very value the kernel used, but was read a moment
 *    before or after, or worked out from what was, has its bit in
 *    @header.derived set as well. The comments say when that can be.
 *  - "pages" are pages of the kernel's base size, "bytes" are bytes, and
 *    "_ns" are nanoseconds of CLOCK_MONOTONIC.
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
 * @OOMTRACE_COMMIT: one answer of __vm_enough_memory()
 * @OOMTRACE_OOM_BEGIN: out_of_memory() was entered: an episode starts
 * @OOMTRACE_RETRY: a reclaim or compaction retry that led to an episode
 * @OOMTRACE_CANDIDATE: one task that the OOM killer looked at
 * @OOMTRACE_VERDICT: the task that oom_kill_process() was called for
 * @OOMTRACE_VICTIM: a task that was killed, or was dying and got the reserves
 * @OOMTRACE_REAP: a step on the way from the kill to free memory
 * @OOMTRACE_OOM_END: out_of_memory() returned, or will never return
 * @OOMTRACE_LOST: made for one reader: records it did not get
 * @OOMTRACE_MARK: an overcommit knob was seen to have changed
 * @OOMTRACE_STACK: made for one reader: a stack that records refer to by number
 * @OOMTRACE_ZONE: one zone's free pages and watermarks when an episode began
 * @OOMTRACE_MEMORY: what memory was used for when an episode began
 * @OOMTRACE_PSI: who had been waiting for memory or I/O when an episode began
 * @OOMTRACE_NAME: the path of a cgroup that an episode's records name by id
 * @OOMTRACE_REPEAT: OOMs that ended as one that was told, counted
 * @OOMTRACE_SAMPLE: never the module's: made by a program that saves records
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
	OOMTRACE_SAMPLE		= 20,
};

/**
 * enum oomtrace_ring_id - which ring a record was kept in
 * @OOMTRACE_RING_COMMIT: commit decisions, a flood
 * @OOMTRACE_RING_OOM: OOM episodes, rare; never evicted by the flood
 * @OOMTRACE_RINGS: how many rings there are
 */
enum oomtrace_ring_id {
	OOMTRACE_RING_COMMIT	= 0,
	OOMTRACE_RING_OOM	= 1,
	OOMTRACE_RINGS		= 2,
};

/**
 * enum oomtrace_refusal - what a write was in that came inside another one
 * @OOMTRACE_REFUSED_TASK: process context: a probe inside the module's own
 * @OOMTRACE_REFUSED_SOFTIRQ: a softirq
 * @OOMTRACE_REFUSED_IRQ: an interrupt
 * @OOMTRACE_REFUSED_NMI: a non-maskable interrupt
 * @OOMTRACE_REFUSALS: how many there are
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
 * @size: bytes of the whole record, this header included; a multiple of 8.
 * @cpu: CPU that wrote the record, and so whose ring held it.
 * @flags: OOMTRACE_FLAG_RING; the other bits are zero.
 * @seq: number of the record in its ring on its CPU: 1, 2, 3... with no gap as
 *	written. In a ring's memory, 0 says that the slot is being written. For
 *	a lost record: the number of the first record that this reader missed.
 * @ts_ns: CLOCK_MONOTONIC when the record was written, nanoseconds. Add
 *	struct oomtrace_info's @boot_offset_ns for CLOCK_BOOTTIME.
 * @valid: bit n: the n-th field of this type (common/fields.h) is there.
 * @derived: bit n: that field is not the kernel's own number of that moment.
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
 * enum oomtrace_origin - what asked for address space
 * @OOMTRACE_ORIGIN_OTHER: none of the below: stack growth, swapoff, drivers
 * @OOMTRACE_ORIGIN_MMAP: mmap(2), mmap2
 * @OOMTRACE_ORIGIN_BRK: brk(2)
 * @OOMTRACE_ORIGIN_FORK: fork, vfork, clone, clone3 (the mm is the parent's)
 * @OOMTRACE_ORIGIN_MPROTECT: mprotect(2), pkey_mprotect(2)
 * @OOMTRACE_ORIGIN_MREMAP: mremap(2)
 * @OOMTRACE_ORIGIN_SHMEM: tmpfs, shmget, memfd
 * @OOMTRACE_ORIGIN_EXEC: execve, execveat (the mm is the new program's)
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
	OOMTRACE_ORIGINS,
};

/**
 * enum oomtrace_recorded - why a commit decision has a record
 * @OOMTRACE_RECORDED_DENIED: it was a denial
 * @OOMTRACE_RECORDED_ALL: everything is recorded (commit_records=all)
 * @OOMTRACE_RECORDED_NEAR: it was granted, but little was left (near_percent)
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
 * @pid: current->pid, in the initial pid namespace.
 * @tgid: current->tgid, likewise.
 * @uid: current's real uid, in the initial user namespace.
 * @ret: what the kernel answered: 0 or -ENOMEM (-12).
 * @comm: current->comm; bytes after the NUL are zero.
 * @cgroup_id: id of current's memory cgroup (= inode of its directory).
 * @pages: pages asked for, the function's second argument; may be absurd.
 * @committed: the approximate vm_committed_as that the kernel compared, after
 *	it charged @pages; pages. Derived when another CPU changed the counter
 *	during the call, which shows by its value before and after, or by an
 *	answer that it does not explain. Absent in modes 0 and 1, which compare
 *	no counter.
 * @allowed: what @committed was compared with; pages. In mode 0 it is what
 *	@pages was compared with: @totalram + @total_swap. Absent in mode 1.
 * @limit: vm_commit_limit(), /proc/meminfo's CommitLimit; pages; all modes.
 * @admin_reserve: sysctl_admin_reserve_kbytes in pages.
 * @user_reserve: sysctl_user_reserve_kbytes in pages.
 * @total_vm: mm->total_vm of the mm that was asked about, pages; absent if the
 *	caller gave none.
 * @totalram: totalram_pages().
 * @total_swap: total_swap_pages.
 * @hugetlb: hugetlb_total_pages(): taken off RAM when the limit is by ratio.
 * @overcommit_kbytes: sysctl_overcommit_kbytes; 0: the limit is by ratio.
 * @overcommit_ratio: sysctl_overcommit_ratio, percent.
 * @mode: sysctl_overcommit_memory at entry: 0 guess, 1 always, 2 never. Derived
 *	if the answer is not explained by it: it was changed during the call, or
 *	@committed was.
 * @cap_sys_admin: the function's third argument: 1 may use the admin reserve.
 * @origin: enum oomtrace_origin. Told from the system call that current is in.
 * @recorded: enum oomtrace_recorded.
 * @stack: number of the stack record that tells how the kernel got here;
 *	absent for grants, when the table of stacks is full, and on kernels that
 *	cannot unwind a return probe's stack (before 5.15).
 * @left_out: near misses on this CPU that were not recorded since the last one
 *	that was, to keep their rate down.
 *
 * In mode 2 the kernel's sum is: @allowed = @limit - (@cap_sys_admin ? 0 :
 * @admin_reserve) - min(@total_vm / 32, @user_reserve), the last term only with
 * an mm; granted if and only if @committed < @allowed.
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
 * enum oomtrace_knob - a sysctl that takes part in commit decisions
 * @OOMTRACE_KNOB_MEMORY: vm.overcommit_memory
 * @OOMTRACE_KNOB_RATIO: vm.overcommit_ratio, percent
 * @OOMTRACE_KNOB_KBYTES: vm.overcommit_kbytes
 * @OOMTRACE_KNOB_ADMIN_RESERVE: vm.admin_reserve_kbytes
 * @OOMTRACE_KNOB_USER_RESERVE: vm.user_reserve_kbytes
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
 * struct oomtrace_mark - a knob had another value than last time
 * @h: header. @ts_ns is when it was noticed, not when it was changed:
 *	vm.overcommit_memory at the next decision, the others at the next one
 *	that is recorded.
 * @old: its value when it was last looked at, in the knob's own unit.
 * @new: its value now.
 * @pid: who made the decision at which it was noticed; not who changed it.
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
 * @h: header; @cpu, @flags and @seq are those of the record that refers to it
 *	and follows next. Made for a reader before the first record it gets that
 *	names this stack; it has no number of its own and is not in the rings.
 * @id: what the records call it; 1, 2, ...; the same for equal stacks.
 * @frames: how many frames the text has.
 * @text: "function+offset/size", innermost first, separated by one space; the
 *	outermost ones are left out if there are too many. No addresses.
 */
struct oomtrace_stack {
	struct oomtrace_header h;
	__u32	id;
	__u32	frames;
	char	text[OOMTRACE_STACK_TEXT];
};

/**
 * struct oomtrace_sample - memory as /proc/meminfo had it at a moment
 * @h: header; @ts_ns is when the file was read, @cpu 0, @seq 0. Put between the
 *	records by `oomtrace record`, since commit decisions in modes 0 and 1
 *	look at no counter; not in the rings.
 * @committed: Committed_AS, pages: vm_memory_committed(), the exact sum over
 *	all CPUs.
 * @limit: CommitLimit, pages: vm_commit_limit(), in all modes.
 * @available: MemAvailable, pages.
 * @free: MemFree, pages.
 * @swap_free: SwapFree, pages.
 */
struct oomtrace_sample {
	struct oomtrace_header h;
	__s64	committed;
	__s64	limit;
	__s64	available;
	__s64	free;
	__s64	swap_free;
};

/**
 * enum oomtrace_scope - where memory ran out
 * @OOMTRACE_SCOPE_GLOBAL: the machine, a cpuset or a memory policy
 * @OOMTRACE_SCOPE_MEMCG: a memory cgroup's limit
 * @OOMTRACE_SCOPE_USERSPACE: a daemon decided, not the kernel
 */
enum oomtrace_scope {
	OOMTRACE_SCOPE_GLOBAL,
	OOMTRACE_SCOPE_MEMCG,
	OOMTRACE_SCOPE_USERSPACE,
	OOMTRACE_SCOPES,
};

/**
 * enum oomtrace_trigger - what called the OOM killer
 * @OOMTRACE_TRIGGER_ALLOCATION: an allocation or a charge that failed
 * @OOMTRACE_TRIGGER_SYSRQ: sysrq-f (oom_control.order == -1)
 * @OOMTRACE_TRIGGER_MEMORY_MAX: a write to memory.max below the usage
 * @OOMTRACE_TRIGGER_MIN_TTL: MGLRU's min_ttl_ms, called by kswapd
 * @OOMTRACE_TRIGGER_DAEMON: an OOM daemon in user space
 * @OOMTRACE_TRIGGER_PAGE_FAULT: the end of a page fault, of which an allocation
 *	had failed (pagefault_out_of_memory(), mem_cgroup_oom_synchronize());
 *	a page fault whose allocation calls the OOM killer itself is "allocation"
 */
enum oomtrace_trigger {
	OOMTRACE_TRIGGER_ALLOCATION,
	OOMTRACE_TRIGGER_SYSRQ,
	OOMTRACE_TRIGGER_MEMORY_MAX,
	OOMTRACE_TRIGGER_MIN_TTL,
	OOMTRACE_TRIGGER_DAEMON,
	OOMTRACE_TRIGGER_PAGE_FAULT,
	OOMTRACE_TRIGGERS,
};

/** OOMTRACE_GFP_NAMES - bytes of the names of gfp flags */
#define OOMTRACE_GFP_NAMES	96

/**
 * struct oomtrace_oom_begin - the OOM killer was called
 * @h: header.
 * @episode: serial number of this OOM since the module was loaded: 1, 2, ...
 * @pid: the task that asked (current), initial pid namespace.
 * @tgid: its thread group.
 * @uid: its real uid.
 * @gfp: oom_control.gfp_mask; the bits' meaning belongs to the kernel release.
 * @comm: its command name. It is not the victim's unless they are one.
 * @cgroup_id: its memory cgroup.
 * @memcg_id: the memory cgroup that is out of memory (oom_control.memcg);
 *	absent unless @scope is memcg.
 * @memcg_usage: that cgroup's page_counter, pages; absent likewise. Derived:
 *	read at entry, after the charge failed.
 * @memcg_limit: that cgroup's memory.max, pages; absent likewise.
 * @free: NR_FREE_PAGES of the machine, pages. This and the next ones are the
 *	kernel's approximate global counters at entry.
 * @file: NR_ACTIVE_FILE + NR_INACTIVE_FILE, pages.
 * @anon: NR_ACTIVE_ANON + NR_INACTIVE_ANON, pages.
 * @shmem: NR_SHMEM, pages.
 * @slab_reclaimable: NR_SLAB_RECLAIMABLE_B, pages.
 * @slab_unreclaimable: NR_SLAB_UNRECLAIMABLE_B, pages.
 * @swap_free: nr_swap_pages, pages.
 * @total_swap: total_swap_pages; absent if the symbol was not found.
 * @totalram: totalram_pages().
 * @wmark_min: sum of all zones' min watermarks, pages.
 * @wmark_low: sum of the low watermarks.
 * @wmark_high: sum of the high watermarks.
 * @order: oom_control.order: 2^order pages were asked for; -1 for sysrq.
 * @oom_score_adj: of the asking task, -1000 to 1000.
 * @scope: enum oomtrace_scope.
 * @trigger: enum oomtrace_trigger.
 * @gfp_names: @gfp in the words of this kernel's own reports (printk's %pGg),
 *	e.g. "GFP_HIGHUSER_MOVABLE|__GFP_ZERO". Absent if they are too long.
 * @ns_pid: @pid in the task's own pid namespace.
 * @reserved: zero.
 *
 * More of the memory state follows in records of the same episode: one memory,
 * a psi for each resource, and if @scope is global a zone for each populated
 * zone. They do not for one that looked like a repeat (struct oomtrace_repeat)
 * and turned out to be none; its begin's @h.ts_ns is when that turned out.
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
	__u32	reserved;
};

/** OOMTRACE_ZONE_NAME - bytes of a zone's name */
#define OOMTRACE_ZONE_NAME	8

/**
 * struct oomtrace_zone - a populated zone when an episode began
 * @h: header.
 * @episode: the episode.
 * @node: the NUMA node it belongs to.
 * @zone: its index there (enum zone_type).
 * @name: zone.name: DMA, DMA32, Normal, Movable.
 * @free: NR_FREE_PAGES of the zone, pages. This and the counters below are the
 *	kernel's approximate ones, as in its own report.
 * @wmark_boost: zone.watermark_boost, pages; part of the next three.
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
 * @present: zone.present_pages.
 * @managed: zone_managed_pages(), pages.
 *
 * At most 16 zones of an episode are recorded, by node and index.
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
};

/**
 * struct oomtrace_memory - what memory was used for when an episode began
 * @h: header.
 * @episode: the episode.
 * @active_anon: NR_ACTIVE_ANON of the machine, pages. This and the next ones
 *	are the kernel's approximate global counters, as in its own report.
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
 * @shmem_thp: NR_SHMEM_THPS in pages.
 * @hugetlb: pages of all hugetlb huge pages, in use or not; absent if the
 *	symbol hstates was not found.
 * @hugetlb_free: of those, the pages of unused ones; absent likewise.
 * @memcg_swap: swap entries charged to the cgroup that is out of memory, pages;
 *	only for memcg OOMs, and only on the cgroup v2 hierarchy.
 * @memcg_swap_max: that cgroup's memory.swap.max, pages; absent likewise.
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
};

/**
 * enum oomtrace_resource - what tasks were waiting for
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
 * @episode: the episode.
 * @cgroup_id: the cgroup that is out of memory; absent: it is the whole machine.
 * @some_avg10: share of the last 10 seconds in which some task waited, in
 *	hundredths of a percent. This and the next ones are the averages and sums
 *	that the kernel had worked out @age_ns before; it does so every two
 *	seconds while there is something to do.
 * @some_avg60: of the last 60 seconds.
 * @some_avg300: of the last 300 seconds.
 * @full_avg10: share of the last 10 seconds in which all tasks that were not
 *	idle waited at once; likewise.
 * @full_avg60: of the last 60 seconds.
 * @full_avg300: of the last 300 seconds.
 * @some_total_ns: time in which some task waited, since boot or since the cgroup
 *	was made, nanoseconds.
 * @full_total_ns: time in which all waited, likewise.
 * @age_ns: how old all of these are, nanoseconds.
 * @resource: enum oomtrace_resource.
 * @reserved: zero.
 *
 * There is no such record where the kernel keeps no averages: PSI switched off,
 * at boot or for this cgroup, or a cgroup v1.
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
 * enum oomtrace_retry_kind - which of the allocator's retries
 * @OOMTRACE_RETRY_RECLAIM: should_reclaim_retry() looked at a zone
 * @OOMTRACE_RETRY_COMPACT: should_compact_retry() decided
 */
enum oomtrace_retry_kind {
	OOMTRACE_RETRY_RECLAIM,
	OOMTRACE_RETRY_COMPACT,
	OOMTRACE_RETRIES,
};

/**
 * struct oomtrace_retry - why the allocator believed memory was out
 * @h: header; @ts_ns is when the episode began, see @age_ns.
 * @episode: the episode this led to: the next one of the same task, if it came
 *	within ten seconds. Only episodes of scope global have any, of those
 *	triggered by an allocation.
 * @age_ns: how long before the episode's begin the retry was, nanoseconds.
 * @reclaimable: pages the kernel thought it could still reclaim; reclaim only.
 * @available: @reclaimable plus free pages of the zone; reclaim only.
 * @min_wmark: the zone's min watermark, pages; reclaim only.
 * @node: NUMA node of the zone; reclaim only.
 * @zone: index of the zone on its node (enum zone_type); reclaim only.
 * @order: order of the allocation.
 * @no_progress_loops: loops in which reclaim freed nothing; reclaim only.
 * @priority: enum compact_priority; compact only.
 * @result: enum compact_result; compact only.
 * @retries: compaction retries so far; compact only.
 * @max_retries: how many the kernel allows; compact only.
 * @kind: enum oomtrace_retry_kind.
 * @retry: 1 if the kernel chose to go on, 0 if it gave up. For reclaim: on this
 *	zone; it goes on with the next one then.
 * @reserved: zero.
 * @index: number of the retry, of all that this task made since its last episode
 *	or since its retries are kept: 1, 2, ... The last eight are kept; in a
 *	crowd of tasks that retry at once, some tasks' are not (the stats file
 *	counts them).
 * @zone_name: zone.name of the zone; reclaim only.
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
	__u8	reserved[2];
	__u32	index;
	char	zone_name[OOMTRACE_ZONE_NAME];
};

/**
 * enum oomtrace_eval - how oom_evaluate_task() left a task
 * @OOMTRACE_EVAL_LEADING: it became oom_control.chosen (it may be beaten later)
 * @OOMTRACE_EVAL_KEPT: it scored less than the one chosen so far and lives on
 * @OOMTRACE_EVAL_INELIGIBLE: it may not be killed, see enum oomtrace_reason
 * @OOMTRACE_EVAL_ABORT: it is a victim still dying; the whole scan ended here
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
 * @OOMTRACE_REASON_NONE: it was eligible
 * @OOMTRACE_REASON_INIT: the global init
 * @OOMTRACE_REASON_KTHREAD: a kernel thread
 * @OOMTRACE_REASON_NO_MM: no thread of it has an address space any more
 * @OOMTRACE_REASON_ADJ_MIN: its oom_score_adj is -1000
 * @OOMTRACE_REASON_OOM_SKIP: its memory was reaped already (MMF_OOM_SKIP)
 * @OOMTRACE_REASON_VFORK: it is in vfork and borrows its parent's memory
 * @OOMTRACE_REASON_CPUSET: its memory is on other nodes (cpuset, mempolicy)
 * @OOMTRACE_REASON_IN_FLIGHT: it was killed by an earlier OOM and is dying
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
 * @episode: the episode.
 * @pid: the task's pid, initial pid namespace.
 * @tgid: its thread group.
 * @uid: its real uid, initial user namespace.
 * @index: its place in the scan, from 0.
 * @comm: its command name when it was looked at.
 * @cgroup_id: its memory cgroup.
 * @points: what oom_badness() returned, pages, may be negative. Absent when
 *	oom_badness() was not called or said "never"; LONG_MAX for a task marked
 *	as an OOM origin (swapoff, ksm).
 * @rss_anon: MM_ANONPAGES, pages. The five memory fields are read just before
 *	oom_badness() reads them; derived when their sum is not @points. Absent
 *	when the task has no mm or its lock was taken.
 * @rss_file: MM_FILEPAGES, pages.
 * @rss_shmem: MM_SHMEMPAGES, pages.
 * @swapents: MM_SWAPENTS, pages.
 * @pgtables_bytes: mm_pgtables_bytes(), bytes.
 * @oom_score_adj: -1000 to 1000.
 * @verdict: enum oomtrace_eval.
 * @reason: enum oomtrace_reason. Derived: told from the task's state, in the
 *	kernel's order of tests.
 * @ns_pid: @pid in the task's own pid namespace; absent if it is as good as gone.
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
 * enum oomtrace_constraint - oom_control.constraint
 * @OOMTRACE_CONSTRAINT_NONE: the machine is out of memory
 * @OOMTRACE_CONSTRAINT_CPUSET: the nodes of a cpuset are
 * @OOMTRACE_CONSTRAINT_MEMORY_POLICY: the nodes of a memory policy are
 * @OOMTRACE_CONSTRAINT_MEMCG: a memory cgroup is
 */
enum oomtrace_constraint {
	OOMTRACE_CONSTRAINT_NONE,
	OOMTRACE_CONSTRAINT_CPUSET,
	OOMTRACE_CONSTRAINT_MEMORY_POLICY,
	OOMTRACE_CONSTRAINT_MEMCG,
	OOMTRACE_CONSTRAINTS,
};

/**
 * enum oomtrace_recomputed - does our own argmax name the kernel's victim?
 * @OOMTRACE_RECOMPUTED_UNAVAILABLE: candidates were missed, or none scanned
 * @OOMTRACE_RECOMPUTED_AGREE: the highest points we recorded are the victim's
 * @OOMTRACE_RECOMPUTED_TIE: as many points as the runner-up; the later one dies
 * @OOMTRACE_RECOMPUTED_RACED: the recorded points name another task
 * @OOMTRACE_RECOMPUTED_ORIGIN: the victim was marked to die first
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
 * struct oomtrace_verdict - whom oom_kill_process() was called for
 * @h: header.
 * @episode: the episode.
 * @pid: oom_control.chosen's pid, initial pid namespace.
 * @tgid: its thread group.
 * @comm: its command name.
 * @cgroup_id: its memory cgroup.
 * @points: oom_control.chosen_points, pages. Absent for
 *	oom_kill_allocating_task, which scores nobody.
 * @totalpages: oom_control.totalpages: what adj is a thousandth of. Not what
 *	the victim used.
 * @memcg_id: the cgroup that was out of memory; absent if not a memcg OOM.
 * @runner_up_points: the highest points of another task; absent if none.
 * @runner_up_pid: that task; absent likewise.
 * @constraint: enum oomtrace_constraint.
 * @recomputed: enum oomtrace_recomputed.
 * @reserved: zero.
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
	__u8	reserved[2];
};

/**
 * enum oomtrace_why - why a task became a victim
 * @OOMTRACE_WHY_CHOSEN: oom_kill_process() was called for it
 * @OOMTRACE_WHY_GROUP: memory.oom.group: its whole cgroup dies
 * @OOMTRACE_WHY_SHARED_MM: it shares the victim's address space
 * @OOMTRACE_WHY_CALLER_EXITING: the caller was dying anyway and got reserves
 * @OOMTRACE_WHY_DAEMON: an OOM daemon in user space killed it
 */
enum oomtrace_why {
	OOMTRACE_WHY_CHOSEN,
	OOMTRACE_WHY_GROUP,
	OOMTRACE_WHY_SHARED_MM,
	OOMTRACE_WHY_CALLER_EXITING,
	OOMTRACE_WHY_DAEMON,
	OOMTRACE_WHYS,
};

/**
 * struct oomtrace_victim - a task that dies: marked as OOM victim
 * (mark_oom_victim()), or killed with one, or by an OOM daemon
 * @h: header.
 * @episode: the episode; absent if the mark came outside any.
 * @pid: pid of the thread that was marked, initial pid namespace. If the
 *	leader of the process has exited already, it is another thread's.
 * @tgid: its thread group: the process that dies.
 * @uid: its real uid, initial user namespace.
 * @oom_score_adj: -1000 to 1000.
 * @why: enum oomtrace_why.
 * @signal: the signal that it was sent: SIGKILL (9), or from a daemon SIGTERM
 *	(15), which it may survive. Absent if it was exiting without one.
 * @comm: its command name.
 * @cgroup_id: its memory cgroup.
 * @total_vm: mm->total_vm, pages. This and the next ones are absent for
 *	shared_mm, whose memory is the victim's before it, and when a daemon's
 *	victim is in the middle of changing its address space.
 * @rss_anon: MM_ANONPAGES when it was marked, pages.
 * @rss_file: MM_FILEPAGES, pages.
 * @rss_shmem: MM_SHMEMPAGES, pages.
 * @swapents: MM_SWAPENTS, pages.
 * @pgtables_bytes: mm_pgtables_bytes(), bytes.
 * @ns_pid: @pid in the task's own pid namespace.
 * @reserved2: zero.
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
	__u32	reserved2;
};

/**
 * enum oomtrace_step - on the way from the kill to free memory
 * @OOMTRACE_STEP_QUEUED: handed to the oom_reaper (2 s after the kill)
 * @OOMTRACE_STEP_START: the reaper started on its address space
 * @OOMTRACE_STEP_FINISH: the reaper ended, perhaps with part of it left
 * @OOMTRACE_STEP_SKIP: the reaper could not, or need not (it may try again)
 * @OOMTRACE_STEP_EXITED: the victim let go of its address space by itself
 * @OOMTRACE_STEP_RELEASED: process_mrelease() went over its address space
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
 * struct oomtrace_reap - one step of a victim's end
 * @h: header.
 * @episode: the victim's episode; absent if too many victims were dying at
 *	once to remember them all.
 * @pid: the victim's pid (of the marked thread), initial pid namespace.
 * @step: enum oomtrace_step.
 * @reserved: zero.
 * @since_kill_ns: nanoseconds since it was marked; absent as @episode is.
 * @rss_anon: what its address space still holds, pages; only at start, finish
 *	and skip.
 * @rss_file: likewise.
 * @rss_shmem: likewise.
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
};

/**
 * enum oomtrace_ending - how an episode ended
 * @OOMTRACE_ENDING_UNKNOWN: out_of_memory()'s return was not seen
 * @OOMTRACE_ENDING_KILLED: a victim was chosen and killed
 * @OOMTRACE_ENDING_NOTIFIER_FREED: an oom notifier freed memory, nobody died
 * @OOMTRACE_ENDING_CALLER_EXITING: the caller was dying and got the reserves
 * @OOMTRACE_ENDING_SCAN_ABORTED: an earlier victim is still dying; wait for it
 * @OOMTRACE_ENDING_NO_FS: the allocation had no __GFP_FS; nothing was done
 * @OOMTRACE_ENDING_NO_CANDIDATE: nobody could be killed
 * @OOMTRACE_ENDING_PANIC: the kernel panicked
 * @OOMTRACE_ENDING_DISABLED: the OOM killer is switched off (suspend)
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
	OOMTRACE_ENDINGS,
};

/**
 * struct oomtrace_oom_end - the OOM killer is done
 * @h: header.
 * @episode: the episode.
 * @duration_ns: from out_of_memory()'s entry to its return, nanoseconds; for a
 *	daemon's, from its first signal to its last. The victims' memory comes
 *	back later: see the reap records.
 * @notifier_freed: pages that the oom notifiers said they freed; absent if they
 *	were not called (memcg).
 * @victims: tasks killed or marked as victims in this episode: its victim
 *	records.
 * @candidates: tasks the kernel looked at; for a daemon's, processes in the
 *	ranking that was made when it killed.
 * @missed: of those, how many have no candidate record (the ring's loss comes
 *	on top of it, and is told to each reader by itself).
 * @ending: enum oomtrace_ending.
 * @reserved: zero.
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
	__u8	reserved[3];
};

/**
 * struct oomtrace_repeat - OOMs that ended as another one did, and were not told
 * @h: header.
 * @episode: the episode that they are like: the last one of the same cgroup, or
 *	of the machine, that was told.
 * @count: calls of out_of_memory(), each of which would have been an episode;
 *	they have no numbers. Those counted in an earlier repeat record of the same
 *	episode are not counted again.
 * @first_ns: when the first of these began, CLOCK_MONOTONIC, nanoseconds.
 * @last_ns: when the last of these began, likewise.
 * @memcg_id: the cgroup that was out of memory; absent if none was.
 * @victim_pid: the victim still dying that each of them met, initial pid
 *	namespace; absent unless @ending is scan_aborted.
 * @ending: enum oomtrace_ending: scan_aborted, no_candidate or no_fs. Nobody was
 *	killed or marked in any of them.
 * @reserved: zero.
 *
 * While a victim is dying, those who wait for its memory ask again some thousand
 * times a second. One of them each second is an episode with all its records,
 * the others are counted here, a record a second: @episode's count of all repeat
 * records together is exact. It is written up to a second after the last of them.
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

/** OOMTRACE_NAME_PATH - bytes of a path in one name record */
#define OOMTRACE_NAME_PATH	256

/**
 * struct oomtrace_name - the path of a cgroup, or a part of it
 * @h: header. It is written when the episode is over, some time after its end.
 * @episode: the episode whose records name this cgroup.
 * @cgroup_id: what they call it: @cgroup_id, @memcg_id.
 * @length: bytes of the whole path, without NUL; 1 to 1023. Absent if the kernel
 *	would not tell the path; @offset, @truncated and @path are then, too.
 * @offset: where in the path this part belongs. A path longer than
 *	OOMTRACE_NAME_PATH has more than one record, one behind the other.
 * @removed: 1 if the cgroup had been removed by the time its path was looked up;
 *	this is the path it had then.
 * @truncated: 1 if the path was longer, and its end is missing.
 * @reserved: zero.
 * @path: this part of the path, from the root of its hierarchy; no NUL behind it
 *	if it is full.
 *
 * Who asked, who is out of memory, and the victims have one, and candidates as
 * long as there is room: 64 cgroups for each episode.
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

/**
 * struct oomtrace_lost - records that this reader will never get
 * @h: header: @cpu, and the ring in @flags, say where; @ts_ns is that of the
 *	next record which the reader does get from there.
 * @count: how many, exactly.
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
 * A buffer of this size always holds at least one record; read() with less
 * than the next record needs fails with EINVAL.
 */
#define OOMTRACE_MAX_RECORD	1024

/**
 * struct oomtrace_ring_page - first page of a mapping: one ring on one CPU
 * @abi: OOMTRACE_ABI_VERSION; a reader that does not know it must not go on.
 * @size: bytes of this struct that mean something; more in a later version.
 * @data_offset: bytes from the start of this page to slot 0.
 * @slot_size: bytes from one slot to the next; no record is longer.
 * @slots: how many slots there are.
 * @generation: how often the ring's memory was replaced before this one; it is
 *	0 at load and grows by 1 with each resize.
 * @cpu: whose ring it is.
 * @ring: enum oomtrace_ring_id.
 * @closed: 1 when the ring has other memory, and nothing more is written here.
 * @reserved: zero.
 * @first: number of the oldest record that was ever here.
 * @reserved2: zero.
 * @head: number of the last record that is whole; 0: none yet. In a cache line
 *	of its own.
 *
 * All but @closed and @head is constant. To map it: OOMTRACE_IOC_RING tells
 * offset and size; then mmap(NULL, mmap_size, PROT_READ, MAP_SHARED, fd,
 * mmap_offset). EINVAL if the size is not (any longer) the ring's: ask again. A
 * mapping stays valid whatever becomes of the ring; it keeps the module loaded,
 * and memory that a resize replaced from being freed.
 *
 * To read it, with the number "next" of the record wanted next (@first, or any
 * later one), and C11's names for the barriers:
 *
 *  1. Load @head with acquire order. If next > @head, there is nothing to read:
 *     see 5.
 *  2. oldest = max(@first, @head >= @slots ? @head - @slots + 1 : 1). If
 *     next < oldest, then exactly oldest - next records are lost: count them,
 *     and next = oldest.
 *  3. The record is at @data_offset + (next - 1) % @slots * @slot_size. Copy it,
 *     at most @slot_size bytes, without believing anything that is in it. Then a
 *     fence of acquire order.
 *  4. Load the record's header.seq from the mapping: if it is next, the copy is
 *     whole: next++, and go to 3 as long as next <= the @head that was loaded.
 *     Otherwise it was overwritten: one more is lost, next++, and go to 1.
 *  5. Load @closed with acquire order. If it is 0, wait and go to 1. Otherwise
 *     load @head once more; when next > @head, all is read: unmap, ask again with
 *     OOMTRACE_IOC_RING, map, and go on with the same next: numbers continue, and
 *     what did not fit the new memory is counted by 2.
 *
 * To wait: lseek(fd, 0, SEEK_END), then step 1 once more in each mapping, and
 * poll(fd) only if there is nothing. Every load of @head and header.seq must be
 * of 64 bits at once, in 32-bit programs too (__atomic_load_n() is). Stacks are
 * had from OOMTRACE_IOC_STACK.
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
 * @ring: in: enum oomtrace_ring_id; EINVAL if there is none.
 * @cpu: in: which CPU; EINVAL if it is not a possible one.
 * @slot_size: bytes from one slot to the next.
 * @slots: records held.
 * @generation: as in struct oomtrace_ring_page.
 * @mmap_offset: where in the device this ring is mapped; may change only with
 *	the module. Meaningless otherwise.
 * @mmap_size: the mapping's size, bytes; it changes with the ring's.
 * @first: as in struct oomtrace_ring_page.
 * @written: records written since load: the number of the last one.
 * @refused: writes refused, for each enum oomtrace_refusal.
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
 * struct oomtrace_resize - another size for a ring (OOMTRACE_IOC_RESIZE)
 * @size: sizeof(struct oomtrace_resize); EINVAL otherwise.
 * @ring: enum oomtrace_ring_id.
 * @kb: KiB per CPU, 16 to 1048576, rounded up to whole pages; EINVAL otherwise,
 *	ENOMEM if there is not as much, and then nothing has changed.
 * @flags: zero, or EINVAL.
 *
 * The newest records stay, as many as fit; hooks, readers and mappings too.
 */
struct oomtrace_resize {
	__u32	size;
	__u32	ring;
	__u32	kb;
	__u32	flags;
};

/**
 * enum oomtrace_whence - where a reader goes (@oomtrace_seek.whence)
 * @OOMTRACE_SEEK_OLDEST: to the oldest record held; as lseek(fd, 0, SEEK_SET)
 * @OOMTRACE_SEEK_NEWEST: past all that is held; as lseek(fd, 0, SEEK_END)
 * @OOMTRACE_SEEK_SEQ: to record @value of @ring on @cpu; elsewhere it stays
 * @OOMTRACE_SEEK_EPISODE: to what is not older than the begin of OOM episode
 *	@value, in all rings on all CPUs
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
 * @whence: enum oomtrace_whence; EINVAL for any other.
 * @ring: for OOMTRACE_SEEK_SEQ; otherwise zero, or EINVAL.
 * @cpu: likewise.
 * @value: number of a record, from 1, or of an episode; zero with the others, or
 *	EINVAL. A record that is no longer held gives a lost record; one that is
 *	more than one past the last written is ENXIO. An episode whose begin is
 *	not held is ENOENT.
 */
struct oomtrace_seek {
	__u32	size;
	__u32	whence;
	__u32	ring;
	__u32	cpu;
	__u64	value;
};

/**
 * struct oomtrace_stats_info - what was counted since load (OOMTRACE_IOC_STATS)
 * @size: in: sizeof(struct oomtrace_stats_info); EINVAL otherwise.
 * @reserved: in: zero, or EINVAL.
 * @granted: commit decisions granted, by overcommit mode; [3]: mode unknown.
 * @denied: commit decisions denied, likewise.
 * @unrecorded: decisions that should have been recorded and were refused by the
 *	ring.
 * @stacks_refused: denials without a stack, as the table was full.
 * @endings: OOM episodes by enum oomtrace_ending; more may come to be used.
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
 * @slot_size: bytes between two records in memory.
 * @slots: records held per CPU.
 * @bytes: memory taken on all CPUs together, bytes; with what a resize replaced
 *	and a mapping still shows.
 * @written: records written since load, all CPUs.
 * @refused: writes refused because they came inside another write, all CPUs.
 */
struct oomtrace_ring_info {
	__u32	slot_size;
	__u32	slots;
	__u64	bytes;
	__u64	written;
	__u64	refused;
};

/**
 * struct oomtrace_info - what OOMTRACE_IOC_INFO tells
 * @size: in: sizeof(struct oomtrace_info) of the caller, which the ioctl's
 *	number has too. EINVAL if it is smaller than OOMTRACE_INFO_SIZE_VER1; what
 *	the kernel does not know is zeroed. Out: what the kernel knows.
 * @abi: OOMTRACE_ABI_VERSION of the module.
 * @page_size: bytes of a page.
 * @cpus: CPUs that have rings (possible CPUs).
 * @boot_offset_ns: CLOCK_BOOTTIME minus CLOCK_MONOTONIC now, nanoseconds.
 * @wall_offset_ns: CLOCK_REALTIME minus CLOCK_MONOTONIC now, nanoseconds.
 * @episodes: OOM episodes since load.
 * @enabled: 1 if the hooks are armed.
 * @hooks_missing: hooks that could not attach, or are silent: see the hooks file.
 * @ring: one for each enum oomtrace_ring_id.
 * @hooks: hooks there are, attached or not.
 * @cpu_ids: CPU numbers are below this; not all need be possible CPUs.
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
	struct oomtrace_ring_info ring[OOMTRACE_RINGS];
	__u32	hooks;
	__u32	cpu_ids;
};

/** OOMTRACE_INFO_SIZE_VER1 - bytes of the first struct oomtrace_info */
#define OOMTRACE_INFO_SIZE_VER1	112

/**
 * enum oomtrace_filter_bits - what a filter looks at (@oomtrace_filter.mask)
 * @OOMTRACE_FILTER_PID: current->pid is @pid
 * @OOMTRACE_FILTER_TGID: current->tgid is @tgid
 * @OOMTRACE_FILTER_COMM: current->comm is @comm
 * @OOMTRACE_FILTER_UID: current's real uid is @uid
 * @OOMTRACE_FILTER_CGROUP: current's memory cgroup is @cgroup_id
 * @OOMTRACE_FILTER_MIN_PAGES: at least @min_pages are asked for
 * @OOMTRACE_FILTER_OUTCOME: the answer is @denied (1) or granted (0)
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
 * @mask: enum oomtrace_filter_bits, all of which must hold; 0: everything.
 * @pid: initial pid namespace.
 * @tgid: likewise.
 * @uid: initial user namespace.
 * @denied: 0 or 1.
 * @mode: 0, 1 or 2.
 * @reserved: zero, or EINVAL.
 * @comm: the whole command name, NUL-terminated.
 * @cgroup_id: inode of the cgroup's directory.
 * @min_pages: pages.
 *
 * A field whose bit is not in @mask must be zero. Only recording is filtered;
 * counting never is.
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
 * struct oomtrace_ranking - who would be killed now (OOMTRACE_IOC_RANKING)
 * @size: in: sizeof(struct oomtrace_ranking); EINVAL otherwise.
 * @room: in: how many records fit at @records; 0: only the numbers are wanted.
 * @records: in: address of that many struct oomtrace_candidate. Filled with one
 *	for each process, the one that would be killed first; those not eligible
 *	follow at the end with their reason. No @episode; @points, @verdict,
 *	@reason and @index are derived, and the rest was read for this.
 * @cgroup_id: in: the memory cgroup that would be out of memory (inode of its
 *	directory); 0: the machine. ESRCH if no process is in it.
 * @totalpages: out: what one oom_score_adj is a thousandth of, pages: RAM and
 *	swap, or the cgroup's limit.
 * @count: out: records there are; if more than @room, the last are left out.
 * @eligible: out: how many of them can be killed.
 * @kthreads: out: kernel threads, which have no record.
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

/** OOMTRACE_DAEMONS - how many commands can be OOM daemons at once */
#define OOMTRACE_DAEMONS	16

/**
 * struct oomtrace_daemons - whose signals are taken for an OOM daemon's
 * @size: sizeof(struct oomtrace_daemons); EINVAL otherwise.
 * @count: entries of @comm, 0 to OOMTRACE_DAEMONS; EINVAL otherwise.
 * @comm: command names, whole; NUL-terminated, not empty, or EINVAL.
 */
struct oomtrace_daemons {
	__u32	size;
	__u32	count;
	char	comm[OOMTRACE_DAEMONS][OOMTRACE_COMM_LEN];
};

/**
 * OOMTRACE_IOC_INFO - fill in a struct oomtrace_info
 *
 * The struct may grow: the module takes this number with any size that is not
 * smaller than the first one's.
 */
#define OOMTRACE_IOC_INFO	_IOWR('O', 0x70, struct oomtrace_info)
/** OOMTRACE_IOC_ENABLE - arm (1) or disarm (0) the hooks; EINVAL otherwise */
#define OOMTRACE_IOC_ENABLE	_IOW('O', 0x71, __u32)
/** OOMTRACE_IOC_SET_FILTER - replace the filter, for all readers */
#define OOMTRACE_IOC_SET_FILTER	_IOW('O', 0x72, struct oomtrace_filter)
/** OOMTRACE_IOC_GET_FILTER - the filter in force; @size must be set */
#define OOMTRACE_IOC_GET_FILTER	_IOWR('O', 0x73, struct oomtrace_filter)
/** OOMTRACE_IOC_COMMIT_RECORDS - 0 denied, 1 all, 2 none; EINVAL otherwise */
#define OOMTRACE_IOC_COMMIT_RECORDS	_IOW('O', 0x74, __u32)
/** OOMTRACE_IOC_NEAR_PERCENT - near misses under 0 (none) to 100 percent left */
#define OOMTRACE_IOC_NEAR_PERCENT	_IOW('O', 0x75, __u32)
/** OOMTRACE_IOC_RANKING - who would be killed now, without killing anybody */
#define OOMTRACE_IOC_RANKING	_IOWR('O', 0x76, struct oomtrace_ranking)
/** OOMTRACE_IOC_DAEMONS - replace the list of OOM daemons */
#define OOMTRACE_IOC_DAEMONS	_IOW('O', 0x77, struct oomtrace_daemons)
/** OOMTRACE_IOC_RESIZE - give a ring another size */
#define OOMTRACE_IOC_RESIZE	_IOW('O', 0x78, struct oomtrace_resize)
/** OOMTRACE_IOC_SEEK - move this reader */
#define OOMTRACE_IOC_SEEK	_IOW('O', 0x79, struct oomtrace_seek)
/** OOMTRACE_IOC_RING - one ring on one CPU: geometry, mapping, counts */
#define OOMTRACE_IOC_RING	_IOWR('O', 0x7a, struct oomtrace_ring_cpu_info)
/** OOMTRACE_IOC_STATS - what was counted since load */
#define OOMTRACE_IOC_STATS	_IOWR('O', 0x7b, struct oomtrace_stats_info)
/** OOMTRACE_IOC_STACK - the stack of which @id is set; ENOENT if there is none */
#define OOMTRACE_IOC_STACK	_IOWR('O', 0x7c, struct oomtrace_stack)

/*
 * Position. A newly opened device stands at the oldest record held.
 * lseek(fd, 0, SEEK_SET) goes back there, lseek(fd, 0, SEEK_END) skips to what
 * is written from now on; other offsets are EINVAL. OOMTRACE_IOC_SEEK can more.
 * Skipping is not losing.
 */

#endif /* _UAPI_OOMTRACE_H */
