// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps files of saved records in a directory of limited size and age.
 *
 * A file gets an eighth of the limit, so that deleting the oldest file keeps most
 * of the history. Memory is allocated only when a file is started. A file without
 * an OOM is renamed when it ends.
 *
 * Two services that delete each other's oldest files would lose records, so the
 * directory is locked while one has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "../../common/format.h"
#include "../clock.h"
#include "../options.h"
#include "../savefile_write.h"
#include "history.h"
#include "history_room.h"
#include "mark.h"

#define FILES		8
#define ERROR_SIZE	4200
/* A CPU can be that slow to complete a record, so that later ones are read before. */
#define LATE_NS		(2 * NS_PER_S)

struct history_dir {
	struct history_config c;
	char path[4096];
	long long started_ns;	/* CLOCK_MONOTONIC when the file was started */
	struct saver *saver;	/* NULL if there is no file */
	struct stacks stacks;	/* of the file */
	int error;		/* negative errno that explains a NULL saver */
	bool of_oom;		/* the file has records of an OOM */
	int lock;		/* the directory, open */
	bool held;		/* no other service has the directory */
	struct mark mark;	/* stores up to when records are saved */
	/* Times of records, CLOCK_MONOTONIC: */
	unsigned long long before_ns;	/* the mark at the start */
	unsigned long long mark_ns;	/* the mark now */
	unsigned long long added_ns;	/* the newest record that was added */
	unsigned long long dropped_ns;	/* the newest one that is in no file */
};

static void end_file(struct history_dir *h)
{
	char quiet[sizeof(h->path) + sizeof(HISTORY_QUIET)];
	int stem;

	if (!h->saver)
		return;
	if (saver_close(h->saver))
		h->dropped_ns = h->added_ns;
	h->saver = NULL;
	if (h->of_oom)
		return;
	stem = strlen(h->path) - strlen(HISTORY_ENDING);
	snprintf(quiet, sizeof(quiet), "%.*s" HISTORY_QUIET, stem, h->path);
	/* If renaming fails, the file is just kept longer. */
	(void)rename(h->path, quiet);
}

/*
 * A file's header has one clock offset for all its records. It is wrong after the
 * time of day was set or the machine was suspended.
 */
static bool clocks_moved(const struct history_dir *h)
{
	return llabs(clock_offset_ns(CLOCK_REALTIME) -
		     h->c.info.wall_offset_ns) > NS_PER_S;
}

