// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, the cause: what memory was used for, how much
 * of it was reclaimable, how long tasks were stalled, and the allocator's last
 * retries.
 *
 * May not change the story, allocate or sleep.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

/*
 * Stalls that get a word of explanation, in hundredths of a percent of the last
 * 10 seconds. Between the two limits the numbers stand alone.
 */
#define THRASHING	1000	/* all tasks were stalled: at least this */
#define SUDDEN		100	/* some task was stalled: less than this */
/* The kernel updates the averages every 2 s while tasks are active. */
#define FRESH_NS	4000000000LL

/* A field and its name in a list like "min 500, low 600". */
struct named_field {
	const char *name;
	unsigned int idx;
};

static void write_named_fields(struct text_writer *w, const struct oomtrace_header *rec,
			       const struct named_field *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		write_text(w, "%s%s ", i ? ", " : "", f[i].name);
		write_field(w, rec, f[i].idx);
	}
}

/* Write the cgroup's use of swap, if the machine has swap. */
static void write_memcg_swap(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->memory.h;
	s64 total, used, max;

	if (!get_field(&s->begin.h, B(oom_begin_total_swap), &total) || !total ||
	    !get_field(rec, B(memory_memcg_swap), &used) ||
	    !get_field(rec, B(memory_memcg_swap_max), &max))
		return;
	write_text(w, ", and ");
	write_pages_field(w, rec, B(memory_memcg_swap));
	write_text(w, " of swap ");
	/* PAGE_COUNTER_MAX is LONG_MAX in pages. */
	if ((u64)max >= (u64)LLONG_MAX / s->page_size) {
		write_text(w, "without a limit");
		return;
	}
	write_text(w, "of its limit of ");
	write_pages_field(w, rec, B(memory_memcg_swap_max));
}

static void write_memcg_usage(struct text_writer *w, const struct oomtrace_story *s)
{
	write_text(w, "the cgroup uses ");
	write_pages_field(w, &s->begin.h, B(oom_begin_memcg_usage));
	write_text(w, " of its limit of ");
	write_pages_field(w, &s->begin.h, B(oom_begin_memcg_limit));
	write_memcg_swap(w, s);
	write_text(w, "\n");
	write_account_part(w, s);
	/* What follows is not the cgroup's. */
	write_label(w, "Machine:");
}

static void write_swap(struct text_writer *w, const struct oomtrace_header *rec)
{
	s64 n;

	write_label(w, "");
	if (get_field(rec, B(oom_begin_total_swap), &n) && !n) {
		write_text(w, "no swap\n");
		return;
	}
	write_text(w, "swap: ");
	write_pages_field(w, rec, B(oom_begin_swap_free));
	write_text(w, " free of ");
	write_pages_field(w, rec, B(oom_begin_total_swap));
	write_text(w, "\n");
}

/* The same for numbers of pages, with their sizes. */
static void write_named_pages(struct text_writer *w, const struct oomtrace_header *rec,
			      const struct named_field *f, unsigned int n)
{
	unsigned int i;
	s64 pages;

	for (i = 0; i < n; i++) {
		write_named_fields(w, rec, &f[i], 1);
		get_field(rec, f[i].idx, &pages);
		write_size(w, pages);
		write_text(w, i + 1 < n ? ", " : "");
	}
}

