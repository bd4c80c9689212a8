// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of the rings' source on this machine's caches, which a machine that
 * counts instructions does not show.
 *
 * usage: bench writers
 *            ns a record for 1 to N writers pinned to CPUs, alone and with readers
 *        bench reader CPUS
 *            bytes of an open reader
 *        bench WORK UNITS
 *            does that many units of work and prints nothing, to be counted by
 *            cachegrind: records written ("write") or formatted ("text"); records
 *            read on a machine with that many possible CPUs, of which one has
 *            records ("idle:CPUS") or all have ("busy:CPUS"); tasks scanned
 *            ("crowd:TASKS:LINES:BYTES:KB"), of each of which that many cache lines
 *            are read, and that many bytes are written to a ring of that size. The
 *            script subtracts a run of half as many units
 *        bench time WORK UNITS
 *            ns a unit, least of several runs
 *
 * Uses no floating point, so that the code under test has the registers that it
 * has in the kernel.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"
#include "model.h"
#include "common/format.h"

#define ROUNDS	15
#define RECORDS	200000
/* Records in all rings together. */
#define HELD	8192

#define RING	(&oomtrace_rings[OOMTRACE_RING_COMMIT])

void oomtrace_ring_kick(void)
{
}

/* As in the kernel, where it reads the TSC as well. */
u64 model_clock(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
#endif
}

/* CPU time of this thread: what else runs on the host does not count. */
static u64 thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(2);
}

/* ---- one unit of work each ---- */

static __always_inline void write_record(u64 n)
{
	struct oomtrace_commit *rec;
	u64 *word;

	rec = oomtrace_ring_reserve(RING, OOMTRACE_COMMIT, sizeof(*rec));
	if (!rec)
		abort();
	rec->h.valid = 0;
	rec->h.derived = 0;
	for (word = (u64 *)(&rec->h + 1); word < (u64 *)(rec + 1); word++)
		*(volatile u64 *)word = n;
	oomtrace_ring_publish(RING, &rec->h);
}

static void write_records(u64 units)
{
	u64 i;

	for (i = 0; i < units; i++)
		write_record(i);
}

static void format_records(u64 units)
{
	struct oomtrace_commit c = {
		.h = {
			.type = OOMTRACE_COMMIT,
			.size = sizeof(c),
			.ts_ns = 12345678901ull,
			.valid = OOMTRACE_ALL(commit),
		},
		.pid = 812, .tgid = 812, .comm = "load", .cgroup_id = 4127,
		.origin = OOMTRACE_ORIGIN_MMAP, .pages = 1, .committed = 120004,
		.allowed = 256000, .limit = 128000, .admin_reserve = 2048,
		.user_reserve = 1233, .total_vm = 523, .totalram = 256000,
		.overcommit_ratio = 50, .recorded = OOMTRACE_RECORDED_ALL,
	};
	static char line[OOMTRACE_LINE_MAX];
	u64 i;

	for (i = 0; i < units; i++)
		oomtrace_format(line, sizeof(line), &c.h);
}

static struct oomtrace_reader reader;

/* Read all rings again and again, as read() does, without the copy to the user. */
static void read_records(u64 units)
{
	u64 buf[512];
	int size;

	while (units) {
		oomtrace_reader_oldest(&reader);
		while (units && (size = oomtrace_reader_fill(&reader, buf, sizeof(buf))) > 0)
			units -= min(units, size / sizeof(struct oomtrace_commit));
	}
}

/* Fill the rings of @cpus possible CPUs; all records go to the first @busy. */
static void prepare_read(unsigned int cpus, unsigned int busy)
{
	unsigned int i;

	if (!cpus || cpus > MODEL_CPUS)
		fail("too many CPUs");
	model_cpus = cpus;
	model_ring(HELD / busy);
	/* In turn, so that each record comes from another ring than the last. */
	for (i = 0; i < HELD; i++) {
		model_cpu = i % busy;
		write_record(i);
	}
	if (oomtrace_reader_init(&reader, BIT(OOMTRACE_RING_COMMIT), false))
		fail("out of memory");
}

/* ---- a crowd: the tasks of a large machine, and what a scan reads of each ---- */

#define MAX_LINES	16

static struct line {
	u64 word[8];
} *lines;
static u32 *order;
static unsigned int tasks, task_lines, record_bytes, records;
static char *arena;

