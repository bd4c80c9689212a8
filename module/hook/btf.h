/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's description of its own types (BTF).
 */
#ifndef OOMTRACE_BTF_H
#define OOMTRACE_BTF_H

#include <linux/types.h>
#include <uapi/linux/btf.h>

/**
 * struct oomtrace_btf - the parts of the kernel's BTF
 * @types: the first type, which has id 1.
 * @types_len: size of all types, bytes.
 * @strings: the names; the first and the last byte are NUL.
 * @strings_len: size of all names, bytes.
 * @offsets: offset of each type in @types, by id.
 * @nr: number of ids, including 0 (void).
 */
struct oomtrace_btf {
	const void *types;
	u32 types_len;
	const char *strings;
	u32 strings_len;
	u32 *offsets;
	u32 nr;
};

bool oomtrace_btf_open(struct oomtrace_btf *v);
void oomtrace_btf_close(struct oomtrace_btf *v);
const struct btf_type *oomtrace_btf_type(const struct oomtrace_btf *v, u32 id);
const struct btf_type *oomtrace_btf_strip(const struct oomtrace_btf *v, u32 id);
const char *oomtrace_btf_name(const struct oomtrace_btf *v, u32 offset);
const struct btf_type *oomtrace_btf_find(const struct oomtrace_btf *v, u32 kind,
					 const char *name);
const struct btf_type *oomtrace_btf_member(const struct oomtrace_btf *v,
					   const struct btf_type *in,
					   const char *name, u32 *offset);
bool oomtrace_btf_enum(const struct oomtrace_btf *v, const struct btf_type *in,
		       const char *name, u32 *value);

#endif /* OOMTRACE_BTF_H */
