// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the module loads or reports why not. After a failed load or an
 * unload nothing of it is left, a module in use stays loaded, and it uses no
 * more memory than it reports.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/stress.h"
#include "lib/test.h"
#include "lib/tracer.h"

FIXTURE(load) {
	int kmsg;
};

FIXTURE_SETUP(load)
{
	module_stop();
	self->kmsg = kmsg_open();
}

FIXTURE_TEARDOWN(load)
{
	close(self->kmsg);
	module_stop();
}

static void expect_nothing_left(struct __test_metadata *_metadata)
{
	EXPECT_EQ(NULL, module_trace()) TH_LOG("still in %s", module_trace());
}

TEST_F(load, modprobe_loads_and_unloads)
{
	char *load[] = { "modprobe", "oomtrace", "commit_records=all",
			 "commit_buffer_kb=64", NULL };
	char *unload[] = { "modprobe", "-r", "oomtrace", NULL };
	char said[512], value[32];

	EXPECT_EQ(0, run_program(said, sizeof(said), load))
		TH_LOG("%s", said);
	EXPECT_TRUE(module_loaded());
	module_param("commit_records", value, sizeof(value));
	EXPECT_STREQ("all", value);
	module_param("commit_buffer_kb", value, sizeof(value));
	EXPECT_STREQ("64", value);
	EXPECT_EQ(0, run_program(said, sizeof(said), unload))
		TH_LOG("%s", said);
	expect_nothing_left(_metadata);
}

/* The module works: it records a refusal once. */
static void records_a_denial(struct __test_metadata *_metadata, int fd)
{
	struct records recs = { };

	sysctl_set("vm/overcommit_memory", NEVER);
	EXPECT_EQ(ENOMEM, ask(TEN_GIB_PAGES));
	device_drain(fd, &recs);
	EXPECT_EQ(1, commits_by(&recs, getpid()));
	records_free(&recs);
}

TEST_F(load, a_second_load_is_EEXIST_and_leaves_the_first_intact)
{
	int fd;

	EXPECT_EQ(0, module_load("commit_records=denied"));
	fd = device_open_at_end();
	EXPECT_EQ(-EEXIST, module_load(NULL));
	EXPECT_EQ(-EEXIST, module_load("commit_records=none"));
	EXPECT_EQ(0, access(DEBUGFS "/trace", R_OK));
	records_a_denial(_metadata, fd);
	close(fd);
}

static void expect_load_rejected(struct __test_metadata *_metadata, int kmsg,
				 const char *params, const char *word)
{
	char *log;

	EXPECT_EQ(-EINVAL, module_load(params)) TH_LOG("%s", params);
	log = kmsg_text(kmsg);
	EXPECT_IN("oomtrace: ", log);
	EXPECT_IN(word, log);
	free(log);
	expect_nothing_left(_metadata);
}

TEST_F(load, bad_parameters_are_EINVAL_with_a_line_in_the_log)
{
	expect_load_rejected(_metadata, self->kmsg, "commit_records=foo", "commit_records");
	expect_load_rejected(_metadata, self->kmsg, "commit_records=", "commit_records");
	expect_load_rejected(_metadata, self->kmsg, "commit_hook=jprobe", "commit_hook");
	expect_load_rejected(_metadata, self->kmsg, "commit_buffer_kb=1", "commit_buffer_kb");
	expect_load_rejected(_metadata, self->kmsg, "commit_buffer_kb=0", "commit_buffer_kb");
	expect_load_rejected(_metadata, self->kmsg, "commit_buffer_kb=-1",
			     "commit_buffer_kb");
	expect_load_rejected(_metadata, self->kmsg, "oom_buffer_kb=15", "oom_buffer_kb");
	expect_load_rejected(_metadata, self->kmsg, "oom_buffer_kb=99999999",
			     "oom_buffer_kb");
	expect_load_rejected(_metadata, self->kmsg, "candidate_buffer_kb=0",
			     "candidate_buffer_kb");
	expect_load_rejected(_metadata, self->kmsg, "candidate_buffer_kb=1048577",
			     "candidate_buffer_kb");
	expect_load_rejected(_metadata, self->kmsg, "candidates=some",
			     "compact and full");
	expect_load_rejected(_metadata, self->kmsg, "oom_buffer_kb=many", "oom_buffer_kb");
}

