// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: every cgroup id in an episode's records is resolved to a path when
 * the episode is over, whatever its length. If the cgroup was removed
 * meanwhile, the record shows that.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/test.h"

#define CGROUP		"/sys/fs/cgroup"
#define COMPONENT	255	/* bytes of the longest file name */
#define DEEPEST		5

struct chain {
	int fd;
	int kmsg;
	char *log;
	struct records recs;
	int dirs[DEEPEST + 1];		/* a chain of cgroups, topmost first */
	int ndirs;
	char path[2048];		/* of the last cgroup */
	unsigned long long id;
};

FIXTURE(names) {
	struct chain chain;
};

FIXTURE_SETUP(names)
{
	if (access(CGROUP "/cgroup.controllers", F_OK))
		SKIP(return, "no cgroup v2 memory controller");
	module_start(NULL);
	self->chain.fd = device_open();
	self->chain.kmsg = kmsg_open();
	spill(CGROUP "/cgroup.subtree_control", "+memory");
	self->chain.dirs[0] = open(CGROUP, O_RDONLY | O_DIRECTORY);
}

static void dir_name(char *name, int level, size_t len)
{
	snprintf(name, COMPONENT + 1, "oomtrace-%d-%d", getpid(), level);
	while (strlen(name) < len)
		strcat(name, "x");
}

static void spill_at(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("cannot write %s to %s: %s", text, file, strerror(errno));
	close(fd);
}

/* Make a chain of cgroups with a limit on the first. */
static void make_chain(struct chain *chain, int depth, size_t len)
{
	char name[COMPONENT + 1];
	struct stat st;
	int i;

	chain->path[0] = '\0';
	for (i = 0; i < depth; i++) {
		dir_name(name, i, len);
		if (i)
			spill_at(chain->dirs[i], "cgroup.subtree_control",
				 "+memory");
		if (mkdirat(chain->dirs[i], name, 0755))
			die("cannot make %s: %s", name, strerror(errno));
		chain->dirs[i + 1] = openat(chain->dirs[i], name,
					    O_RDONLY | O_DIRECTORY);
		chain->ndirs++;
		strcat(strcat(chain->path, "/"), name);
	}
	spill_at(chain->dirs[1], "memory.max", "8388608");
	if (fstat(chain->dirs[depth], &st))
		die("cannot stat %s", chain->path);
	chain->id = st.st_ino;
}

static int remove_chain(struct chain *chain, size_t len)
{
	char name[COMPONENT + 1];
	int err = 0;

	while (chain->ndirs) {
		dir_name(name, chain->ndirs - 1, len);
		close(chain->dirs[chain->ndirs--]);
		if (unlinkat(chain->dirs[chain->ndirs], name, AT_REMOVEDIR))
			err = -errno;
	}
	return err;
}

FIXTURE_TEARDOWN(names)
{
	if (!self->chain.fd)
		return;
	close(self->chain.fd);
	close(self->chain.kmsg);
	close(self->chain.dirs[0]);
	free(self->chain.log);
	records_free(&self->chain.recs);
	module_stop();
}

/* Join the last cgroup and allocate until the OOM killer acts. */
static int join_and_grow(void *arg)
{
	struct chain *chain = arg;
	size_t i;

	spill("/proc/self/oom_score_adj", "0");
	spill_at(chain->dirs[chain->ndirs], "cgroup.procs", "0");
	for (i = 0; i < 64; i++) {
		void *at = mmap(NULL, MB(1), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
				0);

		if (at == MAP_FAILED)
			return 1;
		memset(at, 1, MB(1));
	}
	return 0;
}

/* Collect all records of the episode and the kernel's report. */
static void collect_episode(struct chain *chain)
{
	/* A worker writes the name records last. */
	device_wait(chain->fd, &chain->recs, OOMTRACE_NAME,
		    records_count(&chain->recs, OOMTRACE_NAME) + 1);
	sleep_ms(200);
	device_drain(chain->fd, &chain->recs);
	free(chain->log);
	chain->log = kmsg_text(chain->kmsg);
}

/* Assemble a cgroup's path; NULL if no record names it. */
static const struct oomtrace_name *
find_path(const struct records *recs, unsigned long long id, char *path, size_t size)
{
	const struct oomtrace_name *name = NULL;
	const union record *r;
	size_t i;

	path[0] = '\0';
	for (i = 0; (r = records_get(recs, OOMTRACE_NAME, i)); i++) {
		if (r->name.cgroup_id != id)
			continue;
		name = &r->name;
		/* Only from the last episode. */
		if (!name->offset)
			path[0] = '\0';
		if (strlen(path) != name->offset)
			return NULL;
		snprintf(path + name->offset, size - name->offset, "%.*s",
			 (int)sizeof(name->path), name->path);
	}
	return name;
}

