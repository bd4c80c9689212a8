// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, how it came to this: what memory there was, of
 * that what could be reclaimed, which zones were short, how long tasks had been
 * waiting, and what the allocator saw last. Called by common/story_print.c; the
 * same rules hold as there.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

/*
 * What a person calls these stalls, in hundredths of a percent of the last 10
 * seconds. In between neither is said; the numbers are beside it in any case.
 */
#define THRASHING	1000	/* all tasks at once: this or more */
#define SUDDEN		100	/* some task: less than this */
/* The kernel works them out every 2 s, unless nothing happens. */
#define FRESH_NS	4000000000LL

/* A field and what it is called in a list like "min 500, low 600". */
struct named_field {
	const char *name;
	unsigned int idx;
};

static void say_named(struct teller *t, const struct oomtrace_header *rec,
		      const struct named_field *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		say(t, "%s%s ", i ? ", " : "", f[i].name);
		say_field(t, rec, f[i].idx);
	}
}

/* The cgroup's own swap, on a machine that has some. */
static void say_memcg_swap(struct teller *t, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->memory.h;
	s64 total, used, max;

	if (!get_field(&s->begin.h, B(oom_begin_total_swap), &total) || !total ||
	    !get_field(rec, B(memory_memcg_swap), &used) ||
	    !get_field(rec, B(memory_memcg_swap_max), &max))
		return;
	say(t, ", and ");
	say_pages(t, rec, B(memory_memcg_swap));
	say(t, " of swap ");
	/* PAGE_COUNTER_MAX is LONG_MAX in pages. */
	if ((u64)max >= (u64)LLONG_MAX / s->page_size) {
		say(t, "without a limit");
		return;
	}
	say(t, "of its limit of ");
	say_pages(t, rec, B(memory_memcg_swap_max));
}

static void tell_memcg(struct teller *t, const struct oomtrace_story *s)
{
	say(t, "the cgroup uses ");
	say_pages(t, &s->begin.h, B(oom_begin_memcg_usage));
	say(t, " of its limit of ");
	say_pages(t, &s->begin.h, B(oom_begin_memcg_limit));
	say_memcg_swap(t, s);
	say(t, "\n");
	say_label(t, "");
}

static void tell_swap(struct teller *t, const struct oomtrace_header *rec)
{
	s64 n;

	say_label(t, "");
	if (get_field(rec, B(oom_begin_total_swap), &n) && !n) {
		say(t, "no swap\n");
		return;
	}
	say(t, "swap: ");
	say_pages(t, rec, B(oom_begin_swap_free));
	say(t, " free of ");
	say_pages(t, rec, B(oom_begin_total_swap));
	say(t, "\n");
}

static void tell_begin(struct teller *t, const struct oomtrace_story *s)
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

	say_label(t, "Memory:");
	if (has_scope(s, OOMTRACE_SCOPE_MEMCG))
		tell_memcg(t, s);
	say(t, "the machine has ");
	say_pages(t, rec, B(oom_begin_free));
	say(t, " free of ");
	say_pages(t, rec, B(oom_begin_totalram));
	say(t, "; watermarks ");
	say_named(t, rec, wmarks, ARRAY_SIZE(wmarks));
	say(t, "\n");
	say_label(t, "");
	say_named(t, rec, used, ARRAY_SIZE(used));
	say(t, "\n");
	tell_swap(t, rec);
}

/* What of the file pages cannot go at once, and who else has pages for good. */
static void tell_used(struct teller *t, const struct oomtrace_story *s)
{
	static const struct named_field held[] = {
		{ "dirty",		B(memory_dirty) },
		{ "writeback",		B(memory_writeback) },
		{ "unevictable",	B(memory_unevictable) },
	};
	static const struct named_field huge[] = {
		{ "anon",		B(memory_anon_thp) },
		{ "shmem",		B(memory_shmem_thp) },
		{ "hugetlb",		B(memory_hugetlb) },
		{ "of it unused",	B(memory_hugetlb_free) },
	};

	const struct oomtrace_header *rec = &s->memory.h;
	unsigned int i, zero = 0;
	s64 n;

	if (!rec->type)
		return;
	say_label(t, "");
	say_named(t, rec, held, ARRAY_SIZE(held));
	for (i = 0; i < ARRAY_SIZE(huge); i++)
		zero += get_field(rec, huge[i].idx, &n) && !n;
	if (zero == ARRAY_SIZE(huge)) {
		say(t, "; no huge pages\n");
		return;
	}
	say(t, "; in huge pages: ");
	say_named(t, rec, huge, ARRAY_SIZE(huge));
	say(t, "\n");
}

