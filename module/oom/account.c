// SPDX-License-Identifier: GPL-2.0
/*
 * What the memory of a cgroup was used for when it ran out: the numbers of its
 * memory.stat, and its usage and limits.
 *
 * The kernel counts them per CPU and adds them up from time to time, in
 * memcg->vmstats, whose type no header declares. So its place, and the index of
 * each number, come from the kernel's BTF. Without BTF the numbers are absent.
 *
 * out_of_memory() adds them up when it prints them, after the choice and before
 * the kill. That is the best moment to read them, with exactly the numbers of the
 * kernel's log. But the kernel prints ten OOMs in five seconds at most. So the
 * numbers are read when the episode begins as well, and those are recorded, marked
 * as derived, if the kernel prints nothing.
 *
 * The handlers run in the task that is out of memory, with preemption off and
 * oom_lock held. They do not wait, and sum nothing over CPUs.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>

#include "compat/ptrace.h"
#include "compat/vmstat.h"
#include "hook/btf.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "oom/account.h"
#include "oom/episode.h"
#include "task.h"

#define ITEM(field, constant, unit)				\
	{ constant, offsetof(struct oomtrace_memcg, field),	\
	  OOMTRACE_BIT(memcg, field), unit }

/*
 * Every number of memory.stat that is recorded: the kernel's constant for it, and
 * the bytes that it counts. A field may have a second constant, of other kernels.
 */
static const struct {
	const char *constant;
	u32 offset;
	u64 bit;
	u32 unit;
} items[] = {
	ITEM(anon,		"NR_ANON_MAPPED",	PAGE_SIZE),
	ITEM(file,		"NR_FILE_PAGES",	PAGE_SIZE),
	ITEM(kernel,		"MEMCG_KMEM",		PAGE_SIZE),
	ITEM(kernel_stack,	"NR_KERNEL_STACK_KB",	SZ_1K),
	ITEM(pagetables,	"NR_PAGETABLE",		PAGE_SIZE),
	ITEM(sec_pagetables,	"NR_SECONDARY_PAGETABLE", PAGE_SIZE),
	ITEM(percpu,		"MEMCG_PERCPU_B",	1),
	ITEM(sock,		"MEMCG_SOCK",		PAGE_SIZE),
	ITEM(vmalloc,		"MEMCG_VMALLOC",	PAGE_SIZE),
	ITEM(vmalloc,		"NR_VMALLOC",		PAGE_SIZE),
	ITEM(shmem,		"NR_SHMEM",		PAGE_SIZE),
	ITEM(zswap,		"MEMCG_ZSWAP_B",	1),
	ITEM(zswapped,		"MEMCG_ZSWAPPED",	PAGE_SIZE),
	ITEM(file_mapped,	"NR_FILE_MAPPED",	PAGE_SIZE),
	ITEM(file_dirty,	"NR_FILE_DIRTY",	PAGE_SIZE),
	ITEM(file_writeback,	"NR_WRITEBACK",		PAGE_SIZE),
	ITEM(swapcached,	"NR_SWAPCACHE",		PAGE_SIZE),
	ITEM(anon_thp,		"NR_ANON_THPS",		OOMTRACE_THP_UNIT),
#if HAS_THP_IN_PAGES
	/* Older kernels do not count these for each cgroup. */
	ITEM(file_thp,		"NR_FILE_THPS",		PAGE_SIZE),
	ITEM(shmem_thp,		"NR_SHMEM_THPS",	PAGE_SIZE),
#endif
	ITEM(inactive_anon,	"NR_INACTIVE_ANON",	PAGE_SIZE),
	ITEM(active_anon,	"NR_ACTIVE_ANON",	PAGE_SIZE),
	ITEM(inactive_file,	"NR_INACTIVE_FILE",	PAGE_SIZE),
	ITEM(active_file,	"NR_ACTIVE_FILE",	PAGE_SIZE),
	ITEM(unevictable,	"NR_UNEVICTABLE",	PAGE_SIZE),
	ITEM(slab_reclaimable,	"NR_SLAB_RECLAIMABLE_B", 1),
	ITEM(slab_unreclaimable, "NR_SLAB_UNRECLAIMABLE_B", 1),
	ITEM(hugetlb,		"NR_HUGETLB",		PAGE_SIZE),
};

#define NO_ENTRY	U16_MAX

/**
 * struct account_layout - where the numbers of a cgroup are
 * @vmstats: offset of the member vmstats in struct mem_cgroup, bytes.
 * @pointer: vmstats is a pointer to a struct that has the array; otherwise it is
 *	the array.
 * @state: offset of the array in that struct, bytes.
 * @nr: entries of the array; 0: not known.
 * @swap: entry of the cgroup's swap, which only cgroup v1 needs; or NO_ENTRY.
 * @entry: entry of each of items[]; or NO_ENTRY.
 */
struct account_layout {
	u32 vmstats;
	bool pointer;
	u32 state;
	u32 nr;
	u16 swap;
	u16 entry[ARRAY_SIZE(items)];
};

