// SPDX-License-Identifier: GPL-2.0
/*
 * The list of commands that are taken for OOM daemons: set as a module
 * parameter, by the control file or by ioctl, read by daemons.c's handlers.
 *
 * Setting is process context's business. There are two lists: one in force, and
 * one to prepare the next in, when no handler looks at it any more.
 */
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "oom/daemon_list.h"

static struct oomtrace_daemons lists[2] = {
	{
		.size = sizeof(struct oomtrace_daemons),
		.count = 5,
		.comm = {
			"earlyoom", "systemd-oomd", "oomd", "nohang", "lmkd",
		},
	},
};

static struct oomtrace_daemons __rcu *in_force =
	(struct oomtrace_daemons __force __rcu *)&lists[0];
/* Serialises those who set. */
static DEFINE_MUTEX(list_mutex);

/**
 * oomtrace_is_daemon_name() - is that command in the list?
 * @comm: the command's name.
 *
 * For handlers.
 *
 * Return: true if so.
 */
bool oomtrace_is_daemon_name(const char *comm)
{
	const struct oomtrace_daemons *list;
	bool found = false;
	u32 i;

	rcu_read_lock();
	list = rcu_dereference(in_force);
	for (i = 0; i < list->count && !found; i++)
		found = !strncmp(comm, list->comm[i], OOMTRACE_COMM_LEN);
	rcu_read_unlock();
	return found;
}

static bool is_valid_list(const struct oomtrace_daemons *list)
{
	u32 i;

	if (list->size != sizeof(*list) || list->count > OOMTRACE_DAEMONS)
		return false;
	for (i = 0; i < list->count; i++)
		if (!list->comm[i][0] ||
		    strnlen(list->comm[i], OOMTRACE_COMM_LEN) ==
		    OOMTRACE_COMM_LEN)
			return false;
	return true;
}

/**
 * oomtrace_daemon_list_set() - replace the list
 * @list: the new one.
 *
 * Return: 0, or -EINVAL if it makes no sense, and nothing has changed.
 */
int oomtrace_daemon_list_set(const struct oomtrace_daemons *list)
{
	struct oomtrace_daemons *next;

	if (!is_valid_list(list))
		return -EINVAL;
	mutex_lock(&list_mutex);
	next = rcu_access_pointer(in_force) == &lists[0] ? &lists[1] : &lists[0];
	*next = *list;
	rcu_assign_pointer(in_force, next);
	/* No handler looks at the old one any more: it can be the next. */
	synchronize_rcu();
	mutex_unlock(&list_mutex);
	return 0;
}

/* Take the next name, up to a comma; 0 or an error that was told. */
static int parse_daemon_name(struct oomtrace_daemons *list, const char *name,
			     size_t len)
{
	if (!len || len >= OOMTRACE_COMM_LEN) {
		pr_err_ratelimited("daemons: '%.*s' is no command's name; a name has 1 to %d bytes, and there are commas in between\n",
				   (int)len, name, OOMTRACE_COMM_LEN - 1);
		return -EINVAL;
	}
	if (list->count == OOMTRACE_DAEMONS) {
		pr_err_ratelimited("daemons: too many names; allowed are %d\n",
				   OOMTRACE_DAEMONS);
		return -EINVAL;
	}
	memcpy(list->comm[list->count++], name, len);
	return 0;
}

/**
 * oomtrace_daemon_list_set_text() - replace the list by one given as text
 * @text: names with commas in between, or nothing; a newline behind is no harm.
 *
 * Return: 0, or -EINVAL with a line in the log, or -ENOMEM.
 */
int oomtrace_daemon_list_set_text(const char *text)
{
	size_t len = strcspn(text, "\n");
	struct oomtrace_daemons *list;
	int ret = 0;

	if (text[len] && text[len + 1]) {
		pr_err_ratelimited("daemons: more than one line\n");
		return -EINVAL;
	}
	list = kzalloc(sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	list->size = sizeof(*list);
	while (len && !ret) {
		size_t n = strcspn(text, ",\n");

		ret = parse_daemon_name(list, text, n);
		text += n;
		len -= n;
		/* A comma announces one more name. */
		if (!ret && *text == ',') {
			text++;
			if (!--len)
				ret = parse_daemon_name(list, text, 0);
		}
	}
	if (!ret)
		ret = oomtrace_daemon_list_set(list);
	kfree(list);
	return ret;
}

/**
 * oomtrace_daemon_list_print() - the list in force, as text
 * @buf: names with commas in between, and a newline.
 * @size: its room, OOMTRACE_DAEMONS_TEXT + 1 or more.
 *
 * Return: the length.
 */
size_t oomtrace_daemon_list_print(char *buf, size_t size)
{
	const struct oomtrace_daemons *list;
	size_t len = 0;
	u32 i;

	rcu_read_lock();
	list = rcu_dereference(in_force);
	for (i = 0; i < list->count; i++)
		len += scnprintf(buf + len, size - len, "%s%s", i ? "," : "",
				 list->comm[i]);
	rcu_read_unlock();
	return len + scnprintf(buf + len, size - len, "\n");
}

static int daemons_param_set(const char *val, const struct kernel_param *kp)
{
	return oomtrace_daemon_list_set_text(val ? val : "");
}

static int daemons_param_get(char *buf, const struct kernel_param *kp)
{
	return oomtrace_daemon_list_print(buf, PAGE_SIZE);
}

static const struct kernel_param_ops daemons_ops = {
	.set = daemons_param_set,
	.get = daemons_param_get,
};
module_param_cb(daemons, &daemons_ops, NULL, 0444);
MODULE_PARM_DESC(daemons,
		 "Commands whose SIGKILL and SIGTERM are an OOM daemon's, up to 16 (default earlyoom,systemd-oomd,oomd,nohang,lmkd).");
