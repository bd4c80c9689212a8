// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a kill by an OOM killer in user space is an episode, with the
 * sender, the victim and the state of memory; a kill by any other process is
 * not. The list of such daemons is the one that was set, or unchanged after an
 * error.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/test.h"

#ifndef SYS_process_mrelease
#define SYS_process_mrelease	448
#endif

#define DAEMONS		DEBUGFS "/daemons"
#define PARAMETER	"/sys/module/oomtrace/parameters/daemons"
#define BY_DEFAULT	"earlyoom,systemd-oomd,oomd,nohang,lmkd\n"
#define MANY		5
#define NO_MRELEASE	77	/* exit status */

FIXTURE(daemon) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(daemon)
{
	module_start(NULL);
	self->fd = device_open();
}

FIXTURE_TEARDOWN(daemon)
{
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

/* The killer, its victims and the signal. */
struct deed {
	const char *comm;
	const pid_t *pid;
	int npids;
	int sig;
	bool release;
};

static int kill_victims(void *arg)
{
	const struct sched_param fifo = { .sched_priority = 50 };
	const struct deed *deed = arg;
	int i, pidfd = -1;

	prctl(PR_SET_NAME, deed->comm);
	if (deed->release) {
		/* EBADF shows that the system call exists. */
		if (syscall(SYS_process_mrelease, -1, 0) && errno != EBADF)
			return NO_MRELEASE;
		pidfd = syscall(SYS_pidfd_open, *deed->pid, 0);
		/*
		 * Run on the victim's CPU, ahead of it: its memory is not freed
		 * yet.
		 */
		pin_to_cpu(0);
	}
	/* Send all signals without interruption. */
	if ((deed->release || deed->npids > 1) &&
	    sched_setscheduler(0, SCHED_FIFO, &fifo))
		return 1;
	for (i = 0; i < deed->npids; i++)
		if (kill(deed->pid[i], deed->sig))
			return 2;
	if (deed->release && syscall(SYS_process_mrelease, pidfd, 0))
		return 3;
	return 0;
}

/* Read all records when the worker is done. */
static void wait_and_read(int fd, struct records *recs)
{
	sleep_ms(800);
	device_drain(fd, recs);
	/* Some tests expect no record. An episode that has begun must end. */
	device_wait(fd, recs, OOMTRACE_OOM_END,
		    records_count(recs, OOMTRACE_OOM_BEGIN));
}

TEST_F(daemon, a_daemons_kill_is_an_episode_of_user_space)
{
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
	const union record *r;
	long long points = 0;
	struct hog hog;
	size_t i;
	struct deed deed = {
		.comm = "earlyoom", .pid = &hog.pid, .npids = 1, .sig = SIGKILL,
	};
	pid_t pid;

	hog_start(&hog, "--comm greedy --uid 1000 --anon 12 --hold");
	hog_ready(&hog);
	pid = start_child(kill_victims, &deed);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(128 + SIGKILL, wait_child(hog.pid));
	wait_and_read(self->fd, &self->recs);

	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	begin = &records_get(&self->recs, OOMTRACE_OOM_BEGIN, 0)->begin;
	EXPECT_EQ(OOMTRACE_SCOPE_USERSPACE, begin->scope);
	EXPECT_EQ(OOMTRACE_TRIGGER_DAEMON, begin->trigger);
	EXPECT_EQ(pid, begin->tgid);
	EXPECT_STREQ("earlyoom", begin->comm);
	EXPECT_LT(0, begin->free);
	EXPECT_FALSE(HAS(begin, oom_begin, gfp));
	EXPECT_FALSE(HAS(begin, oom_begin, order));

	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_VICTIM));
	victim = &records_get(&self->recs, OOMTRACE_VICTIM, 0)->victim;
	EXPECT_EQ(begin->episode, victim->episode);
	EXPECT_EQ(hog.pid, victim->tgid);
	EXPECT_STREQ("greedy", victim->comm);
	EXPECT_EQ(1000, victim->uid);
	EXPECT_EQ(OOMTRACE_WHY_DAEMON, victim->why);
	EXPECT_EQ(SIGKILL, victim->signal);
	ASSERT_TRUE(HAS(victim, victim, rss_anon));
	EXPECT_LE((long)MB(12) / PAGE - 64, victim->rss_anon);
	EXPECT_GE((long)MB(12) / PAGE + 128, victim->rss_anon);

	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_MEMORY));
	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_END));
	end = &records_get(&self->recs, OOMTRACE_OOM_END, 0)->end;
	EXPECT_EQ(begin->episode, end->episode);
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, end->ending);
	EXPECT_EQ(1, end->victims);
	r = records_get(&self->recs, OOMTRACE_NAME, 0);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(begin->episode, r->name.episode);

	/* The ranking at that moment, or slightly later. */
	EXPECT_EQ(end->candidates - end->missed,
		  records_count(&self->recs, OOMTRACE_CANDIDATE));
	EXPECT_LT(1, end->candidates);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_CANDIDATE, i));
	     i++) {
		EXPECT_EQ(begin->episode, r->candidate.episode);
		EXPECT_EQ(i, r->candidate.index);
		EXPECT_TRUE(DERIVED(&r->candidate, candidate, verdict));
		/* Best candidate first, ineligible ones last. */
		if (HAS(&r->candidate, candidate, points)) {
			EXPECT_TRUE(!i || r->candidate.points <= points);
			points = r->candidate.points;
		}
	}
}

