// SPDX-License-Identifier: GPL-2.0
/*
 * Tests records as text and as JSON and the conversion to UTF-8. Also has the main
 * function of the test program, which prints TAP.
 */
#include <liboomtrace.h>

#include "../../lib/utf8.h"
#include "../human.h"
#include "test_account.h"
#include "test_brief.h"
#include "test_cli.h"
#include "test_fuzz.h"
#include "test_history.h"
#include "test_journal.h"
#include "test_kept.h"
#include "test_limits.h"
#include "test_lines.h"
#include "test_marks.h"
#include "test_metrics.h"
#include "test_owner.h"
#include "test_overcommit.h"
#include "test_plain.h"
#include "test_remains.h"
#include "test_replay.h"
#include "test_savefile.h"
#include "test_schema.h"
#include "test_service.h"
#include "test_sigkill.h"
#include "test_story.h"
#include "test_zones.h"
#include "test_util.h"
#include "test_waits.h"
#include "test_when.h"

static char line[OOMTRACE_LINE_MAX];

static const char *text_of(const struct oomtrace_header *rec)
{
	size_t len = oomtrace_format(line, sizeof(line), rec);

	if (len != strlen(line))
		return "(wrong length)";
	return line;
}

/* A denial in mode 2 with a shortfall of 5 pages. */
static struct oomtrace_commit denial(void)
{
	RECORD(c, COMMIT, commit);

	c.h.cpu = 1;
	c.pid = 812;
	c.tgid = 811;
	strcpy(c.comm, "hog");
	c.uid = 1000;
	c.cgroup_id = 4127;
	c.origin = OOMTRACE_ORIGIN_MMAP;
	c.ret = -12;
	c.pages = 2621440;
	c.mode = 2;
	c.committed = 120004;
	c.allowed = 120000;
	c.limit = 122048;
	c.admin_reserve = 2048;
	c.overcommit_ratio = 50;
	return c;
}

static void test_line(void)
{
	struct oomtrace_commit c = denial();
	RECORD(r, REAP, reap);

	check_text(text_of(&c.h),
		   "   12.345678 [001] commit: pid=812 tgid=811 comm=\"hog\" "
		   "uid=1000 cgroup_id=4127 origin=mmap ret=-12 pages=2621440 "
		   "mode=2 cap_sys_admin=0 committed=120004 allowed=120000 "
		   "limit=122048 admin_reserve=2048 user_reserve=0 total_vm=0 "
		   "totalram=0 total_swap=0 hugetlb=0 overcommit_kbytes=0 "
		   "overcommit_ratio=50 recorded=denied stack=0 left_out=0 "
		   "shortfall=5\n",
		   "a_line_has_every_field_in_order");

	c.h.valid = OOMTRACE_BIT(commit, pid) | OOMTRACE_BIT(commit, uid);
	check_text(text_of(&c.h),
		   "   12.345678 [001] commit: pid=812 uid=1000\n",
		   "absent_fields_are_left_out");

	r.h.valid = OOMTRACE_BIT(reap, step) | OOMTRACE_BIT(reap, rss_anon);
	r.h.derived = OOMTRACE_BIT(reap, rss_anon) | OOMTRACE_BIT(reap, pid);
	r.h.cpu = 65535;
	r.h.ts_ns = ~0ULL;
	r.step = OOMTRACE_STEP_FINISH;
	r.rss_anon = -3;
	check_text(text_of(&r.h),
		   "18446744073.709551 [65535] reap: step=finish rss_anon=-3~\n",
		   "derived_fields_have_a_tilde");

	r.h.valid = OOMTRACE_BIT(reap, step);
	r.step = 255;
	check_has(text_of(&r.h), " step=255\n",
		  "a_value_without_a_name_is_a_number");

	r.h.type = 77;
	check_text(text_of(&r.h),
		   "18446744073.709551 [65535] type-77: size=96\n",
		   "an_unknown_type_has_its_size");
}

