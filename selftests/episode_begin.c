// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the begin of an OOM records the state of memory with the kernel's
 * own terms and numbers: the allocation, each zone, the use of memory, the
 * pressure stall, and the retries before it. For a small machine (256 MB),
 * which is filled once.
 *
 * It is checked against the kernel's report, its tracepoints, and the files of
 * /proc and the cgroup.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"
#include "lib/tracer.h"
#include "lib/zone_check.h"

#define TRACEFS	"/sys/kernel/tracing"
#define LRU_GEN	"/sys/kernel/mm/lru_gen/enabled"

/* The two are read one after the other; a wrong value is off by thousands. */
#define NEAR_PAGES	512

/* Read around the OOM, for comparison with its records. */
struct witness {
	unsigned long long psi_before, psi_after;	/* memory, some, us */
	long hugepages;
	char trace[1 << 18];
};

static struct scene *global, *memcg;
static struct witness *seen;

static void __attribute__((constructor)) make_scenes(void)
{
	global = scene_new();
	memcg = scene_new();
	seen = alloc_shared(2 * sizeof(*seen));
}

static bool has_lru_gen(void)
{
	unsigned long enabled;
	char *text;

	if (access(LRU_GEN, R_OK))
		return false;
	text = slurp(LRU_GEN, NULL);
	enabled = strtoul(text, NULL, 0);
	free(text);
	return enabled & 1;
}

static unsigned long long psi_some_total(const char *path)
{
	unsigned long long us = 0;
	char line[128];
	char *text;

	if (access(path, R_OK))
		return 0;
	text = slurp(path, NULL);
	line_with(text, "some ", line, sizeof(line));
	if (!strstr(line, "total=") ||
	    sscanf(strstr(line, "total="), "total=%llu", &us) != 1)
		die("cannot parse %s: %s", path, text);
	free(text);
	return us;
}

static void trace_retries(bool on)
{
	spill(TRACEFS "/events/oom/reclaim_retry_zone/enable", on ? "1" : "0");
	spill(TRACEFS "/events/oom/compact_retry/enable", on ? "1" : "0");
	spill(TRACEFS "/events/oom/mark_victim/enable", on ? "1" : "0");
	if (on)
		tracer_forget();
}

/*
 * Allocate huge pages, for which memory may be too fragmented after earlier
 * OOMs.
 */
static long take_hugepages(long wanted)
{
	int tries;

	for (tries = 0; tries < 20; tries++) {
		sysctl_set("vm/nr_hugepages", wanted);
		if (sysctl_get("vm/nr_hugepages") == wanted)
			break;
		spill("/proc/sys/vm/drop_caches", "3");
		if (!access("/proc/sys/vm/compact_memory", W_OK))
			spill("/proc/sys/vm/compact_memory", "1");
		usleep(100000);
	}
	return sysctl_get("vm/nr_hugepages");
}

static void play_global(struct scene *s)
{
	struct hog small, big;
	char *text;

	hog_start(&small, "--comm small --anon 8 --hold");
	hog_ready(&small);
	scene_start(s, NULL);
	seen->hugepages = take_hugepages(3);
	trace_retries(true);
	seen->psi_before = psi_some_total("/proc/pressure/memory");
	hog_start(&big, "--comm big --grow 4096");
	s->big = big.pid;
	s->status = hog_wait(&big);
	seen->psi_after = psi_some_total("/proc/pressure/memory");
	trace_retries(false);
	text = slurp(TRACEFS "/trace", NULL);
	if (strlen(text) >= sizeof(seen->trace))
		die("the trace of the retries is too long");
	strcpy(seen->trace, text);
	free(text);
	if (!tracer_cut_at_kill(seen->trace, s->big))
		die("the kernel did not trace the kill");
	scene_end(s);
	hog_kill(&small);
	sysctl_set("vm/nr_hugepages", 0);
}

static void play_memcg(struct scene *s)
{
	char pressure[256];
	struct hog big;

	scene_start(s, NULL);
	memcg_make(&s->cg, "begin", MB(16));
	memcg_set(&s->cg, "memory.swap.max", "1048576");
	snprintf(pressure, sizeof(pressure), "%s/memory.pressure", s->cg.dir);
	seen[1].psi_before = psi_some_total(pressure);
	hog_start(&big, "--cgroup %s --comm big --grow 64", s->cg.dir);
	s->big = big.pid;
	s->status = hog_wait(&big);
	seen[1].psi_after = psi_some_total(pressure);
	scene_end(s);
	memcg_remove(&s->cg);
}

FIXTURE(begin) {
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
};

