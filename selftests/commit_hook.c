// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: both ways to hook __vm_enough_memory() give the same records.
 * Neither way disturbs other tracers of that function, nor the tasks inside it
 * while the hook is armed and disarmed.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/commit.h"
#include "lib/stress.h"
#include "lib/test.h"
#include "lib/tracer.h"

#define FUNCTION	"__vm_enough_memory"

FIXTURE(by) {
	int fd;		/* -1: this kernel cannot be hooked this way */
	struct records recs;
};

FIXTURE_VARIANT(by) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(by, ftrace) {
	.kind = "ftrace",
};

FIXTURE_VARIANT_ADD(by, kprobe) {
	.kind = "kprobe",
};

FIXTURE_SETUP(by)
{
	char params[64], kind[32];

	self->fd = -1;
	/* The harness runs the body of a test even if its setup skips. */
	if (!strcmp(variant->kind, "ftrace") && !has_ftrace_args())
		return;
	snprintf(params, sizeof(params), "commit_records=all commit_hook=%s",
		 variant->kind);
	module_keep(params);
	hook_kind(FUNCTION, kind);
	ASSERT_STREQ(variant->kind, kind);
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(by)
{
	sysctl_restore();
	close(self->fd);
	records_free(&self->recs);
}

/* The number of records of this process with that many pages. */
static int count_records(const struct records *recs, long pages)
{
	size_t i;
	int n = 0;

	for (i = 0; i < recs->n; i++) {
		const struct oomtrace_commit *rec = &recs->r[i].commit;

		n += rec->h.type == OOMTRACE_COMMIT && rec->pid == getpid() &&
		     rec->pages == pages;
	}
	return n;
}

TEST_F(by, the_parameter_shows_it)
{
	char value[32];

	if (self->fd < 0)
		SKIP(return, NO_FTRACE_ARGS);
	module_param("commit_hook", value, sizeof(value));
	EXPECT_STREQ(variant->kind, value);
}

TEST_F(by, every_answer_is_the_kernels_own)
{
	static const int modes[] = { GUESS, ALWAYS, NEVER };
	const struct oomtrace_commit *rec;
	size_t i;

	if (self->fd < 0)
		SKIP(return, NO_FTRACE_ARGS);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		sysctl_set("vm/overcommit_memory", modes[i]);
		EXPECT_EQ(0, ask(11 + i));
		EXPECT_EQ(modes[i] == ALWAYS ? 0 : ENOMEM,
			  ask(TEN_GIB_PAGES + i));
	}
	device_drain(self->fd, &self->recs);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		rec = commit_of(&self->recs, getpid(), 11 + i);
		ASSERT_NE(NULL, rec);
		EXPECT_EQ(modes[i], rec->mode);
		EXPECT_EQ(0, rec->ret);
		EXPECT_FALSE(DERIVED(rec, commit, ret));
		rec = commit_of(&self->recs, getpid(), TEN_GIB_PAGES + i);
		ASSERT_NE(NULL, rec);
		EXPECT_EQ(modes[i] == ALWAYS ? 0 : -ENOMEM, rec->ret);
		EXPECT_FALSE(DERIVED(rec, commit, ret));
	}
}

/* The stack of a refusal in this mode. A new reader: it gets each stack once. */
static void get_stack(struct __test_metadata *_metadata, int mode, char *text, size_t size)
{
	const struct oomtrace_stack *stack;
	struct records recs = { };
	int fd;

	sysctl_set("vm/overcommit_memory", mode);
	fd = device_open_at_end();
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	device_drain(fd, &recs);
	close(fd);
	stack = (const void *)records_get(&recs, OOMTRACE_STACK, 0);
	ASSERT_NE(NULL, stack) TH_LOG("mode %d", mode);
	snprintf(text, size, "%s", stack->text);
	records_free(&recs);
	/* Compilers and kernels differ in the name of the caller. */
	EXPECT_TRUE(!strncmp(text, "mmap_region", 11) ||
		    !strncmp(text, "__mmap_region", 13) ||
		    !strncmp(text, "__mmap_prepare", 14) ||
		    !strncmp(text, "__mmap_new_vma", 14) ||
		    !strncmp(text, "security_vm_enough_memory_mm", 28))
		TH_LOG("mode %d: %s", mode, text);
}

/* In mode 0 it is taken at the function's entry, in mode 2 at its return. */
TEST_F(by, a_stack_begins_with_the_caller)
{
	char at_entry[sizeof(((struct oomtrace_stack *)NULL)->text)];
	char at_return[sizeof(at_entry)];

	if (self->fd < 0)
		SKIP(return, NO_FTRACE_ARGS);
	get_stack(_metadata, GUESS, at_entry, sizeof(at_entry));
	if (!has_stacks())
		SKIP(return, NO_STACKS);
	get_stack(_metadata, NEVER, at_return, sizeof(at_return));
#ifdef __x86_64__
	EXPECT_IN("do_syscall_64", at_return);
	EXPECT_STREQ(at_entry, at_return);
#endif
}

