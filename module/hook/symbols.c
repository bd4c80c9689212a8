// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the kernel's variables, functions and labels whose addresses no header
 * exports.
 *
 * A module cannot link against them, and kallsyms_lookup_name() is not exported.
 * register_kprobe() resolves a symbol before it checks that the address can be
 * probed. For a variable that check fails, but the address stays in the kprobe.
 * So does that of a place within an instruction of a function. A label starts an
 * instruction, so its kprobe is registered, but disabled: no code changes. The
 * module only reads data at such an address, or compares with it. It must call no
 * function through one: IBT seals the entries of functions.
 *
 * Runs at load, in process context. The hooks file lists the variables that are
 * not found, and records lack the fields that need them.
 */
#include <linux/kallsyms.h>
#include <linux/kprobes.h>

#include "compat/hugetlb.h"
#include "compat/vmstat.h"
#include "hook/symbols.h"
#include "stats.h"

static const int unknown_mode = OOMTRACE_MODE_UNKNOWN;
static const int no_int;
static const unsigned long no_ulong;
static const long no_long;
static const int some_swappiness = 60;
static const int ftrace_is_on = 1;
static const bool probes_are_armed;
static const int no_limit = INT_MAX;
static const bool data_is_limited;
/* Without SMP each change goes to the shared part at once, as with a batch of 0. */
static const s32 no_batch = IS_ENABLED(CONFIG_SMP) ? S32_MAX : 0;
static const struct hstate no_hstates[HUGE_MAX_HSTATE];
#ifdef CONFIG_SMP
static DEFINE_PER_CPU(s32, no_local_count);
static struct percpu_counter no_counter = { .counters = &no_local_count };
#else
static struct percpu_counter no_counter;
#endif
static const struct psi_group no_psi;
static const atomic_long_t no_atomic;

struct oomtrace_symbols oomtrace_sym = {
	.overcommit_memory	= &unknown_mode,
	.overcommit_ratio	= &no_int,
	.overcommit_kbytes	= &no_ulong,
	.admin_reserve_kbytes	= &no_ulong,
	.user_reserve_kbytes	= &no_ulong,
	.total_swap		= &no_long,
	.swappiness		= &some_swappiness,
	.committed_as		= &no_counter,
	.committed_as_batch	= &no_batch,
	.hstates		= no_hstates,
	.hugetlb_max_hstate	= &no_int,
	.vmalloc_pages		= &no_atomic,
	.pcpu_populated		= &no_ulong,
	.pcpu_units		= &no_int,
	.psi_system		= &no_psi,
	.ftrace_enabled		= &ftrace_is_on,
	.kprobes_all_disarmed	= &probes_are_armed,
	.default_huge		= &no_int,
	.max_map_count		= &no_limit,
	.ignore_rlimit_data	= &data_is_limited,
	.max_threads		= &no_limit,
	.nr_threads		= &no_int,
};

struct oomtrace_huge_size oomtrace_huge_sizes[HUGE_MAX_HSTATE];
unsigned int oomtrace_huge_sizes_nr;

/*
 * Every variable: its name, the member of oomtrace_sym for its address, and
 * whether a kernel of this configuration has no such variable because the value is
 * always 0. Then the stand-in is the value.
 */
static struct {
	const char *name;
	const void **where;
	bool always_0;
	bool found;
} symbols[] = {
#define SYMBOL_IF(built, name, member) \
	{ name, (const void **)&oomtrace_sym.member, !(built), false }
#define SYMBOL(name, member)	SYMBOL_IF(true, name, member)
	SYMBOL("sysctl_overcommit_memory", overcommit_memory),
	SYMBOL("sysctl_overcommit_ratio", overcommit_ratio),
	SYMBOL("sysctl_overcommit_kbytes", overcommit_kbytes),
	SYMBOL("sysctl_admin_reserve_kbytes", admin_reserve_kbytes),
	SYMBOL("sysctl_user_reserve_kbytes", user_reserve_kbytes),
	SYMBOL_IF(IS_ENABLED(CONFIG_SWAP), "total_swap_pages", total_swap),
	SYMBOL("vm_swappiness", swappiness),
	SYMBOL("vm_committed_as", committed_as),
	SYMBOL_IF(IS_ENABLED(CONFIG_SMP), "vm_committed_as_batch",
		  committed_as_batch),
	SYMBOL_IF(IS_ENABLED(CONFIG_HUGETLB_PAGE), "hstates", hstates),
	SYMBOL_IF(IS_ENABLED(CONFIG_HUGETLB_PAGE), "hugetlb_max_hstate",
		  hugetlb_max_hstate),
	OOMTRACE_VMALLOC_VARIABLE(SYMBOL)
	SYMBOL("pcpu_nr_populated", pcpu_populated),
	SYMBOL("pcpu_nr_units", pcpu_units),
	SYMBOL("psi_system", psi_system),
	SYMBOL("ftrace_enabled", ftrace_enabled),
	SYMBOL("kprobes_all_disarmed", kprobes_all_disarmed),
	SYMBOL_IF(IS_ENABLED(CONFIG_HUGETLB_PAGE), "default_hstate_idx",
		  default_huge),
	SYMBOL("sysctl_max_map_count", max_map_count),
	SYMBOL("ignore_rlimit_data", ignore_rlimit_data),
	SYMBOL("max_threads", max_threads),
	SYMBOL("nr_threads", nr_threads),
	SYMBOL("__start_BTF", btf_start),
	SYMBOL("__stop_BTF", btf_stop),
#undef SYMBOL_IF
#undef SYMBOL
};

