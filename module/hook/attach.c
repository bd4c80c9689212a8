// SPDX-License-Identifier: GPL-2.0
/*
 * How one hook is attached: as a kprobe, a return probe, a tracepoint's probe,
 * the oom notifier, or by ftrace (detour.c). hooks.c has the table of all hooks
 * and holds its lock around everything here; nothing here runs in a handler.
 */
#include <linux/delay.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/tracepoint.h>

#include "hook/attach.h"
#include "hook/symbols.h"

static const char * const kind_names[] = {
	[OOMTRACE_BY_FTRACE]		= "ftrace",
	[OOMTRACE_BY_KPROBE]		= "kprobe",
	[OOMTRACE_BY_KRETPROBE]	= "kretprobe",
	[OOMTRACE_BY_TRACEPOINT]	= "tracepoint",
	[OOMTRACE_BY_NOTIFIER]		= "notifier",
};

/* For how long a probe that cannot be taken out is tried again. */
#define DISARM_TRIES	50
#define DISARM_WAIT_MS	20

/* ---- attach ---- */

static void find_tracepoint(struct tracepoint *tp, void *priv)
{
	struct oomtrace_hook *hook = priv;

	if (!strcmp(tp->name, hook->names[0]))
		hook->tp = tp;
}

static int attach_kprobe(struct oomtrace_hook *hook)
{
	memset(&hook->krp, 0, sizeof(hook->krp));
	hook->krp.kp.symbol_name = hook->name;
	hook->krp.kp.pre_handler = hook->handler;
	return register_kprobe(&hook->krp.kp);
}

static int attach_kretprobe(struct oomtrace_hook *hook)
{
	memset(&hook->krp, 0, sizeof(hook->krp));
	hook->krp.kp.symbol_name = hook->name;
	hook->krp.entry_handler = hook->entry;
	hook->krp.handler = hook->ret;
	hook->krp.data_size = hook->data_size ? *hook->data_size : 0;
	/*
	 * A call keeps its instance while it sleeps. Under oom_lock there is
	 * one call at a time; __vm_enough_memory() may be preempted often.
	 */
	hook->krp.maxactive = hook->many_instances ?
			      max(64U, 4 * num_possible_cpus()) : 16;
	return register_kretprobe(&hook->krp);
}

static int attach_tracepoint(struct oomtrace_hook *hook)
{
	hook->tp = NULL;
	for_each_kernel_tracepoint(find_tracepoint, hook);
	if (!hook->tp)
		return -ENOENT;
	return tracepoint_probe_register(hook->tp, hook->handler, NULL);
}

static int attach_notifier(struct oomtrace_hook *hook)
{
	hook->nb.notifier_call = hook->handler;
	/* Last, to see what all the others freed. */
	hook->nb.priority = INT_MIN;
	return register_oom_notifier(&hook->nb);
}

static int attach_as(struct oomtrace_hook *hook, const char *name,
		     enum oomtrace_hook_kind kind)
{
	hook->name = name;
	hook->attached_as = kind;
	switch (kind) {
	case OOMTRACE_BY_FTRACE:
		return oomtrace_detour_attach(hook->detour, name);
	case OOMTRACE_BY_KPROBE:
		return attach_kprobe(hook);
	case OOMTRACE_BY_KRETPROBE:
		return attach_kretprobe(hook);
	case OOMTRACE_BY_TRACEPOINT:
		return attach_tracepoint(hook);
	case OOMTRACE_BY_NOTIFIER:
		return attach_notifier(hook);
	}
	return -EINVAL;
}

/*
 * What the compiler split off a function takes arguments that nobody knows of,
 * so it cannot be called in our turn.
 */
static bool is_split_off(const char *name)
{
	return strchr(name, '.');
}

