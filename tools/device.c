// SPDX-License-Identifier: GPL-2.0
/*
 * Records read from /dev/oomtrace or from a file, see device.h.
 *
 * The device gives whole records only, a file is cut wherever the buffer ends;
 * so what is left of a record is moved to the buffer's start and completed. A
 * record's size is the only thing in it that is believed, and only after it was
 * checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

/* Note down why something failed; gives back -err for a return statement. */
__attribute__((format(printf, 3, 4)))
static int fail(struct oomtrace_device *d, int err, const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(d->error, sizeof(d->error), "%s: ", d->path);
	if (n < 0 || (size_t)n >= sizeof(d->error))
		return -err;
	va_start(args, fmt);
	vsnprintf(d->error + n, sizeof(d->error) - n, fmt, args);
	va_end(args);
	return -err;
}

static int fail_open(struct oomtrace_device *d, int err)
{
	bool ours = !strcmp(d->path, OOMTRACE_DEVICE_PATH);

	if (ours && (err == ENOENT || err == ENXIO || err == ENODEV))
		return fail(d, err, "the module is not loaded (modprobe oomtrace)");
	if (ours && (err == EACCES || err == EPERM))
		return fail(d, err, "no permission: root is needed (CAP_SYS_ADMIN)");
	return fail(d, err, "%s", strerror(err));
}

int oomtrace_info(struct oomtrace_device *d, struct oomtrace_info *info)
{
	if (d->is_file)
		return fail(d, ENOTTY, "saved records say nothing about the module");
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	if (!ioctl(d->fd, OOMTRACE_IOC_INFO, info))
		return 0;
	if (errno == ENOTTY)
		return fail(d, ENOTTY, "this is no oomtrace device");
	return fail(d, errno, "cannot ask the module about itself: %s",
		    strerror(errno));
}

/* Refuse what would be misread. Saved records carry no version to check. */
static int check_abi(struct oomtrace_device *d)
{
	struct oomtrace_info info;
	int err;

	if (d->is_file)
		return 0;
	err = oomtrace_info(d, &info);
	if (err)
		return err;
	if (info.abi == OOMTRACE_ABI_VERSION)
		return 0;
	return fail(d, EPROTO,
		    "the module speaks record ABI %u, this command %u: install the two from one release",
		    info.abi, OOMTRACE_ABI_VERSION);
}

int oomtrace_open(struct oomtrace_device *d, const char *path)
{
	struct stat st;
	int err;

	memset(d, 0, sizeof(*d));
	d->path = path;
	d->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0)
		return fail_open(d, errno);
	if (fstat(d->fd, &st)) {
		err = fail_open(d, errno);
		goto close;
	}
	d->is_file = !S_ISCHR(st.st_mode);
	/* A pipe's writer may be slow: that is not its end. */
	if (d->is_file && fcntl(d->fd, F_SETFL, 0)) {
		err = fail_open(d, errno);
		goto close;
	}
	err = check_abi(d);
	if (err)
		goto close;
	return 0;
close:
	close(d->fd);
	d->fd = -1;
	return err;
}

void oomtrace_close(struct oomtrace_device *d)
{
	close(d->fd);
	d->fd = -1;
}

int oomtrace_skip_to_end(struct oomtrace_device *d)
{
	if (d->is_file)
		return 0;
	d->at = 0;
	d->len = 0;
	if (lseek(d->fd, 0, SEEK_END) < 0)
		return fail(d, errno, "cannot skip what is held: %s",
			    strerror(errno));
	return 0;
}

/* Is a whole record in the buffer? 1 yes, 0 not yet, or a negative errno. */
static int have_record(struct oomtrace_device *d,
		       const struct oomtrace_header **rec)
{
	const struct oomtrace_header *h = (const void *)(d->buf + d->at);
	size_t held = d->len - d->at;

	if (held < sizeof(*h))
		return 0;
	if (h->size < sizeof(*h) || h->size % 8)
		return fail(d, EBADMSG,
			    "not a record at byte %llu: a size of %u is impossible",
			    d->offset + d->at, h->size);
	if (held < h->size)
		return 0;
	*rec = h;
	return 1;
}

/* Read on behind what is left. 1 if anything came, 0 at the end or for now. */
static int refill(struct oomtrace_device *d)
{
	size_t left = d->len - d->at;
	ssize_t n;

	memmove(d->buf, d->buf + d->at, left);
	d->offset += d->at;
	d->at = 0;
	d->len = left;

	n = read(d->fd, d->buf + left, sizeof(d->buf) - left);
	if (n < 0 && errno != EAGAIN)
		return fail(d, errno, "cannot read: %s", strerror(errno));
	if (n > 0) {
		d->len += n;
		return 1;
	}
	if (!left)
		return 0;
	return fail(d, EBADMSG, "ends at byte %llu, inside a record",
		    d->offset + left);
}

int oomtrace_next(struct oomtrace_device *d,
		  const struct oomtrace_header **rec)
{
	int ret;

	while (!(ret = have_record(d, rec))) {
		ret = refill(d);
		if (ret <= 0)
			return ret;
	}
	if (ret > 0)
		d->at += (*rec)->size;
	return ret;
}

int oomtrace_wait(struct oomtrace_device *d, int wake_fd)
{
	struct pollfd fds[] = {
		{ .fd = d->fd, .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN },
	};

	if (poll(fds, 2, -1) >= 0)
		return 0;
	return fail(d, errno, "cannot wait: %s", strerror(errno));
}
