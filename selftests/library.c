// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: liboomtrace reads the device: its counts are exact, its text is that
 * of the trace file, waiting ends when it should, and the examples of the
 * documentation work.
 */
#include <fcntl.h>
#include <liboomtrace.h>
#include <signal.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

#define EXAMPLES	"/usr/local/lib/oomtrace"

FIXTURE(library) {
	struct oomtrace *ot;
};

FIXTURE_SETUP(library)
{
	module_start("commit_buffer_kb=16");
	self->ot = oomtrace_new();
	if (!self->ot || oomtrace_open(self->ot, NULL, 0))
		die("%s", oomtrace_error(self->ot));
}

FIXTURE_TEARDOWN(library)
{
	sysctl_restore();
	oomtrace_free(self->ot);
	module_stop();
}

/* Read all records; return the number of a type. */
static int read_now(struct oomtrace *ot, unsigned int type)
{
	const struct oomtrace_header *rec;
	int ret, n = 0;

	while ((ret = oomtrace_next(ot, &rec)) > 0)
		n += rec->type == type;
	if (ret < 0)
		die("%s", oomtrace_error(ot));
	return n;
}

static void expect_account(struct __test_metadata *_metadata,
			   struct oomtrace *ot)
{
	struct oomtrace_info info;
	int ring;

	ASSERT_EQ(0, oomtrace_get_info(ot, &info, sizeof(info)));
	for (ring = 0; ring < OOMTRACE_RINGS; ring++)
		EXPECT_EQ(ring < OOMTRACE_INFO_RINGS ? info.ring[ring].written :
						       info.candidates.written,
			  oomtrace_received(ot, ring, -1) +
			  oomtrace_lost(ot, ring, -1));
	EXPECT_EQ(0, oomtrace_missing(ot, -1, -1));
}

TEST_F(library, received_and_lost_are_what_was_written)
{
	int i;

	spill(DEBUGFS "/commit_records", "all");
	for (i = 0; i < 3000; i++) {
		ask(1);
		if (i % 1000 == 10)
			read_now(self->ot, 0);
	}
	spill(DEBUGFS "/enable", "0");
	read_now(self->ot, 0);
	EXPECT_LT(0, oomtrace_lost(self->ot, OOMTRACE_RING_COMMIT, -1));
	expect_account(_metadata, self->ot);
}

TEST_F(library, text_is_that_of_trace)
{
	const struct oomtrace_header *rec;
	char line[8192], *text, *at;
	size_t len;

	sysctl_set("vm/overcommit_memory", NEVER);
	deny(5);
	spill(DEBUGFS "/enable", "0");
	text = slurp(DEBUGFS "/trace", NULL);
	for (at = text; *at == '#'; at += strcspn(at, "\n") + 1)
		;
	while (oomtrace_next(self->ot, &rec) > 0) {
		len = oomtrace_text(rec, line, sizeof(line));
		ASSERT_EQ(0, strncmp(at, line, len))
			TH_LOG("'%s' is not at\n%.500s", line, at);
		ASSERT_EQ('\n', at[len]);
		at += len + 1;
	}
	EXPECT_STREQ("", at);
	free(text);
}

TEST_F(library, oldest_and_newest_move_the_position)
{
	sysctl_set("vm/overcommit_memory", NEVER);
	deny(4);
	EXPECT_EQ(4, read_now(self->ot, OOMTRACE_COMMIT));
	EXPECT_EQ(0, oomtrace_oldest(self->ot));
	EXPECT_EQ(4, read_now(self->ot, OOMTRACE_COMMIT));
	deny(3);
	EXPECT_EQ(0, oomtrace_newest(self->ot));
	EXPECT_EQ(0, read_now(self->ot, OOMTRACE_COMMIT));
	deny(2);
	EXPECT_EQ(2, read_now(self->ot, OOMTRACE_COMMIT));
	EXPECT_EQ(0, oomtrace_lost(self->ot, -1, -1));
	EXPECT_EQ(0, oomtrace_missing(self->ot, -1, -1));
	EXPECT_EQ(0, oomtrace_open(self->ot, NULL, OOMTRACE_OPEN_NEWEST));
	EXPECT_EQ(1, oomtrace_is_device(self->ot));
	EXPECT_EQ(0, read_now(self->ot, OOMTRACE_COMMIT));
}

static int set_online(const char *value)
{
	return spill("/sys/devices/system/cpu/cpu1/online", value);
}

static int deny_on_cpu_1(void *unused)
{
	(void)unused;
	pin_to_cpu(1);
	deny(5);
	return 0;
}

