// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptions of the record types, and records as lines of text.
 *
 * First the tables, made from the field lists, with build-time checks that the
 * lists match the structs of the ABI; then the functions that read one field;
 * then the line of text. A new field or type needs no change here.
 *
 * May not trust the contents of a record: its bytes can be read, nothing more.
 * Has no state, so concurrent callers need no lock.
 */
#include "format.h"

/* LIST(list, count): every list of names and the number of its enum's values. */
#define OOMTRACE_NAME_LISTS(LIST)			\
	LIST(origin,		OOMTRACE_ORIGINS)	\
	LIST(recorded,		OOMTRACE_RECORDEDS)	\
	LIST(knob,		OOMTRACE_KNOBS)		\
	LIST(scope,		OOMTRACE_SCOPES)	\
	LIST(trigger,		OOMTRACE_TRIGGERS)	\
	LIST(resource,		OOMTRACE_RESOURCES)	\
	LIST(retry,		OOMTRACE_RETRIES)	\
	LIST(eval,		OOMTRACE_EVALS)		\
	LIST(reason,		OOMTRACE_REASONS)	\
	LIST(constraint,	OOMTRACE_CONSTRAINTS)	\
	LIST(recomputed,	OOMTRACE_RECOMPUTEDS)	\
	LIST(policy,		OOMTRACE_POLICIES)	\
	LIST(why,		OOMTRACE_WHYS)		\
	LIST(step,		OOMTRACE_STEPS)		\
	LIST(ending,		OOMTRACE_ENDINGS)	\
	LIST(ring,		OOMTRACE_RINGS)

/*
 * One array of strings for each list. Both the number of names and the length of
 * the array equal the number of values, so every value has exactly one name.
 */
