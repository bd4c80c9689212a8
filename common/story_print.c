// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, second half: write the explanation, in the
 * order in which a reader needs it: the kill, the release of the victims' memory
 * and the ending; the choice of the victim; the task that called the
 * OOM killer and the state of memory; what is missing.
 *
 * May not change the story, allocate or sleep. Every number comes from a kept
 * record in which it is present. A number computed here stands beside the
 * numbers that it is computed from.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

/* These numbers are the same on all architectures. */
#define SIGNAL_KILL	9
#define SIGNAL_TERM	15

static const char *describe_trigger(s64 trigger)
{
	switch (trigger) {
	case OOMTRACE_TRIGGER_ALLOCATION:
		return "an allocation that failed";
	case OOMTRACE_TRIGGER_SYSRQ:
		return "sysrq-f, a manual request; this task only ran the handler";
	case OOMTRACE_TRIGGER_MEMORY_MAX:
		return "a write to memory.max below the usage";
	case OOMTRACE_TRIGGER_MIN_TTL:
		return "a working set that does not fit into memory (MGLRU min_ttl_ms)";
	case OOMTRACE_TRIGGER_DAEMON:
		return "an OOM daemon in user space";
	case OOMTRACE_TRIGGER_PAGE_FAULT:
		return "a page fault that could not allocate memory";
	case OOMTRACE_TRIGGER_OOM_CONTROL:
		return "a page fault; the cgroup's OOM killer is off (memory.oom_control)";
	default:
		return "a trigger that this version does not know";
	}
}

static void write_scope(struct text_writer *w, const struct oomtrace_story *s)
{
	s64 scope, constraint;

	if (!get_field(&s->begin.h, B(oom_begin_scope), &scope)) {
		scope = oomtrace_verdict_scope(&s->verdict);
		if (scope == OOMTRACE_SCOPES) {
			write_text(w, "scope not known");
			return;
		}
	}
	if (scope == OOMTRACE_SCOPE_MEMCG) {
		write_text(w, "memory cgroup ");
		if (s->begin.h.type)
			write_id_field(w, &s->begin.h, B(oom_begin_memcg_id));
		else
			write_id_field(w, &s->verdict.h, B(verdict_memcg_id));
	} else if (scope == OOMTRACE_SCOPE_USERSPACE) {
		write_text(w, "decided in user space");
	} else if (scope != OOMTRACE_SCOPE_GLOBAL) {
		write_enum_field(w, &s->begin.h, B(oom_begin_scope));
	} else if (!get_field(&s->verdict.h, B(verdict_constraint),
			      &constraint)) {
		write_text(w, "global");
	} else if (constraint == OOMTRACE_CONSTRAINT_CPUSET) {
		write_text(w, "the memory nodes of a cpuset");
	} else if (constraint == OOMTRACE_CONSTRAINT_MEMORY_POLICY) {
		write_text(w, "the memory nodes of a memory policy");
	} else {
		write_text(w, "global, the whole machine");
	}
}

static void write_title(struct text_writer *w, const struct oomtrace_story *s)
{
	u64 us = s->begin.h.ts_ns / 1000;

	write_text(w, "OOM episode %llu: ", s->episode);
	write_scope(w, s);
	if (s->time)
		write_text(w, ", %s", s->time);
	if (s->begin.h.type)
		write_text(w, ", %llu.%06llu s after boot (suspend not counted)\n",
			   us / 1000000, us % 1000000);
	else
		write_text(w, "; its begin record is missing\n");
}

/* Write the gfp flags, as in the kernel's own report. */
static void write_gfp(struct text_writer *w, const struct oomtrace_header *rec)
{
	s64 n;

	if (!get_field(rec, B(oom_begin_gfp), &n))
		return;
	write_text(w, "gfp 0x%llx", (u64)n);
	if (oomtrace_field_valid(rec, B(oom_begin_gfp_names))) {
		write_text(w, " (");
		write_string_field(w, rec, B(oom_begin_gfp_names));
		write_text(w, ")");
	}
	write_text(w, ", ");
}

