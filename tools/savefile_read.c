// SPDX-License-Identifier: GPL-2.0
/*
 * Files of saved records, the reading half, see savefile.h.
 *
 * Nothing in a file is believed before it was checked. Bytes flow from the file
 * through zstd, if it is compressed, to the library, which makes records of
 * them; the few that were looked at to find out what it is are put in front.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "savefile_read.h"

#define ZSTD_MAGIC	"\x28\xb5\x2f\xfd"
#define BLOCK_HEADER	3		/* bytes, of zstd's format */
#define HEADER_MAX	4096

/* What is open. */
static struct {
	int fd;
	const char *path;
	bool from_device;
	ZSTD_DStream *zstd;
	size_t wanted;			/* what zstd waits for; 0: a frame ended */
	bool decoded;			/* zstd has more, without more of the file */
	ZSTD_inBuffer in;
	char raw[1 << 16];		/* of the file */
	size_t front, front_len;	/* bytes looked at, not given out yet */
	char looked[sizeof(struct saved_header)];
	struct saved_header head;	/* size 0: there is none */
	char error[512];
} f = { .fd = -1 };

__attribute__((format(printf, 2, 3)))
static int fail(int err, const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(f.error, sizeof(f.error), "%.255s: ", f.path);
	va_start(args, fmt);
	vsnprintf(f.error + n, sizeof(f.error) - n, fmt, args);
	va_end(args);
	return -err;
}

const char *saved_error(const struct oomtrace *ot)
{
	return *f.error ? f.error : oomtrace_error(ot);
}

/* Bytes of the file; some, as soon as there are some. */
static ssize_t read_file(void *buf, size_t size)
{
	ssize_t n = read(f.fd, buf, size);

	return n < 0 ? -errno : n;
}

/* More of the file for zstd: 1, 0 at the end, or a negative errno. */
static int refill(void)
{
	ssize_t n = read_file(f.raw, sizeof(f.raw));

	if (n < 0)
		return n;
	if (!n && f.wanted)
		return fail(EBADMSG,
			    "the recording was cut short; all before that was read");
	f.in = (ZSTD_inBuffer){ f.raw, n, 0 };
	return n > 0;
}

/*
 * A call that fails gives nothing of what it decoded. So one is given no more
 * than the rest of the block that zstd waits for: what it says is that and the
 * header of the next block.
 */
static ssize_t read_zstd(void *buf, size_t size)
{
	ZSTD_outBuffer out = { buf, size, 0 };
	ZSTD_inBuffer in;
	size_t n;
	int err;

	while (!out.pos) {
		if (f.in.pos == f.in.size && !f.decoded) {
			err = refill();
			if (err <= 0)
				return err;
		}
		n = f.wanted > BLOCK_HEADER ? f.wanted - BLOCK_HEADER : 1;
		if (n > f.in.size - f.in.pos)
			n = f.in.size - f.in.pos;
		in = (ZSTD_inBuffer){ f.in.src, f.in.pos + n, f.in.pos };
		f.wanted = ZSTD_decompressStream(f.zstd, &out, &in);
		if (ZSTD_isError(f.wanted))
			return fail(EBADMSG, "damaged: %s; all before that was read",
				    ZSTD_getErrorName(f.wanted));
		f.in.pos = in.pos;
		f.decoded = out.pos == out.size;
	}
	return out.pos;
}

static ssize_t read_plain(void *buf, size_t size)
{
	return f.zstd ? read_zstd(buf, size) : read_file(buf, size);
}

/* What the library reads. */
static ssize_t read_saved(void *ctx, void *buf, size_t size)
{
	size_t n = f.front_len - f.front;

	(void)ctx;
	if (!n)
		return read_plain(buf, size);
	if (n > size)
		n = size;
	memcpy(buf, f.looked + f.front, n);
	f.front += n;
	return n;
}

/* The first bytes, up to what is asked for; fewer only at the end. */
static ssize_t look(void *buf, size_t size, ssize_t (*reader)(void *, size_t))
{
	size_t got = 0;
	ssize_t n;

	while (got < size) {
		n = reader((char *)buf + got, size - got);
		if (n < 0)
			return n;
		if (!n)
			break;
		got += n;
	}
	return got;
}

