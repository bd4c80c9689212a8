// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that the kernel refuses: counts all of them, and records who was
 * refused what, and what explains it.
 *
 * The handlers run at the entry and the return of the functions that answer these
 * calls. Almost all calls succeed: for those the handlers drop a note that may be
 * left from an earlier call, read what is in use, compare the answer, and are done.
 *
 * A program may have 100,000 calls refused in a second. All are counted. A record
 * takes a place in the ring of commit decisions, so only so many are written in each
 * second on each CPU. They never displace a record of an OOM, which has other rings.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>

#include "commit/notes.h"
#include "common/fields.h"
#include "hook/hook.h"
#include "rate.h"
#include "refused/causes.h"
#include "refused/refused.h"
#include "ring/ring.h"
#include "ring/stacks.h"
#include "task.h"

/* The most records per CPU and second. */
#define RECORDS_PER_SECOND	100

/**
 * struct refused_calls - what one CPU has counted since load
 * @rate: its records.
 * @left_out: refusals without a record since the last record.
 * @n: refusals by enum oomtrace_call.
 * @recorded: records by enum oomtrace_call.
 */
struct refused_calls {
	struct oomtrace_rate rate;
	u32 left_out;
	u64 n[OOMTRACE_CALLS];
	u64 recorded[OOMTRACE_CALLS];
};

static DEFINE_PER_CPU(struct refused_calls, refused_calls);

/* The fields that every record has. */
#define REFUSED_ALWAYS							\
	(OOMTRACE_BIT(refused, pid) | OOMTRACE_BIT(refused, tgid) |	\
	 OOMTRACE_BIT(refused, comm) | OOMTRACE_BIT(refused, uid) |	\
	 OOMTRACE_BIT(refused, cgroup_id) | OOMTRACE_BIT(refused, call) | \
	 OOMTRACE_BIT(refused, ret) | OOMTRACE_BIT(refused, causes) |	\
	 OOMTRACE_BIT(refused, cause) | OOMTRACE_BIT(refused, left_out))

/* What is worked out from the numbers at the entry and the return. */
#define REFUSED_DERIVED							\
	(OOMTRACE_BIT(refused, causes) | OOMTRACE_BIT(refused, cause) |	\
	 OOMTRACE_BIT(refused, used) | OOMTRACE_BIT(refused, limit) |	\
	 OOMTRACE_BIT(refused, cause2) | OOMTRACE_BIT(refused, used2) |	\
	 OOMTRACE_BIT(refused, limit2) | OOMTRACE_BIT(refused, cause3) | \
	 OOMTRACE_BIT(refused, used3) | OOMTRACE_BIT(refused, limit3))

static void fill_refused(struct oomtrace_refused *rec, const struct oomtrace_call_args *c,
			 const struct oomtrace_in_use *use, long ret,
			 struct pt_regs *regs, u32 left_out)
{
	bool known;

	memset((void *)rec + sizeof(rec->h), 0, sizeof(*rec) - sizeof(rec->h));
	rec->h.valid = REFUSED_ALWAYS;
	rec->pid = current->pid;
	rec->tgid = current->tgid;
	rec->uid = oomtrace_uid_rcu(current);
	oomtrace_comm(rec->comm, current);
	rec->cgroup_id = oomtrace_memcg_id(current);
	rec->call = c->call;
	rec->ret = ret;
	rec->left_out = left_out;
	rec->bytes = oomtrace_call_bytes(c, ret, &known);
	if (known)
		rec->h.valid |= OOMTRACE_BIT(refused, bytes);
	oomtrace_fill_causes(rec, c, use);
	rec->stack = oomtrace_stack_save(regs, false);
	if (rec->stack)
		rec->h.valid |= OOMTRACE_BIT(refused, stack);
	rec->h.derived = rec->h.valid & REFUSED_DERIVED;
}

static noinline void count_refusal(const struct oomtrace_call_args *c,
				   const struct oomtrace_in_use *use, long ret,
				   struct pt_regs *regs)
{
	struct refused_calls *count = this_cpu_ptr(&refused_calls);
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_COMMIT];
	struct oomtrace_refused *rec;
	u32 left_out = count->left_out;

	count->n[c->call]++;
	if (!oomtrace_rate_allows(&count->rate, RECORDS_PER_SECOND)) {
		count->left_out++;
		return;
	}
	rec = oomtrace_ring_reserve(ring, OOMTRACE_REFUSED, sizeof(*rec));
	if (!rec) {
		count->left_out++;
		return;
	}
	fill_refused(rec, c, use, ret, regs, left_out);
	oomtrace_ring_publish(ring, &rec->h);
	count->recorded[c->call]++;
	count->left_out = 0;
}

