/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What handlers need of hooks: their ids, a counter of hits, and whether another
 * hook is attached.
 */
#ifndef OOMTRACE_HOOK_H
#define OOMTRACE_HOOK_H

#include <linux/percpu.h>
#include <linux/types.h>

/*
 * Every hook, in the order of attachment. The hooks for the end of a victim come
 * first, so that no end of an episode is missed.
 */
enum oomtrace_hook_id {
	OOMTRACE_HOOK_WAKE_REAPER,
	OOMTRACE_HOOK_START_REAPING,
	OOMTRACE_HOOK_FINISH_REAPING,
	OOMTRACE_HOOK_SKIP_REAPING,
	OOMTRACE_HOOK_EXIT_VICTIM,
	OOMTRACE_HOOK_SIGNAL,
	OOMTRACE_HOOK_MARK_VICTIM,
	OOMTRACE_HOOK_REAP_MM,
	OOMTRACE_HOOK_KILL_ONE,
	OOMTRACE_HOOK_NOTIFIER,
	OOMTRACE_HOOK_PRINT_MEMINFO,
	OOMTRACE_HOOK_KILL_PROCESS,
	OOMTRACE_HOOK_BADNESS,
	OOMTRACE_HOOK_EVALUATE,
	OOMTRACE_HOOK_OUT_OF_MEMORY,
	OOMTRACE_HOOK_SYNCHRONIZE,
	OOMTRACE_HOOK_RECLAIM_RETRY,
	OOMTRACE_HOOK_COMPACT_RETRY,
	OOMTRACE_HOOK_VM_ENOUGH,
	OOMTRACE_HOOK_VM_ENOUGH_RETURN,
	OOMTRACE_HOOK_WARN_ALLOC,
	/* Refused system calls; attached on demand. */
	OOMTRACE_HOOK_REFUSED_MMAP,
	OOMTRACE_HOOK_REFUSED_BRK,
	OOMTRACE_HOOK_REFUSED_MREMAP,
	OOMTRACE_HOOK_REFUSED_MPROTECT,
	OOMTRACE_HOOK_REFUSED_MUNMAP,
	OOMTRACE_HOOK_REFUSED_MLOCK,
	OOMTRACE_HOOK_REFUSED_MLOCKALL,
	OOMTRACE_HOOK_REFUSED_SHMGET,
	OOMTRACE_HOOK_REFUSED_SHMAT,
	OOMTRACE_HOOK_REFUSED_MADVISE,
	OOMTRACE_HOOK_REFUSED_FORK,
	OOMTRACE_HOOK_REFUSED_EXEC,
	OOMTRACE_HOOK_REFUSED_IO_URING,
	OOMTRACE_HOOK_REFUSED_IO_URING_REGISTER,
	OOMTRACE_HOOK_REFUSED_BPF,
	OOMTRACE_HOOK_REFUSED_MODULE,
	/* What fails within these calls. */
	OOMTRACE_HOOK_REFUSED_CHARGE,
	OOMTRACE_HOOK_REFUSED_NO_GAP,
	OOMTRACE_HOOKS,
	OOMTRACE_HOOK_REFUSED_FIRST	= OOMTRACE_HOOK_REFUSED_MMAP,
	OOMTRACE_HOOK_REFUSED_LAST	= OOMTRACE_HOOK_REFUSED_NO_GAP,
};

/* How often each hook's handler ran, per CPU. */
struct oomtrace_hits {
	u64 n[OOMTRACE_HOOKS];
};

DECLARE_PER_CPU(struct oomtrace_hits, oomtrace_hits);

#define oomtrace_hit(id)	this_cpu_inc(oomtrace_hits.n[id])

u64 oomtrace_hook_hits(enum oomtrace_hook_id id);
bool oomtrace_hook_attached(enum oomtrace_hook_id id);
void oomtrace_hook_set_attached(enum oomtrace_hook_id id, bool attached);
unsigned int oomtrace_hooks_times_off(void);
void oomtrace_hooks_count_off(void);

#endif /* OOMTRACE_HOOK_H */
