// SPDX-License-Identifier: GPL-2.0
/*
 * Notes of what commit accounting denied to a task in the system call that it is in, and
 * what else failed in it, so that the refusal of the call can be joined
 * with these when the call returns.
 *
 * A task may change the CPU within a call, so the notes are by task: in a small table
 * by pid, with one slot for several pids. The note of one task may displace that of
 * another, and a note that finds its slot taken is dropped: the refusal of that call
 * is then not joined. It is never joined with the note of another task or of an
 * earlier call, since a call forgets the notes of its task when it begins.
 *
 * For handlers, with preemption off, in the context of the task. An interrupt writes
 * no note: its work is not that of the task.
 */
#include <linux/atomic.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "commit/notes.h"

#define SLOTS	256
#define BUSY	(-1)

static struct oomtrace_note notes[SLOTS];
bool oomtrace_notes_on;

static struct oomtrace_note *own_slot(void)
{
	return &notes[current->pid % SLOTS];
}

/* Get current's note to write to; NULL if another task writes to the slot. */
static struct oomtrace_note *begin_note(void)
{
	struct oomtrace_note *note = own_slot();
	int owner = READ_ONCE(note->owner);

	if (in_interrupt() || !current->pid || owner == BUSY ||
	    cmpxchg(&note->owner, owner, BUSY) != owner)
		return NULL;
	if (owner != current->pid)
		*note = (struct oomtrace_note){ .owner = BUSY };
	return note;
}

static void end_note(struct oomtrace_note *note)
{
	/* Release: pairs with cmpxchg() of the task that takes the slot next. */
	smp_store_release(&note->owner, current->pid);
}

/**
 * oomtrace_note_denial() - note that commit accounting denies a request of current
 * @cpu: CPU of its record.
 * @seq: number of its record; 0 if it has none.
 * @used: what was compared, pages.
 * @limit: the limit, pages.
 */
void oomtrace_note_denial(u16 cpu, u64 seq, s64 used, s64 limit)
{
	struct oomtrace_note *note = begin_note();

	if (!note)
		return;
	note->denied = true;
	note->cpu = cpu;
	note->seq = seq;
	note->used = used;
	note->limit = limit;
	end_note(note);
}

/**
 * oomtrace_note_failure() - note that an allocation of the kernel failed in current
 * @cpu: CPU of its record.
 * @seq: number of its record; 0 if it has none.
 * @order: 2^order pages were asked for; 0: one, or it was none of pages.
 * @warned: the caller does not expect that it may fail.
 */
void oomtrace_note_failure(u16 cpu, u64 seq, u8 order, bool warned)
{
	struct oomtrace_note *note = begin_note();

	if (!note)
		return;
	note->failed = true;
	note->warned = warned;
	note->order = order;
	note->alloc_cpu = cpu;
	note->alloc_seq = seq;
	end_note(note);
}

/**
 * oomtrace_note_charge() - note that a memory cgroup could not be charged for current
 * @charged: its memory, pages.
 * @limit: its limit, pages; 0 if it is not known which cgroup it is.
 */
void oomtrace_note_charge(u64 charged, u64 limit)
{
	struct oomtrace_note *note = begin_note();

	if (!note)
		return;
	note->uncharged = true;
	note->charged = charged;
	note->charge_limit = limit;
	end_note(note);
}

/**
 * oomtrace_note_no_gap() - note that current has no gap that is large enough
 */
void oomtrace_note_no_gap(void)
{
	struct oomtrace_note *note = begin_note();

	if (!note)
		return;
	note->no_gap = true;
	end_note(note);
}

/**
 * oomtrace_note_forget() - forget the notes of current: a call begins
 */
void oomtrace_note_forget(void)
{
	struct oomtrace_note *note = own_slot();
	int pid = current->pid;

	if (READ_ONCE(note->owner) == pid)
		cmpxchg(&note->owner, pid, 0);
}

/**
 * oomtrace_note_take() - take the notes of current: its call ends
 * @to: out: the notes.
 *
 * Return: false if there are none.
 */
bool oomtrace_note_take(struct oomtrace_note *to)
{
	struct oomtrace_note *note = own_slot();
	int pid = current->pid;

	if (!pid || READ_ONCE(note->owner) != pid ||
	    cmpxchg(&note->owner, pid, BUSY) != pid)
		return false;
	*to = *note;
	/* Release: pairs with cmpxchg() of the task that takes the slot next. */
	smp_store_release(&note->owner, 0);
	return true;
}
