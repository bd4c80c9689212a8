// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, the telling half: what common/story.c kept is
 * said in the order in which somebody wants to know it, read from top to
 * bottom: who asked, how much memory there was, who was killed and why that
 * one, who was not eligible, how the memory came back, how it all ended.
 *
 * May not change the story, allocate or sleep. Every number comes from a kept
 * record and is said only if the record has it; what is worked out here is said
 * with the numbers it comes from.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

static const char *trigger_words(s64 trigger)
{
	switch (trigger) {
	case OOMTRACE_TRIGGER_ALLOCATION:
		return "an allocation that failed";
	case OOMTRACE_TRIGGER_SYSRQ:
		return "sysrq-f, by hand; the task only carried it out";
	case OOMTRACE_TRIGGER_MEMORY_MAX:
		return "a write to memory.max below the usage";
	case OOMTRACE_TRIGGER_MIN_TTL:
		return "the working set would not fit (MGLRU min_ttl_ms)";
	case OOMTRACE_TRIGGER_DAEMON:
		return "an OOM daemon in user space";
	case OOMTRACE_TRIGGER_PAGE_FAULT:
		return "a page fault that found no memory";
	default:
		return "not known to this version";
	}
}

static void say_scope(struct teller *t, const struct oomtrace_story *s)
{
	s64 scope, constraint;

	if (!get_field(&s->begin.h, B(oom_begin_scope), &scope)) {
		say(t, "where is not known");
	} else if (scope == OOMTRACE_SCOPE_MEMCG) {
		say(t, "memory cgroup ");
		say_id(t, &s->begin.h, B(oom_begin_memcg_id));
	} else if (scope == OOMTRACE_SCOPE_USERSPACE) {
		say(t, "decided in user space");
	} else if (scope != OOMTRACE_SCOPE_GLOBAL) {
		say_name(t, &s->begin.h, B(oom_begin_scope));
	} else if (!get_field(&s->verdict.h, B(verdict_constraint),
			      &constraint)) {
		say(t, "global");
	} else if (constraint == OOMTRACE_CONSTRAINT_CPUSET) {
		say(t, "the memory nodes of a cpuset");
	} else if (constraint == OOMTRACE_CONSTRAINT_MEMORY_POLICY) {
		say(t, "the memory nodes of a memory policy");
	} else {
		say(t, "global, the whole machine");
	}
}

static void tell_title(struct teller *t, const struct oomtrace_story *s)
{
	u64 us = s->begin.h.ts_ns / 1000;

	say(t, "OOM episode %llu: ", s->episode);
	say_scope(t, s);
	if (s->begin.h.type)
		say(t, ", %llu.%06llu s after boot (suspend not counted)\n",
		    us / 1000000, us % 1000000);
	else
		say(t, "; its beginning is not held any more\n");
}

static void tell_asked(struct teller *t, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->begin.h;
	s64 n;

	if (!rec->type)
		return;
	say_label(t, "Asked:");
	say_task(t, rec, B(oom_begin_comm), B(oom_begin_pid));
	say(t, ", uid ");
	say_id(t, rec, B(oom_begin_uid));
	say(t, ", cgroup ");
	say_id(t, rec, B(oom_begin_cgroup_id));
	say(t, ", oom_score_adj ");
	say_id(t, rec, B(oom_begin_oom_score_adj));
	say(t, "\n");

	say_label(t, "");
	if (get_field(rec, B(oom_begin_order), &n) && n >= 0) {
		say(t, "for 2^%lld pages", n);
		say_size(t, n < 32 ? 1LL << n : 0);
		say(t, ", ");
	}
	if (get_field(rec, B(oom_begin_gfp), &n))
		say(t, "gfp 0x%llx, ", (u64)n);
	say(t, "because of ");
	if (get_field(rec, B(oom_begin_trigger), &n))
		say(t, "%s\n", trigger_words(n));
	else
		say(t, "something not known\n");
}

/* A field and what it is called in a list like "min 500, low 600". */
struct named_field {
	const char *name;
	unsigned int idx;
};

static void say_named(struct teller *t, const struct oomtrace_header *rec,
		      const struct named_field *f, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		say(t, "%s%s ", i ? ", " : "", f[i].name);
		say_field(t, rec, f[i].idx);
	}
}

