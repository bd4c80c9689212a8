// SPDX-License-Identifier: GPL-2.0
/*
 * Reads records from everywhere, and lists the episodes.
 */
#include <dirent.h>
#include <errno.h>
#include <liboomtrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroups.h"
#include "savefile_read.h"
#include "../common/format.h"
#include "store.h"

#define ENDING		".oom"
#define QUIET_ENDING	".quiet.oom"

/* Enough to list episodes: what happened, to which task, and where. */
#define LIGHT	(RECORDS_TYPE(OOMTRACE_OOM_BEGIN) | RECORDS_TYPE(OOMTRACE_VERDICT) | \
		 RECORDS_TYPE(OOMTRACE_VICTIM) | RECORDS_TYPE(OOMTRACE_OOM_END) | \
		 RECORDS_TYPE(OOMTRACE_REPEAT) | RECORDS_TYPE(OOMTRACE_NAME) | \
		 RECORDS_TYPE(OOMTRACE_CONTAINER) | \
		 RECORDS_TYPE(OOMTRACE_COMMIT) | RECORDS_TYPE(OOMTRACE_STACK) | \
		 RECORDS_TYPE(OOMTRACE_MARK) | RECORDS_TYPE(OOMTRACE_SIGKILL) | \
		 RECORDS_TYPE(OOMTRACE_CGROUP) | RECORDS_TYPE(OOMTRACE_REFUSED) | \
		 RECORDS_TYPE(OOMTRACE_ALLOC_FAILURE))

/* One file or device. @light: it is one of many, so it was read in part. */
struct store_source {
	char *path;
	bool light;
	unsigned long types;
	size_t load;
};

/* ---- reading one source ---- */

/*
 * Read records of some types. Unless @number is 0, only of that episode, and samples,
 * which are of none.
 */
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
		if (number && episode != number && rec->type != OOMTRACE_SAMPLE)
			continue;
		records_add(recs, rec);
	}
	return ret;
}

static void add_records(struct store *st, struct records *recs, const char *path,
			bool light, unsigned long types, bool device)
{
	size_t at = loads_add(&st->load, &st->nload, recs, device);

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
	bool light = types & ~(LIGHT | STORE_QUIET) && !(types & STORE_WHOLE);
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
		/* Files without an OOM matter for refused requests and SIGKILLs only. */
		if ((types & (RECORDS_TYPE(OOMTRACE_COMMIT) | STORE_QUIET) ||
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
	const struct oomtrace_oom_end *e = (const void *)rec;

	if (rec->type == OOMTRACE_VICTIM)
		return oomtrace_victim_is_new(rec);
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

	if (x->dated && y->dated && x->load != y->load && x->wall_ns != y->wall_ns)
		return x->wall_ns < y->wall_ns ? -1 : 1;
	if (x->load != y->load)
		return x->load < y->load ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
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

struct cgroups *store_cgroups(const struct store *st)
{
	struct cgroups *all = xcalloc(st->nload, sizeof(*all));
	size_t i, k;

	for (i = 0; i < st->nload; i++) {
		all[i].names_root = load_is_here(&st->load[i]) ? "" : NULL;
		for (k = 0; k < st->load[i].recs.n; k++)
			cgroups_feed(&all[i], st->load[i].recs.rec[k]);
	}
	return all;
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
		load_merge(l, &recs, false);
		records_free(&recs);
	}
	free(l->recs.by_episode);
	l->recs.by_episode = NULL;
	records_index(&l->recs);
	return &l->recs;
}
