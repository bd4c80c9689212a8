// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: trace and trace_pipe give the same text in chunks of any size.
 * trace_pipe continues with new lines, blocks or returns EAGAIN if there is
 * none, can be polled, is independent for each reader, and loses no byte.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "lib/commit.h"
#include "lib/test.h"

#define PIPE	DEBUGFS "/trace_pipe"
#define ROOM	(4 << 20)

FIXTURE(trace_pipe) {
	int fd;
	char *text;
};

FIXTURE_SETUP(trace_pipe)
{
	/* Keep the default mode: a change would add a line. */
	module_start("commit_buffer_kb=1024");
	self->fd = open(PIPE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	self->text = malloc(ROOM);
	if (self->fd < 0 || !self->text)
		die("cannot open " PIPE ": %s", strerror(errno));
}

FIXTURE_TEARDOWN(trace_pipe)
{
	sysctl_restore();
	close(self->fd);
	free(self->text);
	module_stop();
}

/* Read until there is no more, in chunks of this size. */
static size_t read_on(int fd, char *text, size_t chunk)
{
	ssize_t got = 0;
	size_t n = 0;

	while (n + chunk < ROOM && (got = read(fd, text + n, chunk)) > 0)
		n += got;
	if (got < 0 && errno != EAGAIN)
		die("cannot read: %s", strerror(errno));
	text[n] = '\0';
	return n;
}

/* A file's text from its start, without the heading of trace. */
static char *read_file(const char *path, char *text, size_t chunk)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("cannot open %s: %s", path, strerror(errno));
	read_on(fd, text, chunk);
	close(fd);
	while (*text == '#')
		text += strcspn(text, "\n") + 1;
	return text;
}

/* Write this many lines, and no more afterwards. */
static void write_lines(int times)
{
	spill(DEBUGFS "/commit_records", "all");
	while (times-- > 0)
		ask(1 + times % 1000);
	spill(DEBUGFS "/enable", "0");
}

TEST_F(trace_pipe, text_is_the_same_in_chunks_of_any_size)
{
	static const size_t chunks[] = { 1, 7, 4096, 65536 };
	char *other = malloc(ROOM), *want, *got;
	size_t i;

	deny(3);
	write_lines(1000);
	want = read_file(DEBUGFS "/trace", self->text, 1 << 20);
	EXPECT_LE(1003, count_lines(want));
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		got = read_file(PIPE, other, chunks[i]);
		EXPECT_EQ(0, strcmp(want, got))
			TH_LOG("trace_pipe by %zu: %zu lines, not %zu",
			       chunks[i], count_lines(got), count_lines(want));
		got = read_file(DEBUGFS "/trace", other, chunks[i]);
		EXPECT_EQ(0, strcmp(want, got))
			TH_LOG("trace by %zu: %zu lines, not %zu",
			       chunks[i], count_lines(got), count_lines(want));
	}
	free(other);
}

TEST_F(trace_pipe, chunks_may_change_from_read_to_read)
{
	char *other = malloc(ROOM), *want;
	size_t n = 0, chunk = 1;
	ssize_t got;

	write_lines(300);
	want = read_file(DEBUGFS "/trace", self->text, 1 << 20);
	while ((got = read(self->fd, other + n, chunk)) > 0) {
		n += got;
		chunk = chunk * 7 % 5003;
	}
	other[n] = '\0';
	EXPECT_EQ(0, strcmp(want, other));
	free(other);
}

TEST_F(trace_pipe, goes_on_where_it_was)
{
	deny(1);
	read_on(self->fd, self->text, 4096);
	EXPECT_IN(" commit: ", self->text);
	deny(2);
	read_on(self->fd, self->text, 4096);
	EXPECT_EQ(2, count_lines(self->text)) TH_LOG("%s", self->text);
}

TEST_F(trace_pipe, without_a_line_is_eagain_and_no_end)
{
	char c;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, read(self->fd, &c, 0));
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
}

static int deny_later(void *unused)
{
	(void)unused;
	sleep_ms(300);
	deny(1);
	return 0;
}