/* Constant after load. */
static struct account_layout layout;

/* ---- at load: find the numbers ---- */

/* The number of entries of an array whose entries have the size of a long, or 0. */
static u32 count_longs(const struct oomtrace_btf *v, const struct btf_type *t)
{
	const struct btf_array *array;
	const struct btf_type *entry;
	int depth;

	if (!t || BTF_INFO_KIND(t->info) != BTF_KIND_ARRAY)
		return 0;
	array = (const void *)(t + 1);
	entry = oomtrace_btf_strip(v, array->type);
	/* atomic_long_t is a typedef of a typedef of a struct. */
	for (depth = 0; entry && depth < 4 &&
	     BTF_INFO_KIND(entry->info) == BTF_KIND_TYPEDEF; depth++)
		entry = oomtrace_btf_strip(v, entry->type);
	if (!entry || (BTF_INFO_KIND(entry->info) != BTF_KIND_INT &&
		       BTF_INFO_KIND(entry->info) != BTF_KIND_STRUCT) ||
	    entry->size != sizeof(long))
		return 0;
	return array->nelems;
}

static u32 find_array(const struct oomtrace_btf *v)
{
	const struct btf_type *t = oomtrace_btf_find(v, BTF_KIND_STRUCT, "mem_cgroup");

	t = oomtrace_btf_member(v, t, "vmstats", &layout.vmstats);
	layout.pointer = t && BTF_INFO_KIND(t->info) == BTF_KIND_PTR;
	if (!layout.pointer)
		return count_longs(v, t);
	t = oomtrace_btf_strip(v, t->type);
	if (!t || BTF_INFO_KIND(t->info) != BTF_KIND_STRUCT)
		return 0;
	return count_longs(v, oomtrace_btf_member(v, t, "state", &layout.state));
}

/*
 * The entry of a constant. An array with an entry for each constant has no table;
 * a shorter one has: bytes, by constant, and one that is too large for the array
 * where the kernel does not count it for cgroups.
 */
static u16 find_entry(const struct oomtrace_btf *v, const struct btf_type * const *enums,
		      const u8 *table, u32 constants, const char *name)
{
	u32 n;

	if (!oomtrace_btf_enum(v, enums[0], name, &n) &&
	    !oomtrace_btf_enum(v, enums[1], name, &n))
		return NO_ENTRY;
	if (n < constants && table)
		n = table[n];
	return n < layout.nr ? n : NO_ENTRY;
}

/*
 * The table of the constants; NULL if it is not what it is taken for. Each entry of
 * the array must have exactly one constant, and all other constants none.
 */
static const u8 *find_table(u32 constants)
{
	unsigned long size;
	const u8 *table = oomtrace_find_variable("mem_cgroup_stats_index", &size);
	DECLARE_BITMAP(seen, U8_MAX) = { };
	u32 i;

	/* The size of a symbol is the distance to the next one. */
	if (!table || size < constants || layout.nr >= U8_MAX)
		return NULL;
	for (i = 0; i < constants; i++) {
		if (table[i] == U8_MAX)
			continue;
		if (table[i] >= layout.nr || __test_and_set_bit(table[i], seen))
			return NULL;
	}
	return bitmap_weight(seen, layout.nr) == layout.nr ? table : NULL;
}

static void find_entries(const struct oomtrace_btf *v)
{
	const struct btf_type *enums[] = {
		oomtrace_btf_find(v, BTF_KIND_ENUM, "memcg_stat_item"),
		oomtrace_btf_find(v, BTF_KIND_ENUM, "node_stat_item"),
	};
	const u8 *table = NULL;
	u32 constants;
	size_t i;

	if (!oomtrace_btf_enum(v, enums[0], "MEMCG_NR_STAT", &constants))
		return;
	if (layout.nr != constants) {
		table = find_table(constants);
		if (!table)
			return;
	}
	layout.swap = find_entry(v, enums, table, constants, "MEMCG_SWAP");
	for (i = 0; i < ARRAY_SIZE(items); i++)
		layout.entry[i] = find_entry(v, enums, table, constants,
					     items[i].constant);
}

/**
 * oomtrace_account_init() - find where the kernel has the numbers of a cgroup
 *
 * Context: process context, once, before the hooks are attached.
 */
void oomtrace_account_init(void)
{
	struct oomtrace_btf btf;
	size_t i;

	layout.swap = NO_ENTRY;
	for (i = 0; i < ARRAY_SIZE(items); i++)
		layout.entry[i] = NO_ENTRY;
	if (!oomtrace_btf_open(&btf))
		return;
	layout.nr = find_array(&btf);
	find_entries(&btf);
	oomtrace_btf_close(&btf);
}

/* ---- in an OOM: read them ---- */

/* oom_lock guards it: only the task inside out_of_memory() accesses it. */
static struct oomtrace_memcg account;

