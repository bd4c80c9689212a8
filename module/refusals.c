// SPDX-License-Identifier: GPL-2.0
/*
 * The setting "refusals": whether system calls that answer ENOMEM are recorded. It is
 * a parameter, a control file and an ioctl. While it is off, none of their functions
 * has a probe. Process context.
 */
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "hooks.h"
#include "refusals.h"
#include "task.h"

static const char * const refusal_settings[] = { "off", "syscalls", NULL };

/**
 * oomtrace_refusals_set() - choose whether refused system calls are recorded
 * @name: off or syscalls; a newline may follow.
 *
 * Return: 0; -EINVAL with a line in the log; or the error of a hook that could not be
 * taken away.
 */
int oomtrace_refusals_set(const char *name)
{
	int i = sysfs_match_string(refusal_settings, name);

	if (i < 0) {
		pr_err_ratelimited("refusals: " WORD_FMT
				   " is not understood; allowed are off and syscalls\n",
				   WORD_ARG(name));
		return -EINVAL;
	}
	return oomtrace_hooks_refusals(i);
}

/**
 * oomtrace_refusals_name() - get whether refused system calls are recorded
 *
 * Return: off or syscalls.
 */
const char *oomtrace_refusals_name(void)
{
	return refusal_settings[oomtrace_hooks_refusals_on()];
}

static int refusals_param_set(const char *val, const struct kernel_param *kp)
{
	return oomtrace_refusals_set(val);
}

static int refusals_param_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", oomtrace_refusals_name());
}

static const struct kernel_param_ops refusals_ops = {
	.set = refusals_param_set,
	.get = refusals_param_get,
};
module_param_cb(refusals, &refusals_ops, NULL, 0444);
MODULE_PARM_DESC(refusals,
		 "Which refusals are recorded besides those of commit accounting: off (default, no probe), syscalls (each system call for memory that answers ENOMEM, and what explains it; and failed allocations with __GFP_NOWARN).");