static void follow_new_cpu(struct __test_metadata *_metadata,
			   unsigned int flags)
{
	struct oomtrace *ot = oomtrace_new();
	struct oomtrace_info info;

	ASSERT_EQ(0, set_online("0"));
	module_start("commit_buffer_kb=16");
	sysctl_set("vm/overcommit_memory", NEVER);
	ASSERT_EQ(0, oomtrace_open(ot, NULL, flags))
		TH_LOG("%s", oomtrace_error(ot));
	read_now(ot, 0);
	EXPECT_EQ(0, oomtrace_wait(ot, 100, -1));
	ASSERT_EQ(0, oomtrace_get_info(ot, &info, sizeof(info)));
	EXPECT_EQ(info.cpus - 1, info.ring_cpus);
	ASSERT_EQ(0, set_online("1"));
	EXPECT_EQ(0, run_child(deny_on_cpu_1, NULL));
	EXPECT_EQ(1, oomtrace_wait(ot, 10000, -1));
	spill(DEBUGFS "/enable", "0");
	read_now(ot, 0);
	EXPECT_LE(5, oomtrace_received(ot, OOMTRACE_RING_COMMIT, 1));
	EXPECT_EQ(0, oomtrace_lost(ot, -1, -1));
	expect_account(_metadata, ot);
	oomtrace_free(ot);
}

/* The CPU gets its memory after the handle was opened. */
TEST_F(library, follows_a_cpu_that_comes_online)
{
	if (set_online("0"))
		SKIP(return, "CPU 1 cannot go offline");
	oomtrace_close(self->ot);
	follow_new_cpu(_metadata, 0);
	follow_new_cpu(_metadata, OOMTRACE_OPEN_MAPPED);
}

static int deny_later(void *unused)
{
	(void)unused;
	sleep_ms(300);
	deny(1);
	return 0;
}

TEST_F(library, wait_ends_by_a_record_the_time_or_a_descriptor)
{
	unsigned long long before;
	int fds[2];
	pid_t pid;

	EXPECT_EQ(0, read_now(self->ot, OOMTRACE_COMMIT));
	before = now_ns();
	EXPECT_EQ(0, oomtrace_wait(self->ot, 200, -1));
	EXPECT_LE(200000000, now_ns() - before);
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(1, write(fds[1], "", 1));
	EXPECT_EQ(0, oomtrace_wait(self->ot, -1, fds[0]));
	pid = start_child(deny_later, NULL);
	EXPECT_EQ(1, oomtrace_wait(self->ot, 10000, -1));
	EXPECT_EQ(1, read_now(self->ot, OOMTRACE_COMMIT));
	wait_child(pid);
	close(fds[0]);
	close(fds[1]);
}

static int open_as_user(void *unused)
{
	struct oomtrace *ot = oomtrace_new();
	int err;

	(void)unused;
	become_user();
	err = oomtrace_open(ot, NULL, 0);
	return err == -EACCES && strstr(oomtrace_error(ot), "root is needed") ?
	       0 : 1;
}

TEST_F(library, an_open_that_fails_reports_why)
{
	EXPECT_EQ(0, run_child(open_as_user, NULL));
	oomtrace_close(self->ot);
	module_stop();
	EXPECT_EQ(-ENOENT, oomtrace_open(self->ot, NULL, 0));
	EXPECT_STREQ("/dev/oomtrace: the module is not loaded (modprobe oomtrace)",
		     oomtrace_error(self->ot));
}

/* ---- mapped ---- */

TEST_F(library, mapped_rings_give_what_read_gives)
{
	const struct oomtrace_header *want, *got;
	struct oomtrace *mapped = oomtrace_new();
	int i, n = 0;

	ASSERT_EQ(0, oomtrace_open(mapped, NULL, OOMTRACE_OPEN_MAPPED))
		TH_LOG("%s", oomtrace_error(mapped));
	spill(DEBUGFS "/commit_records", "all");
	for (i = 0; i < 500; i++)
		ask(1 + i);
	sysctl_set("vm/overcommit_memory", NEVER);
	deny(5);
	spill(DEBUGFS "/enable", "0");
	while (oomtrace_next(self->ot, &want) > 0) {
		ASSERT_EQ(1, oomtrace_next(mapped, &got));
		ASSERT_EQ(want->size, got->size);
		ASSERT_EQ(0, memcmp(want, got, want->size))
			TH_LOG("record %d: type %u and %u", n, want->type,
			       got->type);
		n++;
	}
	EXPECT_EQ(0, oomtrace_next(mapped, &got));
	EXPECT_LT(20, n);
	EXPECT_LT(0, oomtrace_lost(mapped, OOMTRACE_RING_COMMIT, -1));
	expect_account(_metadata, mapped);
	oomtrace_free(mapped);
}

static int request_repeatedly(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 5000; i++)
		ask(1 + i % 100);
	return 0;
}

