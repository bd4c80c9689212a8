// SPDX-License-Identifier: GPL-2.0
/*
 * Checks docs/record.schema.json, the JSON Schema of records: it has exactly the
 * types, fields and names that records have, and real output is valid by it.
 *
 * The file is this program's output with the argument "schema".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../savefile.h"
#include "test_schema.h"
#include "test_util.h"

#define FILE_NAME	"../docs/record.schema.json"
#define NAMED		"test/named.oom"

static void put_header(FILE *to)
{
	fputs("{\n"
	      "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	      "  \"$id\": \"https://oomtrace.invalid/record.schema.json\",\n"
	      "  \"title\": \"A line of oomtrace dump, live or export --json: one record\",\n"
	      "  \"description\": \"docs/records.md and liboomtrace/oomtrace.h explain the fields and their units. A field that is not known is left out. Numbers are exact 64-bit integers. Later versions may add types and fields.\",\n"
	      "  \"type\": \"object\",\n"
	      "  \"required\": [\"type\", \"seq\", \"cpu\", \"ts_ns\"],\n"
	      "  \"properties\": {\n"
	      "    \"seq\": {\"type\": \"integer\", \"minimum\": 0, \"description\": \"Number of the record on its CPU and ring.\"},\n"
	      "    \"cpu\": {\"type\": \"integer\", \"minimum\": 0},\n"
	      "    \"ts_ns\": {\"type\": \"integer\", \"minimum\": 0, \"description\": \"CLOCK_MONOTONIC: nanoseconds since boot without suspend.\"},\n"
	      "    \"time\": {\"type\": \"string\", \"format\": \"date-time\", \"pattern\": \"Z$\", \"description\": \"The same moment by the wall clock, RFC 3339 in UTC.\"},\n"
	      "    \"oom_id\": {\"type\": \"string\", \"pattern\": \"^[0-9a-f]{32}[.][0-9]+[.][0-9]+$\", \"description\": \"The id of the OOM, which oomtrace last takes: boot, load of the module, episode.\"},\n"
	      "    \"record_id\": {\"type\": \"string\", \"pattern\": \"^[0-9a-f]{32}[.][0-9]+[.][0-9]+[.][0-9]+$\", \"description\": \"The id of a record in the commit ring (commit decisions, refused calls, failed allocations, SIGKILLs), which no other record has: boot, load of the module, CPU, number.\"},\n"
	      "    \"derived\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"description\": \"Fields that were read just before or after the kernel used them, or computed.\"}\n"
	      "  },\n"
	      "  \"patternProperties\": {\n"
	      "    \"_hex$\": {\"type\": \"string\", \"pattern\": \"^([0-9a-f]{2})*$\", \"description\": \"The bytes of a text that is not UTF-8.\"}\n"
	      "  },\n"
	      "  \"oneOf\": [", to);
}

static void put_field(FILE *to, const struct oomtrace_field *f)
{
	unsigned int i;

	fprintf(to, "        \"%s\": ", f->name);
	switch (f->kind) {
	case OOMTRACE_KIND_INT:
		fputs("{\"type\": \"integer\"}", to);
		break;
	case OOMTRACE_KIND_UINT:
	case OOMTRACE_KIND_HEX:
		fputs("{\"type\": \"integer\", \"minimum\": 0}", to);
		break;
	case OOMTRACE_KIND_STR:
		fputs("{\"type\": \"string\"}", to);
		break;
	case OOMTRACE_KIND_ENUM:
		/* A value that this version does not know is a number. */
		fputs("{\"anyOf\": [{\"enum\": [", to);
		for (i = 0; i < f->nnames; i++)
			fprintf(to, "%s\"%s\"", i ? ", " : "", f->names[i]);
		fputs("]}, {\"type\": \"integer\", \"minimum\": 0}]}", to);
		break;
	}
}

void schema_write(FILE *to)
{
	const struct oomtrace_type_desc *desc;
	unsigned int type, i;
	const char *comma = "";

	put_header(to);
	for (type = 1; type < OOMTRACE_TYPES_END; type++) {
		desc = oomtrace_type_desc(type);
		if (!desc)
			continue;
		fprintf(to, "%s\n    {\n      \"required\": [\"derived\"],\n      \"properties\": {\n        \"type\": {\"const\": \"%s\"}",
			comma, desc->name);
		comma = ",";
		for (i = 0; i < desc->nfields; i++) {
			fputs(",\n", to);
			put_field(to, &desc->fields[i]);
		}
		fputs("\n      }\n    }", to);
	}
	fputs(",\n    {\n"
	      "      \"required\": [\"size\"],\n"
	      "      \"properties\": {\n"
	      "        \"type\": {\"pattern\": \"^type-[0-9]+$\", \"description\": \"A type that this version does not know.\"},\n"
	      "        \"size\": {\"type\": \"integer\", \"minimum\": 0}\n"
	      "      }\n"
	      "    }\n"
	      "  ]\n"
	      "}\n", to);
}

