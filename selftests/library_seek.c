// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: liboomtrace moves to a given record or OOM episode without losing or
 * repeating any. With an older module it does what that module can, and reports
 * what it cannot.
 */
#include <liboomtrace.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

FIXTURE(library_seek) {
	struct oomtrace *ot;
};

FIXTURE_SETUP(library_seek)
{
	module_start("commit_buffer_kb=16");
	self->ot = oomtrace_new();
	if (!self->ot || oomtrace_open(self->ot, NULL, 0))
		die("%s", oomtrace_error(self->ot));
}

FIXTURE_TEARDOWN(library_seek)
{
	oomtrace_free(self->ot);
	module_stop();
}

/* The commit records that a handle gives, by CPU. */
struct seen {
	unsigned long long first[2];
	unsigned long long last[2];
	int jumps;		/* numbers that do not follow */
	int n;
};

static void read_commits(struct oomtrace *ot, struct seen *seen)
{
	const struct oomtrace_header *rec;

	memset(seen, 0, sizeof(*seen));
	while (oomtrace_next(ot, &rec) > 0) {
		if (rec->type != OOMTRACE_COMMIT || rec->cpu > 1)
			continue;
		if (!seen->first[rec->cpu])
			seen->first[rec->cpu] = rec->seq;
		else
			seen->jumps += rec->seq != seen->last[rec->cpu] + 1;
		seen->last[rec->cpu] = rec->seq;
		seen->n++;
	}
}

static int deny_on(void *cpu)
{
	pin_to_cpu(*(int *)cpu);
	deny(5);
	return 0;
}

/* Some denials on each CPU, one CPU after the other. */
static void deny_on_both(void)
{
	int cpu;

	for (cpu = 0; cpu < 2; cpu++)
		if (run_child(deny_on, &cpu))
			die("no denials on CPU %d", cpu);
	spill(DEBUGFS "/enable", "0");
}

static void expect_seeks(struct __test_metadata *_metadata,
			 struct oomtrace *ot)
{
	const struct oomtrace_header *rec;
	struct seen all, again;

	read_commits(ot, &all);
	EXPECT_EQ(10, all.n);
	EXPECT_EQ(0, oomtrace_oldest(ot));
	/* The handle may have read ahead. */
	while (oomtrace_next(ot, &rec) == 1 && rec->type != OOMTRACE_COMMIT)
		;
	EXPECT_EQ(0, oomtrace_seek_record(ot, OOMTRACE_RING_COMMIT, 0,
					  all.first[0] + 2));
	read_commits(ot, &again);
	/* Other positions stay: nothing is skipped, and nothing is repeated. */
	EXPECT_EQ(all.first[0] + 2, again.first[0]);
	EXPECT_EQ(all.last[0], again.last[0]);
	EXPECT_EQ(all.first[1], again.first[1]);
	EXPECT_EQ(all.last[1], again.last[1]);
	EXPECT_EQ(0, again.jumps);
	EXPECT_EQ(8, again.n);
	EXPECT_EQ(0, oomtrace_missing(ot, -1, -1));
	EXPECT_EQ(0, oomtrace_lost(ot, -1, -1));

	EXPECT_EQ(-ENXIO, oomtrace_seek_record(ot, OOMTRACE_RING_COMMIT, 0,
					       all.last[0] + 2));
	EXPECT_IN("not written yet", oomtrace_error(ot));
	EXPECT_EQ(-EINVAL, oomtrace_seek_record(ot, OOMTRACE_RINGS, 0, 1));
	EXPECT_EQ(-EINVAL, oomtrace_seek_record(ot, 0, 4000, 1));
	EXPECT_EQ(-EINVAL, oomtrace_seek_record(ot, 0, 0, 0));
	EXPECT_IN("number 0 (from 1)", oomtrace_error(ot));
	EXPECT_EQ(-ENOENT, oomtrace_seek_episode(ot, 77));
	EXPECT_STREQ("/dev/oomtrace: the begin of OOM episode 77 is not buffered",
		     oomtrace_error(ot));
	/* None of these calls moved the position. */
	read_commits(ot, &again);
	EXPECT_EQ(0, again.n);
	EXPECT_EQ(0, oomtrace_seek_record(ot, OOMTRACE_RING_COMMIT, 0,
					  all.last[0] + 1));
	read_commits(ot, &again);
	EXPECT_EQ(0, again.n);
}

TEST_F(library_seek, a_record_can_be_sought_by_its_number)
{
	struct oomtrace *mapped = oomtrace_new();

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "this machine has only one CPU");
	deny_on_both();
	expect_seeks(_metadata, self->ot);
	ASSERT_EQ(0, oomtrace_open(mapped, NULL, OOMTRACE_OPEN_MAPPED));
	expect_seeks(_metadata, mapped);
	oomtrace_free(mapped);
}

TEST_F(library_seek, an_overwritten_record_sought_is_counted_as_lost)
{
	struct oomtrace *mapped = oomtrace_new(), *ot[] = { self->ot, mapped };
	struct seen seen;
	unsigned int i;

	spill(DEBUGFS "/commit_records", "all");
	pin_to_cpu(0);
	for (i = 0; i < 200; i++)
		ask(1);
	spill(DEBUGFS "/enable", "0");
	ASSERT_EQ(0, oomtrace_open(mapped, NULL, OOMTRACE_OPEN_MAPPED));
	for (i = 0; i < 2; i++) {
		read_commits(ot[i], &seen);
		EXPECT_EQ(0, oomtrace_open(ot[i], NULL,
					   i ? OOMTRACE_OPEN_MAPPED : 0));
		EXPECT_EQ(0, oomtrace_seek_record(ot[i], 0, 0, 3));
		read_commits(ot[i], &seen);
		EXPECT_LT(3, seen.first[0]);
		EXPECT_EQ(seen.first[0] - 3, oomtrace_lost(ot[i], 0, 0));
	}
	oomtrace_free(mapped);
}