/* Each task's lines are where chance put them, so that no prefetcher helps. */
static void prepare_crowd(unsigned int of_each, unsigned int bytes, unsigned int kb)
{
	u64 n = (u64)tasks * of_each, i, random = 88172645463325252ull;

	if (!tasks || !of_each || of_each > MAX_LINES || bytes > OOMTRACE_MAX_RECORD)
		fail("too many lines or bytes");
	task_lines = of_each;
	record_bytes = bytes;
	records = bytes ? kb * 1024 / bytes : 1;
	lines = calloc(n, sizeof(*lines));
	order = calloc(n, sizeof(*order));
	arena = calloc(records ? records : 1, bytes ? bytes : 1);
	if (!lines || !order || !arena || !records)
		fail("out of memory");
	for (i = 0; i < n; i++) {
		u64 j;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		j = random % (i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	/* Each line is there: a page of zeros would be one line for all. */
	for (i = 0; i < n; i++)
		lines[i].word[0] = i;
}

static u64 sink;

static void scan_crowd(u64 units)
{
	unsigned int task = 0, record = 0, l;
	u64 sum = 0;

	while (units--) {
		for (l = 0; l < task_lines; l++)
			sum += lines[order[(u64)task * task_lines + l]].word[0];
		for (l = 0; l < record_bytes / 8; l++)
			((volatile u64 *)(arena + (size_t)record * record_bytes))[l] = sum;
		if (++task == tasks)
			task = 0;
		if (++record == records)
			record = 0;
	}
	sink += sum;
}

/* Set up the work of that name, and return the function that does it. */
static void (*prepare(const char *work))(u64 units)
{
	unsigned int a, b, c;

	if (!strcmp(work, "write")) {
		model_ring(HELD);
		return write_records;
	}
	if (!strcmp(work, "text"))
		return format_records;
	if (sscanf(work, "idle:%u", &a) == 1) {
		prepare_read(a, 1);
		return read_records;
	}
	if (sscanf(work, "busy:%u", &a) == 1) {
		prepare_read(a, a);
		return read_records;
	}
	if (sscanf(work, "crowd:%u:%u:%u:%u", &tasks, &a, &b, &c) == 4) {
		prepare_crowd(a, b, c);
		return scan_crowd;
	}
	fail("unknown work");
	return NULL;
}

static u64 least_time(void (*work)(u64 units), u64 units)
{
	u64 took, least = U64_MAX;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		took = thread_ns();
		work(units);
		took = thread_ns() - took;
		least = min(least, took);
	}
	return least;
}

/* ---- writers and readers on CPUs of their own ---- */

static pthread_barrier_t start;
static int stop;

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("cannot pin a thread to a CPU");
}

static void *writer(void *arg)
{
	u64 took;

	model_cpu = (uintptr_t)arg;
	pin(model_cpu);
	pthread_barrier_wait(&start);
	took = thread_ns();
	write_records(RECORDS);
	return (void *)(uintptr_t)(thread_ns() - took);
}

static void *follow(void *arg)
{
	struct oomtrace_reader r;
	u64 buf[512];

	pin((uintptr_t)arg);
	if (oomtrace_reader_init(&r, BIT(OOMTRACE_RING_COMMIT), false))
		fail("out of memory");
	pthread_barrier_wait(&start);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		oomtrace_reader_fill(&r, buf, sizeof(buf));
	oomtrace_reader_free(&r);
	return NULL;
}

/* The slowest writer's time of the best round, in tenths of ns a record. */
static u64 measure_writers(unsigned int writers, unsigned int readers)
{
	pthread_t w[MODEL_CPUS], r[MODEL_CPUS];
	u64 least = U64_MAX;
	unsigned int i;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		u64 slowest = 0;
		void *took;

		model_ring(HELD);
		stop = 0;
		pthread_barrier_init(&start, NULL, writers + readers);
		for (i = 0; i < readers; i++)
			pthread_create(&r[i], NULL, follow, (void *)(uintptr_t)(writers + i));
		for (i = 0; i < writers; i++)
			pthread_create(&w[i], NULL, writer, (void *)(uintptr_t)i);
		for (i = 0; i < writers; i++) {
			pthread_join(w[i], &took);
			slowest = max(slowest, (u64)(uintptr_t)took);
		}
		__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
		for (i = 0; i < readers; i++)
			pthread_join(r[i], NULL);
		pthread_barrier_destroy(&start);
		least = min(least, slowest);
	}
	return least * 10 / RECORDS;
}

static void run_writers(void)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN), n, m;

	if (cpus > MODEL_CPUS)
		cpus = MODEL_CPUS;
	printf("%-24s %-8s %s\n", "writers, one on a CPU", "readers", "ns/record");
	for (n = 1; n <= cpus; n++) {
		/* The kernel's number of CPUs is what its readers look at. */
		model_cpus = n;
		for (m = 0; m <= 1 && n + m <= cpus; m++) {
			u64 tenths = measure_writers(n, m);

			printf("%-24u %-8u %llu.%llu\n", n, m, tenths / 10, tenths % 10);
		}
	}
}

int main(int argc, char **argv)
{
	u64 units = argc > 1 ? strtoull(argv[argc - 1], NULL, 10) : 0;

	if (argc == 2 && !strcmp(argv[1], "writers")) {
		run_writers();
	} else if (argc == 3 && !strcmp(argv[1], "reader") && units) {
		printf("%llu\n", sizeof(struct oomtrace_reader) + OOMTRACE_RINGS * units *
		       (sizeof(struct oomtrace_reader_pos) + sizeof(struct oomtrace_heap_entry)));
	} else if (argc == 4 && !strcmp(argv[1], "time") && units) {
		u64 tenths = least_time(prepare(argv[2]), units) * 10 / units;

		printf("%llu.%llu\n", tenths / 10, tenths % 10);
	} else if (argc == 3 && units) {
		void (*work)(u64 units) = prepare(argv[1]);

		work(units);
	} else {
		fputs("usage: bench writers | reader CPUS | [time] WORK UNITS\n", stderr);
		return 2;
	}
	return 0;
}
