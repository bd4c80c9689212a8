// SPDX-License-Identifier: GPL-2.0
/*
 * Compares the prototypes of the functions that we probe with the ones that our
 * handlers were written for, so that a hook on a function that was changed is
 * refused instead of taking one argument for another.
 *
 * The headers cannot tell: most of these functions are in none. The kernel's
 * BTF can: it describes every function, and lies in the kernel's own memory
 * between __start_BTF and __stop_BTF, so nothing has to be read from a file.
 * A prototype is compared as text: what is found is what is shown to users.
 *
 * Works once, at load, in process context. The BTF is the kernel's own, but its
 * format may grow: nothing is read beyond its bounds, and what is not understood
 * leaves the functions unchecked.
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
		 "For tests: the prototype to expect of one of the hooked functions, e.g. \"int f(void)\"; if the kernel's is another, that hook is refused.");

/**
 * struct btf_view - the kernel's BTF, where we look at it
 * @types: the first type, which has the id 1.
 * @types_len: bytes of all types.
 * @strings: names; the first and the last byte are NUL.
 * @strings_len: bytes of all names.
 * @offsets: from the type's id to where it begins in @types.
 * @nr: how many ids there are, 0 (void) included.
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
 * Bytes that follow a struct btf_type: some for the kind and some for each of
 * its members. By number: older headers lack the names of newer kinds.
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

/* The size of the type at @offset, 0 if it is not understood. */
static u32 type_size(const struct btf_view *v, u32 offset)
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

/* NULL for void, and for an id that there is not. */
static const struct btf_type *type_of(const struct btf_view *v, u32 id)
{
	return id && id < v->nr ? v->types + v->offsets[id] : NULL;
}

/* ---- a prototype as text ---- */

/* The type under its const, volatile, restrict and tags. */
static const struct btf_type *unqualified(const struct btf_view *v, u32 id)
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

static void put(struct oomtrace_prototype *p, const char *text)
{
	strlcat(p->found, text, sizeof(p->found));
}

/* Compilers write the names of integers in full, people do not. */
static const char *usual_name(const char *name)
{
	if (!strcmp(name, "long int"))
		return "long";
	if (!strcmp(name, "long unsigned int"))
		return "unsigned long";
	return name;
}

/* A type and the space behind it, if it needs one: "long ", "struct page *". */
static void put_type(const struct btf_view *v, struct oomtrace_prototype *p,
		     u32 id)
{
	const struct btf_type *t = unqualified(v, id);
	char stars[] = " ***";
	unsigned int depth = 0;

	while (t && BTF_INFO_KIND(t->info) == BTF_KIND_PTR &&
	       depth < sizeof(stars) - 2) {
		depth++;
		t = unqualified(v, t->type);
	}
	stars[depth + 1] = '\0';
	if (!t) {
		put(p, "void");
	} else {
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_STRUCT:
		case BTF_KIND_FWD:
			put(p, "struct ");
			break;
		case BTF_KIND_UNION:
			put(p, "union ");
			break;
		case BTF_KIND_ENUM:
			put(p, "enum ");
			break;
		default:
			break;
		}
		put(p, t->name_off ? usual_name(name_at(v, t->name_off)) : "?");
	}
	put(p, stars);
}

static void put_prototype(const struct btf_view *v,
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
	put_type(v, p, proto->type);
	put(p, name_at(v, func->name_off));
	put(p, "(");
	for (i = 0; i < nr; i++) {
		if (i)
			put(p, ", ");
		put_type(v, p, param[i].type);
		put(p, name_at(v, param[i].name_off));
	}
	put(p, nr ? ")" : "void)");
}

/* ---- the comparison ---- */

/* The function's name in a prototype; its length is 0 if there is none. */
static const char *declared_name(const char *prototype, size_t *len)
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

static void compare(const struct btf_view *v, const struct btf_type *func,
		    struct oomtrace_prototype * const *list, unsigned int nr)
{
	const char *name = name_at(v, func->name_off);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct oomtrace_prototype *p = list[i];

		if (strncmp(name, p->name, p->name_len) ||
		    name[p->name_len] || p->found[0])
			continue;
		put_prototype(v, p, func);
		if (p->found[0])
			p->state = strcmp(p->found, p->expected) ?
				   OOMTRACE_PROTOTYPE_DIFFERENT :
				   OOMTRACE_PROTOTYPE_SAME;
	}
}

/* All functions are compared only when the place of every type is known. */
static void compare_all(struct btf_view *v,
			struct oomtrace_prototype * const *list,
			unsigned int nr)
{
	u32 offset, size, id;

	for (offset = 0, v->nr = 1; offset < v->types_len; offset += size) {
		size = type_size(v, offset);
		if (!size)
			return;
		v->nr++;
	}
	v->offsets = kvmalloc_array(v->nr, sizeof(*v->offsets), GFP_KERNEL);
	if (!v->offsets)
		return;
	for (offset = 0, id = 1; id < v->nr; id++) {
		v->offsets[id] = offset;
		offset += type_size(v, offset);
	}
	for (id = 1; id < v->nr; id++) {
		const struct btf_type *t = type_of(v, id);

		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC)
			compare(v, t, list, nr);
	}
	kvfree(v->offsets);
}

/* Where the parts of the kernel's BTF are; false if there is none of ours. */
static bool find_parts(struct btf_view *v)
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

/* What a test wants expected instead of what the handlers expect. */
static int take_expectation(struct oomtrace_prototype * const *list,
			    unsigned int nr)
{
	const char *name;
	unsigned int i;
	size_t len;

	if (!expect)
		return 0;
	name = declared_name(expect, &len);
	for (i = 0; i < nr; i++) {
		if (len != list[i]->name_len ||
		    strncmp(name, list[i]->name, len))
			continue;
		list[i]->expected = expect;
		return 0;
	}
	pr_err("expect: '%s' is not the prototype of a function that is hooked\n",
	       expect);
	return -EINVAL;
}

/**
 * oomtrace_prototypes_check() - compare prototypes with the running kernel's
 * @list: the prototypes; what was found goes into them.
 * @nr: how many.
 *
 * Return: 0, whatever was found; -EINVAL if the parameter "expect" is wrong.
 */
int oomtrace_prototypes_check(struct oomtrace_prototype * const *list,
			      unsigned int nr)
{
	struct btf_view view;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++)
		list[i]->name = declared_name(list[i]->expected,
					      &list[i]->name_len);
	ret = take_expectation(list, nr);
	if (!ret && find_parts(&view))
		compare_all(&view, list, nr);
	return ret;
}
