// SPDX-License-Identifier: GPL-2.0
/*
 * The table of hooks: what is hooked, how, with which handler, and whether
 * oomtrace can do without it.
 *
 * Hooks are attached one by one at load. A required one that cannot attach
 * refuses the load with a line in the log; an optional one is left out, and the
 * hooks file says so and why. Nothing here runs in a handler: what a hit means
 * is the business of commit.c, selection.c and victim.c.
 *
 * Switching off (enable = 0) disarms the probes: the kernel's functions are
 * then as they were before the module was loaded, and cost what they did.
 */
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/tracepoint.h>
#include <trace/events/oom.h>
#include <trace/events/signal.h>

#include "detour.h"
#include "hooks.h"
#include "prototype.h"

DEFINE_PER_CPU(struct oomtrace_hits, oomtrace_hits);

enum hook_kind {
	HOOK_DETOUR,
	HOOK_KPROBE,
	HOOK_KRETPROBE,
	HOOK_TRACEPOINT,
	HOOK_NOTIFIER,
};

static const char * const kind_names[] = {
	[HOOK_DETOUR]		= "ftrace",
	[HOOK_KPROBE]		= "kprobe",
	[HOOK_KRETPROBE]	= "kretprobe",
	[HOOK_TRACEPOINT]	= "tracepoint",
	[HOOK_NOTIFIER]		= "notifier",
};

/**
 * struct hook - one hook
 * @names: the symbol, and what to try if the kernel does not have it.
 * @prototype: of the function that is probed, as the handlers expect it.
 * @kind: how it is hooked.
 * @detour: a cheaper way, which is tried first.
 * @required: without it the module refuses to load.
 * @feeds: what is missing from the records without it.
 * @handler: kprobe's and tracepoint's handler, and the notifier's.
 * @entry: kretprobe's entry handler.
 * @ret: kretprobe's return handler.
 * @data_size: bytes that @entry hands to @ret.
 * @hot: called at any time on any CPU, so with more instances in reserve.
 * @name: which of @names it is attached to; NULL: not attached.
 * @as: how it is attached.
 * @error: why it is not attached.
 * @armed: it is not switched off.
 * @krp: the kretprobe; its kp is the kprobe of HOOK_KPROBE.
 * @tp: the tracepoint.
 */
struct hook {
	const char *names[2];
	struct oomtrace_prototype prototype;
	enum hook_kind kind;
	struct oomtrace_detour *detour;
	bool required;
	const char *feeds;
	void *handler;
	kretprobe_handler_t entry;
	kretprobe_handler_t ret;
	const size_t *data_size;
	bool hot;
	/* private: */
	const char *name;
	enum hook_kind as;
	int error;
	bool armed;
	struct kretprobe krp;
	struct tracepoint *tp;
};

static struct notifier_block oom_nb = {
	.notifier_call	= oomtrace_oom_notify,
	/* Last, to see what all the others freed. */
	.priority	= INT_MIN,
};

