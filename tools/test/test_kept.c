// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the oomtrace command on files whose records are unusual, or wrong on purpose, and
 * on the directory that holds such files: both must show the same.
 */
#include <errno.h>
#include <json-c/json.h>

#include "../savefile.h"
#include "test_command.h"
#include "test_episode.h"
#include "test_kept.h"

static void save_header_of(const char *file, const char *boot)
{
	struct saved_header h = {
		.magic = "OOMTRACE", .endian = SAVED_ENDIAN, .size = sizeof(h),
		.format = SAVED_FORMAT, .abi = OOMTRACE_ABI_VERSION, .page_size = 16384,
		.wall_offset_ns = 1764547200000000000LL, .load = 7,
	};

	snprintf(h.boot, sizeof(h.boot), "%s", boot);
	save(file, &h, sizeof(h));
}

static void save_header(const char *file)
{
	save_header_of(file, "0123456789abcdef0123456789abcdef");
}

/* A refused call whose order no kernel has, and an allocation that failed. */
static void save_failures(const char *file)
{
	RECORD(r, REFUSED, refused);
	RECORD(a, ALLOC_FAILURE, alloc_failure);

	r.tgid = 12;
	strcpy(r.comm, "app");
	r.call = OOMTRACE_CALL_MMAP;
	r.ret = -ENOMEM;
	r.bytes = 128 << 20;
	r.causes = 1U << OOMTRACE_CAUSE_HUGETLB;
	r.cause = OOMTRACE_CAUSE_HUGETLB;
	r.order = 52;
	r.limit = 3;
	r.h.valid &= ~(OOMTRACE_BIT(refused, cause2) | OOMTRACE_BIT(refused, cause3));
	save(file, &r, sizeof(r));
	a.h.seq = 2;
	a.tgid = 13;
	strcpy(a.comm, "dpdk");
	a.kind = OOMTRACE_ALLOC_PAGES;
	a.order = 4;
	save(file, &a, sizeof(a));
}

/* An OOM, samples around it, and one of the next day. */
static void save_kill(const char *file)
{
	struct oomtrace_candidate c = make_candidate(7, "hog", 812, 0, 5000);
	struct oomtrace_verdict v = make_verdict(7);
	struct oomtrace_oom_end e = make_end(7, OOMTRACE_ENDING_KILLED);
	RECORD(s, SAMPLE, sample);
	RECORD(b, OOM_BEGIN, oom_begin);
	unsigned int i;

	s.h.seq = 0;
	for (i = 0; i < 3; i++) {
		s.h.ts_ns += 1000000000;
		s.available = 1000 + i;
		save(file, &s, sizeof(s));
	}
	s.h.ts_ns += 86400000000000;
	s.available = 987654;
	save(file, &s, sizeof(s));
	b.episode = 7;
	save(file, &b, sizeof(b));
	c.h.seq = 2;
	save(file, &c, sizeof(c));
	v.h.seq = 3;
	save(file, &v, sizeof(v));
	e.h.seq = 4;
	e.candidates = 5;
	e.scored = 5;
	save(file, &e, sizeof(e));
}

#define SAME(command)	"[ \"$(./oomtrace " command " kept/1.oom)\" = \"$(./oomtrace " command " kept)\" ]"

static void test_directory(void)
{
	run("mkdir kept");
	save_header("kept/1.oom");
	save_failures("kept/1.oom");
	save_kill("kept/1.oom");
	expect("./oomtrace refusals kept/1.oom", 0,
	       "too few huge pages in the pool (vm.nr_hugepages): it can give\n         3, of which 0 are reserved\n",
	       "an_order_of_no_kernel_gives_no_number");
	expect("./oomtrace refusals kept", 0, "dpdk[13]", "a_directory_has_failed_allocations");
	expect(SAME("refusals"), 0, "", "refusals_of_a_directory_are_those_of_its_file");
	expect(SAME("why 0.2"), 0, "", "and_so_is_the_reason_of_one");
	expect("./oomtrace report kept/1.oom -o -", 0, "Memory over time",
	       "a_report_of_a_file_has_its_samples");
	expect("./oomtrace report kept/1.oom -o -", 0, "it had the highest score of 5 processes that could be killed<",
	       "processes_without_a_record_could_be_killed_too");
	expect("./oomtrace report kept -o -", 0, "Memory over time",
	       "a_report_of_a_directory_has_them_too");
	expect("./oomtrace report kept -o - | grep -c 987654", 1, "0\n",
	       "but_none_of_another_day");
}

