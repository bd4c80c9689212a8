/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF program that watches the OOM killer tells: one struct for each
 * thing it saw, in the order in which they happened, since the kernel runs one
 * OOM at a time. Shared by choice.bpf.c and choice.c, and nothing of the module.
 */
#ifndef CHOICE_H
#define CHOICE_H

#include <linux/types.h>

/**
 * enum choice_what - what was seen
 * @CHOICE_BEGIN: out_of_memory() was entered.
 * @CHOICE_EVALUATE: oom_evaluate_task() was, for @pid and @tgid.
 * @CHOICE_POINTS: oom_badness() returned @points, in an OOM.
 * @CHOICE_KILL: oom_kill_process() was entered, for @pid and @tgid with @points.
 * @CHOICE_END: out_of_memory() returned @points.
 * @CHOICE_LOG_FULL: only counted: something found no place in the log.
 * @CHOICE_WHATS: how many numbers there are.
 */
enum choice_what {
	CHOICE_BEGIN,
	CHOICE_EVALUATE,
	CHOICE_POINTS,
	CHOICE_KILL,
	CHOICE_END,
	CHOICE_LOG_FULL,
	CHOICE_WHATS,
};

/**
 * struct choice_event - one thing that was seen
 * @what: enum choice_what.
 * @pid: see there; for the others, of current.
 * @tgid: likewise.
 * @reserved: zero.
 * @points: see there.
 */
struct choice_event {
	__u32	what;
	__s32	pid;
	__s32	tgid;
	__u32	reserved;
	__s64	points;
};

#endif /* CHOICE_H */
