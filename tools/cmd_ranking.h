/* SPDX-License-Identifier: GPL-2.0 */
/* oomtrace ranking. */
#ifndef OOMTRACE_CMD_RANKING_H
#define OOMTRACE_CMD_RANKING_H

#include "options.h"

extern const struct command command_ranking;

#endif /* OOMTRACE_CMD_RANKING_H */
