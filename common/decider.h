/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who decided that a process dies: the kernel's OOM killer, a policy in the kernel that
 * is not the OOM killer's own, or a process in user space. Every text, JSON and metric
 * takes it from here.
 */
#ifndef OOMTRACE_DECIDER_H
#define OOMTRACE_DECIDER_H

#include "say.h"

/**
 * enum oomtrace_decider - who decided
 * @OOMTRACE_DECIDER_UNKNOWN: nothing was decided, or the record is missing
 * @OOMTRACE_DECIDER_KERNEL: the kernel's OOM killer, by one of its own rules
 * @OOMTRACE_DECIDER_POLICY: a policy in the kernel, such as a BPF program
 * @OOMTRACE_DECIDER_DAEMON: a process in user space
 */
enum oomtrace_decider {
	OOMTRACE_DECIDER_UNKNOWN,
	OOMTRACE_DECIDER_KERNEL,
	OOMTRACE_DECIDER_POLICY,
	OOMTRACE_DECIDER_DAEMON,
	OOMTRACE_DECIDERS,
};

/**
 * oomtrace_decider() - find who decided
 * @begin: the begin of the episode; NULL or a type of 0: not seen.
 * @verdict: its first verdict; NULL or a type of 0: not seen.
 */
enum oomtrace_decider oomtrace_decider(const struct oomtrace_oom_begin *begin,
				       const struct oomtrace_verdict *verdict);

/** oomtrace_decider_name() - "kernel", "policy", "daemon", or "unknown" */
const char *oomtrace_decider_name(enum oomtrace_decider decider);

/**
 * write_decider() - write who decided and by which rule, as far as it is known
 * @w: the writer.
 * @begin: as for oomtrace_decider().
 * @verdict: as for oomtrace_decider().
 *
 * Return: false, with nothing written, if it is not known.
 */
bool write_decider(struct text_writer *w, const struct oomtrace_oom_begin *begin,
		   const struct oomtrace_verdict *verdict);

#endif /* OOMTRACE_DECIDER_H */
