// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the charts of an OOM's page as inline SVG, each with its numbers as HTML
 * beside it.
 */
#include <string.h>
#include <time.h>

#include "../common/format.h"
#include "clock.h"
#include "human.h"
#include "report_html.h"

#define PARTS_MAX	10
#define MACHINE_NOTE	"The kernel's approximate counters when the OOM killer was called. "	\
			"Kernel and all else is the rest: page tables, stacks, and what no counter has."
#define CGROUP_NOTE	"Usage and limit are those of the cgroup. "	\
			"The parts are derived from the candidates."
#define POINTS_MAX	600	/* points of a line */

/* ---- one stacked bar ---- */

struct part {
	const char *class, *name;
	double n;
};

static void add_part(struct part *parts, unsigned int *count, const char *class,
		     const char *name, double n)
{
	if (n > 0 && *count < PARTS_MAX)
		parts[(*count)++] = (struct part){ class, name, n };
}

/* A bar, and a list of its parts in the same order. */
static void put_stack(FILE *to, const char *label, const struct part *parts,
		      unsigned int count, double whole,
		      const char *(*write)(char buf[HUMAN_LEN], double n))
{
	double at = 0, width;
	char text[HUMAN_LEN];
	unsigned int i;

	fputs("<svg class=\"stack\" viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\"", to);
	fprintf(to, " role=\"img\" aria-label=\"%s\">", label);
	for (i = 0; i < count; i++) {
		width = 1000 * parts[i].n / whole;
		fprintf(to, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" y=\"0\" height=\"40\"/>",
			parts[i].class, at, width);
		at += width;
	}
	fputs("</svg>\n<ul class=\"key\">", to);
	for (i = 0; i < count; i++)
		fprintf(to, "<li><i class=\"%s\"></i>%s <b>%s</b> <span>%.1f %%</span></li>",
			parts[i].class, parts[i].name, write(text, parts[i].n),
			100 * parts[i].n / whole);
	fputs("</ul>\n", to);
}

/* ---- memory ---- */

static double known(const struct oomtrace_header *h, unsigned int idx, s64 n)
{
	return oomtrace_field_valid(h, idx) && n > 0 ? n : 0;
}

#define KNOWN(b, field) \
	known(&(b)->h, OOMTRACE_BIT_oom_begin_##field, (b)->field)

/* The machine: the kernel's counters. Shared memory is counted as anonymous. */
static unsigned int machine_parts(const struct report *r, struct part *parts)
{
	const struct oomtrace_oom_begin *b = r->begin;
	double size = r->recs.facts.page_size, shmem = KNOWN(b, shmem);
	double anon = KNOWN(b, anon) > shmem ? KNOWN(b, anon) - shmem : 0;
	double sum = anon + shmem + KNOWN(b, file) + KNOWN(b, slab_reclaimable) +
		     KNOWN(b, slab_unreclaimable) + KNOWN(b, free);
	unsigned int n = 0;

	add_part(parts, &n, "anon", "anonymous", anon * size);
	add_part(parts, &n, "shmem", "shared", shmem * size);
	add_part(parts, &n, "file", "file", KNOWN(b, file) * size);
	add_part(parts, &n, "slab", "slab",
		 (KNOWN(b, slab_reclaimable) + KNOWN(b, slab_unreclaimable)) * size);
	add_part(parts, &n, "rest", "kernel and all else",
		 (b->totalram - sum) * size);
	add_part(parts, &n, "free", "free", KNOWN(b, free) * size);
	return n;
}

/* A cgroup: the processes, and what is charged beside them. */
static unsigned int cgroup_parts(const struct report *r, struct part *parts)
{
	double size = r->recs.facts.page_size, victim = 0, others = 0;
	double usage = r->begin->memcg_usage, limit = r->begin->memcg_limit;
	unsigned int n = 0;
	bool sums = false;
	size_t i;

	for (i = 0; i < r->eligible; i++) {
		const struct oomtrace_candidate *c = r->candidates[i];
		double pages = c->rss_anon + c->rss_shmem;
		s64 memory;

		if (!oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_rss_anon) &&
		    report_memory(r, c, &memory)) {
			pages = memory;
			sums = true;
		}
		if (r->verdict && c->pid == r->verdict->pid)
			victim += pages;
		else
			others += pages;
	}
	/* Processes may have memory that another cgroup is charged for. */
	if (victim > usage)
		victim = usage;
	if (victim + others > usage)
		others = usage - victim;
	add_part(parts, &n, "killed", "the victim, anonymous and shared", victim * size);
	add_part(parts, &n, "anon", sums ?
		 "its other processes, of some with file, swap and page tables" :
		 "its other processes", others * size);
	add_part(parts, &n, "rest", "file, kernel and all else",
		 (usage - victim - others) * size);
	add_part(parts, &n, "free", "left of the limit", (limit - usage) * size);
	return n;
}

