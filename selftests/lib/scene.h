/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A scene: an OOM that was provoked once, with all that the module and the
 * kernel's log said of it, kept in memory that the tests share. scene.c has it.
 *
 * An OOM takes seconds and the kernel limits the rate of its reports, so many
 * tests look at one.
 */
#ifndef SELFTESTS_SCENE_H
#define SELFTESTS_SCENE_H

#include "lib.h"
#include "oom.h"

#define SCENE_RECORDS	12000
#define SCENE_LOG	(1 << 18)

struct scene {
	int played;		/* 1: yes; -1: it was begun and broke off */
	int fd;
	int kmsg;
	pid_t big, small, shm, exempt;
	int status;		/* of the one that was waited for */
	struct memcg cg;
	char cg_dir[128];	/* where it was: it is gone by now */
	long oom_kills;		/* of memory.events, for a memcg's */
	long oom_group_kills;
	long ooms;
	struct records recs;	/* they lie in here: not to be freed */
	union record record[SCENE_RECORDS];
	char log[SCENE_LOG];
};

/* Before the tests, from a constructor. */
struct scene *scene_new(void);
/* Play it, unless that was done. */
void scene_play(struct scene *s, void (*play)(struct scene *s));
/* From the player: load the module and start to listen; stop and keep it. */
void scene_start(struct scene *s, const char *params);
void scene_end(struct scene *s);

/* The records of the episode whose verdict is about a process. */
bool scene_find(const struct scene *s, pid_t tgid,
		const struct oomtrace_oom_begin **begin,
		const struct oomtrace_verdict **verdict,
		const struct oomtrace_victim **victim,
		const struct oomtrace_oom_end **end);
const struct oomtrace_candidate *
scene_candidate(const struct scene *s, unsigned long long episode, pid_t tgid);
/*
 * Start the scene and a second hog, with @options, that grows until it is killed
 * or stopped. Call this when @holder, the first one, was started.
 */
void scene_start_pair(struct scene *s, struct hog *holder, struct hog *grower,
		      const char *options);

/* The kernel's report of a kill, and its line about it. */
bool scene_report(const struct scene *s, pid_t pid, struct report *rep);
const struct report_kill *scene_kill(const struct report *rep, pid_t pid);

#endif /* SELFTESTS_SCENE_H */
