// SPDX-License-Identifier: GPL-2.0
/*
 * Paths of the cgroups in an episode's records, which have the cgroup ids only.
 *
 * The sets of sigkill records belong to no episode: their cgroup records go to the ring
 * where those records are.
 *
 * Looking up a path takes locks that a handler must not wait for. So handlers
 * collect references to the cgroups of an episode: those of the task that
 * allocates, of the victims and of the candidates, and the one that is out of
 * memory. When the episode is over, a worker writes name records for each cgroup
 * and drops the references.
 *
 *   FREE ──get──> FILLING ──submit──> READY ──worker──> FREE
 *         (handler)         (handler)        (process context)
 *
 * A set of references belongs to the handlers or to the worker, depending on its
 * state, so it needs no lock. There are few sets of fixed size. A cgroup that
 * does not fit is counted, and its path is not recorded. A reference keeps the
 * name of a removed cgroup, but does not prevent the removal.
 */
#include <linux/memcontrol.h>

#include "later.h"
#include "oom/cgroup_paths.h"
#include "oom/episode.h"
#include "ring/ring.h"
#include "stats.h"

/* Sets: episodes that are under way or wait for the worker, at most; and one more. */
#define SETS		9
/* Cgroups in a set, at most; candidates may use FOR_CANDIDATES of them. */
#define CGROUPS		64
#define FOR_CANDIDATES	48
/* Bytes of a path that are recorded, at most: they fit in four records. */
#define MAX_LENGTH	1023

enum { FREE, FILLING, READY };

/**
 * struct oomtrace_paths - the cgroups of one episode
 * @state: FREE, FILLING by an episode's handlers, or READY for the worker.
 * @n: entries of @css in use.
 * @episode: number of the episode; 0 if the set belongs to none.
 * @unnamed: times that there was no room for a cgroup.
 * @css: references to the cgroups' memory controller states.
 */
struct oomtrace_paths {
	atomic_t state;
	unsigned int n;
	u64 episode;
	unsigned int unnamed;
	struct cgroup_subsys_state *css[CGROUPS];
};

static struct oomtrace_paths sets[SETS];

/* ---- for handlers ---- */

/**
 * oomtrace_paths_get() - get an empty set for an episode
 * @episode: number of the episode; 0 for none.
 *
 * Return: the set, which the caller must submit, or NULL if no set is free.
 */
struct oomtrace_paths *oomtrace_paths_get(u64 episode)
{
	int i;

	for (i = 0; i < SETS; i++) {
		struct oomtrace_paths *paths = &sets[i];

		/* Acquire: the worker is done. Pairs with release_path_set(). */
		if (atomic_cmpxchg_acquire(&paths->state, FREE, FILLING) != FREE)
			continue;
		paths->episode = episode;
		paths->n = 0;
		paths->unnamed = 0;
		return paths;
	}
	oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_PATH, 1);
	return NULL;
}

static bool has_css(const struct oomtrace_paths *paths,
		    const struct cgroup_subsys_state *css)
{
	unsigned int i;

	for (i = 0; i < paths->n; i++)
		if (paths->css[i] == css)
			return true;
	return false;
}

/**
 * oomtrace_paths_has_room() - ask whether a candidate's cgroup finds room
 * @paths: the set.
 */
bool oomtrace_paths_has_room(const struct oomtrace_paths *paths)
{
	return paths->n < FOR_CANDIDATES;
}

/**
 * oomtrace_paths_css() - get a cgroup of a set
 * @paths: the set, or NULL.
 * @i: its place, from 0 on.
 *
 * Return: the cgroup; NULL if the set has no more.
 */
const struct cgroup_subsys_state *
oomtrace_paths_css(const struct oomtrace_paths *paths, unsigned int i)
{
	return paths && i < paths->n ? paths->css[i] : NULL;
}

/**
 * oomtrace_paths_count_unnamed() - count cgroups that are not in a set
 * @paths: the set, or NULL.
 * @n: how many.
 */
void oomtrace_paths_count_unnamed(struct oomtrace_paths *paths, unsigned int n)
{
	if (paths)
		paths->unnamed += n;
}

/**
 * oomtrace_paths_add_new() - add a candidate's cgroup that is not in a set
 * @paths: the set.
 * @css: the cgroup's state of any controller; RCU is held, or preemption is off.
 *
 * Return: false if there is no room or the cgroup is gone; it is not counted then.
 */
bool oomtrace_paths_add_new(struct oomtrace_paths *paths,
			    struct cgroup_subsys_state *css)
{
	if (!oomtrace_paths_has_room(paths) || !css_tryget(css))
		return false;
	paths->css[paths->n++] = css;
	return true;
}

/**
 * oomtrace_paths_add() - add a cgroup to a set
 * @paths: the set, or NULL.
 * @css: the cgroup's state of any controller; RCU is held, or preemption is off,
 *	or the caller has a reference.
 * @candidate: the cgroup is a candidate's, so it may not use the reserved room.
 *
 * Return: true if the set includes the cgroup.
 */
bool oomtrace_paths_add(struct oomtrace_paths *paths,
			struct cgroup_subsys_state *css, bool candidate)
{
	if (!paths)
		return false;
	if (has_css(paths, css))
		return true;
	if (paths->n >= (candidate ? FOR_CANDIDATES : CGROUPS) ||
	    !css_tryget(css)) {
		paths->unnamed++;
		return false;
	}
	paths->css[paths->n++] = css;
	return true;
}

/**
 * oomtrace_paths_add_task() - add a task's cgroup to a set
 * @paths: the set, or NULL.
 * @task: the task; RCU is held, or preemption is off, or it is current.
 * @candidate: see oomtrace_paths_add().
 */
