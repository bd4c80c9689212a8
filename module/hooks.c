// SPDX-License-Identifier: GPL-2.0
/*
 * The table of hooks: what is hooked, how, with which handler, and whether
 * oomtrace can do without it. How one of them is attached is in attach.c.
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
#include <linux/tracepoint.h>
#include <trace/events/oom.h>
#include <trace/events/signal.h>

#include "hook/attach.h"
#include "hooks.h"
#include "hook/prototype.h"

DEFINE_PER_CPU(struct oomtrace_hits, oomtrace_hits);

static struct oomtrace_hook hooks[OOMTRACE_HOOKS] = {
	[OOMTRACE_HOOK_VM_ENOUGH] = {
		.names		= { "__vm_enough_memory" },
		.prototype	= {
			"int __vm_enough_memory(struct mm_struct *mm, long pages, int cap_sys_admin)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
		.detour		= &oomtrace_vm_enough_detour,
		.how		= &oomtrace_commit_hook,
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
		.kind		= OOMTRACE_BY_KRETPROBE,
		.required	= true,
		.feeds		= "oom_begin, oom_end",
		.entry		= oomtrace_oom_entry,
		.ret		= oomtrace_oom_return,
	},
	[OOMTRACE_HOOK_RECLAIM_RETRY] = {
		.names		= { "reclaim_retry_zone" },
		.kind		= OOMTRACE_BY_TRACEPOINT,
		.feeds		= "retry: reclaim",
		.handler	= oomtrace_reclaim_retry,
	},
	[OOMTRACE_HOOK_COMPACT_RETRY] = {
		.names		= { "compact_retry" },
		.kind		= OOMTRACE_BY_TRACEPOINT,
		.feeds		= "retry: compact",
		.handler	= oomtrace_compact_retry,
	},
	[OOMTRACE_HOOK_EVALUATE] = {
		.names		= { "oom_evaluate_task" },
		.prototype	= {
			"int oom_evaluate_task(struct task_struct *task, void *arg)"
		},
		.kind		= OOMTRACE_BY_KPROBE,
		.detour		= &oomtrace_evaluate_detour,
		.how		= &oomtrace_select_hook,
		.feeds		= "candidate",
		.handler	= oomtrace_evaluate_entry,
	},
	[OOMTRACE_HOOK_BADNESS] = {
		/* What the selection calls: 5.10 has a part of its own. */
		.names		= { "oom_badness.part.0", "oom_badness" },
		.prototype	= {
			"long oom_badness(struct task_struct *p, unsigned long totalpages)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
		.detour		= &oomtrace_badness_detour,
		.how		= &oomtrace_select_hook,
		.feeds		= "candidate: points",
		.entry		= oomtrace_badness_entry,
		.ret		= oomtrace_badness_return,
	},
	[OOMTRACE_HOOK_KILL_PROCESS] = {
		.names		= { "oom_kill_process" },
		.prototype	= {
			"void oom_kill_process(struct oom_control *oc, char *message)"
		},
		.kind		= OOMTRACE_BY_KPROBE,
		.feeds		= "verdict",
		.handler	= oomtrace_kill_entry,
	},
	[OOMTRACE_HOOK_MARK_VICTIM] = {
		.names		= { "mark_victim" },
		.kind		= OOMTRACE_BY_TRACEPOINT,
		.feeds		= "victim",
		.handler	= oomtrace_mark_victim,
	},
	[OOMTRACE_HOOK_KILL_ONE] = {
		.names		= { "__oom_kill_process" },
		.prototype	= {
			"void __oom_kill_process(struct task_struct *victim, char *message)"
		},
		.kind		= OOMTRACE_BY_KPROBE,
		.feeds		= "victim: shared_mm",
		.handler	= oomtrace_kill_one_entry,
	},
	[OOMTRACE_HOOK_SIGNAL] = {
		.names		= { "signal_generate" },
		.kind		= OOMTRACE_BY_TRACEPOINT,
		.feeds		= "victim: shared_mm, daemon",
		.handler	= oomtrace_signal,
	},
	[OOMTRACE_HOOK_REAP_MM] = {
		.names		= { "__oom_reap_task_mm" },
		.prototype	= {
			"bool __oom_reap_task_mm(struct mm_struct *mm)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
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
		.kind		= OOMTRACE_BY_KPROBE,
		.feeds		= "reap: exited",
		.handler	= oomtrace_exit_victim,
	},
	[OOMTRACE_HOOK_WAKE_REAPER] = {
		.names		= { "wake_reaper" },
		.kind		= OOMTRACE_BY_TRACEPOINT,
		.feeds		= "reap: queued",
		.handler	= oomtrace_wake_reaper,
	},
	[OOMTRACE_HOOK_START_REAPING] = {
		.names		= { "start_task_reaping" },
		.kind		= OOMTRACE_BY_TRACEPOINT,
		.feeds		= "reap: start",
		.handler	= oomtrace_start_reaping,
	},
	[OOMTRACE_HOOK_FINISH_REAPING] = {
		.names		= { "finish_task_reaping" },
		.kind		= OOMTRACE_BY_TRACEPOINT,
		.feeds		= "reap: finish",
		.handler	= oomtrace_finish_reaping,
	},
	[OOMTRACE_HOOK_SKIP_REAPING] = {
		.names		= { "skip_task_reaping" },
		.kind		= OOMTRACE_BY_TRACEPOINT,
		.feeds		= "reap: skip",
		.handler	= oomtrace_skip_reaping,
	},
	[OOMTRACE_HOOK_NOTIFIER] = {
		.names		= { "oom_notify_list" },
		.kind		= OOMTRACE_BY_NOTIFIER,
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

/* A function with another prototype than the handlers expect is left alone. */
static void attach_checked(struct oomtrace_hook *hook)
{
	if (hook->prototype.state == OOMTRACE_PROTOTYPE_DIFFERENT)
		hook->error = -EPROTOTYPE;
	else
		oomtrace_attach(hook);
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
		attach_checked(&hooks[i]);
		if (hooks[i].name)
			continue;
		if (hooks[i].required) {
			pr_err("cannot hook %s (error %d), and without it there is nothing to record: not loaded\n",
			       hooks[i].names[0], hooks[i].error);
			ret = hooks[i].error;
			while (--i >= 0)
				oomtrace_detach(&hooks[i]);
			break;
		}
		pr_warn("cannot hook %s (error %d): no %s in the records\n",
			hooks[i].names[0], hooks[i].error, hooks[i].feeds);
	}
	hooks_on = !ret;
	oomtrace_detour_synchronize();
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
		oomtrace_detach(&hooks[i]);
	hooks_on = false;
	oomtrace_detour_synchronize();
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
	struct oomtrace_hook *hook;
	int i, ret = 0;

	mutex_lock(&hooks_mutex);
	if (on == hooks_on)
		goto out;
	/* Off backwards: no hook is hit that waits for one that is off. */
	for (i = 0; i < OOMTRACE_HOOKS; i++) {
		hook = &hooks[on ? i : OOMTRACE_HOOKS - 1 - i];
		ret = oomtrace_arm(hook, on);
		if (ret)
			break;
	}
	if (ret) {
		pr_err("cannot switch %s %s (error %d)\n", hook->names[0],
		       on ? "on" : "off", ret);
		while (--i >= 0)
			oomtrace_arm(&hooks[on ? i : OOMTRACE_HOOKS - 1 - i],
				     !on);
	} else {
		hooks_on = on;
	}
	oomtrace_detour_synchronize();
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
 * oomtrace_hooks_missing() - how many hooks see nothing
 *
 * Those that the kernel would not take, and those that it does not call now.
 *
 * Return: the count; 0 is how it should be.
 */
unsigned int oomtrace_hooks_missing(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < OOMTRACE_HOOKS; i++)
		n += !hooks[i].name || oomtrace_attach_is_silent(&hooks[i]);
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

static const char *prototype_word(const struct oomtrace_hook *hook)
{
	/* What the compiler split off a function is nowhere described. */
	if (strchr(hook->name, '.'))
		return "unchecked";
	return hook->prototype.state == OOMTRACE_PROTOTYPE_SAME ? "same" :
								   "unchecked";
}

static const char *state_word(const struct oomtrace_hook *hook)
{
	if (!hooks_on)
		return "off";
	return oomtrace_attach_is_silent(hook) ? "silent" : "attached";
}

static void show_hook(struct seq_file *m, unsigned int id)
{
	const struct oomtrace_hook *hook = &hooks[id];
	char where[64];

	oomtrace_attach_place(hook, where, sizeof(where));
	seq_printf(m, "%-28s %-10s %-8s ", where,
		   oomtrace_attach_kind(hook),
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
	seq_printf(m, "%-8s hits=%llu", state_word(hook), hits(id));
	if (oomtrace_attach_is_probe(hook))
		seq_printf(m, " missed=%lu", oomtrace_attach_missed(hook));
	if (hook->prototype.expected)
		seq_printf(m, " prototype=%s", prototype_word(hook));
	if (oomtrace_attach_is_silent(hook))
		seq_puts(m, " (kernel.ftrace_enabled is 0)");
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
