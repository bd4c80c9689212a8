// SPDX-License-Identifier: GPL-2.0
/*
 * Catches the signals that stop a command.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "signals.h"

static int wake_pipe[2] = { -1, -1 };
static volatile sig_atomic_t stopped;

static void handle_stop_signal(int sig)
{
	int saved = errno;

	(void)sig;
	if (stopped < 2)
		stopped++;
	if (write(wake_pipe[1], "", 1) < 0)
		errno = saved;		/* a full pipe wakes poll() as well */
	errno = saved;
}

int signals_catch(void)
{
	/* No SA_RESTART: a signal must interrupt a write to a full pipe. */
	struct sigaction action = { .sa_handler = handle_stop_signal }, before;

	if (pipe2(wake_pipe, O_NONBLOCK | O_CLOEXEC) ||
	    sigaction(SIGINT, &action, NULL) ||
	    sigaction(SIGTERM, &action, NULL) ||
	    sigaction(SIGHUP, NULL, &before) ||
	    /* Leave SIGHUP ignored under nohup(1). */
	    (before.sa_handler != SIG_IGN &&
	     sigaction(SIGHUP, &action, NULL))) {
		say_error("cannot catch signals: %s", strerror(errno));
		return EXIT_RUNTIME;
	}
	return EXIT_OK;
}

bool signals_stopped(void)
{
	return stopped;
}

bool signals_insist(void)
{
	return stopped > 1;
}

int signals_fd(void)
{
	return wake_pipe[0];
}
