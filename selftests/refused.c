// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: with refusals=syscalls, a system call that the kernel refuses is counted
 * and recorded with what explains it: a limit of tasks, or what failed within the call.
 * Without it, no function has a probe.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/refused.h"
#include "lib/test.h"

/* ---- tasks ---- */

static int fork_in_dead_namespace(void *unused)
{
	pid_t pid;

	(void)unused;
	if (unshare(CLONE_NEWPID))
		return 1;
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return 2;
	pid = fork();
	if (!pid)
		_exit(0);
	return pid < 0 && errno == ENOMEM ? 0 : 3;
}

TEST_F(refused, a_pid_namespace_that_has_ended_is_the_cause)
{
	pid_t pid = EXPECT_REFUSED(fork_in_dead_namespace, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_FORK,
			    ONE(PID_NAMESPACE));
	EXPECT_EQ(-ENOMEM, rec->ret);
	EXPECT_FALSE(HAS(rec, refused, used));
	EXPECT_FALSE(HAS(rec, refused, bytes));
}

/* 0 if it fails with EAGAIN. */
static int fork_refused(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid < 0 && errno == EAGAIN ? 0 : 1;
}

#define PIDS_GROUP	"/sys/fs/cgroup/oomtrace_pids"

static int fork_beyond_pids_max(void *unused)
{
	(void)unused;
	if (spill(PIDS_GROUP "/cgroup.procs", "0"))
		return 2;
	return fork_refused();
}

TEST_F(refused, pids_max_of_a_cgroup_is_the_cause)
{
	const struct oomtrace_refused *rec;
	pid_t pid;

	spill("/sys/fs/cgroup/cgroup.subtree_control", "+pids");
	mkdir(PIDS_GROUP, 0755);
	if (spill(PIDS_GROUP "/pids.max", "1")) {
		rmdir(PIDS_GROUP);
		SKIP(return, "no pids controller of cgroup v2");
	}
	pid = EXPECT_REFUSED(fork_beyond_pids_max, NULL);
	rmdir(PIDS_GROUP);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_FORK,
			    access("/sys/kernel/btf/vmlinux", F_OK) ? ONE(UNKNOWN) :
								    ONE(PIDS_MAX));
	EXPECT_EQ(-EAGAIN, rec->ret);
	if (rec->cause == OOMTRACE_CAUSE_PIDS_MAX) {
		EXPECT_EQ(1, rec->used);
		EXPECT_EQ(1, rec->limit);
	}
}

static int fork_beyond_nproc(void *unused)
{
	(void)unused;
	limit_to(RLIMIT_NPROC, 1);
	become_user();
	return fork_refused();
}

TEST_F(refused, rlimit_nproc_is_the_cause)
{
	pid_t pid = EXPECT_REFUSED(fork_beyond_nproc, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_FORK,
			    ONE(RLIMIT_NPROC));
	EXPECT_EQ(1, rec->limit);
	EXPECT_EQ(1, rec->used);
	EXPECT_EQ(-EAGAIN, rec->ret);
}

/* ---- what fails within a call ---- */

TEST_F(refused, a_denied_request_is_joined_with_its_commit_record)
{
	const struct oomtrace_commit *commit;
	const struct oomtrace_refused *rec;

	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	sysctl_restore();
	rec = expect_causes(_metadata, self->fd, &self->recs, getpid(),
			    OOMTRACE_CALL_MMAP, ONE(COMMIT));
	commit = commit_of(&self->recs, getpid(), TEN_GIB_PAGES);
	ASSERT_NE(NULL, commit);
	EXPECT_EQ(commit->h.seq, rec->commit_seq);
	EXPECT_EQ(commit->h.cpu, rec->commit_cpu);
	EXPECT_EQ(commit->committed * PAGE, (long)rec->used);
	EXPECT_EQ(commit->allowed * PAGE, (long)rec->limit);
}

/* For the largest size the kernel rounds up to a negative number of pages. */
static int ask_for_a_size_that_overflows(void *unused)
{
	(void)unused;
	return shmget(IPC_PRIVATE, LONG_MAX, IPC_CREAT | 0600) == -1 &&
	       errno == ENOMEM ? 0 : 1;
}

/* For a child: root may use one of the reserves, others may use neither. */
static int ask_without_a_reserve(void *unused)
{
	(void)unused;
	become_user();
	return ask(1) == ENOMEM ? 0 : 1;
}

