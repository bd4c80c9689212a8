// SPDX-License-Identifier: GPL-2.0
/*
 * Loads, attaches and reads a BPF program.
 *
 * bpftool loads it and pins its maps, which have the same names in all
 * programs: oracle_log, a ring buffer, and oracle_counts, an array. The program
 * is attached to kprobe events in tracefs. These events have their own counters
 * of hits and misses, against which the program's counts are checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/lib.h"
#include "loader.h"

#define TRACEFS		"/sys/kernel/tracing"
#define PROGRAMS	"/sys/fs/bpf/oracle"
#define MAPS		"/sys/fs/bpf/oracle_maps"

static struct loader_probe *probes;
static size_t nr_probes;
static const __u64 *counts;
static __u64 counts_before[LOADER_COUNTS];
static _Atomic unsigned long *consumer;
static const _Atomic unsigned long *producer;
static const char *data;

/* ---- loading ---- */

static int bpf_get(const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (unsigned long)path;
	return syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
}

static void remove_pins(void)
{
	char out[256];

	run_program(out, sizeof(out),
		    (char *[]){ "rm", "-rf", PROGRAMS, MAPS, NULL });
}

static void load(const char *object)
{
	char out[65536];
	int status;

	remove_pins();
	mkdir(MAPS, 0700);
	status = run_program(out, sizeof(out),
			     (char *[]){ "bpftool", "prog", "loadall",
					 (char *)object, PROGRAMS, "pinmaps",
					 MAPS, NULL });
	if (status)
		die("bpftool failed with status %d: %s", status, out);
}

static void *map_at(int fd, size_t len, int prot, off_t at)
{
	void *p = mmap(NULL, len, prot, MAP_SHARED, fd, at);

	if (p == MAP_FAILED)
		die("cannot map the oracle's memory: %s", strerror(errno));
	return p;
}

static void open_maps(void)
{
	int log = bpf_get(MAPS "/oracle_log");
	int numbers = bpf_get(MAPS "/oracle_counts");
	long page = sysconf(_SC_PAGESIZE);

	if (log < 0 || numbers < 0)
		die("cannot open the oracle's maps: %s", strerror(errno));
	counts = map_at(numbers, page, PROT_READ, 0);
	consumer = map_at(log, page, PROT_READ | PROT_WRITE, 0);
	producer = map_at(log, page + 2 * ORACLE_LOG_BYTES, PROT_READ, page);
	data = (const char *)producer + page;
	close(log);
	close(numbers);
}

static void attach(struct loader_probe *probe)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.wakeup_events = 1,
	};
	char path[128];
	char *id;
	size_t i;
	int prog = -1;

	snprintf(path, sizeof(path), TRACEFS "/events/oracle/%s/id",
		 probe->event);
	id = slurp(path, NULL);
	attr.config = strtoull(id, NULL, 10);
	free(id);
	for (i = 0; i < ARRAY_SIZE(probe->pinned) && prog < 0; i++) {
		snprintf(path, sizeof(path), PROGRAMS "/%s", probe->pinned[i]);
		prog = bpf_get(path);
	}
	if (prog < 0)
		die("bpftool did not pin %s", path);
	/* An event on one CPU is enough: the program runs on any CPU. */
	probe->fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1,
			    PERF_FLAG_FD_CLOEXEC);
	if (probe->fd < 0 ||
	    ioctl(probe->fd, PERF_EVENT_IOC_SET_BPF, prog) ||
	    ioctl(probe->fd, PERF_EVENT_IOC_ENABLE, 0))
		die("cannot attach to the %s: %s", probe->event,
		    strerror(errno));
	close(prog);
}

static void define_event(const char *text)
{
	int fd = open(TRACEFS "/kprobe_events",
		      O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("cannot write '%s' to kprobe_events: %s", text,
		    strerror(errno));
	close(fd);
}

void loader_start(const char *object, struct loader_probe *list, size_t n)
{
	size_t i;

	load(object);
	open_maps();
	probes = list;
	nr_probes = n;
	for (i = 0; i < n; i++) {
		define_event(probes[i].definition);
		attach(&probes[i]);
	}
}

void loader_stop(void)
{
	char text[64];
	size_t i;

	for (i = 0; i < nr_probes; i++)
		close(probes[i].fd);
	for (i = 0; i < nr_probes; i++) {
		snprintf(text, sizeof(text), "-:oracle/%s", probes[i].event);
		define_event(text);
	}
	remove_pins();
}

/* ---- completeness ---- */

/*
 * " entry 123 0": hits and misses. Allocates nothing, since that would be
 * counted as well.
 */
static void read_profile(const struct loader_probe *probe, unsigned long long *hits,
			 unsigned long long *missed)
{
	int fd = open(TRACEFS "/kprobe_profile", O_RDONLY | O_CLOEXEC);
	char text[4096], name[32];
	char *line, *save;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		die("cannot read kprobe_profile: %s", strerror(errno));
	close(fd);
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%31s %llu %llu", name, hits, missed) == 3 &&
		    !strcmp(name, probe->event))
			return;
	}
	die("kprobe_profile has no %s", probe->event);
}

__u64 loader_count(unsigned int what)
{
	return counts[what] - counts_before[what];
}

bool loader_is_zero(const char *what, __u64 n)
{
	if (n)
		printf("# the oracle: %s: %llu\n", what, n);
	return !n;
}

bool loader_same(const char *what, __u64 a, __u64 b)
{
	if (a != b)
		printf("# the oracle: %s: %llu and %llu\n", what, a, b);
	return a == b;
}

void loader_begin(void)
{
	size_t i;

	for (i = 0; i < nr_probes; i++)
		read_profile(&probes[i], &probes[i].hits, &probes[i].missed);
	memcpy(counts_before, counts, sizeof(counts_before));
	atomic_store(consumer, atomic_load(producer));
}

bool loader_missed_nothing(void)
{
	unsigned long long hits, missed;
	bool whole = true;
	size_t i;

	for (i = 0; i < nr_probes; i++) {
		const struct loader_probe *p = &probes[i];

		read_profile(p, &hits, &missed);
		whole &= loader_same("the event was hit, the program ran",
				     hits - p->hits, loader_count(p->count));
		whole &= loader_is_zero("the event was missed",
					missed - p->missed);
	}
	return whole;
}

/* ---- reading ---- */

size_t loader_read(void *events, size_t size, size_t room)
{
	unsigned long at = atomic_load(consumer), end = atomic_load(producer);
	size_t n = 0;

	while (at < end && n < room) {
		const char *entry = data + (at & (ORACLE_LOG_BYTES - 1));
		__u32 len = atomic_load((const _Atomic __u32 *)entry);

		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(len & BPF_RINGBUF_DISCARD_BIT))
			memcpy((char *)events + size * n++,
			       entry + BPF_RINGBUF_HDR_SZ, size);
		len &= ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		at += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
	}
	atomic_store(consumer, at);
	return n;
}
