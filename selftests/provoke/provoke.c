// SPDX-License-Identifier: GPL-2.0
/*
 * Causes OOMs that user space alone cannot cause. Only for the tests, never
 * installed; independent of oomtrace.
 *
 * Writing a number to a parameter in /sys/module/oomtrace_provoke/parameters
 * triggers an action in the task that writes:
 *
 *   hold        allocate that many pages; the OOM notifier frees them at the
 *               next OOM of the machine, like a driver with a cache
 *   grab_nofs   allocate up to that many pages without __GFP_FS, then free them.
 *               For such a request the kernel kills no task and retries forever,
 *               so the notifier frees some pages after PATIENCE calls, which
 *               ends the allocation
 *   grab_dying  kill the writer, which then allocates up to that many pages on
 *               its way out
 *   scatter     fragment the free memory into single pages
 *   grab_order  allocate blocks of 2^number pages until allocation fails or the
 *               writer is killed; then also free what scatter allocated
 *   stall_ms    sleep that long, ignoring every signal, even SIGKILL; a write to the
 *               file oomtrace_release in debugfs ends it earlier
 *   lock_ms     the same with the writer's address space locked, so that the kernel's
 *               reaper cannot free it
 *   pause_ms    sleep that long in the OOM notifier, at the next OOM of the machine;
 *               oomtrace_release ends that, too
 *   policy      kill the process with that pid at the next OOM of the machine, as a
 *               BPF program that handles OOMs would: with oom_kill_process(), before
 *               the kernel compares tasks. Two pids may be written for one OOM
 *
 * The parameter refuse makes calls of kernel functions fail, reap_kill lets
 * process_mrelease(2) kill.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "find.h"
#include "reap_kill.h"
#include "refuse.h"

/* OOMs of a request without __GFP_FS before the notifier helps. */
#define PATIENCE	5

/* Pages to free then: enough for the request to end. */
#define HELP		1024

static LIST_HEAD(held);
static LIST_HEAD(grabbed);
/*
 * Guards both lists, which the notifier changes in the task that is out of
 * memory.
 */
static DEFINE_SPINLOCK(lists_lock);
/* Serializes the grab parameters and guards @waited. */
static DEFINE_MUTEX(grab_lock);
static bool grabbing_nofs;
static int waited;
static bool helped;
static bool keep;

static unsigned long give_back(struct list_head *list, unsigned long max)
{
	struct page *page, *next;
	unsigned long n = 0;
	LIST_HEAD(gone);

	spin_lock(&lists_lock);
	list_for_each_entry_safe(page, next, list, lru) {
		if (n == max)
			break;
		list_move(&page->lru, &gone);
		n++;
	}
	spin_unlock(&lists_lock);
	list_for_each_entry_safe(page, next, &gone, lru)
		__free_page(page);
	return n;
}

static unsigned long alloc_to_list(struct list_head *list, unsigned long max, gfp_t gfp)
{
	struct page *page;
	unsigned long n;

	for (n = 0; n < max && !READ_ONCE(helped); n++) {
		page = alloc_page(gfp | __GFP_NOWARN);
		if (!page)
			break;
		spin_lock(&lists_lock);
		list_add(&page->lru, list);
		spin_unlock(&lists_lock);
		cond_resched();
	}
	return n;
}

/* ---- a policy of its own ---- */

/* Guarded by oom_lock in the notifier, and not written while an OOM is under way. */
static pid_t chosen_pids[2];

static void (*kill_process)(struct oom_control *oc, const char *message);

static int policy_set(const char *val, const struct kernel_param *kp)
{
	pid_t pid;
	void *at;
	int ret = kstrtoint(val, 0, &pid);

	if (ret)
		return ret;
	at = find_function("oom_kill_process");
	if (IS_ERR(at))
		return PTR_ERR(at);
	kill_process = at;
	WRITE_ONCE(chosen_pids[!!chosen_pids[0]], pid);
	return 0;
}

static void kill_by_policy(pid_t pid)
{
	struct oom_control oc = { .gfp_mask = GFP_KERNEL };

	rcu_read_lock();
	oc.chosen = pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_TGID);
	/* oom_kill_process() drops this reference. */
	if (oc.chosen)
		get_task_struct(oc.chosen);
	rcu_read_unlock();
	if (oc.chosen)
		kill_process(&oc, "Out of memory (policy of a test)");
}

/* Returns how many tasks it killed. */
static int apply_policy(void)
{
	int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(chosen_pids); i++) {
		if (!chosen_pids[i])
			continue;
		kill_by_policy(chosen_pids[i]);
		chosen_pids[i] = 0;
		n++;
	}
	return n;
}

/* ---- sleeping ---- */

/* Wakes stall_ms, lock_ms and pause_ms. A parameter cannot: one is written at a time. */
static DECLARE_WAIT_QUEUE_HEAD(stalled);
static bool released;
static unsigned int pause_ms;

static void stall(unsigned int ms)
{
	WRITE_ONCE(released, false);
	wait_event_timeout(stalled, READ_ONCE(released), msecs_to_jiffies(ms));
}

static int at_oom(struct notifier_block *nb, unsigned long unused, void *freed)
{
	unsigned int ms = xchg(&pause_ms, 0);

	if (ms)
		stall(ms);
	*(unsigned long *)freed += apply_policy();
	if (!READ_ONCE(keep))
		*(unsigned long *)freed += give_back(&held, ULONG_MAX);
	if (READ_ONCE(grabbing_nofs) && ++waited > PATIENCE) {
		WRITE_ONCE(helped, true);
		*(unsigned long *)freed += give_back(&grabbed, HELP);
	}
	return NOTIFY_OK;
}