static void tell_memcg(struct teller *t, const struct oomtrace_story *s)
{
	say(t, "the cgroup uses ");
	say_pages(t, &s->begin.h, B(oom_begin_memcg_usage));
	say(t, " of its limit of ");
	say_pages(t, &s->begin.h, B(oom_begin_memcg_limit));
	say(t, "\n");
	say_label(t, "");
}

static void tell_memory(struct teller *t, const struct oomtrace_story *s)
{
	static const struct named_field wmarks[] = {
		{ "min",	B(oom_begin_wmark_min) },
		{ "low",	B(oom_begin_wmark_low) },
		{ "high",	B(oom_begin_wmark_high) },
	};
	static const struct named_field used[] = {
		{ "anon",			B(oom_begin_anon) },
		{ "file",			B(oom_begin_file) },
		{ "shmem",			B(oom_begin_shmem) },
		{ "reclaimable slab",		B(oom_begin_slab_reclaimable) },
		{ "unreclaimable slab",		B(oom_begin_slab_unreclaimable) },
	};
	const struct oomtrace_header *rec = &s->begin.h;
	s64 scope, n;

	if (!rec->type)
		return;
	say_label(t, "Memory:");
	if (get_field(rec, B(oom_begin_scope), &scope) &&
	    scope == OOMTRACE_SCOPE_MEMCG)
		tell_memcg(t, s);
	say(t, "the machine has ");
	say_pages(t, rec, B(oom_begin_free));
	say(t, " free of ");
	say_pages(t, rec, B(oom_begin_totalram));
	say(t, "; watermarks ");
	say_named(t, rec, wmarks, ARRAY_SIZE(wmarks));
	say(t, "\n");
	say_label(t, "");
	say_named(t, rec, used, ARRAY_SIZE(used));
	say(t, "\n");
	say_label(t, "");
	if (get_field(rec, B(oom_begin_total_swap), &n) && !n) {
		say(t, "no swap\n");
		return;
	}
	say(t, "swap: ");
	say_pages(t, rec, B(oom_begin_swap_free));
	say(t, " free of ");
	say_pages(t, rec, B(oom_begin_total_swap));
	say(t, "\n");
}

static void say_retry(struct teller *t, const struct oomtrace_header *rec)
{
	s64 n;

	if (get_field(rec, B(pressure_retry), &n))
		say(t, n ? "; the kernel tried again\n"
			 : "; the kernel gave up\n");
	else
		say(t, "\n");
}

/* The last look that the allocator took before it called the OOM killer. */
static void tell_pressure(struct teller *t, const struct oomtrace_story *s)
{
	static const struct named_field reclaim[] = {
		{ "reclaimable",		B(pressure_reclaimable) },
		{ "reclaimable + free",		B(pressure_available) },
		{ "min watermark",		B(pressure_min_wmark) },
		{ "loops without progress",	B(pressure_no_progress_loops) },
	};
	static const struct named_field compact[] = {
		{ "priority",			B(pressure_priority) },
		{ "result",			B(pressure_result) },
		{ "retries",			B(pressure_retries) },
		{ "allowed",			B(pressure_max_retries) },
	};
	const struct oomtrace_header *rec;

	rec = &s->pressure[OOMTRACE_PRESSURE_RECLAIM].h;
	if (rec->type) {
		say_label(t, "Before:");
		say_time_field(t, rec, B(pressure_age_ns));
		say(t, " earlier reclaim looked at node ");
		say_id(t, rec, B(pressure_node));
		say(t, " zone ");
		say_id(t, rec, B(pressure_zone));
		say(t, ", order ");
		say_id(t, rec, B(pressure_order));
		say(t, ":\n");
		say_label(t, "");
		say_named(t, rec, reclaim, ARRAY_SIZE(reclaim));
		say_retry(t, rec);
	}
	rec = &s->pressure[OOMTRACE_PRESSURE_COMPACT].h;
	if (rec->type) {
		say_label(t, "Before:");
		say_time_field(t, rec, B(pressure_age_ns));
		say(t, " earlier compaction for order ");
		say_id(t, rec, B(pressure_order));
		say(t, ": ");
		say_named(t, rec, compact, ARRAY_SIZE(compact));
		say_retry(t, rec);
	}
}

