/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/hugetlb.h for all supported configurations. Without CONFIG_HUGETLB_PAGE
 * there is no size of huge pages, and these functions are never called.
 */
#ifndef OOMTRACE_COMPAT_HUGETLB_H
#define OOMTRACE_COMPAT_HUGETLB_H

#include <linux/hugetlb.h>

/* Number of huge pages of a size, used or not. */
static inline const unsigned long *oomtrace_hstate_nr(const struct hstate *h)
{
#ifdef CONFIG_HUGETLB_PAGE
	return &h->nr_huge_pages;
#else
	return NULL;
#endif
}

/* Number of unused huge pages of a size. */
static inline unsigned long oomtrace_hstate_free(const struct hstate *h)
{
#ifdef CONFIG_HUGETLB_PAGE
	return READ_ONCE(h->free_huge_pages);
#else
	return 0;
#endif
}

/* Unused huge pages of a size that are promised to mappings. */
static inline unsigned long oomtrace_hstate_reserved(const struct hstate *h)
{
#ifdef CONFIG_HUGETLB_PAGE
	return READ_ONCE(h->resv_huge_pages);
#else
	return 0;
#endif
}

/* Huge pages of a size that the kernel may still add to the pool. */
static inline unsigned long oomtrace_hstate_surplus_left(const struct hstate *h)
{
#ifdef CONFIG_HUGETLB_PAGE
	unsigned long most = READ_ONCE(h->nr_overcommit_huge_pages);
	unsigned long now = READ_ONCE(h->surplus_huge_pages);

	return most > now ? most - now : 0;
#else
	return 0;
#endif
}

#endif /* OOMTRACE_COMPAT_HUGETLB_H */
