// SPDX-License-Identifier: GPL-2.0
/*
 * The rings: per-CPU, preallocated, overwriting the oldest record.
 *
 * Two rings, so that a flood of commit decisions never evicts an OOM episode.
 * Each has, for every possible CPU, memory of its own: a page that describes it
 * and holds the head, and behind it N equal slots, one record each. Nothing is
 * allocated while records are written, nothing is locked, and a writer does no
 * work for readers but look whether one sleeps. This file has the rings' memory;
 * writing is in ring.h, reading in reader.c, waking in wake.c, and the change of
 * a ring's size in resize.c.
 *
 * The states of a slot
 *
 *	free ----reserve---> being written ----publish---> holds record n
 *	seq 0		     seq 0			   seq n
 *			       ^			     |
 *			       `---reserve, N records later--'
 *
 * What always holds, for one ring on one CPU with N slots:
 *
 *  1. One writer: only that CPU writes, with preemption off. kprobe and
 *     kretprobe handlers have it off. Tracepoint probes (from 7.3 on) and the
 *     oom notifier have not: all they write goes to the OOM ring, whose writers
 *     switch interrupts off (oomtrace_ring_write()). lockdep checks it.
 *  2. No write inside a write. An interrupt may come in between and want to
 *     write too; it finds @busy set, is turned away and counted by what it was
 *     in (enum oomtrace_refusal). With interrupts off that cannot happen:
 *     nothing of an episode is ever turned away.
 *  3. Records are numbered 1, 2, 3, ... with no gap, for as long as the module
 *     is loaded. Record n lives in slot (n - 1) % N and nowhere else.
 *  4. A slot's header.seq is n only while every byte of record n is in it: the
 *     writer sets it to 0 before it touches the slot and to n after it is done.
 *  5. head is n only after record n is whole. So the records that can be had
 *     are those from max(first, head - N + 1) to head, but for the oldest, which
 *     the next write may be taking away just now. "first" is 1, or after a
 *     change of size the oldest record that was taken over.
 *  6. Readers write nothing that a writer reads but oomtrace_ring_waiting. So
 *     any number of them cost a writer nothing.
 *
 * Who may write what: @page->head and the slots, the CPU's writer; @page->closed
 * and the rest of the page, resize.c, before readers can see it or on the
 * writer's own CPU between two writes; oomtrace_ring_waiting, readers set it, the
 * writer that wakes them clears it.
 *
 * How a reader knows what it lost: it knows the number that it wants next. From
 * (5) it knows whether that number is still there; if not, the difference is
 * exactly what it has lost. It copies the slot and then looks at its number: if
 * that is n, by (4) it has record n whole. If not, the record was overwritten, as
 * a slot never goes back to an older number, and n was there when the head was n.
 *
 * The barriers, each with its partner:
 *
 *	writer					reader
 *	seq = 0					D: load-acquire head (>= n)
 *	A: smp_wmb()				copy the record's bytes
 *	the record's bytes			B: smp_rmb()
 *	seq = n					load seq (== n)
 *	C: store-release head = n
 *	E: smp_mb()				waiting = 1
 *	load waiting				F: smp_mb()
 *						load head
 *
 *	A-B	a reader that got a byte of n + N, the next record in this slot,
 *		sees that the number is no longer n
 *	C-D	a reader that saw n or more as the head gets no byte, and no
 *		number, from before record n
 *	E-F	a reader that goes to sleep has set waiting and then looked at the
 *		heads: either it sees the record, or its writer sees that it waits
 *
 * model/ holds this very code to all that: every execution that the barriers
 * allow for a few records, and real threads.
 */
#include <linux/gfp.h>
#include <linux/hardirq.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "ring/ring.h"
#include "compat/preempt.h"

struct oomtrace_ring oomtrace_rings[OOMTRACE_RINGS];

/* Slots are as large as the longest record that goes there, in cache lines. */
static const u32 slot_sizes[OOMTRACE_RINGS] = {
	[OOMTRACE_RING_COMMIT]	= ALIGN(sizeof(struct oomtrace_commit), 64),
	[OOMTRACE_RING_OOM]	= ALIGN(sizeof(struct oomtrace_oom_begin), 64),
};

/**
 * oomtrace_ring_refuse() - count a write that came inside another one
 * @rc: the CPU's writer, which is busy.
 *
 * Any context.
 */
void oomtrace_ring_refuse(struct oomtrace_ring_cpu *rc)
{
	if (in_nmi())
		rc->refused[OOMTRACE_REFUSED_NMI]++;
	else if (in_hardirq())
		rc->refused[OOMTRACE_REFUSED_IRQ]++;
	else if (in_serving_softirq())
		rc->refused[OOMTRACE_REFUSED_SOFTIRQ]++;
	else
		rc->refused[OOMTRACE_REFUSED_TASK]++;
}

/* ---- memory ---- */

static void free_pages_of(struct page **pages, unsigned int n)
{
	while (n--)
		__free_page(pages[n]);
	kvfree(pages);
}

/*
 * Zeroed pages of a CPU's node, one after the other in the kernel's addresses.
 * Unlike vzalloc_node() this fails rather than have somebody killed for it.
 */
