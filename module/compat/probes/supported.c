// SPDX-License-Identifier: GPL-2.0
/* What oomtrace requires of every kernel. The build prints these messages. */
#include <linux/kconfig.h>
#include <linux/version.h>

#if KERNEL_VERSION(5, 10, 0) > LINUX_VERSION_CODE
#error "oomtrace needs Linux 5.10 or later"
#endif
#ifndef CONFIG_64BIT
#error "oomtrace needs a 64-bit kernel"
#endif
#ifndef CONFIG_KPROBES
#error "oomtrace needs a kernel with CONFIG_KPROBES=y"
#elif !defined(CONFIG_KRETPROBES)
#error "oomtrace needs a kernel with CONFIG_KRETPROBES=y"
#endif
#ifndef CONFIG_TRACEPOINTS
#error "oomtrace needs a kernel with CONFIG_TRACEPOINTS=y"
#endif
#ifndef CONFIG_MEMCG
#error "oomtrace needs a kernel with CONFIG_MEMCG=y"
#endif
