// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: both ways to hook oom_evaluate_task() and oom_badness() give the
 * same records. Neither way disturbs other tracers of those functions, readers
 * of /proc/PID/oom_score, nor OOMs while the hooks are armed and disarmed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/crowd.h"
#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/stress.h"
#include "lib/test.h"
#include "lib/tracer.h"

/* A scan of this many takes a while, but is quick enough. */
#define CROWD	60
#define SEED	11

/* The tests change no setting but enable, which they put back. */
static void load_with(const char *how)
{
	char params[128];

	snprintf(params, sizeof(params), "select_hook=%s", how);
	module_keep(params);
}

/* Start a process that dies instead of the crowd. */
static pid_t start_victim(void)
{
	return crowd_sitter(0, 1000);
}

/* ---- the records ---- */

FIXTURE(by) {
	int fd;
	struct records recs;
	struct scene *scene;	/* the same records, for the checks */
};

FIXTURE_VARIANT(by) {
	const char *how;
};

FIXTURE_VARIANT_ADD(by, ftrace) {
	.how = "ftrace",
};

FIXTURE_VARIANT_ADD(by, kprobe) {
	.how = "kprobe",
};

FIXTURE_SETUP(by)
{
	self->scene = scene_new();
	sysctl_set("kernel/sysrq", 1);
	sysctl_set("vm/oom_dump_tasks", 0);
	crowd_gather(CROWD, SEED, false);
	load_with(variant->how);
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(by)
{
	close(self->fd);
	crowd_disperse();
	sysctl_restore();
	records_free(&self->recs);
}

/* Cause one more OOM and keep only its records. */
static void cause_oom(int fd, struct records *recs, struct scene *scene)
{
	records_free(recs);
	memset(recs, 0, sizeof(*recs));
	start_victim();
	crowd_sysrq_f();
	crowd_ooms_end(fd, recs, 1);
	scene->recs = *recs;
}

/* The number of candidates, or of those with points. */
static size_t count_candidates(const struct records *recs, bool with_points)
{
	size_t i, n = 0;

	for (i = 0; i < recs->n; i++) {
		const struct oomtrace_candidate *c = &recs->r[i].candidate;

		n += c->h.type == OOMTRACE_CANDIDATE &&
		     (!with_points || HAS(c, candidate, points));
	}
	return n;
}

TEST_F(by, the_parameter_and_the_hooks_file_show_it)
{
	char value[32], evaluate[32], badness[32];

	module_param("select_hook", value, sizeof(value));
	EXPECT_STREQ(variant->how, value);
	hook_kind("oom_evaluate_task", evaluate);
	hook_kind("oom_badness", badness);
	if (!strcmp(variant->how, "ftrace") && !has_ftrace_args())
		SKIP(return, NO_FTRACE_ARGS);
	EXPECT_STREQ(variant->how, evaluate);
	EXPECT_STREQ(!strcmp(variant->how, "ftrace") ? "return" : "kretprobe", badness);
}

TEST_F(by, every_candidate_has_the_kernels_points_and_place)
{
	const struct oomtrace_verdict *v;
	const struct oomtrace_oom_end *end;

	cause_oom(self->fd, &self->recs, self->scene);
	v = &records_get(&self->recs, OOMTRACE_VERDICT, 0)->verdict;
	end = &records_get(&self->recs, OOMTRACE_OOM_END, 0)->end;
	EXPECT_EQ(OOMTRACE_RECOMPUTED_AGREE, v->recomputed);
	EXPECT_EQ(0, end->missed);
	EXPECT_EQ(end->candidates, count_candidates(&self->recs, false));
	EXPECT_LE(CROWD / 2, count_candidates(&self->recs, true));
	scene_check_points(_metadata, self->scene, v->episode, v->totalpages);
	scene_check_choice(_metadata, self->scene, v);
}

static int read_scores(void *unused)
{
	int i;

	(void)unused;
	for (;;)
		for (i = 0; i < CROWD; i++)
			proc_oom_score(crowd_pid(i));
	return 0;
}

TEST_F(by, reads_of_oom_score_are_no_candidates)
{
	const struct oomtrace_oom_end *end;
	pid_t pid = start_child(read_scores, NULL);
	size_t i, n;

	sleep_ms(100);
	cause_oom(self->fd, &self->recs, self->scene);
	kill(pid, SIGKILL);
	wait_child(pid);
	end = &records_get(&self->recs, OOMTRACE_OOM_END, 0)->end;
	EXPECT_EQ(end->candidates, count_candidates(&self->recs, false));
	for (i = n = 0; i < self->recs.n; i++) {
		const struct oomtrace_candidate *c =
			&self->recs.r[i].candidate;

		if (c->h.type == OOMTRACE_CANDIDATE)
			EXPECT_EQ(n++, c->index);
	}
}

TEST_F(by, switched_off_and_on_it_records_again)
{
	pid_t pid;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, spill(DEBUGFS "/enable", "0"));
		pid = start_victim();
		/* sysrq returns before the OOM is over. */
		crowd_sysrq_f();
		EXPECT_EQ(128 + SIGKILL, wait_child(pid));
		ASSERT_EQ(0, spill(DEBUGFS "/enable", "1"));
		cause_oom(self->fd, &self->recs, self->scene);
		EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_END));
		EXPECT_LE(CROWD / 2, count_candidates(&self->recs, true));
	}
}

