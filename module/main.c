// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace: how the kernel decides about memory, for people to read.
 *
 * Watches two decisions and changes neither: may a task have the address space
 * it asks for (__vm_enough_memory), and whom does the OOM killer kill.
 *
 *   hooks ──> commit.c      ──> ring.c ──> chardev.c  /dev/oomtrace
 *             selection.c, candidate.c     debugfs.c, text.c
 *             victim.c                                /sys/kernel/debug/oomtrace
 *                                          trace.c    trace events oomtrace:*
 *
 * This file is load and unload only: a list of steps, and the same list
 * backwards. On unload the ways in for users go first, then the hooks, and the
 * memory they wrote to last.
 */
#include <linux/mm.h>
#include <linux/module.h>

#include "oom/repeat.h"
#include "oom/daemon.h"
#include "commit/choice.h"
#include "hooks.h"
#include "commit/sysctl.h"
#include "oom/cgroup_paths.h"
#include "task.h"
#include "oom/panic.h"
#include "ring/ring.h"
#include "hook/symbols.h"

/* ---- parameters ---- */

unsigned int oomtrace_commit_records = OOMTRACE_RECORD_DENIED;

static const char * const record_names[] = {
	[OOMTRACE_RECORD_DENIED]	= "denied",
	[OOMTRACE_RECORD_ALL]		= "all",
	[OOMTRACE_RECORD_NONE]		= "none",
};

/**
 * oomtrace_commit_records_set() - choose which commit decisions are recorded
 * @name: denied, all or none; a newline behind it is no harm.
 *
 * Return: 0, or -EINVAL with a line in the log.
 */
int oomtrace_commit_records_set(const char *name)
{
	int i = sysfs_match_string(record_names, name);

	if (i < 0) {
		pr_err_ratelimited("commit_records: " WORD_FMT " is not understood; allowed are denied, all and none\n",
				   WORD_ARG(name));
		return -EINVAL;
	}
	WRITE_ONCE(oomtrace_commit_records, i);
	return 0;
}

/**
 * oomtrace_commit_records_name() - which commit decisions are recorded
 *
 * Return: denied, all or none.
 */
const char *oomtrace_commit_records_name(void)
{
	return record_names[READ_ONCE(oomtrace_commit_records)];
}

static int commit_records_param_set(const char *val,
				    const struct kernel_param *kp)
{
	return oomtrace_commit_records_set(val);
}

static int commit_records_param_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", oomtrace_commit_records_name());
}

static const struct kernel_param_ops commit_records_ops = {
	.set = commit_records_param_set,
	.get = commit_records_param_get,
};
module_param_cb(commit_records, &commit_records_ops, NULL, 0444);
MODULE_PARM_DESC(commit_records,
		 "Which commit decisions are recorded: denied (default), all, none. All are counted.");

static int near_percent_param_set(const char *val,
				  const struct kernel_param *kp)
{
	return oomtrace_near_percent_set(val);
}

static const struct kernel_param_ops near_percent_ops = {
	.set = near_percent_param_set,
	.get = param_get_uint,
};
module_param_cb(near_percent, &near_percent_ops, &oomtrace_near_percent, 0444);
MODULE_PARM_DESC(near_percent,
		 "Record grants in mode 2 that leave less than this percentage of what is allowed: 0 (default, none) to 100.");

struct oomtrace_hook_choice oomtrace_commit_hook = {
	.words = { "ftrace", "kretprobe" },
};

struct oomtrace_hook_choice oomtrace_select_hook = {
	.words = { "ftrace", "kprobe" },
};

static int hook_param_set(const char *val, const struct kernel_param *kp)
{
	struct oomtrace_hook_choice *how = kp->arg;
	int i = __sysfs_match_string(how->words, ARRAY_SIZE(how->words), val);

	if (i < 0) {
		pr_err("%s: " WORD_FMT " is not understood; allowed are %s and %s\n",
		       kp->name, WORD_ARG(val), how->words[0], how->words[1]);
		return -EINVAL;
	}
	how->probe = i;
	return 0;
}

static int hook_param_get(char *buf, const struct kernel_param *kp)
{
	const struct oomtrace_hook_choice *how = kp->arg;

	return sysfs_emit(buf, "%s\n", how->words[how->probe]);
}

