// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: only CPUs that are or were online cost memory. A CPU gets its memory
 * before it comes online and keeps its records when it goes offline. Readers,
 * mappings and resizes cope with CPUs that come and go, and no record is lost
 * uncounted, even if there is no memory for a CPU that comes.
 *
 * Wants four CPUs, and more that are possible, to be seen to cost nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "lib/account.h"
#include "lib/commit.h"
#include "lib/mapped.h"
#include "lib/oom.h"
#include "lib/test.h"

/* Offline when the module is loaded. */
#define FIRST_LATE	2
#define LATE		2

#define SIZE_KB		64
#define SIZE_FILE	DEBUGFS "/buffer_size_kb"

static int set_online(int cpu, bool online)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return spill(path, online ? "1" : "0");
}

static bool is_online(int cpu)
{
	char path[80], *text;
	bool online;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	text = slurp(path, NULL);
	online = *text == '1';
	free(text);
	return online;
}

static int deny_on(void *cpu)
{
	pin_to_cpu(*(int *)cpu);
	deny(5);
	return 0;
}

FIXTURE(cpus) {
	int fd;
	int kmsg;
	struct records recs;
};

FIXTURE_SETUP(cpus)
{
	int i;

	module_stop();
	if (sysconf(_SC_NPROCESSORS_CONF) < FIRST_LATE + LATE ||
	    set_online(FIRST_LATE, false))
		SKIP(return, "this machine has too few CPUs that can go offline");
	for (i = 1; i < LATE; i++)
		ASSERT_EQ(0, set_online(FIRST_LATE + i, false));
	module_start("commit_buffer_kb=64 oom_buffer_kb=64");
	self->fd = device_open();
	self->kmsg = kmsg_open();
	sysctl_set("vm/overcommit_memory", NEVER);
}

FIXTURE_TEARDOWN(cpus)
{
	int i;

	sysctl_restore();
	close(self->fd);
	close(self->kmsg);
	records_free(&self->recs);
	module_stop();
	for (i = 0; i < LATE; i++)
		set_online(FIRST_LATE + i, true);
}

/* So many CPUs have memory of that size in both rings, and no others have any. */
static void expect_memory(struct __test_metadata *_metadata, int fd,
			  unsigned int cpus, unsigned int kb)
{
	struct oomtrace_info info;
	char want[80], *text;

	device_info(fd, &info);
	EXPECT_EQ(cpus, info.ring_cpus);
	EXPECT_EQ((__u64)cpus * kb * 1024, info.ring[OOMTRACE_RING_COMMIT].bytes);
	EXPECT_EQ((__u64)cpus * SIZE_KB * 1024, info.ring[OOMTRACE_RING_OOM].bytes);
	EXPECT_LT(0, info.ring[OOMTRACE_RING_COMMIT].slots);
	snprintf(want, sizeof(want), "\n%u of %u possible CPUs have memory", cpus,
		 info.cpus);
	text = slurp(DEBUGFS "/stats", NULL);
	EXPECT_IN(want, text);
	free(text);
}

TEST_F(cpus, a_cpu_costs_memory_from_when_it_first_comes_online)
{
	struct oomtrace_ring_cpu_info info;
	struct oomtrace_info all;
	unsigned int cpu;

	device_info(self->fd, &all);
	EXPECT_LE(FIRST_LATE + LATE, all.cpus);
	for (cpu = 0; cpu < all.cpus; cpu++) {
		ASSERT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_OOM, cpu, &info));
		EXPECT_EQ(cpu < FIRST_LATE, !!info.slots);
		EXPECT_EQ(cpu < FIRST_LATE ? SIZE_KB * 1024 : PAGE,
			  info.mmap_size);
	}
	device_drain(self->fd, &self->recs);
	expect_memory(_metadata, self->fd, 2, SIZE_KB);
	EXPECT_EQ(0, set_online(FIRST_LATE, true));
	expect_memory(_metadata, self->fd, 3, SIZE_KB);
	EXPECT_EQ(0, set_online(FIRST_LATE, false));
	expect_memory(_metadata, self->fd, 3, SIZE_KB);
	EXPECT_EQ(0, set_online(FIRST_LATE, true));
	expect_memory(_metadata, self->fd, 3, SIZE_KB);
	/* A CPU that comes after a resize gets the new size. */
	EXPECT_EQ(0, spill(SIZE_FILE, "commit=128"));
	expect_memory(_metadata, self->fd, 3, 128);
	EXPECT_EQ(0, set_online(FIRST_LATE + 1, true));
	expect_memory(_metadata, self->fd, 4, 128);
	EXPECT_EQ(0, ring_ask(self->fd, 0, FIRST_LATE + 1, &info));
	EXPECT_EQ(128 * 1024, info.mmap_size);
}

