// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/oomtrace: records and counters as text, for people.
 *
 * Text files have mode 0444 and no write, ioctl or mmap, so they stay readable
 * under lockdown. Lockdown blocks the control files, so each has an ioctl of the
 * device that does the same. Everything here runs in process context. The tools
 * share the code that formats records and explains an OOM.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/time.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "common/format.h"
#include "common/story.h"
#include "commit/choice.h"
#include "debugfs.h"
#include "debugfs_trace.h"
#include "hook/symbols.h"
#include "hooks.h"
#include "hooks_show.h"
#include "oom/daemon_list.h"
#include "oom/episode.h"
#include "oom/ranking.h"
#include "oom/sigkill.h"
#include "oom/terms.h"
#include "refusals.h"
#include "refused/alloc.h"
#include "refused/refused.h"
#include "ring/reader.h"
#include "ring/resize.h"
#include "ring/ring.h"
#include "ring/stacks.h"
#include "stats.h"
#include "task.h"

static struct dentry *debugfs_dir;

/* ---- last_oom ---- */

static void __printf(2, 0) print_to_seq(void *ctx, const char *fmt, va_list args)
{
	seq_vprintf(ctx, fmt, args);
}

/* A reader gets each stack once, maybe with an older episode. */
static void use_stack(struct oomtrace_story *story, struct oomtrace_stack *rec)
{
	if (oomtrace_stack_fill(oomtrace_story_stack(story), rec))
		oomtrace_story_use_stack(story, rec);
}

/**
 * struct last_oom - what an explanation needs; too large for the stack
 * @reader: reads the buffered records.
 * @story: the episode.
 * @time: time of day of its begin.
 * @buf: buffer for a record.
 */
struct last_oom {
	struct oomtrace_reader reader;
	struct oomtrace_story story;
	char time[32];
	u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)];
};

/* Collect the records of an episode, 0 for the newest one. */
static int read_story(struct last_oom *w, u64 episode)
{
	int ret = oomtrace_reader_init(&w->reader, OOMTRACE_OOM_RINGS, true);

	if (ret)
		return ret;
	oomtrace_story_init(&w->story, episode, PAGE_SIZE);
	while (oomtrace_reader_next(&w->reader, w->buf)) {
		oomtrace_story_feed(&w->story, (void *)w->buf);
		cond_resched();
	}
	oomtrace_reader_free(&w->reader);
	return 0;
}

/* By the clock's present offset: if it was set since, so is this time. */
static void use_time(struct last_oom *w)
{
	u64 begin_ns = oomtrace_story_begin_ns(&w->story);
	struct tm tm;

	if (!begin_ns)
		return;
	time64_to_tm(ktime_divns(ktime_mono_to_real(ns_to_ktime(begin_ns)),
				 NSEC_PER_SEC), 0, &tm);
	snprintf(w->time, sizeof(w->time), "%04ld-%02d-%02d %02d:%02d:%02d UTC",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
	oomtrace_story_use_time(&w->story, w->time);
}

static int last_oom_show(struct seq_file *m, void *unused)
{
	const struct oomtrace_out out = { .vprint = print_to_seq, .ctx = m };
	struct last_oom *w;
	u64 newest, killed;
	int ret;

	w = kvzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	ret = read_story(w, 0);
	newest = oomtrace_story_found(&w->story);
	killed = oomtrace_story_killed_before(&w->story);
	/* OOMs without a kill often follow one, and explain less. */
	if (!ret && killed)
		ret = read_story(w, killed);
	if (!ret) {
		oomtrace_story_use_later(&w->story, newest);
		use_stack(&w->story, (void *)w->buf);
		use_time(w);
		oomtrace_story_print(&w->story, &out);
	}
	kvfree(w);
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(last_oom);

/* ---- ranking ---- */

/**
 * struct ranking_file - one open file of ranking
 * @ranks: the ranking, made when the file was opened.
 * @line: buffer for a line; too large for the stack.
 */
struct ranking_file {
	struct oomtrace_ranks ranks;
	char line[OOMTRACE_LINE_MAX];
};

/* Line 0 is the header, line n the n-th process. */
static void *ranking_at(struct ranking_file *rf, loff_t pos)
{
	if (pos == 0)
		return SEQ_START_TOKEN;
	return pos <= rf->ranks.count ? &rf->ranks.rank[pos - 1] : NULL;
}

static void *ranking_start(struct seq_file *m, loff_t *pos)
{
	return ranking_at(m->private, *pos);
}

static void *ranking_next(struct seq_file *m, void *v, loff_t *pos)
{
	return ranking_at(m->private, ++*pos);
}

static void ranking_stop(struct seq_file *m, void *v)
{
}

static int ranking_show(struct seq_file *m, void *v)
{
	struct ranking_file *rf = m->private;
	const struct oomtrace_ranks *ranks = &rf->ranks;
	const struct oomtrace_rank *rank = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "# oomtrace: the order in which a system-wide OOM would choose processes now; nothing is killed\n");
		seq_printf(m, "# computed with the kernel's formula from values read one after the other; totalpages=%lu, so oom_score_adj 1 adds %lu pages\n",
			   ranks->totalpages, ranks->totalpages / 1000);
		seq_printf(m, "# eligible: %u; not eligible (listed last): %u; kernel threads (not listed): %u\n",
			   ranks->eligible, ranks->count - ranks->eligible,
			   ranks->kthreads);
		return 0;
	}
	oomtrace_format(rf->line, sizeof(rf->line), &rank->rec.h);
	seq_puts(m, rf->line);
	return 0;
}