TEST_F(daemon, a_plain_kill_is_never_recorded)
{
	char pid[16], *argv[] = { "/bin/kill", "-9", pid, NULL };
	struct hog hog[2];
	struct deed deed = {
		.comm = "someone", .pid = &hog[0].pid, .npids = 1, .sig = SIGKILL,
	};
	char out[256];
	int i;

	for (i = 0; i < 2; i++) {
		hog_start(&hog[i], "--anon 1 --hold");
		hog_ready(&hog[i]);
	}
	EXPECT_EQ(0, run_child(kill_victims, &deed));
	snprintf(pid, sizeof(pid), "%d", hog[1].pid);
	EXPECT_EQ(0, run_program(out, sizeof(out), argv));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(128 + SIGKILL, wait_child(hog[i].pid));
	wait_and_read(self->fd, &self->recs);
	EXPECT_EQ(0, self->recs.n);
}

/* An ordinary user can take a daemon's name and kill its own processes. */
static int kill_own_child(void *comm)
{
	pid_t pid;

	become_user();
	prctl(PR_SET_NAME, comm);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	return pid < 0 || kill(pid, SIGKILL) ||
	       waitpid(pid, NULL, 0) != pid;
}

static int release_own_child(void *unused)
{
	char *mem;
	pid_t pid;
	int pidfd;

	(void)unused;
	/* EBADF shows that the system call exists. */
	if (syscall(SYS_process_mrelease, -1, 0) && errno != EBADF)
		return 0;
	become_user();
	pid = fork();
	if (!pid) {
		mem = malloc(MB(16));
		if (mem)
			memset(mem, 1, MB(16));
		for (;;)
			pause();
	}
	sleep_ms(200);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 || kill(pid, SIGKILL))
		return 1;
	/* ESRCH: the victim had already exited. */
	if (syscall(SYS_process_mrelease, pidfd, 0) && errno != ESRCH)
		return 2;
	return waitpid(pid, NULL, 0) != pid;
}

TEST_F(daemon, a_name_alone_makes_no_daemon)
{
	EXPECT_EQ(0, run_child(kill_own_child, "earlyoom"));
	EXPECT_EQ(0, run_child(release_own_child, NULL));
	wait_and_read(self->fd, &self->recs);
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_VICTIM));
}

TEST_F(daemon, those_killed_together_are_one_episode)
{
	struct hog hog[MANY];
	pid_t pid[MANY];
	struct deed deed = {
		.comm = "systemd-oomd", .pid = pid, .npids = MANY, .sig = SIGKILL,
	};
	const union record *r;
	int i;

	for (i = 0; i < MANY; i++) {
		hog_start(&hog[i], "--anon 1 --hold");
		hog_ready(&hog[i]);
		pid[i] = hog[i].pid;
	}
	EXPECT_EQ(0, run_child(kill_victims, &deed));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(128 + SIGKILL, wait_child(hog[i].pid));
	wait_and_read(self->fd, &self->recs);
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	ASSERT_EQ(MANY, records_count(&self->recs, OOMTRACE_VICTIM));
	for (i = 0; i < MANY; i++) {
		r = records_get(&self->recs, OOMTRACE_VICTIM, i);
		EXPECT_EQ(pid[i], r->victim.tgid);
	}
	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_END));
	r = records_get(&self->recs, OOMTRACE_OOM_END, 0);
	EXPECT_EQ(MANY, r->end.victims);
}