TEST_F(refused, a_denial_with_a_negative_number_is_recorded_without_numbers)
{
	const struct oomtrace_refused *rec;
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++) {
		sysctl_set("vm/overcommit_memory", i ? NEVER : GUESS);
		if (i)
			sysctl_set("vm/admin_reserve_kbytes", 1 << 24);
		pid = i ? EXPECT_REFUSED(ask_without_a_reserve, NULL) :
			  EXPECT_REFUSED(ask_for_a_size_that_overflows, NULL);
		sysctl_restore();
		rec = expect_causes(_metadata, self->fd, &self->recs, pid,
				    i ? OOMTRACE_CALL_MMAP : OOMTRACE_CALL_SHMGET,
				    ONE(COMMIT));
		EXPECT_TRUE(HAS(rec, refused, commit_seq));
		EXPECT_FALSE(HAS(rec, refused, used));
		EXPECT_FALSE(HAS(rec, refused, limit));
		EXPECT_EQ(0, rec->limit);
	}
}

/* A denial in a call that is not recorded, and then a refusal for another reason. */
static int refused_after_denial(void *unused)
{
	int memfd = memfd_create("refused", 0);
	ssize_t n;

	(void)unused;
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	sysctl_set("vm/overcommit_memory", NEVER);
	sysctl_set("vm/overcommit_kbytes", 4);
	n = write(memfd, "x", 1);
	return n == -1 ? map_refused(MB(128)) : 2;
}

TEST_F(refused, the_denial_of_an_earlier_call_is_not_joined)
{
	pid_t pid = start_child(refused_after_denial, NULL);
	const struct oomtrace_refused *rec;
	int status = wait_child(pid);

	sysctl_restore();
	EXPECT_EQ(0, status);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
			    ONE(RLIMIT_AS));
	EXPECT_FALSE(HAS(rec, refused, commit_seq));
	EXPECT_LE(1, commits_by(&self->recs, pid));
}

/* Six of these fit nowhere: the address space has 128 TiB. */
#define HUGE	((size_t)24 << 40)

static int map_beyond_the_address_space(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 6; i++)
		if (map_anonymous(HUGE, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE) ==
		    MAP_FAILED)
			return errno == ENOMEM ? 0 : 1;
	return 2;
}

TEST_F(refused, an_address_space_without_a_gap_is_the_cause)
{
	const struct oomtrace_refused *rec;
	pid_t pid;

	if (PAGE != 4096 || sizeof(long) != 8)
		SKIP(return, "the size of the address space is another one");
	pid = EXPECT_REFUSED(map_beyond_the_address_space, NULL);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
			    ONE(ADDRESS_SPACE));
	EXPECT_EQ(HUGE, rec->bytes);
	EXPECT_FALSE(HAS(rec, refused, used));
}

/*
 * Each map takes some of the kernel's memory, which the cgroup is charged for. Memory that
 * is freed right after a failing charge makes room, and hides the numbers of the limit: so
 * several maps are refused.
 */
static int fill_cgroup_with_maps(void *dir)
{
	char path[160];
	int i, refused = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", (char *)dir);
	if (spill("/proc/self/oom_score_adj", "-1000") || spill(path, "0"))
		return 1;
	for (i = 0; i < 200000; i++)
		if (map_anonymous(PAGE, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE) ==
		    MAP_FAILED) {
			if (errno != ENOMEM)
				return 2;
			if (++refused == 20)
				return 0;
		}
	return 3;
}

TEST_F(refused, a_charge_to_a_memory_cgroup_is_the_cause)
{
	const struct oomtrace_refused *rec;
	struct memcg cg;
	size_t i;
	pid_t pid;

	if (!memcg_make(&cg, "refused_charge", MB(4)))
		SKIP(return, "no memory controller of cgroup v2");
	sysctl_write("vm/max_map_count", 1000000);
	pid = EXPECT_REFUSED(fill_cgroup_with_maps, cg.dir);
	memcg_remove(&cg);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MMAP,
			    ONE(MEMCG));
	for (i = 0; i < self->recs.n && !HAS(rec, refused, used); i++)
		if (is_refused(&self->recs.r[i].refused, pid, OOMTRACE_CALL_MMAP))
			rec = &self->recs.r[i].refused;
	EXPECT_EQ(ONE(MEMCG), rec->causes);
	EXPECT_TRUE(HAS(rec, refused, used));
	EXPECT_EQ(MB(4), rec->limit);
	EXPECT_GE(rec->limit, rec->used);
	/* The charge was for a few pages at most. */
	EXPECT_LT(rec->limit, rec->used + 16 * PAGE);
}

