/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace protect. */
#ifndef OOMTRACE_CMD_PROTECT_H
#define OOMTRACE_CMD_PROTECT_H

#include "options.h"

extern const struct command command_protect;

#endif /* OOMTRACE_CMD_PROTECT_H */
