/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Being told to stop: SIGINT, SIGTERM and, if nohup(1) did not want it ignored,
 * SIGHUP, for the commands that go on until interrupted.
 */
#ifndef OOMTRACE_SIGNALS_H
#define OOMTRACE_SIGNALS_H

#include <stdbool.h>

/** signals_catch() - from now on; 0, or an exit status after a message */
int signals_catch(void);

/** signals_stopped() - did one come? */
bool signals_stopped(void);

/** signals_insist() - did a second one come? */
bool signals_insist(void);

/** signals_fd() - can be read after one came, so that poll() cannot miss it */
int signals_fd(void);

#endif /* OOMTRACE_SIGNALS_H */
