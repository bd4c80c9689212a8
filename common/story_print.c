// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, the telling half: what common/story.c kept is
 * said in the order in which somebody wants to know it, read from top to
 * bottom: who asked, what memory there was (story_memory.c), who was killed and
 * why that one, who was not eligible (story_choice.c), how the memory came back,
 * how it all ended.
 *
 * May not change the story, allocate or sleep. Every number comes from a kept
 * record and is said only if the record has it; what is worked out here is said
 * with the numbers it comes from.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

/* The same on every architecture that Linux runs on. */
#define BY_SIGKILL	9
#define BY_SIGTERM	15

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
		scope = oomtrace_verdict_scope(&s->verdict);
		if (scope == OOMTRACE_SCOPES) {
			say(t, "where is not known");
			return;
		}
	}
	if (scope == OOMTRACE_SCOPE_MEMCG) {
		say(t, "memory cgroup ");
		if (s->begin.h.type)
			say_id(t, &s->begin.h, B(oom_begin_memcg_id));
		else
			say_id(t, &s->verdict.h, B(verdict_memcg_id));
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

/* What may be done to get the pages, as the kernel's own report words it. */
static void say_gfp(struct teller *t, const struct oomtrace_header *rec)
{
	s64 n;

	if (!get_field(rec, B(oom_begin_gfp), &n))
		return;
	say(t, "gfp 0x%llx", (u64)n);
	if (oomtrace_field_valid(rec, B(oom_begin_gfp_names))) {
		say(t, " (");
		say_string(t, rec, B(oom_begin_gfp_names));
		say(t, ")");
	}
	say(t, ", ");
}

static void tell_asked(struct teller *t, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->begin.h;
	bool by_daemon = has_scope(s, OOMTRACE_SCOPE_USERSPACE);
	s64 n;

	if (!rec->type)
		return;
	say_label(t, by_daemon ? "Killer:" : "Asked:");
	say_task(t, rec, B(oom_begin_comm), B(oom_begin_pid));
	say(t, ", uid ");
	say_id(t, rec, B(oom_begin_uid));
	say(t, ", cgroup ");
	say_id(t, rec, B(oom_begin_cgroup_id));
	say(t, ", oom_score_adj ");
	say_id(t, rec, B(oom_begin_oom_score_adj));
	say(t, "\n");
	/* It asked for no memory. */
	if (by_daemon)
		return;

	say_label(t, "");
	if (get_field(rec, B(oom_begin_order), &n) && n >= 0) {
		say(t, "for 2^%lld pages", n);
		say_size(t, n < 32 ? 1LL << n : 0);
		say(t, ", ");
	}
	say_gfp(t, rec);
	say(t, "because of ");
	if (get_field(rec, B(oom_begin_trigger), &n))
		say(t, "%s\n", trigger_words(n));
	else
		say(t, "something not known\n");
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
	default:
		return "for a reason not known";
	}
}

/* A daemon may ask politely first, or only take the memory of a dead one. */
static void say_daemon(struct teller *t, const struct oomtrace_header *rec)
{
	s64 sig;

	if (!get_field(rec, B(victim_signal), &sig))
		say(t, "its memory was taken by process_mrelease()");
	else if (sig == BY_SIGKILL)
		say(t, "was sent SIGKILL from user space");
	else if (sig == BY_SIGTERM)
		say(t, "was sent SIGTERM from user space, which it may survive");
	else
		say(t, "was sent signal %lld from user space", sig);
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
	if (get_field(rec, B(victim_why), &why)) {
		say(t, " (");
		if (why == OOMTRACE_WHY_DAEMON)
			say_daemon(t, rec);
		else
			say(t, "%s", why_words(why));
		say(t, ")");
	}
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
	} else if (r->seen & (1 << OOMTRACE_STEP_RELEASED)) {
		say(t, "%sprocess_mrelease() went over its memory", and);
		say_after(t, r, OOMTRACE_STEP_RELEASED);
		say_left(t, r);
	} else if (!(r->seen & (1 << OOMTRACE_STEP_EXITED))) {
		say(t, "nothing recorded yet: it is still dying, or a record is missing");
	}
	say(t, "\n");
}

/* How it came back; the end of who died by a mere signal is not recorded. */
static void tell_back(struct teller *t, const struct oomtrace_story *s,
		      unsigned int kept)
{
	bool by_daemon = has_scope(s, OOMTRACE_SCOPE_USERSPACE);
	const char *label = "Freed:";
	unsigned int i;

	for (i = 0; i < kept; i++) {
		if (by_daemon && !s->reap[i].seen)
			continue;
		say_label(t, label);
		label = "";
		say_task(t, &s->victim[i].h, B(victim_comm), B(victim_pid));
		say(t, " ");
		tell_freed(t, &s->reap[i]);
	}
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
	tell_back(t, s, kept);
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

/* Of a daemon's it is the time in which it sent its signals. */
static void say_duration(struct teller *t, const struct oomtrace_story *s)
{
	s64 ns, victims;

	if (!get_field(&s->end.h, B(oom_end_duration_ns), &ns))
		return;
	if (!has_scope(s, OOMTRACE_SCOPE_USERSPACE)) {
		say(t, "; out_of_memory() took ");
	} else {
		get_field(&s->end.h, B(oom_end_victims), &victims);
		if (victims < 2)
			return;
		say(t, "; from the first signal to the last ");
	}
	say_time(t, ns);
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
	say_duration(t, s);
	say(t, "\n");
}

/* Others asked as well, and got the same answer. */
static void tell_repeats(struct teller *t, const struct oomtrace_story *s)
{
	if (!s->repeats)
		return;
	say_label(t, "Repeated:");
	say_count(t, s->repeats);
	say(t, " more OOMs ended so");
	if (s->begin.h.type && s->repeated_ns > s->begin.h.ts_ns) {
		say(t, ", the last one ");
		say_time(t, s->repeated_ns - s->begin.h.ts_ns);
		say(t, " later");
	}
	say(t, "; they are counted only\n");
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
	tell_choice(&t, s);
	tell_victims(&t, s);
	tell_ended(&t, s);
	tell_repeats(&t, s);
	tell_missing(&t, s);
}
