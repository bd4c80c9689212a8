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
	{ "vm/oom_kill_allocating_task" },
	{ "vm/oom_dump_tasks" },
	{ "kernel/sysrq" },
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

/* Is there a line for the return probe with that state? */
static bool return_probe_is(const char *hooks, const char *state)
{
	const char *line = strstr(hooks, "__vm_enough_memory           kretprobe");
	char text[256];

	if (!line)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
	return strstr(text, state);
}

/*
 * The module attaches its return probe when a request shows that mode 2 is in
 * force. Make requests until the probe is attached, unless the hooks are off or
 * the module is not loaded.
 */
#define ODD_SIZE	(23 * 4096)	/* no test looks for records of it */

static void wait_for_return_probe(void)
{
	char *hooks;
	bool waits;
	void *page;
	int i;

	for (i = 0; i < 1000; i++) {
		page = mmap(NULL, ODD_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page != MAP_FAILED)
			munmap(page, ODD_SIZE);
		if (access(DEBUGFS "/hooks", R_OK))
			return;
		hooks = slurp(DEBUGFS "/hooks", NULL);
		waits = return_probe_is(hooks, " waiting ");
		free(hooks);
		if (!waits)
			return;
		sleep_ms(10);
	}
	die("the return probe of __vm_enough_memory is not attached in mode 2");
}

void sysctl_set(const char *name, long value)
{
	sysctl_write(name, value);
	if (!strcmp(name, "vm/overcommit_memory") && value == 2)
		wait_for_return_probe();
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
		if (sysctl_get(settings[i].name) != settings[i].before)
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
		settings[i].before = sysctl_get(settings[i].name);
}
