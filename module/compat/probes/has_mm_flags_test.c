// SPDX-License-Identifier: GPL-2.0
/* An mm's flags are an opaque bitmap with accessors. */
#include <linux/mm.h>
#include <linux/oom.h>

bool probe(struct mm_struct *mm);
bool probe(struct mm_struct *mm)
{
	return mm_flags_test(MMF_OOM_SKIP, mm);
}
