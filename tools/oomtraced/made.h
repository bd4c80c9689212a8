/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records that oomtraced makes and saves beside those of the module.
 */
#ifndef OOMTRACE_MADE_H
#define OOMTRACE_MADE_H

#include <string.h>

#include "../../include/oomtrace.h"

/**
 * made_start() - zero a record and fill its header
 * @h: the record.
 * @type: enum oomtrace_type.
 * @size: bytes of the record.
 * @valid: its fields.
 * @of: the record that it belongs to, and after which it is read.
 */
static inline void made_start(struct oomtrace_header *h, unsigned int type, size_t size,
			      unsigned long long valid, const struct oomtrace_header *of)
{
	memset(h, 0, size);
	h->type = type;
	h->size = size;
	h->flags = of->flags;
	h->ts_ns = of->ts_ns;
	h->valid = valid;
}

#endif /* OOMTRACE_MADE_H */
