// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the limits of real processes: each sets a limit, approaches it, and waits.
 * The expected numbers are the process's own. Needs ./oomtrace; root sees more.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../limits.h"
#include "test_limits.h"
#include "test_util.h"

#define MIB	(1UL << 20)

static struct limits got;
static char text[1 << 16];

static int run_tool(const char *fmt, int n)
{
	char cmd[256];
	size_t len;
	int status;
	FILE *p;

	snprintf(cmd, sizeof(cmd), fmt, n);
	fflush(stdout);
	p = popen(cmd, "r");
	if (!p)
		abort();
	len = fread(text, 1, sizeof(text) - 1, p);
	text[len] = '\0';
	status = pclose(p);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/*
 * Start a process that approaches a limit and then waits. Returns 0 if it failed; never
 * a number that kill() takes for several processes. It is a program of its own, since
 * AddressSanitizer's maps are larger than any limit.
 */
static pid_t start(const char *what)
{
	int fds[2];
	char ready = 0;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds))
		abort();
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		execl("test/limitsTest", "limitsTest", what, NULL);
		_exit(1);
	}
	close(fds[1]);
	if (read(fds[0], &ready, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = 0;
	}
	close(fds[0]);
	return pid;
}

static void stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const struct limit_row *row_of(const char *key)
{
	size_t i;

	for (i = 0; i < got.n; i++)
		if (!strcmp(got.row[i].key, key))
			return &got.row[i];
	return NULL;
}

/* Is a limit @max, and in use by @least to @most? Prints what it is if not. */
static bool is_used(const char *key, unsigned long long least,
		    unsigned long long most, unsigned long long max)
{
	const struct limit_row *row = row_of(key);

	if (row && row->used_known && row->used >= least && row->used <= most &&
	    row->max == max)
		return true;
	printf("# %s: %llu of %llu, want %llu to %llu of %llu\n", key,
	       row ? row->used : 0, row ? row->max : 0, least, most, max);
	return false;
}

static void test_address_space(void)
{
	unsigned long long maps, max = 0;
	FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
	pid_t pid;

	if (!f || fscanf(f, "%llu", &max) != 1)
		abort();
	fclose(f);

	pid = start("nothing");
	check(!limits_read(&got, pid, 0), "a_process_is_read");
	if (!row_of("map_count"))
		abort();
	maps = row_of("map_count")->used;
	check(got.pid == pid && !strcmp(got.comm, "limitsTest") &&
	      got.uid == getuid(), "it_is_named");
	stop(pid);

	pid = start("maps");
	check(!limits_read(&got, pid, 0) &&
	      is_used("map_count", maps + 1990, maps + 2010, max),
	      "maps_are_counted_as_the_kernel_does");
	stop(pid);

	pid = start("data");
	check(!limits_read(&got, pid, 0) &&
	      is_used("rlimit_data", 500 * MIB, 512 * MIB, 512 * MIB),
	      "private_writable_maps_are_data");
	check(run_tool("./oomtrace limits %d", pid) == 0,
	      "the_command_needs_no_module");
	check_has(text, "\nNear:      RLIMIT_DATA (ulimit -d) at 9",
		  "the_limit_that_is_near_is_named");
	check(run_tool("./oomtrace limits --json %d", pid) == 0,
	      "it_prints_json");
	check_has(text, "\"limit\":\"rlimit_data\",\"unit\":\"bytes\",\"used\":",
		  "json_has_the_limit");
	check(run_tool("./oomtrace limits limitsTest", 0) == 0,
	      "a_process_is_found_by_its_name");
	check_has(text, "limitsTest[", "the_found_process_is_printed");
	stop(pid);

	pid = start("as");
	check(!limits_read(&got, pid, 0) &&
	      is_used("rlimit_as", 2000 * MIB, 2048 * MIB, 2048 * MIB),
	      "address_space_is_vmsize");
	check(!strcmp(got.row[0].key, "rlimit_as"), "the_nearest_limit_is_first");
	stop(pid);

	pid = start("memlock");
	check(!limits_read(&got, pid, 0) &&
	      is_used("rlimit_memlock", 60 << 10, 60 << 10, 64 << 10),
	      "locked_memory_is_vmlck");
	stop(pid);
}

