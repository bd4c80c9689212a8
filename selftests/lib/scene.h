/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A scene: one provoked OOM with all its records and the kernel's log, in
 * memory that the tests share.
 *
 * An OOM takes seconds and the kernel limits the rate of its reports, so many
 * tests examine the same one.
 */
#ifndef SELFTESTS_SCENE_H
#define SELFTESTS_SCENE_H

#include "lib.h"
#include "oom.h"

#define SCENE_RECORDS	12000
#define SCENE_LOG	(1 << 18)

struct scene {
	int played;		/* 1: yes; -1: playing it failed */
	int fd;
	int kmsg;
	pid_t big, small, shm, exempt;
	int status;		/* of the process that was waited for */
	struct memcg cg;
	char cg_dir[128];	/* path, since the cgroup is gone */
	long oom_kills;		/* of memory.events, for a memcg OOM */
	long oom_group_kills;
	long ooms;
	struct records recs;	/* points into @record: do not free */
	union record record[SCENE_RECORDS];
	char log[SCENE_LOG];
};

/* Call this from a constructor, before the tests. */
struct scene *scene_new(void);
/* Play the scene unless that was done. */
void scene_play(struct scene *s, void (*play)(struct scene *s));
/*
 * For the player: load the module and start to listen; stop and keep the
 * result.
 */
void scene_start(struct scene *s, const char *params);
void scene_end(struct scene *s);

/* The records of the episode whose verdict names a process. */
bool scene_find(const struct scene *s, pid_t tgid,
		const struct oomtrace_oom_begin **begin,
		const struct oomtrace_verdict **verdict,
		const struct oomtrace_victim **victim,
		const struct oomtrace_oom_end **end);
const struct oomtrace_candidate *
scene_candidate(const struct scene *s, unsigned long long episode, pid_t tgid);
/* The next episode from the record *at on with this ending, and its begin record. */
const struct oomtrace_oom_end *
scene_next_ending(const struct scene *s, size_t *at, unsigned int how,
		  const struct oomtrace_oom_begin **begin);
/* The records of one type in an episode. */
size_t scene_count(const struct scene *s, unsigned int type, unsigned long long episode);
/*
 * Start the scene, and a second hog with @options that grows. @holder is a hog
 * that was started before.
 */
void scene_start_pair(struct scene *s, struct hog *holder, struct hog *grower,
		      const char *options);

/* The kernel's report of a kill, and its line about that process. */
bool scene_report(const struct scene *s, pid_t pid, struct report *rep);
const struct report_kill *scene_kill(const struct report *rep, pid_t pid);

/* The record of that step of a victim, or NULL. */
const struct oomtrace_reap *scene_find_reap(const struct scene *s, pid_t pid,
					    unsigned int step);

#endif /* SELFTESTS_SCENE_H */
