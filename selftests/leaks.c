// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: after all the tests in this machine, no memory of the module has
 * leaked, and none of the kernel's own checks has given up or reported an
 * error. Runs after the other programs.
 */
#include <errno.h>

#include "lib/test.h"
#include "lib/lib.h"

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

FIXTURE(leaks) {
};

FIXTURE_SETUP(leaks)
{
	module_stop();
}

FIXTURE_TEARDOWN(leaks)
{
}

TEST_F_TIMEOUT(leaks, no_memory_is_leaked, 300)
{
	char *text;
	int err;

	/* A scan covers only objects that are at least 5 s old. */
	if (access(KMEMLEAK, W_OK))
		SKIP(return, "this kernel has no kmemleak");
	sleep_ms(6000);
	err = spill(KMEMLEAK, "scan");
	if (err == -EPERM || err == -EBUSY)
		EXPECT_EQ(0, err) TH_LOG("kmemleak gave up");
	/* A second scan excludes pointers that were being moved. */
	EXPECT_EQ(0, spill(KMEMLEAK, "scan"));
	text = slurp(KMEMLEAK, NULL);
	EXPECT_STREQ("", text);
	free(text);
}

TEST_F(leaks, lock_checking_did_not_give_up)
{
	char line[128];
	char *text;

	if (access("/proc/lockdep_stats", R_OK))
		SKIP(return, "this kernel has no lockdep");
	text = slurp("/proc/lockdep_stats", NULL);
	line_with(text, "debug_locks", line, sizeof(line));
	free(text);
	ASSERT_NE(NULL, strrchr(line, ' '));
	EXPECT_STREQ("1", strrchr(line, ' ') + 1);
}

/* W: a warning; D: an oops; B: a bad page; L: a soft lockup. */
TEST_F(leaks, nothing_taints_the_kernel_but_a_foreign_module)
{
	char *text = slurp("/proc/sys/kernel/tainted", NULL);
	unsigned long taint = strtoul(text, NULL, 10);

	free(text);
	EXPECT_EQ(0, taint & (1 << 9 | 1 << 7 | 1 << 5 | 1 << 14))
		TH_LOG("tainted: %lu", taint);
}

TEST_HARNESS_MAIN