/* ---- what is not known ---- */

static int protect_nothing(void *unused)
{
	void *at = map_anonymous(PAGE, PROT_READ, MAP_PRIVATE);

	(void)unused;
	munmap(at, PAGE);
	if (!mprotect(at, PAGE, PROT_NONE) || errno != ENOMEM)
		return 1;
	return madvise(at, PAGE, MADV_NORMAL) && errno == ENOMEM ? 0 : 2;
}

TEST_F(refused, without_a_limit_that_explains_it_the_cause_is_unknown)
{
	pid_t pid = EXPECT_REFUSED(protect_nothing, NULL);
	const struct oomtrace_refused *rec;

	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MPROTECT,
			    ONE(UNKNOWN));
	EXPECT_EQ(OOMTRACE_CAUSE_UNKNOWN, rec->cause);
	EXPECT_FALSE(HAS(rec, refused, used));
	expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_MADVISE,
		      ONE(UNKNOWN));
}

static int attach_too_much(void *id)
{
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	return shmat(*(int *)id, NULL, 0) == (void *)-1 && errno == ENOMEM ? 0 : 1;
}

TEST_F(refused, a_call_without_a_known_size_is_not_guessed)
{
	int id = shmget(IPC_PRIVATE, MB(128), IPC_CREAT | 0600);
	const struct oomtrace_refused *rec;
	pid_t pid;

	ASSERT_LE(0, id);
	pid = EXPECT_REFUSED(attach_too_much, &id);
	shmctl(id, IPC_RMID, NULL);
	rec = expect_causes(_metadata, self->fd, &self->recs, pid, OOMTRACE_CALL_SHMAT,
			    ONE(UNKNOWN));
	EXPECT_FALSE(HAS(rec, refused, bytes));
}

#define NO_SECCOMP	9

static int map_under_seccomp(void *unused)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(code), code };

	(void)unused;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 1;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return errno == EINVAL ? NO_SECCOMP : 2;
	return map_refused(MB(1));
}

TEST_F(refused, an_answer_of_seccomp_is_not_the_kernels)
{
	pid_t pid = start_child(map_under_seccomp, NULL);
	int status = wait_child(pid);

	if (status == NO_SECCOMP)
		SKIP(return, "this kernel has no filters of seccomp");
	EXPECT_EQ(0, status);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(NULL, find_refused(&self->recs, pid, OOMTRACE_CALL_MMAP));
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_REFUSED));
}

/* ---- many of them ---- */

#define FLOOD	100000

/* What a flood of refusals took, and how many there were. */
struct flood {
	unsigned long long took_ns;
	unsigned long long n;
};

static int flood_map(void *arg)
{
	struct flood *flood = arg;
	unsigned long long begin, recorded;
	int i;

	/* One CPU, whose next record counts what was left out. */
	pin_to_cpu(0);
	limit_to(RLIMIT_AS, own_total_vm() * PAGE + MB(64));
	begin = now_ns();
	for (i = 0; i < FLOOD; i++)
		if (map_refused(MB(128)))
			return 1;
	flood->took_ns = now_ns() - begin;
	recorded = count_in_stats("mmap", true);
	for (; i < FLOOD + 2000 && count_in_stats("mmap", true) == recorded; i++) {
		sleep_ms(5);
		if (map_refused(MB(128)))
			return 2;
	}
	flood->n = i;
	return 0;
}

