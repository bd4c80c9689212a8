// SPDX-License-Identifier: GPL-2.0
/*
 * An OOM on one screen: why this process was killed and not another one.
 */
#include <stdio.h>
#include <string.h>

#include "brief_parts.h"
#include "human.h"
#include "replay.h"
#include "size.h"
#include "term.h"

/* Candidates and exempt tasks shown. */
#define TOP		3
#define EXEMPT		2
/* Of the winner's points: a runner-up this near could as well have been killed. */
#define NEAR		16

static bool get_memory(const struct brief *b, const struct oomtrace_candidate *c,
		       s64 *pages)
{
	const struct oomtrace_verdict *v = &b->s.verdict;
	bool known = v->h.type && oomtrace_field_valid(&v->h, B(verdict_totalpages));

	return candidate_memory(c, b->page, known ? v->totalpages : 0, pages);
}

/*
 * Can an oom_score_adj have decided? A candidate with a negative one may be larger than
 * all that are shown, and one without a record may have any.
 */
static bool some_adj(const struct brief *b)
{
	const struct oomtrace_candidate *c;
	const struct oomtrace_header *rec;
	s64 candidates;
	size_t pos = 0;

	while ((rec = records_next(b->recs, b->ep->number, &pos))) {
		c = (const void *)rec;
		if (rec->type == OOMTRACE_CANDIDATE &&
		    oomtrace_field_valid(rec, B(candidate_points)) && c->oom_score_adj)
			return true;
	}
	return !get_field(&b->s.end.h, B(oom_end_candidates), &candidates) ||
	       candidates > b->s.scanned;
}

static void say_reason(const struct brief *b)
{
	const struct oomtrace_verdict *v = &b->s.verdict;
	bool all;
	u32 eligible = story_count_eligible(&b->s, &all);
	/* Only the runner-up is known to be as near. */
	const char *top = eligible > 2 ? "the top 2 of " : "";
	char gap[SIZE_TEXT_MAX];
	s64 policy = OOMTRACE_POLICIES, how = OOMTRACE_RECOMPUTED_UNAVAILABLE, next;

	get_field(&v->h, B(verdict_policy), &policy);
	get_field(&v->h, B(verdict_recomputed), &how);
	if (policy == OOMTRACE_POLICY_ALLOCATING_TASK) {
		term_say("Why", "it asked for memory, and vm.oom_kill_allocating_task is set: no processes were compared");
	} else if (policy == OOMTRACE_POLICY_OTHER) {
		term_say("Why", "the policy chose it (BPF, for example): no processes were compared");
	} else if (!b->s.scanned) {
		term_say("Why", "the records of the candidates are missing");
	} else if (how == OOMTRACE_RECOMPUTED_ORIGIN) {
		term_say("Why", "it was marked to die first (swapoff, KSM, a larger trace buffer)");
	} else if (how == OOMTRACE_RECOMPUTED_TIE) {
		term_say("Why", "a tie of %s%u processes that could be killed: the kernel kills the later one",
			 top, eligible);
	} else if (how != OOMTRACE_RECOMPUTED_AGREE || b->s.open) {
		term_say("Why", "the kernel chose it of %u processes (not all scores are known)",
			 b->s.scanned);
	} else if (eligible == 1) {
		term_say("Why", "it was the only process that could be killed");
	} else if (get_field(&v->h, B(verdict_runner_up_points), &next) &&
		   v->points - next <= v->points / NEAR) {
		term_say("Why", "a near tie of %s%u processes that could be killed: it was %s ahead",
			 top, eligible, size_write(gap, v->points - next, b->page));
	} else {
		term_say("Why", "it %s of %u processes that could be killed",
			 some_adj(b) ? "had the highest score" : "was the largest",
			 eligible);
	}
}

