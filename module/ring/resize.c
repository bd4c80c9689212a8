// SPDX-License-Identifier: GPL-2.0
/*
 * The size of the rings, and changing it while records are written.
 *
 * A resize stops nothing: the hooks stay attached and all CPUs go on. It
 * allocates the new memory for all CPUs first, so that a failure changes
 * nothing. Then, for each CPU in turn:
 *
 *  1. The task that resizes copies the buffered records to the new memory, as a
 *     reader does, until only the last few are missing.
 *  2. An interrupt on that CPU copies those few and switches the writer to the
 *     new memory. If the interrupt arrives during a write, it changes nothing
 *     and is sent again.
 *  3. The old memory is marked as closed. It is freed when no reader uses it
 *     and no mapping shows it.
 *
 * The records' numbers continue. Records that do not fit into the new memory
 * count as lost for the readers that have not got them.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "ring/cpus.h"
#include "ring/reader.h"
#include "ring/resize.h"
#include "ring/ring.h"
#include "task.h"

#define MIN_KB	16U
#define MAX_KB	1048576U

/* What the rings take by default on all CPUs together, at most. */
#define DEFAULT_TOTAL_KB	32768U

/* Not given by a parameter. */
#define NOT_GIVEN		UINT_MAX

/* KiB per CPU by default; with many CPUs it is halved, but not more often. */
static const unsigned int default_kb[OOMTRACE_RINGS] = {
	[OOMTRACE_RING_COMMIT]	= 256,
	[OOMTRACE_RING_OOM]	= 512,
};

#define MAX_HALVINGS		2

/*
 * KiB per CPU, in all for a shared ring. After load it changes under resize_mutex;
 * reads are lockless.
 */
static unsigned int buffer_kb[OOMTRACE_RINGS] = {
	[OOMTRACE_RING_COMMIT]	= NOT_GIVEN,
	[OOMTRACE_RING_OOM]	= NOT_GIVEN,
	[OOMTRACE_RING_CANDIDATE] = NOT_GIVEN,
};

module_param_named(commit_buffer_kb, buffer_kb[OOMTRACE_RING_COMMIT], uint, 0444);
MODULE_PARM_DESC(commit_buffer_kb,
		 "Memory for commit decisions, KiB per CPU, 16 to 1048576 (default 256, less on more than 42 CPUs).");

module_param_named(oom_buffer_kb, buffer_kb[OOMTRACE_RING_OOM], uint, 0444);
MODULE_PARM_DESC(oom_buffer_kb,
		 "Memory for OOM episodes without their candidates, KiB per CPU, 16 to 1048576 (default 512: about 1600 records; less on more than 42 CPUs).");

module_param_named(candidate_buffer_kb, buffer_kb[OOMTRACE_RING_CANDIDATE], uint, 0444);
MODULE_PARM_DESC(candidate_buffer_kb,
		 "Memory for the candidates of OOMs, KiB in all, 16 to 1048576 (default a thousandth of the RAM, 512 to 16384: 5 candidates per KiB).");

static const char * const ring_names[OOMTRACE_RINGS] = {
	[OOMTRACE_RING_COMMIT]	= "commit",
	[OOMTRACE_RING_OOM]	= "oom",
	[OOMTRACE_RING_CANDIDATE] = "candidate",
};

/* Serialises resizes: guards changes of buffer_kb[] and of the rings' memory. */
static DEFINE_MUTEX(resize_mutex);

/*
 * Check a size in KiB; messages call it @name. Round it up to whole pages, at
 * least two: the first page describes the others, which hold the records.
 */
static int check_buffer_kb(const char *name, unsigned int *kb)
{
	if (*kb < MIN_KB || *kb > MAX_KB) {
		pr_err_ratelimited("%s=%u: out of range; allowed are %u to %u (KiB%s)\n",
				   name, *kb, MIN_KB, MAX_KB,
				   strstarts(name, ring_names[OOMTRACE_RING_CANDIDATE]) ?
				   "" : " per CPU");
		return -EINVAL;
	}
	*kb = max_t(size_t, PAGE_ALIGN((size_t)*kb * SZ_1K), 2 * PAGE_SIZE) /
	      SZ_1K;
	return 0;
}

/* The shared ring's part of the RAM by default, and its limits in KiB. */
#define CANDIDATE_SHARE		1024
#define CANDIDATE_MIN_KB	512UL
#define CANDIDATE_MAX_KB	16384UL

