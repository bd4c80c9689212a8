// SPDX-License-Identifier: GPL-2.0
/*
 * oomtraced, the service: reads the device, writes each OOM episode to the
 * journal, keeps the records in a directory of limited size, and writes metrics
 * for node_exporter's textfile collector.
 *
 * It must work while memory is out. So it is locked in memory, nearly exempt from
 * the OOM killer, and allocates only when it starts a new history file.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "../../common/format.h"
#include "../clock.h"
#include "../meminfo.h"
#include "../metrics.h"
#include "../numbers.h"
#include "../options.h"
#include "../savefile_read.h"
#include "../signals.h"
#include "history.h"
#include "journal.h"
#include "journal_mark.h"

#define PAGE_MAX	(256 << 10)	/* bytes of all metrics */
/* Records per turn of the loop, so that a flood does not block the rest. */
#define RECORDS_AT_ONCE	4096
#define WATCHDOG_NS	(10 * NS_PER_S)	/* longest time between watchdog messages */

static const char *device = OOMTRACE_DEVICE;
static const char *state_dir, *textfile;
static long long max_bytes = 64 << 20, interval_ns = 15 * NS_PER_S;
static bool to_stdout;

static struct metrics metrics;
static struct journal journal;
static char page[PAGE_MAX];
static char textfile_new[4096];

/* ---- the command line ---- */

enum { KEY_MAX_SIZE = 0x200, KEY_TEXTFILE, KEY_INTERVAL, KEY_STDOUT };

static error_t parse_service_option(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'd':
		device = arg;
		return 0;
	case 's':
		state_dir = arg;
		return 0;
	case KEY_TEXTFILE:
		textfile = arg;
		if (strlen(arg) < sizeof(textfile_new) - 8)
			return 0;
		say_error("--textfile: the path is too long");
		return EINVAL;
	case KEY_STDOUT:
		to_stdout = true;
		return 0;
	case KEY_MAX_SIZE:
		if (read_size(arg, &max_bytes) && max_bytes >= 1 << 20)
			return 0;
		say_error("--max-size: invalid size '%s': give at least 1M", arg);
		return EINVAL;
	case KEY_INTERVAL:
		if (read_time(arg, &interval_ns) && interval_ns >= NS_PER_S)
			return 0;
		say_error("--interval: invalid time '%s': give at least 1s", arg);
		return EINVAL;
	case ARGP_KEY_ARG:
		say_error("unexpected argument '%s'", arg);
		argp_usage(state);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "device", 'd', "PATH", 0, "Follow PATH instead of " OOMTRACE_DEVICE, 0 },
	{ "state", 's', "DIR", 0, "Save records in DIR; by default none are saved", 0 },
	{ "max-size", KEY_MAX_SIZE, "SIZE", 0,
	  "Limit of the files in DIR together, 64M by default", 0 },
	{ "textfile", KEY_TEXTFILE, "FILE", 0,
	  "Write metrics to FILE, for node_exporter's textfile collector", 0 },
	{ "interval", KEY_INTERVAL, "TIME", 0,
	  "Time between two updates of FILE, 15s by default; each OOM updates it too", 0 },
	{ "stdout", KEY_STDOUT, NULL, 0,
	  "Write entries to standard output instead of the journal", 0 },
	{ 0 }
};

static const struct argp argp = {
	options, parse_service_option, NULL,
	"Follow /dev/oomtrace: write OOM episodes to the journal, records to a directory, and metrics to a file. Meant to be run by systemd; exits on SIGTERM."
	"\v"
	"Examples:\n"
	"  systemctl enable --now oomtraced\n"
	"      run it as a service\n"
	"  oomtraced --stdout\n"
	"      print the journal entries instead\n",
	NULL, NULL, NULL
};

/* ---- protection while memory is out ---- */

