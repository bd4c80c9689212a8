/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One OOM explained to a person: the text of the kernel's last_oom file and of
 * `oomtrace last`, which are the same because both come from here.
 *
 * Records are fed one at a time, in the order a reader gets them; what matters
 * of the episode is kept in a struct of fixed size (common/story.c) and told at
 * the end (common/story_print.c). Nothing allocates, sleeps or locks: whoever
 * owns the struct sees to it that nobody else uses it meanwhile.
 *
 * A number that no record holds is told as "not known", never as 0.
 */
#ifndef OOMTRACE_STORY_H
#define OOMTRACE_STORY_H

#include "shim.h"
#include "../include/oomtrace.h"

/* Candidates kept, by points: the chosen one, the runner-up, the five next. */
#define OOMTRACE_STORY_TOP	7
#define OOMTRACE_STORY_EXEMPT	8	/* exempt tasks kept by name */
#define OOMTRACE_STORY_VICTIMS	8	/* victims kept */
#define OOMTRACE_STORY_ZONES	3	/* zones kept: those nearest to min */

/**
 * struct oomtrace_out - where text goes
 * @vprint: prints; only with formats that libc and the kernel both know.
 * @ctx: given to @vprint: a struct seq_file, a FILE, a buffer.
 */
struct oomtrace_out {
	void (*vprint)(void *ctx, const char *fmt, va_list args) __printf(2, 0);
	void *ctx;
};

/* private: one exempt task; all of it from its candidate record */
struct oomtrace_story_exempt {
	char comm[OOMTRACE_COMM_LEN];
	s32 pid;
	u32 reason;
};

/* private: how one victim's memory came back */
struct oomtrace_story_reap {
	u64 since_ns[OOMTRACE_STEPS];	/* last time of each step */
	s64 left;			/* pages, at the last finish, skip or release */
	u8 seen;			/* bit n: step n was seen */
	u8 timed;			/* bit n: since_ns[n] is known */
	u8 left_known;			/* 0 no, 1 yes, 2 derived */
	u8 reserved;
	u32 skips;			/* how often the reaper skipped it */
};

/**
 * struct oomtrace_story - what is kept of one episode
 *
 * About 5 KB: too much for a kernel stack. All members are private. A kept
 * record with an @h.type of 0 was not seen.
 */
struct oomtrace_story {
	/* private: */
	u64 wanted;			/* 0: the newest */
	u64 episode;			/* 0: none found so far */
	u64 killed_before;		/* older episode with victims, or 0 */
	u64 lost;			/* OOM records this reader missed */
	u64 repeats;			/* OOMs like this one, not told */
	u64 repeated_ns;		/* when the last of them began */
	u32 page_size;
	u32 scanned;			/* candidate records seen */
	u32 eligible;			/* those of them that were scored */
	u32 victims;			/* victim records seen */
	u32 ntop;
	u32 nexempt;
	u32 zones;			/* zone records seen */
	u32 zones_out;			/* those of them not above min */
	u32 exempt_count[OOMTRACE_REASONS];
	struct oomtrace_oom_begin begin;
	struct oomtrace_verdict verdict;
	struct oomtrace_oom_end end;
	struct oomtrace_retry retry[OOMTRACE_RETRIES];
	struct oomtrace_memory memory;
	struct oomtrace_psi psi[OOMTRACE_RESOURCES]; /* the cgroup's, if any */
	struct oomtrace_zone zone[OOMTRACE_STORY_ZONES];
	struct oomtrace_candidate leader;	/* last to lead: the chosen */
	struct oomtrace_candidate aborter;	/* it ended the scan */
	struct oomtrace_candidate top[OOMTRACE_STORY_TOP];
	struct oomtrace_story_exempt exempt[OOMTRACE_STORY_EXEMPT];
	struct oomtrace_victim victim[OOMTRACE_STORY_VICTIMS];
	struct oomtrace_story_reap reap[OOMTRACE_STORY_VICTIMS];
};

/**
 * oomtrace_story_init() - before the first record
 * @s: the story; needs no other preparation, and no end.
 * @episode: the episode to tell; 0 for the newest that is fed.
 * @page_size: bytes of a page.
 */
void oomtrace_story_init(struct oomtrace_story *s, u64 episode,
			 unsigned int page_size);

/**
 * oomtrace_story_feed() - take a record into account
 * @s: the story.
 * @rec: any record; those of other episodes and of no episode are ignored. If
 *	the newest episode is wanted, one with a higher number starts the story
 *	over.
 */
void oomtrace_story_feed(struct oomtrace_story *s,
			 const struct oomtrace_header *rec);

/**
 * oomtrace_story_found() - is there anything to tell?
 * @s: the story.
 *
 * Return: the episode's number, 0 if no record of it was fed.
 */
u64 oomtrace_story_found(const struct oomtrace_story *s);

/**
 * oomtrace_story_print() - tell the story
 * @s: the story; not changed, so it can be fed and told again.
 * @out: where to. Called many times, mostly with parts of a line.
 */
void oomtrace_story_print(const struct oomtrace_story *s,
			  const struct oomtrace_out *out);

#endif /* OOMTRACE_STORY_H */