/*
 * The most that reclaim could have had; it can do with less of it than there
 * is. Not for a cgroup: these are the machine's.
 */
static void tell_reclaim(struct teller *t, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->begin.h;
	s64 file, slab, misc, anon, swap;

	if (has_scope(s, OOMTRACE_SCOPE_MEMCG) ||
	    !get_field(rec, B(oom_begin_file), &file) ||
	    !get_field(rec, B(oom_begin_slab_reclaimable), &slab) ||
	    !get_field(rec, B(oom_begin_anon), &anon) ||
	    !get_field(rec, B(oom_begin_swap_free), &swap) ||
	    !get_field(&s->memory.h, B(memory_kernel_misc_reclaimable), &misc))
		return;
	if (anon > swap)
		anon = swap;
	/* Unsigned, since garbage may overflow. */
	say_label(t, "Reclaim:");
	say(t, "at most ");
	say_count(t, (u64)file + (u64)slab + (u64)misc + (u64)anon);
	say(t, " pages");
	say_size(t, (u64)file + (u64)slab + (u64)misc + (u64)anon);
	say(t, ": file ");
	say_count(t, file);
	say(t, ", reclaimable slab ");
	say_count(t, slab);
	say(t, ", other of the kernel ");
	say_count(t, misc);
	say(t, ", anon that fits free swap ");
	say_count(t, anon);
	say(t, "\n");
}

/* "DMA32 of node 0"; an older record has no name. */
static void say_zone(struct teller *t, const struct oomtrace_header *rec,
		     unsigned int name, unsigned int zone, unsigned int node)
{
	if (oomtrace_field_valid(rec, name)) {
		say_string(t, rec, name);
	} else {
		say(t, "zone ");
		say_id(t, rec, zone);
	}
	say(t, " of node ");
	say_id(t, rec, node);
}

static void tell_zone(struct teller *t, const struct oomtrace_zone *zone)
{
	const struct oomtrace_header *rec = &zone->h;
	s64 boost;

	say_zone(t, rec, B(zone_name), B(zone_zone), B(zone_node));
	say(t, " has ");
	say_pages(t, rec, B(zone_free));
	say(t, " free, %sabove its min of ",
	    zone->free > zone->wmark_min ? "" : "not ");
	say_field(t, rec, B(zone_wmark_min));
	if (get_field(rec, B(zone_wmark_boost), &boost) && boost) {
		say(t, " (boosted by ");
		say_count(t, boost);
		say(t, ")");
	}
	say(t, "; low ");
	say_field(t, rec, B(zone_wmark_low));
	say(t, ", high ");
	say_field(t, rec, B(zone_wmark_high));
	say(t, "\n");
}

/* Those that were short, or else the one that was nearest to it. */
static void tell_zones(struct teller *t, const struct oomtrace_story *s)
{
	unsigned int told = s->zones_out;
	unsigned int i;

	/* A cgroup's OOM has nothing to do with them. */
	if (!s->zones || has_scope(s, OOMTRACE_SCOPE_MEMCG))
		return;
	if (!told)
		told = 1;
	if (told > OOMTRACE_STORY_ZONES)
		told = OOMTRACE_STORY_ZONES;
	for (i = 0; i < told; i++) {
		say_label(t, i ? "" : "Zones:");
		tell_zone(t, &s->zone[i]);
	}
	if (s->zones == told)
		return;
	say_label(t, "");
	say(t, "and %u more", s->zones - told);
	if (s->zones_out > told)
		say(t, ", %u of them not above min\n", s->zones_out - told);
	else
		say(t, " above min\n");
}

