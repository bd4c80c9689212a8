// SPDX-License-Identifier: GPL-2.0
/*
 * Who decided that a process dies, and by which rule: from the begin and the verdict
 * of an episode. The rule of a policy in the kernel is known by its message alone, and
 * that of a process in user space not at all. Nothing is said that no record has.
 */
#include "decider.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

enum oomtrace_decider oomtrace_decider(const struct oomtrace_oom_begin *begin,
				       const struct oomtrace_verdict *verdict)
{
	s64 policy;

	if (begin && begin->h.type && begin->scope == OOMTRACE_SCOPE_USERSPACE)
		return OOMTRACE_DECIDER_DAEMON;
	if (!verdict || !get_field(&verdict->h, B(verdict_policy), &policy))
		return OOMTRACE_DECIDER_UNKNOWN;
	switch (policy) {
	case OOMTRACE_POLICY_GLOBAL:
	case OOMTRACE_POLICY_MEMCG:
	case OOMTRACE_POLICY_ALLOCATING_TASK:
		return OOMTRACE_DECIDER_KERNEL;
	case OOMTRACE_POLICY_OTHER:
		return OOMTRACE_DECIDER_POLICY;
	default:
		return OOMTRACE_DECIDER_UNKNOWN;
	}
}

const char *oomtrace_decider_name(enum oomtrace_decider decider)
{
	switch (decider) {
	case OOMTRACE_DECIDER_KERNEL:
		return "kernel";
	case OOMTRACE_DECIDER_POLICY:
		return "policy";
	case OOMTRACE_DECIDER_DAEMON:
		return "daemon";
	default:
		return "unknown";
	}
}

bool write_decider(struct text_writer *w, const struct oomtrace_oom_begin *begin,
		   const struct oomtrace_verdict *verdict)
{
	switch (oomtrace_decider(begin, verdict)) {
	case OOMTRACE_DECIDER_KERNEL:
		write_text(w, "the kernel's OOM killer, by %s",
			   verdict->policy == OOMTRACE_POLICY_ALLOCATING_TASK ?
			   "vm.oom_kill_allocating_task" : "score");
		return true;
	case OOMTRACE_DECIDER_POLICY:
		write_text(w, "a policy in the kernel, not the OOM killer's own; ");
		if (!oomtrace_field_valid(&verdict->h, B(verdict_message))) {
			write_text(w, "its message is not recorded");
			return true;
		}
		write_text(w, "its message: \"");
		write_string_field(w, &verdict->h, B(verdict_message));
		write_text(w, "\"");
		return true;
	case OOMTRACE_DECIDER_DAEMON:
		write_task(w, &begin->h, B(oom_begin_comm), B(oom_begin_pid));
		write_text(w, " in user space, by a rule of its own");
		return true;
	default:
		return false;
	}
}