static struct hook hooks[OOMTRACE_HOOKS] = {
	[OOMTRACE_HOOK_VM_ENOUGH] = {
		.names		= { "__vm_enough_memory" },
		.prototype	= {
			"int __vm_enough_memory(struct mm_struct *mm, long pages, int cap_sys_admin)"
		},
		.kind		= HOOK_KRETPROBE,
		.detour		= &oomtrace_vm_enough_detour,
		.required	= true,
		.feeds		= "commit",
		.entry		= oomtrace_vm_enough_entry,
		.ret		= oomtrace_vm_enough_return,
		.data_size	= &oomtrace_commit_call_size,
		.hot		= true,
	},
	[OOMTRACE_HOOK_OUT_OF_MEMORY] = {
		.names		= { "out_of_memory" },
		.prototype	= {
			"bool out_of_memory(struct oom_control *oc)"
		},
		.kind		= HOOK_KRETPROBE,
		.required	= true,
		.feeds		= "oom_begin, oom_end",
		.entry		= oomtrace_oom_entry,
		.ret		= oomtrace_oom_return,
	},
	[OOMTRACE_HOOK_RECLAIM_RETRY] = {
		.names		= { "reclaim_retry_zone" },
		.kind		= HOOK_TRACEPOINT,
		.feeds		= "pressure: reclaim",
		.handler	= oomtrace_reclaim_retry,
	},
	[OOMTRACE_HOOK_COMPACT_RETRY] = {
		.names		= { "compact_retry" },
		.kind		= HOOK_TRACEPOINT,
		.feeds		= "pressure: compact",
		.handler	= oomtrace_compact_retry,
	},
	[OOMTRACE_HOOK_EVALUATE] = {
		.names		= { "oom_evaluate_task" },
		.prototype	= {
			"int oom_evaluate_task(struct task_struct *task, void *arg)"
		},
		.kind		= HOOK_KPROBE,
		.feeds		= "candidate",
		.handler	= oomtrace_evaluate_entry,
	},
	[OOMTRACE_HOOK_BADNESS] = {
		/* What the selection calls: 5.10 has a part of its own. */
		.names		= { "oom_badness.part.0", "oom_badness" },
		.prototype	= {
			"long oom_badness(struct task_struct *p, unsigned long totalpages)"
		},
		.kind		= HOOK_KRETPROBE,
		.feeds		= "candidate: points",
		.entry		= oomtrace_badness_entry,
		.ret		= oomtrace_badness_return,
	},
	[OOMTRACE_HOOK_KILL_PROCESS] = {
		.names		= { "oom_kill_process" },
		.prototype	= {
			"void oom_kill_process(struct oom_control *oc, char *message)"
		},
		.kind		= HOOK_KPROBE,
		.feeds		= "verdict",
		.handler	= oomtrace_kill_entry,
	},
	[OOMTRACE_HOOK_MARK_VICTIM] = {
		.names		= { "mark_victim" },
		.kind		= HOOK_TRACEPOINT,
		.feeds		= "victim",
		.handler	= oomtrace_mark_victim,
	},
	[OOMTRACE_HOOK_KILL_ONE] = {
		.names		= { "__oom_kill_process" },
		.prototype	= {
			"void __oom_kill_process(struct task_struct *victim, char *message)"
		},
		.kind		= HOOK_KPROBE,
		.feeds		= "victim: shared_mm",
		.handler	= oomtrace_kill_one_entry,
	},
	[OOMTRACE_HOOK_SIGNAL] = {
		.names		= { "signal_generate" },
		.kind		= HOOK_TRACEPOINT,
		.feeds		= "victim: shared_mm, daemon",
		.handler	= oomtrace_signal,
	},
	[OOMTRACE_HOOK_REAP_MM] = {
		.names		= { "__oom_reap_task_mm" },
		.prototype	= {
			"bool __oom_reap_task_mm(struct mm_struct *mm)"
		},
		.kind		= HOOK_KRETPROBE,
		.feeds		= "reap: released",
		.entry		= oomtrace_reap_mm_entry,
		.ret		= oomtrace_reap_mm_return,
		.data_size	= &oomtrace_reap_mm_size,
	},
	[OOMTRACE_HOOK_EXIT_VICTIM] = {
		.names		= { "exit_oom_victim" },
		.prototype	= {
			"void exit_oom_victim(void)"
		},
		.kind		= HOOK_KPROBE,
		.feeds		= "reap: exited",
		.handler	= oomtrace_exit_victim,
	},
	[OOMTRACE_HOOK_WAKE_REAPER] = {
		.names		= { "wake_reaper" },
		.kind		= HOOK_TRACEPOINT,
		.feeds		= "reap: queued",
		.handler	= oomtrace_wake_reaper,
	},
	[OOMTRACE_HOOK_START_REAPING] = {
		.names		= { "start_task_reaping" },
		.kind		= HOOK_TRACEPOINT,
		.feeds		= "reap: start",
		.handler	= oomtrace_start_reaping,
	},
	[OOMTRACE_HOOK_FINISH_REAPING] = {
		.names		= { "finish_task_reaping" },
		.kind		= HOOK_TRACEPOINT,
		.feeds		= "reap: finish",
		.handler	= oomtrace_finish_reaping,
	},
	[OOMTRACE_HOOK_SKIP_REAPING] = {
		.names		= { "skip_task_reaping" },
		.kind		= HOOK_TRACEPOINT,
		.feeds		= "reap: skip",
		.handler	= oomtrace_skip_reaping,
	},
	[OOMTRACE_HOOK_NOTIFIER] = {
		.names		= { "oom_notify_list" },
		.kind		= HOOK_NOTIFIER,
		.feeds		= "oom_end: notifier_freed",
		.handler	= oomtrace_oom_notify,
	},
};

