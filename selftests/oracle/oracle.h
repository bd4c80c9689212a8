/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the oracle's BPF program tells the test that compares: one struct for
 * each decision it saw, and the numbers that say whether it saw them all.
 *
 * Shared by oracle.bpf.c and the test, and by nothing of the module: the oracle
 * must not know more of oomtrace than that it exists.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <linux/types.h>

#define ORACLE_COMM_LEN	16

/* Numbers that any of the BPF programs may keep. */
#define LOADER_COUNTS	16

/* The log's bytes; a decision takes sizeof(struct oracle_event) + 8 of them. */
#define ORACLE_LOG_BYTES	(16 << 20)

/**
 * struct oracle_event - one call of __vm_enough_memory() that returned
 * @entry_ns: CLOCK_MONOTONIC at entry.
 * @return_ns: and at return.
 * @pages: the second argument.
 * @tgid: of current.
 * @pid: of current.
 * @uid: real uid of current.
 * @cap: the third argument.
 * @ret: what was returned.
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
 * enum oracle_count - numbers the BPF program keeps
 * @ORACLE_ENTRIES: entries seen.
 * @ORACLE_RETURNS: returns seen.
 * @ORACLE_EVENTS: decisions logged.
 * @ORACLE_UNPAIRED: returns whose entry was not seen.
 * @ORACLE_STALE: entries of a task whose last return was not seen.
 * @ORACLE_NO_ROOM: entries that found no place in the table of open calls.
 * @ORACLE_LOG_FULL: decisions that found no place in the log.
 * @ORACLE_COUNTS: how many numbers there are.
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

#endif /* ORACLE_H */
