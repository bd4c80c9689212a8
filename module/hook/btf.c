// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the kernel's BTF, which describes every function, and every type that the
 * kernel uses, also those that no header declares.
 *
 * It is in the kernel's memory, between __start_BTF and __stop_BTF, so no file is
 * read. Runs at load, in process context. The format of BTF may grow: nothing is
 * read beyond its bounds, and a type of an unknown kind makes all of it unusable.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "hook/btf.h"
#include "hook/symbols.h"

/*
 * Bytes that follow a struct btf_type, by kind: once, and for each member. Kinds
 * that older headers do not define are given by number.
 */
static const struct {
	u8 once;
	u8 each;
} kind_sizes[] = {
	[0]			= { 0, 0 },
	[BTF_KIND_INT]		= { 4, 0 },
	[BTF_KIND_PTR]		= { 0, 0 },
	[BTF_KIND_ARRAY]	= { sizeof(struct btf_array), 0 },
	[BTF_KIND_STRUCT]	= { 0, sizeof(struct btf_member) },
	[BTF_KIND_UNION]	= { 0, sizeof(struct btf_member) },
	[BTF_KIND_ENUM]		= { 0, sizeof(struct btf_enum) },
	[BTF_KIND_FWD]		= { 0, 0 },
	[BTF_KIND_TYPEDEF]	= { 0, 0 },
	[BTF_KIND_VOLATILE]	= { 0, 0 },
	[BTF_KIND_CONST]	= { 0, 0 },
	[BTF_KIND_RESTRICT]	= { 0, 0 },
	[BTF_KIND_FUNC]		= { 0, 0 },
	[BTF_KIND_FUNC_PROTO]	= { 0, sizeof(struct btf_param) },
	[BTF_KIND_VAR]		= { 4, 0 },
	[BTF_KIND_DATASEC]	= { 0, sizeof(struct btf_var_secinfo) },
	[16] /* float */	= { 0, 0 },
	[17] /* decl tag */	= { 4, 0 },
	[18] /* type tag */	= { 0, 0 },
	[19] /* enum64 */	= { 0, 12 },
};

#define KIND_TYPE_TAG	18

/* Get the size of the type at @offset; 0 if its kind is unknown. */
static u32 get_type_size(const struct oomtrace_btf *v, u32 offset)
{
	const struct btf_type *t = v->types + offset;
	u32 kind, size;

	if (v->types_len - offset < sizeof(*t))
		return 0;
	kind = BTF_INFO_KIND(t->info);
	if (kind >= ARRAY_SIZE(kind_sizes))
		return 0;
	size = sizeof(*t) + kind_sizes[kind].once +
	       kind_sizes[kind].each * BTF_INFO_VLEN(t->info);
	return size <= v->types_len - offset ? size : 0;
}

/**
 * oomtrace_btf_name() - get a name
 * @v: the BTF.
 * @offset: offset among the names.
 *
 * Return: the name; empty if the offset is invalid.
 */
const char *oomtrace_btf_name(const struct oomtrace_btf *v, u32 offset)
{
	return offset < v->strings_len ? v->strings + offset : "";
}

/**
 * oomtrace_btf_type() - get a type by its id
 * @v: the BTF.
 * @id: the id.
 *
 * Return: the type; NULL for void and for an invalid id.
 */
const struct btf_type *oomtrace_btf_type(const struct oomtrace_btf *v, u32 id)
{
	return id && id < v->nr ? v->types + v->offsets[id] : NULL;
}

/**
 * oomtrace_btf_strip() - get a type without its const, volatile, restrict and tags
 * @v: the BTF.
 * @id: the type's id.
 *
 * Return: the type; NULL for void and for an invalid id.
 */
const struct btf_type *oomtrace_btf_strip(const struct oomtrace_btf *v, u32 id)
{
	const struct btf_type *t = oomtrace_btf_type(v, id);
	int depth;

	for (depth = 0; t && depth < 8; depth++) {
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case KIND_TYPE_TAG:
			t = oomtrace_btf_type(v, t->type);
			break;
		default:
			return t;
		}
	}
	return t;
}

/**
 * oomtrace_btf_find() - find a type by its name
 * @v: the BTF.
 * @kind: BTF_KIND_STRUCT, BTF_KIND_ENUM, ...
 * @name: the name, not empty.
 *
 * Return: the type, or NULL if there is none.
 */
const struct btf_type *oomtrace_btf_find(const struct oomtrace_btf *v, u32 kind,
					 const char *name)
{
	const struct btf_type *t;
	u32 id;

	for (id = 1; id < v->nr; id++) {
		t = oomtrace_btf_type(v, id);
		if (BTF_INFO_KIND(t->info) == kind &&
		    !strcmp(oomtrace_btf_name(v, t->name_off), name))
			return t;
	}
	return NULL;
}

