// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: with signals=kill there is a record of each SIGKILL: which process sent it,
 * or that the kernel or its OOM killer did, to which process, and whether an OOM is
 * near. Any number of signals is counted exactly, and overwrites no OOM. Without
 * signals=kill there is no record.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/test.h"

#define SIGNALS		DEBUGFS "/signals"
#define PARAMETER	"/sys/module/oomtrace/parameters/signals"
#define FLOOD		100000
#define LIMIT_MB	32

FIXTURE(sigkill) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(sigkill)
{
	module_start("signals=kill");
	self->fd = device_open();
}

FIXTURE_TEARDOWN(sigkill)
{
	close(self->fd);
	EXPECT_ALL_INTENDED(&self->recs);
	records_free(&self->recs);
	module_stop();
}

/* Tests that look at the records of their own processes only. */
FIXTURE(sender) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(sender)
{
	module_keep("signals=kill");
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(sender)
{
	close(self->fd);
	EXPECT_ALL_INTENDED(&self->recs);
	records_free(&self->recs);
}

/* The n-th record of a SIGKILL to a process; NULL if there is none. */
static const struct oomtrace_sigkill *find_kill(const struct records *recs, pid_t tgid,
						size_t n)
{
	const union record *r;
	size_t i;

	for (i = 0; (r = records_get(recs, OOMTRACE_SIGKILL, i)); i++)
		if (HAS(&r->sigkill, sigkill, victim_tgid) &&
		    r->sigkill.victim_tgid == tgid && !n--)
			return &r->sigkill;
	return NULL;
}

static pid_t start_sleeper(const char *comm)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		die("pipe: %m");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_NAME, comm);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &c, 1) != 1)
		die("the sleeper did not start");
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static pid_t killer_target;

static int kill_target(void *comm)
{
	prctl(PR_SET_NAME, comm);
	return kill(killer_target, SIGKILL);
}

TEST_F(sigkill, a_process_that_sends_it_is_recorded)
{
	const struct oomtrace_sigkill *k;
	char own[OOMTRACE_COMM_LEN];
	pid_t pid;

	killer_target = start_sleeper("worker");
	pid = start_child(kill_target, "bash");
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(128 + SIGKILL, wait_child(killer_target));
	device_drain(self->fd, &self->recs);
	k = find_kill(&self->recs, killer_target, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENDER_PROCESS, k->sender);
	EXPECT_EQ(OOMTRACE_HOW_KILL, k->how);
	EXPECT_EQ(OOMTRACE_SENT_DELIVERED, k->result);
	EXPECT_EQ(pid, k->pid);
	EXPECT_EQ(pid, k->tgid);
	EXPECT_EQ(pid, k->ns_pid);
	EXPECT_STREQ("bash", k->comm);
	EXPECT_EQ(getuid(), k->uid);
	EXPECT_EQ(getpid(), k->parent_pid);
	prctl(PR_GET_NAME, own);
	EXPECT_STREQ(own, k->parent_comm);
	EXPECT_EQ(killer_target, k->victim_pid);
	EXPECT_EQ(killer_target, k->victim_ns_pid);
	EXPECT_STREQ("worker", k->victim_comm);
	EXPECT_EQ(getuid(), k->victim_uid);
	EXPECT_EQ(k->cgroup_id, k->victim_cgroup_id);
	EXPECT_NE(0, k->cgroup_id);
	EXPECT_EQ(OOMTRACE_NEAR_NONE, k->near);
	EXPECT_FALSE(HAS(k, sigkill, oom_episode));
	EXPECT_FALSE(HAS(k, sigkill, oom_age_ns));
	EXPECT_EQ(0, k->left_out);
	/* In the ring that no OOM is in. */
	EXPECT_EQ(OOMTRACE_RING_COMMIT, k->h.flags & OOMTRACE_FLAG_RING);
	EXPECT_EQ(NULL, find_kill(&self->recs, killer_target, 1));
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	EXPECT_EQ(1, stat_number("sent by process"));
	EXPECT_EQ(0, stat_number("sent by kernel"));
}

