// SPDX-License-Identifier: GPL-2.0
/*
 * A hook at the entry and the return of a function, by the means of live patching.
 *
 *	caller --> function: ftrace --> callback: counts, and decides
 *	               |                    |
 *	               | answer known       | return needed
 *	               v                    v
 *	             body <------------ our function
 *
 * The callback redirects a call whose return is needed to our function, which
 * runs as if the caller had called it. Our function calls the kernel's function
 * after the five bytes of ftrace, with the caller's arguments, and returns its
 * result. So it sees entry and return, keeps its data on the stack, and misses no
 * call. The call of the body is a static call, not an indirect branch.
 *
 * A BPF trampoline at the function makes such an indirect branch to the body,
 * while any ftrace user with IPMODIFY is registered, and shortly before and after.
 * On a CPU that checks indirect branches (IBT) that is fatal, so this kind of hook
 * is not available there.
 *
 * Only one ftrace user at a time may redirect a function's calls. If a live patch
 * already does, the attach fails, and the caller uses a return probe. A later live
 * patch cannot be loaded until the hook is switched off. Tracers, probes and BPF
 * programs at the same function do not conflict.
 *
 * A callback that redirects no call has none of these limits.
 */
#include <linux/kprobes.h>
#include <linux/rcupdate.h>
#include <asm/cpufeature.h>

#include "hook/detour.h"

#if OOMTRACE_HAS_DETOUR

/*
 * With call depth tracking, code before a function's start counts each call. No
 * such code precedes the body, so a call of the body would unbalance the count.
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
 * Handle a stray int3 at the ftrace site that no kprobe owns: resume at the same
 * address. Without this handler the kernel would resume at the kprobe's copy of
 * the instruction, which does not exist at an ftrace site. Only an emulated CPU
 * that ran stale code has hit such an int3.
 */
static int resume_at_site(struct kprobe *kp, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)kp->addr);
	return 1;
}

NOKPROBE_SYMBOL(resume_at_site);

/* Find the address of ftrace's call in a function; 0 if there is none. */
static unsigned long find_ftrace_site(const char *symbol)
{
	/* Never armed: it only finds the address, and whether it is ftrace's. */
	struct kprobe kp = {
		.symbol_name = symbol, .flags = KPROBE_FLAG_DISABLED,
		.pre_handler = resume_at_site,
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
 * @d: the hook, with @ops.func, @set_body and @blocks set.
 * @symbol: the function.
 *
 * Return: 0; -EOPNOTSUPP if this kernel or CPU cannot do it; -EBUSY if another
 * ftrace user redirects the function's calls.
 */
int oomtrace_detour_attach(struct oomtrace_detour *d, const char *symbol)
{
	unsigned long ip = find_ftrace_site(symbol);
	int ret;

	if (!ip || (d->set_body && (d->blocks || calls_are_counted() ||
				    oomtrace_branches_are_checked())))
		return -EOPNOTSUPP;
	/*
	 * No FTRACE_OPS_FL_RECURSION: the callback calls no hooked function, so
	 * ftrace need not check for recursion.
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

/* A hook was switched off, and calls through it may still be in progress. */
static bool calls_may_remain;

/**
 * oomtrace_detour_arm() - switch an attached hook on or off
 * @d: the hook.
 * @on: true to switch it on.
 *
 * After switching hooks off, call oomtrace_detour_synchronize() once.
 *
 * Return: 0, or ftrace's error.
 */
int oomtrace_detour_arm(struct oomtrace_detour *d, bool on)
{
	if (on)
		return register_ftrace_function(&d->ops);
	calls_may_remain = true;
	return unregister_ftrace_function(&d->ops);
}

/**
 * oomtrace_detour_synchronize() - wait for calls through hooks that are off
 *
 * A task may be preempted in one of our functions, but never sleeps there. So
 * wait until every task has slept voluntarily or left the kernel: then no call
 * through our functions is in progress. The caller serialises all calls here.
 */
void oomtrace_detour_synchronize(void)
{
	if (calls_may_remain)
		synchronize_rcu_tasks();
	calls_may_remain = false;
}

/**
 * oomtrace_detour_detach() - remove the hook
 * @d: the hook, switched off.
 */
void oomtrace_detour_detach(struct oomtrace_detour *d)
{
	ftrace_free_filter(&d->ops);
	d->ip = 0;
}

#endif
