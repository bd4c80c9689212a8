/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of saved records, written by `oomtrace record` and oomtraced and read
 * wherever a device is.
 *
 * A file is a header, which says where the records come from, and the records
 * as the device gave them, all of it zstd-compressed and flushed so often that
 * a file cut anywhere can be read up to shortly before the cut. Read without
 * compression, too, and without a header: records as they came.
 */
#ifndef OOMTRACE_SAVEFILE_H
#define OOMTRACE_SAVEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "liboomtrace.h"

/* No record begins like this: its size would not be a multiple of 8. */
#define SAVED_MAGIC	"OOMTRACE"
#define SAVED_ENDIAN	0x01020304
#define SAVED_FORMAT	1

/**
 * struct saved_header - the start of a file
 * @magic: SAVED_MAGIC, without a NUL.
 * @endian: SAVED_ENDIAN in the byte order of the machine.
 * @size: bytes of this header, a multiple of 8: it may grow.
 * @format: SAVED_FORMAT.
 * @abi: OOMTRACE_ABI_VERSION of the records.
 * @page_size: bytes of a page.
 * @cpus: CPUs that had rings.
 * @boot_offset_ns: as struct oomtrace_info has it, when the file was begun.
 * @wall_offset_ns: likewise.
 * @hooks_missing: hooks that were not attached.
 * @reserved: zero.
 * @release: the kernel's release, as uname(2) says it; NUL-terminated.
 * @version: its version, cut if it is long.
 * @machine: its hardware.
 * @node: name of the machine.
 */
struct saved_header {
	char magic[8];
	__u32 endian;
	__u32 size;
	__u32 format;
	__u32 abi;
	__u32 page_size;
	__u32 cpus;
	__s64 boot_offset_ns;
	__s64 wall_offset_ns;
	__u32 hooks_missing;
	__u32 reserved;
	char release[72];
	char version[72];
	char machine[24];
	char node[72];
};

/* ---- reading ---- */

/**
 * saved_open() - open records: a device, or a file of any of these kinds
 * @ot: a handle of the library.
 * @path: the device or file.
 * @flags: for a device, as oomtrace_open() takes them.
 *
 * One can be open at a time.
 *
 * Return: 0, or a negative errno; saved_error() then says why.
 */
int saved_open(struct oomtrace *ot, const char *path, unsigned int flags);

/** saved_error() - why saved_open() or oomtrace_next() on @ot failed */
const char *saved_error(const struct oomtrace *ot);

/**
 * saved_facts() - where the records of what is open come from
 * @ot: the handle.
 * @facts: out: from the file's header, or from the device.
 *
 * Return: false if the file has no header; @facts then has this machine's page
 * size, and zeroes.
 */
bool saved_facts(struct oomtrace *ot, struct saved_header *facts);

/** saved_close() - what saved_open() took, apart from @ot */
void saved_close(void);

/* ---- writing ---- */

/** struct saver - a file being written */
struct saver;

/**
 * saver_open() - begin a file
 * @path: it is replaced, if it is there; "-" is standard output.
 * @info: the module's, for the header.
 * @error: out: what is wrong, if something is.
 * @size: bytes of @error.
 *
 * Return: the saver; NULL, with errno set, if that failed.
 */
struct saver *saver_open(const char *path, const struct oomtrace_info *info,
			 char *error, size_t size);

/**
 * saver_add() - write a record
 *
 * Allocates nothing. Return: 0 or a negative errno.
 */
int saver_add(struct saver *s, const struct oomtrace_header *rec);

/**
 * saver_flush() - let all that was added reach the file
 * @s: the saver.
 * @sync: and the disk.
 *
 * Allocates nothing. Once a write failed, the file stays as it is, and can be
 * read up to there; all further calls fail likewise.
 *
 * Return: 0 or a negative errno.
 */
int saver_flush(struct saver *s, bool sync);

/** saver_bytes() - size of the file by now */
unsigned long long saver_bytes(const struct saver *s);

/** saver_close() - end the file; 0, or the negative errno of what failed first */
int saver_close(struct saver *s);

#endif /* OOMTRACE_SAVEFILE_H */
