// SPDX-License-Identifier: GPL-2.0
/*
 * Tests files of saved records: what was saved is read back, and truncated,
 * damaged and foreign files are detected.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../savefile_read.h"
#include "../savefile_write.h"
#include "test_savefile.h"
#include "test_util.h"

#define RECORDS	200

static char path[] = "/tmp/oomtrace-saved-XXXXXX";
static unsigned char bytes[1 << 20];
static size_t size;
/* Size of the file after each flush. */
static size_t flushed[RECORDS / 10];

static void put(const void *data, size_t n)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, n, f) != n || fclose(f))
		abort();
}

static void get(void)
{
	FILE *f = fopen(path, "r");

	if (!f)
		abort();
	size = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
}

static struct oomtrace_oom_end nth(unsigned int n)
{
	RECORD(e, OOM_END, oom_end);

	e.h.seq = n + 1;
	e.episode = n + 1;
	e.duration_ns = n * 7919;
	return e;
}

/* Save records with a flush after every ten; complete, or without an end. */
static void save(bool whole)
{
	struct oomtrace_info info = {
		.abi = OOMTRACE_ABI_VERSION, .page_size = 16384, .cpus = 2,
		.wall_offset_ns = 77,
	};
	struct oomtrace_oom_end e;
	char error[400];
	struct saver *s;
	unsigned int i;

	s = saver_open(path, &info, error, sizeof(error));
	for (i = 0; s && i < RECORDS; i++) {
		e = nth(i);
		if (saver_add(s, &e.h) ||
		    (i % 10 == 9 && saver_flush(s, false)))
			abort();
		if (i % 10 == 9)
			flushed[i / 10] = saver_bytes(s);
	}
	if (!s)
		abort();
	get();
	if (saver_close(s))
		abort();
	if (whole)
		get();
}

/*
 * Read the file. Returns the number of records, or -1 if one differs from what was
 * saved. *err is the result of opening or reading.
 */
static int read_back(int *err)
{
	struct oomtrace *ot = oomtrace_new();
	const struct oomtrace_header *rec;
	struct oomtrace_oom_end e;
	int n = 0;

	*err = saved_open(ot, path, 0);
	while (!*err && (*err = oomtrace_next(ot, &rec)) == 1) {
		*err = 0;
		e = nth(n);
		if (n >= 0 && (rec->size != sizeof(e) ||
			       memcmp(rec, &e, sizeof(e))))
			n = -1000000;
		n++;
	}
	oomtrace_free(ot);
	return n < 0 ? -1 : n;
}

static const char *refusal(void)
{
	struct oomtrace *ot = oomtrace_new();
	static char text[512];

	snprintf(text, sizeof(text), "%s", saved_open(ot, path, 0) ?
		 saved_error(ot) : "(opened)");
	oomtrace_free(ot);
	return text;
}

static void test_whole(void)
{
	struct oomtrace *ot = oomtrace_new();
	struct saved_header facts;
	int err;

	save(true);
	check(read_back(&err) == RECORDS && !err, "saved_records_come_back");
	check(!saved_open(ot, path, 0) && saved_facts(ot, &facts) &&
	      facts.page_size == 16384 && facts.wall_offset_ns == 77 &&
	      *facts.release,
	      "the_header_says_where_they_come_from");
	oomtrace_free(ot);
	check(size < RECORDS * sizeof(struct oomtrace_oom_end) / 4,
	      "they_are_compressed");
	save(false);
	put(bytes, size);
	check(read_back(&err) == RECORDS && err == -EBADMSG,
	      "a_recorder_that_died_loses_nothing_that_was_flushed");
}

