/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One OOM explained to a person: the text of the last_oom file and of `oomtrace
 * last`, which are the same because both come from here.
 *
 * Records are fed one at a time, in the order in which a reader gets them. A
 * struct of fixed size keeps what the explanation needs; the text is written at
 * the end. Nothing here allocates, sleeps or locks: the owner of the struct must
 * serialize all calls on it.
 *
 * A number that is in no record is written as "not known", never as 0.
 */
#ifndef OOMTRACE_STORY_H
#define OOMTRACE_STORY_H

#include "shim.h"
#include "../include/oomtrace.h"

/* Candidates kept, by points: the chosen one, the runner-up, the next five. */
#define OOMTRACE_STORY_TOP	7
#define OOMTRACE_STORY_EXEMPT	8	/* exempt tasks kept by name: the largest */
#define OOMTRACE_STORY_VICTIMS	8	/* victims kept */
#define OOMTRACE_STORY_REMAINS	3	/* victims kept that do not go */
#define OOMTRACE_STORY_WAITS	4	/* tasks kept that wait */
#define OOMTRACE_STORY_ZONES	3	/* zones kept: those nearest to min */

/**
 * struct oomtrace_out - destination of text
 * @vprint: prints like vprintf(); all formats are known to libc and the kernel.
 * @ctx: first argument of @vprint: a struct seq_file, a FILE, a buffer.
 */
struct oomtrace_out {
	void (*vprint)(void *ctx, const char *fmt, va_list args) __printf(2, 0);
	void *ctx;
};

/* private: one exempt task, from its candidate record */
struct oomtrace_story_exempt {
	char comm[OOMTRACE_COMM_LEN];
	s64 pages;			/* rss and swap; -1: not known */
	s32 pid;
	u32 reason;
};

/* private: how one victim's memory was freed */
struct oomtrace_story_reap {
	u64 since_ns[OOMTRACE_STEPS];	/* kill to the last step of each kind */
	s64 left;			/* pages after the last finish, skip or release */
	s64 held;			/* pages when the marked thread had exited */
	u32 users;			/* who held the address space then */
	u32 skips;			/* times that the reaper skipped it */
	u8 seen;			/* bit n: step n was seen */
	u8 timed;			/* bit n: since_ns[n] is known */
	u8 left_known;			/* @left is 0 unknown, 1 known, 2 derived */
	u8 held_known;			/* @held and @users are known */
	u32 reserved;
	u64 gone_ns;			/* kill to when it was seen to be gone; 0: not seen */
};

/* private: a victim that did not go within a second */
struct oomtrace_story_remains {
	struct oomtrace_remains last;	/* what was left when it was last there */
	u64 gone_ns;			/* kill to when it was gone; 0: not seen */
};

/**
 * struct oomtrace_story - one episode's records and counts, as far as needed
 *
 * Up to 9 KB: too large for a kernel stack. All members are private. A kept
 * record with an @h.type of 0 was not seen.
 */
struct oomtrace_story {
	/* private: */
	u64 wanted;			/* episode to explain; 0: the newest */
	u64 episode;			/* episode found; 0: none so far */
	u64 killed_before;		/* older episode that killed, or 0 */
	u64 later;			/* last of the episodes that followed, or 0 */
	u64 lost;			/* OOM records lost to this reader */
	u64 repeats;			/* OOMs that repeat this one */
	u64 repeated_ns;		/* when the last repeat began */
	u32 page_size;
	u32 scanned;			/* candidate records seen */
	u32 eligible;			/* candidate records with points */
	u32 victims;			/* victim records seen */
	u32 kills;			/* of these, tasks that were killed */
	u32 verdicts;			/* verdict records seen; the first is kept */
	u32 open;			/* candidate records without a verdict */
	u32 ntop;
	u32 nexempt;
	u32 nremains;
	u32 waits;			/* tasks that wait or have waited */
	u32 zones;			/* zone records seen that the request may use */
	u32 zones_out;			/* those of them not above min */
	u32 exempt_count[OOMTRACE_REASONS];
	const struct oomtrace_stack *stack;
	const char *time;		/* time of day of the begin, or NULL */
	struct oomtrace_oom_begin begin;
	struct oomtrace_verdict verdict;
	struct oomtrace_oom_end end;
	struct oomtrace_retry retry[OOMTRACE_RETRIES];
	struct oomtrace_zonelist zonelist;
	struct oomtrace_memory memory;
	struct oomtrace_memcg memcg;
	struct oomtrace_psi psi[OOMTRACE_RESOURCES]; /* of the cgroup, if any */
	struct oomtrace_zone zone[OOMTRACE_STORY_ZONES];
	struct oomtrace_exempt exempt_most;	/* the largest exempt task */
	struct oomtrace_candidate process;	/* of the thread that asked */
	struct oomtrace_candidate leader;	/* last leading one: the chosen */
	struct oomtrace_candidate aborter;	/* dying task that ended the scan */
	struct oomtrace_candidate top[OOMTRACE_STORY_TOP];
	struct oomtrace_story_exempt exempt[OOMTRACE_STORY_EXEMPT];
	struct oomtrace_victim victim[OOMTRACE_STORY_VICTIMS];
	struct oomtrace_story_reap reap[OOMTRACE_STORY_VICTIMS];
	struct oomtrace_story_remains remains[OOMTRACE_STORY_REMAINS];
	struct oomtrace_wait wait[OOMTRACE_STORY_WAITS];
};