static void *map_pages(unsigned int n, int node)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL |
			  __GFP_NOWARN;
	struct page **pages;
	unsigned int i;
	void *at;

	pages = kvmalloc_array(n, sizeof(*pages), GFP_KERNEL | __GFP_NOWARN);
	if (!pages)
		return NULL;
	for (i = 0; i < n; i++) {
		pages[i] = fatal_signal_pending(current) ? NULL :
			   alloc_pages_node(node, gfp, 0);
		if (!pages[i]) {
			free_pages_of(pages, i);
			return NULL;
		}
		cond_resched();
	}
	/* vfree() gives back the pages and their list. */
	at = vmap(pages, n, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (!at)
		free_pages_of(pages, n);
	return at;
}

/**
 * oomtrace_ring_fits() - is there memory for a ring?
 * @kb: kilobytes per CPU.
 *
 * Asked before any is taken, so that the rest of the machine does not notice a
 * request that cannot be met.
 *
 * Return: false if there surely is not.
 */
bool oomtrace_ring_fits(unsigned int kb)
{
	return (u64)kb * num_possible_cpus() <=
	       (u64)si_mem_available() << (PAGE_SHIFT - 10);
}

/**
 * oomtrace_ring_mem_alloc() - memory for one ring on one CPU
 * @id: which ring.
 * @cpu: which CPU.
 * @kb: kilobytes, at least two pages, whole pages.
 *
 * May sleep. To be given back with oomtrace_ring_mem_put().
 *
 * Return: the memory, empty and described, or NULL if there is none.
 */
struct oomtrace_ring_mem *oomtrace_ring_mem_alloc(enum oomtrace_ring_id id,
						  unsigned int cpu,
						  unsigned int kb)
{
	struct oomtrace_ring *ring = &oomtrace_rings[id];
	struct oomtrace_ring_mem *mem;

	mem = kzalloc(sizeof(*mem), GFP_KERNEL);
	if (!mem)
		return NULL;
	mem->id = id;
	mem->slot_size = ring->slot_size;
	mem->bytes = (size_t)kb * SZ_1K;
	mem->nslots = (mem->bytes - PAGE_SIZE) / mem->slot_size;
	kref_init(&mem->ref);
	/* Zeroed: no slot has a number, no stale byte can be read. */
	mem->page = map_pages(mem->bytes >> PAGE_SHIFT, cpu_to_node(cpu));
	if (!mem->page) {
		kfree(mem);
		return NULL;
	}
	mem->slots = (void *)mem->page + PAGE_SIZE;
	mem->page->abi = OOMTRACE_ABI_VERSION;
	mem->page->size = sizeof(*mem->page);
	mem->page->data_offset = PAGE_SIZE;
	mem->page->slot_size = mem->slot_size;
	mem->page->slots = mem->nslots;
	mem->page->cpu = cpu;
	mem->page->ring = id;
	mem->page->first = 1;
	atomic64_add(mem->bytes, &ring->bytes);
	return mem;
}

static void mem_free(struct kref *ref)
{
	struct oomtrace_ring_mem *mem =
		container_of(ref, struct oomtrace_ring_mem, ref);

	atomic64_sub(mem->bytes, &oomtrace_rings[mem->id].bytes);
	vfree(mem->page);
	kfree(mem);
}

/**
 * oomtrace_ring_mem_put() - let go of a ring's memory
 * @mem: the memory; NULL is no harm.
 *
 * May sleep.
 */
void oomtrace_ring_mem_put(struct oomtrace_ring_mem *mem)
{
	if (mem)
		kref_put(&mem->ref, mem_free);
}

/**
 * oomtrace_ring_mem_get() - hold the memory that a CPU writes to now
 * @id: which ring.
 * @cpu: a possible CPU.
 *
 * Return: the memory, to be given back with oomtrace_ring_mem_put().
 */
struct oomtrace_ring_mem *oomtrace_ring_mem_get(enum oomtrace_ring_id id,
						unsigned int cpu)
{
	struct oomtrace_ring_cpu *rc = per_cpu_ptr(oomtrace_rings[id].cpu, cpu);
	struct oomtrace_ring_mem *mem;

	rcu_read_lock();
	mem = rcu_dereference(rc->mem);
	/* A resize lets go of it only after nobody can be here with it. */
	kref_get(&mem->ref);
	rcu_read_unlock();
	return mem;
}

/**
 * oomtrace_ring_use() - have a CPU write to this memory from now on
 * @rc: the CPU's writer.
 * @mem: the memory; holds what it is to hold of the records up to @rc->seq.
 *
 * On that CPU with interrupts off and no write under way, or where it cannot
 * write.
 */
void oomtrace_ring_use(struct oomtrace_ring_cpu *rc,
		       struct oomtrace_ring_mem *mem)
{
	u32 next;

	div_u64_rem(rc->seq, mem->nslots, &next);
	mem->page->head = rc->seq;
	rc->page = mem->page;
	rc->slots = mem->slots;
	rc->nslots = mem->nslots;
	rc->next = next;
	/* All of the above before readers see it. */
	rcu_assign_pointer(rc->mem, mem);
}

