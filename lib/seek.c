// SPDX-License-Identifier: GPL-2.0
/*
 * A handle's position: where in the rings it reads on.
 *
 * It is kept in three places, which move together: the module's for this open
 * file, the records read ahead that are in the handle's buffer, and the mapped
 * rings'. The module is always asked, since it knows what may be asked for; a
 * call that fails has moved nothing.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "account.h"
#include "handle.h"
#include "mapped.h"

static int only_device(struct oomtrace *ot)
{
	if (ot->is_device)
		return 0;
	return handle_fail(ot, ESPIPE, "saved records are read from first to last");
}

/* The position everywhere was changed: what was read ahead is not wanted. */
static int moved(struct oomtrace *ot)
{
	ot->at = 0;
	ot->len = 0;
	account_moved(ot);
	return 0;
}

static int move(struct oomtrace *ot, int whence)
{
	int err = only_device(ot);

	if (err)
		return err;
	if (lseek(ot->fd, 0, whence) < 0)
		return handle_fail_errno(ot, errno, "cannot change the position: ");
	if (ot->mapped && whence == SEEK_SET)
		mapped_oldest(ot->mapped);
	else if (ot->mapped)
		mapped_newest(ot->mapped);
	return moved(ot);
}

int oomtrace_oldest(struct oomtrace *ot)
{
	return move(ot, SEEK_SET);
}

int oomtrace_newest(struct oomtrace *ot)
{
	return move(ot, SEEK_END);
}

/* 0 or a positive errno. */
static int ask(struct oomtrace *ot, const struct oomtrace_seek *seek)
{
	return ioctl(ot->fd, OOMTRACE_IOC_SEEK, seek) ? errno : 0;
}

/*
 * Of what was read ahead, drop one ring's records on one CPU; the others are yet
 * to be given, since the module will not give them again. A stack stays: any
 * record may name it.
 */
static void drop_ahead(struct oomtrace *ot, unsigned int ring, unsigned int cpu)
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
	int err = only_device(ot);

	if (err)
		return err;
	err = ask(ot, &seek);
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
		drop_ahead(ot, ring, cpu);
	account_moved(ot);
	return 0;
}

int oomtrace_seek_episode(struct oomtrace *ot, unsigned long long episode)
{
	const struct oomtrace_seek seek = {
		.size = sizeof(seek), .whence = OOMTRACE_SEEK_EPISODE,
		.value = episode,
	};
	int err = only_device(ot);

	if (err)
		return err;
	/* The mapped rings' positions are not the module's to change. */
	err = ot->mapped ? mapped_seek_episode(ot->mapped, episode) :
	      ask(ot, &seek);
	switch (err) {
	case 0:
		return moved(ot);
	case ENOENT:
		return handle_fail(ot, err, "the begin of OOM episode %llu is not held",
				   episode);
	case ENOTTY:
		return handle_fail(ot, err, OLD_MODULE "go to an episode");
	default:
		return handle_fail_errno(ot, err, "cannot change the position: ");
	}
}
