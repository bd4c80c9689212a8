// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the answers and the candidates of an OOM as HTML.
 */
#include <string.h>
#include <time.h>

#include <liboomtrace.h>

#include "../common/decider.h"
#include "clock.h"
#include "findings.h"
#include "human.h"
#include "report_html.h"

#define TOP		10	/* candidates that are not folded */
#define FOLDED_MAX	500

void html_put(FILE *to, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '&':
			fputs("&amp;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			fputc(*s, to);
		}
	}
}

/* Names may have any byte. */
static void put_name(FILE *to, const char *name, size_t n)
{
	char clean[4 * CGROUP_LABEL_MAX + 1];

	oomtrace_escape(clean, sizeof(clean), name, n);
	html_put(to, clean);
}

void html_put_task(FILE *to, const char *comm, int pid)
{
	put_name(to, comm, strnlen(comm, OOMTRACE_COMM_LEN));
	fprintf(to, "[%d]", pid);
}

static void put_size(FILE *to, const struct report *r, long long pages)
{
	char size[HUMAN_LEN];

	fputs(human_size(size, report_bytes(r, pages)), to);
}

/* ---- the answers ---- */

static void put_duration(FILE *to, unsigned long long ns)
{
	if (ns < 10000000)
		fprintf(to, "%.1f ms", ns / 1e6);
	else if (ns < 10 * (unsigned long long)NS_PER_S)
		fprintf(to, "%.0f ms", ns / 1e6);
	else
		fprintf(to, "%.1f s", ns / 1e9);
}

static void put_killed(FILE *to, const struct report *r)
{
	const struct oomtrace_victim *v = r->victim;
	char label[CGROUP_LABEL_MAX];

	if (!v && r->verdict) {
		fputs("<b>", to);
		html_put_task(to, r->verdict->comm, r->verdict->pid);
		fputs("</b>; the kill itself was not recorded", to);
		return;
	}
	if (!v) {
		const char *ending = r->end ?
			oomtrace_value_name(OOMTRACE_OOM_END, "ending", r->end->ending) : NULL;

		fprintf(to, "no process (%s)", ending ?: "the end was not recorded");
		return;
	}
	fputs("<b>", to);
	html_put_task(to, v->comm, v->pid);
	fputs("</b>", to);
	if (oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_cgroup_id) &&
	    *report_owner(r, v->cgroup_id, label, sizeof(label))) {
		fputs(" of ", to);
		put_name(to, label, strlen(label));
	}
	if (oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_uid))
		fprintf(to, ", user %u", v->uid);
	if (oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_rss_anon)) {
		fputs(": ", to);
		put_size(to, r, v->rss_anon + v->rss_file + v->rss_shmem);
		if (r->freed_ns) {
			fputs(" came back after ", to);
			put_duration(to, r->freed_ns);
		}
	}
	if (r->victims > 1)
		fprintf(to, "; and %zu more %s in the same OOM", r->victims - 1,
			r->victims == 2 ? "process" : "processes");
}

static void put_machine(FILE *to, const struct report *r)
{
	const struct oomtrace_oom_begin *b = r->begin;

	put_size(to, r, b->free);
	fputs(" free of ", to);
	put_size(to, r, b->totalram);
	if (!oomtrace_field_valid(&b->h, OOMTRACE_BIT_oom_begin_total_swap))
		return;
	if (!b->total_swap) {
		fputs(", no swap", to);
		return;
	}
	fputs(", swap ", to);
	put_size(to, r, b->swap_free);
	fputs(" free of ", to);
	put_size(to, r, b->total_swap);
}

