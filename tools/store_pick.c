// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the episode that a command line means, and names episodes by ids.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "store_pick.h"
#include "when.h"

/* An id's time stamp has seconds, and clocks are adjusted. */
#define STAMP_NS	(3 * NS_PER_S)

/* ---- picking one ---- */

static bool is_meant(const struct store *st, const struct episode *ep,
		     const struct episode_id *id)
{
	const struct load *l = &st->load[ep->load];

	if (ep->number != id->number)
		return false;
	if (*id->boot)
		return !strcmp(l->recs.facts.boot, id->boot) &&
		       l->recs.facts.load == id->load;
	if (id->stamped)
		return ep->dated && llabs(ep->wall_ns - id->wall_ns) <= STAMP_NS;
	return true;
}

static bool is_wanted(const struct episode *ep, enum store_want want)
{
	return want == STORE_KILLED ? ep->killed :
	       want == STORE_CHOSEN ? ep->chosen : true;
}

const struct episode *store_pick(const struct store *st, const struct options *opt,
				 enum store_want want)
{
	const struct episode *any = NULL, *ep;
	size_t i;

	/* From the newest, so that a number alone is of the newest load. */
	for (i = st->nepisode; i-- > 0;) {
		ep = &st->episode[i];
		if (opt->timed && !(ep->dated && is_in_time(opt, ep->wall_ns)))
			continue;
		if (opt->id.number ? is_meant(st, ep, &opt->id) :
				     is_wanted(ep, want))
			return ep;
		if (!opt->id.number && !any)
			any = ep;
	}
	return any;
}

int store_report_none(const struct store *st, const struct options *opt)
{
	const struct episode_id *id = &opt->id;
	char buf[STORE_ID_MAX];
	bool undated = false;
	size_t i;

	for (i = 0; i < st->nepisode; i++)
		undated |= !st->episode[i].dated;
	if (opt->timed && undated)
		say_error("--since and --until need the time of the records, which this file lacks");
	else if (!id->number && opt->timed)
		say_error("no OOM is recorded in that time");
	else if (!id->number)
		say_error("no OOM is recorded");
	else
		say_error("no record of OOM episode %llu%s is available",
			  id->number, *id->boot || id->stamped ?
			  " of that boot or time" : "");
	for (i = st->nepisode; id->number && i-- > 0;)
		if (st->episode[i].number == id->number && !opt->timed)
			say_error("there is %s", store_long_id(buf, st, &st->episode[i]));
	return EXIT_RUNTIME;
}

/* ---- ids ---- */

bool store_is_newest_load(const struct store *st, size_t load)
{
	size_t i;

	for (i = 0; i < st->nload; i++)
		if (st->load[i].live)
			return i == load;
	return !st->nepisode || st->episode[st->nepisode - 1].load == load;
}

static const char *write_stamped_id(char buf[STORE_ID_MAX], const struct episode *ep)
{
	char when[WHEN_MAX];

	if (ep->dated)
		snprintf(buf, STORE_ID_MAX, "%s-%llu",
			 when_write_stamp(when, ep->wall_ns), ep->number);
	else
		snprintf(buf, STORE_ID_MAX, "%llu", ep->number);
	return buf;
}

const char *store_id(char buf[STORE_ID_MAX], const struct store *st,
		     const struct episode *ep)
{
	if (!store_is_newest_load(st, ep->load))
		return write_stamped_id(buf, ep);
	snprintf(buf, STORE_ID_MAX, "%llu", ep->number);
	return buf;
}

const char *store_long_id(char buf[STORE_ID_MAX], const struct store *st,
			  const struct episode *ep)
{
	const struct load *l = &st->load[ep->load];

	if (!l->named)
		return write_stamped_id(buf, ep);
	snprintf(buf, STORE_ID_MAX, "%s.%llu.%llu", l->recs.facts.boot,
		 (unsigned long long)l->recs.facts.load, ep->number);
	return buf;
}

const char *store_name_sources(char *buf, size_t size, const struct options *opt)
{
	size_t i, n = 0;

	*buf = '\0';
	for (i = 0; i < opt->nsource && n < size; i++)
		n += snprintf(buf + n, size - n, " %s", opt->source[i]);
	if (opt->dir_given && n < size)
		snprintf(buf + n, size - n, " --dir %s", opt->dir);
	return buf;
}