/* A file that says which boot and load its records are from. */
static void save_named(void)
{
	struct saved_header h = {
		.magic = "OOMTRACE", .endian = SAVED_ENDIAN, .size = sizeof(h),
		.format = SAVED_FORMAT, .abi = OOMTRACE_ABI_VERSION, .page_size = 4096,
		.wall_offset_ns = 1764547200000000000LL, .load = 7,
		.boot = "0123456789abcdef0123456789abcdef",
	};
	RECORD(c, COMMIT, commit);
	RECORD(e, OOM_END, oom_end);
	RECORD(l, LOST, lost);
	RECORD(missed, LOST, lost);
	RECORD(s, STACK, stack);
	RECORD(other, REAP, reap);
	FILE *f = fopen(NAMED, "we");

	c.h.seq = 57;
	c.h.cpu = 3;
	e.episode = 9;
	l.h.seq = 0;
	/*
	 * A stack has the number of the record that it is read before, a lost record that of
	 * the first one missed; each ring counts from 1.
	 */
	missed.h.seq = c.h.seq;
	missed.h.cpu = c.h.cpu;
	s.h.seq = c.h.seq;
	s.h.cpu = c.h.cpu;
	other.h.seq = c.h.seq;
	other.h.cpu = c.h.cpu;
	other.h.flags = OOMTRACE_RING_OOM;
	other.h.valid &= ~OOMTRACE_BIT(reap, episode);
	if (!f || fwrite(&h, sizeof(h), 1, f) != 1 || fwrite(&s, sizeof(s), 1, f) != 1 ||
	    fwrite(&c, sizeof(c), 1, f) != 1 || fwrite(&other, sizeof(other), 1, f) != 1 ||
	    fwrite(&e, sizeof(e), 1, f) != 1 || fwrite(&l, sizeof(l), 1, f) != 1 ||
	    fwrite(&missed, sizeof(missed), 1, f) != 1 ||
	    fclose(f))
		abort();
}

static char *read_text(FILE *f)
{
	static char text[1 << 17];
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	return text;
}

/* Debian's Python: another python3 in PATH would lack Debian's packages. */
#define PYTHON	"/usr/bin/python3 -c 'import json, sys, subprocess\n" \
		"from jsonschema import Draft202012Validator as V\n"

static bool have_validator(void)
{
	return !system(PYTHON "' 2>/dev/null");
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

void test_schema(void)
{
	char *text, *want;
	size_t size;
	FILE *f;

	f = open_memstream(&want, &size);
	if (!f)
		abort();
	schema_write(f);
	fclose(f);
	f = fopen(FILE_NAME, "re");
	text = read_text(f);
	if (f)
		fclose(f);
	if (strcmp(text, want))
		printf("# make it again: test/test_format schema >" FILE_NAME "\n");
	check(!strcmp(text, want), "the_schema_has_all_types_fields_and_names");
	free(want);

	save_named();
	f = popen("./oomtrace dump --json " NAMED, "r");
	text = read_text(f);
	pclose(f);
	check_has(text, "{\"type\":\"oom_end\",\"seq\":1,\"cpu\":0,\"ts_ns\":12345678901,\"time\":\"2025-12-01T00:00:12.345678901Z\",\"oom_id\":\"0123456789abcdef0123456789abcdef.7.9\",\"episode\":9,",
		  "a_record_of_an_oom_has_its_id");
	check_has(text, "\"time\":\"2025-12-01T00:00:12.345678901Z\",\"record_id\":\"0123456789abcdef0123456789abcdef.7.3.57\",",
		  "another_record_has_its_own");
	check_has(text, "{\"type\":\"lost\",\"seq\":0,\"cpu\":0,\"ts_ns\":12345678901,\"time\":\"2025-12-01T00:00:12.345678901Z\",\"ring\"",
		  "a_record_without_a_number_has_none");
	check(count(text, "\"seq\":57,\"cpu\":3,") == 4 && count(text, ".7.3.57\"") == 1,
	      "no_other_record_has_the_same");
	f = popen("./oomtrace last --json 0123456789abcdef0123456789abcdef.7.9 " NAMED, "r");
	check_has(read_text(f), "\"episode\":9", "the_id_of_an_oom_finds_it");
	pclose(f);

	if (!have_validator()) {
		check(true, "records_are_valid_by_the_schema # SKIP no python3-jsonschema");
		check(true, "the_schema_rejects_what_is_none # SKIP no python3-jsonschema");
		unlink(NAMED);
		return;
	}
	check(!system(PYTHON
		      "s = json.load(open(\"" FILE_NAME "\"))\n"
		      "V.check_schema(s)\n"
		      "n = 0\n"
		      "for name in \"test/saved/v1.oom\", \"test/saved/raw.oom\", \"test/named.oom\":\n"
		      "  out = subprocess.run([\"./oomtrace\", \"dump\", \"--json\", name], stdout=subprocess.PIPE, check=True).stdout\n"
		      "  for line in out.splitlines():\n"
		      "    V(s).validate(json.loads(line)); n += 1\n"
		      "sys.exit(n < 20)'"), "records_are_valid_by_the_schema");
	check(!system(PYTHON
		      "s = json.load(open(\"" FILE_NAME "\"))\n"
		      "good = {\"type\": \"oom_end\", \"seq\": 1, \"cpu\": 0, \"ts_ns\": 5, \"ending\": \"killed\", \"victims\": 1, \"derived\": []}\n"
		      "bad = [dict(good, ending=\"eaten\"), dict(good, victims=\"1\"), dict(good, type=\"oom_ends\"), dict(good, time=\"17:00\"), dict(good, oom_id=\"7\")]\n"
		      "sys.exit(not V(s).is_valid(good) or any(V(s).is_valid(b) for b in bad))'"),
	      "the_schema_rejects_what_is_none");
	unlink(NAMED);
}