static void test_tasks(void)
{
	pid_t pid = start("nproc");

	check(!limits_read(&got, pid, 0) && is_used("rlimit_nproc", 1, 3999, 4000),
	      "tasks_of_the_user_are_counted");
	stop(pid);

	if (getuid()) {
		check(true, "an_ended_pid_namespace_is_found # SKIP needs root");
		return;
	}
	pid = start("pidns");
	check(pid > 0 && !limits_read(&got, pid, 0) && row_of("pid_namespace"),
	      "an_ended_pid_namespace_is_found");
	stop(pid);
}

static void test_user_namespace(void)
{
	pid_t pid = start("userns");
	size_t i;

	if (!pid) {
		check(true, "a_process_of_another_user_namespace_is_read # SKIP none can be made");
		check(true, "another_user_namespace_is_said # SKIP none can be made");
		return;
	}
	check(!limits_read(&got, pid, 0), "a_process_of_another_user_namespace_is_read");
	for (i = 0; i < got.absent_n; i++)
		if (strstr(got.absent[i], "user namespace"))
			break;
	check(i < got.absent_n, "another_user_namespace_is_said");
	stop(pid);
}

static void test_bad_processes(void)
{
	pid_t pid = start("nothing"), killer;

	if (!pid)
		abort();
	/* It exits while it is read. */
	fflush(stdout);
	killer = fork();
	if (killer < 0)
		abort();
	if (!killer) {
		usleep(100000);
		kill(pid, SIGKILL);
		_exit(0);
	}
	check(limits_read(&got, pid, 1000) == -ESRCH,
	      "a_process_that_exits_meanwhile_is_an_error");
	waitpid(killer, NULL, 0);
	check(limits_read(&got, pid, 0) == -ESRCH,
	      "a_process_that_waits_for_its_parent_is_gone");
	waitpid(pid, NULL, 0);
	check(limits_read(&got, pid, 0) == -ESRCH, "no_process_is_an_error");
	if (getuid()) {
		check(true, "what_may_not_be_read_is_said # SKIP needs root");
		return;
	}
	pid = start("nothing");
	run_tool("setpriv --reuid=65534 --clear-groups ./oomtrace limits %d 2>&1", pid);
	check_has(text, "Absent:    the number of maps:", "what_may_not_be_read_is_said");
	stop(pid);
}

/* Any user can name a cgroup. */
static void test_names(void)
{
	got.absent_n = 0;
	limits_read_cgroups(&got, "0::/../a\x1b[2J\n");
	check_text(got.absent[0], "the limits of cgroup /../a\\x1b[2J: it is outside of this cgroup namespace",
		   "a_cgroup_that_is_absent_has_no_escape_in_its_name");
}

static void test_arguments(void)
{
	check(run_tool("./oomtrace limits 2>&1", 0) == 2, "a_process_must_be_named");
	check_has(text, "Give a pid, a command name or a unit", "what_names_one_is_said");
	check(run_tool("./oomtrace limits 0 2>&1", 0) == 2, "0_is_no_pid");
	check_has(text, "'0' is not a pid: pids are 1 to", "what_is_a_pid_is_said");
	check(run_tool("./oomtrace limits '' 2>&1", 0) == 2, "an_empty_name_is_an_error");
	check(run_tool("./oomtrace limits a b 2>&1", 0) == 2, "two_names_are_an_error");
	check(run_tool("./oomtrace limits noSuchProcess 2>&1", 0) == 1,
	      "an_unknown_name_is_an_error");
	check_has(text, "no process has the command name 'noSuchProcess'",
		  "the_unknown_name_is_said");
}

void test_limits(void)
{
	test_arguments();
	test_names();
	test_address_space();
	test_tasks();
	test_user_namespace();
	test_bad_processes();
}
