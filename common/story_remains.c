// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, a victim that did not go: what was left of it when
 * it was last looked at, and what it waited for.
 *
 * May not change the story, allocate or sleep, and trusts no byte of the record.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

const struct oomtrace_story_remains *story_remains(const struct oomtrace_story *s,
						   s32 pid)
{
	unsigned int i;

	for (i = 0; i < s->nremains; i++)
		if (s->remains[i].last.pid == pid)
			return &s->remains[i];
	return NULL;
}

static const char *describe_reaper(s64 reaper)
{
	switch (reaper) {
	case OOMTRACE_REAPER_WAITING:
		return "the reaper has not come yet";
	case OOMTRACE_REAPER_TRYING:
		return "the reaper is trying";
	case OOMTRACE_REAPER_FINISHED:
		return "the reaper has freed what it can";
	case OOMTRACE_REAPER_GAVE_UP:
		return "the reaper has given up, since the address space was locked";
	case OOMTRACE_REAPER_BARRED:
		return "the reaper may not free it: a process shares it that may not be killed";
	default:
		return NULL;
	}
}

/* "1 thread is left, in state D (no signal reaches it): io[246] waits in x" */
static void write_threads(struct text_writer *w, const struct oomtrace_header *rec)
{
	s64 threads, blocked, n;

	if (!get_field(rec, B(remains_threads), &threads))
		return;
	write_text(w, "%lld %s left", threads, threads == 1 ? "thread is" : "threads are");
	if (get_field(rec, B(remains_blocked), &blocked) && blocked) {
		if (threads == 1)
			write_text(w, ", in state D (no signal reaches it)");
		else
			write_text(w, ", %lld of them in state D (no signal reaches them)",
				   blocked);
	}
	if (!get_field(rec, B(remains_thread_pid), &n))
		return;
	write_text(w, ": ");
	write_task(w, rec, B(remains_thread_comm), B(remains_thread_pid));
	if (oomtrace_field_valid(rec, B(remains_wchan))) {
		write_text(w, " waits in ");
		write_string_field(w, rec, B(remains_wchan));
	} else if (!blocked && oomtrace_field_valid(rec, B(remains_state))) {
		write_text(w, " is in state ");
		write_string_field(w, rec, B(remains_state));
	}
}

/* Write how much of its memory is left, if that is known; false if there is none. */
static bool write_memory_left(struct text_writer *w, const struct oomtrace_header *rec)
{
	s64 anon, file, shmem;
	u64 pages;

	if (!get_field(rec, B(remains_rss_anon), &anon) ||
	    !get_field(rec, B(remains_rss_file), &file) ||
	    !get_field(rec, B(remains_rss_shmem), &shmem))
		return true;
	pages = (u64)anon + (u64)file + (u64)shmem;
	write_text(w, "; ");
	if (!pages) {
		write_text(w, "none of its memory is left");
		return false;
	}
	write_pages(w, pages, false);
	write_text(w, " are not freed");
	return true;
}

/* "; 12 pages (48 KiB) are not freed, the reaper has given up" */
static void write_held(struct text_writer *w, const struct oomtrace_header *rec)
{
	const char *what = NULL;
	s64 reaper;

	/* What the reaper does is of no interest when there is nothing to free. */
	if (!write_memory_left(w, rec))
		return;
	if (get_field(rec, B(remains_reaper), &reaper))
		what = describe_reaper(reaper);
	if (what)
		write_text(w, ", %s", what);
}

void write_remains(struct text_writer *w, const struct oomtrace_story_remains *r)
{
	const struct oomtrace_header *rec = &r->last.h;
	s64 ns;

	write_text(w, r->gone_ns ? "was still there " : "is still there, ");
	if (get_field(rec, B(remains_since_kill_ns), &ns))
		write_duration(w, ns);
	else
		write_text(w, "some time");
	write_text(w, " after the kill: ");
	write_threads(w, rec);
	write_held(w, rec);
	if (r->gone_ns) {
		write_text(w, "; it was gone after ");
		write_duration(w, r->gone_ns);
	}
}

void write_remains_callers(struct text_writer *w, const struct oomtrace_story_remains *r)
{
	if (!oomtrace_field_valid(&r->last.h, B(remains_callers)))
		return;
	write_text(w, ", called by ");
	write_string_field(w, &r->last.h, B(remains_callers));
}
