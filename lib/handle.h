/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is inside a handle, for the files of the library only: where records
 * come from (reader.c, mapped.c), where it stands (seek.c), and the account of
 * them (account.c).
 */
#ifndef OOMTRACE_HANDLE_H
#define OOMTRACE_HANDLE_H

#include <stdbool.h>

#include "../common/format.h"
#include "liboomtrace.h"

/* A read of the device gives whole records, as many as fit in here. */
#define READ_SIZE	65536

/* As many rings as header.flags can name; this ABI has fewer. */
#define RING_IDS	(OOMTRACE_FLAG_RING + 1)

struct mapped;

/**
 * struct tally - the account of one ring on one CPU
 * @received: records given out.
 * @lost: records told as lost.
 * @missing: numbers that were jumped over without a word.
 * @next: number that the next record should have; 0: not known.
 */
struct tally {
	u64 received;
	u64 lost;
	u64 missing;
	u64 next;
};

/**
 * struct oomtrace - a handle
 * @name: of what is open, for messages; NULL: nothing is.
 * @fd: file descriptor, -1 if there is none; a device's is O_NONBLOCK.
 * @is_device: there may be more later.
 * @read: where bytes come from.
 * @ctx: given to @read.
 * @mapped: the mapped rings; NULL: records are read by @read.
 * @tallies: RING_IDS of them for each CPU from 0.
 * @cpus: CPUs in @tallies.
 * @error: what failed last.
 * @offset: of @buf in the stream.
 * @at: first byte of @buf not given out yet.
 * @len: bytes in @buf.
 * @buf: what was read.
 */
struct oomtrace {
	char *name;
	int fd;
	bool is_device;
	oomtrace_read_fn read;
	void *ctx;
	struct mapped *mapped;
	struct tally *tallies;
	unsigned int cpus;
	char error[256];
	u64 offset;
	size_t at;
	size_t len;
	unsigned char buf[READ_SIZE] __attribute__((aligned(8)));
};

/* What a library says that asks more of the module than this one can do. */
#define OLD_MODULE	"the module is older than this library, and too old to "

/**
 * handle_fail() - note down why something failed
 *
 * Return: -err, for a return statement.
 */
__printf(3, 4)
int handle_fail(struct oomtrace *ot, int err, const char *fmt, ...);

/** handle_fail_errno() - the same, with the C library's words for an errno */
int handle_fail_errno(struct oomtrace *ot, int err, const char *what);

/**
 * account_prepare() - see to it that a number of CPUs can be counted for
 *
 * Return: false if memory is out; nothing changed then.
 */
bool account_prepare(struct oomtrace *ot, unsigned int cpus);

/**
 * account_add() - count a record that is about to be given out
 *
 * Return: false if memory is out; nothing was counted then.
 */
bool account_add(struct oomtrace *ot, const struct oomtrace_header *rec);

/** account_moved() - the position was changed: a jump is no loss */
void account_moved(struct oomtrace *ot);

/** account_clear() - start at 0 */
void account_clear(struct oomtrace *ot);

/**
 * mapped_open() - map the rings of an open device, at their oldest records
 * @ot: the handle.
 * @cpus: CPU numbers are below this.
 * @possible: CPUs that there are.
 *
 * Return: 0 or a negative errno; -EPROTO if there are more behind @cpus.
 */
int mapped_open(struct oomtrace *ot, unsigned int cpus, unsigned int possible);

/** mapped_close() - unmap them; NULL is allowed */
void mapped_close(struct mapped *m);

/** mapped_oldest() - go to the oldest records held, and give all stacks again */
void mapped_oldest(struct mapped *m);

/** mapped_newest() - skip all that is held */
void mapped_newest(struct mapped *m);

/** mapped_seek() - go to a record, of which the module says that it is possible */
void mapped_seek(struct mapped *m, unsigned int ring, unsigned int cpu, u64 seq);

/**
 * mapped_seek_episode() - go to the first records from an episode's begin on
 *
 * Return: 0, or ENOENT if its begin is not held; nothing has changed then.
 */
int mapped_seek_episode(struct mapped *m, u64 episode);

/** mapped_next() - as oomtrace_next(), without a message */
int mapped_next(struct oomtrace *ot, const struct oomtrace_header **rec);

/**
 * mapped_arm() - have poll() wait for what comes
 *
 * Return: true if there is no need to: look again.
 */
bool mapped_arm(struct oomtrace *ot);

#endif /* OOMTRACE_HANDLE_H */
