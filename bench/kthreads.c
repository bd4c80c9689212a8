// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel threads for the benchmark's OOM killer to pass over: starts some that
 * sleep until the module is unloaded. Never installed.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

static uint n = 1000;
module_param(n, uint, 0444);
MODULE_PARM_DESC(n, "number of kernel threads");

static struct task_struct **threads;
static uint started;

static int wait_for_stop(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static void stop_threads(void)
{
	while (started)
		kthread_stop(threads[--started]);
	kvfree(threads);
}

static int __init kthreads_init(void)
{
	threads = kvcalloc(n, sizeof(*threads), GFP_KERNEL);
	if (!threads)
		return -ENOMEM;
	while (started < n) {
		struct task_struct *task = kthread_run(wait_for_stop, NULL,
						       "bench/%u", started);

		if (IS_ERR(task)) {
			stop_threads();
			return PTR_ERR(task);
		}
		threads[started++] = task;
	}
	return 0;
}

static void __exit kthreads_exit(void)
{
	stop_threads();
}

module_init(kthreads_init);
module_exit(kthreads_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Benchmark of oomtrace: kernel threads that do nothing");
