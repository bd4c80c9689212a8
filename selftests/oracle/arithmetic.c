// SPDX-License-Identifier: GPL-2.0
/* Repeats the kernel's arithmetic on the values of a record. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "../lib/lib.h"
#include "arithmetic.h"

/* Print this many of each kind; count all. */
#define PRINTED	10

#define ENOMEM_	(-12)

void knobs_read(struct knobs *knobs)
{
	knobs->mode = sysctl_get("vm/overcommit_memory");
	knobs->ratio = sysctl_get("vm/overcommit_ratio");
	knobs->kbytes = sysctl_get("vm/overcommit_kbytes");
	knobs->admin_reserve_kbytes = sysctl_get("vm/admin_reserve_kbytes");
	knobs->user_reserve_kbytes = sysctl_get("vm/user_reserve_kbytes");
	knobs->commit_limit = meminfo("CommitLimit");
	knobs->swap_total = meminfo("SwapTotal");
	knobs->swap_varies = false;
}

static void print_record(const char *what, const struct oomtrace_commit *rec)
{
	printf("# %s: pid %d comm %.16s mode %d pages %lld cap %d ret %d committed %lld allowed %lld limit %lld admin %lld user %lld total_vm %lld ram %lld swap %lld hugetlb %lld kbytes %llu ratio %d valid %llx derived %llx\n",
	       what, rec->pid, rec->comm, rec->mode, rec->pages,
	       rec->cap_sys_admin, rec->ret, rec->committed, rec->allowed,
	       rec->limit, rec->admin_reserve, rec->user_reserve,
	       rec->total_vm, rec->totalram, rec->total_swap, rec->hugetlb,
	       rec->overcommit_kbytes, rec->overcommit_ratio, rec->h.valid,
	       rec->h.derived);
}

static void report_wrong(size_t *counter, const char *what,
			 const struct oomtrace_commit *rec)
{
	if ((*counter)++ < PRINTED)
		print_record(what, rec);
}

static long kb_per_page(void)
{
	return sysconf(_SC_PAGESIZE) / 1024;
}

/* vm_commit_limit() in mm/util.c, with its types. */
static unsigned long compute_limit(const struct oomtrace_commit *rec)
{
	unsigned long limit;

	if (rec->overcommit_kbytes)
		limit = rec->overcommit_kbytes / kb_per_page();
	else
		limit = ((unsigned long)rec->totalram - rec->hugetlb) *
			rec->overcommit_ratio / 100;
	return limit + rec->total_swap;
}

/* __vm_enough_memory() in mm/util.c: the pages that remain for this request. */
static long compute_allowed(const struct oomtrace_commit *rec)
{
	long left = compute_limit(rec);

	if (!rec->cap_sys_admin)
		left -= rec->admin_reserve;
	if (HAS(rec, commit, total_vm)) {
		long share = rec->total_vm / 32;

		left -= share < rec->user_reserve ? share : rec->user_reserve;
	}
	return left;
}

/* Does the machine have that much swap, and the limit that follows? */
static bool is_swap(const struct oomtrace_commit *rec, const struct knobs *knobs)
{
	long swap = knobs->swap_total / kb_per_page();
	long limit = knobs->commit_limit / kb_per_page();

	if (knobs->swap_varies && rec->total_swap == 0)
		return rec->limit == limit - swap;
	return rec->total_swap == swap && rec->limit == limit;
}

/* Every record has these fields in every mode, with the machine's values. */
static void check_terms(struct sums *sums, const struct oomtrace_commit *rec,
			const struct knobs *knobs)
{
	const __u64 needed = OOMTRACE_BIT(commit, ret) |
			     OOMTRACE_BIT(commit, pages) |
			     OOMTRACE_BIT(commit, mode) |
			     OOMTRACE_BIT(commit, cap_sys_admin) |
			     OOMTRACE_BIT(commit, limit) |
			     OOMTRACE_BIT(commit, admin_reserve) |
			     OOMTRACE_BIT(commit, user_reserve) |
			     OOMTRACE_BIT(commit, totalram) |
			     OOMTRACE_BIT(commit, total_swap) |
			     OOMTRACE_BIT(commit, hugetlb) |
			     OOMTRACE_BIT(commit, overcommit_kbytes) |
			     OOMTRACE_BIT(commit, overcommit_ratio);

	if ((rec->h.valid & needed) != needed)
		report_wrong(&sums->absent, "a term is absent", rec);
	if ((knobs->mode >= 0 && rec->mode != knobs->mode) ||
	    rec->overcommit_ratio != knobs->ratio ||
	    (long)rec->overcommit_kbytes != knobs->kbytes ||
	    rec->admin_reserve != knobs->admin_reserve_kbytes / kb_per_page() ||
	    rec->user_reserve != knobs->user_reserve_kbytes / kb_per_page() ||
	    !is_swap(rec, knobs))
		report_wrong(&sums->wrong_terms, "a term differs from the machine's value", rec);
	if (rec->limit != (long)compute_limit(rec))
		report_wrong(&sums->wrong_terms, "limit does not follow from its terms", rec);
}

static void check_guess(struct sums *sums, const struct oomtrace_commit *rec)
{
	unsigned long all = rec->totalram + rec->total_swap;
	int expected = (unsigned long)rec->pages > all ? ENOMEM_ : 0;

	if (!HAS(rec, commit, allowed))
		report_wrong(&sums->absent, "allowed is absent", rec);
	else if (rec->allowed != (long)all)
		report_wrong(&sums->wrong_terms, "allowed is not RAM and swap", rec);
	if (rec->ret != expected)
		report_wrong(&sums->contradictions, "mode 0", rec);
}

static void check_never(struct sums *sums, const struct oomtrace_commit *rec)
{
	int expected = rec->committed < compute_allowed(rec) ? 0 : ENOMEM_;

	if (!HAS(rec, commit, allowed) || !HAS(rec, commit, committed)) {
		report_wrong(&sums->absent, "committed or allowed is absent", rec);
		return;
	}
	if (rec->allowed != compute_allowed(rec))
		report_wrong(&sums->wrong_terms, "allowed does not follow from its terms", rec);
	if (DERIVED(rec, commit, committed)) {
		sums->derived++;
		sums->derived_contradictions += rec->ret != expected;
	} else if (rec->ret != expected) {
		report_wrong(&sums->contradictions, "mode 2", rec);
	}
}

bool sums_add(struct sums *sums, const struct oomtrace_commit *rec,
	      const struct knobs *knobs)
{
	size_t before = sums->contradictions;

	sums->n++;
	sums->refused += rec->ret != 0;
	sums->no_swap += rec->total_swap == 0;
	check_terms(sums, rec, knobs);
	/*
	 * The mode changed inside the call: the record marks it as unexplained.
	 */
	if (DERIVED(rec, commit, mode) && rec->mode != 2) {
		sums->derived++;
		return true;
	}
	switch (rec->mode) {
	case 0:
		check_guess(sums, rec);
		break;
	case 1:
		if (rec->ret)
			report_wrong(&sums->contradictions, "mode 1", rec);
		break;
	case 2:
		check_never(sums, rec);
		break;
	}
	return sums->contradictions == before;
}
