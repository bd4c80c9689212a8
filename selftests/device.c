// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the device gives whole records, each to every reader once, counts
 * exactly what a slow reader lost, and opens for root only. A bad call fails
 * with an errno and loses no record.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <time.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

FIXTURE(device) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(device)
{
	module_start(NULL);
	self->fd = device_open();
	sysctl_set("vm/overcommit_memory", NEVER);
}

FIXTURE_TEARDOWN(device)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

/* Bytes of the first n records, and of the record after them. */
static void sum_sizes(const struct records *recs, size_t n, size_t *sum,
		      size_t *next)
{
	size_t i;

	*sum = 0;
	for (i = 0; i < n; i++)
		*sum += recs->r[i].h.size;
	*next = recs->r[n].h.size;
}

/* Both readings are the same. */
static void expect_same(struct __test_metadata *_metadata,
			const struct records *a, const struct records *b)
{
	size_t i;

	ASSERT_EQ(a->n, b->n);
	for (i = 0; i < a->n; i++)
		EXPECT_EQ(0, memcmp(&a->r[i], &b->r[i], sizeof(a->r[i])))
			TH_LOG("record %zu: type %u seq %llu, type %u seq %llu",
			       i, a->r[i].h.type, a->r[i].h.seq,
			       b->r[i].h.type, b->r[i].h.seq);
}

/* ---- read ---- */

TEST_F(device, read_gives_whole_records_only)
{
	struct records whole = { };
	char buf[8192];
	size_t sum, next;
	ssize_t n;

	deny(5);
	device_drain(self->fd, &whole);
	ASSERT_LE(5, whole.n);
	lseek(self->fd, 0, SEEK_SET);
	/* Room for three records and all but one byte of the fourth. */
	sum_sizes(&whole, 3, &sum, &next);
	n = read(self->fd, buf, sum + next - 1);
	EXPECT_EQ(sum, n);
	records_add(&self->recs, buf, n);
	device_drain(self->fd, &self->recs);
	expect_same(_metadata, &whole, &self->recs);
	records_free(&whole);
}

TEST_F(device, a_buffer_too_small_is_EINVAL_and_skips_nothing)
{
	struct records whole = { };
	char buf[OOMTRACE_MAX_RECORD];
	size_t sum, next;

	deny(2);
	device_drain(self->fd, &whole);
	lseek(self->fd, 0, SEEK_SET);
	sum_sizes(&whole, 0, &sum, &next);
	EXPECT_EQ(-1, read(self->fd, buf, next - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->fd, buf, 1));
	EXPECT_EQ(EINVAL, errno);
	device_drain(self->fd, &self->recs);
	expect_same(_metadata, &whole, &self->recs);
	records_free(&whole);
}

TEST_F(device, a_bad_buffer_is_EFAULT_and_skips_nothing)
{
	struct records whole = { };
	void *volatile nowhere = NULL;

	deny(2);
	device_drain(self->fd, &whole);
	lseek(self->fd, 0, SEEK_SET);
	EXPECT_EQ(-1, read(self->fd, nowhere, 4096));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(self->fd, (void *)-4096L, 4096));
	EXPECT_EQ(EFAULT, errno);
	device_drain(self->fd, &self->recs);
	expect_same(_metadata, &whole, &self->recs);
	records_free(&whole);
}

TEST_F(device, a_buffer_bad_at_its_end_gets_what_fits_before)
{
	struct records whole = { };
	size_t sum, next;
	char *at;
	ssize_t n;

	at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	munmap(at + 3 * PAGE, PAGE);
	deny(4);
	device_drain(self->fd, &whole);
	lseek(self->fd, 0, SEEK_SET);
	sum_sizes(&whole, 2, &sum, &next);
	n = read(self->fd, at + 3 * PAGE - sum - 8, sum + PAGE);
	EXPECT_EQ(sum, n);
	records_add(&self->recs, at + 3 * PAGE - sum - 8, n);
	device_drain(self->fd, &self->recs);
	expect_same(_metadata, &whole, &self->recs);
	records_free(&whole);
}

/* Larger than a read() can be, and at an odd address. */
TEST_F(device, a_huge_and_misaligned_buffer_gets_the_same)
{
	const size_t huge = 3UL << 30, held = 16 * PAGE;
	struct records whole = { };
	char *at, *copy;
	ssize_t n;

	at = mmap(NULL, huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, mprotect(at, held, PROT_READ | PROT_WRITE));
	deny(4);
	device_drain(self->fd, &whole);
	lseek(self->fd, 0, SEEK_SET);
	n = read(self->fd, at + 3, huge - 3);
	ASSERT_LT(0, n);
	copy = malloc(n);
	ASSERT_NE(NULL, copy);
	memcpy(copy, at + 3, n);
	records_add(&self->recs, copy, n);
	expect_same(_metadata, &whole, &self->recs);
	free(copy);
	munmap(at, huge);
	records_free(&whole);
}

