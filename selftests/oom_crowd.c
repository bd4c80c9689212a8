// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the records also hold for thousands of processes and hundreds of
 * OOMs. Of 2000 processes, the kernel kills the one that the candidate records
 * name. If a ring is too small for them, what matters is recorded. OOMs of several
 * cgroups at once, on all CPUs, are as many complete episodes. For a
 * machine with 4 CPUs and 1 GB.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/crowd.h"
#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

#define MANY	2000

FIXTURE(crowd) {
	struct records recs;
	struct scene *scene;	/* the same records, for the checks */
};

FIXTURE_SETUP(crowd)
{
	self->scene = scene_new();
	sysctl_set("kernel/sysrq", 1);
	sysctl_set("vm/oom_dump_tasks", 0);
}

FIXTURE_TEARDOWN(crowd)
{
	crowd_disperse();
	records_free(&self->recs);
	module_stop();
}

#define KILLS	3

TEST_F_TIMEOUT(crowd, of_2000_the_one_that_the_records_name_dies, 300)
{
	unsigned int kill_nr, lost = 0;
	int fd;

	crowd_gather(MANY, 1, false);
	module_start("candidate_buffer_kb=4096");
	fd = device_open();
	for (kill_nr = 0; kill_nr < KILLS; kill_nr++) {
		const struct oomtrace_verdict *v;
		const struct oomtrace_oom_end *end;

		records_free(&self->recs);
		memset(&self->recs, 0, sizeof(self->recs));
		crowd_sysrq_f();
		crowd_ooms_end(fd, &self->recs, 1);
		self->scene->recs = self->recs;
		lost += records_count(&self->recs, OOMTRACE_LOST);
		v = &records_get(&self->recs, OOMTRACE_VERDICT, 0)->verdict;
		end = &records_get(&self->recs, OOMTRACE_OOM_END, 0)->end;
		EXPECT_LE(MANY - KILLS, end->candidates);
		EXPECT_EQ(end->candidates,
			  records_count(&self->recs, OOMTRACE_CANDIDATE));
		scene_check_points(_metadata, self->scene, v->episode,
				   v->totalpages);
		/* The verdict reports a race. */
		if (v->recomputed != OOMTRACE_RECOMPUTED_RACED)
			scene_check_choice(_metadata, self->scene, v);
		EXPECT_TRUE(v->recomputed == OOMTRACE_RECOMPUTED_AGREE ||
			    v->recomputed == OOMTRACE_RECOMPUTED_TIE)
			TH_LOG("recomputed is %d", v->recomputed);
		fprintf(stderr, "# %u candidates: %.16s[%d] with %lld points, recomputed %d\n",
			end->candidates, v->comm, v->pid, v->points,
			v->recomputed);
	}
	EXPECT_EQ(0, lost);
	close(fd);
}

static int by_points(const void *a, const void *b)
{
	const struct oomtrace_candidate *x = a, *y = b;

	return (x->points < y->points) - (x->points > y->points);
}

/* The candidates with points of the only episode, the best one first. */
static size_t sorted_candidates(const struct records *recs,
				struct oomtrace_candidate *to)
{
	size_t i, n = 0;

	for (i = 0; i < recs->n; i++)
		if (recs->r[i].h.type == OOMTRACE_CANDIDATE &&
		    HAS(&recs->r[i].candidate, candidate, points))
			to[n++] = recs->r[i].candidate;
	qsort(to, n, sizeof(*to), by_points);
	return n;
}

#define LARGE	400
#define TOP	64

/*
 * The ring has 320 slots, of which a scan fills 160 with its first candidates.
 * The crowd stops, so both OOMs give a task the same points.
 */
