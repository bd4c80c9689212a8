// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace record: records saved in a file (saver.c) as they come, with samples
 * of /proc/meminfo between them.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cmd_record.h"
#include "liboomtrace.h"
#include "meminfo.h"
#include "numbers.h"
#include "savefile_read.h"
#include "savefile_write.h"
#include "signals.h"

#define PARAMETER	"/sys/module/oomtrace/parameters/commit_records"

enum { KEY_ALL = 0x200, KEY_SAMPLE, KEY_FOR, KEY_HELD };

static const char *output;
static bool all, held_only;
static long long sample_ns = 100000000, duration_ns = -1;

static error_t option(int key, const char *arg)
{
	switch (key) {
	case 'o':
		output = arg;
		return 0;
	case KEY_ALL:
		all = true;
		return 0;
	case KEY_HELD:
		held_only = true;
		return 0;
	case KEY_SAMPLE:
		if (read_time(arg, &sample_ns) &&
		    (!sample_ns || sample_ns >= 1000000))
			return 0;
		say_error("--sample %s: it is a time from 1ms, or 0 for no samples",
			  arg);
		return EINVAL;
	case KEY_FOR:
		if (read_time(arg, &duration_ns) && duration_ns > 0)
			return 0;
		say_error("--for %s: it is a time, as in 90s, 10m or 2h", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static long long now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* ---- which decisions are recorded ---- */

static const char * const record_names[] = { "denied", "all", "none" };

/* What the module is set to, a number for the ioctl; -1 if it cannot be told. */
static int get_commit_records(void)
{
	char text[16] = "";
	int fd = open(PARAMETER, O_RDONLY | O_CLOEXEC);
	unsigned int i;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	for (i = 0; i < sizeof(record_names) / sizeof(record_names[0]); i++)
		if (!strcmp(text, record_names[i]))
			return i;
	return -1;
}

static int set_commit_records(struct oomtrace *ot, int what)
{
	__u32 value = what;

	if (!ioctl(oomtrace_fd(ot), OOMTRACE_IOC_COMMIT_RECORDS, &value))
		return 0;
	say_error("cannot set commit_records=%s: %s", record_names[what],
		  strerror(errno));
	return -errno;
}

/* ---- saving ---- */

static unsigned long long saved;

static int save(struct saver *s, const struct oomtrace_header *rec)
{
	saved++;
	return saver_add(s, rec);
}

static int save_sample(struct saver *s)
{
	struct oomtrace_sample sample;

	if (!sample_ns || held_only || meminfo_sample(&sample))
		return 0;
	return save(s, &sample.h);
}

/*
 * All that can be read now and is not younger than @until, since a flood has no
 * end: 0, or a negative errno of @s, or 1: of the device.
 */
static int save_held(struct oomtrace *ot, struct saver *s, long long until)
{
	const struct oomtrace_header *rec;
	int ret, err;

	while ((ret = oomtrace_next(ot, &rec)) > 0) {
		err = save(s, rec);
		if (err)
			return err;
		if (signals_stopped() || (long long)rec->ts_ns > until)
			return 0;
	}
	return ret < 0 && ret != -EINTR ? 1 : 0;
}

static int wait_ms(long long until)
{
	long long left = until - now_ns();

	return left <= 0 ? 0 : left / 1000000 + 1;
}

/* Until a signal, or the time is over. */
static int follow(struct oomtrace *ot, struct saver *s)
{
	long long now = now_ns(), end = now + duration_ns;
	long long next_sample = now + sample_ns, next_sync = now + NS_PER_S;
	long long until;
	int err;

	while (!signals_stopped() && (duration_ns < 0 || now < end)) {
		until = next_sync;
		if (sample_ns && next_sample < until)
			until = next_sample;
		if (duration_ns >= 0 && end < until)
			until = end;
		err = oomtrace_wait(ot, wait_ms(until), signals_fd());
		if (err < 0 && err != -EINTR)
			return 1;
		err = save_held(ot, s, until);
		now = now_ns();
		if (!err && sample_ns && now >= next_sample) {
			err = save_sample(s);
			next_sample = now + sample_ns;
		}
		if (!err)
			err = saver_flush(s, now >= next_sync);
		if (now >= next_sync)
			next_sync = now + NS_PER_S;
		if (err)
			return err;
	}
	return 0;
}

/* The first and the last sample enclose everything else. */
static int save_all(struct oomtrace *ot, struct saver *s)
{
	int err;

	err = save_sample(s);
	if (!err)
		err = save_held(ot, s, now_ns());
	if (!err && !held_only)
		err = follow(ot, s);
	if (!err && !held_only)
		err = save_held(ot, s, now_ns());
	if (!err)
		err = save_sample(s);
	return err;
}

static int record(struct oomtrace *ot, struct saver *s)
{
	int before = -1, err = 0, closed;

	if (all) {
		before = get_commit_records();
		err = set_commit_records(ot, 1) ? 1 : 0;
	}
	if (!err) {
		err = save_all(ot, s);
		if (err == 1)
			say_error("%s", saved_error(ot));
	}
	if (all)
		set_commit_records(ot, before < 0 ? 0 : before);
	closed = saver_close(s);
	/* Who left wants no more of it: that is no failure. */
	if (err < 0 && err != -EPIPE) {
		say_error("cannot write %s: %s; what was saved until then can be read",
			  output, strerror(-err));
		return EXIT_RUNTIME;
	}
	if (closed < 0 && closed != -EPIPE) {
		say_error("cannot write %s: %s", output, strerror(-closed));
		return EXIT_RUNTIME;
	}
	return err > 0 ? EXIT_RUNTIME : EXIT_OK;
}

static bool understood(const struct options *opt)
{
	if (!output)
		say_error("record: where to? give -o FILE");
	else if (held_only && (all || duration_ns >= 0))
		say_error("record: --held saves what is there and stops; it goes with neither --all nor --for");
	else if (!strcmp(output, "-") && isatty(STDOUT_FILENO))
		say_error("record: a terminal is no place for records; give -o FILE");
	else
		return true;
	(void)opt;
	return false;
}

static int run_record(const struct options *opt)
{
	struct oomtrace_info info;
	struct oomtrace *ot;
	struct saver *s;
	char error[400];
	int status = EXIT_RUNTIME;

	if (!understood(opt))
		return EXIT_USAGE;
	ot = open_records(opt, held_only || opt->oldest ? 0 :
			  OOMTRACE_OPEN_NEWEST);
	if (!ot)
		return EXIT_RUNTIME;
	if (oomtrace_get_info(ot, &info, sizeof(info))) {
		say_error("%s", oomtrace_error(ot));
	} else if (!signals_catch()) {
		s = saver_open(output, &info, error, sizeof(error));
		if (s)
			status = record(ot, s);
		else
			say_error("%s", error);
	}
	if (!status && isatty(STDERR_FILENO))
		fprintf(stderr, "%llu records saved in %s\n", saved, output);
	if (oomtrace_lost(ot, -1, -1))
		say_error("%llu records were lost to this reader: a larger commit_buffer_kb helps",
			  oomtrace_lost(ot, -1, -1));
	oomtrace_free(ot);
	return status;
}

static const struct argp_option own_options[] = {
	{ "output", 'o', "FILE", 0, "Where to; \"-\" is standard output", 0 },
	{ "all", KEY_ALL, NULL, 0,
	  "Meanwhile record every commit decision, not only denials, for oomtrace advise", 0 },
	{ "held", KEY_HELD, NULL, 0, "Save what is held, and stop", 0 },
	{ "for", KEY_FOR, "TIME", 0, "Stop after that time (s, m, h, d)", 0 },
	{ "sample", KEY_SAMPLE, "TIME", 0,
	  "Read /proc/meminfo so often, 100ms by default; 0: never", 0 },
	{ 0 }
};

const struct command command_record = {
	.name = "record",
	.summary = "save records in a file",
	.help = "Save records as they come, from now on, until interrupted. The file can be read in place of the device by dump, last, whatif, advise, report and export, also while it is written, and after a crash up to shortly before it."
		"\v"
		"Examples:\n"
		"  oomtrace record --held -o oom.oom\n"
		"      save what is held, to send it to somebody\n"
		"  oomtrace record --all --for 1h -o hour.oom\n"
		"      every commit decision of an hour, for oomtrace advise hour.oom\n",
	.takes = TAKES_OLDEST,
	.options = own_options,
	.option = option,
	.run = run_record,
};
