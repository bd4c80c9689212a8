/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks of the account of a cgroup that was out of memory, against the kernel's
 * log of the same OOM. For tests of the kselftest harness.
 */
#ifndef SELFTESTS_MEMCG_CHECK_H
#define SELFTESTS_MEMCG_CHECK_H

#include <string.h>

#include "lib.h"
#include "scene.h"
#include "test.h"

/* The numbers of memory.stat, by their names there. */
#define MEMCG_NUMBERS(N)						\
	N(anon) N(file) N(kernel) N(kernel_stack) N(pagetables)		\
	N(sec_pagetables) N(percpu) N(sock) N(vmalloc) N(shmem) N(zswap) \
	N(zswapped) N(file_mapped) N(file_dirty) N(file_writeback)	\
	N(swapcached) N(anon_thp) N(file_thp) N(shmem_thp)		\
	N(inactive_anon) N(active_anon) N(inactive_file) N(active_file)	\
	N(unevictable) N(slab_reclaimable) N(slab_unreclaimable)

/* The account of an episode; the test fails unless there is exactly one. */
static const struct oomtrace_memcg *
memcg_account(struct __test_metadata *_metadata, const struct scene *s,
	      unsigned long long episode)
{
	const struct oomtrace_memcg *found = NULL;
	size_t i, n = 0;

	for (i = 0; i < s->recs.n; i++) {
		if (s->recs.r[i].h.type != OOMTRACE_MEMCG ||
		    s->recs.r[i].memcg.episode != episode)
			continue;
		found = &s->recs.r[i].memcg;
		n++;
	}
	EXPECT_EQ(1, n) TH_LOG("episode %llu", episode);
	return n == 1 ? found : NULL;
}

/* Does the kernel's BTF, which tells where the numbers are, exist? */
static inline bool memcg_numbers_known(void)
{
	return !access("/sys/kernel/btf/vmlinux", F_OK);
}

/* A number of the kernel's statistics in its log: bytes, or -1 without it. */
static inline long long memcg_number_in_log(const char *stats, const char *name)
{
	const char *at = stats;
	size_t len = strlen(name);

	/* 6.1 prints all lines in one message, in which a newline is "\x0a". */
	while ((at = strstr(at, name))) {
		bool starts = at[-1] == '\n' || at[-1] == ':' ||
			      (at - stats >= 4 && !strncmp(at - 4, "\\x0a", 4));

		if (starts && at[len] == ' ')
			return atoll(at + len + 1);
		at++;
	}
	return -1;
}

/*
 * Compare with the log, which has this one OOM's statistics. Returns the number of
 * numbers that both have.
 */
static inline unsigned int
memcg_check_log(struct __test_metadata *_metadata, const struct oomtrace_memcg *m,
		const char *log)
{
	const char *stats = strstr(log, "Memory cgroup stats for ");
	unsigned int n = 0;
	long long bytes;

	EXPECT_NE(NULL, stats) TH_LOG("%s", log);
	if (!stats)
		return 0;
	EXPECT_EQ(0, m->h.derived);
#define COMPARE(name)							\
	bytes = memcg_number_in_log(stats, #name);			\
	if (bytes >= 0 && HAS(m, memcg, name)) {			\
		EXPECT_EQ(bytes, m->name) TH_LOG(#name);		\
		n++;							\
	}
	MEMCG_NUMBERS(COMPARE)
#undef COMPARE
	return n;
}

#endif /* SELFTESTS_MEMCG_CHECK_H */