static const struct seq_operations ranking_sops = {
	.start	= ranking_start,
	.next	= ranking_next,
	.stop	= ranking_stop,
	.show	= ranking_show,
};

static int ranking_open(struct inode *inode, struct file *file)
{
	struct ranking_file *rf;
	int ret;

	rf = __seq_open_private(file, &ranking_sops, sizeof(*rf));
	if (!rf)
		return -ENOMEM;
	ret = oomtrace_ranks_make(&rf->ranks, 0);
	if (ret)
		seq_release_private(inode, file);
	return ret;
}

static int ranking_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct ranking_file *rf = m->private;

	oomtrace_ranks_free(&rf->ranks);
	return seq_release_private(inode, file);
}

static const struct file_operations ranking_fops = {
	.owner		= THIS_MODULE,
	.open		= ranking_open,
	.release	= ranking_release,
	.read		= seq_read,
	.llseek		= no_seek_end_llseek,
};

/* ---- stats and hooks ---- */

/* Records no longer buffered: overwritten, or dropped when the ring shrank. */
static u64 count_overwritten(const struct oomtrace_ring_cpu_info *info)
{
	u64 oldest = info->written >= info->slots ?
		     info->written - info->slots + 1 : 1;

	return max_t(u64, oldest, info->first) - 1;
}

static void show_rings(struct seq_file *m)
{
#define E(constant, name) [constant] = name,
	static const char * const names[] = { OOMTRACE_NAMES_ring(E) };
#undef E
	unsigned int cpu;
	int id;

	seq_puts(m, "# records by ring and CPU, and rejected writes: nested ones by context\n");
	seq_printf(m, "%-9s %5s %16s %16s %16s %10s %10s %10s %10s\n", "ring", "cpu",
		   "written", "overwritten", "rejected: task", "softirq",
		   "irq", "nmi", "no memory");
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		for_each_possible_cpu(cpu) {
			struct oomtrace_ring_cpu_info info = {
				.ring = id, .cpu = cpu,
			};

			if (oomtrace_rings[id].shared &&
			    cpu != oomtrace_ring_home())
				continue;

			oomtrace_ring_cpu_info(&info);
			seq_printf(m, "%-9s %5u %16llu %16llu %16llu %10llu %10llu %10llu %10llu\n",
				   names[id], cpu, info.written,
				   count_overwritten(&info),
				   info.refused[OOMTRACE_REFUSED_TASK],
				   info.refused[OOMTRACE_REFUSED_SOFTIRQ],
				   info.refused[OOMTRACE_REFUSED_IRQ],
				   info.refused[OOMTRACE_REFUSED_NMI],
				   oomtrace_ring_no_memory(id, cpu));
		}
	}
	seq_puts(m, "# memory of the rings\n");
	for (id = 0; id < OOMTRACE_RINGS; id++) {
		struct oomtrace_ring_info info;

		oomtrace_ring_info(id, &info);
		seq_printf(m, "%-9s %u records of %u bytes%s, %llu KiB in total\n",
			   names[id], info.slots, info.slot_size,
			   oomtrace_rings[id].shared ? "" : " per CPU",
			   info.bytes >> 10);
	}
	seq_printf(m, "%u of %u possible CPUs have memory; the others get it when they come online\n",
		   oomtrace_ring_cpus(), num_possible_cpus());
}

