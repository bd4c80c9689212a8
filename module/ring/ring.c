// SPDX-License-Identifier: GPL-2.0
/*
 * The rings: per-CPU, preallocated, overwriting the oldest record.
 *
 * There are three rings, so that a flood of commit decisions never evicts an OOM
 * episode, and the candidates of an OOM evict no other record of any episode. For
 * every CPU that is or was online, a ring has memory of its own: a page that
 * describes it and holds the head, then N equal slots of one record each. The
 * candidates' ring is shared: it has the memory of one CPU, because the kernel
 * runs one OOM at a time. Writers, which run in handlers, allocate nothing and
 * take no lock, except that writers of the shared ring exclude each other. All
 * that a writer does for readers is check whether one of them sleeps. This file
 * allocates and frees the memory, in process context, and reports totals.
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
 *  1. One writer: only that CPU writes, with preemption off; to the shared ring,
 *     only the CPU that has set @busy by an atomic exchange. kprobe and
 *     kretprobe handlers run with preemption off. Tracepoint probes (from 7.3
 *     on) and the oom notifier do not: their records go through
 *     oomtrace_ring_write(), which disables interrupts. lockdep checks that
 *     preemption is off.
 *  2. No nested writes. An interrupt may arrive during a write and try to write
 *     as well. It finds @busy set, and its write is rejected and counted by
 *     context (enum oomtrace_refusal). With interrupts off that cannot happen,
 *     so no record of an episode is ever rejected on a CPU that has slots.
 *  3. Records are numbered 1, 2, 3, ... without a gap, for as long as the module
 *     is loaded. Record n is in slot (n - 1) % N and nowhere else.
 *  4. A slot's header.seq is n only while the slot has every byte of record n:
 *     the writer sets it to 0 before it changes the slot, and to n at the end.
 *  5. head is n only after record n is complete. So the readable records are
 *     max(first, head - N + 1) to head, except that the next write may be
 *     overwriting the oldest of them right now. "first" is 1 or, after a
 *     resize, the oldest record that was copied to the new memory.
 *  6. Readers write nothing that a writer reads, except oomtrace_ring_waiting.
 *     So any number of readers cost a writer nothing.
 *  7. A CPU gets slots before it first comes online, and keeps them until
 *     unload, also while it is offline. Before, @busy is set, so that each write
 *     is rejected, and @mem is memory without slots whose head is 0, so that
 *     readers find no record. Two kinds of such memory exist: oomtrace_ring_none,
 *     which all CPUs share and nobody writes, and a page of the CPU's own, made
 *     when a process maps the ring (oomtrace_ring_mem_map()). The page is closed
 *     like replaced memory when the slots come. If a CPU comes online but there
 *     is no memory for its slots, nothing changes: it has none until a resize,
 *     or until it comes online again. Its writes are counted (@no_memory).
 *
 * Write access:
 *
 *	page->head, slots	the CPU's writer
 *	rest of the page	the allocation and a resize: before readers can
 *				see the page, or between two writes on the
 *				writer's own CPU
 *	@mem			a resize, on the writer's own CPU or while it is
 *				offline; for a CPU that comes online: the task
 *				that brings it, before it runs. A mapping may
 *				replace oomtrace_ring_none only, at any time; so
 *				all use atomic exchanges
 *	oomtrace_ring_waiting	readers set it, the writer that wakes them
 *				clears it
 *
 * How a reader counts its losses: it knows the number of the record that it
 * wants next. From (5) it knows whether that record is still readable. If not,
 * the difference to the oldest readable one is exactly the loss. The reader
 * copies the slot and then loads the slot's number. If that is n, the copy is
 * the complete record n, by (4). If not, record n was overwritten: it was there
 * when head was n, and a slot never returns to an older number.
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
 *	A-B	a reader whose copy has a byte of record n + N, the next one in
 *		this slot, finds that the number is no longer n
 *	C-D	a reader that loads a head of n or more gets no byte, and no
 *		number, from before record n
 *	E-F	a reader that goes to sleep sets waiting and then loads the heads:
 *		either the reader sees the record, or the writer sees the flag
 *
 * The user-space model in model/ checks this very code: every execution that
 * the barriers allow for a few records, and real threads.
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

/* Slots: the longest record of each ring, rounded up to a cache line. */
struct oomtrace_ring oomtrace_rings[OOMTRACE_RINGS] = {
	[OOMTRACE_RING_COMMIT] = {
		.id		= OOMTRACE_RING_COMMIT,
		.slot_size	= ALIGN(sizeof(struct oomtrace_commit), 64),
	},
	[OOMTRACE_RING_OOM] = {
		.id		= OOMTRACE_RING_OOM,
		.slot_size	= ALIGN(sizeof(struct oomtrace_oom_begin), 64),
	},
	[OOMTRACE_RING_CANDIDATE] = {
		.id		= OOMTRACE_RING_CANDIDATE,
		.slot_size	= ALIGN(sizeof(struct oomtrace_candidate), 64),
		.shared		= true,
	},
};

