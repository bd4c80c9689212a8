// SPDX-License-Identifier: GPL-2.0
/*
 * Reads records from everywhere, merges those of the same load of the module, and
 * lists the episodes.
 */
#include <dirent.h>
#include <errno.h>
#include <liboomtrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../common/format.h"
#include "clock.h"
#include "savefile_read.h"
#include "store.h"
#include "when.h"

#define ENDING		".oom"
#define QUIET_ENDING	".quiet.oom"

/* Clocks of two files of one boot differ by no more, unless they were set. */
#define SAME_CLOCK_NS	(10 * NS_PER_S)
/* An id's time stamp has seconds, and clocks are adjusted. */
#define STAMP_NS	(3 * NS_PER_S)

/* Enough to list episodes: what happened, to which task, and where. */
#define LIGHT	(RECORDS_TYPE(OOMTRACE_OOM_BEGIN) | RECORDS_TYPE(OOMTRACE_VERDICT) | \
		 RECORDS_TYPE(OOMTRACE_VICTIM) | RECORDS_TYPE(OOMTRACE_OOM_END) | \
		 RECORDS_TYPE(OOMTRACE_REPEAT) | RECORDS_TYPE(OOMTRACE_NAME) | \
		 RECORDS_TYPE(OOMTRACE_COMMIT) | RECORDS_TYPE(OOMTRACE_STACK) | \
		 RECORDS_TYPE(OOMTRACE_MARK))

/* One file or device. @light: it is one of many, so it was read in part. */
struct store_source {
	char *path;
	bool light;
	unsigned long types;
	size_t load;
};

/* ---- reading one source ---- */

/* Read records of some types, and of one episode only unless @number is 0. */
static int read_source(struct records *recs, struct oomtrace *ot,
		       unsigned long types, unsigned long long number)
{
	const struct oomtrace_header *rec;
	unsigned long long episode;
	int ret;

	recs->facts_known = saved_facts(ot, &recs->facts);
	while ((ret = oomtrace_next(ot, &rec)) > 0) {
		if (rec->type >= 64 || !(types >> rec->type & 1))
			continue;
		episode = number ? records_episode(rec) : 0;
		if (number && episode != number)
			continue;
		records_add(recs, rec);
	}
	return ret;
}

/* ---- merging ---- */

static unsigned int ring_of(const struct oomtrace_header *rec)
{
	return rec->flags & OOMTRACE_FLAG_RING;
}

/* A record with its clock, for sorting. */
struct kept {
	struct oomtrace_header *rec;
	long long wall;
	bool device;
	size_t at;
};

static int order(unsigned long long x, unsigned long long y)
{
	return x < y ? -1 : x > y;
}

/* Order by time. What one CPU wrote at one time is in the order of writing. */
static int compare_records(const struct oomtrace_header *x,
			   const struct oomtrace_header *y)
{
	/* A stack has the number of the record that refers to it, and precedes it. */
	bool x_last = x->type != OOMTRACE_STACK, y_last = y->type != OOMTRACE_STACK;

	return order(x->ts_ns, y->ts_ns) ?: order(x->cpu, y->cpu) ?:
	       order(ring_of(x), ring_of(y)) ?: order(x->seq, y->seq) ?:
	       order(x_last, y_last) ?: order(x->type, y->type);
}

static int compare_kept(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	/*
	 * Of doubles the first one stays: one with a clock, and rather a file's,
	 * which knows the clock of that time.
	 */
	return compare_records(x->rec, y->rec) ?: order(!x->wall, !y->wall) ?:
	       order(x->device, y->device) ?: order(x->at, y->at);
}

/* Each reader is told of its own losses, which other sources may have. */
static bool is_of_reader(const struct oomtrace_header *rec)
{
	return rec->type == OOMTRACE_LOST;
}

/* Two copies of one record, from two sources. */
static bool is_double(const struct oomtrace_header *x,
		      const struct oomtrace_header *y)
{
	return !compare_records(x, y) && x->size == y->size &&
	       !memcmp(x, y, x->size);
}

