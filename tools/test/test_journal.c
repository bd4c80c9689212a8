// SPDX-License-Identifier: GPL-2.0
/*
 * Tests journal entries: their fields, the limited wait for cgroup paths, and that
 * no name can inject a field.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../common/decider.h"
#include "../oomtraced/journal.h"
#include "../oomtraced/known.h"
#include "test_episode.h"
#include "test_journal.h"

static char entry[16384];
static unsigned int entries;
static int refuse;	/* if not 0, the error that the journal returns */

static char line[ENTRY_JSON];

static int collect(const struct entry *to)
{
	size_t len = 0;
	int i;

	if (refuse)
		return refuse;
	entries++;
	entry[0] = '\0';
	for (i = 0; i < to->n; i++)
		len += scnprintf(entry + len, sizeof(entry) - len, "[%.*s]\n",
				 (int)to->field[i].iov_len,
				 (const char *)to->field[i].iov_base);
	entry_json(to, line, sizeof(line));
	return 0;
}

static struct journal j = { .send = collect };
static struct cgroups g;

static void give(const void *rec, u64 now_ns)
{
	journal_feed(&j, &g, rec, now_ns);
}

/* Each episode ends later than the previous one. */
static u64 end_ns;

static void play(u64 episode, u8 scope, bool killed)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(v, VICTIM, victim);
	RECORD(e, OOM_END, oom_end);

	b.episode = episode;
	b.pid = 9;
	strcpy(b.comm, "asker");
	b.scope = scope;
	b.memcg_id = 77;
	b.memcg_limit = 6144;
	give(&b, 1);
	v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	v.episode = episode;
	v.pid = 10;
	v.tgid = 10;
	v.cgroup_id = 77;
	v.rss_anon = 6000;
	v.rss_file = 100;
	v.signal = SIGKILL;
	memcpy(v.comm, "x\nPRIORITY=0", 12);
	if (killed)
		give(&v, 1);
	e.h.ts_ns = ++end_ns;
	e.episode = episode;
	e.ending = killed ? OOMTRACE_ENDING_KILLED : OOMTRACE_ENDING_NO_FS;
	e.victims = killed;
	e.h.valid &= ~OOMTRACE_BIT(oom_end, notifier_freed);
	give(&e, 1000);
}

/* Of the cgroup's 24 MiB, 20 are files in tmpfs. */
static void give_account(u64 episode)
{
	RECORD(m, MEMCG, memcg);

	m.h.valid &= ~OOMTRACE_BIT(memcg, memsw);
	m.episode = episode;
	m.usage = 24 << 20;
	m.anon = 3 << 20;
	m.file = 20 << 20;
	m.shmem = 20 << 20;
	m.kernel = 1 << 20;
	give(&m, 1);
}

/* An OOM daemon sends SIGTERM without success, or reaps a process's memory. */
static void play_daemon(u64 episode, const u8 *signals, unsigned int n)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(e, OOM_END, oom_end);
	unsigned int i;

	b.episode = episode;
	b.pid = 9;
	strcpy(b.comm, "daemon");
	b.scope = OOMTRACE_SCOPE_USERSPACE;
	give(&b, 1);
	for (i = 0; i < n; i++) {
		RECORD(v, VICTIM, victim);

		v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
		v.episode = episode;
		v.pid = 10;
		v.tgid = 10;
		v.why = OOMTRACE_WHY_DAEMON;
		v.signal = signals[i];
		if (!v.signal)
			v.h.valid &= ~OOMTRACE_BIT(victim, signal);
		strcpy(v.comm, "greedy");
		give(&v, 1);
	}
	e.h.ts_ns = ++end_ns;
	e.episode = episode;
	e.ending = OOMTRACE_ENDING_KILLED;
	e.victims = n;
	give(&e, 1000);
	journal_flush(&j, &g, ~0ULL);
}

static u64 again;

