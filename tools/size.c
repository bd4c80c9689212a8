// SPDX-License-Identifier: GPL-2.0
/*
 * Writes amounts of memory.
 */
#include <stdio.h>

#include "human.h"
#include "size.h"

static bool in_pages;

void size_in_pages(bool yes)
{
	in_pages = yes;
}

static const char *write_pages(char buf[SIZE_TEXT_MAX], unsigned long long pages)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%llu", pages), i, n = 0;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[n++] = ',';
		buf[n++] = digits[i];
	}
	snprintf(buf + n, SIZE_TEXT_MAX - 8 - n, pages == 1 ? " page" : " pages");
	return buf;
}

const char *size_write(char buf[SIZE_TEXT_MAX], long long pages,
		       unsigned int page_size)
{
	bool minus = pages < 0;
	unsigned long long n = pages;

	if (minus)
		n = 0 - n;
	*buf = '-';
	if (in_pages)
		write_pages(buf + minus, n);
	else
		human_size(buf + minus, (double)n * page_size);
	return buf;
}
