/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * liboomtrace reads the records of the oomtrace kernel module.
 *
 * It opens /dev/oomtrace or saved records, returns one record at a time, counts
 * lost records exactly, and formats records as text and JSON. oomtrace.h defines
 * the records and their fields; oomtrace_fields.h has the numbers of the fields.
 * liboomtrace(3) is an introduction.
 *
 * The library never prints or exits. A function that fails returns a negative
 * errno and oomtrace_error() explains it. One thread at a time may use a handle.
 * Any number of threads may use different handles, or functions without one.
 *
 * The ABI only grows: nothing changes its meaning while the soname is
 * liboomtrace.so.1.
 */
#ifndef LIBOOMTRACE_H
#define LIBOOMTRACE_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
/* struct oomtrace_mark has a member whose name is a keyword of C++. */
#define new new_
#include "oomtrace.h"
#undef new
extern "C" {
#else
#include "oomtrace.h"
#endif

/** OOMTRACE_DEVICE - the device that oomtrace_open() opens if its path is NULL */
#define OOMTRACE_DEVICE	"/dev/oomtrace"

/** struct oomtrace - a handle: a source of records and a position in it */
struct oomtrace;

/**
 * enum oomtrace_open_flags - flags of oomtrace_open()
 * @OOMTRACE_OPEN_NEWEST: read only records that are written from now on
 * @OOMTRACE_OPEN_MAPPED: map the rings instead of using read(2): the same
 *	records in the same order at a fraction of the cost
 *
 * Both apply to a device only and have no effect on saved records.
 */
enum oomtrace_open_flags {
	OOMTRACE_OPEN_NEWEST	= 1,
	OOMTRACE_OPEN_MAPPED	= 2,
};

/** typedef oomtrace_read_fn - like read(2), but returns a negative errno */
typedef ssize_t (*oomtrace_read_fn)(void *ctx, void *buf, size_t size);

/* ---- handles ---- */

/**
 * oomtrace_new() - allocate a handle
 *
 * Return: the handle, or NULL if memory is out.
 */
struct oomtrace *oomtrace_new(void);

/**
 * oomtrace_free() - close and free a handle
 * @ot: the handle; NULL is allowed.
 */
void oomtrace_free(struct oomtrace *ot);

/**
 * oomtrace_open() - open a device, or records saved from one
 * @ot: a handle; closed first if it is open.
 * @path: a device, a file or a pipe; NULL for OOMTRACE_DEVICE.
 * @flags: enum oomtrace_open_flags.
 *
 * A device is read from its oldest buffered record, unless @flags say otherwise.
 *
 * Return: 0 or a negative errno: -EINVAL for unknown @flags; -EPROTO if module
 * and library have different record ABIs; -ENOTTY if it is some other device;
 * else the error of open(2) or mmap(2).
 */
int oomtrace_open(struct oomtrace *ot, const char *path, unsigned int flags);

/**
 * oomtrace_open_source() - read saved records through a callback
 * @ot: as with oomtrace_open().
 * @name: name of the source in messages; copied.
 * @read: returns the next bytes, at least one, or 0 at the end, or a negative
 *	errno. It may block.
 * @ctx: passed to @read.
 *
 * For a source that is no file: compressed data, memory or a network.
 *
 * Return: 0 or a negative errno.
 */
int oomtrace_open_source(struct oomtrace *ot, const char *name,
			 oomtrace_read_fn read, void *ctx);

/**
 * oomtrace_close() - close the source; the handle can be opened again
 * @ot: the handle. It keeps its counts and its error.
 */
void oomtrace_close(struct oomtrace *ot);

/**
 * oomtrace_error() - the message of the last failure
 * @ot: the handle; NULL if oomtrace_new() failed.
 *
 * Return: a sentence without a newline; "" if nothing failed so far. It is valid
 * until the next call with this handle.
 */
const char *oomtrace_error(const struct oomtrace *ot);

/* ---- reading ---- */

/**
 * oomtrace_next() - the next record
 * @ot: an open handle.
 * @rec: out: the whole record, 8-byte aligned, of header.size bytes; valid until
 *	the next call with this handle.
 *
 * Return: 1 if there is a record; 0 at the end of saved records, or if the device
 * has none now; a negative errno: -EBADMSG if the records are damaged or end
 * inside a record, after all complete ones; -EINTR if a signal arrived first.
 */
int oomtrace_next(struct oomtrace *ot, const struct oomtrace_header **rec);

/**
 * oomtrace_wait() - wait for a record
 * @ot: an open handle.
 * @timeout_ms: timeout in milliseconds; negative for none.
 * @wake_fd: stop waiting when this descriptor is readable; -1 for none.
 *
 * Return: 1 if oomtrace_next() may have a record, which is always so with saved
 * records; 0 after the timeout or if @wake_fd is readable; a negative errno:
 * -EINTR if a signal arrived.
 */
int oomtrace_wait(struct oomtrace *ot, int timeout_ms, int wake_fd);

/**
 * oomtrace_fd() - the descriptor, for the caller's poll loop or ioctl
 * @ot: the handle.
 *
 * A device can be polled for EPOLLIN after oomtrace_next() has returned 0, not
 * before: the handle may still have records, and with OOMTRACE_OPEN_MAPPED that
 * call also sets the position from which poll() waits.
 *
 * Return: the descriptor, which the handle owns; -1 if there is none.
 */
int oomtrace_fd(const struct oomtrace *ot);

/**
 * oomtrace_is_device() - test if a device is open, so more records may come
 * @ot: the handle.
 *
 * Return: 1 if a device is open; 0 with saved records or if nothing is open.
 */
int oomtrace_is_device(const struct oomtrace *ot);

/**
 * oomtrace_oldest() - go to the oldest buffered record
 * @ot: a handle with a device open.
 *
 * Return: 0 or a negative errno: -ESPIPE with saved records.
 */
int oomtrace_oldest(struct oomtrace *ot);

/**
 * oomtrace_newest() - skip all buffered records, without counting them as lost
 * @ot: a handle with a device open.
 *
 * Return: 0 or a negative errno: -ESPIPE with saved records.
 */
int oomtrace_newest(struct oomtrace *ot);

/**
 * oomtrace_seek_record() - go to a record of one ring on one CPU
 * @ot: a handle with a device open.
 * @ring: enum oomtrace_ring_id.
 * @cpu: the CPU.
 * @seq: header.seq of the record to read next, from 1 to the number of the next
 *	record to be written. If records from there on were overwritten, a lost
 *	record reports them first.
 *
 * The positions in the other rings and on the other CPUs do not change. Their
 * records that were read ahead come first, so records are in order of time only
 * after them. Since LIBOOMTRACE_1.1.
 *
 * Return: 0, or a negative errno with nothing changed: -ESPIPE with saved
 * records; -EINVAL if there is no such ring, CPU or number; -ENXIO if the record
 * is not written yet; -ENOTTY if the module does not support it.
 */
int oomtrace_seek_record(struct oomtrace *ot, unsigned int ring,
			 unsigned int cpu, unsigned long long seq);

/**
 * oomtrace_seek_episode() - go to where an OOM episode begins
 * @ot: a handle with a device open.
 * @episode: its number.
 *
 * Moves, in every ring on every CPU, to the first record that is not older than
 * the episode's begin. Skipped records do not count as lost. Since
 * LIBOOMTRACE_1.1.
 *
 * Return: 0, or a negative errno with nothing changed: -ESPIPE with saved
 * records; -ENOENT if the episode's begin is not buffered; -ENOTTY if the module
 * does not support it.
 */
int oomtrace_seek_episode(struct oomtrace *ot, unsigned long long episode);

/**
 * oomtrace_get_info() - version, geometry and state of the module
 * @ot: a handle with a device open.
 * @info: out; members that the module does not know are zero.
 * @size: sizeof(*info), since the struct may grow.
 *
 * Program, library and module may be of different versions.
 *
 * Return: 0 or a negative errno: -ENOTTY with saved records.
 */
int oomtrace_get_info(struct oomtrace *ot, struct oomtrace_info *info,
		      size_t size);

/* ---- counts ---- */

/**
 * oomtrace_received() - number of records returned since the open
 * @ot: the handle.
 * @ring: enum oomtrace_ring_id, or -1 for all rings.
 * @cpu: a CPU, or -1 for all CPUs.
 *
 * Records composed for one reader (lost, stack) do not count.
 *
 * Return: the number of records.
 */
unsigned long long oomtrace_received(const struct oomtrace *ot, int ring,
				     int cpu);

/**
 * oomtrace_lost() - number of records overwritten before they were read
 * @ot: the handle.
 * @ring: enum oomtrace_ring_id, or -1 for all rings.
 * @cpu: a CPU, or -1 for all CPUs.
 *
 * Return: the exact number, as the sum over the lost records.
 */
unsigned long long oomtrace_lost(const struct oomtrace *ot, int ring, int cpu);

/**
 * oomtrace_missing() - number of records neither received nor reported as lost
 * @ot: the handle.
 * @ring: enum oomtrace_ring_id, or -1 for all rings.
 * @cpu: a CPU, or -1 for all CPUs.
 *
 * Always 0 with a device. With saved records it counts the records that were
 * removed from them, by the numbers in struct oomtrace_header.
 *
 * Return: the number of records.
 */
unsigned long long oomtrace_missing(const struct oomtrace *ot, int ring,
				    int cpu);

/* ---- a record's fields, by name ---- */

/*
 * These functions accept a record of any type and with any contents, if
 * header.size bytes are readable. C programs may also use the structs of
 * oomtrace.h, with OOMTRACE_BIT() of oomtrace_fields.h for the masks.
 */

/**
 * oomtrace_type_name() - the name of a record type
 * @type: header.type.
 *
 * Return: the name, or NULL if this library does not know the type.
 */
const char *oomtrace_type_name(unsigned int type);

/**
 * oomtrace_type_number() - the record type of a name
 * @name: as in text and JSON. "pressure", the old name of "retry", is accepted.
 *
 * Return: enum oomtrace_type, or 0 if there is none.
 */
unsigned int oomtrace_type_number(const char *name);

/**
 * oomtrace_field() - the name of a field
 * @type: enum oomtrace_type.
 * @n: 0, 1, 2, ...: the field's bit in the masks.
 *
 * Return: the name, or NULL if @n is past the last field or the type is unknown.
 */
const char *oomtrace_field(unsigned int type, unsigned int n);

/**
 * oomtrace_value_name() - the name of an enumeration's value
 * @type: enum oomtrace_type.
 * @field: a field's name.
 * @value: its value.
 *
 * Return: the name, or NULL if the value has none.
 */
const char *oomtrace_value_name(unsigned int type, const char *field,
				unsigned long long value);

/**
 * oomtrace_get_int() - the number in a field
 * @rec: the record.
 * @field: a field's name.
 * @n: out; cast it to unsigned long long if the field is unsigned. 0 if absent.
 *
 * Return: 1 if the field is valid; 2 if it is derived: computed, or read before
 * or after the kernel used it; 0 if it is absent; -ENOENT if the type has no such
 * field, or the field is a string.
 */
int oomtrace_get_int(const struct oomtrace_header *rec, const char *field,
		     long long *n);

/**
 * oomtrace_get_str() - the characters in a field
 * @rec: the record.
 * @field: a field's name.
 * @buf: out: unescaped, any bytes but NUL, and a NUL. "" if absent.
 * @size: bytes of @buf; a longer string is truncated. OOMTRACE_MAX_RECORD is
 *	always enough.
 *
 * Return: as oomtrace_get_int(); -ENOENT if the field is no string.
 */
int oomtrace_get_str(const struct oomtrace_header *rec, const char *field,
		     char *buf, size_t size);

/**
 * oomtrace_shortfall() - by how many pages a denied commit was too large
 * @rec: a record of any type.
 * @pages: out: the smallest reduction, in pages, with which the request would
 *	have been granted.
 *
 * Return: 1 if @pages is known, 2 if it comes from a derived field, 0 if the
 * record is no denial or its numbers do not explain it.
 */
int oomtrace_shortfall(const struct oomtrace_header *rec,
		       unsigned long long *pages);

/* ---- a record as text and as JSON ---- */

/**
 * oomtrace_text() - a record as one line of text, as in the trace file
 * @rec: the record.
 * @buf: out: the line, without a newline.
 * @size: bytes of @buf; a longer line is truncated. May be 0, with @buf NULL.
 *
 * Return: the length of the whole line, without the NUL, as snprintf(3).
 */
int oomtrace_text(const struct oomtrace_header *rec, char *buf, size_t size);

/**
 * oomtrace_json() - a record as a JSON object on one line
 * @rec: the record.
 * @buf: out: the object, without a newline; always UTF-8.
 * @size: bytes of @buf; a longer object is truncated. May be 0, with @buf NULL.
 *
 * The object has type, seq, cpu, ts_ns, the valid fields in their order, and
 * "derived", an array of the names of the derived fields. For a string that is
 * not UTF-8, a second field NAME_hex has its bytes. A record of an unknown type
 * has its size instead of fields.
 *
 * Return: the length of the whole object, without the NUL, as snprintf(3).
 */
int oomtrace_json(const struct oomtrace_header *rec, char *buf, size_t size);

/**
 * oomtrace_print_text() - write a record as a line of text
 * @rec: the record.
 * @to: where to; it is not flushed.
 *
 * Return: 0, or a negative errno if the stream has an error.
 */
int oomtrace_print_text(const struct oomtrace_header *rec, FILE *to);

/**
 * oomtrace_print_json() - write a record as a line of JSON
 * @rec: the record.
 * @to: where to; it is not flushed.
 *
 * Return: 0, or a negative errno if the stream has an error.
 */
int oomtrace_print_json(const struct oomtrace_header *rec, FILE *to);

/* ---- the library itself ---- */

/**
 * oomtrace_version() - the version of the library in use
 *
 * Return: for example "0.1".
 */
const char *oomtrace_version(void);

/**
 * oomtrace_abi() - the record ABI that the library supports
 *
 * Return: OOMTRACE_ABI_VERSION of its build.
 */
unsigned int oomtrace_abi(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBOOMTRACE_H */
