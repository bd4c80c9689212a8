// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the oomtrace command on saved records: checks its output, its exit status,
 * and its messages for damaged files and usage errors. Needs ./oomtrace and
 * removes its files.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../savefile.h"
#include "test_cli.h"
#include "test_command.h"
#include "test_episode.h"
#include "test_kept.h"

static char dir[] = "/tmp/oomtrace-test-XXXXXX";
char out[OUT_MAX];

int run(const char *cmd)
{
	FILE *p;
	size_t n;
	int status;

	fflush(stdout);
	p = popen(cmd, "r");
	if (!p)
		abort();
	n = fread(out, 1, sizeof(out) - 1, p);
	out[n] = '\0';
	status = pclose(p);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void expect(const char *cmd, int status, const char *part, const char *name)
{
	int got = run(cmd);

	if (got != status)
		printf("# exit status %d, want %d\n", got, status);
	if (got != status || !part)
		check(got == status && !part, name);
	else
		check_has(out, part, name);
}

static unsigned int lines(void)
{
	unsigned int n = 0;
	const char *s;

	for (s = out; *s; s++)
		n += *s == '\n';
	return n;
}

void save(const char *file, const void *data, size_t size)
{
	FILE *f = fopen(file, "a");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		abort();
}

static void save_records(unsigned int n, const char *file)
{
	RECORD(c, COMMIT, commit);
	RECORD(e, OOM_END, oom_end);
	RECORD(l, LOST, lost);
	unsigned int i;

	/* Sizes that do not divide the buffer's size: reads split records. */
	for (i = 0; i < n; i++) {
		c.h.seq = i + 1;
		save(file, &c, sizeof(c));
		e.episode = i + 1;
		e.ending = OOMTRACE_ENDING_NO_FS;
		save(file, &e, sizeof(e));
	}
	l.ring = OOMTRACE_RING_OOM;
	l.count = 7;
	save(file, &l, sizeof(l));
}

static void test_dump(void)
{
	expect("./oomtrace dump --device few 2>&1", 0,
	       " oom_end: episode=1 ending=no_fs ", "dump_reads_saved_records");
	check(lines() == 5, "dump_prints_each_of_them");
	expect("./oomtrace dump --json -d few", 0,
	       "{\"type\":\"oom_end\",\"seq\":1,", "dump_prints_json");
	check(lines() == 5, "dump_prints_json_of_each");
	run("./oomtrace dump --device many");
	check(lines() == 2001, "records_across_reads_are_whole");
	run("cat many | ./oomtrace dump --device /dev/stdin");
	check(lines() == 2001, "records_come_through_a_pipe");
	expect("./oomtrace dump --device none", 0, "",
	       "a_file_without_records_is_no_mistake");
}

/* Commands that need the module, given a file; and a pipe, which is read once. */
static void test_sources(void)
{
	expect("./oomtrace ranking -d few 2>&1", 1, "few is not a device",
	       "a_ranking_is_the_modules");
	expect("./oomtrace status -d few", 3, "oomtrace last few",
	       "status_says_what_reads_a_file");
	expect("mkfifo fifo; cat few >fifo & timeout 10 ./oomtrace report fifo -o page.html; r=$?; rm -f fifo; exit $r",
	       0, "", "a_report_is_made_of_a_pipe");
}

/* The places to which versions of systemd-pstore move a panic's parts. */
static void test_pstore(void)
{
	static const char * const places[] = { "", "1/", "1/001/" };
	char cmd[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(cmd, sizeof(cmd),
			 "rm -rf ps; mkdir -p ps/%s; printf 'Panic#1 Part1\nKernel panic - not syncing\noomtrace: explained\n' >ps/%sdmesg-erst-1; ./oomtrace last --pstore=ps",
			 places[i], places[i]);
		expect(cmd, 0, "explained\n", "a_panic_is_found_where_it_is_kept");
	}
	run("rm -rf ps page.html");
}

static void test_types(void)
{
	expect("./oomtrace dump -d few --type commit,oom_end 2>&1", 0,
	       "oomtrace: 7 records were overwritten before they were read\n",
	       "a_loss_that_is_not_shown_is_still_told");
	check(lines() == 5, "only_the_types_asked_for_are_printed");
	expect("./oomtrace dump few --filter ending=no_fs 2>&1", 0,
	       "oomtrace: 7 records were overwritten before they were read\n",
	       "a_loss_that_a_filter_keeps_back_is_still_told");
	expect("./oomtrace dump many --filter 'episode>990' --filter ending=no_fs",
	       0, "episode=991 ", "a_filter_lets_through_what_it_names");
	check(lines() == 10, "a_filter_keeps_back_the_rest");
	expect("./oomtrace dump few --filter pages 2>&1", 2,
	       "it must be FIELD=VALUE", "a_filter_is_a_condition");
	expect("./oomtrace dump few --filter 'frob=1' 2>&1", 2,
	       "no record type has a field 'frob'", "a_filter_names_a_field");
	expect("./oomtrace dump few --filter 'comm>x' 2>&1", 2,
	       "'x' is not a number",
	       "a_filter_compares_numbers");
	expect("./oomtrace dump -d few --type commit,x 2>&1", 2,
	       "unknown record type 'x'\nrecord types: commit, oom_begin,",
	       "an_unknown_type_is_refused_with_those_there_are");
}

static void test_damage(void)
{
	expect("./oomtrace dump -d cut 2>&1", 1, ", inside a record\n",
	       "a_cut_file_is_told");
	check_has(out, " commit: ", "records_before_the_cut_are_printed");
	expect("./oomtrace dump -d bad 2>&1", 1,
	       "not a record at byte 352: a size of 12 is impossible\n",
	       "damage_is_told_with_its_place");
	expect("./oomtrace last -d bad 2>&1", 1, "impossible",
	       "damage_is_told_by_last");
	expect("echo rubbish >rubbish; ./oomtrace dump rubbish 2>&1", 1,
	       "oomtrace: rubbish: is no oomtrace file\n",
	       "a_file_of_rubbish_is_told");
	expect("printf ab >rubbish; ./oomtrace last rubbish 2>&1", 1,
	       "rubbish: is no oomtrace file\n", "a_short_file_of_rubbish_too");
	expect("./oomtrace dump -d . 2>&1", 1, "directory",
	       "a_directory_is_told");
	expect("./oomtrace dump -d /dev/null 2>&1", 1,
	       "/dev/null: not an oomtrace device\n",
	       "another_device_is_refused");
	expect("./oomtrace info -d few 2>&1", 1, "is not a device",
	       "a_file_has_no_info");
}

/* An OOM in which two tasks were compared. */
static void save_oom(const char *file)
{
	struct oomtrace_candidate hog = make_candidate(7, "hog", 812, 1, 5000);
	struct oomtrace_candidate pig = make_candidate(7, "p\"i\n", 811, 0, 4000);
	struct oomtrace_verdict v = make_verdict(7);
	struct oomtrace_oom_end e = make_end(7, OOMTRACE_ENDING_KILLED);

	v.points = 5000;
	e.candidates = 2;
	save(file, &pig, sizeof(pig));
	save(file, &hog, sizeof(hog));
	save(file, &v, sizeof(v));
	save(file, &e, sizeof(e));
}

/* An OOM with markup in names, and samples around it, to test the HTML page. */
void save_example(const char *file)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(sample, SAMPLE, sample);
	struct oomtrace_candidate c;
	int i;

	b.episode = 7;
	b.totalram = 100000;
	save(file, &b, sizeof(b));
	for (i = 0; i < 30; i++) {
		c = make_candidate(7, "</script><b>", 100 + i, i + 2,
				   3000 - 90 * i);
		c.rss_shmem = 40 * i;
		c.oom_score_adj = i % 3 * 10;
		save(file, &c, sizeof(c));
	}
	save_oom(file);
	for (i = 0; i < 200; i++) {
		sample.h.ts_ns += 100000000;
		sample.committed = 20000 + i * i;
		sample.limit = 50000;
		sample.available = 60000 - 100 * i;
		save(file, &sample, sizeof(sample));
	}
}