TEST_F(device, nothing_to_read_is_EAGAIN_without_blocking)
{
	char buf[OOMTRACE_MAX_RECORD];

	device_drain(self->fd, &self->recs);
	EXPECT_EQ(-1, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(device, two_readers_each_get_everything)
{
	struct records other = { };
	int fd = device_open();

	deny(20);
	device_drain(self->fd, &self->recs);
	deny(20);
	device_drain(self->fd, &self->recs);
	device_drain(fd, &other);
	EXPECT_LE(40, commits_by(&self->recs, getpid()));
	expect_same(_metadata, &self->recs, &other);
	close(fd);
	records_free(&other);
}

static int deny_after_delay(void *arg)
{
	sleep_ms(*(int *)arg);
	deny(1);
	return 0;
}

TEST_F(device, poll_sleeps_and_wakes_within_a_second)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	unsigned long long from, woke;
	const union record *r = NULL;
	int delay = 1500;
	pid_t pid;
	size_t i;

	/*
	 * The first decision in a mode writes a mark: do not wait for that one.
	 */
	deny(1);
	device_drain(self->fd, &self->recs);
	from = now_ns();
	EXPECT_EQ(0, poll(&p, 1, 300));
	EXPECT_LE(290000000, now_ns() - from);

	from = now_ns();
	pid = start_child(deny_after_delay, &delay);
	EXPECT_EQ(1, poll(&p, 1, 20000));
	woke = now_ns();
	EXPECT_EQ(POLLIN, p.revents & POLLIN);
	EXPECT_EQ(0, wait_child(pid));
	records_free(&self->recs);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(1, commits_by(&self->recs, pid));
	for (i = 0; i < self->recs.n; i++)
		if (self->recs.r[i].h.type == OOMTRACE_COMMIT)
			r = &self->recs.r[i];
	ASSERT_NE(NULL, r);
	EXPECT_LE(from + 1500000000, r->h.ts_ns);
	EXPECT_LE(r->h.ts_ns, woke);
	EXPECT_GE(r->h.ts_ns + 1000000000, woke);
}

TEST_F(device, a_blocking_read_wakes_with_the_record)
{
	int fd = open(DEVICE, O_RDONLY), delay = 500;
	unsigned long long from;
	char buf[8192];
	ssize_t n;
	pid_t pid;

	ASSERT_LE(0, fd);
	/* Write the mark first, as above. */
	deny(1);
	lseek(fd, 0, SEEK_END);
	from = now_ns();
	pid = start_child(deny_after_delay, &delay);
	n = read(fd, buf, sizeof(buf));
	EXPECT_LE(450000000, now_ns() - from);
	ASSERT_LT(0, n);
	records_add(&self->recs, buf, n);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(1, commits_by(&self->recs, pid));
	close(fd);
}

/* ---- lseek, write, ioctl ---- */

TEST_F(device, lseek_knows_the_oldest_and_the_end)
{
	struct records again = { };
	char buf[64];

	deny(3);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	device_drain(self->fd, &again);
	expect_same(_metadata, &self->recs, &again);
	lseek(self->fd, 0, SEEK_SET);
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(-1, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(EAGAIN, errno);
	/* Skipped records are not lost. */
	records_free(&again);
	deny(1);
	device_drain(self->fd, &again);
	EXPECT_EQ(1, commits_by(&again, getpid()));
	EXPECT_EQ(0, records_count(&again, OOMTRACE_LOST));
	records_free(&again);
}

TEST_F(device, any_other_lseek_is_EINVAL_and_moves_nothing)
{
	static const struct {
		off_t offset;
		int whence;
	} bad[] = {
		{ 1, SEEK_SET }, { -1, SEEK_SET }, { 1, SEEK_END },
		{ -1, SEEK_END }, { 0, SEEK_CUR }, { 8, SEEK_CUR },
		{ 0, SEEK_DATA }, { 0, 77 },
	};
	struct records again = { };
	size_t i;

	deny(3);
	device_drain(self->fd, &self->recs);
	lseek(self->fd, 0, SEEK_SET);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		EXPECT_EQ(-1, lseek(self->fd, bad[i].offset, bad[i].whence));
		EXPECT_EQ(EINVAL, errno);
	}
	device_drain(self->fd, &again);
	expect_same(_metadata, &self->recs, &again);
	records_free(&again);
}

TEST_F(device, writing_fails)
{
	int fd = open(DEVICE, O_RDWR | O_NONBLOCK);

	EXPECT_EQ(-1, write(self->fd, "x", 1));
	EXPECT_EQ(EBADF, errno);
	if (fd >= 0) {
		EXPECT_EQ(-1, write(fd, "x", 1));
		EXPECT_EQ(EINVAL, errno);
		close(fd);
	}
}

TEST_F(device, an_unknown_ioctl_is_ENOTTY)
{
	static const unsigned long unknown[] = {
		0, 0x5401, _IO('O', 0x6f), _IO('O', 0x7f),
		_IOWR('O', 0x70, char), _IOW('P', 0x71, __u32), ~0UL,
	};
	char buf[256] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		errno = 0;
		EXPECT_EQ(-1, ioctl(self->fd, unknown[i], buf));
		EXPECT_EQ(ENOTTY, errno) TH_LOG("ioctl %#lx", unknown[i]);
	}
}