static void put_where(FILE *to, const struct report *r)
{
	const struct oomtrace_oom_begin *b = r->begin;
	char label[CGROUP_LABEL_MAX];
	struct findings found;
	unsigned int i;

	if (!b) {
		fputs("not known: the begin of the episode was overwritten", to);
	} else if (b->scope == OOMTRACE_SCOPE_MEMCG) {
		report_owner(r, b->memcg_id, label, sizeof(label));
		if (*label)
			put_name(to, label, strlen(label));
		else
			fprintf(to, "cgroup %llu", (unsigned long long)b->memcg_id);
		fputs(" reached its limit: ", to);
		put_size(to, r, b->memcg_usage);
		fputs(" of ", to);
		put_size(to, r, b->memcg_limit);
		findings_write(&found, r->account, r->recs.facts.page_size);
		for (i = 0; i < found.n; i++)
			fprintf(to, "; %s", found.text[i]);
		fputs(" (the machine had ", to);
		put_size(to, r, b->free);
		fputs(" free; other workloads were not concerned)", to);
	} else {
		fputs(b->scope == OOMTRACE_SCOPE_USERSPACE ?
		      "the whole machine, when a process in user space acted: " :
		      "the whole machine: ", to);
		put_machine(to, r);
	}
}

static void put_when(FILE *to, const struct report *r)
{
	const struct oomtrace_header *h = r->begin ? &r->begin->h :
					  r->verdict ? &r->verdict->h :
					  r->end ? &r->end->h : NULL;
	s64 offset = r->recs.facts.wall_offset_ns;
	char text[64];
	struct tm tm;
	time_t t;

	if (!h) {
		fputs("not known", to);
		return;
	}
	if (!offset) {
		fprintf(to, "%.3f s after boot (suspend not counted)",
			h->ts_ns / 1e9);
		return;
	}
	t = ((s64)h->ts_ns + offset) / NS_PER_S;
	if (localtime_r(&t, &tm) && strftime(text, sizeof(text), "%a %F %T %Z", &tm))
		html_put(to, text);
	if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%T", &tm) &&
	    strcmp(tzname[0], "UTC"))
		fprintf(to, " (%s UTC)", text);
}

void html_vprint(void *to, const char *fmt, va_list args)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, args);
	html_put(to, text);
}

/* Who decided, and by which rule, if that is not the comparison of candidates below. */
static bool put_decider(FILE *to, const struct report *r)
{
	const struct oomtrace_out out = { .vprint = html_vprint, .ctx = to };
	struct text_writer w = { .out = &out, .page_size = r->recs.facts.page_size };
	enum oomtrace_decider decider = oomtrace_decider(r->begin, r->verdict);

	if (decider != OOMTRACE_DECIDER_POLICY && decider != OOMTRACE_DECIDER_DAEMON)
		return false;
	fputs("decided by ", to);
	return write_decider(&w, r->begin, r->verdict);
}

/* The processes that the kernel gave points, also those whose records are lost. */
static size_t count_scored(const struct report *r)
{
	if (r->end && oomtrace_field_valid(&r->end->h, OOMTRACE_BIT_oom_end_scored) &&
	    r->end->scored > r->eligible)
		return r->end->scored;
	return r->eligible;
}

static void put_why(FILE *to, const struct report *r)
{
	const struct oomtrace_candidate *first, *second;
	size_t scored = count_scored(r);

	if (put_decider(to, r))
		return;
	if (!r->verdict) {
		fputs(r->victim ? "the choice was not recorded" :
		      "no process was chosen", to);
		return;
	}
	if (r->verdict->recomputed == OOMTRACE_RECOMPUTED_ORIGIN) {
		fputs("it was marked to die first (swapoff, KSM, a larger trace buffer)", to);
		return;
	}
	if (scored < 2) {
		fputs(scored ? "it was the only process that could be killed" :
		      "the candidates were not recorded", to);
		return;
	}
	if (r->verdict->recomputed == OOMTRACE_RECOMPUTED_TIE) {
		fprintf(to, "a tie of %s%zu processes; the kernel kills the later one",
			scored > 2 ? "the top 2 of " : "", scored);
		return;
	}
	/* The module has compared the scores of all. Which is next is not recorded. */
	if (r->eligible < scored) {
		fprintf(to, "%s of %zu processes that could be killed",
			r->verdict->recomputed == OOMTRACE_RECOMPUTED_AGREE ?
			"it had the highest score" : "the kernel chose it", scored);
		return;
	}
	first = r->candidates[0];
	second = r->candidates[1];
	if (first->pid != r->verdict->pid) {
		fputs("the recorded scores do not explain the choice", to);
		return;
	}
	fprintf(to, "it had the highest score of %zu processes that could be killed: ",
		r->eligible);
	put_size(to, r, first->points);
	fputs("; next in line ", to);
	html_put_task(to, second->comm, second->pid);
	fputs(" with ", to);
	put_size(to, r, second->points > 0 ? second->points : 0);
}

