// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, first half: collect the records of the episode
 * and keep what the explanation needs.
 *
 * Records come from a ring through a reader, or from a file: some may be
 * missing, short, or of a type that this build does not know. Kept records are
 * copies with their masks, so that the second half knows which fields are absent
 * or derived. May not allocate, sleep or keep state outside of the struct.
 */
#include "format.h"
#include "story.h"

static_assert(sizeof(struct oomtrace_story) <= 9216);

/* The episode is the first field of every type that has one. */
static_assert(OOMTRACE_BIT_oom_begin_episode == 0);
static_assert(OOMTRACE_BIT_retry_episode == 0);
static_assert(OOMTRACE_BIT_candidate_episode == 0);
static_assert(OOMTRACE_BIT_verdict_episode == 0);
static_assert(OOMTRACE_BIT_victim_episode == 0);
static_assert(OOMTRACE_BIT_reap_episode == 0);
static_assert(OOMTRACE_BIT_oom_end_episode == 0);
static_assert(OOMTRACE_BIT_zone_episode == 0);
static_assert(OOMTRACE_BIT_zonelist_episode == 0);
static_assert(OOMTRACE_BIT_memory_episode == 0);
static_assert(OOMTRACE_BIT_memcg_episode == 0);
static_assert(OOMTRACE_BIT_exempt_episode == 0);
static_assert(OOMTRACE_BIT_psi_episode == 0);
static_assert(OOMTRACE_BIT_repeat_episode == 0);
static_assert(OOMTRACE_BIT_remains_episode == 0);
static_assert(OOMTRACE_BIT_wait_episode == 0);

void oomtrace_story_init(struct oomtrace_story *s, u64 episode,
			 unsigned int page_size)
{
	memset(s, 0, sizeof(*s));
	s->wanted = episode;
	s->page_size = page_size >= 1024 ? page_size : 4096;
}

u64 oomtrace_story_found(const struct oomtrace_story *s)
{
	return s->episode;
}

u32 oomtrace_story_stack(const struct oomtrace_story *s)
{
	return oomtrace_stack_of(&s->begin.h);
}

void oomtrace_story_use_stack(struct oomtrace_story *s,
			      const struct oomtrace_stack *stack)
{
	s->stack = stack;
}

u64 oomtrace_story_killed_before(const struct oomtrace_story *s)
{
	return s->kills ? 0 : s->killed_before;
}

void oomtrace_story_use_later(struct oomtrace_story *s, u64 newest)
{
	s->later = newest;
}

u64 oomtrace_story_begin_ns(const struct oomtrace_story *s)
{
	return s->begin.h.type ? s->begin.h.ts_ns : 0;
}

void oomtrace_story_use_time(struct oomtrace_story *s, const char *time)
{
	s->time = time;
}

/* Read a number, 0 if it is absent. The record's type must be known. */
static s64 read_field_number(const struct oomtrace_header *rec, unsigned int idx)
{
	if (!oomtrace_field_valid(rec, idx))
		return 0;
	return oomtrace_field_int(rec,
				  &oomtrace_type_desc(rec->type)->fields[idx]);
}

static u64 read_record_episode(const struct oomtrace_header *rec)
{
	switch (rec->type) {
	case OOMTRACE_OOM_BEGIN:
	case OOMTRACE_RETRY:
	case OOMTRACE_CANDIDATE:
	case OOMTRACE_VERDICT:
	case OOMTRACE_VICTIM:
	case OOMTRACE_REAP:
	case OOMTRACE_OOM_END:
	case OOMTRACE_ZONE:
	case OOMTRACE_ZONELIST:
	case OOMTRACE_MEMORY:
	case OOMTRACE_MEMCG:
	case OOMTRACE_EXEMPT:
	case OOMTRACE_PSI:
	case OOMTRACE_REPEAT:
	case OOMTRACE_REMAINS:
	case OOMTRACE_WAIT:
		return read_field_number(rec, 0);
	default:
		return 0;
	}
}

