/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface between the BPF program that watches the OOM killer and its
 * test: one struct for each event, in order, since the kernel runs one OOM at a
 * time. The module shares nothing of this.
 */
#ifndef CHOICE_H
#define CHOICE_H

#include <linux/types.h>

/**
 * enum choice_what - types of events
 * @CHOICE_BEGIN: out_of_memory() was entered.
 * @CHOICE_EVALUATE: oom_evaluate_task() was entered, for @pid and @tgid; @points
 *	is not 0 for a kernel thread.
 * @CHOICE_POINTS: oom_badness() returned @points, in an OOM.
 * @CHOICE_KILL: oom_kill_process() was entered, for @pid and @tgid with @points.
 * @CHOICE_END: out_of_memory() returned @points.
 * @CHOICE_LOG_FULL: the log was full; only counted.
 * @CHOICE_WHATS: number of types.
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
 * struct choice_event - one event
 * @what: enum choice_what.
 * @pid: of the task in question, else of current.
 * @tgid: of the task in question, else of current.
 * @reserved: zero.
 * @points: as enum choice_what describes, else 0.
 */
struct choice_event {
	__u32	what;
	__s32	pid;
	__s32	tgid;
	__u32	reserved;
	__s64	points;
};

#endif /* CHOICE_H */
