/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Repeats the kernel's arithmetic on the values of a record: does it give the
 * kernel's answer? It is written from the kernel's source, not the module's.
 */
#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include <stdbool.h>
#include <stddef.h>

#include "../../include/oomtrace.h"

/**
 * struct knobs - the machine's own values, read without oomtrace
 * @mode: vm.overcommit_memory; -1 if it changes.
 * @ratio: vm.overcommit_ratio.
 * @kbytes: vm.overcommit_kbytes.
 * @admin_reserve_kbytes: vm.admin_reserve_kbytes.
 * @user_reserve_kbytes: vm.user_reserve_kbytes.
 * @commit_limit: CommitLimit of /proc/meminfo, kB.
 * @swap_total: SwapTotal of /proc/meminfo, kB.
 * @swap_varies: swap is switched off and on.
 */
struct knobs {
	long mode;
	long ratio;
	long kbytes;
	long admin_reserve_kbytes;
	long user_reserve_kbytes;
	long commit_limit;
	long swap_total;
	bool swap_varies;
};

/**
 * struct sums - the results for the records of one phase
 * @n: records checked.
 * @refused: denials among them.
 * @no_swap: records of a machine without swap.
 * @absent: records that lack a needed term.
 * @wrong_terms: records with a term that differs from the machine's value, or
 *	whose terms do not give @allowed.
 * @contradictions: records without a derived term whose terms give another
 *	answer than the kernel's.
 * @derived: records that mark @committed as derived.
 * @derived_contradictions: those whose terms give another answer.
 */
struct sums {
	size_t n;
	size_t refused;
	size_t no_swap;
	size_t absent;
	size_t wrong_terms;
	size_t contradictions;
	size_t derived;
	size_t derived_contradictions;
};

void knobs_read(struct knobs *knobs);
/* Add a record and print its errors; false if it contradicts itself. */
bool sums_add(struct sums *sums, const struct oomtrace_commit *rec,
	      const struct knobs *knobs);

#endif /* ARITHMETIC_H */