static void collect_retry(struct oomtrace_story *s,
			  const struct oomtrace_header *rec)
{
	u64 kind = read_field_number(rec, OOMTRACE_BIT_retry_kind);

	if (oomtrace_field_valid(rec, OOMTRACE_BIT_retry_kind) &&
	    kind < OOMTRACE_RETRIES)
		oomtrace_copy_known(&s->retry[kind], sizeof(s->retry[kind]), rec);
}

/* Prefer the cgroup's averages: they explain its OOM better than the machine's. */
static void collect_psi(struct oomtrace_story *s,
			const struct oomtrace_header *rec)
{
	u64 resource = read_field_number(rec, OOMTRACE_BIT_psi_resource);
	struct oomtrace_psi *psi;

	if (!oomtrace_field_valid(rec, OOMTRACE_BIT_psi_resource) ||
	    resource >= OOMTRACE_RESOURCES)
		return;
	psi = &s->psi[resource];
	if (oomtrace_field_valid(rec, OOMTRACE_BIT_psi_cgroup_id) ||
	    !oomtrace_field_valid(&psi->h, OOMTRACE_BIT_psi_cgroup_id))
		oomtrace_copy_known(psi, sizeof(*psi), rec);
}

/* The reserve is not part of older records, and is 0 in the copy then. */
s64 story_zone_margin(const struct oomtrace_zone *zone)
{
	s64 reserve = read_field_number(&zone->h, OOMTRACE_BIT_zone_lowmem_reserve);

	return (u64)zone->free - (u64)zone->wmark_min - (u64)reserve;
}

/*
 * Keep the zones with the smallest margin, the smallest first. Those that the
 * request may not use have no part in its OOM.
 */
static void collect_zone(struct oomtrace_story *s,
			 const struct oomtrace_header *rec)
{
	struct oomtrace_zone zone;
	unsigned int at;

	if (!oomtrace_field_valid(rec, OOMTRACE_BIT_zone_free) ||
	    !oomtrace_field_valid(rec, OOMTRACE_BIT_zone_wmark_min))
		return;
	if (oomtrace_field_valid(rec, OOMTRACE_BIT_zone_allowed) &&
	    !read_field_number(rec, OOMTRACE_BIT_zone_allowed))
		return;
	oomtrace_copy_known(&zone, sizeof(zone), rec);
	at = s->zones < OOMTRACE_STORY_ZONES ? s->zones : OOMTRACE_STORY_ZONES;
	s->zones++;
	if (story_zone_margin(&zone) <= 0)
		s->zones_out++;
	while (at > 0 && story_zone_margin(&zone) <
			 story_zone_margin(&s->zone[at - 1])) {
		if (at < OOMTRACE_STORY_ZONES)
			s->zone[at] = s->zone[at - 1];
		at--;
	}
	if (at < OOMTRACE_STORY_ZONES)
		s->zone[at] = zone;
}

/* Does the kernel prefer to kill a? At equal points it kills the later one. */
static bool is_worse_candidate(const struct oomtrace_candidate *a,
			       const struct oomtrace_candidate *b)
{
	if (a->points != b->points)
		return a->points > b->points;
	return a->index > b->index;
}

/* Keep the candidates with the most points, the most points first. */
static void insert_candidate(struct oomtrace_story *s,
			     const struct oomtrace_candidate *c)
{
	unsigned int at = s->ntop;

	while (at > 0 && is_worse_candidate(c, &s->top[at - 1]))
		at--;
	if (at == OOMTRACE_STORY_TOP)
		return;
	if (s->ntop < OOMTRACE_STORY_TOP)
		s->ntop++;
	memmove(&s->top[at + 1], &s->top[at],
		(s->ntop - at - 1) * sizeof(s->top[0]));
	s->top[at] = *c;
}

/* Name the tasks that an admin exempted, and those that explain the next OOM. */
static bool reason_needs_names(unsigned int reason)
{
	switch (reason) {
	case OOMTRACE_REASON_ADJ_MIN:
	case OOMTRACE_REASON_OOM_SKIP:
	case OOMTRACE_REASON_VFORK:
	case OOMTRACE_REASON_CPUSET:
	case OOMTRACE_REASON_IN_FLIGHT:
		return true;
	default:
		return false;
	}
}

