// SPDX-License-Identifier: GPL-2.0
/*
 * How large the rings are, and changing that while they are written to.
 *
 * Nothing stops for a change: the hooks stay, other CPUs go on. New memory is
 * allocated for all CPUs first, so that a lack of it changes nothing. Then, one
 * CPU after the other:
 *
 *  1. The records held are copied to the new memory from here, as any reader
 *     would read them, until only the last few are missing.
 *  2. On the CPU itself, by an interrupt and so between two writes (if it came
 *     inside one, once more), the few are copied and the writer is given the new
 *     memory.
 *  3. The old memory is marked as closed, and freed when no reader looks at it
 *     and no mapping shows it any more.
 *
 * Numbers go on. What the new memory has no room for is lost to readers that had
 * not got to it, and counted for them as anything else that they lose.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "ring/reader.h"
#include "ring/resize.h"
#include "ring/ring.h"
#include "task.h"

#define MIN_KB	16U
#define MAX_KB	1048576U

/* Kilobytes per CPU, at load and since the last resize. */
static unsigned int buffer_kb[OOMTRACE_RINGS] = {
	[OOMTRACE_RING_COMMIT]	= 256,
	[OOMTRACE_RING_OOM]	= 512,
};

module_param_named(commit_buffer_kb, buffer_kb[OOMTRACE_RING_COMMIT], uint, 0444);
MODULE_PARM_DESC(commit_buffer_kb,
		 "Memory for commit decisions, KiB per CPU, 16 to 1048576 (default 256).");

module_param_named(oom_buffer_kb, buffer_kb[OOMTRACE_RING_OOM], uint, 0444);
MODULE_PARM_DESC(oom_buffer_kb,
		 "Memory for OOM episodes, KiB per CPU, 16 to 1048576 (default 512: about 1600 candidates).");

static const char * const ring_names[OOMTRACE_RINGS] = {
	[OOMTRACE_RING_COMMIT]	= "commit",
	[OOMTRACE_RING_OOM]	= "oom",
};

/* One resize at a time. */
static DEFINE_MUTEX(resize_mutex);

/*
 * Check a size, which the log calls @name. Round it up to whole pages, two at
 * least: the first page describes the others, which hold the records.
 */
static int check_buffer_kb(const char *name, unsigned int *kb)
{
	if (*kb < MIN_KB || *kb > MAX_KB) {
		pr_err_ratelimited("%s=%u: out of range; allowed are %u to %u (KiB per CPU)\n",
				   name, *kb, MIN_KB, MAX_KB);
		return -EINVAL;
	}
	*kb = max_t(size_t, PAGE_ALIGN((size_t)*kb * SZ_1K), 2 * PAGE_SIZE) /
	      SZ_1K;
	return 0;
}

/**
 * oomtrace_buffers_init() - allocate the rings as the parameters say
 *
 * The sizes are checked here and not when the parameters are set, since modprobe
 * shows the error and the log says why.
 *
 * Return: 0; -EINVAL or -ENOMEM with a line in the log.
 */
int oomtrace_buffers_init(void)
{
	unsigned int *commit_kb = &buffer_kb[OOMTRACE_RING_COMMIT];
	unsigned int *oom_kb = &buffer_kb[OOMTRACE_RING_OOM];
	int ret;

	ret = check_buffer_kb("commit_buffer_kb", commit_kb);
	if (!ret)
		ret = check_buffer_kb("oom_buffer_kb", oom_kb);
	if (ret)
		return ret;
	ret = oomtrace_rings_init(buffer_kb);
	if (ret)
		pr_err("no memory for the rings (%u + %u KiB on each of %u CPUs)\n",
		       *commit_kb, *oom_kb, num_possible_cpus());
	return ret;
}

/* ---- one CPU ---- */

/* Records that may be copied with interrupts off. */
#define LAST_FEW	64
/* How often it is tried to get that near to a writer before others are lost. */
#define TRIES		100
/* How often an interrupt may come inside a write. */
#define MAX_TRIES	100000

/**
 * struct move - a ring on one CPU on its way to other memory
 * @ring: the ring.
 * @cpu: the CPU.
 * @new: the new memory.
 * @old: the memory it has now; what is left of it when @done.
 * @copied: all records up to this one were copied or are lost.
 * @give_up: leave behind what is not copied yet.
 * @done: the writer has the new memory.
 */
