// SPDX-License-Identifier: GPL-2.0
/*
 * Writes files of saved records.
 *
 * All memory is allocated at the start, so that recording goes on while memory is
 * out: compressing the header makes zstd allocate its buffers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "savefile.h"
#include "savefile_write.h"
#include "signals.h"

/* A fast level, and a window that needs little memory. */
#define LEVEL		1
#define WINDOW_LOG	17

/**
 * struct saver - a file being written
 * @fd: the file.
 * @regular: a regular file, which can be synchronised.
 * @error: negative errno of a failed write; nothing is written after it.
 * @bytes: bytes written.
 * @zstd: the compressor.
 * @used: bytes in @out.
 * @out: compressed data that is not written yet.
 */
struct saver {
	int fd;
	bool regular;
	int error;
	unsigned long long bytes;
	ZSTD_CCtx *zstd;
	size_t used;
	char out[1 << 17];
};

static int write_out(struct saver *s)
{
	size_t done = 0;
	ssize_t n;

	while (done < s->used) {
		n = write(s->fd, s->out + done, s->used - done);
		/* Wait for a slow reader of a pipe until a second signal arrives. */
		if (n < 0 && errno == EINTR &&
		    (s->regular || !signals_insist()))
			continue;
		if (n < 0) {
			/* Later zstd blocks depend on the missing data. */
			s->error = -errno;
			break;
		}
		done += n;
	}
	s->bytes += done;
	s->used = 0;
	return s->error;
}

static int compress_data(struct saver *s, const void *data, size_t size,
			 ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { data, size, 0 };
	ZSTD_outBuffer out;
	size_t left;
	int err;

	if (s->error)
		return s->error;
	do {
		out = (ZSTD_outBuffer){ s->out, sizeof(s->out), s->used };
		left = ZSTD_compressStream2(s->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return s->error = -EIO;
		s->used = out.pos;
		if (out.pos == out.size || (how != ZSTD_e_continue && !left)) {
			err = write_out(s);
			if (err)
				return err;
		}
	} while (how == ZSTD_e_continue ? in.pos < in.size : left);
	return 0;
}

static void fill_header(struct saved_header *h, const struct oomtrace_info *info)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, SAVED_MAGIC, sizeof(h->magic));
	h->endian = SAVED_ENDIAN;
	h->size = sizeof(*h);
	h->format = SAVED_FORMAT;
	h->abi = info->abi;
	h->page_size = info->page_size;
	h->cpus = info->cpus;
	h->boot_offset_ns = info->boot_offset_ns;
	h->wall_offset_ns = info->wall_offset_ns;
	h->hooks_missing = info->hooks_missing;
	saved_fill_machine(h);
}

/* Mode 0600: command names may be private. */
static int open_output(struct saver *s, const char *path)
{
	struct stat st;

	s->fd = strcmp(path, "-") ?
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) :
		dup(STDOUT_FILENO);
	if (s->fd < 0 || fstat(s->fd, &st))
		return -errno;
	s->regular = S_ISREG(st.st_mode) && strcmp(path, "-");
	return 0;
}

static int write_header(struct saver *s, const struct oomtrace_info *info)
{
	struct saved_header h;
	int err;

	s->zstd = ZSTD_createCCtx();
	if (!s->zstd)
		return -ENOMEM;
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_windowLog, WINDOW_LOG);
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
	fill_header(&h, info);
	err = compress_data(s, &h, sizeof(h), ZSTD_e_continue);
	return err ? err : saver_flush(s, false);
}

struct saver *saver_open(const char *path, const struct oomtrace_info *info,
			 char *error, size_t size)
{
	struct saver *s = calloc(1, sizeof(*s));
	int err;

	if (!s) {
		snprintf(error, size, "memory is out");
		errno = ENOMEM;
		return NULL;
	}
	err = open_output(s, path);
	if (!err)
		err = write_header(s, info);
	if (!err)
		return s;
	snprintf(error, size, "cannot write %s: %s", path, strerror(-err));
	ZSTD_freeCCtx(s->zstd);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	errno = -err;
	return NULL;
}

int saver_add(struct saver *s, const struct oomtrace_header *rec)
{
	return compress_data(s, rec, rec->size, ZSTD_e_continue);
}

int saver_flush(struct saver *s, bool sync)
{
	int err = compress_data(s, NULL, 0, ZSTD_e_flush);

	if (err)
		return err;
	if (sync && s->regular && fdatasync(s->fd))
		return -errno;
	return 0;
}

unsigned long long saver_bytes(const struct saver *s)
{
	return s->bytes;
}

int saver_close(struct saver *s)
{
	int err = compress_data(s, NULL, 0, ZSTD_e_end);

	if (!err && s->regular && fsync(s->fd))
		err = -errno;
	if (close(s->fd) && !err)
		err = -errno;
	ZSTD_freeCCtx(s->zstd);
	free(s);
	return err;
}
