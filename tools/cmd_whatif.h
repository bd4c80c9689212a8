/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace whatif. */
#ifndef OOMTRACE_CMD_WHATIF_H
#define OOMTRACE_CMD_WHATIF_H

#include "options.h"

extern const struct command command_whatif;

#endif /* OOMTRACE_CMD_WHATIF_H */
