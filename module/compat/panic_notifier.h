/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/panic_notifier.h, whose content older kernels have in linux/kernel.h.
 */
#ifndef OOMTRACE_COMPAT_PANIC_NOTIFIER_H
#define OOMTRACE_COMPAT_PANIC_NOTIFIER_H

#include "has.h"

#if HAS_PANIC_NOTIFIER_H
#include <linux/panic_notifier.h>
#else
#include <linux/kernel.h>
#include <linux/notifier.h>
#endif

#endif /* OOMTRACE_COMPAT_PANIC_NOTIFIER_H */