static void protect_self(void)
{
	int fd;

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		say_error("cannot lock the memory of the service: %s", strerror(errno));
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "-999", 4) != 4)
		say_error("cannot set oom_score_adj, so the OOM killer may kill the service: %s",
			  strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* ---- destinations ---- */

/* Escape the fields: a name must not control a terminal or look like a field. */
static int send_to_stdout(const struct iovec *field, int n)
{
	static char text[4 * JOURNAL_TEXT];
	int i;

	for (i = 0; i < n; i++) {
		oomtrace_escape(text, sizeof(text), field[i].iov_base,
				field[i].iov_len);
		if (dprintf(STDOUT_FILENO, "%s\n", text) < 0)
			return -errno;
	}
	return dprintf(STDOUT_FILENO, "\n") < 0 ? -errno : 0;
}

static int send_to_journal(const struct iovec *field, int n)
{
	return sd_journal_sendv(field, n);
}

/* Replace the file atomically, so that no reader sees half of it. */
static int replace_textfile(size_t len)
{
	int fd, err = 0;

	fd = open(textfile_new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0644) || write(fd, page, len) != (ssize_t)len)
		err = errno ? -errno : -ENOSPC;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(textfile_new, textfile))
		err = -errno;
	if (err)
		unlink(textfile_new);
	return err;
}

/* @following: false at exit, so that stale metrics are recognised by up=0. */
static int write_metrics(struct oomtrace *ot, FILE *to,
			 struct metrics_source *src, bool following)
{
	long len;

	if (!textfile)
		return 0;
	src->info_known = following &&
			  !oomtrace_get_info(ot, &src->info, sizeof(src->info));
	src->up = src->info_known;
	src->wall_offset_ns = src->info.wall_offset_ns;
	meminfo_sample(&src->sample);
	rewind(to);
	metrics_print(&metrics, src, to);
	if (fflush(to))
		return -errno;
	len = ftell(to);
	if (len <= 0 || len >= PAGE_MAX)
		return -EFBIG;
	return replace_textfile(len);
}

/* ---- the loop ---- */

static long long service_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Report a failure once, not on every turn, and report when it is over. */
static void report_change(const char *what, int err, int *last)
{
	if (err == *last)
		return;
	*last = err;
	if (err)
		say_error("%s: %s", what, strerror(-err));
	else
		say_error("%s: works again", what);
}

/* Granted requests (commit_records=all) are not saved: they would displace OOMs. */
static bool is_history(const struct oomtrace_header *rec)
{
	return rec->type != OOMTRACE_COMMIT ||
	       !oomtrace_field_valid(rec, OOMTRACE_BIT_commit_recorded) ||
	       ((const struct oomtrace_commit *)rec)->recorded !=
	       OOMTRACE_RECORDED_ALL;
}

/*
 * Process the available records. Returns 0 if that was all, 1 if there are more,
 * or a negative errno. Sets *oom if a record is not a commit decision.
 */
static int process_records(struct oomtrace *ot, struct history_dir *h, bool *oom)
{
	const struct oomtrace_header *rec;
	int ret = 0, n;

	for (n = 0; n < RECORDS_AT_ONCE && !signals_stopped(); n++) {
		ret = oomtrace_next(ot, &rec);
		if (ret <= 0)
			return ret == -EINTR ? 1 : ret;
		metrics_feed(&metrics, rec);
		journal_feed(&journal, &metrics.cgroups, rec, service_now_ns());
		*oom |= rec->type != OOMTRACE_COMMIT;
		/* history_flush() reports a failure. */
		if (h && is_history(rec))
			history_add(h, rec);
	}
	return ret;
}

/* Save a sample of /proc/meminfo, for the report's chart. */
static void add_sample(struct history_dir *h)
{
	struct oomtrace_sample s;

	if (h && !meminfo_sample(&s))
		history_add(h, &s.h);
}

