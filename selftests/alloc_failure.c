// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an allocation of the kernel that fails without an OOM is counted and, unless
 * its caller expects that, recorded as the kernel's log has it; with refusals=syscalls a
 * system call that fails for it is joined with it. A flood of failures pushes out no OOM.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/bytes.h"
#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

FIXTURE(alloc_failure) {
	int fd;
	int kmsg;
	struct records recs;
};

FIXTURE_SETUP(alloc_failure)
{
	module_start("");
	self->fd = device_open_at_end();
	self->kmsg = kmsg_open();
}

FIXTURE_TEARDOWN(alloc_failure)
{
	sysctl_restore();
	close(self->kmsg);
	close(self->fd);
	EXPECT_ALL_INTENDED(&self->recs);
	records_free(&self->recs);
	module_stop();
}

/* The last record of a process, or NULL. */
static const struct oomtrace_alloc_failure *
find_failure(const struct records *recs, pid_t pid, unsigned int kind)
{
	const struct oomtrace_alloc_failure *found = NULL;
	size_t i;

	for (i = 0; i < recs->n; i++) {
		const struct oomtrace_alloc_failure *rec = &recs->r[i].alloc_failure;

		if (rec->h.type == OOMTRACE_ALLOC_FAILURE && rec->pid == pid &&
		    rec->kind == kind)
			found = rec;
	}
	return found;
}

static const struct oomtrace_refused *find_call(const struct records *recs, pid_t pid,
						unsigned int call)
{
	size_t i;

	for (i = recs->n; i-- > 0;)
		if (recs->r[i].h.type == OOMTRACE_REFUSED &&
		    recs->r[i].refused.pid == pid && recs->r[i].refused.call == call)
			return &recs->r[i].refused;
	return NULL;
}

/* Failures, or records, of a kind in the file stats: "pages", "vmalloc without warning". */
static unsigned long long count_failures(const char *kind, bool recorded)
{
	char *text = slurp(DEBUGFS "/stats", NULL);
	char *at = strstr(text, "# failed allocations");
	unsigned long long n[2] = { 0, 0 };
	size_t len = strlen(kind);
	bool found = false;

	for (; at && *at && !found; at += strcspn(at, "\n") + 1)
		found = !strncmp(at, kind, len) &&
			sscanf(at + len, " %llu %llu", &n[0], &n[1]) == 2;
	free(text);
	if (!found)
		die("stats has no line '%s'", kind);
	return n[recorded];
}

/* The text of the stack that a record names, or "". */
static const char *stack_of(const struct records *recs, unsigned int id)
{
	size_t i;

	for (i = 0; i < recs->n; i++)
		if (recs->r[i].h.type == OOMTRACE_STACK && recs->r[i].stack.id == id)
			return recs->r[i].stack.text;
	return "";
}

/* ---- real failures ---- */

/*
 * Have the pool of huge pages take every block of 2 MiB that there is or that compaction
 * can make. No block of 4 MiB is left then.
 */
static bool take_all_blocks(void)
{
	if (!sysctl_exists("vm/nr_hugepages"))
		return false;
	sysctl_write("vm/nr_hugepages", 1000000);
	return true;
}

#define NO_HUGE_PAGES	"this kernel has no huge pages"

/* The largest kmalloc(): 4 MiB of control data, with GFP_KERNEL. */
static int send_much_control_data(void *unused)
{
	static char data[MB(4)];
	struct msghdr msg = { .msg_control = data, .msg_controllen = sizeof(data) };
	int pair[2];

	(void)unused;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return 1;
	return sendmsg(pair[0], &msg, 0) < 0 && errno == ENOBUFS ? 0 : 2;
}

/* A module's file of 1 GiB, with holes only: vmalloc() for more than there is RAM. */
static int load_huge_module(void *unused)
{
	int fd = open("/tmp/huge.ko", O_CREAT | O_RDWR | O_TRUNC, 0600), ret;

	(void)unused;
	if (fd < 0 || ftruncate(fd, MB(1024)))
		return 1;
	close(fd);
	fd = open("/tmp/huge.ko", O_RDONLY);
	ret = syscall(SYS_finit_module, fd, "", 0) && errno == ENOMEM ? 0 : 2;
	close(fd);
	unlink("/tmp/huge.ko");
	return ret;
}

/* An array of 2 GiB: vmalloc() with __GFP_NOWARN for more than there is RAM. */
static int create_huge_array(void *unused)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	union bpf_attr attr;

	(void)unused;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 8;
	attr.max_entries = 1 << 28;
	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		return 1;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) < 0 &&
	       errno == ENOMEM ? 0 : 2;
}

