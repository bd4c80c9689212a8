// SPDX-License-Identifier: GPL-2.0
/*
 * Compares the prototypes of the hooked functions with those that the handlers
 * expect. A hook on a function with another prototype is refused, so that its
 * handler does not take one argument for another.
 *
 * No header declares most of these functions, so the build cannot check them. The
 * kernel's BTF describes every function. Prototypes are compared as the text that
 * users see. Runs once, at load, in process context.
 */
#include <uapi/linux/btf.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#include "hook/btf.h"
#include "hook/prototype.h"

static char *expect;
module_param(expect, charp, 0);
MODULE_PARM_DESC(expect,
		 "For tests: the prototype to expect for one hooked function, e.g. \"int f(void)\". If the kernel's prototype differs, that hook is refused.");

/* ---- a prototype as text ---- */

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
static void append_type(const struct oomtrace_btf *v, struct oomtrace_prototype *p,
			u32 id)
{
	const struct btf_type *t = oomtrace_btf_strip(v, id);
	char stars[] = " ***";
	unsigned int depth = 0;
	const char *name;

	while (t && BTF_INFO_KIND(t->info) == BTF_KIND_PTR &&
	       depth < sizeof(stars) - 2) {
		depth++;
		t = oomtrace_btf_strip(v, t->type);
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
		name = oomtrace_btf_name(v, t->name_off);
		append_type_text(p, t->name_off ? shorten_type_name(name) : "?");
	}
	append_type_text(p, stars);
}

static void append_prototype(const struct oomtrace_btf *v,
			     struct oomtrace_prototype *p,
			     const struct btf_type *func)
{
	const struct btf_type *proto = oomtrace_btf_type(v, func->type);
	const struct btf_param *param;
	u32 i, nr;

	if (!proto || BTF_INFO_KIND(proto->info) != BTF_KIND_FUNC_PROTO)
		return;
	nr = BTF_INFO_VLEN(proto->info);
	param = (const void *)(proto + 1);
	append_type(v, p, proto->type);
	append_type_text(p, oomtrace_btf_name(v, func->name_off));
	append_type_text(p, "(");
	for (i = 0; i < nr; i++) {
		if (i)
			append_type_text(p, ", ");
		/* Arguments that vary are one parameter without a type. */
		if (!param[i].type) {
			append_type_text(p, "...");
			continue;
		}
		append_type(v, p, param[i].type);
		append_type_text(p, oomtrace_btf_name(v, param[i].name_off));
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

static void compare_function(const struct oomtrace_btf *v, const struct btf_type *func,
			     struct oomtrace_prototype * const *list,
			     unsigned int nr)
{
	const char *name = oomtrace_btf_name(v, func->name_off);
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

static void compare_functions(const struct oomtrace_btf *v,
			      struct oomtrace_prototype * const *list,
			      unsigned int nr)
{
	u32 id;

	for (id = 1; id < v->nr; id++) {
		const struct btf_type *t = oomtrace_btf_type(v, id);

		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC)
			compare_function(v, t, list, nr);
	}
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
	struct oomtrace_btf btf;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++)
		list[i]->name = find_declared_name(list[i]->expected,
						   &list[i]->name_len);
	ret = apply_expect_param(list, nr);
	if (!ret && oomtrace_btf_open(&btf)) {
		compare_functions(&btf, list, nr);
		oomtrace_btf_close(&btf);
	}
	return ret;
}
