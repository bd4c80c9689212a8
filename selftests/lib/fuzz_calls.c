// SPDX-License-Identifier: GPL-2.0
/*
 * The fuzzer's calls. One stream of random numbers decides the call, the file
 * and the arguments. Most arguments have a valid shape, so that they pass the
 * first check: words of the filter's language, structs with one or two wrong
 * fields, buffers that end where the mapping ends.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "commit.h"
#include "fuzz.h"

/* Writable memory, then a read-only page, then a page without access. */
#define ARENA		(1 << 17)
#define ARENA_ALL	(ARENA + 2 * PAGE)

const char * const fuzz_op_names[FUZZ_OPS] = {
	[FUZZ_OPEN] = "open",	[FUZZ_CLOSE] = "close",
	[FUZZ_READ] = "read",	[FUZZ_PREAD] = "pread",
	[FUZZ_READV] = "readv",	[FUZZ_WRITE] = "write",
	[FUZZ_LSEEK] = "lseek",	[FUZZ_POLL] = "poll",
	[FUZZ_IOCTL] = "ioctl",	[FUZZ_MMAP] = "mmap",
	[FUZZ_MUNMAP] = "munmap", [FUZZ_FCNTL] = "fcntl",
	[FUZZ_DUP] = "dup",	[FUZZ_SPLICE] = "splice",
	[FUZZ_STAT] = "fstat",	[FUZZ_ASK] = "ask",
};