/* Add the records of a source to a load, and drop doubles. Empties @recs. */
static void merge_records(struct load *l, struct records *recs, bool device)
{
	size_t n = l->recs.n + recs->n, i, kept = 0;
	struct kept *all = xcalloc(n, sizeof(*all));

	for (i = 0; i < n; i++) {
		bool old = i < l->recs.n;

		all[i].rec = old ? l->recs.rec[i] : recs->rec[i - l->recs.n];
		all[i].wall = old ? l->wall[i] : recs->facts.wall_offset_ns;
		all[i].device = old ? l->device[i] : device;
		all[i].at = i;
	}
	/* One source is in order, and has its records once. */
	if (l->recs.n && recs->n)
		qsort(all, n, sizeof(*all), compare_kept);
	free(l->recs.rec);
	free(recs->rec);
	l->recs.rec = xcalloc(n, sizeof(*l->recs.rec));
	l->wall = reallocarray(l->wall, n + 1, sizeof(*l->wall));
	l->device = reallocarray(l->device, n + 1, sizeof(*l->device));
	if (!l->wall || !l->device)
		exit(EXIT_RUNTIME);
	for (i = 0; i < n; i++) {
		if (l->sources && ((kept && is_double(l->recs.rec[kept - 1], all[i].rec)) ||
				   is_of_reader(all[i].rec))) {
			free(all[i].rec);
			continue;
		}
		l->recs.rec[kept] = all[i].rec;
		l->device[kept] = all[i].device;
		l->wall[kept++] = all[i].wall;
	}
	l->recs.n = kept;
	l->recs.room = n;
	if (!l->recs.facts_known || (l->live && !device))
		l->recs.facts = recs->facts;
	l->recs.facts_known |= recs->facts_known;
	free(all);
	recs->rec = NULL;
	recs->n = 0;
}

/* Do two lists of records in order of time have one in common? */
static bool share_record(const struct records *a, const struct records *b)
{
	size_t i = 0, k = 0;
	int which;

	while (i < a->n && k < b->n) {
		which = compare_records(a->rec[i], b->rec[k]);
		if (!is_of_reader(a->rec[i]) &&
		    a->rec[i]->type != OOMTRACE_SAMPLE &&
		    is_double(a->rec[i], b->rec[k]))
			return true;
		if (which <= 0)
			i++;
		else
			k++;
	}
	return false;
}

/*
 * Can @b's first record have followed, or preceded, those of @a? Numbers start
 * again at 1 when the module is loaded again.
 */
static bool are_in_sequence(const struct records *a, const struct records *b)
{
	const struct oomtrace_header *x, *y;
	size_t i, k;

	for (k = 0; k < b->n; k++) {
		y = b->rec[k];
		if (!y->seq || is_of_reader(y))
			continue;
		for (i = 0; i < a->n; i++) {
			x = a->rec[i];
			if (!x->seq || is_of_reader(x) || x->cpu != y->cpu ||
			    ring_of(x) != ring_of(y))
				continue;
			if (order(x->ts_ns, y->ts_ns) != order(x->seq, y->seq))
				return false;
		}
		return true;
	}
	return true;
}

static bool is_same_load(const struct load *l, const struct records *recs)
{
	const struct saved_header *x = &l->recs.facts, *y = &recs->facts;

	if (l->named && *y->boot && y->load)
		return !strcmp(x->boot, y->boot) && x->load == y->load;
	if (share_record(&l->recs, recs))
		return true;
	/* Files of before loads had names: one boot has one clock. */
	return x->wall_offset_ns && y->wall_offset_ns &&
	       !strcmp(x->node, y->node) &&
	       llabs(x->wall_offset_ns - y->wall_offset_ns) < SAME_CLOCK_NS &&
	       are_in_sequence(&l->recs, recs);
}

static size_t find_or_add_load(struct store *st, const struct records *recs)
{
	size_t i;

	for (i = 0; i < st->nload; i++)
		if (is_same_load(&st->load[i], recs))
			return i;
	st->load = reallocarray(st->load, st->nload + 1, sizeof(*st->load));
	if (!st->load)
		exit(EXIT_RUNTIME);
	memset(&st->load[i], 0, sizeof(st->load[i]));
	st->nload++;
	return i;
}

