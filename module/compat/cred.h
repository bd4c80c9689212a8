/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/cred.h for all supported kernels: the tasks that count for RLIMIT_NPROC.
 */
#ifndef OOMTRACE_COMPAT_CRED_H
#define OOMTRACE_COMPAT_CRED_H

#include <linux/cred.h>
#include <linux/sched/user.h>
#include <linux/user_namespace.h>

#include "has.h"

/* Tasks of current's user, as fork() compares them with RLIMIT_NPROC. */
static inline long oomtrace_tasks_of_user(void)
{
#if HAS_RLIMIT_UCOUNTS
	return get_rlimit_value(current_cred()->ucounts, UCOUNT_RLIMIT_NPROC);
#elif HAS_UCOUNTS_NPROC
	return atomic_long_read(&current_cred()->ucounts->ucount[UCOUNT_RLIMIT_NPROC]);
#else
	return atomic_read(&current_cred()->user->processes);
#endif
}

#endif /* OOMTRACE_COMPAT_CRED_H */
