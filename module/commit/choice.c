// SPDX-License-Identifier: GPL-2.0
/*
 * The choice of commit decisions to record: denials only, all, or none; near
 * misses; and of those, the decisions that pass the filter.
 *
 * The module has one filter: a conjunction of simple tests, which RCU replaces as
 * a whole. Handlers read it with preemption off and never wait. A task that sets
 * a filter waits until no handler uses the old one. As text a filter is
 * "name=value name=value ...", with the names of the record's fields. With
 * "none" or an empty text every decision passes.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "common/format.h"
#include "commit/choice.h"
#include "commit/quick.h"
#include "rate.h"
#include "task.h"

/* ---- commit_records ---- */

unsigned int oomtrace_commit_records = OOMTRACE_RECORD_DENIED;

static const char * const record_names[] = {
	[OOMTRACE_RECORD_DENIED]	= "denied",
	[OOMTRACE_RECORD_ALL]		= "all",
	[OOMTRACE_RECORD_NONE]		= "none",
};

/**
 * oomtrace_commit_records_choose() - choose which commit decisions to record
 * @what: the decisions. Requests that begin after the return follow it.
 */
void oomtrace_commit_records_choose(enum oomtrace_commit_records what)
{
	WRITE_ONCE(oomtrace_commit_records, what);
	oomtrace_quick_set(OOMTRACE_QUICK_RECORDS, what == OOMTRACE_RECORD_ALL);
}

/**
 * oomtrace_commit_records_set() - choose which commit decisions to record
 * @name: denied, all or none; a newline may follow.
 *
 * Return: 0, or -EINVAL with a line in the log.
 */
int oomtrace_commit_records_set(const char *name)
{
	int i = sysfs_match_string(record_names, name);

	if (i < 0) {
		pr_err_ratelimited("commit_records: " WORD_FMT
				   " is not understood; allowed are denied, all and none\n",
				   WORD_ARG(name));
		return -EINVAL;
	}
	oomtrace_commit_records_choose(i);
	return 0;
}

/**
 * oomtrace_commit_records_name() - get which commit decisions are recorded
 *
 * Return: denied, all or none.
 */
const char *oomtrace_commit_records_name(void)
{
	return record_names[READ_ONCE(oomtrace_commit_records)];
}

static int commit_records_param_set(const char *val,
				    const struct kernel_param *kp)
{
	return oomtrace_commit_records_set(val);
}

static int commit_records_param_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", oomtrace_commit_records_name());
}

static const struct kernel_param_ops commit_records_ops = {
	.set = commit_records_param_set,
	.get = commit_records_param_get,
};
module_param_cb(commit_records, &commit_records_ops, NULL, 0444);
MODULE_PARM_DESC(commit_records,
		 "Which commit decisions are recorded: denied (default), all, none. All are counted.");

/* ---- near misses ---- */

unsigned int oomtrace_near_percent;

/* The most near misses to record, per CPU and second. */
#define NEAR_PER_SECOND	10

/* left_out: near misses since the last one that was recorded. */
struct near_rate {
	struct oomtrace_rate rate;
	u32 left_out;
};

/* Its type by name: on s390x, some kernels declare a per-CPU variable of a module twice. */
static DEFINE_PER_CPU(struct near_rate, near_rate);

/**
 * oomtrace_near_percent_choose() - choose which grants are near misses
 * @percent: percentage, 0 to 100.
 */
void oomtrace_near_percent_choose(unsigned int percent)
{
	/* Two writers at once must leave both places with the same number. */
	static DEFINE_MUTEX(lock);

	mutex_lock(&lock);
	WRITE_ONCE(oomtrace_near_percent, percent);
	oomtrace_quick_set(OOMTRACE_QUICK_NEAR, percent);
	mutex_unlock(&lock);
}

/**
 * oomtrace_near_percent_set() - choose which grants are near misses, by text
 * @text: percentage, 0 to 100.
 *
 * Return: 0, or -EINVAL with a line in the log.
 */
int oomtrace_near_percent_set(const char *text)
{
	unsigned int percent;

	if (kstrtouint(text, 10, &percent) || percent > 100) {
		pr_err_ratelimited("near_percent: " WORD_FMT
				   " is not understood; allowed are 0 to 100\n",
				   WORD_ARG(text));
		return -EINVAL;
	}
	oomtrace_near_percent_choose(percent);
	return 0;
}

static int near_percent_param_set(const char *val,
				  const struct kernel_param *kp)
{
	return oomtrace_near_percent_set(val);
}

