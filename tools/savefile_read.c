// SPDX-License-Identifier: GPL-2.0
/*
 * Reads files of saved records and validates their headers.
 *
 * Bytes go from the file, through zstd if it is compressed, to the library, which
 * parses records. The first bytes, which were read to detect compression and the
 * header, are returned first.
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

/* The open file. */
static struct {
	int fd;
	const char *path;
	bool from_device;
	bool cut;			/* it ended in the middle of a frame */
	ZSTD_DStream *zstd;
	size_t wanted;			/* bytes zstd wants next; 0: a frame ended */
	bool decoded;			/* zstd has output left without more input */
	ZSTD_inBuffer in;
	char raw[1 << 16];		/* bytes of the file */
	size_t front, front_len;	/* bytes of @looked to return first */
	char looked[8];
	struct saved_header head;	/* size 0 if there is none */
	char error[512];
} f = { .fd = -1 };

__attribute__((format(printf, 2, 3)))
static int set_error(int err, const char *fmt, ...)
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

/* Read from the file, possibly less than requested. */
static ssize_t read_raw(void *buf, size_t size)
{
	ssize_t n = read(f.fd, buf, size);

	return n < 0 ? -errno : n;
}

/* Read input for zstd. Returns 1, 0 at the end, or a negative errno. */
static int refill_zstd_input(void)
{
	ssize_t n = read_raw(f.raw, sizeof(f.raw));

	if (n < 0)
		return n;
	if (!n && f.wanted) {
		f.cut = true;
		return set_error(EBADMSG,
			    "the recording was cut short; everything before that was read");
	}
	f.in = (ZSTD_inBuffer){ f.raw, n, 0 };
	return n > 0;
}

/*
 * A zstd call that fails returns nothing of what it decoded. Pass it at most the
 * rest of the current block, so that all blocks before a damage are returned. The
 * size that zstd wants includes the header of the next block.
 */
static ssize_t read_zstd(void *buf, size_t size)
{
	ZSTD_outBuffer out = { buf, size, 0 };
	ZSTD_inBuffer in;
	size_t n;
	int err;

	while (!out.pos) {
		if (f.in.pos == f.in.size && !f.decoded) {
			err = refill_zstd_input();
			if (err <= 0)
				return err;
		}
		n = f.wanted > BLOCK_HEADER ? f.wanted - BLOCK_HEADER : 1;
		if (n > f.in.size - f.in.pos)
			n = f.in.size - f.in.pos;
		in = (ZSTD_inBuffer){ f.in.src, f.in.pos + n, f.in.pos };
		f.wanted = ZSTD_decompressStream(f.zstd, &out, &in);
		if (ZSTD_isError(f.wanted))
			return set_error(EBADMSG, "damaged: %s; everything before that was read",
				    ZSTD_getErrorName(f.wanted));
		f.in.pos = in.pos;
		f.decoded = out.pos == out.size;
	}
	return out.pos;
}

static ssize_t read_plain(void *buf, size_t size)
{
	return f.zstd ? read_zstd(buf, size) : read_raw(buf, size);
}

/* Read callback of the library. */
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

/* Read @size bytes; fewer only at the end of the file. */
static ssize_t read_fully(void *buf, size_t size, ssize_t (*reader)(void *, size_t))
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
	ssize_t n = read_fully(f.raw, 4, read_raw);

	if (n < 0)
		return n == -EBADMSG ? n : set_error(-n, "%s", strerror(-n));
	if (n == 4 && !memcmp(f.raw, ZSTD_MAGIC, 4)) {
		f.zstd = ZSTD_createDStream();
		if (!f.zstd)
			return set_error(ENOMEM, "memory is out");
		f.in = (ZSTD_inBuffer){ f.raw, n, 0 };
		f.wanted = BLOCK_HEADER;
		return 0;
	}
	memcpy(f.looked, f.raw, n);
	f.front_len = n;
	return 0;
}

static int skip_bytes(size_t n)
{
	char buf[256];
	ssize_t got;

	while (n) {
		got = read_plain(buf, n < sizeof(buf) ? n : sizeof(buf));
		if (got <= 0)
			return set_error(EBADMSG, "ends inside its header");
		n -= got;
	}
	return 0;
}