TEST_F(sender, other_signals_are_not_recorded)
{
	pid_t pid = start_sleeper("worker");

	kill(pid, SIGTERM);
	EXPECT_EQ(128 + SIGTERM, wait_child(pid));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_SIGKILL));
}

/* ---- the OOM killer ---- */

/* Let the OOM killer kill a process; false if this kernel cannot limit its memory. */
static bool make_oom(struct __test_metadata *_metadata, pid_t *victim)
{
	struct memcg cg;
	char line[32];
	struct hog hog;

	if (!memcg_make(&cg, "sigkill", MB(LIMIT_MB)))
		return false;
	hog_start(&hog, "--comm greedy --go --anon %d", 4 * LIMIT_MB);
	*victim = hog.pid;
	snprintf(line, sizeof(line), "%d", hog.pid);
	memcg_set(&cg, "cgroup.procs", line);
	hog_go(&hog);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	memcg_remove(&cg);
	return true;
}

TEST_F(sigkill, the_oom_killers_is_part_of_its_episode)
{
	const struct oomtrace_sigkill *k;
	const union record *v;
	pid_t victim, later;

	if (!make_oom(_metadata, &victim))
		SKIP(return, "no memory controller of cgroup v2");
	later = start_sleeper("worker");
	kill(later, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(later));
	device_drain(self->fd, &self->recs);
	v = records_get(&self->recs, OOMTRACE_VICTIM, 0);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(victim, v->victim.tgid);
	k = find_kill(&self->recs, victim, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENDER_OOM_KILLER, k->sender);
	EXPECT_EQ(OOMTRACE_NEAR_PART, k->near);
	EXPECT_EQ(v->victim.episode, k->oom_episode);
	EXPECT_EQ(v->victim.cgroup_id, k->victim_cgroup_id);
	EXPECT_STREQ("greedy", k->victim_comm);
	/* It asked for the memory itself. */
	EXPECT_EQ(victim, k->tgid);
	EXPECT_EQ(1, stat_number("sent by oom_killer"));

	/* A later one is near, and not part of it. */
	k = find_kill(&self->recs, later, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENDER_PROCESS, k->sender);
	EXPECT_EQ(OOMTRACE_NEAR_ENDED, k->near);
	EXPECT_LE(v->victim.episode, k->oom_episode);
	EXPECT_LT(0, k->oom_age_ns);
	EXPECT_GT(60000000000ULL, k->oom_age_ns);
}

TEST_F(sigkill, an_oom_daemons_is_part_of_its_episode)
{
	const struct oomtrace_sigkill *k;
	const union record *begin;

	killer_target = start_sleeper("worker");
	EXPECT_EQ(0, run_child(kill_target, "earlyoom"));
	EXPECT_EQ(128 + SIGKILL, wait_child(killer_target));
	device_drain(self->fd, &self->recs);
	begin = records_get(&self->recs, OOMTRACE_OOM_BEGIN, 0);
	ASSERT_NE(NULL, begin);
	k = find_kill(&self->recs, killer_target, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENDER_PROCESS, k->sender);
	EXPECT_EQ(OOMTRACE_NEAR_PART, k->near);
	EXPECT_EQ(begin->begin.episode, k->oom_episode);
}

/* ---- containers ---- */

/* Pids as the host sees them, and what the container's init did. */
struct container {
	volatile pid_t init;
	volatile pid_t app;
};