TEST_F(daemon, sigterm_is_recorded_as_such)
{
	struct hog hog;
	struct deed deed = {
		.comm = "nohang", .pid = &hog.pid, .npids = 1, .sig = SIGTERM,
	};
	const union record *r;

	hog_start(&hog, "--anon 1 --hold");
	hog_ready(&hog);
	EXPECT_EQ(0, run_child(kill_victims, &deed));
	EXPECT_EQ(128 + SIGTERM, wait_child(hog.pid));
	wait_and_read(self->fd, &self->recs);
	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_VICTIM));
	r = records_get(&self->recs, OOMTRACE_VICTIM, 0);
	EXPECT_EQ(SIGTERM, r->victim.signal);
}

/* ---- real daemons ---- */

#define EARLYOOM	"/usr/bin/earlyoom"
#define GREEDY_MB	128

/*
 * earlyoom kills the largest process while less than the limit, KiB, is
 * available.
 */
static int be_earlyoom(void *arg)
{
	char *argv[] = { EARLYOOM, "-r", "0", "-M", arg, NULL };
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execv(EARLYOOM, argv);
	return 1;
}

TEST_F(daemon, debians_earlyoom_kills_a_hog)
{
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_victim *victim;
	const union record *r;
	struct hog hog;
	char limit[64], *text;
	long enough;
	pid_t pid;

	if (access(EARLYOOM, X_OK))
		SKIP(return, "no " EARLYOOM " here");
	/*
	 * Available memory is below the limit while the hog lives, and above
	 * after.
	 */
	enough = meminfo("MemAvailable") - GREEDY_MB * 1024 / 2;
	ASSERT_LT(0, enough);
	snprintf(limit, sizeof(limit), "%ld,%ld", enough, enough);
	hog_start(&hog, "--comm greedy --uid 1000 --anon %d --hold", GREEDY_MB);
	hog_ready(&hog);
	pid = start_child(be_earlyoom, limit);
	EXPECT_EQ(128 + SIGKILL, wait_child(hog.pid));
	wait_and_read(self->fd, &self->recs);
	text = slurp(DEBUGFS "/last_oom", NULL);
	kill(pid, SIGTERM);
	wait_child(pid);

	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	begin = &records_get(&self->recs, OOMTRACE_OOM_BEGIN, 0)->begin;
	EXPECT_EQ(OOMTRACE_SCOPE_USERSPACE, begin->scope);
	EXPECT_EQ(pid, begin->tgid);
	EXPECT_STREQ("earlyoom", begin->comm);
	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_VICTIM));
	victim = &records_get(&self->recs, OOMTRACE_VICTIM, 0)->victim;
	EXPECT_EQ(begin->episode, victim->episode);
	EXPECT_EQ(hog.pid, victim->tgid);
	EXPECT_STREQ("greedy", victim->comm);
	EXPECT_EQ(OOMTRACE_WHY_DAEMON, victim->why);
	EXPECT_EQ(SIGKILL, victim->signal);
	ASSERT_TRUE(HAS(victim, victim, rss_anon));
	EXPECT_LE((long)MB(GREEDY_MB) / PAGE - 64, victim->rss_anon);
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_END));
	/* The ranking follows. */
	r = records_get(&self->recs, OOMTRACE_CANDIDATE, 0);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(begin->episode, r->candidate.episode);

	EXPECT_IN("\nKiller:    earlyoom[", text);
	EXPECT_IN(" (was sent SIGKILL from user space by ", text);
	EXPECT_EQ(NULL, strstr(text, "out_of_memory"));
	free(text);
}

FIXTURE(release) {
	int fd;
	struct records recs;
};

FIXTURE_VARIANT(release) {
	const char *comm;
};

/* In the list or not: process_mrelease() is recorded from any process. */
FIXTURE_VARIANT_ADD(release, by_daemon) { .comm = "lmkd" };
FIXTURE_VARIANT_ADD(release, by_anybody) { .comm = "someone" };

FIXTURE_SETUP(release)
{
	module_start(NULL);
	self->fd = device_open();
}

