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
	LIST(call,		OOMTRACE_CALLS)		\
	LIST(cause,		OOMTRACE_CAUSES)	\
	LIST(alloc_kind,	OOMTRACE_ALLOC_KINDS)	\
	LIST(context,		OOMTRACE_CONTEXTS)	\
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
	LIST(panic,		OOMTRACE_PANICS)	\
	LIST(reaper,		OOMTRACE_REAPERS)	\
	LIST(sender,		OOMTRACE_SENDERS)	\
	LIST(how,		OOMTRACE_HOWS)		\
	LIST(sent,		OOMTRACE_SENTS)		\
	LIST(near,		OOMTRACE_NEARS)		\
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
#define LABEL(field)	" " #field "="
#define ONE_FIELD(type, field_, kind_, list) {				\
		.name	= #field_,					\
		.label	= LABEL(field_),				\
		.names	= names_##list,					\
		.offset	= offsetof(struct oomtrace_##type, field_),	\
		.size	= FIELD_SIZE(type, field_),			\
		.kind	= OOMTRACE_KIND_##kind_,			\
		.nnames	= COUNT_##list,					\
		.label_len = sizeof(LABEL(field_)) - 1,			\
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
 * signedness matches its kind, its label has room, and only an ENUM has names.
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
#define CHECK_FIELD(type, field, kind, list)				\
	static_assert(sizeof(LABEL(field)) <= OOMTRACE_LABEL_MAX);	\
	CHECK_##kind(type, field, list)
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

bool oomtrace_victim_is_new(const struct oomtrace_header *rec)
{
	const struct oomtrace_victim *v = (const void *)rec;

	if (oomtrace_field_valid(rec, OOMTRACE_BIT_victim_earlier))
		return false;
	return !oomtrace_field_valid(rec, OOMTRACE_BIT_victim_why) ||
	       (v->why != OOMTRACE_WHY_CALLER_EXITING && v->why != OOMTRACE_WHY_DYING);
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

void oomtrace_copy_known(void *to, size_t size, const struct oomtrace_header *rec)
{
	memset(to, 0, size);
	memcpy(to, rec, rec->size < size ? rec->size : size);
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

/* Both fields are tested here, since a reader asks this of each record. */
#define STACK_OF(rec, type)						\
	(((rec)->valid & OOMTRACE_BIT(type, stack)) &&			\
	 offsetof(struct oomtrace_##type, stack) + sizeof(u32) <= (rec)->size ? \
	 ((const struct oomtrace_##type *)(rec))->stack : 0)

u32 oomtrace_stack_of(const struct oomtrace_header *rec)
{
	if (rec->type == OOMTRACE_COMMIT)
		return STACK_OF(rec, commit);
	if (rec->type == OOMTRACE_OOM_BEGIN)
		return STACK_OF(rec, oom_begin);
	if (rec->type == OOMTRACE_REFUSED)
		return STACK_OF(rec, refused);
	if (rec->type == OOMTRACE_ALLOC_FAILURE)
		return STACK_OF(rec, alloc_failure);
	return 0;
}

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c > 0x7e || c == '"' || c == '\\';
}

/* Write the escape of a byte that needs one; return its length. */
static size_t escape_byte(char esc[4], unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	esc[0] = '\\';
	switch (c) {
	case '"':
	case '\\':
		esc[1] = c;
		return 2;
	case '\n':
		esc[1] = 'n';
		return 2;
	case '\t':
		esc[1] = 't';
		return 2;
	}
	esc[1] = 'x';
	esc[2] = hex[c >> 4];
	esc[3] = hex[c & 15];
	return 4;
}

/* oomtrace_escape() without the NUL; @room is the number of bytes at @dst. */
static size_t escape_bytes(char *dst, size_t room, const char *src, size_t n)
{
	size_t len = 0, add, i;
	char esc[4];

	for (i = 0; i < n && src[i]; i++) {
		if (!needs_escape(src[i])) {
			if (len == room)
				break;
			dst[len++] = src[i];
			continue;
		}
		add = escape_byte(esc, src[i]);
		if (len + add > room)
			break;
		memcpy(dst + len, esc, add);
		len += add;
	}
	return len;
}

size_t oomtrace_escape(char *dst, size_t size, const char *src, size_t n)
{
	size_t len;

	if (!size)
		return 0;
	len = escape_bytes(dst, size - 1, src, n);
	dst[len] = '\0';
	return len;
}

/*
 * A line being written: where the next byte goes, and the end of the room. What
 * does not fit is cut. Each line has some 25 numbers, so none of them goes
 * through vsnprintf(), which takes three times as long for a line.
 */
struct text_line {
	char *at;
	char *end;
};

static size_t room_left(const struct text_line *l)
{
	return l->end - l->at;
}

static void put_bytes(struct text_line *l, const char *s, size_t n)
{
	if (n > room_left(l))
		n = room_left(l);
	memcpy(l->at, s, n);
	l->at += n;
}

static void put_char(struct text_line *l, char c)
{
	if (l->at < l->end)
		*l->at++ = c;
}

static void put_text(struct text_line *l, const char *s)
{
	while (*s)
		put_char(l, *s++);
}

/* Put the digits that end at @end, and begin at @p. */
static void put_digits(struct text_line *l, const char *p, const char *end)
{
	if ((size_t)(end - p) > room_left(l))
		end = p + room_left(l);
	while (p < end)
		*l->at++ = *p++;
}

/* At least @width digits, at most 20, filled up with @fill. */
static void put_number(struct text_line *l, u64 n, unsigned int width, char fill)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = '0' + n % 10;
		n /= 10;
	} while (n);
	while (p > digits + sizeof(digits) - width)
		*--p = fill;
	put_digits(l, p, digits + sizeof(digits));
}

static void put_unsigned(struct text_line *l, u64 n)
{
	put_number(l, n, 1, '0');
}

static void put_signed(struct text_line *l, s64 n)
{
	if (n < 0)
		put_char(l, '-');
	/* Negated as unsigned: the smallest number has no positive. */
	put_unsigned(l, n < 0 ? 0 - (u64)n : (u64)n);
}

static void put_hex(struct text_line *l, u64 n)
{
	static const char hex[] = "0123456789abcdef";
	char digits[16], *p = digits + sizeof(digits);

	do {
		*--p = hex[n & 15];
		n >>= 4;
	} while (n);
	put_text(l, "0x");
	put_digits(l, p, digits + sizeof(digits));
}

static void put_label(struct text_line *l, const struct oomtrace_field *f)
{
	/* A copy of a constant size takes a few instructions. */
	if (room_left(l) >= sizeof(f->label)) {
		memcpy(l->at, f->label, sizeof(f->label));
		l->at += f->label_len;
	} else {
		put_bytes(l, f->label, f->label_len);
	}
}

static void put_value(struct text_line *l, const struct oomtrace_header *rec,
		      const struct oomtrace_field *f)
{
	const char *at = (const char *)rec + f->offset;
	const char *name;
	u64 n;

	switch (f->kind) {
	case OOMTRACE_KIND_STR:
		put_char(l, '"');
		l->at += escape_bytes(l->at, room_left(l), at, f->size);
		put_char(l, '"');
		return;
	case OOMTRACE_KIND_INT:
		put_signed(l, read_signed(at, f->size));
		return;
	}
	n = zero_extend(read_signed(at, f->size), f->size);
	name = oomtrace_field_name(f, n);
	if (f->kind == OOMTRACE_KIND_HEX)
		put_hex(l, n);
	else if (name)
		put_text(l, name);
	else
		put_unsigned(l, n);
}

static void put_fields(struct text_line *l, const struct oomtrace_header *rec,
		       const struct oomtrace_type_desc *desc)
{
	const struct oomtrace_field *f = desc->fields;
	u64 valid = rec->valid, derived = rec->derived;
	unsigned int i;
	int known;
	u64 pages;

	for (i = 0; i < desc->nfields; i++, f++, valid >>= 1, derived >>= 1) {
		if (!(valid & 1) || !field_fits(rec, f))
			continue;
		put_label(l, f);
		put_value(l, rec, f);
		if (derived & 1)
			put_char(l, '~');
	}
	known = oomtrace_shortfall(rec, &pages);
	if (known) {
		put_text(l, " shortfall=");
		put_unsigned(l, pages);
		if (known == 2)
			put_char(l, '~');
	}
}

size_t oomtrace_format(char *buf, size_t size,
		       const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	u64 us = rec->ts_ns / 1000;
	struct text_line l;

	if (size < 2) {
		if (size)
			buf[0] = '\0';
		return 0;
	}

	l.at = buf;
	/* The newline and the NUL have room of their own. */
	l.end = buf + size - 2;
	put_number(&l, us / 1000000, 5, ' ');
	put_char(&l, '.');
	put_number(&l, us % 1000000, 6, '0');
	put_text(&l, " [");
	put_number(&l, rec->cpu, 3, '0');
	put_text(&l, "] ");
	if (desc) {
		put_text(&l, desc->name);
		put_char(&l, ':');
		put_fields(&l, rec, desc);
	} else {
		put_text(&l, "type-");
		put_unsigned(&l, rec->type);
		put_text(&l, ": size=");
		put_unsigned(&l, rec->size);
	}
	*l.at++ = '\n';
	*l.at = '\0';
	return l.at - buf;
}