TEST_F(load, too_little_memory_is_ENOMEM_and_leaves_nothing)
{
	char *log;

	/* The largest size allowed, which exceeds this machine's memory. */
	if (meminfo("MemTotal") > 1048576 * sysconf(_SC_NPROCESSORS_CONF) / 2)
		SKIP(return, "this machine has too much memory");
	EXPECT_EQ(-ENOMEM, module_load("oom_buffer_kb=1048576"));
	EXPECT_EQ(-ENOMEM, module_load("candidate_buffer_kb=1048576"));
	log = kmsg_text(self->kmsg);
	EXPECT_IN("oomtrace: no memory for the rings", log);
	free(log);
	expect_nothing_left(_metadata);
	EXPECT_EQ(0, module_load(NULL));
}

TEST_F(load, the_smallest_buffers_work)
{
	int fd;

	EXPECT_EQ(0, module_load("commit_buffer_kb=16 oom_buffer_kb=16"));
	fd = device_open_at_end();
	records_a_denial(_metadata, fd);
	close(fd);
}

static bool is_on_line(const char *line, const char *word)
{
	return memmem(line, strcspn(line, "\n"), word, strlen(word));
}

/*
 * Bytes of vmalloc memory in use, without areas that wait to be purged and
 * without thread stacks, since the kernel starts workers at any time.
 */
static long vmalloc_bytes(void)
{
	char *text = slurp("/proc/vmallocinfo", NULL), *at = text;
	long sum = 0;

	for (; *at; at += strcspn(at, "\n") + 1) {
		unsigned long from, to, size;

		if (sscanf(at, "0x%lx-0x%lx %lu", &from, &to, &size) == 3 &&
		    !is_on_line(at, "unpurged") &&
		    !is_on_line(at, " kernel_clone+"))
			sum += size;
	}
	free(text);
	return sum;
}

/* Each unload waits until no task can be inside a hook. */
TEST_F_TIMEOUT(load, twenty_loads_and_unloads_leave_nothing, 600)
{
	long slab, vmalloc, percpu, grown = 0;
	int i, wait;

	/* Do one-time allocations first. */
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, module_load(NULL));
		EXPECT_EQ(0, module_unload());
	}
	spill("/proc/sys/vm/drop_caches", "3");
	slab = meminfo("Slab");
	percpu = meminfo("Percpu");
	vmalloc = vmalloc_bytes();
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, module_load(NULL));
		EXPECT_EQ(0, module_unload());
	}
	expect_nothing_left(_metadata);
	/* The module's own memory is freed slightly later. */
	for (wait = 0; wait < 50; wait++) {
		spill("/proc/sys/vm/drop_caches", "3");
		grown = vmalloc_bytes() - vmalloc;
		if (grown <= 0 && meminfo("Slab") - slab < 1024 &&
		    meminfo("Percpu") <= percpu)
			break;
		sleep_ms(100);
	}
	EXPECT_GE(0, grown);
	EXPECT_GT(1024, meminfo("Slab") - slab);
	EXPECT_GE(0, meminfo("Percpu") - percpu);
}

TEST_F(load, an_open_device_pins_the_module)
{
	int fd, err;

	EXPECT_EQ(0, module_load(NULL));
	fd = device_open();
	err = module_unload();
	EXPECT_TRUE(err == -EWOULDBLOCK || err == -EBUSY) TH_LOG("%d", err);
	EXPECT_TRUE(module_loaded());
	close(fd);
	EXPECT_EQ(0, module_unload());
	expect_nothing_left(_metadata);
}

TEST_F(load, an_open_text_file_pins_the_module_or_fails)
{
	char buf[64];
	int fd, err;

	EXPECT_EQ(0, module_load(NULL));
	fd = open(DEBUGFS "/trace", O_RDONLY);
	ASSERT_LE(0, fd);
	err = module_unload();
	/* The module stays loaded, or the file fails without harm. */
	EXPECT_TRUE(!err || err == -EWOULDBLOCK || err == -EBUSY);
	if (!err)
		EXPECT_EQ(-1, read(fd, buf, sizeof(buf)));
	close(fd);
}

