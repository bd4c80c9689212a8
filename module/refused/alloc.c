// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations of the kernel that fail without an OOM: of contiguous pages, of pages in
 * an interrupt, by vmalloc(). The program sees ENOMEM, ENOBUFS, a dropped packet, or
 * nothing at all if the kernel has another way.
 *
 * The hook is at the entry of warn_alloc(), which the kernel calls for each of them
 * after it has tried all that it may. That function prints at most one message in ten
 * seconds, and none with __GFP_NOWARN; the hook sees all calls. All are counted.
 *
 * With __GFP_NOWARN a failure is normal: the caller mostly has another way, and a
 * fragmented machine may have thousands in a second. So those have records only if the
 * user asked for all refusals. The records go to the ring of commit decisions, a few in
 * a second: no number of failures displaces a record of an OOM.
 *
 * The handler runs in any context but NMI, with preemption off. It takes no lock.
 */
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/vmstat.h>

#include "commit/notes.h"
#include "common/fields.h"
#include "hook/hook.h"
#include "rate.h"
#include "refused/alloc.h"
#include "ring/ring.h"
#include "ring/stacks.h"
#include "task.h"

/* The most records per CPU and second, with and without __GFP_NOWARN each. */
#define RECORDS_PER_SECOND	10

/**
 * struct alloc_count - what one CPU has counted since load, of one kind of caller
 * @rate: its records.
 * @left_out: failures without a record since the last record.
 * @n: failures by enum oomtrace_alloc_kind.
 * @recorded: records by enum oomtrace_alloc_kind.
 *
 * An interrupt may fail to allocate while the handler runs for the task below it.
 */
struct alloc_count {
	struct oomtrace_rate rate;
	u32 left_out;
	u64 n[OOMTRACE_ALLOC_KINDS];
	u64 recorded[OOMTRACE_ALLOC_KINDS];
};

/* [1]: with __GFP_NOWARN. */
static DEFINE_PER_CPU(struct alloc_count[2], alloc_counts);

/**
 * struct failure - which allocation failed
 * @kind: enum oomtrace_alloc_kind.
 * @context: enum oomtrace_context.
 * @order: of PAGES: 2^order pages.
 * @bytes: of VMALLOC: the size; 0: not known.
 */
struct failure {
	u8 kind;
	u8 context;
	u8 order;
	u64 bytes;
};

#define PAGES_FAILED	"page allocation failure: order:%u"

/* The kernel's words about vmalloc() that begin with the size. */
static const char * const vmalloc_sizes[] = {
	"vmalloc error: size %lu",
	"vmalloc: allocation failure: %lu bytes",
};

/*
 * A probe that is a breakpoint counts as an interrupt that cannot be masked. No
 * allocation is made in another one of those, so that one is not meant.
 */
static u8 find_context(void)
{
	unsigned int own = in_nmi() ? NMI_OFFSET + HARDIRQ_OFFSET : 0;

	if ((preempt_count() - own) & HARDIRQ_MASK)
		return OOMTRACE_CONTEXT_HARDIRQ;
	return in_serving_softirq() ? OOMTRACE_CONTEXT_SOFTIRQ : OOMTRACE_CONTEXT_TASK;
}

/* @fmt: the kernel's message; @arg: the first argument that it prints. */
static void read_failure(struct failure *f, const char *fmt, unsigned long arg)
{
	unsigned int i;

	*f = (struct failure){
		.kind = OOMTRACE_ALLOC_OTHER,
		.context = find_context(),
	};
	if (!strcmp(fmt, PAGES_FAILED)) {
		f->kind = OOMTRACE_ALLOC_PAGES;
		/* An int: the upper half of the register has no meaning. */
		f->order = (u32)arg;
	} else if (strstarts(fmt, "vmalloc")) {
		f->kind = OOMTRACE_ALLOC_VMALLOC;
		for (i = 0; i < ARRAY_SIZE(vmalloc_sizes); i++)
			if (strstarts(fmt, vmalloc_sizes[i]))
				f->bytes = arg;
	}
}

/* ---- the record ---- */

#define OF_TASK (OOMTRACE_BIT(alloc_failure, pid) |		\
		 OOMTRACE_BIT(alloc_failure, tgid) |		\
		 OOMTRACE_BIT(alloc_failure, comm) |		\
		 OOMTRACE_BIT(alloc_failure, uid) |		\
		 OOMTRACE_BIT(alloc_failure, cgroup_id) |	\
		 OOMTRACE_BIT(alloc_failure, oom_victim))

static void fill_alloc_task(struct oomtrace_alloc_failure *rec)
{
	if (rec->context != OOMTRACE_CONTEXT_TASK) {
		rec->h.valid &= ~OF_TASK;
		return;
	}
	rec->pid = current->pid;
	rec->tgid = current->tgid;
	rec->uid = oomtrace_uid_rcu(current);
	oomtrace_comm(rec->comm, current);
	rec->cgroup_id = oomtrace_memcg_id(current);
	rec->oom_victim = tsk_is_oom_victim(current);
}

/* Name the flags as the kernel's own message does; absent if too long. */
static void fill_alloc_gfp(struct oomtrace_alloc_failure *rec, gfp_t gfp)
{
	int n = snprintf(rec->gfp_names, sizeof(rec->gfp_names), "%pGg", &gfp);

	rec->gfp = (__force u32)gfp;
	if (n < sizeof(rec->gfp_names))
		return;
	memset(rec->gfp_names, 0, sizeof(rec->gfp_names));
	rec->h.valid &= ~OOMTRACE_BIT(alloc_failure, gfp_names);
}

