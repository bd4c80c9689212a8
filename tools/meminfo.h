/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads /proc/meminfo into a sample record.
 */
#ifndef OOMTRACE_MEMINFO_H
#define OOMTRACE_MEMINFO_H

#include "../include/oomtrace.h"

/**
 * meminfo_sample() - take a sample
 * @s: out: the record.
 *
 * The first call opens the file, which stays open. Allocates nothing.
 *
 * Return: 0 or a negative errno. A field is absent if the file lacks its line.
 */
int meminfo_sample(struct oomtrace_sample *s);

/** meminfo_parse() - fill the fields of a sample from the file's text */
void meminfo_parse(struct oomtrace_sample *s, const char *text,
		   unsigned int page_size);

#endif /* OOMTRACE_MEMINFO_H */
