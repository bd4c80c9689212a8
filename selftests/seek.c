// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a reader can move to the oldest record, the newest, a number or an
 * episode. The ioctls show the same values as the module's files. A bad call
 * fails with an errno and moves nothing. All this also holds for a 32-bit
 * process.
 */
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "lib/commit.h"
#include "lib/mapped.h"
#include "lib/oom.h"
#include "lib/test.h"

FIXTURE(seek) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(seek)
{
	module_start("commit_buffer_kb=64");
	self->fd = device_open();
	sysctl_set("vm/overcommit_memory", NEVER);
}

FIXTURE_TEARDOWN(seek)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

static int seek_to(int fd, __u32 whence, __u32 ring, __u32 cpu, __u64 value)
{
	struct oomtrace_seek sk = {
		.size = sizeof(sk), .whence = whence, .ring = ring, .cpu = cpu,
		.value = value,
	};

	return ioctl(fd, OOMTRACE_IOC_SEEK, &sk) ? errno : 0;
}

TEST_F(seek, oldest_and_newest_are_those_of_lseek)
{
	struct records again = { };

	deny(10);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_OLDEST, 0, 0, 0));
	device_drain(self->fd, &again);
	EXPECT_EQ(self->recs.n, again.n);
	records_free(&again);
	EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_OLDEST, 0, 0, 0));
	EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_NEWEST, 0, 0, 0));
	device_drain(self->fd, &again);
	EXPECT_EQ(0, again.n);
	records_free(&again);
}

TEST_F(seek, a_number_is_the_record_that_comes_next)
{
	struct oomtrace_ring_cpu_info info;
	const union record *r;
	__u64 seq;

	pin_to_cpu(0);
	deny(30);
	EXPECT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_COMMIT, 0, &info));
	for (seq = 1; seq <= info.written; seq += 7) {
		EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_NEWEST, 0, 0, 0));
		EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_SEQ,
				     OOMTRACE_RING_COMMIT, 0, seq));
		records_free(&self->recs);
		device_drain(self->fd, &self->recs);
		ASSERT_LT(0, self->recs.n);
		r = &self->recs.r[0];
		EXPECT_EQ(seq, r->h.seq);
		EXPECT_EQ(0, r->h.cpu);
		EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_LOST));
	}
	/*
	 * A reader can wait for the next record to be written, but not beyond
	 * it.
	 */
	EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_SEQ, OOMTRACE_RING_COMMIT,
			     0, info.written + 1));
	EXPECT_EQ(ENXIO, seek_to(self->fd, OOMTRACE_SEEK_SEQ,
				 OOMTRACE_RING_COMMIT, 0, info.written + 1000));
}

TEST_F(seek, an_overwritten_number_is_counted_as_lost)
{
	struct oomtrace_ring_cpu_info info;
	const union record *r;

	pin_to_cpu(0);
	EXPECT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_COMMIT, 0, &info));
	deny(info.slots + 100);
	EXPECT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_COMMIT, 0, &info));
	EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_OLDEST, 0, 0, 0));
	EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_SEQ, OOMTRACE_RING_COMMIT,
			     0, 5));
	device_drain(self->fd, &self->recs);
	r = records_get(&self->recs, OOMTRACE_LOST, 0);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(5, r->h.seq);
	EXPECT_EQ(info.written - info.slots - 4, r->lost.count);
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_LOST));
}

TEST_F(seek, an_episode_is_where_its_begin_is)
{
	const union record *r;
	struct memcg cg;
	struct hog hog;
	int i;

	if (!memcg_make(&cg, "seek", MB(8)))
		SKIP(return, "no cgroup v2 memory controller");
	sysctl_restore();
	for (i = 0; i < 3; i++) {
		hog_start(&hog, "--cgroup %s --grow 64", cg.dir);
		EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	}
	memcg_remove(&cg);
	for (i = 3; i > 0; i--) {
		EXPECT_EQ(0, seek_to(self->fd, OOMTRACE_SEEK_EPISODE, 0, 0, i));
		records_free(&self->recs);
		device_drain(self->fd, &self->recs);
		r = records_get(&self->recs, OOMTRACE_OOM_BEGIN, 0);
		ASSERT_NE(NULL, r);
		EXPECT_EQ(i, r->begin.episode);
		EXPECT_LE(r->h.ts_ns, self->recs.r[0].h.ts_ns);
		EXPECT_EQ(4 - i, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
		EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_LOST));
	}
	/* None of these calls moves the position. */
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(ENOENT, seek_to(self->fd, OOMTRACE_SEEK_EPISODE, 0, 0, 99));
	EXPECT_EQ(ENOENT, seek_to(self->fd, OOMTRACE_SEEK_EPISODE, 0, 0, 0));
	records_free(&self->recs);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, self->recs.n);
}

