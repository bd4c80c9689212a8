// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, the choice: which task was killed, the terms of
 * its score, the next candidates, and which tasks were not eligible.
 *
 * May not change the story, allocate or sleep.
 */
#include "decider.h"
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

static bool fields_are_equal(const struct oomtrace_header *a, unsigned int a_idx,
			     const struct oomtrace_header *b, unsigned int b_idx)
{
	s64 x, y;

	return get_field(a, a_idx, &x) && get_field(b, b_idx, &y) && x == y;
}

/* Find the candidate record of a task whose pid is in the verdict. */
static const struct oomtrace_header *
find_candidate_record(const struct oomtrace_story *s, unsigned int verdict_pid)
{
	unsigned int i;

	/* The chosen task led last, even if its points are not the highest. */
	if (fields_are_equal(&s->verdict.h, verdict_pid,
			     &s->leader.h, B(candidate_pid)))
		return &s->leader.h;
	for (i = 0; i < s->ntop; i++)
		if (fields_are_equal(&s->verdict.h, verdict_pid,
				     &s->top[i].h, B(candidate_pid)))
			return &s->top[i].h;
	return NULL;
}

/* LONG_MAX is a mark, not a sum: the kernel kills an OOM origin first. */
static void write_points_field(struct text_writer *w, const struct oomtrace_header *rec,
			       unsigned int idx)
{
	s64 n;

	if (get_field(rec, idx, &n) && n == LLONG_MAX)
		write_text(w, "the maximum");
	else
		write_field(w, rec, idx);
}

static void write_points_size(struct text_writer *w, const struct oomtrace_header *rec,
			      unsigned int idx)
{
	s64 n;

	write_points_field(w, rec, idx);
	get_field(rec, idx, &n);
	write_size(w, n);
}

static const char *describe_recomputed(s64 how)
{
	switch (how) {
	case OOMTRACE_RECOMPUTED_AGREE:
		return "it has the most points of";
	case OOMTRACE_RECOMPUTED_TIE:
		return "it ties with the runner-up, and the kernel kills the later one; out of";
	case OOMTRACE_RECOMPUTED_RACED:
		return "the kernel chose it, but the recorded points name another task; out of";
	case OOMTRACE_RECOMPUTED_ORIGIN:
		return "it was marked to die first (swapoff, KSM, a larger trace buffer); out of";
	default:
		return "the kernel chose it (not checked: not all points are known); out of";
	}
}

u32 story_count_eligible(const struct oomtrace_story *s, bool *all)
{
	s64 scored;

	*all = get_field(&s->end.h, B(oom_end_scored), &scored);
	return *all && scored > s->eligible ? scored : s->eligible;
}

static void write_recomputed(struct text_writer *w, const struct oomtrace_story *s)
{
	u32 eligible;
	bool all;
	s64 how;

	if (s->open) {
		write_text(w, "the kernel chose it (not checked, because the points of ");
		write_count(w, s->open);
		write_text(w, " of the %u candidates are not known)\n", s->scanned);
		return;
	}
	if (!get_field(&s->verdict.h, B(verdict_recomputed), &how))
		how = OOMTRACE_RECOMPUTED_UNAVAILABLE;
	eligible = story_count_eligible(s, &all);
	write_text(w, "%s ", describe_recomputed(how));
	if (!all || how == OOMTRACE_RECOMPUTED_UNAVAILABLE)
		write_text(w, "at least ");
	write_count(w, eligible);
	write_text(w, " eligible %s\n", eligible == 1 ? "task" : "tasks");
}

static void write_why(struct text_writer *w, const struct oomtrace_story *s)
{
	s64 policy;

	if (!get_field(&s->verdict.h, B(verdict_policy), &policy))
		policy = OOMTRACE_POLICIES;
	if (policy == OOMTRACE_POLICY_ALLOCATING_TASK)
		write_text(w, "no tasks were compared: vm.oom_kill_allocating_task is set\n");
	else if (policy == OOMTRACE_POLICY_OTHER)
		write_text(w, "chosen by another policy than the kernel's (BPF, for example)\n");
	else if (s->scanned)
		write_recomputed(w, s);
	else if (policy == OOMTRACE_POLICIES &&
		 !oomtrace_field_valid(&s->verdict.h, B(verdict_points)))
		write_text(w, "not known: no compared tasks are recorded\n");
	else
		write_text(w, "the kernel compared tasks, but their records are missing\n");
	if (s->verdicts < 2)
		return;
	write_label(w, "");
	write_text(w, "%u more %s chosen in this episode, see the victims\n",
		   s->verdicts - 1, s->verdicts == 2 ? "task was" : "tasks were");
}

