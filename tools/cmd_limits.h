/* SPDX-License-Identifier: GPL-2.0 */
/*
 * oomtrace limits: how near a process is to each limit that answers ENOMEM.
 */
#ifndef OOMTRACE_CMD_LIMITS_H
#define OOMTRACE_CMD_LIMITS_H

#include "options.h"

extern const struct command command_limits;

#endif /* OOMTRACE_CMD_LIMITS_H */
