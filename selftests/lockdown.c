// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: oomtrace keeps working under kernel lockdown if it was loaded
 * before: it records, all its files are readable, and ioctls replace the
 * control files. An unsigned module cannot be loaded any more.
 *
 * Lockdown lasts until the next boot, so this needs a machine of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"

FIXTURE(lockdown) {
	int device;
};

FIXTURE_VARIANT(lockdown) {
	const char *level;
};

/* From weak to strong: a level cannot be lowered. */
FIXTURE_VARIANT_ADD(lockdown, integrity) { .level = "integrity" };
FIXTURE_VARIANT_ADD(lockdown, confidentiality) { .level = "confidentiality" };

FIXTURE_SETUP(lockdown)
{
	char now[64];

	self->device = -1;
	if (access(LOCKDOWN, W_OK))
		SKIP(return, "the kernel has no lockdown");
	if (!module_loaded())
		ASSERT_EQ(0, module_load(NULL));
	snprintf(now, sizeof(now), "[%s]", variant->level);
	if (!strstr(slurp(LOCKDOWN, NULL), now))
		ASSERT_EQ(0, spill(LOCKDOWN, variant->level));
	self->device = device_open_at_end();
}

FIXTURE_TEARDOWN(lockdown)
{
	close(self->device);
	sysctl_restore();
}

TEST_F(lockdown, every_text_file_can_be_read)
{
	static const char * const files[] = {
		"trace", "last_oom", "stats", "hooks",
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		int fd;

		snprintf(path, sizeof(path), DEBUGFS "/%s", files[i]);
		fd = open(path, O_RDONLY);
		EXPECT_LE(0, fd) TH_LOG("%s: errno %d", path, errno);
		EXPECT_LE(0, read(fd, path, sizeof(path)));
		close(fd);
	}
}

TEST_F(lockdown, control_files_are_refused)
{
	EXPECT_EQ(-EPERM, spill(DEBUGFS "/enable", "0"));
	EXPECT_EQ(-EPERM, spill(DEBUGFS "/filter", "pid=1"));
	EXPECT_EQ(-EPERM, spill(DEBUGFS "/commit_records", "all"));
}

TEST_F(lockdown, a_denial_is_recorded_and_read)
{
	struct records recs = { };

	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	device_drain(self->device, &recs);
	EXPECT_EQ(1, commits_by(&recs, getpid()));
	records_free(&recs);
}

TEST_F(lockdown, a_memcg_oom_is_recorded_and_read)
{
	struct records recs = { };
	struct memcg cg;
	struct hog hog;

	if (!memcg_make(&cg, "lockdown", MB(8)))
		SKIP(return, "no cgroup v2 memory controller");
	hog_start(&hog, "--cgroup %s --grow 64", cg.dir);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	memcg_remove(&cg);
	device_drain(self->device, &recs);
	EXPECT_EQ(1, records_count(&recs, OOMTRACE_VERDICT));
	EXPECT_LE(1, records_count(&recs, OOMTRACE_CANDIDATE));
	records_free(&recs);
}

TEST_F(lockdown, ioctls_do_what_the_control_files_cannot)
{
	struct records recs = { };
	__u32 value = 0;

	EXPECT_EQ(0, ioctl(self->device, OOMTRACE_IOC_ENABLE, &value));
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	value = 1;
	EXPECT_EQ(0, ioctl(self->device, OOMTRACE_IOC_ENABLE, &value));
	EXPECT_EQ(0, ioctl(self->device, OOMTRACE_IOC_COMMIT_RECORDS, &value));
	EXPECT_EQ(0, ask(1));
	value = 0;
	EXPECT_EQ(0, ioctl(self->device, OOMTRACE_IOC_COMMIT_RECORDS, &value));
	device_drain(self->device, &recs);
	EXPECT_NE(NULL, commit_of(&recs, getpid(), 1));
	EXPECT_EQ(NULL, commit_of(&recs, getpid(), TEN_GIB_PAGES));
	records_free(&recs);
}

TEST_F(lockdown, the_command_works)
{
	char *dump[] = { "oomtrace", "dump", NULL };
	char *last[] = { "oomtrace", "info", NULL };
	static char said[1 << 16];

	EXPECT_EQ(0, run_program(said, sizeof(said), dump)) TH_LOG("%s", said);
	EXPECT_EQ(0, run_program(said, sizeof(said), last)) TH_LOG("%s", said);
}

/* The last test, since the module cannot be loaded again. */
FIXTURE(unsigned_module) {
	int kmsg;
};

FIXTURE_SETUP(unsigned_module)
{
	self->kmsg = kmsg_open();
}

FIXTURE_TEARDOWN(unsigned_module)
{
	close(self->kmsg);
}

TEST_F(unsigned_module, an_unloaded_module_cannot_be_loaded_again)
{
	char *log;

	if (access(LOCKDOWN, W_OK))
		SKIP(return, "the kernel has no lockdown");
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-EPERM, module_load(NULL));
	log = kmsg_text(self->kmsg);
	EXPECT_IN("unsigned module loading is restricted", log);
	free(log);
}

TEST_HARNESS_MAIN