static void test_gfp(void)
{
	RECORD(b, OOM_BEGIN, oom_begin);

	b.gfp = 0x80000cc0;
	b.oom_score_adj = -1000;
	b.memcg_limit = ~0ULL;
	check_has(text_of(&b.h), " gfp=0x80000cc0 oom_score_adj=-1000 ",
		  "hex_is_unsigned_and_int_is_signed");
	check_has(text_of(&b.h), " memcg_limit=18446744073709551615 ",
		  "uint_is_unsigned");
}

static void test_shortfall(void)
{
	struct oomtrace_commit c = denial();
	u64 pages;

	c.h.derived = OOMTRACE_BIT(commit, committed);
	check_has(text_of(&c.h), " shortfall=5~\n",
		  "a_shortfall_of_a_derived_field_is_derived");

	c.committed = 100;
	check_hasnt(text_of(&c.h), "shortfall",
		    "numbers_that_do_not_explain_the_denial_give_no_shortfall");

	c = denial();
	c.mode = 0;
	c.allowed = 2621430;
	c.h.valid &= ~OOMTRACE_BIT(commit, committed);
	check_has(text_of(&c.h), " shortfall=10\n",
		  "the_shortfall_of_mode_0_is_pages_beyond_ram_and_swap");

	c = denial();
	c.ret = 0;
	check_hasnt(text_of(&c.h), "shortfall", "what_was_granted_has_none");

	c = denial();
	c.h.valid &= ~OOMTRACE_BIT(commit, allowed);
	check(!oomtrace_shortfall(&c.h, &pages),
	      "without_the_numbers_there_is_none");
}

static void test_escape(void)
{
	static const char evil[16] = "x\"\n\x1b[2J\\\t\x80\xff";
	struct oomtrace_commit c = denial();
	char text[65];
	size_t size;
	bool whole = true;

	memcpy(c.comm, evil, sizeof(c.comm));
	c.h.valid = OOMTRACE_BIT(commit, comm) | OOMTRACE_BIT(commit, uid);
	check_text(text_of(&c.h),
		   "   12.345678 [001] commit: comm="
		   "\"x\\\"\\n\\x1b[2J\\\\\\t\\x80\\xff\" uid=1000\n",
		   "a_command_name_cannot_forge_text");

	memset(c.comm, 'a', sizeof(c.comm));
	check_has(text_of(&c.h), "comm=\"aaaaaaaaaaaaaaaa\" uid=1000",
		  "a_full_command_name_needs_no_nul");

	for (size = 1; size < sizeof(text); size++) {
		memset(text, 'z', sizeof(text));
		oomtrace_escape(text, size, "\x01\x02\x03", 3);
		whole &= strlen(text) == (size - 1 > 12 ? 12 :
					  (size - 1) / 4 * 4);
	}
	check(whole, "an_escape_is_never_cut");
}

static void test_sizes(void)
{
	struct oomtrace_commit c = denial();
	u64 pages;

	c.h.size = offsetof(struct oomtrace_commit, uid) + sizeof(c.uid);
	check_text(text_of(&c.h),
		   "   12.345678 [001] commit: pid=812 tgid=811 uid=1000\n",
		   "a_short_record_lacks_what_is_beyond_its_end");
	check(!oomtrace_shortfall(&c.h, &pages),
	      "a_short_record_has_no_shortfall");

	c.h.size = sizeof(c.h) - 8;
	check_text(text_of(&c.h), "   12.345678 [001] commit:\n",
		   "a_record_shorter_than_its_header_has_no_field");

	c = denial();
	check(!oomtrace_field_valid(&c.h, 64) &&
	      !oomtrace_field_valid(&c.h, ~0U),
	      "a_field_that_does_not_exist_is_not_valid");
}

static void test_cut(void)
{
	struct oomtrace_commit c = denial();
	size_t size, len, full = strlen(text_of(&c.h));
	char cut[OOMTRACE_LINE_MAX + 1];
	bool good = true;

	for (size = 0; size <= sizeof(line); size++) {
		memset(cut, '@', sizeof(cut));
		len = oomtrace_format(cut, size, &c.h);
		good &= cut[size] == '@';
		if (size == 0)
			good &= len == 0;
		else
			good &= len == strlen(cut) && len < size;
		if (size > 1)
			good &= cut[len - 1] == '\n';
		if (size > full)
			good &= len == full;
	}
	check(good, "a_cut_line_still_ends_in_a_newline");
}

