// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the file of metrics. Allocates only when it is opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "textfile.h"

#define PAGE_MAX	(256 << 10)	/* bytes of all metrics */

static char page[PAGE_MAX];
static char path[4096], path_new[4100], dir[4096];
static FILE *to;

int textfile_open(const char *name)
{
	char *slash;

	if (!name)
		return 0;
	snprintf(path, sizeof(path), "%s", name);
	snprintf(path_new, sizeof(path_new), "%s.new", path);
	snprintf(dir, sizeof(dir), "%s", name);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	else
		strcpy(dir, ".");
	to = fmemopen(page, sizeof(page), "w");
	return to ? 0 : -errno;
}

const char *textfile_missing(void)
{
	return to && access(dir, F_OK) && errno == ENOENT ? dir : NULL;
}

/* Replace the file atomically, so that no reader sees half of it. */
static int replace_textfile(size_t len)
{
	int fd, err = 0;

	fd = open(path_new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0644) || write(fd, page, len) != (ssize_t)len)
		err = errno ? -errno : -ENOSPC;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(path_new, path))
		err = -errno;
	if (err)
		unlink(path_new);
	return err;
}

int textfile_write(const struct metrics *m, const struct metrics_source *src)
{
	long len;

	if (!to || textfile_missing())
		return 0;
	rewind(to);
	metrics_print(m, src, to);
	if (fflush(to))
		return -errno;
	len = ftell(to);
	if (len <= 0 || len >= PAGE_MAX)
		return -EFBIG;
	return replace_textfile(len);
}

void textfile_remove(void)
{
	if (to)
		unlink(path);
}
