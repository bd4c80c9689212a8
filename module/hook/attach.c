// SPDX-License-Identifier: GPL-2.0
/*
 * How one hook is attached, switched on and off, and taken away: an ftrace
 * callback, a kprobe, a return probe, a tracepoint's probe or the oom notifier.
 * The caller holds one lock around all of it; nothing here runs in a handler.
 *
 * None of these hooks changes a call. Taking a hook away can fail, and then the
 * kernel can still call its handler: the error is passed on, never swallowed.
 */
#include <linux/delay.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

#include "hook/attach.h"
#include "hook/symbols.h"

static const char * const kind_names[] = {
	[OOMTRACE_AT_ENTRY]		= "entry",
	[OOMTRACE_BY_FTRACE]		= "ftrace",
	[OOMTRACE_BY_KPROBE]		= "kprobe",
	[OOMTRACE_BY_KRETPROBE]	= "kretprobe",
	[OOMTRACE_BY_RETURN]		= "return",
	[OOMTRACE_BY_TRACEPOINT]	= "tracepoint",
	[OOMTRACE_BY_NOTIFIER]		= "notifier",
};

/* How often, and how far apart, disarming a probe waits for memory. */
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
	hook->krp.kp.pre_handler = hook->at_entry->probe;
	return register_kprobe(&hook->krp.kp);
}

/*
 * The kernel gives the kprobe of a kretprobe a pre-handler, which takes an instance
 * for each call. Install @before in its place. @before calls it, by
 * oomtrace_take_return(), for the calls whose return is needed.
 *
 * The probe is armed already. A call that still runs the kernel's pre-handler has
 * its return hooked, which is correct and costs more. So is every call on a kernel
 * that has no such pre-handler.
 */
static void replace_pre_handler(struct oomtrace_hook *hook)
{
	struct kprobe *kp = &hook->krp.kp;

	if (!kp->pre_handler)
		return;
	hook->take_return = kp->pre_handler;
	/*
	 * A CPU that loads @before must find @take_return, but the kernel loads a
	 * pre-handler without a barrier. After this, every CPU has passed one.
	 */
	synchronize_rcu();
	WRITE_ONCE(kp->pre_handler, hook->before);
}

static void fill_kretprobe(struct oomtrace_hook *hook)
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
}

static int attach_kretprobe(struct oomtrace_hook *hook)
{
	int ret;

	fill_kretprobe(hook);
	ret = register_kretprobe(&hook->krp);
	if (!ret && hook->before)
		replace_pre_handler(hook);
	return ret;
}

/*
 * A return probe whose kprobe stays disabled: an ftrace callback calls @before in its
 * place, with the registers at the function's entry. The instances, the trampoline
 * and the return handler are the kernel's own, and so is the order in which several
 * return probes of one function run.
 */
static int attach_return(struct oomtrace_hook *hook)
{
	int ret;

	if (!OOMTRACE_HAS_RETURN)
		return -EOPNOTSUPP;
	fill_kretprobe(hook);
	if (!hook->krp.data_size)
		hook->krp.entry_handler = NULL;
	hook->krp.kp.flags = KPROBE_FLAG_DISABLED;
	ret = register_kretprobe(&hook->krp);
	if (ret)
		return ret;
	hook->take_return = hook->krp.kp.pre_handler;
	hook->at_entry->kp = &hook->krp.kp;
	ret = hook->take_return ? oomtrace_entry_attach(hook->at_entry, hook->name) :
				  -EOPNOTSUPP;
	if (ret)
		unregister_kretprobe(&hook->krp);
	return ret;
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
	case OOMTRACE_AT_ENTRY:
		break;
	case OOMTRACE_BY_FTRACE:
		return oomtrace_entry_attach(hook->at_entry, name);
	case OOMTRACE_BY_KPROBE:
		return attach_kprobe(hook);
	case OOMTRACE_BY_KRETPROBE:
		return attach_kretprobe(hook);
	case OOMTRACE_BY_RETURN:
		return attach_return(hook);
	case OOMTRACE_BY_TRACEPOINT:
		return attach_tracepoint(hook);
	case OOMTRACE_BY_NOTIFIER:
		return attach_notifier(hook);
	}
	return -EINVAL;
}

