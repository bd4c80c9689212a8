/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace kills. */
#ifndef OOMTRACE_CMD_KILLS_H
#define OOMTRACE_CMD_KILLS_H

#include "options.h"

extern const struct command command_kills;

#endif /* OOMTRACE_CMD_KILLS_H */