static bool attach_detour(struct oomtrace_hook *hook, const char *name)
{
	int error;

	if (!hook->detour || hook->choice->probe || is_split_off(name))
		return false;
	error = attach_as(hook, name, OOMTRACE_BY_FTRACE);
	if (error)
		pr_notice("no ftrace hook of %s here (error %d): a probe does the same and costs more\n",
			  name, error);
	return !error;
}

/**
 * oomtrace_attach() - attach a hook by the first of its ways that the kernel takes
 * @hook: the hook; its name is NULL after that if there is none, and its error
 *	says why.
 */
void oomtrace_attach(struct oomtrace_hook *hook)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hook->names) && hook->names[i]; i++) {
		if (attach_detour(hook, hook->names[i]))
			hook->error = 0;
		else
			hook->error = attach_as(hook, hook->names[i],
						hook->kind);
		if (!hook->error) {
			hook->armed = true;
			return;
		}
	}
	hook->name = NULL;
}

/*
 * Where ftrace has a function's first bytes, the kernel needs memory to take a
 * probe out of it. A task that is being killed for want of memory may get none;
 * and a kernel that got none has counted the probe as gone all the same, at each
 * try. So it may have what is kept in reserve.
 */
static int disarm_probe(struct oomtrace_hook *hook)
{
	unsigned int flags = memalloc_noreclaim_save();
	unsigned int tries;
	int ret = 0;

	for (tries = 0; tries < DISARM_TRIES; tries++) {
		ret = disable_kprobe(&hook->krp.kp);
		if (ret != -ENOMEM)
			break;
		msleep(DISARM_WAIT_MS);
	}
	memalloc_noreclaim_restore(flags);
	return ret;
}

/*
 * unregister_kprobe() without memory leaves the probe in, tells nobody, and the
 * handler would be called when this module is gone. One that is disabled it
 * always takes away.
 */
static void disarm_for_good(struct oomtrace_hook *hook)
{
	while (disarm_probe(hook) == -ENOMEM)
		pr_warn("no memory to take the hook of %s away: trying again\n",
			hook->name);
}

/**
 * oomtrace_detach() - take a hook away
 * @hook: the hook; nothing happens if it is not attached.
 *
 * A tracepoint's handlers may still run when it returns, and calls be on their
 * way through a detour.
 */
void oomtrace_detach(struct oomtrace_hook *hook)
{
	if (!hook->name)
		return;
	switch (hook->attached_as) {
	case OOMTRACE_BY_FTRACE:
		if (hook->armed)
			oomtrace_detour_arm(hook->detour, false);
		oomtrace_detour_detach(hook->detour);
		break;
	case OOMTRACE_BY_KPROBE:
		disarm_for_good(hook);
		unregister_kprobe(&hook->krp.kp);
		break;
	case OOMTRACE_BY_KRETPROBE:
		disarm_for_good(hook);
		unregister_kretprobe(&hook->krp);
		break;
	case OOMTRACE_BY_TRACEPOINT:
		if (hook->armed)
			tracepoint_probe_unregister(hook->tp, hook->handler,
						    NULL);
		break;
	case OOMTRACE_BY_NOTIFIER:
		unregister_oom_notifier(&hook->nb);
		break;
	}
	hook->name = NULL;
	hook->armed = false;
}

/*
 * While it was off, a live patch may have taken the function, for good. Then a
 * probe is in the hook's place from now on.
 */
static int arm_detour(struct oomtrace_hook *hook, bool on)
{
	int ret = oomtrace_detour_arm(hook->detour, on);

	if (!ret || !on)
		return ret;
	if (attach_as(hook, hook->name, hook->kind)) {
		hook->attached_as = OOMTRACE_BY_FTRACE;
		return ret;
	}
	oomtrace_detour_detach(hook->detour);
	pr_notice("no ftrace hook of %s any more (error %d): a probe does the same and costs more\n",
		  hook->name, ret);
	return 0;
}

/**
 * oomtrace_arm() - switch a hook on or off
 * @hook: the hook; nothing happens if it is not attached, or is so already.
 * @on: which.
 *
 * Return: 0 or the kernel's error.
 */
