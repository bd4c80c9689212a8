// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the explanation of an OOM's zones, free blocks and stack, by constructed
 * records.
 */
#include "test_episode.h"
#include "test_zones.h"

static const char *explanation(void)
{
	return story_text(&story);
}

/* A request that may use node 1 of two. */
static struct oomtrace_zonelist make_zonelist(u64 episode)
{
	RECORD(z, ZONELIST, zonelist);

	z.h.derived = OOMTRACE_BIT(zonelist, constraint);
	z.h.valid &= ~OOMTRACE_BIT(zonelist, nodemask);
	z.episode = episode;
	z.constraint = OOMTRACE_CONSTRAINT_CPUSET;
	strcpy(z.nodes, "1");
	strcpy(z.mems_allowed, "1");
	z.zones = 3;
	z.zones_allowed = 1;
	z.highest_zone = 3;
	z.free = 3072;
	z.managed = 196608;
	z.file = 11;
	z.anon = 100;
	z.slab_reclaimable = 5;
	z.kernel_misc_reclaimable = 2;
	z.other_nodes_free = 47185920;
	z.usable_free = 0;
	z.usable_order = -1;
	return z;
}

static void start(void)
{
	struct oomtrace_memory m = make_memory(1);

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_GLOBAL);
	feed(&m);
}

static void test_nodes(void)
{
	struct oomtrace_zonelist zl = make_zonelist(1);
	struct oomtrace_verdict v = make_verdict(1);
	struct oomtrace_zone z = make_zone(1, "DMA32", 90000, 500);

	start();
	check_hasnt(explanation(), "Nodes:", "without_a_zonelist_no_nodes_are_told");
	feed(&zl);
	check_has(explanation(), "Nodes:     node 1 has 3,072 pages (12 MiB) free of 196,608 pages (768 MiB); other nodes 47,185,920 pages (180 GiB), which this cpuset may not use\n",
		  "the_allowed_node_and_the_others_are_told");
	check_has(explanation(), "Reclaim:   on node 1 at most 18 pages (72 KiB): file 11, reclaimable slab 5, other kernel memory 2, anon that fits into free swap 0\n",
		  "reclaim_is_that_of_the_allowed_node");
	z.allowed = 0;
	feed(&z);
	check_hasnt(explanation(), "Zones:", "a_zone_that_is_not_allowed_explains_nothing");
	z = make_zone(1, "Normal", 3072, 3000);
	z.node = 1;
	z.lowmem_reserve = 100;
	feed(&z);
	check_has(explanation(), "Zones:     Normal on node 1 has 3,072 pages (12 MiB) free, not above its min of 3,000 and 100 kept for requests that need this zone; low",
		  "the_reserve_of_a_zone_counts");
	v.constraint = OOMTRACE_CONSTRAINT_MEMORY_POLICY;
	feed(&v);
	check_has(explanation(), ", which this memory policy may not use\n",
		  "the_kernels_own_constraint_is_preferred");

	start();
	zl.constraint = OOMTRACE_CONSTRAINT_NONE;
	zl.other_zones_free = 77;
	strcpy(zl.nodes, "0-1,3");
	feed(&zl);
	check_has(explanation(), "Nodes:     nodes 0-1,3 have 3,072 pages", "several_nodes_are_told");
	check_has(explanation(), ", which this request may not use\n           on the same nodes 77 pages (308 KiB) are free in zones that the request's flags exclude\n",
		  "excluded_zones_are_told");

	start();
	zl.zones_allowed = 0;
	zl.nodes[0] = '\0';
	feed(&zl);
	check_has(explanation(), "Nodes:     no node that this request may use; other nodes",
		  "no_allowed_node_is_told");

	start();
	zl = make_zonelist(1);
	zl.h.valid &= ~OOMTRACE_BIT(zonelist, other_nodes_free);
	feed(&zl);
	check_hasnt(explanation(), "Nodes:", "nodes_that_are_not_known_are_not_told");
	check_has(explanation(), "Reclaim:   at most 27 pages", "reclaim_is_then_the_machines");

	start();
	zl = make_zonelist(1);
	zl.constraint = OOMTRACE_CONSTRAINT_NONE;
	zl.other_nodes_free = 0;
	feed(&zl);
	check_hasnt(explanation(), "Nodes:", "with_one_node_there_are_no_others");

	oomtrace_story_init(&story, 0, 4096);
	feed_begin(1, OOMTRACE_SCOPE_MEMCG);
	zl = make_zonelist(1);
	feed(&zl);
	check_hasnt(explanation(), "Nodes:", "a_cgroups_oom_is_not_the_nodes");
}

