// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers, sizes, times and tasks as a person reads them, see say.h.
 *
 * Knows how a value looks, not what it means. May not allocate or sleep, and
 * uses only printf formats that libc and the kernel both have. Records are
 * trusted no further than in common/format.c.
 */
#include "say.h"

void say(struct teller *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	t->out->vprint(t->out->ctx, fmt, args);
	va_end(args);
}

void say_label(struct teller *t, const char *label)
{
	say(t, "%-11s", label);
}

void say_count(struct teller *t, s64 n)
{
	u64 rest = n < 0 ? 0 - (u64)n : (u64)n;
	char digits[27];		/* "9,223,372,036,854,775,808" */
	char *at = digits + sizeof(digits) - 1;
	unsigned int i;

	*at = '\0';
	for (i = 0; i == 0 || rest; i++) {
		if (i && i % 3 == 0)
			*--at = ',';
		*--at = '0' + rest % 10;
		rest /= 10;
	}
	say(t, "%s%s", n < 0 ? "-" : "", at);
}

/* Bytes in the largest unit that is not below 1; exact, or one decimal. */
static void say_bytes(struct teller *t, u64 bytes)
{
	static const char * const units[] = { "KiB", "MiB", "GiB", "TiB" };
	u64 unit = 1024;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units) - 1 && bytes / unit >= 1024; i++)
		unit *= 1024;
	if (bytes % unit == 0)
		say(t, "%llu %s", bytes / unit, units[i]);
	else
		say(t, "%llu.%llu %s", bytes / unit,
		    bytes % unit * 10 / unit, units[i]);
}

void say_size(struct teller *t, s64 pages)
{
	/* More than the address space is garbage or "no limit". */
	if (pages <= 0 || (u64)pages > (1ULL << 63) / t->page_size)
		return;
	say(t, " (");
	say_bytes(t, (u64)pages * t->page_size);
	say(t, ")");
}

void say_kib(struct teller *t, s64 pages)
{
	say_count(t, (u64)pages * (t->page_size / 1024));
	say(t, " KiB");
}

void say_time(struct teller *t, u64 ns)
{
	if (ns < 1000)
		say(t, "%llu ns", ns);
	else if (ns < 1000000)
		say(t, "%llu.%llu us", ns / 1000, ns % 1000 / 100);
	else if (ns < 1000000000)
		say(t, "%llu.%llu ms", ns / 1000000, ns % 1000000 / 100000);
	else
		say(t, "%llu.%02llu s", ns / 1000000000,
		    ns % 1000000000 / 10000000);
}

void say_tilde(struct teller *t, bool derived)
{
	if (!derived)
		return;
	say(t, "~");
	t->tilde = true;
}

void say_comm(struct teller *t, const char *comm)
{
	char text[4 * OOMTRACE_COMM_LEN + 1];

	oomtrace_escape(text, sizeof(text), comm, OOMTRACE_COMM_LEN);
	say(t, "%s", text);
}

bool get_field(const struct oomtrace_header *rec, unsigned int idx, s64 *n)
{
	*n = 0;
	if (!oomtrace_field_valid(rec, idx))
		return false;
	*n = oomtrace_field_int(rec,
				&oomtrace_type_desc(rec->type)->fields[idx]);
	return true;
}

bool has_scope(const struct oomtrace_story *s, s64 scope)
{
	s64 n;

	return get_field(&s->begin.h, OOMTRACE_BIT_oom_begin_scope, &n) &&
	       n == scope;
}

/* Get a number or say that it is not there. */
static bool get_or_say(struct teller *t, const struct oomtrace_header *rec,
		       unsigned int idx, s64 *n)
{
	if (get_field(rec, idx, n))
		return true;
	say(t, "not known");
	return false;
}

void say_field(struct teller *t, const struct oomtrace_header *rec,
	       unsigned int idx)
{
	s64 n;

	if (!get_or_say(t, rec, idx, &n))
		return;
	say_count(t, n);
	say_tilde(t, oomtrace_field_derived(rec, idx));
}

void say_pages(struct teller *t, const struct oomtrace_header *rec,
	       unsigned int idx)
{
	s64 n;

	say_field(t, rec, idx);
	if (!get_field(rec, idx, &n))
		return;
	say(t, n == 1 ? " page" : " pages");
	say_size(t, n);
}

void say_kib_field(struct teller *t, const struct oomtrace_header *rec,
		   unsigned int idx)
{
	s64 n;

	if (!get_or_say(t, rec, idx, &n))
		return;
	say_kib(t, n);
	say_tilde(t, oomtrace_field_derived(rec, idx));
}

void say_name(struct teller *t, const struct oomtrace_header *rec,
	      unsigned int idx)
{
	const char *name;
	s64 n;

	if (!get_or_say(t, rec, idx, &n))
		return;
	name = oomtrace_field_name(&oomtrace_type_desc(rec->type)->fields[idx],
				   n);
	if (name)
		say(t, "%s", name);
	else
		say(t, "%llu (unknown)", (u64)n);
}

void say_time_field(struct teller *t, const struct oomtrace_header *rec,
		    unsigned int idx)
{
	s64 n;

	if (get_or_say(t, rec, idx, &n))
		say_time(t, n);
}

void say_id(struct teller *t, const struct oomtrace_header *rec,
	    unsigned int idx)
{
	s64 n;

	if (get_or_say(t, rec, idx, &n))
		say(t, "%lld", n);
}

void say_string(struct teller *t, const struct oomtrace_header *rec,
		unsigned int idx)
{
	char text[4 * OOMTRACE_GFP_NAMES + 1];
	const char *str;
	size_t len;

	if (!oomtrace_field_valid(rec, idx)) {
		say(t, "not known");
		return;
	}
	str = oomtrace_field_str(rec, &oomtrace_type_desc(rec->type)->fields[idx],
				 &len);
	oomtrace_escape(text, sizeof(text), str, len);
	say(t, "%s", text);
}

void say_task(struct teller *t, const struct oomtrace_header *rec,
	      unsigned int comm, unsigned int pid)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	size_t len;
	s64 n;

	if (!desc) {
		say(t, "a task not known");
		return;
	}
	if (oomtrace_field_valid(rec, comm))
		say_comm(t, oomtrace_field_str(rec, &desc->fields[comm], &len));
	else
		say(t, "(name not known)");
	if (get_field(rec, pid, &n))
		say(t, "[%lld]", n);
	else
		say(t, "[not known]");
}
