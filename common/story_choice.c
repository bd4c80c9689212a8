// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, the middle of it: who was killed, the
 * arithmetic of the score, who came next and who was not eligible. Called by
 * common/story_print.c; the same rules hold as there.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

static bool same_number(const struct oomtrace_header *a, unsigned int a_idx,
			const struct oomtrace_header *b, unsigned int b_idx)
{
	s64 x, y;

	return get_field(a, a_idx, &x) && get_field(b, b_idx, &y) && x == y;
}

/* The candidate record of a task that the verdict names by its pid. */
static const struct oomtrace_header *
candidate(const struct oomtrace_story *s, unsigned int verdict_pid)
{
	unsigned int i;

	/* The chosen one led last, even if its points are not the highest. */
	if (same_number(&s->verdict.h, verdict_pid,
			&s->leader.h, B(candidate_pid)))
		return &s->leader.h;
	for (i = 0; i < s->ntop; i++)
		if (same_number(&s->verdict.h, verdict_pid,
				&s->top[i].h, B(candidate_pid)))
			return &s->top[i].h;
	return NULL;
}

/* LONG_MAX is no sum but a mark: kill this one first. */
static void say_points(struct teller *t, const struct oomtrace_header *rec,
		       unsigned int idx)
{
	s64 n;

	if (get_field(rec, idx, &n) && n == LLONG_MAX)
		say(t, "the maximum");
	else
		say_field(t, rec, idx);
}

static const char *recomputed_words(s64 how)
{
	switch (how) {
	case OOMTRACE_RECOMPUTED_AGREE:
		return "it has the most points of";
	case OOMTRACE_RECOMPUTED_TIE:
		return "as many points as the runner-up, and of equals the later dies; of";
	case OOMTRACE_RECOMPUTED_RACED:
		return "the kernel says so; the recorded points, which moved, name another of";
	case OOMTRACE_RECOMPUTED_ORIGIN:
		return "it was marked to die first (swapoff, KSM), whatever the points of";
	default:
		return "the kernel says so, which cannot be checked: records are missing; of";
	}
}

static void say_recomputed(struct teller *t, const struct oomtrace_story *s)
{
	s64 how;

	if (!get_field(&s->verdict.h, B(verdict_recomputed), &how))
		how = OOMTRACE_RECOMPUTED_UNAVAILABLE;
	say(t, "%s ", recomputed_words(how));
	say_count(t, s->eligible);
	say(t, " eligible %s\n", s->eligible == 1 ? "task" : "tasks");
}

static void tell_killed(struct teller *t, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->verdict.h;
	const struct oomtrace_header *c = candidate(s, B(verdict_pid));

	say_label(t, "Killed:");
	say_task(t, rec, B(verdict_comm), B(verdict_pid));
	if (c) {
		say(t, ", uid ");
		say_id(t, c, B(candidate_uid));
	}
	say(t, ", cgroup ");
	say_id(t, rec, B(verdict_cgroup_id));
	say(t, "\n");
	say_label(t, "Why:");
	if (!oomtrace_field_valid(rec, B(verdict_points)) && !s->scanned)
		say(t, "nobody was compared, the one that asks dies (oom_kill_allocating_task)\n");
	else
		say_recomputed(t, s);
}

/* The score's terms as one candidate record has them, all in pages. */
struct terms {
	s64 rss;
	s64 swap;
	s64 tables;
	s64 adj;
	s64 adj_unit;		/* what one oom_score_adj is worth */
	bool memory_known;
	bool adj_known;
};