const char *story_process(const struct oomtrace_story *s)
{
	const struct oomtrace_oom_begin *begin = &s->begin;

	if (!begin->h.type || begin->pid == begin->tgid)
		return NULL;
	if (s->process.h.type)
		return s->process.comm;
	/* The chosen task is the first thread of its process. */
	if (s->verdict.h.type && s->verdict.pid == begin->tgid)
		return s->verdict.comm;
	return NULL;
}

/* "CPU 0/KVM[1889], a thread of qemu-blue[1886], pid 7 in its container" */
static void write_asker(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_oom_begin *begin = &s->begin;
	const char *process = story_process(s);

	write_task(w, &begin->h, B(oom_begin_comm), B(oom_begin_pid));
	if (process) {
		write_text(w, ", a thread of ");
		write_comm(w, process);
		write_text(w, "[%d]", begin->tgid);
	} else if (begin->pid != begin->tgid) {
		write_text(w, ", a thread of process %d", begin->tgid);
	}
	write_ns_pid(w, &begin->h, B(oom_begin_pid), B(oom_begin_ns_pid));
}

static void write_request(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->begin.h;
	bool by_daemon = story_has_scope(s, OOMTRACE_SCOPE_USERSPACE);
	s64 n;

	if (!rec->type)
		return;
	write_label(w, by_daemon ? "Killer:" : "Asked:");
	write_asker(w, s);
	write_text(w, ", uid ");
	write_id_field(w, rec, B(oom_begin_uid));
	write_text(w, ", cgroup ");
	write_id_field(w, rec, B(oom_begin_cgroup_id));
	write_text(w, ", oom_score_adj ");
	write_id_field(w, rec, B(oom_begin_oom_score_adj));
	write_text(w, "\n");
	/* A daemon requests no memory. */
	if (by_daemon)
		return;

	write_label(w, "");
	if (get_field(rec, B(oom_begin_order), &n) && n >= 0) {
		write_text(w, "for 2^%lld pages", n);
		write_size(w, n < 32 ? 1LL << n : 0);
		write_text(w, ", ");
	}
	write_gfp(w, rec);
	write_text(w, "because of ");
	if (get_field(rec, B(oom_begin_trigger), &n))
		write_text(w, "%s\n", describe_trigger(n));
	else
		write_text(w, "a trigger that is not known\n");
}

static const char *describe_why(s64 why)
{
	switch (why) {
	case OOMTRACE_WHY_CHOSEN:
		return "chosen";
	case OOMTRACE_WHY_GROUP:
		return "memory.oom.group kills its whole cgroup";
	case OOMTRACE_WHY_SHARED_MM:
		return "shares the victim's memory";
	case OOMTRACE_WHY_CALLER_EXITING:
		return "was already exiting and got access to memory reserves";
	case OOMTRACE_WHY_DYING:
		return "chosen, but was already dying: it only got access to memory reserves";
	default:
		return "for a reason not known";
	}
}

/* The system call that sent the signal. */
static const char *describe_call(const struct oomtrace_header *rec)
{
	s64 how;

	if (!get_field(rec, B(victim_how), &how))
		return "";
	switch (how) {
	case OOMTRACE_HOW_KILL:
		return " by kill()";
	case OOMTRACE_HOW_PIDFD:
		return " by pidfd_send_signal()";
	case OOMTRACE_HOW_WRITE:
		return " by a write to a file, probably cgroup.kill";
	case OOMTRACE_HOW_MRELEASE:
		return " by process_mrelease()";
	default:
		return "";
	}
}

/* A daemon may send SIGTERM first, or only reap a killed task's memory. */
static void write_daemon_kill(struct text_writer *w, const struct oomtrace_header *rec)
{
	s64 sig;

	if (!get_field(rec, B(victim_signal), &sig))
		write_text(w, "process_mrelease() reaped its memory");
	else if (sig == SIGNAL_KILL)
		write_text(w, "was sent SIGKILL from user space%s", describe_call(rec));
	else if (sig == SIGNAL_TERM)
		write_text(w, "was sent SIGTERM from user space%s, which it may survive",
			   describe_call(rec));
	else
		write_text(w, "was sent signal %lld from user space", sig);
}

