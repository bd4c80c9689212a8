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
#include <sys/ioctl.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "../../common/format.h"
#include "../clock.h"
#include "../meminfo.h"
#include "../metrics.h"
#include "../options.h"
#include "../savefile_read.h"
#include "../signals.h"
#include "destination.h"
#include "history.h"
#include "journal.h"
#include "known.h"
#include "loading.h"
#include "names.h"
#include "protect.h"
#include "settings.h"
#include "textfile.h"

/* The module cannot be read, and another attempt would not help. */
#define EXIT_NO_MODULE	3
/* Records per turn of the loop, so that a flood does not block the rest. */
#define RECORDS_AT_ONCE	4096
/* The path of a cgroup is read up to a second after a kill in it. */
#define SETTLE_NS	(5 * NS_PER_S)
#define LOOK_NS	(15 * NS_PER_S)	/* time between two looks at likely victims */
#define WATCHDOG_NS	(10 * NS_PER_S)	/* longest time between watchdog messages */

static struct settings settings;
static struct metrics metrics;
static struct journal journal;
static struct destination destination;

/* ---- metrics ---- */

/* vm.overcommit_memory; -1 if it cannot be read. */
static int read_overcommit_mode(void)
{
	int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
	char c = 0;

	if (fd >= 0 && read(fd, &c, 1) != 1)
		c = 0;
	if (fd >= 0)
		close(fd);
	return c >= '0' && c <= '2' ? c - '0' : -1;
}

static long long service_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Write the metrics while the module is followed. */
static int write_metrics(struct oomtrace *ot, struct metrics_source *src)
{
	src->info_known = !oomtrace_get_info(ot, &src->info, sizeof(src->info));
	src->up = src->info_known;
	src->reason = src->up ? NULL : "read";
	src->wall_offset_ns = src->info.wall_offset_ns;
	src->mode = read_overcommit_mode();
	meminfo_sample(&src->sample);
	metrics_settle(&metrics, service_now_ns() - SETTLE_NS);
	return textfile_write(&metrics, src);
}

/* Report that the module cannot be read: in the log, the status and the metrics. */
static void report_down(const struct down_reason *why)
{
	struct metrics_source src = { .reason = why->word, .mode = -1 };
	int err;

	say_error("%s", why->text);
	err = textfile_write(&metrics, &src);
	if (err)
		say_error("%s: %s", settings.textfile, strerror(-err));
	sd_notifyf(0, "STATUS=%s", why->text);
	/* The message must be processed while this process exists. */
	sd_notify_barrier(0, 5 * NS_PER_S / 1000);
}

/* Get a stack from the module, for a file that lacks it. */
static int get_stack(void *ot, struct oomtrace_stack *stack)
{
	return ioctl(oomtrace_fd(ot), OOMTRACE_IOC_STACK, stack) ? -errno : 0;
}

/* ---- the loop ---- */

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

/* Save a record, and what is known of the process if it is a victim's. */
static void save_record(struct history_dir *h, const struct oomtrace_header *rec)
{
	struct oomtrace_process known;

	/* history_flush() reports a failure. */
	history_add(h, rec);
	if (rec->type == OOMTRACE_VICTIM &&
	    rec->size >= offsetof(struct oomtrace_victim, total_vm) &&
	    known_record(&known, (const void *)rec, journal.boot_offset_ns))
		history_add(h, &known.h);
}

/* Process one record. */
static void feed(struct history_dir *h, const struct oomtrace_header *rec)
{
	metrics_feed(&metrics, rec);
	journal_feed(&journal, &metrics.cgroups, rec, service_now_ns());
	if (h && is_history(rec))
		save_record(h, rec);
}

/*
 * Before the record that completes a cgroup's path: the names of its container, which
 * the runtime may delete soon. Kills are counted when the path is complete.
 */
static void feed_names(struct history_dir *h, const struct oomtrace_header *rec)
{
	struct oomtrace_container names;

	if (rec->type != OOMTRACE_NAME || rec->size < sizeof(struct oomtrace_name))
		return;
	cgroups_feed(&metrics.cgroups, rec);
	if (names_record(&names, &metrics.cgroups, (const void *)rec))
		feed(h, &names.h);
}

/*
 * Process the available records. Returns 0 if that was all, 1 if there are more,
 * or a negative errno. Sets *oom if a record is of an OOM.
 */