/* Serialises attach, detach, enable and the hooks file. */
static DEFINE_MUTEX(hooks_mutex);
static bool hooks_on;

/*
 * The kernel's tracepoints must have the prototypes that our handlers expect;
 * with any other this does not compile. Never called.
 */
static void __maybe_unused check_prototypes(void)
{
	check_trace_callback_type_reclaim_retry_zone(oomtrace_reclaim_retry);
#ifdef CONFIG_COMPACTION
	check_trace_callback_type_compact_retry(oomtrace_compact_retry);
#endif
	check_trace_callback_type_signal_generate(oomtrace_signal);
	check_trace_callback_type_mark_victim(oomtrace_mark_victim);
	check_trace_callback_type_wake_reaper(oomtrace_wake_reaper);
	check_trace_callback_type_start_task_reaping(oomtrace_start_reaping);
	check_trace_callback_type_finish_task_reaping(oomtrace_finish_reaping);
	check_trace_callback_type_skip_task_reaping(oomtrace_skip_reaping);
}

static void find_tracepoint(struct tracepoint *tp, void *priv)
{
	struct hook *hook = priv;

	if (!strcmp(tp->name, hook->names[0]))
		hook->tp = tp;
}

static int attach_kprobe(struct hook *hook)
{
	memset(&hook->krp, 0, sizeof(hook->krp));
	hook->krp.kp.symbol_name = hook->name;
	hook->krp.kp.pre_handler = hook->handler;
	return register_kprobe(&hook->krp.kp);
}

static int attach_kretprobe(struct hook *hook)
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
	hook->krp.maxactive = hook->hot ? max(64U, 4 * num_possible_cpus()) : 16;
	return register_kretprobe(&hook->krp);
}

static int attach_tracepoint(struct hook *hook)
{
	hook->tp = NULL;
	for_each_kernel_tracepoint(find_tracepoint, hook);
	if (!hook->tp)
		return -ENOENT;
	return tracepoint_probe_register(hook->tp, hook->handler, NULL);
}

static int attach_as(struct hook *hook, const char *name, enum hook_kind kind)
{
	hook->name = name;
	hook->as = kind;
	switch (kind) {
	case HOOK_DETOUR:
		return oomtrace_detour_attach(hook->detour, name);
	case HOOK_KPROBE:
		return attach_kprobe(hook);
	case HOOK_KRETPROBE:
		return attach_kretprobe(hook);
	case HOOK_TRACEPOINT:
		return attach_tracepoint(hook);
	case HOOK_NOTIFIER:
		return register_oom_notifier(&oom_nb);
	}
	return -EINVAL;
}

static bool attach_detour(struct hook *hook)
{
	int error;

	if (!hook->detour || oomtrace_commit_hook != OOMTRACE_COMMIT_FTRACE)
		return false;
	error = attach_as(hook, hook->names[0], HOOK_DETOUR);
	if (error)
		pr_notice("no ftrace hook of %s here (error %d): a return probe does the same and costs more\n",
			  hook->names[0], error);
	return !error;
}

static void attach(struct hook *hook)
{
	size_t i;

	if (hook->prototype.state == OOMTRACE_PROTOTYPE_DIFFERENT) {
		hook->error = -EPROTOTYPE;
		return;
	}
	if (attach_detour(hook)) {
		hook->armed = true;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(hook->names) && hook->names[i]; i++) {
		hook->error = attach_as(hook, hook->names[i], hook->kind);
		if (!hook->error) {
			hook->armed = true;
			return;
		}
	}
	hook->name = NULL;
}

static void detach(struct hook *hook)
{
	if (!hook->name)
		return;
	switch (hook->as) {
	case HOOK_DETOUR:
		if (hook->armed)
			oomtrace_detour_arm(hook->detour, false);
		oomtrace_detour_detach(hook->detour);
		break;
	case HOOK_KPROBE:
		unregister_kprobe(&hook->krp.kp);
		break;
	case HOOK_KRETPROBE:
		unregister_kretprobe(&hook->krp);
		break;
	case HOOK_TRACEPOINT:
		if (hook->armed)
			tracepoint_probe_unregister(hook->tp, hook->handler,
						    NULL);
		break;
	case HOOK_NOTIFIER:
		unregister_oom_notifier(&oom_nb);
		break;
	}
	hook->name = NULL;
	hook->armed = false;
}

