// SPDX-License-Identifier: GPL-2.0
/*
 * Tests liboomtrace on constructed records and prints TAP. With a file name as
 * argument it writes such records to the file instead, for other tests. The
 * device itself is tested on a kernel with the module.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../tools/test/test_util.h"
#include "liboomtrace.h"

/* ---- a stream of records in memory, read in pieces ---- */

static unsigned char stream[1 << 18];
static size_t stream_len;

static void put(const void *rec)
{
	const struct oomtrace_header *h = rec;

	memcpy(stream + stream_len, rec, h->size);
	stream_len += h->size;
}

/* Two CPUs, two rings, types of all lengths: 3 * n records and a stack. */
static void fill(unsigned int n)
{
	RECORD(c, COMMIT, commit);
	RECORD(v, VERDICT, verdict);
	RECORD(r, REAP, reap);
	RECORD(s, STACK, stack);
	unsigned int i;

	stream_len = 0;
	strcpy(c.comm, "hog");
	c.pages = 4711;
	strcpy(v.comm, "piggy");
	v.pid = 812;
	v.points = 24310;
	v.h.flags = OOMTRACE_RING_OOM;
	r.h.flags = OOMTRACE_RING_OOM;
	r.h.cpu = 1;
	strcpy(s.text, "a+0x1/0x2");
	put(&s);
	for (i = 1; i <= n; i++) {
		c.h.seq = i;
		v.h.seq = i;
		r.h.seq = i;
		put(&c);
		put(&v);
		put(&r);
	}
}

struct pieces {
	size_t at;
	size_t end;
	size_t most;
	int err;
};

static ssize_t give(void *ctx, void *buf, size_t size)
{
	struct pieces *p = ctx;
	size_t n = p->end - p->at;

	if (!n)
		return p->err;
	if (n > p->most)
		n = p->most;
	if (n > size)
		n = size;
	memcpy(buf, stream + p->at, n);
	p->at += n;
	return n;
}

/* Read to the end: the number of records, and the last result in @ret. */
static unsigned int read_all(struct oomtrace *ot, int *last)
{
	const struct oomtrace_header *rec;
	unsigned int n = 0;
	size_t at = 0;

	while ((*last = oomtrace_next(ot, &rec)) > 0) {
		if (memcmp(rec, stream + at, rec->size))
			return 0;
		at += rec->size;
		n++;
	}
	return n;
}

/* ---- reading ---- */

static void test_pieces(struct oomtrace *ot)
{
	static const size_t sizes[] = { 1, 7, 41, 4096, 65536, 1 << 18 };
	bool good = true;
	unsigned int i;
	int last;

	fill(300);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct pieces p = { .end = stream_len, .most = sizes[i] };

		good &= !oomtrace_open_source(ot, "pieces", give, &p);
		good &= read_all(ot, &last) == 901 && last == 0;
		good &= oomtrace_received(ot, -1, -1) == 900;
	}
	check(good, "records_are_whole_in_pieces_of_any_size");
}

static void test_cuts(struct oomtrace *ot)
{
	struct pieces p = { .most = 65536 };
	size_t whole, at = 0;
	char want[64];
	unsigned int n = 0, got;
	bool good = true;
	int last;

	fill(2);
	for (whole = stream_len, p.end = 0; p.end <= whole; p.end++) {
		const struct oomtrace_header *h = (void *)(stream + at);

		/* Count the records that end at or before the cut. */
		if (p.end < whole && p.end == at + h->size) {
			at = p.end;
			n++;
		} else if (p.end == whole) {
			at = whole;
			n = 7;
		}
		p.at = 0;
		oomtrace_open_source(ot, "cut", give, &p);
		got = read_all(ot, &last);
		good &= got == n && last == (at == p.end ? 0 : -EBADMSG);
	}
	check(good, "every_cut_gives_what_is_before_it_and_is_told");
	p.at = 0;
	p.end = whole - 3;
	oomtrace_open_source(ot, "cut", give, &p);
	read_all(ot, &last);
	snprintf(want, sizeof(want), "cut: ends at byte %zu, inside a record",
		 p.end);
	check_text(oomtrace_error(ot), want, "a_cut_is_told_with_its_place");
	check(read_all(ot, &last) == 0 && last == -EBADMSG,
	      "and_told_again_when_asked_again");
}

