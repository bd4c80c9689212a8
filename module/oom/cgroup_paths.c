// SPDX-License-Identifier: GPL-2.0
/*
 * Names: the paths of the cgroups that an episode's records name by number.
 *
 * A handler may not look a path up: that takes locks which it must not wait for.
 * So handlers collect references on the cgroups of an episode (who asked, who is
 * out of memory, victims, candidates), and when the episode is over a worker
 * writes a name record for each and lets go of them.
 *
 *   FREE ──get──> FILLING ──submit──> READY ──worker──> FREE
 *         (handler)         (handler)        (process context)
 *
 * A set of references belongs to whoever moved it to its state, so nothing is
 * locked. There are few sets, of fixed size: what finds no room is counted, and
 * its records keep the number only. A reference keeps a removed cgroup's name
 * for the moment that this takes, not the cgroup itself: it can be removed.
 */
#include <linux/hash.h>
#include <linux/memcontrol.h>

#include "later.h"
#include "oom/cgroup_paths.h"
#include "oom/episode.h"
#include "stats.h"

/* Episodes that can wait for the worker at once. */
#define SETS		8
/* Cgroups of one episode; the last ones are kept for others than candidates. */
#define CGROUPS		64
#define FOR_CANDIDATES	48
/* Longer paths are cut: what four records hold, less one byte. */
#define MAX_LENGTH	1023
/* Entries of a set's table of cgroups that it surely has, as a power of two. */
#define KNOWN_SHIFT	7

enum { FREE, FILLING, READY };

/**
 * struct oomtrace_paths - the cgroups of one episode
 * @state: FREE, FILLING by an episode's handlers, READY for the worker.
 * @n: entries of @css.
 * @episode: which episode's.
 * @css: references on memory controllers' states.
 * @known: a state that @css has is mostly here, where its hash says.
 */
struct oomtrace_paths {
	atomic_t state;
	unsigned int n;
	u64 episode;
	struct cgroup_subsys_state *css[CGROUPS];
	struct cgroup_subsys_state *known[1 << KNOWN_SHIFT];
};

static struct oomtrace_paths sets[SETS];

/* ---- for handlers ---- */

/**
 * oomtrace_paths_get() - an empty set for an episode
 * @episode: the episode.
 *
 * Return: the set, which the caller must submit; NULL if all are in use.
 */
struct oomtrace_paths *oomtrace_paths_get(u64 episode)
{
	int i;

	for (i = 0; i < SETS; i++) {
		struct oomtrace_paths *paths = &sets[i];

		/* Acquire: the worker is done with it, see release_set(). */
		if (atomic_cmpxchg_acquire(&paths->state, FREE, FILLING) != FREE)
			continue;
		paths->episode = episode;
		paths->n = 0;
		memset(paths->known, 0, sizeof(paths->known));
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
 * oomtrace_paths_add() - a cgroup that the episode's records name
 * @paths: the set, or NULL.
 * @css: the cgroup's state of any controller; RCU is held, or preemption is off,
 *	or the caller has a reference.
 * @candidate: it is a candidate's only; some room is left to the others.
 *
 * Return: true if the set has it.
 */
bool oomtrace_paths_add(struct oomtrace_paths *paths,
			struct cgroup_subsys_state *css, bool candidate)
{
	struct cgroup_subsys_state **known;

	if (!paths)
		return false;
	known = &paths->known[hash_ptr(css, KNOWN_SHIFT)];
	if (*known == css)
		return true;
	if (!has_css(paths, css)) {
		if (paths->n == (candidate ? FOR_CANDIDATES : CGROUPS) ||
		    (candidate && paths->n > FOR_CANDIDATES) ||
		    !css_tryget(css)) {
			oomtrace_stats_unrecorded(OOMTRACE_UNRECORDED_PATH, 1);
			return false;
		}
		paths->css[paths->n++] = css;
	}
	*known = css;
	return true;
}

/**
 * oomtrace_paths_add_task() - a task that the episode's records name
 * @paths: the set, or NULL.
 * @task: the task; RCU is held, or preemption is off, or it is current.
 * @candidate: see oomtrace_paths_add().
 */
void oomtrace_paths_add_task(struct oomtrace_paths *paths,
			     struct task_struct *task, bool candidate)
{
	/* true: RCU cannot see that preemption is off, which is enough. */
	oomtrace_paths_add(paths, task_css_check(task, memory_cgrp_id, true),
			   candidate);
}

static struct oomtrace_later writing;

/**
 * oomtrace_paths_submit() - the episode is over: let the worker have the set
 * @paths: the set, or NULL.
 */
void oomtrace_paths_submit(struct oomtrace_paths *paths)
{
	if (!paths)
		return;
	/* Release: all of the set before it is ready. Pairs with next_ready(). */
	atomic_set_release(&paths->state, READY);
	oomtrace_later_ask(&writing);
}

/* ---- the worker ---- */

/*
 * Only the worker uses it, and there is one. Room for one byte more than is
 * told: not all kernels say that they cut a path, but all fill the buffer then.
 */
static char path[MAX_LENGTH + 2];

static void record_path_part(u64 episode, struct cgroup *cgrp, int length,
			     int offset, bool truncated)
{
	struct oomtrace_name rec = {
		OOMTRACE_RECORD(NAME, name),
		.episode = episode,
		.cgroup_id = cgroup_id(cgrp),
		.length = length,
		.offset = offset,
		.removed = !(READ_ONCE(cgrp->self.flags) & CSS_ONLINE),
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
	/* One after the other on one CPU: nothing comes in between there. */
	preempt_disable();
	do {
		record_path_part(episode, cgrp, length, offset, truncated);
		offset += sizeof_field(struct oomtrace_name, path);
	} while (offset < length);
	preempt_enable();
}

/* Let go of a set's references; nobody else has it. */
static void release_set(struct oomtrace_paths *paths)
{
	unsigned int i;

	for (i = 0; i < paths->n; i++)
		css_put(paths->css[i]);
	paths->n = 0;
	/* Release: pairs with oomtrace_paths_get(). */
	atomic_set_release(&paths->state, FREE);
}

/* Of the sets that are ready, the one of the earliest episode. */
static struct oomtrace_paths *next_ready(void)
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

	while ((paths = next_ready())) {
		for (i = 0; i < paths->n; i++)
			record_path(paths->episode, paths->css[i]->cgroup);
		release_set(paths);
		cond_resched();
	}
}

/**
 * oomtrace_paths_init() - before the first handler runs
 */
void oomtrace_paths_init(void)
{
	oomtrace_later_init(&writing, write_paths, 0);
}

/**
 * oomtrace_paths_exit() - write what is ready, let go of the rest
 *
 * To be called when no handler is left, and while the rings are there.
 */
void oomtrace_paths_exit(void)
{
	int i;

	oomtrace_later_flush(&writing);
	for (i = 0; i < SETS; i++)
		release_set(&sets[i]);
}
