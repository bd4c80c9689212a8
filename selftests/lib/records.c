// SPDX-License-Identifier: GPL-2.0
/*
 * Reading records from the module's device, and finding them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib.h"

int device_open(void)
{
	int fd = open(DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("cannot open " DEVICE ": %s", strerror(errno));
	return fd;
}

int device_open_at_end(void)
{
	int fd = device_open();

	if (lseek(fd, 0, SEEK_END) < 0)
		die("cannot seek to the end: %s", strerror(errno));
	return fd;
}

static void record_add(struct records *recs, const struct oomtrace_header *h)
{
	union record *r;

	if (recs->n == recs->room) {
		recs->room = recs->room ? 2 * recs->room : 256;
		recs->r = realloc(recs->r, recs->room * sizeof(*recs->r));
		if (!recs->r)
			die("no memory for records");
	}
	r = &recs->r[recs->n++];
	memset(r, 0, sizeof(*r));
	memcpy(r, h, h->size);
}

void records_add(struct records *recs, const void *buf, size_t len)
{
	const struct oomtrace_header *h;
	size_t at;

	for (at = 0; at < len; at += h->size) {
		h = (const void *)((const char *)buf + at);
		if (len - at < sizeof(*h) || h->size < sizeof(*h) ||
		    h->size % 8 || h->size > len - at ||
		    h->size > OOMTRACE_MAX_RECORD)
			die("not a record at byte %zu of %zu", at, len);
		record_add(recs, h);
	}
}

void device_drain(int fd, struct records *recs)
{
	static __u64 buf[1 << 13];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		records_add(recs, buf, n);
	if (n == 0)
		die("read() of the device returned 0");
	if (errno != EAGAIN)
		die("cannot read the device: %s", strerror(errno));
}

int device_drain_child(int fd, struct records *recs, pid_t pid)
{
	int status;

	while (is_running(pid)) {
		device_drain(fd, recs);
		sleep_ms(100);
	}
	status = wait_child(pid);
	device_drain(fd, recs);
	return status;
}

bool device_wait(int fd, struct records *recs, unsigned int type, size_t n)
{
	int i;

	for (i = 0; i < 500; i++) {
		device_drain(fd, recs);
		if (records_count(recs, type) >= n)
			return true;
		sleep_ms(20);
	}
	return false;
}

void records_free(struct records *recs)
{
	free(recs->r);
	memset(recs, 0, sizeof(*recs));
}

const union record *records_get(const struct records *recs, unsigned int type,
				size_t n)
{
	size_t i;

	for (i = 0; i < recs->n; i++)
		if (recs->r[i].h.type == type && !n--)
			return &recs->r[i];
	return NULL;
}

size_t records_count(const struct records *recs, unsigned int type)
{
	size_t i, n = 0;

	for (i = 0; i < recs->n; i++)
		n += recs->r[i].h.type == type;
	return n;
}

void device_info(int fd, struct oomtrace_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	if (ioctl(fd, OOMTRACE_IOC_INFO, info))
		die("OOMTRACE_IOC_INFO: %s", strerror(errno));
}
