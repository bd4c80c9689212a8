/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace dump and oomtrace live. */
#ifndef OOMTRACE_CMD_DUMP_H
#define OOMTRACE_CMD_DUMP_H

#include "options.h"

extern const struct command command_dump;
extern const struct command command_live;

#endif /* OOMTRACE_CMD_DUMP_H */