TEST_F(seek, an_invalid_seek_is_EINVAL_and_moves_nothing)
{
	static const struct oomtrace_seek bad[] = {
		{ .size = 0 },
		{ .size = sizeof(bad[0]) - 8 },
		{ .size = sizeof(bad[0]) + 8 },
		{ .size = sizeof(bad[0]), .whence = 4 },
		{ .size = sizeof(bad[0]), .whence = ~0U },
		{ .size = sizeof(bad[0]), .whence = OOMTRACE_SEEK_OLDEST, .ring = 1 },
		{ .size = sizeof(bad[0]), .whence = OOMTRACE_SEEK_OLDEST, .cpu = 1 },
		{ .size = sizeof(bad[0]), .whence = OOMTRACE_SEEK_NEWEST, .value = 1 },
		{ .size = sizeof(bad[0]), .whence = OOMTRACE_SEEK_EPISODE, .cpu = 1 },
		{ .size = sizeof(bad[0]), .whence = OOMTRACE_SEEK_SEQ },
		{ .size = sizeof(bad[0]), .whence = OOMTRACE_SEEK_SEQ, .value = 1,
		  .ring = OOMTRACE_RINGS },
		{ .size = sizeof(bad[0]), .whence = OOMTRACE_SEEK_SEQ, .value = 1,
		  .cpu = 100000 },
		{ .size = sizeof(bad[0]), .whence = OOMTRACE_SEEK_SEQ, .value = 1,
		  .cpu = ~0U },
	};
	struct records again = { };
	size_t i;

	deny(5);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_SEEK, &bad[i]));
		EXPECT_EQ(EINVAL, errno) TH_LOG("number %zu", i);
	}
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_SEEK, NULL));
	EXPECT_EQ(EFAULT, errno);
	device_drain(self->fd, &self->recs);
	EXPECT_LE(5, self->recs.n);
	lseek(self->fd, 0, SEEK_SET);
	device_drain(self->fd, &again);
	EXPECT_EQ(again.n, self->recs.n);
	records_free(&again);
}

/* ---- ring, stats, stack ---- */

TEST_F(seek, an_invalid_ring_is_EINVAL)
{
	struct oomtrace_ring_cpu_info info;

	EXPECT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_OOM, 0, &info));
	EXPECT_EQ(EINVAL, ring_ask(self->fd, OOMTRACE_RINGS, 0, &info));
	EXPECT_EQ(EINVAL, ring_ask(self->fd, 0, 100000, &info));
	EXPECT_EQ(EINVAL, ring_ask(self->fd, ~0U, ~0U, &info));
	info = (struct oomtrace_ring_cpu_info){ .size = sizeof(info) - 8 };
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RING, &info));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RING, NULL));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(seek, rings_add_up_to_what_info_says)
{
	struct oomtrace_ring_cpu_info one;
	unsigned long long written = 0;
	const struct oomtrace_ring_info *sum;
	struct oomtrace_info all;
	__u32 ring, cpu;

	deny(50);
	spill(DEBUGFS "/enable", "0");
	device_info(self->fd, &all);
	for (ring = 0; ring < OOMTRACE_RINGS; ring++, written = 0) {
		sum = ring < OOMTRACE_INFO_RINGS ? &all.ring[ring] :
						   &all.candidates;
		for (cpu = 0; !ring_ask(self->fd, ring, cpu, &one); cpu++) {
			written += one.written;
			/* The candidates' ring is in one place. */
			EXPECT_EQ(ring == OOMTRACE_RING_CANDIDATE && cpu ?
				  0 : sum->slots, one.slots);
			EXPECT_EQ(0, one.refused[OOMTRACE_REFUSED_NMI]);
		}
		EXPECT_EQ(sum->written, written);
		EXPECT_GE(all.cpu_ids, cpu);
	}
	EXPECT_LT(5, all.hooks);
	EXPECT_GE(all.hooks, all.hooks_missing);
}

