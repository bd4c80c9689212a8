// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks at a function's entry by a plain ftrace callback.
 *
 * Such a callback changes nothing about the call, so live patches, BPF programs,
 * probes and tracers may use the function as well, before and after. Taking it
 * away allocates no memory. Process context.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "hook/entry.h"
#include "hook/symbols.h"

#if OOMTRACE_HAS_FTRACE

/*
 * Frees the filter of an unregistered ops. ftrace_free_filter() would do, but
 * older kernels do not export it.
 */
static void reset_filter(struct ftrace_ops *ops)
{
	ftrace_set_filter(ops, NULL, 0, 1);
}

/*
 * To find a name, ftrace looks up the name of every function it knows: by address is
 * much faster. Where ftrace's place is not found by the function's address (arm64
 * before 5.18), it is found by name.
 */
static int set_filter(struct ftrace_ops *ops, const char *symbol)
{
	unsigned long addr = oomtrace_find_function(symbol);
	char name[KSYM_NAME_LEN];

	if (addr && !ftrace_set_filter_ip(ops, addr, 0, 1))
		return 0;
	strscpy(name, symbol, sizeof(name));
	return ftrace_set_filter(ops, name, strlen(name), 1);
}

/**
 * oomtrace_entry_attach() - hook a function by ftrace
 * @entry: the hook.
 * @symbol: the function.
 *
 * Return: 0; -EINVAL if ftrace has no function of that name, or its error.
 */
int oomtrace_entry_attach(struct oomtrace_entry *entry, const char *symbol)
{
	struct ftrace_ops *ops = &entry->ops;
	int ret = set_filter(ops, symbol);

	if (ret)
		return ret;
	ret = register_ftrace_function(ops);
	if (ret)
		reset_filter(ops);
	return ret;
}

/**
 * oomtrace_entry_arm() - switch an attached hook on or off
 * @entry: the hook.
 * @on: on.
 *
 * When it is off, the callback does not run and will not.
 *
 * Return: 0, or ftrace's error.
 */
int oomtrace_entry_arm(struct oomtrace_entry *entry, bool on)
{
	return on ? register_ftrace_function(&entry->ops) :
		    unregister_ftrace_function(&entry->ops);
}

/**
 * oomtrace_entry_detach() - take a hook away that is switched off
 * @entry: the hook.
 */
void oomtrace_entry_detach(struct oomtrace_entry *entry)
{
	reset_filter(&entry->ops);
}

#else

int oomtrace_entry_attach(struct oomtrace_entry *entry, const char *symbol)
{
	return -EOPNOTSUPP;
}

int oomtrace_entry_arm(struct oomtrace_entry *entry, bool on)
{
	return -EOPNOTSUPP;
}

void oomtrace_entry_detach(struct oomtrace_entry *entry)
{
}

#endif