void report_put_memory(FILE *to, const struct report *r)
{
	const struct oomtrace_oom_begin *b = r->begin;
	struct part parts[PARTS_MAX];
	char text[HUMAN_LEN];
	bool cgroup = b && b->scope == OOMTRACE_SCOPE_MEMCG;
	double whole, sum = 0;
	unsigned int n, i;

	if (!b || (cgroup && !oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_memcg_limit)))
		return;
	n = cgroup ? cgroup_parts(r, parts) : machine_parts(r, parts);
	for (i = 0; i < n; i++)
		sum += parts[i].n;
	whole = report_bytes(r, cgroup ? (s64)b->memcg_limit : b->totalram);
	if (sum > whole)
		whole = sum;
	if (whole <= 0)
		return;
	fprintf(to, "<section><h2>Memory at that moment: %s of %s</h2>\n",
		cgroup ? "the limit" : "all", human_size(text, whole));
	put_stack(to, cgroup ? "Memory of the cgroup against its limit" :
		  "Memory of the machine", parts, n, whole, human_size);
	fprintf(to, "<p>%s</p></section>\n", cgroup ? CGROUP_NOTE : MACHINE_NOTE);
}

/* ---- timeline ---- */

static const char *write_ms(char buf[HUMAN_LEN], double ns)
{
	snprintf(buf, HUMAN_LEN, ns < 10e6 ? "%.2f ms" : "%.0f ms", ns / 1e6);
	return buf;
}

/* The age of the oldest retry of the allocation. */
static double first_retry_ns(const struct report *r)
{
	const struct oomtrace_header *rec;
	double oldest = 0;
	size_t pos = 0;

	while ((rec = records_next(&r->recs, r->episode, &pos)))
		if (rec->type == OOMTRACE_RETRY &&
		    ((const struct oomtrace_retry *)rec)->age_ns > oldest)
			oldest = ((const struct oomtrace_retry *)rec)->age_ns;
	return oldest;
}

static void put_pressure(FILE *to, const struct report *r)
{
	const struct oomtrace_header *rec;
	const struct oomtrace_psi *p;
	size_t pos = 0;

	while ((rec = records_next(&r->recs, r->episode, &pos))) {
		p = (const void *)rec;
		if (rec->type != OOMTRACE_PSI)
			continue;
		fprintf(to, "<p>Pressure before, %s%s: some tasks were stalled %u.%02u %% of the last 10 s, all tasks %u.%02u %%.</p>\n",
			p->resource == OOMTRACE_RESOURCE_IO ? "I/O" : "memory",
			oomtrace_field_valid(&p->h, OOMTRACE_BIT_psi_cgroup_id) ?
			" of the cgroup" : "",
			p->some_avg10 / 100, p->some_avg10 % 100,
			p->full_avg10 / 100, p->full_avg10 % 100);
	}
}

void report_put_timeline(FILE *to, const struct report *r)
{
	struct part parts[PARTS_MAX];
	double whole = 0, choice;
	unsigned int n = 0, i;

	if (!r->begin || !r->victim)
		return;
	choice = r->victim->h.ts_ns > r->begin->h.ts_ns ?
		 r->victim->h.ts_ns - r->begin->h.ts_ns : 0;
	add_part(parts, &n, "file", "pressure: the allocation was retried",
		 first_retry_ns(r));
	add_part(parts, &n, "swap", "the OOM killer chose", choice);
	add_part(parts, &n, "killed", "from the kill until the memory was free",
		 r->freed_ns);
	for (i = 0; i < n; i++)
		whole += parts[i].n;
	if (whole <= 0)
		return;
	fputs("<section><h2>Timeline</h2>\n", to);
	put_stack(to, "Time of pressure, choice and release", parts, n, whole, write_ms);
	if (!r->freed_ns)
		fputs("<p>When the memory was free is not known.</p>\n", to);
	put_pressure(to, r);
	fputs("</section>\n", to);
}

