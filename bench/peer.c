// SPDX-License-Identifier: GPL-2.0
/*
 * Attaches the benchmark's BPF peer, which bpftool has loaded and pinned, and
 * drains its ring buffer a hundred times a second until it gets a signal.
 * Prints "ready" when the program is attached. At the end it prints the number
 * of records and the last one, which proves that the program worked.
 *
 * usage: peer PROGRAMS-DIRECTORY LOG-MAP
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "peer.h"

static volatile sig_atomic_t over;

static void end(int sig)
{
	(void)sig;
	over = 1;
}

static int fail(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int pinned(const char *dir, const char *name)
{
	union bpf_attr attr;
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	memset(&attr, 0, sizeof(attr));
	attr.pathname = (unsigned long)path;
	fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	return fd < 0 ? fail(path) : fd;
}

static int kprobe_type(void)
{
	FILE *f = fopen("/sys/bus/event_source/devices/kprobe/type", "r");
	int type;

	if (!f || fscanf(f, "%d", &type) != 1)
		fail("kprobe event type");
	fclose(f);
	return type;
}

static void attach(int prog, int at_return)
{
	struct perf_event_attr attr = {
		.type = kprobe_type(),
		.size = sizeof(attr),
		.config = at_return,
		.kprobe_func = (unsigned long)"__vm_enough_memory",
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);

	if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		fail("attaching");
}

int main(int argc, char **argv)
{
	_Atomic unsigned long *consumer;
	const _Atomic unsigned long *producer;
	unsigned long read = 0, at;
	struct peer_record last = { 0 };
	long page = sysconf(_SC_PAGESIZE);
	const char *data;
	int map;

	if (argc != 3)
		return 2;
	map = pinned(argv[2], "");
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	producer = mmap(NULL, page + 2 * PEER_LOG_BYTES, PROT_READ, MAP_SHARED,
			map, page);
	if (consumer == MAP_FAILED || producer == MAP_FAILED)
		fail("mapping the log");
	data = (const char *)producer + page;
	signal(SIGINT, end);
	signal(SIGTERM, end);
	attach(pinned(argv[1], "/peer_entry"), 0);
	attach(pinned(argv[1], "/peer_return"), 1);
	puts("ready");
	fflush(stdout);

	while (!over) {
		usleep(10000);
		for (at = atomic_load(consumer); at < atomic_load(producer);) {
			const char *entry = data + (at & (PEER_LOG_BYTES - 1));
			__u32 len = atomic_load((const _Atomic __u32 *)entry);

			if (len & BPF_RINGBUF_BUSY_BIT)
				break;
			memcpy(&last, entry + BPF_RINGBUF_HDR_SZ, sizeof(last));
			at += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
			atomic_store(consumer, at);
			read++;
		}
	}
	printf("%lu records; the last: pid %d comm %.16s pages %lld ret %d mode %d committed %lld total_vm %lld totalram %lld ratio %d\n",
	       read, last.pid, last.comm, last.pages, last.ret, last.mode,
	       last.committed, last.total_vm, last.totalram,
	       last.overcommit_ratio);
	return 0;
}