static const long *find_numbers(const struct mem_cgroup *memcg)
{
	const void *at = (const void *)memcg + layout.vmstats;

	if (layout.pointer)
		at = READ_ONCE(*(const void * const *)at) + layout.state;
	return at;
}

/* A negative sum is of a moment between two changes; the kernel shows 0, too. */
static u64 read_number(const long *numbers, u16 entry)
{
	return max(0L, READ_ONCE(numbers[entry]));
}

/* What all kernels have: the counters that are charged at once. */
static void fill_counters(struct oomtrace_memcg *rec, struct mem_cgroup *memcg)
{
	rec->usage = (u64)page_counter_read(&memcg->memory) * PAGE_SIZE;
	rec->limit = (u64)READ_ONCE(memcg->memory.max) * PAGE_SIZE;
	rec->h.valid |= OOMTRACE_BIT(memcg, usage) | OOMTRACE_BIT(memcg, limit);
	if (oomtrace_cgroup_v2(memcg->css.cgroup)) {
		rec->swap = (u64)page_counter_read(&memcg->swap) * PAGE_SIZE;
		rec->h.valid |= OOMTRACE_BIT(memcg, swap);
		return;
	}
	rec->memsw = (u64)page_counter_read(&memcg->memsw) * PAGE_SIZE;
	rec->memsw_limit = (u64)READ_ONCE(memcg->memsw.max) * PAGE_SIZE;
	rec->h.valid |= OOMTRACE_BIT(memcg, memsw) |
			   OOMTRACE_BIT(memcg, memsw_limit);
}

static void fill_numbers(struct oomtrace_memcg *rec, const struct mem_cgroup *memcg)
{
	const long *numbers = find_numbers(memcg);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(items); i++) {
		if (layout.entry[i] == NO_ENTRY)
			continue;
		*(u64 *)((void *)rec + items[i].offset) =
			read_number(numbers, layout.entry[i]) * items[i].unit;
		rec->h.valid |= items[i].bit;
		rec->h.derived |= items[i].bit;
	}
	if (layout.swap == NO_ENTRY || oomtrace_cgroup_v2(memcg->css.cgroup))
		return;
	rec->swap = read_number(numbers, layout.swap) * PAGE_SIZE;
	rec->h.valid |= OOMTRACE_BIT(memcg, swap);
	rec->h.derived |= OOMTRACE_BIT(memcg, swap);
}

static void read_account(struct oomtrace_memcg *rec, u64 episode, struct mem_cgroup *memcg)
{
	*rec = (struct oomtrace_memcg){
		OOMTRACE_RECORD(MEMCG, memcg),
		.episode = episode,
		.cgroup_id = cgroup_id(memcg->css.cgroup),
	};
	rec->h.valid = OOMTRACE_BIT(memcg, episode) |
		       OOMTRACE_BIT(memcg, cgroup_id);
	fill_counters(rec, memcg);
	fill_numbers(rec, memcg);
}

/**
 * oomtrace_account_begin() - read the cgroup's account when an episode begins
 * @ep: the episode, of a memory cgroup and with a number; current is in its
 *	out_of_memory().
 */
void oomtrace_account_begin(struct oomtrace_episode *ep)
{
	read_account(&account, ep->id, ep->oc->memcg);
	ep->account_unwritten = true;
}

/**
 * oomtrace_account_finish() - write the account, unless it is written
 * @ep: the episode.
 *
 * Called before the kill, and at the end.
 */
void oomtrace_account_finish(struct oomtrace_episode *ep)
{
	if (!ep->account_unwritten)
		return;
	ep->account_unwritten = false;
	oomtrace_oom_write(&account.h);
}

int oomtrace_print_meminfo_entry(struct kretprobe_instance *ri,
				 struct pt_regs *regs)
{
	oomtrace_hit(OOMTRACE_HOOK_PRINT_MEMINFO);
	/* Not 0: the return is of no interest. */
	return !oomtrace_episode_mine() || !oomtrace_episode.account_unwritten ||
	       (void *)regs_get_kernel_argument(regs, 0) != oomtrace_episode.oc->memcg;
}

NOKPROBE_SYMBOL(oomtrace_print_meminfo_entry);

/* The kernel has just added up and printed the same numbers. */
int oomtrace_print_meminfo_return(struct kretprobe_instance *ri,
				  struct pt_regs *regs)
{
	struct oomtrace_episode *ep = &oomtrace_episode;

	read_account(&account, ep->id, ep->oc->memcg);
	account.h.derived = 0;
	oomtrace_account_finish(ep);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_print_meminfo_return);

/**
 * oomtrace_account_record() - write the account of a cgroup whose tasks wait
 * @episode: number of the episode.
 * @memcg: the cgroup.
 *
 * The caller excludes other callers.
 */
void oomtrace_account_record(u64 episode, struct mem_cgroup *memcg)
{
	/* Too large for the stack. */
	static struct oomtrace_memcg rec;

	read_account(&rec, episode, memcg);
	oomtrace_oom_write(&rec.h);
}