static int check_header(void)
{
	struct saved_header *h = &f.head;

	if (h->endian == __builtin_bswap32(SAVED_ENDIAN))
		return set_error(EPROTO, "saved on a machine with the other byte order: read it on such a machine");
	if (h->endian != SAVED_ENDIAN)
		return set_error(EBADMSG, "damaged: its header has no byte order");
	/* Files of older versions are read; of a newer one, not if that says so. */
	if (!h->format || h->format > SAVED_FORMAT)
		return set_error(EPROTO, "has file format %u, but this command reads up to %u: use the oomtrace version that saved it",
			    h->format, SAVED_FORMAT);
	if (!h->abi || h->abi > OOMTRACE_ABI_VERSION)
		return set_error(EPROTO, "has records of ABI %u, but this command reads up to %u: use the oomtrace version that saved it",
			    h->abi, OOMTRACE_ABI_VERSION);
	if (h->size < SAVED_SIZE_VER1 || h->size > HEADER_MAX || h->size % 8 ||
	    h->page_size < 1024 || (h->page_size & (h->page_size - 1)))
		return set_error(EBADMSG, "damaged: its header is invalid");
	return 0;
}

/* The ids of records are made of the boot id, so it must not be any text. */
static void check_identity(void)
{
	struct saved_header *h = &f.head;

	h->boot[sizeof(h->boot) - 1] = '\0';
	if (strspn(h->boot, "0123456789abcdef") == sizeof(h->boot) - 1)
		return;
	memset(h->boot, 0, sizeof(h->boot));
	h->load = 0;
}

/* Read the members that the file has; the others stay zero. */
static int read_header(void)
{
	struct saved_header *h = &f.head;
	size_t known;
	ssize_t n;
	int err;

	memcpy(h, f.looked, 8);
	n = read_fully((char *)h + 8, SAVED_SIZE_VER1 - 8, read_plain);
	if (n != SAVED_SIZE_VER1 - 8)
		return set_error(EBADMSG, "ends inside its header");
	err = check_header();
	if (err)
		return err;
	known = h->size < sizeof(*h) ? h->size : sizeof(*h);
	n = read_fully((char *)h + SAVED_SIZE_VER1, known - SAVED_SIZE_VER1,
		       read_plain);
	if (n != (ssize_t)(known - SAVED_SIZE_VER1))
		return set_error(EBADMSG, "ends inside its header");
	h->release[sizeof(h->release) - 1] = '\0';
	h->version[sizeof(h->version) - 1] = '\0';
	h->machine[sizeof(h->machine) - 1] = '\0';
	h->node[sizeof(h->node) - 1] = '\0';
	check_identity();
	return skip_bytes(h->size - known);
}

/*
 * Can these first bytes of a file be the start of a record? Otherwise the file is
 * none of oomtrace's, and a message about a damaged record would mislead.
 */
static bool is_record_start(void)
{
	struct oomtrace_header h = { 0 };

	if (!f.front_len)
		return true;	/* a file without records */
	memcpy(&h, f.looked, f.front_len);
	return f.front_len == 8 && h.type && h.size >= sizeof(h) &&
	       h.size % 8 == 0 && h.size <= OOMTRACE_MAX_RECORD;
}

static int find_header(void)
{
	ssize_t n;

	n = read_fully(f.looked + f.front_len, 8 - f.front_len, read_plain);
	if (n < 0)
		return n == -EBADMSG ? n : set_error(-n, "%s", strerror(-n));
	f.front_len += n;
	if (f.front_len < 8 || memcmp(f.looked, SAVED_MAGIC, 8))
		return is_record_start() ? 0 :
			set_error(EBADMSG, "is no oomtrace file");
	f.front_len = 0;
	return read_header();
}

bool saved_is_cut(void)
{
	return f.cut;
}

void saved_close(void)
{
	if (f.fd >= 0)
		close(f.fd);
	ZSTD_freeDStream(f.zstd);
	memset(&f, 0, sizeof(f));
	f.fd = -1;
}

static int open_saved_file(struct oomtrace *ot, const char *path)
{
	int err;

	f.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f.fd < 0)
		return set_error(errno, "%s", strerror(errno));
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
	return open_saved_file(ot, path);
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
	saved_fill_machine(facts);
	return true;
}
