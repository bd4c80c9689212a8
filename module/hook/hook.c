// SPDX-License-Identifier: GPL-2.0
/*
 * Hits of the hooks, and which hooks are attached: the ground that handlers
 * stand on. Handlers write the counters of their own CPU and read the bits.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>

#include "hook/hook.h"

DEFINE_PER_CPU(struct oomtrace_hits, oomtrace_hits);

/* Changes at load and unload only, when no handler that reads it can run. */
static DECLARE_BITMAP(attached_hooks, OOMTRACE_HOOKS);

/**
 * oomtrace_hook_hits() - how often a hook's handler ran
 * @id: the hook.
 *
 * Return: the sum over all CPUs since load.
 */
u64 oomtrace_hook_hits(enum oomtrace_hook_id id)
{
	unsigned int cpu;
	u64 n = 0;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu(oomtrace_hits, cpu).n[id]);
	return n;
}

/**
 * oomtrace_hook_attached() - is a hook attached, switched on or not?
 * @id: the hook.
 *
 * Fixed at load, so handlers may ask.
 */
bool oomtrace_hook_attached(enum oomtrace_hook_id id)
{
	return test_bit(id, attached_hooks);
}

/**
 * oomtrace_hook_set_attached() - note whether a hook is attached
 * @id: the hook.
 * @attached: the answer that oomtrace_hook_attached() gives from now on.
 */
void oomtrace_hook_set_attached(enum oomtrace_hook_id id, bool attached)
{
	assign_bit(id, attached_hooks, attached);
}
