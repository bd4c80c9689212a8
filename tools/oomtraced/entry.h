/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One OOM episode as an entry: a message for people, and fields for programs. The
 * same fields go to the journal and into a line of JSON.
 */
#ifndef OOMTRACE_ENTRY_H
#define OOMTRACE_ENTRY_H

#include <stdbool.h>
#include <sys/uio.h>

#include "../../common/shim.h"
#include "../cgroups.h"

/* The type of the entries; `journalctl MESSAGE_ID=...` finds them. */
#define JOURNAL_MESSAGE_ID	"c0d2b1f5a3c24b5f9d1e7a6b8e4f3d21"

#define ENTRY_FIELDS	64
#define ENTRY_TEXT	1536	/* bytes of one field */

/**
 * struct journal_episode - the records of an episode. All private to the journal.
 */
struct journal_episode {
	u64 episode;		/* 0: free */
	u64 ended_ns;		/* when its end was read; 0: not yet */
	struct oomtrace_oom_begin begin;
	struct oomtrace_memcg account;
	struct oomtrace_verdict verdict;
	struct oomtrace_victim victim;
	u32 again;		/* further signals to the same victim */
	struct oomtrace_oom_end end;
	int err;		/* negative errno of the last attempt to send it */
};

/**
 * struct entry - fields "NAME=value" of any bytes
 * @n: number of fields.
 * @field: the fields; they point into @text.
 * @numeric: the value is a decimal number.
 * @text: private.
 */
struct entry {
	int n;
	struct iovec field[ENTRY_FIELDS];
	bool numeric[ENTRY_FIELDS];
	char text[ENTRY_FIELDS][ENTRY_TEXT];
};

/**
 * entry_build() - describe an episode
 * @to: out.
 * @e: the episode.
 * @g: paths of cgroups.
 * @wall_offset_ns: from the records' clock to CLOCK_REALTIME.
 * @boot_offset_ns: from the records' clock to CLOCK_BOOTTIME.
 *
 * What is not known is left out. Allocates nothing.
 */
void entry_build(struct entry *to, const struct journal_episode *e,
		 const struct cgroups *g, s64 wall_offset_ns,
		 s64 boot_offset_ns);

/**
 * entry_json() - an entry as an object of JSON, without a newline
 * @entry: the entry.
 * @buf: out.
 * @size: bytes of @buf; ENTRY_JSON is always enough.
 *
 * The fields have their names in the journal, in lower case and without "OOM_".
 * Fields that only the journal needs are left out. Invalid UTF-8 is replaced, and
 * control characters are escaped.
 *
 * Return: bytes of the text.
 */
size_t entry_json(const struct entry *entry, char *buf, size_t size);

/**
 * entry_json_write() - write an entry as a line of JSON
 * @fd: the file; always the same one.
 * @entry: the entry.
 *
 * One write for a line, so that another writer's line cannot come between. If only a
 * part of it was written, as on a full disk, the next line begins after a newline.
 *
 * Return: 0 or a negative errno, after which the entry may be written again.
 */
int entry_json_write(int fd, const struct entry *entry);

/* A byte of a value becomes at most 6 of JSON. */
#define ENTRY_JSON	(ENTRY_FIELDS * ENTRY_TEXT * 6)

#endif /* OOMTRACE_ENTRY_H */
