/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's sum, done again from the numbers of a record: does it give the
 * kernel's answer? arithmetic.c has it, written from the kernel's source and
 * not from the module's.
 */
#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include <stdbool.h>
#include <stddef.h>

#include "../../include/oomtrace.h"

/**
 * struct knobs - what the machine says of itself, not through oomtrace
 * @mode: vm.overcommit_memory; -1 if it does not stay the same.
 * @ratio: vm.overcommit_ratio.
 * @kbytes: vm.overcommit_kbytes.
 * @admin_reserve_kbytes: vm.admin_reserve_kbytes.
 * @user_reserve_kbytes: vm.user_reserve_kbytes.
 * @commit_limit: /proc/meminfo's CommitLimit, kilobytes.
 * @swap_total: SwapTotal, kilobytes.
 * @swap_varies: all of it comes and goes.
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
 * struct sums - what came of the records of one phase
 * @n: records looked at.
 * @refused: denials among them.
 * @no_swap: records of a machine without swap.
 * @absent: records that lack a number which the sum needs.
 * @wrong_terms: records of which a term is not what the machine says, or the
 *	terms do not make @allowed.
 * @contradictions: records whose terms, all of them the kernel's own, give
 *	another answer than the kernel did.
 * @derived: records that say that @committed is not surely what was compared.
 * @derived_contradictions: of those, how many give another answer.
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
/* Add a record, print what is wrong with it; false if it contradicts itself. */
bool sums_add(struct sums *sums, const struct oomtrace_commit *rec,
	      const struct knobs *knobs);

#endif /* ARITHMETIC_H */
