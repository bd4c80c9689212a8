// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the limits of the cgroups at and above a process: pids.max, memory.max,
 * memory.high and the huge pages of version 2, and their counterparts of version 1.
 *
 * Each cgroup up to the root of its hierarchy counts, since a limit of any of them
 * answers. A container sees its own part of the hierarchy only.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "procfs.h"
#include "term.h"

#define NO_MEMORY	"ENOMEM, or the OOM killer in the cgroup"
#define NO_TASK		"fork, clone: EAGAIN"
#define NO_HUGE		"a fault on a huge page: SIGBUS"
#define THROTTLES	"throttles: calls are slow, none fails"

/* Read the number in a file; "max" and what is no limit are LIMITS_NONE. */
static bool read_value(const char *dir, const char *file, unsigned long long *n)
{
	char path[CGROUP_PATH_MAX + 128], text[64];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (!procfs_read(path, text, sizeof(text)))
		return false;
	*n = strncmp(text, "max", 3) ? strtoull(text, NULL, 10) : LIMITS_NONE;
	/* Version 1 writes no limit as the largest number of bytes in whole pages. */
	if (*n >= 0x7fffffffffff0000ULL)
		*n = LIMITS_NONE;
	return true;
}

/* Read a number of a file of lines "name number". */
static unsigned long long read_event(const char *dir, const char *file,
				     const char *name)
{
	char path[CGROUP_PATH_MAX + 128], text[4096];
	const char *at;
	size_t len = strlen(name);

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (!procfs_read(path, text, sizeof(text)))
		return LIMITS_NONE;
	for (at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, name, len) && at[len] == ' ')
			return strtoull(at + len, NULL, 10);
	}
	return LIMITS_NONE;
}

static struct limit_row *find_row(struct limits *l, const char *key,
				  const char *where)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->row[i].key, key) && !strcmp(l->row[i].where, where))
			return &l->row[i];
	return NULL;
}

/* Add the limit in @max of the directory @dir, which is the cgroup @where. */
static struct limit_row *add_file(struct limits *l, const char *dir,
				  const char *where, const char *key,
				  const char *max, const char *used,
				  const char *answer)
{
	unsigned long long limit;
	struct limit_row *row;

	if (!read_value(dir, max, &limit))
		return NULL;
	row = find_row(l, key, where);
	if (!row)
		row = limits_add(l, key, key, answer);
	if (!row)
		return NULL;
	snprintf(row->where, sizeof(row->where), "%s", where);
	row->max = limit;
	row->used_known = read_value(dir, used, &row->used);
	return row;
}

/* Above memory.high tasks are throttled on their way back to user space. */
static void judge_high(struct limits *l, struct limit_row *row,
		       unsigned long long before, const char *where)
{
	if (row->max == LIMITS_NONE || row->events == LIMITS_NONE)
		return;
	if (before != LIMITS_NONE && row->events > before) {
		snprintf(l->throttled, sizeof(l->throttled), "%s", where);
		snprintf(l->throttled_why, sizeof(l->throttled_why),
			 "it was exceeded %llu times while this command looked",
			 row->events - before);
	} else if (!*l->throttled && row->used_known && row->used > row->max) {
		snprintf(l->throttled, sizeof(l->throttled), "%s", where);
		snprintf(l->throttled_why, sizeof(l->throttled_why),
			 "more is in use than it allows");
	}
}

static void read_memory(struct limits *l, const char *dir, const char *where)
{
	unsigned long long kills, cache, shmem, before = LIMITS_NONE;
	struct limit_row *row;

	row = add_file(l, dir, where, "memory.max", "memory.max",
		       "memory.current", NO_MEMORY);
	if (row) {
		row->bytes = true;
		row->events = read_event(dir, "memory.events", "max");
		kills = read_event(dir, "memory.events", "oom_kill");
		cache = read_event(dir, "memory.stat", "file");
		if (kills == LIMITS_NONE)
			kills = 0;
		/* tmpfs counts as cache, and cannot be reclaimed without swap. */
		shmem = read_event(dir, "memory.stat", "shmem");
		if (cache != LIMITS_NONE && shmem != LIMITS_NONE && cache > shmem)
			snprintf(row->note, sizeof(row->note),
				 "%llu MiB of it are cached files, which the kernel can reclaim; OOM kills: %llu",
				 (cache - shmem) >> 20, kills);
		else
			snprintf(row->note, sizeof(row->note), "OOM kills: %llu",
				 kills);
	}
	row = find_row(l, "memory.high", where);
	if (row)
		before = row->events;
	row = add_file(l, dir, where, "memory.high", "memory.high",
		       "memory.current", THROTTLES);
	if (row) {
		row->bytes = true;
		row->events = read_event(dir, "memory.events", "high");
		judge_high(l, row, before, where);
	}
	/* Version 1. */
	row = add_file(l, dir, where, "memory.limit_in_bytes",
		       "memory.limit_in_bytes", "memory.usage_in_bytes", NO_MEMORY);
	if (row) {
		row->bytes = true;
		if (!read_value(dir, "memory.failcnt", &row->events))
			row->events = LIMITS_NONE;
	}
	row = add_file(l, dir, where, "memory.kmem.limit_in_bytes",
		       "memory.kmem.limit_in_bytes", "memory.kmem.usage_in_bytes",
		       "ENOMEM");
	if (row) {
		row->bytes = true;
		if (!read_value(dir, "memory.kmem.failcnt", &row->events))
			row->events = LIMITS_NONE;
	}
}

