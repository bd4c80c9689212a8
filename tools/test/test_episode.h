/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Constructed records of an episode. make_...() return a record, which the caller
 * may change and feed; feed_...() feed it at once.
 */
#ifndef OOMTRACE_TEST_EPISODE_H
#define OOMTRACE_TEST_EPISODE_H

#include "../../common/story.h"
#include "test_util.h"

/* The story to which all records are fed. */
extern struct oomtrace_story story;

/* A story's text, valid until the next call. */
const char *story_text(const struct oomtrace_story *s);

void feed(const void *rec);
void feed_begin(u64 episode, unsigned int scope);
void feed_retries(u64 episode);
struct oomtrace_zone make_zone(u64 episode, const char *name, s64 free,
			       s64 min);
void feed_zone(u64 episode, const char *name, s64 free, s64 min);
struct oomtrace_memory make_memory(u64 episode);
struct oomtrace_psi make_psi(u64 episode, unsigned int resource, u64 cgroup_id,
			     u32 some, u32 full);
void feed_psi(u64 episode, unsigned int resource, u64 cgroup_id, u32 some,
	      u32 full);
struct oomtrace_candidate make_candidate(u64 episode, const char *comm,
					 s32 pid, u32 index, s64 points);
void feed_kept(u64 episode, const char *comm, s32 pid, u32 index, s64 points);
void feed_leading(u64 episode, const char *comm, s32 pid, u32 index,
		  s64 points);
void feed_exempt(u64 episode, const char *comm, s32 pid, u32 index,
		 unsigned int reason);
void feed_hog(u64 episode);
struct oomtrace_verdict make_verdict(u64 episode);
void feed_victim(u64 episode, s32 pid, unsigned int why);
void feed_reap(u64 episode, s32 pid, unsigned int step, u64 since_ns,
	       s64 left);
void feed_open(u64 episode, const char *comm, s32 pid);
void feed_held(u64 episode, s32 pid, u64 since_ns, s64 left, u32 users);
struct oomtrace_oom_end make_end(u64 episode, unsigned int ending);
void feed_end(u64 episode, unsigned int ending);

#endif /* OOMTRACE_TEST_EPISODE_H */