static void get_terms(struct terms *x, const struct oomtrace_story *s,
		      const struct oomtrace_header *c)
{
	s64 anon, file, shmem, tables, adj, total;
	bool known;

	/* Unsigned sums, since a file may hold garbage that overflows. */
	known = get_field(c, B(candidate_rss_anon), &anon);
	known &= get_field(c, B(candidate_rss_file), &file);
	known &= get_field(c, B(candidate_rss_shmem), &shmem);
	known &= get_field(c, B(candidate_swapents), &x->swap);
	known &= get_field(c, B(candidate_pgtables_bytes), &tables);
	x->rss = (u64)anon + (u64)file + (u64)shmem;
	x->tables = (u64)tables / s->page_size;
	x->memory_known = known;

	known = get_field(&s->verdict.h, B(verdict_totalpages), &total);
	x->adj_unit = (u64)total / 1000;
	x->adj_known = get_field(c, B(candidate_oom_score_adj), &adj) &&
		       (known || !adj);
	x->adj = (u64)adj * (u64)x->adj_unit;
}

static void say_adj(struct teller *t, const struct terms *x,
		    const struct oomtrace_header *c)
{
	if (!x->adj_known) {
		say(t, " + adj not known (oom_score_adj ");
		say_id(t, c, B(candidate_oom_score_adj));
		say(t, ")");
		return;
	}
	say(t, " + adj ");
	say_count(t, x->adj);
	if (!x->adj)
		return;
	say(t, " (oom_score_adj ");
	say_id(t, c, B(candidate_oom_score_adj));
	say(t, " x ");
	say_count(t, x->adj_unit);
	say(t, " pages)");
}

static void say_terms(struct teller *t, const struct terms *x,
		      const struct oomtrace_header *c, s64 points)
{
	s64 sum = (u64)x->rss + (u64)x->swap + (u64)x->tables + (u64)x->adj;
	bool derived = oomtrace_field_derived(c, B(candidate_rss_anon));

	say(t, " = rss ");
	say_count(t, x->rss);
	say_tilde(t, derived);
	say(t, " (anon ");
	say_field(t, c, B(candidate_rss_anon));
	say(t, ", file ");
	say_field(t, c, B(candidate_rss_file));
	say(t, ", shmem ");
	say_field(t, c, B(candidate_rss_shmem));
	say(t, ") + swap ");
	say_field(t, c, B(candidate_swapents));
	say(t, " + page tables ");
	say_count(t, x->tables);
	say_tilde(t, oomtrace_field_derived(c, B(candidate_pgtables_bytes)));
	say_adj(t, x, c);
	say(t, "\n");
	if (x->adj_known && sum != points) {
		say_label(t, "");
		say(t, "the terms were read a moment before the kernel's: they sum to ");
		say_count(t, sum);
		say(t, "\n");
	}
}

static void tell_points(struct teller *t, const struct oomtrace_story *s)
{
	const struct oomtrace_header *c = candidate(s, B(verdict_pid));
	struct terms x;
	s64 points;

	if (!get_field(&s->verdict.h, B(verdict_points), &points))
		return;
	say_label(t, "Points:");
	say_task(t, &s->verdict.h, B(verdict_comm), B(verdict_pid));
	say(t, " ");
	say_points(t, &s->verdict.h, B(verdict_points));
	if (points == LLONG_MAX) {
		say(t, ", which is no sum but a mark\n");
		return;
	}
	if (!c) {
		say(t, "; its candidate record is missing, so the terms are not known\n");
		return;
	}
	get_terms(&x, s, c);
	if (x.memory_known)
		say_terms(t, &x, c, points);
	else
		say(t, " pages; the terms are not known, its memory could not be read\n");
}

