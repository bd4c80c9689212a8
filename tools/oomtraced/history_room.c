// SPDX-License-Identifier: GPL-2.0
/*
 * Deletes the oldest files of saved records.
 *
 * Any user can cause any number of refused requests. So quiet files, which have no
 * OOM, are deleted first.
 */
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../clock.h"
#include "history_room.h"

static bool is_quiet(const char *path)
{
	size_t len = strlen(path);

	return len > strlen(HISTORY_QUIET) &&
	       !strcmp(path + len - strlen(HISTORY_QUIET), HISTORY_QUIET);
}

/* Keep the newest files that fit, either of the quiet ones or of the others. */
static void keep_newest(const glob_t *g, bool quiet, unsigned long long *room)
{
	const unsigned long long all = *room;
	unsigned long long size;
	struct stat st;
	size_t i;

	/* glob() sorts the names, which start with the time. */
	for (i = g->gl_pathc; i-- > 0;) {
		if (is_quiet(g->gl_pathv[i]) != quiet ||
		    stat(g->gl_pathv[i], &st))
			continue;
		size = st.st_size;
		if (size > *room) {
			/* Delete all older files too, unless this one is foreign. */
			if (size <= all)
				*room = 0;
			unlink(g->gl_pathv[i]);
		} else {
			*room -= size;
		}
	}
}

/* A file ended when it was last written. The current file is never too old. */
static void delete_aged(const glob_t *g, long long max_age_ns, const char *current)
{
	long long now = clock_ns(CLOCK_REALTIME);
	struct stat st;
	size_t i;

	for (i = 0; i < g->gl_pathc; i++)
		if (strcmp(g->gl_pathv[i], current) &&
		    !stat(g->gl_pathv[i], &st) &&
		    now - st.st_mtim.tv_sec * NS_PER_S > max_age_ns)
			unlink(g->gl_pathv[i]);
}

void history_make_room(const char *dir, unsigned long long room, long long max_age_ns,
		       const char *current)
{
	char pattern[4096];
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/*" HISTORY_ENDING, dir);
	if (glob(pattern, 0, NULL, &g))
		return;
	if (max_age_ns)
		delete_aged(&g, max_age_ns, current);
	keep_newest(&g, false, &room);
	keep_newest(&g, true, &room);
	globfree(&g);
}
