// SPDX-License-Identifier: GPL-2.0
/*
 * A memory hog for the OOM tests: takes the memory that its options name, then
 * prints "ready" and holds it, or grows until it is killed.
 *
 * It is static, small and started from a small process, so that it is charged
 * for little more than its options name. It touches each page once, which is
 * quick even under emulation. It dies with the test that started it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* bytes */
#define PAGE	((unsigned long)sysconf(_SC_PAGESIZE))

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "# hog: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0, path);
	must(write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

/* arg is PATH=TEXT */
static void put_arg(char *arg)
{
	char *text = strchr(arg, '=');

	must(!!text, "no = in --put");
	*text++ = '\0';
	put(arg, text);
}

static void touch(char *at, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i += PAGE)
		((volatile char *)at)[i] = 1;
}

static void take(size_t mb, int flags, int fd)
{
	size_t bytes = mb << 20;
	char *at;

	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	must(at != MAP_FAILED, "mmap");
	/* Huge pages would make the sizes unpredictable. */
	madvise(at, bytes, MADV_NOHUGEPAGE);
	touch(at, bytes);
}

static void take_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);
	char *at;
	off_t i;

	must(fd >= 0 && size > 0, path);
	at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	must(at != MAP_FAILED, "mmap file");
	for (i = 0; i < size; i += PAGE)
		(void)((volatile char *)at)[i];
}

static void grow(size_t mb)
{
	size_t i;

	for (i = 0; i < mb; i++)
		take(1, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* A page fault retries forever if memory is short; MAP_POPULATE gives up. */
static void try_to_populate(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	must(at != MAP_FAILED, "mmap");
	munmap(at, bytes);
}

/* One system call does not justify libnuma. */
static void bind_to_node(int node)
{
	unsigned long nodes = 1UL << node;

	must(!syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 8 * sizeof(nodes)),
	     "set_mempolicy");
}

static void hold(void)
{
	must(write(STDOUT_FILENO, "ready\n", 6) == 6, "stdout");
	for (;;)
		pause();
}

/* Wait for the test's go: a byte on stdin. */
static void wait_for_go(void)
{
	char c;

	must(write(STDOUT_FILENO, "ready\n", 6) == 6, "stdout");
	must(read(STDIN_FILENO, &c, 1) == 1, "stdin");
}

static int usage(void)
{
	fputs("usage: hog [OPTION...]   options apply in their order\n"
	      "  --adj N        set oom_score_adj (each hog starts with 0)\n"
	      "  --comm NAME    set the command's name\n"
	      "  --uid N        change to that user\n"
	      "  --cgroup DIR   join the cgroup\n"
	      "  --membind NODE allocate from that NUMA node only\n"
	      "  --put PATH=TEXT\n"
	      "                 write to a file\n"
	      "  --anon MB, --shmem MB, --file PATH\n"
	      "                 map and touch that much memory\n"
	      "  --populate MB  map that much with MAP_POPULATE, which gives up without\n"
	      "                 memory, and unmap it\n"
	      "  --thread       exit the first thread and continue in another\n"
	      "  --hold         print ready, hold everything\n"
	      "  --go           print ready, continue after a byte on stdin\n"
	      "  --grow MB      map and touch anonymous memory up to that size\n", stderr);
	return 2;
}

static void go_on_in_a_thread(int argc, char **argv);

static int obey(int argc, char **argv)
{
	static const struct option options[] = {
		{ "adj", required_argument, NULL, 'a' },
		{ "comm", required_argument, NULL, 'c' },
		{ "uid", required_argument, NULL, 'u' },
		{ "cgroup", required_argument, NULL, 'g' },
		{ "put", required_argument, NULL, 'p' },
		{ "membind", required_argument, NULL, 'm' },
		{ "anon", required_argument, NULL, 'A' },
		{ "shmem", required_argument, NULL, 'S' },
		{ "file", required_argument, NULL, 'F' },
		{ "populate", required_argument, NULL, 'P' },
		{ "thread", no_argument, NULL, 't' },
		{ "hold", no_argument, NULL, 'h' },
		{ "go", no_argument, NULL, 'w' },
		{ "grow", required_argument, NULL, 'G' },
		{ }
	};
	char path[512];
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			put("/proc/self/oom_score_adj", optarg);
			break;
		case 'c':
			must(!prctl(PR_SET_NAME, optarg), "prctl");
			break;
		case 'u':
			must(!setresuid(atoi(optarg), atoi(optarg),
					atoi(optarg)), "setresuid");
			/* Changing the uid resets the death signal. */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			break;
		case 'g':
			snprintf(path, sizeof(path), "%s/cgroup.procs", optarg);
			put(path, "0");
			break;
		case 'p':
			put_arg(optarg);
			break;
		case 'm':
			bind_to_node(atoi(optarg));
			break;
		case 'A':
			take(atol(optarg), MAP_PRIVATE | MAP_ANONYMOUS, -1);
			break;
		case 'S':
			take(atol(optarg), MAP_SHARED | MAP_ANONYMOUS, -1);
			break;
		case 'F':
			take_file(optarg);
			break;
		case 'P':
			try_to_populate((size_t)atol(optarg) << 20);
			break;
		case 't':
			go_on_in_a_thread(argc, argv);
			break;
		case 'h':
			hold();
			break;
		case 'w':
			wait_for_go();
			break;
		case 'G':
			grow(atol(optarg));
			break;
		default:
			return usage();
		}
	}
	return 0;
}

/* The arguments for the thread that continues. */
static struct {
	int argc;
	char **argv;
} rest;

static int thread_main(void *unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(obey(rest.argc, rest.argv));
}

/* Exit the first thread and continue in another. */
static void go_on_in_a_thread(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));

	rest.argc = argc;
	rest.argv = argv;
	must(clone(thread_main, stack + sizeof(stack),
		   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		   CLONE_THREAD | CLONE_SYSVSEM, NULL) > 0, "clone");
	syscall(SYS_exit, 0);
}

int main(int argc, char **argv)
{
	must(!prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
	put("/proc/self/oom_score_adj", "0");
	return obey(argc, argv);
}
