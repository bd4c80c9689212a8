// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the explanation of a victim that does not go, by constructed records.
 */
#include <string.h>

#include "test_episode.h"
#include "test_remains.h"
#include "test_util.h"

#define OF_THREAD (OOMTRACE_BIT(remains, thread_pid) |		\
		   OOMTRACE_BIT(remains, thread_comm) |		\
		   OOMTRACE_BIT(remains, state) |		\
		   OOMTRACE_BIT(remains, wchan) |		\
		   OOMTRACE_BIT(remains, callers))

static const char *explanation(void)
{
	return story_text(&story);
}

static struct oomtrace_remains make_remains(u64 since_ns)
{
	RECORD(r, REMAINS, remains);

	r.episode = 1;
	r.pid = 812;
	r.tgid = 812;
	r.since_kill_ns = since_ns;
	r.threads = 1;
	r.blocked = 1;
	r.thread_pid = 813;
	r.rss_anon = 12;
	r.reaper = OOMTRACE_REAPER_FINISHED;
	strcpy(r.comm, "hog");
	strcpy(r.thread_comm, "io");
	strcpy(r.state, "D");
	strcpy(r.wchan, "msleep");
	strcpy(r.callers, "stall_set param_attr_store");
	return r;
}

void test_remains(void)
{
	struct oomtrace_remains r = make_remains(1000000000);

	oomtrace_story_init(&story, 0, 4096);
	feed_open(1, "hog", 812);
	feed_victim(1, 812, OOMTRACE_WHY_CHOSEN);
	check_hasnt(explanation(), "still there", "a_victim_without_such_a_record_is_not_still_there");
	feed(&r);
	r = make_remains(3010000000ULL);
	feed(&r);
	check_has(explanation(), "[812] is still there, 3.01 s after the kill: 1 thread is left, in state D (no signal reaches it): io[813] waits in msleep; 12 pages (48 KiB) are not freed, the reaper has freed what it can, called by stall_set param_attr_store\n",
		  "the_newest_look_is_told");
	check_hasnt(explanation(), "1.00 s after", "and_no_older_one");
	r.threads = 3;
	r.blocked = 2;
	r.reaper = OOMTRACE_REAPER_GAVE_UP;
	feed(&r);
	check_has(explanation(), "3 threads are left, 2 of them in state D (no signal reaches them): io[813] waits in msleep; 12 pages (48 KiB) are not freed, the reaper has given up, since the address space was locked",
		  "threads_are_counted_and_a_reaper_that_gave_up_is_told");
	r.threads = 1;
	r.blocked = 0;
	strcpy(r.state, "R");
	r.h.valid &= ~(OOMTRACE_BIT(remains, wchan) | OOMTRACE_BIT(remains, callers) |
		       OOMTRACE_BIT(remains, reaper));
	feed(&r);
	check_has(explanation(), "1 thread is left: io[813] is in state R; 12 pages (48 KiB) are not freed\n",
		  "a_thread_that_runs_waits_nowhere");
	r = make_remains(3010000000ULL);
	r.rss_anon = 0;
	r.h.valid &= ~OOMTRACE_BIT(remains, callers);
	feed(&r);
	check_has(explanation(), " io[813] waits in msleep; none of its memory is left\n",
		  "a_victim_without_memory_has_no_pages_to_free");
	r = make_remains(62000000000ULL);
	r.threads = 0;
	r.blocked = 0;
	r.h.valid &= ~(OF_THREAD | OOMTRACE_BIT(remains, rss_anon));
	feed(&r);
	check_has(explanation(), " was still there 3.01 s after the kill: ",
		  "that_it_was_there_is_told_after_it_went");
	check_has(explanation(), "; it was gone after 62.00 s\n", "and_when_it_went");
}
