/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace report. */
#ifndef OOMTRACE_CMD_REPORT_H
#define OOMTRACE_CMD_REPORT_H

#include "options.h"

extern const struct command command_report;

#endif /* OOMTRACE_CMD_REPORT_H */