/* A policy in the kernel kills a process, which OOM @again had killed before. */
static void play_policy(u64 episode)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(c, VERDICT, verdict);
	RECORD(v, VICTIM, victim);
	RECORD(e, OOM_END, oom_end);

	b.episode = episode;
	b.scope = OOMTRACE_SCOPE_GLOBAL;
	give(&b, 1);
	c.episode = episode;
	c.policy = OOMTRACE_POLICY_OTHER;
	strcpy(c.message, "low on\nmemory");
	give(&c, 1);
	v.episode = episode;
	v.pid = 10;
	v.tgid = 10;
	v.why = OOMTRACE_WHY_CHOSEN;
	v.signal = SIGKILL;
	v.earlier = again;
	if (!again)
		v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	strcpy(v.comm, "greedy");
	give(&v, 1);
	e.h.ts_ns = ++end_ns;
	e.episode = episode;
	e.ending = OOMTRACE_ENDING_KILLED;
	e.victims = 1;
	give(&e, 1000);
	journal_flush(&j, &g, ~0ULL);
}

static void test_daemons(void)
{
	static const u8 patient[] = { SIGTERM, SIGKILL }, none[] = { 0 };

	play_daemon(6, patient, 2);
	check_has(entry, "[MESSAGE=OOM: daemon[9] killed greedy[10], 0 KiB (oomtrace last 19700101T000012-6)]",
		  "who_was_asked_and_then_killed_is_one_and_was_killed");
	check_has(entry, "[OOM_VICTIMS=1]", "its_fields_say_so_too");
	play_daemon(7, none, 1);
	check_has(entry, "[MESSAGE=OOM: daemon[9] reaped the memory of greedy[10], 0 KiB (oomtrace last 19700101T000012-7)]",
		  "who_had_no_signal_was_not_told_to_end");
	check_has(entry, "[OOM_DECIDED_BY=daemon]", "a_daemon_is_named_as_who_decided");
	play_policy(22);
	check_has(entry, "[MESSAGE=OOM: killed greedy[10], 0 KiB, by a policy in the kernel (low on\\nmemory), the machine was out of memory (",
		  "a_policy_in_the_kernel_decided");
	check_has(entry, "[OOM_DECIDED_BY=policy]", "which_has_a_field");
	check_has(entry, "[OOM_POLICY_MESSAGE=low on\nmemory]", "and_its_message_another");
	again = 22;
	play_policy(23);
	again = 0;
	check_has(entry, "[MESSAGE=OOM: the OOM killer chose greedy[10], which OOM 22 had killed before, the machine",
		  "one_that_two_kill_is_killed_once");
	check_has(entry, "[PRIORITY=4]", "and_not_with_the_priority_of_a_kill");
	check_has(entry, "[OOM_VICTIM_EARLIER=22]", "it_refers_to_the_first");
}

/* Find each name of a field's value, in quotes, in the catalog's text. */
static bool explains_values(const char *text, const struct oomtrace_field *f)
{
	char quoted[64];
	unsigned int i;

	for (i = 0; i < f->nnames; i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\"", f->names[i]);
		if (!strstr(text, quoted)) {
			printf("# the catalog does not explain %s\n", quoted);
			return false;
		}
	}
	return true;
}

/* One text explains the entries of all OOMs: those of allocations, of sysrq-f, of daemons. */
static void test_catalog(void)
{
	const struct oomtrace_type_desc *begin = oomtrace_type_desc(OOMTRACE_OOM_BEGIN);
	char text[8192], quoted[64];
	FILE *f = fopen("../fleet/oomtrace.catalog", "re");
	bool all = true;
	unsigned int i;
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f)
		fclose(f);
	check_has(text, "\n-- " JOURNAL_MESSAGE_ID "\n", "the_catalog_has_the_entrys_text");
	check(explains_values(text, &begin->fields[OOMTRACE_BIT_oom_begin_trigger]),
	      "which_explains_each_trigger");
	check(explains_values(text, &begin->fields[OOMTRACE_BIT_oom_begin_scope]),
	      "and_each_scope");
	for (i = OOMTRACE_DECIDER_KERNEL; i < OOMTRACE_DECIDERS; i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\"", oomtrace_decider_name(i));
		all &= !!strstr(text, quoted);
	}
	check(all && strstr(text, "@OOM_DECIDED_BY@"), "and_who_may_have_decided");
}

static void name_cgroup(u64 id, const char *path)
{
	RECORD(n, NAME, name);

	n.cgroup_id = id;
	n.length = strlen(path);
	strcpy(n.path, path);
	cgroups_feed(&g, &n.h);
}

