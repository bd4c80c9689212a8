// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a live patch of __vm_enough_memory() and oom_badness() loads and
 * unloads beside oomtrace, in modes 0 and 2 and after a switch between them. The
 * new functions run, and oomtrace records the same as without the patch.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"
#include "lib/tracer.h"

#define PATCH	"/sys/kernel/livepatch/oomtrace_livepatch/"
#define OWN	"/sys/module/oomtrace_livepatch/parameters/"

/* A task that sleeps in a patched function delays the patch for seconds. */
#define PATIENCE	600

static bool patch_exists(void)
{
	return !access(PATCH "enabled", F_OK);
}

/* Wait until every task uses the new functions. */
static int patch_load(void)
{
	int ret = own_module_load("livepatch"), tries;
	char *text;
	bool done;

	for (tries = 0; !ret && tries < PATIENCE; tries++) {
		text = slurp(PATCH "transition", NULL);
		done = !atoi(text);
		free(text);
		if (done)
			return 0;
		sleep_ms(100);
	}
	return ret ? ret : -ETIMEDOUT;
}

static int patch_unload(void)
{
	int tries, ret = 0;

	if (patch_exists())
		ret = spill(PATCH "enabled", "0");
	for (tries = 0; !ret && tries < PATIENCE; tries++) {
		if (!patch_exists()) {
			ret = own_module_unload("livepatch");
			if (ret != -EBUSY && ret != -EAGAIN)
				return ret;
			ret = 0;
		}
		sleep_ms(100);
	}
	return ret ? ret : -ETIMEDOUT;
}

/* Why the patch cannot be loaded on this machine, or NULL. */
static const char *reason_to_skip(int ret)
{
	if (access("/sys/kernel/livepatch", F_OK))
		return "this kernel has no live patches";
	if (ret == -ENOENT)
		return "the live patch was not built";
	if (ret == -EOPNOTSUPP)
		return "this kernel forbids calls behind a function's entry";
	return NULL;
}

static long calls_of(const char *function)
{
	char path[128], *text;
	long n;

	snprintf(path, sizeof(path), OWN "%s_calls", function);
	text = slurp(path, NULL);
	n = atol(text);
	free(text);
	return n;
}

FIXTURE(patch) {
	int fd;
	const char *skip;
};

FIXTURE_VARIANT(patch) {
	int mode;
	int other;
};

FIXTURE_VARIANT_ADD(patch, in_mode_0) {
	.mode = GUESS,
	.other = NEVER,
};

FIXTURE_VARIANT_ADD(patch, in_mode_2) {
	.mode = NEVER,
	.other = GUESS,
};

FIXTURE_SETUP(patch)
{
	int ret = 0;

	module_stop();
	self->fd = -1;
	self->skip = reason_to_skip(0);
	if (self->skip)
		return;
	/* Try whether the patch loads at all, without oomtrace. */
	ret = patch_load();
	self->skip = reason_to_skip(ret);
	if (self->skip)
		return;
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, patch_unload());
}

FIXTURE_TEARDOWN(patch)
{
	if (self->fd >= 0)
		close(self->fd);
	sysctl_restore();
	if (patch_exists())
		patch_unload();
	module_stop();
}

static void set_mode(struct __test_metadata *_metadata, int mode)
{
	sysctl_set("vm/overcommit_memory", mode);
	if (mode == NEVER)
		ASSERT_TRUE(wait_for_return_probe());
}

/* The answer that was recorded for a request of this process, once. */
static void expect_record(struct __test_metadata *_metadata,
			  const struct records *recs, long pages, int mode,
			  int ret)
{
	const struct oomtrace_commit *rec = commit_of(recs, getpid(), pages);
	size_t i, n = 0;

	ASSERT_NE(NULL, rec);
	EXPECT_EQ(mode, rec->mode);
	EXPECT_EQ(ret, rec->ret);
	for (i = 0; i < recs->n; i++)
		n += recs->r[i].h.type == OOMTRACE_COMMIT &&
		     recs->r[i].commit.pid == getpid() &&
		     recs->r[i].commit.pages == pages;
	EXPECT_EQ(1, n);
}

