/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptions of the record types, and records as lines of text, for every
 * reader of records in the kernel and in user space.
 *
 * Nothing here allocates, sleeps or keeps state. Every function may be called
 * from any context, with records of an older or newer writer, and with garbage
 * in every byte after the header.
 *
 * A record is passed as a pointer to its header, 8-byte aligned. The caller
 * guarantees that max(h.size, sizeof(struct oomtrace_header)) bytes can be read
 * from there; nothing else about the record is trusted.
 */
#ifndef OOMTRACE_FORMAT_H
#define OOMTRACE_FORMAT_H

#include "shim.h"
#include "../include/oomtrace.h"
#include "fields.h"

/**
 * OOMTRACE_LINE_MAX - buffer size that holds any line of oomtrace_format()
 *
 * Includes the NUL. Checked at build time against the longest line of each type.
 */
#define OOMTRACE_LINE_MAX	4352

/* Bytes of the longest name of a field with the space before it and the "=" and NUL after it. */
#define OOMTRACE_LABEL_MAX	32

/* All type numbers are lower; not every lower number is used. */
#define OOMTRACE_TYPES_END	(OOMTRACE_ALLOC_FAILURE + 1)

/* Bytes of the longest STR field of any type. */
#define OOMTRACE_STR_MAX	OOMTRACE_STACK_TEXT

/**
 * enum oomtrace_kind - how a field is read and shown
 * @OOMTRACE_KIND_INT: signed number
 * @OOMTRACE_KIND_UINT: unsigned number
 * @OOMTRACE_KIND_HEX: unsigned number, 0x... in text
 * @OOMTRACE_KIND_STR: char array, ends at the first NUL or when full
 * @OOMTRACE_KIND_ENUM: unsigned number that has a name
 */
enum oomtrace_kind {
	OOMTRACE_KIND_INT,
	OOMTRACE_KIND_UINT,
	OOMTRACE_KIND_HEX,
	OOMTRACE_KIND_STR,
	OOMTRACE_KIND_ENUM,
};

/**
 * struct oomtrace_field - one field of one record type
 * @name: as in the struct, the text and the JSON.
 * @names: names of the values if @kind is ENUM.
 * @offset: bytes from the start of the record.
 * @size: bytes: 1, 2, 4 or 8, or the array's length if @kind is STR.
 * @kind: enum oomtrace_kind.
 * @nnames: entries of @names; 0 if @kind is not ENUM.
 * @label_len: length of @label without the NUL.
 * @label: @name between a space and a "=", as in the text.
 */
struct oomtrace_field {
	const char *name;
	const char * const *names;
	u16 offset;
	u16 size;
	u8 kind;
	u8 nnames;
	u8 label_len;
	char label[OOMTRACE_LABEL_MAX];
};

/**
 * struct oomtrace_type_desc - one record type
 * @name: as in the text and the JSON.
 * @fields: in the order of the bits of header.valid and header.derived.
 * @nfields: number of @fields.
 * @size: sizeof the struct in this build.
 */
struct oomtrace_type_desc {
	const char *name;
	const struct oomtrace_field *fields;
	u16 nfields;
	u16 size;
};

/**
 * oomtrace_type_desc() - get the description of a record type
 * @type: header.type.
 *
 * Return: the description, or NULL if this build does not know the type.
 */
const struct oomtrace_type_desc *oomtrace_type_desc(unsigned int type);

/**
 * oomtrace_field_valid() - is this field present?
 * @rec: the record.
 * @idx: the field's number: OOMTRACE_BIT_type_field, or its place in the table.
 *
 * Return: true if the writer marked the field as present and the record is long
 * enough to hold it. false for an unknown type or field.
 */
bool oomtrace_field_valid(const struct oomtrace_header *rec, unsigned int idx);

/**
 * oomtrace_verdict_scope() - scope of an episode whose begin record is missing
 * @v: its verdict; all zero if that is missing too.
 *
 * Return: enum oomtrace_scope; OOMTRACE_SCOPES if the scope is unknown.
 */
unsigned int oomtrace_verdict_scope(const struct oomtrace_verdict *v);

