// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: every hook attaches, is hit when its function runs, and is listed in
 * the hooks file; every kernel variable is found.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/test.h"

#define FTRACE	"/proc/sys/kernel/ftrace_enabled"

FIXTURE(hooks) {
	char *text;
};

FIXTURE_SETUP(hooks)
{
	module_start(NULL);
	self->text = slurp(DEBUGFS "/hooks", NULL);
}

FIXTURE_TEARDOWN(hooks)
{
	free(self->text);
	spill(FTRACE, "1");
	module_stop();
}

/*
 * The sum of the numbers after "hits=" or "missed=" on a symbol's lines, since
 * a function can have two hooks; -1 if no line has one.
 */
static long number_of(const char *text, const char *symbol, const char *what)
{
	size_t len = strlen(symbol);
	long sum = -1;

	for (; *text; text += strcspn(text, "\n") + 1) {
		const char *at = strstr(text, what);

		if (strncmp(text, symbol, len) || isalnum(text[len]) ||
		    text[len] == '_' || !at ||
		    at > text + strcspn(text, "\n"))
			continue;
		if (sum < 0)
			sum = 0;
		sum += atol(at + strlen(what));
	}
	return sum;
}

static const char * const all_hooks[] = {
	"__vm_enough_memory", "out_of_memory", "oom_evaluate_task",
	"oom_badness", "oom_kill_process", "mark_victim", "exit_oom_victim",
	"wake_reaper", "start_task_reaping", "finish_task_reaping",
	"skip_task_reaping", "oom_notify_list", "warn_alloc",
};

TEST_F(hooks, every_hook_is_attached)
{
	char line[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_hooks); i++) {
		line_with(self->text, all_hooks[i], line, sizeof(line));
		EXPECT_IN(" attached ", line);
	}
	EXPECT_EQ(NULL, strstr(self->text, "failed"))
		TH_LOG("%s", self->text);
}

TEST_F(hooks, info_counts_no_missing_hook)
{
	struct oomtrace_info info;
	int fd = device_open();

	device_info(fd, &info);
	EXPECT_EQ(0, info.hooks_missing);
	EXPECT_EQ(1, info.enabled);
	close(fd);
}

TEST_F(hooks, hooks_that_the_kernel_does_not_call_are_silent)
{
	struct oomtrace_info info;
	char line[256], *text;
	int fd;

	if (spill(FTRACE, "0"))
		SKIP(return, "this kernel cannot switch ftrace off");
	fd = device_open();
	text = slurp(DEBUGFS "/hooks", NULL);
	line_with(text, "__vm_enough_memory", line, sizeof(line));
	EXPECT_IN(" silent ", line);
	EXPECT_IN(" (kernel.ftrace_enabled is 0)", line);
	/* This hook is no probe, so ftrace does not affect it. */
	line_with(text, "oom_notify_list", line, sizeof(line));
	EXPECT_IN(" attached ", line);
	free(text);
	device_info(fd, &info);
	EXPECT_LT(0, info.hooks_missing);
	ASSERT_EQ(0, spill(FTRACE, "1"));
	text = slurp(DEBUGFS "/hooks", NULL);
	EXPECT_EQ(NULL, strstr(text, " silent "));
	free(text);
	device_info(fd, &info);
	EXPECT_EQ(0, info.hooks_missing);
	close(fd);
}