TEST_F(crowd, a_ring_too_small_keeps_the_milestones_and_the_contenders)
{
	static struct oomtrace_candidate all[LARGE + 100], some[LARGE + 100];
	const struct oomtrace_verdict *v;
	const struct oomtrace_oom_end *end;
	size_t n, m, i, held;
	char *text, line[256];
	int fd;

	crowd_gather(LARGE, 2, false);
	module_start("candidate_buffer_kb=1024");
	fd = device_open();
	crowd_sysrq_f();
	crowd_ooms_end(fd, &self->recs, 1);
	n = sorted_candidates(&self->recs, all);
	EXPECT_LE(LARGE - 1, n);
	ASSERT_EQ(0, spill(DEBUGFS "/buffer_size_kb", "candidate=64"));
	records_free(&self->recs);
	memset(&self->recs, 0, sizeof(self->recs));
	crowd_sysrq_f();
	/* Read only after the OOM, so that the ring could overwrite records. */
	sleep_ms(1500);
	crowd_ooms_end(fd, &self->recs, 1);
	text = slurp(DEBUGFS "/last_oom", NULL);
	EXPECT_EQ(0, records_count(&self->recs, OOMTRACE_LOST));
	ASSERT_EQ(1, records_count(&self->recs, OOMTRACE_OOM_BEGIN));
	v = &records_get(&self->recs, OOMTRACE_VERDICT, 0)->verdict;
	end = &records_get(&self->recs, OOMTRACE_OOM_END, 0)->end;
	held = records_count(&self->recs, OOMTRACE_CANDIDATE);
	EXPECT_LT(held, end->candidates);
	EXPECT_GE(320, held);
	EXPECT_EQ(end->candidates, held + end->missed);
	EXPECT_EQ(end->candidates, end->scored + end->exempt_no_mm +
		  end->exempt_adj_min);
	/* All are compared, whether or not they are recorded. */
	EXPECT_NE(OOMTRACE_RECOMPUTED_UNAVAILABLE, v->recomputed);
	m = sorted_candidates(&self->recs, some);
	/* Of the best ones before, the first has been killed. */
	ASSERT_LE(TOP, m);
	for (i = 0; i < TOP; i++)
		EXPECT_EQ(all[i + 1].points, some[i].points)
			TH_LOG("place %zu", i);
	EXPECT_EQ(some[0].points, v->points);
	EXPECT_TRUE(HAS(&some[0], candidate, rss_anon));
	EXPECT_EQ(some[1].points, v->runner_up_points);
	line_with(text, "Missing:", line, sizeof(line));
	EXPECT_IN("candidates have no record", line);
	EXPECT_IN("Points: ", text);
	EXPECT_EQ(NULL, strstr(text, "begin record is missing"));
	free(text);
	close(fd);
}

/* With candidates=full each candidate has all terms, else only contenders. */
TEST_F(crowd, full_records_the_terms_of_all)
{
	unsigned int with[2] = { 0, 0 }, candidates[2];
	const struct oomtrace_candidate *c;
	int fd, full;
	size_t i;

	crowd_gather(LARGE, 1, false);
	module_start("candidate_buffer_kb=1024");
	fd = device_open();
	for (full = 0; full < 2; full++) {
		ASSERT_EQ(0, spill(DEBUGFS "/candidates", full ? "full" : "compact"));
		records_free(&self->recs);
		memset(&self->recs, 0, sizeof(self->recs));
		crowd_sysrq_f();
		crowd_ooms_end(fd, &self->recs, 1);
		self->scene->recs = self->recs;
		for (i = 0; i < self->recs.n; i++) {
			c = &self->recs.r[i].candidate;
			with[full] += c->h.type == OOMTRACE_CANDIDATE &&
				      HAS(c, candidate, rss_anon);
		}
		candidates[full] = records_count(&self->recs, OOMTRACE_CANDIDATE);
		scene_check_points(_metadata, self->scene,
				   records_get(&self->recs, OOMTRACE_OOM_END,
					       0)->end.episode,
				   records_get(&self->recs, OOMTRACE_VERDICT,
					       0)->verdict.totalpages);
	}
	if (!is_preempt_rt()) {
		EXPECT_LE(TOP, with[0]);
		EXPECT_LT(with[0], candidates[0]);
		EXPECT_LE(LARGE - 2, with[1]);
	}
	EXPECT_EQ(-EINVAL, spill(DEBUGFS "/candidates", "some"));
	full = 2;
	EXPECT_EQ(-1, ioctl(fd, OOMTRACE_IOC_CANDIDATES, &full));
	EXPECT_EQ(EINVAL, errno);
	full = 0;
	EXPECT_EQ(0, ioctl(fd, OOMTRACE_IOC_CANDIDATES, &full));
	close(fd);
}

#define ASKED	300
#define SIZES	3

/*
 * What the command answers of an OOM, of OOMs that would have been, and of the next one.
 * $1: the victim, $2 and $3: two of the crowd, $4: the episode, $5: memcg or nothing. Ids,
 * times and the state of the machine differ between two OOMs, and the victim is another
 * process: only lines about other candidates are kept, without what the victim had more.
 */