static void tell_runner_up(struct teller *t, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->verdict.h;
	const struct oomtrace_header *c;
	s64 points, next, how;

	if (!get_field(rec, B(verdict_points), &points))
		return;
	say_label(t, "Runner-up:");
	if (!get_field(rec, B(verdict_runner_up_points), &next)) {
		if (get_field(rec, B(verdict_recomputed), &how) &&
		    how != OOMTRACE_RECOMPUTED_UNAVAILABLE)
			say(t, "none, nobody else was eligible\n");
		else
			say(t, "not known\n");
		return;
	}
	c = candidate(s, B(verdict_runner_up_pid));
	if (c) {
		say_task(t, c, B(candidate_comm), B(candidate_pid));
	} else {
		say(t, "pid ");
		say_id(t, rec, B(verdict_runner_up_pid));
	}
	say(t, " with ");
	say_points(t, rec, B(verdict_runner_up_points));
	say(t, " points");
	if (points != LLONG_MAX && next != LLONG_MAX) {
		say(t, ", ");
		say_count(t, (u64)points - (u64)next);
		say(t, " pages behind");
		say_size(t, (u64)points - (u64)next);
	}
	say(t, "\n");
}

/* Of a daemon's: the kernel's ranking a moment later, which it did not ask. */
static const char *next_label(const struct oomtrace_story *s)
{
	if (has_scope(s, OOMTRACE_SCOPE_USERSPACE))
		return "Ranked:";
	return s->verdict.h.type ? "Next:" : "Scored:";
}

/* The other candidates of the top; all of it if nobody was chosen. */
static void tell_next(struct teller *t, const struct oomtrace_story *s)
{
	const struct oomtrace_header *v = &s->verdict.h;
	const struct oomtrace_header *c;
	unsigned int i, said = 0;

	for (i = 0; i < s->ntop; i++) {
		c = &s->top[i].h;
		if (same_number(v, B(verdict_pid), c, B(candidate_pid)) ||
		    same_number(v, B(verdict_runner_up_pid),
				c, B(candidate_pid)))
			continue;
		if (!said++)
			say_label(t, next_label(s));
		else
			say(t, ", ");
		say_task(t, c, B(candidate_comm), B(candidate_pid));
		say(t, " ");
		say_points(t, c, B(candidate_points));
	}
	if (said)
		say(t, "\n");
}

static const char *reason_words(unsigned int reason)
{
	switch (reason) {
	case OOMTRACE_REASON_INIT:
		return "init";
	case OOMTRACE_REASON_KTHREAD:
		return "kernel threads";
	case OOMTRACE_REASON_NO_MM:
		return "without memory of their own any more";
	case OOMTRACE_REASON_ADJ_MIN:
		return "with oom_score_adj -1000";
	case OOMTRACE_REASON_OOM_SKIP:
		return "whose memory was reaped already";
	case OOMTRACE_REASON_VFORK:
		return "in vfork, with their parent's memory";
	case OOMTRACE_REASON_CPUSET:
		return "with memory on other nodes only";
	case OOMTRACE_REASON_IN_FLIGHT:
		return "killed before and still dying";
	default:
		return "for a reason not known";
	}
}

static void say_exempt_names(struct teller *t, const struct oomtrace_story *s,
			     unsigned int reason)
{
	unsigned int i, said = 0;

	for (i = 0; i < s->nexempt; i++) {
		if (s->exempt[i].reason != reason)
			continue;
		say(t, "%s", said++ ? ", " : ": ");
		say_comm(t, s->exempt[i].comm);
		say(t, "[%d]", s->exempt[i].pid);
	}
	if (said && said < s->exempt_count[reason])
		say(t, ", ...");
}

/* One line for each reason; the tasks by name where somebody chose it. */
static void tell_exempt(struct teller *t, const struct oomtrace_story *s)
{
	const char *label = "Exempt:";
	unsigned int i;

	for (i = 0; i < OOMTRACE_REASONS; i++) {
		if (!s->exempt_count[i])
			continue;
		say_label(t, label);
		label = "";
		say_count(t, s->exempt_count[i]);
		say(t, " %s", reason_words(i));
		say_exempt_names(t, s, i);
		say(t, "\n");
	}
}

void tell_choice(struct teller *t, const struct oomtrace_story *s)
{
	if (s->verdict.h.type) {
		tell_killed(t, s);
		tell_points(t, s);
		tell_runner_up(t, s);
	}
	tell_next(t, s);
	tell_exempt(t, s);
}
