// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the sentences of oomtrace live --plain, by constructed records.
 */
#include <string.h>

#include "../plain.h"
#include "../refused.h"
#include "test_plain.h"
#include "test_util.h"

static void check_plain(const struct oomtrace_header *rec, const char *want,
			const char *name)
{
	static char buf[PLAIN_MAX];

	check_text(plain_sentence(buf, rec, 4096) ? buf : "(none)", want, name);
}

static void test_refusals(void)
{
	RECORD(c, COMMIT, commit);
	RECORD(r, REFUSED, refused);
	RECORD(m, MARK, mark);

	c.tgid = 12;
	strcpy(c.comm, "dd");
	c.pages = 2621440;
	c.ret = -12;
	c.mode = 2;
	c.origin = OOMTRACE_ORIGIN_MMAP;
	c.committed = 2621441;
	c.allowed = 1;
	check_plain(&c.h, "dd[12] was refused 10 GiB by mmap, 10.0 GiB too much",
		    "a_refused_request");
	c.ret = 0;
	check_plain(&c.h, "dd[12] was granted 10 GiB by mmap", "a_granted_request");
	c.ret = -12;
	c.mode = 0;
	c.pages = -(1LL << 51);
	check_plain(&c.h, "dd[12] was refused a size that overflowed by mmap",
		    "a_size_that_overflowed");

	r.tgid = 12;
	strcpy(r.comm, "app");
	r.call = OOMTRACE_CALL_MMAP;
	r.ret = -12;
	r.bytes = 128 << 20;
	r.causes = 1U << OOMTRACE_CAUSE_RLIMIT_AS;
	r.cause = OOMTRACE_CAUSE_RLIMIT_AS;
	r.used = 64 << 20;
	r.limit = 100 << 20;
	r.h.valid &= ~(OOMTRACE_BIT(refused, cause2) | OOMTRACE_BIT(refused, cause3));
	check_plain(&r.h, "app[12]: mmap of 128 MiB was refused with ENOMEM: RLIMIT_AS (ulimit -v): 64 MiB of 100 MiB were in use",
		    "a_refused_call");
	r.cause = OOMTRACE_CAUSE_CONTIGUOUS;
	r.order = 9;
	r.left_out = 3;
	check_plain(&r.h, "app[12]: mmap of 128 MiB was refused with ENOMEM: the kernel could not allocate 512 contiguous pages for it (3 before it have no record)",
		    "a_refused_call_for_contiguous_memory_amid_others");
	r.cause = OOMTRACE_CAUSE_ALLOCATION;
	r.left_out = 0;
	check_plain(&r.h, "app[12]: mmap of 128 MiB was refused with ENOMEM: the kernel could not allocate memory for it",
		    "a_refused_call_for_another_allocation");

	r.cause = OOMTRACE_CAUSE_MEMCG;
	check_plain(&r.h, "app[12]: mmap of 128 MiB was refused with ENOMEM: memory.max of its cgroup: 64 MiB of 100 MiB were in use",
		    "a_refused_call_for_a_charge");
	r.cause = OOMTRACE_CAUSE_ADDRESS_SPACE;
	check_plain(&r.h, "app[12]: mmap of 128 MiB was refused with ENOMEM: no gap in its address space is large enough",
		    "a_refused_call_for_a_gap");

	m.knob = OOMTRACE_KNOB_RATIO;
	m.old = 50;
	m.new = 60;
	check_plain(&m.h, "vm.overcommit_ratio was changed from 50 to 60",
		    "a_changed_sysctl");
}

/* The reserved pool gives huge pages of @order; 128 MiB were asked for. */
static struct oomtrace_refused of_pool(unsigned int order)
{
	RECORD(r, REFUSED, refused);

	r.bytes = 128 << 20;
	r.cause = OOMTRACE_CAUSE_HUGETLB;
	r.order = order;
	r.used = 1;
	r.limit = 3;
	r.h.valid &= ~(OOMTRACE_BIT(refused, cause2) | OOMTRACE_BIT(refused, cause3));
	return r;
}

#define POOL	"too few huge pages in the pool (vm.nr_hugepages): it can give 3"

static void test_pools(void)
{
	struct oomtrace_refused r = of_pool(9);
	char buf[REFUSED_TEXT_MAX];

	check_text(refused_cause(buf, &r, 4096),
		   POOL " of 2 MiB, of which 1 are reserved; 64 were asked for",
		   "huge_pages_are_counted");
	r.order = 11;
	check_text(refused_cause(buf, &r, 16384),
		   POOL " of 32 MiB, of which 1 are reserved; 4 were asked for",
		   "by_the_page_size_of_the_kernel");
	r.order = 52;
	check_text(refused_cause(buf, &r, 4096), POOL ", of which 1 are reserved",
		   "an_impossible_order_is_no_number");
	r = of_pool(9);
	r.h.valid &= ~OOMTRACE_BIT(refused, order);
	check_text(refused_cause(buf, &r, 4096), POOL ", of which 1 are reserved",
		   "nor_is_one_that_is_absent");
}

