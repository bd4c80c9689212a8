// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a refusal of any recorded system call is recorded, also of the rare ones: to
 * start a program, to fork at the machine's limit of tasks, io_uring, bpf, modules, and
 * ipc of a 32-bit program. A limit that such a call does not ask is not named.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "lib/commit.h"
#include "lib/ia32.h"
#include "lib/refused.h"
#include "lib/test.h"
#include "lib/tracer.h"

/* ---- a program ---- */

static int exec_in_vain(void *unused)
{
	char *argv[] = { "true", NULL };

	(void)unused;
	sysctl_set("vm/overcommit_memory", NEVER);
	sysctl_set("vm/overcommit_kbytes", 4);
	execv("/bin/true", argv);
	if (errno != ENOMEM)
		return 1;
	syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0);
	return errno == ENOMEM ? 0 : 2;
}

TEST_F(refused, execve_is_joined_with_the_denied_request)
{
	const struct oomtrace_refused *rec;
	const struct oomtrace_commit *commit = NULL;
	pid_t pid = start_child(exec_in_vain, NULL);
	int status = wait_child(pid);
	size_t i;

	sysctl_restore();
	EXPECT_EQ(0, status);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_EXEC,
			    ONE(COMMIT));
	EXPECT_EQ(-ENOMEM, rec->ret);
	EXPECT_FALSE(HAS(rec, refused, bytes));
	EXPECT_EQ(2, count_refused("exec"));
	for (i = 0; i < self->recs.n; i++)
		if (self->recs.r[i].h.type == OOMTRACE_COMMIT &&
		    self->recs.r[i].commit.pid == pid)
			commit = &self->recs.r[i].commit;
	ASSERT_NE(NULL, commit);
	EXPECT_EQ(commit->h.seq, rec->commit_seq);
	EXPECT_EQ(commit->h.cpu, rec->commit_cpu);
	EXPECT_EQ(commit->allowed * PAGE, (long)rec->limit);
}

/* ---- tasks ---- */

/* What a child that may not fork finds: tasks of the machine before and after. */
struct crowded {
	long before, after;
};

/* The number of tasks, kernel threads included. */
static long count_tasks(void)
{
	char text[128];
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	long tasks;

	if (n <= 0)
		die("cannot read /proc/loadavg");
	close(fd);
	text[n] = '\0';
	if (sscanf(text, "%*f %*f %*f %*d/%ld", &tasks) != 1)
		die("/proc/loadavg has no number of tasks: %s", text);
	return tasks;
}

#define FEW_TASKS	20	/* the kernel's least kernel.threads-max */

/* 0 if the call that makes a task fails with EAGAIN. */
static int is_refused_a_task(long pid)
{
	if (!pid)
		_exit(0);
	return pid < 0 && errno == EAGAIN ? 0 : 1;
}

static int fork_at_threads_max(void *arg)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct crowded *seen = arg;
	long most = sysctl_get("kernel/threads-max");
	int failed;

	seen->before = count_tasks();
	sysctl_write("kernel/threads-max", FEW_TASKS);
	failed = is_refused_a_task(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)) |
		 is_refused_a_task(syscall(SYS_clone3, &args, sizeof(args))) << 1 |
		 is_refused_a_task(vfork()) << 2;
	sysctl_write("kernel/threads-max", most);
	seen->after = count_tasks();
	return failed;
}

TEST_F(refused, threads_max_is_the_cause)
{
	struct crowded *seen = alloc_shared(sizeof(*seen));
	pid_t pid = EXPECT_REFUSED(fork_at_threads_max, seen);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_FORK,
			    ONE(THREADS_MAX));
	EXPECT_EQ(FEW_TASKS, rec->limit);
	/* Kernel threads come and go. */
	EXPECT_GE(8, labs((long)rec->used - seen->before));
	EXPECT_GE(8, labs((long)rec->used - seen->after));
	EXPECT_EQ(-EAGAIN, rec->ret);
	EXPECT_FALSE(HAS(rec, refused, bytes));
	EXPECT_EQ(3, count_refused("fork"));
}

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP	0x200000000ULL
#endif
#define FULL_GROUP	"/sys/fs/cgroup/oomtrace_full"
#define OTHER_GROUP	"/sys/fs/cgroup/oomtrace_other"

