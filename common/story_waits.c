// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, an OOM in which the kernel may kill no task: which
 * tasks wait since memory.oom_control of their cgroup is 1, and for how long.
 *
 * May not change the story, allocate or sleep, and trusts no byte of a record.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

bool story_waits(const struct oomtrace_story *s)
{
	s64 trigger;

	return get_field(&s->begin.h, B(oom_begin_trigger), &trigger) &&
	       trigger == OOMTRACE_TRIGGER_OOM_CONTROL;
}

void write_wait(struct text_writer *w, const struct oomtrace_wait *wait)
{
	s64 ns, waits, killed;

	write_task(w, &wait->h, B(wait_comm), B(wait_pid));
	write_ns_pid(w, &wait->h, B(wait_pid), B(wait_ns_pid));
	if (!get_field(&wait->h, B(wait_waited_ns), &ns)) {
		write_text(w, " waits, or the record of its end is missing");
		return;
	}
	write_text(w, " waited ");
	write_duration(w, ns);
	write_tilde(w, oomtrace_field_derived(&wait->h, B(wait_waited_ns)));
	if (get_field(&wait->h, B(wait_waits), &waits) && waits > 1)
		write_text(w, " (%lld times)", waits);
	if (get_field(&wait->h, B(wait_killed), &killed) && killed)
		write_text(w, " and was then killed by a signal");
}

void write_waits(struct text_writer *w, const struct oomtrace_story *s)
{
	unsigned int i, kept = s->waits;

	if (kept > OOMTRACE_STORY_WAITS)
		kept = OOMTRACE_STORY_WAITS;
	for (i = 0; i < kept; i++) {
		write_label(w, i ? "" : "Waits:");
		write_wait(w, &s->wait[i]);
		write_text(w, "\n");
	}
	if (s->waits > kept) {
		write_label(w, "");
		write_text(w, "and %u more\n", s->waits - kept);
	}
}
