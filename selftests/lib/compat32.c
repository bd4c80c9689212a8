// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit program that uses the device as a 64-bit one does.
 *
 * It uses no library, because a 64-bit machine may lack the 32-bit ones, and
 * makes its own system calls. It prints "ok" or the condition that failed.
 */
#include <asm/unistd_32.h>
#include <linux/fcntl.h>

#include "../../include/oomtrace.h"

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
	struct {
		long nr;
		long f;
	} args = { nr, f };
	long ret;

	/* The sixth argument goes in the frame pointer. */
	__asm__ volatile("push %%ebp\n\t"
			 "mov 4(%%eax), %%ebp\n\t"
			 "mov (%%eax), %%eax\n\t"
			 "int $0x80\n\t"
			 "pop %%ebp"
			 : "=a" (ret)
			 : "0" (&args), "b" (a), "c" (b), "d" (c), "S" (d), "D" (e)
			 : "memory");
	return ret;
}

static void __attribute__((noreturn)) exit_with(const char *verdict, int status)
{
	long n = 0;

	while (verdict[n])
		n++;
	call(__NR_write, 1, (long)verdict, n, 0, 0, 0);
	call(__NR_write, 1, (long)"\n", 1, 0, 0, 0);
	call(__NR_exit, status, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}

#define WANT(what)	do { if (!(what)) exit_with(#what, 1); } while (0)

static int fd;

static long device_ioctl(unsigned long cmd, void *arg)
{
	return call(__NR_ioctl, fd, cmd, (long)arg, 0, 0, 0);
}

static struct oomtrace_info info;
static struct oomtrace_ring_cpu_info ring;
static struct oomtrace_filter filter;
static struct oomtrace_stats_info stats;
static struct oomtrace_resize resize;
static struct oomtrace_seek seek;
static struct oomtrace_stack stack;
static char buf[8192] __attribute__((aligned(8)));

static void ioctls(void)
{
	__u32 on = 1;

	info.size = sizeof(info);
	WANT(device_ioctl(OOMTRACE_IOC_INFO, &info) == 0);
	WANT(info.abi == OOMTRACE_ABI_VERSION);
	WANT(info.ring[0].written >= 3);
	WANT(device_ioctl(OOMTRACE_IOC_ENABLE, &on) == 0);

	filter.size = sizeof(filter);
	filter.mask = OOMTRACE_FILTER_MIN_PAGES;
	filter.min_pages = 0x123456789LL;
	WANT(device_ioctl(OOMTRACE_IOC_SET_FILTER, &filter) == 0);
	filter.min_pages = 0;
	WANT(device_ioctl(OOMTRACE_IOC_GET_FILTER, &filter) == 0);
	WANT(filter.min_pages == 0x123456789LL);

	stats.size = sizeof(stats);
	WANT(device_ioctl(OOMTRACE_IOC_STATS, &stats) == 0);
	WANT(stats.denied[2] >= 3);

	resize.size = sizeof(resize);
	resize.kb = 128;
	WANT(device_ioctl(OOMTRACE_IOC_RESIZE, &resize) == 0);
	ring.size = sizeof(ring);
	WANT(device_ioctl(OOMTRACE_IOC_RING, &ring) == 0);
	WANT(ring.mmap_size == 128 << 10);
}

static void records(void)
{
	const struct oomtrace_commit *rec = 0;
	long n, at;

	n = call(__NR_read, fd, (long)buf, sizeof(buf), 0, 0, 0);
	WANT(n > 0);
	for (at = 0; at < n; at += rec->h.size) {
		rec = (const void *)(buf + at);
		WANT(rec->h.size >= sizeof(rec->h) && rec->h.size <= n - at);
		if (rec->h.type != OOMTRACE_COMMIT)
			continue;
		WANT(rec->h.size == sizeof(*rec));
		WANT(rec->ret == -12 && rec->mode == 2);
		stack.id = rec->stack;
	}
	/* Some kernels cannot record a stack. */
	if (stack.id) {
		WANT(device_ioctl(OOMTRACE_IOC_STACK, &stack) == 0);
		WANT(stack.frames > 0);
	}

	seek.size = sizeof(seek);
	seek.whence = OOMTRACE_SEEK_OLDEST;
	WANT(device_ioctl(OOMTRACE_IOC_SEEK, &seek) == 0);
	WANT(call(__NR_read, fd, (long)buf, sizeof(buf), 0, 0, 0) == n);
}

/* Map the ring of every CPU: the last offset does not fit 32 bits. */
static void mappings(void)
{
	const struct oomtrace_ring_page *page;
	long at;

	ring.ring = OOMTRACE_RING_OOM;
	for (ring.cpu = 0;; ring.cpu++) {
		ring.size = sizeof(ring);
		if (device_ioctl(OOMTRACE_IOC_RING, &ring))
			break;
		at = call(__NR_mmap2, 0, ring.mmap_size, 1, 1, fd,
			  (long)(ring.mmap_offset >> 12));
		WANT((unsigned long)at < -4096UL);
		page = (const void *)at;
		WANT(page->abi == OOMTRACE_ABI_VERSION);
		WANT(page->cpu == ring.cpu && page->ring == OOMTRACE_RING_OOM);
		WANT(__atomic_load_n(&page->head, __ATOMIC_ACQUIRE) ==
		     ring.written);
	}
	WANT(ring.cpu > 0);
}

__attribute__((used, noreturn, force_align_arg_pointer)) void _start(void)
{
	fd = call(__NR_open, (long)"/dev/oomtrace", O_RDONLY | O_NONBLOCK, 0, 0,
		  0, 0);
	WANT(fd >= 0);
	ioctls();
	records();
	mappings();
	exit_with("ok", 0);
}
