// SPDX-License-Identifier: GPL-2.0
/*
 * Counts stale breakpoints: traps of a CPU at a place where the kernel has
 * already removed its breakpoint. Only for an experiment, never installed;
 * independent of oomtrace, and touches no function of the kernel.
 *
 * The kernel changes an instruction that other CPUs may execute in three steps: a
 * breakpoint replaces the first byte, the other bytes change, the new first byte
 * replaces the breakpoint. After each step all CPUs synchronize. A trap between
 * the first and the last step is handled by the code that patches. A later trap
 * must not happen. It goes to the kprobe at that place, if there is one.
 *
 * One thread on the first CPU patches ftrace's place in hot_function() over and
 * over: it adds the function to an ftrace callback and takes it away. A thread on
 * each other CPU calls hot_function() in a loop. A disabled kprobe at the place
 * counts the traps. Its handler continues behind the place.
 *
 * A callback that is registered and unregistered each time would patch the same
 * bytes, but unregistering waits for a grace period of RCU tasks.
 *
 * Runs from load to unload. Parameters in /sys/module/oomtrace_poke/parameters/:
 *
 *   pokes    changes of the place
 *   traps    traps on a stale breakpoint
 *   stale    CPUs that trapped, each counted once between two changes
 *   outside  traps while the place was not being changed
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>

static unsigned long pokes;
module_param(pokes, ulong, 0400);
MODULE_PARM_DESC(pokes, "changes of the place");

static bool is_poking;
static atomic_long_t traps;
static atomic_long_t stale;
static atomic_long_t outside;
static DEFINE_PER_CPU(unsigned long, last_state) = ULONG_MAX;

static int count_get(char *buf, const struct kernel_param *param)
{
	return sprintf(buf, "%ld\n", atomic_long_read(param->arg));
}

static const struct kernel_param_ops count_ops = {
	.get = count_get,
};
module_param_cb(traps, &count_ops, &traps, 0400);
MODULE_PARM_DESC(traps, "traps on a stale breakpoint");
module_param_cb(stale, &count_ops, &stale, 0400);
MODULE_PARM_DESC(stale, "CPUs that trapped, each counted once between two changes");
module_param_cb(outside, &count_ops, &outside, 0400);
MODULE_PARM_DESC(outside, "traps while the place was not being changed");

static noinline void hot_function(void)
{
	asm volatile("");
}

/* Keeps the callback's filter from being empty, which would mean all functions. */
static noinline void cold_function(void)
{
	asm volatile("");
}

/* Runs only in a breakpoint's trap: the probe is disabled, so ftrace skips it. */
static int at_trap(struct kprobe *kp, struct pt_regs *regs)
{
	unsigned long state = READ_ONCE(pokes);

	atomic_long_inc(&traps);
	if (this_cpu_read(last_state) != state) {
		this_cpu_write(last_state, state);
		atomic_long_inc(&stale);
	}
	if (!READ_ONCE(is_poking))
		atomic_long_inc(&outside);
	instruction_pointer_set(regs, (unsigned long)kp->addr + MCOUNT_INSN_SIZE);
	return 1;
}
NOKPROBE_SYMBOL(at_trap);

static struct kprobe probe = {
	.addr		= (void *)hot_function,
	.pre_handler	= at_trap,
	.flags		= KPROBE_FLAG_DISABLED,
};

/* The same series of changes introduced that option and struct ftrace_regs. */
#ifdef CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS
#define callback_regs	ftrace_regs
#else
#define callback_regs	pt_regs
#endif

static void notrace at_call(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct callback_regs *regs)
{
}

static struct ftrace_ops ops = {
	.func = at_call,
};

static int call_hot_function(void *unused)
{
	int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 1000; i++)
			hot_function();
		cond_resched();
	}
	return 0;
}

/* The place must stay in the filter as often as it is taken out. */
static int poke_hot_function(void *unused)
{
	unsigned long place = (unsigned long)probe.addr;
	int ret = 0;

	while (!kthread_should_stop() && !ret) {
		WRITE_ONCE(is_poking, true);
		ret = ftrace_set_filter_ip(&ops, place, pokes % 2, 0);
		WRITE_ONCE(pokes, pokes + 1);
		WRITE_ONCE(is_poking, false);
		cond_resched();
	}
	if (ret)
		pr_err("cannot patch the function (error %d) after %lu changes\n",
		       ret, pokes);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return ret;
}

static struct task_struct **threads;

static void stop_threads(void)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_ids; i++)
		if (threads[i])
			kthread_stop(threads[i]);
	kfree(threads);
}

static int start_threads(void)
{
	unsigned int cpu, first = cpumask_first(cpu_online_mask);
	struct task_struct *thread;

	threads = kcalloc(nr_cpu_ids, sizeof(*threads), GFP_KERNEL);
	if (!threads)
		return -ENOMEM;
	for_each_online_cpu(cpu) {
		thread = kthread_create(cpu == first ? poke_hot_function :
						       call_hot_function,
					NULL, "poke/%u", cpu);
		if (IS_ERR(thread)) {
			stop_threads();
			return PTR_ERR(thread);
		}
		kthread_bind(thread, cpu);
		threads[cpu] = thread;
		wake_up_process(thread);
	}
	return 0;
}

static int __init poke_init(void)
{
	int ret;

	cold_function();
	ret = register_kprobe(&probe);
	if (ret)
		return ret;
	ret = -EOPNOTSUPP;
	if (!kprobe_ftrace(&probe))
		goto out_probe;
	ret = ftrace_set_filter_ip(&ops, (unsigned long)cold_function, 0, 1);
	if (ret)
		goto out_probe;
	ret = register_ftrace_function(&ops);
	if (ret)
		goto out_probe;
	ret = start_threads();
	if (!ret)
		return 0;
	unregister_ftrace_function(&ops);
out_probe:
	unregister_kprobe(&probe);
	return ret;
}

static void __exit poke_exit(void)
{
	stop_threads();
	unregister_ftrace_function(&ops);
	ftrace_set_filter(&ops, NULL, 0, 1);
	unregister_kprobe(&probe);
}

module_init(poke_init);
module_exit(poke_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Counts stale breakpoints, for the tests of oomtrace");