TEST_F(device, info_checks_its_argument)
{
	union {
		struct oomtrace_info info;
		unsigned char bytes[sizeof(struct oomtrace_info) + 64];
	} u;
	size_t i;

	errno = 0;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_INFO, NULL));
	EXPECT_EQ(EFAULT, errno);

	memset(&u, 0xff, sizeof(u));
	u.info.size = OOMTRACE_INFO_SIZE_VER1 - 1;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_INFO, &u));
	EXPECT_EQ(EINVAL, errno);
	u.info.size = 0;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_INFO, &u));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0xff, u.bytes[sizeof(u.info) - 1]);

	/* A newer program: fields that the module does not know are 0. */
	u.info.size = sizeof(u);
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_INFO, &u));
	EXPECT_EQ(sizeof(u.info), u.info.size);
	for (i = sizeof(u.info); i < sizeof(u); i++)
		EXPECT_EQ(0, u.bytes[i]);
}

TEST_F(device, info_has_the_machines_values)
{
	struct timespec boot, mono, wall;
	struct oomtrace_info info;
	long long diff;

	device_info(self->fd, &info);
	EXPECT_EQ(OOMTRACE_ABI_VERSION, info.abi);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), info.page_size);
	EXPECT_EQ(sysconf(_SC_NPROCESSORS_CONF), info.cpus);
	EXPECT_EQ(1, info.enabled);
	EXPECT_EQ(0, info.episodes);
	EXPECT_LE(sizeof(struct oomtrace_commit), info.ring[0].slot_size);
	EXPECT_LT(0, info.ring[OOMTRACE_RING_OOM].slots);

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &wall);
	diff = (boot.tv_sec - mono.tv_sec) * 1000000000LL +
	       boot.tv_nsec - mono.tv_nsec;
	EXPECT_LT(llabs(diff - info.boot_offset_ns), 100000000);
	diff = (wall.tv_sec - mono.tv_sec) * 1000000000LL +
	       wall.tv_nsec - mono.tv_nsec;
	EXPECT_LT(llabs(diff - info.wall_offset_ns), 100000000);
}

TEST_F(device, enable_takes_0_and_1_only)
{
	struct oomtrace_info info;
	__u32 on;

	for (on = 2; on; on <<= 1) {
		EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_ENABLE, &on));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_ENABLE, NULL));
	EXPECT_EQ(EFAULT, errno);
	device_info(self->fd, &info);
	EXPECT_EQ(1, info.enabled);

	on = 0;
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_ENABLE, &on));
	device_info(self->fd, &info);
	EXPECT_EQ(0, info.enabled);
	deny(3);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, commits_by(&self->recs, getpid()));
	on = 1;
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_ENABLE, &on));
	deny(3);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(3, commits_by(&self->recs, getpid()));
}

/* ---- permission to open ---- */

static int open_errno(void)
{
	int fd = open(DEVICE, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int open_as_user(void *unused)
{
	(void)unused;
	become_user();
	return open_errno();
}

static int open_without_capability(void *unused)
{
	(void)unused;
	drop_capability(CAP_SYS_ADMIN);
	return open_errno();
}

static int open_in_user_namespace(void *unused)
{
	(void)unused;
	/* Root with all capabilities, but only in its own user namespace. */
	if (unshare(CLONE_NEWUSER))
		return 254;
	return open_errno();
}

TEST_F(device, only_root_of_the_machine_opens_it)
{
	int status;

	EXPECT_EQ(EACCES, run_child(open_as_user, NULL));
	EXPECT_EQ(EPERM, run_child(open_without_capability, NULL));
	status = run_child(open_in_user_namespace, NULL);
	if (status != 254)
		EXPECT_TRUE(status == EPERM || status == EACCES)
			TH_LOG("errno %d", status);
}

TEST_HARNESS_MAIN
