/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP stop the commands that run until interrupted. SIGHUP
 * stays ignored under nohup(1).
 */
#ifndef OOMTRACE_SIGNALS_H
#define OOMTRACE_SIGNALS_H

#include <stdbool.h>

/** signals_catch() - install the handlers; 0, or an exit status after a message */
int signals_catch(void);

/** signals_stopped() - true after a signal */
bool signals_stopped(void);

/** signals_insist() - true after a second signal */
bool signals_insist(void);

/** signals_fd() - readable after a signal, so that poll() cannot miss it */
int signals_fd(void);

#endif /* OOMTRACE_SIGNALS_H */