/* The address must be one that cannot be probed: nothing is registered then. */
static void *find_address(const char *name, unsigned int offset)
{
	struct kprobe kp = {
		.symbol_name = name,
		.offset = offset,
		.flags = KPROBE_FLAG_DISABLED,
	};

	if (register_kprobe(&kp) == 0) {
		unregister_kprobe(&kp);
		return NULL;
	}
	return kp.addr;
}

struct oomtrace_code oomtrace_memory_max_write;
struct oomtrace_code oomtrace_out_of_memory;
struct oomtrace_code oomtrace_expand_downwards;
struct oomtrace_code oomtrace_shmem_fault;

/* Every function whose addresses are needed. */
static const struct {
	const char *name;
	struct oomtrace_code *code;
} functions[] = {
	{ "memory_max_write",	&oomtrace_memory_max_write },
	{ "out_of_memory",	&oomtrace_out_of_memory },
	{ "expand_downwards",	&oomtrace_expand_downwards },
	{ "shmem_fault",	&oomtrace_shmem_fault },
};

/* Get the size of the symbol that has this name at this address; 0 if unknown. */
static unsigned long find_size(const char *name, const void *addr)
{
	static char symbol[KSYM_SYMBOL_LEN];
	unsigned long size;
	const char *at;

	/* "name+0x1/0xsize" */
	sprint_symbol(symbol, (unsigned long)addr);
	at = strchr(symbol, '/');
	if (!at || strncmp(symbol, name, strlen(name)) ||
	    sscanf(at, "/0x%lx", &size) != 1)
		return 0;
	return size;
}

/**
 * oomtrace_find_function() - find the address of a function
 * @name: its name.
 *
 * It is found by its second byte, which no instruction starts at.
 *
 * Context: process context.
 *
 * Return: its address; 0 if it is not known.
 */
unsigned long oomtrace_find_function(const char *name)
{
	unsigned long second = (unsigned long)find_address(name, 1);

	return second ? second - 1 : 0;
}

static void find_code(const char *name, struct oomtrace_code *code)
{
	unsigned long start = oomtrace_find_function(name);
	unsigned long size = start ? find_size(name, (void *)(start + 1)) : 0;

	if (!size)
		return;
	code->start = start;
	code->end = start + size;
}

struct oomtrace_code oomtrace_sched_text;

/*
 * Get the address of a label in the kernel's code; 0 if there is none. A probe that is
 * disabled changes no code, so it may be one that can be registered.
 */
static unsigned long find_label(const char *name)
{
	struct kprobe kp = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};

	if (register_kprobe(&kp) == 0)
		unregister_kprobe(&kp);
	return (unsigned long)kp.addr;
}

static void find_sched_text(void)
{
	unsigned long start = find_label("__sched_text_start");
	unsigned long end = find_label("__sched_text_end");

	if (!start || end <= start)
		return;
	oomtrace_sched_text.start = start;
	oomtrace_sched_text.end = end;
}

/**
 * oomtrace_find_variable() - find a variable that only some kernels have
 * @name: its name.
 * @size: out: its size, bytes; 0 if it is not known.
 *
 * Context: process context, at load.
 *
 * Return: its address, or NULL.
 */
const void *oomtrace_find_variable(const char *name, unsigned long *size)
{
	const void *addr = find_address(name, 0);

	*size = addr ? find_size(name, addr) : 0;
	return addr;
}

/**
 * oomtrace_have() - check whether the value of a kernel's variable is known
 * @symbol_pointer: address of its member, e.g. &oomtrace_sym.committed_as.
 *
 * Return: false if the member points to a stand-in whose value is not the kernel's.
 */
bool oomtrace_have(const void *symbol_pointer)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(symbols); i++)
		if (symbols[i].where == symbol_pointer)
			return symbols[i].found || symbols[i].always_0;
	return false;
}

static void find_huge_sizes(void)
{
	unsigned int i, nr = *oomtrace_sym.hugetlb_max_hstate;

	if (!oomtrace_have(&oomtrace_sym.hstates))
		return;
	nr = min_t(unsigned int, nr, HUGE_MAX_HSTATE);
	for (i = 0; i < nr; i++) {
		const struct hstate *h = &oomtrace_sym.hstates[i];

		oomtrace_huge_sizes[i].nr = oomtrace_hstate_nr(h);
		oomtrace_huge_sizes[i].order = huge_page_order((void *)h);
	}
	oomtrace_huge_sizes_nr = nr;
}

/**
 * oomtrace_symbols_init() - find all variables and functions
 */
void oomtrace_symbols_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		const void *addr = find_address(symbols[i].name, 0);

		if (!addr)
			continue;
		*symbols[i].where = addr;
		symbols[i].found = true;
	}
	find_huge_sizes();
	for (i = 0; i < ARRAY_SIZE(functions); i++)
		find_code(functions[i].name, functions[i].code);
	find_sched_text();
}

/**
 * oomtrace_symbols_show() - print a line for each variable and function
 * @m: the hooks file.
 */
void oomtrace_symbols_show(struct seq_file *m)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(symbols); i++)
		seq_printf(m, "%-28s %-10s %-8s %s\n", symbols[i].name,
			   "variable", "optional",
			   symbols[i].found ? "resolved" :
			   symbols[i].always_0 ? "always-0" : "not-found");
	for (i = 0; i < ARRAY_SIZE(functions); i++)
		seq_printf(m, "%-28s %-10s %-8s %s\n", functions[i].name,
			   "function", "optional",
			   functions[i].code->end ? "resolved" : "not-found");
	seq_printf(m, "%-28s %-10s %-8s %s\n", "__sched_text_start", "label", "optional",
		   oomtrace_sched_text.end ? "resolved" : "not-found");
}
