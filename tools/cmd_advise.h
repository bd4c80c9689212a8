/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace advise. */
#ifndef OOMTRACE_CMD_ADVISE_H
#define OOMTRACE_CMD_ADVISE_H

#include "options.h"

extern const struct command command_advise;

#endif /* OOMTRACE_CMD_ADVISE_H */