/* Write finished episodes to the journal, each once, even across a restart. */
static void write_journal(u64 now, const struct history_dir *h)
{
	static int journal_err, sent_err;
	u64 before = journal.sent_ns;

	report_change("journal", journal_flush(&journal, &metrics.cgroups, now),
		      &journal_err);
	if (h && journal.sent_ns != before)
		report_change("mark of the journal entries",
			      journal_mark_set(journal.sent_ns), &sent_err);
}

/* The main loop. Returns 0 after a signal, or a negative errno of the device. */
static int run_loop(struct oomtrace *ot, struct history_dir *h, FILE *to,
		    struct metrics_source *src)
{
	static int history_err, textfile_err;
	long long next = 0, now, wait_ns;
	bool dirty = true;
	int more, err = 0;

	while (!signals_stopped()) {
		metrics.wall_offset_ns = clock_offset_ns(CLOCK_REALTIME);
		more = process_records(ot, h, &dirty);
		now = service_now_ns();
		write_journal(now, h);
		if (now >= next || (dirty && !journal_pending(&journal))) {
			add_sample(h);
			report_change("metrics", write_metrics(ot, to, src, true),
				      &textfile_err);
			if (h)
				report_change("history", history_flush(h),
					      &history_err);
			dirty = false;
			next = now + interval_ns;
		}
		sd_notify(0, "WATCHDOG=1");
		if (more < 0) {
			err = more;
			break;
		}
		wait_ns = next - now < WATCHDOG_NS ? next - now : WATCHDOG_NS;
		if (journal_pending(&journal) || dirty)
			wait_ns = NS_PER_S / 5;
		if (more)
			continue;
		err = oomtrace_wait(ot, wait_ns / 1000000 + 1, signals_fd());
		if (err < 0 && err != -EINTR)
			break;
		err = 0;
	}
	/* Write the finished episodes without waiting for cgroup paths. */
	write_journal(~0ULL, h);
	write_metrics(ot, to, src, false);
	return err;
}

static int run_service(struct oomtrace *ot)
{
	struct metrics_source src = { .page_size = sysconf(_SC_PAGESIZE) };
	struct history_dir *h = NULL;
	int status = EXIT_OK;
	FILE *to;

	if (oomtrace_get_info(ot, &src.info, sizeof(src.info))) {
		say_error("%s", saved_error(ot));
		return EXIT_RUNTIME;
	}
	to = fmemopen(page, sizeof(page), "w");
	if (!to || signals_catch())
		return EXIT_RUNTIME;
	if (state_dir) {
		h = history_open(state_dir, max_bytes, &src.info);
		if (!h)
			return EXIT_RUNTIME;
		journal.sent_ns = journal_mark_open(state_dir);
	}
	protect_self();
	/* A previous run may have counted older records. */
	metrics.since_ns = service_now_ns();
	sd_notify(0, "READY=1");
	if (run_loop(ot, h, to, &src)) {
		say_error("%s", saved_error(ot));
		status = EXIT_RUNTIME;
	}
	sd_notify(0, "STOPPING=1");
	history_close(h);
	fclose(to);
	return status;
}

int main(int argc, char **argv)
{
	struct oomtrace *ot;
	int status;

	argp_err_exit_status = EXIT_USAGE;
	argp_program_version = "oomtraced " OOMTRACE_VERSION;
	if (argp_parse(&argp, argc, argv, 0, NULL, NULL))
		return EXIT_USAGE;
	/* The metrics go on if the reader of --stdout closes the pipe. */
	signal(SIGPIPE, SIG_IGN);
	journal.send = to_stdout ? send_to_stdout : send_to_journal;
	if (textfile)
		snprintf(textfile_new, sizeof(textfile_new), "%s.new", textfile);
	ot = oomtrace_new();
	if (!ot || saved_open(ot, device, 0)) {
		say_error("%s", saved_error(ot));
		return EXIT_RUNTIME;
	}
	status = run_service(ot);
	oomtrace_free(ot);
	return status;
}
