// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the explanation of tasks that wait since their cgroup's OOM killer is off, by
 * constructed records.
 */
#include <string.h>

#include "test_episode.h"
#include "test_util.h"
#include "test_waits.h"

static const char *explanation(void)
{
	return story_text(&story);
}

static void feed_wait(s32 pid, bool ended)
{
	RECORD(wait, WAIT, wait);

	wait.episode = 1;
	wait.pid = pid;
	wait.tgid = pid;
	wait.ns_pid = pid;
	strcpy(wait.comm, "app");
	if (ended) {
		wait.waited_ns = 12300000000ULL;
		wait.waits = 3;
		wait.killed = pid == 11;
	} else {
		wait.h.valid &= ~(OOMTRACE_BIT(wait, waited_ns) |
				  OOMTRACE_BIT(wait, waits) |
				  OOMTRACE_BIT(wait, killed));
	}
	feed(&wait);
}

void test_waits(void)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	struct oomtrace_oom_end e;
	s32 pid;

	oomtrace_story_init(&story, 0, 4096);
	b.episode = 1;
	b.scope = OOMTRACE_SCOPE_MEMCG;
	b.trigger = OOMTRACE_TRIGGER_OOM_CONTROL;
	b.pid = 10;
	b.tgid = 10;
	b.h.valid &= ~(OOMTRACE_BIT(oom_begin, order) | OOMTRACE_BIT(oom_begin, gfp) |
		       OOMTRACE_BIT(oom_begin, stack));
	feed(&b);
	feed_wait(10, false);
	check_has(explanation(), "the cgroup's OOM killer is off (memory.oom_control)\n",
		  "why_a_task_waits_is_told");
	check_has(explanation(), "Waits:     app[10] waits, or the record of its end is missing\n",
		  "a_task_that_waits_is_named");
	feed_wait(11, false);
	feed_wait(10, true);
	feed_wait(11, true);
	e = make_end(1, OOMTRACE_ENDING_LIMIT_RAISED);
	e.duration_ns = 13000000000ULL;
	feed(&e);
	check_has(explanation(), "Waits:     app[10] waited 12.30 s (3 times)\n           app[11] waited 12.30 s (3 times) and was then killed by a signal\n",
		  "how_long_each_waited_is_told");
	check_has(explanation(), "Ended:     the tasks waited until the limit was raised; from the first wait to the last 13.00 s\n",
		  "why_they_could_go_on_is_told");
	for (pid = 12; pid < 20; pid++)
		feed_wait(pid, false);
	check_has(explanation(), "           and 6 more\n", "further_tasks_are_counted");
	for (pid = 12; pid < 20; pid++)
		feed_wait(pid, true);
	check_has(explanation(), "           and 6 more\n", "and_each_once");
}