void report_put_summary(FILE *to, const struct report *r)
{
	static const struct {
		const char *label;
		void (*put)(FILE *to, const struct report *r);
	} lines[] = {
		{ "Killed", put_killed }, { "Where", put_where },
		{ "When", put_when }, { "Why", put_why },
	};
	unsigned int i;

	if (!r->episode) {
		fputs("<p>These records contain no OOM.</p>\n", to);
		return;
	}
	fputs("<dl class=\"card\">\n", to);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		fprintf(to, "<dt>%s</dt><dd>", lines[i].label);
		lines[i].put(to, r);
		fputs("</dd>\n", to);
	}
	fputs("</dl>\n", to);
}

/* ---- candidates ---- */

static bool terms_known(const struct oomtrace_candidate *c)
{
	return oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_rss_anon);
}

/*
 * A bar of the candidate's memory, which is one part if its terms are not recorded. A
 * mark shows its score, which differs from the
 * memory by what oom_score_adj adds; it stays inside the bar's room, so that an
 * oom_score_adj of -999 does not change the scale.
 */
static void put_bar(FILE *to, const struct report *r,
		    const struct oomtrace_candidate *c, s64 memory, double scale)
{
	const struct { const char *class; double pages; } terms[] = {
		{ "anon", c->rss_anon }, { "file", c->rss_file },
		{ "shmem", c->rss_shmem }, { "swap", c->swapents },
		{ "tables", (double)c->pgtables_bytes / r->recs.facts.page_size },
		{ "rest", terms_known(c) ? 0 : memory },
	};
	double at = 0, width, mark = c->points / scale;
	unsigned int i;

	fputs("<svg class=\"bar\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\"", to);
	fputs(" aria-hidden=\"true\">", to);
	for (i = 0; i < ARRAY_SIZE(terms); i++) {
		width = 1000 * terms[i].pages / scale;
		if (width < 0.5)
			continue;
		fprintf(to, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" y=\"2\" height=\"10\"/>",
			terms[i].class, at, width);
		at += width;
	}
	mark = mark < 0 ? 0 : mark > 1 ? 1 : mark;
	if (c->oom_score_adj)
		fprintf(to, "<rect class=\"mark\" x=\"%.1f\" width=\"6\" y=\"0\" height=\"14\"/>",
			mark * 994);
	fputs("</svg>", to);
}

static void put_cell(FILE *to, const char *label)
{
	fprintf(to, "<td data-label=\"%s\">", label);
}

static void put_row(FILE *to, const struct report *r,
		    const struct oomtrace_candidate *c, double scale)
{
	bool killed = r->verdict && r->verdict->pid == c->pid;
	long long limit = report_limit(r);
	char label[CGROUP_LABEL_MAX];
	s64 memory;
	bool known = report_memory(r, c, &memory);

	fputs(killed ? "<tr class=\"victim\"><th scope=\"row\">" :
	      "<tr><th scope=\"row\">", to);
	html_put_task(to, c->comm, c->pid);
	if (killed)
		fputs(" <em>killed</em>", to);
	fputs("</th>", to);
	put_cell(to, "unit");
	report_owner(r, c->cgroup_id, label, sizeof(label));
	if (*label)
		put_name(to, label, strlen(label));
	else
		fputs("not known", to);
	fputs("</td>", to);
	put_cell(to, "memory");
	if (known)
		put_size(to, r, memory);
	else
		fputs("not known", to);
	fputs("</td>", to);
	put_cell(to, "share");
	if (known && limit > 0)
		fprintf(to, "%.1f %%", 100.0 * memory / limit);
	else
		fputs("not known", to);
	fputs("</td>", to);
	put_cell(to, "adj");
	fprintf(to, "%s%d</td>", c->oom_score_adj > 0 ? "&#9650; +" :
		c->oom_score_adj < 0 ? "&#9660; " : "", c->oom_score_adj);
	put_cell(to, "score");
	if (c->points > 0)
		put_size(to, r, c->points);
	else
		fputs("0", to);
	fputs("</td><td class=\"wide\">", to);
	put_bar(to, r, c, memory, scale);
	fputs("</td></tr>\n", to);
}