static int stats_show(struct seq_file *m, void *unused)
{
	oomtrace_stats_show(m, oomtrace_episode_count(),
			    oomtrace_stacks_refused());
	oomtrace_refused_show(m);
	oomtrace_alloc_show(m);
	show_rings(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int hooks_show(struct seq_file *m, void *unused)
{
	oomtrace_hooks_show(m);
	oomtrace_symbols_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(hooks);

/* ---- control files ---- */

/**
 * struct control - a writable text file
 * @name: the file's name.
 * @print: writes the current text to @buf and returns its length.
 * @set: applies a new text, and may modify @text. On an error it changes no
 *	setting and logs the reason.
 */
struct control {
	const char *name;
	size_t (*print)(char *buf, size_t size);
	int (*set)(char *text);
};

/* Size of the buffer for a control file's text, bytes with the NUL. */
#define CONTROL_MAX	320

static size_t enable_print(char *buf, size_t size)
{
	return scnprintf(buf, size, "%d\n", oomtrace_hooks_enabled());
}

static int enable_set(char *text)
{
	text = strim(text);
	if (strcmp(text, "0") && strcmp(text, "1")) {
		pr_err_ratelimited("enable: invalid value " WORD_FMT "; allowed are 0 and 1\n",
				   WORD_ARG(text));
		return -EINVAL;
	}
	return oomtrace_hooks_enable(*text == '1');
}

static size_t candidates_print(char *buf, size_t size)
{
	return scnprintf(buf, size, "%s\n", oomtrace_candidates_name());
}

static int candidates_set(char *text)
{
	return oomtrace_candidates_set(strim(text));
}

static size_t commit_records_print(char *buf, size_t size)
{
	return scnprintf(buf, size, "%s\n", oomtrace_commit_records_name());
}

static int commit_records_set(char *text)
{
	return oomtrace_commit_records_set(strim(text));
}

static size_t refusals_print(char *buf, size_t size)
{
	return scnprintf(buf, size, "%s\n", oomtrace_refusals_name());
}

static int refusals_set(char *text)
{
	return oomtrace_refusals_set(strim(text));
}

static size_t near_percent_print(char *buf, size_t size)
{
	return scnprintf(buf, size, "%u\n", READ_ONCE(oomtrace_near_percent));
}

static int near_percent_set(char *text)
{
	return oomtrace_near_percent_set(strim(text));
}

static int filter_set(char *text)
{
	struct oomtrace_filter f;
	int ret;

	ret = oomtrace_filter_parse(text, &f);
	return ret ? ret : oomtrace_filter_set(&f);
}

static int buffer_size_set(char *text)
{
	return oomtrace_buffer_size_set(strim(text));
}

static int daemons_set(char *text)
{
	return oomtrace_daemon_list_set_text(text);
}

static size_t signals_print(char *buf, size_t size)
{
	return scnprintf(buf, size, "%s\n", oomtrace_signals_name());
}

static int signals_set(char *text)
{
	return oomtrace_signals_set(strim(text));
}

static_assert(OOMTRACE_DAEMONS_TEXT <= CONTROL_MAX);

static const struct control controls[] = {
	{ "enable", enable_print, enable_set },
	{ "commit_records", commit_records_print, commit_records_set },
	{ "candidates", candidates_print, candidates_set },
	{ "near_percent", near_percent_print, near_percent_set },
	{ "refusals", refusals_print, refusals_set },
	{ "filter", oomtrace_filter_print, filter_set },
	{ "buffer_size_kb", oomtrace_buffer_size_print, buffer_size_set },
	{ "daemons", oomtrace_daemon_list_print, daemons_set },
	{ "signals", signals_print, signals_set },
};

static ssize_t control_read(struct file *file, char __user *ubuf, size_t len,
			    loff_t *ppos)
{
	const struct control *c = file->private_data;
	char text[CONTROL_MAX];

	return simple_read_from_buffer(ubuf, len, ppos, text,
				       c->print(text, sizeof(text)));
}

static ssize_t control_write(struct file *file, const char __user *ubuf,
			     size_t len, loff_t *ppos)
{
	const struct control *c = file->private_data;
	char *text;
	int ret;

	if (len >= CONTROL_MAX) {
		pr_err_ratelimited("%s: text too long; at most %d bytes are allowed\n", c->name,
				   CONTROL_MAX - 1);
		return -EINVAL;
	}
	text = memdup_user_nul(ubuf, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	ret = c->set(text);
	kfree(text);
	return ret ? ret : len;
}

static const struct file_operations control_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.read	= control_read,
	.write	= control_write,
	.llseek	= default_llseek,
};

/**
 * oomtrace_debugfs_init() - create the directory and its files
 *
 * Failure is not an error, since programs can use the device without debugfs.
 *
 * Return: 0.
 */
int oomtrace_debugfs_init(void)
{
	size_t i;

	debugfs_dir = debugfs_create_dir("oomtrace", NULL);
	if (IS_ERR(debugfs_dir)) {
		pr_warn("cannot create the directory in debugfs (error %ld): only /dev/oomtrace is available\n",
			PTR_ERR(debugfs_dir));
		return 0;
	}
	debugfs_create_file("trace", 0444, debugfs_dir, NULL,
			    &oomtrace_trace_fops);
	debugfs_create_file("trace_pipe", 0444, debugfs_dir, NULL,
			    &oomtrace_trace_pipe_fops);
	debugfs_create_file("last_oom", 0444, debugfs_dir, NULL,
			    &last_oom_fops);
	debugfs_create_file("ranking", 0444, debugfs_dir, NULL, &ranking_fops);
	debugfs_create_file("stats", 0444, debugfs_dir, NULL, &stats_fops);
	debugfs_create_file("hooks", 0444, debugfs_dir, NULL, &hooks_fops);
	for (i = 0; i < ARRAY_SIZE(controls); i++)
		debugfs_create_file(controls[i].name, 0644, debugfs_dir,
				    (void *)&controls[i], &control_fops);
	return 0;
}

/**
 * oomtrace_debugfs_exit() - remove the directory
 */
void oomtrace_debugfs_exit(void)
{
	debugfs_remove_recursive(debugfs_dir);
}
