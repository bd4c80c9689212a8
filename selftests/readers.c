// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: while every CPU writes records as fast as it can and ten readers of
 * different kinds read, each reader accounts for every record: received + lost
 * = written, exactly, for each ring on each CPU. Sequence numbers strictly
 * rise; in text, which has none, times do not fall. No record is torn, no line
 * is cut.
 *
 * usage: readers [harness options]; READERS_MS=N writes for N milliseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lib/commit.h"
#include "lib/mapped.h"
#include "lib/account.h"
#include "lib/test.h"

#define WRITERS		4

/* Shared by all processes; phases only advance. */
enum phase { PREPARE, WRITE, STOPPED };

struct result {
	struct accounts t;
	unsigned long long calls;
	int ready;
	int done;
};

static struct shared {
	int phase;
	struct result of[10];
} *shared;

static bool stopped(void)
{
	return __atomic_load_n(&shared->phase, __ATOMIC_ACQUIRE) == STOPPED;
}

static void account_buffer(struct accounts *t, const void *buf, ssize_t len)
{
	const struct oomtrace_header *h;
	union record r;
	ssize_t at;

	for (at = 0; at < len; at += h->size) {
		h = (const void *)((const char *)buf + at);
		if (len - at < (ssize_t)sizeof(*h) || h->size > len - at ||
		    h->size < sizeof(*h))
			die("not a record at byte %zd of %zd", at, len);
		memcpy(&r, h, h->size);
		account_record(t, &r);
	}
}

/* One read; false if there is no record. */
static bool read_once(struct result *res, int fd, size_t size)
{
	static __u64 buf[1 << 17];
	ssize_t n = read(fd, buf, size);

	res->calls++;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		die("read() returned %zd: %s", n, strerror(errno));
	account_buffer(&res->t, buf, n);
	return true;
}

/* ---- readers by read(): chunk size, pause, way to wait ---- */

enum waiting { BUSY, POLL, EPOLL };

struct by_read {
	size_t size;
	int pause_ms;
	enum waiting waiting;
};

static int epoll_of(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		die("epoll: %s", strerror(errno));
	return ep;
}

static void run_read(struct result *res, int fd, const struct by_read *how)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int ep = how->waiting == EPOLL ? epoll_of(fd) : -1;
	struct epoll_event ev;
	bool last, any;

	do {
		last = stopped();
		do {
			any = read_once(res, fd, how->size);
			if (how->pause_ms && !last)
				sleep_ms(how->pause_ms);
		} while (any && (last || !how->pause_ms));
		if (how->waiting == POLL && !last)
			poll(&p, 1, 100);
		if (how->waiting == EPOLL && !last)
			epoll_wait(ep, &ev, 1, 100);
	} while (!last || any);
}

/* ---- readers by mmap ---- */

enum mapping { KEEP, AGAIN };

struct by_map {
	enum mapping mapping;
	int pause_ms;
};

static void run_map(struct result *res, int fd, const struct by_map *how)
{
	struct oomtrace_ring_cpu_info info;
	struct mapped m[OOMTRACE_RINGS][CPUS];
	int ring, cpu, cpus, n;
	union record r;
	bool last, any;

	for (cpus = 0; !ring_ask(fd, 0, cpus, &info); cpus++)
		for (ring = 0; ring < OOMTRACE_RINGS; ring++)
			mapped_open(&m[ring][cpus], fd, ring, cpus, 1);
	do {
		last = stopped();
		any = false;
		for (ring = 0; ring < OOMTRACE_RINGS; ring++)
			for (cpu = 0; cpu < cpus; cpu++) {
				struct mapped *at = &m[ring][cpu];
				__u64 next = at->next;

				if (how->mapping == AGAIN) {
					mapped_close(at);
					mapped_open(at, fd, ring, cpu, next);
				}
				for (n = 0; n < 100 && mapped_next(at, &r); n++)
					account_record(&res->t, &r);
				any |= n > 0;
			}
		res->calls++;
		if (how->pause_ms && !last)
			sleep_ms(how->pause_ms);
	} while (!last || any);
}

/* ---- readers of trace_pipe ---- */

struct by_text {
	size_t size;
	int pause_ms;
};

/* Account for the complete lines of a text, and move the rest to its start. */
static size_t account_text(struct accounts *t, char *text, size_t len)
{
	char *line = text, *end;

	while ((end = memchr(line, '\n', text + len - line))) {
		*end = '\0';
		account_line(t, line);
		line = end + 1;
	}
	len -= line - text;
	memmove(text, line, len);
	return len;
}