/* Debian's Python: another python3 in PATH would lack Debian's packages. */
#define PYTHON	"/usr/bin/python3 -c 'import json, sys\n" \
		"from jsonschema import Draft202012Validator as V\n"

/* The line must be valid, and the schema must reject what it does not know. */
static void check_schema(void)
{
	FILE *p;

	if (system(PYTHON "' 2>/dev/null")) {
		check(true, "a_line_of_json_has_its_schema # SKIP no python3-jsonschema");
		return;
	}
	p = popen(PYTHON
		  "s = json.load(open(\"../docs/oom.schema.json\"))\n"
		  "o = json.loads(sys.stdin.read())\n"
		  "V.check_schema(s)\n"
		  "V(s).validate(o)\n"
		  "o[\"unknown\"] = 1\n"
		  "sys.exit(V(s).is_valid(o))'", "w");
	if (!p || fputs(line, p) < 0)
		abort();
	check(!pclose(p), "a_line_of_json_has_its_schema");
}

/* The same as a record, for oomtrace last. */
static void test_known_record(void)
{
	struct oomtrace_process p;
	RECORD(v, VICTIM, victim);

	v.episode = 21;
	v.tgid = 10;
	strcpy(v.comm, "x\nPRIORITY=0");
	check(known_record(&p, &v, j.boot_offset_ns) && p.episode == 21 && p.pid == 10 &&
	      p.h.ts_ns == v.h.ts_ns && p.read_ago_ns == 10345678901ULL &&
	      p.age_ns == 12345678901ULL - 1000000000 + j.boot_offset_ns &&
	      !strcmp(p.cmdline, "java -jar payments.jar"),
	      "what_was_read_is_saved_with_the_kill");
	check(oomtrace_field_valid(&p.h, OOMTRACE_BIT_process_cmdline) &&
	      !oomtrace_field_valid(&p.h, OOMTRACE_BIT_process_cgroup),
	      "what_could_not_be_read_is_absent");
	v.tgid = 11;
	check(!known_record(&p, &v, 0), "another_process_has_no_record");
}