static void test_cuts(void)
{
	int err, n, last = 0, sure = 0;
	bool good = true, kept = true;
	size_t cut, all;

	save(true);
	all = size;
	for (cut = 0; cut < all; cut++) {
		put(bytes, cut);
		n = read_back(&err);
		/* An empty file has no records but is not damaged. */
		good &= n >= last && (err == -EBADMSG || !cut);
		last = n;
		/* A flush leaves no data in the compressor. */
		while (sure < RECORDS / 10 && cut >= flushed[sure])
			sure++;
		kept &= n >= 10 * sure;
	}
	check(good && last == RECORDS,
	      "a_file_cut_anywhere_is_read_up_to_the_cut");
	check(kept && sure == RECORDS / 10,
	      "what_was_flushed_is_whole_before_the_cut");
	bytes[all - 1] ^= 0x55;
	put(bytes, all);
	bytes[all - 1] ^= 0x55;
	check(read_back(&err) == RECORDS && err == -EBADMSG,
	      "what_comes_before_damage_is_read");
	for (cut = 0; cut < all; cut++) {
		bytes[cut] ^= 0x55;
		put(bytes, all);
		bytes[cut] ^= 0x55;
		/* Some bits have no meaning; a change of any other is detected. */
		n = read_back(&err);
		good &= err || n == RECORDS;
	}
	check(good, "a_byte_changed_anywhere_is_noticed_or_harmless");
}

static void put_header(struct saved_header *h)
{
	memcpy(bytes, h, sizeof(*h));
	put(bytes, sizeof(*h));
}

static void test_foreign(void)
{
	struct saved_header h = {
		.magic = SAVED_MAGIC, .endian = SAVED_ENDIAN,
		.size = sizeof(h), .format = SAVED_FORMAT,
		.abi = OOMTRACE_ABI_VERSION, .page_size = 4096,
	};
	int err;

	put_header(&h);
	check(read_back(&err) == 0 && !err,
	      "a_file_need_not_be_compressed");
	h.abi++;
	put_header(&h);
	check_has(refusal(), ": has records of ABI 2, but this command reads up to 1: use the oomtrace version that saved it",
		  "another_abi_is_refused");
	h.format = 9;
	put_header(&h);
	check_has(refusal(), ": has file format 9, but this command reads up to 1",
		  "another_format_is_refused");
	h.endian = 0x04030201;
	put_header(&h);
	check_has(refusal(), ": saved on a machine with the other byte order",
		  "another_byte_order_is_refused");
	h.endian = 5;
	put_header(&h);
	check_has(refusal(), ": damaged: its header has no byte order",
		  "garbage_in_the_header_is_refused");
}

/* Save records until the file's size limit is reached; returns their number. */
static unsigned int fill(void)
{
	struct rlimit limit, none = { 0 };
	struct oomtrace_info info = {
		.abi = OOMTRACE_ABI_VERSION, .page_size = 4096,
	};
	struct oomtrace_oom_end e;
	char error[400] = "";
	struct saver *s = saver_open(path, &info, error, sizeof(error));
	unsigned int i, written = 0;
	int err = 0, closed;

	if (!s || getrlimit(RLIMIT_FSIZE, &limit))
		abort();
	none.rlim_max = limit.rlim_max;
	none.rlim_cur = 10000;
	setrlimit(RLIMIT_FSIZE, &none);
	for (i = 0; !err && i < 100000; i++) {
		e = nth(i);
		err = saver_add(s, &e.h);
		if (!err && i % 10 == 9) {
			err = saver_flush(s, false);
			if (!err)
				written = i + 1;
		}
	}
	/* An end would fit now, but must not follow the incomplete data. */
	setrlimit(RLIMIT_FSIZE, &limit);
	e = nth(i);
	check(err == -EFBIG && saver_add(s, &e.h) == err,
	      "a_saver_that_failed_writes_no_more");
	closed = saver_close(s);
	check(closed == err, "a_saver_that_failed_says_so_at_its_end");
	return written;
}

static void test_full(void)
{
	int err, n;
	unsigned int written;

	signal(SIGXFSZ, SIG_IGN);
	written = fill();
	n = read_back(&err);
	check(written > 100 && n >= (int)written && err == -EBADMSG,
	      "what_was_saved_before_the_disk_was_full_is_read");
	get();
	check(size == 10000, "and_the_file_stays_as_it_was");
}

static void test_dev_full(void)
{
	struct oomtrace_info info = { .page_size = 4096 };
	char error[400] = "";
	struct saver *s;

	s = saver_open("/dev/full", &info, error, sizeof(error));
	if (s)
		saver_close(s);
	check_has(error, "cannot write /dev/full: No space left on device",
		  "a_full_disk_is_told");
}

void test_savefile(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	close(fd);
	test_whole();
	test_cuts();
	test_foreign();
	test_full();
	test_dev_full();
	saved_close();
	unlink(path);
}
