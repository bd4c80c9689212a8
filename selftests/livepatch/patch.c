// SPDX-License-Identifier: GPL-2.0
/*
 * A live patch of __vm_enough_memory() and oom_badness(). Only for the tests,
 * never installed; independent of oomtrace.
 *
 * Each new function counts its calls and continues in the old one, behind the
 * place where ftrace would redirect the call again. So the kernel decides as
 * before. The parameters vm_enough_calls and badness_calls show the counts.
 */
#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>

#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>
#include <asm/ftrace.h>
#endif

static int (*old_vm_enough)(struct mm_struct *mm, long pages, int cap_sys_admin);
static long (*old_badness)(struct task_struct *p, unsigned long totalpages);

static atomic_t vm_enough_calls;
static atomic_t badness_calls;

#ifdef __nocfi
__nocfi
#endif
static int new_vm_enough(struct mm_struct *mm, long pages, int cap_sys_admin)
{
	atomic_inc(&vm_enough_calls);
	return old_vm_enough(mm, pages, cap_sys_admin);
}

#ifdef __nocfi
__nocfi
#endif
static long new_badness(struct task_struct *p, unsigned long totalpages)
{
	atomic_inc(&badness_calls);
	return old_badness(p, totalpages);
}

static struct klp_func functions[] = {
	{ .old_name = "__vm_enough_memory", .new_func = new_vm_enough },
	{ .old_name = "oom_badness", .new_func = new_badness },
	{ }
};

static struct klp_object objects[] = {
	{ .funcs = functions },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int count_get(char *buf, const struct kernel_param *param)
{
	return sprintf(buf, "%d\n", atomic_read((atomic_t *)param->arg));
}

static const struct kernel_param_ops count_ops = {
	.get = count_get,
};
module_param_cb(vm_enough_calls, &count_ops, &vm_enough_calls, 0400);
MODULE_PARM_DESC(vm_enough_calls, "calls of the new __vm_enough_memory");
module_param_cb(badness_calls, &count_ops, &badness_calls, 0400);
MODULE_PARM_DESC(badness_calls, "calls of the new oom_badness");

#ifdef CONFIG_X86_64
/*
 * The first instruction behind ftrace's place at the function's entry, or NULL.
 * The probe is disabled, so the kernel's code does not change.
 */
static void *find_body(const char *name)
{
	struct kprobe kp = {
		.symbol_name	= name,
		.flags		= KPROBE_FLAG_DISABLED,
	};
	bool by_ftrace;

	if (register_kprobe(&kp))
		return NULL;
	by_ftrace = kprobe_ftrace(&kp);
	unregister_kprobe(&kp);
	return by_ftrace ? (void *)kp.addr + MCOUNT_INSN_SIZE : NULL;
}

/* An indirect call to a place without ENDBR faults. */
static bool calls_are_checked(void)
{
#ifdef X86_FEATURE_IBT
	return boot_cpu_has(X86_FEATURE_IBT);
#else
	return false;
#endif
}
#else
static void *find_body(const char *name)
{
	return NULL;
}

static bool calls_are_checked(void)
{
	return false;
}
#endif

static int __init patch_init(void)
{
	if (calls_are_checked())
		return -EOPNOTSUPP;
	old_vm_enough = find_body("__vm_enough_memory");
	old_badness = find_body("oom_badness");
	if (!old_vm_enough || !old_badness)
		return -EOPNOTSUPP;
	return klp_enable_patch(&patch);
}

/* The kernel allows the unload only when the patch is disabled. */
static void __exit patch_exit(void)
{
}

module_init(patch_init);
module_exit(patch_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A live patch for the tests of oomtrace");
MODULE_INFO(livepatch, "Y");