/*
 * Choose the sizes that no parameter gives. Those of the rings with memory per CPU
 * are halved until they take at most DEFAULT_TOTAL_KB on the CPUs that are online,
 * but at most MAX_HALVINGS times.
 */
static void choose_defaults(unsigned int kb[OOMTRACE_RINGS])
{
	unsigned int shift, sum;
	bool given[OOMTRACE_RINGS];
	int id;

	for (id = 0; id < OOMTRACE_RINGS; id++)
		given[id] = kb[id] != NOT_GIVEN;
	for (shift = 0; shift <= MAX_HALVINGS; shift++) {
		for (sum = 0, id = 0; id < OOMTRACE_RINGS; id++) {
			if (given[id] || oomtrace_rings[id].shared)
				continue;
			kb[id] = default_kb[id] >> shift;
			sum += kb[id];
		}
		if (sum * num_online_cpus() <= DEFAULT_TOTAL_KB)
			break;
	}
	if (!given[OOMTRACE_RING_CANDIDATE])
		kb[OOMTRACE_RING_CANDIDATE] =
			clamp((totalram_pages() << (PAGE_SHIFT - 10)) / CANDIDATE_SHARE,
			      CANDIDATE_MIN_KB, CANDIDATE_MAX_KB);
}

/**
 * oomtrace_buffers_init() - allocate the rings with the parameters' sizes
 *
 * Return: 0, or an error with a line in the log.
 */
int oomtrace_buffers_init(void)
{
	unsigned int *commit_kb = &buffer_kb[OOMTRACE_RING_COMMIT];
	unsigned int *oom_kb = &buffer_kb[OOMTRACE_RING_OOM];
	unsigned int *candidate_kb = &buffer_kb[OOMTRACE_RING_CANDIDATE];
	int ret;

	choose_defaults(buffer_kb);
	ret = check_buffer_kb("commit_buffer_kb", commit_kb);
	if (!ret)
		ret = check_buffer_kb("oom_buffer_kb", oom_kb);
	if (!ret)
		ret = check_buffer_kb("candidate_buffer_kb", candidate_kb);
	if (ret)
		return ret;
	ret = oomtrace_rings_init(buffer_kb);
	if (ret == -ENOMEM)
		pr_err("no memory for the rings (%u + %u KiB on each of %u CPUs, and %u KiB)\n",
		       *commit_kb, *oom_kb, num_online_cpus(), *candidate_kb);
	else if (ret)
		pr_err("cannot follow CPUs that come online (error %d)\n", ret);
	return ret;
}

/* ---- one CPU ---- */

/* The most records to copy with interrupts off. */
#define LAST_FEW	64
/* Attempts to catch up with the writer before records are skipped. */
#define COPY_TRIES	100
/* Attempts to interrupt the CPU between two writes. */
#define MAX_TRIES	100000

/**
 * struct move - the move of one ring on one CPU to new memory
 * @ring: the ring.
 * @cpu: the CPU.
 * @new: the new memory.
 * @old: the memory that the ring uses before the move.
 * @replaced: the same with the ring's reference, after the move; for a CPU
 *	without slots perhaps a page that was mapped meanwhile.
 * @copied: number of the last record that was copied or skipped.
 * @give_up: skip all records but the last few.
 * @done: the writer uses the new memory.
 */
struct move {
	struct oomtrace_ring *ring;
	unsigned int cpu;
	struct oomtrace_ring_mem *new;
	struct oomtrace_ring_mem *old;
	struct oomtrace_ring_mem *replaced;
	u64 copied;
	bool give_up;
	bool done;
};

static void *slot_of(const struct oomtrace_ring_mem *mem, u64 seq)
{
	u32 slot;

	div_u64_rem(seq - 1, mem->nslots, &slot);
	return mem->slots + (size_t)slot * mem->slot_size;
}

/* Copy the records since the last call. No reader sees the new memory yet. */
static void copy_new_records(struct move *m, u64 head)
{
	struct oomtrace_ring_page *page = m->new->page;
	u64 seq = max(m->copied + 1, oomtrace_oldest_held(m->old, head));

	/* Skip records that later ones would overwrite in the new memory. */
	if (head > m->new->nslots)
		seq = max(seq, head - m->new->nslots + 1);
	if (seq > m->copied + 1)
		page->first = seq;
	for (; seq <= head; seq++) {
		struct oomtrace_header *h = slot_of(m->new, seq);

		if (oomtrace_copy_record(m->old, seq, h, m->old->slot_size))
			continue;
		/* If one is overwritten, all before it are. A reader may ask for it. */
		h->seq = 0;
		page->first = seq + 1;
	}
	m->copied = head;
}

