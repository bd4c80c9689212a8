// SPDX-License-Identifier: GPL-2.0
/*
 * One OOM explained to a person, the zones: which nodes the request may use, how
 * much is free there and elsewhere, which zones were low, and in blocks of which
 * size memory was free.
 *
 * May not change the story, allocate or sleep.
 */
#include "say.h"

#define B(type_field)	OOMTRACE_BIT_##type_field

/* Are there nodes that the request may not use? */
bool story_has_other_nodes(const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->zonelist.h;
	s64 free, constraint;

	if (!get_field(rec, B(zonelist_other_nodes_free), &free))
		return false;
	get_field(rec, B(zonelist_constraint), &constraint);
	return free || constraint == OOMTRACE_CONSTRAINT_CPUSET ||
	       constraint == OOMTRACE_CONSTRAINT_MEMORY_POLICY;
}

/* "node 1", "nodes 0-1,3" */
void write_allowed_nodes(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->zonelist.h;

	if (!oomtrace_field_valid(rec, B(zonelist_nodes))) {
		write_text(w, "the allowed nodes");
		return;
	}
	write_text(w, strpbrk(s->zonelist.nodes, ",-") ? "nodes " : "node ");
	write_string_field(w, rec, B(zonelist_nodes));
}

/* The kernel's own word, or what it would have said if it had come that far. */
static const char *describe_limit(const struct oomtrace_story *s)
{
	s64 constraint;

	if (!get_field(&s->verdict.h, B(verdict_constraint), &constraint))
		get_field(&s->zonelist.h, B(zonelist_constraint), &constraint);
	if (constraint == OOMTRACE_CONSTRAINT_CPUSET)
		return "which this cpuset may not use";
	if (constraint == OOMTRACE_CONSTRAINT_MEMORY_POLICY)
		return "which this memory policy may not use";
	return "which this request may not use";
}

/* Write what is free on the nodes that count, and on the others. */
static void write_nodes(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->zonelist.h;
	s64 free, zones;

	if (!story_has_other_nodes(s))
		return;
	write_label(w, "Nodes:");
	if (get_field(rec, B(zonelist_zones_allowed), &zones) && zones) {
		write_allowed_nodes(w, s);
		write_text(w, strpbrk(s->zonelist.nodes, ",-") ? " have " : " has ");
		write_pages_field(w, rec, B(zonelist_free));
		write_text(w, " free of ");
		write_pages_field(w, rec, B(zonelist_managed));
	} else {
		write_text(w, "no node that this request may use");
	}
	write_text(w, "; other nodes ");
	write_pages_field(w, rec, B(zonelist_other_nodes_free));
	write_text(w, ", %s\n", describe_limit(s));
	if (!get_field(rec, B(zonelist_other_zones_free), &free) || !free)
		return;
	write_label(w, "");
	write_text(w, "on the same nodes ");
	write_pages_field(w, rec, B(zonelist_other_zones_free));
	write_text(w, " are free in zones that the request's flags exclude\n");
}

/* Write how much of the free memory is in pieces as large as the request. */
static void write_blocks(struct text_writer *w, const struct oomtrace_story *s)
{
	const struct oomtrace_header *rec = &s->zonelist.h;
	s64 order, largest, free;

	if (!get_field(&s->begin.h, B(oom_begin_order), &order) || order < 1 ||
	    order > 31 || !get_field(rec, B(zonelist_usable_order), &largest) ||
	    !get_field(rec, B(zonelist_usable_free), &free) || largest > 31)
		return;
	write_label(w, "Blocks:");
	write_count(w, 1LL << order);
	write_text(w, " contiguous pages");
	write_size(w, 1LL << order);
	write_text(w, " were requested; ");
	if (largest < 0) {
		write_text(w, "no zone has free blocks above its min\n");
		return;
	}
	write_pages_field(w, rec, B(zonelist_usable_free));
	write_text(w, " are free%s, in blocks of at most ",
		   largest < order ? ", but fragmented" : "");
	write_count(w, 1LL << largest);
	write_text(w, largest ? " pages" : " page");
	write_size(w, 1LL << largest);
	write_text(w, "\n");
}

/* "DMA32 on node 0"; records of older modules lack the name. */
void write_zone_name(struct text_writer *w, const struct oomtrace_header *rec,
		     unsigned int name, unsigned int zone, unsigned int node)
{
	if (oomtrace_field_valid(rec, name)) {
		write_string_field(w, rec, name);
	} else {
		write_text(w, "zone ");
		write_id_field(w, rec, zone);
	}
	write_text(w, " on node ");
	write_id_field(w, rec, node);
}

static void write_zone(struct text_writer *w, const struct oomtrace_zone *zone)
{
	const struct oomtrace_header *rec = &zone->h;
	s64 boost, reserve;

	write_zone_name(w, rec, B(zone_name), B(zone_zone), B(zone_node));
	write_text(w, " has ");
	write_pages_field(w, rec, B(zone_free));
	write_text(w, " free, %sabove its min of ",
		   story_zone_margin(zone) > 0 ? "" : "not ");
	write_field(w, rec, B(zone_wmark_min));
	if (get_field(rec, B(zone_wmark_boost), &boost) && boost) {
		write_text(w, " (boosted by ");
		write_count(w, boost);
		write_text(w, ")");
	}
	if (get_field(rec, B(zone_lowmem_reserve), &reserve) && reserve) {
		write_text(w, " and ");
		write_count(w, reserve);
		write_text(w, " kept for requests that need this zone");
	}
	write_text(w, "; low ");
	write_field(w, rec, B(zone_wmark_low));
	write_text(w, ", high ");
	write_field(w, rec, B(zone_wmark_high));
	write_text(w, "\n");
}

/* Write the zones at or below min, or else the one nearest to it. */
static void write_zones(struct text_writer *w, const struct oomtrace_story *s)
{
	unsigned int shown = s->zones_out;
	unsigned int i;

	/* A cgroup's limit causes its OOM, not the zones. */
	if (!s->zones || story_has_scope(s, OOMTRACE_SCOPE_MEMCG))
		return;
	if (!shown)
		shown = 1;
	if (shown > OOMTRACE_STORY_ZONES)
		shown = OOMTRACE_STORY_ZONES;
	for (i = 0; i < shown; i++) {
		write_label(w, i ? "" : "Zones:");
		write_zone(w, &s->zone[i]);
	}
	if (s->zones == shown)
		return;
	write_label(w, "");
	write_text(w, "and %u more", s->zones - shown);
	if (s->zones_out > shown)
		write_text(w, ", %u of them not above min\n", s->zones_out - shown);
	else
		write_text(w, " above min\n");
}

void write_zones_part(struct text_writer *w, const struct oomtrace_story *s)
{
	if (story_has_scope(s, OOMTRACE_SCOPE_MEMCG))
		return;
	write_nodes(w, s);
	write_blocks(w, s);
	write_zones(w, s);
}
