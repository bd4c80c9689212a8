// SPDX-License-Identifier: GPL-2.0
/*
 * Switches ftrace off for good, and has two kprobes of its own that must survive
 * what happens next. Only for the tests, never installed; independent of
 * oomtrace.
 *
 * Parameters in /sys/module/oomtrace_stuck/parameters/:
 *
 *   kill   write 1 to call ftrace_kill(), which ftrace_bug() calls when ftrace
 *          finds unexpected code. Only a reboot undoes it, so the module then
 *          stays loaded
 *   hits   read to call both probed functions once; shows how often each probe
 *          was hit: first the probe that uses ftrace, then the breakpoint
 */
#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#ifdef CONFIG_X86
#include <asm/cpufeature.h>
#endif

static noinline void traced_function(void)
{
	asm volatile("");
}

/* ftrace has no place here, so a kprobe needs a breakpoint. */
static noinline notrace void plain_function(void)
{
	asm volatile("");
}

static atomic_t traced_hits;
static atomic_t plain_hits;

static int at_traced(struct kprobe *kp, struct pt_regs *regs)
{
	atomic_inc(&traced_hits);
	return 0;
}
NOKPROBE_SYMBOL(at_traced);

static int at_plain(struct kprobe *kp, struct pt_regs *regs)
{
	atomic_inc(&plain_hits);
	return 0;
}
NOKPROBE_SYMBOL(at_plain);

static struct kprobe traced_probe = {
	.addr		= (void *)traced_function,
	.pre_handler	= at_traced,
};

static struct kprobe plain_probe = {
	.addr		= (void *)plain_function,
	.pre_handler	= at_plain,
};

static int hits_get(char *buf, const struct kernel_param *param)
{
	traced_function();
	plain_function();
	return sprintf(buf, "%d %d\n", atomic_read(&traced_hits),
		       atomic_read(&plain_hits));
}

static const struct kernel_param_ops hits_ops = {
	.get = hits_get,
};
module_param_cb(hits, &hits_ops, NULL, 0400);
MODULE_PARM_DESC(hits, "call both probed functions; show the hits of each probe");

/* An indirect call faults if the target's ENDBR was sealed. */
static bool calls_are_checked(void)
{
#if defined(CONFIG_X86) && defined(X86_FEATURE_IBT)
	return boot_cpu_has(X86_FEATURE_IBT);
#else
	return false;
#endif
}

/* The function is not exported. No breakpoint is set: the probe is disabled. */
static void *find_function(const char *name)
{
	struct kprobe kp = {
		.symbol_name	= name,
		.flags		= KPROBE_FLAG_DISABLED,
	};

	if (register_kprobe(&kp))
		return NULL;
	unregister_kprobe(&kp);
	return kp.addr;
}

#ifdef __nocfi
__nocfi
#endif
static void call_function(void (*function)(void))
{
	function();
}

static int kill_set(const char *val, const struct kernel_param *param)
{
	void *address;

	if (!sysfs_streq(val, "1"))
		return -EINVAL;
	if (calls_are_checked())
		return -EOPNOTSUPP;
	address = find_function("ftrace_kill");
	if (!address)
		return -ENOENT;
	/* A probe that uses ftrace can no longer be removed. */
	__module_get(THIS_MODULE);
	call_function(address);
	return 0;
}

static const struct kernel_param_ops kill_ops = {
	.set = kill_set,
};
module_param_cb(kill, &kill_ops, NULL, 0200);
MODULE_PARM_DESC(kill, "write 1 to switch ftrace off for good");

static int __init stuck_init(void)
{
	int ret = register_kprobe(&traced_probe);

	if (ret)
		return ret;
	ret = register_kprobe(&plain_probe);
	if (ret)
		unregister_kprobe(&traced_probe);
	return ret;
}

static void __exit stuck_exit(void)
{
	unregister_kprobe(&plain_probe);
	unregister_kprobe(&traced_probe);
}

module_init(stuck_init);
module_exit(stuck_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Switches ftrace off for the tests of oomtrace");