static const struct kernel_param_ops near_percent_ops = {
	.set = near_percent_param_set,
	.get = param_get_uint,
};
module_param_cb(near_percent, &near_percent_ops, &oomtrace_near_percent, 0444);
MODULE_PARM_DESC(near_percent,
		 "Record grants in mode 2 that leave less than this percentage of the allowed pages: 0 (default, none) to 100.");

/**
 * oomtrace_near_allowed() - limit the rate of near misses
 *
 * Call with preemption off.
 *
 * Return: -1 if this CPU may not record a near miss now; else the number of near
 * misses that it has not recorded since the last recorded one.
 */
s64 oomtrace_near_allowed(void)
{
	struct near_rate *near = this_cpu_ptr(&near_rate);
	u32 left_out = near->left_out;

	if (!oomtrace_rate_allows(&near->rate, NEAR_PER_SECOND)) {
		near->left_out++;
		return -1;
	}
	near->left_out = 0;
	return left_out;
}

/* ---- the filter ---- */

struct oomtrace_filter_in_use __rcu *oomtrace_filter;
/* Serialises the tasks that replace oomtrace_filter; handlers do not take it. */
static DEFINE_MUTEX(filter_mutex);

/* Validate a filter from user space. */
static bool is_valid_filter(const struct oomtrace_filter *f)
{
	u32 mask = f->mask;

	if (f->size != sizeof(*f) || (mask & ~OOMTRACE_FILTER_ALL) ||
	    f->reserved[0] || f->reserved[1] || f->denied > 1 || f->mode > 2 ||
	    strnlen(f->comm, OOMTRACE_COMM_LEN) == OOMTRACE_COMM_LEN)
		return false;
	return (mask & OOMTRACE_FILTER_PID || !f->pid) &&
	       (mask & OOMTRACE_FILTER_TGID || !f->tgid) &&
	       (mask & OOMTRACE_FILTER_COMM || !f->comm[0]) &&
	       (mask & OOMTRACE_FILTER_UID || !f->uid) &&
	       (mask & OOMTRACE_FILTER_CGROUP || !f->cgroup_id) &&
	       (mask & OOMTRACE_FILTER_MIN_PAGES || !f->min_pages) &&
	       (mask & OOMTRACE_FILTER_OUTCOME || !f->denied) &&
	       (mask & OOMTRACE_FILTER_MODE || !f->mode);
}

static void replace_filter(struct oomtrace_filter_in_use *new)
{
	struct oomtrace_filter_in_use *old;

	mutex_lock(&filter_mutex);
	old = rcu_replace_pointer(oomtrace_filter, new,
				  lockdep_is_held(&filter_mutex));
	mutex_unlock(&filter_mutex);
	/* Wait until no handler uses the old filter. */
	synchronize_rcu();
	kfree(old);
}

/**
 * oomtrace_filter_set() - replace the filter
 * @f: the new filter.
 *
 * Return: 0. On error nothing changes: -EINVAL if @f is not valid, -ENOMEM.
 */
int oomtrace_filter_set(const struct oomtrace_filter *f)
{
	struct oomtrace_filter_in_use *new = NULL;

	if (!is_valid_filter(f))
		return -EINVAL;
	if (f->mask) {
		new = kzalloc(sizeof(*new), GFP_KERNEL);
		if (!new)
			return -ENOMEM;
		new->f = *f;
		if (f->mask & OOMTRACE_FILTER_COMM) {
			memcpy(new->comm, f->comm, sizeof(new->comm));
			memset(new->comm_mask, 0xff, strlen(f->comm) + 1);
		}
	}
	replace_filter(new);
	return 0;
}

/**
 * oomtrace_filter_get() - get the current filter
 * @f: every byte is filled in.
 */
void oomtrace_filter_get(struct oomtrace_filter *f)
{
	const struct oomtrace_filter_in_use *now;

	memset(f, 0, sizeof(*f));
	f->size = sizeof(*f);
	rcu_read_lock();
	now = rcu_dereference(oomtrace_filter);
	if (now)
		*f = now->f;
	rcu_read_unlock();
}

/* ---- as text ---- */