/* In a cgroup that is full, have a task made in another one, which is full, too. */
static int fork_into_cgroup(void *unused)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = open(OTHER_GROUP, O_RDONLY | O_DIRECTORY),
	};

	(void)unused;
	if (spill(FULL_GROUP "/cgroup.procs", "0"))
		return 2;
	return is_refused_a_task(syscall(SYS_clone3, &args, sizeof(args)));
}

TEST_F(refused, pids_max_of_the_callers_cgroup_is_no_cause_of_a_task_in_another)
{
	bool ready;

	spill("/sys/fs/cgroup/cgroup.subtree_control", "+pids");
	mkdir(FULL_GROUP, 0755);
	mkdir(OTHER_GROUP, 0755);
	ready = !spill(FULL_GROUP "/pids.max", "1") && !spill(OTHER_GROUP "/pids.max", "0");
	if (ready) {
		pid_t pid = EXPECT_REFUSED(fork_into_cgroup, NULL);

		expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_FORK,
			      ONE(UNKNOWN));
	}
	rmdir(FULL_GROUP);
	rmdir(OTHER_GROUP);
	if (!ready)
		SKIP(return, "no pids controller of cgroup v2");
}

/* ---- io_uring ---- */

static int ring_setup(void)
{
	struct io_uring_params params = { };

	return syscall(SYS_io_uring_setup, 1, &params);
}

/* 0: refused with ENOMEM, 1: granted, 2: another error. */
static int setup_without_memlock(void *unused)
{
	int fd;

	(void)unused;
	limit_to(RLIMIT_MEMLOCK, 0);
	become_user();
	fd = ring_setup();
	if (fd >= 0)
		return 1;
	return errno == ENOMEM ? 0 : 2;
}

TEST_F(refused, io_uring_setup_is_recorded)
{
	pid_t pid = start_child(setup_without_memlock, NULL);
	int status = wait_child(pid);

	if (status)
		SKIP(return, status == 1 ? "this kernel does not limit what a ring locks" :
					   "this kernel has no io_uring");
	/* The kernel compares what the user has locked by all rings. */
	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_IO_URING,
		      ONE(UNKNOWN));
}

/* As above; a ring itself is within the limit. */
static int register_too_much(void *unused)
{
	struct iovec buffer = {
		map_anonymous(MB(1), PROT_READ | PROT_WRITE, MAP_PRIVATE), MB(1),
	};
	int fd;

	(void)unused;
	limit_to(RLIMIT_MEMLOCK, 64 << 10);
	become_user();
	fd = ring_setup();
	if (fd < 0)
		return 2;
	if (!syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &buffer, 1))
		return 1;
	return errno == ENOMEM ? 0 : 3;
}

TEST_F(refused, io_uring_register_is_recorded)
{
	pid_t pid = start_child(register_too_much, NULL);
	const struct oomtrace_refused *rec;
	int status = wait_child(pid);

	if (status == 2)
		SKIP(return, "this kernel has no io_uring");
	EXPECT_EQ(0, status);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid,
			    OOMTRACE_CALL_IO_URING, ONE(RLIMIT_MEMLOCK));
	EXPECT_EQ(1000, rec->uid);
	/* Another ring of that user would be counted, too. */
	EXPECT_GE(64 << 10, rec->used);
	EXPECT_EQ(64 << 10, rec->limit);
	EXPECT_TRUE(DERIVED(rec, refused, used));
	EXPECT_FALSE(HAS(rec, refused, bytes));
	EXPECT_EQ(1, count_refused("io_uring"));
}

/* ---- bpf ---- */

/* An array that is larger than memory. Its own limits say nothing about that. */
static int make_large_map(void *unused)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4096,
		.max_entries = meminfo("MemTotal") / 2,
	};
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	(void)unused;
	/* Before 5.11 a map counts as locked memory. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) >= 0)
		return 1;
	return errno == ENOMEM ? 0 : 2;
}

TEST_F(refused, bpf_is_recorded_with_the_allocation_that_failed)
{
	pid_t pid = EXPECT_REFUSED(make_large_map, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_BPF,
			    ONE(ALLOCATION));
	EXPECT_FALSE(HAS(rec, refused, used));
	EXPECT_FALSE(HAS(rec, refused, bytes));
	EXPECT_EQ(1, count_refused("bpf"));
}

/* ---- modules ---- */

