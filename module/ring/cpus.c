// SPDX-License-Identifier: GPL-2.0
/*
 * Which CPUs have memory for records: those that are online at load, and each
 * other one from before it first comes online. It keeps the memory, with its
 * records, when it goes offline. So a guest that could have 128 CPUs and has 4
 * pays for 4.
 *
 * A CPU that comes online is not held up if there is no memory for it. Its
 * records are then rejected and counted until a resize finds memory, or until
 * the CPU comes online again.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "ring/cpus.h"
#include "ring/ring.h"

static int hotplug_state;

/* Give a CPU that cannot write now its first slots; 0 or -ENOMEM. */
static int give_slots(struct oomtrace_ring *ring, unsigned int cpu,
		      u32 generation)
{
	struct oomtrace_ring_cpu *rc = per_cpu_ptr(ring->cpu, cpu);
	struct oomtrace_ring_mem *mem, *old;

	if (!oomtrace_ring_fits(ring->kb, 1))
		return -ENOMEM;
	mem = oomtrace_ring_mem_alloc(ring->id, cpu, ring->kb);
	if (!mem)
		return -ENOMEM;
	mem->page->generation = generation;
	old = oomtrace_ring_use(rc, mem);
	/* A page that was mapped may have readers. */
	if (old != &oomtrace_ring_none)
		synchronize_rcu();
	oomtrace_ring_mem_put(old);
	return 0;
}

/* Is a CPU to have memory for a ring once it was online? */
static bool wants_slots(const struct oomtrace_ring *ring, unsigned int cpu)
{
	return !ring->shared || cpu == oomtrace_ring_home();
}

/*
 * Before a CPU comes online; runs on another one. An error would keep the CPU
 * offline, so there is none.
 */
static int prepare_cpu(unsigned int cpu)
{
	int id;

	for (id = 0; id < OOMTRACE_RINGS; id++) {
		struct oomtrace_ring *ring = &oomtrace_rings[id];

		if (!wants_slots(ring, cpu) || per_cpu_ptr(ring->cpu, cpu)->slots)
			continue;
		if (give_slots(ring, cpu, 1))
			pr_warn("no memory for the rings of CPU %u (%u KiB), which comes online: its records are lost and counted in stats\n",
				cpu, ring->kb);
	}
	return 0;
}

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

static void free_rings(void)
{
	int id;

	for (id = 0; id < OOMTRACE_RINGS; id++)
		ring_free(&oomtrace_rings[id]);
}

static int ring_alloc(struct oomtrace_ring *ring, unsigned int kb)
{
	unsigned int cpu;

	if (!oomtrace_ring_fits(kb, ring->shared ? 1 : num_online_cpus()))
		return -ENOMEM;
	ring->kb = kb;
	ring->cpu = alloc_percpu(struct oomtrace_ring_cpu);
	if (!ring->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct oomtrace_ring_cpu *rc = per_cpu_ptr(ring->cpu, cpu);

		kref_get(&oomtrace_ring_none.ref);
		RCU_INIT_POINTER(rc->mem, &oomtrace_ring_none);
		/* No slots: every write is rejected. */
		rc->busy = 1;
		rc->home.cpu = cpu;
		rc->home.flags = ring->id;
	}
	if (ring->shared) {
		ring->writer = per_cpu_ptr(ring->cpu, oomtrace_ring_home());
		return give_slots(ring, oomtrace_ring_home(), 0);
	}
	for_each_online_cpu(cpu)
		if (give_slots(ring, cpu, 0))
			return -ENOMEM;
	return 0;
}

/* No CPU comes or goes meanwhile. */
static int alloc_rings(const unsigned int kb[OOMTRACE_RINGS])
{
	int id, ret;

	for (id = 0; id < OOMTRACE_RINGS; id++) {
		ret = ring_alloc(&oomtrace_rings[id], kb[id]);
		if (ret)
			return ret;
	}
	/* Does not call prepare_cpu(); older kernels never do in this range. */
	ret = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_BP_PREPARE_DYN,
						   "oomtrace:prepare",
						   prepare_cpu, NULL);
	if (ret < 0)
		return ret;
	hotplug_state = ret;
	return 0;
}

/**
 * oomtrace_rings_init() - allocate the rings for the CPUs that are online
 * @kb: KiB per CPU of each ring, in all of a shared one; a multiple of the page
 *	size, at least two pages.
 *
 * Return: 0, or an error with nothing allocated: -ENOMEM, or that of
 * cpuhp_setup_state().
 */
int oomtrace_rings_init(const unsigned int kb[OOMTRACE_RINGS])
{
	int ret;

	cpus_read_lock();
	ret = alloc_rings(kb);
	cpus_read_unlock();
	if (ret)
		free_rings();
	return ret;
}

/**
 * oomtrace_rings_exit() - free the rings
 *
 * Call when no writer, no reader and no wake-up is left.
 */
void oomtrace_rings_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug_state);
	free_rings();
}
