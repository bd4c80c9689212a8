// SPDX-License-Identifier: GPL-2.0
/*
 * Changes the position of a handle in the rings.
 *
 * The position is kept in three places that must move together: in the module,
 * for the open file; in the handle's buffer of records read ahead; and in the
 * mapped rings. The module validates the request first, so that a call that
 * fails moves nothing.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "account.h"
#include "handle.h"
#include "rings.h"

static int require_device(struct oomtrace *ot)
{
	if (ot->is_device)
		return 0;
	return handle_fail(ot, ESPIPE, "the position in saved records cannot be changed");
}

/* Drop all records read ahead after the position changed in all rings. */
static int drop_read_ahead(struct oomtrace *ot)
{
	ot->at = 0;
	ot->len = 0;
	account_moved(ot);
	return 0;
}

static int seek_all(struct oomtrace *ot, int whence)
{
	int err = require_device(ot);

	if (err)
		return err;
	if (lseek(ot->fd, 0, whence) < 0)
		return handle_fail_errno(ot, errno, "cannot change the position: ");
	if (ot->mapped && whence == SEEK_SET)
		mapped_oldest(ot->mapped);
	else if (ot->mapped)
		mapped_newest(ot->mapped);
	return drop_read_ahead(ot);
}

int oomtrace_oldest(struct oomtrace *ot)
{
	return seek_all(ot, SEEK_SET);
}

int oomtrace_newest(struct oomtrace *ot)
{
	return seek_all(ot, SEEK_END);
}

/* Seek in the module. Returns 0 or a positive errno. */
static int seek_device(struct oomtrace *ot, const struct oomtrace_seek *seek)
{
	return ioctl(ot->fd, OOMTRACE_IOC_SEEK, seek) ? errno : 0;
}

/*
 * Drop the records of one ring on one CPU that were read ahead. Keep the others,
 * since the module does not return them again, and the stacks, since a record of
 * another CPU may refer to them.
 */
static void drop_ring_read_ahead(struct oomtrace *ot, unsigned int ring, unsigned int cpu)
{
	size_t at, to = 0, size;

	for (at = ot->at; at < ot->len; at += size) {
		const struct oomtrace_header *h = (const void *)(ot->buf + at);

		size = h->size;
		if (h->type != OOMTRACE_STACK && h->cpu == cpu &&
		    (h->flags & OOMTRACE_FLAG_RING) == ring)
			continue;
		memmove(ot->buf + to, h, size);
		to += size;
	}
	ot->at = 0;
	ot->len = to;
}

int oomtrace_seek_record(struct oomtrace *ot, unsigned int ring,
			 unsigned int cpu, unsigned long long seq)
{
	const struct oomtrace_seek seek = {
		.size = sizeof(seek), .whence = OOMTRACE_SEEK_SEQ,
		.ring = ring, .cpu = cpu, .value = seq,
	};
	int err = require_device(ot);

	if (err)
		return err;
	err = seek_device(ot, &seek);
	switch (err) {
	case 0:
		break;
	case EINVAL:
		return handle_fail(ot, err, "no such record: ring %u, CPU %u, number %llu (from 1)",
				   ring, cpu, seq);
	case ENXIO:
		return handle_fail(ot, err, "record %llu of ring %u on CPU %u is not written yet",
				   seq, ring, cpu);
	case ENOTTY:
		return handle_fail(ot, err, OLD_MODULE "go to a record");
	default:
		return handle_fail_errno(ot, err, "cannot change the position: ");
	}
	if (ot->mapped)
		mapped_seek(ot->mapped, ring, cpu, seq);
	else
		drop_ring_read_ahead(ot, ring, cpu);
	account_moved(ot);
	return 0;
}

int oomtrace_seek_episode(struct oomtrace *ot, unsigned long long episode)
{
	const struct oomtrace_seek seek = {
		.size = sizeof(seek), .whence = OOMTRACE_SEEK_EPISODE,
		.value = episode,
	};
	int err = require_device(ot);

	if (err)
		return err;
	/* The module does not know the positions in the mapped rings. */
	err = ot->mapped ? mapped_seek_episode(ot->mapped, episode) :
	      seek_device(ot, &seek);
	switch (err) {
	case 0:
		return drop_read_ahead(ot);
	case ENOENT:
		return handle_fail(ot, err, "the begin of OOM episode %llu is not buffered",
				   episode);
	case ENOTTY:
		return handle_fail(ot, err, OLD_MODULE "go to an episode");
	default:
		return handle_fail_errno(ot, err, "cannot change the position: ");
	}
}