static void add_records(struct store *st, struct records *recs, const char *path,
			bool light, unsigned long types, bool device)
{
	size_t at = find_or_add_load(st, recs);
	struct load *l = &st->load[at];

	l->live |= device;
	merge_records(l, recs, device);
	/* A file of an older version of the same load may have come first, without names. */
	if (!l->named && *recs->facts.boot && recs->facts.load) {
		memcpy(l->recs.facts.boot, recs->facts.boot,
		       sizeof(l->recs.facts.boot));
		l->recs.facts.load = recs->facts.load;
		l->named = true;
	}
	l->sources++;
	st->source = reallocarray(st->source, st->nsource + 1,
				  sizeof(*st->source));
	if (!st->source)
		exit(EXIT_RUNTIME);
	st->source[st->nsource++] = (struct store_source){
		.path = strdup(path), .light = light, .types = types, .load = at,
	};
}

/* ---- the sources ---- */

/* Add a device or file. Returns 0 or a negative errno, which was reported. */
static int add_file(struct store *st, const char *path, unsigned long types)
{
	struct oomtrace *ot = oomtrace_new();
	struct records recs = { 0 };
	int err = ot ? saved_open(ot, path, 0) : -ENOMEM, ret;

	if (err) {
		say_error("%s", saved_error(ot));
		oomtrace_free(ot);
		return err;
	}
	ret = read_source(&recs, ot, types, 0);
	if (ret) {
		say_error("%s", saved_error(ot));
		st->damaged = EXIT_RUNTIME;
	}
	add_records(st, &recs, path, false, types, oomtrace_is_device(ot));
	records_free(&recs);
	oomtrace_free(ot);
	return 0;
}

/*
 * Add one of a directory's files. The newest is being written, and others end
 * early because the machine did, so that is not worth a message.
 */
static void add_file_of_dir(struct store *st, const char *path,
			    unsigned long types)
{
	struct oomtrace *ot = oomtrace_new();
	struct records recs = { 0 };
	bool light = types & ~LIGHT && !(types & STORE_WHOLE);
	int err = ot ? saved_open(ot, path, 0) : -ENOMEM;

	if (!err)
		err = read_source(&recs, ot, light ? types & LIGHT : types, 0);
	if (err && !saved_is_cut())
		say_error("%s", saved_error(ot));
	if (recs.n)
		add_records(st, &recs, path, light, types, false);
	records_free(&recs);
	oomtrace_free(ot);
}

static bool ends_in(const char *name, const char *ending)
{
	size_t len = strlen(name), n = strlen(ending);

	return len > n && !strcmp(name + len - n, ending);
}

static int is_saved_file(const struct dirent *d)
{
	return *d->d_name != '.' && ends_in(d->d_name, ENDING);
}

/* Returns the number of files, or a negative errno. */
static int add_dir(struct store *st, const char *dir, unsigned long types)
{
	struct dirent **list;
	struct stat file;
	char path[4096];
	int n = scandir(dir, &list, is_saved_file, alphasort), i;

	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		/* Files without an OOM have refused requests only. */
		if ((types & RECORDS_TYPE(OOMTRACE_COMMIT) ||
		     !ends_in(path, QUIET_ENDING)) &&
		    !stat(path, &file) && S_ISREG(file.st_mode))
			add_file_of_dir(st, path, types);
		free(list[i]);
	}
	free(list);
	return n;
}

static int add_named(struct store *st, const char *path, unsigned long types)
{
	struct stat file;
	int n;

	if (stat(path, &file) || !S_ISDIR(file.st_mode))
		return add_file(st, path, types);
	n = add_dir(st, path, types);
	if (n < 0)
		say_error("%s: %s", path, strerror(-n));
	else if (!n)
		say_error("%s has no file *" ENDING, path);
	return n < 0 ? n : 0;
}

/*
 * The device and the directory. One of them is enough: after a reboot, or where
 * the module cannot be loaded, there is still what was saved before.
 */
static int add_default(struct store *st, const struct options *opt,
		       unsigned long types)
{
	struct oomtrace *ot = oomtrace_new();
	struct records recs = { 0 };
	int files = add_dir(st, opt->dir, types);
	int err = ot ? saved_open(ot, OOMTRACE_DEVICE, 0) : -ENOMEM;

	if (files < 0 && opt->dir_given) {
		say_error("%s: %s", opt->dir, strerror(-files));
		oomtrace_free(ot);
		return EXIT_RUNTIME;
	}
	if (!err) {
		if (read_source(&recs, ot, types, 0))
			say_error("%s", saved_error(ot));
		add_records(st, &recs, OOMTRACE_DEVICE, false, types, true);
	} else if (!st->nsource) {
		st->blind = status_of_error(err);
		say_error("%s", saved_error(ot));
	}
	records_free(&recs);
	oomtrace_free(ot);
	return st->blind;
}