TEST_F(hooks, every_variable_is_resolved)
{
	/* A kernel without the file is built without the variable, which is 0. */
	static const struct {
		const char *name;
		const char *file;
	} variables[] = {
		{ "sysctl_overcommit_memory" }, { "sysctl_overcommit_ratio" },
		{ "sysctl_overcommit_kbytes" },
		{ "sysctl_admin_reserve_kbytes" },
		{ "sysctl_user_reserve_kbytes" }, { "vm_committed_as " },
		{ "total_swap_pages", "/proc/swaps" },
		{ "hstates", "/proc/sys/vm/nr_hugepages" },
		{ "hugetlb_max_hstate", "/proc/sys/vm/nr_hugepages" },
	};
	char line[256];
	const char *at;
	size_t i, missing;

	for (i = 0; i < ARRAY_SIZE(variables); i++) {
		bool always_0 = variables[i].file && access(variables[i].file, F_OK);

		line_with(self->text, variables[i].name, line, sizeof(line));
		EXPECT_IN(always_0 ? " always-0" : " resolved", line);
	}
	/*
	 * Only the prototype check needs this symbol, and not every kernel has
	 * it.
	 */
	line_with(self->text, "__start_BTF", line, sizeof(line));
	if (!access("/sys/kernel/btf/vmlinux", F_OK))
		EXPECT_IN(" resolved", line);
	/* The symbol and its end. */
	missing = strstr(line, "not-found") ? 2 : 0;
	line_with(self->text, "psi_system", line, sizeof(line));
	if (access("/proc/pressure", F_OK) && strstr(line, "not-found"))
		missing++;
	for (i = 0, at = self->text; (at = strstr(at, "not-found")); at++)
		i++;
	EXPECT_EQ(missing, i)
		TH_LOG("%s", self->text);
}

/* Is this the line of a hook on a function? */
static bool is_function(const char *line)
{
	return line[0] != '#' &&
	       (strstr(line, "probe ") || strstr(line, " ftrace "));
}

/* A line of a probe shows the address; of ftrace, only the function's name. */
static bool is_probe(const char *line)
{
	return is_function(line) && strstr(line, "probe ") &&
	       !strstr(line, " waiting ");
}

TEST_F(hooks, probes_stand_at_their_functions_start)
{
	const char *at = self->text, *plus;
	char line[256];
	int n = 0;

	for (; *at; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"),
			 at);
		if (!is_probe(line) || strstr(line, " absent "))
			continue;
		plus = strchr(line, '+');
		ASSERT_NE(NULL, plus) TH_LOG("%s", line);
		/* An IBT entry has 4 bytes. */
		EXPECT_GE(4, strtol(plus + 1, NULL, 16)) TH_LOG("%s", line);
		n++;
	}
	EXPECT_LE(3, n);
}

TEST_F(hooks, every_function_has_the_prototype_that_was_expected)
{
	const char *at = self->text, *want;
	char line[256];
	int n = 0;

	line_with(self->text, "__start_BTF", line, sizeof(line));
	if (!strstr(line, " resolved"))
		SKIP(return, "the kernel has no BTF to compare with");
	for (; *at; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"),
			 at);
		/* The handlers of refused calls read no argument. */
		if (!is_function(line) || strstr(line, "refusals is syscalls") ||
		    strstr(line, " absent "))
			continue;
		/* BTF does not describe a split-off part of a function. */
		want = strstr(line, ".part.") ? " prototype=unchecked" :
						" prototype=same";
		EXPECT_IN(want, line);
		n++;
	}
	EXPECT_LE(6, n);
}

/* Load with a wrong prototype; skip if the module cannot detect it. */
#define LOAD_EXPECTING(ret, prototype) do {				\
	module_stop();							\
	if (access("/sys/kernel/btf/vmlinux", R_OK))			\
		SKIP(return, "the kernel has no BTF to compare with");	\
	ASSERT_EQ(ret, module_load("expect=\"" prototype "\""));	\
} while (0)

