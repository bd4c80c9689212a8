/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a function of the running kernel has the prototype that its handler
 * expects.
 */
#ifndef OOMTRACE_PROTOTYPE_H
#define OOMTRACE_PROTOTYPE_H

#include <linux/types.h>

/* What a comparison found. */
enum oomtrace_prototype_state {
	/* The kernel has no BTF, or its BTF lacks the function. */
	OOMTRACE_PROTOTYPE_UNCHECKED,
	OOMTRACE_PROTOTYPE_SAME,
	OOMTRACE_PROTOTYPE_DIFFERENT,
};

/* Size of a prototype's buffer; a longer prototype is cut off. */
#define OOMTRACE_PROTOTYPE_LEN	160

/**
 * struct oomtrace_prototype - a function's prototype, expected and found
 * @expected: the prototype that the handlers expect, in C without const: "int
 *	f(void)", "struct page *f(void)".
 * @state: result of the comparison.
 * @name: the function's name, within @expected as the module defines it.
 * @name_len: length of @name, bytes.
 * @found: the running kernel's prototype in the same form; empty if unknown.
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