static void test_damage(struct oomtrace *ot)
{
	static const u16 sizes[] = { 0, 8, 39, 41, 65535 };
	struct pieces p = { .most = 65536 };
	bool good = true;
	unsigned int i;
	int last;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(1);
		memcpy(stream + sizeof(struct oomtrace_stack) +
		       offsetof(struct oomtrace_header, size),
		       &sizes[i], sizeof(sizes[i]));
		p.at = 0;
		p.end = stream_len;
		oomtrace_open_source(ot, "bad", give, &p);
		good &= read_all(ot, &last) == 1 && last == -EBADMSG;
	}
	check(good, "a_size_that_cannot_be_is_refused");
	memcpy(stream, "hello\n", 6);
	p.at = 0;
	p.end = 6;
	oomtrace_open_source(ot, "short", give, &p);
	read_all(ot, &last);
	check_text(oomtrace_error(ot),
		   "short: not a record at byte 0: a size of 27756 is impossible",
		   "a_short_file_of_another_kind_is_told_as_that");
	fill(1);
	p.at = 0;
	p.end = stream_len;
	p.err = -EIO;
	oomtrace_open_source(ot, "bad", give, &p);
	check(read_all(ot, &last) == 4 && last == -EIO,
	      "the_sources_own_error_is_passed_on");
	check_text(oomtrace_error(ot), "bad: cannot read: Input/output error",
		   "in_words_too");
}

static void test_pipe(struct oomtrace *ot)
{
	const struct oomtrace_header *rec;
	const size_t part = sizeof(struct oomtrace_stack) + 100;
	char path[32];
	int fds[2];

	fill(1);
	if (pipe(fds))
		abort();
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	if (oomtrace_open(ot, path, 0) || oomtrace_is_device(ot))
		check(false, "a_pipe_can_be_read");
	else if (write(fds[1], stream, part) != (ssize_t)part)
		abort();
	check(oomtrace_next(ot, &rec) == 1 && rec->type == OOMTRACE_STACK &&
	      oomtrace_wait(ot, 0, -1) == 1, "a_pipe_can_be_read");
	if (write(fds[1], stream + part, stream_len - part) < 0)
		abort();
	close(fds[1]);
	check(oomtrace_next(ot, &rec) == 1 && oomtrace_next(ot, &rec) == 1 &&
	      oomtrace_next(ot, &rec) == 1 && oomtrace_next(ot, &rec) == 0,
	      "and_ends_when_its_writer_closes_it");
	close(fds[0]);
}

/* ---- rejected input ---- */

static void expect(struct oomtrace *ot, int got, int want, const char *says,
		   const char *name)
{
	if (got != want)
		printf("# returned %d, want %d\n", got, want);
	check_has(got == want ? oomtrace_error(ot) : "", says, name);
}

static void test_refusals(struct oomtrace *ot)
{
	const struct oomtrace_header *rec;
	struct oomtrace_info info;

	oomtrace_close(ot);
	expect(ot, oomtrace_next(ot, &rec), -EBADF, "nothing is open",
	       "a_closed_handle_gives_no_record");
	expect(ot, oomtrace_wait(ot, 0, -1), -EBADF, "nothing is open",
	       "nor_waits");
	check(oomtrace_fd(ot) == -1, "nor_has_a_descriptor");
	expect(ot, oomtrace_open(ot, "/dev/null", 6), -EINVAL, "flags 0x6",
	       "unknown_flags_are_refused");
	expect(ot, oomtrace_open(ot, "/dev/null", 0), -ENOTTY,
	       "/dev/null: not an oomtrace device",
	       "another_device_is_refused");
	expect(ot, oomtrace_open(ot, "/nowhere/at/all", 0), -ENOENT,
	       "/nowhere/at/all: No such file",
	       "a_file_that_is_not_there_is_told");
	if (oomtrace_open(ot, "/", 0))
		abort();
	expect(ot, oomtrace_next(ot, &rec), -EISDIR, "directory",
	       "a_directory_is_told");
	expect(ot, oomtrace_newest(ot), -ESPIPE, "cannot be changed",
	       "saved_records_have_no_newest");
	expect(ot, oomtrace_seek_record(ot, 0, 0, 1), -ESPIPE, "cannot be changed",
	       "nor_records_to_seek");
	expect(ot, oomtrace_seek_episode(ot, 1), -ESPIPE, "cannot be changed",
	       "nor_episodes_to_seek");
	expect(ot, oomtrace_get_info(ot, &info, sizeof(info)), -ENOTTY,
	       "saved records", "saved_records_have_no_module");
	check_text(oomtrace_error(NULL), "out of memory",
		   "no_handle_has_an_error_too");
	oomtrace_free(NULL);
}