#define TOO_LARGE	0x70000000	/* more than all modules may have */

/* A module, and its size. */
struct image {
	char *at;
	size_t size;
};

/* Let the module need more memory for its variables than there can be. */
static bool enlarge_bss(struct image *image)
{
	Elf64_Ehdr *head = (void *)image->at;
	Elf64_Shdr *section = (void *)(image->at + head->e_shoff);
	int i;

	for (i = 0; i < head->e_shnum; i++)
		if (section[i].sh_type == SHT_NOBITS && section[i].sh_flags & SHF_ALLOC) {
			section[i].sh_size = TOO_LARGE;
			return true;
		}
	return false;
}

static int load_large_module(void *arg)
{
	const struct image *image = arg;
	int fd = memfd_create("module", 0);

	if (fd < 0 || write(fd, image->at, image->size) != (ssize_t)image->size)
		return 1;
	if (!syscall(SYS_init_module, image->at, image->size, "") || errno != ENOMEM)
		return 2;
	return syscall(SYS_finit_module, fd, "", 0) && errno == ENOMEM ? 0 : 3;
}

TEST_F(refused, a_module_is_recorded_without_a_guess)
{
	int fd = own_module_file("kthreads");
	const struct oomtrace_refused *rec;
	struct image image;
	struct stat st;
	pid_t pid;

	if (fd < 0)
		SKIP(return, "no oomtrace_kthreads.ko for this kernel");
	ASSERT_EQ(0, fstat(fd, &st));
	image.size = st.st_size;
	image.at = mmap(NULL, image.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, image.at);
	close(fd);
	ASSERT_TRUE(enlarge_bss(&image));
	pid = EXPECT_REFUSED(load_large_module, &image);
	device_drain(self->fd, &self->recs);
	rec = find_refused(&self->recs, pid, OOMTRACE_CALL_MODULE);
	ASSERT_NE(NULL, rec);
	/* Some kernels find that it is too large before they try. */
	EXPECT_EQ(HAS(rec, refused, alloc_seq) ? ONE(ALLOCATION) : ONE(UNKNOWN),
		  rec->causes);
	EXPECT_EQ(2, count_refused("init_module"));
}

/* ---- variants of a call ---- */

/* A page that is not mapped. */
static void *find_hole(void)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
			-1, 0);

	munmap(at, PAGE);
	return at;
}

#define NO_PKEYS	9

/* As root, whom RLIMIT_MEMLOCK does not limit. */
static int use_hole(void *unused)
{
	void *hole = find_hole();

	(void)unused;
	limit_to(RLIMIT_MEMLOCK, 0);
	if (!syscall(SYS_mlock2, hole, PAGE, 0) || errno != ENOMEM)
		return 1;
	/* A length of 0 fails on no kernel that has the call. */
	if (syscall(SYS_pkey_mprotect, hole, 0, PROT_NONE, -1))
		return NO_PKEYS;
	return syscall(SYS_pkey_mprotect, hole, PAGE, PROT_NONE, -1) && errno == ENOMEM ?
	       0 : 2;
}

TEST_F(refused, the_newer_variant_of_a_call_is_recorded)
{
	pid_t pid = start_child(use_hole, NULL);
	int status = wait_child(pid);

	if (status == NO_PKEYS)
		SKIP(return, "this kernel has no pkey_mprotect()");
	EXPECT_EQ(0, status);
	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MLOCK,
		      ONE(UNKNOWN));
	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MPROTECT,
		      ONE(UNKNOWN));
}

/* ---- 32-bit programs ---- */

static bool has_ia32(void)
{
	return ia32_call(IA32_GETPID, 0, 0, 0, 0, 0) == getpid();
}

#define NO_IA32	"this kernel has no 32-bit system calls"

