// SPDX-License-Identifier: GPL-2.0
/*
 * Makes calls of a kernel function fail, slow or do nothing: one more parameter of the
 * module that provokes OOMs.
 *
 *   refuse      write "FUNCTION N": the N-th call of that function from now on
 *               does nothing and returns -ENOMEM, or the pointer that means it.
 *               Write "none" to stop. Reads as 1 once a call has failed.
 *               With "FUNCTION N panic" the kernel panics in that call. With
 *               "FUNCTION N true" the call does nothing and returns true. With
 *               "FUNCTION N slow" that call and all later ones take 10 ms longer,
 *               and it reads as their number
 *
 * Failing is like the kernel's fail_function, but works for functions that are not
 * on its list, and on kernels built without it. It suits only functions without
 * an effect before they fail, such as registrations.
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>

#include "refuse.h"

#if defined(CONFIG_X86_64) && defined(CONFIG_KPROBES)

static atomic_t to_go = ATOMIC_INIT(0);
static char symbol[64];
static bool panics;
static bool slows;
static long answer;
static atomic_t slowed = ATOMIC_INIT(0);

/* A failing call continues here: this leaves all registers unchanged. */
static noinline notrace void return_at_once(void)
{
	asm volatile("");
}

static int at_call(struct kprobe *kp, struct pt_regs *regs)
{
	int left = atomic_dec_if_positive(&to_go);

	if (slows && left <= 0) {
		atomic_inc(&slowed);
		mdelay(10);
		return 0;
	}
	if (left != 0)
		return 0;
	if (panics)
		panic("oomtrace_provoke: call of %s", symbol);
	regs_set_return_value(regs, answer);
	regs->ip = (unsigned long)return_at_once;
	return 1;
}

/*
 * With a post handler, a kprobe on ftrace may change the instruction pointer.
 */
static void after_call(struct kprobe *kp, struct pt_regs *regs,
		       unsigned long flags)
{
}

static struct kprobe kp;

static void stop_refusing(void)
{
	if (kp.symbol_name)
		unregister_kprobe(&kp);
	kp.symbol_name = NULL;
}

static int refuse_set(const char *val, const struct kernel_param *param)
{
	char how[8] = "";
	unsigned int n;
	int ret;

	stop_refusing();
	if (sysfs_streq(val, "none"))
		return 0;
	if (sscanf(val, "%63s %u %7s", symbol, &n, how) < 2 || !n)
		return -EINVAL;
	panics = !strcmp(how, "panic");
	slows = !strcmp(how, "slow");
	answer = strcmp(how, "true") ? -ENOMEM : true;
	atomic_set(&slowed, 0);
	memset(&kp, 0, sizeof(kp));
	kp.symbol_name = symbol;
	kp.pre_handler = at_call;
	/*
	 * If one of two kprobes of a function has a post handler, removing it makes
	 * some kernels disarm the wrong ftrace callback. So a call is slowed without.
	 */
	kp.post_handler = slows ? NULL : after_call;
	atomic_set(&to_go, n);
	ret = register_kprobe(&kp);
	if (ret)
		kp.symbol_name = NULL;
	return ret;
}

static int refuse_get(char *buf, const struct kernel_param *param)
{
	return sprintf(buf, "%d\n", slows ? atomic_read(&slowed) :
					    kp.symbol_name && !atomic_read(&to_go));
}

static const struct kernel_param_ops refuse_ops = {
	.set = refuse_set,
	.get = refuse_get,
};
module_param_cb(refuse, &refuse_ops, NULL, 0600);
MODULE_PARM_DESC(refuse, "make the n-th call of a function fail");

void refuse_exit(void)
{
	stop_refusing();
}

#else

void refuse_exit(void)
{
}

#endif
