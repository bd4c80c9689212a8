/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was denied to a task in the system call that it is in, and what failed.
 */
#ifndef OOMTRACE_NOTES_H
#define OOMTRACE_NOTES_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct oomtrace_note - the last denial and the last failure of a task in its call
 * @owner: the task's pid; 0: the note is unused; negative: being written.
 * @denied: commit accounting denied a request.
 * @failed: an allocation of the kernel failed.
 * @uncharged: a memory cgroup could not be charged.
 * @no_gap: no gap in the address space was large enough.
 * @warned: the caller of that allocation does not expect that it may fail.
 * @order: 2^order pages were asked for in it; 0: one, or it was none of pages.
 * @cpu: CPU of the commit record of the last denial.
 * @alloc_cpu: CPU of the alloc_failure record of the last failure.
 * @alloc_seq: number of that record; 0: it was not recorded.
 * @seq: number of the commit record; 0: it was not recorded.
 * @used: what was compared for that denial, pages.
 * @limit: the limit that it was compared with, pages; 0: not known.
 * @charged: memory of the cgroup that could not be charged, pages.
 * @charge_limit: its limit, pages; 0: not known.
 */
struct oomtrace_note {
	int owner;
	bool denied;
	bool failed;
	bool uncharged;
	bool no_gap;
	bool warned;
	u8 order;
	u16 cpu;
	u16 alloc_cpu;
	u64 alloc_seq;
	u64 seq;
	s64 used;
	s64 limit;
	u64 charged;
	u64 charge_limit;
};

/* Whether anybody reads notes. */
extern bool oomtrace_notes_on;

static inline bool oomtrace_notes_are_read(void)
{
	return unlikely(READ_ONCE(oomtrace_notes_on));
}

void oomtrace_note_denial(u16 cpu, u64 seq, s64 used, s64 limit);
void oomtrace_note_failure(u16 cpu, u64 seq, u8 order, bool warned);
void oomtrace_note_charge(u64 charged, u64 limit);
void oomtrace_note_no_gap(void);
void oomtrace_note_forget(void);
bool oomtrace_note_take(struct oomtrace_note *note);

#endif /* OOMTRACE_NOTES_H */
