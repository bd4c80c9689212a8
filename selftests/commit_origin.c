// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a refusal is recorded whichever system call or page fault requests the
 * address space, and the record names the origin.
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "lib/commit.h"
#include "lib/ia32.h"
#include "lib/test.h"

FIXTURE(origin) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(origin)
{
	module_keep("");
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(origin)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
}

static void expect_denied(struct __test_metadata *_metadata, int fd,
			  struct records *recs, pid_t pid, int origin)
{
	size_t i;
	int n = 0;

	device_drain(fd, recs);
	for (i = 0; i < recs->n; i++) {
		const struct oomtrace_commit *rec = &recs->r[i].commit;

		if (rec->h.type != OOMTRACE_COMMIT || rec->pid != pid)
			continue;
		n++;
		EXPECT_EQ(-ENOMEM, rec->ret);
		EXPECT_EQ(origin, rec->origin);
		EXPECT_GE(rec->committed, rec->allowed);
	}
	EXPECT_LE(1, n);
}

TEST_F(origin, brk_is_recorded)
{
	char *top = sbrk(0);

	sysctl_set("vm/overcommit_memory", NEVER);
	/* brk() returns the current top on failure. */
	EXPECT_EQ((long)top, syscall(SYS_brk, top + (1L << 33)));
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_BRK);
}

TEST_F(origin, mprotect_is_recorded)
{
	void *at;

	sysctl_set("vm/overcommit_memory", NEVER);
	/*
	 * A read-only private mapping is charged only when it becomes writable.
	 */
	at = mmap(NULL, 1L << 33, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
		  -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_EQ(-1, mprotect(at, 1L << 33, PROT_READ | PROT_WRITE));
	EXPECT_EQ(ENOMEM, errno);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_MPROTECT);
}

TEST_F(origin, mremap_is_recorded)
{
	void *at;

	sysctl_set("vm/overcommit_memory", NEVER);
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_EQ(MAP_FAILED, mremap(at, PAGE, 1L << 33, MREMAP_MAYMOVE));
	EXPECT_EQ(ENOMEM, errno);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_MREMAP);
}

TEST_F(origin, shared_mapping_is_recorded_as_such)
{
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 1L << 33, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	EXPECT_EQ(ENOMEM, errno);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_MMAP_SHARED);
}

TEST_F(origin, shared_mapping_of_a_file_is_recorded_as_mmap)
{
	int memfd = memfd_create("commit", 0);

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, 1L << 33));
	sysctl_set("vm/overcommit_memory", NEVER);
	/* Private and writable: charged to the process. */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 1L << 33, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE, memfd, 0));
	EXPECT_EQ(ENOMEM, errno);
	close(memfd);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_MMAP);
}

TEST_F(origin, shmget_is_recorded_as_shmem)
{
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(-1, shmget(IPC_PRIVATE, 1L << 33, IPC_CREAT | 0600));
	EXPECT_EQ(ENOMEM, errno);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_SHMEM);
}

/* From here on every request is refused, until the sysctls are restored. */
static void allow_nothing(void)
{
	sysctl_set("vm/overcommit_memory", NEVER);
	sysctl_set("vm/overcommit_kbytes", 4);
}

TEST_F(origin, write_to_a_memfd_is_recorded_as_shmem)
{
	int memfd = memfd_create("commit", 0);
	ssize_t n;
	int err;

	ASSERT_LE(0, memfd);
	allow_nothing();
	n = write(memfd, "x", 1);
	err = errno;
	sysctl_restore();
	EXPECT_EQ(-1, n);
	EXPECT_TRUE(err == ENOMEM || err == ENOSPC) TH_LOG("errno %d", err);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_SHMEM);
}

TEST_F(origin, fallocate_of_a_memfd_is_recorded_as_shmem)
{
	int memfd = memfd_create("commit", 0);
	int ret;

	ASSERT_LE(0, memfd);
	allow_nothing();
	ret = fallocate(memfd, 0, 0, 16 * PAGE);
	sysctl_restore();
	EXPECT_EQ(-1, ret);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_SHMEM);
}

TEST_F(origin, fork_is_recorded_with_the_parents_pid)
{
	long size = meminfo("MemTotal") / 5 * 2 / PAGE_KB * PAGE;
	pid_t pid;
	void *at;
	int err;

	/* The limit is half of the memory: this size fits once, not twice. */
	at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, at);
	sysctl_set("vm/overcommit_memory", NEVER);
	pid = fork();
	err = errno;
	if (!pid)
		_exit(0);
	munmap(at, size);
	EXPECT_EQ(-1, pid);
	EXPECT_EQ(ENOMEM, err);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_FORK);
}