static void read_pids(struct limits *l, const char *dir, const char *where)
{
	struct limit_row *row;

	row = add_file(l, dir, where, "pids.max", "pids.max", "pids.current",
		       NO_TASK);
	if (row)
		row->events = read_event(dir, "pids.events", "max");
}

/* hugetlb.2MB.max and its like; version 1 has limit_in_bytes. */
static void read_hugetlb(struct limits *l, const char *dir, const char *where)
{
	static const char * const ends[][2] = {
		{ ".max", ".current" },
		{ ".rsvd.max", ".rsvd.current" },
		{ ".limit_in_bytes", ".usage_in_bytes" },
		{ ".rsvd.limit_in_bytes", ".rsvd.usage_in_bytes" },
	};
	DIR *d = opendir(dir);
	struct dirent *e;
	char max[64], used[64];
	size_t i, len;

	while (d && (e = readdir(d))) {
		const char *end = strncmp(e->d_name, "hugetlb.", 8) ? NULL :
				  strchr(e->d_name + 8, '.');

		for (i = 0; end && i < sizeof(ends) / sizeof(ends[0]); i++) {
			unsigned long long limit;
			struct limit_row *row;

			if (strcmp(end, ends[i][0]))
				continue;
			len = end - e->d_name;
			snprintf(max, sizeof(max), "%.*s%s", (int)len, e->d_name,
				 ends[i][0]);
			snprintf(used, sizeof(used), "%.*s%s", (int)len, e->d_name,
				 ends[i][1]);
			/* Sizes without a limit would be a page of nothing. */
			if (!read_value(dir, max, &limit) || limit == LIMITS_NONE)
				continue;
			row = add_file(l, dir, where, i & 1 ? "hugetlb.rsvd.max" :
				       "hugetlb.max", max, used,
				       i & 1 ? "mmap of huge pages: ENOMEM" : NO_HUGE);
			if (row)
				row->bytes = true;
		}
	}
	if (d)
		closedir(d);
}

typedef void (*reader_t)(struct limits *l, const char *dir, const char *where);

/* Read a cgroup and all above it. */
static void read_upwards(struct limits *l, const char *mount, const char *path,
			 reader_t reader)
{
	char where[CGROUP_PATH_MAX], dir[CGROUP_PATH_MAX + 64];
	char *slash;

	snprintf(where, sizeof(where), "%s", path);
	while (*where) {
		snprintf(dir, sizeof(dir), "%s%s", mount, where);
		reader(l, dir, where);
		slash = strrchr(where, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
}

static void read_v2(struct limits *l, const char *dir, const char *where)
{
	read_memory(l, dir, where);
	read_pids(l, dir, where);
	read_hugetlb(l, dir, where);
}

/* Is a controller in the list "memory,pids"? */
static bool has_controller(const char *list, size_t len, const char *name)
{
	size_t n = strlen(name), i = 0, part;

	while (i < len) {
		part = strcspn(list + i, ",:");
		if (part == n && !strncmp(list + i, name, n))
			return true;
		i += part + 1;
	}
	return false;
}

/* The mount of version 2: the usual place, or that of systemd's hybrid layout. */
static const char *find_v2_mount(void)
{
	char text[8];

	if (procfs_read("/sys/fs/cgroup/cgroup.controllers", text, sizeof(text)))
		return "/sys/fs/cgroup";
	return "/sys/fs/cgroup/unified";
}

void limits_read_cgroups(struct limits *l, const char *text)
{
	const struct {
		const char *name;
		reader_t reader;
	} v1[] = {
		{ "memory", read_memory },
		{ "pids", read_pids },
		{ "hugetlb", read_hugetlb },
	};
	char path[CGROUP_PATH_MAX], clean[4 * CGROUP_PATH_MAX + 1], mount[64];
	const char *line, *list, *at;
	size_t i, len;

	for (line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		list = strchr(line, ':');
		at = list ? strchr(list + 1, ':') : NULL;
		if (!at)
			continue;
		list++;
		len = at - list;
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(at + 1, "\n"),
			 at + 1);
		if (strstr(path, "/..")) {
			limits_absent(l, "the limits of cgroup %s: it is outside of this cgroup namespace",
				      term_clean(clean, sizeof(clean), path));
			continue;
		}
		if (!len) {
			if (!*l->path)
				snprintf(l->path, sizeof(l->path), "%s", path);
			read_upwards(l, find_v2_mount(), path, read_v2);
			continue;
		}
		for (i = 0; i < sizeof(v1) / sizeof(v1[0]); i++) {
			if (!has_controller(list, len, v1[i].name))
				continue;
			if (!i)
				snprintf(l->path, sizeof(l->path), "%s", path);
			snprintf(mount, sizeof(mount), "/sys/fs/cgroup/%s",
				 v1[i].name);
			read_upwards(l, mount, path, v1[i].reader);
		}
	}
}
