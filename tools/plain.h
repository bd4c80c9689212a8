/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record as a sentence for people.
 */
#ifndef OOMTRACE_PLAIN_H
#define OOMTRACE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/oomtrace.h"

/* Bytes that hold any sentence. */
#define PLAIN_MAX	1024

/**
 * plain_sentence() - say in a sentence what a record is about
 * @buf: out.
 * @rec: the record.
 * @page_size: bytes of a page.
 *
 * Return: false if records of this type are only details of others.
 */
bool plain_sentence(char buf[PLAIN_MAX], const struct oomtrace_header *rec,
		    unsigned int page_size);

#endif /* OOMTRACE_PLAIN_H */
