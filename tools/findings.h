/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of a cgroup's memory was large when it ran out, in sentences.
 */
#ifndef OOMTRACE_FINDINGS_H
#define OOMTRACE_FINDINGS_H

#include "../include/oomtrace.h"

/* Sentences kept. */
#define FINDINGS	2

/**
 * struct findings - sentences, as "26 MiB of its 32 MiB are page cache"
 * @text: the sentences, without a stop.
 * @n: number of sentences.
 */
struct findings {
	char text[FINDINGS][400];
	unsigned int n;
};

/**
 * findings_write() - write what is large in an account
 * @f: out.
 * @m: the account, or NULL; then there are no sentences.
 * @page_size: bytes of a page.
 */
void findings_write(struct findings *f, const struct oomtrace_memcg *m,
		    unsigned int page_size);

#endif /* OOMTRACE_FINDINGS_H */
