/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The zones when an episode begins.
 */
#ifndef OOMTRACE_ZONES_H
#define OOMTRACE_ZONES_H

#include <linux/oom.h>
#include <linux/types.h>

void oomtrace_record_zones(u64 episode, const struct oom_control *oc);

#endif /* OOMTRACE_ZONES_H */
