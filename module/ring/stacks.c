// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel stacks that commit denials, OOMs and failed allocations refer to.
 *
 * All come from a few places, denials thousands of times from each. So a table of
 * fixed size keeps each stack once, and records name it by number. An entry never
 * changes once it is added, so a look-up takes no lock. Each of the three has a part
 * of its own. If all slots that a stack may use are full, the record is without a
 * stack; for denials that is counted.
 *
 * Handlers save stacks as addresses. Readers get them as symbols, which process
 * context looks up. Addresses never reach user space.
 */
#include <linux/atomic.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "task.h"
#include "compat/kprobes.h"
#include "compat/unwind.h"
#include "ring/stacks.h"

#define FRAMES	24
/* Probe length: slots to try, from the one that the hash selects. */
#define TRIES	16

enum { FREE, BEING_WRITTEN, READY };

/**
 * struct stack - one stack
 * @state: FREE; BEING_WRITTEN by the CPU that claimed it; READY and constant.
 * @hash: hash of @frames.
 * @nr: number of @frames.
 * @frames: return addresses, innermost first.
 */
struct stack {
	atomic_t state;
	u32 hash;
	u32 nr;
	unsigned long frames[FRAMES];
};

static struct stack stacks[OOMTRACE_STACKS];
/* Denials whose stack found no free slot, since load. */
static atomic64_t refused;

static bool is_same_stack(const struct stack *s, u32 hash,
			  const unsigned long *frames, u32 nr)
{
	return s->hash == hash && s->nr == nr &&
	       !memcmp(s->frames, frames, nr * sizeof(*frames));
}

/* Find the stack in a part of the table, or add it. Returns 0 if there is no room. */
static u32 find_or_add(const unsigned long *frames, u32 nr, u32 first, u32 slots)
{
	u32 hash = jhash(frames, nr * sizeof(*frames), 0);
	u32 i;

	for (i = 0; i < TRIES; i++) {
		u32 n = first + (hash + i) % slots;
		struct stack *s = &stacks[n];
		/* Pairs with the release below: READY means complete. */
		int state = atomic_read_acquire(&s->state);

		if (state == READY && is_same_stack(s, hash, frames, nr))
			return n + 1;
		if (state != FREE ||
		    atomic_cmpxchg(&s->state, FREE, BEING_WRITTEN) != FREE)
			continue;
		s->hash = hash;
		s->nr = nr;
		memcpy(s->frames, frames, nr * sizeof(*frames));
		atomic_set_release(&s->state, READY);
		return n + 1;
	}
	return 0;
}

/* ---- the last stack of each CPU ---- */

/**
 * struct last_stack - the last stack that was saved on a CPU
 * @id: the stack's number; 0: none.
 * @kept: the other members are set.
 * @caller: the address that the hooked function has returned to; 0 at its entry.
 * @span: bytes from where the search for return addresses starts to the last but one.
 * @at: by frame: where its return address is, bytes from that start; 0: nowhere, the
 *	frame is @caller. Of the last frame, bytes to the end of the stack.
 *
 * A request that is refused is often repeated, and has the same stack again. To see
 * that takes a hundredth of the time that it takes to unwind the stack: each return
 * address is where it was. A return address tells the function that has the next
 * frame, and how large that frame is; so if one is found at its place, the next
 * place is the right one as well. The exception is the function that enters the
 * kernel's code for a system call, if that moves the stack by a random number of
 * bytes: so the last return address is found from the other end.
 */
struct last_stack {
	u32 id;
	bool kept;
	u32 span;
	unsigned long caller;
	u16 at[FRAMES];
};

static DEFINE_PER_CPU(struct last_stack, last_stack);

/* A word of current's stack, in any function's frame. */
static __always_inline unsigned long stack_word(unsigned long address)
{
	return READ_ONCE_NOCHECK(*(unsigned long *)address);
}

static unsigned long find_stack_end(void)
{
	return (unsigned long)task_stack_page(current) + THREAD_SIZE;
}

static bool is_on_stack(unsigned long address)
{
	return address - (unsigned long)task_stack_page(current) < THREAD_SIZE;
}

static bool is_last(const struct last_stack *last, unsigned long start,
		    unsigned long caller)
{
	unsigned long end = find_stack_end();
	const struct stack *s;
	u32 i;

	if (!last->kept || last->caller != caller || !is_on_stack(start) ||
	    last->span >= end - start)
		return false;
	s = &stacks[last->id - 1];
	for (i = 0; i + 1 < s->nr; i++)
		if (last->at[i] && stack_word(start + last->at[i]) != s->frames[i])
			return false;
	return stack_word(end - last->at[i]) == s->frames[i];
}

/* Find where the return addresses are. If one is nowhere, keep nothing. */
static void keep_last(struct last_stack *last, unsigned long start,
		      unsigned long caller, const unsigned long *frames, u32 nr)
{
	unsigned long end = find_stack_end(), at = start;
	u32 i;

	if (!nr || !is_on_stack(start))
		return;
	for (i = 0; i < nr; i++) {
		/* Its place in the stack has the address of a trampoline. */
		if (frames[i] == caller && i + 1 < nr) {
			last->at[i] = 0;
			continue;
		}
		do {
			at += sizeof(at);
			if (at >= end)
				return;
		} while (stack_word(at) != frames[i]);
		if (i + 1 < nr) {
			last->at[i] = at - start;
			last->span = at - start;
		} else {
			last->at[i] = end - at;
		}
	}
	last->caller = caller;
	last->kept = true;
}

/* Else the frames of this file's caller are on the stack that is saved. */
static bool can_start_at(const struct pt_regs *regs)
{
	return OOMTRACE_UNWINDS_HOOKED && regs;
}