struct move {
	struct oomtrace_ring *ring;
	unsigned int cpu;
	struct oomtrace_ring_mem *new;
	struct oomtrace_ring_mem *old;
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

/* Copy what was written since the last time. No reader sees the new memory yet. */
static void catch_up(struct move *m, u64 head)
{
	struct oomtrace_ring_page *page = m->new->page;
	u64 seq = max(m->copied + 1, oomtrace_oldest_held(m->old, head));

	/* Nobody misses what would be overwritten again at once. */
	if (head > m->new->nslots)
		seq = max(seq, head - m->new->nslots + 1);
	if (seq > m->copied + 1)
		page->first = seq;
	for (; seq <= head; seq++) {
		/* All before one that was overwritten is so, too. */
		if (!oomtrace_copy_record(m->old, seq, slot_of(m->new, seq),
					  m->old->slot_size))
			page->first = seq + 1;
	}
	m->copied = head;
}

/* On the CPU itself, or with the CPU offline; interrupts off. */
static void switch_over(void *arg)
{
	struct move *m = arg;
	struct oomtrace_ring_cpu *rc = per_cpu_ptr(m->ring->cpu, m->cpu);

	if (READ_ONCE(rc->busy))
		return;
	if (m->give_up && rc->seq > m->copied + LAST_FEW) {
		m->copied = rc->seq - LAST_FEW;
		m->new->page->first = m->copied + 1;
	}
	if (rc->seq > m->copied + LAST_FEW)
		return;
	catch_up(m, rc->seq);
	oomtrace_ring_use(rc, m->new);
	/* After the last head of this memory: whoever sees it has seen all. */
	smp_store_release(&m->old->page->closed, 1);
	m->done = true;
}

static void run_on_cpu(struct move *m)
{
	unsigned long flags;

	/* The CPU neither comes nor goes: see oomtrace_ring_resize(). */
	if (cpu_online(m->cpu)) {
		smp_call_function_single(m->cpu, switch_over, m, true);
		return;
	}
	local_irq_save(flags);
	switch_over(m);
	local_irq_restore(flags);
}

/* Give a CPU new memory; false if it is always in the middle of a write. */
static bool move_cpu(struct move *m)
{
	unsigned int tries;

	m->old = oomtrace_ring_mem_get(m->ring->id, m->cpu);
	m->new->page->generation = m->old->page->generation + 1;
	for (tries = 0; !m->done && tries < MAX_TRIES; tries++) {
		m->give_up = tries >= TRIES;
		catch_up(m, oomtrace_ring_head(m->old));
		run_on_cpu(m);
		cond_resched();
	}
	/* What mem_get() took; the ring's own is dropped by the caller. */
	oomtrace_ring_mem_put(m->old);
	return m->done;
}

/* ---- all CPUs ---- */

static void free_moves(struct move *moves)
{
	unsigned int cpu;

	/* What was not moved has new memory left over, the others old. */
	for_each_possible_cpu(cpu)
		oomtrace_ring_mem_put(moves[cpu].done ? moves[cpu].old :
							moves[cpu].new);
	kvfree(moves);
}

static struct move *alloc_moves(enum oomtrace_ring_id id, unsigned int kb)
{
	struct move *moves;
	unsigned int cpu;

	if (!oomtrace_ring_fits(kb))
		return NULL;
	moves = kvcalloc(nr_cpu_ids, sizeof(*moves), GFP_KERNEL);
	if (!moves)
		return NULL;
	for_each_possible_cpu(cpu) {
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

static int resize_locked(enum oomtrace_ring_id id, unsigned int kb)
{
	struct move *moves;
	unsigned int cpu;
	int ret = 0;

	moves = alloc_moves(id, kb);
	if (!moves) {
		pr_err_ratelimited("buffer_size_kb: no memory for %s=%u (KiB on each of %u CPUs)\n",
				   ring_names[id], kb, num_possible_cpus());
		return -ENOMEM;
	}
	/* No CPU comes or goes while it is given new memory. */
	cpus_read_lock();
	for_each_possible_cpu(cpu)
		if (!move_cpu(&moves[cpu]))
			ret = -EBUSY;
	cpus_read_unlock();
	if (!ret)
		buffer_kb[id] = kb;
	/* No reader looks at the old memory any more: see oomtrace_ring_mem(). */
	synchronize_rcu();
	free_moves(moves);
	return ret;
}

/**
 * oomtrace_ring_resize() - give a ring another size on every CPU
 * @id: which ring.
 * @kb: kilobytes per CPU.
 *
 * May sleep.
 *
 * Return: 0; -EINVAL or -ENOMEM with a line in the log, and then nothing has
 * changed; -EINTR.
 */
int oomtrace_ring_resize(enum oomtrace_ring_id id, unsigned int kb)
{
	int ret = check_buffer_kb(ring_names[id], &kb);

	if (ret)
		return ret;
	if (mutex_lock_interruptible(&resize_mutex))
		return -EINTR;
	if (kb != buffer_kb[id])
		ret = resize_locked(id, kb);
	mutex_unlock(&resize_mutex);
	return ret;
}

/* ---- as text ---- */

/* "commit=1024": which ring, how much. A number alone is for both. */
static int parse_word(char *word, unsigned int kb[OOMTRACE_RINGS])
{
	char *value = strchr(word, '=');
	unsigned int n;
	int id;

	if (value)
		*value++ = '\0';
	if (kstrtouint(value ? value : word, 10, &n)) {
		pr_err_ratelimited("buffer_size_kb: " WORD_FMT " is no number\n",
				   WORD_ARG(value ? value : word));
		return -EINVAL;
	}
	if (!value) {
		for (id = 0; id < OOMTRACE_RINGS; id++)
			kb[id] = n;
		return 0;
	}
	id = match_string(ring_names, OOMTRACE_RINGS, word);
	if (id < 0) {
		pr_err_ratelimited("buffer_size_kb: " WORD_FMT " is no ring; allowed are commit and oom\n",
				   WORD_ARG(word));
		return -EINVAL;
	}
	kb[id] = n;
	return 0;
}

/**
 * oomtrace_buffer_size_set() - resize as a text says
 * @text: KiB per CPU: "N" for both rings, or "commit=N", "oom=N" or both; taken
 *	apart.
 *
 * Return: 0, or an error with a line in the log. If the second of two rings
 * could not be resized, the first has been.
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
		ret = parse_word(word, kb);
		if (ret)
			return ret;
	}
	if (!any) {
		pr_err_ratelimited("buffer_size_kb: nothing is said; allowed are N, commit=N and oom=N (KiB per CPU)\n");
		return -EINVAL;
	}
	/* All that is said is right before any of it is done. */
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
 * oomtrace_buffer_size_print() - the sizes as text
 * @buf: where to.
 * @size: its size.
 *
 * Return: length of the text, which can be written back.
 */
size_t oomtrace_buffer_size_print(char *buf, size_t size)
{
	return scnprintf(buf, size, "%s=%u %s=%u\n",
			 ring_names[0], READ_ONCE(buffer_kb[0]),
			 ring_names[1], READ_ONCE(buffer_kb[1]));
}