static int map_forever(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0;; i++) {
		/* A task that never sleeps delays an unload. */
		if (i % 64 == 0) {
			stress_wait();
			sched_yield();
		}
		ask(10);
	}
	return 0;
}

TEST_F_TIMEOUT(load, unloading_under_load_is_safe, 300)
{
	pid_t pid[3];
	int i;

	for (i = 0; i < 3; i++)
		pid[i] = start_child(map_forever, NULL);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, module_load("commit_records=all commit_buffer_kb=16"));
		sleep_ms(30);
		EXPECT_EQ(0, module_unload());
	}
	for (i = 0; i < 3; i++) {
		kill(pid[i], SIGKILL);
		wait_child(pid[i]);
	}
	expect_nothing_left(_metadata);
}

static const char refuse[] = "/sys/module/oomtrace_provoke/parameters/refuse";

static long calls_slowed(void)
{
	char *text = slurp(refuse, NULL);
	long n = atol(text);

	free(text);
	return n;
}

static int wait_to_be_killed(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

#define CROWD	60

/*
 * The kernel compares tasks, 10 ms each, while the module goes. A probe that was
 * hit in the scan returns after that.
 */
TEST_F_TIMEOUT(load, unloading_amid_a_scan_is_safe, 300)
{
	pid_t pid[CROWD];
	char slow[64];
	long before;
	struct hog hog;
	int i, turn;

	if (own_module_load("provoke"))
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	snprintf(slow, sizeof(slow), "%s 1 slow", badness_function());
	if (spill(refuse, slow)) {
		own_module_unload("provoke");
		SKIP(return, "calls cannot be slowed on this kernel");
	}
	spill(refuse, "none");
	for (i = 0; i < CROWD; i++)
		pid[i] = start_child(wait_to_be_killed, NULL);
	for (turn = 0; turn < 3; turn++) {
		EXPECT_EQ(0, module_load(turn == 1 ? "candidates=full" : ""));
		hog_start(&hog, "--anon 4 --adj 1000 --hold");
		hog_ready(&hog);
		EXPECT_EQ(0, spill(refuse, slow));
		sysctl_set("kernel/sysrq", 1);
		spill("/proc/sysrq-trigger", "f");
		while ((before = calls_slowed()) < 5 + 5 * turn)
			sleep_ms(1);
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
		/* The unload began amid the scan. */
		EXPECT_GT(CROWD, before);
		EXPECT_LT(CROWD, calls_slowed());
		spill(refuse, "none");
	}
	for (i = 0; i < CROWD; i++) {
		kill(pid[i], SIGKILL);
		wait_child(pid[i]);
	}
	EXPECT_EQ(0, own_module_unload("provoke"));
	expect_nothing_left(_metadata);
}

/* Bytes of the module's own vmalloc areas. */
static long vmalloc_of_module(void)
{
	char *text = slurp("/proc/vmallocinfo", NULL), *at = text, line[256];
	long sum = 0;

	for (; *at; at += strcspn(at, "\n") + 1) {
		char *pages;

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"),
			 at);
		pages = strstr(line, " pages=");
		if (strstr(line, "[oomtrace]") && pages)
			sum += atol(pages + 7) * sysconf(_SC_PAGESIZE);
	}
	free(text);
	return sum;
}

TEST_F(load, the_rings_use_what_info_reports_and_at_most_1_MiB_per_CPU)
{
	struct oomtrace_info info;
	long rings, seen;
	int fd;

	EXPECT_EQ(0, module_load(NULL));
	fd = device_open();
	device_info(fd, &info);
	rings = info.ring[0].bytes + info.ring[1].bytes;
	seen = vmalloc_of_module();
	EXPECT_GE((long)info.cpus << 20, rings);
	rings += info.candidates.bytes;
	EXPECT_LE(rings, seen);
	/* All other areas together are smaller than a tenth. */
	EXPECT_GE(rings + rings / 10, seen);
	close(fd);
}

TEST_HARNESS_MAIN
