// SPDX-License-Identifier: GPL-2.0
/*
 * Groups refused requests, and does the kernel's sum.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "cgroups.h"
#include "clock.h"
#include "procfs.h"
#include "refusal.h"
#include "size.h"
#include "term.h"
#include "when.h"

/* malloc() tries brk and mmap in turn: one failure is several requests. */
#define MOMENT_NS	(NS_PER_S / 10)
/* An id's time stamp has seconds, and clocks are adjusted. */
#define STAMP_NS	(3 * NS_PER_S)

#define VALID(c, field)	oomtrace_field_valid(&(c)->h, OOMTRACE_BIT_commit_##field)

/* ---- grouping ---- */

static void add_request(struct refusal *r, const struct oomtrace_commit *c)
{
	if (c->pages > r->c->pages)
		r->c = c;
	r->last_ns = c->h.ts_ns;
	r->calls |= 1U << (c->origin & 31);
	r->times++;
}

/* The group that a request continues; NULL if there is none. */
static struct refusal *find_group(struct refusal *list, size_t n, size_t load,
				  const struct oomtrace_commit *c)
{
	struct refusal *r;

	while (n-- > 0) {
		r = &list[n];
		if (r->load != load || c->h.ts_ns - r->last_ns > 10 * MOMENT_NS)
			return NULL;
		if (r->c->tgid == c->tgid && c->h.ts_ns - r->last_ns <= MOMENT_NS)
			return r;
	}
	return NULL;
}

struct refusal *refusals_find(const struct store *st, const struct options *opt,
			      size_t *n)
{
	const struct oomtrace_commit *c;
	struct refusal *list = NULL, *r;
	const struct load *l;
	size_t i, k, room = 0;
	long long wall;

	*n = 0;
	for (i = 0; i < st->nload; i++) {
		l = &st->load[i];
		for (k = 0; k < l->recs.n; k++) {
			c = (const void *)l->recs.rec[k];
			if (c->h.type != OOMTRACE_COMMIT || !c->ret)
				continue;
			wall = c->h.ts_ns + l->wall[k];
			if (opt->timed && !(l->wall[k] && is_in_time(opt, wall)))
				continue;
			r = find_group(list, *n, i, c);
			if (!r) {
				list = xgrow(list, *n, &room, sizeof(*list));
				r = &list[(*n)++];
				*r = (struct refusal){
					.c = c, .load = i, .wall_ns = wall,
					.dated = l->wall[k],
				};
			}
			add_request(r, c);
		}
	}
	return list;
}

/* ---- ids ---- */

const char *refusal_id(char buf[REFUSAL_ID_MAX], const struct store *st,
		       const struct refusal *r)
{
	char stamp[WHEN_MAX];
	bool plain = !r->dated || store_is_newest_load(st, r->load);

	snprintf(buf, REFUSAL_ID_MAX, "%.20s%s%u.%llu",
		 plain ? "" : when_write_stamp(stamp, r->wall_ns), plain ? "" : "-",
		 r->c->h.cpu, (unsigned long long)r->c->h.seq);
	return buf;
}

/* The part after a time stamp, if there is one. */
static const char *skip_stamp(const char *id, bool *stamped, long long *ns)
{
	const char *rest;

	*stamped = when_read_stamp(id, &rest, ns) && *rest == '-';
	return *stamped ? rest + 1 : id;
}

bool refusal_is_id(const char *text)
{
	long long ns;
	bool stamped;
	size_t n;

	text = skip_stamp(text, &stamped, &ns);
	n = strspn(text, "0123456789");
	if (!n || text[n] != '.')
		return false;
	text += n + 1;
	n = strspn(text, "0123456789");
	return n && !text[n];
}

bool refusal_is(const struct store *st, const struct refusal *r, const char *id)
{
	unsigned long long seq;
	unsigned int cpu;
	long long ns;
	bool stamped;

	id = skip_stamp(id, &stamped, &ns);
	if (sscanf(id, "%u.%llu", &cpu, &seq) != 2 || r->c->h.cpu != cpu ||
	    r->c->h.seq != seq)
		return false;
	if (stamped)
		return r->dated && llabs(r->wall_ns - ns) <= STAMP_NS;
	return store_is_newest_load(st, r->load) || st->nload == 1;
}

