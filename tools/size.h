/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Amounts of memory as people read them.
 */
#ifndef OOMTRACE_SIZE_H
#define OOMTRACE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that hold any size. */
#define SIZE_TEXT_MAX	48

/** size_in_pages() - write pages instead of bytes from now on */
void size_in_pages(bool yes);

/**
 * size_write() - write an amount of memory
 * @buf: out.
 * @pages: number of pages.
 * @page_size: bytes of a page.
 *
 * "24 MiB", "119.7 MiB", "4 KiB" in the largest unit that gives at least 1, with
 * one decimal unless it is exact; or "6,144 pages".
 *
 * Return: @buf.
 */
const char *size_write(char buf[SIZE_TEXT_MAX], long long pages,
		       unsigned int page_size);

/** size_write_bytes() - the same for bytes; never in pages */
const char *size_write_bytes(char buf[SIZE_TEXT_MAX], unsigned long long bytes);

#endif /* OOMTRACE_SIZE_H */
