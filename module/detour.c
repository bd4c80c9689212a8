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
 * body is a static call: an instruction with the address in it. An indirect one
 * may not go anywhere but to a function's start where the CPU checks branches.
 *
 * One ftrace user at a time may send a function's calls elsewhere. If a live
 * patch has been there before us, the attempt fails, and hooks.c takes a return
 * probe; if one comes later, it has to wait until the hook is switched off.
 * Tracers, probes and BPF programs at the same function are not in the way.
 */
#include <linux/kprobes.h>
#include <linux/rcupdate.h>
#include <asm/cpufeature.h>

#include "detour.h"

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

/* Where ftrace's call is in a function; 0 if there is none. */
static unsigned long ftrace_place(const char *symbol)
{
	/* Never armed: it only finds the place, and knows whose it is. */
	struct kprobe kp = {
		.symbol_name = symbol, .flags = KPROBE_FLAG_DISABLED,
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
 * @d: @ops.func and @set_body are set.
 * @symbol: the function.
 *
 * Return: 0, -EOPNOTSUPP if this kernel or CPU does not let us, -EBUSY if
 * somebody else sends the function's calls elsewhere.
 */
int oomtrace_detour_attach(struct oomtrace_detour *d, const char *symbol)
{
	unsigned long ip = ftrace_place(symbol);
	int ret;

	if (!ip || calls_are_counted())
		return -EOPNOTSUPP;
	d->set_body(ip + MCOUNT_INSN_SIZE);
	/*
	 * Not FTRACE_OPS_FL_RECURSION: the callback calls nothing that it hooks,
	 * so ftrace need not look whether it recurses.
	 */
	d->ops.flags = FTRACE_OPS_FL_IPMODIFY;
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

/**
 * oomtrace_detour_arm() - switch an attached hook on or off
 * @d: the hook.
 * @on: which.
 *
 * When it is off, no call is on its way through our functions any more.
 *
 * Return: 0, or ftrace's error.
 */
int oomtrace_detour_arm(struct oomtrace_detour *d, bool on)
{
	int ret = on ? register_ftrace_function(&d->ops)
		     : unregister_ftrace_function(&d->ops);

	/*
	 * A task may have been preempted on its way: this waits until each has
	 * slept of its own will or left the kernel, and none sleeps in there.
	 */
	if (!on)
		synchronize_rcu_tasks();
	return ret;
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
