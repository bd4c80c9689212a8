/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace info. */
#ifndef OOMTRACE_CMD_INFO_H
#define OOMTRACE_CMD_INFO_H

#include "options.h"

extern const struct command command_info;

#endif /* OOMTRACE_CMD_INFO_H */