static const char *why_words(s64 why)
{
	switch (why) {
	case OOMTRACE_WHY_CHOSEN:
		return "chosen";
	case OOMTRACE_WHY_GROUP:
		return "its cgroup dies as one, memory.oom.group";
	case OOMTRACE_WHY_SHARED_MM:
		return "shares the victim's memory";
	case OOMTRACE_WHY_CALLER_EXITING:
		return "was dying already and got the reserves";
	case OOMTRACE_WHY_DAEMON:
		return "an OOM daemon in user space killed it";
	default:
		return "for a reason not known";
	}
}

static void tell_victim(struct teller *t, const struct oomtrace_victim *v)
{
	const struct oomtrace_header *rec = &v->h;
	s64 why;

	say_task(t, rec, B(victim_comm), B(victim_pid));
	say(t, ": anon ");
	say_kib_field(t, rec, B(victim_rss_anon));
	say(t, ", file ");
	say_kib_field(t, rec, B(victim_rss_file));
	say(t, ", shmem ");
	say_kib_field(t, rec, B(victim_rss_shmem));
	say(t, ", swap ");
	say_kib_field(t, rec, B(victim_swapents));
	if (get_field(rec, B(victim_why), &why))
		say(t, " (%s)", why_words(why));
	say(t, "\n");
}

/* " after 2.01 s", if the step's time is known. */
static void say_after(struct teller *t, const struct oomtrace_story_reap *r,
		      unsigned int step)
{
	if (!(r->timed & (1 << step)))
		return;
	say(t, " after ");
	say_time(t, r->since_ns[step]);
}

static void say_left(struct teller *t, const struct oomtrace_story_reap *r)
{
	if (!r->left_known)
		return;
	say(t, ", left with ");
	say_kib(t, r->left);
	say_tilde(t, r->left_known == 2);
}

/* The furthest that the victim got, and what the reaper did to it. */
static void tell_freed(struct teller *t, const struct oomtrace_story_reap *r)
{
	const char *and = "";

	if (r->seen & (1 << OOMTRACE_STEP_EXITED)) {
		say(t, "let go of its memory");
		say_after(t, r, OOMTRACE_STEP_EXITED);
		and = "; ";
	}
	if (r->seen & (1 << OOMTRACE_STEP_FINISH)) {
		say(t, "%sthe reaper ended", and);
		say_after(t, r, OOMTRACE_STEP_FINISH);
		say_left(t, r);
	} else if (r->skips) {
		say(t, "%sthe reaper skipped it %u times, last", and, r->skips);
		say_after(t, r, OOMTRACE_STEP_SKIP);
		say_left(t, r);
	} else if (r->seen & (1 << OOMTRACE_STEP_START)) {
		say(t, "%sthe reaper started", and);
		say_after(t, r, OOMTRACE_STEP_START);
		say(t, ", its end is not recorded");
	} else if (!(r->seen & (1 << OOMTRACE_STEP_EXITED))) {
		say(t, "nothing recorded yet: it is still dying, or a record is missing");
	}
	say(t, "\n");
}

static void tell_victims(struct teller *t, const struct oomtrace_story *s)
{
	unsigned int kept = s->victims;
	unsigned int i;

	if (kept > OOMTRACE_STORY_VICTIMS)
		kept = OOMTRACE_STORY_VICTIMS;
	for (i = 0; i < kept; i++) {
		say_label(t, i ? "" : "Victims:");
		tell_victim(t, &s->victim[i]);
	}
	if (s->victims > kept) {
		say_label(t, "");
		say(t, "and %u more\n", s->victims - kept);
	}
	for (i = 0; i < kept; i++) {
		say_label(t, i ? "" : "Freed:");
		say_task(t, &s->victim[i].h, B(victim_comm), B(victim_pid));
		say(t, " ");
		tell_freed(t, &s->reap[i]);
	}
}

