// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: while debugfs kprobes/enabled is 0, the hooks file and info show
 * which hooks are silent. When it is 1 again, all hooks work. The module can be
 * switched off, on and unloaded meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/commit.h"
#include "lib/test.h"

#define ENABLED	"/sys/kernel/debug/kprobes/enabled"
#define REASON	"(kprobes/enabled is 0)"

FIXTURE(silent) {
	bool can_switch;
};

FIXTURE_VARIANT(silent) {
	const char *params;
	const char *kind;	/* of the hook on __vm_enough_memory */
};

FIXTURE_VARIANT_ADD(silent, with_ftrace) {
	.params = "commit_records=all",
	.kind = "ftrace",
};

FIXTURE_VARIANT_ADD(silent, with_a_kprobe) {
	.params = "commit_records=all commit_hook=kprobe",
	.kind = "kprobe",
};

FIXTURE_SETUP(silent)
{
	self->can_switch = !access(ENABLED, W_OK);
	module_start(variant->params);
}

FIXTURE_TEARDOWN(silent)
{
	if (self->can_switch)
		spill(ENABLED, "1");
	module_stop();
}

static bool is_probe(const char *line)
{
	return strstr(line, " kprobe ") || strstr(line, " kretprobe ");
}

/*
 * Compare the state of every hook that is in force with that of the probes, and
 * count the silent ones.
 */
static unsigned int count_silent(struct __test_metadata *_metadata,
				 bool enabled)
{
	char *text = slurp(DEBUGFS "/hooks", NULL), *at = text, line[256];
	unsigned int n = 0;

	for (; *at; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		/* Variables, and a hook that waits for mode 2, have no hits. */
		if (!strstr(line, " hits="))
			continue;
		if (is_probe(line) && !enabled) {
			EXPECT_IN(" silent ", line);
			EXPECT_IN(REASON, line);
			n++;
		} else {
			EXPECT_IN(" attached ", line);
			EXPECT_EQ(NULL, strstr(line, REASON));
		}
	}
	free(text);
	return n;
}

/* Can tasks wait in a cgroup of version 1? Then there is one return probe more. */
static bool has_v1(void)
{
	char *text = slurp(DEBUGFS "/hooks", NULL), line[256];

	line_with(text, "mem_cgroup_oom_synchronize", line, sizeof(line));
	free(text);
	return !strstr(line, " absent ");
}

static unsigned int hooks_missing(void)
{
	struct oomtrace_info info;
	int fd = device_open();

	device_info(fd, &info);
	close(fd);
	return info.hooks_missing;
}

static bool request_is_recorded(void)
{
	int fd = device_open_at_end();
	struct records recs = { };
	bool found;

	ask(4321);
	device_drain(fd, &recs);
	found = commit_of(&recs, getpid(), 4321);
	records_free(&recs);
	close(fd);
	return found;
}

TEST_F(silent, hooks_and_info_show_it)
{
	bool by_ftrace = !strcmp(variant->kind, "ftrace");
	unsigned int n;

	if (!self->can_switch)
		SKIP(return, "this kernel has no " ENABLED);
	if (by_ftrace && !has_ftrace_args())
		SKIP(return, NO_FTRACE_ARGS);
	EXPECT_EQ(0, hooks_missing());
	EXPECT_TRUE(request_is_recorded());

	ASSERT_EQ(0, spill(ENABLED, "0"));
	n = count_silent(_metadata, false);
	/*
	 * The return probes of out_of_memory, mem_cgroup_print_oom_meminfo and the
	 * reaper, and with cgroup v1 of mem_cgroup_oom_synchronize. Without ftrace that
	 * of oom_badness, and those at the entry of six functions.
	 */
	EXPECT_EQ(3 + has_v1() + (has_ftrace_args() ? !by_ftrace : 1 + 6), n);
	EXPECT_EQ(n, hooks_missing());
	EXPECT_EQ(by_ftrace, request_is_recorded());

	ASSERT_EQ(0, spill(ENABLED, "1"));
	EXPECT_EQ(0, count_silent(_metadata, true));
	EXPECT_EQ(0, hooks_missing());
	EXPECT_TRUE(request_is_recorded());
}

/* If ftrace calls it, that switch has no effect on it. */
TEST_F(silent, the_return_probe_of_mode_2_is_shown_too)
{
	bool by_ftrace = !strcmp(variant->kind, "ftrace") && has_ftrace_args();

	if (!self->can_switch)
		SKIP(return, "this kernel has no " ENABLED);
	sysctl_set("vm/overcommit_memory", NEVER);
	ASSERT_TRUE(wait_for_return_probe());
	ASSERT_EQ(0, spill(ENABLED, "0"));
	EXPECT_TRUE(return_probe_is(by_ftrace ? " attached " : " silent "));
	EXPECT_EQ(!by_ftrace, return_probe_is(REASON));
	if (by_ftrace) {
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
		EXPECT_TRUE(request_is_recorded());
	}
	ASSERT_EQ(0, spill(ENABLED, "1"));
	EXPECT_TRUE(return_probe_is(" attached "));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	EXPECT_TRUE(request_is_recorded());
}

TEST_F(silent, it_can_be_switched_and_unloaded_meanwhile)
{
	if (!self->can_switch)
		SKIP(return, "this kernel has no " ENABLED);
	ASSERT_EQ(0, spill(ENABLED, "0"));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "0"));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(0, module_load(variant->params));
	EXPECT_EQ(0, spill(ENABLED, "1"));
	EXPECT_EQ(0, hooks_missing());
	EXPECT_TRUE(request_is_recorded());
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(NULL, module_trace());
}

TEST_HARNESS_MAIN
