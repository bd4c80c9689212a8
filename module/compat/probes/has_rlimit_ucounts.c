// SPDX-License-Identifier: GPL-2.0
/* A user's tasks are counted in ucounts.rlimit, by enum rlimit_type. */
#include <linux/cred.h>
#include <linux/user_namespace.h>

long probe(struct ucounts *ucounts);
long probe(struct ucounts *ucounts)
{
	return get_rlimit_value(ucounts, UCOUNT_RLIMIT_NPROC);
}
