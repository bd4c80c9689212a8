/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known about the processes that the OOM killer would kill first, read
 * while they live: of a victim, the kernel's records have only the first 15 bytes
 * of the command's name.
 */
#ifndef OOMTRACE_KNOWN_H
#define OOMTRACE_KNOWN_H

#include <stdbool.h>

#include "../../common/shim.h"
#include "../../include/oomtrace.h"
#include "../cgroup_owner.h"

struct oomtrace;

#define KNOWN_TOP	20	/* processes that one look covers */
#define KNOWN_MAX	64	/* processes that are kept */
#define KNOWN_CMDLINE	256	/* bytes of a command line that are kept */

/**
 * struct known_process - one process. An empty one has the pid 0.
 * @pid: its process id.
 * @comm: its command's name when it was read.
 * @cmdline: arguments separated by spaces, printable ASCII; "" if not known.
 * @cgroup: path of its cgroup; "" if not known.
 * @start_ns: when it was started, CLOCK_BOOTTIME.
 * @read_ns: when the files of the process were read, CLOCK_MONOTONIC.
 * @seen_ns: when it last was in the ranking, CLOCK_MONOTONIC.
 */
struct known_process {
	s32 pid;
	char comm[OOMTRACE_COMM_LEN + 1];
	char cmdline[KNOWN_CMDLINE];
	char cgroup[CGROUP_PATH_MAX];
	u64 start_ns;
	u64 read_ns;
	u64 seen_ns;
};

/**
 * known_look() - look at the first processes of the module's ranking
 * @ot: an open device.
 * @now_ns: current time, CLOCK_MONOTONIC.
 *
 * Reads files of a process only if it is new here or its name has changed.
 * Allocates nothing. Does not look while tasks are stalled for want of memory:
 * reading a command line can wait for the process's memory.
 */
void known_look(struct oomtrace *ot, u64 now_ns);

/** known_add() - add a process, or replace the one that was seen longest ago */
void known_add(const struct known_process *p);

/**
 * known_find() - find a victim
 * @pid: its process id.
 * @comm: the first bytes of its name; a different name is another process.
 * @ts_ns: when it was killed, CLOCK_MONOTONIC.
 *
 * Return: NULL if it was not read before, or not seen in the minute before.
 */
const struct known_process *known_find(s32 pid, const char *comm, u64 ts_ns);

/**
 * known_record() - what is known of a victim, as a record to save
 * @rec: out.
 * @v: the victim's record.
 * @boot_offset_ns: from CLOCK_MONOTONIC to CLOCK_BOOTTIME.
 *
 * Return: false if nothing is known of it.
 */
bool known_record(struct oomtrace_process *rec, const struct oomtrace_victim *v,
		  s64 boot_offset_ns);

#endif /* OOMTRACE_KNOWN_H */
