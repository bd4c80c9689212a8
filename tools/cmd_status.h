/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace status. */
#ifndef OOMTRACE_CMD_STATUS_H
#define OOMTRACE_CMD_STATUS_H

#include "options.h"

extern const struct command command_status;

#endif /* OOMTRACE_CMD_STATUS_H */