static const char * const candidate_heads[] = {
	"process", "unit", "memory", "share", "adj", "score", "", NULL,
};
static const char * const exempt_heads[] = {
	"process", "reason", "memory", "adj", NULL,
};

static void put_head(FILE *to, const char * const *names)
{
	fputs("<table class=\"candidates\"><tr class=\"head\">", to);
	for (; *names; names++)
		fprintf(to, "<th>%s</th>", *names);
	fputs("</tr>\n", to);
}

static void put_rows(FILE *to, const struct report *r, size_t from, size_t n)
{
	double scale = 1;
	s64 memory;
	size_t i;

	for (i = 0; i < r->eligible; i++)
		if (report_memory(r, r->candidates[i], &memory) && memory > scale)
			scale = memory;
	put_head(to, candidate_heads);
	for (i = from; i < from + n; i++)
		put_row(to, r, r->candidates[i], scale);
	fputs("</table>\n", to);
}

static void put_exempt(FILE *to, const struct report *r)
{
	size_t exempt = r->ncandidates - r->eligible, i;
	const struct oomtrace_candidate *c;
	const char *reason;
	s64 memory;

	if (!exempt && !r->kthreads)
		return;
	fprintf(to, "<details><summary>%zu exempt: %zu kernel threads, %zu other processes</summary>\n",
		exempt + r->kthreads, r->kthreads, exempt);
	if (exempt)
		put_head(to, exempt_heads);
	for (i = r->eligible; i < r->ncandidates && i < r->eligible + FOLDED_MAX; i++) {
		c = r->candidates[i];
		reason = oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_reason) ?
			 oomtrace_value_name(OOMTRACE_CANDIDATE, "reason", c->reason) : NULL;
		fputs("<tr><th scope=\"row\">", to);
		html_put_task(to, c->comm, c->pid);
		fprintf(to, "</th><td data-label=\"reason\">%s</td>",
			reason && c->reason == OOMTRACE_REASON_ADJ_MIN ?
			"oom_score_adj -1000" : reason ?: "not known");
		put_cell(to, "memory");
		if (report_memory(r, c, &memory))
			put_size(to, r, memory);
		else
			fputs("not recorded", to);
		fputs("</td>", to);
		put_cell(to, "adj");
		if (oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_oom_score_adj))
			fprintf(to, "%d", c->oom_score_adj);
		else
			fputs("not recorded", to);
		fputs("</td></tr>\n", to);
	}
	fputs(exempt ? "</table></details>\n" : "</details>\n", to);
}

static void put_key(FILE *to)
{
	static const char * const keys[][2] = {
		{ "anon", "anonymous" }, { "file", "file" }, { "shmem", "shared" },
		{ "swap", "swap" }, { "tables", "page tables" },
		{ "rest", "all of these, where only the sum is recorded" },
		{ "mark", "score, if oom_score_adj changes it" },
	};
	unsigned int i;

	fputs("<ul class=\"key\">", to);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		fprintf(to, "<li><i class=\"%s\"></i>%s</li>", keys[i][0], keys[i][1]);
	fputs("</ul>\n", to);
}

void report_put_candidates(FILE *to, const struct report *r)
{
	size_t shown = r->eligible < TOP ? r->eligible : TOP, rest;

	if (!r->ncandidates && !r->kthreads)
		return;
	fputs("<section><h2>Candidates</h2>\n", to);
	if (shown) {
		put_rows(to, r, 0, shown);
		put_key(to);
	}
	rest = r->eligible - shown;
	if (rest) {
		fprintf(to, "<details><summary>%zu more that could be killed</summary>\n", rest);
		put_rows(to, r, shown, rest < FOLDED_MAX ? rest : FOLDED_MAX);
		fputs("</details>\n", to);
	}
	put_exempt(to, r);
	fputs("</section>\n", to);
}
