/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace record. */
#ifndef OOMTRACE_CMD_RECORD_H
#define OOMTRACE_CMD_RECORD_H

#include "options.h"

extern const struct command command_record;

#endif /* OOMTRACE_CMD_RECORD_H */
