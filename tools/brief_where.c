// SPDX-License-Identifier: GPL-2.0
/*
 * An OOM on one screen: who decided, and where it happened, in which workload or on
 * the whole machine.
 */
#include <stdio.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/decider.h"
#include "brief.h"
#include "brief_parts.h"
#include "findings.h"
#include "human.h"
#include "size.h"
#include "term.h"

/* The owner of a cgroup, by its path. */
static const char *write_cgroup_owner(char *buf, size_t size,
				      const struct cgroups *cgroups, u64 id, bool article)
{
	const char *path = cgroups_path(cgroups, id);
	char label[CGROUP_LABEL_MAX], clean[CGROUP_LABEL_MAX];
	enum cgroup_kind kind;

	if (!path) {
		snprintf(buf, size, "memory cgroup %llu", id);
		return buf;
	}
	kind = cgroups_describe(cgroups, path, label, sizeof(label));
	term_clean(clean, sizeof(clean), label);
	snprintf(buf, size, "%s%s", !article ? "" : kind == CGROUP_SYSTEMD ? "unit " :
		 kind == CGROUP_OTHER ? "cgroup " : "", clean);
	return buf;
}

static const char *describe_constraint(const struct brief *b)
{
	s64 constraint;

	if (!get_field(&b->s.verdict.h, B(verdict_constraint), &constraint))
		constraint = OOMTRACE_CONSTRAINT_NONE;
	if (constraint == OOMTRACE_CONSTRAINT_CPUSET)
		return "the memory nodes of a cpuset";
	if (constraint == OOMTRACE_CONSTRAINT_MEMORY_POLICY)
		return "the memory nodes of a memory policy";
	return "the whole machine";
}

unsigned int brief_scope(const struct records *recs, u64 episode)
{
	const struct oomtrace_oom_begin *b = records_first(recs, episode, OOMTRACE_OOM_BEGIN);
	const struct oomtrace_verdict *v;

	if (b)
		return b->scope;
	v = records_first(recs, episode, OOMTRACE_VERDICT);
	return v ? oomtrace_verdict_scope(v) : OOMTRACE_SCOPES;
}

const char *brief_where(char *buf, size_t size, const struct records *recs,
			const struct episode *ep, const struct cgroups *cgroups)
{
	const struct oomtrace_oom_begin *b =
		records_first(recs, ep->number, OOMTRACE_OOM_BEGIN);
	const struct oomtrace_verdict *v =
		records_first(recs, ep->number, OOMTRACE_VERDICT);
	const char *by = oomtrace_decider(b, v) == OOMTRACE_DECIDER_POLICY ?
			 ", by a policy" : "";
	char name[HUMAN_TASK_LEN];

	switch (brief_scope(recs, ep->number)) {
	case OOMTRACE_SCOPE_MEMCG:
		write_cgroup_owner(buf, size, cgroups, b ? b->memcg_id : v->memcg_id,
				   false);
		snprintf(buf + strlen(buf), size - strlen(buf), "%s", by);
		return buf;
	case OOMTRACE_SCOPE_USERSPACE:
		snprintf(buf, size, "killed by %s", human_task(name, b->comm, b->pid));
		return buf;
	case OOMTRACE_SCOPE_GLOBAL:
		snprintf(buf, size, "%s%s", v && v->constraint == OOMTRACE_CONSTRAINT_CPUSET ?
			 "nodes of a cpuset" : v && v->constraint ==
			 OOMTRACE_CONSTRAINT_MEMORY_POLICY ? "nodes of a policy" :
			 "whole machine", by);
		return buf;
	default:
		snprintf(buf, size, "?");
		return buf;
	}
}

/* On which nodes the request could have used memory, if it was not on all. */
static void say_nodes(const struct brief *b, const char *what, const char *swap)
{
	const struct oomtrace_zonelist *z = &b->s.zonelist;
	char free[SIZE_TEXT_MAX], all[SIZE_TEXT_MAX], other[SIZE_TEXT_MAX];
	char nodes[OOMTRACE_NODE_LIST + 1], clean[4 * OOMTRACE_NODE_LIST + 1];
	bool several;
	s64 zones;

	if (oomtrace_get_str(&z->h, "nodes", nodes, sizeof(nodes)) <= 0)
		strcpy(nodes, "?");
	several = strpbrk(nodes, ",-");
	if (get_field(&z->h, B(zonelist_zones_allowed), &zones) && zones)
		term_say("Where", "%s: node%s %s %s %s free of %s%s", what,
			 several ? "s" : "", term_clean(clean, sizeof(clean), nodes),
			 several ? "have" : "has",
			 size_write(free, z->free, b->page),
			 size_write(all, z->managed, b->page), swap);
	else
		term_say("Where", "%s: no node that the request may use%s", what, swap);
	term_say("", "(%s free on other nodes, which it may not use)",
		 size_write(other, z->other_nodes_free, b->page));
}