static void test_report(void)
{
	save_example("example");
	expect("./oomtrace report example -o page.html 2>&1 && cat page.html",
	       0, "<h1>OOM episode 7: hog[812] was killed</h1>",
	       "a_page_has_a_title");
	check_hasnt(out, "</script><b>", "an_evil_name_stays_a_name");
	check_has(out, "<dt>Killed</dt><dd><b>hog[812]</b>", "a_page_begins_with_the_answer");
	check_has(out, "\"name\":\"\\u003c/script>\\u003cb>[100]\"",
		  "a_page_has_the_candidates");
	expect("./oomtrace report example -o /dev/full 2>&1", 1,
	       "cannot write /dev/full", "a_page_that_does_not_fit_is_told");
	expect("./oomtrace report example --chart none-such -o page.html 2>&1",
	       0, "the page has its charts without Chart.js",
	       "an_option_of_earlier_versions_is_accepted");
	expect("./oomtrace report example -o - | grep -c '<svg class=.bar'", 0,
	       "32\n", "a_page_has_a_bar_for_each_candidate");
	expect("./oomtrace report example -o - | grep -icE '<script>|javascript:|src=|href='",
	       1, "0\n", "a_page_needs_no_script_and_no_other_file");
}

static void test_whatif(void)
{
	expect("./oomtrace whatif oom --adj hog=-41", 0,
	       "Then:      p\\\"i\\n[811] dies with 4,000 points\n",
	       "whatif_says_who_would_have_died");
	expect("./oomtrace whatif oom 7 --adj hog=-39", 0,
	       "Then:      hog[812] dies with 4,025 points, as before\n",
	       "whatif_says_who_dies_all_the_same");
	expect("./oomtrace whatif oom --adj cgroup:4127=-1000 --adj 811=3 --json",
	       0, "\"then\":{\"pid\":811,", "the_later_assumption_holds");
	expect("./oomtrace whatif oom --save 812 --json", 0,
	       "\"save\":\"saved\",\"save_adj\":-41",
	       "whatif_saves_with_the_smallest_change");
	expect("./oomtrace whatif oom --save 812 --adj hog=5 2>&1", 2,
	       "--save 812 and --adj hog=5 are about the same task: give one of them\n",
	       "whatif_refuses_what_contradicts_itself");
	expect("./oomtrace whatif oom --adj nobody=0 2>&1", 1,
	       "no candidate of OOM episode 7 matches",
	       "whatif_refuses_who_was_not_there");
	expect("./oomtrace whatif oom --adj hog=-1001 2>&1", 2,
	       "from -1000 to 1000", "whatif_refuses_an_impossible_adj");
	expect("./oomtrace whatif oom --limit 9M 2>&1", 1,
	       "was not caused by a memory cgroup's limit",
	       "whatif_refuses_a_limit_where_there_was_none");
	expect("./oomtrace whatif few 1 2>&1", 1, "no task was chosen",
	       "whatif_refuses_an_episode_without_a_choice");
}

