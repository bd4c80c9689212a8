/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace without arguments. */
#ifndef OOMTRACE_CMD_OVERVIEW_H
#define OOMTRACE_CMD_OVERVIEW_H

#include "options.h"

extern const struct command command_overview;

#endif /* OOMTRACE_CMD_OVERVIEW_H */
