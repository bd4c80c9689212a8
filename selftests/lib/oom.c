// SPDX-License-Identifier: GPL-2.0
/* Memory hogs and memory cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib.h"
#include "oom.h"

#define CGROUP	"/sys/fs/cgroup"

/* ---- hogs ---- */

/* The path of a file, relative to the folder of this program. */
static void path_beside(char *path, size_t size, const char *name)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (n < 0)
		die("cannot read /proc/self/exe");
	path[n] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash, size - (slash - path), "/%s", name);
}

void hog_start(struct hog *h, const char *fmt, ...)
{
	char path[256], text[512], *argv[32], *save;
	int in[2], out[2];
	va_list args;
	int n = 0;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	path_beside(path, sizeof(path), "hog");
	argv[n++] = path;
	for (argv[n] = strtok_r(text, " ", &save); argv[n];
	     argv[n] = strtok_r(NULL, " ", &save))
		n++;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("cannot make a pipe");
	fflush(NULL);
	h->pid = fork();
	if (h->pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!h->pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execv(path, argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	h->in = in[1];
	h->out = out[0];
}

void hog_ready(struct hog *h)
{
	char answer[6];

	if (read(h->out, answer, sizeof(answer)) != sizeof(answer))
		die("hog %d died before it was ready", h->pid);
}

void hog_go(struct hog *h)
{
	if (write(h->in, "", 1) != 1)
		die("cannot wake hog %d", h->pid);
}

int hog_wait(struct hog *h)
{
	int status = wait_child(h->pid);

	close(h->in);
	close(h->out);
	h->pid = 0;
	return status;
}

void hog_kill(struct hog *h)
{
	if (!h->pid)
		return;
	kill(h->pid, SIGKILL);
	hog_wait(h);
}

/* ---- scores ---- */

long proc_oom_score(pid_t pid)
{
	char path[64], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/oom_score", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -1 : atol(text);
}

/* Like proc_oom_score() of the kernel, which scales points to 0 .. 1333. */
long score_of(const struct oomtrace_candidate *c, unsigned long long totalpages)
{
	if (!HAS(c, candidate, points))
		return 0;
	return (1000 + c->points * 1000 / (long)totalpages) * 2 / 3;
}

/* ---- memory cgroups ---- */

bool memcg_make(struct memcg *cg, const char *name, size_t max_bytes)
{
	char max[32];
	struct stat st;

	memset(cg, 0, sizeof(*cg));
	if (access(CGROUP "/cgroup.controllers", F_OK))
		return false;
	spill(CGROUP "/cgroup.subtree_control", "+memory");
	snprintf(cg->dir, sizeof(cg->dir), CGROUP "/oomtrace-%d-%s", getpid(),
		 name);
	if (mkdir(cg->dir, 0755) && errno != EEXIST)
		die("cannot make %s: %s", cg->dir, strerror(errno));
	if (stat(cg->dir, &st))
		die("cannot stat %s", cg->dir);
	cg->id = st.st_ino;
	snprintf(max, sizeof(max), "%zu", max_bytes);
	memcg_set(cg, "memory.max", max);
	return true;
}

void memcg_set(const struct memcg *cg, const char *file, const char *text)
{
	char path[256];
	int err;

	snprintf(path, sizeof(path), "%s/%s", cg->dir, file);
	err = spill(path, text);
	if (err)
		die("cannot write %s to %s: %s", text, path, strerror(-err));
}

bool memcg_has(const struct memcg *cg, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", cg->dir, file);
	return !access(path, F_OK);
}

long memcg_event(const struct memcg *cg, const char *name)
{
	char path[256], label[64], line[128];
	char *text;

	snprintf(path, sizeof(path), "%s/memory.events", cg->dir);
	text = slurp(path, NULL);
	snprintf(label, sizeof(label), "%s ", name);
	line_with(text, label, line, sizeof(line));
	free(text);
	if (strncmp(line, label, strlen(label)))
		return -1;
	return atol(line + strlen(label));
}

void memcg_remove(struct memcg *cg)
{
	char path[256], *text, *at;
	int i;

	if (!cg->dir[0])
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cg->dir);
	for (i = 0; i < 100; i++) {
		text = slurp(path, NULL);
		for (at = text; *at; at += strcspn(at, "\n") + 1)
			kill(atoi(at), SIGKILL);
		free(text);
		if (!rmdir(cg->dir) || errno == ENOENT)
			break;
		sleep_ms(20);
	}
	cg->dir[0] = '\0';
}

/* ---- the module that provokes OOMs ---- */

bool provoke_load(void)
{
	char path[256];
	int fd, err = 0;

	path_beside(path, sizeof(path), "../provoke/oomtrace_provoke.ko");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (syscall(SYS_finit_module, fd, "", 0))
		err = errno;
	close(fd);
	if (err && err != EEXIST)
		die("cannot load %s: %s", path, strerror(err));
	return true;
}

void provoke_unload(void)
{
	int i;

	/* A stalled task may not have left the module yet. */
	for (i = 0; i < 100; i++) {
		if (!syscall(SYS_delete_module, "oomtrace_provoke", 0) ||
		    errno == ENOENT)
			return;
		sleep_ms(50);
	}
	die("cannot unload oomtrace_provoke: %s", strerror(errno));
}
