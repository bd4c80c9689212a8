// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: with commit_records=all, oomtrace records exactly the decisions that
 * the kernel took, in each task's order, with the kernel's answer; and the
 * recorded numbers give that answer.
 *
 * During a storm of requests oomtrace records and a BPF program, the oracle,
 * logs. Then both accounts are compared. A phase is one setting of the sysctls,
 * which is constant during the storm; in the last phases swap or the mode is
 * switched continuously.
 *
 * Compared are all requests of the storm's processes, which live between two
 * requests of a unique size, and the requests of this program between these
 * two. So neither start nor end can split a decision. Decisions of other
 * processes are only counted.
 *
 * The accounts' own counters are checked first. If the oracle missed something,
 * the storm is repeated; if oomtrace lost a record, the test fails.
 *
 * usage: oracle [PHASE]; ORACLE_SEED and ORACLE_REQUESTS in the environment
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest.h>

#include "../lib/lib.h"
#include "arithmetic.h"
#include "compare.h"
#include "witness.h"

/* Per CPU; one CPU may have to hold a whole phase. */
#define MODULE_PARAMS	"commit_records=all commit_buffer_kb=24576"

/* The minimum for all phases together. */
#define ENOUGH		100000

#define WORKERS		8
#define REQUESTS	"1600"
#define ATTEMPTS	3

/* Sizes that only this program requests. */
#define FIRST_MARK	0x135
#define LAST_MARK	0x137

/* Entries for one phase, of either account. */
#define ROOM		(ORACLE_LOG_BYTES / sizeof(struct oracle_event))

/**
 * struct phase - the sysctls for one storm; -1 leaves one unchanged
 * @name: name of the phase.
 * @mode: vm.overcommit_memory.
 * @ratio: vm.overcommit_ratio.
 * @kbytes: vm.overcommit_kbytes.
 * @admin: vm.admin_reserve_kbytes.
 * @user: vm.user_reserve_kbytes.
 * @hugepages: vm.nr_hugepages.
 * @switching: switch between all modes during the storm.
 * @swapping: switch swap off and on during the storm.
 */
static const struct phase {
	const char *name;
	int mode;
	int ratio;
	int kbytes;
	int admin;
	int user;
	int hugepages;
	bool switching;
	bool swapping;
} phases[] = {
	{ "guess", 0, -1, -1, -1, -1, -1 },
	{ "always", 1, -1, -1, -1, -1, -1 },
	{ "never_by_ratio", 2, 50, -1, -1, -1, -1 },
	{ "never_by_kbytes", 2, -1, 300000, 20000, 1000, -1 },
	{ "never_with_hugepages", 2, 70, -1, 0, 500000, 24 },
	{ "never_with_swap_off_and_on", 2, 40, -1, -1, -1, -1, false, true },
	{ "switching", 0, 50, -1, -1, -1, -1, true, false },
};

static struct oracle_event *events;
static size_t nr_events;
static struct oomtrace_commit *records;
static size_t nr_records;
static __u64 lost;
static struct account kernel = { "the oracle" }, ours = { "oomtrace" };
static struct {
	size_t compared;
	size_t differences;
	size_t recomputed;
	size_t contradictions;
	size_t derived_contradictions;
} all;
static pid_t me;

