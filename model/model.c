// SPDX-License-Identifier: GPL-2.0
/* Small rings for the checks, and stubs for the rest of the module. */
#include "model.h"

struct oomtrace_ring oomtrace_rings[OOMTRACE_RINGS];
__thread unsigned int model_cpu;
unsigned int model_cpus = MODEL_CPUS;
int model_order;
int oomtrace_ring_waiting;

#define RING	OOMTRACE_RING_COMMIT
#define PAGE	128
/* Of a ring: a line of the cache. */
#define ALIGN	((uintptr_t)64)

static char cpus[OOMTRACE_RINGS][MODEL_CPUS][MODEL_PER_CPU]
	__attribute__((aligned(MODEL_PER_CPU)));
static_assert(sizeof(struct oomtrace_ring_cpu) <= MODEL_PER_CPU);
static struct oomtrace_ring_mem mems[OOMTRACE_RINGS][MODEL_CPUS];
/* What calloc() returned for each. */
static void *allocated[OOMTRACE_RINGS][MODEL_CPUS];

static void make_ring(int id, u32 nslots)
{
	struct oomtrace_ring *ring = &oomtrace_rings[id];
	unsigned int cpu;

	ring->id = id;
	ring->slot_size = SLOT_SIZE;
	ring->cpu = (void *)cpus[id];
	for_each_possible_cpu(cpu) {
		struct oomtrace_ring_cpu *rc = per_cpu_ptr(ring->cpu, cpu);
		struct oomtrace_ring_mem *mem = &mems[id][cpu];

		free(allocated[id][cpu]);
		mem->bytes = PAGE + (size_t)nslots * SLOT_SIZE;
		/* calloc() writes no zeros to the pages of a large area. */
		allocated[id][cpu] = calloc(1, mem->bytes + ALIGN);
		if (!allocated[id][cpu])
			abort();
		mem->page = (void *)(((uintptr_t)allocated[id][cpu] + ALIGN - 1) & -ALIGN);
		mem->slots = (char *)mem->page + PAGE;
		mem->nslots = nslots;
		mem->slot_size = SLOT_SIZE;
		mem->page->first = 1;
		memset(rc, 0, sizeof(*rc));
		rc->page = mem->page;
		rc->slots = mem->slots;
		rc->nslots = nslots;
		rc->home.cpu = cpu;
		rc->home.flags = id;
		rc->mem = mem;
	}
}

void model_ring(u32 nslots)
{
	int id;

	for (id = 0; id < OOMTRACE_RINGS; id++)
		make_ring(id, nslots);
}

void *model_memory(unsigned int cpu, size_t *size)
{
	*size = mems[RING][cpu].bytes;
	return mems[RING][cpu].page;
}

static u64 word_value(unsigned int cpu, u64 seq, unsigned int word)
{
	return seq << 16 | cpu << 8 | (word + 1);
}

void model_write(void)
{
	struct oomtrace_ring *ring = &oomtrace_rings[RING];
	u64 seq = this_cpu_ptr(ring->cpu)->seq + 1;
	struct model_record *rec;
	unsigned int i;

	rec = oomtrace_ring_reserve(ring, OOMTRACE_MARK, sizeof(*rec));
	if (!rec)
		abort();
	rec->h.valid = 0;
	rec->h.derived = seq;
	for (i = 0; i < WORDS; i++)
		rec->word[i] = word_value(model_cpu, seq, i);
	oomtrace_ring_publish(ring, &rec->h);
}

bool model_whole(const struct model_record *rec)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (rec->word[i] != word_value(rec->h.cpu, rec->h.seq, i))
			return false;
	return rec->h.derived == rec->h.seq && rec->h.size == sizeof(*rec);
}

/* No record of the model has a stack, and none is rejected. */
#ifndef MODEL_BENCH
u32 oomtrace_stack_of(const struct oomtrace_header *rec)
{
	(void)rec;
	return 0;
}
#endif

bool oomtrace_stack_fill(u32 id, struct oomtrace_stack *rec)
{
	(void)id;
	(void)rec;
	return false;
}

void oomtrace_ring_refuse(struct oomtrace_ring_cpu *rc)
{
	rc->refused[0]++;
}

u64 oomtrace_ring_written(enum oomtrace_ring_id id, unsigned int cpu)
{
	return oomtrace_ring_head(oomtrace_ring_mem(&oomtrace_rings[id], cpu));
}