static void say_percent(struct teller *t, const struct oomtrace_header *rec,
			unsigned int idx)
{
	s64 n;

	if (get_field(rec, idx, &n))
		say(t, "%llu.%02llu", (u64)n / 100, (u64)n % 100);
	else
		say(t, "?");
}

static void say_averages(struct teller *t, const struct oomtrace_header *rec,
			 unsigned int avg10)
{
	/* The other two follow it. */
	say_percent(t, rec, avg10);
	say(t, ", ");
	say_percent(t, rec, avg10 + 1);
	say(t, ", ");
	say_percent(t, rec, avg10 + 2);
}

static_assert(B(psi_some_avg300) == B(psi_some_avg10) + 2);
static_assert(B(psi_full_avg300) == B(psi_full_avg10) + 2);

static const char *stall_words(const struct oomtrace_header *rec)
{
	s64 age, some, full;

	if (!get_field(rec, B(psi_age_ns), &age) || age > FRESH_NS)
		return "";
	if (get_field(rec, B(psi_full_avg10), &full) && full >= THRASHING)
		return ": it was thrashing";
	if (get_field(rec, B(psi_some_avg10), &some) && some < SUDDEN)
		return ": nobody had waited much, it was sudden";
	return "";
}

/* Had tasks been waiting, and for how long? */
static void tell_stalls(struct teller *t, const struct oomtrace_story *s)
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
		say_label(t, label);
		label = "";
		say(t, "%s%s, %% of 10, 60, 300 s: some ", what[i],
		    oomtrace_field_valid(rec, B(psi_cgroup_id)) ?
		    " in the cgroup" : "");
		say_averages(t, rec, B(psi_some_avg10));
		say(t, "; all ");
		say_averages(t, rec, B(psi_full_avg10));
		say(t, ", ");
		say_time_field(t, rec, B(psi_age_ns));
		say(t, " old%s\n", i == OOMTRACE_RESOURCE_MEMORY ?
		    stall_words(rec) : "");
	}
}

static void say_retry(struct teller *t, const struct oomtrace_header *rec)
{
	s64 n;

	if (get_field(rec, B(retry_retry), &n))
		say(t, n ? ", the kernel tried again" : ", the kernel gave up");
	say(t, "\n");
}

/* The last look that the allocator took before it called the OOM killer. */
static void tell_retries(struct teller *t, const struct oomtrace_story *s)
{
	static const struct named_field reclaim[] = {
		{ "reclaimable",	B(retry_reclaimable) },
		{ "with free",		B(retry_available) },
		{ "min",		B(retry_min_wmark) },
	};
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
		say_label(t, label);
		label = "";
		say_time_field(t, rec, B(retry_age_ns));
		say(t, " earlier ");
		say_zone(t, rec, B(retry_zone_name), B(retry_zone),
			 B(retry_node));
		say(t, ", order ");
		say_id(t, rec, B(retry_order));
		say(t, ": ");
		say_named(t, rec, reclaim, ARRAY_SIZE(reclaim));
		say(t, "; loops without progress ");
		say_field(t, rec, B(retry_no_progress_loops));
		say_retry(t, rec);
	}
	rec = &s->retry[OOMTRACE_RETRY_COMPACT].h;
	if (rec->type) {
		say_label(t, label);
		say_time_field(t, rec, B(retry_age_ns));
		say(t, " earlier compaction, order ");
		say_id(t, rec, B(retry_order));
		say(t, ": ");
		say_named(t, rec, compact, ARRAY_SIZE(compact));
		say_retry(t, rec);
	}
}

void tell_memory(struct teller *t, const struct oomtrace_story *s)
{
	if (s->begin.h.type)
		tell_begin(t, s);
	tell_used(t, s);
	tell_reclaim(t, s);
	tell_zones(t, s);
	tell_stalls(t, s);
	tell_retries(t, s);
}
