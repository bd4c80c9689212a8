// SPDX-License-Identifier: GPL-2.0
/*
 * Compares the prototypes of the hooked functions with those that the handlers
 * expect. A hook on a function with another prototype is refused, so that its
 * handler does not take one argument for another.
 *
 * No header declares most of these functions, so the build cannot check them. The
 * kernel's BTF describes every function. It is in the kernel's memory, between
 * __start_BTF and __stop_BTF, so no file is read. Prototypes are compared as the
 * text that users see.
 *
 * Runs once, at load, in process context. The format of BTF may grow: nothing is
 * read beyond its bounds, and a type of an unknown kind leaves all functions
 * unchecked.
 */
#include <uapi/linux/btf.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "hook/prototype.h"
#include "hook/symbols.h"

static char *expect;
module_param(expect, charp, 0);
MODULE_PARM_DESC(expect,
		 "For tests: the prototype to expect for one hooked function, e.g. \"int f(void)\". If the kernel's prototype differs, that hook is refused.");

/**
 * struct btf_view - the parts of the kernel's BTF
 * @types: the first type, which has id 1.
 * @types_len: size of all types, bytes.
 * @strings: the names; the first and the last byte are NUL.
 * @strings_len: size of all names, bytes.
 * @offsets: offset of each type in @types, by id.
 * @nr: number of ids, including 0 (void).
 */
struct btf_view {
	const void *types;
	u32 types_len;
	const char *strings;
	u32 strings_len;
	u32 *offsets;
	u32 nr;
};

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
static u32 get_type_size(const struct btf_view *v, u32 offset)
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

static const char *name_at(const struct btf_view *v, u32 offset)
{
	return offset < v->strings_len ? v->strings + offset : "";
}

/* Get a type by id; NULL for void and for an invalid id. */
static const struct btf_type *type_of(const struct btf_view *v, u32 id)
{
	return id && id < v->nr ? v->types + v->offsets[id] : NULL;
}

/* ---- a prototype as text ---- */

/* Get a type without its const, volatile, restrict and tags. */
static const struct btf_type *strip_qualifiers(const struct btf_view *v, u32 id)
{
	const struct btf_type *t = type_of(v, id);
	int depth;

	for (depth = 0; t && depth < 8; depth++) {
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case KIND_TYPE_TAG:
			t = type_of(v, t->type);
			break;
		default:
			return t;
		}
	}
	return t;
}

static void append_type_text(struct oomtrace_prototype *p, const char *text)
{
	strlcat(p->found, text, sizeof(p->found));
}

/* Compilers write the names of integer types in full, sources do not. */
static const char *shorten_type_name(const char *name)
{
	if (!strcmp(name, "long int"))
		return "long";
	if (!strcmp(name, "long unsigned int"))
		return "unsigned long";
	return name;
}

/* Append a type so that a name can follow: "long ", "struct page *". */
static void append_type(const struct btf_view *v, struct oomtrace_prototype *p,
			u32 id)
{
	const struct btf_type *t = strip_qualifiers(v, id);
	char stars[] = " ***";
	unsigned int depth = 0;

	while (t && BTF_INFO_KIND(t->info) == BTF_KIND_PTR &&
	       depth < sizeof(stars) - 2) {
		depth++;
		t = strip_qualifiers(v, t->type);
	}
	stars[depth + 1] = '\0';
	if (!t) {
		append_type_text(p, "void");
	} else {
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_STRUCT:
		case BTF_KIND_FWD:
			append_type_text(p, "struct ");
			break;
		case BTF_KIND_UNION:
			append_type_text(p, "union ");
			break;
		case BTF_KIND_ENUM:
			append_type_text(p, "enum ");
			break;
		default:
			break;
		}
		append_type_text(p, t->name_off ? shorten_type_name(name_at(v, t->name_off)) : "?");
	}
	append_type_text(p, stars);
}