/* ---- the episodes ---- */

static bool kills(const struct oomtrace_header *rec)
{
	const struct oomtrace_victim *v = (const void *)rec;
	const struct oomtrace_oom_end *e = (const void *)rec;

	if (rec->type == OOMTRACE_VICTIM)
		return v->why != OOMTRACE_WHY_CALLER_EXITING;
	return rec->type == OOMTRACE_OOM_END && e->ending == OOMTRACE_ENDING_PANIC;
}

static void add_to_episode(struct episode *ep, const struct load *l, size_t at)
{
	const struct oomtrace_header *rec = l->recs.rec[at];

	if (!ep->ts_ns || rec->type == OOMTRACE_OOM_BEGIN) {
		ep->ts_ns = rec->ts_ns;
		ep->dated = l->wall[at];
		ep->wall_ns = rec->ts_ns + l->wall[at];
	}
	ep->killed |= kills(rec);
	ep->chosen |= rec->type == OOMTRACE_VERDICT;
}

static int compare_episodes(const void *a, const void *b)
{
	const struct episode *x = a, *y = b;

	int when = 0;

	if (x->dated && y->dated && x->load != y->load)
		when = x->wall_ns < y->wall_ns ? -1 : x->wall_ns > y->wall_ns;
	return when ?: order(x->load, y->load) ?: order(x->number, y->number);
}

static void list_episodes(struct store *st)
{
	struct episode *ep;
	size_t i, k, room = 0;
	struct load *l;

	for (i = 0; i < st->nload; i++) {
		l = &st->load[i];
		records_index(&l->recs);
		ep = NULL;
		for (k = 0; k < l->recs.n; k++) {
			const struct records_place *p = &l->recs.by_episode[k];

			if (!p->episode)
				continue;
			if (!ep || ep->number != p->episode) {
				st->episode = xgrow(st->episode, st->nepisode,
						    &room, sizeof(*ep));
				ep = &st->episode[st->nepisode++];
				*ep = (struct episode){ .load = i,
							.number = p->episode };
			}
			add_to_episode(ep, l, p->at);
		}
	}
	if (st->nepisode)
		qsort(st->episode, st->nepisode, sizeof(*st->episode),
		      compare_episodes);
}

int store_read(struct store *st, const struct options *opt, unsigned long types)
{
	int err = 0;
	size_t i;

	memset(st, 0, sizeof(*st));
	for (i = 0; i < opt->nsource; i++)
		if (add_named(st, opt->source[i], types))
			err = EXIT_RUNTIME;
	if (!opt->nsource)
		err = add_default(st, opt, types);
	else if (opt->dir_given && add_named(st, opt->dir, types))
		err = EXIT_RUNTIME;
	list_episodes(st);
	if (err && st->nsource) {
		st->damaged = err;
		err = 0;
	}
	return err;
}

void store_free(struct store *st)
{
	size_t i;

	for (i = 0; i < st->nload; i++) {
		records_free(&st->load[i].recs);
		free(st->load[i].wall);
		free(st->load[i].device);
	}
	for (i = 0; i < st->nsource; i++)
		free(st->source[i].path);
	free(st->load);
	free(st->source);
	free(st->episode);
	memset(st, 0, sizeof(*st));
}

struct records *store_complete(struct store *st, const struct episode *ep)
{
	struct load *l = &st->load[ep->load];
	struct records recs = { 0 };
	struct oomtrace *ot;
	size_t i;

	for (i = 0; i < st->nsource; i++) {
		const struct store_source *s = &st->source[i];

		if (s->load != ep->load || !s->light)
			continue;
		ot = oomtrace_new();
		/* The file may be gone: oomtraced deletes old ones. */
		if (ot && !saved_open(ot, s->path, 0))
			read_source(&recs, ot, s->types, ep->number);
		oomtrace_free(ot);
		merge_records(l, &recs, false);
		records_free(&recs);
	}
	free(l->recs.by_episode);
	l->recs.by_episode = NULL;
	records_index(&l->recs);
	return &l->recs;
}

