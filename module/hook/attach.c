// SPDX-License-Identifier: GPL-2.0
/*
 * Attaches and detaches one hook: a kprobe, a return probe, a probe of a
 * tracepoint, the oom notifier, or ftrace. The caller owns the table of all hooks
 * and serialises all calls. Runs in process context and may sleep; nothing here
 * runs in a handler.
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

/* Attempts to disarm a probe while memory is short: up to a second. */
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
	 * Each call in progress needs an instance, also while it is preempted
	 * or sleeps. Under oom_lock there is one call at a time, but many calls
	 * of __vm_enough_memory() may be in progress.
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
	/* Run last, to see how much the other notifiers freed. */
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
 * A part that the compiler split off a function (NAME.part.0) has unknown
 * arguments, so a replacement cannot call it.
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
		pr_notice("cannot hook %s by ftrace (error %d): trying a probe, which costs more\n",
			  name, error);
	return !error;
}

/**
 * oomtrace_attach() - attach a hook
 * @hook: the hook. If no symbol can be hooked, @hook->name is NULL afterwards and
 *	@hook->error is the reason.
 *
 * Tries each symbol in turn, first by ftrace if the hook allows it.
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
 * The kernel allocates memory to disarm a probe at an ftrace site. That may fail
 * in a task that the OOM killer has chosen. disable_kprobe() drops its reference
 * even when it fails with -ENOMEM, and again on every retry. Allow the reserves,
 * so that the first attempt succeeds.
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
 * unregister_kprobe() silently leaves the probe armed if it cannot allocate
 * memory; the handler would then run after the module is unloaded. A disabled
 * probe is always removed, so retry until the probe is disabled.
 */
static void disarm_before_removal(struct oomtrace_hook *hook)
{
	while (disarm_probe(hook) == -ENOMEM)
		pr_warn("no memory to remove the hook of %s: trying again\n",
			hook->name);
}

/**
 * oomtrace_detach() - detach a hook
 * @hook: the hook; nothing happens if it is not attached.
 *
 * On return, a tracepoint's handlers may still be running, and calls may be in
 * progress through a detour. The caller waits for both.
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
		disarm_before_removal(hook);
		unregister_kprobe(&hook->krp.kp);
		break;
	case OOMTRACE_BY_KRETPROBE:
		disarm_before_removal(hook);
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
 * A live patch may have claimed the function while the hook was off. If so, use
 * a probe from now on.
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
	pr_notice("cannot hook %s by ftrace again (error %d): using a probe, which costs more\n",
		  hook->name, ret);
	return 0;
}

/**
 * oomtrace_arm() - switch a hook on or off
 * @hook: the hook; nothing happens if it is not attached, or does not change.
 * @on: true to switch it on.
 *
 * Return: 0, or the error of the kernel's function.
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
		/* Stays: it costs nothing until an OOM, and then has no episode. */
		break;
	}
	if (!ret)
		hook->armed = on;
	return ret;
}

/* ---- state of a hook ---- */

/**
 * oomtrace_attach_kind() - name how a hook is attached, or would be
 * @hook: the hook.
 *
 * Return: the kind as a word, e.g. "kprobe".
 */
const char *oomtrace_attach_kind(const struct oomtrace_hook *hook)
{
	return kind_names[hook->name ? hook->attached_as : hook->kind];
}

/**
 * oomtrace_attach_is_probe() - check whether a hook patches a function's code
 * @hook: the hook, attached.
 *
 * Return: true for ftrace, kprobes and return probes.
 */
bool oomtrace_attach_is_probe(const struct oomtrace_hook *hook)
{
	return hook->attached_as == OOMTRACE_BY_FTRACE ||
	       hook->attached_as == OOMTRACE_BY_KPROBE ||
	       hook->attached_as == OOMTRACE_BY_KRETPROBE;
}

/**
 * oomtrace_attach_is_silent() - check whether a hook misses all calls now
 * @hook: the hook, attached.
 *
 * Probes at an ftrace site use ftrace, too. While the sysctl
 * kernel.ftrace_enabled is 0, ftrace calls no handler.
 *
 * Return: true if no handler of the hook can run.
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
 * oomtrace_attach_missed() - count the calls that a hook missed
 * @hook: the hook, attached.
 *
 * An ftrace hook needs no instances, so it misses none.
 *
 * Return: the count since the hook was attached.
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
 * oomtrace_attach_place() - print where a hook is
 * @hook: the hook.
 * @buf: destination: symbol+offset for a probe, else a name; never an address.
 * @size: size of @buf.
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