static void write_victim(struct text_writer *w, const struct oomtrace_victim *v)
{
	const struct oomtrace_header *rec = &v->h;
	s64 why, earlier;

	write_task(w, rec, B(victim_comm), B(victim_pid));
	write_ns_pid(w, rec, B(victim_pid), B(victim_ns_pid));
	write_text(w, ": anon ");
	write_pages_field(w, rec, B(victim_rss_anon));
	write_text(w, ", file ");
	write_pages_field(w, rec, B(victim_rss_file));
	write_text(w, ", shmem ");
	write_pages_field(w, rec, B(victim_rss_shmem));
	write_text(w, ", swap ");
	write_pages_field(w, rec, B(victim_swapents));
	if (get_field(rec, B(victim_why), &why)) {
		write_text(w, " (");
		if (why == OOMTRACE_WHY_DAEMON)
			write_daemon_kill(w, rec);
		else
			write_text(w, "%s", describe_why(why));
		if (get_field(rec, B(victim_earlier), &earlier))
			write_text(w, "; it was killed before, in episode %lld", earlier);
		write_text(w, ")");
	}
	write_text(w, "\n");
}

/* " after 2.01 s", if the step's time is known. */
static void write_step_time(struct text_writer *w, const struct oomtrace_story_reap *r,
			    unsigned int step)
{
	if (!(r->timed & (1 << step)))
		return;
	write_text(w, " after ");
	write_duration(w, r->since_ns[step]);
}

static void write_pages_left(struct text_writer *w, const struct oomtrace_story_reap *r)
{
	if (!r->left_known)
		return;
	write_text(w, ", ");
	write_pages(w, r->left, r->left_known == 2);
	write_text(w, " left");
}

/* The exit of one thread releases the memory only if no other task holds it. */
static void write_exit(struct text_writer *w, const struct oomtrace_victim *v,
		       const struct oomtrace_story_reap *r)
{
	bool released = r->held_known && !r->users && !r->held;

	if (released)
		write_text(w, "released its memory");
	else if (v->pid == v->tgid)
		write_text(w, "its main thread has exited");
	else
		write_text(w, "one of its threads has exited");
	write_step_time(w, r, OOMTRACE_STEP_EXITED);
	if (released)
		return;
	if (!r->held_known) {
		write_text(w, ", what others held then is not known");
		return;
	}
	write_text(w, ", ");
	write_pages(w, r->held, false);
	if (r->users)
		write_text(w, " were still held by %u other %s", r->users,
			   r->users == 1 ? "thread or process" :
					   "threads or processes");
	else
		write_text(w, " were still being freed");
}

/* Write whether the victim exited, and what the reaper did. */
static void write_reaping(struct text_writer *w, const struct oomtrace_victim *v,
			  const struct oomtrace_story_reap *r)
{
	const char *and = "";

	if (r->seen & (1 << OOMTRACE_STEP_EXITED)) {
		write_exit(w, v, r);
		and = "; ";
	}
	if (r->seen & (1 << OOMTRACE_STEP_FINISH)) {
		write_text(w, "%sthe reaper finished", and);
		write_step_time(w, r, OOMTRACE_STEP_FINISH);
		write_pages_left(w, r);
	} else if (r->skips) {
		write_text(w, "%sthe reaper skipped it %u times, last", and, r->skips);
		write_step_time(w, r, OOMTRACE_STEP_SKIP);
		write_pages_left(w, r);
	} else if (r->seen & (1 << OOMTRACE_STEP_START)) {
		write_text(w, "%sthe reaper started", and);
		write_step_time(w, r, OOMTRACE_STEP_START);
		write_text(w, ", its finish is not recorded");
	} else if (r->seen & (1 << OOMTRACE_STEP_RELEASED)) {
		write_text(w, "%sprocess_mrelease() reaped its memory", and);
		write_step_time(w, r, OOMTRACE_STEP_RELEASED);
		write_pages_left(w, r);
	} else if (!(r->seen & (1 << OOMTRACE_STEP_EXITED))) {
		write_text(w, "nothing recorded yet: it is still dying, or a record is missing");
	}
	write_text(w, "\n");
}

