/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_CMD_REFUSALS_H
#define OOMTRACE_CMD_REFUSALS_H

#include "options.h"

extern const struct command command_refusals, command_why;

#endif /* OOMTRACE_CMD_REFUSALS_H */
