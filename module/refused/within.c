// SPDX-License-Identifier: GPL-2.0
/*
 * What fails within a system call before the call itself does, and leaves no trace that
 * can be found when the call returns: a charge to a memory cgroup, and the search for a
 * gap in the address space. Each leaves a note for its task.
 *
 * Attached only while refused calls are recorded. For handlers, with preemption off.
 */
#include <linux/gfp.h>
#include <linux/memcontrol.h>
#include <linux/page_counter.h>
#include <linux/preempt.h>

#include "commit/notes.h"
#include "compat/ptrace.h"
#include "hook/hook.h"
#include "refused/within.h"

/* ---- a charge ---- */

/**
 * struct charge - the arguments of a charge
 * @memcg: the cgroup, which its caller has pinned.
 * @gfp: flags of the allocation.
 * @pages: pages.
 */
struct charge {
	const struct mem_cgroup *memcg;
	gfp_t gfp;
	unsigned int pages;
};

const size_t oomtrace_charge_size = sizeof(struct charge);

/* try_charge_memcg(memcg, gfp_mask, nr_pages) */
int oomtrace_charge_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct charge *charge = (void *)ri->data;

	charge->memcg = (const void *)regs_get_kernel_argument(regs, 0);
	charge->gfp = (__force gfp_t)regs_get_kernel_argument(regs, 1);
	charge->pages = regs_get_kernel_argument(regs, 2);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_charge_entry);

/*
 * The cgroup whose limit the charge exceeds: this one or the next one above it. NULL if
 * none does, as with memory.memsw of version 1, or if memory was freed meanwhile.
 */
static const struct page_counter *find_full_counter(const struct charge *charge)
{
	const struct page_counter *counter;

	for (counter = &charge->memcg->memory; counter; counter = counter->parent)
		if (page_counter_read((struct page_counter *)counter) + charge->pages >
		    READ_ONCE(counter->max))
			return counter;
	return NULL;
}

/* Is there another way if this charge fails? Then it is not what fails the call. */
static bool has_other_way(const struct charge *charge)
{
	if (!(charge->gfp & __GFP_DIRECT_RECLAIM))
		return true;
	if ((charge->gfp & __GFP_NOWARN) && (charge->gfp & __GFP_NORETRY))
		return true;
	/* A huge page for user space: small ones do as well. */
	return charge->pages > 1 && (charge->gfp & __GFP_MOVABLE);
}

static noinline void note_charge(const struct charge *charge)
{
	const struct page_counter *full;

	if (has_other_way(charge))
		return;
	full = find_full_counter(charge);
	if (full)
		oomtrace_note_charge(page_counter_read((struct page_counter *)full),
				     READ_ONCE(full->max));
	else
		oomtrace_note_charge(0, 0);
}

NOKPROBE_SYMBOL(note_charge);

int oomtrace_charge_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	oomtrace_hit(OOMTRACE_HOOK_REFUSED_CHARGE);
	if (unlikely((int)regs_return_value(regs) == -ENOMEM))
		note_charge((const void *)ri->data);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_charge_return);

/* ---- a gap ---- */

/* get_unmapped_area() */
int oomtrace_no_gap_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	oomtrace_hit(OOMTRACE_HOOK_REFUSED_NO_GAP);
	if (unlikely((long)regs_return_value(regs) == -ENOMEM))
		oomtrace_note_no_gap();
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_no_gap_return);
