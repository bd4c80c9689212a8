// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers, sizes, times and tasks written for people.
 *
 * Decides how a value looks, not what it means. May not allocate or sleep, uses
 * only printf formats that libc and the kernel both have, and does not trust the
 * contents of a record.
 */
#include "say.h"

void write_text(struct text_writer *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	w->out->vprint(w->out->ctx, fmt, args);
	va_end(args);
}

void write_label(struct text_writer *w, const char *label)
{
	write_text(w, "%-11s", label);
}

void write_count(struct text_writer *w, s64 n)
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
	write_text(w, "%s%s", n < 0 ? "-" : "", at);
}

/* In the largest unit that gives at least 1; exact, or with one decimal. */
void write_bytes(struct text_writer *w, u64 bytes)
{
	static const char * const units[] = { "KiB", "MiB", "GiB", "TiB" };
	u64 unit = 1024;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units) - 1 && bytes / unit >= 1024; i++)
		unit *= 1024;
	if (bytes % unit == 0)
		write_text(w, "%llu %s", bytes / unit, units[i]);
	else
		write_text(w, "%llu.%llu %s", bytes / unit,
			   bytes % unit * 10 / unit, units[i]);
}

void write_size(struct text_writer *w, s64 pages)
{
	/* More than the address space is garbage, or means "no limit". */
	if (pages <= 0 || (u64)pages > (1ULL << 63) / w->page_size)
		return;
	write_text(w, " (");
	write_bytes(w, (u64)pages * w->page_size);
	write_text(w, ")");
}

void write_pages(struct text_writer *w, s64 pages, bool derived)
{
	write_count(w, pages);
	write_tilde(w, derived);
	write_text(w, pages == 1 ? " page" : " pages");
	write_size(w, pages);
}

void write_duration(struct text_writer *w, u64 ns)
{
	if (ns < 1000)
		write_text(w, "%llu ns", ns);
	else if (ns < 1000000)
		write_text(w, "%llu.%llu us", ns / 1000, ns % 1000 / 100);
	else if (ns < 1000000000)
		write_text(w, "%llu.%llu ms", ns / 1000000, ns % 1000000 / 100000);
	else
		write_text(w, "%llu.%02llu s", ns / 1000000000,
			   ns % 1000000000 / 10000000);
}

void write_tilde(struct text_writer *w, bool derived)
{
	if (!derived)
		return;
	write_text(w, "~");
	w->tilde = true;
}

void write_comm(struct text_writer *w, const char *comm)
{
	char text[4 * OOMTRACE_COMM_LEN + 1];

	oomtrace_escape(text, sizeof(text), comm, OOMTRACE_COMM_LEN);
	write_text(w, "%s", text);
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

bool story_has_scope(const struct oomtrace_story *s, s64 scope)
{
	s64 n;

	return get_field(&s->begin.h, OOMTRACE_BIT_oom_begin_scope, &n) &&
	       n == scope;
}

/* Get a number, or write "not known". */
static bool get_field_or_write(struct text_writer *w, const struct oomtrace_header *rec,
			       unsigned int idx, s64 *n)
{
	if (get_field(rec, idx, n))
		return true;
	write_text(w, "not known");
	return false;
}

void write_field(struct text_writer *w, const struct oomtrace_header *rec,
		 unsigned int idx)
{
	s64 n;

	if (!get_field_or_write(w, rec, idx, &n))
		return;
	write_count(w, n);
	write_tilde(w, oomtrace_field_derived(rec, idx));
}

void write_pages_field(struct text_writer *w, const struct oomtrace_header *rec,
		       unsigned int idx)
{
	s64 n;

	if (get_field_or_write(w, rec, idx, &n))
		write_pages(w, n, oomtrace_field_derived(rec, idx));
}

void write_enum_field(struct text_writer *w, const struct oomtrace_header *rec,
		      unsigned int idx)
{
	const char *name;
	s64 n;

	if (!get_field_or_write(w, rec, idx, &n))
		return;
	name = oomtrace_field_name(&oomtrace_type_desc(rec->type)->fields[idx],
				   n);
	if (name)
		write_text(w, "%s", name);
	else
		write_text(w, "%llu (unknown)", (u64)n);
}

void write_duration_field(struct text_writer *w, const struct oomtrace_header *rec,
			  unsigned int idx)
{
	s64 n;

	if (get_field_or_write(w, rec, idx, &n))
		write_duration(w, n);
}

void write_id_field(struct text_writer *w, const struct oomtrace_header *rec,
		    unsigned int idx)
{
	s64 n;

	if (get_field_or_write(w, rec, idx, &n))
		write_text(w, "%lld", n);
}

void write_string_field(struct text_writer *w, const struct oomtrace_header *rec,
			unsigned int idx)
{
	char text[4 * OOMTRACE_GFP_NAMES + 1];
	const char *str;
	size_t len;

	if (!oomtrace_field_valid(rec, idx)) {
		write_text(w, "not known");
		return;
	}
	str = oomtrace_field_str(rec, &oomtrace_type_desc(rec->type)->fields[idx],
				 &len);
	oomtrace_escape(text, sizeof(text), str, len);
	write_text(w, "%s", text);
}

void write_task(struct text_writer *w, const struct oomtrace_header *rec,
		unsigned int comm, unsigned int pid)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	size_t len;
	s64 n;

	if (!desc) {
		write_text(w, "a task that is not known");
		return;
	}
	if (oomtrace_field_valid(rec, comm))
		write_comm(w, oomtrace_field_str(rec, &desc->fields[comm], &len));
	else
		write_text(w, "(name not known)");
	if (get_field(rec, pid, &n))
		write_text(w, "[%lld]", n);
	else
		write_text(w, "[not known]");
}

void write_ns_pid(struct text_writer *w, const struct oomtrace_header *rec,
		  unsigned int pid, unsigned int ns_pid)
{
	s64 outer, inner;

	if (get_field(rec, pid, &outer) && get_field(rec, ns_pid, &inner) &&
	    inner && inner != outer)
		write_text(w, ", pid %lld in its container", inner);
}
