// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: whichever allocation or registration fails while the module is
 * loaded or enabled, the caller gets ENOMEM or a module that reports what is
 * missing. Nothing is left over, and the next attempt works.
 *
 * fail-nth makes the n-th allocation of this task fail, for each n. Allocations
 * before the module's own code runs are left out. The tests use every fourth n,
 * or every OOMTRACE_STEP-th; with a step of 1, each step of a load must be seen
 * to fail. The module that provokes OOMs makes registrations fail, on any
 * kernel.
 *
 * The kernel itself may allocate when it removes a probe, and warns on failure.
 * So allocations at unload fail only with OOMTRACE_WARNINGS in the environment:
 * run that manually, with scripts/vm --allow-log 'kprobe-ftrace'.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

/* More allocations than any of these steps makes. */
#define NEVER_FAIL	1000000

static const struct {
	const char *file, *value;
} attributes[] = {
	/*
	 * Include allocations of any size and those that may sleep; log
	 * nothing.
	 */
	{ "failslab/ignore-gfp-wait", "N" },
	{ "failslab/verbose", "0" },
	{ "fail_page_alloc/ignore-gfp-wait", "N" },
	{ "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ "fail_page_alloc/min-order", "0" },
	{ "fail_page_alloc/verbose", "0" },
	{ "fail_usercopy/verbose", "0" },
};

FIXTURE(faults) {
	int nth;		/* /proc/self/fail-nth */
	int kmsg;
};

FIXTURE_SETUP(faults)
{
	char path[128];
	size_t i;

	module_stop();
	self->kmsg = kmsg_open();
	self->nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (self->nth < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s",
			 attributes[i].file);
		ASSERT_EQ(0, spill(path, attributes[i].value))
			TH_LOG("%s", path);
	}
}

FIXTURE_TEARDOWN(faults)
{
	close(self->nth);
	close(self->kmsg);
	provoke_unload();
	module_stop();
}

static unsigned int step_from_env(void)
{
	const char *step = getenv("OOMTRACE_STEP");

	return step && atoi(step) > 0 ? atoi(step) : 4;
}

/* The n-th allocation from now on fails. */
static void arm(int nth, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* The failing allocation may be the one for this write. */
	if (pwrite(nth, text, len, 0) != len && pwrite(nth, text, len, 0) != len)
		die("cannot write %u to fail-nth: %s", n, strerror(errno));
}

/* Stop failing; return the number of allocations left, 0 if one failed. */
static unsigned int disarm(int nth)
{
	char text[16] = "";

	if (pread(nth, text, sizeof(text) - 1, 0) <= 0 &&
	    pread(nth, text, sizeof(text) - 1, 0) <= 0)
		die("cannot read fail-nth: %s", strerror(errno));
	arm(nth, 0);
	return atoi(text);
}

/* Write while the n-th allocation fails: 0 or -errno. */
static int write_with(int nth, unsigned int n, const char *path,
		      const char *text, unsigned int *left)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		die("cannot open %s: %s", path, strerror(errno));
	arm(nth, n);
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	*left = disarm(nth);
	close(fd);
	return err;
}

static int load_with(int nth, unsigned int n, const char *params,
		     unsigned int *left)
{
	int fd = module_file(), err = 0;

	arm(nth, n);
	if (syscall(SYS_finit_module, fd, params, 0))
		err = -errno;
	*left = disarm(nth);
	close(fd);
	return err;
}

/* Does a load that succeeded in spite of a failure report what is missing? */
static bool reports_missing(void)
{
	char *text;
	bool said;

	if (access(DEBUGFS "/hooks", R_OK) || access(DEBUGFS "/filter", R_OK))
		return true;
	text = slurp(DEBUGFS "/hooks", NULL);
	said = strstr(text, "error -12");
	free(text);
	return said;
}

#define PARAMS	"commit_buffer_kb=16 oom_buffer_kb=16"

