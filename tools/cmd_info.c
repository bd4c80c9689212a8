// SPDX-License-Identifier: GPL-2.0
/*
 * oomtrace info: version, rings and counts of the module, as text or as one JSON
 * object whose members are named like those of struct oomtrace_info.
 */
#include <liboomtrace.h>
#include <stdio.h>

#include "cmd_info.h"
#include "json.h"

static const char *ring_name(unsigned int ring)
{
	return oomtrace_value_name(OOMTRACE_LOST, "ring", ring);
}

/* An older module has memory for every possible CPU, and does not say so. */
static unsigned int ring_cpus(const struct oomtrace_info *info)
{
	return info->ring_cpus ?: info->cpus;
}

static const struct oomtrace_ring_info *ring_of(const struct oomtrace_info *info,
						unsigned int i)
{
	return i < OOMTRACE_INFO_RINGS ? &info->ring[i] : &info->candidates;
}

static void print_info_text(const struct oomtrace_info *info)
{
	const struct oomtrace_ring_info *r;
	unsigned int i;

	printf("record ABI     %u\n", info->abi);
	printf("enabled        %s\n", info->enabled ? "yes" : "no");
	printf("OOM episodes   %llu\n", (unsigned long long)info->episodes);
	printf("hooks missing  %u of %u%s\n", info->hooks_missing, info->hooks,
	       info->hooks_missing ? " (see /sys/kernel/debug/oomtrace/hooks)"
				   : "");
	printf("page size      %u bytes\n", info->page_size);
	printf("clocks         CLOCK_BOOTTIME %+lld ns, CLOCK_REALTIME %+lld ns\n",
	       (long long)info->boot_offset_ns, (long long)info->wall_offset_ns);
	for (i = 0; i < OOMTRACE_RINGS; i++) {
		r = ring_of(info, i);
		/* An older module has no such ring. */
		if (!r->slot_size)
			continue;
		if (i == OOMTRACE_RING_CANDIDATE) {
			printf("ring %-9s %u records of up to %u bytes, %llu KiB; written %llu, refused %llu\n",
			       ring_name(i), r->slots, r->slot_size,
			       (unsigned long long)r->bytes / 1024,
			       (unsigned long long)r->written,
			       (unsigned long long)r->refused);
			continue;
		}
		printf("ring %-9s %u records of up to %u bytes on each of %u CPUs, %llu KiB in all; written %llu, refused %llu\n",
		       ring_name(i), r->slots, r->slot_size, ring_cpus(info),
		       (unsigned long long)r->bytes / 1024, (unsigned long long)r->written,
		       (unsigned long long)r->refused);
	}
	if (ring_cpus(info) != info->cpus)
		printf("%u of %u possible CPUs have memory for records; the others get it when they come online\n",
		       ring_cpus(info), info->cpus);
	if (info->no_memory)
		printf("%llu records were lost on CPUs that came online without memory: write a size to /sys/kernel/debug/oomtrace/buffer_size_kb\n",
		       (unsigned long long)info->no_memory);
}

static struct json_object *ring_json(const struct oomtrace_ring_info *r,
				     const char *name)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "ring", json_object_new_string(name));
	json_object_object_add(obj, "slot_size",
			       json_object_new_uint64(r->slot_size));
	json_object_object_add(obj, "slots", json_object_new_uint64(r->slots));
	json_object_object_add(obj, "bytes", json_object_new_uint64(r->bytes));
	json_object_object_add(obj, "written",
			       json_object_new_uint64(r->written));
	json_object_object_add(obj, "refused",
			       json_object_new_uint64(r->refused));
	return obj;
}

static struct json_object *info_json(const struct oomtrace_info *info)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *rings = json_object_new_array();
	unsigned int i;

#define ADD(member, make)	\
	json_object_object_add(obj, #member, make(info->member))
	ADD(abi, json_object_new_uint64);
	ADD(page_size, json_object_new_uint64);
	ADD(cpus, json_object_new_uint64);
	ADD(boot_offset_ns, json_object_new_int64);
	ADD(wall_offset_ns, json_object_new_int64);
	ADD(episodes, json_object_new_uint64);
	ADD(enabled, json_object_new_uint64);
	ADD(hooks, json_object_new_uint64);
	ADD(hooks_missing, json_object_new_uint64);
	ADD(cpu_ids, json_object_new_uint64);
	ADD(no_memory, json_object_new_uint64);
#undef ADD
	json_object_object_add(obj, "ring_cpus",
			       json_object_new_uint64(ring_cpus(info)));
	for (i = 0; i < OOMTRACE_RINGS; i++)
		if (ring_of(info, i)->slot_size)
			json_object_array_add(rings, ring_json(ring_of(info, i),
							       ring_name(i)));
	json_object_object_add(obj, "rings", rings);
	return obj;
}

static int run_info(const struct options *opt)
{
	struct oomtrace *ot = open_module(opt);
	struct oomtrace_info info;
	struct json_object *obj;
	int err;

	if (!ot)
		return open_status();
	err = oomtrace_get_info(ot, &info, sizeof(info));
	if (err)
		say_error("%s", oomtrace_error(ot));
	oomtrace_free(ot);
	if (err)
		return EXIT_RUNTIME;
	if (opt->json) {
		obj = info_json(&info);
		puts(json_text(obj));
		json_object_put(obj);
	} else {
		print_info_text(&info);
	}
	return close_output();
}

const struct command command_info = {
	.name = "info",
	.summary = "print the module's version, rings and counts",
	.help = "Print information about the module: the ABI version of its records, the size of its rings and how many records were written."
		"\v"
		"Examples:\n"
		"  oomtrace info\n"
		"  oomtrace info --json | jq .episodes\n",
	.takes = TAKES_JSON,
	.run = run_info,
};