/* The format's rules for each event; jq prints the events that break one. */
#define TRACE_RULES \
	"jq -c '.traceEvents[] | select((" \
	"(.name|type) == \"string\" and (.ph|inside(\"MXiC\")) and " \
	"(.ts|type) == \"number\" and .ts >= 0 and " \
	"(.pid|type) == \"number\" and (.tid|type) == \"number\" and " \
	"(if .ph == \"X\" then .dur >= 0 else true end) and " \
	"(if .ph == \"i\" then (.s|inside(\"tpg\")) else true end) and " \
	"(if .ph == \"C\" then ([.args[]|type] == [\"number\"]) else true end))|not)'"

static void test_export(void)
{
	expect("./oomtrace export --format perfetto oom", 0,
	       "\"name\":\"OOM 7: killed\",\"ph\":\"X\"",
	       "a_trace_has_the_episode_as_a_slice");
	if (run("jq --version >/dev/null"))
		check(true, "a_trace_keeps_the_formats_rules # SKIP no jq");
	else
		check(!run("./oomtrace export --format perfetto many | "
			   TRACE_RULES) && !*out,
		      "a_trace_keeps_the_formats_rules");
	expect("./oomtrace export few 2>&1", 2, "no format: give --format",
	       "export_wants_a_format");
}

