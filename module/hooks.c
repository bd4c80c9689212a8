// SPDX-License-Identifier: GPL-2.0
/*
 * The table of hooks: for each hook the kernel's symbol, the method, the handler,
 * and whether the module needs it. The parameters that choose a method are here
 * as well.
 *
 * Loading attaches the hooks one by one. If a required hook fails, the load fails
 * with a message in the kernel log. If an optional hook fails, the hooks file
 * shows the error. Nothing here runs in a handler.
 *
 * Disabling (enable = 0) disarms the probes: the kernel's functions then run
 * unmodified, at the cost they had before the module was loaded.
 */
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/tracepoint.h>
#include <trace/events/oom.h>
#include <trace/events/signal.h>

#include "commit/sysctl.h"
#include "commit/vm_enough.h"
#include "compat/memcontrol.h"
#include "hook/attach.h"
#include "hook/hook.h"
#include "hook/prototype.h"
#include "hooks.h"
#include "hooks_mode.h"
#include "hooks_refusals.h"
#include "oom/account.h"
#include "oom/candidate.h"
#include "oom/daemon.h"
#include "oom/retries.h"
#include "oom/selection.h"
#include "oom/victim.h"
#include "oom/waiting.h"
#include "refused/alloc.h"
#include "refused/refused.h"
#include "refused/within.h"
#include "stats.h"
#include "task.h"

/* ---- parameters ---- */

static struct oomtrace_hook_choice commit_hook = {
	.words = { "ftrace", "kprobe" },
};

static struct oomtrace_hook_choice select_hook = {
	.words = { "ftrace", "kprobe" },
};

static int hook_choice_set(const char *val, const struct kernel_param *kp)
{
	struct oomtrace_hook_choice *choice = kp->arg;
	int i = __sysfs_match_string(choice->words, ARRAY_SIZE(choice->words),
				     val);

	if (i < 0) {
		pr_err("%s: invalid value " WORD_FMT "; allowed are %s and %s\n",
		       kp->name, WORD_ARG(val), choice->words[0],
		       choice->words[1]);
		return -EINVAL;
	}
	choice->probe = i;
	return 0;
}

static int hook_choice_get(char *buf, const struct kernel_param *kp)
{
	const struct oomtrace_hook_choice *choice = kp->arg;

	return sysfs_emit(buf, "%s\n", choice->words[choice->probe]);
}

static const struct kernel_param_ops hook_choice_ops = {
	.set = hook_choice_set,
	.get = hook_choice_get,
};
module_param_cb(commit_hook, &hook_choice_ops, &commit_hook, 0444);
MODULE_PARM_DESC(commit_hook,
		 "How __vm_enough_memory is hooked: ftrace (default; a kprobe where the kernel has no ftrace), or kprobe, which costs more.");

module_param_cb(select_hook, &hook_choice_ops, &select_hook, 0444);
MODULE_PARM_DESC(select_hook,
		 "How oom_evaluate_task and oom_badness are hooked: ftrace (default; a kprobe where the kernel has no ftrace), or kprobe, which costs more.");

static char *badness;
module_param(badness, charp, 0);
MODULE_PARM_DESC(badness,
		 "For tests: the function to hook in place of oom_badness, e.g. one that is never called, as if the compiler had inlined oom_badness.");

/* ---- the table ---- */

/*
 * T(ID, event, handler, records): the hooks on tracepoints. Each row expands to
 * an entry of the table below, and to a compile-time check that the handler's
 * arguments match the tracepoint's.
 */
#define TRACEPOINT_HOOKS(T)						\
	T(RECLAIM_RETRY, reclaim_retry_zone, oomtrace_reclaim_retry,	\
	  "retry: reclaim")						\
	T(COMPACT_RETRY, compact_retry, oomtrace_compact_retry,		\
	  "retry: compact")						\
	T(MARK_VICTIM, mark_victim, oomtrace_mark_victim, "victim")	\
	T(SIGNAL, signal_generate, oomtrace_signal,			\
	  "victim: shared_mm, daemon")					\
	T(WAKE_REAPER, wake_reaper, oomtrace_wake_reaper,		\
	  "reap: queued")						\
	T(START_REAPING, start_task_reaping, oomtrace_start_reaping,	\
	  "reap: start")						\
	T(FINISH_REAPING, finish_task_reaping, oomtrace_finish_reaping,	\
	  "reap: finish")						\
	T(SKIP_REAPING, skip_task_reaping, oomtrace_skip_reaping,	\
	  "reap: skip")

