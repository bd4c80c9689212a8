// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the marks of the service: what it has done is not done again after a
 * restart, and what another service has done says nothing of it.
 */
#include <stdlib.h>
#include <string.h>

#include "../oomtraced/destination.h"
#include "test_marks.h"
#include "test_util.h"

static char dir[] = "/tmp/oomtrace-marks-XXXXXX";

/* Instead of the journal's socket, which this machine may lack. */
static const char *socket_path = dir;

/* What a service with this destination finds at its start. */
static u64 sent(bool to_stdout)
{
	static struct destination d;
	u64 ns = destination_open(&d, to_stdout, dir);

	mark_close(&d.mark);
	return ns;
}

/* What a service with this destination has sent. */
static int send_up_to(bool to_stdout, u64 ns)
{
	static struct destination d;
	int err;

	destination_open(&d, to_stdout, dir);
	if (!to_stdout)
		d.socket = socket_path;
	err = destination_mark(&d, ns);
	mark_close(&d.mark);
	return err;
}

/* Change the mark's file. */
static void edit(const char *script)
{
	char command[128];

	snprintf(command, sizeof(command), "sed -i '%s' %s/sent", script, dir);
	if (system(command))
		abort();
}

void test_marks(void)
{
	struct destination d;
	char command[64];

	if (!mkdtemp(dir))
		abort();
	check(!sent(false) && !send_up_to(false, 1000) && sent(false) == 1000,
	      "a_restart_knows_which_entries_were_sent");
	check(!sent(true) && !send_up_to(true, 500) && sent(true) == 500 &&
	      sent(false) == 1000, "standard_output_has_a_mark_of_its_own");
	send_up_to(false, ~0ULL >> 1);
	check(!sent(false), "a_mark_of_the_future_is_of_another_machine");
	send_up_to(false, 1000);
	edit("s/^......../00000000/");
	check(!sent(false), "a_mark_of_another_boot_counts_for_nothing");
	send_up_to(false, 1000);
	socket_path = "/nonexistent/socket";
	check(!send_up_to(false, 2000) && sent(false) == 1000,
	      "what_no_journal_has_got_is_not_marked_as_sent");
	check(!send_up_to(true, 2000) && sent(true) == 2000, "standard_output_needs_no_journal");
	destination_open(&d, false, NULL);
	d.socket = socket_path;
	check(destination_missing(&d) == socket_path, "a_missing_journal_is_noticed");
	check(!destination_open(&d, false, NULL) && !destination_mark(&d, 1000),
	      "without_a_directory_there_is_no_mark");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		abort();
}
