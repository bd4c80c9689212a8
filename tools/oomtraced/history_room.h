/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes room in the directory of saved records.
 */
#ifndef OOMTRACE_HISTORY_ROOM_H
#define OOMTRACE_HISTORY_ROOM_H

/* How the names of files end, and of those without an OOM. */
#define HISTORY_ENDING	".oom"
#define HISTORY_QUIET	".quiet.oom"

/**
 * history_make_room() - delete files that are too old or too many
 * @dir: the directory.
 * @room: limit of all files together, bytes.
 * @max_age_ns: files that ended longer ago are deleted; 0 to keep them.
 * @current: path of the current file, which is never too old.
 */
void history_make_room(const char *dir, unsigned long long room, long long max_age_ns,
		       const char *current);

#endif /* OOMTRACE_HISTORY_ROOM_H */