static void write_memory(struct text_writer *w, const struct oomtrace_story *s)
{
	static const struct named_field wmarks[] = {
		{ "min",	B(oom_begin_wmark_min) },
		{ "low",	B(oom_begin_wmark_low) },
		{ "high",	B(oom_begin_wmark_high) },
	};
	static const struct named_field used[] = {
		{ "anon",			B(oom_begin_anon) },
		{ "file",			B(oom_begin_file) },
		{ "shmem",			B(oom_begin_shmem) },
		{ "reclaimable slab",		B(oom_begin_slab_reclaimable) },
		{ "unreclaimable slab",		B(oom_begin_slab_unreclaimable) },
	};
	const struct oomtrace_header *rec = &s->begin.h;

	write_label(w, "Memory:");
	if (story_has_scope(s, OOMTRACE_SCOPE_MEMCG))
		write_memcg_usage(w, s);
	else
		write_text(w, "the machine has ");
	write_pages_field(w, rec, B(oom_begin_free));
	write_text(w, " free of ");
	write_pages_field(w, rec, B(oom_begin_totalram));
	write_text(w, "; watermarks ");
	write_named_fields(w, rec, wmarks, ARRAY_SIZE(wmarks));
	write_text(w, "\n");
	write_label(w, "");
	write_named_pages(w, rec, used, ARRAY_SIZE(used));
	write_text(w, "\n");
	write_swap(w, rec);
}

/* Write the pages that reclaim cannot free at once, and huge pages. */
static void write_memory_use(struct text_writer *w, const struct oomtrace_story *s)
{
	static const struct named_field pinned[] = {
		{ "dirty",		B(memory_dirty) },
		{ "writeback",		B(memory_writeback) },
		{ "unevictable",	B(memory_unevictable) },
	};
	static const struct named_field huge[] = {
		{ "anon",		B(memory_anon_thp) },
		{ "shmem",		B(memory_shmem_thp) },
		{ "hugetlb",		B(memory_hugetlb) },
		{ "of these unused",	B(memory_hugetlb_free) },
	};

	const struct oomtrace_header *rec = &s->memory.h;
	unsigned int i, zero = 0;
	s64 n;

	if (!rec->type)
		return;
	write_label(w, "");
	write_named_pages(w, rec, pinned, ARRAY_SIZE(pinned));
	for (i = 0; i < ARRAY_SIZE(huge); i++)
		zero += get_field(rec, huge[i].idx, &n) && !n;
	if (zero == ARRAY_SIZE(huge)) {
		write_text(w, "; no huge pages\n");
		return;
	}
	write_text(w, "; in huge pages: ");
	write_named_pages(w, rec, huge, ARRAY_SIZE(huge));
	write_text(w, "\n");
}

/* Not named unless it is at least this fraction of RAM. */
#define LARGE		8

/* Write what the kernel itself uses, and what no counter has: RAM is their sum. */
static void write_kernel_use(struct text_writer *w, const struct oomtrace_story *s)
{
	static const struct named_field used[] = {
		{ "page tables",	B(memory_pagetables) },
		{ "of virtual machines", B(memory_sec_pagetables) },
		{ "vmalloc",		B(memory_vmalloc) },
		{ "per-CPU",		B(memory_percpu) },
		{ "zram and zswap",	B(memory_zsmalloc) },
		{ "GPU",		B(memory_gpu) },
		{ "not counted",	B(memory_not_counted) },
	};
	const struct oomtrace_header *rec = &s->memory.h;
	const char *and = "";
	unsigned int i;
	s64 n, total;

	/* Older records have none of these. */
	if (!get_field(rec, B(memory_pagetables), &n))
		return;
	write_label(w, "");
	for (i = 0; i < ARRAY_SIZE(used); i++) {
		if (!oomtrace_field_valid(rec, used[i].idx))
			continue;
		write_text(w, "%s%s ", and, used[i].name);
		write_field(w, rec, used[i].idx);
		and = ", ";
	}
	write_text(w, "\n");
	if (!get_field(rec, B(memory_not_counted), &n) || n <= 0 ||
	    !get_field(&s->begin.h, B(oom_begin_totalram), &total) || n < total / LARGE)
		return;
	write_label(w, "");
	write_bytes(w, (u64)n * s->page_size);
	write_text(w, " are in pages that no counter names: of drivers, pipes or a balloon, for example\n");
}

/*
 * Write an upper limit of what reclaim could have freed: of the zones that the
 * request may use if they are known, or else of the machine. The counters are not a
 * cgroup's, so its OOM does not get this line.
 */