/* ---- picking one ---- */

static bool is_meant(const struct store *st, const struct episode *ep,
		     const struct episode_id *id)
{
	const struct load *l = &st->load[ep->load];

	if (ep->number != id->number)
		return false;
	if (*id->boot)
		return !strcmp(l->recs.facts.boot, id->boot) &&
		       l->recs.facts.load == id->load;
	if (id->stamped)
		return ep->dated && llabs(ep->wall_ns - id->wall_ns) <= STAMP_NS;
	return true;
}

static bool is_wanted(const struct episode *ep, enum store_want want)
{
	return want == STORE_KILLED ? ep->killed :
	       want == STORE_CHOSEN ? ep->chosen : true;
}

const struct episode *store_pick(const struct store *st, const struct options *opt,
				 enum store_want want)
{
	const struct episode *any = NULL, *ep;
	size_t i;

	/* From the newest, so that a number alone is of the newest load. */
	for (i = st->nepisode; i-- > 0;) {
		ep = &st->episode[i];
		if (opt->timed && !(ep->dated && is_in_time(opt, ep->wall_ns)))
			continue;
		if (opt->id.number ? is_meant(st, ep, &opt->id) :
				     is_wanted(ep, want))
			return ep;
		if (!opt->id.number && !any)
			any = ep;
	}
	return any;
}

int store_report_none(const struct store *st, const struct options *opt)
{
	const struct episode_id *id = &opt->id;
	char buf[STORE_ID_MAX];
	bool undated = false;
	size_t i;

	for (i = 0; i < st->nepisode; i++)
		undated |= !st->episode[i].dated;
	if (opt->timed && undated)
		say_error("--since and --until need the time of the records, which this file lacks");
	else if (!id->number && opt->timed)
		say_error("no OOM is recorded in that time");
	else if (!id->number)
		say_error("no OOM is recorded");
	else
		say_error("no record of OOM episode %llu%s is available",
			  id->number, *id->boot || id->stamped ?
			  " of that boot or time" : "");
	for (i = st->nepisode; id->number && i-- > 0;)
		if (st->episode[i].number == id->number && !opt->timed)
			say_error("there is %s", store_long_id(buf, st, &st->episode[i]));
	return EXIT_RUNTIME;
}

/* ---- ids ---- */

bool store_is_newest_load(const struct store *st, size_t load)
{
	size_t i;

	for (i = 0; i < st->nload; i++)
		if (st->load[i].live)
			return i == load;
	return !st->nepisode || st->episode[st->nepisode - 1].load == load;
}

static const char *write_stamped_id(char buf[STORE_ID_MAX], const struct episode *ep)
{
	char when[WHEN_MAX];

	if (ep->dated)
		snprintf(buf, STORE_ID_MAX, "%s-%llu",
			 when_write_stamp(when, ep->wall_ns), ep->number);
	else
		snprintf(buf, STORE_ID_MAX, "%llu", ep->number);
	return buf;
}

const char *store_id(char buf[STORE_ID_MAX], const struct store *st,
		     const struct episode *ep)
{
	if (!store_is_newest_load(st, ep->load))
		return write_stamped_id(buf, ep);
	snprintf(buf, STORE_ID_MAX, "%llu", ep->number);
	return buf;
}

const char *store_long_id(char buf[STORE_ID_MAX], const struct store *st,
			  const struct episode *ep)
{
	const struct load *l = &st->load[ep->load];

	if (!l->named)
		return write_stamped_id(buf, ep);
	snprintf(buf, STORE_ID_MAX, "%s.%llu.%llu", l->recs.facts.boot,
		 (unsigned long long)l->recs.facts.load, ep->number);
	return buf;
}

const char *store_name_sources(char *buf, size_t size, const struct options *opt)
{
	size_t i, n = 0;

	*buf = '\0';
	for (i = 0; i < opt->nsource && n < size; i++)
		n += snprintf(buf + n, size - n, " %s", opt->source[i]);
	if (opt->dir_given && n < size)
		snprintf(buf + n, size - n, " --dir %s", opt->dir);
	return buf;
}
