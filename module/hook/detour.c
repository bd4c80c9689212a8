// SPDX-License-Identifier: GPL-2.0
/*
 * A hook around a function, by the means that live patching uses.
 *
 *	caller --> function: ftrace --> callback: counts, and decides
 *	               |                    |
 *	               | what is known      | whose answer is waited for
 *	               v                    v
 *	             body <------------ our function
 *
 * Our function is entered as if the caller had called it. It calls the kernel's
 * function behind ftrace's five bytes, with the caller's arguments, and returns
 * what that returns. So it sees entry and return, keeps what it knows of the
 * call on its own stack, and nothing is ever short or missed. The call of the
 * body is a static call: an instruction with the address in it, and no branch
 * through a pointer.
 *
 * A BPF program that surrounds the function makes such a branch, behind ftrace's
 * call, as long as somebody may send its calls elsewhere; also in the moments
 * before the callback is there and after it is gone. Where the CPU checks branches
 * (IBT) that is fatal, so there is no such hook there.
 *
 * One ftrace user at a time may send a function's calls elsewhere. If a live
 * patch has been there before us, the attempt fails, and hooks.c takes a return
 * probe; if one comes later, it has to wait until the hook is switched off.
 * Tracers, probes and BPF programs at the same function are not in the way.
 *
 * A callback that sends no call elsewhere needs none of that, and live patches
 * and it are not in each other's way.
 */
#include <linux/kprobes.h>
#include <linux/rcupdate.h>
#include <asm/cpufeature.h>

#include "hook/detour.h"

#if OOMTRACE_HAS_DETOUR

/*
 * With call depth tracking each call is counted, in code that is put before a
 * function's start. There is none before its middle.
 */
static bool calls_are_counted(void)
{
#ifdef X86_FEATURE_CALL_DEPTH
	return boot_cpu_has(X86_FEATURE_CALL_DEPTH);
#else
	return false;
#endif
}

/*
 * A breakpoint where the probe below put none, and which nobody else takes for
 * his: without a probe at the place the kernel goes back and runs what is there
 * now. For one at ftrace's place it would go on at its copy of the instruction,
 * of which there is none. No CPU should meet such a breakpoint; an emulated one
 * that ran stale code has.
 */
static int run_what_is_there(struct kprobe *kp, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)kp->addr);
	return 1;
}

NOKPROBE_SYMBOL(run_what_is_there);

/* Where ftrace's call is in a function; 0 if there is none. */
static unsigned long ftrace_place(const char *symbol)
{
	/* Never armed: it only finds the place, and knows whose it is. */
	struct kprobe kp = {
		.symbol_name = symbol, .flags = KPROBE_FLAG_DISABLED,
		.pre_handler = run_what_is_there,
	};
	bool found;

	if (register_kprobe(&kp))
		return 0;
	found = kprobe_ftrace(&kp);
	unregister_kprobe(&kp);
	return found ? (unsigned long)kp.addr : 0;
}

/**
 * oomtrace_detour_attach() - hook a function
 * @d: @ops.func is set, and @set_body and @blocks as they are to be.
 * @symbol: the function.
 *
 * Return: 0, -EOPNOTSUPP if this kernel or CPU does not let us, -EBUSY if
 * somebody else sends the function's calls elsewhere.
 */
int oomtrace_detour_attach(struct oomtrace_detour *d, const char *symbol)
{
	unsigned long ip = ftrace_place(symbol);
	int ret;

	if (!ip || (d->set_body && (d->blocks || calls_are_counted() ||
				    oomtrace_branches_are_checked())))
		return -EOPNOTSUPP;
	/*
	 * Not FTRACE_OPS_FL_RECURSION: the callback calls nothing that it hooks,
	 * so ftrace need not look whether it recurses.
	 */
	d->ops.flags = 0;
	if (d->set_body) {
		d->set_body(ip + MCOUNT_INSN_SIZE);
		d->ops.flags = FTRACE_OPS_FL_IPMODIFY;
	}
	ret = ftrace_set_filter_ip(&d->ops, ip, 0, 0);
	if (ret)
		return ret;
	ret = register_ftrace_function(&d->ops);
	if (ret)
		ftrace_free_filter(&d->ops);
	else
		d->ip = ip;
	return ret;
}

/* A hook was switched off, and calls may still be on their way. */
static bool leaving;

/**
 * oomtrace_detour_arm() - switch an attached hook on or off
 * @d: the hook.
 * @on: which.
 *
 * Off, it needs oomtrace_detour_synchronize() besides; once for many.
 *
 * Return: 0, or ftrace's error.
 */
int oomtrace_detour_arm(struct oomtrace_detour *d, bool on)
{
	if (on)
		return register_ftrace_function(&d->ops);
	leaving = true;
	return unregister_ftrace_function(&d->ops);
}

/**
 * oomtrace_detour_synchronize() - wait for calls through hooks that are off
 *
 * A task may have been preempted on its way: this waits until each has slept of
 * its own will or left the kernel, and none sleeps in there. When it returns, no
 * call is on its way through our functions any more. The caller holds the lock
 * that all of this is called under.
 */
void oomtrace_detour_synchronize(void)
{
	if (leaving)
		synchronize_rcu_tasks();
	leaving = false;
}

/**
 * oomtrace_detour_detach() - take the hook away
 * @d: the hook, switched off.
 */
void oomtrace_detour_detach(struct oomtrace_detour *d)
{
	ftrace_free_filter(&d->ops);
	d->ip = 0;
}

#endif