FIXTURE_VARIANT(begin) {
	bool memcg;
};

FIXTURE_VARIANT_ADD(begin, of_all) { .memcg = false };
FIXTURE_VARIANT_ADD(begin, of_memcg) { .memcg = true };

static const struct scene *scene_of(bool in_memcg)
{
	return in_memcg ? memcg : global;
}

FIXTURE_SETUP(begin)
{
	const struct scene *s = scene_of(variant->memcg);

	if (variant->memcg && access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		SKIP(return, "no cgroup v2 memory controller");
	if (variant->memcg)
		scene_play(memcg, play_memcg);
	else
		scene_play(global, play_global);
	ASSERT_TRUE(scene_find(s, s->big, &self->begin, &self->verdict,
			       &self->victim, &self->end))
		TH_LOG("no complete episode that killed %d:\n%s", s->big, s->log);
}

FIXTURE_TEARDOWN(begin)
{
}

TEST_F(begin, gfp_is_named_as_in_the_kernels_report)
{
	const struct scene *s = scene_of(variant->memcg);
	const struct oomtrace_oom_begin *b = self->begin;
	char want[256], line[512];

	ASSERT_TRUE(HAS(b, oom_begin, gfp_names));
	line_with(s->log, "big invoked oom-killer", line, sizeof(line));
	snprintf(want, sizeof(want), "gfp_mask=%#x(%.*s), order=%d,", b->gfp,
		 (int)sizeof(b->gfp_names), b->gfp_names, b->order);
	EXPECT_NE(NULL, strstr(line, want))
		TH_LOG("%s\nis not in\n%s", want, line);
	/* The test's tasks are in the initial pid namespace. */
	EXPECT_EQ(b->pid, b->ns_pid);
	EXPECT_EQ(self->victim->pid, self->victim->ns_pid);
}

static long kb_after(const char *line, const char *label)
{
	const char *at = strstr(line, label);

	return at ? strtol(at + strlen(label), NULL, 10) : -1;
}

/*
 * The kernel prints its report after the choice, so counters have changed.
 * Watermarks differ only by a boost, which kswapd removes at any time.
 */
static void check_zone(struct __test_metadata *_metadata,
		       const struct oomtrace_zone *z, const char *log)
{
	char label[64], line[1024];
	long boost, active, inactive;

	snprintf(label, sizeof(label), "Node %d %.8s free:", z->node, z->name);
	line_with(log, label, line, sizeof(line));
	ASSERT_NE(0, line[0]) TH_LOG("the kernel has no zone %s", label);
	boost = z->wmark_min * PAGE_KB - kb_after(line, " min:");
	EXPECT_LE(0, boost);
	EXPECT_EQ(kb_after(line, " low:") + boost, z->wmark_low * PAGE_KB);
	EXPECT_EQ(kb_after(line, " high:") + boost, z->wmark_high * PAGE_KB);
	/* Not every kernel with boosts prints them. */
	if (strstr(line, " boost:"))
		EXPECT_EQ(kb_after(line, " boost:") + boost,
			  z->wmark_boost * PAGE_KB);
	EXPECT_EQ(kb_after(line, " present:"), z->present * PAGE_KB);
	EXPECT_EQ(kb_after(line, " managed:"), z->managed * PAGE_KB);
	EXPECT_EQ(kb_after(line, " reserved_highatomic:"),
		  z->reserved_highatomic * PAGE_KB);
	EXPECT_EQ(kb_after(line, " unevictable:"), z->unevictable * PAGE_KB);
	EXPECT_GE(4096, labs(kb_after(line, " free:") - z->free * PAGE_KB))
		TH_LOG("%s\nrecorded: %lld pages", line, z->free);
	/* lru_gen can move all active pages to inactive in one step. */
	active = kb_after(line, " active_anon:") - z->active_anon * PAGE_KB;
	inactive = kb_after(line, " inactive_anon:") -
		   z->inactive_anon * PAGE_KB;
	EXPECT_GE(4096, labs(active + inactive));
	if (!has_lru_gen()) {
		EXPECT_GE(4096, labs(active));
		EXPECT_GE(4096, labs(inactive));
	}
	EXPECT_GE(4096, labs(kb_after(line, " inactive_file:") -
			     z->inactive_file * PAGE_KB));
	TH_LOG("%s free: kernel %ld KiB, recorded %lld KiB", z->name,
	       kb_after(line, " free:"), z->free * PAGE_KB);
}

TEST_F(begin, zones_are_those_of_the_kernels_report)
{
	const struct scene *s = scene_of(variant->memcg);
	long long min = 0, low = 0, high = 0, free = 0, boost;
	const char *at, *end;
	const union record *r;
	int n, rows = 0;

	for (n = 0; (r = nth_record(s, OOMTRACE_ZONE, self->begin->episode, n)); n++) {
		/* A kernel has no blocks beyond its highest order. */
		EXPECT_EQ(OOMTRACE_BIT(zone, free_order10) * 2 - 1,
			  r->h.valid & (OOMTRACE_BIT(zone, free_order10) * 2 - 1));
		min += r->zone.wmark_min;
		low += r->zone.wmark_low;
		high += r->zone.wmark_high;
		free += r->zone.free;
		check_zone(_metadata, &r->zone, s->log);
	}
	/*
	 * A memcg OOM has no zones in its records, nor in the kernel's report.
	 */
	if (variant->memcg) {
		EXPECT_EQ(0, n);
		return;
	}
	ASSERT_LE(1, n);
	boost = self->begin->wmark_min - min;
	EXPECT_LE(0, boost);
	EXPECT_EQ(low + boost, self->begin->wmark_low);
	EXPECT_EQ(high + boost, self->begin->wmark_high);
	EXPECT_GE(NEAR_PAGES, llabs(free - self->begin->free));
	/* Zones after the kill belong to a failed allocation of the victim. */
	end = strstr(s->log, "Out of memory");
	ASSERT_NE(NULL, end);
	for (at = s->log; (at = strstr(at, " reserved_highatomic:")); at++)
		rows += at < end;
	EXPECT_EQ(rows, n);
}

TEST_F(begin, the_zones_of_the_request_are_those_of_the_kernels_report)
{
	const struct scene *s = scene_of(variant->memcg);
	char *report;

	if (variant->memcg) {
		EXPECT_EQ(NULL, nth_record(s, OOMTRACE_ZONELIST,
					   self->begin->episode, 0));
		return;
	}
	report = zone_report_of(s, s->big);
	zone_check_zonelist(_metadata, s, self->begin->episode, report);
	free(report);
}

TEST_F(begin, the_stack_is_that_of_the_kernels_report)
{
	const struct scene *s = scene_of(variant->memcg);
	char *report = zone_report_of(s, s->big);

	zone_check_stack(_metadata, s, self->begin, report);
	free(report);
}

TEST_F(begin, memory_is_that_of_the_kernels_report)
{
	const struct scene *s = scene_of(variant->memcg);
	const union record *r = nth_record(s, OOMTRACE_MEMORY, self->begin->episode, 0);
	const struct oomtrace_memory *m;
	char line[512];

	ASSERT_NE(NULL, r);
	m = &r->memory;
	EXPECT_EQ(NULL, nth_record(s, OOMTRACE_MEMORY, self->begin->episode, 1));
	EXPECT_GE(NEAR_PAGES, llabs(m->active_anon + m->inactive_anon -
				    self->begin->anon));
	EXPECT_GE(NEAR_PAGES, llabs(m->active_file + m->inactive_file -
				    self->begin->file));
	EXPECT_EQ(variant->memcg, HAS(m, memory, memcg_swap_max));
	EXPECT_EQ(variant->memcg, HAS(m, memory, memcg_swap));
	if (variant->memcg) {
		EXPECT_EQ((long)MB(1) / PAGE, m->memcg_swap_max);
		EXPECT_EQ(0, m->memcg_swap);
		return;
	}
	EXPECT_LT(0, seen->hugepages);
	EXPECT_EQ(seen->hugepages * 512, m->hugetlb);
	EXPECT_EQ(m->hugetlb, m->hugetlb_free);
	line_with(s->log, "unevictable:", line, sizeof(line));
	EXPECT_EQ(kb_after(line, "unevictable:"), m->unevictable)
		TH_LOG("%s", line);
	line_with(s->log, "active_anon:", line, sizeof(line));
	if (!has_lru_gen())
		EXPECT_GE(1024, labs(kb_after(line, " inactive_anon:") -
				     m->inactive_anon)) TH_LOG("%s", line);
	line_with(s->log, "mapped:", line, sizeof(line));
	EXPECT_GE(1024, labs(kb_after(line, "mapped:") - m->mapped))
		TH_LOG("%s", line);
}

TEST_F(begin, pressure_stall_is_between_procs_values_before_and_after)
{
	const struct scene *s = scene_of(variant->memcg);
	const struct witness *w = &seen[variant->memcg];
	const struct oomtrace_psi *p, *found = NULL;
	const union record *r;
	int n;

	for (n = 0; (r = nth_record(s, OOMTRACE_PSI, self->begin->episode, n)); n++) {
		p = &r->psi;
		EXPECT_GE(OOMTRACE_RESOURCE_IO, p->resource);
		EXPECT_GE(10000, p->some_avg10);
		EXPECT_GE(p->some_avg10 + 1, p->full_avg10);
		EXPECT_GE(p->some_total_ns, p->full_total_ns);
		if (HAS(p, psi, cgroup_id))
			EXPECT_EQ(s->cg.id, p->cgroup_id);
		if (p->resource == OOMTRACE_RESOURCE_MEMORY &&
		    HAS(p, psi, cgroup_id) == variant->memcg)
			found = p;
	}
	if (access("/proc/pressure/memory", F_OK)) {
		EXPECT_EQ(0, n);
		SKIP(return, "this kernel has no pressure stall information");
	}
	EXPECT_EQ(variant->memcg ? 4 : 2, n);
	ASSERT_NE(NULL, found);
	EXPECT_LE(w->psi_before, found->some_total_ns / 1000);
	EXPECT_GE(w->psi_after, found->some_total_ns / 1000);
	/* Reclaim stalls before an OOM, so the total has grown. */
	EXPECT_LT(w->psi_before, w->psi_after);
	EXPECT_GT(120ULL * 1000000000, found->age_ns);
	TH_LOG("total %llu us before, %llu in the record, %llu after; age %llu ms",
	       w->psi_before, found->some_total_ns / 1000, w->psi_after,
	       found->age_ns / 1000000);
}

/* The line of the kernel's tracepoint for the same retry. */
static void retry_line(char *line, size_t size,
		       const struct oomtrace_retry *p)
{
	if (p->kind == OOMTRACE_RETRY_RECLAIM)
		snprintf(line, size,
			 "reclaim_retry_zone: node=%d zone=%-8.8s order=%d reclaimable=%llu available=%llu min_wmark=%llu no_progress_loops=%d wmark_check=%d\n",
			 p->node, p->zone_name, p->order, p->reclaimable,
			 p->available, p->min_wmark, p->no_progress_loops,
			 p->retry);
	else
		snprintf(line, size, "compact_retry: order=%d ", p->order);
}

TEST_F(begin, retries_are_those_of_the_kernels_tracepoints)
{
	const struct scene *s = scene_of(variant->memcg);
	unsigned long long age = ~0ULL, last = 0;
	const struct oomtrace_retry *p;
	const union record *r;
	char line[512], task[64];
	const char *at = seen->trace;
	int n;

	if (variant->memcg) {
		EXPECT_EQ(NULL, nth_record(s, OOMTRACE_RETRY,
					   self->begin->episode, 0));
		return;
	}
	snprintf(task, sizeof(task), "%s-%d ", self->begin->comm,
		 self->begin->pid);
	for (n = 0; (r = nth_record(s, OOMTRACE_RETRY, self->begin->episode, n));
	     n++) {
		p = &r->retry;
		EXPECT_EQ(p->kind == OOMTRACE_RETRY_RECLAIM,
			  HAS(p, retry, zone_name));
		EXPECT_EQ(p->kind == OOMTRACE_RETRY_COMPACT,
			  HAS(p, retry, result));
		/* Oldest first, without a gap. */
		EXPECT_GE(age, p->age_ns);
		if (n)
			EXPECT_EQ(last + 1, p->index);
		age = p->age_ns;
		last = p->index;
		/* In this order in the trace, by this task. */
		retry_line(line, sizeof(line), p);
		do {
			at = strstr(at, task);
			ASSERT_NE(NULL, at)
				TH_LOG("not traced: %s", line);
			at += strlen(task);
		} while (strncmp(at + strcspn(at, ":\n") + 2, line,
				 strlen(line)) &&
			 !memmem(at, strcspn(at, "\n") + 1, line, strlen(line)));
	}
	ASSERT_LE(1, n) TH_LOG("no retry was recorded, the trace has\n%s",
			       seen->trace);
	EXPECT_GE(8, n);
	/*
	 * The last retry gives up, or reaches the last loop
	 * (MAX_RECLAIM_RETRIES).
	 */
	EXPECT_TRUE(!p->retry || p->no_progress_loops == 16)
		TH_LOG("retry %d, loops %d", p->retry, p->no_progress_loops);
	/* There is no later retry. */
	EXPECT_EQ(NULL, strstr(at, task));
	TH_LOG("%d retries recorded, number %llu the last", n, last);
}

TEST_HARNESS_MAIN