TEST_F(refused, a_flood_is_counted_and_not_all_recorded)
{
	struct flood *flood = alloc_shared(sizeof(*flood));
	unsigned long long sum = 0;
	size_t i, n = 0;
	pid_t pid;

	ASSERT_EQ(0, spill(DEBUGFS "/buffer_size_kb", "256"));
	/* What was refused before counts for its second. */
	sleep_ms(1100);
	pid = start_child(flood_map, flood);
	/* The ring has room for the records of ten seconds. */
	EXPECT_EQ(0, device_drain_child(self->fd, &self->recs, pid));
	for (i = 0; i < self->recs.n; i++) {
		const struct oomtrace_refused *rec = &self->recs.r[i].refused;

		if (rec->h.type != OOMTRACE_REFUSED || rec->pid != pid)
			continue;
		n++;
		sum += rec->left_out + 1;
	}
	TH_LOG("%llu refusals in %llu ms, %zu records", flood->n,
	       flood->took_ns / 1000000, n);
	EXPECT_LE(FLOOD, flood->n);
	EXPECT_EQ(flood->n, count_refused("mmap"));
	EXPECT_EQ(flood->n, sum);
	EXPECT_EQ(count_in_stats("mmap", true), n);
	EXPECT_LE(100, n);
	/* A second may begin at any time, and one that is late is longer. */
	EXPECT_GE((flood->took_ns / 1000000000 + 2) * 100 + 1, n);
	EXPECT_EQ(0, spill(DEBUGFS "/buffer_size_kb", "64"));
}

/* ---- the command ---- */

static void expect_answer(struct __test_metadata *_metadata, const char *command,
			  const char *word)
{
	/* Room for all records of the program's tests. */
	static char said[1 << 19];

	EXPECT_EQ(0, run_program(said, sizeof(said),
				 (char *[]){ "oomtrace", (char *)command, NULL }));
	EXPECT_IN(word, said);
}

TEST_F(refused, the_command_names_the_limit)
{
	EXPECT_REFUSED(exceed_data, NULL);
	expect_answer(_metadata, "why", "RLIMIT_DATA (ulimit -d)");
	expect_answer(_metadata, "why", "mmap of 128 MiB, refused with ENOMEM");
	expect_answer(_metadata, "refusals", "rlimit_data");
	/* The lines of the overview are wrapped. */
	expect_answer(_metadata, NULL, "RLIMIT_DATA");
	expect_answer(_metadata, "dump", "cause=rlimit_data~");
}

/* ---- the setting ---- */

/* The number of hooks of refused calls that are in this state. */
static int count_hooks(const char *state)
{
	char *text = slurp(DEBUGFS "/hooks", NULL), *at = text, line[256];
	int n = 0;

	for (; *at; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if ((!strncmp(line, "ksys_mmap_pgoff", 15) ||
		     !strncmp(line, "kernel_clone", 12)) && strstr(line, state))
			n++;
	}
	free(text);
	return n;
}

TEST_F(refused, every_hook_is_attached)
{
	char *text = slurp(DEBUGFS "/hooks", NULL);

	EXPECT_EQ(2, count_hooks(" attached "));
	EXPECT_EQ(NULL, strstr(text, " failed ")) TH_LOG("%s", text);
	free(text);
}

TEST_F(refused, off_leaves_no_probe)
{
	char text[16];
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, spill(DEBUGFS "/refusals", "off"));
		EXPECT_EQ(0, count_hooks(" attached "));
		EXPECT_EQ(0, EXPECT_REFUSED(exceed_data, NULL) < 0);
		device_drain(self->fd, &self->recs);
		EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_REFUSED));
		EXPECT_EQ(0, spill(DEBUGFS "/refusals", "syscalls"));
		EXPECT_EQ(2, count_hooks(" attached "));
	}
	module_param("refusals", text, sizeof(text));
	EXPECT_STREQ("syscalls", text);
}

TEST_F(refused, the_ioctl_does_the_same_and_refuses_nonsense)
{
	__u32 on = 2;

	EXPECT_EQ(-EINVAL, spill(DEBUGFS "/refusals", "on"));
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_REFUSALS, &on));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(2, count_hooks(" attached "));
	on = 0;
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_REFUSALS, &on));
	EXPECT_EQ(0, count_hooks(" attached "));
	on = 1;
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_REFUSALS, &on));
	EXPECT_EQ(2, count_hooks(" attached "));
}

TEST_F(refused, enable_switches_it_too)
{
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "0"));
	EXPECT_EQ(0, count_hooks(" attached "));
	EXPECT_REFUSED(exceed_data, NULL);
	/* What is chosen meanwhile holds afterwards. */
	EXPECT_EQ(0, spill(DEBUGFS "/refusals", "off"));
	EXPECT_EQ(0, spill(DEBUGFS "/refusals", "syscalls"));
	EXPECT_EQ(0, count_hooks(" attached "));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
	EXPECT_EQ(2, count_hooks(" attached "));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_REFUSED));
	EXPECT_REFUSED(exceed_data, NULL);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_REFUSED));
}

TEST_HARNESS_MAIN