/* Every field valid, derived, and with its longest value. */
static void fill_widest(unsigned char *buf, unsigned int type,
			const struct oomtrace_type_desc *desc)
{
	struct oomtrace_header *h = (void *)buf;
	const struct oomtrace_field *f;
	unsigned int i;

	memset(buf, 0, OOMTRACE_MAX_RECORD);
	h->type = type;
	h->size = desc->size;
	h->cpu = 65535;
	h->ts_ns = ~0ULL;
	h->valid = ~0ULL;
	h->derived = ~0ULL;
	for (i = 0; i < desc->nfields; i++) {
		f = &desc->fields[i];
		if (f->kind == OOMTRACE_KIND_INT)
			buf[f->offset + f->size - 1] = 0x80;
		else
			memset(buf + f->offset, 0xff, f->size);
	}
}

static void test_tables(void)
{
	unsigned char buf[OOMTRACE_MAX_RECORD] __attribute__((aligned(8)));
	const struct oomtrace_type_desc *desc;
	const struct oomtrace_field *f;
	unsigned int type, types = 0, i, n;
	bool fits = true, named = true;

	for (type = 0; type < 70000; type++) {
		desc = oomtrace_type_desc(type);
		if (!desc)
			continue;
		types++;
		fill_widest(buf, type, desc);
		n = oomtrace_format(line, sizeof(line), (void *)buf);
		fits &= n < sizeof(line) - 1;
		for (i = 0; i < desc->nfields; i++) {
			f = &desc->fields[i];
			for (n = 0; n < f->nnames; n++)
				named &= f->names[n] &&
					 strlen(f->names[n]) <= 24;
		}
	}
	#define ONE(TYPE, type)	+ 1
	check(types == 0 OOMTRACE_TYPES(ONE), "every_type_is_described");
	check(fits, "the_longest_line_of_each_type_fits");
	check(named, "every_value_has_a_name_and_none_is_too_long");
}

static const char *json_of(const struct oomtrace_header *rec)
{
	static char text[8192];
	int len = oomtrace_json(rec, text, sizeof(text));

	return len == (int)strlen(text) ? text : "(wrong length)";
}

static void test_json(void)
{
	struct oomtrace_commit c = denial();
	RECORD(l, LOST, lost);

	c.h.valid = OOMTRACE_BIT(commit, pid) | OOMTRACE_BIT(commit, comm) |
		    OOMTRACE_BIT(commit, origin) | OOMTRACE_BIT(commit, ret) |
		    OOMTRACE_BIT(commit, committed);
	c.h.derived = OOMTRACE_BIT(commit, committed);
	check_text(json_of(&c.h),
		   "{\"type\":\"commit\",\"seq\":1,\"cpu\":1,"
		   "\"ts_ns\":12345678901,\"pid\":812,\"comm\":\"hog\","
		   "\"origin\":\"mmap\",\"ret\":-12,\"committed\":120004,"
		   "\"derived\":[\"committed\"]}",
		   "json_has_the_valid_fields_in_order");

	l.h.seq = ~0ULL;
	l.count = 1ULL << 63;
	l.ring = 9;
	check_text(json_of(&l.h),
		   "{\"type\":\"lost\",\"seq\":18446744073709551615,\"cpu\":0,"
		   "\"ts_ns\":12345678901,\"ring\":9,"
		   "\"count\":9223372036854775808,\"derived\":[]}",
		   "json_numbers_are_exact");

	l.h.type = 77;
	l.h.seq = 5;
	check_text(json_of(&l.h),
		   "{\"type\":\"type-77\",\"seq\":5,\"cpu\":0,"
		   "\"ts_ns\":12345678901,\"size\":56}",
		   "an_unknown_type_is_json_too");
}

static const char *json_comm(const char *comm, char *out, size_t size)
{
	struct oomtrace_commit c = denial();

	snprintf(c.comm, sizeof(c.comm), "%s", comm);
	c.h.valid = OOMTRACE_BIT(commit, comm);
	snprintf(out, size, "%s", strstr(json_of(&c.h), "\"comm\""));
	return out;
}

