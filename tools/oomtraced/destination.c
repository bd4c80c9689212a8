// SPDX-License-Identifier: GPL-2.0
/*
 * Sends entries to the journal or to standard output, and stores which were sent.
 */
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "destination.h"

static int send_to_stdout(const struct entry *entry)
{
	return entry_json_write(STDOUT_FILENO, entry);
}

/* Returns 0 without a journal. */
static int send_to_journal(const struct entry *entry)
{
	return sd_journal_sendv(entry->field, entry->n);
}

u64 destination_open(struct destination *d, bool to_stdout, const char *dir)
{
	d->send = to_stdout ? send_to_stdout : send_to_journal;
	d->socket = to_stdout ? NULL : "/run/systemd/journal/socket";
	d->mark.path[0] = '\0';
	return dir ? mark_open(&d->mark, dir, to_stdout ? "sent.stdout" : "sent") : 0;
}

const char *destination_missing(const struct destination *d)
{
	return d->socket && access(d->socket, F_OK) ? d->socket : NULL;
}

int destination_mark(struct destination *d, u64 ns)
{
	if (!*d->mark.path || destination_missing(d))
		return 0;
	return mark_set(&d->mark, ns);
}