static int count_on(const struct records *recs, unsigned int cpu)
{
	size_t i;
	int n = 0;

	for (i = 0; i < recs->n; i++)
		n += recs->r[i].h.type == OOMTRACE_COMMIT &&
		     recs->r[i].h.cpu == cpu;
	return n;
}

/* Readers that were there before the CPU. For liboomtrace: library. */
TEST_F(cpus, records_of_a_cpu_that_came_later_reach_every_reader)
{
	struct oomtrace_seek sk = {
		.size = sizeof(sk), .whence = OOMTRACE_SEEK_SEQ,
		.ring = OOMTRACE_RING_COMMIT, .cpu = FIRST_LATE, .value = 1,
	};
	int pipe, cpu = FIRST_LATE, n = 0;
	static char text[65536];
	struct mapped m;
	union record r;
	ssize_t got;
	char *at;

	pipe = open(DEBUGFS "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, pipe);
	mapped_open(&m, self->fd, OOMTRACE_RING_COMMIT, cpu, 1);
	EXPECT_EQ(PAGE, m.size);
	EXPECT_EQ(0, m.page->slots);
	EXPECT_EQ(cpu, m.page->cpu);
	EXPECT_FALSE(mapped_next(&m, &r));
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_SEEK, &sk));
	sk.value = 2;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_SEEK, &sk));
	EXPECT_EQ(ENXIO, errno);

	ASSERT_EQ(0, set_online(cpu, true));
	EXPECT_EQ(0, run_child(deny_on, &cpu));
	spill(DEBUGFS "/enable", "0");

	device_drain(self->fd, &self->recs);
	EXPECT_EQ(5, count_on(&self->recs, cpu));
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_LOST));
	EXPECT_EQ(1, m.page->closed);
	while (mapped_next(&m, &r))
		n += r.h.type == OOMTRACE_COMMIT;
	EXPECT_EQ(5, n);
	EXPECT_EQ(1, m.page->generation);
	for (n = 0; (got = read(pipe, text + n, sizeof(text) - 1 - n)) > 0;)
		n += got;
	for (n = 0, at = text; (at = strstr(at, "[002] commit:")); at++)
		n++;
	EXPECT_EQ(5, n) TH_LOG("%s", text);
	mapped_close(&m);
	close(pipe);
}

/* What a new reader gets from a CPU: the number of records, numbered from 1. */
static int read_from(struct __test_metadata *_metadata, unsigned int cpu)
{
	struct records recs = { };
	int fd = device_open();
	__u64 seq = 0;
	size_t i;

	device_drain(fd, &recs);
	close(fd);
	for (i = 0; i < recs.n; i++)
		if (recs.r[i].h.type == OOMTRACE_COMMIT &&
		    recs.r[i].h.cpu == cpu)
			EXPECT_EQ(++seq, recs.r[i].h.seq);
	records_free(&recs);
	return seq;
}

TEST_F(cpus, an_offlined_cpu_keeps_its_records)
{
	int cpu = FIRST_LATE, i;
	struct mapped m;
	union record r;

	ASSERT_EQ(0, set_online(cpu, true));
	EXPECT_EQ(0, run_child(deny_on, &cpu));
	ASSERT_EQ(0, set_online(cpu, false));
	EXPECT_EQ(5, read_from(_metadata, cpu));
	mapped_open(&m, self->fd, OOMTRACE_RING_COMMIT, cpu, 1);
	EXPECT_TRUE(mapped_next(&m, &r));
	EXPECT_EQ(0, spill(SIZE_FILE, "commit=128"));
	EXPECT_EQ(5, read_from(_metadata, cpu));
	ASSERT_EQ(0, set_online(cpu, true));
	EXPECT_EQ(5, read_from(_metadata, cpu));
	EXPECT_EQ(0, run_child(deny_on, &cpu));
	EXPECT_EQ(10, read_from(_metadata, cpu));
	EXPECT_EQ(1, m.page->closed);
	for (i = 1; i < 10; i++)
		EXPECT_TRUE(mapped_next(&m, &r));
	EXPECT_FALSE(mapped_next(&m, &r));
	mapped_close(&m);
}