/* ---- the same under both ---- */

TEST(both_hooks_give_the_same_candidates)
{
	static const char * const how[] = { "ftrace", "kprobe" };
	struct records recs[2] = { };
	size_t i, nth[2] = { }, compared = 0, ineligible = 0;
	char exempt[64];
	int k;

	sysctl_set("kernel/sysrq", 1);
	sysctl_set("vm/oom_dump_tasks", 0);
	crowd_gather(CROWD, SEED, false);
	/* Make one of them ineligible. */
	snprintf(exempt, sizeof(exempt), "/proc/%d/oom_score_adj",
		 crowd_pid(CROWD / 2));
	ASSERT_EQ(0, spill(exempt, "-1000"));
	for (k = 0; k < 2; k++) {
		int fd;

		load_with(how[k]);
		fd = device_open_at_end();
		start_victim();
		crowd_sysrq_f();
		crowd_ooms_end(fd, &recs[k], 1);
		close(fd);
	}
	/* In the order of the scan. */
	for (i = 0; i < CROWD; i++) {
		const struct oomtrace_candidate *c[2] = { };

		for (k = 0; k < 2; k++) {
			for (; nth[k] < recs[k].n; nth[k]++) {
				c[k] = &recs[k].r[nth[k]].candidate;
				if (c[k]->h.type == OOMTRACE_CANDIDATE &&
				    c[k]->tgid == crowd_pid(i))
					break;
			}
			ASSERT_GT(recs[k].n, nth[k])
				TH_LOG("%s: %d is missing or out of order",
				       how[k], crowd_pid(i));
		}
		/*
		 * Sequence number and time differ; the index depends on all
		 * tasks.
		 */
		EXPECT_EQ(c[0]->h.valid, c[1]->h.valid);
		EXPECT_EQ(c[0]->h.derived, c[1]->h.derived);
		EXPECT_EQ(c[0]->pid, c[1]->pid);
		EXPECT_EQ(c[0]->uid, c[1]->uid);
		EXPECT_EQ(0, memcmp(c[0]->comm, c[1]->comm,
				    sizeof(c[0]->comm)));
		EXPECT_EQ(0, memcmp(&c[0]->cgroup_id, &c[1]->cgroup_id,
				    sizeof(*c[0]) -
				    offsetof(struct oomtrace_candidate,
					     cgroup_id)))
			TH_LOG("%d: %lld and %lld points, verdicts %d and %d, reasons %d and %d",
			       c[0]->pid, c[0]->points, c[1]->points,
			       c[0]->verdict, c[1]->verdict, c[0]->reason,
			       c[1]->reason);
		compared++;
		ineligible += c[0]->verdict == OOMTRACE_EVAL_INELIGIBLE;
	}
	EXPECT_EQ(CROWD, compared);
	EXPECT_LE(1, ineligible);
	fprintf(stderr, "# %zu candidates compared, %zu of them ineligible\n",
		compared, ineligible);
	for (k = 0; k < 2; k++)
		records_free(&recs[k]);
	crowd_disperse();
	module_stop();
}