/* A candidate's resident memory and swap, pages; -1 if it is not known. */
static s64 sum_memory(const struct oomtrace_candidate *c)
{
	static const u8 terms[] = {
		OOMTRACE_BIT_candidate_rss_anon,
		OOMTRACE_BIT_candidate_rss_file,
		OOMTRACE_BIT_candidate_rss_shmem,
		OOMTRACE_BIT_candidate_swapents,
	};
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < ARRAY_SIZE(terms); i++) {
		if (!oomtrace_field_valid(&c->h, terms[i]))
			return -1;
		sum += read_field_number(&c->h, terms[i]);
	}
	return sum;
}

/* Keep the exempt tasks with the most memory, the largest first. */
static void collect_exempt(struct oomtrace_story *s,
			   const struct oomtrace_candidate *c)
{
	u64 reason = read_field_number(&c->h, OOMTRACE_BIT_candidate_reason);
	struct oomtrace_story_exempt *e;
	unsigned int at = s->nexempt;
	s64 pages;

	if (reason >= OOMTRACE_REASONS)
		reason = OOMTRACE_REASON_NONE;
	s->exempt_count[reason]++;
	if (!reason_needs_names(reason))
		return;
	pages = sum_memory(c);
	while (at > 0 && pages > s->exempt[at - 1].pages)
		at--;
	if (at == OOMTRACE_STORY_EXEMPT)
		return;
	if (s->nexempt < OOMTRACE_STORY_EXEMPT)
		s->nexempt++;
	e = &s->exempt[at];
	memmove(e + 1, e, (s->nexempt - at - 1) * sizeof(*e));
	memcpy(e->comm, c->comm, sizeof(e->comm));
	e->pages = pages;
	e->pid = c->pid;
	e->reason = reason;
}

static void collect_candidate(struct oomtrace_story *s,
			      const struct oomtrace_header *rec)
{
	struct oomtrace_candidate c;

	oomtrace_copy_known(&c, sizeof(c), rec);
	s->scanned++;
	if (c.pid == c.tgid && c.tgid == s->begin.tgid)
		s->process = c;
	if (oomtrace_field_valid(rec, OOMTRACE_BIT_candidate_points)) {
		s->eligible++;
		insert_candidate(s, &c);
	}
	if (!oomtrace_field_valid(rec, OOMTRACE_BIT_candidate_verdict)) {
		s->open++;
		return;
	}

	if (c.verdict == OOMTRACE_EVAL_INELIGIBLE)
		collect_exempt(s, &c);
	else if (c.verdict == OOMTRACE_EVAL_ABORT)
		s->aborter = c;
	else if (c.verdict == OOMTRACE_EVAL_LEADING &&
		 (!s->leader.h.type || c.index >= s->leader.index))
		s->leader = c;
}

static void collect_victim(struct oomtrace_story *s,
			   const struct oomtrace_header *rec)
{
	if (s->victims < OOMTRACE_STORY_VICTIMS)
		oomtrace_copy_known(&s->victim[s->victims], sizeof(s->victim[0]), rec);
	s->victims++;
	s->kills += oomtrace_victim_is_new(rec);
}

/* Add up the memory that a step left: @known is 0 unknown, 1 known, 2 derived. */
static s64 sum_pages_left(const struct oomtrace_header *rec, u8 *known)
{
	static const u8 terms[] = {
		OOMTRACE_BIT_reap_rss_anon,
		OOMTRACE_BIT_reap_rss_file,
		OOMTRACE_BIT_reap_rss_shmem,
	};
	unsigned int i;
	u64 sum = 0;

	*known = 1;
	for (i = 0; i < ARRAY_SIZE(terms); i++) {
		if (!oomtrace_field_valid(rec, terms[i]))
			*known = 0;
		else if (*known && oomtrace_field_derived(rec, terms[i]))
			*known = 2;
		sum += read_field_number(rec, terms[i]);
	}
	return sum;
}

/* Who held how much memory when the marked thread had exited? */
static void collect_held(struct oomtrace_story_reap *r,
			 const struct oomtrace_header *rec)
{
	u8 known;

	r->held = sum_pages_left(rec, &known);
	r->users = read_field_number(rec, OOMTRACE_BIT_reap_mm_users);
	r->held_known = known && oomtrace_field_valid(rec, OOMTRACE_BIT_reap_mm_users);
}