static void write_reclaimable(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->begin.h;
	const struct oomtrace_header *zl = &s->zonelist.h;
	s64 file, slab, misc, anon, swap;

	if (story_has_scope(s, OOMTRACE_SCOPE_MEMCG) ||
	    !get_field(rec, B(oom_begin_file), &file) ||
	    !get_field(rec, B(oom_begin_slab_reclaimable), &slab) ||
	    !get_field(rec, B(oom_begin_anon), &anon) ||
	    !get_field(rec, B(oom_begin_swap_free), &swap) ||
	    !get_field(&s->memory.h, B(memory_kernel_misc_reclaimable), &misc))
		return;
	if (story_has_other_nodes(s)) {
		get_field(zl, B(zonelist_file), &file);
		get_field(zl, B(zonelist_slab_reclaimable), &slab);
		get_field(zl, B(zonelist_anon), &anon);
		get_field(zl, B(zonelist_kernel_misc_reclaimable), &misc);
	}
	if (anon > swap)
		anon = swap;
	/* Unsigned, because garbage may overflow. */
	write_label(w, "Reclaim:");
	if (story_has_other_nodes(s)) {
		write_text(w, "on ");
		write_allowed_nodes(w, s);
		write_text(w, " ");
	}
	write_text(w, "at most ");
	write_count(w, (u64)file + (u64)slab + (u64)misc + (u64)anon);
	write_text(w, " pages");
	write_size(w, (u64)file + (u64)slab + (u64)misc + (u64)anon);
	write_text(w, ": file ");
	write_count(w, file);
	write_text(w, ", reclaimable slab ");
	write_count(w, slab);
	write_text(w, ", other kernel memory ");
	write_count(w, misc);
	write_text(w, ", anon that fits into free swap ");
	write_count(w, anon);
	write_text(w, "\n");
}

static void write_percent(struct text_writer *w, const struct oomtrace_header *rec,
			  unsigned int idx)
{
	s64 n;

	if (get_field(rec, idx, &n))
		write_text(w, "%llu.%02llu", (u64)n / 100, (u64)n % 100);
	else
		write_text(w, "?");
}

static void write_averages(struct text_writer *w, const struct oomtrace_header *rec,
			   unsigned int avg10)
{
	/* The fields for 60 and 300 seconds follow. */
	write_percent(w, rec, avg10);
	write_text(w, ", ");
	write_percent(w, rec, avg10 + 1);
	write_text(w, ", ");
	write_percent(w, rec, avg10 + 2);
}

static_assert(B(psi_some_avg300) == B(psi_some_avg10) + 2);
static_assert(B(psi_full_avg300) == B(psi_full_avg10) + 2);

static const char *describe_stall(const struct oomtrace_header *rec)
{
	s64 age, some, full;

	if (!get_field(rec, B(psi_age_ns), &age) || age > FRESH_NS)
		return "";
	if (get_field(rec, B(psi_full_avg10), &full) && full >= THRASHING)
		return ": thrashing";
	if (get_field(rec, B(psi_some_avg10), &some) && some < SUDDEN)
		return ": sudden, with hardly any stalls before";
	return "";
}

/* Write how much tasks were stalled. */
static void write_stalls(struct text_writer *w, const struct oomtrace_story *s)
{
	static const char * const what[OOMTRACE_RESOURCES] = {
		[OOMTRACE_RESOURCE_MEMORY]	= "memory",
		[OOMTRACE_RESOURCE_IO]		= "I/O",
	};
	const char *label = "Stalls:";
	const struct oomtrace_header *rec;
	unsigned int i;

	for (i = 0; i < OOMTRACE_RESOURCES; i++) {
		rec = &s->psi[i].h;
		if (!rec->type)
			continue;
		write_label(w, label);
		label = "";
		write_text(w, "%s%s, %% of 10, 60, 300 s: some ", what[i],
			   oomtrace_field_valid(rec, B(psi_cgroup_id)) ?
			   " in the cgroup" : "");
		write_averages(w, rec, B(psi_some_avg10));
		write_text(w, "; all ");
		write_averages(w, rec, B(psi_full_avg10));
		write_text(w, ", ");
		write_duration_field(w, rec, B(psi_age_ns));
		write_text(w, " old%s\n", i == OOMTRACE_RESOURCE_MEMORY ?
			   describe_stall(rec) : "");
	}
}

