// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace record: save records to a file as they are written, together with
 * samples of /proc/meminfo.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

#define PARAMETERS	"/sys/module/oomtrace/parameters/"

enum { KEY_ALL = 0x200, KEY_SAMPLE, KEY_FOR, KEY_HELD, KEY_SIGNALS, KEY_REFUSALS };

static const char *output;
/* From the records' clock to CLOCK_REALTIME. */
static long long wall_offset_ns;
static bool all, held_only, sigkills, refusals;
static long long sample_ns = 100000000, duration_ns = -1;

static error_t parse_record_option(int key, const char *arg)
{
	switch (key) {
	case 'o':
		output = arg;
		return 0;
	case KEY_ALL:
		all = true;
		return 0;
	case KEY_SIGNALS:
		sigkills = true;
		return 0;
	case KEY_REFUSALS:
		refusals = true;
		return 0;
	case KEY_HELD:
		held_only = true;
		return 0;
	case KEY_SAMPLE:
		if (read_time(arg, &sample_ns) &&
		    (!sample_ns || sample_ns >= 1000000))
			return 0;
		say_error("--sample: invalid time '%s': give at least 1ms, or 0 for no samples",
			  arg);
		return EINVAL;
	case KEY_FOR:
		if (read_time(arg, &duration_ns) && duration_ns > 0)
			return 0;
		say_error("--for: invalid time '%s': give for example 90s, 10m or 2h", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static long long monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* ---- the module's settings meanwhile ---- */

/**
 * struct setting - a setting of the module that is changed while this runs
 * @name: its name, as a parameter of the module.
 * @words: its values; the place of each is the number that @command takes.
 * @command: the ioctl.
 * @wanted: the number to set.
 * @before: the number that it had.
 * @changed: it was set.
 */
struct setting {
	const char *name;
	const char *words[3];
	unsigned long command;
	__u32 wanted;
	int before;
	bool changed;
};

static struct setting commit_records = {
	.name = "commit_records",
	.words = { "denied", "all", "none" },
	.command = OOMTRACE_IOC_COMMIT_RECORDS,
	.wanted = 1,
};

static struct setting signals = {
	.name = "signals",
	.words = { "none", "kill" },
	.command = OOMTRACE_IOC_SIGNALS,
	.wanted = 1,
};

static struct setting refused = {
	.name = "refusals",
	.words = { "off", "syscalls" },
	.command = OOMTRACE_IOC_REFUSALS,
	.wanted = 1,
};

/* The module's current setting; 0, the default, if it is unknown. */
static int get_setting(const struct setting *s)
{
	char path[128], text[16] = "";
	unsigned int i;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", s->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	for (i = 0; i < sizeof(s->words) / sizeof(s->words[0]); i++)
		if (s->words[i] && !strcmp(text, s->words[i]))
			return i;
	return 0;
}

static int set_setting(struct oomtrace *ot, const struct setting *s, __u32 value)
{
	if (!ioctl(oomtrace_fd(ot), s->command, &value))
		return 0;
	say_error("cannot set %s=%s: %s", s->name, s->words[value], strerror(errno));
	return -errno;
}

static int change_setting(struct oomtrace *ot, struct setting *s)
{
	s->before = get_setting(s);
	s->changed = true;
	return set_setting(ot, s, s->wanted);
}

static void restore_setting(struct oomtrace *ot, const struct setting *s)
{
	if (s->changed)
		set_setting(ot, s, s->before);
}

/* ---- saving ---- */

static unsigned long long saved;

static int save_record(struct saver *s, const struct oomtrace_header *rec)
{
	saved++;
	return saver_add(s, rec);
}

static int save_sample(struct saver *s)
{
	struct oomtrace_sample sample;

	if (!sample_ns || held_only || meminfo_sample(&sample))
		return 0;
	return save_record(s, &sample.h);
}

/*
 * Save the records that are available now, up to the time @until, so that a flood
 * of records does not keep the loop here. Returns 0, a negative errno if writing
 * fails, or 1 if reading fails.
 */
static int save_available(struct oomtrace *ot, struct saver *s,
			  const struct options *opt, long long until)
{
	const struct oomtrace_header *rec;
	int ret, err;

	while ((ret = oomtrace_next(ot, &rec)) > 0) {
		err = is_in_time(opt, (long long)rec->ts_ns + wall_offset_ns) ?
		      save_record(s, rec) : 0;
		if (err)
			return err;
		if (signals_stopped() || (long long)rec->ts_ns > until)
			return 0;
	}
	return ret < 0 && ret != -EINTR ? 1 : 0;
}

static int ms_until(long long until)
{
	long long left = until - monotonic_ns();

	return left <= 0 ? 0 : left / 1000000 + 1;
}

/* Save records until a signal arrives or the duration is over. */
static int save_until_stopped(struct oomtrace *ot, struct saver *s,
			      const struct options *opt)
{
	long long now = monotonic_ns(), end = now + duration_ns;
	long long next_sample = now + sample_ns, next_sync = now + NS_PER_S;
	long long until;
	int err;

	while (!signals_stopped() && (duration_ns < 0 || now < end)) {
		until = next_sync;
		if (sample_ns && next_sample < until)
			until = next_sample;
		if (duration_ns >= 0 && end < until)
			until = end;
		err = oomtrace_wait(ot, ms_until(until), signals_fd());
		if (err < 0 && err != -EINTR)
			return 1;
		err = save_available(ot, s, opt, until);
		now = monotonic_ns();
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

/* A sample comes before the first and after the last record. */
static int save_all(struct oomtrace *ot, struct saver *s, const struct options *opt)
{
	int err;

	err = save_sample(s);
	if (!err)
		err = save_available(ot, s, opt, monotonic_ns());
	if (!err && !held_only)
		err = save_until_stopped(ot, s, opt);
	if (!err && !held_only)
		err = save_available(ot, s, opt, monotonic_ns());
	if (!err)
		err = save_sample(s);
	return err;
}

static int record_to_file(struct oomtrace *ot, struct saver *s,
			  const struct options *opt)
{
	int err = 0, closed;

	if (all)
		err = change_setting(ot, &commit_records) ? 1 : 0;
	if (sigkills && !err)
		err = change_setting(ot, &signals) ? 1 : 0;
	if (refusals && !err)
		err = change_setting(ot, &refused) ? 1 : 0;
	if (!err) {
		err = save_all(ot, s, opt);
		if (err == 1)
			say_error("%s", saved_error(ot));
	}
	restore_setting(ot, &refused);
	restore_setting(ot, &signals);
	restore_setting(ot, &commit_records);
	closed = saver_close(s);
	/* A closed pipe is no failure. */
	if (err < 0 && err != -EPIPE) {
		say_error("cannot write %s: %s; the records saved before that are readable",
			  output, strerror(-err));
		return EXIT_RUNTIME;
	}
	if (closed < 0 && closed != -EPIPE) {
		say_error("cannot write %s: %s", output, strerror(-closed));
		return EXIT_RUNTIME;
	}
	return err > 0 ? EXIT_RUNTIME : EXIT_OK;
}

static bool check_options(void)
{
	if (!output)
		say_error("record: no output file: give -o FILE");
	else if (held_only && (all || sigkills || refusals || duration_ns >= 0))
		say_error("record: --held cannot be combined with --all, --signals, --refusals or --for: it saves the buffered records and exits");
	else if (!strcmp(output, "-") && isatty(STDOUT_FILENO))
		say_error("record: records are binary and cannot be written to a terminal: give -o FILE");
	else
		return true;
	return false;
}

/* --until is the end of the recording too, unless --for ends it earlier. */
static void end_in_time(const struct options *opt)
{
	long long left;

	if (opt->until == LLONG_MAX)
		return;
	left = opt->until - clock_ns(CLOCK_REALTIME);
	if (left < 0)
		left = 0;
	if (duration_ns < 0 || left < duration_ns)
		duration_ns = left;
}

static int run_record(const struct options *opt)
{
	struct oomtrace_info info;
	struct oomtrace *ot;
	struct saver *s;
	char error[400];
	int status = EXIT_RUNTIME;

	if (!check_options())
		return EXIT_USAGE;
	end_in_time(opt);
	ot = open_records(opt, held_only || opt->oldest || opt->timed ? 0 :
			  OOMTRACE_OPEN_NEWEST);
	if (!ot)
		return open_status();
	if (oomtrace_get_info(ot, &info, sizeof(info))) {
		say_error("%s", oomtrace_error(ot));
	} else if (!signals_catch()) {
		wall_offset_ns = info.wall_offset_ns;
		s = saver_open(output, &info, error, sizeof(error));
		if (s)
			status = record_to_file(ot, s, opt);
		else
			say_error("%s", error);
	}
	if (!status && isatty(STDERR_FILENO))
		fprintf(stderr, "%llu records saved in %s\n", saved, output);
	if (oomtrace_lost(ot, -1, -1))
		say_error("%llu records were overwritten before they were read: a larger commit_buffer_kb avoids that",
			  oomtrace_lost(ot, -1, -1));
	oomtrace_free(ot);
	return status;
}

static const struct argp_option record_options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE; \"-\" is standard output", 0 },
	{ "all", KEY_ALL, NULL, 0,
	  "Record every commit decision meanwhile, not only denials, for oomtrace advise", 0 },
	{ "signals", KEY_SIGNALS, NULL, 0,
	  "Record each SIGKILL meanwhile, with its sender, for oomtrace kills", 0 },
	{ "refusals", KEY_REFUSALS, NULL, 0,
	  "Record every system call for memory that the kernel refuses meanwhile", 0 },
	{ "held", KEY_HELD, NULL, 0, "Save the buffered records and exit", 0 },
	{ "for", KEY_FOR, "TIME", 0, "Stop after TIME (s, m, h, d)", 0 },
	{ "sample", KEY_SAMPLE, "TIME", 0,
	  "Interval at which /proc/meminfo is read, 100ms by default; 0 for never", 0 },
	{ 0 }
};

const struct command command_record = {
	.name = "record",
	.summary = "save records to a file",
	.help = "Save new records as they are written, until interrupted. The commands dump, list, last, kills, refusals, why, whatif, advise, report and export read the file instead of the device, even while it is being written. After a crash at most the last second is missing. With --since, buffered records from that time on are saved as well; --until ends the recording then, or selects with --held."
		"\v"
		"Examples:\n"
		"  oomtrace record --held -o oom.oom\n"
		"      save the buffered records, for example to send them\n"
		"  oomtrace record --held --since 17:00 --until 17:30 -o outage.oom\n"
		"  oomtrace record --all --for 1h -o hour.oom\n"
		"      record every commit decision for an hour, for oomtrace advise hour.oom\n",
	.takes = TAKES_OLDEST | TAKES_TIMES,
	.options = record_options,
	.option = parse_record_option,
	.run = run_record,
};
