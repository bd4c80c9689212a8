// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's clock in the OOM killer: the time of the last OOM from
 * out_of_memory() to the choice of a victim, and to the victim's SIGKILL.
 *
 * Each of its three probes fires once per OOM and does almost nothing. Their
 * cost is constant and cancels out in differences. Independent of oomtrace,
 * never installed.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/timekeeping.h>

static u64 begin_ns;

static unsigned long scan_ns;
module_param(scan_ns, ulong, 0444);
MODULE_PARM_DESC(scan_ns, "ns from the last OOM to the choice of a victim");

static unsigned long kill_ns;
module_param(kill_ns, ulong, 0444);
MODULE_PARM_DESC(kill_ns, "ns from the last OOM to the victim's SIGKILL");

static int at_begin(struct kprobe *kp, struct pt_regs *regs)
{
	begin_ns = ktime_get_mono_fast_ns();
	scan_ns = 0;
	kill_ns = 0;
	return 0;
}

static int at_choice(struct kprobe *kp, struct pt_regs *regs)
{
	scan_ns = ktime_get_mono_fast_ns() - begin_ns;
	return 0;
}

/* The kernel marks a victim right after it sent the signal. */
static int at_mark(struct kprobe *kp, struct pt_regs *regs)
{
	kill_ns = ktime_get_mono_fast_ns() - begin_ns;
	return 0;
}

static struct kprobe begin_probe = {
	.symbol_name	= "out_of_memory",
	.pre_handler	= at_begin,
};

static struct kprobe choice_probe = {
	.symbol_name	= "oom_kill_process",
	.pre_handler	= at_choice,
};

static struct kprobe mark_probe = {
	.symbol_name	= "mark_oom_victim",
	.pre_handler	= at_mark,
};

static struct kprobe *probes[] = { &begin_probe, &choice_probe, &mark_probe };

static int __init clock_init(void)
{
	return register_kprobes(probes, ARRAY_SIZE(probes));
}

static void __exit clock_exit(void)
{
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}

module_init(clock_init);
module_exit(clock_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark clock for oomtrace: how long an OOM takes");
