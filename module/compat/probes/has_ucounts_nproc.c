// SPDX-License-Identifier: GPL-2.0
/* A user's tasks are counted in ucounts.ucount, by enum ucount_type. */
#include <linux/cred.h>
#include <linux/user_namespace.h>

long probe(struct ucounts *ucounts);
long probe(struct ucounts *ucounts)
{
	return atomic_long_read(&ucounts->ucount[UCOUNT_RLIMIT_NPROC]);
}