static struct notifier_block oom_nb = {
	.notifier_call	= at_oom,
};

static int hold_set(const char *val, const struct kernel_param *kp)
{
	unsigned long pages;
	int ret = kstrtoul(val, 0, &pages);

	if (!ret && alloc_to_list(&held, pages, GFP_KERNEL) < pages)
		ret = -ENOMEM;
	return ret;
}

static int grab_pages(const char *val, bool nofs, bool dying)
{
	unsigned long pages;
	int ret = kstrtoul(val, 0, &pages);

	if (ret)
		return ret;
	mutex_lock(&grab_lock);
	waited = 0;
	WRITE_ONCE(grabbing_nofs, nofs);
	if (dying)
		send_sig(SIGKILL, current, 1);
	alloc_to_list(&grabbed, pages, nofs ? GFP_NOFS : GFP_KERNEL);
	WRITE_ONCE(grabbing_nofs, false);
	WRITE_ONCE(helped, false);
	give_back(&grabbed, ULONG_MAX);
	mutex_unlock(&grab_lock);
	return 0;
}

static int grab_nofs_set(const char *val, const struct kernel_param *kp)
{
	return grab_pages(val, true, false);
}

static int grab_dying_set(const char *val, const struct kernel_param *kp)
{
	return grab_pages(val, false, true);
}

/*
 * Fragment the free memory: allocate all of it, then free every second page.
 * The pages that stay cannot be moved. Page cache that then fills the gaps can
 * be reclaimed, so reclaim makes progress and the kernel retries compaction,
 * which fails.
 */
static int scatter_set(const char *val, const struct kernel_param *kp)
{
	struct page *page, *next;
	LIST_HEAD(gone);

	/* Keep the notifier from freeing these pages. */
	WRITE_ONCE(keep, true);
	alloc_to_list(&held, ULONG_MAX, GFP_KERNEL & ~__GFP_RECLAIM);
	list_for_each_entry_safe(page, next, &held, lru)
		if (page_to_pfn(page) & 1)
			list_move(&page->lru, &gone);
	list_for_each_entry_safe(page, next, &gone, lru)
		__free_page(page);
	return 0;
}

static int grab_order_set(const char *val, const struct kernel_param *kp)
{
	struct page *page, *next;
	unsigned int order;
	LIST_HEAD(rows);
	int ret = kstrtouint(val, 0, &order);

	if (ret)
		return ret;
	if (order > 3)
		return -EINVAL;
	mutex_lock(&grab_lock);
	while (!fatal_signal_pending(current)) {
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
		if (!page)
			break;
		list_add(&page->lru, &rows);
		cond_resched();
	}
	list_for_each_entry_safe(page, next, &rows, lru)
		__free_pages(page, order);
	WRITE_ONCE(keep, false);
	give_back(&held, ULONG_MAX);
	mutex_unlock(&grab_lock);
	return 0;
}

static struct dentry *release_file;

static ssize_t release_write(struct file *file, const char __user *buf, size_t size,
			     loff_t *pos)
{
	WRITE_ONCE(released, true);
	wake_up(&stalled);
	return size;
}

static const struct file_operations release_fops = {
	.owner	= THIS_MODULE,
	.write	= release_write,
};

static int stall_set(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;
	int ret = kstrtouint(val, 0, &ms);

	if (!ret)
		stall(ms);
	return ret;
}

static int lock_set(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;
	int ret = kstrtouint(val, 0, &ms);

	if (ret)
		return ret;
	mmap_write_lock(current->mm);
	stall(ms);
	mmap_write_unlock(current->mm);
	return 0;
}

static int pause_set(const char *val, const struct kernel_param *kp)
{
	return kstrtouint(val, 0, &pause_ms);
}

/*
 * Writing a parameter holds the module's parameter lock, which serializes these
 * functions.
 */
#define ACTION(name, fn)						\
	static const struct kernel_param_ops name##_ops = { .set = fn };	\
	module_param_cb(name, &name##_ops, NULL, 0200)

ACTION(hold, hold_set);
MODULE_PARM_DESC(hold, "allocate pages, which the OOM notifier frees");
ACTION(grab_nofs, grab_nofs_set);
MODULE_PARM_DESC(grab_nofs, "allocate up to that many pages without __GFP_FS");
ACTION(grab_dying, grab_dying_set);
MODULE_PARM_DESC(grab_dying, "allocate up to that many pages while dying");
ACTION(scatter, scatter_set);
MODULE_PARM_DESC(scatter, "fragment the free memory into single pages");
ACTION(grab_order, grab_order_set);
MODULE_PARM_DESC(grab_order, "allocate blocks of 2^n pages until killed");
ACTION(policy, policy_set);
MODULE_PARM_DESC(policy, "kill that process at the next OOM");
ACTION(stall_ms, stall_set);
MODULE_PARM_DESC(stall_ms, "sleep that long, ignoring all signals");
ACTION(lock_ms, lock_set);
MODULE_PARM_DESC(lock_ms, "sleep that long with the address space locked");

ACTION(pause_ms, pause_set);
MODULE_PARM_DESC(pause_ms, "sleep that long at the next OOM");

static int __init provoke_init(void)
{
	release_file = debugfs_create_file("oomtrace_release", 0200, NULL, NULL,
					   &release_fops);
	return register_oom_notifier(&oom_nb);
}

static void __exit provoke_exit(void)
{
	debugfs_remove(release_file);
	refuse_exit();
	reap_kill_exit();
	unregister_oom_notifier(&oom_nb);
	give_back(&held, ULONG_MAX);
}

module_init(provoke_init);
module_exit(provoke_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Causes OOMs for the tests of oomtrace");
