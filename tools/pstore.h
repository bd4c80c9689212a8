/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The OOM that the module explained in the kernel's log when the kernel
 * panicked, as pstore kept it over the reboot.
 */
#ifndef OOMTRACE_PSTORE_H
#define OOMTRACE_PSTORE_H

#include <stddef.h>

/* Where the kernel shows it, and where systemd-pstore moves it. */
#define PSTORE_DIR	"/sys/fs/pstore"
#define PSTORE_MOVED	"/var/lib/systemd/pstore"

/**
 * pstore_print() - print what the module said at the last panic
 * @dir: a directory with pstore's files; NULL for the two above.
 *
 * Return: 0; or an exit status after having said that there is nothing.
 */
int pstore_print(const char *dir);

/** pstore_files() - how many files of panics are in the two above */
size_t pstore_files(void);

#endif /* OOMTRACE_PSTORE_H */