static int find_compression(void)
{
	ssize_t n = look(f.raw, 4, read_file);

	if (n < 0)
		return n == -EBADMSG ? n : fail(-n, "%s", strerror(-n));
	if (n == 4 && !memcmp(f.raw, ZSTD_MAGIC, 4)) {
		f.zstd = ZSTD_createDStream();
		if (!f.zstd)
			return fail(ENOMEM, "memory is out");
		f.in = (ZSTD_inBuffer){ f.raw, n, 0 };
		f.wanted = BLOCK_HEADER;
		return 0;
	}
	memcpy(f.looked, f.raw, n);
	f.front_len = n;
	return 0;
}

static int skip(size_t n)
{
	char buf[256];
	ssize_t got;

	while (n) {
		got = read_plain(buf, n < sizeof(buf) ? n : sizeof(buf));
		if (got <= 0)
			return fail(EBADMSG, "ends inside its header");
		n -= got;
	}
	return 0;
}

static int check_header(void)
{
	struct saved_header *h = &f.head;

	memcpy(h, f.looked, sizeof(*h));
	if (h->endian == __builtin_bswap32(SAVED_ENDIAN))
		return fail(EPROTO, "saved on a machine of the other byte order: read it on such a one");
	if (h->endian != SAVED_ENDIAN)
		return fail(EBADMSG, "damaged: its header says no byte order");
	if (h->format != SAVED_FORMAT)
		return fail(EPROTO, "of file format %u, this command reads %u: read it with the oomtrace that saved it",
			    h->format, SAVED_FORMAT);
	if (h->abi != OOMTRACE_ABI_VERSION)
		return fail(EPROTO, "holds records of ABI %u, this command reads %u: read it with the oomtrace that saved it",
			    h->abi, OOMTRACE_ABI_VERSION);
	if (h->size < sizeof(*h) || h->size > HEADER_MAX || h->size % 8 ||
	    h->page_size < 1024 || (h->page_size & (h->page_size - 1)))
		return fail(EBADMSG, "damaged: its header is impossible");
	h->release[sizeof(h->release) - 1] = '\0';
	h->version[sizeof(h->version) - 1] = '\0';
	h->machine[sizeof(h->machine) - 1] = '\0';
	h->node[sizeof(h->node) - 1] = '\0';
	return skip(h->size - sizeof(*h));
}

static int find_header(void)
{
	ssize_t n;

	n = look(f.looked + f.front_len, 8 - f.front_len, read_plain);
	if (n < 0)
		return n == -EBADMSG ? n : fail(-n, "%s", strerror(-n));
	f.front_len += n;
	if (f.front_len < 8 || memcmp(f.looked, SAVED_MAGIC, 8))
		return 0;
	n = look(f.looked + 8, sizeof(f.looked) - 8, read_plain);
	if (n != sizeof(f.looked) - 8)
		return fail(EBADMSG, "ends inside its header");
	f.front_len = 0;
	return check_header();
}

void saved_close(void)
{
	if (f.fd >= 0)
		close(f.fd);
	ZSTD_freeDStream(f.zstd);
	memset(&f, 0, sizeof(f));
	f.fd = -1;
}

static int open_file(struct oomtrace *ot, const char *path)
{
	int err;

	f.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f.fd < 0)
		return fail(errno, "%s", strerror(errno));
	err = find_compression();
	if (!err)
		err = find_header();
	return err ? err : oomtrace_open_source(ot, path, read_saved, NULL);
}

int saved_open(struct oomtrace *ot, const char *path, unsigned int flags)
{
	struct stat st;
	int err;

	saved_close();
	f.path = path;
	if (stat(path, &st) || S_ISCHR(st.st_mode)) {
		err = oomtrace_open(ot, path, flags);
		f.from_device = !err && oomtrace_is_device(ot);
		return err;
	}
	return open_file(ot, path);
}

bool saved_facts(struct oomtrace *ot, struct saved_header *facts)
{
	struct oomtrace_info info;

	if (f.head.size) {
		*facts = f.head;
		return true;
	}
	memset(facts, 0, sizeof(*facts));
	facts->page_size = sysconf(_SC_PAGESIZE);
	if (!f.from_device || oomtrace_get_info(ot, &info, sizeof(info)))
		return false;
	facts->abi = info.abi;
	facts->page_size = info.page_size;
	facts->cpus = info.cpus;
	facts->boot_offset_ns = info.boot_offset_ns;
	facts->wall_offset_ns = info.wall_offset_ns;
	facts->hooks_missing = info.hooks_missing;
	return true;
}
