// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the module is loaded and unloaded while the kernel takes the
 * decisions that it hooks, on every CPU, and while its files are read. Nothing
 * fails, and nothing is left over.
 *
 * OOMTRACE_CYCLES in the environment sets the number of cycles (default 50).
 */
#include <errno.h>

#include "lib/stress.h"
#include "lib/test.h"

/*
 * Slabs of tasks stay allocated, each with a few objects in use: up to 800 kB
 * were seen after 334 cycles. A leak in each load would add up to more.
 */
static long slab_noise(long cycles)
{
	return cycles > 100 ? 2048 : 1024;
}

/* Memory in use by kmalloc(), vmalloc() and per-CPU allocations, kB. */
struct kept {
	long slab;
	long percpu;
	long vmalloc;
};

/*
 * The kernel's allocator keeps up to four pages of each CPU populated and empty
 * (PCPU_EMPTY_POP_PAGES_HIGH), and counts them as used. Others stay because a part of
 * them is in use. 6.12 keeps three after 50 cycles and after 500; a leak would grow.
 */
static long percpu_noise(void)
{
	return 8 * sysconf(_SC_NPROCESSORS_CONF) * (sysconf(_SC_PAGESIZE) / 1024);
}

static void measure_memory(struct kept *k)
{
	spill("/proc/sys/vm/drop_caches", "3");
	k->slab = meminfo("SUnreclaim");
	k->percpu = meminfo("Percpu");
	k->vmalloc = meminfo("VmallocUsed");
}

/* Load and unload; 30 s without success is a hang. */
static void load_and_unload(struct __test_metadata *_metadata, long cycles)
{
	static const char * const params[] = {
		"", "commit_records=all commit_buffer_kb=16",
		"commit_records=none oom_buffer_kb=16", "near_percent=50",
		"candidate_buffer_kb=16 candidates=full",
	};
	unsigned long long until;
	long i;
	int err;

	for (i = 0; i < cycles; i++) {
		if (i % 10 == 0)
			fprintf(stderr, "# cycle %ld\n", i);
		err = module_load(params[i % ARRAY_SIZE(params)]);
		ASSERT_EQ(0, err) TH_LOG("load %ld", i);
		/* Unload at once, or after some records. */
		sleep_ms(i % 3 * 10);
		until = now_ns() + 30000000000ULL;
		while ((err = module_unload()) && now_ns() < until)
			sleep_ms(1);
		ASSERT_EQ(0, err) TH_LOG("unload %ld", i);
	}
}

FIXTURE(load_stress) {
};

FIXTURE_SETUP(load_stress)
{
	module_stop();
}

FIXTURE_TEARDOWN(load_stress)
{
	module_stop();
}

TEST_F_TIMEOUT(load_stress, it_is_loaded_and_unloaded, 36000)
{
	long cycles = getenv("OOMTRACE_CYCLES") ? atol(getenv("OOMTRACE_CYCLES"))
						: 50;
	struct kept before, after;
	unsigned long ooms;
	struct stress b;
	int wait;

	/* Do one-time allocations first, also those of the load. */
	stress_start(&b, true);
	load_and_unload(_metadata, 5);
	stress_stop(&b);
	measure_memory(&before);

	stress_start(&b, true);
	load_and_unload(_metadata, cycles / 2);
	ooms = b.count->ooms;
	load_and_unload(_metadata, cycles - cycles / 2);
	/* The load ran until the end. */
	for (wait = 0; wait < 300 && b.count->ooms == ooms; wait++)
		sleep_ms(100);
	EXPECT_LT(ooms, b.count->ooms);
	EXPECT_LT(0, b.count->forks);
	EXPECT_LT(0, b.count->maps);
	EXPECT_LT(0, b.count->denied);
	EXPECT_LT(0, b.count->reads);
	stress_stop(&b);

	/* Some memory is freed slightly later. */
	for (wait = 0; wait < 100; wait++) {
		measure_memory(&after);
		if (after.slab - before.slab < slab_noise(cycles) &&
		    after.percpu - before.percpu <= percpu_noise() &&
		    after.vmalloc - before.vmalloc < 256)
			break;
		sleep_ms(100);
	}
	EXPECT_GT(slab_noise(cycles), after.slab - before.slab);
	EXPECT_GE(percpu_noise(), after.percpu - before.percpu);
	EXPECT_GT(256, after.vmalloc - before.vmalloc);
	EXPECT_EQ(NULL, module_trace());
	TH_LOG("%ld cycles; slab %+ld kB, per-CPU %+ld kB, vmalloc %+ld kB",
	       cycles, after.slab - before.slab, after.percpu - before.percpu,
	       after.vmalloc - before.vmalloc);
}

TEST_HARNESS_MAIN