TEST_F(seek, stats_are_those_of_the_file)
{
	struct oomtrace_stats_info st = { .size = sizeof(st) };

	deny(7);
	spill(DEBUGFS "/enable", "0");
	ASSERT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_STATS, &st));
	EXPECT_LE(7, st.denied[NEVER]);
	EXPECT_EQ(stat_decisions(NEVER, true), st.denied[NEVER]);
	EXPECT_EQ(stat_decisions(NEVER, false), st.granted[NEVER]);
	EXPECT_EQ(stat_decisions(GUESS, false), st.granted[GUESS]);
	EXPECT_EQ(stat_number("not recorded"), st.unrecorded);
	EXPECT_EQ(0, st.endings[OOMTRACE_ENDING_KILLED]);

	st = (struct oomtrace_stats_info){ .size = sizeof(st), .reserved = 1 };
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_STATS, &st));
	EXPECT_EQ(EINVAL, errno);
	st = (struct oomtrace_stats_info){ .size = sizeof(st) - 8 };
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_STATS, &st));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_STATS, NULL));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(seek, a_stack_by_number_is_the_one_that_read_gives)
{
	const struct oomtrace_stack *want;
	struct oomtrace_stack got = { };
	const union record *r;

	if (!has_stacks())
		SKIP(return, NO_STACKS);
	deny(1);
	device_drain(self->fd, &self->recs);
	r = records_get(&self->recs, OOMTRACE_STACK, 0);
	ASSERT_NE(NULL, r);
	want = (const void *)r;
	got.id = want->id;
	ASSERT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_STACK, &got));
	EXPECT_EQ(want->frames, got.frames);
	EXPECT_STREQ(want->text, got.text);
	EXPECT_EQ(want->h.valid, got.h.valid);
	got.id = 0;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_STACK, &got));
	EXPECT_EQ(ENOENT, errno);
	got.id = ~0U;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_STACK, &got));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_STACK, NULL));
	EXPECT_EQ(EFAULT, errno);
}

/*
 * A program built with the first header has a shorter struct, and so another
 * ioctl number.
 */
TEST_F(seek, info_of_an_older_header_is_understood)
{
	unsigned char buf[sizeof(struct oomtrace_info)];
	struct oomtrace_info *info = (void *)buf;

	memset(buf, 0xee, sizeof(buf));
	info->size = OOMTRACE_INFO_SIZE_VER1;
	EXPECT_EQ(0, ioctl(self->fd, _IOC(_IOC_READ | _IOC_WRITE, 'O', 0x70,
					  OOMTRACE_INFO_SIZE_VER1), buf));
	EXPECT_EQ(OOMTRACE_ABI_VERSION, info->abi);
	EXPECT_EQ(sizeof(*info), info->size);
	EXPECT_EQ(0xee, buf[OOMTRACE_INFO_SIZE_VER1]);
}

/* ---- 32 bits ---- */

/* bin/compat32 does all of this and prints "ok" or what failed. */
TEST_F(seek, a_process_of_32_bits_can_do_the_same)
{
	char said[4096] = "", self_path[256];
	char *args[] = { self_path, NULL };
	ssize_t n;
	int status;

	n = readlink("/proc/self/exe", self_path, sizeof(self_path) - 16);
	ASSERT_LT(0, n);
	self_path[n] = '\0';
	strcpy(strrchr(self_path, '/') + 1, "compat32");
	if (access(self_path, X_OK))
		SKIP(return, "this architecture has no 32-bit programs");
	deny(3);
	status = run_program(said, sizeof(said), args);
	if (status == 126 || status == 127)
		SKIP(return, "this kernel runs no 32-bit programs");
	EXPECT_EQ(0, status) TH_LOG("%s", said);
	EXPECT_STREQ("ok\n", said);
}

TEST_HARNESS_MAIN