/* splitmix64 */
static unsigned long long rnd(struct fuzzer *f)
{
	unsigned long long z = f->rnd += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static unsigned int below(struct fuzzer *f, unsigned int n)
{
	return rnd(f) % n;
}

static bool one_in(struct fuzzer *f, unsigned int n)
{
	return below(f, n) == 0;
}

/* Mostly boundary values. */
static unsigned long long boundary_number(struct fuzzer *f)
{
	unsigned long long r = rnd(f);

	switch (below(f, 6)) {
	case 0: return r % 4;
	case 1: return 1ULL << r % 64;
	case 2: return (1ULL << r % 64) - 1;
	case 3: return -(r % 4096);
	case 4: return r % 70000;
	default: return r;
	}
}

/* ---- files ---- */

static const char *paths[64];
static size_t npaths;

static void __attribute__((constructor)) no_paths(void)
{
	paths[npaths++] = DEVICE;
}

/* Read the list from debugfs, so that new files are covered. */
static void find_paths(void)
{
	struct dirent *e;
	DIR *dir;

	if (npaths > 1)
		return;
	dir = opendir(DEBUGFS);
	if (!dir)
		die("cannot list " DEBUGFS);
	while ((e = readdir(dir)) && npaths < ARRAY_SIZE(paths))
		if (e->d_name[0] != '.') {
			char *path;

			if (asprintf(&path, DEBUGFS "/%s", e->d_name) < 0)
				die("no memory for a path");
			paths[npaths++] = path;
		}
	closedir(dir);
}

struct fuzzer *fuzz_new(unsigned long long seed)
{
	struct fuzzer *f = calloc(1, sizeof(*f));
	int i;

	find_paths();
	if (!f || pipe2(f->pipe, O_NONBLOCK | O_CLOEXEC))
		die("no memory for a fuzzer");
	f->rnd = seed * 0x2545f4914f6cdd1dULL + 1;
	f->arena = mmap(NULL, ARENA_ALL, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (f->arena == MAP_FAILED)
		die("no memory for a fuzzer");
	mprotect(f->arena + ARENA, PAGE, PROT_READ);
	mprotect(f->arena + ARENA + PAGE, PAGE, PROT_NONE);
	for (i = 0; i < FUZZ_FDS; i++)
		f->file[i].fd = -1;
	return f;
}

void fuzz_free(struct fuzzer *f)
{
	int i;

	for (i = 0; i < FUZZ_FDS; i++)
		if (f->file[i].fd >= 0)
			close(f->file[i].fd);
	for (i = 0; i < FUZZ_MAPS; i++)
		if (f->map[i].at)
			munmap(f->map[i].at, f->map[i].len);
	close(f->pipe[0]);
	close(f->pipe[1]);
	munmap(f->arena, ARENA_ALL);
	free(f);
}

/* ---- arguments ---- */

/* Mostly valid memory; sometimes its end, sometimes a kernel address. */
static char *random_buffer(struct fuzzer *f, size_t len)
{
	switch (below(f, 12)) {
	case 0: return f->arena + ARENA - below(f, 2048);
	case 1: return f->arena + ARENA + below(f, 8192);
	case 2: return (char *)boundary_number(f);
	case 3: return (char *)(0xffff888000000000ULL + below(f, 1 << 30));
	default: return f->arena + (len < ARENA ? below(f, ARENA - len + 1) : 0);
	}
}

static size_t random_length(struct fuzzer *f)
{
	switch (below(f, 8)) {
	case 0: return below(f, 64);
	case 1: return boundary_number(f);
	case 2: return ARENA;
	default: return below(f, 1 << 14);
	}
}

static const char * const words[] = {
	"pid=", "tgid=", "comm=", "uid=", "cgroup_id=", "min_pages=",
	"outcome=", "mode=", "denied", "granted", "none", "all", "0", "1", "2",
	"4294967295", "18446744073709551615", "-1", "hog", " ", "  ", "\n",
	"\t", "=", "0x10", "commit:", "oom:", "16", "64", "\"", "\\", "\x1b[2J",
	"999999999999999999999999", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
};

static size_t random_text(struct fuzzer *f, char *to, size_t size)
{
	unsigned int n = below(f, 6);
	size_t len = 0;

	to[0] = '\0';
	while (n-- && len < size - 1)
		len += snprintf(to + len, size - len, "%s",
				words[below(f, ARRAY_SIZE(words))]);
	if (len >= size)
		len = size - 1;
	if (len && one_in(f, 8))
		to[below(f, len)] = rnd(f);
	return len;
}

static void random_bytes(struct fuzzer *f, char *to, size_t len)
{
	while (len--)
		*to++ = rnd(f);
}

static void shape_filter(struct fuzzer *f, struct oomtrace_filter *filter)
{
	unsigned int i;

	for (i = below(f, 3); i; i--) {
		filter->mask |= 1U << below(f, 9);
		filter->pid = filter->mask & 1 ? boundary_number(f) : 0;
	}
}

/* The buffer for the records may be too short, or invalid. */
static void shape_ranking(struct fuzzer *f, struct oomtrace_ranking *r)
{
	r->room = one_in(f, 8) ? boundary_number(f) : below(f, 256);
	r->records = (unsigned long)random_buffer(f, r->room * 200UL);
	r->cgroup_id = one_in(f, 4) ? boundary_number(f) : 0;
}

static void shape_daemons(struct fuzzer *f, struct oomtrace_daemons *d)
{
	unsigned int i;

	d->count = below(f, OOMTRACE_DAEMONS + 2);
	for (i = 0; i < d->count && i < OOMTRACE_DAEMONS; i++)
		snprintf(d->comm[i], sizeof(d->comm[i]), "daemon%u",
			 below(f, 40));
}

static void shape_seek(struct fuzzer *f, struct oomtrace_seek *s)
{
	s->whence = below(f, 5);
	if (s->whence >= OOMTRACE_SEEK_SEQ)
		s->value = one_in(f, 4) ? boundary_number(f) : below(f, 1000);
	if (s->whence == OOMTRACE_SEEK_SEQ) {
		s->ring = below(f, 3);
		s->cpu = below(f, 3);
	}
}

/* Fill in an argument that the ioctl mostly accepts. */
static void shape_argument(struct fuzzer *f, unsigned int cmd, void *at)
{
	static const __u32 small[] = { 0, 1, 2, 3, 50, 100, 101, 64, -1 };
	/* The largest size exceeds the machine's memory. */
	static const __u32 kb[] = { 16, 20, 64, 128, 512, 0, 15, 1048576 };
	struct oomtrace_resize *resize = at;
	struct oomtrace_ring_cpu_info *ring = at;
	struct oomtrace_stack *stack = at;
	__u32 *word = at;

	switch (cmd) {
	case OOMTRACE_IOC_ENABLE:
	case OOMTRACE_IOC_COMMIT_RECORDS:
	case OOMTRACE_IOC_CANDIDATES:
	case OOMTRACE_IOC_NEAR_PERCENT:
	case OOMTRACE_IOC_REFUSALS:
		*word = small[below(f, ARRAY_SIZE(small))];
		break;
	case OOMTRACE_IOC_INFO:
		if (one_in(f, 4))
			*word = below(f, 4096);
		break;
	case OOMTRACE_IOC_SET_FILTER:
	case OOMTRACE_IOC_GET_FILTER:
		shape_filter(f, at);
		break;
	case OOMTRACE_IOC_RANKING:
		shape_ranking(f, at);
		break;
	case OOMTRACE_IOC_DAEMONS:
		shape_daemons(f, at);
		break;
	case OOMTRACE_IOC_RESIZE:
		resize->ring = below(f, 3);
		resize->kb = kb[below(f, ARRAY_SIZE(kb))];
		break;
	case OOMTRACE_IOC_SEEK:
		shape_seek(f, at);
		break;
	case OOMTRACE_IOC_RING:
		ring->ring = below(f, 3);
		ring->cpu = one_in(f, 8) ? boundary_number(f) : below(f, 3);
		break;
	case OOMTRACE_IOC_STACK:
		stack->id = one_in(f, 4) ? boundary_number(f) : below(f, 64);
		break;
	}
}

/* A valid struct with at most one byte changed; sometimes a bad address. */
static void *random_argument(struct fuzzer *f, unsigned int cmd)
{
	size_t size = _IOC_SIZE(cmd);
	char *at = f->arena + below(f, 256) * 8;

	if (one_in(f, 8))
		return random_buffer(f, size);
	/* All structs begin with their size. */
	memset(at, 0, size);
	memcpy(at, &(__u32){ size }, size < 4 ? size : 4);
	shape_argument(f, cmd, at);
	if (size && one_in(f, 4))
		random_bytes(f, at + below(f, size), 1);
	return at;
}

static unsigned int random_command(struct fuzzer *f)
{
	static const unsigned int known[] = {
		OOMTRACE_IOC_INFO, OOMTRACE_IOC_ENABLE,
		OOMTRACE_IOC_SET_FILTER, OOMTRACE_IOC_GET_FILTER,
		OOMTRACE_IOC_COMMIT_RECORDS, OOMTRACE_IOC_CANDIDATES,
		OOMTRACE_IOC_NEAR_PERCENT, OOMTRACE_IOC_REFUSALS,
		OOMTRACE_IOC_RANKING, OOMTRACE_IOC_DAEMONS,
		OOMTRACE_IOC_RESIZE, OOMTRACE_IOC_SEEK,
		OOMTRACE_IOC_RING, OOMTRACE_IOC_STATS,
		OOMTRACE_IOC_STACK,
	};

	switch (below(f, 8)) {
	case 0: return rnd(f);
	case 1: return _IOC(below(f, 4), 'O', 0x70 + below(f, 32),
			    below(f, 64) * 4);
	default: return known[below(f, ARRAY_SIZE(known))];
	}
}

/* ---- calls ---- */

/* A read from the device must return whole records. */
static void check_records(struct fuzzer *f, const char *buf, ssize_t n)
{
	ssize_t at = 0;

	while (at < n) {
		struct oomtrace_header h;

		if (n - at < (ssize_t)sizeof(h))
			break;
		memcpy(&h, buf + at, sizeof(h));
		if (h.size < sizeof(h) || h.size % 8 || h.size > n - at ||
		    h.size > OOMTRACE_MAX_RECORD)
			break;
		at += h.size;
	}
	if (at == n)
		return;
	f->bad_reads++;
	snprintf(f->why, sizeof(f->why), "invalid record at byte %zd of %zd", at, n);
}

static bool do_open(struct fuzzer *f, unsigned int slot)
{
	unsigned int i = one_in(f, 3) ? 0 : below(f, npaths);
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	int flags = modes[below(f, 3)] | O_CLOEXEC;

	/* Mostly non-blocking. A blocked thread is woken by a signal. */
	if (!one_in(f, 6))
		flags |= O_NONBLOCK;
	if (one_in(f, 16))
		flags |= O_APPEND | O_TRUNC;
	if (f->file[slot].fd >= 0)
		close(f->file[slot].fd);
	f->file[slot].fd = open(paths[i], flags);
	f->file[slot].device = i == 0;
	f->file[slot].takes = i != 0 && (flags & O_ACCMODE) != O_RDONLY;
	return f->file[slot].fd >= 0;
}

static bool do_write(struct fuzzer *f, int fd)
{
	size_t len = random_length(f);
	char *buf = random_buffer(f, len);

	/* Mostly words of the filter's language. */
	if (!one_in(f, 4)) {
		buf = f->arena;
		len = random_text(f, buf, 512);
	}
	return write(fd, buf, len) >= 0;
}

static bool do_mmap(struct fuzzer *f, int fd)
{
	unsigned int slot = below(f, FUZZ_MAPS);
	size_t len = one_in(f, 4) ? boundary_number(f) : (1 + below(f, 64)) * 4096;
	int prot = one_in(f, 3) ? (int)below(f, 8) : PROT_READ;
	int flags = one_in(f, 3) ? MAP_PRIVATE : MAP_SHARED;
	off_t off = one_in(f, 2) ? 0 : (off_t)(boundary_number(f) << 12);
	struct oomtrace_ring_cpu_info ring = {
		.size = sizeof(ring), .ring = below(f, 2), .cpu = below(f, 2),
	};
	unsigned long sum = 0;
	size_t i;
	char *at;

	/*
	 * Mostly the geometry of a ring, which a resize may change meanwhile.
	 */
	if (!one_in(f, 3) && !ioctl(fd, OOMTRACE_IOC_RING, &ring)) {
		len = ring.mmap_size;
		off = ring.mmap_offset;
	}
	if (f->map[slot].at)
		munmap(f->map[slot].at, f->map[slot].len);
	f->map[slot].at = NULL;
	at = mmap(NULL, len, prot, flags, fd, off);
	if (at == MAP_FAILED)
		return false;
	f->map[slot].at = at;
	f->map[slot].len = len;
	/* All of a readable mapping can be read. */
	for (i = 0; prot & PROT_READ && i < len; i += 4096)
		sum += ((volatile char *)at)[i];
	(void)sum;
	return true;
}

static bool do_munmap(struct fuzzer *f)
{
	unsigned int slot = below(f, FUZZ_MAPS);
	bool was = f->map[slot].at;

	/* A mapping can neither be made writable nor grow. */
	if (was && one_in(f, 2)) {
		if (!mprotect(f->map[slot].at, 4096, PROT_READ | PROT_WRITE) ||
		    mremap(f->map[slot].at, f->map[slot].len,
			   f->map[slot].len + 4096, 0) != MAP_FAILED) {
			f->bad_reads++;
			strcpy(f->why, "a mapping was changed");
		}
	}
	if (was)
		munmap(f->map[slot].at, f->map[slot].len);
	f->map[slot].at = NULL;
	return was;
}

static bool do_readv(struct fuzzer *f, int fd)
{
	struct iovec v[3];
	int i;

	for (i = 0; i < 3; i++) {
		v[i].iov_len = below(f, 4096);
		v[i].iov_base = random_buffer(f, v[i].iov_len);
	}
	return readv(fd, v, 1 + below(f, 3)) >= 0;
}

static bool do_read(struct fuzzer *f, unsigned int slot)
{
	size_t len = random_length(f);
	char *buf = random_buffer(f, len);
	ssize_t n = read(f->file[slot].fd, buf, len);

	if (n > 0 && f->file[slot].device)
		check_records(f, buf, n);
	return n >= 0;
}

static bool do_call(struct fuzzer *f, enum fuzz_op op, unsigned int slot)
{
	static const int whence[] = { SEEK_SET, SEEK_CUR, SEEK_END, 3, 4, 9 };
	int fd = f->file[slot].fd;
	struct pollfd p = { .fd = fd, .events = rnd(f) };
	unsigned int cmd;
	struct stat st;
	size_t len;
	char *buf;
	int copy;

	switch (op) {
	case FUZZ_OPEN:
		return do_open(f, slot);
	case FUZZ_CLOSE:
		f->file[slot].fd = -1;
		f->file[slot].device = false;
		f->file[slot].takes = false;
		return !close(fd);
	case FUZZ_READ:
		return do_read(f, slot);
	case FUZZ_PREAD:
		len = random_length(f);
		buf = random_buffer(f, len);
		return pread(fd, buf, len, boundary_number(f)) >= 0;
	case FUZZ_READV:
		return do_readv(f, fd);
	case FUZZ_WRITE:
		return do_write(f, fd);
	case FUZZ_LSEEK:
		return lseek(fd, one_in(f, 2) ? 0 : (off_t)boundary_number(f),
			     whence[below(f, ARRAY_SIZE(whence))]) >= 0;
	case FUZZ_POLL:
		return poll(&p, 1, below(f, 3)) >= 0;
	case FUZZ_IOCTL:
		cmd = random_command(f);
		return ioctl(fd, cmd, random_argument(f, cmd)) >= 0;
	case FUZZ_MMAP:
		return do_mmap(f, fd);
	case FUZZ_MUNMAP:
		return do_munmap(f);
	case FUZZ_FCNTL:
		return !fcntl(fd, F_SETFL, one_in(f, 6) ? 0 : O_NONBLOCK);
	case FUZZ_DUP:
		copy = dup(fd);
		if (copy >= 0)
			close(copy);
		return copy >= 0;
	case FUZZ_SPLICE:
		if (splice(fd, NULL, f->pipe[1], NULL, below(f, 1 << 16),
			   SPLICE_F_NONBLOCK) < 0)
			return false;
		while (read(f->pipe[0], f->arena, ARENA) > 0)
			;
		return true;
	case FUZZ_STAT:
		return !fstat(fd, &st);
	default:
		/* Write a record. */
		return ask(one_in(f, 2) ? 1UL << 30 : 1) == 0;
	}
}

bool fuzz_op_is_refused(enum fuzz_op op)
{
	/* splice() fails on all of these files. */
	return op == FUZZ_SPLICE;
}

static bool suits(const struct fuzzer *f, enum fuzz_op op, unsigned int slot)
{
	switch (op) {
	case FUZZ_IOCTL:
	case FUZZ_MMAP:
		return f->file[slot].device;
	case FUZZ_WRITE:
		return f->file[slot].takes;
	default:
		return true;
	}
}

void fuzz_call(struct fuzzer *f)
{
	unsigned int slot = below(f, FUZZ_FDS);
	enum fuzz_op op = below(f, FUZZ_OPS);
	unsigned long long next = f->rnd;
	int i;

	/* Mostly choose a file that supports the call. */
	if (!one_in(f, 8))
		for (i = 0; i < FUZZ_FDS && !suits(f, op, slot); i++)
			slot = (slot + 1) % FUZZ_FDS;
	f->calls[op]++;
	f->good[op] += do_call(f, op, slot);
	/* The next call's numbers do not depend on how many this one drew. */
	f->rnd = next + 0x632be59bd9b4e019ULL;
}