/*
 * The first begin record, and the number of records before it except the stack that
 * it names.
 */
static unsigned long long find_begin(struct oomtrace *ot, int *before)
{
	const struct oomtrace_header *rec;
	unsigned long long found = 0;

	*before = 0;
	while (oomtrace_next(ot, &rec) > 0) {
		if (rec->type == OOMTRACE_OOM_BEGIN && !found)
			found = ((const struct oomtrace_oom_begin *)rec)->episode;
		*before += !found && rec->type != OOMTRACE_STACK;
	}
	return found;
}

TEST_F(library_seek, an_episode_can_be_sought_by_its_number)
{
	struct oomtrace *mapped = oomtrace_new(), *ot[] = { self->ot, mapped };
	struct memcg cg;
	struct hog hog;
	int i, before;

	if (!memcg_make(&cg, "sought", MB(8)))
		SKIP(return, "no cgroup v2 memory controller");
	for (i = 0; i < 3; i++) {
		deny(2);
		hog_start(&hog, "--cgroup %s --grow 64", cg.dir);
		EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	}
	memcg_remove(&cg);
	spill(DEBUGFS "/enable", "0");
	ASSERT_EQ(0, oomtrace_open(mapped, NULL, OOMTRACE_OPEN_MAPPED));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(1, find_begin(ot[i], &before));
		EXPECT_LT(0, before);
		EXPECT_EQ(0, oomtrace_seek_episode(ot[i], 3));
		EXPECT_EQ(3, find_begin(ot[i], &before));
		EXPECT_EQ(0, before);
		EXPECT_EQ(0, oomtrace_seek_episode(ot[i], 2));
		EXPECT_EQ(2, find_begin(ot[i], &before));
		EXPECT_EQ(0, oomtrace_lost(ot[i], -1, -1));
		EXPECT_EQ(0, oomtrace_missing(ot[i], -1, -1));
	}
	oomtrace_free(mapped);
}

/* ---- other versions of the module ---- */

/*
 * From now on an ioctl with this number fails as in a module that does not know
 * it. seccomp does so, before the module is called.
 */
static void forget_ioctl(unsigned int cmd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, cmd, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		die("no seccomp: %s", strerror(errno));
}

/* The first version of INFO was shorter and so had another number. */
static int with_first_info(void *unused)
{
	struct oomtrace *ot = oomtrace_new();
	const struct oomtrace_header *rec;
	struct oomtrace_info info;

	(void)unused;
	forget_ioctl(OOMTRACE_IOC_INFO);
	if (oomtrace_open(ot, NULL, OOMTRACE_OPEN_MAPPED) ||
	    oomtrace_get_info(ot, &info, sizeof(info)))
		die("%s", oomtrace_error(ot));
	if (info.abi != OOMTRACE_ABI_VERSION || !info.cpus || info.cpu_ids)
		return 1;
	if (oomtrace_next(ot, &rec) != 1)
		return 2;
	return oomtrace_open(ot, NULL, 0) || oomtrace_next(ot, &rec) != 1 ? 3 : 0;
}

static bool expect_message(struct oomtrace *ot, int err, const char *want)
{
	if (err == -ENOTTY && strstr(oomtrace_error(ot), want))
		return true;
	fprintf(stderr, "# %d: '%s', not '%s'\n", err, oomtrace_error(ot), want);
	return false;
}

static int without_seek_and_ring(void *unused)
{
	struct oomtrace *ot = oomtrace_new();

	(void)unused;
	forget_ioctl(OOMTRACE_IOC_SEEK);
	forget_ioctl(OOMTRACE_IOC_RING);
	if (oomtrace_open(ot, NULL, 0))
		return 1;
	if (!expect_message(ot, oomtrace_seek_record(ot, 0, 0, 1),
			    "too old to go to a record") ||
	    !expect_message(ot, oomtrace_seek_episode(ot, 1), "too old to go to an episode"))
		return 2;
	return expect_message(ot, oomtrace_open(ot, NULL, OOMTRACE_OPEN_MAPPED),
			      "too old to map its rings") ? 0 : 3;
}

TEST_F(library_seek, an_older_module_is_read_or_the_library_reports_what_it_lacks)
{
	struct oomtrace_info short_info, long_info[2];

	deny(1);
	EXPECT_EQ(0, run_child(with_first_info, NULL));
	EXPECT_EQ(0, run_child(without_seek_and_ring, NULL));
	/* A program's struct may be shorter or longer than the library's. */
	memset(&short_info, 0xee, sizeof(short_info));
	EXPECT_EQ(0, oomtrace_get_info(self->ot, &short_info,
				       OOMTRACE_INFO_SIZE_VER1));
	EXPECT_EQ(OOMTRACE_ABI_VERSION, short_info.abi);
	EXPECT_EQ(0xeeeeeeee, short_info.hooks);
	memset(long_info, 0xee, sizeof(long_info));
	EXPECT_EQ(0, oomtrace_get_info(self->ot, long_info, sizeof(long_info)));
	EXPECT_EQ(OOMTRACE_ABI_VERSION, long_info[0].abi);
	EXPECT_LT(0, long_info[0].hooks);
	EXPECT_EQ(0, long_info[1].abi);
	EXPECT_EQ(0, long_info[1].cpu_ids);
}

TEST_HARNESS_MAIN