/* Each byte of a record, for each cause. A trap would end this program. */
static void test_damaged(void)
{
	static const unsigned char bad[] = { 0, 1, 31, 32, 52, 63, 64, 127, 128, 255 };
	struct oomtrace_refused r;
	unsigned int cause, at, i;
	char buf[REFUSED_TEXT_MAX];
	bool good = true;

	for (cause = 0; cause <= OOMTRACE_CAUSES; cause++) {
		for (at = sizeof(r.h); at < sizeof(r) * ARRAY_SIZE(bad); at++) {
			i = at / sizeof(r);
			if (at % sizeof(r) < sizeof(r.h))
				continue;
			r = of_pool(9);
			r.cause = cause;
			((unsigned char *)&r)[at % sizeof(r)] = bad[i];
			good &= *refused_cause(buf, &r, 65536) != '\0';
		}
	}
	check(good, "any_byte_of_a_refused_call_may_be_damaged");
}

static void test_alloc_failures(void)
{
	RECORD(a, ALLOC_FAILURE, alloc_failure);

	a.tgid = 12;
	strcpy(a.comm, "dpdk");
	a.kind = OOMTRACE_ALLOC_PAGES;
	a.order = 4;
	a.free = 25600;
	a.h.valid &= ~OOMTRACE_BIT(alloc_failure, bytes);
	check_plain(&a.h, "dpdk[12]: the kernel could not allocate 16 contiguous pages (64 KiB); 100 MiB of memory were free",
		    "contiguous_pages");
	a.no_warn = 1;
	a.oom_victim = 1;
	check_plain(&a.h, "dpdk[12]: the kernel could not allocate 16 contiguous pages (64 KiB); 100 MiB of memory were free; it expects that this may fail, and often has another way (__GFP_NOWARN); the task is a victim of the OOM killer",
		    "an_allocation_that_may_fail_of_a_victim");
	a.no_warn = 0;
	a.order = 0;
	a.context = OOMTRACE_CONTEXT_SOFTIRQ;
	a.h.valid &= ~(OOMTRACE_BIT(alloc_failure, tgid) |
		       OOMTRACE_BIT(alloc_failure, oom_victim));
	a.left_out = 7;
	check_plain(&a.h, "a softirq: the kernel could not allocate 1 page (4 KiB); 100 MiB of memory were free (7 before it have no record)",
		    "an_interrupt_names_no_task");
	a.left_out = 0;
	a.kind = OOMTRACE_ALLOC_VMALLOC;
	a.context = OOMTRACE_CONTEXT_HARDIRQ;
	a.bytes = 1 << 30;
	a.h.valid &= ~OOMTRACE_BIT(alloc_failure, order);
	a.h.valid |= OOMTRACE_BIT(alloc_failure, bytes);
	check_plain(&a.h, "an interrupt: the kernel could not allocate 1 GiB by vmalloc; 100 MiB of memory were free",
		    "vmalloc_with_its_size");
	a.h.valid &= ~(OOMTRACE_BIT(alloc_failure, bytes) |
		       OOMTRACE_BIT(alloc_failure, free));
	check_plain(&a.h, "an interrupt: the kernel could not allocate memory by vmalloc",
		    "vmalloc_without_its_size");
}

