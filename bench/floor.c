// SPDX-License-Identifier: GPL-2.0
/*
 * The floor of the benchmark: the cost of an empty probe.
 *
 * Puts a probe that does nothing on a function, to separate the cost of
 * oomtrace from that of any probe. Never installed.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>

static char *kind = "kprobe";
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "kprobe, kretprobe, ftrace (a callback), or skip (a kretprobe whose entry handler skips the return)");

static char *symbol = "__vm_enough_memory";
module_param(symbol, charp, 0444);
MODULE_PARM_DESC(symbol, "the function to probe");

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
	.maxactive = 64,
};

static void notrace at_call(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
}

static struct ftrace_ops ops = {
	.func = at_call,
};

static bool is_kprobe, is_ftrace;

static int __init floor_init(void)
{
	probe.kp.symbol_name = symbol;
	is_kprobe = !strcmp(kind, "kprobe");
	if (is_kprobe) {
		probe.kp.pre_handler = at_entry;
		return register_kprobe(&probe.kp);
	}
	if (!strcmp(kind, "ftrace")) {
		is_ftrace = true;
		if (ftrace_set_filter(&ops, symbol, strlen(symbol), 1))
			return -ENOENT;
		return register_ftrace_function(&ops);
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
	if (is_ftrace)
		unregister_ftrace_function(&ops);
	else if (is_kprobe)
		unregister_kprobe(&probe.kp);
	else
		unregister_kretprobe(&probe);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark floor for oomtrace: an empty probe");