/* Why free memory was of no use to a request for several contiguous pages. */
static void say_blocks(const struct brief *b)
{
	const struct oomtrace_header *rec = &b->s.zonelist.h;
	char asked[SIZE_TEXT_MAX], free[SIZE_TEXT_MAX], block[SIZE_TEXT_MAX];
	s64 order, largest, usable;

	if (!get_field(&b->s.begin.h, B(oom_begin_order), &order) || order < 1 || order > 31 ||
	    !get_field(rec, B(zonelist_usable_order), &largest) || largest >= order ||
	    !get_field(rec, B(zonelist_usable_free), &usable))
		return;
	size_write(asked, 1LL << order, b->page);
	if (largest < 0)
		term_say("", "(%lld contiguous pages, %s, were asked for; there are no free blocks)",
			 1LL << order, asked);
	else
		term_say("", "(%lld contiguous pages, %s, were asked for; %s are free, but fragmented, in blocks of at most %s)",
			 1LL << order, asked, size_write(free, usable, b->page),
			 size_write(block, 1LL << largest, b->page));
}

/* Of RAM: a use that is so large and not the memory of processes is told. */
#define LARGE	4
/* What no counter names is told if it is at least this fraction of RAM. */
#define UNNAMED	8

/* Large parts of RAM that no kill frees. */
static void say_parts(const struct brief *b)
{
	const struct oomtrace_header *begin = &b->s.begin.h, *memory = &b->s.memory.h;
	const struct {
		const struct oomtrace_header *rec;
		unsigned int idx, fraction;
		const char *what;
	} parts[] = {
		{ begin, B(oom_begin_shmem), LARGE, "files in tmpfs or shared memory" },
		{ begin, B(oom_begin_slab_unreclaimable), LARGE,
		  "unreclaimable slab of the kernel" },
		{ begin, B(oom_begin_slab_reclaimable), LARGE,
		  "slab of the kernel that it did not reclaim" },
		{ memory, B(memory_hugetlb), LARGE, "reserved as huge pages (vm.nr_hugepages)" },
		{ memory, B(memory_pagetables), LARGE, "page tables" },
		{ memory, B(memory_vmalloc), LARGE, "vmalloc memory of the kernel" },
		{ memory, B(memory_percpu), LARGE, "per-CPU memory of the kernel" },
		{ memory, B(memory_zsmalloc), LARGE, "compressed swap (zram, zswap)" },
		{ memory, B(memory_gpu), LARGE, "memory of GPUs" },
		{ memory, B(memory_not_counted), UNNAMED,
		  "in pages that no counter names: of drivers, pipes or a balloon, for example" },
	};
	char size[SIZE_TEXT_MAX];
	unsigned int i, told = 0;
	s64 total, n;

	if (!get_field(begin, B(oom_begin_totalram), &total))
		return;
	for (i = 0; i < ARRAY_SIZE(parts) && told < FINDINGS; i++) {
		if (!get_field(parts[i].rec, parts[i].idx, &n) || n <= 0 ||
		    n < total / parts[i].fraction)
			continue;
		term_say(told++ ? "" : "Memory", "%s of RAM are %s",
			 size_write(size, n, b->page), parts[i].what);
	}
}

static void say_machine(const struct brief *b, const char *what)
{
	const struct oomtrace_oom_begin *r = &b->s.begin;
	char free[SIZE_TEXT_MAX], ram[SIZE_TEXT_MAX], left[SIZE_TEXT_MAX];
	char total[SIZE_TEXT_MAX], swap[2 * SIZE_TEXT_MAX + 32] = "";
	s64 n;

	if (!r->h.type) {
		term_say("Where", "%s (the record of its begin is missing)", what);
		return;
	}
	if (get_field(&r->h, B(oom_begin_total_swap), &n)) {
		if (!n)
			snprintf(swap, sizeof(swap), ", no swap");
		else
			snprintf(swap, sizeof(swap), ", %s free of %s swap",
				 size_write(left, r->swap_free, b->page),
				 size_write(total, n, b->page));
	}
	if (story_has_other_nodes(&b->s))
		say_nodes(b, what, swap);
	else
		term_say("Where", "%s: %s free of %s%s", what,
			 size_write(free, r->free, b->page),
			 size_write(ram, r->totalram, b->page), swap);
	if (!story_has_other_nodes(&b->s))
		say_parts(b);
	say_blocks(b);
}