/* The kernel does not mark a process that only shares a victim's memory. */
bool story_is_unmarked(const struct oomtrace_victim *v)
{
	return oomtrace_field_valid(&v->h, OOMTRACE_BIT_victim_why) &&
	       v->why == OOMTRACE_WHY_SHARED_MM;
}

/*
 * The victim with the marked thread, or OOMTRACE_STORY_VICTIMS. In records of older
 * modules a process that shares a victim's memory and is of its memory.oom.group has two
 * records, and only the second one is about the marked thread.
 */
static unsigned int find_marked(const struct oomtrace_story *s, s64 pid)
{
	unsigned int i, found = OOMTRACE_STORY_VICTIMS;

	for (i = 0; i < s->victims && i < OOMTRACE_STORY_VICTIMS; i++)
		if (s->victim[i].pid == pid &&
		    (found == OOMTRACE_STORY_VICTIMS || story_is_unmarked(&s->victim[found])))
			found = i;
	return found;
}

static void collect_reap(struct oomtrace_story *s,
			 const struct oomtrace_header *rec)
{
	s64 pid = read_field_number(rec, OOMTRACE_BIT_reap_pid);
	u64 step = read_field_number(rec, OOMTRACE_BIT_reap_step);
	struct oomtrace_story_reap *r;
	unsigned int i;

	if (!oomtrace_field_valid(rec, OOMTRACE_BIT_reap_pid) ||
	    !oomtrace_field_valid(rec, OOMTRACE_BIT_reap_step) ||
	    step >= OOMTRACE_STEPS)
		return;
	i = find_marked(s, pid);
	if (i == OOMTRACE_STORY_VICTIMS)
		return;

	r = &s->reap[i];
	r->seen |= 1 << step;
	if (oomtrace_field_valid(rec, OOMTRACE_BIT_reap_since_kill_ns)) {
		r->timed |= 1 << step;
		r->since_ns[step] =
			read_field_number(rec, OOMTRACE_BIT_reap_since_kill_ns);
	}
	if (step == OOMTRACE_STEP_SKIP)
		r->skips++;
	if (step == OOMTRACE_STEP_SKIP || step == OOMTRACE_STEP_FINISH ||
	    step == OOMTRACE_STEP_RELEASED)
		r->left = sum_pages_left(rec, &r->left_known);
	else if (step == OOMTRACE_STEP_EXITED)
		collect_held(r, rec);
}

static void collect_remains(struct oomtrace_story *s,
			    const struct oomtrace_header *rec)
{
	s64 pid = read_field_number(rec, OOMTRACE_BIT_remains_pid);
	struct oomtrace_story_remains *r = NULL;
	unsigned int i;

	if (!oomtrace_field_valid(rec, OOMTRACE_BIT_remains_pid) ||
	    !oomtrace_field_valid(rec, OOMTRACE_BIT_remains_threads))
		return;
	for (i = 0; i < s->nremains && !r; i++)
		if (s->remains[i].last.pid == pid)
			r = &s->remains[i];
	if (!read_field_number(rec, OOMTRACE_BIT_remains_threads)) {
		for (i = 0; i < s->victims && i < OOMTRACE_STORY_VICTIMS; i++)
			if (s->victim[i].pid == pid)
				s->reap[i].gone_ns =
					read_field_number(rec, OOMTRACE_BIT_remains_since_kill_ns);
		if (r)
			r->gone_ns = read_field_number(rec, OOMTRACE_BIT_remains_since_kill_ns);
		return;
	}
	if (!r && s->nremains < OOMTRACE_STORY_REMAINS)
		r = &s->remains[s->nremains++];
	if (!r)
		return;
	oomtrace_copy_known(&r->last, sizeof(r->last), rec);
	r->gone_ns = 0;
}

