// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes of a record: those of absent fields, after the end of a string and outside
 * of any field are 0, and no number is an address of the kernel.
 */
#include <stdio.h>
#include <string.h>

#include "../../common/format.h"
#include "bytes.h"

bool looks_like_an_address(__u64 n)
{
	return n >= 0xffff800000000000ULL && n < 0xffffffffff000000ULL;
}

const char *record_fault(const union record *r)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(r->h.type);
	unsigned char meant[OOMTRACE_MAX_RECORD] = { };
	static char why[256];
	unsigned int i, n;

	if (!desc)
		return "an unknown type";
	for (i = 0; i < desc->nfields; i++) {
		const struct oomtrace_field *f = &desc->fields[i];
		const unsigned char *at = r->bytes + f->offset;
		size_t len = strnlen((const char *)at, f->size);

		if (f->offset + f->size > r->h.size)
			continue;
		memset(meant + f->offset, 1, f->size);
		for (n = 0; n < f->size; n++) {
			bool absent = !oomtrace_field_valid(&r->h, i);
			bool ended = f->kind == OOMTRACE_KIND_STR && n > len;

			if (!at[n] || !(absent || ended))
				continue;
			snprintf(why, sizeof(why), "%s.%s: byte %u is 0x%02x, though %s",
				 desc->name, f->name, n, at[n], absent ?
				 "the field is absent" : "the string has ended");
			return why;
		}
		if (f->kind != OOMTRACE_KIND_STR && f->size == 8 &&
		    looks_like_an_address(oomtrace_field_int(&r->h, f))) {
			snprintf(why, sizeof(why), "%s.%s: 0x%llx", desc->name,
				 f->name, (long long)oomtrace_field_int(&r->h, f));
			return why;
		}
	}
	for (i = sizeof(r->h); i < r->h.size; i++)
		if (!meant[i] && r->bytes[i]) {
			snprintf(why, sizeof(why), "%s: byte %u is 0x%02x outside of any field",
				 desc->name, i, r->bytes[i]);
			return why;
		}
	return NULL;
}

const char *records_fault(const struct records *recs)
{
	const char *why;
	size_t i;

	for (i = 0; i < recs->n; i++) {
		why = record_fault(&recs->r[i]);
		if (why)
			return why;
	}
	return NULL;
}