static int parse_filter_word(struct oomtrace_filter *f, const char *name, char *value)
{
	if (!strcmp(name, "pid")) {
		f->mask |= OOMTRACE_FILTER_PID;
		return kstrtoint(value, 10, &f->pid);
	}
	if (!strcmp(name, "tgid")) {
		f->mask |= OOMTRACE_FILTER_TGID;
		return kstrtoint(value, 10, &f->tgid);
	}
	if (!strcmp(name, "uid")) {
		f->mask |= OOMTRACE_FILTER_UID;
		return kstrtouint(value, 10, &f->uid);
	}
	if (!strcmp(name, "comm")) {
		f->mask |= OOMTRACE_FILTER_COMM;
		return !*value || strscpy(f->comm, value, sizeof(f->comm)) < 0 ?
			-EINVAL : 0;
	}
	if (!strcmp(name, "cgroup_id")) {
		f->mask |= OOMTRACE_FILTER_CGROUP;
		return kstrtoull(value, 10, &f->cgroup_id);
	}
	if (!strcmp(name, "min_pages")) {
		f->mask |= OOMTRACE_FILTER_MIN_PAGES;
		return kstrtoll(value, 10, &f->min_pages);
	}
	if (!strcmp(name, "mode")) {
		f->mask |= OOMTRACE_FILTER_MODE;
		return kstrtou8(value, 10, &f->mode) || f->mode > 2 ?
			-EINVAL : 0;
	}
	if (!strcmp(name, "outcome")) {
		f->mask |= OOMTRACE_FILTER_OUTCOME;
		f->denied = !strcmp(value, "denied");
		return f->denied || !strcmp(value, "granted") ? 0 : -EINVAL;
	}
	return -ENOENT;
}

/**
 * oomtrace_filter_parse() - parse a filter
 * @text: the text; modified.
 * @f: filled in.
 *
 * Return: 0, or -EINVAL with a line in the log that quotes the wrong word.
 */
int oomtrace_filter_parse(char *text, struct oomtrace_filter *f)
{
	char *word, *value;
	u32 before;
	int ret;

	memset(f, 0, sizeof(*f));
	f->size = sizeof(*f);
	text = strim(text);
	if (!strcmp(text, "none"))
		return 0;
	while ((word = strsep(&text, " \t\n"))) {
		if (!*word)
			continue;
		value = strchr(word, '=');
		if (!value) {
			pr_err_ratelimited("filter: " WORD_FMT " is not name=value\n",
					   WORD_ARG(word));
			return -EINVAL;
		}
		*value++ = '\0';
		before = f->mask;
		ret = parse_filter_word(f, word, value);
		if (ret == -ENOENT)
			pr_err_ratelimited("filter: " WORD_FMT
					   " is not a field; allowed are pid, tgid, comm, uid, cgroup_id, min_pages, outcome, mode\n",
					   WORD_ARG(word));
		else if (ret)
			pr_err_ratelimited("filter: " WORD_FMT " is not a valid %s\n",
					   WORD_ARG(value), word);
		else if (before == f->mask)
			pr_err_ratelimited("filter: %s is given twice\n", word);
		else
			continue;
		return -EINVAL;
	}
	return 0;
}

/**
 * oomtrace_filter_print() - print the current filter
 * @buf: destination.
 * @size: size of @buf; 256 is enough.
 *
 * Return: length of the text.
 */
size_t oomtrace_filter_print(char *buf, size_t size)
{
	char comm[4 * OOMTRACE_COMM_LEN + 1];
	struct oomtrace_filter f;
	size_t n = 0;

	oomtrace_filter_get(&f);
	if (!f.mask)
		return scnprintf(buf, size, "none\n");
#define SHOW(bit, fmt, value) do {					\
	if (f.mask & (bit))						\
		n += scnprintf(buf + n, size - n, "%s" fmt,		\
			       n ? " " : "", value);			\
} while (0)
	SHOW(OOMTRACE_FILTER_PID, "pid=%d", f.pid);
	SHOW(OOMTRACE_FILTER_TGID, "tgid=%d", f.tgid);
	oomtrace_escape(comm, sizeof(comm), f.comm, sizeof(f.comm));
	SHOW(OOMTRACE_FILTER_COMM, "comm=%s", comm);
	SHOW(OOMTRACE_FILTER_UID, "uid=%u", f.uid);
	SHOW(OOMTRACE_FILTER_CGROUP, "cgroup_id=%llu", f.cgroup_id);
	SHOW(OOMTRACE_FILTER_MIN_PAGES, "min_pages=%lld", f.min_pages);
	SHOW(OOMTRACE_FILTER_OUTCOME, "outcome=%s",
	     f.denied ? "denied" : "granted");
	SHOW(OOMTRACE_FILTER_MODE, "mode=%u", f.mode);
#undef SHOW
	n += scnprintf(buf + n, size - n, "\n");
	return n;
}

/* Free the filter. Call when no handler is left. */
void oomtrace_filter_exit(void)
{
	replace_filter(NULL);
}
