// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel threads: as many as the parameter says, asleep until the module is
 * unloaded. The OOM killer looks at each of them.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

static unsigned int count = 2000;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Number of kernel threads.");

static struct task_struct **threads;
static unsigned int started;

static int sleep_until_stopped(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static void stop_all(void)
{
	while (started)
		kthread_stop(threads[--started]);
	vfree(threads);
}

static int __init kthreads_init(void)
{
	struct task_struct *thread;

	threads = vzalloc(array_size(count, sizeof(threads[0])));
	if (!threads)
		return -ENOMEM;
	while (started < count) {
		thread = kthread_run(sleep_until_stopped, NULL, "idle/%u",
				     started);
		if (IS_ERR(thread)) {
			stop_all();
			return PTR_ERR(thread);
		}
		threads[started++] = thread;
	}
	return 0;
}

static void __exit kthreads_exit(void)
{
	stop_all();
}

module_init(kthreads_init);
module_exit(kthreads_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Idle kernel threads for tests");