/* Requests of more than 63 and 64 bits of bytes, in pages of 16 KiB, and an overflow. */
static void test_huge_requests(void)
{
	static const s64 asked[] = { 3LL << 48, 1LL << 50, -(1LL << 49) };
	RECORD(c, COMMIT, commit);
	char file[32], text[80];
	unsigned int i;

	c.tgid = 12;
	c.ret = -ENOMEM;
	c.allowed = 1;
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		snprintf(file, sizeof(file), "huge%u.oom", i);
		save_header(file);
		c.pages = asked[i];
		save(file, &c, sizeof(c));
	}
	expect("./oomtrace refusals --json huge0.oom", 0,
	       "\"asked_bytes\":13835058055282163712,\"left_bytes\":16384,\"short_bytes\":13835058055282147328,",
	       "more_than_8_eib_are_no_negative_number");
	for (i = 1; i < ARRAY_SIZE(asked); i++) {
		snprintf(text, sizeof(text),
			 "./oomtrace refusals --json huge%u.oom | grep -c asked_bytes", i);
		expect(text, 1, "0\n", "what_64_bits_cannot_hold_is_left_out");
	}
	expect("./oomtrace refusals huge2.oom", 0, " overflow ", "an_overflow_has_no_size");
	expect("./oomtrace why 0.1 huge2.oom", 0, "uid 0: a size that overflowed by ",
	       "an_overflow_is_explained");
}