TEST_F_TIMEOUT(faults, each_allocation_at_load_fails_in_turn, 1200)
{
	unsigned int before, all, left, n, refused = 0, kept = 0;
	unsigned int step = step_from_env();
	const char *where;
	char *log;
	int err;

	if (self->nth < 0)
		SKIP(return, "this kernel has no fault injection");
	/* Do one-time allocations first. */
	EXPECT_EQ(0, module_load(PARAMS));
	EXPECT_EQ(0, module_unload());

	EXPECT_EQ(-EINVAL, load_with(self->nth, NEVER_FAIL, "oom_buffer_kb=1",
				     &left));
	before = NEVER_FAIL - left;
	EXPECT_EQ(0, load_with(self->nth, NEVER_FAIL, PARAMS, &left));
	all = NEVER_FAIL - left;
	EXPECT_EQ(0, module_unload());
	ASSERT_LT(before, all);
	TH_LOG("%u allocations at load, %u of them before the module's own",
	       all, before);
	free(kmsg_text(self->kmsg));
	for (n = before > 10 ? before - 10 : 1;; n += step) {
		err = load_with(self->nth, n, PARAMS, &left);
		if (left)
			break;
		ASSERT_GT(all + 1000, n);
		if (err) {
			ASSERT_EQ(-ENOMEM, err) TH_LOG("allocation %u", n);
			refused++;
		} else {
			kept += reports_missing();
			ASSERT_EQ(0, module_unload());
		}
		where = module_trace();
		ASSERT_EQ(NULL, where)
			TH_LOG("allocation %u: still in %s", n, where);
	}
	EXPECT_EQ(0, err);
	EXPECT_FALSE(reports_missing());
	TH_LOG("%u loads refused, %u incomplete", refused, kept);
	EXPECT_EQ(0, module_unload());

	if (step > 1)
		return;
	/* Every step has failed at least once, with a message. */
	log = kmsg_text(self->kmsg);
	EXPECT_IN("oomtrace: no memory for the rings", log);
	EXPECT_IN("oomtrace: cannot hook __vm_enough_memory", log);
	EXPECT_IN("oomtrace: cannot hook out_of_memory", log);
	EXPECT_IN("oomtrace: cannot hook oom_badness", log);
	EXPECT_IN("oomtrace: cannot make /dev/oomtrace", log);
	free(log);
}

/* Are all hooks in this state? */
static bool hooks_say(const char *state)
{
	bool on = !strcmp(state, "attached"), said;
	char *text = slurp(DEBUGFS "/hooks", NULL);

	said = strstr(text, state) && !strstr(text, on ? " off " : " attached ");
	free(text);
	return said;
}

/* A refused request adds one record. */
static bool records_denials(void)
{
	struct records recs = { };
	int fd = device_open_at_end(), n;

	sysctl_set("vm/overcommit_memory", NEVER);
	deny(1);
	sysctl_restore();
	device_drain(fd, &recs);
	n = commits_by(&recs, getpid());
	records_free(&recs);
	close(fd);
	return n == 1;
}

TEST_F_TIMEOUT(faults, each_allocation_at_switching_on_fails_in_turn, 600)
{
	unsigned int left, n, step = step_from_env();
	unsigned int refused = 0;
	int err;

	if (self->nth < 0)
		SKIP(return, "this kernel has no fault injection");
	ASSERT_EQ(0, module_load(PARAMS));
	for (n = 1;; n += step) {
		ASSERT_GT(1000, n);
		ASSERT_EQ(0, spill(DEBUGFS "/enable", "0"));
		ASSERT_TRUE(hooks_say("off"));
		err = write_with(self->nth, n, DEBUGFS "/enable", "1", &left);
		if (left)
			break;
		/* The copy from user space may have failed. */
		if (err)
			ASSERT_TRUE(err == -ENOMEM || err == -EFAULT)
				TH_LOG("allocation %u: %d", n, err);
		ASSERT_TRUE(hooks_say(err ? "off" : "attached"))
			TH_LOG("allocation %u", n);
		refused += !!err;
	}
	ASSERT_EQ(0, err);
	EXPECT_TRUE(hooks_say("attached"));
	EXPECT_LT(0, refused);
	EXPECT_TRUE(records_denials());
	TH_LOG("%u allocations, %u switches refused", n - left, refused);
	EXPECT_EQ(0, module_unload());
}

/* An OOM kill runs most of the hooked functions. */
static int cause_oom_kill(void)
{
	struct memcg cg;
	struct hog hog;
	int status;

	if (!memcg_make(&cg, "faults", MB(8)))
		return 128 + SIGKILL;
	hog_start(&hog, "--cgroup %s --grow 64", cg.dir);
	status = hog_wait(&hog);
	memcg_remove(&cg);
	return status;
}

TEST_F_TIMEOUT(faults, each_allocation_at_unload_fails_in_turn, 600)
{
	unsigned int left = 0, n;
	const char *where;
	int err;

	if (self->nth < 0)
		SKIP(return, "this kernel has no fault injection");
	if (!getenv("OOMTRACE_WARNINGS"))
		SKIP(return, "the kernel itself warns in this case: set OOMTRACE_WARNINGS");
	for (n = 1; !left; n++) {
		ASSERT_GT(1000, n);
		ASSERT_EQ(0, module_load(PARAMS));
		arm(self->nth, n);
		err = syscall(SYS_delete_module, "oomtrace", 0) ? -errno : 0;
		left = disarm(self->nth);
		/* Copying the module's name may have failed. */
		if (err) {
			ASSERT_TRUE(err == -EFAULT || err == -ENOMEM)
				TH_LOG("allocation %u: %d", n, err);
			ASSERT_EQ(0, module_unload());
		}
		where = module_trace();
		ASSERT_EQ(NULL, where)
			TH_LOG("allocation %u: still in %s", n, where);
		/* A remaining hook would call freed code. */
		ASSERT_EQ(128 + SIGKILL, cause_oom_kill());
	}
	TH_LOG("%u allocations at unload", n - 2);
}