static void run_text(struct result *res, int fd, const struct by_text *how)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	static char text[1 << 17];
	bool last, any = false;
	size_t len = 0;
	ssize_t n;

	do {
		if (!any)
			poll(&p, 1, 100);
		last = stopped();
		n = read(fd, text + len, how->size);
		any = n > 0;
		if (n < 0 && errno != EAGAIN)
			die("read() of trace_pipe returned %zd: %s", n, strerror(errno));
		if (any)
			len = account_text(&res->t, text, len + n);
		if (len > sizeof(text) / 2)
			die("a line has no end: %.100s", text);
		res->calls++;
		if (how->pause_ms && !last)
			sleep_ms(how->pause_ms);
	} while (!last || any);
	if (len)
		die("the text ends inside a line: '%.*s'", (int)len, text);
}

/* ---- the ten ---- */

static const struct kind {
	const char *name;
	const struct by_read *read;
	const struct by_map *map;
	const struct by_text *text;
} kinds[] = {
	{ "read, large chunks", &(struct by_read){ 1 << 20, 0, POLL } },
	{ "read, one record at a time",
	  &(struct by_read){ OOMTRACE_MAX_RECORD, 0, POLL } },
	{ "read, busy", &(struct by_read){ 65536, 0, BUSY } },
	{ "read, epoll", &(struct by_read){ 16384, 0, EPOLL } },
	{ "read, slow", &(struct by_read){ 4096, 20, POLL } },
	{ "mmap, busy", .map = &(struct by_map){ KEEP, 0 } },
	{ "mmap, slow", .map = &(struct by_map){ KEEP, 20 } },
	{ "mmap and munmap each time", .map = &(struct by_map){ AGAIN, 1 } },
	{ "trace_pipe", .text = &(struct by_text){ 65536, 0 } },
	{ "trace_pipe, small chunks", .text = &(struct by_text){ 100, 1 } },
};

static int pipe_open(void)
{
	int fd = open(DEBUGFS "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("cannot open trace_pipe: %s", strerror(errno));
	return fd;
}

static int run_reader(void *arg)
{
	int index = *(int *)arg, fd;
	struct result *res = &shared->of[index];
	const struct kind *kind = &kinds[index];

	fd = kind->text ? pipe_open() : device_open();
	__atomic_store_n(&res->ready, 1, __ATOMIC_RELEASE);
	if (kind->read)
		run_read(res, fd, kind->read);
	else if (kind->text)
		run_text(res, fd, kind->text);
	else
		run_map(res, fd, kind->map);
	res->done = 1;
	close(fd);
	return 0;
}

/* A writer of verifiable records that also forks from time to time. */
static int write_verifiable(void *arg)
{
	struct flooder f = { .index = *(int *)arg, .times = 100 };
	int round;

	pin_to_cpu(f.index % sysconf(_SC_NPROCESSORS_ONLN));
	for (round = 0; !stopped(); round++) {
		flood_verifiable(&f);
		if (round % 3 == 0 && !fork())
			_exit(0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

FIXTURE(readers) {
	int fd;
};

FIXTURE_SETUP(readers)
{
	module_start("commit_buffer_kb=16 commit_records=all");
	self->fd = device_open();
	spill(DEBUGFS "/enable", "0");
	shared = alloc_shared(sizeof(*shared));
}

FIXTURE_TEARDOWN(readers)
{
	munmap(shared, sizeof(*shared));
	close(self->fd);
	module_stop();
}

/* For each ring on each CPU: written records = received + lost. */
static void expect_all_known(struct __test_metadata *_metadata, int fd,
			     const char *name, const struct accounts *t)
{
	struct oomtrace_ring_cpu_info info;
	unsigned long long written = 0;
	__u32 ring, cpu;

	for (ring = 0; ring < OOMTRACE_RINGS; ring++)
		for (cpu = 0; !ring_ask(fd, ring, cpu, &info); cpu++) {
			const struct account *c = &t->of[ring][cpu];

			EXPECT_EQ(info.written, c->got + c->lost)
				TH_LOG("%s, ring %u, CPU %u: received %llu, lost %llu",
				       name, ring, cpu, c->got, c->lost);
			EXPECT_EQ(0, c->wrong);
			EXPECT_EQ(0, c->torn);
			if (ring == OOMTRACE_RING_COMMIT)
				written += info.written;
		}
	printf("# %-26s received %8llu + lost %8llu = written %8llu\n", name,
	       account_got(t, OOMTRACE_RING_COMMIT),
	       account_lost(t, OOMTRACE_RING_COMMIT), written);
}

static void set_phase(int phase)
{
	__atomic_store_n(&shared->phase, phase, __ATOMIC_RELEASE);
}

/* Has each CPU written more than twice the slots of its ring? */
static bool rings_wrapped(int fd)
{
	struct oomtrace_ring_cpu_info info;
	__u32 cpu;

	for (cpu = 0; !ring_ask(fd, OOMTRACE_RING_COMMIT, cpu, &info); cpu++)
		if (info.slots && info.written <= 2 * info.slots)
			return false;
	return true;
}

TEST_F_TIMEOUT(readers, all_kinds_account_for_every_record, 180)
{
	int ms = getenv("READERS_MS") ? atoi(getenv("READERS_MS")) : 3000, i;
	pid_t readers[ARRAY_SIZE(kinds)], writers[WRITERS], idle;
	struct oomtrace_ring_cpu_info info;

	/* All readers start at the first record: none was overwritten yet. */
	for (i = 0; !ring_ask(self->fd, 0, i, &info); i++)
		ASSERT_GT(info.slots, info.written);
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++)
		readers[i] = start_child(run_reader, &i);
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++)
		while (!__atomic_load_n(&shared->of[i].ready, __ATOMIC_ACQUIRE))
			sleep_ms(10);
	/* One more process opens the device and never reads. */
	idle = fork();
	if (!idle) {
		device_open();
		pause();
		_exit(0);
	}

	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
	set_phase(WRITE);
	for (i = 0; i < WRITERS; i++)
		writers[i] = start_child(write_verifiable, &i);
	sleep_ms(ms);
	/* A busy machine may need longer. */
	for (i = 0; i < 600 && !rings_wrapped(self->fd); i++)
		sleep_ms(100);
	EXPECT_TRUE(rings_wrapped(self->fd));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "0"));
	set_phase(STOPPED);
	for (i = 0; i < WRITERS; i++)
		EXPECT_EQ(0, wait_child(writers[i]));
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++)
		EXPECT_EQ(0, wait_child(readers[i]));
	kill(idle, SIGKILL);
	wait_child(idle);
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++)
		expect_all_known(_metadata, self->fd, kinds[i].name,
				 &shared->of[i].t);
}

