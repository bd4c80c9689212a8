// SPDX-License-Identifier: GPL-2.0
/*
 * Approaches one limit, prints a byte, and waits until it is killed: the process that
 * the tests of the limits look at.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB	(1UL << 20)

static void lower(int limit, unsigned long to)
{
	struct rlimit rl = { .rlim_cur = to, .rlim_max = to };

	if (setrlimit(limit, &rl))
		_exit(1);
}

static void map(size_t size, int prot, int flags)
{
	if (mmap(NULL, size, prot, MAP_ANONYMOUS | flags, -1, 0) == MAP_FAILED)
		_exit(1);
}

/* A thousand maps more, of which no two can be merged. */
static void make_maps(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, 2000 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	int i;

	if (at == MAP_FAILED)
		_exit(1);
	for (i = 0; i < 2000; i += 2)
		if (mprotect(at + i * page, page, PROT_READ | PROT_WRITE))
			_exit(1);
}

static void fill_data(void)
{
	lower(RLIMIT_DATA, 512 * MIB);
	map(500 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
}

static void fill_address_space(void)
{
	lower(RLIMIT_AS, 2048 * MIB);
	map(2000 * MIB, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
}

static void lock_memory(void)
{
	/* CAP_IPC_LOCK lifts the limit. */
	if (!getuid() && setuid(65534))
		_exit(1);
	lower(RLIMIT_MEMLOCK, 64 << 10);
	map(60 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_LOCKED);
}

static void limit_tasks(void)
{
	if (!getuid() && setuid(65533))
		_exit(1);
	lower(RLIMIT_NPROC, 4000);
}

static void do_nothing(void)
{
}

static void enter_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		_exit(1);
}

static void end_pid_namespace(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		_exit(1);
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static const struct {
	const char *name;
	void (*approach)(void);
} limits[] = {
	{ "nothing", do_nothing },
	{ "maps", make_maps },
	{ "data", fill_data },
	{ "as", fill_address_space },
	{ "memlock", lock_memory },
	{ "nproc", limit_tasks },
	{ "userns", enter_user_namespace },
	{ "pidns", end_pid_namespace },
};

int main(int argc, char **argv)
{
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (argc < 2 || strcmp(argv[1], limits[i].name))
			continue;
		limits[i].approach();
		/* Of another user it could not be read. */
		prctl(PR_SET_DUMPABLE, 1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(STDOUT_FILENO, "x", 1) != 1)
			return 1;
		for (;;)
			pause();
	}
	return 2;
}