bool brief_container(char *buf, size_t size, const struct brief *b)
{
	char label[CGROUP_LABEL_MAX];
	const char *path;
	s64 id, memcg;

	if (!get_field(&b->s.victim[0].h, B(victim_cgroup_id), &id) ||
	    (get_field(&b->s.begin.h, B(oom_begin_memcg_id), &memcg) && memcg == id))
		return false;
	path = cgroups_path(b->cgroups, id);
	if (!path)
		return false;
	switch (cgroups_describe(b->cgroups, path, label, sizeof(label))) {
	case CGROUP_OTHER:
	case CGROUP_SYSTEMD:
		return false;
	default:
		term_clean(buf, size, label);
		return true;
	}
}

/* "24 of 24 MiB": one unit is enough if both have the same. */
static const char *write_of(char *buf, size_t size, s64 used, s64 limit, unsigned int page)
{
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];
	const char *x = strrchr(size_write(a, used, page), ' ');
	const char *y = strrchr(size_write(b, limit, page), ' ');

	snprintf(buf, size, "%.*s of %s", x && y && !strcmp(x, y) ? (int)(x - a) : 99, a, b);
	return buf;
}

static void say_account(const struct brief *b)
{
	struct findings f;
	unsigned int i;

	findings_write(&f, &b->s.memcg, b->page);
	for (i = 0; i < f.n; i++)
		term_say(i ? "" : "Memory", "%s", f.text[i]);
}

static void say_memcg(const struct brief *b)
{
	const struct oomtrace_oom_begin *r = &b->s.begin;
	char owner[CGROUP_LABEL_MAX + 32], of[100], free[SIZE_TEXT_MAX];
	s64 id, used, limit;

	if (!get_field(&r->h, B(oom_begin_memcg_id), &id))
		get_field(&b->s.verdict.h, B(verdict_memcg_id), &id);
	write_cgroup_owner(owner, sizeof(owner), b->cgroups, id, true);
	if (get_field(&r->h, B(oom_begin_memcg_usage), &used) &&
	    get_field(&r->h, B(oom_begin_memcg_limit), &limit))
		term_say("Where", r->trigger == OOMTRACE_TRIGGER_MEMORY_MAX ?
			 "%s: its limit was lowered below its usage: %s" :
			 "%s reached its limit: %s", owner,
			 write_of(of, sizeof(of), used, limit, b->page));
	else
		term_say("Where", "%s reached its limit", owner);
	if (r->h.type)
		term_say("", "(the machine had %s free; other workloads were not concerned)",
			 size_write(free, r->free, b->page));
	say_account(b);
}

void brief_append(void *ctx, const char *fmt, va_list args)
{
	struct sentence *s = ctx;
	int n = vsnprintf(s->text + s->len, sizeof(s->text) - s->len, fmt, args);

	if (n > 0)
		s->len += n;
	if (s->len >= sizeof(s->text))
		s->len = sizeof(s->text) - 1;
}

/* Where a process in user space logs its reasons: the kernel does not know them. */
static void say_log(const struct brief *b)
{
	char label[CGROUP_LABEL_MAX], clean[CGROUP_LABEL_MAX];
	const char *path;
	s64 id;

	if (!get_field(&b->s.begin.h, B(oom_begin_cgroup_id), &id))
		return;
	path = cgroups_path(b->cgroups, id);
	if (path && cgroups_describe(b->cgroups, path, label, sizeof(label)) == CGROUP_SYSTEMD)
		term_say("", "(its own log may have the reason: journalctl -u %s)",
			 term_clean(clean, sizeof(clean), label));
}

void brief_say_decided(const struct brief *b)
{
	struct sentence text = { .len = 0 };
	const struct oomtrace_out out = { .vprint = brief_append, .ctx = &text };
	struct text_writer w = { .out = &out, .page_size = b->page };

	if (!write_decider(&w, &b->s.begin, &b->s.verdict))
		return;
	term_say("Decided", "%s", text.text);
	if (oomtrace_decider(&b->s.begin, &b->s.verdict) == OOMTRACE_DECIDER_DAEMON)
		say_log(b);
}

void brief_say_where(const struct brief *b)
{
	char what[120];
	s64 trigger = -1;

	switch (brief_scope(b->recs, b->ep->number)) {
	case OOMTRACE_SCOPE_MEMCG:
		say_memcg(b);
		break;
	case OOMTRACE_SCOPE_USERSPACE:
		say_machine(b, "the whole machine");
		break;
	default:
		get_field(&b->s.begin.h, B(oom_begin_trigger), &trigger);
		snprintf(what, sizeof(what), "%s%s", describe_constraint(b),
			 trigger == OOMTRACE_TRIGGER_SYSRQ ? ", by sysrq-f, a manual request" : "");
		say_machine(b, what);
	}
}
