/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface between the oracle's BPF program and the test that compares: a
 * struct for each decision, and counts that show whether the log is complete.
 *
 * The module shares nothing of this: the oracle must stay independent of it.
 */
#ifndef ORACLE_EVENT_H
#define ORACLE_EVENT_H

#include <linux/types.h>

#define ORACLE_COMM_LEN	16

/* The number of counts that a BPF program may keep. */
#define LOADER_COUNTS	16

/* Bytes; a decision takes sizeof(struct oracle_event) + 8 of them. */
#define ORACLE_LOG_BYTES	(16 << 20)

/**
 * struct oracle_event - one call of __vm_enough_memory() that returned
 * @entry_ns: CLOCK_MONOTONIC at entry.
 * @return_ns: CLOCK_MONOTONIC at return.
 * @pages: the second argument.
 * @tgid: of current.
 * @pid: of current.
 * @uid: real uid of current.
 * @cap: the third argument.
 * @ret: return value.
 * @has_mm: the first argument was not NULL.
 * @comm: of current, at return.
 */
struct oracle_event {
	__u64	entry_ns;
	__u64	return_ns;
	__s64	pages;
	__s32	tgid;
	__s32	pid;
	__u32	uid;
	__s32	cap;
	__s32	ret;
	__u32	has_mm;
	char	comm[ORACLE_COMM_LEN];
};

/**
 * enum oracle_count - counts of the BPF program
 * @ORACLE_ENTRIES: entries seen.
 * @ORACLE_RETURNS: returns seen.
 * @ORACLE_EVENTS: decisions logged.
 * @ORACLE_UNPAIRED: returns whose entry was not seen.
 * @ORACLE_STALE: entries of a task whose previous return was not seen.
 * @ORACLE_NO_ROOM: entries for which the table of open calls was full.
 * @ORACLE_LOG_FULL: decisions for which the log was full.
 * @ORACLE_COUNTS: number of counts.
 */
enum oracle_count {
	ORACLE_ENTRIES,
	ORACLE_RETURNS,
	ORACLE_EVENTS,
	ORACLE_UNPAIRED,
	ORACLE_STALE,
	ORACLE_NO_ROOM,
	ORACLE_LOG_FULL,
	ORACLE_COUNTS,
};

#endif /* ORACLE_EVENT_H */
