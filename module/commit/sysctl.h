/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks in the commit ring where an overcommit knob has changed (knobs.c).
 */
#ifndef OOMTRACE_KNOBS_H
#define OOMTRACE_KNOBS_H

#include <linux/compiler.h>

/**
 * struct oomtrace_sysctls - the values that were last seen
 * @memory: vm.overcommit_memory.
 * @ratio: vm.overcommit_ratio.
 * @kbytes: vm.overcommit_kbytes.
 * @admin_reserve: vm.admin_reserve_kbytes.
 * @user_reserve: vm.user_reserve_kbytes.
 *
 * Written by oomtrace_sysctl_look() on any CPU, member by member.
 */
struct oomtrace_sysctls {
	int memory;
	int ratio;
	unsigned long kbytes;
	unsigned long admin_reserve;
	unsigned long user_reserve;
};

extern struct oomtrace_sysctls oomtrace_sysctl_seen;

/**
 * oomtrace_sysctl_mode_changed() - has the mode changed since the last decision?
 * @mode: the mode now.
 *
 * Return: true if so: call oomtrace_sysctl_look() then.
 */
static inline bool oomtrace_sysctl_mode_changed(int mode)
{
	return unlikely(READ_ONCE(oomtrace_sysctl_seen.memory) != mode);
}

/**
 * oomtrace_sysctl_changed() - has any of the other knobs?
 * @ratio: vm.overcommit_ratio now.
 * @kbytes: vm.overcommit_kbytes now.
 * @admin_reserve: vm.admin_reserve_kbytes now.
 * @user_reserve: vm.user_reserve_kbytes now.
 *
 * Return: true if so: call oomtrace_sysctl_look() then.
 */
static inline bool oomtrace_sysctl_changed(int ratio, unsigned long kbytes,
					   unsigned long admin_reserve,
					  unsigned long user_reserve)
{
	const struct oomtrace_sysctls *seen = &oomtrace_sysctl_seen;

	return unlikely(READ_ONCE(seen->ratio) != ratio ||
			READ_ONCE(seen->kbytes) != kbytes ||
			READ_ONCE(seen->admin_reserve) != admin_reserve ||
			READ_ONCE(seen->user_reserve) != user_reserve);
}

void oomtrace_sysctl_init(void);
void oomtrace_sysctl_look(void);

#endif /* OOMTRACE_KNOBS_H */