static void test_ooms(void)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(v, VERDICT, verdict);
	RECORD(k, VICTIM, victim);
	RECORD(e, OOM_END, oom_end);
	RECORD(w, WAIT, wait);
	RECORD(again, REPEAT, repeat);
	RECORD(r, REMAINS, remains);

	b.episode = 3;
	b.pid = 12;
	strcpy(b.comm, "dd");
	b.scope = OOMTRACE_SCOPE_MEMCG;
	check_plain(&b.h, "OOM 3: a cgroup has no memory left; dd[12] needed some",
		    "the_begin_of_an_oom");
	b.scope = OOMTRACE_SCOPE_GLOBAL;
	check_plain(&b.h, "OOM 3: the machine has no memory left; dd[12] needed some",
		    "of_the_machine");
	b.scope = OOMTRACE_SCOPE_USERSPACE;
	check_plain(&b.h, "OOM 3: the OOM daemon dd[12] kills", "of_a_daemon");
	v.episode = 3;
	v.tgid = 13;
	v.points = 5249;
	v.policy = OOMTRACE_POLICY_OTHER;
	strcpy(v.comm, "hog");
	strcpy(v.message, "low\n");
	v.h.valid &= ~OOMTRACE_BIT(verdict, points);
	check_plain(&v.h, "OOM 3: a policy in the kernel chose hog[13] with the message \"low\\n\"",
		    "a_policys_choice");
	v.policy = OOMTRACE_POLICY_GLOBAL;
	v.h.valid |= OOMTRACE_BIT(verdict, points);
	v.h.valid &= ~OOMTRACE_BIT(verdict, message);
	check_plain(&v.h, "OOM 3: the kernel chose hog[13], with 5249 points", "a_choice");
	k.earlier = 2;
	k.episode = 3;
	k.tgid = 13;
	k.rss_anon = 256;
	k.why = OOMTRACE_WHY_CHOSEN;
	strcpy(k.comm, "hog");
	check_plain(&k.h, "OOM 3: hog[13] was killed before, in OOM 2; it has 1 MiB of memory",
		    "a_kill_of_an_earlier_oom");
	k.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	check_plain(&k.h, "OOM 3: hog[13] is killed; it has 1 MiB of memory", "a_kill");
	k.why = OOMTRACE_WHY_CALLER_EXITING;
	check_plain(&k.h, "OOM 3: hog[13] exits by itself; it has 1 MiB of memory",
		    "an_exit_that_is_no_kill");
	again.episode = 3;
	again.count = 17;
	check_plain(&again.h, "OOM 3: 17 more ended like it", "repeats_of_an_oom");
	e.episode = 3;
	e.ending = OOMTRACE_ENDING_KILLED;
	e.victims = 1;
	e.duration_ns = 1500000;
	check_plain(&e.h, "OOM 3 is over: killed, 1 killed, after 1.500 ms",
		    "the_end_of_an_oom");

	w.episode = 3;
	w.pid = 14;
	w.ns_pid = 14;
	strcpy(w.comm, "app");
	w.waited_ns = 2500000000ULL;
	w.waits = 1;
	check_plain(&w.h, "OOM 3: app[14] waited 2.50 s", "a_wait_that_is_over");
	w.h.valid &= ~OOMTRACE_BIT(wait, waited_ns);
	check_plain(&w.h, "OOM 3: app[14] waits, since the OOM killer of its cgroup is off",
		    "a_wait_that_begins");

	r.episode = 3;
	r.pid = 13;
	r.tgid = 13;
	strcpy(r.comm, "hog");
	r.since_kill_ns = 3010000000ULL;
	r.threads = 1;
	r.blocked = 1;
	r.thread_pid = 15;
	strcpy(r.thread_comm, "io");
	strcpy(r.wchan, "msleep");
	r.rss_anon = 12;
	r.reaper = OOMTRACE_REAPER_GAVE_UP;
	check_plain(&r.h, "OOM 3: hog[13] is still there, 3.01 s after the kill: 1 thread is left, in state D (no signal reaches it): io[15] waits in msleep; 12 pages (48 KiB) are not freed, the reaper has given up, since the address space was locked",
		    "what_is_left_of_a_victim");
	r.threads = 0;
	check_plain(&r.h, "OOM 3: hog[13] is gone, 3.01 s after the kill",
		    "a_victim_that_is_gone");
}

static void test_sigkills(void)
{
	RECORD(k, SIGKILL, sigkill);
	RECORD(g, CGROUP, cgroup);

	k.sender = OOMTRACE_SENDER_PROCESS;
	k.how = OOMTRACE_HOW_KILL;
	k.result = OOMTRACE_SENT_DELIVERED;
	k.tgid = 12;
	strcpy(k.comm, "ba\nsh");
	k.victim_tgid = 13;
	strcpy(k.victim_comm, "worker");
	k.near = OOMTRACE_NEAR_NONE;
	check_plain(&k.h, "worker[13] was killed by kill -9 of ba\\nsh[12], not by the OOM killer",
		    "a_sigkill_whose_sender_cannot_forge_a_line");
	k.left_out = 5;
	check_plain(&k.h, "worker[13] was killed by kill -9 of ba\\nsh[12], not by the OOM killer (5 before it have no record)",
		    "a_sigkill_and_those_left_out");
	k.h.valid = OOMTRACE_BIT(sigkill, left_out);
	check_plain(&k.h, "5 SIGKILLs have no record of their own", "a_count_of_sigkills");

	g.cgroup_id = 4127;
	strcpy(g.path, "/user.slice/a\x1b");
	check_plain(&g.h, "cgroup 4127 is /user.slice/a\\x1b", "the_path_of_a_cgroup");
	g.offset = 4096;
	g.removed = 1;
	g.truncated = 1;
	check_plain(&g.h, "cgroup 4127 continues: /user.slice/a\\x1b, which was removed (cut)",
		    "the_rest_of_a_long_path");
	g.h.valid &= ~OOMTRACE_BIT(cgroup, path);
	check_plain(&g.h, "cgroup 4127 has no path: it was removed",
		    "a_cgroup_without_a_path");
}

void test_plain(void)
{
	RECORD(z, ZONE, zone);
	RECORD(l, LOST, lost);

	test_refusals();
	test_pools();
	test_damaged();
	test_alloc_failures();
	test_ooms();
	test_sigkills();
	l.count = 4;
	check_plain(&l.h, "4 records were overwritten before they were read",
		    "lost_records");
	check_plain(&z.h, "(none)", "a_detail_of_another_record_has_no_sentence");
}
