/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hook at a function's entry: an ftrace callback or, where that is not to be
 * had, a kprobe. It looks at the arguments and changes nothing.
 */
#ifndef OOMTRACE_ENTRY_H
#define OOMTRACE_ENTRY_H

#include <linux/kprobes.h>

#include "compat/ftrace.h"
#include "compat/ptrace.h"

/**
 * struct oomtrace_entry - both ways to call one handler
 * @probe: the kprobe's handler.
 * @kp: of a return probe that ftrace calls: its kprobe.
 * @ops: the ftrace_ops; its func calls the same handler.
 */
struct oomtrace_entry {
	kprobe_pre_handler_t probe;
	struct kprobe *kp;
#if OOMTRACE_HAS_FTRACE
	struct ftrace_ops ops;
#endif
};

/* The first arguments of a function, each got by get(from, number). */
#define OOMTRACE_3_ARGUMENTS(get, from)	get(from, 0), get(from, 1), get(from, 2)
#define OOMTRACE_4_ARGUMENTS(get, from)	OOMTRACE_3_ARGUMENTS(get, from), get(from, 3)

#if OOMTRACE_HAS_FTRACE
/*
 * The callback does not ask ftrace to check for recursion: no handler calls a
 * function that is hooked.
 */
#define OOMTRACE_ENTRY_CALLBACK(name, handler, arguments)		\
static void notrace name##_callback(unsigned long ip,			\
				    unsigned long parent_ip,		\
				    struct ftrace_ops *ops,		\
				    struct ftrace_regs *fregs)		\
{									\
	preempt_disable_notrace();					\
	handler(arguments(oomtrace_fregs_argument, fregs));		\
	preempt_enable_notrace();					\
}

/*
 * The callback of a hook with a quick handler. All but the quick handler is kept
 * out of the way, so that the callback saves no registers.
 */
#define OOMTRACE_QUICK_ENTRY_CALLBACK(name, quick, handler)		\
static noinline notrace void name##_slowly(struct ftrace_regs *fregs)	\
{									\
	preempt_disable_notrace();					\
	handler(oomtrace_fregs_argument(fregs, 0),			\
		oomtrace_fregs_argument(fregs, 1),			\
		oomtrace_fregs_argument(fregs, 2),			\
		oomtrace_fregs_stack(fregs));				\
	preempt_enable_notrace();					\
}									\
									\
static void notrace name##_callback(unsigned long ip,			\
				    unsigned long parent_ip,		\
				    struct ftrace_ops *ops,		\
				    struct ftrace_regs *fregs)		\
{									\
	if (!quick(oomtrace_fregs_argument(fregs, 0),			\
		   oomtrace_fregs_argument(fregs, 1),			\
		   oomtrace_fregs_argument(fregs, 2)))			\
		name##_slowly(fregs);					\
}

#define OOMTRACE_ENTRY_OPS(name)	.ops.func = name##_callback,
#else
#define OOMTRACE_ENTRY_CALLBACK(name, handler, arguments)
#define OOMTRACE_QUICK_ENTRY_CALLBACK(name, quick, handler)
#define OOMTRACE_ENTRY_OPS(name)
#endif

#define OOMTRACE_DEFINE_ENTRY_OF(name, handler, arguments)		\
static int name##_probe(struct kprobe *kp, struct pt_regs *regs)	\
{									\
	handler(arguments(regs_get_kernel_argument, regs));		\
	return 0;							\
}									\
									\
NOKPROBE_SYMBOL(name##_probe);						\
OOMTRACE_ENTRY_CALLBACK(name, handler, arguments)			\
struct oomtrace_entry name = {						\
	.probe = name##_probe,						\
	OOMTRACE_ENTRY_OPS(name)					\
}

/*
 * OOMTRACE_DEFINE_ENTRY(name, handler) defines the struct oomtrace_entry of that
 * name. The handler takes the function's first three arguments as they are in
 * registers, of which it uses those that the function has. Preemption is off.
 */
#define OOMTRACE_DEFINE_ENTRY(name, handler)				\
	OOMTRACE_DEFINE_ENTRY_OF(name, handler, OOMTRACE_3_ARGUMENTS)

/* The same with the first four. An integer that varies is in a register as others are. */
#define OOMTRACE_DEFINE_ENTRY_4(name, handler)				\
	OOMTRACE_DEFINE_ENTRY_OF(name, handler, OOMTRACE_4_ARGUMENTS)

/*
 * OOMTRACE_DEFINE_QUICK_ENTRY(name, quick, handler) defines one whose handler is
 * called only if the quick one returns false. Preemption may be on in the latter. The
 * handler also takes the registers, NULL if the stack pointer is not among them.
 */
#define OOMTRACE_DEFINE_QUICK_ENTRY(name, quick, handler)		\
static int name##_probe(struct kprobe *kp, struct pt_regs *regs)	\
{									\
	unsigned long a = regs_get_kernel_argument(regs, 0);		\
	unsigned long b = regs_get_kernel_argument(regs, 1);		\
	unsigned long c = regs_get_kernel_argument(regs, 2);		\
									\
	if (!quick(a, b, c))						\
		handler(a, b, c, regs);					\
	return 0;							\
}									\
									\
NOKPROBE_SYMBOL(name##_probe);						\
OOMTRACE_QUICK_ENTRY_CALLBACK(name, quick, handler)			\
struct oomtrace_entry name = {						\
	.probe = name##_probe,						\
	OOMTRACE_ENTRY_OPS(name)					\
}

/*
 * OOMTRACE_DEFINE_RETURN_ENTRY(name, before) defines one that calls a return probe's
 * handler @before, where ftrace can do so in place of the kprobe. Without the kprobe,
 * hooking a return costs 110 instructions less.
 */
#if OOMTRACE_HAS_RETURN
#define OOMTRACE_DEFINE_RETURN_ENTRY(name, before)			\
static void notrace name##_callback(unsigned long ip,			\
				    unsigned long parent_ip,		\
				    struct ftrace_ops *ops,		\
				    struct ftrace_regs *fregs)		\
{									\
	preempt_disable_notrace();					\
	before(name.kp, oomtrace_fregs_regs(fregs));			\
	preempt_enable_notrace();					\
}									\
									\
struct oomtrace_entry name = {						\
	OOMTRACE_ENTRY_OPS(name)					\
}
#else
#define OOMTRACE_DEFINE_RETURN_ENTRY(name, before)			\
struct oomtrace_entry name = { }
#endif

int oomtrace_entry_attach(struct oomtrace_entry *entry, const char *symbol);
int oomtrace_entry_arm(struct oomtrace_entry *entry, bool on);
void oomtrace_entry_detach(struct oomtrace_entry *entry);

#endif /* OOMTRACE_ENTRY_H */