/* ---- the account ---- */

static bool count_is(struct oomtrace *ot, int ring, int cpu, u64 received,
		     u64 lost, u64 missing)
{
	printf("# ring %d cpu %d: %llu %llu %llu\n", ring, cpu,
	       oomtrace_received(ot, ring, cpu), oomtrace_lost(ot, ring, cpu),
	       oomtrace_missing(ot, ring, cpu));
	return oomtrace_received(ot, ring, cpu) == received &&
	       oomtrace_lost(ot, ring, cpu) == lost &&
	       oomtrace_missing(ot, ring, cpu) == missing;
}

static void test_account(struct oomtrace *ot)
{
	struct pieces p = { .most = 65536 };
	RECORD(e, OOM_END, oom_end);
	RECORD(l, LOST, lost);
	int last;

	fill(3);
	/* On the OOM ring of CPU 1: 1 to 3, 6 to 9 lost, 10, 12. */
	l.h.cpu = 1;
	l.h.flags = OOMTRACE_RING_OOM;
	l.h.seq = 6;
	l.count = 4;
	put(&l);
	e.h.cpu = 1;
	e.h.flags = OOMTRACE_RING_OOM;
	e.h.seq = 10;
	put(&e);
	e.h.seq = 12;
	put(&e);
	/* The first record of another CPU may have any number. */
	e.h.cpu = 65535;
	e.h.seq = 1000;
	put(&e);
	p.end = stream_len;
	oomtrace_open_source(ot, "account", give, &p);
	read_all(ot, &last);
	check(count_is(ot, OOMTRACE_RING_OOM, 1, 5, 4, 3),
	      "lost_and_missing_are_counted_by_ring_and_cpu");
	check(count_is(ot, OOMTRACE_RING_COMMIT, 0, 3, 0, 0),
	      "a_stack_is_no_record_of_the_ring");
	check(count_is(ot, OOMTRACE_RING_OOM, 65535, 1, 0, 0),
	      "any_cpu_can_be_counted");
	check(count_is(ot, -1, -1, 12, 4, 3) &&
	      count_is(ot, OOMTRACE_RING_OOM, -1, 9, 4, 3) &&
	      count_is(ot, 7, -1, 0, 0, 0) && count_is(ot, -1, 99999, 0, 0, 0),
	      "the_sums_are_right");
	oomtrace_close(ot);
	check(count_is(ot, -1, -1, 12, 4, 3), "the_account_outlives_the_close");
	p.at = 0;
	oomtrace_open_source(ot, "account", give, &p);
	check(count_is(ot, -1, -1, 0, 0, 0), "an_open_starts_a_new_account");
}

/* ---- fields ---- */

static void test_names(void)
{
	unsigned int type, types = 0, n;
	bool good = true;

	for (type = 0; type < 70000; type++) {
		const char *name = oomtrace_type_name(type);

		if (!name) {
			good &= !oomtrace_field(type, 0);
			continue;
		}
		types++;
		good &= oomtrace_type_number(name) == type;
		for (n = 0; oomtrace_field(type, n); n++)
			good &= !strchr(oomtrace_field(type, n), ' ');
		good &= n > 0 && n <= 64;
	}
	check(good && types >= 11, "every_type_is_found_by_its_name");
	check(oomtrace_type_number("") == 0 && oomtrace_type_number("x") == 0 &&
	      oomtrace_type_number("pressure") == OOMTRACE_RETRY,
	      "and_no_other_but_an_old_one");
	check_text(oomtrace_value_name(OOMTRACE_COMMIT, "origin", 1), "mmap",
		   "values_have_names");
	check(!oomtrace_value_name(OOMTRACE_COMMIT, "origin", 99) &&
	      !oomtrace_value_name(OOMTRACE_COMMIT, "pid", 1) &&
	      !oomtrace_value_name(OOMTRACE_COMMIT, "x", 1) &&
	      !oomtrace_value_name(999, "origin", 1),
	      "but_not_all_of_them");
}

