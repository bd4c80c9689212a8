// SPDX-License-Identifier: GPL-2.0
/*
 * A directory of files of saved records, see history.h.
 *
 * A file is an eighth of what is allowed, so that dropping the oldest one keeps
 * most of the history. Memory is only taken when a file is begun.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "options.h"
#include "savefile.h"

#define FILES		8
#define ERROR_SIZE	4200

struct history_dir {
	char dir[3072];
	char path[4096];
	unsigned long long max_bytes;
	struct oomtrace_info info;
	struct saver *saver;
};

/* Remove the oldest files, whose names sort first, until there is room. */
static void make_room(const struct history_dir *h)
{
	unsigned long long sum = 0, room;
	char pattern[4096];
	struct stat st;
	glob_t g;
	size_t i;

	room = h->max_bytes - h->max_bytes / FILES;
	snprintf(pattern, sizeof(pattern), "%s/*.oom", h->dir);
	if (glob(pattern, 0, NULL, &g))
		return;
	for (i = g.gl_pathc; i-- > 0;) {
		if (stat(g.gl_pathv[i], &st))
			continue;
		sum += st.st_size;
		if (sum > room)
			unlink(g.gl_pathv[i]);
	}
	globfree(&g);
}

static long long clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* The time of day may have been set since the module told it. */
static void refresh_clocks(struct oomtrace_info *info)
{
	long long now = clock_ns(CLOCK_MONOTONIC);

	info->wall_offset_ns = clock_ns(CLOCK_REALTIME) - now;
	info->boot_offset_ns = clock_ns(CLOCK_BOOTTIME) - now;
}

static int begin_file(struct history_dir *h, char *error, size_t size)
{
	char when[32];
	struct timespec ts;
	struct saver *s;
	struct tm tm;
	int err;

	make_room(h);
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(h->path, sizeof(h->path), "%s/%s.%03ldZ.oom", h->dir, when,
		 ts.tv_nsec / 1000000);
	refresh_clocks(&h->info);
	s = saver_open(h->path, &h->info, error, size);
	if (!s) {
		err = -errno;
		unlink(h->path);
		return err;
	}
	if (h->saver)
		saver_close(h->saver);
	h->saver = s;
	return 0;
}

struct history_dir *history_open(const char *dir, unsigned long long max_bytes,
				 const struct oomtrace_info *info)
{
	struct history_dir *h = calloc(1, sizeof(*h));
	char error[ERROR_SIZE];
	int err;

	if (!h || strlen(dir) >= sizeof(h->dir)) {
		say_error("%s: %s", dir, h ? "too long" : "memory is out");
		free(h);
		return NULL;
	}
	strcpy(h->dir, dir);
	h->max_bytes = max_bytes;
	h->info = *info;
	err = begin_file(h, error, sizeof(error));
	if (!err)
		return h;
	say_error("%s", error);
	/* A disk that is full now is perhaps not later. */
	if (err == -ENOSPC)
		return h;
	free(h);
	return NULL;
}

int history_add(struct history_dir *h, const struct oomtrace_header *rec)
{
	return h->saver ? saver_add(h->saver, rec) : -ENOSPC;
}

int history_flush(struct history_dir *h)
{
	int err = h->saver ? saver_flush(h->saver, true) : -ENOSPC;
	char error[ERROR_SIZE];

	if (!err && saver_bytes(h->saver) <= h->max_bytes / FILES)
		return 0;
	/* A file that could not be written to stays as it is. */
	if (begin_file(h, error, sizeof(error)) && !err) {
		say_error("%s", error);
		err = -EIO;
	}
	return err;
}

void history_close(struct history_dir *h)
{
	if (!h)
		return;
	if (h->saver)
		saver_close(h->saver);
	free(h);
}