/*
 * Write how the victims' memory was freed, and what is left of them. Of the exit of a
 * daemon's victim it is only known by when it was gone.
 */
static void write_freed(struct text_writer *w, const struct oomtrace_story *s,
			unsigned int kept)
{
	bool by_daemon = story_has_scope(s, OOMTRACE_SCOPE_USERSPACE);
	const struct oomtrace_story_remains *remains;
	const char *label = "Freed:";
	unsigned int i;

	for (i = 0; i < kept; i++) {
		if (s->reap[i].seen || (!by_daemon && !story_is_unmarked(&s->victim[i]))) {
			write_label(w, label);
			label = "";
			write_task(w, &s->victim[i].h, B(victim_comm), B(victim_pid));
			write_text(w, " ");
			write_reaping(w, &s->victim[i], &s->reap[i]);
		}
		remains = story_remains(s, s->victim[i].pid);
		if (by_daemon && !remains && s->reap[i].gone_ns) {
			write_label(w, label);
			label = "";
			write_task(w, &s->victim[i].h, B(victim_comm), B(victim_pid));
			write_text(w, " was gone within ");
			write_duration(w, s->reap[i].gone_ns);
			write_text(w, "\n");
		}
		if (!remains)
			continue;
		write_label(w, label);
		label = "";
		write_task(w, &s->victim[i].h, B(victim_comm), B(victim_pid));
		write_text(w, " ");
		write_remains(w, remains);
		write_remains_callers(w, remains);
		write_text(w, "\n");
	}
}

static void write_victims(struct text_writer *w, const struct oomtrace_story *s)
{
	unsigned int kept = s->victims;
	unsigned int i;

	if (kept > OOMTRACE_STORY_VICTIMS)
		kept = OOMTRACE_STORY_VICTIMS;
	for (i = 0; i < kept; i++) {
		write_label(w, i ? "" : "Victims:");
		write_victim(w, &s->victim[i]);
	}
	if (s->victims > kept) {
		write_label(w, "");
		write_text(w, "and %u more\n", s->victims - kept);
	}
	write_freed(w, s, kept);
}

/* Write what the records leave open. */
static void write_missing(struct text_writer *w, const struct oomtrace_story *s)
{
	s64 all, missed = 0;

	if (get_field(&s->end.h, B(oom_end_candidates), &all) &&
	    all > s->scanned) {
		get_field(&s->end.h, B(oom_end_missed), &missed);
		write_label(w, "Missing:");
		write_count(w, all - s->scanned);
		write_text(w, " of ");
		write_count(w, all);
		write_text(w, " candidates have no record (never written: ");
		write_count(w, missed);
		write_text(w, ", no longer buffered: ");
		write_count(w, all - s->scanned - missed);
		write_text(w, ")\n");
	}
	if (s->lost) {
		write_label(w, "Missing:");
		write_count(w, s->lost);
		write_text(w, " records of the OOM ring were overwritten before being read\n");
	}
	if (w->tilde) {
		write_label(w, "");
		write_text(w, "~ read just before or after the kernel used it, or computed\n");
	}
	if (!s->kills && s->killed_before) {
		write_label(w, "See also:");
		write_text(w, "episode %llu, the last one that killed a task\n",
			   s->killed_before);
	}
}

void oomtrace_story_print(const struct oomtrace_story *s,
			  const struct oomtrace_out *out)
{
	struct text_writer w = { .out = out, .page_size = s->page_size };

	if (!s->episode) {
		if (s->wanted)
			write_text(&w, "no record of OOM episode %llu found\n",
				   s->wanted);
		else
			write_text(&w, "no OOM episode recorded\n");
		return;
	}
	write_title(&w, s);
	write_killed(&w, s);
	write_victims(&w, s);
	write_waits(&w, s);
	write_end_part(&w, s);
	write_choice_part(&w, s);
	write_request(&w, s);
	write_stack_part(&w, s);
	write_memory_part(&w, s);
	write_missing(&w, s);
}