static void test_json_comm(void)
{
	char out[256];

	check_text(json_comm("caf\xc3\xa9", out, sizeof(out)),
		   "\"comm\":\"caf\xc3\xa9\",\"derived\":[]}",
		   "valid_utf8_is_kept");
	check_text(json_comm("caf\xc3", out, sizeof(out)),
		   "\"comm\":\"caf\xef\xbf\xbd\",\"comm_hex\":\"636166c3\","
		   "\"derived\":[]}",
		   "a_cut_character_is_replaced_and_its_bytes_given");
	check_text(json_comm("a\"\\/\n\x1b\x7f\xc2\x9b", out, sizeof(out)),
		   "\"comm\":\"a\\\"\\\\/\\n\\u001b\\u007f\\u009b\",\"derived\":[]}",
		   "control_characters_are_escaped");
}

static void test_utf8(void)
{
	static const struct {
		const char *bytes;
		bool valid;
	} cases[] = {
		{ "a\x7f", true },		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },	{ "\xef\xbf\xbf", true },
		{ "\xf0\x90\x80\x80", true },	{ "\xf4\x8f\xbf\xbf", true },
		{ "\x80", false },		{ "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false },	{ "\xed\xa0\x80", false },
		{ "\xf0\x8f\xbf\xbf", false },	{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },	{ "\xe2\x82", false },
		{ "\xe2\x82x", false },		{ "\xff", false },
	};
	char out[64];
	bool good = true;
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		good &= oomtrace_utf8_clean(out, sizeof(out), cases[i].bytes,
				   strlen(cases[i].bytes), &len) ==
			cases[i].valid;
	check(good, "utf8_is_told_from_other_bytes");
}

/* All commands and the service write sizes with this function. */
static void test_human_size(void)
{
	static const struct {
		double bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 KiB" },			{ -1, "0 KiB" },
		{ 100, "0.1 KiB" },		{ 4096, "4 KiB" },
		{ 25165824, "24 MiB" },		{ 25161728, "24.0 MiB" },
		{ 125530931.0, "119.7 MiB" },	{ 1073700000.0, "1.0 GiB" },
		{ 1125899906842624.0, "1 PiB" },
	};
	char size[HUMAN_LEN];
	bool good = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		good &= !strcmp(human_size(size, cases[i].bytes), cases[i].text);
	check(good, "sizes_are_in_the_largest_unit");
}

/*
 * With "schema", print the JSON Schema of records. With another argument, save an
 * example to that file, for other tests.
 */
int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "schema")) {
		schema_write(stdout);
		return 0;
	}
	if (argc == 2) {
		save_example(argv[1]);
		return 0;
	}
	plan(31 + LINES_TESTS + STORY_TESTS + BRIEF_TESTS + ZONES_TESTS + ACCOUNT_TESTS +
	     SIGKILL_TESTS + PLAIN_TESTS + REMAINS_TESTS + WAITS_TESTS + FUZZ_TESTS + REPLAY_TESTS +
	     OVERCOMMIT_TESTS + SAVEFILE_TESTS +
	     METRICS_TESTS + JOURNAL_TESTS + HISTORY_TESTS + MARKS_TESTS + WHEN_TESTS +
	     OWNER_TESTS + SERVICE_TESTS + LIMITS_TESTS + SCHEMA_TESTS + CLI_TESTS +
	     KEPT_TESTS);
	test_line();
	test_gfp();
	test_shortfall();
	test_escape();
	test_sizes();
	test_cut();
	test_tables();
	test_json();
	test_json_comm();
	test_utf8();
	test_human_size();
	test_lines();
	test_story();
	test_zones();
	test_sigkill();
	test_plain();
	test_remains();
	test_waits();
	test_account();
	test_fuzz();
	test_replay();
	test_overcommit();
	test_savefile();
	test_metrics();
	test_journal();
	test_history();
	test_marks();
	test_when();
	test_owner();
	test_service();
	test_limits();
	test_schema();
	test_brief();
	test_cli();
	return finish();
}