static struct oomtrace_ring_page none_page = { .first = 1 };

/* Its own reference is never dropped. */
struct oomtrace_ring_mem oomtrace_ring_none = {
	.page	= &none_page,
	.ref	= KREF_INIT(1),
};

/* Count a write that is rejected; a nested one by context. Any context. */
void oomtrace_ring_refuse(struct oomtrace_ring_cpu *rc)
{
	if (!rc->slots)
		rc->no_memory++;
	else if (in_nmi())
		rc->refused[OOMTRACE_REFUSED_NMI]++;
	else if (in_hardirq())
		rc->refused[OOMTRACE_REFUSED_IRQ]++;
	else if (in_serving_softirq())
		rc->refused[OOMTRACE_REFUSED_SOFTIRQ]++;
	else
		rc->refused[OOMTRACE_REFUSED_TASK]++;
}

/* Attempts to claim a shared ring. A write takes less time. */
#define CLAIM_TRIES	1000000

/**
 * oomtrace_ring_claim_slowly() - wait until another writer of a shared ring ends
 * @rc: the ring's writer's side.
 *
 * Return: false if it does not end.
 */
bool oomtrace_ring_claim_slowly(struct oomtrace_ring_cpu *rc)
{
	unsigned int tries;

	for (tries = 0; tries < CLAIM_TRIES; tries++) {
		/* Acquire: pairs with the release in oomtrace_ring_release(). */
		if (!READ_ONCE(rc->busy) && !xchg_acquire(&rc->busy, 1))
			return true;
		cpu_relax();
	}
	return false;
}

/**
 * oomtrace_ring_write_shared() - write a finished record to a shared ring
 * @ring: the ring.
 * @rec: the record; @type, @size, @valid and @derived of its header are used.
 *
 * Process context; preemption may be on.
 *
 * Return: false if another writer does not end.
 */
bool oomtrace_ring_write_shared(struct oomtrace_ring *ring,
				const struct oomtrace_header *rec)
{
	struct oomtrace_header *to;
	bool claimed;

	preempt_disable();
	claimed = oomtrace_ring_claim(ring->writer);
	if (claimed) {
		to = oomtrace_ring_begin_shared(ring, rec->type, rec->size,
						ktime_get_mono_fast_ns());
		to->valid = rec->valid;
		to->derived = rec->derived;
		memcpy(to + 1, rec + 1, rec->size - sizeof(*rec));
		oomtrace_ring_publish_shared(ring, to);
	}
	preempt_enable();
	return claimed;
}

/* ---- memory ---- */

static void free_pages_of(struct page **pages, unsigned int n)
{
	while (n--)
		__free_page(pages[n]);
	kvfree(pages);
}

/*
 * Allocate zeroed pages on @node, mapped contiguously. Unlike vzalloc_node(),
 * this fails rather than invoke the OOM killer.
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
	/* VM_MAP_PUT_PAGES: vfree() frees the pages and the array. */
	at = vmap(pages, n, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (!at)
		free_pages_of(pages, n);
	return at;
}