FIXTURE_TEARDOWN(release)
{
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

TEST_F(release, process_mrelease_is_recorded_with_the_remaining_memory)
{
	const struct oomtrace_reap *reap = NULL;
	const union record *r;
	struct hog hog;
	struct deed deed = {
		.comm = variant->comm, .pid = &hog.pid, .npids = 1,
		.sig = SIGKILL, .release = true,
	};
	int status;
	size_t i;

	pin_to_cpu(0);
	hog_start(&hog, "--comm greedy --anon 12 --hold");
	hog_ready(&hog);
	status = run_child(kill_victims, &deed);
	if (status == NO_MRELEASE) {
		kill(hog.pid, SIGKILL);
		wait_child(hog.pid);
		SKIP(return, "this kernel has no process_mrelease()");
	}
	EXPECT_EQ(128 + SIGKILL, wait_child(hog.pid));
	ASSERT_EQ(0, status);
	wait_and_read(self->fd, &self->recs);

	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	r = records_get(&self->recs, OOMTRACE_OOM_BEGIN, 0);
	EXPECT_EQ(OOMTRACE_SCOPE_USERSPACE, r->begin.scope);
	EXPECT_STREQ(variant->comm, r->begin.comm);
	r = records_get(&self->recs, OOMTRACE_VICTIM, 0);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(hog.pid, r->victim.tgid);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_REAP, i)); i++)
		if (r->reap.step == OOMTRACE_STEP_RELEASED)
			reap = &r->reap;
	ASSERT_NE(NULL, reap);
	EXPECT_EQ(hog.pid, reap->pid);
	EXPECT_GT(64, reap->rss_anon);
}

/* ---- the list ---- */

static void expect_list(struct __test_metadata *_metadata, const char *want)
{
	char *text = slurp(DAEMONS, NULL);

	EXPECT_STREQ(want, text);
	free(text);
	text = slurp(PARAMETER, NULL);
	EXPECT_STREQ(want, text);
	free(text);
}

TEST_F(daemon, the_list_is_set_by_file_parameter_and_ioctl)
{
	struct oomtrace_daemons list = {
		.size = sizeof(list), .count = 2, .comm = { "one", "two" },
	};

	expect_list(_metadata, BY_DEFAULT);
	EXPECT_EQ(0, spill(DAEMONS, "killer,fifteen_letters\n"));
	expect_list(_metadata, "killer,fifteen_letters\n");
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_DAEMONS, &list));
	expect_list(_metadata, "one,two\n");
	EXPECT_EQ(0, spill(DAEMONS, "\n"));
	expect_list(_metadata, "\n");
	close(self->fd);
	module_start("daemons=mine");
	self->fd = device_open();
	expect_list(_metadata, "mine\n");
}

TEST_F(daemon, a_command_put_into_the_list_is_a_daemon)
{
	struct hog hog;
	struct deed deed = {
		.comm = "someone", .pid = &hog.pid, .npids = 1, .sig = SIGKILL,
	};

	hog_start(&hog, "--anon 1 --hold");
	hog_ready(&hog);
	EXPECT_EQ(0, spill(DAEMONS, "nobody,someone"));
	EXPECT_EQ(0, run_child(kill_victims, &deed));
	EXPECT_EQ(128 + SIGKILL, wait_child(hog.pid));
	wait_and_read(self->fd, &self->recs);
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_VICTIM));
}

TEST_F(daemon, a_bad_list_changes_nothing)
{
	static const char * const bad[] = {
		",", "a,", ",a", "a,,b", "sixteen_letters_", "a\nb",
		"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
	};
	struct oomtrace_daemons list = { .size = sizeof(list), .count = 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, spill(DAEMONS, bad[i]))
			TH_LOG("%s", bad[i]);
	}
	/* An empty name, an unterminated one, too many names, a wrong size. */
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_DAEMONS, &list));
	EXPECT_EQ(EINVAL, errno);
	memset(list.comm[0], 'x', OOMTRACE_COMM_LEN);
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_DAEMONS, &list));
	list.comm[0][1] = '\0';
	list.count = OOMTRACE_DAEMONS + 1;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_DAEMONS, &list));
	list.count = 1;
	list.size--;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_DAEMONS, &list));
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_DAEMONS, NULL));
	EXPECT_EQ(EFAULT, errno);
	expect_list(_metadata, BY_DEFAULT);
}

TEST_HARNESS_MAIN