/* The number of hooks through ftrace. */
static int count_ftrace_hooks(void)
{
	char *text = slurp(DEBUGFS "/hooks", NULL), *at = text;
	int n = 0;

	while ((at = strstr(at, " ftrace "))) {
		at++;
		n++;
	}
	free(text);
	return n;
}

/* Every hook by ftrace is refused in turn; so is kprobes' own. */
TEST_F_TIMEOUT(faults, an_enable_that_ftrace_refuses_changes_nothing, 300)
{
	char text[40];
	int n, all;

	if (!provoke_load())
		SKIP(return, "the module that provokes OOMs was not built");
	ASSERT_EQ(0, module_load(PARAMS));
	all = count_ftrace_hooks();
	if (!all || access(PROVOKE("refuse"), W_OK)) {
		provoke_unload();
		SKIP(return, "no function is hooked through ftrace");
	}
	for (n = 1; n <= all; n++) {
		ASSERT_EQ(0, spill(DEBUGFS "/enable", "0"));
		snprintf(text, sizeof(text), "register_ftrace_function %d", n);
		ASSERT_EQ(0, spill(PROVOKE("refuse"), text));
		EXPECT_NE(0, spill(DEBUGFS "/enable", "1")) TH_LOG("%s", text);
		ASSERT_EQ(0, spill(PROVOKE("refuse"), "none"));
		EXPECT_TRUE(hooks_say("off")) TH_LOG("%s", text);
		EXPECT_EQ(0, spill(DEBUGFS "/enable", "1")) TH_LOG("%s", text);
		EXPECT_EQ(all, count_ftrace_hooks());
		EXPECT_TRUE(records_denials()) TH_LOG("%s", text);
		EXPECT_EQ(128 + SIGKILL, cause_oom_kill());
	}
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(NULL, module_trace());
	provoke_unload();
}

/*
 * The functions that fail, and whether the load must then fail. Of the some 70 calls
 * that register a kprobe, most look up a variable: every fifth fails. A call that
 * kprobes makes itself is left out: 7.3 takes its failure for success, and can
 * then never remove the probe, so oomtrace is not unloaded.
 */
static const struct {
	const char *function;
	bool needed;
	unsigned int by_kprobes;
	unsigned int step;
} registrations[] = {
	{ "register_kprobe", false, 0, 5 },
	{ "register_kretprobe", false },
	{ "register_ftrace_function", false, 2 },
	{ "tracepoint_probe_register", false },
	{ "register_oom_notifier", false },
	{ "misc_register", true },
	{ "__cpuhp_setup_state_cpuslocked", true },
	{ "debugfs_create_dir", false },
};

TEST_F_TIMEOUT(faults, each_registration_at_load_fails_in_turn, 1200)
{
	unsigned int i, n, refused = 0, lacking = 0, other = 0;
	char text[80], *fired;
	const char *where;
	bool last;
	int err;

	if (!provoke_load())
		SKIP(return, "the module that provokes OOMs was not built");
	if (access(PROVOKE("refuse"), W_OK)) {
		provoke_unload();
		SKIP(return, "making a function fail works on x86-64 only");
	}
	for (i = 0; i < ARRAY_SIZE(registrations); i++) {
		for (n = 1, last = false; !last; n += registrations[i].step ?: 1) {
			if (n == registrations[i].by_kprobes)
				continue;
			snprintf(text, sizeof(text), "%s %u",
				 registrations[i].function, n);
			ASSERT_EQ(0, spill(PROVOKE("refuse"), text))
				TH_LOG("%s", text);
			err = module_load(PARAMS);
			fired = slurp(PROVOKE("refuse"), NULL);
			last = *fired != '1';
			free(fired);
			ASSERT_EQ(0, spill(PROVOKE("refuse"), "none"));
			if (registrations[i].needed && !last)
				EXPECT_EQ(-ENOMEM, err) TH_LOG("%s", text);
			if (err) {
				EXPECT_EQ(-ENOMEM, err) TH_LOG("%s", text);
				EXPECT_FALSE(last) TH_LOG("%s", text);
				refused++;
			} else {
				/* A load without a message has everything. */
				if (reports_missing())
					lacking++;
				else if (!last)
					other++;
				EXPECT_FALSE(last && reports_missing());
				EXPECT_TRUE(records_denials())
					TH_LOG("%s", text);
				ASSERT_EQ(0, module_unload());
			}
			where = module_trace();
			ASSERT_EQ(NULL, where)
				TH_LOG("%s: still in %s", text, where);
		}
		/* The module calls this function. */
		EXPECT_LT(2, n) TH_LOG("%s", registrations[i].function);
	}
	provoke_unload();
	TH_LOG("%u loads refused, %u incomplete, %u with a fallback",
	       refused, lacking, other);
	EXPECT_EQ(0, module_load(PARAMS));
	EXPECT_FALSE(reports_missing());
	EXPECT_TRUE(records_denials());
	EXPECT_EQ(0, module_unload());
}

TEST_HARNESS_MAIN
