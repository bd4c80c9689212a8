/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What commit accounting denied to a task in the system call that it is in.
 */
#ifndef OOMTRACE_NOTES_H
#define OOMTRACE_NOTES_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct oomtrace_note - the last denial of a task in its system call
 * @owner: the task's pid; 0: the note is unused; negative: being written.
 * @cpu: CPU of the commit record of the last denial.
 * @seq: number of that record; 0: it was not recorded.
 * @used: what was compared for that denial, pages.
 * @limit: the limit that it was compared with, pages; 0: not known.
 */
struct oomtrace_note {
	int owner;
	u16 cpu;
	u64 seq;
	s64 used;
	s64 limit;
};

/* Whether anybody reads notes. */
extern bool oomtrace_notes_on;

static inline bool oomtrace_notes_are_read(void)
{
	return unlikely(READ_ONCE(oomtrace_notes_on));
}

void oomtrace_note_denial(u16 cpu, u64 seq, s64 used, s64 limit);
void oomtrace_note_forget(void);
bool oomtrace_note_take(struct oomtrace_note *note);

#endif /* OOMTRACE_NOTES_H */
