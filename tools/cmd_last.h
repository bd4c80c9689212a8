/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace last. */
#ifndef OOMTRACE_CMD_LAST_H
#define OOMTRACE_CMD_LAST_H

#include "options.h"

extern const struct command command_last;

#endif /* OOMTRACE_CMD_LAST_H */