TEST_F(cpus, a_cpu_comes_online_without_memory_and_its_losses_are_counted)
{
	struct oomtrace_ring_cpu_info ring;
	unsigned long long unrecorded;
	struct oomtrace_info info;
	int cpu = FIRST_LATE;
	char text[64], *log;
	struct mapped m;
	union record r;
	int n = 0;

	mapped_open(&m, self->fd, OOMTRACE_RING_COMMIT, cpu, 1);
	/* Enough for two CPUs, but not for three. */
	snprintf(text, sizeof(text), "commit=%ld", meminfo("MemAvailable") * 2 / 5);
	ASSERT_EQ(0, spill(SIZE_FILE, text));
	free(kmsg_text(self->kmsg));
	ASSERT_EQ(0, set_online(cpu, true));
	EXPECT_TRUE(is_online(cpu));
	log = kmsg_text(self->kmsg);
	EXPECT_IN("no memory for the rings of CPU 2", log);
	free(log);
	unrecorded = stat_number("not recorded");
	EXPECT_EQ(0, run_child(deny_on, &cpu));
	EXPECT_EQ(0, read_from(_metadata, cpu));
	EXPECT_EQ(0, m.page->closed);
	EXPECT_FALSE(mapped_next(&m, &r));
	EXPECT_LE(unrecorded + 5, stat_number("not recorded"));
	device_info(self->fd, &info);
	EXPECT_LE(5, info.no_memory);
	EXPECT_EQ(2, info.ring_cpus);
	EXPECT_EQ(0, info.ring[OOMTRACE_RING_COMMIT].refused);

	/* The resize gives it memory. The OOM ring has some already. */
	EXPECT_EQ(0, ring_ask(self->fd, OOMTRACE_RING_OOM, cpu, &ring));
	EXPECT_LT(0, ring.slots);
	EXPECT_EQ(0, spill(SIZE_FILE, "commit=64"));
	device_info(self->fd, &info);
	EXPECT_EQ(3, info.ring_cpus);
	EXPECT_EQ(0, run_child(deny_on, &cpu));
	EXPECT_EQ(5, read_from(_metadata, cpu));
	EXPECT_EQ(1, m.page->closed);
	while (mapped_next(&m, &r))
		n += r.h.type == OOMTRACE_COMMIT;
	EXPECT_EQ(5, n);
	n = info.no_memory;
	device_info(self->fd, &info);
	EXPECT_EQ(n, info.no_memory);
	mapped_close(&m);
	expect_memory(_metadata, self->fd, 3, 64);
}

/* Two CPUs come and go, and the rings are resized, while all is written and read. */
TEST_F(cpus, nothing_is_lost_uncounted_while_cpus_come_and_go)
{
	static const unsigned int sizes[] = { 16, 1024, 32, 300, 20, 64 };
	static struct accounts by_read, by_map[FIRST_LATE + LATE];
	struct mapped m[FIRST_LATE + LATE];
	struct oomtrace_ring_cpu_info info;
	const int cpus = FIRST_LATE + LATE;
	unsigned int i, k, written = 0;
	static char buf[65536];
	struct oomtrace_info all;
	char text[32];
	union record r;
	pid_t pid[6];
	ssize_t n;

	spill(DEBUGFS "/commit_records", "all");
	sysctl_set("vm/overcommit_memory", ALWAYS);
	for (k = 0; k < cpus; k++)
		mapped_open(&m[k], self->fd, OOMTRACE_RING_COMMIT, k, 1);
	for (k = 0; k < ARRAY_SIZE(pid); k++) {
		struct flooder f = { .index = k, .times = INT_MAX };

		pid[k] = start_child(flood_verifiable, &f);
	}
	for (i = 0; i < 48; i++) {
		ASSERT_EQ(0, set_online(FIRST_LATE + i % LATE, i / LATE % 2 == 0));
		snprintf(text, sizeof(text), "commit=%u",
			 sizes[i % ARRAY_SIZE(sizes)]);
		EXPECT_EQ(0, spill(SIZE_FILE, text));
		n = read(self->fd, buf, sizeof(buf));
		if (n > 0)
			records_add(&self->recs, buf, n);
		account_records(&by_read, &self->recs);
		records_free(&self->recs);
		for (k = 0; k < cpus; k++)
			for (n = 0; n < 500 && mapped_next(&m[k], &r); n++)
				account_record(&by_map[k], &r);
	}
	for (k = 0; k < ARRAY_SIZE(pid); k++) {
		kill(pid[k], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(pid[k]));
	}
	spill(DEBUGFS "/enable", "0");
	device_drain(self->fd, &self->recs);
	account_records(&by_read, &self->recs);
	for (k = 0; k < cpus; k++) {
		const struct account *c = &by_read.of[0][k];

		while (mapped_next(&m[k], &r))
			account_record(&by_map[k], &r);
		mapped_close(&m[k]);
		ASSERT_EQ(0, ring_ask(self->fd, 0, k, &info));
		EXPECT_LT(0, info.written) TH_LOG("CPU %u", k);
		EXPECT_EQ(info.written, c->got + c->lost) TH_LOG("CPU %u", k);
		EXPECT_EQ(0, c->wrong);
		EXPECT_EQ(0, c->torn);
		c = &by_map[k].of[0][k];
		EXPECT_EQ(info.written, c->got + c->lost) TH_LOG("CPU %u", k);
		EXPECT_EQ(0, c->wrong);
		EXPECT_EQ(0, c->torn);
		written += info.written;
	}
	device_info(self->fd, &all);
	EXPECT_EQ(0, all.no_memory);
	TH_LOG("%u records while CPUs came and went %u times", written, i);
}

TEST_HARNESS_MAIN