/* ---- the rings ---- */

static void ring_free(struct oomtrace_ring *ring)
{
	unsigned int cpu;

	if (!ring->cpu)
		return;
	for_each_possible_cpu(cpu) {
		struct oomtrace_ring_cpu *rc = per_cpu_ptr(ring->cpu, cpu);

		oomtrace_ring_mem_put(rcu_dereference_protected(rc->mem, true));
	}
	free_percpu(ring->cpu);
	ring->cpu = NULL;
}

static int ring_alloc(enum oomtrace_ring_id id, unsigned int kb)
{
	struct oomtrace_ring *ring = &oomtrace_rings[id];
	unsigned int cpu;

	if (!oomtrace_ring_fits(kb))
		return -ENOMEM;
	ring->id = id;
	ring->slot_size = slot_sizes[id];
	ring->cpu = alloc_percpu(struct oomtrace_ring_cpu);
	if (!ring->cpu)
		return -ENOMEM;

	for_each_possible_cpu(cpu) {
		struct oomtrace_ring_mem *mem =
			oomtrace_ring_mem_alloc(id, cpu, kb);

		if (!mem) {
			ring_free(ring);
			return -ENOMEM;
		}
		oomtrace_ring_use(per_cpu_ptr(ring->cpu, cpu), mem);
	}
	return 0;
}

/**
 * oomtrace_rings_init() - allocate both rings
 * @kb: kilobytes per CPU of each, whole pages, two pages at least.
 *
 * Return: 0 or -ENOMEM, with nothing left allocated.
 */
int oomtrace_rings_init(const unsigned int kb[OOMTRACE_RINGS])
{
	int id, ret;

	for (id = 0; id < OOMTRACE_RINGS; id++) {
		ret = ring_alloc(id, kb[id]);
		if (ret) {
			oomtrace_rings_exit();
			return ret;
		}
	}
	return 0;
}

/**
 * oomtrace_rings_exit() - free the rings
 *
 * To be called last: no writer, no reader, no wake-up may be left.
 */
void oomtrace_rings_exit(void)
{
	int id;

	for (id = 0; id < OOMTRACE_RINGS; id++)
		ring_free(&oomtrace_rings[id]);
}

/* ---- what is known about them ---- */

/**
 * oomtrace_ring_written() - records written on one CPU since load
 * @id: which ring.
 * @cpu: which CPU.
 *
 * Return: the count.
 */
u64 oomtrace_ring_written(enum oomtrace_ring_id id, unsigned int cpu)
{
	u64 head;

	rcu_read_lock();
	head = oomtrace_ring_head(oomtrace_ring_mem(&oomtrace_rings[id], cpu));
	rcu_read_unlock();
	return head;
}

/* Nested writes rejected on one CPU since load, by context. */
static u64 writes_refused(enum oomtrace_ring_id id, unsigned int cpu,
			  enum oomtrace_refusal why)
{
	return READ_ONCE(per_cpu_ptr(oomtrace_rings[id].cpu, cpu)->refused[why]);
}

/**
 * oomtrace_ring_info() - geometry and totals of a ring
 * @id: which ring.
 * @info: filled in, every byte.
 */
void oomtrace_ring_info(enum oomtrace_ring_id id,
			struct oomtrace_ring_info *info)
{
	const struct oomtrace_ring *ring = &oomtrace_rings[id];
	unsigned int cpu;
	int why;

	memset(info, 0, sizeof(*info));
	info->slot_size = ring->slot_size;
	info->bytes = atomic64_read(&ring->bytes);
	for_each_possible_cpu(cpu) {
		rcu_read_lock();
		info->slots = oomtrace_ring_mem(ring, cpu)->nslots;
		rcu_read_unlock();
		info->written += oomtrace_ring_written(id, cpu);
		for (why = 0; why < OOMTRACE_REFUSALS; why++)
			info->refused += writes_refused(id, cpu, why);
	}
}

/**
 * oomtrace_ring_cpu_info() - one ring on one CPU
 * @info: @ring and @cpu say which; the rest is filled in, every byte.
 *
 * Return: 0, or -EINVAL if there is no such ring or CPU.
 */
int oomtrace_ring_cpu_info(struct oomtrace_ring_cpu_info *info)
{
	const u32 id = info->ring, cpu = info->cpu;
	struct oomtrace_ring_mem *mem;
	int why;

	if (id >= OOMTRACE_RINGS || cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->ring = id;
	info->cpu = cpu;
	mem = oomtrace_ring_mem_get(id, cpu);
	info->slots = mem->nslots;
	info->slot_size = mem->slot_size;
	info->generation = mem->page->generation;
	info->mmap_offset = OOMTRACE_MMAP_OFFSET(id, cpu);
	info->mmap_size = mem->bytes;
	info->first = mem->page->first;
	info->written = oomtrace_ring_head(mem);
	for (why = 0; why < OOMTRACE_REFUSALS; why++)
		info->refused[why] = writes_refused(id, cpu, why);
	oomtrace_ring_mem_put(mem);
	return 0;
}