/* ---- the sum ---- */

static s64 least(s64 a, s64 b)
{
	return a < b ? a : b;
}

void refusal_sum(struct refusal_sum *s, const struct oomtrace_commit *c,
		 unsigned int page_size)
{
	unsigned long long pages;

	memset(s, 0, sizeof(*s));
	if (!VALID(c, mode) || !VALID(c, allowed) || !oomtrace_shortfall(&c->h, &pages))
		return;
	s->short_by = pages;
	if (c->mode != 2) {
		/* One request may be as large as RAM and swap together. */
		s->left = c->allowed;
		s->known = true;
		return;
	}
	if (!VALID(c, committed) || !VALID(c, limit) || !VALID(c, totalram) ||
	    !VALID(c, hugetlb))
		return;
	s->known = true;
	s->ram = c->totalram - c->hugetlb;
	s->base = c->overcommit_kbytes ?
		  (s64)(c->overcommit_kbytes / (page_size / 1024)) :
		  s->ram * c->overcommit_ratio / 100;
	s->admin = c->cap_sys_admin ? 0 : c->admin_reserve;
	s->user = VALID(c, total_vm) ? least(c->total_vm / 32, c->user_reserve) : 0;
	s->before = c->committed - c->pages;
	s->left = c->allowed - s->before;
}

const char *refusal_calls(char *buf, size_t size, unsigned int calls)
{
	const char *name;
	unsigned int i;
	size_t n = 0;

	*buf = '\0';
	for (i = 0; i < 32 && n < size; i++) {
		if (!(calls >> i & 1))
			continue;
		name = oomtrace_value_name(OOMTRACE_COMMIT, "origin", i);
		n += snprintf(buf + n, size - n, "%s%s", n ? "," : "",
			      name ? name : "?");
	}
	return buf;
}

const char *refusal_owner(char *buf, size_t size, const struct store *st,
			  const struct refusal *r)
{
	const struct load *l = &st->load[r->load];
	char path[CGROUP_PATH_MAX], label[CGROUP_LABEL_MAX];
	struct identity now;

	/* Ids are those of one boot. */
	identity_read(&now);
	if (!*now.boot || strcmp(now.boot, l->recs.facts.boot) ||
	    !procfs_cgroup_path(r->c->cgroup_id, path, sizeof(path))) {
		snprintf(buf, size, "-");
		return buf;
	}
	cgroup_kind(path, label, sizeof(label));
	return term_clean(buf, size, label);
}

/* ---- ways out ---- */

void refusal_ways_out(const struct oomtrace_commit *c, unsigned int page_size)
{
	char more[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX], how[120] = "";
	struct refusal_sum s;
	s64 need;

	refusal_sum(&s, c, page_size);
	if (!s.known)
		return;
	if (c->mode != 2) {
		term_say("Ways out", "ask for at most %s at once, RAM and swap together; add swap; or vm.overcommit_memory=1, which refuses nothing",
			 size_write(most, c->allowed, page_size));
		return;
	}
	need = s.base + s.short_by;
	if (c->overcommit_kbytes)
		snprintf(how, sizeof(how), "vm.overcommit_kbytes=%lld or more, ",
			 need * (s64)(page_size / 1024));
	else if (s.ram > 0)
		snprintf(how, sizeof(how), "vm.overcommit_ratio=%lld or more, ",
			 (need * 100 + s.ram - 1) / s.ram);
	size_write(more, s.short_by, page_size);
	if (s.left > 1)
		term_say("Ways out", "%s%s more swap, or ask for less than %s; oomtrace advise finds a ratio for the whole workload",
			 how, more, size_write(most, s.left, page_size));
	else
		term_say("Ways out", "%s%s more swap, or less committed by others; oomtrace advise finds a ratio for the whole workload",
			 how, more);
}