static const char questions[] =
	"{ oomtrace last -v $4; oomtrace last $4; oomtrace report $4; oomtrace whatif $4;"
	"  for adj in -1000 -999 -500 -1 1 500 999 1000; do"
	"    oomtrace whatif --adj sitter=$adj $4; oomtrace whatif --adj $2=$adj $4;"
	"    oomtrace whatif --adj $1=$adj --adj $3=$adj $4; done;"
	"  oomtrace whatif --save $1 $4; oomtrace whatif --save $2 $4;"
	"  [ -z \"$5\" ] || for limit in 1M 8M 1G; do"
	"    oomtrace whatif --limit $limit $4; oomtrace whatif --limit $limit --adj $2=900 $4; done;"
	"  oomtrace protect --number 200; } 2>&1 |"
	" grep -Ev \"\\b$1\\b\" |"
	" sed -E 's/[0-9]{8}T[0-9]{6}-[0-9]+/ID/g; s/OOM episode [0-9]+/OOM/g;"
	"  s/[0-9,]+ pages? behind.*/behind/' |"
	" grep -E 'sitter|But:'";

/* Move this process into a cgroup, or into its parent again. */
static void move_to(const struct memcg *cg, bool parent)
{
	char file[256], pid[16];

	snprintf(file, sizeof(file), "%s%s/cgroup.procs", cg->dir, parent ? "/.." : "");
	snprintf(pid, sizeof(pid), "%d", getpid());
	if (spill(file, pid))
		die("cannot move to %s", file);
}

/*
 * A limit of the cgroup that has room for all of it but a tenth of the victim, bytes. An
 * exiting process frees its last 40 MiB only when the kernel may kill the next one.
 */
static void choose_limit(const struct memcg *cg, char *limit, size_t size)
{
	char file[256], *text;

	snprintf(file, sizeof(file), "%s/memory.current", cg->dir);
	text = slurp(file, NULL);
	snprintf(limit, size, "%llu", (atoll(text) - (8ULL << 20)) / PAGE * PAGE);
	free(text);
}

/*
 * Cause an OOM that kills a process which this starts, and no process of the crowd.
 * @limit: of the cgroup; an empty one is set. Returns the victim.
 */
static pid_t cause_the_same_oom(const struct memcg *cg, char *limit, size_t size)
{
	struct hog hog;
	pid_t victim;

	if (!cg) {
		hog_start(&hog, "--anon 16 --comm victim --adj 1000 --hold");
		hog_ready(&hog);
		victim = hog.pid;
		crowd_sysrq_f();
	} else {
		hog_start(&hog, "--cgroup %s --anon 80 --comm victim --adj 1000 --hold",
			  cg->dir);
		hog_ready(&hog);
		victim = hog.pid;
		if (!*limit)
			choose_limit(cg, limit, size);
		memcg_set(cg, "memory.max", limit);
		memcg_set(cg, "memory.max", "256M");
	}
	if (hog_wait(&hog) != 128 + SIGKILL)
		die("another process than the expected one was killed");
	return victim;
}

/* One OOM of a crowd, and all answers. Returns how many processes were killed. */
static size_t ask(char *said, size_t size, int fd, const struct memcg *cg, char *limit,
		  size_t limit_size, bool full)
{
	char arg[4][24];
	char *argv[] = {
		"sh", "-c", (char *)questions, "sh", arg[0], arg[1], arg[2], arg[3],
		cg ? "memcg" : "", NULL
	};
	struct records recs = { };
	pid_t victim;
	size_t kills;

	if (spill(DEBUGFS "/candidates", full ? "full" : "compact"))
		die("cannot set candidates");
	victim = cause_the_same_oom(cg, limit, limit_size);
	crowd_ooms_end(fd, &recs, 1);
	if (!records_get(&recs, OOMTRACE_VERDICT, 0))
		die("no verdict");
	snprintf(arg[0], sizeof(arg[0]), "%d", victim);
	snprintf(arg[1], sizeof(arg[1]), "%d", crowd_pid(ASKED / 3));
	snprintf(arg[2], sizeof(arg[2]), "%d", crowd_pid(ASKED / 2));
	snprintf(arg[3], sizeof(arg[3]), "%llu",
		 (unsigned long long)records_get(&recs, OOMTRACE_VERDICT, 0)->verdict.episode);
	run_program(said, size, argv);
	/* An OOM of a limit may be followed by others, which wait for the victim. */
	device_drain(fd, &recs);
	kills = records_count(&recs, OOMTRACE_VICTIM);
	records_free(&recs);
	return kills;
}

/* Sets @differs to the first lines that differ, or to NULL. */
static int count_same_lines(const char *a, const char *b, const char *differs[2])
{
	size_t n, m;
	int lines;

	differs[0] = NULL;
	differs[1] = NULL;
	for (lines = 0; *a || *b; lines++) {
		n = strcspn(a, "\n");
		m = strcspn(b, "\n");
		if (n != m || strncmp(a, b, n)) {
			differs[0] = a;
			differs[1] = b;
			break;
		}
		a += n + !!a[n];
		b += m + !!b[m];
	}
	return lines;
}

