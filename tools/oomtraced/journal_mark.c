// SPDX-License-Identifier: GPL-2.0
/*
 * Stores up to which episode the journal has entries.
 *
 * The file has one line, the boot id and a time. Its length is constant, so it is
 * overwritten in place, which works on a full disk too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "journal_mark.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"
#define ID_LEN		36	/* characters of the boot id */
#define FORMAT		"%s %020llu\n"

static char boot_id[ID_LEN + 1];
static int file = -1;

static int read_line(int fd, char *line, size_t size)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, line, size - 1, 0);

	line[n < 0 ? 0 : n] = '\0';
	return n;
}

unsigned long long journal_mark_open(const char *dir)
{
	char path[4096], line[128];
	unsigned long long ns;
	int fd;

	fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	read_line(fd, line, sizeof(line));
	if (fd >= 0)
		close(fd);
	snprintf(boot_id, sizeof(boot_id), "%s", line);
	if (strlen(boot_id) != ID_LEN ||
	    snprintf(path, sizeof(path), "%s/sent", dir) >= (int)sizeof(path))
		return 0;
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	read_line(file, line, sizeof(line));
	if (strncmp(line, boot_id, ID_LEN) ||
	    sscanf(line + ID_LEN, " %llu\n", &ns) != 1) {
		ns = 0;
		/* Allocate the disk space now. */
		journal_mark_set(ns);
	}
	return ns;
}

int journal_mark_set(unsigned long long ns)
{
	char line[128];
	int n;

	if (file < 0)
		return -ENOENT;
	n = snprintf(line, sizeof(line), FORMAT, boot_id, ns);
	if (pwrite(file, line, n, 0) == n)
		return 0;
	return errno ? -errno : -ENOSPC;
}