/* By ftrace if it can be, else by a kprobe. */
static int attach_one_of(struct oomtrace_hook *hook, const char *name,
			 enum oomtrace_hook_kind ftrace, enum oomtrace_hook_kind probe)
{
	bool wants_probe = hook->choice && hook->choice->probe;

	if (!wants_probe && !attach_as(hook, name, ftrace))
		return 0;
	return attach_as(hook, name, probe);
}

static int attach_to(struct oomtrace_hook *hook, const char *name)
{
	if (hook->kind == OOMTRACE_AT_ENTRY)
		return attach_one_of(hook, name, OOMTRACE_BY_FTRACE, OOMTRACE_BY_KPROBE);
	if (hook->kind == OOMTRACE_BY_KRETPROBE && hook->at_entry)
		return attach_one_of(hook, name, OOMTRACE_BY_RETURN,
				     OOMTRACE_BY_KRETPROBE);
	return attach_as(hook, name, hook->kind);
}

static void attach_by_name(struct oomtrace_hook *hook)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hook->names) && hook->names[i]; i++) {
		hook->error = attach_to(hook, hook->names[i]);
		if (!hook->error) {
			hook->armed = true;
			return;
		}
	}
	hook->name = NULL;
}

/**
 * oomtrace_attach() - attach a hook
 * @hook: the hook. If no symbol can be hooked, @hook->name is NULL afterwards and
 *	@hook->error is the reason.
 * @id: its id.
 *
 * Tries each symbol in turn, first by ftrace if the hook allows it.
 */
void oomtrace_attach(struct oomtrace_hook *hook, enum oomtrace_hook_id id)
{
	/* With an unexpected prototype the handlers would misread the arguments. */
	if (hook->prototype.state == OOMTRACE_PROTOTYPE_DIFFERENT)
		hook->error = -EPROTOTYPE;
	else
		attach_by_name(hook);
	oomtrace_hook_set_attached(id, hook->name);
}

/*
 * Disarming a probe that goes by ftrace copies a hash of 8 KiB. If there is no
 * memory for it, disable_kprobe() fails, and has dropped its reference on the
 * ftrace_ops that all probes share all the same, again on every retry. So see
 * first that there is memory, and wait if not.
 */
static bool has_memory_for_hash(void)
{
	void *probe = kmalloc(16 * SZ_1K, GFP_KERNEL | __GFP_NOWARN);

	kfree(probe);
	return probe;
}

static int disarm_probe(struct oomtrace_hook *hook)
{
	unsigned int tries, flags = 0;
	/* A task that is being killed may not get memory but from the reserves. */
	bool reserves = fatal_signal_pending(current);
	int ret = -ENOMEM;

	if (reserves)
		flags = memalloc_noreclaim_save();
	for (tries = 0; tries < DISARM_TRIES && ret == -ENOMEM; tries++) {
		if (tries)
			msleep(DISARM_WAIT_MS);
		if (has_memory_for_hash())
			ret = disable_kprobe(&hook->krp.kp);
	}
	if (reserves)
		memalloc_noreclaim_restore(flags);
	return ret;
}

/* Switch a hook off that is on. */
static int disarm(struct oomtrace_hook *hook)
{
	switch (hook->attached_as) {
	case OOMTRACE_BY_FTRACE:
	case OOMTRACE_BY_RETURN:
		return oomtrace_entry_arm(hook->at_entry, false);
	case OOMTRACE_BY_KPROBE:
	case OOMTRACE_BY_KRETPROBE:
		return disarm_probe(hook);
	case OOMTRACE_BY_TRACEPOINT:
		return tracepoint_probe_unregister(hook->tp, hook->handler,
						   NULL);
	default:
		/* The notifier costs nothing until an OOM, and then finds no episode. */
		return 0;
	}
}

