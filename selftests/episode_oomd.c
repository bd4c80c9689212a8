// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: when Debian's systemd-oomd kills a cgroup for its memory pressure,
 * this is an episode of user space. systemd-oomd is the sender, its victims are
 * recorded with their memory, the ranking names cgroups, and oomtrace shows all
 * this.
 *
 * Needs systemd as process 1 (scripts/vm --init systemd), which configures the
 * cgroups that systemd-oomd watches.
 */
#include <signal.h>
#include <sys/swap.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/test.h"

#define OOMD		"/lib/systemd/systemd-oomd"
#define SYSTEMD		"/run/systemd/system"
#define GREEDY_CGROUP	"/oomd.slice/oomd-greedy.service"
#define MODEST_CGROUP	"/oomd.slice/oomd-modest.service"
/* Two forks make four processes, independent of each other. */
#define GREEDY		4
#define PATIENCE_MS	80000

static char said[1 << 16];

static int run_shell(const char *command)
{
	return run_program(said, sizeof(said), (char *[]){ "sh", "-c",
			   (char *)command, NULL });
}

/* Not every root has the program swapon. */
static const char make_swap[] =
	"modprobe zram && echo 256M >/sys/block/zram0/disksize && mkswap /dev/zram0";

/*
 * A watched slice with one service above its limit and one below. Reclaimed
 * pages go to zram, since systemd-oomd acts only if there is reclaim besides
 * pressure.
 */
static const char prepare[] =
	"set -e\n"
	"mkdir -p /run/systemd/oomd.conf.d\n"
	"printf '[OOM]\\nDefaultMemoryPressureDurationSec=1s\\n' >/run/systemd/oomd.conf.d/soon.conf\n"
	"printf '[Slice]\\nManagedOOMMemoryPressure=kill\\nManagedOOMMemoryPressureLimit=5%%\\n'"
	" >" SYSTEMD "/oomd.slice\n"
	"systemctl daemon-reload\n"
	"systemctl restart systemd-oomd\n"
	"hog=/usr/local/lib/oomtrace/selftests/bin/hog\n"
	"systemd-run -q --slice=oomd.slice --unit=oomd-modest $hog --comm modest --anon 4 --hold\n"
	"cat >/run/greedy <<'PERL'\n"
	"fork; fork; $0 = 'greedy'; my $mb = 200; my $x = 'a' x ($mb << 20); sleep;\n"
	"PERL\n"
	"systemd-run -q --slice=oomd.slice --unit=oomd-greedy -p MemoryHigh=32M -p OOMPolicy=continue"
	" -p User=daemon perl /run/greedy\n";

static const char undo[] =
	"systemctl stop oomd-modest oomd-greedy systemd-oomd oomd.slice\n"
	"systemctl reset-failed\n"
	"rm -f " SYSTEMD "/oomd.slice /run/systemd/oomd.conf.d/soon.conf /run/greedy\n"
	"systemctl daemon-reload\n";

FIXTURE(oomd) {
	int fd;
	struct records recs;
};

FIXTURE_SETUP(oomd)
{
	module_start(NULL);
	self->fd = device_open();
}

FIXTURE_TEARDOWN(oomd)
{
	run_shell(undo);
	swapoff("/dev/zram0");
	run_shell("modprobe -r zram");
	close(self->fd);
	records_free(&self->recs);
	module_stop();
}

/* The path of a cgroup from its name record. */
static const char *path_of(const struct records *recs, unsigned long long id)
{
	const union record *r;
	size_t i;

	for (i = 0; (r = records_get(recs, OOMTRACE_NAME, i)); i++)
		if (r->name.cgroup_id == id && !r->name.offset)
			return r->name.path;
	return "(no name)";
}

static void wait_for_the_end(int fd, struct records *recs)
{
	int i;

	for (i = 0; i < PATIENCE_MS / 100; i++) {
		device_drain(fd, recs);
		if (records_count(recs, OOMTRACE_OOM_END))
			break;
		sleep_ms(100);
	}
	/* The names follow. */
	sleep_ms(500);
	device_drain(fd, recs);
}

TEST_F_TIMEOUT(oomd, a_kill_of_a_cgroup_under_pressure_is_recorded, 180)
{
	const struct oomtrace_candidate *modest = NULL;
	const struct oomtrace_oom_begin *begin;
	const union record *r;
	char line[256];
	size_t i;

	if (access(SYSTEMD, F_OK))
		SKIP(return, "process 1 is not systemd, which systemd-oomd needs");
	if (access(OOMD, X_OK))
		SKIP(return, "no " OOMD ": Debian includes it from bookworm on");
	ASSERT_EQ(0, run_shell(make_swap)) TH_LOG("%s", said);
	ASSERT_EQ(0, swapon("/dev/zram0", 0));
	ASSERT_EQ(0, run_shell(prepare)) TH_LOG("%s", said);
	wait_for_the_end(self->fd, &self->recs);

	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	begin = &records_get(&self->recs, OOMTRACE_OOM_BEGIN, 0)->begin;
	EXPECT_EQ(OOMTRACE_SCOPE_USERSPACE, begin->scope);
	EXPECT_EQ(OOMTRACE_TRIGGER_DAEMON, begin->trigger);
	EXPECT_STREQ("systemd-oomd", begin->comm);
	run_shell("systemctl show --property MainPID systemd-oomd");
	snprintf(line, sizeof(line), "MainPID=%d\n", begin->tgid);
	EXPECT_STREQ(line, said);

	/* All processes of the cgroup, and no others. */
	EXPECT_EQ(GREEDY, records_count(&self->recs, OOMTRACE_VICTIM));
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_VICTIM, i)); i++) {
		EXPECT_EQ(begin->episode, r->victim.episode);
		EXPECT_STREQ("greedy", r->victim.comm);
		EXPECT_EQ(1, r->victim.uid);
		EXPECT_EQ(OOMTRACE_WHY_DAEMON, r->victim.why);
		EXPECT_EQ(SIGKILL, r->victim.signal);
		EXPECT_STREQ(GREEDY_CGROUP,
			     path_of(&self->recs, r->victim.cgroup_id));
		EXPECT_TRUE(HAS(&r->victim, victim, total_vm));
	}
	r = records_get(&self->recs, OOMTRACE_OOM_END, 0);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, r->end.ending);
	EXPECT_EQ(GREEDY, r->end.victims);

	/* The kernel's next choice, with name and cgroup. */
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_CANDIDATE, i)); i++)
		if (!strcmp(r->candidate.comm, "modest"))
			modest = &r->candidate;
	ASSERT_NE(NULL, modest);
	EXPECT_TRUE(DERIVED(modest, candidate, points));
	EXPECT_LE(4 * 256, modest->points);
	EXPECT_STREQ(MODEST_CGROUP, path_of(&self->recs, modest->cgroup_id));

	EXPECT_EQ(0, run_program(said, sizeof(said),
				 (char *[]){ "oomtrace", "last", "-v", NULL }));
	EXPECT_IN("\nKiller:    systemd-oomd[", said);
	/* By kill() on Debian 12, by pidfd_send_signal() on Debian 13. */
	EXPECT_IN("(was sent SIGKILL from user space by ", said);
	EXPECT_IN(GREEDY_CGROUP, said);
	printf("# %s", said);
}

TEST_HARNESS_MAIN
