// SPDX-License-Identifier: GPL-2.0
/*
 * Opens /dev/oomtrace or saved records, waits, and returns one record at a time.
 *
 * The device returns whole records, but a read of a file ends anywhere. An
 * incomplete record is moved to the start of the buffer and completed by the
 * next read. Only the size of a record is used here, after it was validated.
 * Nothing is printed and all state is in the handle. Between open and close the
 * only allocation is for the counters of a CPU not seen before.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "handle.h"
#include "mapped.h"
#include "rings.h"

struct oomtrace *oomtrace_new(void)
{
	struct oomtrace *ot = malloc(sizeof(*ot));

	if (!ot)
		return NULL;
	/* The buffer need not be cleared. */
	memset(ot, 0, offsetof(struct oomtrace, buf));
	ot->fd = -1;
	return ot;
}

void oomtrace_free(struct oomtrace *ot)
{
	if (!ot)
		return;
	oomtrace_close(ot);
	account_clear(ot);
	free(ot);
}

void oomtrace_close(struct oomtrace *ot)
{
	mapped_close(ot->mapped);
	ot->mapped = NULL;
	if (ot->fd >= 0)
		close(ot->fd);
	ot->fd = -1;
	ot->is_device = false;
	ot->read = NULL;
	free(ot->name);
	ot->name = NULL;
	ot->at = 0;
	ot->len = 0;
	ot->offset = 0;
}

const char *oomtrace_error(const struct oomtrace *ot)
{
	return ot ? ot->error : "out of memory";
}

/* ---- opening ---- */

static ssize_t read_fd(void *ctx, void *buf, size_t size)
{
	const struct oomtrace *ot = ctx;
	ssize_t n = read(ot->fd, buf, size);

	return n < 0 ? -errno : n;
}

static int fail_open(struct oomtrace *ot, int err)
{
	bool ours = !strcmp(ot->name, OOMTRACE_DEVICE);

	if (ours && (err == ENOENT || err == ENXIO || err == ENODEV))
		return handle_fail(ot, err, "the module is not loaded (modprobe oomtrace)");
	if (ours && (err == EACCES || err == EPERM))
		return handle_fail(ot, err, "no permission: root is needed (CAP_SYS_ADMIN)");
	return handle_fail_errno(ot, err, "");
}

/* Close what was open before and set the new name. */
static int reset_handle(struct oomtrace *ot, const char *name)
{
	oomtrace_close(ot);
	account_clear(ot);
	ot->name = strdup(name);
	return ot->name ? 0 : handle_fail(ot, ENOMEM, "out of memory");
}

/* Reject a module of another record ABI. Saved records carry no version. */
static int check_device(struct oomtrace *ot, unsigned int flags)
{
	struct oomtrace_info info;
	int err;

	err = oomtrace_get_info(ot, &info, sizeof(info));
	if (err)
		return err;
	if (info.abi != OOMTRACE_ABI_VERSION)
		return handle_fail(ot, EPROTO,
				   "the module has record ABI %u, this program has %u: install both from the same release",
				   info.abi, OOMTRACE_ABI_VERSION);
	/* Version 1 of the struct has no cpu_ids. */
	if (!info.cpu_ids)
		info.cpu_ids = info.cpus;
	if (!account_prepare(ot, info.cpu_ids))
		return handle_fail(ot, ENOMEM, "out of memory");
	if (flags & OOMTRACE_OPEN_MAPPED) {
		err = mapped_open(ot, info.cpu_ids, info.cpus);
		if (err == -ENOTTY || err == -EPROTO)
			return handle_fail(ot, -err, OLD_MODULE "map its rings");
		if (err)
			return handle_fail_errno(ot, -err, "cannot map the rings: ");
	}
	return flags & OOMTRACE_OPEN_NEWEST ? oomtrace_newest(ot) : 0;
}

static int open_fd(struct oomtrace *ot, unsigned int flags)
{
	struct stat st;
	int how = 0;

	/* Only a device is opened non-blocking; a pipe waits for its writer. */
	if (!stat(ot->name, &st) && S_ISCHR(st.st_mode))
		how = O_NONBLOCK;
	ot->fd = open(ot->name, O_RDONLY | O_CLOEXEC | how);
	if (ot->fd < 0 || fstat(ot->fd, &st))
		return fail_open(ot, errno);
	ot->is_device = S_ISCHR(st.st_mode);
	return ot->is_device ? check_device(ot, flags) : 0;
}

int oomtrace_open(struct oomtrace *ot, const char *path, unsigned int flags)
{
	int err;

	err = reset_handle(ot, path ? path : OOMTRACE_DEVICE);
	if (err)
		return err;
	if (flags & ~(OOMTRACE_OPEN_NEWEST | OOMTRACE_OPEN_MAPPED))
		err = handle_fail(ot, EINVAL, "unknown flags 0x%x for oomtrace_open()",
				  flags);
	else
		err = open_fd(ot, flags);
	if (err) {
		oomtrace_close(ot);
		return err;
	}
	ot->read = read_fd;
	ot->ctx = ot;
	return 0;
}

