/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Has a function of the running kernel the prototype that our handlers were
 * written for (prototype.c)?
 */
#ifndef OOMTRACE_PROTOTYPE_H
#define OOMTRACE_PROTOTYPE_H

#include <linux/types.h>

/* What a comparison found. */
enum oomtrace_prototype_state {
	/* The kernel does not say: no BTF, or not this function. */
	OOMTRACE_PROTOTYPE_UNCHECKED,
	OOMTRACE_PROTOTYPE_SAME,
	OOMTRACE_PROTOTYPE_DIFFERENT,
};

/* The longest prototype that is told apart; the rest of it is cut off. */
#define OOMTRACE_PROTOTYPE_LEN	160

/**
 * struct oomtrace_prototype - a function's prototype, expected and found
 * @expected: what the handlers expect, in C, without const: "int f(void)". A
 *	space stands before the function's name or a star.
 * @state: what the comparison found.
 * @name: the function's, in the first of the texts that were expected.
 * @name_len: its length.
 * @found: the running kernel's prototype, written in the same way.
 */
struct oomtrace_prototype {
	const char *expected;
	enum oomtrace_prototype_state state;
	/* private: */
	const char *name;
	size_t name_len;
	/* public: */
	char found[OOMTRACE_PROTOTYPE_LEN];
};

int oomtrace_prototypes_check(struct oomtrace_prototype * const *list,
			      unsigned int nr);

#endif /* OOMTRACE_PROTOTYPE_H */
