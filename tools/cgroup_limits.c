// SPDX-License-Identifier: GPL-2.0
/*
 * Walks the hierarchy of memory cgroups, version 2 or 1.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_limits.h"

#define LOOKED_MAX	4096
#define DEPTH_MAX	16
/* cgroup v1 has no word for "no limit", but a number near the largest one. */
#define NO_LIMIT	(1ULL << 60)

struct hierarchy {
	const char *root, *usage, *limit;
};

static const struct hierarchy hierarchies[] = {
	{ "/sys/fs/cgroup/memory", "memory.usage_in_bytes", "memory.limit_in_bytes" },
	{ "/sys/fs/cgroup", "memory.current", "memory.max" },
};

/* False if there is no such file or it has no number, like "max". */
static bool read_bytes(const char *dir, const char *name, unsigned long long *n)
{
	char path[CGROUP_PATH_MAX + 128], text[32], *end;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	errno = 0;
	*n = strtoull(text, &end, 10);
	return end != text && !errno;
}

static double share(const struct cgroup_limit *c)
{
	return (double)c->used / c->limit;
}

/* Insert a cgroup at its place, if it is among the nearest. */
static void keep_cgroup(struct cgroup_limits *l, const struct cgroup_limit *c)
{
	unsigned int at = l->n;

	while (at && share(c) > share(&l->nearest[at - 1]))
		at--;
	if (at == CGROUP_LIMITS_MAX)
		return;
	if (l->n < CGROUP_LIMITS_MAX)
		l->n++;
	memmove(&l->nearest[at + 1], &l->nearest[at],
		(l->n - at - 1) * sizeof(*c));
	l->nearest[at] = *c;
}

static void see_cgroup(struct cgroup_limits *l, const struct hierarchy *h,
		       const char *dir)
{
	struct cgroup_limit c;
	const char *path = dir + strlen(h->root);

	l->looked++;
	if (!*path || !read_bytes(dir, h->limit, &c.limit) || !c.limit ||
	    c.limit > NO_LIMIT || !read_bytes(dir, h->usage, &c.used))
		return;
	snprintf(c.path, sizeof(c.path), "%s", path);
	keep_cgroup(l, &c);
}

/* A cgroup is a directory; its other files need not be looked at. */
static void walk(struct cgroup_limits *l, const struct hierarchy *h,
		 const char *dir, unsigned int depth)
{
	char path[CGROUP_PATH_MAX];
	struct dirent *e;
	DIR *d;

	if (l->looked == LOOKED_MAX) {
		l->cut = true;
		return;
	}
	see_cgroup(l, h, dir);
	d = depth < DEPTH_MAX ? opendir(dir) : NULL;
	while (d && (e = readdir(d))) {
		if (e->d_type != DT_DIR || *e->d_name == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) <
		    (int)sizeof(path))
			walk(l, h, path, depth + 1);
	}
	if (d)
		closedir(d);
}

void cgroup_limits_read(struct cgroup_limits *l)
{
	const struct hierarchy *h = hierarchies;

	memset(l, 0, sizeof(*l));
	if (access(h->root, F_OK))
		h++;
	walk(l, h, h->root, 0);
}