static const char *ending_words(s64 ending)
{
	switch (ending) {
	case OOMTRACE_ENDING_UNKNOWN:
		return "not known: the kernel's return from it was not seen";
	case OOMTRACE_ENDING_KILLED:
		return "killed";
	case OOMTRACE_ENDING_NOTIFIER_FREED:
		return "nobody was killed: the kernel's oom notifiers freed memory";
	case OOMTRACE_ENDING_CALLER_EXITING:
		return "nobody was chosen: who asked was dying already and got the reserves";
	case OOMTRACE_ENDING_SCAN_ABORTED:
		return "nobody was killed: an earlier victim is still dying, which is waited for";
	case OOMTRACE_ENDING_NO_FS:
		return "nobody was killed: the allocation may not use file systems (no __GFP_FS)";
	case OOMTRACE_ENDING_NO_CANDIDATE:
		return "nobody was killed: no task was eligible";
	case OOMTRACE_ENDING_PANIC:
		return "the kernel panicked";
	case OOMTRACE_ENDING_DISABLED:
		return "nobody was killed: the OOM killer is switched off (suspend)";
	default:
		return "in a way that this version does not know";
	}
}

/* It does so before it looks at anybody, or when nobody is left. */
static const char *panic_words(const struct oomtrace_story *s)
{
	s64 candidates;

	if (s->victims || s->eligible ||
	    !get_field(&s->end.h, B(oom_end_candidates), &candidates))
		return "while this OOM was under way";
	return candidates ? "since no task was eligible" :
			    "before it looked at any task: vm.panic_on_oom";
}

static void say_ending(struct teller *t, const struct oomtrace_story *s,
		       s64 ending)
{
	say(t, "%s", ending_words(ending));
	if (ending == OOMTRACE_ENDING_KILLED) {
		say(t, ", victims: ");
		say_field(t, &s->end.h, B(oom_end_victims));
	} else if (ending == OOMTRACE_ENDING_NOTIFIER_FREED) {
		say(t, ": ");
		say_pages(t, &s->end.h, B(oom_end_notifier_freed));
	} else if (ending == OOMTRACE_ENDING_SCAN_ABORTED) {
		say(t, ": ");
		say_task(t, &s->aborter.h, B(candidate_comm), B(candidate_pid));
	} else if (ending == OOMTRACE_ENDING_PANIC) {
		say(t, ", %s", panic_words(s));
	}
}

static void tell_ended(struct teller *t, const struct oomtrace_story *s)
{
	s64 n;

	say_label(t, "Ended:");
	if (!s->end.h.type) {
		say(t, "not recorded: it is still going on, or the record is missing\n");
		return;
	}
	if (get_field(&s->end.h, B(oom_end_ending), &n))
		say_ending(t, s, n);
	else
		say(t, "not known");
	if (get_field(&s->end.h, B(oom_end_duration_ns), &n)) {
		say(t, "; out_of_memory() took ");
		say_time(t, n);
	}
	say(t, "\n");
}

/* What this story could not know. */
static void tell_missing(struct teller *t, const struct oomtrace_story *s)
{
	s64 all, missed = 0;

	if (get_field(&s->end.h, B(oom_end_candidates), &all) &&
	    all > s->scanned) {
		get_field(&s->end.h, B(oom_end_missed), &missed);
		say_label(t, "Missing:");
		say_count(t, all - s->scanned);
		say(t, " of ");
		say_count(t, all);
		say(t, " candidates have no record (never written: ");
		say_count(t, missed);
		say(t, ", not held any more: ");
		say_count(t, all - s->scanned - missed);
		say(t, ")\n");
	}
	if (s->lost) {
		say_label(t, "Missing:");
		say_count(t, s->lost);
		say(t, " records went by unread while this one was being told\n");
	}
	if (t->tilde) {
		say_label(t, "");
		say(t, "~ read a moment before or after the kernel used it, or worked out\n");
	}
	if (!s->victims && s->killed_before) {
		say_label(t, "See also:");
		say(t, "episode %llu, the last one that had a victim\n",
		    s->killed_before);
	}
}

void oomtrace_story_print(const struct oomtrace_story *s,
			  const struct oomtrace_out *out)
{
	struct teller t = { .out = out, .page_size = s->page_size };

	if (!s->episode) {
		if (s->wanted)
			say(&t, "no record of OOM episode %llu is held\n",
			    s->wanted);
		else
			say(&t, "no OOM episode recorded\n");
		return;
	}
	tell_title(&t, s);
	tell_asked(&t, s);
	tell_memory(&t, s);
	tell_pressure(&t, s);
	tell_choice(&t, s);
	tell_victims(&t, s);
	tell_ended(&t, s);
	tell_missing(&t, s);
}