/* The kernel's MAX_RECLAIM_RETRIES: loops without progress that it allows. */
#define LAST_LOOP	16

/* The allocation failed all the same, since an OOM followed. */
static void write_retry_result(struct text_writer *w, const struct oomtrace_header *rec,
			       bool is_reclaim)
{
	s64 n, loops;

	if (!get_field(rec, B(retry_retry), &n))
		write_text(w, "\n");
	else if (!n)
		write_text(w, ", the kernel gave up\n");
	else if (is_reclaim && get_field(rec, B(retry_no_progress_loops), &loops) &&
		 loops >= LAST_LOOP)
		write_text(w, ", the last try that is allowed followed and failed\n");
	else
		write_text(w, ", another try followed and failed\n");
}

/* What reclaim could free in a zone, as the kernel saw it. */
static void write_retry_pages(struct text_writer *w, const struct oomtrace_header *rec)
{
	static const struct named_field reclaim[] = {
		{ "reclaimable",	B(retry_reclaimable) },
		{ "with free",		B(retry_available) },
		{ "min",		B(retry_min_wmark) },
	};
	s64 counted;

	if (!get_field(rec, B(retry_free_counted), &counted) || !counted) {
		write_named_fields(w, rec, reclaim, ARRAY_SIZE(reclaim));
		return;
	}
	write_text(w, "reclaimable 0~, for which this kernel counts the zone's ");
	w->tilde = true;
	write_field(w, rec, B(retry_reclaimable));
	write_text(w, " free pages, so twice in all (");
	write_field(w, rec, B(retry_available));
	write_text(w, "), min ");
	write_field(w, rec, B(retry_min_wmark));
}

/* Write the allocator's last retries before it called the OOM killer. */
static void write_retries(struct text_writer *w, const struct oomtrace_story *s)
{
	static const struct named_field compact[] = {
		{ "result",		B(retry_result) },
		{ "priority",		B(retry_priority) },
		{ "retries",		B(retry_retries) },
		{ "allowed",		B(retry_max_retries) },
	};
	const char *label = "Before:";
	const struct oomtrace_header *rec;

	rec = &s->retry[OOMTRACE_RETRY_RECLAIM].h;
	if (rec->type) {
		write_label(w, label);
		label = "";
		write_duration_field(w, rec, B(retry_age_ns));
		write_text(w, " earlier ");
		write_zone_name(w, rec, B(retry_zone_name), B(retry_zone),
				B(retry_node));
		write_text(w, ", order ");
		write_id_field(w, rec, B(retry_order));
		write_text(w, ": ");
		write_retry_pages(w, rec);
		write_text(w, "; loops without progress ");
		write_field(w, rec, B(retry_no_progress_loops));
		write_retry_result(w, rec, true);
	}
	rec = &s->retry[OOMTRACE_RETRY_COMPACT].h;
	if (rec->type) {
		write_label(w, label);
		write_duration_field(w, rec, B(retry_age_ns));
		write_text(w, " earlier compaction, order ");
		write_id_field(w, rec, B(retry_order));
		write_text(w, ": ");
		write_named_fields(w, rec, compact, ARRAY_SIZE(compact));
		write_retry_result(w, rec, false);
	}
}

void write_memory_part(struct text_writer *w, const struct oomtrace_story *s)
{
	if (s->begin.h.type)
		write_memory(w, s);
	write_memory_use(w, s);
	write_kernel_use(w, s);
	write_reclaimable(w, s);
	write_zones_part(w, s);
	write_stalls(w, s);
	write_retries(w, s);
}