NOKPROBE_SYMBOL(count_refusal);

/* Is it a refusal? brk() answers with the break, which it has not moved then. */
static bool is_refusal(const struct oomtrace_call_args *c, long ret)
{
	switch (c->call) {
	case OOMTRACE_CALL_BRK:
		return c->known && c->arg[0] > (unsigned long)ret;
	case OOMTRACE_CALL_FORK:
		return ret == -ENOMEM || ret == -EAGAIN;
	}
	return ret == -ENOMEM;
}

NOKPROBE_SYMBOL(is_refusal);

static noinline void look_at_refusal(u8 hooked, const struct oomtrace_in_use *use,
				     long ret, struct pt_regs *regs)
{
	struct oomtrace_call_args c;

	oomtrace_call_of_current(&c);
	if (c.call == hooked && is_refusal(&c, ret))
		count_refusal(&c, use, ret, regs);
}

NOKPROBE_SYMBOL(look_at_refusal);

/* Of which answers to look closer. The break is an address, never a small number. */
static __always_inline bool may_be_refusal(u8 hooked, long ret)
{
	if (hooked == OOMTRACE_CALL_BRK)
		return true;
	return ret == -ENOMEM || (hooked == OOMTRACE_CALL_FORK && ret == -EAGAIN);
}

/* The functions that return an int leave garbage in the upper half of the register. */
static __always_inline long read_answer(u8 hooked, struct pt_regs *regs)
{
	unsigned long ret = regs_return_value(regs);

	switch (hooked) {
	case OOMTRACE_CALL_FORK:
	case OOMTRACE_CALL_MPROTECT:
	case OOMTRACE_CALL_MUNMAP:
	case OOMTRACE_CALL_MLOCK:
	case OOMTRACE_CALL_MADVISE:
	case OOMTRACE_CALL_SHMGET:
	case OOMTRACE_CALL_EXEC:
	case OOMTRACE_CALL_IO_URING:
	case OOMTRACE_CALL_BPF:
	case OOMTRACE_CALL_MODULE:
		return (int)ret;
	}
	return ret;
}

/* ---- the handlers ---- */

/* Each call has an instance of its own, also one within another. */
const size_t oomtrace_refused_size = sizeof(struct oomtrace_in_use);

int oomtrace_refused_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	oomtrace_note_forget();
	oomtrace_read_in_use((void *)ri->data);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_refused_entry);

#define DEFINE_RETURN(HOOK, CALL, symbol, fallback)				\
int oomtrace_refused_##HOOK(struct kretprobe_instance *ri, struct pt_regs *regs) \
{										\
	long ret = read_answer(OOMTRACE_CALL_##CALL, regs);			\
										\
	oomtrace_hit(OOMTRACE_HOOK_REFUSED_##HOOK);				\
	if (unlikely(may_be_refusal(OOMTRACE_CALL_##CALL, ret)))		\
		look_at_refusal(OOMTRACE_CALL_##CALL, (const void *)ri->data,	\
				ret, regs);					\
	return 0;								\
}										\
NOKPROBE_SYMBOL(oomtrace_refused_##HOOK);
OOMTRACE_REFUSED_CALLS(DEFINE_RETURN)

/* ---- the file ---- */

/* READ_ONCE: handlers increment without a lock. */
#define SUM_CALLS(member) ({							\
	unsigned int cpu_;							\
	u64 sum_ = 0;								\
	for_each_possible_cpu(cpu_)						\
		sum_ += READ_ONCE(per_cpu(refused_calls, cpu_).member);		\
	sum_;									\
})

/**
 * oomtrace_refused_show() - print how many calls were refused
 * @m: the stats file.
 */
void oomtrace_refused_show(struct seq_file *m)
{
#define E(constant, name) [constant] = name,
	static const char * const names[] = { OOMTRACE_NAMES_call(E) };
#undef E
	int call;

	seq_printf(m, "# refused system calls\n%-12s %16s %16s\n", "call", "refused",
		   "recorded");
	for (call = OOMTRACE_CALL_OTHER + 1; call < OOMTRACE_CALLS; call++)
		seq_printf(m, "%-12s %16llu %16llu\n", names[call],
			   SUM_CALLS(n[call]), SUM_CALLS(recorded[call]));
}