TEST_F(library, mapped_rings_are_exact_under_a_flood_and_resizes)
{
	static const char * const sizes[] = {
		"commit=64", "commit=16", "commit=256",
	};
	struct oomtrace *ot = oomtrace_new();
	const struct oomtrace_header *rec;
	unsigned long long until;
	unsigned int i;
	pid_t pid[2];

	ASSERT_EQ(0, oomtrace_open(ot, NULL, OOMTRACE_OPEN_MAPPED))
		TH_LOG("%s", oomtrace_error(ot));
	spill(DEBUGFS "/commit_records", "all");
	for (i = 0; i < 2; i++)
		pid[i] = start_child(request_repeatedly, NULL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(0, spill(DEBUGFS "/buffer_size_kb", sizes[i]));
		until = now_ns() + 200000000;
		while (now_ns() < until)
			if (!oomtrace_next(ot, &rec))
				oomtrace_wait(ot, 10, -1);
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	spill(DEBUGFS "/enable", "0");
	read_now(ot, 0);
	EXPECT_LE(10000, oomtrace_received(ot, 0, -1) +
			 oomtrace_lost(ot, 0, -1));
	expect_account(_metadata, ot);
	oomtrace_free(ot);
}

TEST_F(library, a_wait_on_mapped_rings_ends_by_a_record)
{
	struct oomtrace *ot = oomtrace_new();
	pid_t pid;

	ASSERT_EQ(0, oomtrace_open(ot, NULL, OOMTRACE_OPEN_MAPPED |
				   OOMTRACE_OPEN_NEWEST));
	EXPECT_EQ(0, read_now(ot, OOMTRACE_COMMIT));
	EXPECT_EQ(0, oomtrace_wait(ot, 100, -1));
	pid = start_child(deny_later, NULL);
	EXPECT_EQ(1, oomtrace_wait(ot, 10000, -1));
	wait_child(pid);
	EXPECT_EQ(1, read_now(ot, OOMTRACE_COMMIT));
	EXPECT_EQ(0, oomtrace_oldest(ot));
	EXPECT_EQ(1, read_now(ot, OOMTRACE_COMMIT));
	oomtrace_free(ot);
}

/* ---- the examples ---- */

TEST_F(library, the_c_example_shows_who_is_killed)
{
	char said[4096] = "", want[64];
	struct memcg cg;
	struct hog hog;
	size_t n = 0;
	ssize_t got;
	int fds[2];
	pid_t pid;

	if (!memcg_make(&cg, "example", MB(8)))
		SKIP(return, "no cgroup v2 memory controller");
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		setenv("LD_LIBRARY_PATH", "/usr/local/lib", 1);
		execl(EXAMPLES "/example", "example", NULL);
		_exit(127);
	}
	close(fds[1]);
	/* Wait until the example has the device open. */
	wait_until_open(pid, DEVICE);
	hog_start(&hog, "--cgroup %s --comm piggy --grow 64", cg.dir);
	snprintf(want, sizeof(want), "piggy[%d] for its ", hog.pid);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	memcg_remove(&cg);
	while (!strstr(said, "lost\n") &&
	       (got = read(fds[0], said + n, sizeof(said) - 1 - n)) > 0)
		n += got;
	EXPECT_IN(want, said);
	EXPECT_IN(" points, 0 records lost\n", said);
	kill(pid, SIGTERM);
	wait_child(pid);
	close(fds[0]);
}

TEST_F(library, the_python_example_shows_every_record)
{
	char said[65536], want[65536] = "", number[32];
	const struct oomtrace_header *rec;
	long long pages;
	size_t n = 0;

	if (access("/usr/bin/python3", X_OK))
		SKIP(return, "there is no python3");
	sysctl_set("vm/overcommit_memory", NEVER);
	deny(3);
	sysctl_set("vm/overcommit_memory", GUESS);
	spill(DEBUGFS "/enable", "0");
	setenv("LD_LIBRARY_PATH", "/usr/local/lib", 1);
	EXPECT_EQ(0, run_program(said, sizeof(said),
				 (char *[]){ EXAMPLES "/example.py", NULL }))
		TH_LOG("%s", said);
	while (oomtrace_next(self->ot, &rec) > 0) {
		char comm[32] = "-";

		oomtrace_get_str(rec, "comm", comm, sizeof(comm));
		snprintf(number, sizeof(number), "-");
		if (oomtrace_get_int(rec, "pages", &pages) > 0)
			snprintf(number, sizeof(number), "%lld", pages);
		n += snprintf(want + n, sizeof(want) - n, "%s %s %s\n",
			      oomtrace_type_name(rec->type),
			      *comm ? comm : "-", number);
	}
	EXPECT_LE(4, oomtrace_received(self->ot, -1, -1) + 1);
	EXPECT_STREQ(want, said);
}

TEST_HARNESS_MAIN
