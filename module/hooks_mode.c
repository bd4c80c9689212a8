// SPDX-License-Identifier: GPL-2.0
/*
 * Which of the two hooks of __vm_enough_memory() is in charge.
 *
 * In mode 2 the return of the function tells its answer, so a return probe takes
 * the place of the entry hook. While one comes and the other goes, both are
 * attached, and each CPU knows which of them handles its calls.
 */
#include <linux/jiffies.h>

#include "commit/vm_enough.h"
#include "hook/attach.h"
#include "hook/hook.h"
#include "hooks_mode.h"

/* Long enough that switching modes to and fro does not attach and detach all day. */
#define LINGER	(5 * HZ)

static void use_return(struct oomtrace_hook *entry, struct oomtrace_hook *ret)
{
	if (!ret->name)
		oomtrace_attach(ret, OOMTRACE_HOOK_VM_ENOUGH_RETURN);
	if (!ret->name) {
		pr_warn("cannot hook the return of %s (error %d): answers in mode 2 are worked out, not seen\n",
			ret->names[0], ret->error);
		return;
	}
	oomtrace_vm_enough_use_return(true);
	/* On an error it stays, and sees calls that it leaves to the probe. */
	oomtrace_arm(entry, false);
}

/* The return probe stays if anything fails: it can handle all modes. */
static int use_entry(struct oomtrace_hook *entry, struct oomtrace_hook *ret)
{
	int error = oomtrace_arm(entry, true);

	if (error)
		return error;
	oomtrace_vm_enough_use_return(false);
	return oomtrace_detach(ret, OOMTRACE_HOOK_VM_ENOUGH_RETURN);
}

/**
 * oomtrace_hooks_follow_mode() - put the hook in charge that the mode needs
 * @entry: the hook at the entry.
 * @ret: the hook of the return, which may not be attached.
 *
 * The caller holds the lock of the hooks, which are switched on.
 */
void oomtrace_hooks_follow_mode(struct oomtrace_hook *entry, struct oomtrace_hook *ret)
{
	/* When another mode than 2 was first seen, jiffies; 0: it is 2. */
	static unsigned long left;

	if (oomtrace_vm_enough_wants_return()) {
		left = 0;
		if (!oomtrace_vm_enough_uses_return())
			use_return(entry, ret);
	} else if (oomtrace_vm_enough_uses_return()) {
		if (!left)
			left = jiffies ?: 1;
		if (time_before(jiffies, left + LINGER) || use_entry(entry, ret))
			oomtrace_vm_enough_look_again(LINGER);
		else
			left = 0;
	}
	oomtrace_vm_enough_followed();
}
