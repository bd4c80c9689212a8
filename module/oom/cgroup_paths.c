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
#include <linux/irq_work.h>
#include <linux/memcontrol.h>
#include <linux/workqueue.h>

#include "oom/episode.h"
#include "oom/cgroup_paths.h"
#include "task.h"

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
 * struct oomtrace_names - the cgroups of one episode
 * @state: FREE, FILLING by an episode's handlers, READY for the worker.
 * @n: entries of @css.
 * @episode: which episode's.
 * @css: references on memory controllers' states.
 * @known: a state that @css has is mostly here, where its hash says.
 */
struct oomtrace_names {
	atomic_t state;
	unsigned int n;
	u64 episode;
	struct cgroup_subsys_state *css[CGROUPS];
	struct cgroup_subsys_state *known[1 << KNOWN_SHIFT];
};

static struct oomtrace_names sets[SETS];
static atomic64_t dropped;

/* ---- for handlers ---- */

/**
 * oomtrace_names_dropped() - cgroups that will not get a name
 *
 * Return: the count since load; an episode without a set counts as one.
 */
u64 oomtrace_names_dropped(void)
{
	return atomic64_read(&dropped);
}

/**
 * oomtrace_names_get() - an empty set for an episode
 * @episode: the episode.
 *
 * Return: the set, which the caller must submit; NULL if all are in use.
 */
struct oomtrace_names *oomtrace_names_get(u64 episode)
{
	int i;

	for (i = 0; i < SETS; i++) {
		struct oomtrace_names *names = &sets[i];

		/* Acquire: the worker is done with it, see release_set(). */
		if (atomic_cmpxchg_acquire(&names->state, FREE, FILLING) != FREE)
			continue;
		names->episode = episode;
		names->n = 0;
		memset(names->known, 0, sizeof(names->known));
		return names;
	}
	atomic64_inc(&dropped);
	return NULL;
}

static bool has(const struct oomtrace_names *names,
		const struct cgroup_subsys_state *css)
{
	unsigned int i;

	for (i = 0; i < names->n; i++)
		if (names->css[i] == css)
			return true;
	return false;
}

/**
 * oomtrace_names_add() - a cgroup that the episode's records name
 * @names: the set, or NULL.
 * @css: the cgroup's state of any controller; RCU is held, or preemption is off,
 *	or the caller has a reference.
 * @candidate: it is a candidate's only; some room is left to the others.
 *
 * Return: true if the set has it.
 */
bool oomtrace_names_add(struct oomtrace_names *names,
			struct cgroup_subsys_state *css, bool candidate)
{
	struct cgroup_subsys_state **known;

	if (!names)
		return false;
	known = &names->known[hash_ptr(css, KNOWN_SHIFT)];
	if (*known == css)
		return true;
	if (!has(names, css)) {
		if (names->n == (candidate ? FOR_CANDIDATES : CGROUPS) ||
		    (candidate && names->n > FOR_CANDIDATES) ||
		    !css_tryget(css)) {
			atomic64_inc(&dropped);
			return false;
		}
		names->css[names->n++] = css;
	}
	*known = css;
	return true;
}

/**
 * oomtrace_names_add_task() - a task that the episode's records name
 * @names: the set, or NULL.
 * @task: the task; RCU is held, or preemption is off, or it is current.
 * @candidate: see oomtrace_names_add().
 */
void oomtrace_names_add_task(struct oomtrace_names *names,
			     struct task_struct *task, bool candidate)
{
	/* true: RCU cannot see that preemption is off, which is enough. */
	oomtrace_names_add(names, task_css_check(task, memory_cgrp_id, true),
			   candidate);
}

static struct irq_work kick;

/**
 * oomtrace_names_submit() - the episode is over: let the worker have the set
 * @names: the set, or NULL.
 */
void oomtrace_names_submit(struct oomtrace_names *names)
{
	if (!names)
		return;
	/* Release: all of the set before it is ready. Pairs with next_ready(). */
	atomic_set_release(&names->state, READY);
	irq_work_queue(&kick);
}

/* ---- the worker ---- */

/*
 * Only the worker uses it, and there is one. Room for one byte more than is
 * told: not all kernels say that they cut a path, but all fill the buffer then.
 */
static char path[MAX_LENGTH + 2];

static void record_part(u64 episode, struct cgroup *cgrp, int length,
			int offset, bool truncated)
{
	struct oomtrace_name *rec;
	unsigned long flags;

	rec = oomtrace_oom_reserve(OOMTRACE_NAME, sizeof(*rec), &flags);
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_ALL(name);
	if (!length)
		rec->h.valid &= ~(OOMTRACE_BIT(name, length) |
				  OOMTRACE_BIT(name, offset) |
				  OOMTRACE_BIT(name, truncated) |
				  OOMTRACE_BIT(name, path));
	rec->h.derived = 0;
	rec->episode = episode;
	rec->cgroup_id = cgroup_id(cgrp);
	rec->length = length;
	rec->offset = offset;
	rec->removed = !(READ_ONCE(cgrp->self.flags) & CSS_ONLINE);
	rec->truncated = truncated;
	memset(rec->reserved, 0, sizeof(rec->reserved));
	memset(rec->path, 0, sizeof(rec->path));
	memcpy(rec->path, path + offset,
	       min_t(size_t, length - offset, sizeof(rec->path)));
	oomtrace_oom_publish(rec, flags);
}

static void record_name(u64 episode, struct cgroup *cgrp)
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
		record_part(episode, cgrp, length, offset, truncated);
		offset += sizeof_field(struct oomtrace_name, path);
	} while (offset < length);
	preempt_enable();
}

/* Let go of a set's references; nobody else has it. */
static void release_set(struct oomtrace_names *names)
{
	unsigned int i;

	for (i = 0; i < names->n; i++)
		css_put(names->css[i]);
	names->n = 0;
	/* Release: pairs with oomtrace_names_get(). */
	atomic_set_release(&names->state, FREE);
}

/* Of the sets that are ready, the one of the earliest episode. */
static struct oomtrace_names *next_ready(void)
{
	struct oomtrace_names *first = NULL;
	int i;

	for (i = 0; i < SETS; i++)
		/* Acquire: pairs with oomtrace_names_submit(). */
		if (atomic_read_acquire(&sets[i].state) == READY &&
		    (!first || sets[i].episode < first->episode))
			first = &sets[i];
	return first;
}

static void write_names(struct work_struct *unused)
{
	struct oomtrace_names *names;
	unsigned int i;

	while ((names = next_ready())) {
		for (i = 0; i < names->n; i++)
			record_name(names->episode, names->css[i]->cgroup);
		release_set(names);
		cond_resched();
	}
}

static DECLARE_WORK(work, write_names);

/* Handlers may not queue work: that takes locks. An interrupt may. */
static void queue_work_soon(struct irq_work *unused)
{
	schedule_work(&work);
}

/**
 * oomtrace_names_init() - before the first handler runs
 */
void oomtrace_names_init(void)
{
	init_irq_work(&kick, queue_work_soon);
}

/**
 * oomtrace_names_exit() - write what is ready, let go of the rest
 *
 * To be called when no handler is left, and while the rings are there.
 */
void oomtrace_names_exit(void)
{
	int i;

	irq_work_sync(&kick);
	flush_work(&work);
	for (i = 0; i < SETS; i++)
		release_set(&sets[i]);
}
