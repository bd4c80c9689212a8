// SPDX-License-Identifier: GPL-2.0
/*
 * The function graph tracer is called as every ftrace callback is, and finds the
 * stack in the registers that each of them gets. A kernel without has a stub.
 */
#include <linux/build_bug.h>
#include <linux/ftrace.h>
#include <linux/stringify.h>

static_assert(!__builtin_strcmp(__stringify(ftrace_graph_func), "ftrace_graph_func"));