/* Run in a pid namespace: an init, and an app that outlives it. */
static int run_container(void *arg)
{
	struct container *c = arg;
	int pids[2], status;
	char text[16] = "";
	pid_t init;

	prctl(PR_SET_NAME, "shim");
	if (pipe(pids) || unshare(CLONE_NEWPID))
		return 1;
	init = fork();
	if (!init) {
		prctl(PR_SET_NAME, "init");
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!fork()) {
			prctl(PR_SET_NAME, "app");
			/* Inside, an init cannot be killed. */
			kill(1, SIGKILL);
			/* /proc is the host's. */
			if (readlink("/proc/self", text, sizeof(text) - 1) < 0)
				text[0] = '0';
			if (write(pids[1], text, sizeof(text)) != sizeof(text))
				_exit(1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	if (read(pids[0], text, sizeof(text)) != sizeof(text))
		return 2;
	c->init = init;
	c->app = atoi(text);
	status = syscall(SYS_pidfd_open, init, 0);
	if (status < 0 || syscall(SYS_pidfd_send_signal, status, SIGKILL, NULL, 0))
		return 3;
	waitpid(init, &status, 0);
	return WIFSIGNALED(status) ? 0 : 4;
}

TEST_F(sender, a_runtime_that_ends_a_container_is_recorded_and_what_follows)
{
	struct container *c = alloc_shared(sizeof(*c));
	const struct oomtrace_sigkill *k;
	pid_t shim = start_child(run_container, c);

	ASSERT_EQ(0, wait_child(shim));
	ASSERT_LT(0, c->app);
	device_drain(self->fd, &self->recs);
	/* By the app, in vain. */
	k = find_kill(&self->recs, c->init, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENT_IGNORED, k->result);
	EXPECT_EQ(c->app, k->tgid);
	EXPECT_EQ(2, k->ns_pid);
	EXPECT_STREQ("app", k->comm);
	EXPECT_EQ(1, k->victim_ns_pid);
	/* By the runtime. */
	k = find_kill(&self->recs, c->init, 1);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENT_DELIVERED, k->result);
	EXPECT_EQ(OOMTRACE_SENDER_PROCESS, k->sender);
	EXPECT_EQ(OOMTRACE_HOW_PIDFD, k->how);
	EXPECT_EQ(shim, k->tgid);
	EXPECT_STREQ("shim", k->comm);
	EXPECT_STREQ("init", k->victim_comm);
	/* By the kernel, because the init is gone. */
	k = find_kill(&self->recs, c->app, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENDER_KERNEL, k->sender);
	EXPECT_EQ(OOMTRACE_HOW_PID_NAMESPACE, k->how);
	EXPECT_EQ(c->init, k->tgid);
	EXPECT_STREQ("init", k->comm);
	EXPECT_STREQ("app", k->victim_comm);
}

/* The record that names a cgroup, or NULL. */
static const struct oomtrace_cgroup *find_name(const struct records *recs,
					       unsigned long long id)
{
	const union record *r;
	size_t i;

	for (i = 0; (r = records_get(recs, OOMTRACE_CGROUP, i)); i++)
		if (r->cgroup.cgroup_id == id)
			return &r->cgroup;
	return NULL;
}

TEST_F(sender, a_write_to_cgroup_kill_is_recorded_with_the_paths)
{
	const struct oomtrace_cgroup *name;
	const struct oomtrace_sigkill *k;
	struct memcg cg;
	char line[32], path[128];
	pid_t pid;
	size_t i;

	if (!memcg_make(&cg, "sigkill", MB(LIMIT_MB)))
		SKIP(return, "no memory controller of cgroup v2");
	if (!memcg_has(&cg, "cgroup.kill")) {
		memcg_remove(&cg);
		SKIP(return, "this kernel has no cgroup.kill");
	}
	pid = start_sleeper("worker");
	snprintf(line, sizeof(line), "%d", pid);
	memcg_set(&cg, "cgroup.procs", line);
	memcg_set(&cg, "cgroup.kill", "1");
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	snprintf(path, sizeof(path), "%s", strrchr(cg.dir, '/'));
	memcg_remove(&cg);
	/* A second later. */
	for (i = 0; i < 500 && !find_name(&self->recs, cg.id); i++) {
		sleep_ms(20);
		device_drain(self->fd, &self->recs);
	}
	k = find_kill(&self->recs, pid, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENDER_PROCESS, k->sender);
	EXPECT_EQ(OOMTRACE_HOW_WRITE, k->how);
	EXPECT_EQ(getpid(), k->tgid);
	EXPECT_EQ(cg.id, k->victim_cgroup_id);
	EXPECT_NE(cg.id, k->cgroup_id);
	EXPECT_NE(NULL, find_name(&self->recs, k->cgroup_id));
	name = find_name(&self->recs, cg.id);
	ASSERT_NE(NULL, name);
	EXPECT_EQ(OOMTRACE_RING_COMMIT, name->h.flags & OOMTRACE_FLAG_RING);
	EXPECT_STREQ(path, name->path);
	EXPECT_EQ(1, name->removed);
}

/* ---- other senders ---- */

static int die_before_child(void *arg)
{
	volatile pid_t *child = arg;
	int ready[2];
	pid_t pid;
	char c;

	prctl(PR_SET_NAME, "parent");
	if (pipe(ready))
		return 1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_NAME, "child");
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	*child = pid;
	/* It must not die before the child has asked for the signal. */
	return read(ready[0], &c, 1) != 1;
}