TEST_F(trace_pipe, waits_for_the_next_line)
{
	unsigned long long before, after;
	int fd = open(PIPE, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	pid_t pid;

	pid = start_child(deny_later, NULL);
	before = now_ns();
	n = read(fd, self->text, ROOM - 1);
	after = now_ns();
	ASSERT_LT(0, n);
	self->text[n] = '\0';
	/* The denial, or its stack if the kernel can unwind one. */
	EXPECT_TRUE(strstr(self->text, "text=") ||
		    strstr(self->text, " commit: ")) TH_LOG("%s", self->text);
	EXPECT_LT(200000000, after - before);
	EXPECT_GT(3000000000, after - before);
	wait_child(pid);
	close(fd);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Repeatedly: the first signal may come before the wait. */
static int send_signals(void *unused)
{
	(void)unused;
	for (;;) {
		sleep_ms(300);
		kill(getppid(), SIGUSR1);
	}
	return 0;
}

TEST_F(trace_pipe, a_signal_ends_the_wait)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int fd = open(PIPE, O_RDONLY | O_CLOEXEC);
	pid_t pid;
	char c;

	sigaction(SIGUSR1, &action, NULL);
	pid = start_child(send_signals, NULL);
	EXPECT_EQ(-1, read(fd, &c, 1));
	EXPECT_EQ(EINTR, errno);
	kill(pid, SIGKILL);
	wait_child(pid);
	close(fd);
}

TEST_F(trace_pipe, poll_reports_a_line_or_the_rest_of_one)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	pid_t pid;
	char c;

	EXPECT_EQ(0, poll(&p, 1, 0));
	pid = start_child(deny_later, NULL);
	EXPECT_EQ(1, poll(&p, 1, 5000));
	EXPECT_EQ(POLLIN, p.revents & POLLIN);
	wait_child(pid);
	/* The lines of the stack and the commit; then the rest of them. */
	EXPECT_EQ(1, read(self->fd, &c, 1));
	EXPECT_EQ(1, poll(&p, 1, 0));
	read_on(self->fd, self->text, 4096);
	EXPECT_EQ(0, poll(&p, 1, 0));
	/* The stack is known, so no other line follows the rest of this one. */
	deny(1);
	read_on(self->fd, self->text, 4096);
	deny(1);
	EXPECT_EQ(1, read(self->fd, &c, 1));
	EXPECT_EQ(1, poll(&p, 1, 0));
	read_on(self->fd, self->text, 4096);
	EXPECT_EQ(1, count_lines(self->text)) TH_LOG("%s", self->text);
	EXPECT_EQ(0, poll(&p, 1, 0));
}

TEST_F(trace_pipe, each_reader_gets_every_line)
{
	char *other = malloc(ROOM);

	deny(5);
	read_file(PIPE, self->text, 4096);
	read_on(self->fd, other, 4096);
	EXPECT_LE(5, count_lines(other));
	EXPECT_EQ(0, strcmp(self->text, other));
	/* And trace, which holds all lines, has lost none. */
	EXPECT_EQ(0, strcmp(other, read_file(DEBUGFS "/trace", self->text,
					     4096)));
	free(other);
}

TEST_F(trace_pipe, a_buffer_that_ends_in_a_hole_loses_no_byte)
{
	char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *want;
	ssize_t n;

	ASSERT_NE(MAP_FAILED, map);
	munmap(map + PAGE, PAGE);
	write_lines(20);
	want = read_file(DEBUGFS "/trace", self->text, 1 << 20);
	EXPECT_EQ(-1, read(self->fd, map + PAGE, 1));
	EXPECT_EQ(EFAULT, errno);
	n = read(self->fd, map + PAGE - 100, 5000);
	EXPECT_EQ(100, n);
	EXPECT_EQ(0, memcmp(want, map + PAGE - 100, 100));
	n = read(self->fd, map, PAGE);
	EXPECT_EQ(PAGE, n);
	EXPECT_EQ(0, memcmp(want + 100, map, PAGE));
	munmap(map, PAGE);
}

TEST_F(trace_pipe, overwritten_records_are_reported_in_their_place)
{
	close(self->fd);
	module_start("commit_buffer_kb=16");
	self->fd = open(PIPE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	pin_to_cpu(0);
	write_lines(500);
	read_on(self->fd, self->text, 4096);
	EXPECT_IN(" lost: ring=commit count=", self->text);
	EXPECT_EQ(0, strncmp(strchr(self->text, ']'), "] lost: ", 8))
		TH_LOG("%.300s", self->text);
}

TEST_F(trace_pipe, holds_the_module_while_open)
{
	EXPECT_NE(0, module_unload());
	EXPECT_TRUE(module_loaded());
}

TEST_HARNESS_MAIN
