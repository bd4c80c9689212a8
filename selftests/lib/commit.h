/* SPDX-License-Identifier: GPL-2.0 */
/* Requests for address space that are released at once, and their records. */
#ifndef SELFTESTS_COMMIT_H
#define SELFTESTS_COMMIT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib.h"

#define GUESS		0
#define ALWAYS		1
#define NEVER		2

#define TEN_GIB_PAGES	((10L << 30) / PAGE)

/* Map and unmap that many pages: 0 or errno. */
static inline int ask(long pages)
{
	void *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, pages * PAGE);
	return 0;
}

/* Have that many requests refused, each of a different size. */
static inline void deny(int times)
{
	while (times-- > 0)
		if (ask(TEN_GIB_PAGES + times) != ENOMEM)
			die("a request of 10 GiB was granted");
}

/* The last record of a process with that many pages, or NULL. */
static inline const struct oomtrace_commit *
commit_of(const struct records *recs, pid_t pid, long pages)
{
	const struct oomtrace_commit *found = NULL;
	size_t i;

	for (i = 0; i < recs->n; i++) {
		const union record *r = &recs->r[i];

		if (r->h.type == OOMTRACE_COMMIT && r->commit.pid == pid &&
		    r->commit.pages == pages)
			found = &r->commit;
	}
	return found;
}

/* The number of records of a process. */
static inline int commits_by(const struct records *recs, pid_t pid)
{
	size_t i;
	int n = 0;

	for (i = 0; i < recs->n; i++)
		n += recs->r[i].h.type == OOMTRACE_COMMIT &&
		     recs->r[i].commit.pid == pid;
	return n;
}

#endif /* SELFTESTS_COMMIT_H */