/*
 * A crowd has the same two OOMs with full and with compact records. Whatever is asked
 * about them, the answers are the same.
 */
TEST_F_TIMEOUT(crowd, compact_records_answer_as_full_ones, 300)
{
	static char said[2][1 << 20];
	struct memcg all;
	char limit[24];
	unsigned int seed;
	const char *differs[2];
	bool in_memcg;
	int fd, lines;
	size_t kills;

	if (!memcg_make(&all, "asked", MB(256)))
		SKIP(return, "no cgroup v2 memory controller");
	for (seed = 11; seed < 11 + SIZES; seed++) {
		move_to(&all, false);
		crowd_gather(ASKED, seed, false);
		move_to(&all, true);
		module_start("candidate_buffer_kb=1024");
		fd = device_open_at_end();
		limit[0] = '\0';
		for (in_memcg = false;; in_memcg = true) {
			const struct memcg *cg = in_memcg ? &all : NULL;

			kills = ask(said[0], sizeof(said[0]), fd, cg, limit, sizeof(limit),
				    true);
			kills += ask(said[1], sizeof(said[1]), fd, cg, limit, sizeof(limit),
				     false);
			/* Before the victim's memory is back, 7.3 may kill one more. */
			if (in_memcg && kills > 2) {
				TH_LOG("seed %u: the limit killed %zu, not comparable", seed,
				       kills - 2);
				break;
			}
			lines = count_same_lines(said[0], said[1], differs);
			EXPECT_EQ(NULL, differs[0])
				TH_LOG("seed %u, %s:\nfull    %.*s\ncompact %.*s", seed,
				       in_memcg ? "memcg" : "global",
				       (int)strcspn(differs[0], "\n"), differs[0],
				       (int)strcspn(differs[1], "\n"), differs[1]);
			EXPECT_LT(200, lines);
			if (in_memcg)
				break;
		}
		close(fd);
		module_stop();
		crowd_disperse();
	}
	memcg_remove(&all);
}

/* Runs as a child: resizes the ring of candidates until it is killed. */
static int resize_candidates(void *unused)
{
	char text[32];
	unsigned int i;

	(void)unused;
	for (i = 0;; i++) {
		snprintf(text, sizeof(text), "candidate=%u", 16 << (i * 5 % 7));
		spill(DEBUGFS "/buffer_size_kb", text);
	}
	return 0;
}

#define RESIZED	20

/* Each candidate is received, or counted as missed, or counted as lost. */
TEST_F_TIMEOUT(crowd, no_candidate_goes_uncounted_while_the_ring_is_resized, 300)
{
	unsigned long long ended = 0, received = 0, lost = 0;
	struct oomtrace_info info;
	struct records recs = { };
	pid_t resizer;
	size_t i;
	int fd, k;

	crowd_gather(LARGE, 3, false);
	module_start("candidate_buffer_kb=16");
	fd = device_open();
	resizer = start_child(resize_candidates, NULL);
	for (k = 0; k < RESIZED; k++) {
		/* Now with a reader between the OOMs, now without. */
		crowd_sysrq_f();
		if (k % 3)
			crowd_ooms_end(fd, &recs, k + 1);
		else
			sleep_ms(1000);
	}
	crowd_ooms_end(fd, &recs, RESIZED);
	kill(resizer, SIGKILL);
	waitpid(resizer, NULL, 0);
	device_drain(fd, &recs);
	device_info(fd, &info);
	for (i = 0; i < recs.n; i++) {
		const union record *r = &recs.r[i];

		received += r->h.type == OOMTRACE_CANDIDATE;
		if (r->h.type == OOMTRACE_OOM_END)
			ended += r->end.candidates - r->end.missed;
		if (r->h.type == OOMTRACE_LOST) {
			EXPECT_EQ(OOMTRACE_RING_CANDIDATE,
				  r->h.flags & OOMTRACE_FLAG_RING);
			lost += r->lost.count;
		}
	}
	EXPECT_EQ(RESIZED, records_count(&recs, OOMTRACE_OOM_END));
	EXPECT_EQ(RESIZED, records_count(&recs, OOMTRACE_VERDICT));
	EXPECT_EQ(info.candidates.written, ended);
	EXPECT_EQ(ended, received + lost);
	EXPECT_LT(0, received);
	records_free(&recs);
	close(fd);
}

#define FEW	60

