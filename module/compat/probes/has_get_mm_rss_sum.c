// SPDX-License-Identifier: GPL-2.0
/*
 * oom_badness() uses exact rss sums, and this helper came with that change. On
 * older kernels it uses the approximate counters.
 */
#include <linux/mm.h>

unsigned long probe(struct mm_struct *mm);
unsigned long probe(struct mm_struct *mm)
{
	return get_mm_rss_sum(mm);
}