static void fill_alloc(struct oomtrace_alloc_failure *rec, const struct failure *f,
		       gfp_t gfp)
{
	rec->kind = f->kind;
	rec->order = f->order;
	rec->bytes = f->bytes;
	rec->context = f->context;
	rec->no_warn = !!(gfp & __GFP_NOWARN);
	rec->free = global_zone_page_state(NR_FREE_PAGES);
	fill_alloc_task(rec);
	fill_alloc_gfp(rec, gfp);
	rec->stack = oomtrace_stack_save_alloc();
	if (f->kind != OOMTRACE_ALLOC_PAGES)
		rec->h.valid &= ~OOMTRACE_BIT(alloc_failure, order);
	if (!f->bytes)
		rec->h.valid &= ~OOMTRACE_BIT(alloc_failure, bytes);
	if (!rec->stack)
		rec->h.valid &= ~OOMTRACE_BIT(alloc_failure, stack);
}

/* Returns the record's number, or 0 if there is none. */
static noinline u64 record_alloc(const struct failure *f, gfp_t gfp)
{
	struct alloc_count *count = this_cpu_ptr(&alloc_counts[!!(gfp & __GFP_NOWARN)]);
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_COMMIT];
	struct oomtrace_alloc_failure rec = {
		.h.valid = OOMTRACE_ALL(alloc_failure),
	};
	unsigned long flags;
	u64 seq = 0;

	/* The ring's slots have the size of a commit record. */
	BUILD_BUG_ON(sizeof(rec) > sizeof(struct oomtrace_commit));
	if (!oomtrace_rate_allows(&count->rate, RECORDS_PER_SECOND)) {
		this_cpu_inc(alloc_counts[!!(gfp & __GFP_NOWARN)].left_out);
		return 0;
	}
	fill_alloc(&rec, f, gfp);
	/* Off: no interrupt counts in between, or writes a record before seq is read. */
	local_irq_save(flags);
	rec.left_out = count->left_out;
	if (oomtrace_ring_write(ring, &rec, OOMTRACE_ALLOC_FAILURE, sizeof(rec))) {
		seq = this_cpu_ptr(ring->cpu)->seq;
		count->left_out = 0;
		count->recorded[f->kind]++;
	} else {
		count->left_out++;
	}
	local_irq_restore(flags);
	return seq;
}

/*
 * Can this failure be why a system call of current fails? Callers that have another way
 * say so: they do not want to be waited for, or give up early, without a warning. Pages
 * of user space are never needed contiguously.
 */
static bool may_fail_the_call(const struct failure *f, gfp_t gfp)
{
	if (f->context != OOMTRACE_CONTEXT_TASK)
		return false;
	if (!(gfp & __GFP_NOWARN))
		return true;
	return (gfp & __GFP_DIRECT_RECLAIM) && !(gfp & __GFP_NORETRY) &&
	       !(f->order && (gfp & __GFP_MOVABLE));
}

/*
 * warn_alloc(gfp_mask, nodemask, fmt, ...): an allocation has failed. What varies is in
 * the registers of any other argument, so the first of it is the fourth argument.
 */
static void enter_warn_alloc(unsigned long gfp_mask, unsigned long nodemask,
			     unsigned long fmt, unsigned long arg)
{
	gfp_t gfp = (__force gfp_t)gfp_mask;
	bool no_warn = !!(gfp & __GFP_NOWARN);
	struct failure f;
	u64 seq = 0;

	oomtrace_hit(OOMTRACE_HOOK_WARN_ALLOC);
	read_failure(&f, (const char *)fmt, arg);
	this_cpu_inc(alloc_counts[no_warn].n[f.kind]);
	if (!no_warn || oomtrace_notes_are_read())
		seq = record_alloc(&f, gfp);
	if (oomtrace_notes_are_read() && may_fail_the_call(&f, gfp))
		oomtrace_note_failure(smp_processor_id(), seq, f.order, !no_warn);
}

OOMTRACE_DEFINE_ENTRY_4(oomtrace_warn_alloc, enter_warn_alloc);

/* ---- the file ---- */

/* READ_ONCE: handlers increment without a lock. */
#define SUM_ALLOCS(member) ({							\
	unsigned int cpu_;							\
	u64 sum_ = 0;								\
	for_each_possible_cpu(cpu_)						\
		sum_ += READ_ONCE(per_cpu(alloc_counts, cpu_)member);		\
	sum_;									\
})

/**
 * oomtrace_alloc_show() - print how many allocations failed
 * @m: the stats file.
 */
void oomtrace_alloc_show(struct seq_file *m)
{
#define E(constant, name) [constant] = name,
	static const char * const names[] = { OOMTRACE_NAMES_alloc_kind(E) };
#undef E
	int kind, no_warn;

	seq_printf(m, "# failed allocations of the kernel\n%-24s %16s %16s\n", "kind",
		   "failed", "recorded");
	for (no_warn = 0; no_warn < 2; no_warn++)
		for (kind = 0; kind < OOMTRACE_ALLOC_KINDS; kind++)
			seq_printf(m, "%-7s%-17s %16llu %16llu\n", names[kind],
				   no_warn ? " without warning" : "",
				   SUM_ALLOCS([no_warn].n[kind]),
				   SUM_ALLOCS([no_warn].recorded[kind]));
}