static int map_in_32_bits(void *unused)
{
	(void)unused;
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	return ia32_call(IA32_MMAP2, 0, MB(128), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1) == -ENOMEM ? 0 : 1;
}

TEST_F(refused, mmap_of_a_32_bit_program_is_recorded)
{
	const struct oomtrace_refused *rec;
	pid_t pid;

	if (!has_ia32())
		SKIP(return, NO_IA32);
	pid = EXPECT_REFUSED(map_in_32_bits, NULL);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
			    ONE(RLIMIT_AS));
	EXPECT_EQ(MB(128), rec->bytes);
}

static int use_hole_in_32_bits(void *unused)
{
	long hole = (long)find_hole();

	(void)unused;
	if (ia32_call(IA32_MPROTECT, hole, PAGE, PROT_NONE, 0, 0) != -ENOMEM)
		return 1;
	if (ia32_call(IA32_MLOCK, hole, PAGE, 0, 0, 0) != -ENOMEM)
		return 2;
	return ia32_call(IA32_MADVISE, hole, PAGE, MADV_NORMAL, 0, 0) == -ENOMEM ? 0 : 3;
}

TEST_F(refused, calls_of_a_32_bit_program_are_recorded)
{
	static const unsigned int calls[] = {
		OOMTRACE_CALL_MPROTECT, OOMTRACE_CALL_MLOCK, OOMTRACE_CALL_MADVISE,
	};
	const struct oomtrace_refused *rec;
	char kind[32];
	pid_t pid;
	size_t i;

	if (!has_ia32())
		SKIP(return, NO_IA32);
	pid = EXPECT_REFUSED(use_hole_in_32_bits, NULL);
	/* Without pkey_mprotect(), the compiler makes one function of all that mprotect() does. */
	hook_kind("__x64_sys_mprotect", kind);
	i = strcmp(kind, "none") ? 1 : 0;
	for (; i < ARRAY_SIZE(calls); i++) {
		rec = expect_causes(_metadata, self->fd, &self->recs, pid, calls[i],
				    ONE(UNKNOWN));
		EXPECT_EQ(PAGE, rec->bytes);
	}
}

/* The calls of ipc(). */
#define IPC_SHMAT	21
#define IPC_SHMGET	23

/* A segment that is larger than memory, in mode 0. */
static int shmget_in_32_bits(void *unused)
{
	(void)unused;
	return ia32_call(IA32_IPC, IPC_SHMGET, IPC_PRIVATE, 3000L << 20, 0600, 0) ==
	       -ENOMEM ? 0 : 1;
}

TEST_F(refused, ipc_of_a_32_bit_program_is_joined_with_the_denied_request)
{
	const struct oomtrace_commit *commit;
	const struct oomtrace_refused *rec;
	pid_t pid;

	if (!has_ia32())
		SKIP(return, NO_IA32);
	pid = EXPECT_REFUSED(shmget_in_32_bits, NULL);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_SHMGET,
			    ONE(COMMIT));
	/* Its arguments are in another order. */
	EXPECT_FALSE(HAS(rec, refused, bytes));
	commit = commit_of(&self->recs, pid, (3000L << 20) / PAGE);
	ASSERT_NE(NULL, commit);
	EXPECT_EQ(commit->h.seq, rec->commit_seq);
}

static int shmat_in_32_bits(void *id)
{
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	return ia32_call(IA32_IPC, IPC_SHMAT, *(int *)id, 0, (long)find_hole(), 0) ==
	       -ENOMEM ? 0 : 1;
}

TEST_F(refused, shmat_of_a_32_bit_program_is_recorded)
{
	int id = shmget(IPC_PRIVATE, MB(128), IPC_CREAT | 0600);
	pid_t pid;

	ASSERT_LE(0, id);
	if (!has_ia32()) {
		shmctl(id, IPC_RMID, NULL);
		SKIP(return, NO_IA32);
	}
	pid = EXPECT_REFUSED(shmat_in_32_bits, &id);
	shmctl(id, IPC_RMID, NULL);
	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_SHMAT,
		      ONE(UNKNOWN));
	EXPECT_EQ(1, count_refused("shmat"));
}

TEST_HARNESS_MAIN
