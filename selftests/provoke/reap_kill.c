// SPDX-License-Identifier: GPL-2.0
/*
 * Lets process_mrelease(2) kill, as a flag would that was proposed for Linux in 2026
 * (PROCESS_MRELEASE_REAP_KILL, posted to linux-mm in April and May 2026): one more
 * parameter of the module that provokes OOMs. No kernel under test has that flag.
 *
 *   reap_kill   write a pid: until 0 is written, process_mrelease(PIDFD, 1) kills that
 *               process, whatever PIDFD is, and all others that share its address
 *               space, and then reaps it
 *
 * A kprobe continues the system call in a function of this file. So all is real but
 * that function: the task, the number of the call, and the kernel's functions that
 * send the signals and reap. Their order is that of the patch: find the address space
 * under task_lock, kill every process that shares it under RCU, lock it for reading,
 * __oom_reap_task_mm(). Like the patch's first version it holds a reference to
 * mm_users meanwhile.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "find.h"
#include "reap_kill.h"

#if defined(CONFIG_X86_64) && defined(CONFIG_KPROBES)

#define REAP_KILL	1

static pid_t doomed;

static bool (*reap_task_mm)(struct mm_struct *mm);

static struct mm_struct *get_mm_of(struct task_struct *task)
{
	struct mm_struct *mm = NULL;
	struct task_struct *t;

	rcu_read_lock();
	for_each_thread(task, t) {
		task_lock(t);
		mm = t->mm;
		if (mm)
			mmget(mm);
		task_unlock(t);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return mm;
}

static bool shares_mm(struct task_struct *task, const struct mm_struct *mm)
{
	struct task_struct *t;

	for_each_thread(task, t)
		if (READ_ONCE(t->mm))
			return READ_ONCE(t->mm) == mm;
	return false;
}

static void kill_all_that_share(const struct mm_struct *mm)
{
	struct task_struct *p;

	rcu_read_lock();
	for_each_process(p)
		if (!(p->flags & PF_KTHREAD) && !is_global_init(p) && shares_mm(p, mm))
			kill_pid(task_pid(p), SIGKILL, 0);
	rcu_read_unlock();
}

static noinline long reap_and_kill(const struct pt_regs *unused)
{
	struct task_struct *task;
	struct mm_struct *mm;
	long ret = 0;

	rcu_read_lock();
	task = pid_task(find_vpid(doomed), PIDTYPE_TGID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task)
		return -ESRCH;
	mm = get_mm_of(task);
	put_task_struct(task);
	if (!mm)
		return -ESRCH;
	kill_all_that_share(mm);
	if (mmap_read_lock_killable(mm)) {
		ret = -EINTR;
	} else {
		if (!reap_task_mm(mm))
			ret = -EAGAIN;
		mmap_read_unlock(mm);
	}
	mmput(mm);
	return ret;
}

/* The argument is the user's registers. */
static int at_mrelease(struct kprobe *kp, struct pt_regs *regs)
{
	const struct pt_regs *user = (const struct pt_regs *)regs->di;

	if ((unsigned int)user->si != REAP_KILL)
		return 0;
	regs->ip = (unsigned long)reap_and_kill;
	return 1;
}

/* With a post handler, a kprobe on ftrace may change the instruction pointer. */
static void after_mrelease(struct kprobe *kp, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe kp = {
	.symbol_name = "__x64_sys_process_mrelease",
	.pre_handler = at_mrelease,
	.post_handler = after_mrelease,
};

static int reap_kill_set(const char *val, const struct kernel_param *param)
{
	pid_t pid;
	void *at;
	int ret = kstrtoint(val, 0, &pid);

	if (ret)
		return ret;
	if (doomed)
		unregister_kprobe(&kp);
	doomed = 0;
	if (!pid)
		return 0;
	at = find_function("__oom_reap_task_mm");
	if (IS_ERR(at))
		return PTR_ERR(at);
	reap_task_mm = at;
	/* The kernel writes to this member. */
	kp.addr = NULL;
	kp.flags = 0;
	ret = register_kprobe(&kp);
	if (!ret)
		doomed = pid;
	return ret;
}

static const struct kernel_param_ops reap_kill_ops = { .set = reap_kill_set };
module_param_cb(reap_kill, &reap_kill_ops, NULL, 0200);
MODULE_PARM_DESC(reap_kill, "process that process_mrelease() kills");

void reap_kill_exit(void)
{
	if (doomed)
		unregister_kprobe(&kp);
}

#else

void reap_kill_exit(void)
{
}

#endif