TEST_F(sender, the_death_of_a_parent_is_told_from_a_kill)
{
	volatile pid_t *child = alloc_shared(sizeof(*child));
	const struct oomtrace_sigkill *k;
	pid_t parent = start_child(die_before_child, (void *)child);

	EXPECT_EQ(0, wait_child(parent));
	device_drain(self->fd, &self->recs);
	k = find_kill(&self->recs, *child, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENDER_PROCESS, k->sender);
	EXPECT_EQ(OOMTRACE_HOW_EXIT, k->how);
	EXPECT_EQ(parent, k->tgid);
	EXPECT_STREQ("parent", k->comm);
	EXPECT_STREQ("child", k->victim_comm);
}

static int burn_cpu(void *unused)
{
	const struct rlimit limit = { .rlim_cur = 1, .rlim_max = 1 };

	(void)unused;
	if (setrlimit(RLIMIT_CPU, &limit))
		return 1;
	for (;;)
		continue;
}

TEST_F(sender, a_limit_of_cpu_time_is_the_kernels)
{
	const struct oomtrace_sigkill *k;
	pid_t pid = start_child(burn_cpu, NULL);

	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	device_drain(self->fd, &self->recs);
	k = find_kill(&self->recs, pid, 0);
	ASSERT_NE(NULL, k);
	EXPECT_EQ(OOMTRACE_SENDER_KERNEL, k->sender);
	/* Some kernels send it in the timer's interrupt. */
	if (HAS(k, sigkill, tgid)) {
		EXPECT_EQ(OOMTRACE_HOW_ITSELF, k->how);
		EXPECT_EQ(pid, k->tgid);
	} else {
		EXPECT_EQ(OOMTRACE_HOW_OTHER, k->how);
		EXPECT_EQ(0, k->pid);
		EXPECT_STREQ("", k->comm);
	}
}

/* ---- a flood ---- */

/* A process that has exited and waits for its parent can be sent any number. */
static int flood_zombie(void *arg)
{
	pid_t zombie = *(pid_t *)arg;
	int i;

	for (i = 0; i < FLOOD / 2; i++)
		if (kill(zombie, SIGKILL))
			return 1;
	return 0;
}

/* Read on. Returns how many records are of signals to a process, and what they count. */
static size_t recount(int fd, struct records *recs, pid_t to, unsigned long long *left_out)
{
	const union record *r;
	size_t i, n = 0;

	device_drain(fd, recs);
	*left_out = 0;
	for (i = 0; (r = records_get(recs, OOMTRACE_SIGKILL, i)); i++) {
		*left_out += r->sigkill.left_out;
		n += HAS(&r->sigkill, sigkill, victim_tgid) &&
		     r->sigkill.victim_tgid == to;
	}
	return n;
}

