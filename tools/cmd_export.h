/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace export. */
#ifndef OOMTRACE_CMD_EXPORT_H
#define OOMTRACE_CMD_EXPORT_H

#include "options.h"

extern const struct command command_export;

#endif /* OOMTRACE_CMD_EXPORT_H */
