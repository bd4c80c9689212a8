// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a module that the kernel can still call is not unloaded. If ftrace
 * refuses to remove the hooks, the unload never returns and says so; the machine
 * and the kprobes of other modules work on.
 *
 * This test switches ftrace off for good, so it needs a machine of its own. It
 * runs only if OOMTRACE_KILL_FTRACE is set.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/commit.h"
#include "lib/stress.h"
#include "lib/test.h"

#define OWN	"/sys/module/oomtrace_stuck/parameters/"

/* How long the machine must live after the failing unload, and its load run. */
#define LOAD_SECONDS	20

FIXTURE(stuck) {
};

FIXTURE_SETUP(stuck)
{
}

/* Nothing can be unloaded any more. */
FIXTURE_TEARDOWN(stuck)
{
	sysctl_restore();
}

/* Hits of two foreign kprobes: one uses ftrace, the other a breakpoint. */
struct hits {
	int traced;
	int plain;
};

/* Call both functions once: how often was each probe hit by that? */
static struct hits new_hits(void)
{
	static struct hits before;
	char *text = slurp(OWN "hits", NULL);
	struct hits now, diff;

	if (sscanf(text, "%d %d", &now.traced, &now.plain) != 2)
		die("cannot parse the hits '%s'", text);
	free(text);
	diff.traced = now.traced - before.traced;
	diff.plain = now.plain - before.plain;
	before = now;
	return diff;
}

static int run_rmmod(void *unused)
{
	(void)unused;
	execlp("rmmod", "rmmod", "oomtrace", NULL);
	return 127;
}

/* The state letter of a process; 0 if it is gone. */
static char process_state(pid_t pid)
{
	char path[64], text[512] = "";
	char *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	at = strrchr(text, ')');
	return at ? at[2] : 0;
}

/* Wait until the unload sleeps: I is an idle sleep, which no signal ends. */
static bool wait_until_idle(pid_t pid)
{
	int tries;

	for (tries = 0; tries < 600; tries++) {
		if (process_state(pid) == 'I')
			return true;
		sleep_ms(50);
	}
	return false;
}

static bool request_is_recorded(long pages)
{
	int fd = device_open_at_end();
	struct records recs = { };
	bool found;

	ask(pages);
	device_drain(fd, &recs);
	found = commit_of(&recs, getpid(), pages);
	records_free(&recs);
	close(fd);
	return found;
}

static bool mode_is_never(void)
{
	return getenv("OOMTRACE_MODE") && atoi(getenv("OOMTRACE_MODE")) == NEVER;
}

TEST_F_TIMEOUT(stuck, an_unload_that_cannot_remove_its_hooks_never_returns, 600)
{
	struct hits hits;
	struct stress b;
	char *log;
	pid_t pid;
	int kmsg, ret, i;

	if (!getenv("OOMTRACE_KILL_FTRACE"))
		SKIP(return, "needs a machine of its own: set OOMTRACE_KILL_FTRACE there");
	if (!has_ftrace_args())
		SKIP(return, NO_FTRACE_ARGS);
	ret = own_module_load("stuck");
	if (ret == -ENOENT)
		SKIP(return, "the module that switches ftrace off was not built");
	ASSERT_EQ(0, ret);
	module_start("commit_records=all");
	if (mode_is_never()) {
		sysctl_set("vm/overcommit_memory", NEVER);
		ASSERT_TRUE(wait_for_return_probe());
	}
	new_hits();
	hits = new_hits();
	EXPECT_EQ(1, hits.traced);
	EXPECT_EQ(1, hits.plain);

	ret = spill(OWN "kill", "1");
	if (ret == -EOPNOTSUPP || ret == -ENOENT) {
		module_stop();
		SKIP(return, "this kernel forbids the call of ftrace_kill()");
	}
	ASSERT_EQ(0, ret);
	/* Kernels since 6.10 stop the probes that use ftrace themselves. */
	hits = new_hits();
	TH_LOG("after ftrace_kill(): probe by ftrace %s, by breakpoint %s",
	       hits.traced ? "fires" : "is silent",
	       hits.plain ? "fires" : "is silent");
	EXPECT_EQ(1, hits.plain);
	ret = hits.traced;

	/* Switching off is refused, with an error and a line in the log. */
	kmsg = kmsg_open();
	EXPECT_EQ(-ENODEV, spill(DEBUGFS "/enable", "0"));
	log = kmsg_text(kmsg);
	EXPECT_IN("cannot switch ", log);
	EXPECT_IN(" off (error -19)", log);
	free(log);
	log = slurp(DEBUGFS "/enable", NULL);
	EXPECT_STREQ("1\n", log);
	free(log);
	EXPECT_TRUE(mode_is_never() || request_is_recorded(4321));

	pid = start_child(run_rmmod, NULL);
	ASSERT_TRUE(wait_until_idle(pid));
	log = kmsg_text(kmsg);
	EXPECT_IN("cannot take the hook of ", log);
	EXPECT_IN("which is therefore not unloaded", log);
	EXPECT_EQ(NULL, strstr(log, "oomtrace: unloaded"));
	free(log);

	stress_start(&b, false);
	sleep_ms(LOAD_SECONDS * 1000);
	/* On a slow kernel the first OOM takes longer. */
	for (i = 0; i < 600 && !b.count->ooms; i++)
		sleep_ms(200);
	EXPECT_LT(0, b.count->ooms);
	EXPECT_LT(0, b.count->forks);
	EXPECT_LT(0, b.count->maps);
	EXPECT_LT(0, b.count->denied);
	stress_stop(&b);

	/* Not even SIGKILL ends it. */
	kill(pid, SIGKILL);
	sleep_ms(1000);
	EXPECT_EQ('I', process_state(pid));
	EXPECT_TRUE(module_loaded());
	hits = new_hits();
	EXPECT_EQ(1, hits.plain);
	EXPECT_EQ(ret, hits.traced);
	close(kmsg);
}

TEST_HARNESS_MAIN
