/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers, sizes, times and tasks written for people: what every explanation in
 * words is made of.
 *
 * All output goes through struct oomtrace_out, piece by piece. An absent field
 * is written as "not known". A derived field gets a ~, which the writer
 * remembers so that the caller can explain it at the end.
 */
#ifndef OOMTRACE_SAY_H
#define OOMTRACE_SAY_H

#include "format.h"
#include "story.h"

/**
 * struct text_writer - state of a text being written
 * @out: destination.
 * @page_size: bytes of a page, not 0.
 * @tilde: true once a ~ was written.
 */
struct text_writer {
	const struct oomtrace_out *out;
	u32 page_size;
	bool tilde;
};

/** write_text() - write anything, as printf() does */
void write_text(struct text_writer *w, const char *fmt, ...)
	__printf(2, 3);

/** write_label() - start a paragraph; "" starts a line that continues it */
void write_label(struct text_writer *w, const char *label);

/** write_count() - write a number with commas: 1,234,567 */
void write_count(struct text_writer *w, s64 n);

/** write_size() - write pages as a size: " (4.8 MiB)"; nothing below 1 page */
void write_size(struct text_writer *w, s64 pages);

/** write_pages() - write pages and their size: 1,234 pages (4.8 MiB) */
void write_pages(struct text_writer *w, s64 pages, bool derived);

/** write_bytes() - write bytes as a size: "4.8 MiB" */
void write_bytes(struct text_writer *w, u64 bytes);

/** write_duration() - write nanoseconds as a time: 12.3 ms */
void write_duration(struct text_writer *w, u64 ns);

/** write_tilde() - mark the number before as derived, if it is */
void write_tilde(struct text_writer *w, bool derived);

/** write_comm() - write a command name, escaped; it may lack the NUL */
void write_comm(struct text_writer *w, const char *comm);

/**
 * get_field() - get a number from a kept record
 * @rec: the record; its type is 0 if no such record was seen.
 * @idx: the field's number.
 * @n: out: the number, 0 if it is absent.
 *
 * Return: true if the number is present.
 */
bool get_field(const struct oomtrace_header *rec, unsigned int idx, s64 *n);

/** story_has_scope() - is the scope known, and is it this enum oomtrace_scope? */
bool story_has_scope(const struct oomtrace_story *s, s64 scope);

/*
 * Write a field of a record, by the field's number: with commas; as pages and
 * their size; as the name of its value; as a time; without commas, for a
 * pid, uid or cgroup id; as characters, escaped.
 */
void write_field(struct text_writer *w, const struct oomtrace_header *rec,
		 unsigned int idx);
void write_pages_field(struct text_writer *w, const struct oomtrace_header *rec,
		       unsigned int idx);
void write_enum_field(struct text_writer *w, const struct oomtrace_header *rec,
		      unsigned int idx);
void write_duration_field(struct text_writer *w,
			  const struct oomtrace_header *rec, unsigned int idx);
void write_id_field(struct text_writer *w, const struct oomtrace_header *rec,
		    unsigned int idx);
void write_string_field(struct text_writer *w,
			const struct oomtrace_header *rec, unsigned int idx);

/** write_task() - write comm[pid] from those two fields of a record */
void write_task(struct text_writer *w, const struct oomtrace_header *rec,
		unsigned int comm, unsigned int pid);

/** write_ns_pid() - write ", pid 2 in its container" if that pid is another one */
void write_ns_pid(struct text_writer *w, const struct oomtrace_header *rec,
		  unsigned int pid, unsigned int ns_pid);

/** story_process() - name the process of the thread that allocates, or NULL */
const char *story_process(const struct oomtrace_story *s);

/** write_memory_part() - write the paragraphs on memory before the kill */
void write_memory_part(struct text_writer *w, const struct oomtrace_story *s);

/** write_account_part() - write what the memory of the cgroup was used for */
void write_account_part(struct text_writer *w, const struct oomtrace_story *s);

/**
 * write_account_findings() - write in words what of the cgroup's memory is large
 * @w: the writer.
 * @m: the account; its type is 0 if there is none.
 * @begin: called before each sentence, with its number from 0.
 *
 * Only what is not simply the memory of processes: files in tmpfs, the kernel's
 * own, sockets, page cache, huge pages, locked pages, and what no counter names.
 *
 * Return: number of sentences.
 */
unsigned int write_account_findings(struct text_writer *w, const struct oomtrace_memcg *m,
				    void (*begin)(struct text_writer *w, unsigned int nr));

/** write_zones_part() - write what is free, and where the request may use it */
void write_zones_part(struct text_writer *w, const struct oomtrace_story *s);

/** story_need() - what the allocation is for, "a page table"; NULL if not known */
const char *story_need(const struct oomtrace_story *s);

/** write_stack_part() - write what called the OOM killer */
void write_stack_part(struct text_writer *w, const struct oomtrace_story *s);

/** story_remains() - what is kept of a victim that did not go, by its pid, or NULL */
const struct oomtrace_story_remains *story_remains(const struct oomtrace_story *s,
						   s32 pid);

/** write_remains() - write what was left of a victim, and what it waits in */
void write_remains(struct text_writer *w, const struct oomtrace_story_remains *r);

/** write_remains_callers() - write the functions that called the one it waits in */
void write_remains_callers(struct text_writer *w, const struct oomtrace_story_remains *r);

/** story_waits() - do tasks wait, since their cgroup's OOM killer is off? */
bool story_waits(const struct oomtrace_story *s);

/** write_wait() - write how long a task waited */
void write_wait(struct text_writer *w, const struct oomtrace_wait *wait);

/** write_waits() - write the paragraph on the tasks that wait */
void write_waits(struct text_writer *w, const struct oomtrace_story *s);

/** write_end_part() - write how the episode ended, and which OOMs followed */
void write_end_part(struct text_writer *w, const struct oomtrace_story *s);

/** story_has_other_nodes() - is there a node that the request may not use? */
bool story_has_other_nodes(const struct oomtrace_story *s);

/** write_allowed_nodes() - write the nodes that the request may use */
void write_allowed_nodes(struct text_writer *w, const struct oomtrace_story *s);

/** write_zone_name() - write "DMA32 on node 0" from those fields of a record */
void write_zone_name(struct text_writer *w, const struct oomtrace_header *rec,
		     unsigned int name, unsigned int zone, unsigned int node);

/**
 * story_count_eligible() - count the tasks that the kernel gave points
 * @s: the story.
 * @all: out: those whose records are lost are among them.
 */
u32 story_count_eligible(const struct oomtrace_story *s, bool *all);

/** write_killed() - write which task was killed */
void write_killed(struct text_writer *w, const struct oomtrace_story *s);

/** write_choice_part() - write why that task was killed and no other */
void write_choice_part(struct text_writer *w, const struct oomtrace_story *s);

#endif /* OOMTRACE_SAY_H */