TEST_F(by, switched_off_and_on_it_records_again)
{
	int i;

	if (self->fd < 0)
		SKIP(return, NO_FTRACE_ARGS);
	sysctl_set("vm/overcommit_memory", NEVER);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, spill(DEBUGFS "/enable", "0"));
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + i));
		ASSERT_EQ(0, spill(DEBUGFS "/enable", "1"));
		EXPECT_EQ(ENOMEM, ask(2 * TEN_GIB_PAGES + i));
	}
	device_drain(self->fd, &self->recs);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(NULL, commit_of(&self->recs, getpid(),
					  TEN_GIB_PAGES + i));
		EXPECT_NE(NULL, commit_of(&self->recs, getpid(),
					  2 * TEN_GIB_PAGES + i));
	}
}

/* ---- other tracers of the same function ---- */

/* Sizes that only this test requests. */
#define ODD	1111

static void trace_with(struct __test_metadata *_metadata, const char *tracer,
		       int fd, struct records *recs)
{
	static const char * const functions[] = { FUNCTION, NULL };
	int i;

	if (!tracer_start(tracer, functions))
		SKIP(return, "this kernel has no such tracer");
	sysctl_set("vm/overcommit_memory", NEVER);
	for (i = 0; i < 50; i++) {
		EXPECT_EQ(0, ask(ODD + i));
		EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES + i));
	}
	EXPECT_LE(100, tracer_lines(FUNCTION));
	device_drain(fd, recs);
	for (i = 0; i < 50; i++) {
		EXPECT_EQ(1, count_records(recs, ODD + i));
		EXPECT_EQ(1, count_records(recs, TEN_GIB_PAGES + i));
	}
}

TEST_F(by, the_function_tracer_and_oomtrace_see_the_same_calls)
{
	if (self->fd < 0)
		SKIP(return, NO_FTRACE_ARGS);
	trace_with(_metadata, "function", self->fd, &self->recs);
	tracer_stop();
}

TEST_F(by, the_function_graph_tracer_and_oomtrace_see_the_same_calls)
{
	if (self->fd < 0)
		SKIP(return, NO_FTRACE_ARGS);
	trace_with(_metadata, "function_graph", self->fd, &self->recs);
	tracer_stop();
}

/* ---- under load ---- */

static int request_forever(void *unused)
{
	int i;

	(void)unused;
	for (;;) {
		stress_wait();
		for (i = 0; i < 32; i++) {
			ask(10);
			ask(TEN_GIB_PAGES);
		}
		/*
		 * synchronize_rcu_tasks() waits for every task to schedule
		 * voluntarily. Without this it waits for a tick in user space.
		 */
		sched_yield();
	}
	return 0;
}

#define LOAD	2

static void start_requests(pid_t *pid)
{
	int i;

	for (i = 0; i < LOAD; i++)
		pid[i] = start_child(request_forever, NULL);
}

static void stop_requests(struct __test_metadata *_metadata, const pid_t *pid)
{
	int i;

	for (i = 0; i < LOAD; i++) {
		kill(pid[i], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(pid[i]));
	}
}

static void switch_modes(int n)
{
	static const int modes[] = { NEVER, GUESS, NEVER, ALWAYS };

	sysctl_write("vm/overcommit_memory", modes[n % 4]);
}

TEST_F(by, it_is_switched_and_modes_change_under_load)
{
	pid_t pid[LOAD];
	int i;

	if (self->fd < 0)
		SKIP(return, NO_FTRACE_ARGS);
	start_requests(pid);
	for (i = 0; i < 8; i++) {
		switch_modes(i);
		sleep_ms(10);
		EXPECT_EQ(0, spill(DEBUGFS "/enable", i % 2 ? "1" : "0"));
	}
	stop_requests(_metadata, pid);
	sysctl_set("vm/overcommit_memory", NEVER);
	device_drain(self->fd, &self->recs);
	records_free(&self->recs);
	self->recs = (struct records){ };
	EXPECT_EQ(ENOMEM, ask(3 * TEN_GIB_PAGES));
	device_drain(self->fd, &self->recs);
	EXPECT_EQ(1, count_records(&self->recs, 3 * TEN_GIB_PAGES));
}

TEST_F_TIMEOUT(by, it_is_loaded_and_unloaded_under_load, 300)
{
	char params[128];
	pid_t pid[LOAD];
	int i;

	if (self->fd < 0)
		SKIP(return, NO_FTRACE_ARGS);
	close(self->fd);
	ASSERT_EQ(0, module_unload());
	snprintf(params, sizeof(params),
		 "commit_records=all commit_buffer_kb=16 commit_hook=%s",
		 variant->kind);
	start_requests(pid);
	for (i = 0; i < 4; i++) {
		switch_modes(i);
		EXPECT_EQ(0, module_load(params));
		sleep_ms(10);
		EXPECT_EQ(0, module_unload());
	}
	stop_requests(_metadata, pid);
	EXPECT_EQ(0, module_load(params));
	self->fd = device_open_at_end();
}

TEST_HARNESS_MAIN