#ifndef CONFIG_COMPACTION
/* Kernels without compaction lack this tracepoint and its type check. */
static inline void check_trace_callback_type_compact_retry(void *handler)
{
}
#endif

/* Never called: only the compile-time checks in it matter. */
static void __maybe_unused check_tracepoint_handlers(void)
{
#define CHECK_HANDLER(ID, event, handler, records)	\
	check_trace_callback_type_##event(handler);
	TRACEPOINT_HOOKS(CHECK_HANDLER)
#undef CHECK_HANDLER
}

#define VM_ENOUGH_PROTOTYPE \
	"int __vm_enough_memory(struct mm_struct *mm, long pages, int cap_sys_admin)"

static struct oomtrace_hook hooks[OOMTRACE_HOOKS] = {
#define TRACEPOINT_ENTRY(ID, event, function, text)	\
	[OOMTRACE_HOOK_##ID] = {			\
		.names		= { #event },		\
		.kind		= OOMTRACE_BY_TRACEPOINT, \
		.records	= text,			\
		.handler	= function,		\
	},
	TRACEPOINT_HOOKS(TRACEPOINT_ENTRY)
#undef TRACEPOINT_ENTRY
	[OOMTRACE_HOOK_VM_ENOUGH] = {
		.names		= { "__vm_enough_memory" },
		.prototype	= { VM_ENOUGH_PROTOTYPE },
		.kind		= OOMTRACE_AT_ENTRY,
		.at_entry	= &oomtrace_vm_enough,
		.choice		= &commit_hook,
		.required	= true,
		.records	= "commit",
	},
	[OOMTRACE_HOOK_VM_ENOUGH_RETURN] = {
		.names		= { "__vm_enough_memory" },
		.prototype	= { VM_ENOUGH_PROTOTYPE },
		.kind		= OOMTRACE_BY_KRETPROBE,
		.at_entry	= &oomtrace_vm_enough_by_ftrace,
		.choice		= &commit_hook,
		.records	= "commit: exact in mode 2",
		.before		= oomtrace_vm_enough_before,
		.entry		= oomtrace_vm_enough_entry,
		.ret		= oomtrace_vm_enough_return,
		.data_size	= &oomtrace_commit_call_size,
		.on_demand	= true,
		.when		= "vm.overcommit_memory is 2",
		.many_instances	= true,
	},
	[OOMTRACE_HOOK_OUT_OF_MEMORY] = {
		.names		= { "out_of_memory" },
		.prototype	= {
			"bool out_of_memory(struct oom_control *oc)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
		.required	= true,
		.records	= "oom_begin, oom_end",
		.entry		= oomtrace_oom_entry,
		.ret		= oomtrace_oom_return,
	},
	[OOMTRACE_HOOK_SYNCHRONIZE] = {
		.names		= { "mem_cgroup_oom_synchronize" },
		.prototype	= {
			"bool mem_cgroup_oom_synchronize(bool handle)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
		.records	= "wait",
		.entry		= oomtrace_synchronize_entry,
		.ret		= oomtrace_synchronize_return,
		.many_instances	= true,
		.absent		= !OOMTRACE_TASKS_WAIT,
	},
	[OOMTRACE_HOOK_EVALUATE] = {
		.names		= { "oom_evaluate_task" },
		.prototype	= {
			"int oom_evaluate_task(struct task_struct *task, void *arg)"
		},
		.kind		= OOMTRACE_AT_ENTRY,
		.at_entry	= &oomtrace_evaluate,
		.choice		= &select_hook,
		.records	= "candidate",
	},
	[OOMTRACE_HOOK_BADNESS] = {
		/* On 5.10 the selection calls the part that was split off. */
		.names		= { "oom_badness.part.0", "oom_badness" },
		.prototype	= {
			"long oom_badness(struct task_struct *p, unsigned long totalpages)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
		.at_entry	= &oomtrace_badness_by_ftrace,
		.choice		= &select_hook,
		.records	= "candidate: points",
		.before		= oomtrace_badness_before,
		.entry		= oomtrace_badness_entry,
		.ret		= oomtrace_badness_return,
	},
	[OOMTRACE_HOOK_KILL_PROCESS] = {
		.names		= { "oom_kill_process" },
		.prototype	= {
			"void oom_kill_process(struct oom_control *oc, char *message)"
		},
		.kind		= OOMTRACE_AT_ENTRY,
		.at_entry	= &oomtrace_kill_process,
		.records	= "verdict",
	},
	[OOMTRACE_HOOK_PRINT_MEMINFO] = {
		.names		= { "mem_cgroup_print_oom_meminfo" },
		.prototype	= {
			"void mem_cgroup_print_oom_meminfo(struct mem_cgroup *memcg)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
		.records	= "memcg: as in the kernel's log",
		.entry		= oomtrace_print_meminfo_entry,
		.ret		= oomtrace_print_meminfo_return,
	},
	[OOMTRACE_HOOK_KILL_ONE] = {
		.names		= { "__oom_kill_process" },
		.prototype	= {
			"void __oom_kill_process(struct task_struct *victim, char *message)"
		},
		.kind		= OOMTRACE_AT_ENTRY,
		.at_entry	= &oomtrace_kill_one,
		.records	= "victim: shared_mm",
	},
	[OOMTRACE_HOOK_REAP_MM] = {
		.names		= { "__oom_reap_task_mm" },
		.prototype	= {
			"bool __oom_reap_task_mm(struct mm_struct *mm)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
		.records	= "reap: released",
		.entry		= oomtrace_reap_mm_entry,
		.ret		= oomtrace_reap_mm_return,
		.data_size	= &oomtrace_reap_mm_size,
	},
	[OOMTRACE_HOOK_EXIT_VICTIM] = {
		.names		= { "exit_oom_victim" },
		.prototype	= {
			"void exit_oom_victim(void)"
		},
		.kind		= OOMTRACE_AT_ENTRY,
		.at_entry	= &oomtrace_exit_victim,
		.records	= "reap: exited",
	},
	[OOMTRACE_HOOK_WARN_ALLOC] = {
		.names		= { "warn_alloc" },
		.prototype	= {
			"void warn_alloc(gfp_t gfp_mask, nodemask_t *nodemask, char *fmt, ...)"
		},
		.kind		= OOMTRACE_AT_ENTRY,
		.at_entry	= &oomtrace_warn_alloc,
		.records	= "alloc_failure",
	},
#define REFUSED_ENTRY(HOOK, call, symbol, fallback)	\
	[OOMTRACE_HOOK_REFUSED_##HOOK] = {		\
		.names		= { symbol, fallback },	\
		.kind		= OOMTRACE_BY_KRETPROBE, \
		.records	= "refused: " #HOOK,	\
		.entry		= oomtrace_refused_entry, \
		.ret		= oomtrace_refused_##HOOK, \
		.data_size	= &oomtrace_refused_size, \
		.on_demand	= true,			\
		.many_instances	= true,			\
		.when		= "refusals is syscalls", \
	},
	OOMTRACE_REFUSED_CALLS(REFUSED_ENTRY)
#undef REFUSED_ENTRY
	[OOMTRACE_HOOK_REFUSED_CHARGE] = {
		.names		= { "try_charge_memcg", "try_charge" },
		.prototype	= {
			"int try_charge_memcg(struct mem_cgroup *memcg, gfp_t gfp_mask, unsigned int nr_pages)"
		},
		.kind		= OOMTRACE_BY_KRETPROBE,
		.records	= "refused: memcg",
		.entry		= oomtrace_charge_entry,
		.ret		= oomtrace_charge_return,
		.data_size	= &oomtrace_charge_size,
		.on_demand	= true,
		.many_instances	= true,
		.when		= "refusals is syscalls",
	},
	[OOMTRACE_HOOK_REFUSED_NO_GAP] = {
		.names		= { "__get_unmapped_area", "get_unmapped_area" },
		.kind		= OOMTRACE_BY_KRETPROBE,
		.records	= "refused: address_space",
		.ret		= oomtrace_no_gap_return,
		.on_demand	= true,
		.many_instances	= true,
		.when		= "refusals is syscalls",
	},
	[OOMTRACE_HOOK_NOTIFIER] = {
		.names		= { "oom_notify_list" },
		.kind		= OOMTRACE_BY_NOTIFIER,
		.records	= "oom_end: notifier_freed",
		.handler	= oomtrace_oom_notify,
	},
};

/*
 * Guards hooks[] and hooks_on. oomtrace_hooks_enabled() and
 * oomtrace_hooks_missing() read them without it, only to report the state.
 */
static DEFINE_MUTEX(hooks_mutex);
static bool hooks_on;

/* Find the hooks whose function has an unexpected prototype. */
static int check_hook_prototypes(void)
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
			pr_warn("this kernel has '%s', expected '%s': not hooked\n",
				list[i]->found, list[i]->expected);
	return ret;
}

static void attach_hook(enum oomtrace_hook_id id)
{
	oomtrace_attach(&hooks[id], id);
}

static int detach_hook(enum oomtrace_hook_id id)
{
	return oomtrace_detach(&hooks[id], id);
}

/* ---- __vm_enough_memory() in mode 2 ---- */

/* Work: the mode has changed, or was left a while ago. */
static void follow_mode(struct work_struct *unused)
{
	mutex_lock(&hooks_mutex);
	/* Switching the hooks on looks at the mode again. */
	if (hooks_on)
		oomtrace_hooks_follow_mode(&hooks[OOMTRACE_HOOK_VM_ENOUGH],
					   &hooks[OOMTRACE_HOOK_VM_ENOUGH_RETURN]);
	mutex_unlock(&hooks_mutex);
}

/* ---- refused system calls ---- */

static bool refusals_wanted;

/**
 * oomtrace_hooks_refusals() - hook the system calls whose refusals are recorded
 * @on: true to hook them, false to take the hooks away.
 *
 * Before oomtrace_hooks_attach() and while the hooks are switched off, this only
 * keeps what is wanted.
 *
 * Return: 0, or the error of a hook that could not be taken away.
 */
int oomtrace_hooks_refusals(bool on)
{
	int ret = 0;

	mutex_lock(&hooks_mutex);
	if (!on)
		ret = oomtrace_hooks_detach_refusals(hooks);
	if (!ret)
		refusals_wanted = on;
	if (on && hooks_on)
		oomtrace_hooks_attach_refusals(hooks);
	mutex_unlock(&hooks_mutex);
	return ret;
}

/* Whether refused system calls are recorded. */
bool oomtrace_hooks_refusals_on(void)
{
	return READ_ONCE(refusals_wanted);
}

/* ---- attach and detach ---- */

/* Returns the hook that could not be taken away, or NULL. */
static struct oomtrace_hook *detach_all(int *error)
{
	struct oomtrace_hook *stuck = NULL;
	int i, ret;

	mutex_lock(&hooks_mutex);
	/* From here on the mode is not followed. */
	hooks_on = false;
	if (oomtrace_vm_enough_uses_return())
		oomtrace_vm_enough_use_return(false);
	for (i = OOMTRACE_HOOKS; --i >= 0; ) {
		ret = detach_hook(i);
		if (ret) {
			stuck = &hooks[i];
			*error = ret;
		}
	}
	mutex_unlock(&hooks_mutex);
	tracepoint_synchronize_unregister();
	/* No handler is left that asks for it. */
	oomtrace_vm_enough_cancel();
	return stuck;
}

/**
 * oomtrace_hooks_detach() - take all hooks away
 *
 * When it returns, no handler runs and none will. It does not return if that
 * cannot be had: ftrace refuses to remove callbacks once it has found itself
 * broken (ftrace_bug()), and the kernel still calls them. Freed code would be
 * called then, so the module stays for as long as the kernel runs.
 */
void oomtrace_hooks_detach(void)
{
	struct oomtrace_hook *stuck;
	int error = 0, reported = 0;

	while ((stuck = detach_all(&error))) {
		if (error != reported)
			pr_emerg("cannot take the hook of %s away (error %d): the kernel can still call this module, which is therefore not unloaded\n",
				 stuck->name, error);
		reported = error;
		/* Memory may come back; no other error ends. */
		do {
			schedule_timeout_idle(error == -ENOMEM ? HZ : 3600 * HZ);
		} while (error != -ENOMEM);
	}
}

/**
 * oomtrace_hooks_attach() - attach every hook that the kernel supports
 *
 * Return: 0, or the error of a required hook; then no hook is attached.
 */
int oomtrace_hooks_attach(void)
{
	int i, ret = check_hook_prototypes();

	if (ret)
		return ret;
	oomtrace_vm_enough_init(follow_mode);
	mutex_lock(&hooks_mutex);
	if (badness) {
		hooks[OOMTRACE_HOOK_BADNESS].names[0] = badness;
		hooks[OOMTRACE_HOOK_BADNESS].names[1] = NULL;
	}
	for (i = 0; i < OOMTRACE_HOOKS && !ret; i++) {
		if (hooks[i].on_demand || hooks[i].absent)
			continue;
		attach_hook(i);
		if (hooks[i].name)
			continue;
		if (hooks[i].required) {
			pr_err("cannot hook %s (error %d), which is required: not loaded\n",
			       hooks[i].names[0], hooks[i].error);
			ret = hooks[i].error;
		} else {
			pr_warn("cannot hook %s (error %d): records lack %s\n",
				hooks[i].names[0], hooks[i].error,
				hooks[i].records);
		}
	}
	hooks_on = !ret;
	if (hooks_on) {
		oomtrace_hooks_follow_mode(&hooks[OOMTRACE_HOOK_VM_ENOUGH],
					   &hooks[OOMTRACE_HOOK_VM_ENOUGH_RETURN]);
		if (refusals_wanted)
			oomtrace_hooks_attach_refusals(hooks);
	}
	mutex_unlock(&hooks_mutex);
	if (ret)
		oomtrace_hooks_detach();
	return ret;
}

/* Is this hook to be on while the others are? */
static bool is_idle(const struct oomtrace_hook *hook)
{
	return hook == &hooks[OOMTRACE_HOOK_VM_ENOUGH] &&
	       oomtrace_vm_enough_uses_return();
}

static int arm_all(bool on)
{
	struct oomtrace_hook *hook;
	int i, ret = 0;

	if (!on)
		oomtrace_hooks_count_off();
	/* Off in reverse order: no hook runs without one that it relies on. */
	for (i = 0; i < OOMTRACE_HOOKS; i++) {
		hook = &hooks[on ? i : OOMTRACE_HOOKS - 1 - i];
		if (on && is_idle(hook))
			continue;
		ret = oomtrace_arm(hook, on);
		if (ret)
			break;
	}
	if (!ret) {
		hooks_on = on;
		return 0;
	}
	pr_err("cannot switch %s %s (error %d)\n", hook->names[0],
	       on ? "on" : "off", ret);
	while (--i >= 0) {
		hook = &hooks[on ? i : OOMTRACE_HOOKS - 1 - i];
		if (on || !is_idle(hook))
			oomtrace_arm(hook, !on);
	}
	return ret;
}

/**
 * oomtrace_hooks_enable() - switch the hooks on or off
 * @on: on.
 *
 * Return: 0, or the error of the first hook that could not be switched; all are
 * then put back to where they were as far as possible.
 */
int oomtrace_hooks_enable(bool on)
{
	int ret = 0;

	mutex_lock(&hooks_mutex);
	if (on && !hooks_on)
		oomtrace_sysctl_catch_up();
	if (on != hooks_on)
		ret = arm_all(on);
	if (!ret && on) {
		oomtrace_vm_enough_look_again(0);
		if (refusals_wanted)
			oomtrace_hooks_attach_refusals(hooks);
	}
	mutex_unlock(&hooks_mutex);
	return ret;
}

/* Whether the hooks are switched on. */
bool oomtrace_hooks_enabled(void)
{
	return READ_ONCE(hooks_on);
}

/**
 * oomtrace_hook_silenced_by() - what keeps an attached hook from recording anything
 * @hook: the hook.
 *
 * Return: a text; NULL: nothing.
 */
const char *oomtrace_hook_silenced_by(const struct oomtrace_hook *hook)
{
	if (hook == &hooks[OOMTRACE_HOOK_BADNESS] && oomtrace_badness_is_blind())
		return "never called, though the kernel scored tasks";
	return oomtrace_attach_silenced_by(hook);
}

/**
 * oomtrace_hooks_missing() - count the hooks that record nothing
 *
 * A hook is missing if it failed to attach, or if the kernel does not call it:
 * because kernel.ftrace_enabled is 0, for example.
 *
 * Return: the count; 0 if every hook works.
 */
unsigned int oomtrace_hooks_missing(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < OOMTRACE_HOOKS; i++)
		if (!hooks[i].absent)
			n += hooks[i].name ? !!oomtrace_hook_silenced_by(&hooks[i]) :
					     !hooks[i].on_demand || hooks[i].error;
	return n;
}

/**
 * oomtrace_hooks_lock() - keep the hooks as they are
 *
 * oomtrace_hooks_unlock() must follow.
 *
 * Return: the table, by enum oomtrace_hook_id.
 */
const struct oomtrace_hook *oomtrace_hooks_lock(void)
{
	mutex_lock(&hooks_mutex);
	return hooks;
}

/* Let the hooks change again. */
void oomtrace_hooks_unlock(void)
{
	mutex_unlock(&hooks_mutex);
}
