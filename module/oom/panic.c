// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel panics: the episode under way ends here, and the last one is
 * explained in the kernel's log, from where pstore and kdump save it.
 *
 * A panic by vm.panic_on_oom, or because nobody can be killed, never returns
 * from out_of_memory(). So the panic notifier writes the end record. Then it
 * prints what last_oom would show, if that OOM is recent enough to have to do
 * with the panic; before it the last one that killed, if that is another and no
 * OOM is the panic's own reason. The notifier is called before the log is dumped; not at all
 * if a crash kernel takes over first (crash_kexec_post_notifiers changes that).
 *
 * The other CPUs are stopped, interrupts are off, any lock may be held for
 * ever: nothing here waits or allocates. What is needed is there since load.
 * It looks at the records since the episode's begin, and at no more than
 * MAX_RECORDS of them.
 */
#include <linux/ktime.h>

#include "common/story.h"
#include "compat/panic_notifier.h"
#include "oom/panic.h"
#include "oom/selection.h"
#include "ring/reader.h"

/* An OOM longer ago is not told: it is not why the kernel panics now. */
#define RECENT_NS	(300ULL * NSEC_PER_SEC)

#define MAX_RECORDS	100000

/**
 * struct log_line - a line on its way to the kernel's log
 * @len: bytes in @text so far.
 * @text: the line's beginning; longer ones are cut into several.
 */
struct log_line {
	size_t len;
	char text[400];
};

static struct oomtrace_reader panic_reader;
static struct oomtrace_story story;
static u64 record[OOMTRACE_MAX_RECORD / sizeof(u64)];
static struct log_line line;

static void flush_line(struct log_line *l, size_t len)
{
	pr_crit("%.*s\n", (int)len, l->text);
}

/* The story comes in pieces; the log wants lines. */
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

/* Episode 0 is the last one. */
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
	return begin_ns && ktime_get_mono_fast_ns() - begin_ns < RECENT_NS;
}

static int end_at_panic(struct notifier_block *nb, unsigned long unused, void *msg)
{
	struct oomtrace_last_episodes last;

	oomtrace_selection_panic(&last);
	/* A kill is often followed by an OOM that kills nobody. */
	if (!last.panicked && last.kill_ns != last.begin_ns &&
	    is_recent(last.kill_ns))
		print_oom(last.kill, last.kill_ns);
	if (is_recent(last.begin_ns))
		print_oom(0, last.begin_ns);
	return NOTIFY_DONE;
}

static struct notifier_block panic_nb = {
	.notifier_call	= end_at_panic,
};

/**
 * oomtrace_panic_init() - be told of a panic
 *
 * Return: 0 or -ENOMEM.
 */
int oomtrace_panic_init(void)
{
	int ret = oomtrace_reader_init(&panic_reader, BIT(OOMTRACE_RING_OOM), false);

	if (!ret)
		atomic_notifier_chain_register(&panic_notifier_list, &panic_nb);
	return ret;
}

/**
 * oomtrace_panic_exit() - be told no more; before the rings are freed
 */
void oomtrace_panic_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_nb);
	oomtrace_reader_free(&panic_reader);
}
