/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks in the commit ring: an overcommit sysctl has changed.
 */
#ifndef OOMTRACE_SYSCTL_H
#define OOMTRACE_SYSCTL_H

#include <linux/compiler.h>

/**
 * struct oomtrace_sysctls - the last known values of the sysctls
 * @memory: vm.overcommit_memory, 0 to 2.
 * @ratio: vm.overcommit_ratio, percent.
 * @kbytes: vm.overcommit_kbytes, KiB.
 * @admin_reserve: vm.admin_reserve_kbytes, KiB.
 * @user_reserve: vm.user_reserve_kbytes, KiB.
 *
 * oomtrace_sysctl_record_changes() writes it on any CPU, one member at a time and
 * without a lock. Use READ_ONCE().
 */
struct oomtrace_sysctls {
	int memory;
	int ratio;
	unsigned long kbytes;
	unsigned long admin_reserve;
	unsigned long user_reserve;
};

extern struct oomtrace_sysctls oomtrace_sysctl_seen;

/* If true, @mode is new: call oomtrace_sysctl_record_changes(). */
static inline bool oomtrace_sysctl_mode_changed(int mode)
{
	return unlikely(READ_ONCE(oomtrace_sysctl_seen.memory) != mode);
}

/*
 * The same for another sysctl, given its name and its value now. A plain load, which the
 * comparison does by itself.
 */
#define oomtrace_sysctl_is_new(name, now) unlikely((now) != data_race(oomtrace_sysctl_seen.name))

/* The same for all but the mode. */
static __always_inline bool oomtrace_sysctl_changed(int ratio, unsigned long kbytes,
						    unsigned long admin_reserve,
						    unsigned long user_reserve)
{
	return oomtrace_sysctl_is_new(ratio, ratio) ||
	       oomtrace_sysctl_is_new(kbytes, kbytes) ||
	       oomtrace_sysctl_is_new(admin_reserve, admin_reserve) ||
	       oomtrace_sysctl_is_new(user_reserve, user_reserve);
}

void oomtrace_sysctl_init(void);
void oomtrace_sysctl_record_changes(void);
void oomtrace_sysctl_catch_up(void);

#endif /* OOMTRACE_SYSCTL_H */
