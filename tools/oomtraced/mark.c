// SPDX-License-Identifier: GPL-2.0
/*
 * Stores a time of this boot in a file.
 *
 * The file has one line, the boot id and the time. Its length is constant, so it is
 * overwritten in place, which works on a full disk too. A later load of the module
 * has later times, so its number is not needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../clock.h"
#include "mark.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define ID_LEN		36	/* characters of the boot id */
#define FORMAT		"%s %020llu\n"

static char boot_id[ID_LEN + 1];

static void read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, size - 1);

	if (fd >= 0)
		close(fd);
	line[n < 0 ? 0 : n] = '\0';
}

unsigned long long mark_open(struct mark *m, const char *dir, const char *name)
{
	unsigned long long ns;
	char line[128];

	m->fd = -1;
	read_line(BOOT_ID, boot_id, sizeof(boot_id));
	if (strlen(boot_id) != ID_LEN ||
	    snprintf(m->path, sizeof(m->path), "%s/%s", dir, name) >= (int)sizeof(m->path)) {
		m->path[0] = '\0';
		return 0;
	}
	read_line(m->path, line, sizeof(line));
	/* The snapshot of a virtual machine can be older than its disk. */
	if (strncmp(line, boot_id, ID_LEN) || sscanf(line + ID_LEN, " %llu\n", &ns) != 1 ||
	    ns > (unsigned long long)clock_ns(CLOCK_MONOTONIC))
		ns = 0;
	/* Allocate the disk space now. */
	mark_set(m, ns);
	return ns;
}

int mark_set(struct mark *m, unsigned long long ns)
{
	char line[128];
	ssize_t n, done;

	if (m->fd < 0)
		m->fd = open(m->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (m->fd < 0)
		return -errno;
	n = snprintf(line, sizeof(line), FORMAT, boot_id, ns);
	done = pwrite(m->fd, line, n, 0);
	if (done == n)
		return 0;
	return done < 0 ? -errno : -ENOSPC;
}

void mark_close(struct mark *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}