/* Runs on the CPU itself, or for an offline CPU; interrupts off. */
static void switch_memory(void *arg)
{
	struct move *m = arg;
	struct oomtrace_ring_cpu *rc = per_cpu_ptr(m->ring->cpu, m->cpu);

	/* A shared ring's writer may be on any CPU; one that writes ends soon. */
	if (m->ring->shared) {
		if (xchg_acquire(&rc->busy, 1))
			return;
	} else if (READ_ONCE(rc->busy) && rc->slots) {
		/* A CPU without slots is always busy, but never writes. */
		return;
	}
	if (m->give_up && rc->seq > m->copied + LAST_FEW) {
		m->copied = rc->seq - LAST_FEW;
		m->new->page->first = m->copied + 1;
	}
	if (rc->seq > m->copied + LAST_FEW) {
		if (m->ring->shared)
			oomtrace_ring_release(rc);
		return;
	}
	copy_new_records(m, rc->seq);
	m->replaced = oomtrace_ring_use(rc, m->new);
	m->done = true;
}

static void switch_on_cpu(struct move *m)
{
	unsigned long flags;

	/* cpus_read_lock() is held: the CPU stays online or offline. */
	if (cpu_online(m->cpu)) {
		smp_call_function_single(m->cpu, switch_memory, m, true);
		return;
	}
	local_irq_save(flags);
	switch_memory(m);
	local_irq_restore(flags);
}

/* Move one CPU to new memory; false if every attempt met a write. */
static bool move_cpu(struct move *m)
{
	unsigned int tries;

	m->old = oomtrace_ring_mem_get(m->ring->id, m->cpu);
	m->new->page->generation = m->old->page->generation + 1;
	for (tries = 0; !m->done && tries < MAX_TRIES; tries++) {
		m->give_up = tries >= COPY_TRIES;
		copy_new_records(m, oomtrace_ring_head(m->old));
		switch_on_cpu(m);
		cond_resched();
	}
	oomtrace_ring_mem_put(m->old);
	return m->done;
}

/* ---- all CPUs ---- */

static void free_moves(struct move *moves)
{
	unsigned int cpu;

	/* After a move the old memory is unused; without one, the new. */
	for_each_possible_cpu(cpu)
		oomtrace_ring_mem_put(moves[cpu].done ? moves[cpu].replaced :
							moves[cpu].new);
	kvfree(moves);
}

/* Has the CPU memory of another size, or none though it is online? */
static bool needs_move(enum oomtrace_ring_id id, unsigned int cpu,
		       unsigned int kb)
{
	struct oomtrace_ring_mem *mem = oomtrace_ring_mem_get(id, cpu);
	bool needs = mem->nslots ? mem->bytes != (size_t)kb * SZ_1K :
				   !oomtrace_rings[id].shared && cpu_online(cpu);

	oomtrace_ring_mem_put(mem);
	return needs;
}

static unsigned int count_moves(enum oomtrace_ring_id id, unsigned int kb)
{
	unsigned int cpu, n = 0;

	for_each_possible_cpu(cpu)
		n += needs_move(id, cpu, kb);
	return n;
}

static struct move *alloc_moves(enum oomtrace_ring_id id, unsigned int kb,
				unsigned int cpus)
{
	struct move *moves;
	unsigned int cpu;

	if (!oomtrace_ring_fits(kb, cpus))
		return NULL;
	moves = kvcalloc(nr_cpu_ids, sizeof(*moves), GFP_KERNEL);
	if (!moves)
		return NULL;
	for_each_possible_cpu(cpu) {
		if (!needs_move(id, cpu, kb))
			continue;
		moves[cpu].ring = &oomtrace_rings[id];
		moves[cpu].cpu = cpu;
		moves[cpu].new = oomtrace_ring_mem_alloc(id, cpu, kb);
		if (!moves[cpu].new) {
			free_moves(moves);
			return NULL;
		}
	}
	return moves;
}

/* Move what needs it; *@moves is then to be freed. No CPU comes or goes. */
static int resize_locked(enum oomtrace_ring_id id, unsigned int kb,
			 struct move **moves)
{
	unsigned int cpu, cpus = count_moves(id, kb);
	int ret = 0;