/**
 * oomtrace_btf_member() - find a member of a struct
 * @v: the BTF.
 * @in: the struct, or NULL.
 * @name: the member's name; that of a member of an unnamed member is not found.
 * @offset: out: the member's offset, bytes.
 *
 * Return: the member's type without qualifiers; NULL if there is no such member,
 * or if it is a bit field.
 */
const struct btf_type *oomtrace_btf_member(const struct oomtrace_btf *v,
					   const struct btf_type *in,
					   const char *name, u32 *offset)
{
	const struct btf_member *m;
	u32 i;

	if (!in)
		return NULL;
	m = (const void *)(in + 1);
	for (i = 0; i < BTF_INFO_VLEN(in->info); i++, m++) {
		if (strcmp(oomtrace_btf_name(v, m->name_off), name))
			continue;
		/* With the flag, the upper bits are the size of a bit field. */
		if ((BTF_INFO_KFLAG(in->info) && BTF_MEMBER_BITFIELD_SIZE(m->offset)) ||
		    BTF_MEMBER_BIT_OFFSET(m->offset) % 8)
			return NULL;
		*offset = BTF_MEMBER_BIT_OFFSET(m->offset) / 8;
		return oomtrace_btf_strip(v, m->type);
	}
	return NULL;
}

/**
 * oomtrace_btf_enum() - find a constant of an enumeration
 * @v: the BTF.
 * @in: the enumeration, or NULL.
 * @name: the constant's name.
 * @value: out: its value.
 *
 * Return: false if there is no such constant.
 */
bool oomtrace_btf_enum(const struct oomtrace_btf *v, const struct btf_type *in,
		       const char *name, u32 *value)
{
	const struct btf_enum *e;
	u32 i;

	if (!in)
		return false;
	e = (const void *)(in + 1);
	for (i = 0; i < BTF_INFO_VLEN(in->info); i++, e++) {
		if (strcmp(oomtrace_btf_name(v, e->name_off), name))
			continue;
		*value = e->val;
		return true;
	}
	return false;
}

/* Find the parts of the kernel's BTF; false without BTF of a known format. */
static bool find_btf_parts(struct oomtrace_btf *v)
{
	const struct btf_header *h = oomtrace_sym.btf_start;
	size_t len = oomtrace_sym.btf_stop - oomtrace_sym.btf_start;

	if (!h || !oomtrace_sym.btf_stop || len < sizeof(*h) ||
	    h->magic != BTF_MAGIC || h->version != BTF_VERSION ||
	    h->hdr_len > len)
		return false;
	len -= h->hdr_len;
	if (h->type_off > len || h->type_len > len - h->type_off ||
	    h->str_off > len || h->str_len > len - h->str_off || !h->str_len)
		return false;
	v->types = oomtrace_sym.btf_start + h->hdr_len + h->type_off;
	v->types_len = h->type_len;
	v->strings = oomtrace_sym.btf_start + h->hdr_len + h->str_off;
	v->strings_len = h->str_len;
	return !v->strings[v->strings_len - 1];
}

/* Find the offset of every type; false without memory or with an unknown kind. */
static bool find_type_offsets(struct oomtrace_btf *v)
{
	u32 offset, size, id;

	for (offset = 0, v->nr = 1; offset < v->types_len; offset += size) {
		size = get_type_size(v, offset);
		if (!size)
			return false;
		v->nr++;
	}
	v->offsets = kvmalloc_array(v->nr, sizeof(*v->offsets), GFP_KERNEL);
	if (!v->offsets)
		return false;
	for (offset = 0, id = 1; id < v->nr; id++) {
		v->offsets[id] = offset;
		offset += get_type_size(v, offset);
	}
	return true;
}

/**
 * oomtrace_btf_open() - find the types in the kernel's BTF
 * @v: out: the BTF.
 *
 * Context: process context; may sleep.
 *
 * Return: false if the kernel has no BTF, or one of an unknown format, or if there
 * is no memory. Otherwise oomtrace_btf_close() must follow.
 */
bool oomtrace_btf_open(struct oomtrace_btf *v)
{
	return find_btf_parts(v) && find_type_offsets(v);
}

/**
 * oomtrace_btf_close() - free what oomtrace_btf_open() allocated
 * @v: the BTF.
 */
void oomtrace_btf_close(struct oomtrace_btf *v)
{
	kvfree(v->offsets);
}