/* A victim at which oomtraced had looked. */
static void save_victim(const char *file)
{
	RECORD(v, VICTIM, victim);
	RECORD(p, PROCESS, process);

	v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	v.episode = 7;
	v.pid = 812;
	v.tgid = 812;
	strcpy(v.comm, "java");
	v.rss_anon = 6000;
	save_oom(file);
	save(file, &v, sizeof(v));
	p.episode = 7;
	p.pid = 812;
	strcpy(p.comm, "java");
	p.age_ns = 12 * 86400 * 1000000000ULL;
	p.read_ago_ns = 9000000000ULL;
	strcpy(p.cmdline, "java -jar payments.jar");
	strcpy(p.cgroup, "/system.slice/payments.service");
	save(file, &p, sizeof(p));
}

/* The kill of a container in the cgroup of its pod, with saved names. */
static void save_pod(const char *file)
{
	RECORD(b, OOM_BEGIN, oom_begin);
	RECORD(v, VICTIM, victim);
	RECORD(n, NAME, name);
	RECORD(c, CONTAINER, container);

	b.episode = 7;
	b.scope = OOMTRACE_SCOPE_MEMCG;
	b.memcg_id = 70;
	save(file, &b, sizeof(b));
	v.h.valid &= ~OOMTRACE_BIT(victim, earlier);
	v.episode = 7;
	v.pid = 812;
	v.tgid = 812;
	v.cgroup_id = 71;
	strcpy(v.comm, "nginx");
	save(file, &v, sizeof(v));
	save_oom(file);
	n.episode = 7;
	n.cgroup_id = 70;
	strcpy(n.path, "/kubepods/pod0a1b2c3d4e5f60718293a4b5c6d7e8f9");
	n.length = strlen(n.path);
	c.cgroup_id = 70;
	strcpy(c.pod_namespace, "shop");
	strcpy(c.pod, "web-7d9f");
	c.h.valid &= ~OOMTRACE_BIT(container, container);
	save(file, &c, sizeof(c));
	save(file, &n, sizeof(n));
	n.cgroup_id = 71;
	strcat(n.path, "/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	n.length = strlen(n.path);
	c.cgroup_id = 71;
	strcpy(c.container, "nginx");
	c.h.valid |= OOMTRACE_BIT(container, container);
	save(file, &c, sizeof(c));
	save(file, &n, sizeof(n));
}

static void test_pod(void)
{
	save_pod("pod");
	expect("./oomtrace list pod", 0, " pod shop/web-7d9f ", "list_has_saved_names");
	expect("./oomtrace last pod", 0, "\nWhere    pod shop/web-7d9f reached its limit: ",
	       "last_has_saved_names");
	expect("./oomtrace last pod", 0, "\n         (of container nginx of pod shop/web-7d9f)\n",
	       "last_has_the_container_of_the_victim");
	expect("./oomtrace last -v pod", 0, "victim's cgroup 71 is container nginx of pod shop/web-7d9f, /kubepods/",
	       "every_number_has_saved_names_too");
	expect("./oomtrace dump --type container pod", 0,
	       "container: cgroup_id=71 pod_namespace=\"shop\" pod=\"web-7d9f\" container=\"nginx\"",
	       "names_are_a_record");
}

static void test_last(void)
{
	save_victim("known");
	expect("./oomtrace last known", 0,
	       "\n         (java -jar payments.jar of payments.service, up 12 days; read 9 s\n         before)\n",
	       "last_has_the_command_line_that_was_read_before");
	expect("./oomtrace last -v known", 0,
	       "\nProcess:   [812] was java -jar payments.jar of payments.service, up 12 days (read 9 s before)\n",
	       "so_has_every_number");
	expect("./oomtrace last -v oom", 0, "Runner-up: p\\\"i\\n[811]",
	       "last_explains_a_file");
	expect("./oomtrace last oom", 0,
	       "\nKilled   nobody: the chosen process was dying or gone already\n",
	       "last_fits_on_one_screen");
	check(lines() <= 25, "in_25_lines");
	expect("./oomtrace last --list many | tail -1", 0, "1000 12.345679 s after boot",
	       "last_lists_what_there_was");
	check_has(out, "no_fs", "with_its_ending");
	expect("./oomtrace list many 2>&1", 1, "no process was killed; --all lists other OOMs\n",
	       "list_lists_kills");
	expect("./oomtrace list --all -n 2 --noheadings many oom", 0, "1000 12.345679",
	       "list_takes_several_files");
	check(lines() == 2, "and_shows_as_many_as_are_wanted");
	expect("./oomtrace list --all --json oom", 0,
	       "{\"id\":\"7\",\"short_id\":\"7\",\"episode\":7,\"ts_ns\":12345678901,",
	       "list_gives_json");
	expect("./oomtrace list none 2>&1", 1, "no OOM is recorded\n",
	       "an_empty_list_is_told");
	expect("./oomtrace last --json oom", 0,
	       "{\"episode\":7,\"id\":\"7\",\"records\":[{\"type\":\"candidate\",",
	       "last_gives_an_episode_as_json");
	expect("./oomtrace last --since 1h oom 2>&1", 1,
	       "need the time of the records",
	       "since_wants_a_file_with_a_time");
	run("mkdir ps; printf 'Panic#1 Part1\\n<2>[ 9.2] oomtrace: Killed:    hog[1]\\n' >ps/dmesg-x-2;"
	    " printf 'Panic#1 Part2\\n<6>[ 8.0] oomtrace: loaded\\n"
	    "<0>[ 9.0] Kernel panic - not syncing: x\\n<2>[ 9.1] oomtrace: OOM episode 1\\n' >ps/dmesg-x-1");
	expect("./oomtrace last --pstore=ps", 0,
	       "OOM episode 1\nKilled:    hog[1]\n",
	       "what_was_said_at_a_panic_is_put_together");
	check_hasnt(out, "loaded", "what_was_said_before_it_is_left_out");
	expect("./oomtrace last --pstore=none 2>&1", 1, "pstore has no panic",
	       "no_panic_is_told");
	expect("./oomtrace last --since tomorrow oom 2>&1", 2,
	       "invalid time 'tomorrow'", "since_is_a_time");
}

/* The completions that bash offers for a line that ends in these words. */
#define COMPLETE(n, words)						\
	"bash -c '. ./completion; COMP_WORDS=(./oomtrace " words ");"	\
	" COMP_CWORD=" n "; _oomtrace; echo ${COMPREPLY[*]}'"

/* Save episodes @from to @to of a load, in a file of an older version or of this one. */
static void save_load(const char *file, u64 from, u64 to, bool named)
{
	struct saved_header h = {
		.magic = "OOMTRACE", .endian = SAVED_ENDIAN,
		.size = named ? sizeof(h) : SAVED_SIZE_VER1, .format = SAVED_FORMAT,
		.abi = OOMTRACE_ABI_VERSION, .page_size = 4096,
		.wall_offset_ns = 1764547200000000000LL, .load = 7,
		.boot = "0123456789abcdef0123456789abcdef",
	};
	RECORD(e, OOM_END, oom_end);

	save(file, &h, h.size);
	for (; from <= to; from++) {
		e.h.seq = from;
		e.h.ts_ns = 1000000000 * from;
		e.episode = from;
		save(file, &e, sizeof(e));
	}
}

/* Save two refused requests of one process and one that was granted. */
static void save_requests(const char *file)
{
	struct saved_header h = {
		.magic = "OOMTRACE", .endian = SAVED_ENDIAN, .size = sizeof(h),
		.format = SAVED_FORMAT, .abi = OOMTRACE_ABI_VERSION, .page_size = 4096,
		.wall_offset_ns = 1764547200000000000LL, .load = 7,
		.boot = "0123456789abcdef0123456789abcdef",
	};
	RECORD(c, COMMIT, commit);
	unsigned int i;

	save(file, &h, sizeof(h));
	strcpy(c.comm, "greedy");
	c.tgid = 12;
	for (i = 1; i <= 3; i++) {
		c.h.seq = i;
		c.h.cpu = 2;
		c.h.ts_ns = 1000000000 + i;
		c.pages = 256 * i;
		c.ret = i < 3 ? -ENOMEM : 0;
		save(file, &c, sizeof(c));
	}
}

#define RECORD_ID	"0123456789abcdef0123456789abcdef.7.2."

static void test_why(void)
{
	save_requests("asked");
	expect("./oomtrace dump --json asked | sed -n 's/.*\"record_id\":\"\\([^\"]*\\)\".*/\\1/p' | head -1",
	       0, RECORD_ID "1\n", "a_request_has_a_record_id");
	expect("./oomtrace why " RECORD_ID "2 asked", 0, "greedy[12], uid 0: 2 MiB by",
	       "why_takes_a_record_id");
	check_has(out, "(the largest of 2 requests", "of_the_largest_request");
	expect("./oomtrace why " RECORD_ID "1 asked", 0, "greedy[12], uid 0: 1 MiB by",
	       "and_of_any_other");
	check_has(out, "(one of 2 requests", "which_it_explains");
	expect("./oomtrace why 2.1 asked", 0, "uid 0: 1 MiB by", "a_short_id_may_be_of_any_too");
	expect("./oomtrace why " RECORD_ID "3 asked 2>&1", 1, "no refused request has the id",
	       "a_request_that_was_granted_is_none");
	expect("./oomtrace why 0123456789abcdef0123456789abcdef.8.2.1 asked 2>&1", 1,
	       "no refused request has the id", "nor_is_one_of_another_load");
	expect("./oomtrace why 1123456789abcdef0123456789abcdef.7.2.1 asked 2>&1", 1,
	       "no refused request has the id", "nor_one_of_another_boot");
	expect("./oomtrace why 0123456789abcdef0123456789abcdef.7.2 asked 2>&1", 1,
	       "No such file", "an_id_in_part_is_a_file");
}

/* As after an upgrade of the service: the module stays loaded, and both versions save. */
static void test_upgraded(void)
{
	run("mkdir up");
	save_load("up/1.oom", 1, 2, false);
	save_load("up/2.oom", 1, 3, true);
	save_load("up/3.oom", 3, 4, true);
	expect("./oomtrace list --all --noheadings up", 0, " 4 2025-12-01 ",
	       "files_of_two_versions_are_of_one_load");
	check(lines() == 4, "and_each_oom_is_listed_once");
	expect("./oomtrace list --all --json up | grep -c '\"id\":\"0123456789abcdef0123456789abcdef.7.'",
	       0, "4\n", "with_the_names_of_the_newer_one");
}

/* Files of each older version, and the whole text that is made of one. */
static void test_saved(void)
{
	expect("TZ=UTC ./oomtrace last saved/v1.oom | tail -n +2 | diff - saved/last.txt",
	       0, "", "last_explains_an_old_file");
	expect("TZ=UTC ./oomtrace refusals saved/v1.oom | diff - saved/refusals.txt",
	       0, "", "refusals_are_those_of_an_old_file");
	expect("TZ=UTC ./oomtrace why 1.3 saved/v1.oom | tail -n +2 | diff - saved/why.txt",
	       0, "", "why_does_the_sum_of_an_old_file");
	expect("./oomtrace last saved/v1.oom | awk 'length > 80'", 0, "",
	       "no_line_is_wider_than_80_columns");
	expect("./oomtrace last saved/raw.oom", 0, "Killed   mysqld[253], user root: 20.8 MiB came back after 8 ms\n",
	       "records_without_a_header_are_read");
	expect("./oomtrace list saved/v1.oom saved/raw.oom saved | wc -l", 0, "5\n",
	       "a_record_in_three_places_counts_once");
	expect("n() { ./oomtrace export --format json \"$@\" | wc -l; }; echo $(n saved/v1.oom) $(n saved/raw.oom) $(n saved/raw.oom saved saved/v1.oom)",
	       0, "199 15 199\n", "and_so_does_one_of_an_episode_in_part");
	expect("TZ=UTC ./oomtrace list --noheadings --since '2026-11-30 00:09:31' --until 2026-11-30T00:09:33Z saved/v1.oom",
	       0, "2 2026-11-30 00:09:31 UTC", "a_time_range_is_obeyed");
	check(lines() == 1, "on_both_sides");
	expect("./oomtrace list --noheadings --since 2026-11-29 saved | wc -l", 0, "4\n",
	       "a_copy_with_a_clock_is_preferred");
	expect("./oomtrace last 20261130T000931-2 saved/v1.oom", 0, "OOM kill 2 on db-17 ",
	       "an_id_with_a_time_is_understood");
	expect("./oomtrace last 20261130T000901-2 saved/v1.oom 2>&1", 1, "there is 20261130T000931-2\n",
	       "one_of_another_time_is_not");
	expect("./oomtrace last 0123456789abcdef0123456789abcdef.7.2 saved/v1.oom 2>&1", 1,
	       "of that boot or time is available", "nor_is_one_of_another_boot");
	expect("./oomtrace why 9.9 saved/v1.oom 2>&1", 1, "has the id 9.9",
	       "a_refusal_that_is_not_there_is_told");
	expect("./oomtrace refusals oom 2>&1", 1, "oomtrace record --refusals records them\n",
	       "no_refusals_are_told");
	expect("./oomtrace dump --json saved/v1.oom | head -1", 0,
	       ",\"ts_ns\":5238606058,\"time\":\"2026-11-30T00:09:29.451830800Z\",",
	       "json_has_the_time_of_day");
	expect("TZ=UTC ./oomtrace dump --time wall saved/v1.oom | head -1", 0,
	       "2026-11-30 00:09:29.451830 UTC [000] mark: ", "so_has_text_on_request");
	expect("./oomtrace dump --time x few 2>&1", 2, "give wall",
	       "an_unknown_clock_is_refused");
	expect("./oomtrace dump --since 2h few 2>&1", 1, "need the time of the records",
	       "a_time_range_needs_a_time");
	expect("./oomtrace list --since today --until yesterday few 2>&1", 2,
	       "--since is later than --until\n", "a_time_range_has_an_order");
	expect("mkdir empty; ./oomtrace list empty 2>&1", 1, "empty has no file *.oom\n",
	       "an_empty_directory_is_told");
	expect("./oomtrace list --dir none-such 2>&1", 1, "none-such: No such file",
	       "a_directory_that_is_not_there_is_told");
}

static void test_completion(void)
{
	expect(COMPLETE("1", "wha"), 0, "whatif\n", "commands_are_completed");
	expect(COMPLETE("2", "whatif --li"), 0, "--limit\n",
	       "a_commands_options_are_completed");
	expect(COMPLETE("3", "export --format p"), 0, "perfetto prometheus\n",
	       "formats_are_completed");
	expect(COMPLETE("3", "dump --type oom_"), 0, "oom_begin oom_end\n",
	       "record_types_are_completed");
	expect(COMPLETE("3", "dump --time w"), 0, "wall\n", "clocks_are_completed");
	expect(COMPLETE("2", "last fe"), 0, "few\n", "files_are_completed");
}

static void test_man(void)
{
	if (run("man --version >/dev/null 2>&1")) {
		check(true, "man_pages_render_without_warnings # SKIP no man");
		return;
	}
	run("for page in manpages/*.[48]; do"
	    " MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z $page 2>&1 >/dev/null;"
	    " done");
	check_text(out, "", "man_pages_render_without_warnings");
}

static void test_usage(void)
{
	if (access("/dev/oomtrace", F_OK)) {
		expect("./oomtrace 2>&1", 3, "\nNext     modprobe oomtrace ",
		       "no_command_says_how_things_are");
		expect("./oomtrace status --check", 3, "CRITICAL: not recording: ",
		       "a_monitor_gets_one_line");
	} else {
		expect("./oomtrace 2>&1", 0, "\nNext     ",
		       "no_command_says_how_things_are");
		expect("./oomtrace status --check", 0, "OK: ",
		       "a_monitor_gets_one_line");
	}
	expect("./oomtrace 2>/dev/null | awk 'length > 80'; ./oomtrace 2>&1 | grep -c .", 0, "",
	       "on_one_screen");
	check(*out != '0' && lines() == 1 && atoi(out) <= 24, "of_80_columns");
	expect("./oomtrace frob 2>&1", 2,
	       "unknown command 'frob'\nCommands:\n  status ",
	       "an_unknown_command_lists_those_there_are");
	expect("./oomtrace dump --frob 2>&1", 2, "[--json]",
	       "an_unknown_option_lists_those_there_are");
	expect("./oomtrace last --since 1z 2>&1", 2, "today, yesterday, 17:00,",
	       "a_bad_value_is_told_with_what_is_allowed");
	check(lines() == 1, "in_one_line");
	expect("./oomtrace last x 2>&1", 2, "numbered 1, 2, 3",
	       "an_episode_is_a_number");
	expect("./oomtrace last -d few 5 2>&1", 1,
	       "no record of OOM episode 5 is available\n",
	       "an_episode_that_is_not_held_is_a_failure");
	expect("for c in status top ranking protect limits info; do ./oomtrace $c --since 1h 2>&1 || echo $?; done | sort | uniq -c | sed 's/ .*oomtrace: [a-z]*//'",
	       0, " shows the present, so --since and --until mean nothing",
	       "times_of_the_present_are_refused");
	check(strstr(out, " 6 2\n") && lines() == 7, "by_each_command_that_shows_it");
	expect("./oomtrace record --until 1h 2>&1", 2, "no output file",
	       "a_recording_has_times");
	expect("script -qec './oomtrace top -d few' /dev/null </dev/null", 3,
	       "few is a file of saved records, not a device", "top_without_a_module_is_blind");
	if (access("/dev/oomtrace", F_OK))
		expect("./oomtrace dump 2>&1", 3,
		       "oomtrace: /dev/oomtrace: the module is not loaded (modprobe oomtrace)\n",
		       "a_missing_module_is_told");
	else
		check(true, "a_missing_module_is_told # SKIP it is loaded");
}

static void test_endings(void)
{
	expect("(./oomtrace dump -d many; echo status $? >&2) 2>&1 >/dev/full",
	       0, "No space left on device\nstatus 1\n",
	       "output_that_does_not_fit_is_a_failure");
	expect("((./oomtrace dump -d many; echo status $? >&2) | head -1 >/dev/null) 2>&1",
	       0, "status 0\n", "a_reader_that_leaves_is_no_failure");
	expect("((./oomtrace dump --json many; echo status $? >&2) | head -1 >/dev/null) 2>&1",
	       0, "status 0\n", "nor_is_it_with_json");
	check(lines() == 1, "and_it_is_quiet");
	expect("((./oomtrace export --format json many; echo status $? >&2) | head -1 >/dev/null) 2>&1",
	       0, "status 0\n", "nor_is_it_with_export");
	check(lines() == 1, "which_is_quiet_too");
	expect("(./oomtrace export --format json many 2>&1 >/dev/full; echo status $?)",
	       0, "cannot write the output: No space left on device\nstatus 1\n",
	       "an_export_that_does_not_fit_is_a_failure");
	expect("mkfifo fifo; exec 3<>fifo; cat few >&3; ./oomtrace live -d fifo & sleep 0.5; kill -INT $!; wait $!",
	       0, " commit: ", "live_prints_at_once_and_ends_on_a_signal");
}

static void prepare(void)
{
	struct oomtrace_header bad = { .size = 12 };
	char self[4096], at[8192];

	if (!mkdtemp(dir) || !getcwd(self, sizeof(self)) || chdir(dir))
		abort();
	snprintf(at, sizeof(at), "%s/oomtrace", self);
	if (symlink(at, "oomtrace"))
		abort();
	snprintf(at, sizeof(at), "%s/oomtrace.bash-completion", self);
	if (symlink(at, "completion") || symlink(self, "manpages"))
		abort();
	snprintf(at, sizeof(at), "%s/test/saved", self);
	if (symlink(at, "saved"))
		abort();
	save("none", "", 0);
	save_records(2, "few");
	save_records(1000, "many");
	save_records(1, "cut");
	if (truncate("cut", sizeof(struct oomtrace_commit) + 50))
		abort();
	save_oom("oom");
	save_records(1, "bad");
	save("bad", &bad, sizeof(bad));
}

void test_cli(void)
{
	char cleanup[64];

	prepare();
	test_dump();
	test_sources();
	test_pstore();
	test_types();
	test_damage();
	test_whatif();
	test_export();
	test_report();
	test_last();
	test_pod();
	test_saved();
	test_upgraded();
	test_why();
	test_kept();
	test_completion();
	test_man();
	test_usage();
	test_endings();
	snprintf(cleanup, sizeof(cleanup), "rm -r %s", dir);
	if (chdir("/") || run(cleanup))
		abort();
}