static const struct kernel_param_ops hook_param_ops = {
	.set = hook_param_set,
	.get = hook_param_get,
};
module_param_cb(commit_hook, &hook_param_ops, &oomtrace_commit_hook, 0444);
MODULE_PARM_DESC(commit_hook,
		 "How __vm_enough_memory is hooked: ftrace (default; falls back to kretprobe where it cannot be), or kretprobe: costs more, but a live patch of that function can be loaded as well.");

module_param_cb(select_hook, &hook_param_ops, &oomtrace_select_hook, 0444);
MODULE_PARM_DESC(select_hook,
		 "How oom_evaluate_task and oom_badness are hooked: ftrace (default; each falls back to a probe where it cannot be), or kprobe: costs more, but a live patch of oom_badness can be loaded as well.");

module_param_named(commit_buffer_kb, oomtrace_buffer_kb[OOMTRACE_RING_COMMIT],
		   uint, 0444);
MODULE_PARM_DESC(commit_buffer_kb,
		 "Memory for commit decisions, KiB per CPU, 16 to 1048576 (default 256).");

module_param_named(oom_buffer_kb, oomtrace_buffer_kb[OOMTRACE_RING_OOM],
		   uint, 0444);
MODULE_PARM_DESC(oom_buffer_kb,
		 "Memory for OOM episodes, KiB per CPU, 16 to 1048576 (default 512: about 1600 candidates).");

/* ---- load and unload ---- */

static int __init oomtrace_init(void)
{
	unsigned int *commit_kb = &oomtrace_buffer_kb[OOMTRACE_RING_COMMIT];
	unsigned int *oom_kb = &oomtrace_buffer_kb[OOMTRACE_RING_OOM];
	int ret;

	/* Checked here and not when set: modprobe shows errno, the log why. */
	ret = oomtrace_buffer_kb_check("commit_buffer_kb", commit_kb);
	if (ret)
		return ret;
	ret = oomtrace_buffer_kb_check("oom_buffer_kb", oom_kb);
	if (ret)
		return ret;

	oomtrace_symbols_init();
	oomtrace_commit_init();
	oomtrace_knobs_init();
	oomtrace_names_init();
	oomtrace_again_init();
	oomtrace_daemons_init();

	ret = oomtrace_rings_init();
	if (ret) {
		pr_err("no memory for the rings (%u + %u KiB on each of %u CPUs)\n",
		       *commit_kb, *oom_kb, num_possible_cpus());
		return ret;
	}
	ret = oomtrace_panic_init();
	if (ret)
		goto free_rings;
	ret = oomtrace_hooks_attach();
	if (ret)
		goto quiesce;
	/* The last step that can fail: from then on somebody may have it open. */
	ret = oomtrace_chardev_init();
	if (ret) {
		pr_err("cannot make /dev/oomtrace (error %d)\n", ret);
		goto detach;
	}
	oomtrace_debugfs_init();
	pr_info("loaded, %u of %u hooks attached\n",
		OOMTRACE_HOOKS - oomtrace_hooks_missing(), OOMTRACE_HOOKS);
	return 0;

detach:
	oomtrace_hooks_detach();
quiesce:
	/* Hooks that were attached for a while have left work behind. */
	oomtrace_daemons_exit();
	oomtrace_again_exit();
	oomtrace_names_exit();
	oomtrace_wake_quiesce();
	oomtrace_filter_exit();
	oomtrace_panic_exit();
free_rings:
	oomtrace_rings_exit();
	return ret;
}

static void __exit oomtrace_exit(void)
{
	oomtrace_debugfs_exit();
	oomtrace_chardev_exit();
	oomtrace_hooks_detach();
	oomtrace_daemons_exit();
	oomtrace_again_exit();
	oomtrace_names_exit();
	oomtrace_wake_quiesce();
	oomtrace_filter_exit();
	oomtrace_panic_exit();
	oomtrace_rings_exit();
	pr_info("unloaded\n");
}

module_init(oomtrace_init);
module_exit(oomtrace_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Shows how the kernel decides about memory: commit accounting and OOM victim selection");
MODULE_VERSION("0.1");
