// SPDX-License-Identifier: GPL-2.0
/*
 * The list of commands that count as OOM daemons. It is set by a module
 * parameter, a control file or an ioctl, in process context, and read by
 * handlers under RCU.
 *
 * There are two static lists: the one in force, and a spare one, which no handler
 * reads, to prepare the next list in.
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
/* Serializes updates: guards the spare list and the change of in_force. */
static DEFINE_MUTEX(list_mutex);

/* Is a command in the list? Any context. */
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
 * @list: the new list.
 *
 * Return: 0, or -EINVAL if @list is invalid; then the old one stays in force.
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
	/* After this no handler reads the old list: it is the spare one. */
	synchronize_rcu();
	mutex_unlock(&list_mutex);
	return 0;
}

/* Append a name; 0, or -EINVAL with a line in the log. */
static int parse_daemon_name(struct oomtrace_daemons *list, const char *name,
			     size_t len)
{
	if (!len || len >= OOMTRACE_COMM_LEN) {
		pr_err_ratelimited("daemons: '%.*s' is not a command name; names have 1 to %d bytes and are separated by commas\n",
				   (int)len, name, OOMTRACE_COMM_LEN - 1);
		return -EINVAL;
	}
	if (list->count == OOMTRACE_DAEMONS) {
		pr_err_ratelimited("daemons: too many names; at most %d are allowed\n",
				   OOMTRACE_DAEMONS);
		return -EINVAL;
	}
	memcpy(list->comm[list->count++], name, len);
	return 0;
}

/**
 * oomtrace_daemon_list_set_text() - replace the list by one given as text
 * @text: names separated by commas, or no name; may end with a newline.
 *
 * Return: 0, -EINVAL with a line in the log, or -ENOMEM.
 */
int oomtrace_daemon_list_set_text(const char *text)
{
	size_t len = strcspn(text, "\n");
	struct oomtrace_daemons *list;
	int ret = 0;

	if (text[len] && text[len + 1]) {
		pr_err_ratelimited("daemons: more than one line; write all names on one line, separated by commas\n");
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
		/* One more name must follow a comma. */
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
 * oomtrace_daemon_list_print() - print the list in force
 * @buf: out: names separated by commas, a newline and a NUL.
 * @size: bytes in @buf, at least OOMTRACE_DAEMONS_TEXT + 1.
 *
 * Return: the length without the NUL.
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
		 "OOM daemons whose SIGKILL and SIGTERM are recorded: up to 16 command names, separated by commas (default earlyoom,systemd-oomd,oomd,nohang,lmkd).");
