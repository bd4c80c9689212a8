// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the names of this boot and of this load of the module.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "identity.h"

#define BOOT_ID	"/proc/sys/kernel/random/boot_id"
#define MODULE	"/sys/module/oomtrace"

void identity_read(struct identity *id)
{
	FILE *f = fopen(BOOT_ID, "re");
	struct stat st;
	size_t n = 0;
	int c;

	memset(id, 0, sizeof(*id));
	while (f && n < IDENTITY_BOOT - 1 && (c = fgetc(f)) != EOF)
		if (isxdigit(c))
			id->boot[n++] = c;
	if (f)
		fclose(f);
	if (n < IDENTITY_BOOT - 1)
		*id->boot = '\0';
	/*
	 * The module's directory exists as long as the module is loaded. kernfs
	 * never uses an inode number twice within a boot: it has a generation.
	 */
	if (!stat(MODULE, &st))
		id->load = st.st_ino;
}
