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

static void require(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "# hog: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	require(fd >= 0, path);
	require(write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

/* arg is PATH=TEXT */
static void write_file_arg(char *arg)
{
	char *text = strchr(arg, '=');

	require(!!text, "no = in --put");
	*text++ = '\0';
	write_file(arg, text);
}

static void touch_pages(char *at, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i += PAGE)
		((volatile char *)at)[i] = 1;
}

static void map_memory(size_t mb, int flags, int fd)
{
	size_t bytes = mb << 20;
	char *at;

	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	require(at != MAP_FAILED, "mmap");
	/* Huge pages would make the sizes unpredictable. */
	madvise(at, bytes, MADV_NOHUGEPAGE);
	touch_pages(at, bytes);
}

static void map_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);
	char *at;
	off_t i;

	require(fd >= 0 && size > 0, path);
	at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	require(at != MAP_FAILED, "mmap file");
	for (i = 0; i < size; i += PAGE)
		(void)((volatile char *)at)[i];
}

static void grow_memory(size_t mb)
{
	size_t i;

	for (i = 0; i < mb; i++)
		map_memory(1, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* A page fault retries forever if memory is short; MAP_POPULATE gives up. */
static void try_to_populate(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	require(at != MAP_FAILED, "mmap");
	munmap(at, bytes);
}

/* One system call does not justify libnuma. */
static void bind_to_node(int node)
{
	unsigned long nodes = 1UL << node;

	require(!syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 8 * sizeof(nodes)),
		"set_mempolicy");
}

static void hold_forever(void)
{
	require(write(STDOUT_FILENO, "ready\n", 6) == 6, "stdout");
	for (;;)
		pause();
}

/* Wait for the test's go: a byte on stdin. */
static void wait_for_go(void)
{
	char c;

	require(write(STDOUT_FILENO, "ready\n", 6) == 6, "stdout");
	require(read(STDIN_FILENO, &c, 1) == 1, "stdin");
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

static void continue_in_thread(int argc, char **argv);

static int apply_options(int argc, char **argv)
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
			write_file("/proc/self/oom_score_adj", optarg);
			break;
		case 'c':
			require(!prctl(PR_SET_NAME, optarg), "prctl");
			break;
		case 'u':
			require(!setresuid(atoi(optarg), atoi(optarg),
					   atoi(optarg)), "setresuid");
			/* Changing the uid resets the death signal. */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			break;
		case 'g':
			snprintf(path, sizeof(path), "%s/cgroup.procs", optarg);
			write_file(path, "0");
			break;
		case 'p':
			write_file_arg(optarg);
			break;
		case 'm':
			bind_to_node(atoi(optarg));
			break;
		case 'A':
			map_memory(atol(optarg), MAP_PRIVATE | MAP_ANONYMOUS, -1);
			break;
		case 'S':
			map_memory(atol(optarg), MAP_SHARED | MAP_ANONYMOUS, -1);
			break;
		case 'F':
			map_file(optarg);
			break;
		case 'P':
			try_to_populate((size_t)atol(optarg) << 20);
			break;
		case 't':
			continue_in_thread(argc, argv);
			break;
		case 'h':
			hold_forever();
			break;
		case 'w':
			wait_for_go();
			break;
		case 'G':
			grow_memory(atol(optarg));
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
	_exit(apply_options(rest.argc, rest.argv));
}

/* Exit the first thread and continue in another. */
static void continue_in_thread(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));

	rest.argc = argc;
	rest.argv = argv;
	require(clone(thread_main, stack + sizeof(stack),
		      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		      CLONE_THREAD | CLONE_SYSVSEM, NULL) > 0, "clone");
	syscall(SYS_exit, 0);
}

int main(int argc, char **argv)
{
	require(!prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
	write_file("/proc/self/oom_score_adj", "0");
	return apply_options(argc, argv);
}