TEST_F(crowd, candidates_have_the_points_of_proc_oom_score)
{
	const struct oomtrace_candidate *c;
	const struct oomtrace_verdict *v;
	long score[FEW];
	int fd, i;

	crowd_gather(FEW, 5, false);
	module_start(NULL);
	fd = device_open();
	for (i = 0; i < FEW; i++)
		score[i] = proc_oom_score(crowd_pid(i));
	crowd_sysrq_f();
	crowd_ooms_end(fd, &self->recs, 1);
	self->scene->recs = self->recs;
	v = &records_get(&self->recs, OOMTRACE_VERDICT, 0)->verdict;
	for (i = 0; i < FEW; i++) {
		c = scene_candidate(self->scene, v->episode, crowd_pid(i));
		ASSERT_NE(NULL, c);
		EXPECT_EQ(score[i], score_of(c, v->totalpages))
			TH_LOG("[%d] points %lld", c->pid, c->points);
	}
	close(fd);
}

TEST_F(crowd, of_equal_candidates_the_later_dies)
{
	const struct oomtrace_verdict *v;
	char *text;
	int fd;

	crowd_gather(5, 3, true);
	module_start(NULL);
	fd = device_open();
	crowd_sysrq_f();
	crowd_ooms_end(fd, &self->recs, 1);
	v = &records_get(&self->recs, OOMTRACE_VERDICT, 0)->verdict;
	EXPECT_EQ(OOMTRACE_RECOMPUTED_TIE, v->recomputed);
	EXPECT_EQ(crowd_pid(4), v->pid);
	EXPECT_EQ(crowd_pid(3), v->runner_up_pid);
	EXPECT_EQ(v->points, v->runner_up_points);
	text = slurp(DEBUGFS "/last_oom", NULL);
	EXPECT_IN("the kernel kills the later one", text);
	EXPECT_IN(", 0 pages behind", text);
	free(text);
	close(fd);
}

/* ---- many OOMs at once ---- */

#define CGROUPS	4
#define ROUNDS	50

static int many_ooms(void *arg)
{
	const struct memcg *cg = arg;
	struct hog hog;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		hog_start(&hog, "--cgroup %s --grow 32", cg->dir);
		if (hog_wait(&hog) != 128 + SIGKILL)
			return 1;
	}
	return 0;
}

TEST_F_TIMEOUT(crowd, two_hundred_ooms_on_all_cpus_are_two_hundred_whole_episodes, 180)
{
	unsigned long long kills = 0, killed = 0;
	struct memcg cg[CGROUPS];
	pid_t pid[CGROUPS];
	const union record *r;
	size_t i, begins;
	char name[16];
	int fd, n;

	if (!memcg_make(&cg[0], "crowd0", MB(2)))
		SKIP(return, "no cgroup v2 memory controller");
	module_start("candidate_buffer_kb=1024");
	fd = device_open();
	for (n = 0; n < CGROUPS; n++) {
		snprintf(name, sizeof(name), "crowd%d", n);
		memcg_make(&cg[n], name, MB(2));
	}
	for (n = 0; n < CGROUPS; n++)
		pid[n] = start_child(many_ooms, &cg[n]);
	for (n = 0; n < CGROUPS; n++) {
		EXPECT_EQ(0, wait_child(pid[n]));
		EXPECT_EQ(ROUNDS, memcg_event(&cg[n], "oom_kill"));
		EXPECT_LE(ROUNDS, memcg_event(&cg[n], "oom"));
		kills += memcg_event(&cg[n], "oom_kill");
	}
	device_drain(fd, &self->recs);
	EXPECT_EQ(CGROUPS * ROUNDS, kills);
	/* A dying task may allocate once more: an episode without a kill. */
	begins = records_count(&self->recs, OOMTRACE_OOM_BEGIN);
	EXPECT_LE(CGROUPS * ROUNDS, begins);
	EXPECT_EQ(begins, records_count(&self->recs, OOMTRACE_OOM_END));
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_OOM_END, i)); i++)
		killed += r->end.ending == OOMTRACE_ENDING_KILLED;
	EXPECT_EQ(CGROUPS * ROUNDS, killed);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_VERDICT, i)); i++)
		for (n = 0; n < CGROUPS; n++)
			kills -= r->verdict.memcg_id == cg[n].id &&
				 r->verdict.cgroup_id == cg[n].id;
	EXPECT_EQ(0, kills);
	for (i = 0; (r = records_get(&self->recs, OOMTRACE_OOM_END, i)); i++)
		EXPECT_NE(OOMTRACE_ENDING_UNKNOWN, r->end.ending);
	scene_check_episodes(_metadata, &self->recs);
	for (n = 0; n < CGROUPS; n++)
		memcg_remove(&cg[n]);
	close(fd);
}

TEST_HARNESS_MAIN