void oomtrace_paths_add_task(struct oomtrace_paths *paths,
			     struct task_struct *task, bool candidate)
{
	/* true: preemption is off, which RCU's debug check does not accept. */
	oomtrace_paths_add(paths, task_css_check(task, memory_cgrp_id, true),
			   candidate);
}

static struct oomtrace_later paths_work;

/**
 * oomtrace_paths_submit() - pass the set of a finished episode to the worker
 * @paths: the set, or NULL.
 */
void oomtrace_paths_submit(struct oomtrace_paths *paths)
{
	if (!paths)
		return;
	if (paths->unnamed)
		oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_PATH,
					  paths->unnamed);
	/* Release: the set is complete. Pairs with find_ready_set(). */
	atomic_set_release(&paths->state, READY);
	oomtrace_later_ask(&paths_work);
}

/* ---- the worker ---- */

/*
 * Only the one worker uses this. It is one byte larger than what is recorded:
 * some kernels do not report that they truncate a path, but all then fill the
 * buffer.
 */
static char path[MAX_LENGTH + 2];

static bool was_removed(const struct cgroup *cgrp)
{
	return !(READ_ONCE(cgrp->self.flags) & CSS_ONLINE);
}

static void record_path_part(u64 episode, struct cgroup *cgrp, int length,
			     int offset, bool truncated)
{
	struct oomtrace_name rec = {
		OOMTRACE_RECORD(NAME, name),
		.episode = episode,
		.cgroup_id = cgroup_id(cgrp),
		.length = length,
		.offset = offset,
		.removed = was_removed(cgrp),
		.truncated = truncated,
	};

	if (!length)
		rec.h.valid &= ~(OOMTRACE_BIT(name, length) |
				 OOMTRACE_BIT(name, offset) |
				 OOMTRACE_BIT(name, truncated) |
				 OOMTRACE_BIT(name, path));
	memcpy(rec.path, path + offset,
	       min_t(size_t, length - offset, sizeof(rec.path)));
	oomtrace_oom_write(&rec.h);
}

/* The same for a sigkill record, in the ring where that is. */
static void record_short_part(struct cgroup *cgrp, int length, int offset, bool truncated)
{
	struct oomtrace_cgroup rec = {
		OOMTRACE_RECORD(CGROUP, cgroup),
		.cgroup_id = cgroup_id(cgrp),
		.length = length,
		.offset = offset,
		.removed = was_removed(cgrp),
		.truncated = truncated,
	};

	/* That ring's slots have the size of a commit record. */
	BUILD_BUG_ON(sizeof(rec) > sizeof(struct oomtrace_commit));
	if (!length)
		rec.h.valid &= ~(OOMTRACE_BIT(cgroup, length) |
				 OOMTRACE_BIT(cgroup, offset) |
				 OOMTRACE_BIT(cgroup, truncated) |
				 OOMTRACE_BIT(cgroup, path));
	memcpy(rec.path, path + offset,
	       min_t(size_t, length - offset, sizeof(rec.path)));
	oomtrace_ring_write(&oomtrace_rings[OOMTRACE_RING_COMMIT], &rec, OOMTRACE_CGROUP,
			    sizeof(rec));
}

static void record_path(u64 episode, struct cgroup *cgrp)
{
	int ret, length, offset = 0;
	bool truncated;

	path[0] = '\0';
	ret = cgroup_path(cgrp, path, sizeof(path));
	length = strnlen(path, sizeof(path) - 1);
	if (ret < 0 && ret != -E2BIG)
		length = 0;
	truncated = length > MAX_LENGTH;
	length = min(length, MAX_LENGTH);
	/* Preemption off: all parts go to one CPU's ring, next to each other. */
	preempt_disable();
	do {
		if (episode) {
			record_path_part(episode, cgrp, length, offset, truncated);
			offset += OOMTRACE_NAME_PATH;
		} else {
			record_short_part(cgrp, length, offset, truncated);
			offset += OOMTRACE_CGROUP_PATH;
		}
	} while (offset < length);
	preempt_enable();
}

/* Drop a set's references; the caller owns the set. */
static void release_path_set(struct oomtrace_paths *paths)
{
	unsigned int i;

	for (i = 0; i < paths->n; i++)
		css_put(paths->css[i]);
	paths->n = 0;
	/* Release: the set is empty. Pairs with oomtrace_paths_get(). */
	atomic_set_release(&paths->state, FREE);
}

/* Find the ready set of the earliest episode. */
static struct oomtrace_paths *find_ready_set(void)
{
	struct oomtrace_paths *first = NULL;
	int i;

	for (i = 0; i < SETS; i++)
		/* Acquire: pairs with oomtrace_paths_submit(). */
		if (atomic_read_acquire(&sets[i].state) == READY &&
		    (!first || sets[i].episode < first->episode))
			first = &sets[i];
	return first;
}

static void write_paths(struct work_struct *unused)
{
	struct oomtrace_paths *paths;
	unsigned int i;

	while ((paths = find_ready_set())) {
		for (i = 0; i < paths->n; i++)
			record_path(paths->episode, paths->css[i]->cgroup);
		release_path_set(paths);
		cond_resched();
	}
}

/**
 * oomtrace_paths_init() - prepare the worker, before the first handler runs
 */
void oomtrace_paths_init(void)
{
	oomtrace_later_init(&paths_work, write_paths, 0);
}

/**
 * oomtrace_paths_exit() - write the sets that are ready, and free the others
 *
 * Call it after the last handler has run, and before the rings are freed.
 */
void oomtrace_paths_exit(void)
{
	int i;

	oomtrace_later_flush(&paths_work);
	for (i = 0; i < SETS; i++)
		release_path_set(&sets[i]);
}
