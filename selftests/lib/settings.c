// SPDX-License-Identifier: GPL-2.0
/*
 * The sysctls that tests change, and the state in which each program starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib.h"

/* @before: -1 if the kernel has no such sysctl, as without huge pages. */
static struct {
	const char *name;
	long before;
} settings[] = {
	{ "vm/overcommit_memory" },
	{ "vm/overcommit_ratio" },
	{ "vm/overcommit_kbytes" },
	{ "vm/admin_reserve_kbytes" },
	{ "vm/user_reserve_kbytes" },
	{ "vm/nr_hugepages" },
	{ "vm/max_map_count" },
	{ "net/core/optmem_max" },
	{ "vm/oom_kill_allocating_task" },
	{ "vm/oom_dump_tasks" },
	{ "kernel/sysrq" },
	{ "kernel/threads-max" },
	{ "kernel/kptr_restrict" },
};

static int setting_open(const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	return open(path, flags | O_CLOEXEC);
}

void sysctl_write(const char *name, long value)
{
	int fd = setting_open(name, O_WRONLY);
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", value);

	if (fd < 0 || write(fd, text, n) != n)
		die("cannot set %s to %ld: %s", name, value, strerror(errno));
	close(fd);
}

bool return_probe_is(const char *state)
{
	char *text = slurp(DEBUGFS "/hooks", NULL), *at = text, line[256];
	bool found = false;

	for (; *at && !found; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		found = !strncmp(line, "__vm_enough_memory", 18) &&
			(strstr(line, " return ") || strstr(line, " kretprobe ")) &&
			strstr(line, state);
	}
	free(text);
	return found;
}

#define ODD_SIZE	(23 * 4096)	/* no test looks for records of it */

bool wait_for_return_probe(void)
{
	void *page;
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		/* A request shows the module which mode is in force. */
		page = mmap(NULL, ODD_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page != MAP_FAILED)
			munmap(page, ODD_SIZE);
		if (return_probe_is(" attached "))
			return true;
		sleep_ms(10);
	}
	return false;
}

/* Is the module loaded, and will its return probe be attached in mode 2? */
static bool has_return_probe(void)
{
	return !access(DEBUGFS "/hooks", R_OK) &&
	       (return_probe_is(" waiting ") || return_probe_is(" attached "));
}

void sysctl_set(const char *name, long value)
{
	sysctl_write(name, value);
	if (!strcmp(name, "vm/overcommit_memory") && value == 2 &&
	    has_return_probe() && !wait_for_return_probe())
		die("the return probe of __vm_enough_memory is not attached in mode 2");
}

bool sysctl_exists(const char *name)
{
	int fd = setting_open(name, O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

long sysctl_get(const char *name)
{
	int fd = setting_open(name, O_RDONLY);
	char text[32] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		die("cannot read %s: %s", name, strerror(errno));
	close(fd);
	return atol(text);
}

void sysctl_restore(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		/*
		 * overcommit_kbytes and overcommit_ratio reset each other to 0.
		 */
		if (settings[i].before >= 0 &&
		    sysctl_get(settings[i].name) != settings[i].before)
			sysctl_set(settings[i].name, settings[i].before);
	}
	sysctl_set("vm/overcommit_ratio", settings[1].before);
	if (settings[2].before)
		sysctl_set("vm/overcommit_kbytes", settings[2].before);
}

/*
 * Before the first test: save the sysctls, and exempt the tests from the OOM
 * killer. Children inherit that; the hog resets it.
 */
static void __attribute__((constructor)) prepare_program(void)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid()) {
		puts("1..0 # SKIP loading modules needs root");
		exit(4);
	}
	if (spill("/proc/self/oom_score_adj", "-1000"))
		die("cannot set oom_score_adj");
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		settings[i].before = sysctl_exists(settings[i].name) ?
				     sysctl_get(settings[i].name) : -1;
}