/* A writer at full speed. */
static int write_fast(void *arg)
{
	struct flooder f = { .index = *(int *)arg, .times = 512 };

	pin_to_cpu(0);
	while (!stopped())
		flood_fast(&f);
	return 0;
}

/* A writer that is slow enough for a reader of text. */
static int write_in_bursts(void *arg)
{
	struct flooder f = { .index = *(int *)arg, .times = 10 };

	pin_to_cpu(0);
	while (!stopped()) {
		flood_fast(&f);
		sleep_ms(2);
	}
	return 0;
}

/*
 * Read or skip everything, so that the next poll waits. False if the writer is
 * always ahead.
 */
static bool skip_device(int fd)
{
	lseek(fd, 0, SEEK_END);
	return true;
}

/* If making text takes nearly all of the time, the reader hardly waits. */
static bool skip_lines(int fd)
{
	static unsigned long long busy;
	static char text[1 << 16];
	unsigned long long from = now_ns();

	while (read(fd, text, sizeof(text)) == sizeof(text))
		if (now_ns() - from > 2400000000ULL)
			return false;
	busy += now_ns() - from;
	return busy < 2400000000ULL;
}

/* A reader is woken soon after a pause, but not for every record of a flood. */
static void expect_few_wakes(struct __test_metadata *_metadata, int device,
			     int fd, int (*write)(void *arg),
			     bool (*skip)(int fd))
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned long long from, took, longest = 0;
	struct oomtrace_info before, after;
	struct rusage slept, awake;
	int polls = 0, index = 0;
	bool too_slow;
	long wakes;
	pid_t pid;

	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
	device_info(device, &before);
	pid = start_child(write, &index);
	too_slow = !skip(fd);
	getrusage(RUSAGE_SELF, &awake);
	for (from = now_ns(); now_ns() - from < 3000000000ULL && !too_slow; polls++) {
		took = now_ns();
		EXPECT_EQ(1, poll(&p, 1, 5000));
		took = now_ns() - took;
		longest = took > longest ? took : longest;
		too_slow = !skip(fd);
	}
	took = (now_ns() - from) / 1000000;
	getrusage(RUSAGE_SELF, &slept);
	device_info(device, &after);
	set_phase(STOPPED);
	wait_child(pid);
	if (too_slow)
		SKIP(return, "this machine writes records faster than text");
	/* A reader that finds a record before it sleeps needs no wakeup. */
	wakes = slept.ru_nvcsw - awake.ru_nvcsw;
	printf("# %ld wake-ups in %d polls for %llu records in %llu ms, the longest sleep %llu ms\n",
	       wakes, polls, after.ring[0].written - before.ring[0].written, took,
	       longest / 1000000);
	/* 50 a second, and a partial interval at either end. */
	EXPECT_GE(took / 20 + 2, wakes);
	EXPECT_LT(10, polls);
	EXPECT_LT(polls, after.ring[0].written - before.ring[0].written);
	EXPECT_GT(1000, longest / 1000000);
}

TEST_F(readers, a_flood_wakes_a_sleeper_some_dozen_times_a_second)
{
	expect_few_wakes(_metadata, self->fd, self->fd, write_fast, skip_device);
}

TEST_F(readers, a_flood_wakes_a_sleeper_on_trace_pipe_as_rarely)
{
	int fd = pipe_open();

	expect_few_wakes(_metadata, self->fd, fd, write_in_bursts, skip_lines);
	close(fd);
}

TEST_HARNESS_MAIN
