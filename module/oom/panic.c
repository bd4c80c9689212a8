// SPDX-License-Identifier: GPL-2.0
/*
 * When the kernel panics: end the episode under way, and explain the last one in
 * the kernel log, which pstore and kdump save.
 *
 * If out_of_memory() panics, because of vm.panic_on_oom or because no task can be
 * killed, it never returns. So the panic notifier writes the end record. Then it
 * prints what last_oom would show, if that OOM is recent. If the panic is not
 * within an OOM, the notifier first prints the last OOM that killed, if that is
 * a different and recent one.
 *
 * The kernel calls panic notifiers before it dumps the log. If it starts a crash
 * kernel, it does not call them, unless crash_kexec_post_notifiers is set.
 *
 * The other CPUs are stopped, interrupts are off, and any lock may be held
 * forever. So nothing here waits or allocates: all memory is allocated at load.
 * Records are read from the begin of the episode on, at most MAX_RECORDS.
 */
#include <linux/ktime.h>

#include "common/story.h"
#include "compat/panic_notifier.h"
#include "oom/panic.h"
#include "oom/selection.h"
#include "ring/reader.h"
#include "ring/seek.h"
#include "task.h"

/* An OOM that began longer ago is not related to the panic. */
#define RECENT_NS	(300ULL * NSEC_PER_SEC)

#define MAX_RECORDS	100000

/**
 * struct log_line - an incomplete line for the kernel log
 * @len: bytes in @text.
 * @text: the line so far; a longer line is split into several.
 */
struct log_line {
	size_t len;
	char text[400];
};

/* Only the panic notifier uses these, on the one CPU that still runs. */
static struct oomtrace_reader panic_reader;
static struct oomtrace_story story;
static u64 record[OOMTRACE_MAX_RECORD / sizeof(u64)];
static struct log_line line;

static void flush_line(struct log_line *l, size_t len)
{
	pr_crit("%.*s\n", (int)len, l->text);
}

/* Collect the pieces of the explanation, and print each line when complete. */
static void __printf(2, 0) print_to_log(void *ctx, const char *fmt,
					va_list args)
{
	struct log_line *l = ctx;
	char *end;

	l->len += vscnprintf(l->text + l->len, sizeof(l->text) - l->len, fmt,
			     args);
	while ((end = memchr(l->text, '\n', l->len))) {
		size_t n = end - l->text;

		flush_line(l, n);
		l->len -= n + 1;
		memmove(l->text, end + 1, l->len);
	}
	if (l->len == sizeof(l->text) - 1) {
		flush_line(l, l->len);
		l->len = 0;
	}
}

/* Explain an episode, 0 for the last one, from its records. */
static void print_oom(u64 episode, u64 begin_ns)
{
	const struct oomtrace_out out = { .vprint = print_to_log, .ctx = &line };
	unsigned int n;

	oomtrace_story_init(&story, episode, PAGE_SIZE);
	oomtrace_reader_since(&panic_reader, begin_ns);
	for (n = 0; n < MAX_RECORDS; n++) {
		if (!oomtrace_reader_next(&panic_reader, record))
			break;
		oomtrace_story_feed(&story, (void *)record);
	}
	if (oomtrace_story_found(&story))
		oomtrace_story_print(&story, &out);
}

static bool is_recent(u64 begin_ns)
{
	u64 now = ktime_get_mono_fast_ns();

	return begin_ns && oomtrace_ns_between(begin_ns, now) < RECENT_NS;
}

static int explain_panic(struct notifier_block *nb, unsigned long unused, void *msg)
{
	struct oomtrace_last_episodes last;

	oomtrace_selection_panic(msg, &last);
	/* An OOM without a kill often follows the one that killed. */
	if (!last.panicked && last.kill_ns != last.begin_ns &&
	    is_recent(last.kill_ns))
		print_oom(last.kill, last.kill_ns);
	if (is_recent(last.begin_ns))
		print_oom(0, last.begin_ns);
	return NOTIFY_DONE;
}

static struct notifier_block panic_nb = {
	.notifier_call	= explain_panic,
};

/**
 * oomtrace_panic_init() - register the panic notifier
 *
 * Return: 0 or -ENOMEM.
 */
int oomtrace_panic_init(void)
{
	int ret = oomtrace_reader_init(&panic_reader, OOMTRACE_OOM_RINGS, false);

	if (!ret)
		atomic_notifier_chain_register(&panic_notifier_list, &panic_nb);
	return ret;
}

/**
 * oomtrace_panic_exit() - unregister the panic notifier
 *
 * Call it before the rings are freed.
 */
void oomtrace_panic_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_nb);
	oomtrace_reader_free(&panic_reader);
}
