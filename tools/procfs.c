// SPDX-License-Identifier: GPL-2.0
/*
 * Reads small files of /proc and /sys, and a task's command line and cgroup.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

/* Handle type of kernfs: a 64-bit inode number (FILEID_KERNFS). */
#define KERNFS_HANDLE	0xfe

/* A struct file_handle with its bytes. */
union cgroup_handle {
	struct file_handle h;
	char bytes[sizeof(struct file_handle) + sizeof(unsigned long long)];
};

static ssize_t read_small_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return -1;
	/* A file of /proc can come in pieces. */
	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	buf[len] = '\0';
	return n < 0 ? n : (ssize_t)len;
}

bool procfs_read(const char *path, char *buf, size_t size)
{
	return read_small_file(path, buf, size) > 0;
}

static ssize_t read_proc_file(int pid, const char *name, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_small_file(path, buf, size);
}

bool procfs_cmdline(int pid, char *buf, size_t size)
{
	ssize_t n = read_proc_file(pid, "cmdline", buf, size), i;

	/* A process chooses its command line: print no terminal controls. */
	for (i = 0; i < n; i++)
		if (buf[i] < 0x20 || buf[i] > 0x7e)
			buf[i] = buf[i] ? '?' : ' ';
	while (n > 0 && buf[n - 1] == ' ')
		buf[--n] = '\0';
	return n > 0;
}

bool procfs_cgroup(int pid, char *buf, size_t size)
{
	char text[8192];
	const char *at, *path;
	size_t len;

	if (read_proc_file(pid, "cgroup", text, sizeof(text)) <= 0)
		return false;
	/* A line that names the memory controller is of cgroup v1. */
	at = strstr(text, ":memory:");
	path = at ? at + strlen(":memory:") : strstr(text, "0::");
	if (!path)
		return false;
	if (!at)
		path += strlen("0::");
	len = strcspn(path, "\n");
	snprintf(buf, size, "%.*s", (int)len, path);
	return true;
}

/* The path below @root of the cgroup with an inode number. */
static bool find_cgroup(const char *root, unsigned long long id, char *buf,
			size_t size)
{
	union cgroup_handle u = {
		.h = { .handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE },
	};
	char link[64], path[4096];
	size_t len = strlen(root);
	int dir, fd = -1;
	ssize_t n = -1;

	memcpy(u.h.f_handle, &id, sizeof(id));
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		fd = open_by_handle_at(dir, &u.h, O_PATH | O_CLOEXEC);
	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		close(fd);
	}
	if (dir >= 0)
		close(dir);
	if (n < (ssize_t)len)
		return false;
	path[n] = '\0';
	if (strncmp(path, root, len))
		return false;
	snprintf(buf, size, "%s", path[len] ? path + len : "/");
	return true;
}

bool procfs_cgroup_path(unsigned long long id, char *buf, size_t size)
{
	return find_cgroup("/sys/fs/cgroup", id, buf, size) ||
	       find_cgroup("/sys/fs/cgroup/memory", id, buf, size);
}