/* ---- samples ---- */

struct series {
	const char *class, *name;
	s64 (*get)(const struct oomtrace_sample *s);
};

static s64 get_committed(const struct oomtrace_sample *s) { return s->committed; }
static s64 get_limit(const struct oomtrace_sample *s) { return s->limit; }
static s64 get_available(const struct oomtrace_sample *s) { return s->available; }

static const struct series lines[] = {
	{ "available", "available memory", get_available },
	{ "committed", "committed address space", get_committed },
	{ "limit", "commit limit, enforced in mode 2 only", get_limit },
};

static void put_line(FILE *to, const struct report *r, const struct series *l,
		     u64 from, u64 until, size_t step, double top)
{
	const struct oomtrace_sample *s;
	size_t i, seen = 0;

	fprintf(to, "<polyline class=\"%s\" points=\"", l->class);
	for (i = 0; i < r->recs.n; i++) {
		s = report_sample(r, i);
		if (!s || seen++ % step)
			continue;
		fprintf(to, "%.1f,%.1f ",
			1000.0 * (s->h.ts_ns - from) / (until - from),
			300 - 290 * l->get(s) / top);
	}
	fputs("\"/>", to);
}

static void put_kills(FILE *to, const struct report *r, u64 from, u64 until)
{
	size_t i;

	for (i = 0; i < r->recs.n; i++) {
		const struct oomtrace_header *h = r->recs.rec[i];
		double x = 1000.0 * ((double)h->ts_ns - from) / (until - from);

		if (h->type == OOMTRACE_VICTIM && h->ts_ns >= from && h->ts_ns <= until)
			fprintf(to, "<line class=\"kill\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"300\"/>",
				x, x);
	}
}

static void put_time(FILE *to, const struct report *r, u64 ts_ns)
{
	time_t t = ((s64)ts_ns + r->recs.facts.wall_offset_ns) / NS_PER_S;
	char text[64];
	struct tm tm;

	if (r->recs.facts.wall_offset_ns && localtime_r(&t, &tm) &&
	    strftime(text, sizeof(text), "%T", &tm))
		fputs(text, to);
	else
		fprintf(to, "%.1f s", ts_ns / 1e9);
}

void report_put_samples(FILE *to, const struct report *r)
{
	u64 from = 0, until = 0;
	char text[HUMAN_LEN];
	double top = 1, lowest = 1e18;
	size_t i, n = 0, k;

	for (i = 0; i < r->recs.n; i++) {
		const struct oomtrace_sample *s = report_sample(r, i);

		if (!s)
			continue;
		if (!n++)
			from = s->h.ts_ns;
		until = s->h.ts_ns;
		/* A limit far above would flatten the other lines. */
		top = s->available > top ? s->available : top;
		top = s->committed > top ? s->committed : top;
		lowest = s->limit < lowest ? s->limit : lowest;
	}
	if (n < 2 || until <= from)
		return;
	fprintf(to, "<section><h2>Memory over time</h2>\n<div class=\"plot\"><span class=\"top\">%s</span>",
		human_size(text, report_bytes(r, top)));
	fputs("<svg viewBox=\"0 0 1000 300\" preserveAspectRatio=\"none\" role=\"img\"", to);
	fputs(" aria-label=\"Available and committed memory over time\">", to);
	for (k = 0; k < ARRAY_SIZE(lines); k++)
		put_line(to, r, &lines[k], from, until, n / POINTS_MAX + 1, top);
	put_kills(to, r, from, until);
	fputs("</svg><div class=\"axis\"><span>", to);
	put_time(to, r, from);
	fputs("</span><span>", to);
	put_time(to, r, until);
	fputs("</span></div></div>\n<ul class=\"key\">", to);
	for (k = 0; k < ARRAY_SIZE(lines); k++)
		fprintf(to, "<li><i class=\"line %s\"></i>%s%s</li>",
			lines[k].class, lines[k].name,
			lines[k].get == get_limit && lowest > top ? ", above the scale" : "");
	fputs("<li><i class=\"line kill\"></i>kill</li></ul></section>\n", to);
}