static int exec_true(void *unused)
{
	(void)unused;
	allow_nothing();
	execl("/bin/true", "true", (char *)NULL);
	return errno == ENOMEM ? 0 : 1;
}

TEST_F(origin, exec_is_recorded)
{
	pid_t pid = start_child(exec_true, NULL);
	int status = wait_child(pid);

	sysctl_restore();
	EXPECT_EQ(0, status);
	expect_denied(_metadata, self->fd, &self->recs, pid,
		      OOMTRACE_ORIGIN_EXEC);
}

/* ---- page faults ---- */

static __attribute__((noinline)) int use_stack(void)
{
	volatile char frame[MB(1)];

	frame[0] = 1;
	return frame[0];
}

static int grow_stack(void *unused)
{
	(void)unused;
	allow_nothing();
	/* Far below what the stack has. */
	return use_stack();
}

TEST_F(origin, stack_growth_is_recorded)
{
	struct rlimit limit = { MB(8), MB(8) };
	pid_t pid;
	int status;

	/* Of the children. */
	ASSERT_EQ(0, setrlimit(RLIMIT_STACK, &limit));
	pid = start_child(grow_stack, NULL);
	status = wait_child(pid);
	sysctl_restore();
	EXPECT_EQ(128 + SIGSEGV, status);
	expect_denied(_metadata, self->fd, &self->recs, pid, OOMTRACE_ORIGIN_STACK);
}

static int touch_shared(void *memory)
{
	allow_nothing();
	*(volatile char *)memory = 1;
	return 0;
}

TEST_F(origin, a_fault_on_shared_memory_is_recorded)
{
	int memfd = memfd_create("commit", 0);
	int status;
	pid_t pid;
	void *at;

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, PAGE));
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	ASSERT_NE(MAP_FAILED, at);
	pid = start_child(touch_shared, at);
	status = wait_child(pid);
	sysctl_restore();
	munmap(at, PAGE);
	close(memfd);
	EXPECT_EQ(128 + SIGBUS, status);
	expect_denied(_metadata, self->fd, &self->recs, pid, OOMTRACE_ORIGIN_FAULT);
}

TEST_F(origin, a_fault_inside_a_system_call_is_not_guessed)
{
	int memfd = memfd_create("commit", 0), pair[2], err;
	ssize_t n;
	void *at;

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, PAGE));
	ASSERT_EQ(0, pipe(pair));
	ASSERT_EQ(1, write(pair[1], "x", 1));
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	ASSERT_NE(MAP_FAILED, at);
	allow_nothing();
	n = read(pair[0], at, 1);
	err = errno;
	sysctl_restore();
	munmap(at, PAGE);
	close(memfd);
	EXPECT_EQ(-1, n);
	EXPECT_EQ(EFAULT, err);
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_OTHER);
}

TEST_F(origin, swapoff_is_recorded)
{
	int ret, err;

	if (system("modprobe zram && echo 64M >/sys/block/zram0/disksize && "
		   "mkswap /dev/zram0 >/dev/null") || swapon("/dev/zram0", 0))
		SKIP(return, "no zram for swap");
	allow_nothing();
	ret = swapoff("/dev/zram0");
	err = errno;
	sysctl_restore();
	EXPECT_EQ(-1, ret);
	EXPECT_EQ(ENOMEM, err);
	EXPECT_EQ(0, swapoff("/dev/zram0"));
	EXPECT_EQ(0, system("modprobe -r zram"));
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_SWAPOFF);
}

/* ---- workers of io_uring ---- */

/* A ring of few entries, and its memory. */
struct ring {
	int fd;
	struct io_uring_params params;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
};

static void *map_ring(const struct ring *ring, size_t bytes, off_t what)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			ring->fd, what);

	return at == MAP_FAILED ? NULL : at;
}