#define ONE_NAME(constant, string)	[constant] = string,
#define COUNT_NAME(constant, string)	+ 1
#define NAME_LIST(list, count)						\
	static const char * const names_##list[] = {			\
		OOMTRACE_NAMES_##list(ONE_NAME)				\
	};								\
	enum { COUNT_##list = count };					\
	static_assert(ARRAY_SIZE(names_##list) == (count));		\
	static_assert((0 OOMTRACE_NAMES_##list(COUNT_NAME)) == (count));
OOMTRACE_NAME_LISTS(NAME_LIST)

/* The list of fields of other kinds than ENUM. */
static const char * const names_none[] = { NULL };
enum { COUNT_none = 0 };

/* One array of fields for each type. */
#define FIELD_SIZE(type, field)	sizeof(((struct oomtrace_##type *)NULL)->field)
#define ONE_FIELD(type, field_, kind_, list) {				\
		.name	= #field_,					\
		.names	= names_##list,					\
		.offset	= offsetof(struct oomtrace_##type, field_),	\
		.size	= FIELD_SIZE(type, field_),			\
		.kind	= OOMTRACE_KIND_##kind_,			\
		.nnames	= COUNT_##list,					\
	},
#define FIELDS_OF_TYPE(TYPE, type)					\
	static const struct oomtrace_field fields_##type[] = {		\
		OOMTRACE_FIELDS_##TYPE(ONE_FIELD)			\
	};
OOMTRACE_TYPES(FIELDS_OF_TYPE)

#define ONE_TYPE(TYPE, type)						\
	[OOMTRACE_##TYPE] = {						\
		.name		= #type,				\
		.fields		= fields_##type,			\
		.nfields	= ARRAY_SIZE(fields_##type),		\
		.size		= sizeof(struct oomtrace_##type),	\
	},
static const struct oomtrace_type_desc types[] = {
	OOMTRACE_TYPES(ONE_TYPE)
};
static_assert(ARRAY_SIZE(types) == OOMTRACE_TYPES_END);

/*
 * Check each field: oomtrace_field_int() can read a number of its size, its
 * signedness matches its kind, and only an ENUM has names.
 */
#define FIELD_TYPE(type, field)	typeof(((struct oomtrace_##type *)NULL)->field)
#define FIELD_SIGNED(type, field)	((FIELD_TYPE(type, field))(-1) < 1)
#define SIZE_OK(size)	((size) == 1 || (size) == 2 || (size) == 4 || (size) == 8)

#define CHECK_NUMBER(type, field)					\
	static_assert(SIZE_OK(FIELD_SIZE(type, field)));
#define CHECK_UNSIGNED(type, field)					\
	CHECK_NUMBER(type, field)					\
	static_assert(!FIELD_SIGNED(type, field));
#define CHECK_INT(type, field, list)					\
	CHECK_NUMBER(type, field)					\
	static_assert(FIELD_SIGNED(type, field));			\
	static_assert(COUNT_##list == 0);
#define CHECK_UINT(type, field, list)					\
	CHECK_UNSIGNED(type, field)					\
	static_assert(COUNT_##list == 0);
#define CHECK_HEX(type, field, list)	CHECK_UINT(type, field, list)
#define CHECK_ENUM(type, field, list)					\
	CHECK_UNSIGNED(type, field)					\
	static_assert(COUNT_##list > 0);
#define CHECK_STR(type, field, list)					\
	static_assert(FIELD_SIZE(type, field) <= OOMTRACE_STR_MAX);	\
	static_assert(COUNT_##list == 0);
#define CHECK_FIELD(type, field, kind, list)	CHECK_##kind(type, field, list)
#define CHECK_FIELDS(TYPE, type)	OOMTRACE_FIELDS_##TYPE(CHECK_FIELD)
OOMTRACE_TYPES(CHECK_FIELDS)

/*
 * Check each type: the rules of the ABI, a mask bit for every field, and no room
 * in the struct for a field that is missing from the list.
 */
#define ADD_SIZE(type, field, kind, list)	+ FIELD_SIZE(type, field)
#define LISTED_SIZE(TYPE)						\
	(sizeof(struct oomtrace_header) OOMTRACE_FIELDS_##TYPE(ADD_SIZE))
#define CHECK_TYPE(TYPE, type)						\
	static_assert(offsetof(struct oomtrace_##type, h) == 0);	\
	static_assert(sizeof(struct oomtrace_##type) % 8 == 0);		\
	static_assert(sizeof(struct oomtrace_##type) <= OOMTRACE_MAX_RECORD); \
	static_assert(sizeof(struct oomtrace_##type) - LISTED_SIZE(TYPE) < 8); \
	static_assert(ARRAY_SIZE(fields_##type) == OOMTRACE_NFIELDS_##type); \
	static_assert(ARRAY_SIZE(fields_##type) < 64);
OOMTRACE_TYPES(CHECK_TYPE)

/*
 * Check that OOMTRACE_LINE_MAX holds the longest line of each type: every field
 * present, derived, and as wide as its kind can be. sizeof() of a string
 * includes the NUL, so the sums are slightly too high.
 */
#define DIGITS(size)	((size) == 8 ? 20 : (size) == 4 ? 11 : 6)
#define WIDTH_INT(size)		DIGITS(size)
#define WIDTH_UINT(size)	DIGITS(size)
#define WIDTH_HEX(size)		DIGITS(size)
#define WIDTH_ENUM(size)	24	/* a unit test checks the names */
#define WIDTH_STR(size)		(4 * (size) + sizeof("\"\""))
#define WIDTH(type, field, kind, list)					\
	+ sizeof(" =~" #field) + WIDTH_##kind(FIELD_SIZE(type, field))
#define PREFIX_WIDTH(type)						\
	sizeof("18446744073.709551 [65535] :" #type "\n")
#define SHORTFALL_WIDTH		sizeof(" shortfall=18446744073709551615~")
#define CHECK_LINE(TYPE, type)						\
	static_assert(PREFIX_WIDTH(type) + SHORTFALL_WIDTH		\
		      OOMTRACE_FIELDS_##TYPE(WIDTH) <= OOMTRACE_LINE_MAX);
OOMTRACE_TYPES(CHECK_LINE)

const struct oomtrace_type_desc *oomtrace_type_desc(unsigned int type)
{
	if (type >= ARRAY_SIZE(types) || !types[type].name)
		return NULL;
	return &types[type];
}

/* Is the whole field within the record? */
static bool field_fits(const struct oomtrace_header *rec,
		       const struct oomtrace_field *f)
{
	return f->offset + f->size <= rec->size;
}

bool oomtrace_field_valid(const struct oomtrace_header *rec, unsigned int idx)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);

	if (!desc || idx >= desc->nfields)
		return false;
	return (rec->valid >> idx & 1) && field_fits(rec, &desc->fields[idx]);
}

unsigned int oomtrace_verdict_scope(const struct oomtrace_verdict *v)
{
	if (!oomtrace_field_valid(&v->h, OOMTRACE_BIT_verdict_constraint))
		return OOMTRACE_SCOPES;
	return v->constraint == OOMTRACE_CONSTRAINT_MEMCG ?
	       OOMTRACE_SCOPE_MEMCG : OOMTRACE_SCOPE_GLOBAL;
}

bool oomtrace_field_derived(const struct oomtrace_header *rec,
			    unsigned int idx)
{
	return oomtrace_field_valid(rec, idx) && (rec->derived >> idx & 1);
}

static s64 read_signed(const void *at, unsigned int size)
{
	s8 n8;
	s16 n16;
	s32 n32;
	s64 n64;

	switch (size) {
	case 1:
		memcpy(&n8, at, sizeof(n8));
		return n8;
	case 2:
		memcpy(&n16, at, sizeof(n16));
		return n16;
	case 4:
		memcpy(&n32, at, sizeof(n32));
		return n32;
	default:
		memcpy(&n64, at, sizeof(n64));
		return n64;
	}
}

/* Clear the bits that sign extension set. */
static s64 zero_extend(s64 n, unsigned int size)
{
	return size < 8 ? n & ((1LL << (8 * size)) - 1) : n;
}

s64 oomtrace_field_int(const struct oomtrace_header *rec,
		       const struct oomtrace_field *f)
{
	s64 n;

	if (f->kind == OOMTRACE_KIND_STR || !field_fits(rec, f))
		return 0;
	n = read_signed((const char *)rec + f->offset, f->size);
	return f->kind == OOMTRACE_KIND_INT ? n : zero_extend(n, f->size);
}

const char *oomtrace_field_str(const struct oomtrace_header *rec,
			       const struct oomtrace_field *f, size_t *len)
{
	const char *s = (const char *)rec + f->offset;

	*len = 0;
	if (f->kind != OOMTRACE_KIND_STR || !field_fits(rec, f))
		return "";
	*len = strnlen(s, f->size);
	return s;
}

const char *oomtrace_field_name(const struct oomtrace_field *f, u64 value)
{
	return value < f->nnames ? f->names[value] : NULL;
}

/* Only for commit records. */
static s64 read_commit_field(const struct oomtrace_header *rec, unsigned int idx)
{
	return oomtrace_field_int(rec, &fields_commit[idx]);
}

/*
 * Mode 2 grants if committed < allowed, mode 0 if pages <= allowed; mode 1
 * denies nothing. A difference below 1 does not explain the denial: the counter
 * changed between the kernel's read and the module's.
 */
int oomtrace_shortfall(const struct oomtrace_header *rec, u64 *pages)
{
	unsigned int asked;
	s64 mode, over;

	if (rec->type != OOMTRACE_COMMIT ||
	    !oomtrace_field_valid(rec, OOMTRACE_BIT_commit_ret) ||
	    !oomtrace_field_valid(rec, OOMTRACE_BIT_commit_mode) ||
	    !oomtrace_field_valid(rec, OOMTRACE_BIT_commit_allowed) ||
	    !read_commit_field(rec, OOMTRACE_BIT_commit_ret))
		return 0;

	mode = read_commit_field(rec, OOMTRACE_BIT_commit_mode);
	if (mode != 0 && mode != 2)
		return 0;
	asked = mode == 2 ? OOMTRACE_BIT_commit_committed
			  : OOMTRACE_BIT_commit_pages;
	if (!oomtrace_field_valid(rec, asked))
		return 0;

	/* Unsigned, because garbage may overflow. */
	over = (s64)((u64)read_commit_field(rec, asked) -
		     (u64)read_commit_field(rec, OOMTRACE_BIT_commit_allowed) +
		     (mode == 2));
	if (over < 1)
		return 0;
	*pages = over;
	return oomtrace_field_derived(rec, asked) ||
	       oomtrace_field_derived(rec, OOMTRACE_BIT_commit_allowed) ? 2 : 1;
}

u32 oomtrace_stack_of(const struct oomtrace_header *rec)
{
	if (rec->type == OOMTRACE_COMMIT &&
	    oomtrace_field_valid(rec, OOMTRACE_BIT_commit_stack))
		return ((const struct oomtrace_commit *)rec)->stack;
	if (rec->type == OOMTRACE_OOM_BEGIN &&
	    oomtrace_field_valid(rec, OOMTRACE_BIT_oom_begin_stack))
		return ((const struct oomtrace_oom_begin *)rec)->stack;
	return 0;
}

static size_t escape_byte(char esc[5], unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return scnprintf(esc, 5, "\\%c", c);
	case '\n':
		return scnprintf(esc, 5, "\\n");
	case '\t':
		return scnprintf(esc, 5, "\\t");
	}
	if (c < 0x20 || c > 0x7e)
		return scnprintf(esc, 5, "\\x%02x", c);
	return scnprintf(esc, 5, "%c", c);
}

size_t oomtrace_escape(char *dst, size_t size, const char *src, size_t n)
{
	size_t len = 0, add, i;
	char esc[5];

	if (!size)
		return 0;
	for (i = 0; i < n && src[i]; i++) {
		add = escape_byte(esc, src[i]);
		if (len + add >= size)
			break;
		memcpy(dst + len, esc, add);
		len += add;
	}
	dst[len] = '\0';
	return len;
}

/* A line being written: the buffer, its bytes, and those in use. */
struct text_line {
	char *buf;
	size_t size;
	size_t len;
};

static __printf(2, 3) void append_text(struct text_line *l, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	l->len += vscnprintf(l->buf + l->len, l->size - l->len, fmt, args);
	va_end(args);
}

static void append_string(struct text_line *l, const struct oomtrace_header *rec,
			  const struct oomtrace_field *f)
{
	const char *s;
	size_t n;

	s = oomtrace_field_str(rec, f, &n);
	append_text(l, "\"");
	l->len += oomtrace_escape(l->buf + l->len, l->size - l->len, s, n);
	append_text(l, "\"");
}

static void append_value(struct text_line *l, const struct oomtrace_header *rec,
			 const struct oomtrace_field *f)
{
	s64 n = oomtrace_field_int(rec, f);
	const char *name = oomtrace_field_name(f, n);

	if (f->kind == OOMTRACE_KIND_STR)
		append_string(l, rec, f);
	else if (f->kind == OOMTRACE_KIND_INT)
		append_text(l, "%lld", n);
	else if (f->kind == OOMTRACE_KIND_HEX)
		append_text(l, "0x%llx", (u64)n);
	else if (name)
		append_text(l, "%s", name);
	else
		append_text(l, "%llu", (u64)n);
}

static void append_fields(struct text_line *l, const struct oomtrace_header *rec,
			  const struct oomtrace_type_desc *desc)
{
	unsigned int i;
	int known;
	u64 pages;

	for (i = 0; i < desc->nfields; i++) {
		if (!oomtrace_field_valid(rec, i))
			continue;
		append_text(l, " %s=", desc->fields[i].name);
		append_value(l, rec, &desc->fields[i]);
		if (oomtrace_field_derived(rec, i))
			append_text(l, "~");
	}
	known = oomtrace_shortfall(rec, &pages);
	if (known)
		append_text(l, " shortfall=%llu%s", pages, known == 2 ? "~" : "");
}

size_t oomtrace_format(char *buf, size_t size,
		       const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	struct text_line l = { .buf = buf, .size = size - 1 };
	u64 us = rec->ts_ns / 1000;

	if (size < 2) {
		if (size)
			buf[0] = '\0';
		return 0;
	}

	/* One byte is reserved for the newline. */
	append_text(&l, "%5llu.%06llu [%03u] ", us / 1000000, us % 1000000, rec->cpu);
	if (desc) {
		append_text(&l, "%s:", desc->name);
		append_fields(&l, rec, desc);
	} else {
		append_text(&l, "type-%u: size=%u", rec->type, rec->size);
	}
	buf[l.len++] = '\n';
	buf[l.len] = '\0';
	return l.len;
}
