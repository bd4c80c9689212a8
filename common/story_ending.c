// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person: how the episode ended, and the OOMs that followed.
 *
 * May not change the story, allocate or sleep.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

static const char *describe_ending(s64 ending)
{
	switch (ending) {
	case OOMTRACE_ENDING_UNKNOWN:
		return "not known: the end was not seen, or a hook is missing";
	case OOMTRACE_ENDING_KILLED:
		return "killed";
	case OOMTRACE_ENDING_NOTIFIER_FREED:
		return "no task was killed: the kernel's oom notifiers freed memory";
	case OOMTRACE_ENDING_CALLER_EXITING:
		return "no task was chosen: the caller was already exiting and got memory reserves";
	case OOMTRACE_ENDING_SCAN_ABORTED:
		return "no task was killed: the kernel waits for an earlier victim still dying";
	case OOMTRACE_ENDING_NO_FS:
		return "no task was killed: the allocation may not use file systems (no __GFP_FS)";
	case OOMTRACE_ENDING_NO_CANDIDATE:
		return "no task was killed: no task was eligible";
	case OOMTRACE_ENDING_PANIC:
		return "the kernel panicked";
	case OOMTRACE_ENDING_DISABLED:
		return "no task was killed: the OOM killer is disabled (suspend)";
	case OOMTRACE_ENDING_MEMORY_CAME:
		return "the tasks waited until memory came";
	case OOMTRACE_ENDING_LIMIT_RAISED:
		return "the tasks waited until the limit was raised";
	case OOMTRACE_ENDING_KILLER_ON:
		return "the tasks waited until the cgroup's OOM killer was switched on";
	case OOMTRACE_ENDING_WAITERS_KILLED:
		return "the tasks waited until the last one was killed by a signal";
	case OOMTRACE_ENDING_POLICY_FREED:
		return "no task was killed: a policy, not the kernel's own, ended the OOM";
	default:
		return "in a way that this version does not know";
	}
}

/* What the kernel panicked for, after "the kernel panicked, ". */
static const char *describe_panic(const struct oomtrace_story *s)
{
	s64 panic;

	if (!get_field(&s->end.h, B(oom_end_panic), &panic))
		return "while this OOM was under way";
	switch (panic) {
	case OOMTRACE_PANIC_OTHER:
		return "for another reason, while this OOM was under way";
	case OOMTRACE_PANIC_SYSCTL:
		return "before it looked at any task: vm.panic_on_oom";
	case OOMTRACE_PANIC_NO_TASK:
		return "because no task was eligible";
	default:
		return "for a reason that this version does not know";
	}
}

static void write_ending(struct text_writer *w, const struct oomtrace_story *s,
			 s64 ending)
{
	s64 victims;

	if (ending == OOMTRACE_ENDING_KILLED &&
	    get_field(&s->end.h, B(oom_end_victims), &victims) && !victims) {
		write_text(w, "no task was killed: the chosen one was dying or gone already");
		return;
	}
	if (ending == OOMTRACE_ENDING_KILLED && s->victims &&
	    s->victim[0].why == OOMTRACE_WHY_DYING) {
		write_text(w, "no task was killed: the chosen one was dying already");
		return;
	}
	write_text(w, "%s", describe_ending(ending));
	if (ending == OOMTRACE_ENDING_KILLED) {
		write_text(w, ", victims: ");
		write_field(w, &s->end.h, B(oom_end_victims));
	} else if (ending == OOMTRACE_ENDING_NOTIFIER_FREED) {
		write_text(w, ": ");
		write_pages_field(w, &s->end.h, B(oom_end_notifier_freed));
	} else if (ending == OOMTRACE_ENDING_SCAN_ABORTED) {
		write_text(w, ": ");
		write_task(w, &s->aborter.h, B(candidate_comm), B(candidate_pid));
	} else if (ending == OOMTRACE_ENDING_PANIC) {
		write_text(w, ", %s", describe_panic(s));
	}
}

/* For a daemon, this is the time from its first signal to its last. */
static void write_episode_time(struct text_writer *w, const struct oomtrace_story *s)
{
	s64 ns, victims;

	if (!get_field(&s->end.h, B(oom_end_duration_ns), &ns))
		return;
	if (story_waits(s)) {
		write_text(w, "; from the first wait to the last ");
	} else if (!story_has_scope(s, OOMTRACE_SCOPE_USERSPACE)) {
		write_text(w, "; out_of_memory() took ");
	} else {
		get_field(&s->end.h, B(oom_end_victims), &victims);
		if (victims < 2)
			return;
		write_text(w, "; from the first signal to the last ");
	}
	write_duration(w, ns);
}

static void write_ended(struct text_writer *w, const struct oomtrace_story *s)
{
	s64 n;

	write_label(w, "Ended:");
	if (!s->end.h.type) {
		write_text(w, "not recorded: it is still going on, or the record is missing\n");
		return;
	}
	if (get_field(&s->end.h, B(oom_end_ending), &n))
		write_ending(w, s, n);
	else
		write_text(w, "not known");
	write_episode_time(w, s);
	write_text(w, "\n");
}

/* Write the number of OOMs that ended like this one. */
static void write_repeats(struct text_writer *w, const struct oomtrace_story *s)
{
	if (!s->repeats)
		return;
	write_label(w, "Repeated:");
	write_count(w, s->repeats);
	write_text(w, " more OOMs ended the same way");
	if (s->begin.h.type && s->repeated_ns > s->begin.h.ts_ns) {
		write_text(w, ", the last one ");
		write_duration(w, s->repeated_ns - s->begin.h.ts_ns);
		write_text(w, " later");
	}
	write_text(w, "; these are only counted\n");
}

/* Write how many OOMs without a victim followed. */
static void write_later(struct text_writer *w, const struct oomtrace_story *s)
{
	u64 n = s->later - s->episode;

	if (s->later <= s->episode)
		return;
	write_label(w, "Later:");
	write_count(w, n);
	write_text(w, " more %s no victim", n == 1 ? "OOM has" : "OOMs have");
	write_text(w, n == 1 ? ": episode %llu\n" : ", the last one is episode %llu\n",
		   s->later);
}

void write_end_part(struct text_writer *w, const struct oomtrace_story *s)
{
	write_ended(w, s);
	write_repeats(w, s);
	write_later(w, s);
}
