// SPDX-License-Identifier: GPL-2.0
/*
 * The hits of each hook, and which hooks are attached. Handlers write the
 * counters of their own CPU and read the bits; process context sums up the
 * counters and sets the bits.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>

#include "hook/hook.h"

DEFINE_PER_CPU(struct oomtrace_hits, oomtrace_hits);

/* Needs no lock: it changes only while no handler that reads it can run. */
static DECLARE_BITMAP(attached_hooks, OOMTRACE_HOOKS);

/**
 * oomtrace_hook_hits() - count how often a hook's handler ran
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
 * oomtrace_hook_attached() - check whether a hook is attached
 * @id: the hook.
 *
 * Any context: the result does not change between load and unload.
 *
 * Return: true if it is attached, whether switched on or off.
 */
bool oomtrace_hook_attached(enum oomtrace_hook_id id)
{
	return test_bit(id, attached_hooks);
}

/**
 * oomtrace_hook_set_attached() - store whether a hook is attached
 * @id: the hook.
 * @attached: the result of oomtrace_hook_attached() from now on.
 */
void oomtrace_hook_set_attached(enum oomtrace_hook_id id, bool attached)
{
	assign_bit(id, attached_hooks, attached);
}

static unsigned int times_off;

/**
 * oomtrace_hooks_times_off() - how often hooks were switched off
 *
 * If it has changed since an OOM began, hooks were off meanwhile, and have missed
 * some of it.
 *
 * Return: the number; it may wrap.
 */
unsigned int oomtrace_hooks_times_off(void)
{
	return READ_ONCE(times_off);
}

/**
 * oomtrace_hooks_count_off() - count that hooks are switched off, before the first is
 */
void oomtrace_hooks_count_off(void)
{
	WRITE_ONCE(times_off, times_off + 1);
}
