/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/meminfo as a sample record.
 */
#ifndef OOMTRACE_MEMINFO_H
#define OOMTRACE_MEMINFO_H

#include "../include/oomtrace.h"

/**
 * meminfo_sample() - read it now
 * @s: out: the record.
 *
 * The file is opened at the first call and stays so. Allocates nothing.
 *
 * Return: 0 or a negative errno. A line that the kernel does not have is an
 * absent field.
 */
int meminfo_sample(struct oomtrace_sample *s);

/** meminfo_parse() - make a sample of the file's text; @s has its header */
void meminfo_parse(struct oomtrace_sample *s, const char *text,
		   unsigned int page_size);

#endif /* OOMTRACE_MEMINFO_H */