/* Is each line of the output JSON, and are there @n? */
static bool are_json(unsigned int n)
{
	struct json_object *obj;
	char *line, *save = NULL;

	for (line = strtok_r(out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		obj = json_tokener_parse(line);
		if (!obj || json_object_object_get(obj, "x"))
			return false;
		json_object_put(obj);
		n--;
	}
	return !n;
}

/* The boot id of a file is text of whoever wrote it. */
static void test_boot_id(void)
{
	save_header_of("evil", "a\",\"x\":\"\x1b[2J");
	save_kill("evil");
	run("./oomtrace dump --json evil");
	check(are_json(8), "a_boot_id_adds_nothing_to_json");
	expect("./oomtrace last 20200101T000000-7 evil 2>&1 | tr '\\033' E", 0, "there is 2025",
	       "nor_to_a_message");
	check_hasnt(out, "E[2J", "of_which_none_has_an_escape");
}

/* An OOM that a task with @constraint had; @nodes may lack a NUL. */
static void save_where(const char *file, const char *nodes)
{
	struct oomtrace_verdict v = make_verdict(7);
	struct oomtrace_oom_end e = make_end(7, OOMTRACE_ENDING_KILLED);
	RECORD(z, ZONELIST, zonelist);
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(k, VICTIM, victim);

	save_header(file);
	b.episode = 7;
	b.scope = OOMTRACE_SCOPE_GLOBAL;
	save(file, &b, sizeof(b));
	z.h.seq = 2;
	z.episode = 7;
	z.zones = 4;
	z.zones_allowed = 1;
	z.constraint = OOMTRACE_CONSTRAINT_CPUSET;
	z.other_nodes_free = 1000;
	memset(z.nodes, 'x', sizeof(z.nodes));
	memcpy(z.nodes, nodes, strlen(nodes));
	save(file, &z, sizeof(z));
	v.h.seq = 3;
	v.constraint = OOMTRACE_CONSTRAINT_CPUSET;
	save(file, &v, sizeof(v));
	k.h.seq = 4;
	k.episode = 7;
	k.pid = 812;
	k.tgid = 812;
	k.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	save(file, &k, sizeof(k));
	e.h.seq = 5;
	save(file, &e, sizeof(e));
}

static void test_nodes(void)
{
	save_where("where", "0-\x1b[2J");
	expect("./oomtrace last where 2>&1 | tr '\\033' E", 0, "0-\\x1b[2Jx",
	       "a_list_of_nodes_is_only_text");
	check_hasnt(out, "E[2J", "without_escapes");
}

#define PAGE	16384ULL

/* A cgroup of v1 with 10000 pages, and 12000 with swap; or one of v2. */
static void save_limited(const char *file, bool v1, u64 usage, u64 with_swap)
{
	struct oomtrace_candidate c = make_candidate(7, "hog", 812, 0, 5000);
	struct oomtrace_verdict v = make_verdict(7);
	struct oomtrace_oom_end e = make_end(7, OOMTRACE_ENDING_KILLED);
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(m, MEMCG, memcg);

	save_header(file);
	b.episode = 7;
	b.scope = OOMTRACE_SCOPE_MEMCG;
	b.memcg_usage = usage;
	b.memcg_limit = 10000;
	b.total_swap = 5000;
	b.order = 3;
	save(file, &b, sizeof(b));
	m.h.seq = 2;
	m.episode = 7;
	m.usage = usage * PAGE;
	m.limit = 10000 * PAGE;
	m.memsw = with_swap * PAGE;
	m.memsw_limit = 12000 * PAGE;
	if (!v1)
		m.h.valid &= ~(OOMTRACE_BIT(memcg, memsw) | OOMTRACE_BIT(memcg, memsw_limit));
	save(file, &m, sizeof(m));
	c.h.seq = 3;
	save(file, &c, sizeof(c));
	v.h.seq = 4;
	v.totalpages = 12000;
	save(file, &v, sizeof(v));
	e.h.seq = 5;
	save(file, &e, sizeof(e));
}

/* The limits are multiples of a page of 16 KiB. */
static void test_limits_of_v1(void)
{
	save_limited("v1", true, 10000, 11000);
	expect("./oomtrace whatif v1 --limit 176000K --json", 0, "\"assumed_totalpages\":12000",
	       "a_higher_limit_of_v1_leaves_less_for_swap");
	expect("./oomtrace whatif v1 --limit 112000K --json", 0, "\"assumed_totalpages\":12000",
	       "a_lower_limit_of_v1_leaves_more");
	expect("./oomtrace whatif v1 --limit 80000K --json", 0, "\"assumed_totalpages\":10000",
	       "but_no_more_than_the_machine_has");
	expect("./oomtrace whatif v1 --limit 200000K 2>&1", 1,
	       "the kernel rejects a limit above 12000 pages",
	       "a_limit_above_that_with_swap_is_impossible");
	save_limited("full", true, 9000, 11995);
	expect("./oomtrace whatif full --limit 176000K --json", 0, "\"ending\":\"killed\"",
	       "a_higher_limit_does_not_help_if_swap_is_limited");
	save_limited("v2", false, 10000, 0);
	expect("./oomtrace whatif v2 --limit 176000K --json", 0, "\"assumed_totalpages\":13000",
	       "a_limit_of_v2_has_no_part_in_swap");
}

static void test_room(void)
{
	expect("./oomtrace whatif v2 --limit 160112K --json", 0, "\"ending\":\"killed\"",
	       "a_limit_must_have_room_for_the_request");
	expect("./oomtrace whatif v2 --limit 160128K", 0,
	       "no OOM at that moment: the cgroup used 10,000 pages, and the limit has room for the 8 that were asked for",
	       "then_there_is_no_oom");
	check_has(out, "the limits of the cgroups above it are not recorded",
		  "unless_another_limit_was_reached");
}

/* sysrq-f finds no task. */
static void test_sysrq(void)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	struct oomtrace_candidate c = make_candidate(7, "hog", 812, 1, 5000);
	struct oomtrace_verdict v = make_verdict(7);

	b.episode = 7;
	b.scope = OOMTRACE_SCOPE_GLOBAL;
	b.trigger = OOMTRACE_TRIGGER_SYSRQ;
	save("sysrq", &b, sizeof(b));
	c.h.seq = 2;
	save("sysrq", &c, sizeof(c));
	v.h.seq = 3;
	save("sysrq", &v, sizeof(v));
	expect("./oomtrace whatif sysrq --adj hog=-1000", 0,
	       "no task can be killed: sysrq-f kills none, and does not panic",
	       "sysrq_never_panics");
}

void test_kept(void)
{
	test_directory();
	test_boot_id();
	test_nodes();
	test_limits_of_v1();
	test_room();
	test_sysrq();
	test_huge_requests();
}