/* ---- other tracers of the same functions ---- */

static void trace_with(struct __test_metadata *_metadata, const char *tracer,
		       int fd, struct records *recs)
{
	/* Compilers may split oom_badness(). */
	static const char * const functions[] = {
		"oom_evaluate_task", "oom_badness*", NULL
	};
	const struct oomtrace_oom_end *end;

	if (!tracer_start(tracer, functions))
		SKIP(return, "this kernel has no such tracer");
	start_victim();
	crowd_sysrq_f();
	crowd_ooms_end(fd, recs, 1);
	end = &records_get(recs, OOMTRACE_OOM_END, 0)->end;
	/* Each kernel thread that the kernel looked at is counted, exactly. */
	EXPECT_EQ(count_candidates(recs, false) + end->exempt_init +
		  end->exempt_kthread, tracer_lines("oom_evaluate_task"));
	EXPECT_LE(count_candidates(recs, true), tracer_lines("oom_badness"));
	EXPECT_LE(CROWD / 2, count_candidates(recs, true));
}

TEST_F(by, the_function_tracer_and_oomtrace_see_the_same_calls)
{
	trace_with(_metadata, "function", self->fd, &self->recs);
	tracer_stop();
}

TEST_F(by, the_function_graph_tracer_and_oomtrace_see_the_same_calls)
{
	trace_with(_metadata, "function_graph", self->fd, &self->recs);
	tracer_stop();
}

/* ---- while OOMs run ---- */

#define OOMING	2

/* In a cgroup, one child after the other allocates until it is killed. */
static int run_out_of_memory(void *dir)
{
	char path[256];
	int status;

	snprintf(path, sizeof(path), "%s/cgroup.procs", (char *)dir);
	if (spill("/proc/self/oom_score_adj", "-1000") || spill(path, "0"))
		return 1;
	for (;;) {
		size_t i;
		pid_t pid;
		char *at;

		stress_wait();
		pid = fork();

		if (pid) {
			waitpid(pid, &status, 0);
			continue;
		}
		if (spill("/proc/self/oom_score_adj", "1000"))
			_exit(1);
		at = mmap(NULL, MB(64), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED)
			_exit(1);
		for (i = 0; i < MB(64); i += PAGE)
			at[i] = 1;
		_exit(0);
	}
}

TEST_F_TIMEOUT(by, it_is_loaded_and_unloaded_while_ooms_run, 240)
{
	struct memcg cg[OOMING] = { };
	pid_t pid[OOMING];
	char name[16];
	int i, n;

	/* Children must not inherit the device. */
	close(self->fd);
	for (n = 0; n < OOMING; n++) {
		snprintf(name, sizeof(name), "ooming%d", n);
		if (!memcg_make(&cg[n], name, MB(8)))
			SKIP(return, "no cgroup v2 memory controller");
		/* Add other tasks, so that the scan takes most of an OOM. */
		for (i = n; i < CROWD; i += OOMING) {
			char text[16];

			snprintf(text, sizeof(text), "%d", crowd_pid(i));
			memcg_set(&cg[n], "cgroup.procs", text);
		}
		pid[n] = start_child(run_out_of_memory, cg[n].dir);
	}
	for (i = 0; i < 5; i++) {
		sleep_ms(20);
		EXPECT_EQ(0, module_unload());
		load_with(variant->how);
	}
	self->fd = device_open_at_end();
	crowd_ooms_end(self->fd, &self->recs, 2 * OOMING);
	for (n = 0; n < OOMING; n++) {
		kill(pid[n], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(pid[n]));
		memcg_remove(&cg[n]);
	}
	EXPECT_LE(CROWD / 2, count_candidates(&self->recs, true));
}

TEST_HARNESS_MAIN
