// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading of oomtrace.
 *
 * The module records two decisions and changes neither: whether
 * __vm_enough_memory() grants a request, and which task the OOM killer kills.
 *
 * This file only holds the list of steps. Loading runs it from top to bottom,
 * unloading from bottom to top: user interfaces go first, then the hooks, and
 * last the memory that handlers write to.
 */
#include <linux/kernel.h>
#include <linux/module.h>

#include "chardev.h"
#include "commit/choice.h"
#include "commit/commit.h"
#include "commit/sysctl.h"
#include "debugfs.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "hooks.h"
#include "oom/account.h"
#include "oom/cgroup_paths.h"
#include "oom/contenders.h"
#include "oom/daemon.h"
#include "oom/panic.h"
#include "oom/remains.h"
#include "oom/repeat.h"
#include "oom/sigkill.h"
#include "oom/waiting.h"
#include "refused/causes.h"
#include "ring/cpus.h"
#include "ring/resize.h"
#include "ring/wakeup.h"
#include "stats.h"

/**
 * struct step - a step of loading
 * @load: performs the step, or returns an error and changes nothing; may be NULL.
 * @unload: undoes @load and ends work that later steps have queued; may be NULL.
 */
struct step {
	int (*load)(void);
	void (*unload)(void);
};

static const struct step steps[] = {
	{ .load = oomtrace_stats_init, .unload = oomtrace_stats_exit },
	{ .load = oomtrace_buffers_init, .unload = oomtrace_rings_exit },
	{ .load = oomtrace_panic_init, .unload = oomtrace_panic_exit },
	{ .unload = oomtrace_filter_exit },
	{ .unload = oomtrace_wakeup_exit },
	/* Handlers queue work, even if attaching the hooks fails halfway. */
	{ .unload = oomtrace_paths_exit },
	{ .unload = oomtrace_repeat_exit },
	{ .unload = oomtrace_daemon_exit },
	{ .unload = oomtrace_remains_exit },
	{ .unload = oomtrace_waiting_exit },
	{ .unload = oomtrace_sigkill_exit },
	{ .load = oomtrace_hooks_attach, .unload = oomtrace_hooks_detach },
	/* Users can open the device from here on, so no later step may fail. */
	{ .load = oomtrace_chardev_init, .unload = oomtrace_chardev_exit },
	{ .load = oomtrace_debugfs_init, .unload = oomtrace_debugfs_exit },
};

/* Undo the first @n steps, the last one first. */
static void undo_steps(size_t n)
{
	while (n--)
		if (steps[n].unload)
			steps[n].unload();
}

static int __init oomtrace_init(void)
{
	size_t i;
	int ret;

	oomtrace_symbols_init();
	oomtrace_account_init();
	oomtrace_commit_init();
	oomtrace_causes_init();
	oomtrace_sysctl_init();
	oomtrace_wakeup_init();
	oomtrace_contenders_init();
	oomtrace_paths_init();
	oomtrace_repeat_init();
	oomtrace_daemon_init();
	oomtrace_sigkill_init();
	oomtrace_remains_init();
	oomtrace_waiting_init();

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ret = steps[i].load ? steps[i].load() : 0;
		if (ret) {
			undo_steps(i);
			return ret;
		}
	}
	pr_info("loaded, %u of %u hooks missing\n", oomtrace_hooks_missing(),
		OOMTRACE_HOOKS);
	return 0;
}

static void __exit oomtrace_exit(void)
{
	undo_steps(ARRAY_SIZE(steps));
	pr_info("unloaded\n");
}

module_init(oomtrace_init);
module_exit(oomtrace_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Records overcommit decisions and OOM victim selection with every number used");
MODULE_VERSION("0.1");