static int arm(struct hook *hook, bool on)
{
	int ret = 0;

	if (!hook->name || hook->armed == on)
		return 0;
	switch (hook->as) {
	case HOOK_DETOUR:
		ret = oomtrace_detour_arm(hook->detour, on);
		break;
	case HOOK_KPROBE:
	case HOOK_KRETPROBE:
		ret = on ? enable_kprobe(&hook->krp.kp) :
			   disable_kprobe(&hook->krp.kp);
		break;
	case HOOK_TRACEPOINT:
		ret = on ? tracepoint_probe_register(hook->tp, hook->handler,
						     NULL) :
			   tracepoint_probe_unregister(hook->tp, hook->handler,
						       NULL);
		break;
	case HOOK_NOTIFIER:
		/* Costs nothing until an OOM, and then finds no episode. */
		break;
	}
	if (!ret)
		hook->armed = on;
	return ret;
}

/* Which hooks would be on functions with another prototype than expected. */
static int check_functions(void)
{
	struct oomtrace_prototype *list[OOMTRACE_HOOKS];
	unsigned int i, nr = 0;
	int ret;

	for (i = 0; i < OOMTRACE_HOOKS; i++)
		if (hooks[i].prototype.expected)
			list[nr++] = &hooks[i].prototype;
	ret = oomtrace_prototypes_check(list, nr);
	for (i = 0; i < nr; i++)
		if (list[i]->state == OOMTRACE_PROTOTYPE_DIFFERENT)
			pr_warn("this kernel has '%s', expected was '%s': not hooked\n",
				list[i]->found, list[i]->expected);
	return ret;
}

/**
 * oomtrace_hooks_attach() - attach every hook that the kernel has
 *
 * Return: 0, or the error of a required hook, with none left attached.
 */
int oomtrace_hooks_attach(void)
{
	int i, ret = check_functions();

	if (ret)
		return ret;
	mutex_lock(&hooks_mutex);
	for (i = 0; i < OOMTRACE_HOOKS; i++) {
		attach(&hooks[i]);
		if (hooks[i].name)
			continue;
		if (hooks[i].required) {
			pr_err("cannot hook %s (error %d), and without it there is nothing to record: not loaded\n",
			       hooks[i].names[0], hooks[i].error);
			ret = hooks[i].error;
			while (--i >= 0)
				detach(&hooks[i]);
			break;
		}
		pr_warn("cannot hook %s (error %d): no %s in the records\n",
			hooks[i].names[0], hooks[i].error, hooks[i].feeds);
	}
	hooks_on = !ret;
	mutex_unlock(&hooks_mutex);
	/* No handler of a hook that was detached again is still running. */
	if (ret)
		tracepoint_synchronize_unregister();
	return ret;
}

/**
 * oomtrace_hooks_detach() - take all hooks away
 *
 * When it returns, no handler runs and none will.
 */
void oomtrace_hooks_detach(void)
{
	int i;

	mutex_lock(&hooks_mutex);
	for (i = OOMTRACE_HOOKS; --i >= 0; )
		detach(&hooks[i]);
	hooks_on = false;
	mutex_unlock(&hooks_mutex);
	tracepoint_synchronize_unregister();
}

/**
 * oomtrace_hooks_enable() - switch the hooks on or off
 * @on: which.
 *
 * Return: 0, or the error of the first hook that would not follow; all are then
 * put back to where they were as far as they let us.
 */
int oomtrace_hooks_enable(bool on)
{
	int i, ret = 0;

	mutex_lock(&hooks_mutex);
	if (on == hooks_on)
		goto out;
	for (i = 0; i < OOMTRACE_HOOKS; i++) {
		ret = arm(&hooks[i], on);
		if (ret)
			break;
	}
	if (ret) {
		pr_err("cannot switch %s %s (error %d)\n", hooks[i].names[0],
		       on ? "on" : "off", ret);
		while (--i >= 0)
			arm(&hooks[i], !on);
	} else {
		hooks_on = on;
	}
out:
	mutex_unlock(&hooks_mutex);
	return ret;
}