	*moves = alloc_moves(id, kb, cpus);
	if (!*moves) {
		pr_err_ratelimited("buffer_size_kb: no memory for %s=%u (KiB on each of %u CPUs)\n",
				   ring_names[id], kb, cpus);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		if ((*moves)[cpu].new && !move_cpu(&(*moves)[cpu]))
			ret = -EBUSY;
	if (!ret) {
		buffer_kb[id] = kb;
		oomtrace_rings[id].kb = kb;
	}
	return ret;
}

/**
 * oomtrace_ring_resize() - change the size of a ring on every CPU
 * @id: which ring.
 * @kb: KiB per CPU. The size in use: CPUs that have another size, or that are
 *	online without memory, get it.
 *
 * May sleep.
 *
 * Return: 0. -EINVAL or -ENOMEM with a line in the log, or -EINTR: nothing has
 * changed. -EBUSY: some CPUs keep the old size.
 */
int oomtrace_ring_resize(enum oomtrace_ring_id id, unsigned int kb)
{
	int ret = check_buffer_kb(ring_names[id], &kb);
	struct move *moves;

	if (ret)
		return ret;
	if (mutex_lock_interruptible(&resize_mutex))
		return -EINTR;
	cpus_read_lock();
	ret = resize_locked(id, kb, &moves);
	cpus_read_unlock();
	if (moves) {
		/* Who found the old memory in oomtrace_ring_mem() is done. */
		synchronize_rcu();
		free_moves(moves);
	}
	mutex_unlock(&resize_mutex);
	return ret;
}

/* ---- as text ---- */

/* Parse "commit=1024", or a number alone, for the rings with memory per CPU. */
static int parse_ring_size(char *word, unsigned int kb[OOMTRACE_RINGS])
{
	char *value = strchr(word, '=');
	unsigned int n;
	int id;

	if (value)
		*value++ = '\0';
	if (kstrtouint(value ? value : word, 10, &n)) {
		pr_err_ratelimited("buffer_size_kb: " WORD_FMT " is not a number of KiB per CPU\n",
				   WORD_ARG(value ? value : word));
		return -EINVAL;
	}
	if (!value) {
		for (id = 0; id < OOMTRACE_RINGS; id++)
			if (!oomtrace_rings[id].shared)
				kb[id] = n;
		return 0;
	}
	id = match_string(ring_names, OOMTRACE_RINGS, word);
	if (id < 0) {
		pr_err_ratelimited("buffer_size_kb: " WORD_FMT
				   " is not a ring; allowed are commit, oom and candidate\n",
				   WORD_ARG(word));
		return -EINVAL;
	}
	kb[id] = n;
	return 0;
}

/**
 * oomtrace_buffer_size_set() - change the size of rings, given as text
 * @text: KiB per CPU: "N" for the rings "commit" and "oom", or any of "commit=N"
 *	and "oom=N"; KiB in all: "candidate=N". Modified.
 *
 * Return: 0 or an error, with a line in the log for -EINVAL and -ENOMEM. If the
 * resize of one ring fails, those before it keep their new size.
 */
int oomtrace_buffer_size_set(char *text)
{
	unsigned int kb[OOMTRACE_RINGS], checked;
	bool any = false;
	char *word;
	int id, ret;

	for (id = 0; id < OOMTRACE_RINGS; id++)
		kb[id] = READ_ONCE(buffer_kb[id]);
	while ((word = strsep(&text, " \t\n"))) {
		if (!*word)
			continue;
		any = true;
		ret = parse_ring_size(word, kb);
		if (ret)
			return ret;
	}
	if (!any) {
		pr_err_ratelimited("buffer_size_kb: no size is given; allowed are N, commit=N, oom=N (KiB per CPU) and candidate=N (KiB)\n");
		return -EINVAL;
	}
	/* Check all sizes before changing any. */
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		checked = kb[id];
		ret = check_buffer_kb(ring_names[id], &checked);
		if (ret)
			return ret;
	}
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		ret = oomtrace_ring_resize(id, kb[id]);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * oomtrace_buffer_size_print() - print the sizes
 * @buf: destination.
 * @size: size of @buf.
 *
 * Return: length of the text, which oomtrace_buffer_size_set() accepts.
 */
size_t oomtrace_buffer_size_print(char *buf, size_t size)
{
	return scnprintf(buf, size, "%s=%u %s=%u %s=%u\n",
			 ring_names[0], READ_ONCE(buffer_kb[0]),
			 ring_names[1], READ_ONCE(buffer_kb[1]),
			 ring_names[2], READ_ONCE(buffer_kb[2]));
}
