// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a mapping of the rings shows exactly the records that the device
 * gives, can never be written to, and has the size and offset that the header
 * defines.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "lib/commit.h"
#include "lib/mapped.h"
#include "lib/test.h"

FIXTURE(mapping) {
	int fd;
	struct oomtrace_ring_cpu_info ring;
	struct records recs;
};

FIXTURE_SETUP(mapping)
{
	module_start("commit_buffer_kb=64");
	self->fd = device_open();
	ASSERT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_COMMIT, 0, &self->ring));
	sysctl_set("vm/overcommit_memory", NEVER);
}

FIXTURE_TEARDOWN(mapping)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

TEST_F(mapping, the_page_says_what_the_ioctl_says)
{
	const struct oomtrace_ring_page *page;
	struct oomtrace_ring_cpu_info info;
	__u32 ring, cpu;

	for (ring = 0; ring < OOMTRACE_RINGS; ring++)
		for (cpu = 0; !ring_ask(self->fd, ring, cpu, &info); cpu++) {
			page = mmap(NULL, info.mmap_size, PROT_READ, MAP_SHARED,
				    self->fd, info.mmap_offset);
			ASSERT_NE(MAP_FAILED, page);
			EXPECT_EQ(OOMTRACE_ABI_VERSION, page->abi);
			EXPECT_EQ(sizeof(*page), page->size);
			EXPECT_EQ(ring, page->ring);
			EXPECT_EQ(cpu, page->cpu);
			EXPECT_EQ(info.slots, page->slots);
			EXPECT_EQ(info.slot_size, page->slot_size);
			EXPECT_EQ(0, page->closed);
			EXPECT_EQ(1, page->first);
			EXPECT_EQ(0, page->generation);
			EXPECT_EQ(ring != OOMTRACE_RING_CANDIDATE || !cpu,
				  !!page->slots);
			EXPECT_GE(info.mmap_size, page->data_offset +
				  (__u64)page->slots * page->slot_size);
			munmap((void *)page, info.mmap_size);
		}
	EXPECT_EQ(sysconf(_SC_NPROCESSORS_CONF), cpu);
}

TEST_F(mapping, gives_the_records_that_read_gives)
{
	struct mapped m;
	union record r;
	size_t n = 0, i;

	pin_to_cpu(0);
	deny(20);
	device_drain(self->fd, &self->recs);
	mapped_open(&m, self->fd, OOMTRACE_RING_COMMIT, 0, 1);
	for (i = 0; i < self->recs.n; i++) {
		const union record *want = &self->recs.r[i];

		if (want->h.cpu || want->h.type == OOMTRACE_STACK ||
		    (want->h.flags & OOMTRACE_FLAG_RING))
			continue;
		ASSERT_TRUE(mapped_next(&m, &r));
		EXPECT_EQ(0, memcmp(want, &r, want->h.size))
			TH_LOG("seq %llu and %llu", want->h.seq, r.h.seq);
		n++;
	}
	EXPECT_LE(20, n);
	EXPECT_FALSE(mapped_next(&m, &r));
	mapped_close(&m);
}

TEST_F(mapping, shows_what_is_written_after_it_was_made)
{
	struct mapped m;
	union record r;
	int n = 0;

	pin_to_cpu(0);
	mapped_open(&m, self->fd, OOMTRACE_RING_COMMIT, 0,
		    self->ring.written + 1);
	deny(5);
	while (mapped_next(&m, &r))
		n += r.h.type == OOMTRACE_COMMIT && r.commit.pid == getpid();
	EXPECT_EQ(5, n);
	mapped_close(&m);
}

static int deny_later(void *unused)
{
	(void)unused;
	sleep_ms(500);
	deny(1);
	return 0;
}

/* As the header describes: skip to the end, look once more, poll. */
TEST_F(mapping, poll_wakes_a_reader_of_a_mapping)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	pid_t pid;

	deny(1);
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(0, poll(&p, 1, 100));
	pid = start_child(deny_later, NULL);
	EXPECT_EQ(1, poll(&p, 1, 20000));
	EXPECT_EQ(0, wait_child(pid));
}

static int map_errno(int fd, size_t size, int prot, int flags, off_t offset)
{
	void *at = mmap(NULL, size, prot, flags, fd, offset);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, size);
	return 0;
}

