// SPDX-License-Identifier: GPL-2.0
/*
 * A storm of requests for address space of every kind, granted and refused,
 * which the oracle and oomtrace both record.
 *
 * It is bounded and seeded: the same arguments make the same requests, but
 * which ones are refused depends on timing. It touches almost no memory, so
 * that no OOM occurs. It ends after all its descendants, which all have its
 * command name.
 *
 *   usage: storm SEED WORKERS REQUESTS-PER-WORKER
 *          storm leaf
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS		48
#define MAX_LOG2	13

/* Address space that a worker holds. */
static struct slot {
	char *at;
	size_t pages;
} slots[SLOTS];

static const char *self;
static size_t page;
static uint64_t state;

/* xorshift, since the C library's generator could change. */
static unsigned int random_below(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

/* Small and large sizes equally often: a random power of two plus a rest. */
static size_t some_pages(void)
{
	size_t power = (size_t)1 << random_below(MAX_LOG2);

	return power + random_below(power);
}

static void map_slot(struct slot *slot, size_t pages, int prot, int flags)
{
	if (slot->at)
		munmap(slot->at, slot->pages * page);
	slot->at = mmap(NULL, pages * page, prot, flags | MAP_ANONYMOUS, -1, 0);
	slot->pages = pages;
	if (slot->at == MAP_FAILED)
		slot->at = NULL;
}

static void map_private(struct slot *slot)
{
	map_slot(slot, some_pages(), PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

static void map_shared(struct slot *slot)
{
	map_slot(slot, some_pages(), PROT_READ | PROT_WRITE, MAP_SHARED);
}

/* A read-only mapping is charged when it becomes writable. */
static void protect(struct slot *slot)
{
	size_t part;

	map_slot(slot, some_pages(), PROT_READ, MAP_PRIVATE);
	if (!slot->at)
		return;
	part = 1 + random_below(slot->pages);
	mprotect(slot->at, part * page, PROT_READ | PROT_WRITE);
}

static void remap(struct slot *slot)
{
	size_t pages = some_pages();
	char *at;

	if (!slot->at) {
		map_private(slot);
		return;
	}
	at = mremap(slot->at, slot->pages * page, pages * page, MREMAP_MAYMOVE);
	if (at == MAP_FAILED)
		return;
	slot->at = at;
	slot->pages = pages;
}

static void move_break(void)
{
	static size_t up;
	size_t pages = some_pages();

	if (up) {
		sbrk(-(intptr_t)(up * page));
		up = 0;
	}
	if (sbrk(pages * page) != (void *)-1)
		up = pages;
}

/* A memfd is charged page by page as it is written. */
static void write_memfd(void)
{
	int fd = memfd_create("storm", MFD_CLOEXEC);
	size_t pages = 1 + random_below(8), i;

	if (fd < 0)
		return;
	if (!ftruncate(fd, pages * page))
		for (i = 0; i < pages; i++)
			if (pwrite(fd, "x", 1, i * page) != 1)
				break;
	close(fd);
}

static void shm_segment(size_t bytes)
{
	int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
}

/* More than any machine has: refused in all modes but one. */
static void ask_the_absurd(void)
{
	size_t bytes = (size_t)1 << (38 + random_below(8));
	char *at;

	switch (random_below(3)) {
	case 0:
		shm_segment(5000000000000000000);
		break;
	case 1:
		shm_segment((size_t)1 << (40 + random_below(20)));
		break;
	case 2:
		at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at != MAP_FAILED)
			munmap(at, bytes);
		break;
	}
}

static void *map_in_thread(void *arg)
{
	(void)arg;
	map_private(&slots[0]);
	map_shared(&slots[1]);
	return NULL;
}

static void from_a_thread(void)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 17);
	if (!pthread_create(&t, &attr, map_in_thread, NULL))
		pthread_join(t, NULL);
	pthread_attr_destroy(&attr);
}

/* Each call needs more stack than is mapped. */
static int grow_stack(int depth)
{
	char room[3 << 14];

	/* Keep the compiler from removing the array. */
	__asm__ volatile("" : : "r"(room) : "memory");
	room[0] = depth;
	__asm__ volatile("" : : "r"(room) : "memory");
	return depth ? grow_stack(depth - 1) + room[0] : 0;
}

static void run_leaf(void)
{
	map_private(&slots[random_below(SLOTS)]);
	grow_stack(random_below(6));
	move_break();
}

static void end_with_children(void)
{
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

/* Children, their children, and some that execute another program. */
static void fork_some(void)
{
	unsigned int i, n = 1 + random_below(3);
	uint64_t seed = state;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid)
			continue;
		state = seed ^ ((uint64_t)(i + 1) << 32);
		run_leaf();
		if (!random_below(3) && !fork()) {
			state ^= 77;
			run_leaf();
			_exit(0);
		}
		if (!random_below(3)) {
			char number[32];

			snprintf(number, sizeof(number), "%u", random_below(1 << 30));
			/* Hide the error if its C library cannot map memory. */
			close(STDERR_FILENO);
			execl(self, self, "leaf", number, NULL);
		}
		end_with_children();
		_exit(0);
	}
	end_with_children();
}

static void make_request(void)
{
	struct slot *slot = &slots[random_below(SLOTS)];
	unsigned int what = random_below(1000);

	if (what < 350)
		map_private(slot);
	else if (what < 500)
		map_shared(slot);
	else if (what < 620)
		protect(slot);
	else if (what < 740)
		remap(slot);
	else if (what < 840)
		move_break();
	else if (what < 880)
		write_memfd();
	else if (what < 930)
		shm_segment(some_pages() * page);
	else if (what < 960)
		ask_the_absurd();
	else if (what < 975)
		from_a_thread();
	else
		fork_some();
}

static void run_worker(unsigned long seed, unsigned long worker,
		       unsigned long requests, const int start[2])
{
	char none;

	close(start[1]);
	if (read(start[0], &none, 1))
		_exit(1);
	close(start[0]);
	state = seed * 0x9e3779b97f4a7c15 + worker * 0xbf58476d1ce4e5b9 + 1;
	/* Half of the workers may not use the admin reserve. */
	if (worker % 2 && (setresgid(1000, 1000, 1000) ||
			   setresuid(1000, 1000, 1000)))
		_exit(1);
	while (requests--)
		make_request();
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned long seed, workers, requests, i;
	int status, failed = 0;
	int start[2];

	self = argv[0];
	page = sysconf(_SC_PAGESIZE);
	if (argc == 3 && !strcmp(argv[1], "leaf")) {
		state = strtoul(argv[2], NULL, 10) + 1;
		run_leaf();
		return 0;
	}
	if (argc != 4) {
		fprintf(stderr, "usage: storm SEED WORKERS REQUESTS\n");
		return 2;
	}
	seed = strtoul(argv[1], NULL, 10);
	workers = strtoul(argv[2], NULL, 10);
	requests = strtoul(argv[3], NULL, 10);

	/* Adopt orphans, to wait for all descendants. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Start together, or the first workers leave no room for the others. */
	if (pipe(start))
		return 1;
	for (i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("storm: fork");
			failed = 1;
		} else if (!pid) {
			run_worker(seed, i, requests, start);
		}
	}
	close(start[0]);
	close(start[1]);
	for (;;) {
		if (wait(&status) > 0)
			failed |= WIFEXITED(status) && WEXITSTATUS(status);
		else if (errno == ECHILD)
			break;
	}
	return failed;
}