static void feed_order(s32 order)
{
	struct oomtrace_oom_begin b;

	start();
	b = story.begin;
	b.order = order;
	feed(&b);
}

static void test_blocks(void)
{
	struct oomtrace_zonelist zl = make_zonelist(1);

	zl.usable_free = 44544;
	zl.usable_order = 2;
	feed_order(3);
	feed(&zl);
	check_has(explanation(), "Blocks:    8 contiguous pages (32 KiB) were requested; 44,544 pages (174 MiB) are free, but fragmented, in blocks of at most 4 pages (16 KiB)\n",
		  "fragmentation_is_told");
	zl.usable_order = 9;
	feed_order(3);
	feed(&zl);
	check_has(explanation(), "44,544 pages (174 MiB) are free, in blocks of at most 512 pages (2 MiB)\n",
		  "without_fragmentation_none_is_told");
	zl.usable_order = -1;
	feed_order(3);
	feed(&zl);
	check_has(explanation(), "were requested; no zone has free blocks above its min\n",
		  "no_block_at_all_is_told");
	feed_order(0);
	feed(&zl);
	check_hasnt(explanation(), "Blocks:", "one_page_is_always_contiguous");
	zl.usable_order = 2000000000;
	feed_order(3);
	feed(&zl);
	check_hasnt(explanation(), "Blocks:", "an_impossible_order_is_not_told");
}

static void test_retry(void)
{
	RECORD(p, RETRY, retry);

	start();
	p.episode = 1;
	p.kind = OOMTRACE_RETRY_RECLAIM;
	p.reclaimable = 13000;
	p.available = 26000;
	p.min_wmark = 500;
	p.retry = 1;
	p.free_counted = 1;
	p.no_progress_loops = 16;
	strcpy(p.zone_name, "DMA32");
	feed(&p);
	check_has(explanation(), "reclaimable 0~, for which this kernel counts the zone's 13,000 free pages, so twice in all (26,000), min 500; loops without progress 16, the last try that is allowed followed and failed\n",
		  "free_pages_are_not_told_as_reclaimable");
	p.no_progress_loops = 3;
	p.free_counted = 0;
	feed(&p);
	check_has(explanation(), "reclaimable 13,000, with free 26,000, min 500; loops without progress 3, another try followed and failed\n",
		  "a_retry_before_an_oom_has_failed");
}

static const char *explain_stack(const char *text)
{
	static RECORD(stack, STACK, stack);
	struct oomtrace_oom_begin b;

	start();
	b = story.begin;
	b.stack = 7;
	feed(&b);
	check(oomtrace_story_stack(&story) == 7, "the_begin_names_a_stack");
	stack.id = 7;
	memset(stack.text, 0, sizeof(stack.text));
	memcpy(stack.text, text, strnlen(text, sizeof(stack.text)));
	oomtrace_story_use_stack(&story, &stack);
	return explanation();
}

static void test_stack(void)
{
	static const char fault[] =
		"__alloc_pages+0x1/0x2 pte_alloc_one+0x1/0x2 __pte_alloc+0x2c/0x120 "
		"do_anonymous_page+0x1/0x2 exc_page_fault+0x1/0x2";
	static const char call[] =
		"allocate_slab+0x1/0x2 ___slab_alloc+0x1/0x2 foo.isra.0+0x1/0x2 "
		"__x64_sys_open+0x1/0x2";
	char full[OOMTRACE_STACK_TEXT + 1];

	check_has(explain_stack(fault),
		  "Needed:    a page table, in a page fault\nStack:     __alloc_pages pte_alloc_one __pte_alloc do_anonymous_page exc_page_fault\n",
		  "what_a_fault_needs_is_told");
	check_has(explain_stack(call),
		  "Needed:    slab memory of the kernel, in the system call open\n",
		  "a_system_call_is_told");
	memset(full, 'x', sizeof(full) - 1);
	full[sizeof(full) - 1] = '\0';
	check_has(explain_stack(full), "Needed:    not known by the names of these functions\nStack:     xxxx",
		  "a_stack_of_garbage_is_survived");
}

void test_zones(void)
{
	test_nodes();
	test_blocks();
	test_retry();
	test_stack();
}
