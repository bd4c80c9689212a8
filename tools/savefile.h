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

#include "../include/oomtrace.h"

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

#endif /* OOMTRACE_SAVEFILE_H */
