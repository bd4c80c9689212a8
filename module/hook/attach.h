/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One hook, and the ways to attach it (attach.c). Which hooks there are, and
 * what happens if one cannot be attached, is the business of hooks.c.
 */
#ifndef OOMTRACE_ATTACH_H
#define OOMTRACE_ATTACH_H

#include <linux/kprobes.h>
#include <linux/tracepoint.h>

#include "hook/detour.h"
#include "hook/prototype.h"

enum oomtrace_hook_kind {
	OOMTRACE_BY_FTRACE,
	OOMTRACE_BY_KPROBE,
	OOMTRACE_BY_KRETPROBE,
	OOMTRACE_BY_TRACEPOINT,
	OOMTRACE_BY_NOTIFIER,
};

/**
 * struct oomtrace_hook - one hook
 * @names: the symbol, and what to try if the kernel does not have it.
 * @prototype: of the function that is probed, as the handlers expect it.
 * @kind: how it is hooked.
 * @detour: a cheaper way by ftrace, which is tried first; or NULL.
 * @how: what the user wants of @detour.
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
 * @krp: the kretprobe; its kp is the kprobe of OOMTRACE_BY_KPROBE.
 * @tp: the tracepoint.
 */
struct oomtrace_hook {
	const char *names[2];
	struct oomtrace_prototype prototype;
	enum oomtrace_hook_kind kind;
	struct oomtrace_detour *detour;
	const struct oomtrace_hook_choice *how;
	bool required;
	const char *feeds;
	void *handler;
	kretprobe_handler_t entry;
	kretprobe_handler_t ret;
	const size_t *data_size;
	bool hot;
	/* private: */
	const char *name;
	enum oomtrace_hook_kind as;
	int error;
	bool armed;
	struct kretprobe krp;
	struct tracepoint *tp;
};

void oomtrace_attach(struct oomtrace_hook *hook);
void oomtrace_detach(struct oomtrace_hook *hook);
int oomtrace_arm(struct oomtrace_hook *hook, bool on);
const char *oomtrace_attach_kind(const struct oomtrace_hook *hook);
bool oomtrace_attach_is_probe(const struct oomtrace_hook *hook);
bool oomtrace_attach_is_silent(const struct oomtrace_hook *hook);
unsigned long oomtrace_attach_missed(const struct oomtrace_hook *hook);
void oomtrace_attach_place(const struct oomtrace_hook *hook, char *buf,
			   size_t size);

#endif /* OOMTRACE_ATTACH_H */
