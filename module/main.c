// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace: how the kernel decides about memory, for people to read.
 *
 * Watches two decisions and changes neither: may a task have the address space
 * that it asks for (__vm_enough_memory), and which task does the OOM killer kill.
 *
 * This file is load and unload only: a list of steps, and the same list
 * backwards. At unload the ways in for users go first, then the hooks, and the
 * memory that handlers wrote to last.
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
#include "oom/cgroup_paths.h"
#include "oom/daemon.h"
#include "oom/panic.h"
#include "oom/repeat.h"
#include "ring/resize.h"
#include "ring/ring.h"
#include "ring/wakeup.h"

/**
 * struct step - a step of loading
 * @load: does it; NULL: nothing to do. On an error it leaves nothing behind.
 * @unload: undoes it, and what the later steps have left to it; NULL: nothing.
 */
struct step {
	int (*load)(void);
	void (*unload)(void);
};

static const struct step steps[] = {
	{ oomtrace_buffers_init,	oomtrace_rings_exit },
	{ oomtrace_panic_init,		oomtrace_panic_exit },
	{ NULL,				oomtrace_filter_exit },
	{ NULL,				oomtrace_wakeup_exit },
	/* Even hooks that were attached for a moment leave work behind. */
	{ NULL,				oomtrace_paths_exit },
	{ NULL,				oomtrace_repeat_exit },
	{ NULL,				oomtrace_daemon_exit },
	{ oomtrace_hooks_attach,	oomtrace_hooks_detach },
	/* The last step that can fail: from then on the device can be open. */
	{ oomtrace_chardev_init,	oomtrace_chardev_exit },
	{ oomtrace_debugfs_init,	oomtrace_debugfs_exit },
};

/* Undo the first @n steps, backwards. */
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
	oomtrace_commit_init();
	oomtrace_sysctl_init();
	oomtrace_wakeup_init();
	oomtrace_paths_init();
	oomtrace_repeat_init();
	oomtrace_daemon_init();

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ret = steps[i].load ? steps[i].load() : 0;
		if (ret) {
			undo_steps(i);
			return ret;
		}
	}
	pr_info("loaded, %u of %u hooks attached\n",
		OOMTRACE_HOOKS - oomtrace_hooks_missing(), OOMTRACE_HOOKS);
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
MODULE_DESCRIPTION("Shows how the kernel decides about memory: commit accounting and OOM victim selection");
MODULE_VERSION("0.1");
