/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One hook, and the ways to attach it to the kernel.
 */
#ifndef OOMTRACE_ATTACH_H
#define OOMTRACE_ATTACH_H

#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/tracepoint.h>

#include "hook/entry.h"
#include "hook/hook.h"
#include "hook/prototype.h"

/*
 * How a function is hooked. OOMTRACE_AT_ENTRY is by ftrace, else by a kprobe.
 * OOMTRACE_BY_RETURN is a return probe that ftrace calls, not its kprobe.
 */
enum oomtrace_hook_kind {
	OOMTRACE_AT_ENTRY,
	OOMTRACE_BY_FTRACE,
	OOMTRACE_BY_KPROBE,
	OOMTRACE_BY_KRETPROBE,
	OOMTRACE_BY_RETURN,
	OOMTRACE_BY_TRACEPOINT,
	OOMTRACE_BY_NOTIFIER,
};

/**
 * struct oomtrace_hook_choice - how the user wants a function hooked
 * @words: the words for ftrace and for a probe, in this order.
 * @probe: use a probe, even where ftrace is available.
 */
struct oomtrace_hook_choice {
	const char *words[2];
	bool probe;
};

/**
 * struct oomtrace_hook - one hook
 * @names: the symbol, then the symbol to try if the kernel lacks the first.
 * @prototype: the probed function's prototype, as the handlers expect it.
 * @kind: how the function is hooked.
 * @at_entry: the handler of OOMTRACE_AT_ENTRY. Of a return probe: calls @before by
 *	ftrace, where that can be; NULL: its kprobe does.
 * @choice: of @at_entry: whether the user wants a probe; NULL: no choice.
 * @required: the module refuses to load without this hook.
 * @records: the records, or parts of records, that are missing without it.
 * @handler: the handler of a tracepoint or the notifier.
 * @before: called before the kretprobe gets an instance, which is half of what a
 *	call costs. Returns oomtrace_take_return() if the return is needed, else 0;
 *	NULL: it always is.
 * @entry: the kretprobe's entry handler. By ftrace it is called only to fill the
 *	data, because @before has seen every call.
 * @ret: the kretprobe's return handler.
 * @data_size: bytes that @entry passes to @ret.
 * @on_demand: attached only while it is needed.
 * @when: when that is, for people: "attached while ...".
 * @absent: this kernel has no such function, and nothing is missing without it.
 * @many_instances: calls may overlap on all CPUs, so reserve more instances.
 * @name: which of @names is hooked; NULL: not attached.
 * @attached_as: how the function is hooked now.
 * @error: why the hook is not attached.
 * @armed: the hook is switched on.
 * @take_return: the kernel's handler that @before stands in front of.
 * @krp: the kretprobe; its kp is the kprobe of OOMTRACE_BY_KPROBE.
 * @tp: the tracepoint.
 * @nb: the notifier.
 */
struct oomtrace_hook {
	const char *names[2];
	struct oomtrace_prototype prototype;
	enum oomtrace_hook_kind kind;
	struct oomtrace_entry *at_entry;
	const struct oomtrace_hook_choice *choice;
	bool required;
	const char *records;
	void *handler;
	kprobe_pre_handler_t before;
	kretprobe_handler_t entry;
	kretprobe_handler_t ret;
	const size_t *data_size;
	bool on_demand;
	bool absent;
	bool many_instances;
	const char *when;
	/* private: */
	const char *name;
	enum oomtrace_hook_kind attached_as;
	int error;
	bool armed;
	kprobe_pre_handler_t take_return;
	struct kretprobe krp;
	struct tracepoint *tp;
	struct notifier_block nb;
};

/**
 * oomtrace_take_return() - hook the return of a call
 * @kp: the kprobe that @before was called for.
 * @regs: the registers that it was called with.
 *
 * For a hook's @before handler.
 *
 * Return: what the handler is to return.
 */
static __always_inline int oomtrace_take_return(struct kprobe *kp, struct pt_regs *regs)
{
	return container_of(kp, struct oomtrace_hook, krp.kp)->take_return(kp, regs);
}

void oomtrace_attach(struct oomtrace_hook *hook, enum oomtrace_hook_id id);
int oomtrace_detach(struct oomtrace_hook *hook, enum oomtrace_hook_id id);
int oomtrace_arm(struct oomtrace_hook *hook, bool on);
const char *oomtrace_attach_kind(const struct oomtrace_hook *hook);
bool oomtrace_attach_is_probe(const struct oomtrace_hook *hook);
const char *oomtrace_attach_silenced_by(const struct oomtrace_hook *hook);
unsigned long oomtrace_attach_missed(const struct oomtrace_hook *hook);
void oomtrace_attach_place(const struct oomtrace_hook *hook, char *buf,
			   size_t size);

#endif /* OOMTRACE_ATTACH_H */