/* A task has a record when it begins to wait, and one when all have waited. */
static void collect_wait(struct oomtrace_story *s,
			 const struct oomtrace_header *rec)
{
	s64 pid = read_field_number(rec, OOMTRACE_BIT_wait_pid);
	unsigned int i;

	for (i = 0; i < s->waits && i < OOMTRACE_STORY_WAITS; i++)
		if (s->wait[i].pid == pid)
			break;
	if (i < OOMTRACE_STORY_WAITS)
		oomtrace_copy_known(&s->wait[i], sizeof(s->wait[i]), rec);
	if (i == s->waits ||
	    (i == OOMTRACE_STORY_WAITS &&
	     !oomtrace_field_valid(rec, OOMTRACE_BIT_wait_waited_ns)))
		s->waits++;
}

static void collect_repeat(struct oomtrace_story *s,
			   const struct oomtrace_header *rec)
{
	s->repeats += (u64)read_field_number(rec, OOMTRACE_BIT_repeat_count);
	s->repeated_ns = read_field_number(rec, OOMTRACE_BIT_repeat_last_ns);
}

/* Only the OOM ring matters: no record of the commit ring is used here. */
static void collect_lost(struct oomtrace_story *s,
			 const struct oomtrace_header *rec)
{
	if (s->episode &&
	    read_field_number(rec, OOMTRACE_BIT_lost_ring) == OOMTRACE_RING_OOM)
		s->lost += (u64)read_field_number(rec, OOMTRACE_BIT_lost_count);
}

/*
 * Start again for a newer episode, but remember this one's number if it killed:
 * an episode without a kill often follows one, and a user who asks for the last
 * OOM probably means the kill.
 */
static void restart_story(struct oomtrace_story *s, u64 episode)
{
	u64 killed = s->kills ? s->episode : s->killed_before;

	oomtrace_story_init(s, s->wanted, s->page_size);
	s->episode = episode;
	s->killed_before = killed;
}

/*
 * Does the record belong to the episode to explain? Any record of a newer
 * episode starts that episode, because its begin record may be missing.
 */
static bool accept_episode(struct oomtrace_story *s, u64 episode)
{
	if (!episode || (s->wanted && episode != s->wanted))
		return false;
	if (episode > s->episode)
		restart_story(s, episode);
	return episode == s->episode;
}

void oomtrace_story_feed(struct oomtrace_story *s,
			 const struct oomtrace_header *rec)
{
	if (rec->size < sizeof(*rec))
		return;
	if (rec->type == OOMTRACE_LOST)
		collect_lost(s, rec);
	if (!accept_episode(s, read_record_episode(rec)))
		return;

	switch (rec->type) {
	case OOMTRACE_OOM_BEGIN:
		oomtrace_copy_known(&s->begin, sizeof(s->begin), rec);
		break;
	case OOMTRACE_RETRY:
		collect_retry(s, rec);
		break;
	case OOMTRACE_ZONE:
		collect_zone(s, rec);
		break;
	case OOMTRACE_ZONELIST:
		oomtrace_copy_known(&s->zonelist, sizeof(s->zonelist), rec);
		break;
	case OOMTRACE_MEMORY:
		oomtrace_copy_known(&s->memory, sizeof(s->memory), rec);
		break;
	case OOMTRACE_MEMCG:
		oomtrace_copy_known(&s->memcg, sizeof(s->memcg), rec);
		break;
	case OOMTRACE_EXEMPT:
		oomtrace_copy_known(&s->exempt_most, sizeof(s->exempt_most), rec);
		break;
	case OOMTRACE_PSI:
		collect_psi(s, rec);
		break;
	case OOMTRACE_CANDIDATE:
		collect_candidate(s, rec);
		break;
	case OOMTRACE_VERDICT:
		if (!s->verdicts++)
			oomtrace_copy_known(&s->verdict, sizeof(s->verdict), rec);
		break;
	case OOMTRACE_VICTIM:
		collect_victim(s, rec);
		break;
	case OOMTRACE_REAP:
		collect_reap(s, rec);
		break;
	case OOMTRACE_OOM_END:
		oomtrace_copy_known(&s->end, sizeof(s->end), rec);
		break;
	case OOMTRACE_REPEAT:
		collect_repeat(s, rec);
		break;
	case OOMTRACE_REMAINS:
		collect_remains(s, rec);
		break;
	case OOMTRACE_WAIT:
		collect_wait(s, rec);
		break;
	}
}
