/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trace events oomtrace:*, for perf, trace-cmd and bpftrace.
 *
 * The kernel's macros include this file several times with different
 * definitions. Fields, formats and names come from the one description of the
 * records, as those of the text and the JSON do. An event has every field of its
 * record, in the record's order. A number is a long long and an enumeration an
 * unsigned int, whatever their size in the record: every tool can parse those.
 *
 * An event also has the record's valid and derived masks. A field without its
 * bit in valid is absent: it is 0 and has no meaning. The CPU and seq identify
 * the record of the device that the event stands for.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM oomtrace

#if !defined(OOMTRACE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define OOMTRACE_TRACE_H

#include <linux/tracepoint.h>

#include "common/fields.h"
#include "include/oomtrace.h"

int oomtrace_events_on(void);
void oomtrace_events_off(void);

/* V(TYPE, type): the record types that are also events. */
#define OOMTRACE_EVENTS(V)		\
	V(COMMIT, commit)		\
	V(CANDIDATE, candidate)		\
	V(VERDICT, verdict)		\
	V(VICTIM, victim)		\
	V(OOM_END, oom_end)		\
	V(ALLOC_FAILURE, alloc_failure)

/* Export the values of the constants that the print formats name. */
#define OOMTRACE_EV_NUMBER(constant, string)	TRACE_DEFINE_ENUM(constant);
OOMTRACE_NAMES_origin(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_recorded(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_eval(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_reason(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_constraint(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_recomputed(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_policy(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_why(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_how(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_ending(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_panic(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_alloc_kind(OOMTRACE_EV_NUMBER)
OOMTRACE_NAMES_context(OOMTRACE_EV_NUMBER)

/* Bytes of each string. The kernel's macros show the user a number, so no sizeof(). */
#define OOMTRACE_EV_LEN_comm		OOMTRACE_COMM_LEN
#define OOMTRACE_EV_LEN_gfp_names	OOMTRACE_ALLOC_GFP_NAMES
#define OOMTRACE_EV_LEN_message		OOMTRACE_MESSAGE_LEN

/* Declare a field in the event's struct, by kind. */
#define OOMTRACE_EV_FIELD_INT(field)	__field(long long, field)
#define OOMTRACE_EV_FIELD_UINT(field)	__field(unsigned long long, field)
#define OOMTRACE_EV_FIELD_HEX(field)	__field(unsigned long long, field)
#define OOMTRACE_EV_FIELD_ENUM(field)	__field(unsigned int, field)
#define OOMTRACE_EV_FIELD_STR(field)	__array(char, field, OOMTRACE_EV_LEN_##field)
#define OOMTRACE_EV_FIELD(type, field, kind, names)	\
	OOMTRACE_EV_FIELD_##kind(field)

/* Copy a field from the record to the event. */
#define OOMTRACE_EV_SET_INT(field)	__entry->field = rec->field;
#define OOMTRACE_EV_SET_UINT(field)	__entry->field = rec->field;
#define OOMTRACE_EV_SET_HEX(field)	__entry->field = rec->field;
#define OOMTRACE_EV_SET_ENUM(field)	__entry->field = rec->field;
#define OOMTRACE_EV_SET_STR(field)					\
	BUILD_BUG_ON(sizeof(__entry->field) != sizeof(rec->field));	\
	memcpy(__entry->field, rec->field, sizeof(__entry->field));
#define OOMTRACE_EV_SET(type, field, kind, names)	\
	OOMTRACE_EV_SET_##kind(field)

/* Print a field: its format, then its value. */
#define OOMTRACE_EV_FORMAT_INT		"%lld"
#define OOMTRACE_EV_FORMAT_UINT		"%llu"
#define OOMTRACE_EV_FORMAT_HEX		"0x%llx"
#define OOMTRACE_EV_FORMAT_ENUM		"%s"
#define OOMTRACE_EV_FORMAT_STR		"%s"
#define OOMTRACE_EV_FORMAT(type, field, kind, names)	\
	" " #field "=" OOMTRACE_EV_FORMAT_##kind

#define OOMTRACE_EV_NAME(constant, string)	{ constant, string },
#define OOMTRACE_EV_VALUE_INT(field, names)	__entry->field,
#define OOMTRACE_EV_VALUE_UINT(field, names)	__entry->field,
#define OOMTRACE_EV_VALUE_HEX(field, names)	__entry->field,
#define OOMTRACE_EV_VALUE_STR(field, names)	__entry->field,
/* The names end with a comma, so a pair must follow: no value is 255. */
#define OOMTRACE_EV_VALUE_ENUM(field, names)				\
	__print_symbolic(__entry->field,				\
			 OOMTRACE_NAMES_##names(OOMTRACE_EV_NAME)	\
			 { 255, "?" }),
#define OOMTRACE_EV_VALUE(type, field, kind, names)	\
	OOMTRACE_EV_VALUE_##kind(field, names)

#define OOMTRACE_EVENT(TYPE, type)					\
TRACE_EVENT_FN(type,							\
	TP_PROTO(const struct oomtrace_##type *rec),			\
	TP_ARGS(rec),							\
	TP_STRUCT__entry(						\
		__field(unsigned long long, seq)			\
		OOMTRACE_FIELDS_##TYPE(OOMTRACE_EV_FIELD)		\
		__field(unsigned long long, valid)			\
		__field(unsigned long long, derived)			\
	),								\
	TP_fast_assign(							\
		__entry->seq = rec->h.seq;				\
		OOMTRACE_FIELDS_##TYPE(OOMTRACE_EV_SET)			\
		__entry->valid = rec->h.valid;				\
		__entry->derived = rec->h.derived;			\
	),								\
	TP_printk("seq=%llu"						\
		  OOMTRACE_FIELDS_##TYPE(OOMTRACE_EV_FORMAT)		\
		  " valid=0x%llx derived=0x%llx", __entry->seq,		\
		  OOMTRACE_FIELDS_##TYPE(OOMTRACE_EV_VALUE)		\
		  __entry->valid, __entry->derived),			\
	oomtrace_events_on, oomtrace_events_off)

OOMTRACE_EVENTS(OOMTRACE_EVENT)

#endif /* OOMTRACE_TRACE_H */

/* Kbuild adds this folder to the include path. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