TEST_F(names, allocating_task_memcg_and_victim_have_the_kernels_paths)
{
	struct chain *chain = &self->chain;
	char path[2048], line[4096], want[2100];
	const struct oomtrace_name *name;
	const union record *begin, *end;
	unsigned long long limited;
	struct stat st;

	make_chain(chain, 2, 40);
	EXPECT_EQ(128 + SIGKILL, run_child(join_and_grow, chain));
	collect_episode(chain);
	begin = records_get(&chain->recs, OOMTRACE_OOM_BEGIN, 0);
	end = records_get(&chain->recs, OOMTRACE_OOM_END, 0);
	ASSERT_NE(NULL, begin);
	ASSERT_NE(NULL, end);
	ASSERT_EQ(0, fstat(chain->dirs[1], &st));
	limited = st.st_ino;
	EXPECT_EQ(chain->id, begin->begin.cgroup_id);
	EXPECT_EQ(limited, begin->begin.memcg_id);

	name = find_path(&chain->recs, chain->id, path, sizeof(path));
	ASSERT_NE(NULL, name);
	EXPECT_STREQ(chain->path, path);
	EXPECT_EQ(strlen(path), name->length);
	EXPECT_EQ(0, name->removed);
	EXPECT_EQ(0, name->truncated);
	EXPECT_EQ(begin->begin.episode, name->episode);
	/* Only after the end of the episode. */
	EXPECT_LT(end->h.ts_ns, name->h.ts_ns);
	line_with(chain->log, "oom-kill:constraint=", line, sizeof(line));
	snprintf(want, sizeof(want), ",task_memcg=%s,", path);
	EXPECT_NE(NULL, strstr(line, want)) TH_LOG("%s: %s", want, line);

	name = find_path(&chain->recs, limited, path, sizeof(path));
	ASSERT_NE(NULL, name);
	snprintf(want, sizeof(want), ",oom_memcg=%s,", path);
	EXPECT_NE(NULL, strstr(line, want)) TH_LOG("%s: %s", want, line);
	EXPECT_EQ(0, remove_chain(chain, 40));
}

TEST_F(names, a_long_path_comes_in_parts_and_is_whole)
{
	struct chain *chain = &self->chain;
	const struct oomtrace_name *name;
	char path[2048];

	make_chain(chain, 3, COMPONENT);
	EXPECT_EQ(128 + SIGKILL, run_child(join_and_grow, chain));
	collect_episode(chain);
	name = find_path(&chain->recs, chain->id, path, sizeof(path));
	ASSERT_NE(NULL, name);
	EXPECT_EQ(3 * (COMPONENT + 1), name->length);
	EXPECT_EQ(2 * OOMTRACE_NAME_PATH, name->offset);
	EXPECT_EQ(0, name->truncated);
	EXPECT_STREQ(chain->path, path);
	EXPECT_EQ(0, remove_chain(chain, COMPONENT));
}

TEST_F(names, a_path_that_is_too_long_is_truncated)
{
	struct chain *chain = &self->chain;
	const struct oomtrace_name *name;
	char path[2048];

	make_chain(chain, DEEPEST, COMPONENT);
	EXPECT_EQ(128 + SIGKILL, run_child(join_and_grow, chain));
	collect_episode(chain);
	name = find_path(&chain->recs, chain->id, path, sizeof(path));
	ASSERT_NE(NULL, name);
	EXPECT_EQ(1, name->truncated);
	EXPECT_EQ(1023, name->length);
	EXPECT_EQ(1023, strlen(path));
	EXPECT_EQ(0, strncmp(chain->path, path, 1023));
	EXPECT_EQ(0, remove_chain(chain, COMPONENT));
}

/*
 * Until the cgroup is removed, this CPU runs only real-time tasks, and so not
 * the worker that looks up paths.
 */
TEST_F(names, a_removed_cgroup_is_recorded_as_removed)
{
	struct chain *chain = &self->chain;
	const struct sched_param fifo = { .sched_priority = 50 };
	const struct sched_param normal = { .sched_priority = 0 };
	const struct oomtrace_name *name = NULL;
	char path[2048];
	int i;

	pin_to_cpu(0);
	for (i = 0; i < 20 && !(name && name->removed); i++) {
		make_chain(chain, 1, 40);
		ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &fifo));
		EXPECT_EQ(128 + SIGKILL, run_child(join_and_grow, chain));
		EXPECT_EQ(0, remove_chain(chain, 40));
		ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &normal));
		collect_episode(chain);
		name = find_path(&chain->recs, chain->id, path, sizeof(path));
		ASSERT_NE(NULL, name);
	}
	EXPECT_EQ(1, name->removed);
	EXPECT_STREQ(chain->path, path);
	TH_LOG("removed in time in attempt %d", i);
}

TEST_HARNESS_MAIN
