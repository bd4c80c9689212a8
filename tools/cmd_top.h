/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace top. */
#ifndef OOMTRACE_CMD_TOP_H
#define OOMTRACE_CMD_TOP_H

#include "options.h"

extern const struct command command_top;

#endif /* OOMTRACE_CMD_TOP_H */