static bool ring_open(struct ring *ring)
{
	struct io_uring_params *p = &ring->params;

	ring->fd = syscall(SYS_io_uring_setup, 4, p);
	if (ring->fd < 0)
		return false;
	ring->sq = map_ring(ring, p->sq_off.array + p->sq_entries * sizeof(__u32),
			    IORING_OFF_SQ_RING);
	ring->cq = map_ring(ring, p->cq_off.cqes + p->cq_entries *
			    sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	ring->sqes = map_ring(ring, p->sq_entries * sizeof(*ring->sqes), IORING_OFF_SQES);
	return ring->sq && ring->cq && ring->sqes;
}

/* Submit the first entries; n: how many. */
static bool ring_submit(struct ring *ring, __u32 n)
{
	__u32 *array = (void *)(ring->sq + ring->params.sq_off.array), i;

	for (i = 0; i < n; i++)
		array[i] = i;
	__atomic_store_n((__u32 *)(ring->sq + ring->params.sq_off.tail), n,
			 __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, ring->fd, n, 0, 0, NULL, 0) == (long)n;
}

/* Wait for the n-th result, at most 10 s. */
static int ring_result(struct ring *ring, __u32 n)
{
	const struct io_uring_cqe *cqes = (void *)(ring->cq + ring->params.cq_off.cqes);
	const __u32 *tail = (void *)(ring->cq + ring->params.cq_off.tail);
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (__atomic_load_n(tail, __ATOMIC_ACQUIRE) >= n)
			return cqes[n - 1].res;
		sleep_ms(10);
	}
	return 0;
}

#define NO_RING	9

/*
 * Has a ring wait for an event, and then enlarge a memfd, which takes a worker. It is made
 * in the write() that is the event: the worker's registers are those of that call.
 */
static int enlarge_by_worker(void *unused)
{
	const __u64 one = 1;
	int event = eventfd(0, 0), memfd = memfd_create("commit", 0), res;
	struct ring ring = { };

	(void)unused;
	if (!ring_open(&ring))
		return NO_RING;
	ring.sqes[0] = (struct io_uring_sqe) {
		.opcode = IORING_OP_POLL_ADD,
		.flags = IOSQE_IO_LINK,
		.fd = event,
		.poll_events = POLLIN,
	};
	/* addr is the size. */
	ring.sqes[1] = (struct io_uring_sqe) {
		.opcode = IORING_OP_FALLOCATE,
		.fd = memfd,
		.addr = 16 * PAGE,
	};
	allow_nothing();
	if (!ring_submit(&ring, 2) || write(event, &one, sizeof(one)) != sizeof(one))
		return 1;
	res = ring_result(&ring, 2);
	return res == -ENOMEM || res == -ENOSPC ? 0 : 2;
}

TEST_F(origin, a_worker_of_io_uring_is_not_in_the_call_that_made_it)
{
	pid_t pid = start_child(enlarge_by_worker, NULL);
	int status = wait_child(pid), n = 0;
	size_t i;

	sysctl_restore();
	if (status == NO_RING)
		SKIP(return, "this kernel has no io_uring");
	EXPECT_EQ(0, status);
	device_drain(self->fd, &self->recs);
	for (i = 0; i < self->recs.n; i++) {
		const struct oomtrace_commit *rec = &self->recs.r[i].commit;

		/* Before 5.12 it is a thread of the kernel, io_wqe_worker-0. */
		if (rec->h.type != OOMTRACE_COMMIT ||
		    (strncmp(rec->comm, "iou-wrk-", 8) && strncmp(rec->comm, "io_wq", 5)))
			continue;
		n++;
		EXPECT_NE(pid, rec->pid);
		EXPECT_EQ(-ENOMEM, rec->ret);
		EXPECT_EQ(OOMTRACE_ORIGIN_OTHER, rec->origin);
	}
	EXPECT_LE(1, n);
}

/* ---- a 32-bit program's system calls ---- */

TEST_F(origin, a_32_bit_mmap_of_shared_memory_is_recorded_as_such)
{
	if (ia32_call(IA32_GETPID, 0, 0, 0, 0, 0) != getpid())
		SKIP(return, "this kernel has no 32-bit system calls");
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(-ENOMEM, ia32_call(IA32_MMAP2, 0, 3000L << 20, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1));
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_MMAP_SHARED);
}

TEST_F(origin, a_32_bit_mmap_is_recorded_as_mmap)
{
	if (ia32_call(IA32_GETPID, 0, 0, 0, 0, 0) != getpid())
		SKIP(return, "this kernel has no 32-bit system calls");
	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(-ENOMEM, ia32_call(IA32_MMAP2, 0, 3000L << 20, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1));
	expect_denied(_metadata, self->fd, &self->recs, getpid(),
		      OOMTRACE_ORIGIN_MMAP);
}

TEST_HARNESS_MAIN
