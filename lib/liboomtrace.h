/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * liboomtrace: the reading side of oomtrace for any program.
 *
 * Opens /dev/oomtrace or saved records, gives one record after the other with
 * an exact account of what was lost, and makes text and JSON of records. What a
 * record is and what its fields mean is in oomtrace.h; oomtrace_fields.h has the
 * numbers of the fields. liboomtrace(3) tells it all in order.
 *
 * The library prints nothing and never ends the program. A function that fails
 * returns a negative errno; oomtrace_error() then has a sentence about it. A
 * handle may be used by one thread at a time; different handles, and all
 * functions without a handle, by any number at once.
 *
 * The ABI only grows: what is here keeps its meaning as long as the soname is
 * liboomtrace.so.1.
 */
#ifndef LIBOOMTRACE_H
#define LIBOOMTRACE_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
/* struct oomtrace_mark has a member whose name is a word of C++. */
#define new new_
#include "oomtrace.h"
#undef new
extern "C" {
#else
#include "oomtrace.h"
#endif

/** OOMTRACE_DEVICE - the device that oomtrace_open() opens without a path */
#define OOMTRACE_DEVICE	"/dev/oomtrace"

/** struct oomtrace - a handle: a source of records, and what was read of it */
struct oomtrace;

/**
 * enum oomtrace_open_flags - how oomtrace_open() opens
 * @OOMTRACE_OPEN_NEWEST: a device: read only what is written from now on
 * @OOMTRACE_OPEN_MAPPED: a device: read the rings' memory itself and not by
 *	read(2): the same records in the same order, at a fraction of the cost
 *
 * Neither means anything to saved records.
 */
enum oomtrace_open_flags {
	OOMTRACE_OPEN_NEWEST	= 1,
	OOMTRACE_OPEN_MAPPED	= 2,
};

/** typedef oomtrace_read_fn - as read(2), but with a negative errno */
typedef ssize_t (*oomtrace_read_fn)(void *ctx, void *buf, size_t size);

/* ---- a handle's life ---- */

/**
 * oomtrace_new() - make a handle
 *
 * Return: the handle, or NULL if memory is out.
 */
struct oomtrace *oomtrace_new(void);

/**
 * oomtrace_free() - close a handle and forget it
 * @ot: the handle; NULL is allowed.
 */
void oomtrace_free(struct oomtrace *ot);

/**
 * oomtrace_open() - open a device, or records saved as they came from one
 * @ot: a handle; what it had open before is closed.
 * @path: a device or a file (a pipe, too); NULL for OOMTRACE_DEVICE.
 * @flags: enum oomtrace_open_flags.
 *
 * A device is read from the oldest record it holds, unless @flags say
 * otherwise. One whose records this library would misread is refused.
 *
 * Return: 0 or a negative errno: -EINVAL for unknown @flags; -EPROTO if module
 * and library are of different record ABIs; -ENOTTY if it is some other device;
 * else what open(2), or mmap(2), says.
 */
int oomtrace_open(struct oomtrace *ot, const char *path, unsigned int flags);

/**
 * oomtrace_open_source() - read saved records by a function of the caller
 * @ot: as with oomtrace_open().
 * @name: what messages are to call it; copied.
 * @read: gives the next bytes, some or as many as asked for; 0 is the end. It
 *	may wait; it may fail with a negative errno.
 * @ctx: given to @read.
 *
 * For what is no file: something compressed, in memory, or on a network.
 *
 * Return: 0 or a negative errno.
 */
int oomtrace_open_source(struct oomtrace *ot, const char *name,
			 oomtrace_read_fn read, void *ctx);

/**
 * oomtrace_close() - close what is open; the handle can be used again
 * @ot: the handle. Its counts and its error stay as they are.
 */
void oomtrace_close(struct oomtrace *ot);

/**
 * oomtrace_error() - why the last call that failed did so
 * @ot: the handle; NULL is taken for one that could not be made.
 *
 * Return: a sentence without a newline; "" if nothing failed so far. It lives
 * until the next call with this handle.
 */
const char *oomtrace_error(const struct oomtrace *ot);

/* ---- reading ---- */

/**
 * oomtrace_next() - the next record
 * @ot: an open handle.
 * @rec: out: the record, whole and 8-byte aligned, with @size bytes; it is gone
 *	at the next call with this handle.
 *
 * Return: 1 if there is one; 0 at the end of saved records, or if the device
 * has none for now; a negative errno: -EBADMSG if the records are damaged or
 * end inside one (all before it were given), -EINTR if a signal came first.
 */
int oomtrace_next(struct oomtrace *ot, const struct oomtrace_header **rec);

/**
 * oomtrace_wait() - wait until oomtrace_next() is worth a call
 * @ot: an open handle.
 * @timeout_ms: at most so long; negative: without end.
 * @wake_fd: also until this descriptor can be read; -1: none.
 *
 * Return: 1 if it is (always, with saved records); 0 if the time is over or
 * @wake_fd can be read; a negative errno: -EINTR if a signal came.
 */
int oomtrace_wait(struct oomtrace *ot, int timeout_ms, int wake_fd);

/**
 * oomtrace_fd() - the descriptor, for a poll loop or ioctl of one's own
 * @ot: the handle.
 *
 * A device can be polled for EPOLLIN, but oomtrace_next() must have returned 0
 * before: records may be waiting in the handle, and with OOMTRACE_OPEN_MAPPED
 * that call also says from where on to wait.
 *
 * Return: the descriptor; it stays the handle's. -1 if there is none.
 */
int oomtrace_fd(const struct oomtrace *ot);

/**
 * oomtrace_is_device() - can there be more records later?
 * @ot: the handle.
 *
 * Return: 1 if a device is open; 0 if saved records are, or nothing.
 */
int oomtrace_is_device(const struct oomtrace *ot);

/**
 * oomtrace_oldest() - go to the oldest record held
 * @ot: a handle with a device open.
 *
 * Return: 0 or a negative errno: -ESPIPE with saved records.
 */
int oomtrace_oldest(struct oomtrace *ot);

/**
 * oomtrace_newest() - skip what is held: what is skipped is not lost
 * @ot: a handle with a device open.
 *
 * Return: 0 or a negative errno: -ESPIPE with saved records.
 */
int oomtrace_newest(struct oomtrace *ot);

/**
 * oomtrace_seek_record() - go to a record of one ring on one CPU
 * @ot: a handle with a device open.
 * @ring: enum oomtrace_ring_id.
 * @cpu: which CPU.
 * @seq: header.seq of the record that is wanted next from there, from 1 to the
 *	next one that will be written. If it is no longer held, it is lost with
 *	those behind it that are not held either, and that is told.
 *
 * The positions in the other rings and on the other CPUs stay. What was read
 * ahead of them is given first, so that the order of time holds only from there
 * on. Joined with LIBOOMTRACE_1.1.
 *
 * Return: 0 or a negative errno, and then nothing has changed: -ESPIPE with
 * saved records; -EINVAL if there is no such ring, CPU or number; -ENXIO if it is
 * not written yet; -ENOTTY if the module is too old for it.
 */
int oomtrace_seek_record(struct oomtrace *ot, unsigned int ring,
			 unsigned int cpu, unsigned long long seq);

/**
 * oomtrace_seek_episode() - go to where an OOM episode begins
 * @ot: a handle with a device open.
 * @episode: its number.
 *
 * In every ring on every CPU, to the first record that is not older than the
 * episode's begin. What is skipped is not lost. Joined with LIBOOMTRACE_1.1.
 *
 * Return: 0 or a negative errno, and then nothing has changed: -ESPIPE with
 * saved records; -ENOENT if the episode's begin is not held; -ENOTTY if the
 * module is too old for it.
 */
int oomtrace_seek_episode(struct oomtrace *ot, unsigned long long episode);

/**
 * oomtrace_get_info() - ask the module about itself
 * @ot: a handle with a device open.
 * @info: out; what this module does not know is zero.
 * @size: sizeof(*info), so that it may grow.
 *
 * Program, library and module may each be older or newer than the others.
 *
 * Return: 0 or a negative errno: -ENOTTY with saved records.
 */
int oomtrace_get_info(struct oomtrace *ot, struct oomtrace_info *info,
		      size_t size);

/* ---- the account ---- */

/**
 * oomtrace_received() - records that oomtrace_next() gave since the open
 * @ot: the handle.
 * @ring: enum oomtrace_ring_id, or -1 for all together.
 * @cpu: a CPU, or -1 for all together.
 *
 * Records made for one reader (lost, stack) do not count.
 *
 * Return: how many.
 */
unsigned long long oomtrace_received(const struct oomtrace *ot, int ring,
				     int cpu);

/**
 * oomtrace_lost() - records that this reader did not get, by the lost records
 * @ot: the handle.
 * @ring: as with oomtrace_received().
 * @cpu: likewise.
 *
 * Return: how many, exactly.
 */
unsigned long long oomtrace_lost(const struct oomtrace *ot, int ring, int cpu);

/**
 * oomtrace_missing() - records that are not there and were not told as lost
 * @ot: the handle.
 * @ring: as with oomtrace_received().
 * @cpu: likewise.
 *
 * A device never has any. In saved records it is what somebody took out: each
 * record has a number, see struct oomtrace_header.
 *
 * Return: how many.
 */
unsigned long long oomtrace_missing(const struct oomtrace *ot, int ring,
				    int cpu);

/* ---- a record's fields, by name ---- */

/*
 * All of these take any record, of any type and with any bytes behind its
 * header, if header.size bytes of it can be read. Programs in C can as well use
 * the structs of oomtrace.h, with OOMTRACE_BIT() of oomtrace_fields.h (in the
 * source: common/fields.h) for the masks.
 */

/**
 * oomtrace_type_name() - the name of a record type
 * @type: header.type.
 *
 * Return: the name, or NULL if this library does not know the type.
 */
const char *oomtrace_type_name(unsigned int type);

/**
 * oomtrace_type_number() - the type that has a name
 * @name: as in the text and the JSON. "pressure", the old name of "retry", is
 *	accepted too.
 *
 * Return: enum oomtrace_type, or 0 if there is none.
 */
unsigned int oomtrace_type_number(const char *name);

/**
 * oomtrace_field() - the name of a field
 * @type: enum oomtrace_type.
 * @n: 0, 1, 2, ...: the field's bit in the masks.
 *
 * Return: the name, or NULL behind the last one and for an unknown type.
 */
const char *oomtrace_field(unsigned int type, unsigned int n);

/**
 * oomtrace_value_name() - the name of an enumeration's value
 * @type: enum oomtrace_type.
 * @field: a field's name.
 * @value: its value.
 *
 * Return: the name; NULL if it has none: show the number then.
 */
const char *oomtrace_value_name(unsigned int type, const char *field,
				unsigned long long value);

/**
 * oomtrace_get_int() - the number in a field
 * @rec: the record.
 * @field: a field's name.
 * @n: out; cast it to unsigned long long if the field is unsigned. 0 if absent.
 *
 * Return: 1 if it is there; 2 if it is but derived, not the kernel's own number
 * of that moment; 0 if it is absent; -ENOENT if the type has no such field, or
 * it is a string.
 */
int oomtrace_get_int(const struct oomtrace_header *rec, const char *field,
		     long long *n);

/**
 * oomtrace_get_str() - the characters in a field
 * @rec: the record.
 * @field: a field's name.
 * @buf: out: as they are, any bytes but NUL, and a NUL. "" if absent.
 * @size: bytes of @buf; a longer string is cut. OOMTRACE_MAX_RECORD is enough.
 *
 * Return: as oomtrace_get_int(); -ENOENT if it is no string.
 */
int oomtrace_get_str(const struct oomtrace_header *rec, const char *field,
		     char *buf, size_t size);

/**
 * oomtrace_shortfall() - by how many pages a denied commit was too large
 * @rec: a record of any type.
 * @pages: out: the smallest number of pages less that would have been granted,
 *	all else equal.
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
 * @size: bytes of @buf; a longer line is cut. May be 0, with @buf NULL.
 *
 * Return: the length of the whole line, without the NUL, as snprintf(3).
 */
int oomtrace_text(const struct oomtrace_header *rec, char *buf, size_t size);

/**
 * oomtrace_json() - a record as a JSON object on one line
 * @rec: the record.
 * @buf: out: the object, without a newline; always UTF-8.
 * @size: bytes of @buf; a longer one is cut. May be 0, with @buf NULL.
 *
 * It has type, seq, cpu, ts_ns, the valid fields in their order, and "derived",
 * an array of the names of those that are. A string that is no UTF-8 has its
 * bytes in a second field, NAME_hex. A record of an unknown type has its size
 * in place of the fields.
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
 * oomtrace_version() - the release of the library that is in use
 *
 * Return: as "0.1".
 */
const char *oomtrace_version(void);

/**
 * oomtrace_abi() - the record ABI that it understands
 *
 * Return: OOMTRACE_ABI_VERSION when it was built.
 */
unsigned int oomtrace_abi(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBOOMTRACE_H */
