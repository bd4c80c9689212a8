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
 * As human_size(), or "6,144 pages"; a negative number with a sign.
 *
 * Return: @buf.
 */
const char *size_write(char buf[SIZE_TEXT_MAX], long long pages,
		       unsigned int page_size);

#endif /* OOMTRACE_SIZE_H */
