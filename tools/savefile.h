/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The format of files of saved records, which `oomtrace record` and oomtraced
 * write.
 *
 * A file is a header that describes the origin of the records, followed by the
 * records as read from the device. It is compressed with zstd and flushed often,
 * so a truncated file is readable up to shortly before its end. Files without
 * compression or without a header are readable too.
 */
#ifndef OOMTRACE_SAVEFILE_H
#define OOMTRACE_SAVEFILE_H

#include <stddef.h>

#include "../include/oomtrace.h"
#include "identity.h"

/* No record starts with these bytes: its size would not be a multiple of 8. */
#define SAVED_MAGIC	"OOMTRACE"
#define SAVED_ENDIAN	0x01020304
#define SAVED_FORMAT	1

/**
 * struct saved_header - the start of a file
 * @magic: SAVED_MAGIC, without a NUL.
 * @endian: SAVED_ENDIAN in the byte order of the machine.
 * @size: bytes of this header, a multiple of 8; it may grow.
 * @format: SAVED_FORMAT.
 * @abi: OOMTRACE_ABI_VERSION of the records.
 * @page_size: bytes of a page.
 * @cpus: number of CPUs with rings.
 * @boot_offset_ns: from record time to CLOCK_BOOTTIME at the start of the file.
 * @wall_offset_ns: from record time to CLOCK_REALTIME at the start of the file.
 * @hooks_missing: number of hooks that were not attached.
 * @reserved: zero.
 * @release: kernel release of uname(2), NUL-terminated.
 * @version: kernel version of uname(2), truncated if too long.
 * @machine: machine of uname(2).
 * @node: host name.
 * @boot: boot id, see struct identity. This and @load are absent from files of
 *	before they existed, whose @size is SAVED_SIZE_VER1.
 * @reserved2: zero.
 * @load: number of the module's load within the boot.
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
	char boot[IDENTITY_BOOT];
	char reserved2[7];
	__u64 load;
};

/* Bytes of the header of the first version, which every file has. */
#define SAVED_SIZE_VER1	offsetof(struct saved_header, boot)

/** saved_fill_machine() - set @release to @load to those of this machine */
void saved_fill_machine(struct saved_header *h);

#endif /* OOMTRACE_SAVEFILE_H */
