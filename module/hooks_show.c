// SPDX-License-Identifier: GPL-2.0
/*
 * The state of each hook as a line of the hooks file: where it is, of which kind,
 * whether it works, and how often it was hit. Reads the table, changes nothing, and
 * runs in process context.
 */
#include <linux/mman.h>
#include <linux/string.h>

#include "hook/attach.h"
#include "hook/hook.h"
#include "hooks.h"
#include "hooks_show.h"
#include "stats.h"

static const char *prototype_word(const struct oomtrace_hook *hook)
{
	/* BTF does not describe a part that the compiler split off. */
	if (hook->name && strchr(hook->name, '.'))
		return "unchecked";
	return hook->prototype.state == OOMTRACE_PROTOTYPE_SAME ? "same" :
								   "unchecked";
}

static const char *state_word(const struct oomtrace_hook *hook)
{
	if (!oomtrace_hooks_enabled())
		return "off";
	/* Another hook of the same function is in charge. */
	if (!hook->armed)
		return "waiting";
	return oomtrace_hook_silenced_by(hook) ? "silent" : "attached";
}

/* The hooks of decisions do not count what is counted as a decision. */
static u64 count_hits(unsigned int id)
{
	if (id == OOMTRACE_HOOK_VM_ENOUGH)
		return oomtrace_stats_decisions();
	if (id == OOMTRACE_HOOK_VM_ENOUGH_RETURN)
		return oomtrace_hook_hits(id) + oomtrace_stats_quick(OVERCOMMIT_NEVER);
	return oomtrace_hook_hits(id);
}

static void show_hook(struct seq_file *m, const struct oomtrace_hook *hook, unsigned int id)
{
	const char *silenced;
	char where[64];

	oomtrace_attach_place(hook, where, sizeof(where));
	seq_printf(m, "%-28s %-10s %-8s ", where,
		   oomtrace_attach_kind(hook),
		   hook->required ? "required" : "optional");
	if (hook->prototype.state == OOMTRACE_PROTOTYPE_DIFFERENT) {
		seq_printf(m, "refused  no %s: prototype is '%s', expected '%s'\n",
			   hook->records, hook->prototype.found,
			   hook->prototype.expected);
		return;
	}
	if (hook->absent) {
		seq_puts(m, "absent   this kernel has no cgroup v1 for memory\n");
		return;
	}
	if (!hook->name && !hook->error) {
		seq_printf(m, "%-8s ", state_word(hook));
		/* A handler that reads no argument expects no prototype. */
		if (hook->prototype.expected)
			seq_printf(m, "prototype=%s ", prototype_word(hook));
		seq_printf(m, "(attached while %s)\n", hook->when);
		return;
	}
	if (!hook->name) {
		seq_printf(m, "failed   error %d: no %s\n", hook->error,
			   hook->records);
		return;
	}
	seq_printf(m, "%-8s hits=%llu", state_word(hook), count_hits(id));
	if (oomtrace_attach_is_probe(hook))
		seq_printf(m, " missed=%lu", oomtrace_attach_missed(hook));
	if (hook->prototype.expected)
		seq_printf(m, " prototype=%s", prototype_word(hook));
	silenced = oomtrace_hook_silenced_by(hook);
	if (silenced)
		seq_printf(m, " (%s)", silenced);
	seq_putc(m, '\n');
}

/**
 * oomtrace_hooks_show() - print a line for each hook
 * @m: the hooks file.
 */
void oomtrace_hooks_show(struct seq_file *m)
{
	const struct oomtrace_hook *hooks;
	unsigned int i;

	seq_printf(m, "# %-26s %-10s %-8s %s\n", "SYMBOL+OFFSET/SIZE", "KIND",
		   "NEED", "STATE");
	hooks = oomtrace_hooks_lock();
	for (i = 0; i < OOMTRACE_HOOKS; i++)
		show_hook(m, &hooks[i], i);
	oomtrace_hooks_unlock();
}
