/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two accounts of the same decisions: are they the same, one for one, for each
 * task in the order in which it asked? compare.c has it; it does not know who
 * gave which account.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "oracle.h"

/**
 * struct decision - what both accounts say of one decision
 * @tgid: who asked.
 * @pid: which thread of it.
 * @order: grows from each decision of a task to its next.
 * @pages: how much was asked for.
 * @cap: whether the administrator's reserve may be used.
 * @ret: the answer.
 * @uid: who asked.
 * @has_mm: whether the request is on behalf of an address space.
 * @ret_derived: who gives this account did not see the answer, but worked it
 *	out from what is known at entry.
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
	char	comm[ORACLE_COMM_LEN];
};

/**
 * struct account - decisions and whose they are
 * @name: who tells.
 * @d: the decisions; compare() sorts them.
 * @n: how many.
 */
struct account {
	const char *name;
	struct decision *d;
	size_t n;
};

/*
 * Print the differences, the first ones whole; return how many there are. Is
 * an answer that was worked out another than the one that was seen, that is
 * printed and counted apart.
 */
size_t compare(struct account *a, struct account *b, size_t *wrongly_derived);

#endif /* COMPARE_H */