/**
 * oomtrace_hooks_enabled() - are the hooks switched on?
 *
 * Return: true if so.
 */
bool oomtrace_hooks_enabled(void)
{
	return READ_ONCE(hooks_on);
}

/**
 * oomtrace_hook_attached() - does the kernel have this hook?
 * @id: which.
 *
 * Fixed at load, so a handler may ask.
 *
 * Return: true if it is attached, switched on or not.
 */
bool oomtrace_hook_attached(enum oomtrace_hook_id id)
{
	return hooks[id].name;
}

/**
 * oomtrace_hooks_missing() - how many hooks the kernel would not take
 *
 * Return: the count; 0 is how it should be.
 */
unsigned int oomtrace_hooks_missing(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < OOMTRACE_HOOKS; i++)
		n += !hooks[i].name;
	return n;
}

static u64 hits(unsigned int id)
{
	unsigned int cpu;
	u64 n = 0;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu(oomtrace_hits, cpu).n[id]);
	return n;
}

static const char *prototype_word(const struct hook *hook)
{
	/* What the compiler split off a function is nowhere described. */
	if (strchr(hook->name, '.'))
		return "unchecked";
	return hook->prototype.state == OOMTRACE_PROTOTYPE_SAME ? "same" :
								   "unchecked";
}

static bool is_probe(const struct hook *hook)
{
	return hook->as == HOOK_DETOUR || hook->as == HOOK_KPROBE ||
	       hook->as == HOOK_KRETPROBE;
}

/* A detour needs nothing that could be short, and skips no call. */
static unsigned long missed(const struct hook *hook)
{
	const struct kretprobe *krp = &hook->krp;

	switch (hook->as) {
	case HOOK_KPROBE:
		return krp->kp.nmissed;
	case HOOK_KRETPROBE:
		return krp->kp.nmissed + krp->nmissed;
	default:
		return 0;
	}
}

/* A probe's place as symbol+offset; never an address. */
static void print_place(const struct hook *hook, char *buf, size_t size)
{
	if (hook->name && hook->as == HOOK_DETOUR)
		scnprintf(buf, size, "%pS", (void *)hook->detour->ip);
	else if (hook->name && is_probe(hook))
		scnprintf(buf, size, "%pS", hook->krp.kp.addr);
	else
		strscpy(buf, hook->name ? hook->name : hook->names[0], size);
}

static void show_hook(struct seq_file *m, unsigned int id)
{
	const struct hook *hook = &hooks[id];
	char where[64];

	print_place(hook, where, sizeof(where));
	seq_printf(m, "%-28s %-10s %-8s ", where,
		   kind_names[hook->name ? hook->as : hook->kind],
		   hook->required ? "required" : "optional");
	if (hook->prototype.state == OOMTRACE_PROTOTYPE_DIFFERENT) {
		seq_printf(m, "refused  no %s: prototype is '%s', expected '%s'\n",
			   hook->feeds, hook->prototype.found,
			   hook->prototype.expected);
		return;
	}
	if (!hook->name) {
		seq_printf(m, "failed   error %d: no %s\n", hook->error,
			   hook->feeds);
		return;
	}
	seq_printf(m, "%-8s hits=%llu", hooks_on ? "attached" : "off", hits(id));
	if (is_probe(hook))
		seq_printf(m, " missed=%lu", missed(hook));
	if (hook->prototype.expected)
		seq_printf(m, " prototype=%s", prototype_word(hook));
	seq_putc(m, '\n');
}

/**
 * oomtrace_hooks_show() - a line for each hook
 * @m: the hooks file.
 */
void oomtrace_hooks_show(struct seq_file *m)
{
	unsigned int i;

	seq_printf(m, "# %-26s %-10s %-8s %s\n", "SYMBOL+OFFSET/SIZE", "KIND",
		   "NEED", "STATE");
	mutex_lock(&hooks_mutex);
	for (i = 0; i < OOMTRACE_HOOKS; i++)
		show_hook(m, i);
	mutex_unlock(&hooks_mutex);
}
