// SPDX-License-Identifier: GPL-2.0
/*
 * Locks the service in memory and exempts it from the OOM killer.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../options.h"
#include "protect.h"

void protect_self(void)
{
	int fd;

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		say_error("cannot lock the memory of the service: %s", strerror(errno));
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "-999", 4) != 4)
		say_error("cannot set oom_score_adj, so the OOM killer may kill the service: %s",
			  strerror(errno));
	if (fd >= 0)
		close(fd);
}