int oomtrace_arm(struct oomtrace_hook *hook, bool on)
{
	int ret = 0;

	if (!hook->name || hook->armed == on)
		return 0;
	switch (hook->attached_as) {
	case OOMTRACE_BY_FTRACE:
		ret = arm_detour(hook, on);
		break;
	case OOMTRACE_BY_KPROBE:
	case OOMTRACE_BY_KRETPROBE:
		ret = on ? enable_kprobe(&hook->krp.kp) : disarm_probe(hook);
		break;
	case OOMTRACE_BY_TRACEPOINT:
		ret = on ? tracepoint_probe_register(hook->tp, hook->handler,
						     NULL) :
			   tracepoint_probe_unregister(hook->tp, hook->handler,
						       NULL);
		break;
	case OOMTRACE_BY_NOTIFIER:
		/* Costs nothing until an OOM, and then finds no episode. */
		break;
	}
	if (!ret)
		hook->armed = on;
	return ret;
}

/* ---- what is known of it ---- */

/**
 * oomtrace_attach_kind() - how a hook is attached, or would be
 * @hook: the hook.
 *
 * Return: a word.
 */
const char *oomtrace_attach_kind(const struct oomtrace_hook *hook)
{
	return kind_names[hook->name ? hook->attached_as : hook->kind];
}

/**
 * oomtrace_attach_is_probe() - is a hook in the code of a function?
 * @hook: the hook, attached.
 *
 * Return: true if so.
 */
bool oomtrace_attach_is_probe(const struct oomtrace_hook *hook)
{
	return hook->attached_as == OOMTRACE_BY_FTRACE ||
	       hook->attached_as == OOMTRACE_BY_KPROBE ||
	       hook->attached_as == OOMTRACE_BY_KRETPROBE;
}

/**
 * oomtrace_attach_is_silent() - can a hook see no call at the moment?
 * @hook: the hook, attached.
 *
 * Where ftrace has a function's first bytes, probes go by ftrace too, and with
 * the sysctl kernel.ftrace_enabled at 0 nothing of it is called.
 *
 * Return: true if so.
 */
bool oomtrace_attach_is_silent(const struct oomtrace_hook *hook)
{
	if (!oomtrace_attach_is_probe(hook) ||
	    READ_ONCE(*oomtrace_sym.ftrace_enabled))
		return false;
	return hook->attached_as == OOMTRACE_BY_FTRACE ||
	       kprobe_ftrace((struct kprobe *)&hook->krp.kp);
}

/**
 * oomtrace_attach_missed() - calls that a hook could not see
 * @hook: the hook, attached.
 *
 * By ftrace nothing is needed that could be short, and no call is skipped.
 *
 * Return: the count since it was attached.
 */
unsigned long oomtrace_attach_missed(const struct oomtrace_hook *hook)
{
	const struct kretprobe *krp = &hook->krp;

	switch (hook->attached_as) {
	case OOMTRACE_BY_KPROBE:
		return krp->kp.nmissed;
	case OOMTRACE_BY_KRETPROBE:
		return krp->kp.nmissed + krp->nmissed;
	default:
		return 0;
	}
}

/**
 * oomtrace_attach_place() - where a hook is
 * @hook: the hook.
 * @buf: for the place: of a probe symbol+offset, else a name; never an address.
 * @size: of @buf.
 */
void oomtrace_attach_place(const struct oomtrace_hook *hook, char *buf,
			   size_t size)
{
	if (hook->name && hook->attached_as == OOMTRACE_BY_FTRACE)
		scnprintf(buf, size, "%pS", (void *)hook->detour->ip);
	else if (hook->name && oomtrace_attach_is_probe(hook))
		scnprintf(buf, size, "%pS", hook->krp.kp.addr);
	else
		strscpy(buf, hook->name ? hook->name : hook->names[0], size);
}