/**
 * oomtrace_detach() - detach a hook
 * @hook: the hook; nothing happens if it is not attached.
 * @id: its id.
 *
 * A tracepoint's handlers may still run when it returns.
 *
 * Return: 0, or the kernel's error: the hook is still attached then, and the
 * kernel may call it.
 */
int oomtrace_detach(struct oomtrace_hook *hook, enum oomtrace_hook_id id)
{
	int ret;

	if (!hook->name)
		return 0;
	if (hook->armed) {
		ret = disarm(hook);
		if (ret)
			return ret;
		hook->armed = false;
	}
	switch (hook->attached_as) {
	case OOMTRACE_BY_FTRACE:
		oomtrace_entry_detach(hook->at_entry);
		break;
	case OOMTRACE_BY_KPROBE:
		/* Of a probe that is disabled, this cannot fail. */
		unregister_kprobe(&hook->krp.kp);
		break;
	case OOMTRACE_BY_KRETPROBE:
		unregister_kretprobe(&hook->krp);
		break;
	case OOMTRACE_BY_RETURN:
		oomtrace_entry_detach(hook->at_entry);
		unregister_kretprobe(&hook->krp);
		break;
	case OOMTRACE_BY_NOTIFIER:
		unregister_oom_notifier(&hook->nb);
		break;
	default:
		break;
	}
	hook->name = NULL;
	oomtrace_hook_set_attached(id, false);
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
	if (!on) {
		ret = disarm(hook);
	} else {
		switch (hook->attached_as) {
		case OOMTRACE_BY_FTRACE:
		case OOMTRACE_BY_RETURN:
			ret = oomtrace_entry_arm(hook->at_entry, true);
			break;
		case OOMTRACE_BY_KPROBE:
		case OOMTRACE_BY_KRETPROBE:
			ret = enable_kprobe(&hook->krp.kp);
			break;
		case OOMTRACE_BY_TRACEPOINT:
			ret = tracepoint_probe_register(hook->tp, hook->handler,
							NULL);
			break;
		default:
			break;
		}
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
	       hook->attached_as == OOMTRACE_BY_RETURN ||
	       hook->attached_as == OOMTRACE_BY_KPROBE ||
	       hook->attached_as == OOMTRACE_BY_KRETPROBE;
}

/**
 * oomtrace_attach_silenced_by() - why the kernel calls a hook no more, if it does not
 * @hook: the hook, attached.
 *
 * kernel.ftrace_enabled at 0 silences ftrace's callbacks, and the probes that go
 * by ftrace. debugfs has a switch of its own for all probes.
 *
 * Return: the switch, or NULL.
 */
const char *oomtrace_attach_silenced_by(const struct oomtrace_hook *hook)
{
	bool probe = hook->attached_as == OOMTRACE_BY_KPROBE ||
		     hook->attached_as == OOMTRACE_BY_KRETPROBE;

	if (probe && READ_ONCE(*oomtrace_sym.kprobes_all_disarmed))
		return "kprobes/enabled is 0";
	if (READ_ONCE(*oomtrace_sym.ftrace_enabled))
		return NULL;
	if (hook->attached_as == OOMTRACE_BY_FTRACE ||
	    hook->attached_as == OOMTRACE_BY_RETURN ||
	    (probe && kprobe_ftrace((struct kprobe *)&hook->krp.kp)))
		return "kernel.ftrace_enabled is 0";
	return NULL;
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
	case OOMTRACE_BY_RETURN:
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
	if (hook->name && (hook->attached_as == OOMTRACE_BY_KPROBE ||
			   hook->attached_as == OOMTRACE_BY_KRETPROBE ||
			   hook->attached_as == OOMTRACE_BY_RETURN))
		scnprintf(buf, size, "%pS", hook->krp.kp.addr);
	else
		strscpy(buf, hook->name ? hook->name : hook->names[0], size);
}