/**
 * oomtrace_ring_fits() - check that so much memory can be available at all
 * @kb: KiB per CPU.
 * @cpus: number of CPUs.
 *
 * For use before an allocation: a request that is sure to fail must not cause
 * reclaim for the whole machine.
 *
 * Return: false if the allocation is sure to fail.
 */
bool oomtrace_ring_fits(unsigned int kb, unsigned int cpus)
{
	return (u64)kb * cpus <=
	       (u64)si_mem_available() << (PAGE_SHIFT - 10);
}

/* The node of a CPU's memory; any, if the CPU's own may have no memory (yet). */
static int node_of(unsigned int cpu)
{
	int node = cpu_to_node(cpu);

	return node != NUMA_NO_NODE && node_online(node) ? node : NUMA_NO_NODE;
}

/**
 * oomtrace_ring_mem_alloc() - allocate memory for one ring on one CPU
 * @id: which ring.
 * @cpu: which CPU.
 * @kb: KiB, a multiple of the page size. One page is memory without slots.
 *
 * May sleep. Free it with oomtrace_ring_mem_put().
 *
 * Return: the memory, with its first page filled in and no records; NULL if the
 * allocation fails.
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
	/* Zeroed: no slot has a number, and no stale byte can leak. */
	mem->page = map_pages(mem->bytes >> PAGE_SHIFT, node_of(cpu));
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
 * oomtrace_ring_mem_put() - drop a reference to a ring's memory
 * @mem: the memory, or NULL.
 *
 * May sleep.
 */
void oomtrace_ring_mem_put(struct oomtrace_ring_mem *mem)
{
	if (mem)
		kref_put(&mem->ref, mem_free);
}

/**
 * oomtrace_ring_mem_get() - take a reference to the memory of a CPU's writer
 * @id: which ring.
 * @cpu: a possible CPU.
 *
 * Return: the memory, which may have no slots; drop the reference with
 * oomtrace_ring_mem_put().
 */
struct oomtrace_ring_mem *oomtrace_ring_mem_get(enum oomtrace_ring_id id,
						unsigned int cpu)
{
	struct oomtrace_ring_cpu *rc = per_cpu_ptr(oomtrace_rings[id].cpu, cpu);
	struct oomtrace_ring_mem *mem;

	rcu_read_lock();
	mem = rcu_dereference(rc->mem);
	/* The count is not 0: a resize drops its reference after a grace period. */
	kref_get(&mem->ref);
	rcu_read_unlock();
	return mem;
}

/* @mem without the address space of RCU, for atomic operations. */
static struct oomtrace_ring_mem **plain_mem(struct oomtrace_ring_cpu *rc)
{
	return (struct oomtrace_ring_mem __force **)&rc->mem;
}

/**
 * oomtrace_ring_mem_map() - get memory of a CPU's writer that can be mapped
 * @id: which ring.
 * @cpu: a possible CPU.
 *
 * A CPU that has none gets one page, which shows no record, and which is closed
 * when the CPU has slots. May sleep, but takes no lock.
 *
 * Return: the memory, as from oomtrace_ring_mem_get(); NULL if the allocation
 * fails.
 */
struct oomtrace_ring_mem *oomtrace_ring_mem_map(enum oomtrace_ring_id id,
						unsigned int cpu)
{
	struct oomtrace_ring_cpu *rc = per_cpu_ptr(oomtrace_rings[id].cpu, cpu);
	struct oomtrace_ring_mem *mem, *new;

	for (;;) {
		mem = oomtrace_ring_mem_get(id, cpu);
		if (mem != &oomtrace_ring_none)
			return mem;
		oomtrace_ring_mem_put(mem);
		new = oomtrace_ring_mem_alloc(id, cpu, PAGE_SIZE / SZ_1K);
		if (!new)
			return NULL;
		/* A full barrier: readers that see the memory see it filled in. */
		if (cmpxchg(plain_mem(rc), &oomtrace_ring_none, new) ==
		    &oomtrace_ring_none)
			new = &oomtrace_ring_none;
		/* The one that @rc had, or the one that came too late. */
		oomtrace_ring_mem_put(new);
	}
}