TEST_F(sigkill, a_hundred_thousand_are_counted_and_overwrite_no_oom)
{
	struct oomtrace_info before, after;
	unsigned long long n = 0;
	const union record *r;
	pid_t victim, zombie, flooder[2];
	siginfo_t info;
	size_t i, records = 0;
	int kept = 0;

	if (!make_oom(_metadata, &victim))
		SKIP(return, "no memory controller of cgroup v2");
	EXPECT_TRUE(device_wait(self->fd, &self->recs, OOMTRACE_NAME, 1));
	zombie = fork();
	if (!zombie)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, zombie, &info, WEXITED | WNOWAIT));
	/* Let the paths of the OOM's SIGKILL be written. */
	EXPECT_TRUE(device_wait(self->fd, &self->recs, OOMTRACE_CGROUP, 1));
	device_info(self->fd, &before);
	for (i = 0; i < 2; i++)
		flooder[i] = start_child(flood_zombie, &zombie);
	/* On a slow kernel they last longer than what the ring has room for. */
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, device_drain_child(self->fd, &self->recs, flooder[i]));
	/* The last count comes a second later. */
	for (i = 0; i < 100 && records + n < FLOOD; i++) {
		sleep_ms(100);
		records = recount(self->fd, &self->recs, zombie, &n);
	}
	device_info(self->fd, &after);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_SIGKILL, i)); i++) {
		EXPECT_TRUE(HAS(&r->sigkill, sigkill, left_out));
		if (HAS(&r->sigkill, sigkill, victim_tgid) &&
		    r->sigkill.victim_tgid == zombie)
			/* Before 5.16 a zombie keeps the first. */
			EXPECT_TRUE(r->sigkill.result == OOMTRACE_SENT_IGNORED ||
				    r->sigkill.result == OOMTRACE_SENT_ALREADY_PENDING ||
				    !kept++);
	}
	TH_LOG("%zu records, %llu counted by them", records, n);
	EXPECT_EQ(FLOOD, n + records);
	EXPECT_LT(FLOOD / 2, n);
	EXPECT_EQ(FLOOD, stat_number("sent by process"));
	EXPECT_EQ(n, stat_number("SIGKILLs counted by a later record"));
	/* The ring of OOMs has what it had, and the OOM is whole. */
	records_free(&self->recs);
	lseek(self->fd, 0, SEEK_SET);
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(before.ring[OOMTRACE_RING_OOM].written,
		  after.ring[OOMTRACE_RING_OOM].written);
	EXPECT_LE(1, records_count(&self->recs, OOMTRACE_VERDICT));
	EXPECT_LE(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	waitpid(zombie, NULL, 0);
}

/* ---- the command ---- */

static char said[1 << 16];

#define OOMTRACE(...) \
	run_program(said, sizeof(said), \
		    (char *[]){ "oomtrace", __VA_ARGS__, NULL })

TEST_F(sigkill, the_command_tells_who_it_was)
{
	char want[160];
	pid_t pid;

	EXPECT_EQ(1, OOMTRACE("kills", "worker"));
	EXPECT_IN("no SIGKILL to worker is recorded", said);
	killer_target = start_sleeper("worker");
	pid = start_child(kill_target, "bash");
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(128 + SIGKILL, wait_child(killer_target));
	snprintf(want, sizeof(want),
		 "worker[%d] was killed by kill -9 of bash[%d], not by the OOM killer",
		 killer_target, pid);
	EXPECT_EQ(0, OOMTRACE("kills"));
	EXPECT_IN(want, said);
	EXPECT_EQ(0, OOMTRACE("kills", "worker"));
	EXPECT_IN(want, said);
	snprintf(want, sizeof(want), "bash[%d]: uid %d, child of ", pid, getuid());
	EXPECT_IN(want, said);
	EXPECT_EQ(1, OOMTRACE("kills", "bash"));
	EXPECT_EQ(0, OOMTRACE("kills", "--json"));
	EXPECT_IN("\"how\":\"kill\"", said);
	/* Where people look first. */
	EXPECT_EQ(1, OOMTRACE("list"));
	EXPECT_IN("was killed by kill -9 of bash[", said);
	EXPECT_EQ(1, OOMTRACE("last"));
	EXPECT_IN("was killed by kill -9 of bash[", said);
}