/* Get the directory for this service. Returns 0 or a negative errno. */
static int hold(struct history_dir *h)
{
	if (h->held)
		return 0;
	if (h->lock < 0)
		h->lock = open(h->c.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->lock < 0)
		return -errno;
	/* A file system without locks has them all free. */
	if (flock(h->lock, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return -EBUSY;
	h->held = true;
	h->before_ns = mark_open(&h->mark, h->c.dir, "saved");
	h->mark_ns = h->before_ns;
	return 0;
}

static int start_file(struct history_dir *h, char *error, size_t size)
{
	char when[32];
	struct timespec ts;
	struct tm tm;

	h->error = hold(h);
	if (h->error) {
		snprintf(error, size, "%s: %s", h->c.dir, h->error != -EBUSY ?
			 strerror(-h->error) :
			 "another oomtraced saves its records there, so this one saves none until that ends");
		return h->error;
	}
	end_file(h);
	history_make_room(h->c.dir, h->c.max_bytes - h->c.max_bytes / FILES, h->c.max_age_ns,
			  h->path);
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	/* A flood fills a file in milliseconds: the name needs microseconds. */
	snprintf(h->path, sizeof(h->path), "%s/%s.%06ldZ" HISTORY_ENDING, h->c.dir, when,
		 ts.tv_nsec / 1000);
	h->c.info.wall_offset_ns = clock_offset_ns(CLOCK_REALTIME);
	h->c.info.boot_offset_ns = clock_offset_ns(CLOCK_BOOTTIME);
	h->of_oom = false;
	memset(&h->stacks, 0, sizeof(h->stacks));
	h->started_ns = clock_ns(CLOCK_MONOTONIC);
	h->saver = saver_open(h->path, &h->c.info, error, size);
	if (h->saver)
		return 0;
	h->error = -errno;
	unlink(h->path);
	return h->error;
}

/* A disk may have room later, be repaired, or be mounted for writing. */
static bool may_end(int err)
{
	return err != -ENOENT && err != -ENOTDIR && err != -EACCES && err != -EPERM;
}

struct history_dir *history_open(const struct history_config *config, char *error,
				 size_t size)
{
	struct history_dir *h = calloc(1, sizeof(*h));

	if (!h) {
		snprintf(error, size, "%s: out of memory", config->dir);
		return NULL;
	}
	*error = '\0';
	h->c = *config;
	h->lock = -1;
	if (!start_file(h, error, size) || may_end(h->error))
		return h;
	history_close(h);
	return NULL;
}

int history_error(const struct history_dir *h)
{
	return h->saver ? 0 : h->error;
}

/* A type that this version does not know may be of an OOM. */
bool history_is_of_oom(const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);

	return !desc || !strcmp(desc->fields[0].name, "episode");
}

static bool is_full(const struct history_dir *h)
{
	return saver_bytes(h->saver) > h->c.max_bytes / FILES;
}

/* A record that has its stack in an earlier file only would be without it later. */
static int add_with_stack(struct history_dir *h, const struct oomtrace_header *rec)
{
	struct oomtrace_stack stack;
	int err = 0;

	if (stacks_fetch(&h->stacks, &stack, rec, h->c.get_stack, h->c.ctx)) {
		stacks_note(&h->stacks, &stack.h);
		err = saver_add(h->saver, &stack.h);
	}
	stacks_note(&h->stacks, rec);
	return err ?: saver_add(h->saver, rec);
}

static int add_record(struct history_dir *h, const struct oomtrace_header *rec)
{
	char error[ERROR_SIZE];
	int err;

	/* The old file's clock offset would give the OOM a wrong time of day. */
	if (h->saver && rec->type == OOMTRACE_OOM_BEGIN && clocks_moved(h))
		start_file(h, error, sizeof(error));
	if (!h->saver)
		return h->error;
	if (history_is_of_oom(rec))
		h->of_oom = true;
	err = add_with_stack(h, rec);
	/* Many records may come before the next flush, which reports failures. */
	if (!err && is_full(h))
		err = start_file(h, error, sizeof(error));
	return err;
}

int history_add(struct history_dir *h, const struct oomtrace_header *rec)
{
	int err;

	if (rec->ts_ns < h->before_ns)
		return 0;
	/* Records that the service makes have no number, and may be of a later time. */
	if (rec->seq && rec->ts_ns > h->added_ns)
		h->added_ns = rec->ts_ns;
	err = add_record(h, rec);
	if (err)
		h->dropped_ns = h->added_ns;
	return err;
}

/*
 * A new file every day, or four times in the largest age if that is less: so ages
 * are looked at, and no file has records that are much older than others.
 */
static bool is_due(const struct history_dir *h)
{
	long long every = 24 * 3600 * NS_PER_S;

	if (!h->c.max_age_ns)
		return false;
	if (h->c.max_age_ns / 4 < every)
		every = h->c.max_age_ns / 4;
	return clock_ns(CLOCK_MONOTONIC) - h->started_ns > every;
}

/* Store up to when all records are saved. The next flush tries again. */
static void store_mark(struct history_dir *h, unsigned long long all_ns)
{
	unsigned long long ns = all_ns > h->added_ns ? all_ns : h->added_ns;

	if (ns < h->mark_ns + LATE_NS || (h->dropped_ns && h->dropped_ns >= h->before_ns))
		return;
	if (!mark_set(&h->mark, ns - LATE_NS))
		h->mark_ns = ns - LATE_NS;
}

int history_flush(struct history_dir *h, unsigned long long all_ns)
{
	int err = h->saver ? saver_flush(h->saver, true) : h->error;
	char error[ERROR_SIZE];

	if (err)
		h->dropped_ns = h->added_ns;
	else
		store_mark(h, all_ns);
	if (!err && !is_full(h) && !clocks_moved(h) && !is_due(h))
		return 0;
	/* A file whose write failed is readable up to there: start another one. */
	if (start_file(h, error, sizeof(error)) && !err) {
		say_error("%s", error);
		err = -EIO;
	}
	return err;
}

void history_close(struct history_dir *h)
{
	if (!h)
		return;
	if (h->saver && !saver_flush(h->saver, true))
		store_mark(h, 0);
	end_file(h);
	if (h->held)
		mark_close(&h->mark);
	if (h->lock >= 0)
		close(h->lock);
	free(h);
}