TEST_F(hooks, a_function_with_another_prototype_is_not_hooked)
{
	struct oomtrace_info info;
	char line[512], *at, *probes;
	int fd;

	LOAD_EXPECTING(0, "void oom_kill_process(struct oom_control *oc)");
	free(self->text);
	self->text = slurp(DEBUGFS "/hooks", NULL);
	/* Skip __oom_kill_process(), which is also hooked. */
	at = strstr(self->text, "\noom_kill_process");
	ASSERT_NE(NULL, at) TH_LOG("%s", self->text);
	line_with(at + 1, "oom_kill_process", line, sizeof(line));
	EXPECT_IN(" refused ", line);
	EXPECT_IN("'void oom_kill_process(struct oom_control *oc, char *message)'",
		  line);
	EXPECT_IN("'void oom_kill_process(struct oom_control *oc)'", line);
	probes = slurp("/sys/kernel/debug/kprobes/list", NULL);
	EXPECT_EQ(NULL, strstr(probes, " oom_kill_process"))
		TH_LOG("%s", probes);
	EXPECT_NE(NULL, strstr(probes, "out_of_memory"));
	free(probes);
	fd = device_open();
	device_info(fd, &info);
	EXPECT_EQ(1, info.hooks_missing);
	close(fd);
}

TEST_F(hooks, a_needed_function_with_another_prototype_refuses_the_load)
{
	int kmsg = kmsg_open();
	char *log;

	LOAD_EXPECTING(-EPROTOTYPE,
		       "int __vm_enough_memory(struct mm_struct *mm, int cap_sys_admin, long pages)");
	log = kmsg_text(kmsg);
	EXPECT_IN("'int __vm_enough_memory(struct mm_struct *mm, long pages, int cap_sys_admin)'",
		  log);
	EXPECT_IN("'int __vm_enough_memory(struct mm_struct *mm, int cap_sys_admin, long pages)'",
		  log);
	EXPECT_IN("not loaded", log);
	EXPECT_FALSE(module_loaded());
	free(log);
	close(kmsg);
}

TEST_F(hooks, an_expectation_of_no_hooked_function_is_EINVAL)
{
	LOAD_EXPECTING(-EINVAL, "int schedule(void)");
	LOAD_EXPECTING(-EINVAL, "nonsense");
	LOAD_EXPECTING(-EINVAL, "");
}

TEST_F(hooks, no_line_shows_a_kernel_address)
{
	EXPECT_EQ(NULL, strstr(self->text, "ffffffff"));
	EXPECT_EQ(NULL, strstr(self->text, "0xffff"));
}

TEST_F(hooks, vm_enough_memory_hits_grow_with_each_mapping)
{
	long before = number_of(self->text, "__vm_enough_memory", "hits=");
	char *text;
	int i;

	for (i = 0; i < 100; i++) {
		void *at = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		ASSERT_NE(MAP_FAILED, at);
		munmap(at, 1 << 16);
	}
	text = slurp(DEBUGFS "/hooks", NULL);
	EXPECT_LE(before + 100, number_of(text, "__vm_enough_memory", "hits="));
	EXPECT_EQ(0, number_of(text, "__vm_enough_memory", "missed="));
	free(text);
}

TEST_F(hooks, an_oom_hits_every_hook_on_its_way)
{
	static const char * const on_the_way[] = {
		"out_of_memory", "oom_evaluate_task", "oom_badness",
		"oom_kill_process", "mark_victim", "exit_oom_victim",
	};
	struct memcg cg;
	struct hog hog;
	char *text;
	size_t i;

	if (!memcg_make(&cg, "hooks", MB(8)))
		SKIP(return, "no cgroup v2 memory controller");
	hog_start(&hog, "--cgroup %s --grow 64", cg.dir);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	memcg_remove(&cg);
	text = slurp(DEBUGFS "/hooks", NULL);
	for (i = 0; i < ARRAY_SIZE(on_the_way); i++)
		EXPECT_LE(1, number_of(text, on_the_way[i], "hits="))
			TH_LOG("hook %zu of:\n%s", i, text);
	for (i = 0; i < ARRAY_SIZE(on_the_way); i++)
		EXPECT_GE(0, number_of(text, on_the_way[i], "missed="))
			TH_LOG("hook %zu of:\n%s", i, text);
	free(text);
}

TEST_HARNESS_MAIN