/**
 * oomtrace_story_init() - start without records
 * @s: the story; needs no other set-up and no tear-down.
 * @episode: number of the episode to explain; 0: the newest one fed.
 * @page_size: bytes of a page.
 */
void oomtrace_story_init(struct oomtrace_story *s, u64 episode,
			 unsigned int page_size);

/**
 * oomtrace_story_feed() - add a record
 * @s: the story.
 * @rec: any record; records of other episodes and without an episode are
 *	ignored. If the newest episode is to be explained, a record with a higher
 *	number restarts the story.
 */
void oomtrace_story_feed(struct oomtrace_story *s,
			 const struct oomtrace_header *rec);

/**
 * oomtrace_story_found() - number of the episode that was found
 * @s: the story.
 *
 * Return: the episode's number, or 0 if no record of it was fed.
 */
u64 oomtrace_story_found(const struct oomtrace_story *s);

/**
 * oomtrace_story_stack() - number of the stack that the explanation needs
 * @s: the story.
 *
 * Return: the number of the stack record, or 0 if none is known.
 */
u32 oomtrace_story_stack(const struct oomtrace_story *s);

/**
 * oomtrace_story_use_stack() - explain what called the OOM killer as well
 * @s: the story, fed with all records.
 * @stack: the stack record with that number; must stay until the text is written.
 */
void oomtrace_story_use_stack(struct oomtrace_story *s,
			      const struct oomtrace_stack *stack);

/**
 * oomtrace_story_killed_before() - number of the last episode that killed a task
 * @s: the story of the newest episode, fed with all records.
 *
 * Return: the number, or 0 if the newest episode did or no older one is recorded.
 */
u64 oomtrace_story_killed_before(const struct oomtrace_story *s);

/**
 * oomtrace_story_use_later() - name the episodes that followed without a kill
 * @s: the story.
 * @newest: the last of them; ignored if it is not newer than this one.
 */
void oomtrace_story_use_later(struct oomtrace_story *s, u64 newest);

/**
 * oomtrace_story_begin_ns() - when the episode began
 * @s: the story.
 *
 * Return: CLOCK_MONOTONIC in nanoseconds, or 0 if its begin record is missing.
 */
u64 oomtrace_story_begin_ns(const struct oomtrace_story *s);

/**
 * oomtrace_story_use_time() - write the time of day in the title
 * @s: the story.
 * @time: CLOCK_REALTIME of the begin as text, with zone; must stay until the text
 *	is written.
 */
void oomtrace_story_use_time(struct oomtrace_story *s, const char *time);

/** story_zone_margin() - pages free in a zone above those that it keeps */
s64 story_zone_margin(const struct oomtrace_zone *zone);

/** story_is_unmarked() - was it killed with a victim only, so that it has no reap record? */
bool story_is_unmarked(const struct oomtrace_victim *v);

/**
 * oomtrace_story_print() - write the explanation
 * @s: the story; unchanged, so it can be fed and written again.
 * @out: destination. Its vprint is called many times, mostly for part of a line.
 */
void oomtrace_story_print(const struct oomtrace_story *s,
			  const struct oomtrace_out *out);

#endif /* OOMTRACE_STORY_H */
