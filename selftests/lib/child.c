// SPDX-License-Identifier: GPL-2.0
/* Processes: children of a test, their privileges, their CPU, and memory shared with them. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib.h"

pid_t start_child(int (*fn)(void *), void *arg)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (pid)
		return pid;
	/* Children do not outlive a test that fails. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(fn(arg));
}

int wait_child(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("cannot wait for %d: %s", pid, strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

bool is_running(pid_t pid)
{
	siginfo_t info = { };

	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT | WNOHANG))
		die("cannot look at %d: %s", pid, strerror(errno));
	return !info.si_pid;
}

int run_child(int (*fn)(void *), void *arg)
{
	return wait_child(start_child(fn, arg));
}

int run_program(char *buf, size_t size, char *const argv[])
{
	size_t n = 0;
	ssize_t got;
	int fds[2];
	pid_t pid;

	fflush(NULL);
	if (pipe(fds))
		die("cannot make a pipe");
	pid = fork();
	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(fds[1]);
	while ((got = read(fds[0], buf + n, size - 1 - n)) > 0)
		n += got;
	if (n == size - 1)
		die("%s prints more than %zu bytes", argv[0], size);
	buf[n] = '\0';
	close(fds[0]);
	return wait_child(pid);
}

void become_user(void)
{
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		die("cannot change to uid 1000: %s", strerror(errno));
}

void drop_capability(int cap)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		die("capget: %s", strerror(errno));
	data[cap / 32].effective &= ~(1U << cap % 32);
	data[cap / 32].permitted &= ~(1U << cap % 32);
	data[cap / 32].inheritable &= ~(1U << cap % 32);
	if (syscall(SYS_capset, &head, data))
		die("capset: %s", strerror(errno));
}

void pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot pin to CPU %d: %s", cpu, strerror(errno));
}

static bool has_open(pid_t pid, const char *path)
{
	char dir[32], name[PATH_MAX], to[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", pid);
	d = opendir(dir);
	while (d && !found && (entry = readdir(d))) {
		snprintf(name, sizeof(name), "%s/%s", dir, entry->d_name);
		len = readlink(name, to, sizeof(to) - 1);
		found = len > 0 && (size_t)len == strlen(path) &&
			!memcmp(to, path, len);
	}
	if (d)
		closedir(d);
	return found;
}

void wait_until_open(pid_t pid, const char *path)
{
	int i;

	for (i = 0; !has_open(pid, path); i++) {
		if (i == 1000)
			die("process %d has not opened %s in 20 s", pid, path);
		sleep_ms(20);
	}
	sleep_ms(300);
}

void *alloc_shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("no memory to share with children");
	return at;
}
