// SPDX-License-Identifier: GPL-2.0
/*
 * Attaches the hooks of refused system calls, and takes them away. Process context; the
 * caller keeps the hooks from changing meanwhile.
 */
#include <linux/printk.h>

#include "commit/notes.h"
#include "hook/attach.h"
#include "hook/hook.h"
#include "hooks_refusals.h"

/**
 * oomtrace_hooks_attach_refusals() - attach those hooks that are not
 * @hooks: the table, by enum oomtrace_hook_id.
 */
void oomtrace_hooks_attach_refusals(struct oomtrace_hook *hooks)
{
	struct oomtrace_hook *hook;
	unsigned int i;

	/* Before the first handler: no note may be of a call that began earlier. */
	WRITE_ONCE(oomtrace_notes_on, true);
	for (i = OOMTRACE_HOOK_REFUSED_FIRST; i <= OOMTRACE_HOOK_REFUSED_LAST; i++) {
		hook = &hooks[i];
		/* What failed is tried again only when refusals were off meanwhile. */
		if (hook->name || hook->error)
			continue;
		oomtrace_attach(hook, i);
		if (!hook->name)
			pr_info("cannot hook %s (error %d): no %s\n", hook->names[0],
				hook->error, hook->records);
	}
}

/**
 * oomtrace_hooks_detach_refusals() - take those hooks away, the last one first
 * @hooks: the table, by enum oomtrace_hook_id.
 *
 * Return: 0, or the first error.
 */
int oomtrace_hooks_detach_refusals(struct oomtrace_hook *hooks)
{
	int i, ret, first = 0;

	for (i = OOMTRACE_HOOK_REFUSED_LAST; i >= OOMTRACE_HOOK_REFUSED_FIRST; i--) {
		ret = oomtrace_detach(&hooks[i], i);
		if (ret && !first)
			first = ret;
		hooks[i].error = 0;
	}
	if (!first)
		WRITE_ONCE(oomtrace_notes_on, false);
	return first;
}