/* A ring of perf's with 2^18 pages: the list of its pages takes more than 2 MiB. */
static int map_large_ring(void *unused)
{
	struct perf_event_attr attr;
	int fd;

	(void)unused;
	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	if (fd < 0)
		return 3;
	return mmap(NULL, ((1 << 18) + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0) == MAP_FAILED && errno == ENOMEM ? 0 : 1;
}

static pid_t run_to_failure(struct __test_metadata *_metadata, int (*fn)(void *))
{
	pid_t pid = start_child(fn, NULL);

	EXPECT_EQ(0, wait_child(pid));
	return pid;
}

/* ---- by default ---- */

TEST_F(alloc_failure, contiguous_pages_are_recorded_as_the_log_has_them)
{
	const struct oomtrace_alloc_failure *rec;
	char want[160], *log;
	pid_t pid;

	if (!take_all_blocks())
		SKIP(return, NO_HUGE_PAGES);
	sysctl_write("net/core/optmem_max", MB(8));
	pid = run_to_failure(_metadata, send_much_control_data);
	device_drain(self->fd, &self->recs);
	rec = find_failure(&self->recs, pid, OOMTRACE_ALLOC_PAGES);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(pid, rec->tgid);
	EXPECT_EQ(MB(4), (size_t)PAGE << rec->order);
	EXPECT_EQ(0, rec->no_warn);
	EXPECT_EQ(0, rec->oom_victim);
	EXPECT_EQ(OOMTRACE_CONTEXT_TASK, rec->context);
	EXPECT_FALSE(HAS(rec, alloc_failure, bytes));
	EXPECT_LT(0, rec->free);
	EXPECT_GT(meminfo("MemTotal") / PAGE_KB, (long)rec->free);
	ASSERT_TRUE(HAS(rec, alloc_failure, stack));
	EXPECT_IN("sock_kmalloc", stack_of(&self->recs, rec->stack));
	EXPECT_EQ(NULL, strstr(stack_of(&self->recs, rec->stack), "warn_alloc"));
	/* The kernel prints no more than one in ten seconds: this is the first. */
	log = kmsg_text(self->kmsg);
	snprintf(want, sizeof(want), "page allocation failure: order:%u, mode:0x%x(%s)",
		 rec->order, rec->gfp, rec->gfp_names);
	EXPECT_IN(want, log);
	EXPECT_IN("alloc_failure: page allocation failure", log);
	free(log);
	EXPECT_EQ(1, count_failures("pages", true));
}

TEST_F(alloc_failure, a_vmalloc_is_recorded_with_its_size)
{
	const struct oomtrace_alloc_failure *rec;
	pid_t pid = run_to_failure(_metadata, load_huge_module);

	device_drain(self->fd, &self->recs);
	rec = find_failure(&self->recs, pid, OOMTRACE_ALLOC_VMALLOC);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(MB(1024), rec->bytes);
	EXPECT_FALSE(HAS(rec, alloc_failure, order));
	EXPECT_EQ(0, rec->no_warn);
	EXPECT_IN("vmalloc", stack_of(&self->recs, rec->stack));
	EXPECT_EQ(1, count_failures("vmalloc", false));
}

TEST_F(alloc_failure, one_that_may_fail_is_counted_and_not_recorded)
{
	pid_t pid = run_to_failure(_metadata, create_huge_array);

	device_drain(self->fd, &self->recs);
	EXPECT_EQ(NULL, find_failure(&self->recs, pid, OOMTRACE_ALLOC_VMALLOC));
	EXPECT_LE(1, count_failures("vmalloc without warning", false));
	EXPECT_EQ(0, count_failures("vmalloc without warning", true));
}

/* ---- joined with the call ---- */

TEST_F(alloc_failure, a_call_that_fails_for_it_is_joined)
{
	const struct oomtrace_alloc_failure *rec;
	const struct oomtrace_refused *call;
	pid_t pid;

	ASSERT_EQ(0, spill(DEBUGFS "/refusals", "syscalls"));
	pid = run_to_failure(_metadata, create_huge_array);
	device_drain(self->fd, &self->recs);
	rec = find_failure(&self->recs, pid, OOMTRACE_ALLOC_VMALLOC);
	ASSERT_NE(NULL, rec);
	EXPECT_EQ(1, rec->no_warn);
	EXPECT_LE(MB(2048), rec->bytes);
	call = find_call(&self->recs, pid, OOMTRACE_CALL_BPF);
	ASSERT_NE(NULL, call);
	EXPECT_EQ(1U << OOMTRACE_CAUSE_ALLOCATION, call->causes);
	EXPECT_TRUE(DERIVED(call, refused, cause));
	EXPECT_FALSE(HAS(call, refused, order));
	EXPECT_EQ(rec->h.seq, call->alloc_seq);
	EXPECT_EQ(rec->h.cpu, call->alloc_cpu);
}

TEST_F(alloc_failure, contiguous_memory_is_the_cause)
{
	const struct oomtrace_alloc_failure *rec;
	const struct oomtrace_refused *call;
	pid_t pid;
	int ret;

	ASSERT_EQ(0, spill(DEBUGFS "/refusals", "syscalls"));
	if (!take_all_blocks())
		SKIP(return, NO_HUGE_PAGES);
	pid = start_child(map_large_ring, NULL);
	ret = wait_child(pid);
	if (ret == 3)
		SKIP(return, "this kernel has no perf events");
	ASSERT_EQ(0, ret);
	device_drain(self->fd, &self->recs);
	rec = find_failure(&self->recs, pid, OOMTRACE_ALLOC_PAGES);
	ASSERT_NE(NULL, rec);
	call = find_call(&self->recs, pid, OOMTRACE_CALL_MMAP);
	ASSERT_NE(NULL, call);
	EXPECT_EQ(1U << OOMTRACE_CAUSE_CONTIGUOUS, call->causes);
	EXPECT_TRUE(HAS(call, refused, order));
	EXPECT_EQ(MB(4), (size_t)PAGE << call->order);
	EXPECT_EQ(rec->order, call->order);
	EXPECT_EQ(rec->h.seq, call->alloc_seq);
	EXPECT_EQ(rec->h.cpu, call->alloc_cpu);
	EXPECT_FALSE(HAS(call, refused, used));
}

static int fail_and_then_protect_nothing(void *unused)
{
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(at, PAGE);
	if (load_huge_module(unused))
		return 1;
	return mprotect(at, PAGE, PROT_NONE) && errno == ENOMEM ? 0 : 3;
}

TEST_F(alloc_failure, the_failure_of_an_earlier_call_is_not_joined)
{
	const struct oomtrace_refused *call;
	pid_t pid;

	ASSERT_EQ(0, spill(DEBUGFS "/refusals", "syscalls"));
	pid = run_to_failure(_metadata, fail_and_then_protect_nothing);
	device_drain(self->fd, &self->recs);
	EXPECT_NE(NULL, find_failure(&self->recs, pid, OOMTRACE_ALLOC_VMALLOC));
	call = find_call(&self->recs, pid, OOMTRACE_CALL_MPROTECT);
	ASSERT_NE(NULL, call);
	EXPECT_EQ(1U << OOMTRACE_CAUSE_UNKNOWN, call->causes);
	EXPECT_FALSE(HAS(call, refused, alloc_seq));
}

/* ---- many of them ---- */

#define FLOOD	10000

static int flood_with_failures(void *took)
{
	unsigned long long begin = now_ns();
	int i;

	for (i = 0; i < FLOOD; i++)
		if (create_huge_array(NULL))
			return 1;
	*(unsigned long long *)took = now_ns() - begin;
	return 0;
}

TEST_F(alloc_failure, a_flood_is_counted_exactly_and_pushes_out_no_oom)
{
	unsigned long long *took = alloc_shared(sizeof(*took)), recorded = 0, sum = 0;
	unsigned long long before, after;
	struct records all = { };
	struct memcg cg;
	struct hog hog;
	size_t i, n = 0;
	pid_t pid;

	if (!memcg_make(&cg, "alloc_failure", MB(16)))
		SKIP(return, "no memory controller of cgroup v2");
	hog_start(&hog, "--cgroup %s --grow 4096", cg.dir);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	memcg_remove(&cg);
	ASSERT_EQ(0, spill(DEBUGFS "/refusals", "syscalls"));
	before = count_failures("vmalloc without warning", false);
	pid = start_child(flood_with_failures, took);
	EXPECT_EQ(0, wait_child(pid));
	device_drain(self->fd, &self->recs);
	after = count_failures("vmalloc without warning", false);
	EXPECT_EQ(FLOOD, after - before);
	for (i = 0; i < self->recs.n; i++) {
		const struct oomtrace_alloc_failure *rec = &self->recs.r[i].alloc_failure;

		if (rec->h.type != OOMTRACE_ALLOC_FAILURE)
			continue;
		n += rec->pid == pid;
		recorded++;
		sum += rec->left_out + 1;
	}
	EXPECT_LE(10, n);
	/* Each CPU may begin a second at any time. */
	EXPECT_GE((*took / 1000000000 + 2) * 10 * sysconf(_SC_NPROCESSORS_CONF), n);
	EXPECT_GE(FLOOD, sum);
	EXPECT_LE(recorded, sum);
	close(self->fd);
	/* All that the rings hold. */
	self->fd = device_open();
	device_drain(self->fd, &all);
	EXPECT_EQ(1, records_count(&all, OOMTRACE_OOM_BEGIN));
	EXPECT_EQ(1, records_count(&all, OOMTRACE_OOM_END));
	EXPECT_LT(0, records_count(&all, OOMTRACE_CANDIDATE));
	records_free(&all);
}

/* ---- the command ---- */

static void expect_said(struct __test_metadata *_metadata, char *const argv[],
			const char *word)
{
	static char said[16384];

	EXPECT_EQ(0, run_program(said, sizeof(said), argv));
	EXPECT_IN(word, said);
}

TEST_F(alloc_failure, the_command_explains_it)
{
	run_to_failure(_metadata, load_huge_module);
	expect_said(_metadata, (char *[]){ "oomtrace", "refusals", NULL },
		    "1 GiB by vmalloc");
	expect_said(_metadata, (char *[]){ "oomtrace", "why", NULL },
		    "Failed allocation ");
	expect_said(_metadata, (char *[]){ "oomtrace", "why", NULL }, "Stack");
	expect_said(_metadata,
		    (char *[]){ "oomtrace", "dump", "--type", "alloc_failure", NULL },
		    " kind=vmalloc bytes=1073741824 ");
}

TEST_HARNESS_MAIN