/**
 * oomtrace_ring_use() - switch a CPU's writer to this memory
 * @rc: the CPU's writer.
 * @mem: the memory, with slots and the records up to @rc->seq that it is to keep.
 *
 * Call on that CPU with interrupts off and no write in progress, or while the
 * CPU cannot write, or, for a shared ring, with the ring claimed; this releases
 * it. Closes the old memory.
 *
 * Return: the old memory with its reference, which the caller drops after a
 * grace period of RCU.
 */
struct oomtrace_ring_mem *oomtrace_ring_use(struct oomtrace_ring_cpu *rc,
					    struct oomtrace_ring_mem *mem)
{
	struct oomtrace_ring_mem *old;
	u32 next;

	div_u64_rem(rc->seq, mem->nslots, &next);
	mem->page->head = rc->seq;
	rc->busy = 1;
	/* A write nested in the next lines (NMI) must see busy. */
	barrier();
	rc->page = mem->page;
	rc->slots = mem->slots;
	rc->nslots = mem->nslots;
	rc->next = next;
	/* A full barrier: readers that see the memory must see its head. */
	old = xchg(plain_mem(rc), mem);
	/* In a shared ring the next writer may be on another CPU. */
	oomtrace_ring_release(rc);
	if (old != &oomtrace_ring_none)
		/* Release: who loads closed as 1 then loads the last head. */
		smp_store_release(&old->page->closed, 1);
	return old;
}

/* ---- geometry and totals ---- */

/**
 * oomtrace_ring_written() - count the records written on one CPU since load
 * @id: which ring.
 * @cpu: which CPU.
 *
 * Return: the count, which is the number of the last record.
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
 * oomtrace_ring_no_memory() - count writes rejected because a CPU has no slots
 * @id: which ring.
 * @cpu: which CPU.
 *
 * Return: the count since load.
 */
u64 oomtrace_ring_no_memory(enum oomtrace_ring_id id, unsigned int cpu)
{
	return READ_ONCE(per_cpu_ptr(oomtrace_rings[id].cpu, cpu)->no_memory);
}

static u32 count_slots(enum oomtrace_ring_id id, unsigned int cpu)
{
	u32 n;

	rcu_read_lock();
	n = oomtrace_ring_mem(&oomtrace_rings[id], cpu)->nslots;
	rcu_read_unlock();
	return n;
}

/**
 * oomtrace_ring_cpus() - count the CPUs that have slots in every ring
 *
 * Return: the count; all other possible CPUs were never online, or there was no
 * memory when they came.
 */
unsigned int oomtrace_ring_cpus(void)
{
	unsigned int cpu, n = 0;

	for_each_possible_cpu(cpu)
		n += count_slots(OOMTRACE_RING_COMMIT, cpu) &&
		     count_slots(OOMTRACE_RING_OOM, cpu);
	return n;
}

/**
 * oomtrace_ring_info() - get geometry and totals of a ring
 * @id: which ring.
 * @info: every byte is filled in.
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
		info->slots = max(info->slots, count_slots(id, cpu));
		info->written += oomtrace_ring_written(id, cpu);
		for (why = 0; why < OOMTRACE_REFUSALS; why++)
			info->refused += writes_refused(id, cpu, why);
	}
}

/**
 * oomtrace_ring_cpu_info() - get geometry and totals of a ring on one CPU
 * @info: in: @ring and @cpu; every other byte is filled in.
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
	info->slot_size = oomtrace_rings[id].slot_size;
	info->generation = mem->page->generation;
	info->mmap_offset = OOMTRACE_MMAP_OFFSET(id, cpu);
	/* A mapping of a CPU without memory makes a page. */
	info->mmap_size = mem->bytes ?: PAGE_SIZE;
	info->first = mem->page->first;
	info->written = oomtrace_ring_head(mem);
	for (why = 0; why < OOMTRACE_REFUSALS; why++)
		info->refused[why] = writes_refused(id, cpu, why);
	oomtrace_ring_mem_put(mem);
	return 0;
}