/* What the person on call reads first. */
static void test_owner_fields(void)
{
	struct known_process known = {
		.pid = 10, .comm = "x\nPRIORITY=0",
		.cmdline = "java -jar payments.jar",
		.start_ns = 1000000000ULL, .read_ns = 2000000000ULL,
		.seen_ns = 12000000000ULL,
	};

	j.wall_offset_ns = 1795974421000000000LL;
	j.boot_offset_ns = 12 * 86400 * 1000000000LL;
	name_cgroup(77, "/system.slice/mysqld.service");
	play(20, OOMTRACE_SCOPE_MEMCG, true);
	journal_flush(&j, &g, ~0ULL);
	check_has(entry, "[MESSAGE=OOM: killed x\\nPRIORITY=0[10] of mysqld.service, 23.8 MiB, limit 24 MiB reached (oomtrace last 20261129T174713-20)]",
		  "the_message_has_the_unit_its_memory_and_its_limit");
	check_has(entry, "[OBJECT_PID=10]\n[OBJECT_SYSTEMD_UNIT=mysqld.service]\n",
		  "the_journal_shows_it_for_the_unit");
	check_has(entry, "[OOM_ID=20261129T174713-20]\n[OOM_TIME=2026-11-29T17:47:13.345678Z]",
		  "an_oom_has_its_own_time");
	check_has(entry, "[OOM_VICTIM_MEMORY_BYTES=24985600]\n[OOM_VICTIM_ANON_BYTES=24576000]\n",
		  "the_victims_memory_is_in_bytes");
	check_has(entry, "[OOM_LIMIT_BYTES=25165824]", "so_is_the_limit");
	check_hasnt(entry, "OOM_USED_", "what_the_limit_was_used_for_is_not_guessed");
	give_account(22);
	play(22, OOMTRACE_SCOPE_MEMCG, true);
	journal_flush(&j, &g, ~0ULL);
	check_has(entry, "limit 24 MiB reached: 20 MiB of its 24 MiB are files in tmpfs or shared memory, which no process maps: killing frees none of it",
		  "what_fills_the_limit_is_told");
	check_has(entry, "[OOM_USED_ANON_BYTES=3145728]\n[OOM_USED_FILE_BYTES=20971520]\n[OOM_USED_SHMEM_BYTES=20971520]\n[OOM_USED_KERNEL_BYTES=1048576]\n",
		  "and_is_in_fields");
	known_add(&known);
	name_cgroup(77, "/kubepods/burstable/pod12345678-9abc-def0-1234-56789abcdef0");
	play(21, OOMTRACE_SCOPE_MEMCG, true);
	journal_flush(&j, &g, ~0ULL);
	check_has(entry, "[10] of pod 12345678-9abc-def0-1234-56789abcdef0 (name not found) (read before: java -jar payments.jar, up 12 days), 23.8 MiB",
		  "what_was_read_before_is_marked");
	check_has(entry, "[OOM_VICTIM_CMDLINE=java -jar payments.jar]",
		  "the_command_line_is_a_field");
	test_known_record();
	check_has(line, "\"victim_comm\":\"x\\u000aPRIORITY=0\",\"victim_uid\":0",
		  "a_line_of_json_escapes_names");
	check_has(line, "{\"type\":\"oom\",\"message\":\"OOM: killed",
		  "a_line_of_json_begins_with_its_type");
	check_schema();
	known.seen_ns = 1;
	known.read_ns = 1;
	known_add(&known);
	check(known_find(10, known.comm, 60000000000ULL) &&
	      !known_find(10, known.comm, 61000000000ULL),
	      "a_process_that_was_not_seen_for_a_minute_is_another_one");
	known.read_ns = 5;
	known_add(&known);
	check(!known_find(10, known.comm, 4), "nor_is_one_that_was_read_later");
	strcpy(known.cmdline, "say \"\\\"");
	known.read_ns = 2000000000ULL;
	known.seen_ns = 12000000000ULL;
	known_add(&known);
	play(23, OOMTRACE_SCOPE_MEMCG, true);
	journal_flush(&j, &g, ~0ULL);
	check_has(line, "\"victim_cmdline\":\"say \\\"\\\\\\\"\",", "quotes_are_escaped");
	check_schema();
	known.comm[0] = 'y';
	known_add(&known);
	play(22, OOMTRACE_SCOPE_MEMCG, true);
	journal_flush(&j, &g, ~0ULL);
	check_hasnt(entry, "CMDLINE", "a_process_of_another_name_is_another_one");
	memset(&g, 0, sizeof(g));
	j.wall_offset_ns = 0;
	j.boot_offset_ns = 0;
}

/* The begin of a long scan may be overwritten before it is read. */
static void test_no_begin(void)
{
	RECORD(v, VICTIM, victim);
	RECORD(e, OOM_END, oom_end);

	v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	v.episode = 8;
	v.pid = 10;
	v.signal = SIGKILL;
	strcpy(v.comm, "java");
	give(&v, 1);
	e.h.ts_ns = ++end_ns;
	e.episode = 8;
	e.ending = OOMTRACE_ENDING_KILLED;
	e.victims = 1;
	give(&e, 1000);
	journal_flush(&j, &g, ~0ULL);
	check_has(entry, "[MESSAGE=OOM: killed java[10], 0 KiB, its begin was overwritten (oomtrace last 19700101T000012-8)]",
		  "a_missing_begin_is_reported");
}

static int out_fd;

static int send_line(const struct entry *to)
{
	return entry_json_write(out_fd, to);
}