void write_killed(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->verdict.h;
	const struct oomtrace_header *c = find_candidate_record(s, B(verdict_pid));

	if (!rec->type)
		return;
	write_label(w, "Killed:");
	write_task(w, rec, B(verdict_comm), B(verdict_pid));
	if (c) {
		write_ns_pid(w, c, B(candidate_pid), B(candidate_ns_pid));
		write_text(w, ", uid ");
		write_id_field(w, c, B(candidate_uid));
	}
	write_text(w, ", cgroup ");
	write_id_field(w, rec, B(verdict_cgroup_id));
	write_text(w, "\n");
}

/* The terms of one candidate's score, in pages. */
struct score_terms {
	s64 rss;
	s64 swap;
	s64 tables;
	s64 adj;
	s64 adj_unit;		/* pages that one oom_score_adj is worth */
	bool memory_known;
	bool adj_known;
};

static void compute_score_terms(struct score_terms *x, const struct oomtrace_story *s,
				const struct oomtrace_header *c)
{
	s64 anon, file, shmem, tables, adj, total;
	bool known;

	/* Unsigned sums, because garbage from a file may overflow. */
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

static void write_adj_term(struct text_writer *w, const struct score_terms *x,
			   const struct oomtrace_header *c)
{
	if (!x->adj_known) {
		write_text(w, " + adj not known (oom_score_adj ");
		write_id_field(w, c, B(candidate_oom_score_adj));
		write_text(w, ")");
		return;
	}
	write_text(w, " + adj ");
	write_count(w, x->adj);
	if (!x->adj)
		return;
	write_text(w, " (oom_score_adj ");
	write_id_field(w, c, B(candidate_oom_score_adj));
	write_text(w, " x ");
	write_count(w, x->adj_unit);
	write_text(w, " pages)");
}

static void write_score_terms(struct text_writer *w, const struct score_terms *x,
			      const struct oomtrace_header *c, s64 points)
{
	s64 sum = (u64)x->rss + (u64)x->swap + (u64)x->tables + (u64)x->adj;
	bool derived = oomtrace_field_derived(c, B(candidate_rss_anon));

	write_text(w, " = rss ");
	write_count(w, x->rss);
	write_tilde(w, derived);
	write_text(w, " (anon ");
	write_field(w, c, B(candidate_rss_anon));
	write_text(w, ", file ");
	write_field(w, c, B(candidate_rss_file));
	write_text(w, ", shmem ");
	write_field(w, c, B(candidate_rss_shmem));
	write_text(w, ") + swap ");
	write_field(w, c, B(candidate_swapents));
	write_text(w, " + page tables ");
	write_count(w, x->tables);
	write_tilde(w, oomtrace_field_derived(c, B(candidate_pgtables_bytes)));
	write_adj_term(w, x, c);
	write_text(w, "\n");
	if (x->adj_known && sum != points) {
		write_label(w, "");
		write_text(w, "read just before the kernel did, the terms add up to ");
		write_count(w, sum);
		write_text(w, "\n");
	}
}

static void write_points(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *c = find_candidate_record(s, B(verdict_pid));
	struct score_terms x;
	s64 points;

	if (!get_field(&s->verdict.h, B(verdict_points), &points))
		return;
	write_label(w, "Points:");
	write_task(w, &s->verdict.h, B(verdict_comm), B(verdict_pid));
	write_text(w, " ");
	write_points_size(w, &s->verdict.h, B(verdict_points));
	if (points == LLONG_MAX) {
		write_text(w, ", which is a mark and not a sum\n");
		return;
	}
	if (!c) {
		write_text(w, "; its candidate record is missing, so the terms are not known\n");
		return;
	}
	compute_score_terms(&x, s, c);
	if (x.memory_known)
		write_score_terms(w, &x, c, points);
	else
		write_text(w, "; terms not known because its memory could not be read\n");
}

static void write_runner_up(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->verdict.h;
	const struct oomtrace_header *c;
	s64 points, next, how;

	if (!get_field(rec, B(verdict_points), &points))
		return;
	write_label(w, "Runner-up:");
	if (!get_field(rec, B(verdict_runner_up_points), &next)) {
		if (get_field(rec, B(verdict_recomputed), &how) &&
		    how != OOMTRACE_RECOMPUTED_UNAVAILABLE)
			write_text(w, "none, no other task was eligible\n");
		else
			write_text(w, "not known\n");
		return;
	}
	c = find_candidate_record(s, B(verdict_runner_up_pid));
	if (c) {
		write_task(w, c, B(candidate_comm), B(candidate_pid));
	} else {
		write_text(w, "pid ");
		write_id_field(w, rec, B(verdict_runner_up_pid));
	}
	write_text(w, " with ");
	write_points_field(w, rec, B(verdict_runner_up_points));
	write_text(w, " points");
	if (points != LLONG_MAX && next != LLONG_MAX) {
		write_text(w, ", ");
		write_count(w, (u64)points - (u64)next);
		write_text(w, " pages behind");
		write_size(w, (u64)points - (u64)next);
	}
	write_text(w, "\n");
}

/* After a daemon's kill, these are the kernel's ranking just after it. */
static const char *choose_next_label(const struct oomtrace_story *s)
{
	if (story_has_scope(s, OOMTRACE_SCOPE_USERSPACE))
		return "Ranked:";
	return s->verdict.h.type ? "Next:" : "Scored:";
}

/* The top candidates except victim and runner-up; all if none was chosen. */
static void write_next_candidates(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *v = &s->verdict.h;
	const struct oomtrace_header *c;
	unsigned int i, written = 0;

	/* A task whose points are not known may come before any of these. */
	if (s->open)
		return;
	for (i = 0; i < s->ntop; i++) {
		c = &s->top[i].h;
		if (fields_are_equal(v, B(verdict_pid), c, B(candidate_pid)) ||
		    fields_are_equal(v, B(verdict_runner_up_pid),
				     c, B(candidate_pid)))
			continue;
		if (!written++)
			write_label(w, choose_next_label(s));
		else
			write_text(w, ", ");
		write_task(w, c, B(candidate_comm), B(candidate_pid));
		write_text(w, " ");
		write_points_size(w, c, B(candidate_points));
	}
	if (written)
		write_text(w, "\n");
}

static const char *describe_reason(unsigned int reason)
{
	switch (reason) {
	case OOMTRACE_REASON_NO_MM:
		return "without an address space";
	case OOMTRACE_REASON_ADJ_MIN:
		return "with oom_score_adj -1000";
	case OOMTRACE_REASON_OOM_SKIP:
		return "whose memory was already reaped";
	case OOMTRACE_REASON_VFORK:
		return "in vfork, using their parent's memory";
	case OOMTRACE_REASON_CPUSET:
		return "with memory on other nodes only";
	case OOMTRACE_REASON_IN_FLIGHT:
		return "killed by an earlier OOM and still dying";
	default:
		return "for a reason not known";
	}
}

/* The end record's count, or that of the records where it has none. */
static u64 count_exempt(const struct oomtrace_story *s, unsigned int reason)
{
	static const u8 counts[OOMTRACE_REASONS] = {
		[OOMTRACE_REASON_INIT]		= B(oom_end_exempt_init),
		[OOMTRACE_REASON_KTHREAD]	= B(oom_end_exempt_kthread),
		[OOMTRACE_REASON_NO_MM]		= B(oom_end_exempt_no_mm),
		[OOMTRACE_REASON_ADJ_MIN]	= B(oom_end_exempt_adj_min),
		[OOMTRACE_REASON_OOM_SKIP]	= B(oom_end_exempt_oom_skip),
		[OOMTRACE_REASON_VFORK]		= B(oom_end_exempt_vfork),
		[OOMTRACE_REASON_CPUSET]	= B(oom_end_exempt_cpuset),
	};
	s64 n;

	if (!counts[reason] || !get_field(&s->end.h, counts[reason], &n) ||
	    n < s->exempt_count[reason])
		return s->exempt_count[reason];
	return n;
}

static void write_exempt_names(struct text_writer *w, const struct oomtrace_story *s,
			       unsigned int reason)
{
	unsigned int i, written = 0;

	for (i = 0; i < s->nexempt; i++) {
		if (s->exempt[i].reason != reason)
			continue;
		write_text(w, "%s", written++ ? ", " : ": ");
		write_comm(w, s->exempt[i].comm);
		write_text(w, "[%d]", s->exempt[i].pid);
		if (s->exempt[i].pages > 0) {
			write_text(w, " ");
			write_bytes(w, (u64)s->exempt[i].pages * s->page_size);
		}
	}
	if (written && written < count_exempt(s, reason))
		write_text(w, ", ...");
}

/* "sshd[812]": where the largest exempt task may have its oom_score_adj from. */
static void write_exempt_source(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->exempt_most.h;
	s64 pages, total, source;

	if (!get_field(rec, B(exempt_pages), &pages))
		return;
	write_label(w, "");
	write_task(w, rec, B(exempt_comm), B(exempt_pid));
	write_text(w, " holds ");
	write_bytes(w, (u64)pages * s->page_size);
	if (get_field(&s->verdict.h, B(verdict_totalpages), &total)) {
		write_text(w, " of the ");
		write_bytes(w, (u64)total * s->page_size);
	}
	write_text(w, " and is exempt");
	if (get_field(rec, B(exempt_source_pid), &source)) {
		write_text(w, "; it probably inherited its oom_score_adj from ");
		write_task(w, rec, B(exempt_source_comm), B(exempt_source_pid));
	}
	write_text(w, "\n");
}

/* Kernel threads and init, which no setting makes eligible, in one line. */
static bool write_never_killed(struct text_writer *w, const struct oomtrace_story *s)
{
	u64 kthreads = count_exempt(s, OOMTRACE_REASON_KTHREAD);
	u64 init = count_exempt(s, OOMTRACE_REASON_INIT);

	if (!kthreads && !init)
		return false;
	write_label(w, "Exempt:");
	if (kthreads) {
		write_count(w, kthreads);
		write_text(w, kthreads == 1 ? " kernel thread" : " kernel threads");
	}
	if (init)
		write_text(w, kthreads ? ", init" : "init");
	write_text(w, "\n");
	return true;
}

/* One line for each other reason; only some reasons have the tasks' names. */
static void write_exempt(struct text_writer *w, const struct oomtrace_story *s)
{
	const char *label = write_never_killed(w, s) ? "" : "Exempt:";
	unsigned int i;

	for (i = 0; i < OOMTRACE_REASONS; i++) {
		if (i == OOMTRACE_REASON_INIT || i == OOMTRACE_REASON_KTHREAD ||
		    !count_exempt(s, i))
			continue;
		write_label(w, label);
		label = "";
		write_count(w, count_exempt(s, i));
		write_text(w, " %s", describe_reason(i));
		write_exempt_names(w, s, i);
		write_text(w, "\n");
		if (i == OOMTRACE_REASON_ADJ_MIN)
			write_exempt_source(w, s);
	}
}

/* Who decided, unless nothing was. */
static void write_decided(struct text_writer *w, const struct oomtrace_story *s)
{
	if (oomtrace_decider(&s->begin, &s->verdict) == OOMTRACE_DECIDER_UNKNOWN)
		return;
	write_label(w, "Decided:");
	write_decider(w, &s->begin, &s->verdict);
	write_text(w, "\n");
}

void write_choice_part(struct text_writer *w, const struct oomtrace_story *s)
{
	write_decided(w, s);
	if (s->verdict.h.type) {
		write_label(w, "Why:");
		write_why(w, s);
		write_points(w, s);
		write_runner_up(w, s);
	}
	write_next_candidates(w, s);
	write_exempt(w, s);
}