/* Sizes that no other request has. */
static void expect_decisions(struct __test_metadata *_metadata, int fd, int mode)
{
	static long size = 5000;
	struct records recs = { };

	size++;
	EXPECT_EQ(0, ask(size));
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + size));
	device_drain(fd, &recs);
	expect_record(_metadata, &recs, size, mode, 0);
	expect_record(_metadata, &recs, TEN_GIB_PAGES + size, mode, -ENOMEM);
	records_free(&recs);
}

/* An OOM in a cgroup: its victim is recorded as a candidate with its points. */
static void expect_oom(struct __test_metadata *_metadata, int fd)
{
	const struct oomtrace_candidate *c = NULL;
	struct records recs = { };
	struct memcg cg;
	struct hog hog;
	size_t i, n = 0;
	pid_t pid;

	if (!memcg_make(&cg, "livepatch", MB(8)))
		return;
	hog_start(&hog, "--cgroup %s --grow 64", cg.dir);
	pid = hog.pid;
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	EXPECT_TRUE(device_wait(fd, &recs, OOMTRACE_OOM_END, 1));
	for (i = 0; i < recs.n; i++) {
		if (recs.r[i].h.type != OOMTRACE_CANDIDATE ||
		    recs.r[i].candidate.pid != pid)
			continue;
		c = &recs.r[i].candidate;
		n++;
	}
	EXPECT_EQ(1, n);
	ASSERT_NE(NULL, c);
	EXPECT_TRUE(HAS(c, candidate, points));
	EXPECT_LT(0, c->points);
	EXPECT_EQ(1, records_count(&recs, OOMTRACE_VERDICT));
	records_free(&recs);
	memcg_remove(&cg);
}

static void expect_the_patch_in_use(struct __test_metadata *_metadata, int fd,
				    int mode)
{
	long decisions = calls_of("vm_enough"), scores = calls_of("badness");

	expect_decisions(_metadata, fd, mode);
	EXPECT_LE(decisions + 2, calls_of("vm_enough"));
	expect_oom(_metadata, fd);
	/* If the compiler split the function, a patch of it does not reach the scan. */
	if (!strcmp(badness_function(), "oom_badness"))
		EXPECT_LT(scores, calls_of("badness"));
}

TEST_F_TIMEOUT(patch, it_loads_beside_oomtrace, 600)
{
	if (self->skip)
		SKIP(return, "%s", self->skip);
	module_start("commit_records=all");
	self->fd = device_open_at_end();
	set_mode(_metadata, variant->mode);
	expect_decisions(_metadata, self->fd, variant->mode);

	ASSERT_EQ(0, patch_load());
	expect_the_patch_in_use(_metadata, self->fd, variant->mode);
	set_mode(_metadata, variant->other);
	expect_the_patch_in_use(_metadata, self->fd, variant->other);

	ASSERT_EQ(0, patch_unload());
	expect_decisions(_metadata, self->fd, variant->other);
	expect_oom(_metadata, self->fd);
	set_mode(_metadata, variant->mode);
	expect_decisions(_metadata, self->fd, variant->mode);
}

TEST_F_TIMEOUT(patch, oomtrace_loads_and_unloads_beside_it, 600)
{
	int i;

	if (self->skip)
		SKIP(return, "%s", self->skip);
	ASSERT_EQ(0, patch_load());
	for (i = 0; i < 2; i++) {
		sysctl_set("vm/overcommit_memory", variant->mode);
		ASSERT_EQ(0, module_load("commit_records=all"));
		self->fd = device_open_at_end();
		set_mode(_metadata, variant->mode);
		expect_the_patch_in_use(_metadata, self->fd, variant->mode);
		set_mode(_metadata, variant->other);
		expect_the_patch_in_use(_metadata, self->fd, variant->other);
		close(self->fd);
		self->fd = -1;
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	}
	EXPECT_EQ(0, patch_unload());
}

TEST_HARNESS_MAIN
