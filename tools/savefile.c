// SPDX-License-Identifier: GPL-2.0
/*
 * The part of a saved file's header that describes this machine, for the writer
 * of files and for readers of the device.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "savefile.h"

void saved_fill_machine(struct saved_header *h)
{
	struct identity id;
	struct utsname u;

	identity_read(&id);
	memcpy(h->boot, id.boot, sizeof(h->boot));
	h->load = id.load;
	if (uname(&u))
		return;
	snprintf(h->release, sizeof(h->release), "%s", u.release);
	snprintf(h->version, sizeof(h->version), "%s", u.version);
	snprintf(h->machine, sizeof(h->machine), "%.23s", u.machine);
	snprintf(h->node, sizeof(h->node), "%s", u.nodename);
}