TEST_F(mapping, mappings_are_read_only)
{
	const off_t offset = self->ring.mmap_offset;
	const size_t size = self->ring.mmap_size;
	int rw = open(DEVICE, O_RDWR | O_NONBLOCK);
	void *at;

	ASSERT_LE(0, rw);
	EXPECT_EQ(EPERM, map_errno(rw, size, PROT_READ | PROT_WRITE, MAP_SHARED,
				   offset));
	EXPECT_EQ(EPERM, map_errno(rw, size, PROT_WRITE, MAP_SHARED, offset));
	EXPECT_EQ(EACCES, map_errno(self->fd, size, PROT_READ | PROT_WRITE,
				    MAP_SHARED, offset));
	EXPECT_NE(0, map_errno(rw, size, PROT_READ | PROT_EXEC, MAP_SHARED,
			       offset));
	EXPECT_EQ(EINVAL, map_errno(rw, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE, offset));
	EXPECT_EQ(EINVAL, map_errno(rw, size, PROT_READ, MAP_PRIVATE, offset));

	at = mmap(NULL, size, PROT_READ, MAP_SHARED, rw, offset);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_EQ(-1, mprotect(at, size, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(at, size, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	munmap(at, size);
	close(rw);
}

TEST_F(mapping, a_wrong_size_or_offset_is_EINVAL)
{
	const off_t offset = self->ring.mmap_offset;
	const size_t size = self->ring.mmap_size;
	struct oomtrace_ring_cpu_info last;
	__u32 cpu = 0;
	void *at;

	EXPECT_EQ(0, map_errno(self->fd, size, PROT_READ, MAP_SHARED, offset));
	/* The kernel rounds the size up to pages. */
	EXPECT_EQ(EINVAL, map_errno(self->fd, size - PAGE, PROT_READ,
				    MAP_SHARED, offset));
	EXPECT_EQ(EINVAL, map_errno(self->fd, size + 1, PROT_READ, MAP_SHARED,
				    offset));
	EXPECT_EQ(EINVAL, map_errno(self->fd, PAGE, PROT_READ, MAP_SHARED,
				    offset));
	EXPECT_EQ(EINVAL, map_errno(self->fd, 0, PROT_READ, MAP_SHARED, offset));
	EXPECT_EQ(EINVAL, map_errno(self->fd, size, PROT_READ, MAP_SHARED,
				    offset + PAGE));
	EXPECT_EQ(EINVAL, map_errno(self->fd, size, PROT_READ, MAP_SHARED,
				    offset + 1));
	EXPECT_EQ(EINVAL, map_errno(self->fd, size, PROT_READ, MAP_SHARED,
				    1ULL << 62));

	/* One past the last ring of the last CPU. */
	while (!ring_ask(self->fd, OOMTRACE_RING_CANDIDATE, cpu, &last))
		cpu++;
	ring_ask(self->fd, OOMTRACE_RING_CANDIDATE, cpu - 1, &last);
	EXPECT_EQ(0, map_errno(self->fd, last.mmap_size, PROT_READ, MAP_SHARED,
			       last.mmap_offset));
	EXPECT_EQ(EINVAL, map_errno(self->fd, size, PROT_READ, MAP_SHARED,
				    last.mmap_offset + (1ULL << 31)));

	/* A mapping cannot grow. */
	at = mmap(NULL, size, PROT_READ, MAP_SHARED, self->fd, offset);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_EQ(MAP_FAILED, mremap(at, size, 2 * size, MREMAP_MAYMOVE));
	munmap(at, size);
}

TEST_F(mapping, half_of_it_can_be_unmapped_and_all_of_it_inherited)
{
	const size_t size = self->ring.mmap_size;
	volatile const char *at;
	int status;
	pid_t pid;

	at = mmap(NULL, size, PROT_READ, MAP_SHARED, self->fd,
		  self->ring.mmap_offset);
	ASSERT_NE(MAP_FAILED, at);
	pid = fork();
	if (!pid) {
		munmap((void *)at, 2 * PAGE);
		_exit(at[2 * PAGE] == 77 || at[size - 1] == 77);
	}
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	munmap((void *)(at + 2 * PAGE), PAGE);
	EXPECT_EQ(OOMTRACE_ABI_VERSION, *(const __u32 *)at);
	(void)at[3 * PAGE];
	munmap((void *)at, size);
}

TEST_F(mapping, keeps_the_module_loaded_without_the_descriptor)
{
	volatile const __u32 *at;
	int err;

	at = mmap(NULL, self->ring.mmap_size, PROT_READ, MAP_SHARED, self->fd,
		  self->ring.mmap_offset);
	ASSERT_NE(MAP_FAILED, at);
	close(self->fd);
	err = module_unload();
	EXPECT_TRUE(err == -EWOULDBLOCK || err == -EBUSY) TH_LOG("%d", err);
	EXPECT_EQ(OOMTRACE_ABI_VERSION, *at);
	munmap((void *)at, self->ring.mmap_size);
	EXPECT_EQ(0, module_unload());
	self->fd = -1;
}

/* A reader that maps and unmaps continuously until it is killed. */
static int map_forever(void *arg)
{
	struct mapped m;
	union record r;

	for (;;) {
		mapped_open(&m, *(int *)arg, OOMTRACE_RING_COMMIT, 0, 1);
		mapped_next(&m, &r);
		mapped_close(&m);
	}
	return 0;
}

TEST_F(mapping, a_killed_reader_leaves_nothing)
{
	struct oomtrace_info before, after;
	pid_t pid[4];
	int round, i;

	device_info(self->fd, &before);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 4; i++)
			pid[i] = start_child(map_forever, &self->fd);
		sleep_ms(30);
		for (i = 0; i < 4; i++) {
			kill(pid[i], SIGKILL);
			wait_child(pid[i]);
		}
	}
	device_info(self->fd, &after);
	EXPECT_EQ(before.ring[0].bytes, after.ring[0].bytes);
	close(self->fd);
	EXPECT_EQ(0, module_unload());
	self->fd = -1;
}

TEST_HARNESS_MAIN
