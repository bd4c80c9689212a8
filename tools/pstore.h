/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The explanation of an OOM that the module printed to the kernel log during a
 * panic, as pstore preserved it across the reboot.
 */
#ifndef OOMTRACE_PSTORE_H
#define OOMTRACE_PSTORE_H

#include <stddef.h>

/* The kernel's directory, and the one to which systemd-pstore moves the files. */
#define PSTORE_DIR	"/sys/fs/pstore"
#define PSTORE_MOVED	"/var/lib/systemd/pstore"

/**
 * pstore_print() - print the module's lines from the last panic
 * @dir: a directory with pstore's files; NULL for the two above.
 *
 * Return: 0, or an exit status after an error message.
 */
int pstore_print(const char *dir);

/** pstore_files() - number of panic files in the two directories above */
size_t pstore_files(void);

#endif /* OOMTRACE_PSTORE_H */
