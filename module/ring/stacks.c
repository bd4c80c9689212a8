// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel stacks that commit denials refer to.
 *
 * A denial comes from one of a few places, thousands of times. So each stack is
 * kept once, in a table of fixed size, and records name it by number. Entries
 * are added and never changed or removed, so finding one takes no lock. When the
 * table is full, or the few entries that a stack may use are, the denial has no
 * stack, which is counted.
 *
 * Saved in a handler, as addresses; turned into symbols when somebody reads, in
 * process context. Addresses never leave.
 */
#include <linux/atomic.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "task.h"
#include "compat/kprobes.h"
#include "ring/stacks.h"

#define FRAMES	24
/* Entries that a stack may use, from the one its hash names. */
#define TRIES	16

enum { FREE, BEING_WRITTEN, READY };

/**
 * struct stack - one stack
 * @state: FREE; BEING_WRITTEN by the CPU that claimed it; READY and constant.
 * @hash: of @frames.
 * @nr: how many there are.
 * @frames: return addresses, innermost first.
 */
struct stack {
	atomic_t state;
	u32 hash;
	u32 nr;
	unsigned long frames[FRAMES];
};

static struct stack stacks[OOMTRACE_STACKS];
static atomic64_t refused;

static bool same(const struct stack *s, u32 hash, const unsigned long *frames,
		 u32 nr)
{
	return s->hash == hash && s->nr == nr &&
	       !memcmp(s->frames, frames, nr * sizeof(*frames));
}

/**
 * oomtrace_stack_save() - remember the stack of this very moment
 *
 * For handlers, preemption off.
 *
 * Return: its number, from 1; 0 if there is no room, or if no stack can be had.
 */
u32 oomtrace_stack_save(void)
{
	unsigned long frames[FRAMES];
	u32 i, nr, hash;

	if (!OOMTRACE_RETURN_UNWINDS)
		return 0;
	nr = stack_trace_save(frames, FRAMES, 1);
	hash = jhash(frames, nr * sizeof(*frames), 0);
	for (i = 0; i < TRIES; i++) {
		u32 n = (hash + i) % OOMTRACE_STACKS;
		struct stack *s = &stacks[n];
		/* Pairs with the release below: READY means all is written. */
		int state = atomic_read_acquire(&s->state);

		if (state == READY && same(s, hash, frames, nr))
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
	atomic64_inc(&refused);
	return 0;
}

/**
 * oomtrace_stacks_refused() - denials whose stack was not kept
 *
 * Return: the count since load.
 */
u64 oomtrace_stacks_refused(void)
{
	return atomic64_read(&refused);
}

/*
 * Our own functions and the probe's machinery come first in every stack. They
 * end with ours, with the trampoline that a hooked return goes through, or at the
 * hooked function itself.
 */
static u32 first_frame(const struct stack *s, char *symbol)
{
	u32 i;

	for (i = s->nr; i > 0; i--) {
		sprint_symbol(symbol, s->frames[i - 1]);
		if (strstr(symbol, "[oomtrace]") ||
		    strstr(symbol, "rethook_trampoline") ||
		    strstr(symbol, "kretprobe_trampoline") ||
		    strstr(symbol, "__vm_enough_memory"))
			return i;
	}
	return 0;
}

/**
 * oomtrace_stack_fill() - a stack as symbols
 * @id: its number.
 * @rec: filled in but for the header.
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
	for (i = first_frame(s, symbol); i < s->nr; i++) {
		size_t n = sprint_symbol(symbol, s->frames[i]);

		/* A module's that is gone, or a BPF program's: an address. */
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
