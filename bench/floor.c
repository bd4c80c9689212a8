// SPDX-License-Identifier: GPL-2.0
/*
 * The floor of the benchmark: what an empty probe costs.
 *
 * Puts one probe on __vm_enough_memory() that does nothing, so that what
 * oomtrace adds can be told from what any probe adds. Never installed.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static char *kind = "kprobe";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "kprobe, kretprobe, or skip: a kretprobe whose entry handler leaves the return alone");

static int at_entry(struct kprobe *kp, struct pt_regs *regs)
{
	return 0;
}

static int skip(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 1;
}

static int at_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 0;
}

static struct kretprobe probe = {
	.kp.symbol_name = "__vm_enough_memory",
	.maxactive = 64,
};

static bool is_kprobe;

static int __init floor_init(void)
{
	is_kprobe = !strcmp(kind, "kprobe");
	if (is_kprobe) {
		probe.kp.pre_handler = at_entry;
		return register_kprobe(&probe.kp);
	}
	probe.handler = at_return;
	if (!strcmp(kind, "skip"))
		probe.entry_handler = skip;
	else if (strcmp(kind, "kretprobe"))
		return -EINVAL;
	return register_kretprobe(&probe);
}

static void __exit floor_exit(void)
{
	if (is_kprobe)
		unregister_kprobe(&probe.kp);
	else
		unregister_kretprobe(&probe);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark floor for oomtrace: an empty probe on __vm_enough_memory");