/* Allocate this before the sysctls change; it is never accounted. */
static void *map_entries(size_t size)
{
	void *p = mmap(NULL, ROOM * size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("no memory");
	return p;
}

static void set_knobs(const struct phase *p)
{
	const struct {
		const char *name;
		int value;
	} knobs[] = {
		{ "vm/nr_hugepages", p->hugepages },
		{ "vm/overcommit_ratio", p->ratio },
		{ "vm/overcommit_kbytes", p->kbytes },
		{ "vm/admin_reserve_kbytes", p->admin },
		{ "vm/user_reserve_kbytes", p->user },
		{ "vm/overcommit_memory", p->mode },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		if (knobs[i].value >= 0)
			sysctl_set(knobs[i].name, knobs[i].value);
}

/* ---- the storm ---- */

static void request_mark(size_t pages)
{
	size_t len = pages * sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("a mark was refused");
	munmap(p, len);
}

static int become_the_storm(void *arg)
{
	const char *seed = getenv("ORACLE_SEED") ?: "1";
	const char *requests = getenv("ORACLE_REQUESTS") ?: REQUESTS;
	char workers[16];

	snprintf(workers, sizeof(workers), "%d", WORKERS);
	execl(arg, arg, seed, workers, requests, NULL);
	return 127;
}

/* When the mode was switched: between two readings of CLOCK_MONOTONIC. */
#define MAX_SWITCHES	(1 << 16)
static struct { __u64 began_ns, ended_ns; } switches[MAX_SWITCHES];
static size_t nr_switches;

static int wait_and_switch(pid_t storm)
{
	static const int modes[] = { 2, 0, 2, 1 };
	int status;

	while (!waitpid(storm, &status, WNOHANG)) {
		sleep_ms(10);
		if (nr_switches == MAX_SWITCHES)
			die("too many switches");
		switches[nr_switches].began_ns = now_ns();
		sysctl_write("vm/overcommit_memory", modes[nr_switches % 4]);
		switches[nr_switches++].ended_ns = now_ns();
	}
	sysctl_set("vm/overcommit_memory", 0);
	return status;
}

/* How many switches had ended at this time, or begun. */
static size_t count_switches(__u64 ns, bool ended)
{
	size_t low = 0, high = nr_switches;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if ((ended ? switches[mid].ended_ns : switches[mid].began_ns) < ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* No page is swapped; only the amount of swap matters. */
#define SWAP	"/dev/zram0"

static bool make_swap(void)
{
	char said[1024];

	return !run_program(said, sizeof(said), (char *[]){ "sh", "-c",
			    "modprobe zram && echo 64M >/sys/block/zram0/disksize && mkswap "
			    SWAP, NULL });
}

/* swapoff itself requests address space, which may be refused. */
static int wait_and_swap(pid_t storm)
{
	int status;

	while (!waitpid(storm, &status, WNOHANG)) {
		sleep_ms(10);
		if (!swapoff(SWAP)) {
			sleep_ms(10);
			if (swapon(SWAP, 0))
				die("cannot switch swap on: %s", strerror(errno));
		} else if (errno != ENOMEM) {
			die("cannot switch swap off: %s", strerror(errno));
		}
	}
	return status;
}

/* ---- reading ---- */

static void add_record(const struct oomtrace_header *h)
{
	struct oomtrace_lost l;

	if (h->type == OOMTRACE_LOST) {
		memcpy(&l, h, sizeof(l));
		lost += l.count;
		return;
	}
	if (h->type != OOMTRACE_COMMIT)
		return;
	if (nr_records == ROOM)
		die("too many records");
	memcpy(&records[nr_records++], h, sizeof(*records));
}

static void read_records(int fd)
{
	static __u64 buf[1 << 13];
	const struct oomtrace_header *h;
	ssize_t n, at;

	nr_records = 0;
	lost = 0;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (at = 0; at < n; at += h->size) {
			h = (const void *)((const char *)buf + at);
			if (n - at < (ssize_t)sizeof(*h) || !h->size)
				die("not a record");
			add_record(h);
		}
	}
	if (n == 0 || errno != EAGAIN)
		die("cannot read " DEVICE ": %s", strerror(errno));
}

/* ---- the two accounts ---- */

static void add_decision(struct account *a, const struct decision *d)
{
	a->d[a->n++] = *d;
}

static void account_of_the_kernel(void)
{
	size_t i;

	kernel.n = 0;
	for (i = 0; i < nr_events; i++) {
		const struct oracle_event *e = &events[i];
		struct decision d = {
			.tgid = e->tgid, .pid = e->pid, .order = i,
			.pages = e->pages, .cap = e->cap, .ret = e->ret,
			.uid = e->uid, .has_mm = e->has_mm,
			.switching = nr_switches,
			.settled = count_switches(e->entry_ns, true),
			.begun = count_switches(e->return_ns, false),
		};

		memcpy(d.comm, e->comm, sizeof(d.comm));
		add_decision(&kernel, &d);
	}
}

/* Records are in their CPU's order; across a task's CPUs, time is the order. */
static void account_of_the_module(void)
{
	size_t i;

	ours.n = 0;
	for (i = 0; i < nr_records; i++) {
		const struct oomtrace_commit *r = &records[i];
		struct decision d = {
			.tgid = r->tgid, .pid = r->pid, .order = r->h.ts_ns,
			.pages = r->pages, .cap = r->cap_sys_admin,
			.ret = r->ret, .uid = r->uid,
			.has_mm = HAS(r, commit, total_vm),
			.ret_derived = DERIVED(r, commit, ret),
			.settled = count_switches(r->h.ts_ns, true),
			.begun = count_switches(r->h.ts_ns, false),
		};

		memcpy(d.comm, r->comm, sizeof(d.comm));
		add_decision(&ours, &d);
	}
}

/* When this program made that mark. Decisions before or after are dropped. */
static __u64 when_marked(const struct account *a, long pages)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->d[i].pid == me && a->d[i].pages == pages)
			return a->d[i].order;
	printf("# %s: no mark of %ld pages\n", a->name, pages);
	return pages == FIRST_MARK ? 0 : ~0ull;
}

static bool is_judged(const struct decision *d, pid_t storm, __u64 first,
		      __u64 last)
{
	if (d->tgid == me)
		return d->order >= first && d->order <= last;
	return d->tgid == storm || !strcmp(d->comm, "storm");
}

/* Returns the number of other processes' decisions that were dropped. */
static size_t keep_judged(struct account *a, pid_t storm)
{
	__u64 first = when_marked(a, FIRST_MARK);
	__u64 last = when_marked(a, LAST_MARK);
	size_t i, n = 0, others;

	for (i = 0; i < a->n; i++)
		if (is_judged(&a->d[i], storm, first, last))
			a->d[n++] = a->d[i];
	others = a->n - n;
	a->n = n;
	return others;
}

/* ---- a phase ---- */

/* Print the concurrent calls of the function, to explain a contradiction. */
static void show_others_inside(const struct oomtrace_commit *rec)
{
	const struct oracle_event *own, *e;
	int printed = 0;

	for (own = events; own < events + nr_events; own++)
		if (own->pid == rec->pid && own->pages == rec->pages &&
		    own->entry_ns <= rec->h.ts_ns &&
		    own->return_ns + 100000 >= rec->h.ts_ns)
			break;
	if (own == events + nr_events)
		return;
	for (e = events; e < events + nr_events && printed < 5; e++) {
		if (e != own && e->entry_ns < own->return_ns &&
		    e->return_ns > own->entry_ns) {
			printed++;
			printf("#   meanwhile: pid %d pages %lld ret %d, from %+lld to %+lld ns of its %lld\n",
			       e->pid, e->pages, e->ret,
			       (long long)(e->entry_ns - own->entry_ns),
			       (long long)(e->return_ns - own->entry_ns),
			       (long long)(own->return_ns - own->entry_ns));
		}
	}
}

/*
 * Run the storm and read both accounts; false if the oracle missed something.
 */
static bool run_storm(const struct phase *phase, const char *program,
		      struct knobs *knobs, pid_t *storm)
{
	int fd, status;
	bool whole;

	if (phase->swapping && swapon(SWAP, 0))
		die("cannot switch swap on: %s", strerror(errno));
	set_knobs(phase);
	knobs_read(knobs);
	knobs->swap_varies = phase->swapping;
	if (phase->switching)
		knobs->mode = -1;
	fd = device_open_at_end();
	nr_switches = 0;
	witness_begin();
	request_mark(FIRST_MARK);
	*storm = start_child(become_the_storm, (void *)program);
	status = phase->switching ? wait_and_switch(*storm) :
		 phase->swapping ? wait_and_swap(*storm) : wait_child(*storm);
	request_mark(LAST_MARK);
	whole = witness_saw_everything();
	nr_events = witness_read(events, ROOM);
	read_records(fd);
	close(fd);
	sysctl_restore();
	if (phase->swapping && swapoff(SWAP))
		die("cannot switch swap off: %s", strerror(errno));
	if (status)
		die("the storm ended with %d", status);
	return whole;
}

/* If swap was switched, there must be records with it and without it. */
static bool both_kinds_of_swap(const struct phase *phase,
			       const struct sums *sums)
{
	return !phase->swapping ||
	       (sums->no_swap && sums->no_swap < sums->n);
}

static void test_phase(const struct phase *phase, const char *program)
{
	size_t differences, others, i;
	size_t refused = 0, derived = 0, across = 0;
	struct answers differing;
	struct sums sums = { 0 };
	struct knobs knobs;
	int attempt = 1;
	pid_t storm;

	if (phase->swapping && !make_swap()) {
		ksft_test_result_skip("%s.one_for_one: no zram\n", phase->name);
		ksft_test_result_skip("%s.arithmetic: no zram\n", phase->name);
		return;
	}
	while (!run_storm(phase, program, &knobs, &storm)) {
		printf("# %s: the oracle missed something, so attempt %d of %d does not count\n",
		       phase->name, attempt, ATTEMPTS);
		if (attempt++ == ATTEMPTS) {
			ksft_test_result_fail("%s.one_for_one\n", phase->name);
			ksft_test_result_fail("%s.arithmetic\n", phase->name);
			return;
		}
	}

	account_of_the_kernel();
	account_of_the_module();
	others = keep_judged(&kernel, storm);
	keep_judged(&ours, storm);
	for (i = 0; i < kernel.n; i++) {
		refused += kernel.d[i].ret != 0;
		across += kernel.d[i].settled < kernel.d[i].begun;
	}
	for (i = 0; i < ours.n; i++)
		derived += ours.d[i].ret_derived;
	differences = compare(&kernel, &ours, &differing);
	printf("# compared %zu decisions (%zu refused), %zu differences; %zu derived answers, %zu of them wrong; %llu records lost; %zu decisions of other processes not compared: %s\n",
	       kernel.n, refused, differences, derived, differing.derived, lost,
	       others, phase->name);
	/*
	 * In modes 0 and 1 the answer is recorded at entry. If the mode is switched
	 * before the kernel reads it, the answers may differ. The two times of a call, the
	 * oracle's and the record's, are taken some instructions away from these readings,
	 * and an emulated CPU can be stopped in between, so that very few such calls seem
	 * to lie beside the switch. A handler that missed a switch would give a hundred.
	 */
	if (phase->switching)
		printf("# %zu switches of the mode; %zu of %zu calls during a switch and %zu others have an answer of another mode than the kernel's\n",
		       nr_switches, differing.across, across, differing.apart);
	else
		differences += differing.derived;
	if (differing.apart > nr_switches / 20)
		differences += differing.apart;
	all.compared += kernel.n;
	all.differences += differences;
	ksft_test_result(!differences && !lost && kernel.n,
			 "%s.one_for_one\n", phase->name);

	for (i = 0; i < nr_records; i++)
		if (!sums_add(&sums, &records[i], &knobs))
			show_others_inside(&records[i]);
	all.recomputed += sums.n;
	all.contradictions += sums.contradictions;
	all.derived_contradictions += sums.derived_contradictions;
	printf("# recomputed %zu answers (%zu refused), %zu contradictions, %zu wrong terms, %zu lack a term; %zu with a derived term, %zu of them contradict: %s\n",
	       sums.n, sums.refused, sums.contradictions, sums.wrong_terms,
	       sums.absent, sums.derived, sums.derived_contradictions,
	       phase->name);
	if (phase->swapping)
		printf("# %zu of these without swap\n", sums.no_swap);
	ksft_test_result(sums.n && !sums.contradictions && !sums.wrong_terms &&
			 !sums.absent && both_kinds_of_swap(phase, &sums),
			 "%s.arithmetic\n", phase->name);
}

/* The path of a file in the folder of this program. */
static void path_beside(char *path, size_t size, const char *name)
{
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (n < 0)
		die("cannot read /proc/self/exe");
	own[n] = '\0';
	snprintf(path, size, "%s/%s", dirname(own), name);
}

int main(int argc, char **argv)
{
	char object[PATH_MAX], program[PATH_MAX];
	const char *only = argc > 1 ? argv[1] : NULL;
	size_t i;

	ksft_print_header();
	path_beside(object, sizeof(object), "oracle.bpf.o");
	path_beside(program, sizeof(program), "storm");
	if (access(object, R_OK))
		ksft_exit_skip("no %s: it was built without clang\n",
			       object);
	ksft_set_plan(only ? 2 : 2 * ARRAY_SIZE(phases) + 1);
	me = getpid();
	events = map_entries(sizeof(*events));
	records = map_entries(sizeof(*records));
	kernel.d = map_entries(sizeof(*kernel.d));
	ours.d = map_entries(sizeof(*ours.d));

	module_start(MODULE_PARAMS);
	witness_start(object);
	for (i = 0; i < ARRAY_SIZE(phases); i++)
		if (!only || !strcmp(only, phases[i].name))
			test_phase(&phases[i], program);
	witness_stop();
	module_stop();

	printf("# compared %zu decisions in all, %zu differences; recomputed %zu answers, %zu contradictions, %zu more with a derived term, on %ld CPUs\n",
	       all.compared, all.differences, all.recomputed,
	       all.contradictions, all.derived_contradictions,
	       sysconf(_SC_NPROCESSORS_ONLN));
	if (!only)
		ksft_test_result(all.compared >= ENOUGH,
				 "a_hundred_thousand_decisions\n");
	ksft_finished();
}
