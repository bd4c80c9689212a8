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
#include "container_names.h"
#include "procfs.h"
#include "refusal.h"
#include "size.h"
#include "store_pick.h"
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
	/* Unsigned: a size that overflowed is the largest. */
	if ((u64)c->pages > (u64)r->c->pages)
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
	struct store_place at = { 0 };
	const struct oomtrace_commit *c;
	struct refusal *list = NULL, *r;
	size_t room = 0;

	*n = 0;
	while (store_next(st, opt, OOMTRACE_COMMIT, &at)) {
		c = (const void *)at.rec;
		if (!c->ret)
			continue;
		r = find_group(list, *n, at.load, c);
		if (!r) {
			list = xgrow(list, *n, &room, sizeof(*list));
			r = &list[(*n)++];
			*r = (struct refusal){
				.c = c, .load = at.load, .wall_ns = at.wall_ns,
				.dated = at.dated, .first_ns = c->h.ts_ns,
			};
		}
		add_request(r, c);
	}
	return list;
}

/* ---- ids ---- */

const char *request_id(char buf[REFUSAL_ID_MAX], const struct store *st,
		       const struct store_place *at)
{
	char stamp[WHEN_MAX];
	bool plain = !at->dated || store_is_newest_load(st, at->load);

	snprintf(buf, REFUSAL_ID_MAX, "%.20s%s%u.%llu",
		 plain ? "" : when_write_stamp(stamp, at->wall_ns), plain ? "" : "-",
		 at->rec->cpu, (unsigned long long)at->rec->seq);
	return buf;
}

const char *refusal_id(char buf[REFUSAL_ID_MAX], const struct store *st,
		       const struct refusal *r)
{
	const struct store_place at = {
		.rec = &r->c->h, .load = r->load, .dated = r->dated, .wall_ns = r->wall_ns,
	};

	return request_id(buf, st, &at);
}

/* An id on a command line. @boot: "" if it is not a record_id. */
struct request_id {
	char boot[IDENTITY_BOOT];
	unsigned long long load;
	bool stamped;
	long long wall_ns;
	unsigned long long cpu;
	unsigned long long seq;
};

/* Read digits and the character after them. */
static bool read_part(const char **at, unsigned long long *n, char after)
{
	size_t len = strspn(*at, "0123456789");

	if (!len || (*at)[len] != after)
		return false;
	*n = strtoull(*at, NULL, 10);
	*at += len + !!after;
	return true;
}

static bool read_request_id(struct request_id *id, const char *text)
{
	size_t boot = strspn(text, "0123456789abcdef");
	const char *rest;

	memset(id, 0, sizeof(*id));
	if (when_read_stamp(text, &rest, &id->wall_ns) && *rest == '-') {
		id->stamped = true;
		text = rest + 1;
	} else if (boot == IDENTITY_BOOT - 1 && text[boot] == '.') {
		memcpy(id->boot, text, boot);
		text += boot + 1;
		if (!read_part(&text, &id->load, '.'))
			return false;
	}
	return read_part(&text, &id->cpu, '.') && read_part(&text, &id->seq, '\0');
}

bool refusal_is_id(const char *text)
{
	struct request_id id;

	return read_request_id(&id, text);
}

/* The group of a request; NULL if it was not refused in the time that is asked for. */
static const struct refusal *find_group_of(const struct refusal *list, size_t n,
					   size_t load, const struct oomtrace_commit *c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].load == load && list[i].c->tgid == c->tgid && c->ret &&
		    c->h.ts_ns >= list[i].first_ns && c->h.ts_ns <= list[i].last_ns)
			return &list[i];
	return NULL;
}

static bool is_load_meant(const struct store *st, size_t load, const struct request_id *id)
{
	const struct saved_header *facts = &st->load[load].recs.facts;

	if (*id->boot)
		return !strcmp(facts->boot, id->boot) && facts->load == id->load;
	return id->stamped || store_is_newest_load(st, load) || st->nload == 1;
}

bool request_is(const struct store *st, const char *text, const struct store_place *at)
{
	struct request_id id;

	return read_request_id(&id, text) && is_load_meant(st, at->load, &id) &&
	       at->rec->cpu == id.cpu && at->rec->seq == id.seq &&
	       (!id.stamped || (at->dated && llabs(at->wall_ns - id.wall_ns) <= STAMP_NS));
}

bool refusal_pick(const struct store *st, const struct refusal *list, size_t n,
		  const char *text, struct refusal *found)
{
	const struct oomtrace_commit *c;
	const struct refusal *group;
	const struct records *recs;
	struct request_id id;
	size_t i, k;

	if (!read_request_id(&id, text))
		return false;
	for (i = st->nload; i-- > 0;) {
		if (!is_load_meant(st, i, &id))
			continue;
		recs = &st->load[i].recs;
		for (k = recs->n; k-- > 0;) {
			c = (const void *)recs->rec[k];
			if (c->h.type != OOMTRACE_COMMIT || c->h.cpu != id.cpu ||
			    c->h.seq != id.seq)
				continue;
			group = find_group_of(list, n, i, c);
			if (!group || (id.stamped &&
				       (!group->dated ||
					llabs(group->wall_ns - id.wall_ns) > STAMP_NS)))
				continue;
			*found = *group;
			found->c = c;
			return true;
		}
	}
	return false;
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

bool refusal_overflowed(const struct oomtrace_commit *c)
{
	return c->pages < 0;
}

const char *refusal_asked(char buf[SIZE_TEXT_MAX], const struct oomtrace_commit *c,
			  unsigned int page_size)
{
	if (!refusal_overflowed(c))
		return size_write(buf, c->pages, page_size);
	snprintf(buf, SIZE_TEXT_MAX, "a size that overflowed");
	return buf;
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

const char *refusal_result(const struct oomtrace_commit *c)
{
	switch (c->origin) {
	case OOMTRACE_ORIGIN_STACK:
		return "the kernel refused to grow the stack; the task got SIGSEGV";
	case OOMTRACE_ORIGIN_FAULT:
		if (c->pages == 1)
			return "a page fault on shared memory was refused; the task got SIGBUS";
		return "a page fault on shared memory was refused; the task got SIGBUS, "
		       "unless a smaller page was granted";
	}
	return "refused with ENOMEM";
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
	cgroup_describe("", path, label, sizeof(label));
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