static int process_records(struct oomtrace *ot, struct history_dir *h, bool *oom)
{
	const struct oomtrace_header *rec;
	int ret = 0, n;

	for (n = 0; n < RECORDS_AT_ONCE && !signals_stopped(); n++) {
		ret = oomtrace_next(ot, &rec);
		if (ret <= 0)
			return ret == -EINTR ? 1 : ret;
		feed_names(h, rec);
		feed(h, rec);
		*oom |= history_is_of_oom(rec);
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

/* Send the entries of finished episodes, each once, even across a restart. */
static void write_journal(u64 now)
{
	static int journal_err, sent_err;
	u64 before = journal.sent_ns;

	report_change("journal", journal_flush(&journal, &metrics.cgroups, now),
		      &journal_err);
	if (journal.sent_ns != before)
		report_change("mark of the journal entries",
			      destination_mark(&destination, journal.sent_ns), &sent_err);
}

/* Read what the records of a kill will lack, while the process lives. */
static void look_at_likely_victims(struct oomtrace *ot, long long now)
{
	static long long next;

	if (!settings.command_lines || now < next)
		return;
	known_look(ot, now);
	next = now + LOOK_NS;
}

/* Show in systemctl status what the service does. */
static void report_status(const struct metrics_source *src)
{
	if (src->info.hooks_missing)
		sd_notifyf(0, "STATUS=Following %s; %u hooks are missing, so records lack fields",
			   settings.device, src->info.hooks_missing);
	else
		sd_notifyf(0, "STATUS=Following %s", settings.device);
}

/* The main loop. Returns 0 after a signal, or a negative errno of the device. */
static int run_loop(struct oomtrace *ot, struct history_dir *h,
		    struct metrics_source *src)
{
	int history_err = h ? history_error(h) : 0, textfile_err = 0;
	long long next = 0, begun, now, wait_ns;
	bool dirty = true;
	int more, err = 0;

	while (!signals_stopped()) {
		metrics.wall_offset_ns = clock_offset_ns(CLOCK_REALTIME);
		journal.wall_offset_ns = metrics.wall_offset_ns;
		journal.boot_offset_ns = clock_offset_ns(CLOCK_BOOTTIME);
		begun = service_now_ns();
		more = process_records(ot, h, &dirty);
		now = service_now_ns();
		write_journal(now);
		if (now >= next || (dirty && !journal_pending(&journal))) {
			add_sample(h);
			report_change(settings.textfile, write_metrics(ot, src),
				      &textfile_err);
			report_status(src);
			if (h)
				report_change("history",
					      history_flush(h, more ? 0 : begun),
					      &history_err);
			dirty = false;
			next = now + settings.interval_ns;
		}
		look_at_likely_victims(ot, now);
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
	write_journal(~0ULL);
	return err;
}

/* Returns false, after a report, if the directory cannot be used. */
static bool open_history(struct oomtrace *ot, const struct oomtrace_info *info,
			 struct history_dir **h)
{
	struct down_reason why = { .word = "state" };
	struct history_config config = {
		.dir = settings.state_dir, .max_bytes = settings.max_bytes,
		.max_age_ns = settings.max_age_ns, .info = *info,
		.get_stack = get_stack, .ctx = ot,
	};

	*h = history_open(&config, why.text, sizeof(why.text));
	if (!*h)
		report_down(&why);
	else if (*why.text)
		say_error("%s", why.text);
	return *h;
}

static int run_service(struct oomtrace *ot)
{
	struct metrics_source src = { .page_size = sysconf(_SC_PAGESIZE) };
	struct down_reason why = { .word = "read" };
	struct history_dir *h = NULL;

	if (oomtrace_get_info(ot, &src.info, sizeof(src.info))) {
		snprintf(why.text, sizeof(why.text), "%s", saved_error(ot));
		report_down(&why);
		return EXIT_RUNTIME;
	}
	if (signals_catch())
		return EXIT_RUNTIME;
	if (settings.state_dir && !open_history(ot, &src.info, &h))
		return EXIT_RUNTIME;
	journal.sent_ns = destination_open(&destination, settings.to_stdout,
					   settings.state_dir);
	journal.send = destination.send;
	protect_self();
	loading_warn_of_version();
	if (destination_missing(&destination))
		fprintf(stderr, SD_WARNING "%s: OOMs are not logged: there is no journal, since %s does not exist; --stdout prints them\n",
			program_invocation_short_name, destination_missing(&destination));
	if (textfile_missing())
		fprintf(stderr, SD_INFO "%s: no metrics are written: there is no directory %s\n",
			program_invocation_short_name, textfile_missing());
	/* A previous run may have counted older records. */
	metrics.since_ns = service_now_ns();
	metrics.cgroups.names_root = "";
	sd_notify(0, "READY=1");
	if (run_loop(ot, h, &src)) {
		snprintf(why.text, sizeof(why.text), "%s", saved_error(ot));
		report_down(&why);
	} else {
		sd_notify(0, "STOPPING=1");
		textfile_remove();
		why.word[0] = '\0';
	}
	history_close(h);
	return *why.word ? EXIT_RUNTIME : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct down_reason why;
	struct oomtrace *ot;
	int status, err;

	argp_err_exit_status = EXIT_USAGE;
	argp_program_version = "oomtraced " OOMTRACE_VERSION;
	if (!settings_read(&settings, argc, argv))
		return EXIT_USAGE;
	if (settings.load || settings.reload)
		return loading_load(settings.reload) ? EXIT_OK : EXIT_RUNTIME;
	/* The metrics go on if the reader of --stdout closes the pipe. */
	signal(SIGPIPE, SIG_IGN);
	ot = oomtrace_new();
	if (!ot || textfile_open(settings.textfile)) {
		say_error("out of memory");
		return EXIT_RUNTIME;
	}
	err = saved_open(ot, settings.device, 0);
	if (err) {
		loading_reason(&why, err, saved_error(ot));
		report_down(&why);
		return EXIT_NO_MODULE;
	}
	status = run_service(ot);
	oomtrace_free(ot);
	return status;
}
