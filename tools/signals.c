// SPDX-License-Identifier: GPL-2.0
/*
 * Being told to stop, see signals.h.
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

static void stop(int sig)
{
	int saved = errno;

	(void)sig;
	if (stopped < 2)
		stopped++;
	if (write(wake_pipe[1], "", 1) < 0)
		errno = saved;		/* full: poll wakes up anyway */
	errno = saved;
}

int signals_catch(void)
{
	/* No SA_RESTART: a write to a stuck pipe must end, too. */
	struct sigaction action = { .sa_handler = stop }, before;

	if (pipe2(wake_pipe, O_NONBLOCK | O_CLOEXEC) ||
	    sigaction(SIGINT, &action, NULL) ||
	    sigaction(SIGTERM, &action, NULL) ||
	    sigaction(SIGHUP, NULL, &before) ||
	    /* nohup(1) ignores it for us. */
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