static void append_prototype(const struct btf_view *v,
			     struct oomtrace_prototype *p,
			     const struct btf_type *func)
{
	const struct btf_type *proto = type_of(v, func->type);
	const struct btf_param *param;
	u32 i, nr;

	if (!proto || BTF_INFO_KIND(proto->info) != BTF_KIND_FUNC_PROTO)
		return;
	nr = BTF_INFO_VLEN(proto->info);
	param = (const void *)(proto + 1);
	append_type(v, p, proto->type);
	append_type_text(p, name_at(v, func->name_off));
	append_type_text(p, "(");
	for (i = 0; i < nr; i++) {
		if (i)
			append_type_text(p, ", ");
		append_type(v, p, param[i].type);
		append_type_text(p, name_at(v, param[i].name_off));
	}
	append_type_text(p, nr ? ")" : "void)");
}

/* ---- the comparison ---- */

/* Find the function's name in a prototype; *len is 0 if there is none. */
static const char *find_declared_name(const char *prototype, size_t *len)
{
	const char *end = strchr(prototype, '(');
	const char *name = end;

	*len = 0;
	if (!end)
		return prototype;
	while (name > prototype && name[-1] != ' ' && name[-1] != '*')
		name--;
	*len = end - name;
	return name;
}

static void compare_function(const struct btf_view *v, const struct btf_type *func,
			     struct oomtrace_prototype * const *list,
			     unsigned int nr)
{
	const char *name = name_at(v, func->name_off);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct oomtrace_prototype *p = list[i];

		if (strncmp(name, p->name, p->name_len) ||
		    name[p->name_len] || p->found[0])
			continue;
		append_prototype(v, p, func);
		if (p->found[0])
			p->state = strcmp(p->found, p->expected) ?
				   OOMTRACE_PROTOTYPE_DIFFERENT :
				   OOMTRACE_PROTOTYPE_SAME;
	}
}

/* Find the offset of every type, then compare all functions. */
static void compare_functions(struct btf_view *v,
			      struct oomtrace_prototype * const *list,
			      unsigned int nr)
{
	u32 offset, size, id;

	for (offset = 0, v->nr = 1; offset < v->types_len; offset += size) {
		size = get_type_size(v, offset);
		if (!size)
			return;
		v->nr++;
	}
	v->offsets = kvmalloc_array(v->nr, sizeof(*v->offsets), GFP_KERNEL);
	if (!v->offsets)
		return;
	for (offset = 0, id = 1; id < v->nr; id++) {
		v->offsets[id] = offset;
		offset += get_type_size(v, offset);
	}
	for (id = 1; id < v->nr; id++) {
		const struct btf_type *t = type_of(v, id);

		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC)
			compare_function(v, t, list, nr);
	}
	kvfree(v->offsets);
}

/* Find the parts of the kernel's BTF; false without BTF of a known format. */
static bool find_btf_parts(struct btf_view *v)
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

/* Let the parameter "expect" replace what the handlers expect. */
static int apply_expect_param(struct oomtrace_prototype * const *list,
			      unsigned int nr)
{
	const char *name;
	unsigned int i;
	size_t len;

	if (!expect)
		return 0;
	name = find_declared_name(expect, &len);
	for (i = 0; i < nr; i++) {
		if (len != list[i]->name_len ||
		    strncmp(name, list[i]->name, len))
			continue;
		list[i]->expected = expect;
		return 0;
	}
	pr_err("expect: '%s' is not the prototype of a hooked function\n",
	       expect);
	return -EINVAL;
}

/**
 * oomtrace_prototypes_check() - compare prototypes with the running kernel's
 * @list: the prototypes; the results are stored in them.
 * @nr: number of prototypes.
 *
 * Return: 0, whatever the results; -EINVAL if the parameter "expect" is wrong.
 */
int oomtrace_prototypes_check(struct oomtrace_prototype * const *list,
			      unsigned int nr)
{
	struct btf_view view;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++)
		list[i]->name = find_declared_name(list[i]->expected,
						   &list[i]->name_len);
	ret = apply_expect_param(list, nr);
	if (!ret && find_btf_parts(&view))
		compare_functions(&view, list, nr);
	return ret;
}