static void test_fields(void)
{
	RECORD(c, COMMIT, commit);
	char buf[32];
	long long n;

	c.pages = -5;
	c.cgroup_id = ~0ULL;
	memset(c.comm, 'a', sizeof(c.comm));
	c.h.derived = OOMTRACE_BIT(commit, pages);
	c.h.valid &= ~OOMTRACE_BIT(commit, limit);
	c.limit = 77;
	check(oomtrace_get_int(&c.h, "pages", &n) == 2 && n == -5,
	      "a_derived_number_says_so");
	check(oomtrace_get_int(&c.h, "cgroup_id", &n) == 1 &&
	      (unsigned long long)n == ~0ULL, "an_unsigned_number_is_whole");
	check(oomtrace_get_int(&c.h, "limit", &n) == 0 && n == 0,
	      "an_absent_number_is_0");
	check(oomtrace_get_int(&c.h, "points", &n) == -ENOENT &&
	      oomtrace_get_int(&c.h, "comm", &n) == -ENOENT,
	      "a_field_of_another_type_is_none");
	check(oomtrace_get_str(&c.h, "comm", buf, sizeof(buf)) == 1 &&
	      !strcmp(buf, "aaaaaaaaaaaaaaaa"), "a_full_string_is_ended");
	check(oomtrace_get_str(&c.h, "comm", buf, 4) == 1 &&
	      !strcmp(buf, "aaa"), "a_long_string_is_cut");
	check(oomtrace_get_str(&c.h, "pid", buf, sizeof(buf)) == -ENOENT &&
	      !*buf, "a_number_is_no_string");
	c.h.type = 999;
	check(oomtrace_get_int(&c.h, "pages", &n) == -ENOENT,
	      "an_unknown_type_has_no_fields");
}

/* ---- text ---- */

typedef int (*text_fn)(const struct oomtrace_header *rec, char *buf,
		       size_t size);
typedef int (*print_fn)(const struct oomtrace_header *rec, FILE *to);

static void test_snprintf(text_fn text, const char *name)
{
	RECORD(s, STACK, stack);
	static char whole[8192], cut[8192 + 1];
	int len, size;
	bool good;

	memset(s.text, '\x01', sizeof(s.text));
	len = text(&s.h, whole, sizeof(whole));
	good = len == (int)strlen(whole) && text(&s.h, NULL, 0) == len;
	for (size = 1; size <= len + 1; size++) {
		memset(cut, '@', sizeof(cut));
		good &= text(&s.h, cut, size) == len;
		good &= !strncmp(cut, whole, size - 1) && !cut[size - 1] &&
			cut[size] == '@';
	}
	check(good, name);
}

static void test_stream(text_fn text, print_fn print, const char *name)
{
	static char want[8192];
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);
	RECORD(v, VERDICT, verdict);

	strcpy(v.comm, "pig\n");
	text(&v.h, want, sizeof(want) - 1);
	strcat(want, "\n");
	if (!f || print(&v.h, f) || fclose(f))
		abort();
	check_text(got, want, name);
	free(got);
}

static void test_full(print_fn print, const char *name)
{
	FILE *f = fopen("/dev/full", "w");
	RECORD(v, VERDICT, verdict);

	if (!f)
		abort();
	setvbuf(f, NULL, _IONBF, 0);
	check(print(&v.h, f) == -ENOSPC, name);
	fclose(f);
}

static int save(const char *path)
{
	FILE *f = fopen(path, "w");

	fill(300);
	if (!f || fwrite(stream, stream_len, 1, f) != 1 || fclose(f)) {
		perror(path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct oomtrace *ot;

	if (argc > 1)
		return save(argv[1]);
	ot = oomtrace_new();
	if (!ot)
		abort();
	plan(48);
	check_text(oomtrace_error(ot), "", "a_new_handle_has_no_error");
	check(oomtrace_abi() == OOMTRACE_ABI_VERSION && *oomtrace_version(),
	      "the_library_has_a_version");
	test_pieces(ot);
	test_cuts(ot);
	test_damage(ot);
	test_pipe(ot);
	test_refusals(ot);
	test_account(ot);
	test_names();
	test_fields();
	test_snprintf(oomtrace_text, "text_is_cut_as_by_snprintf");
	test_snprintf(oomtrace_json, "json_is_cut_as_by_snprintf");
	test_stream(oomtrace_text, oomtrace_print_text, "text_goes_to_a_stream");
	test_stream(oomtrace_json, oomtrace_print_json, "json_goes_to_a_stream");
	test_full(oomtrace_print_text, "a_stream_that_is_full_is_told_by_text");
	test_full(oomtrace_print_json, "a_stream_that_is_full_is_told_by_json");
	oomtrace_free(ot);
	return finish();
}