/* Apart, so that a stack that is the last one again needs no frames to be cleared. */
static noinline u32 unwind_stack(struct last_stack *last, unsigned long start,
				 struct pt_regs *regs, unsigned long caller)
{
	unsigned long frames[FRAMES];
	u32 nr, id;

	if (can_start_at(regs))
		nr = oomtrace_unwind_hooked(regs, !caller, frames, FRAMES);
	else
		/* Without this function and oomtrace_stack_save(). */
		nr = stack_trace_save(frames, FRAMES, 2);
	id = find_or_add(frames, nr, 0, OOMTRACE_STACKS_COMMIT);
	if (!id)
		atomic64_inc(&refused);
	/* To search the stack pays off only if it is the same again. */
	last->kept = false;
	if (id && id == last->id)
		keep_last(last, start, caller, frames, nr);
	last->id = id;
	return id;
}

/**
 * oomtrace_stack_save() - save the current stack, of a denial
 * @regs: the registers at the entry of the hooked function, or after its return; NULL
 *	if they are not known, which is possible at the entry only.
 * @at_entry: a hook at the entry calls this, not one at the return.
 *
 * For handlers, with preemption off.
 *
 * Return: the stack's number, from 1; 0 if all its slots are full, or if this
 * kernel cannot unwind through a return probe.
 */
noinline u32 oomtrace_stack_save(struct pt_regs *regs, bool at_entry)
{
	unsigned long start = (unsigned long)__builtin_frame_address(0);
	unsigned long caller = at_entry ? 0 : instruction_pointer(regs);
	struct last_stack *last = this_cpu_ptr(&last_stack);
	u32 id;

	if (!at_entry && !OOMTRACE_RETURN_UNWINDS)
		return 0;
	/* At the entry the first return address is where the stack pointer points. */
	if (can_start_at(regs))
		start = kernel_stack_pointer(regs) - sizeof(long);
	if (is_last(last, start, caller))
		return last->id;
	id = unwind_stack(last, start, regs, caller);
	/* No tail call: unwind_stack() skips this function's frame. */
	barrier();
	return id;
}

/**
 * oomtrace_stack_add_oom() - add the stack of an OOM
 * @frames: return addresses, innermost first, without those of a probe.
 * @nr: number of @frames, not 0. The outermost are left out if there are too many.
 *
 * For handlers, with preemption off.
 *
 * Return: the stack's number, from 1; 0 if all its slots are full.
 */
u32 oomtrace_stack_add_oom(const unsigned long *frames, u32 nr)
{
	return find_or_add(frames, min_t(u32, nr, FRAMES), OOMTRACE_STACKS_COMMIT,
			   OOMTRACE_STACKS_OOM);
}

/**
 * oomtrace_stack_save_alloc() - save the current stack, of an allocation that failed
 *
 * For a handler at the entry of a function, with preemption off, also in an interrupt.
 * There the task below has no part in it, and would make each stack another one.
 *
 * Return: the stack's number, from 1; 0 if all its slots are full.
 */
noinline u32 oomtrace_stack_save_alloc(void)
{
	unsigned long frames[FRAMES];
	u32 nr = stack_trace_save(frames, in_task() ? FRAMES : FRAMES / 2, 1);

	return find_or_add(frames, nr, OOMTRACE_STACKS_COMMIT + OOMTRACE_STACKS_OOM,
			   OOMTRACE_STACKS_ALLOC);
}

/**
 * oomtrace_stacks_refused() - count denials whose stack found no free slot
 *
 * Return: the count since load.
 */
u64 oomtrace_stacks_refused(void)
{
	return atomic64_read(&refused);
}

/*
 * Find the first frame after the module's own and the probe's. The last of those
 * is a function of the module, a return probe's trampoline, or the hooked
 * function itself.
 */
static u32 find_first_frame(const struct stack *s, char *symbol)
{
	u32 i;

	for (i = s->nr; i > 0; i--) {
		sprint_symbol(symbol, s->frames[i - 1]);
		if (strstr(symbol, "[oomtrace]") ||
		    strstr(symbol, "rethook_trampoline") ||
		    strstr(symbol, "kretprobe_trampoline") ||
		    strstr(symbol, "__vm_enough_memory") ||
		    !strncmp(symbol, "warn_alloc+", strlen("warn_alloc+")))
			return i;
	}
	return 0;
}

/**
 * oomtrace_stack_fill() - fill in a stack record with symbols
 * @id: the stack's number.
 * @rec: the record; all but its header is filled in.
 *
 * Process context.
 *
 * Return: false if there is no such stack.
 */
bool oomtrace_stack_fill(u32 id, struct oomtrace_stack *rec)
{
	char symbol[KSYM_SYMBOL_LEN];
	const struct stack *s;
	size_t len = 0;
	u32 i;

	if (id == 0 || id > OOMTRACE_STACKS)
		return false;
	s = &stacks[id - 1];
	if (atomic_read_acquire(&s->state) != READY)
		return false;

	memset(rec->text, 0, sizeof(rec->text));
	rec->id = id;
	rec->frames = 0;
	for (i = find_first_frame(s, symbol); i < s->nr; i++) {
		size_t n = sprint_symbol(symbol, s->frames[i]);

		/* No symbol: hide the address (an unloaded module, or BPF). */
		if (symbol[0] == '0')
			n = strscpy(symbol, "?", sizeof(symbol));
		/* Whole symbols only, and always a NUL at the end. */
		if (len + n + 2 > sizeof(rec->text))
			break;
		if (len)
			rec->text[len++] = ' ';
		memcpy(rec->text + len, symbol, n);
		len += n;
		rec->frames++;
	}
	return true;
}