/* The disk is full in the middle of the first line, and has room for it later. */
static void test_full_disk(void)
{
	char path[] = "/tmp/oomtrace-lines-XXXXXX", text[16384];
	struct rlimit limit, small;
	unsigned int lines = 0;
	char *at, *save = NULL;
	bool good = true;
	ssize_t n;
	int err;

	signal(SIGXFSZ, SIG_IGN);
	out_fd = mkstemp(path);
	if (out_fd < 0 || getrlimit(RLIMIT_FSIZE, &limit))
		abort();
	small = limit;
	small.rlim_cur = 100;
	j.send = send_line;
	setrlimit(RLIMIT_FSIZE, &small);
	play(300, OOMTRACE_SCOPE_MEMCG, true);
	err = journal_flush(&j, &g, 2000000000);
	setrlimit(RLIMIT_FSIZE, &limit);
	good &= !journal_flush(&j, &g, 4000000000);
	play(301, OOMTRACE_SCOPE_MEMCG, true);
	good &= !journal_flush(&j, &g, ~0ULL);
	j.send = collect;
	n = pread(out_fd, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	for (at = strtok_r(text, "\n", &save); at; at = strtok_r(NULL, "\n", &save))
		good &= !lines++ || (*at == '{' && at[strlen(at) - 1] == '}');
	check(err == -ENOSPC && good && lines == 3,
	      "a_line_that_a_full_disk_cuts_is_written_again");
	close(out_fd);
	unlink(path);
}

void test_journal(void)
{
	unsigned int i;

	play(3, OOMTRACE_SCOPE_MEMCG, true);
	journal_flush(&j, &g, 2000);
	check(!entries && journal_pending(&j), "an_entry_waits_for_names");
	journal_flush(&j, &g, 2000000000);
	check(entries == 1 && !journal_pending(&j), "it_does_not_wait_for_ever");
	check_has(entry, "[MESSAGE=OOM: killed x\\nPRIORITY=0[10], 23.8 MiB, limit 24 MiB reached (oomtrace last 19700101T000012-3)]",
		  "an_entry_has_a_message");
	check_has(entry, "[OOM_VICTIM_PID=10]\n", "an_entry_has_fields");
	check_has(entry, "[OOM_VICTIM_COMM=x\nPRIORITY=0]",
		  "a_name_stays_in_its_field");
	check_has(entry, "[PRIORITY=3]", "a_kill_is_an_error");
	check_has(entry, "[OOM_CGROUP_ID=77]", "a_cgroup_has_its_number");
	play(4, OOMTRACE_SCOPE_MEMCG, false);
	journal_flush(&j, &g, ~0ULL);
	check_has(entry, "MESSAGE=OOM: no process was killed (no_fs); allocated by asker[9], limit 24 MiB reached",
		  "an_oom_without_a_kill_is_told");
	check_hasnt(entry, "OOM_VICTIM_", "what_is_not_there_is_left_out");
	play(5, OOMTRACE_SCOPE_USERSPACE, true);
	journal_flush(&j, &g, ~0ULL);
	check_has(entry, "[MESSAGE=OOM: asker[9] killed x\\nPRIORITY=0[10], 23.8 MiB (oomtrace last 19700101T000012-5)]",
		  "a_daemon_asked_for_no_memory_it_killed");
	test_daemons();
	test_catalog();
	test_owner_fields();
	test_no_begin();
	entries = 0;
	for (i = 1; i <= 3 * JOURNAL_OPEN; i++)
		play(100 + i, OOMTRACE_SCOPE_MEMCG, true);
	check(entries == 2 * JOURNAL_OPEN, "more_than_fit_do_not_wait_for_names");
	check_has(entry, "[OOM_EPISODE=132]", "they_are_told_in_their_order");
	journal_flush(&j, &g, ~0ULL);
	check(entries == 3 * JOURNAL_OPEN, "each_is_told_once");
	check_has(entry, "[OOM_EPISODE=148]", "the_last_one_comes_last");
	refuse = -ENOMEM;
	entries = 0;
	play(150, OOMTRACE_SCOPE_MEMCG, true);
	check(journal_flush(&j, &g, 3000000000) == -ENOMEM && !entries,
	      "what_the_journal_does_not_take_is_an_error");
	check(journal_flush(&j, &g, 3000000001) == -ENOMEM,
	      "and_stays_one_while_it_waits");
	refuse = 0;
	check(!journal_flush(&j, &g, 5000000000) && entries == 1,
	      "and_is_tried_again");
	test_full_disk();
	/* After a restart, the service reads the module's records again. */
	entries = 0;
	end_ns = 0;
	for (i = 1; i <= JOURNAL_OPEN; i++)
		play(200 + i, OOMTRACE_SCOPE_MEMCG, true);
	journal_flush(&j, &g, ~0ULL);
	check(!entries && !journal_pending(&j), "nothing_is_sent_twice");
}