/**
 * oomtrace_victim_is_new() - does a victim record tell of a kill of its own?
 * @rec: the record, of type victim.
 *
 * Return: false if the task was exiting anyway, or if a record of an earlier episode
 * tells of its kill.
 */
bool oomtrace_victim_is_new(const struct oomtrace_header *rec);

/**
 * oomtrace_field_derived() - is this field present and derived?
 * @rec: the record.
 * @idx: the field's number.
 *
 * Return: true if the field is valid and marked as derived.
 */
bool oomtrace_field_derived(const struct oomtrace_header *rec,
			    unsigned int idx);

/**
 * oomtrace_field_int() - get the number in a field
 * @rec: the record.
 * @f: a field of its type, of any kind but STR.
 *
 * Return: the number, sign-extended if the kind is INT, zero-extended otherwise,
 * so that a cast to u64 gives the exact value of an unsigned field. 0 if the
 * record is too short to hold the field, or if the kind is STR.
 */
s64 oomtrace_field_int(const struct oomtrace_header *rec,
		       const struct oomtrace_field *f);

/**
 * oomtrace_field_str() - get the characters in a STR field
 * @rec: the record.
 * @f: a field of its type.
 * @len: out: number of characters; a NUL may not follow them.
 *
 * Return: a pointer to the first character. "" with a @len of 0 if the record is
 * too short to hold the field, or if the kind is not STR.
 */
const char *oomtrace_field_str(const struct oomtrace_header *rec,
			       const struct oomtrace_field *f, size_t *len);

/**
 * oomtrace_field_name() - get the name of an ENUM field's value
 * @f: the field.
 * @value: the value, from oomtrace_field_int().
 *
 * Return: the name. NULL if the value has no name or @f is not an ENUM: show the
 * number instead.
 */
const char *oomtrace_field_name(const struct oomtrace_field *f, u64 value);

/**
 * oomtrace_copy_known() - copy the part of a record that this build knows
 * @to: out: the copy; zero where an older writer's record has nothing.
 * @size: bytes of @to.
 * @rec: the record.
 *
 * h.size stays the writer's, so fields beyond the end of a short record stay absent in
 * the copy.
 */
void oomtrace_copy_known(void *to, size_t size, const struct oomtrace_header *rec);

/**
 * oomtrace_shortfall() - compute by how many pages a denied request was too large
 * @rec: a record of any type.
 * @pages: out: a request smaller by this many pages would just have been granted.
 *
 * Return: 1 if @pages is exact, 2 if it comes from a derived field, 0 if the
 * record is no denial or its numbers do not explain the denial.
 */
int oomtrace_shortfall(const struct oomtrace_header *rec, u64 *pages);

/**
 * oomtrace_escape() - make bytes safe to show on a terminal and inside quotes
 * @dst: the text; always NUL-terminated unless @size is 0.
 * @size: bytes of @dst; 4 * @n + 1 are always enough. A text that does not fit
 *	is cut, but never inside an escape.
 * @src: the bytes, up to the first NUL.
 * @n: largest number of bytes in @src.
 *
 * Double quotes and backslashes get a backslash; newline and tab become \n and
 * \t; any other byte outside of 0x20..0x7e becomes \xNN.
 *
 * Return: length of the text, without the NUL.
 */
size_t oomtrace_escape(char *dst, size_t size, const char *src, size_t n);

/**
 * oomtrace_stack_of() - the number of the stack that a record refers to
 * @rec: the record.
 *
 * Return: the number, from 1; 0 if it refers to none.
 */
u32 oomtrace_stack_of(const struct oomtrace_header *rec);

/**
 * oomtrace_format() - format a record as one line of text
 * @buf: the line; ends in a newline and a NUL even if it was cut.
 * @size: bytes of @buf; with OOMTRACE_LINE_MAX no line is cut. At least 2.
 * @rec: the record.
 *
 * The line has seconds of CLOCK_MONOTONIC, [CPU], the type's name and a colon,
 * and name=value for every valid field. A ~ follows the value of a derived
 * field. A commit denial ends with shortfall=, see oomtrace_shortfall().
 *
 * Return: length of the line, without the NUL.
 */
size_t oomtrace_format(char *buf, size_t size,
		       const struct oomtrace_header *rec);

#endif /* OOMTRACE_FORMAT_H */