int oomtrace_open_source(struct oomtrace *ot, const char *name,
			 oomtrace_read_fn read, void *ctx)
{
	int err;

	err = reset_handle(ot, name);
	if (err)
		return err;
	ot->read = read;
	ot->ctx = ctx;
	return 0;
}

int oomtrace_fd(const struct oomtrace *ot)
{
	return ot->fd;
}

int oomtrace_is_device(const struct oomtrace *ot)
{
	return ot->is_device;
}

/* ---- the device ---- */

/*
 * A newer module accepts a smaller struct. An older module may accept only its
 * own, and every module accepts version 1, which begins every later one.
 */
static int ask_info(struct oomtrace *ot, struct oomtrace_info *info)
{
	static const unsigned int sizes[] = {
		sizeof(*info), OOMTRACE_INFO_SIZE_VER1,
	};
	unsigned int i, cmd;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(info, 0, sizeof(*info));
		info->size = sizes[i];
		cmd = _IOC(_IOC_READ | _IOC_WRITE, _IOC_TYPE(OOMTRACE_IOC_INFO),
			   _IOC_NR(OOMTRACE_IOC_INFO), sizes[i]);
		if (!ioctl(ot->fd, cmd, info))
			return 0;
		if (errno != ENOTTY && errno != EINVAL)
			break;
	}
	return errno;
}

int oomtrace_get_info(struct oomtrace *ot, struct oomtrace_info *info,
		      size_t size)
{
	struct oomtrace_info now;
	int err;

	memset(info, 0, size);
	if (!ot->is_device)
		return handle_fail(ot, ENOTTY, "saved records do not describe the module");
	err = ask_info(ot, &now);
	if (err == ENOTTY)
		return handle_fail(ot, ENOTTY, "not an oomtrace device");
	if (err)
		return handle_fail_errno(ot, err, "cannot read the information about the module: ");
	/* The caller's struct may be of an older or newer version. */
	memcpy(info, &now, size < sizeof(now) ? size : sizeof(now));
	return 0;
}

/* ---- records ---- */

/* Return 1 if a whole record is in the buffer, 0 if not, or a negative errno. */
static int have_record(struct oomtrace *ot, const struct oomtrace_header **rec)
{
	const struct oomtrace_header *h = (const void *)(ot->buf + ot->at);
	size_t held = ot->len - ot->at;

	/* Validate before completeness: a short foreign file is not "cut". */
	if (held < offsetof(struct oomtrace_header, size) + sizeof(h->size))
		return 0;
	if (h->size < sizeof(*h) || h->size % 8)
		return handle_fail(ot, EBADMSG,
				   "not a record at byte %llu: a size of %u is impossible",
				   ot->offset + ot->at, h->size);
	if (held < h->size)
		return 0;
	*rec = h;
	return 1;
}

/*
 * Append to the incomplete record. Returns 1 if bytes were read, 0 at the end or
 * if there are none now, or a negative errno.
 */
static int refill_buffer(struct oomtrace *ot)
{
	size_t left = ot->len - ot->at;
	ssize_t n;

	memmove(ot->buf, ot->buf + ot->at, left);
	ot->offset += ot->at;
	ot->at = 0;
	ot->len = left;

	n = ot->read(ot->ctx, ot->buf + left, sizeof(ot->buf) - left);
	if (n < 0 && n != -EAGAIN)
		return handle_fail_errno(ot, -n, "cannot read: ");
	if (n > 0) {
		ot->len += n;
		return 1;
	}
	if (!left)
		return 0;
	return handle_fail(ot, EBADMSG, "ends at byte %llu, inside a record",
			   ot->offset + left);
}

/* oomtrace_next() by read(). Not inline, so that the other way saves no registers. */
static __attribute__((noinline))
int read_next(struct oomtrace *ot, const struct oomtrace_header **rec)
{
	int ret;

	*rec = NULL;
	if (!ot->read)
		return handle_fail(ot, EBADF, "nothing is open");
	while (!(ret = have_record(ot, rec))) {
		ret = refill_buffer(ot);
		if (ret <= 0)
			return ret;
	}
	if (ret < 0)
		return ret;
	/* If this fails, return the record next time. */
	if (!account_add(ot, *rec))
		return handle_fail(ot, ENOMEM, "out of memory");
	ot->at += (*rec)->size;
	return ret;
}

int oomtrace_next(struct oomtrace *ot, const struct oomtrace_header **rec)
{
	return ot->mapped ? mapped_next(ot, rec) : read_next(ot, rec);
}

int oomtrace_wait(struct oomtrace *ot, int timeout_ms, int wake_fd)
{
	struct pollfd fds[] = {
		{ .fd = ot->fd, .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN },
	};

	if (!ot->read)
		return handle_fail(ot, EBADF, "nothing is open");
	/* Saved records never block. */
	if (!ot->is_device || ot->len > ot->at)
		return 1;
	if (poll(fds, 2, timeout_ms < 0 ? -1 : timeout_ms) < 0)
		return handle_fail_errno(ot, errno, "cannot wait: ");
	return fds[0].revents != 0;
}
