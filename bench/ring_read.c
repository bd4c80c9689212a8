// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of reading a record: copies all records of a source several times.
 * Prints the minimum cost of one in nanoseconds, which are instructions in the
 * benchmark's machine, and the number of records.
 *
 * usage: ring_read read|mmap|library|library-read|lines|tracefs|bpf [FILE]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "include/oomtrace.h"
#include "lib/liboomtrace.h"
#include "ring.h"

#define PASSES	5
#define DEVICE	"/dev/oomtrace"

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "ring_read: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		fail(path);
	return fd;
}

static char buf[1 << 16] __attribute__((aligned(64)));

/* ---- oomtrace ---- */

/* Each function does one pass and returns the number of records. */
static long by_read(const char *unused)
{
	static int fd = -1;
	long n, at, records = 0;

	(void)unused;
	if (fd < 0)
		fd = open_file(DEVICE);
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (at = 0; at < n; records++)
			at += ((struct oomtrace_header *)(buf + at))->size;
	return records;
}

/* Follows the protocol in the ABI header. */
static long by_mmap(const char *unused)
{
	static const struct oomtrace_ring_page *page;
	struct oomtrace_ring_cpu_info info = { .size = sizeof(info) };
	unsigned long long head, next, slot;
	const char *slots;
	long records = 0;
	int fd;

	(void)unused;
	if (!page) {
		fd = open_file(DEVICE);
		if (ioctl(fd, OOMTRACE_IOC_RING, &info))
			fail("OOMTRACE_IOC_RING");
		page = mmap(NULL, info.mmap_size, PROT_READ,
			    MAP_SHARED | MAP_POPULATE, fd, info.mmap_offset);
		if (page == MAP_FAILED)
			fail("mapping");
	}
	slots = (const char *)page + page->data_offset;
	head = __atomic_load_n(&page->head, __ATOMIC_ACQUIRE);
	next = head >= page->slots ? head - page->slots + 1 : page->first;
	slot = (next - 1) % page->slots;
	for (; next <= head; next++) {
		const struct oomtrace_header *h =
			(const void *)(slots + slot * page->slot_size);

		memcpy(buf, h, sizeof(struct oomtrace_commit));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&h->seq, __ATOMIC_RELAXED) == next)
			records++;
		if (++slot == page->slots)
			slot = 0;
	}
	return records;
}

/* What a user of the library gets. */
static long by_library_with(unsigned int flags)
{
	const struct oomtrace_header *rec;
	static struct oomtrace *ot;
	long records = 0;
	int ret;

	if (!ot) {
		ot = oomtrace_new();
		if (!ot || oomtrace_open(ot, NULL, flags)) {
			fprintf(stderr, "ring_read: %s\n", oomtrace_error(ot));
			exit(1);
		}
	}
	if (oomtrace_oldest(ot))
		fail("oomtrace_oldest()");
	while ((ret = oomtrace_next(ot, &rec)) > 0)
		records++;
	if (ret < 0)
		fail("oomtrace_next()");
	return records;
}

static long by_library(const char *unused)
{
	(void)unused;
	return by_library_with(OOMTRACE_OPEN_MAPPED);
}

static long by_library_read(const char *unused)
{
	(void)unused;
	return by_library_with(0);
}

/* ---- text of oomtrace and the kernel: a line is a record ---- */

static long by_lines(const char *path)
{
	int fd = open_file(path);
	long n, records = 0;
	const char *at;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (at = buf; (at = memchr(at, '\n', buf + n - at)); at++)
			records++;
	close(fd);
	return records;
}

/* ---- the kernel's ring_buffer, a page at a time from trace_pipe_raw ---- */

static long events_of(const char *page, long len)
{
	static char copy[4096];
	long at = 16, end = 16, records = 0;
	unsigned int type, size;

	/*
	 * struct buffer_data_page: time stamp, then the number of bytes
	 * committed.
	 */
	memcpy(&end, page + 8, sizeof(end));
	end = 16 + (end & 0xfffff);
	if (end > len)
		end = len;
	while (at < end) {
		memcpy(&type, page + at, 4);
		type &= 31;
		if (type == 29)
			break;
		if (type == 30 || type == 31) {
			at += 8;
			continue;
		}
		size = type * 4;
		if (!type) {
			memcpy(&size, page + at + 4, 4);
			memcpy(copy, page + at + 8, size - 4);
		} else {
			memcpy(copy, page + at + 4, size);
		}
		at += 4 + size;
		records++;
	}
	return records;
}

static long by_raw_pages(const char *path)
{
	int fd = open_file(path);
	long n, records = 0;

	while ((n = read(fd, buf, 4096)) > 0)
		records += events_of(buf, n);
	close(fd);
	return records;
}

/* ---- a BPF ring buffer ---- */

static long by_bpf(const char *path)
{
	static _Atomic unsigned long *consumer;
	static const _Atomic unsigned long *producer;
	union bpf_attr attr = { .pathname = (unsigned long)path };
	unsigned long at, last;
	long records = 0;
	const char *data;
	int map;

	if (!consumer) {
		map = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
		if (map < 0)
			fail(path);
		consumer = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
				map, 0);
		producer = mmap(NULL, 4096 + 2 * RING_BPF_BYTES, PROT_READ,
				MAP_SHARED | MAP_POPULATE, map, 4096);
		if (consumer == MAP_FAILED || producer == MAP_FAILED)
			fail("mapping");
	}
	data = (const char *)producer + 4096;
	last = atomic_load_explicit(producer, memory_order_acquire);
	for (at = 0; at < last;) {
		const char *entry = data + (at & (RING_BPF_BYTES - 1));
		__u32 len = atomic_load_explicit((const _Atomic __u32 *)entry,
						 memory_order_acquire);

		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		memcpy(buf, entry + BPF_RINGBUF_HDR_SZ, RING_RECORD_BYTES);
		at += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
		atomic_store_explicit(consumer, at, memory_order_release);
		records++;
	}
	return records;
}

/* A source that can be read only once is measured in one pass. */
static const struct source {
	const char *name;
	long (*pass)(const char *path);
	int once;
} sources[] = {
	{ .name = "read", .pass = by_read },
	{ .name = "mmap", .pass = by_mmap },
	{ .name = "library", .pass = by_library },
	{ .name = "library-read", .pass = by_library_read },
	{ .name = "lines", .pass = by_lines, .once = 1 },
	{ .name = "tracefs", .pass = by_raw_pages, .once = 1 },
	{ .name = "bpf", .pass = by_bpf },
};

static const struct source *source_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (!strcmp(name, sources[i].name))
			return &sources[i];
	fprintf(stderr, "ring_read: unknown source '%s'\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	const struct source *source = source_of(argc > 1 ? argv[1] : "");
	long long from, took, least = 0;
	long records = 0;
	int pass;

	for (pass = 0; pass < (source->once ? 1 : PASSES); pass++) {
		from = now_ns();
		records = source->pass(argc > 2 ? argv[2] : "");
		took = now_ns() - from;
		if (!least || took < least)
			least = took;
	}
	if (!records) {
		fprintf(stderr, "ring_read: %s: no records\n", argv[1]);
		return 1;
	}
	printf("%lld %ld\n", least / records, records);
	return 0;
}
