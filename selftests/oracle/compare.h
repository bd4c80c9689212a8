/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compares two accounts of the same decisions one for one, in the order of each
 * task's requests. Knows nothing of where the accounts come from.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

/**
 * struct decision - one decision, as in both accounts
 * @tgid: process that made the request.
 * @pid: its thread.
 * @order: rises with each decision of a task.
 * @pages: size of the request.
 * @cap: 1 if the admin reserve may be used.
 * @ret: the kernel's answer.
 * @uid: user of the process.
 * @has_mm: 1 if the request is for an address space.
 * @ret_derived: @ret was derived at entry, not observed.
 * @switching: the overcommit mode was switched again and again in this phase.
 * @settled: how many of these switches had ended when the call began.
 * @begun: how many had begun when it ended.
 * @comm: the name of the task.
 */
struct decision {
	__s32	tgid;
	__s32	pid;
	__u64	order;
	__s64	pages;
	__s32	cap;
	__s32	ret;
	__u32	uid;
	__u32	has_mm;
	bool	ret_derived;
	bool	switching;
	size_t	settled;
	size_t	begun;
	char	comm[ORACLE_COMM_LEN];
};

/**
 * struct account - decisions from one source
 * @name: name of the source.
 * @d: the decisions; compare() sorts them.
 * @n: number of decisions.
 */
struct account {
	const char *name;
	struct decision *d;
	size_t n;
};

/**
 * struct answers - decisions that both accounts have with different answers
 * @derived: one of the answers was derived at entry.
 * @across: the mode was switched during the call.
 * @apart: it was switched, but not during the call.
 */
struct answers {
	size_t derived;
	size_t across;
	size_t apart;
};

/*
 * Print the first differences in full; return their number. Those that
 * struct answers describes are printed and counted there instead.
 */
size_t compare(struct account *a, struct account *b, struct answers *differing);

#endif /* COMPARE_H */