/* A row for each of the first candidates. */
static void say_candidates(const struct brief *b)
{
	const struct oomtrace_verdict *v = &b->s.verdict;
	bool adj = some_adj(b);
	unsigned int i, width = 0, adj_width = 1;
	char name[HUMAN_TASK_LEN], size[SIZE_TEXT_MAX], score[48];
	const char *note;
	s64 pages;

	for (i = 0; i < b->s.ntop && i < TOP; i++) {
		unsigned int len = strlen(human_task(name, b->s.top[i].comm, b->s.top[i].pid));

		width = len > width ? len : width;
		len = snprintf(score, sizeof(score), "%d", b->s.top[i].oom_score_adj);
		adj_width = len > adj_width ? len : adj_width;
	}
	for (i = 0; i < b->s.ntop && i < TOP; i++) {
		const struct oomtrace_candidate *c = &b->s.top[i];
		bool known = get_memory(b, c, &pages), killed;

		killed = v->h.type && c->pid == v->pid;
		note = killed ? "  <- killed" : v->h.type &&
		       oomtrace_field_valid(&v->h, B(verdict_runner_up_pid)) &&
		       c->pid == v->runner_up_pid ? "  next in line" : "";
		*score = '\0';
		if (v->totalpages && c->points != LLONG_MAX)
			snprintf(score, sizeof(score), adj ? "  score %5.1f %%" : "  %5.1f %%",
				 100.0 * c->points / v->totalpages);
		human_task(name, c->comm, c->pid);
		printf("%11s%-*s %11s%s  adj %-*d%s%s%s%s\n", "", width, name,
		       known ? size_write(size, pages, b->page) : "?",
		       adj ? "" : score, adj_width, c->oom_score_adj,
		       adj ? score : "",
		       killed ? term_red() : "", note, killed ? term_plain() : "");
	}
}

/* Of the memory that is out: an exempt task that holds so much is the cause. */
#define HOLDS_MUCH	4

/* "backup[661] holds 58.3 MiB of the 64 MiB (oom_score_adj -1000, ...)" */
static bool say_exempt_most(const struct brief *b)
{
	const struct oomtrace_exempt *e = &b->s.exempt_most;
	char name[HUMAN_TASK_LEN], source[HUMAN_TASK_LEN], held[SIZE_TEXT_MAX], all[SIZE_TEXT_MAX];
	bool inherited = oomtrace_field_valid(&e->h, B(exempt_source_pid));
	s64 pages, total;

	if (!get_field(&e->h, B(exempt_pages), &pages) ||
	    !get_field(&b->s.verdict.h, B(verdict_totalpages), &total) ||
	    pages < total / HOLDS_MUCH)
		return false;
	term_say("Exempt", "%s holds %s of the %s and may not be killed (oom_score_adj -1000%s%s)",
		 human_task(name, e->comm, e->pid), size_write(held, pages, b->page),
		 size_write(all, total, b->page), inherited ? ", inherited from " : "",
		 inherited ? human_task(source, e->source_comm, e->source_pid) : "");
	return true;
}

/* The largest tasks that an admin exempted, or that were still dying. */
static void say_exempt(const struct brief *b)
{
	const struct oomtrace_candidate *top[EXEMPT] = { NULL }, *c;
	const struct oomtrace_header *rec;
	char names[400] = "", name[HUMAN_TASK_LEN], size[SIZE_TEXT_MAX], more[40] = "";
	bool told = say_exempt_most(b);
	unsigned int n = 0, i;
	size_t pos = 0, len = 0;
	s64 pages, most[EXEMPT] = { 0 };

	while ((rec = records_next(b->recs, b->ep->number, &pos))) {
		c = (const void *)rec;
		if (rec->type != OOMTRACE_CANDIDATE ||
		    c->verdict != OOMTRACE_EVAL_INELIGIBLE ||
		    c->reason != OOMTRACE_REASON_ADJ_MIN ||
		    (told && c->tgid == b->s.exempt_most.pid))
			continue;
		n++;
		if (!get_memory(b, c, &pages))
			continue;
		for (i = 0; i < EXEMPT && top[i] && most[i] >= pages; i++)
			;
		if (i == EXEMPT)
			continue;
		memmove(&top[i + 1], &top[i], (EXEMPT - i - 1) * sizeof(top[0]));
		memmove(&most[i + 1], &most[i], (EXEMPT - i - 1) * sizeof(most[0]));
		top[i] = c;
		most[i] = pages;
	}
	for (i = 0; i < EXEMPT && top[i]; i++)
		len += snprintf(names + len, sizeof(names) - len, "%s%s, %s", i ? "; " : "",
				human_task(name, top[i]->comm, top[i]->pid),
				size_write(size, most[i], b->page));
	if (n > i && i)
		snprintf(more, sizeof(more), " and %u more", n - i);
	if (i)
		term_say("", "%sexempt: %s%s%s", told ? "also " : "", names, more,
			 told ? "" : " (oom_score_adj -1000)");
}

void brief_say_why(const struct brief *b)
{
	if (b->s.verdict.h.type)
		say_reason(b);
	else if (b->s.ntop && b->ep->killed)
		term_say("Why", "not known to the kernel; the largest processes, by its score:");
	else
		return;
	say_candidates(b);
	say_exempt(b);
}