static int record_meanwhile(void *file)
{
	char *argv[] = { "oomtrace", "record", "--signals", "--for", "3s", "-o", file, NULL };

	execvp(argv[0], argv);
	return 127;
}

TEST_F(sigkill, record_sets_it_and_restores_it)
{
	static char file[] = "/tmp/sigkill.oom";
	char *text;
	pid_t recorder;
	int i;

	EXPECT_EQ(0, spill(SIGNALS, "none"));
	recorder = start_child(record_meanwhile, file);
	for (i = 0; i < 100; i++) {
		text = slurp(SIGNALS, NULL);
		if (!strcmp(text, "kill\n"))
			break;
		free(text);
		sleep_ms(20);
	}
	killer_target = start_sleeper("worker");
	EXPECT_EQ(0, run_child(kill_target, "bash"));
	EXPECT_EQ(128 + SIGKILL, wait_child(killer_target));
	EXPECT_EQ(0, wait_child(recorder));
	text = slurp(SIGNALS, NULL);
	EXPECT_STREQ("none\n", text);
	free(text);
	EXPECT_EQ(0, OOMTRACE("kills", file));
	EXPECT_IN("was killed by kill -9 of bash[", said);
	unlink(file);
}

/* ---- the setting ---- */

static void expect_setting(struct __test_metadata *_metadata, const char *want)
{
	char *text = slurp(SIGNALS, NULL);

	EXPECT_STREQ(want, text);
	free(text);
	text = slurp(PARAMETER, NULL);
	EXPECT_STREQ(want, text);
	free(text);
}

static size_t count_after_kill(int fd, struct records *recs)
{
	pid_t pid = start_sleeper("worker");

	kill(pid, SIGKILL);
	wait_child(pid);
	device_drain(fd, recs);
	return records_count(recs, OOMTRACE_SIGKILL);
}

TEST_F(sigkill, it_is_off_by_default_and_set_by_file_parameter_and_ioctl)
{
	unsigned int value = 0;

	expect_setting(_metadata, "kill\n");
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_SIGNALS, &value));
	expect_setting(_metadata, "none\n");
	EXPECT_EQ(0, count_after_kill(self->fd, &self->recs));
	EXPECT_EQ(0, spill(SIGNALS, "kill\n"));
	EXPECT_EQ(1, count_after_kill(self->fd, &self->recs));
	EXPECT_EQ(0, spill(SIGNALS, "none"));
	value = 1;
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_SIGNALS, &value));
	expect_setting(_metadata, "kill\n");
	close(self->fd);
	records_free(&self->recs);
	self->recs = (struct records){ };
	module_start(NULL);
	self->fd = device_open();
	expect_setting(_metadata, "none\n");
	EXPECT_EQ(0, count_after_kill(self->fd, &self->recs));
	EXPECT_EQ(0, stat_number("sent by process"));
}

TEST_F(sigkill, a_bad_setting_changes_nothing)
{
	static const char * const bad[] = { "", "all", "KILL", "kill none", "9" };
	unsigned int value = 2;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, spill(SIGNALS, bad[i]))
			TH_LOG("%s", bad[i]);
	}
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_SIGNALS, &value));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_SIGNALS, NULL));
	EXPECT_EQ(EFAULT, errno);
	expect_setting(_metadata, "kill\n");
}

TEST_HARNESS_MAIN
