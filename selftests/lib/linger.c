// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that stay when they are killed: traced ones, which stop at the begin of
 * their exit (PTRACE_O_TRACEEXIT).
 *
 * A clone of process 1 shares that process's memory, which the OOM reaper may not free.
 * Only process 1 itself can make one: it is traced for a moment, and given the registers
 * of a clone(2) in the place of the system call that it waits in.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib.h"
#include "linger.h"

static void trace(int request, pid_t pid, unsigned long arg, void *data)
{
	if (ptrace(request, pid, (void *)arg, data))
		die("ptrace request %#x of %d: %s", request, pid, strerror(errno));
}

/* Wait until a traced process stops: its wait status. */
static int wait_for_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid)
		die("waiting for %d: %s", pid, strerror(errno));
	return status;
}

static int stop_event(int status)
{
	return WIFSTOPPED(status) ? status >> 16 : -1;
}

static void take_memory(const struct memcg *cg, const char *comm, size_t mb)
{
	size_t i;
	char *at;

	prctl(PR_SET_NAME, comm);
	spill("/proc/self/oom_score_adj", "0");
	memcg_set(cg, "cgroup.procs", "0");
	at = mmap(NULL, MB(mb), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; at != MAP_FAILED && i < MB(mb); i += PAGE)
		((volatile char *)at)[i] = 1;
}

pid_t linger_start(const struct memcg *cg, const char *comm, size_t mb)
{
	int go[2];
	pid_t pid;
	char c;

	if (pipe(go))
		die("cannot make a pipe");
	pid = fork();
	if (!pid) {
		if (read(go[0], &c, 1) != 1)
			_exit(1);
		take_memory(cg, comm, mb);
		for (;;)
			pause();
	}
	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	trace(PTRACE_SEIZE, pid, 0, (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL));
	if (write(go[1], "", 1) != 1)
		die("cannot start %d", pid);
	close(go[0]);
	close(go[1]);
	return pid;
}

int linger_end(pid_t pid)
{
	int status;

	/* If nothing has killed it yet. On some kernels this also ends its last stop. */
	kill(pid, SIGKILL);
	status = wait_for_stop(pid);
	while (WIFSTOPPED(status)) {
		ptrace(PTRACE_CONT, pid, NULL, NULL);
		status = wait_for_stop(pid);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#ifdef __x86_64__

/* What a system call returns that is to be made again after a stop. */
#define ERESTARTSYS		512
#define ERESTARTNOHAND		514

/* Let it make its system call again: the kernel does so only after a signal. */
static void restart_call(struct user_regs_struct *regs)
{
	long ret = regs->rax;

	if ((long)regs->orig_rax < 0 || ret > -ERESTARTSYS || ret < -ERESTARTNOHAND)
		return;
	regs->rip -= 2;
	regs->rax = regs->orig_rax;
	regs->orig_rax = -1;
}

/* Is it in a system call that can be made again? The instruction has two bytes. */
static bool waits_in_call(pid_t pid, const struct user_regs_struct *regs)
{
	long code = ptrace(PTRACE_PEEKTEXT, pid, (void *)(regs->rip - 2), NULL);
	long ret = regs->rax;

	return (long)regs->orig_rax >= 0 && (code & 0xffff) == 0x050f &&
	       ret <= -ERESTARTSYS && ret >= -ERESTARTNOHAND;
}

/* Let a stopped process make a clone(2). Returns the clone, which is traced, too. */
static pid_t clone_traced(pid_t pid, struct user_regs_struct regs)
{
	unsigned long clone;

	regs.rip -= 2;
	regs.rax = SYS_clone;
	regs.orig_rax = -1;
	regs.rdi = CLONE_VM | SIGCHLD;
	regs.rsi = 0;
	regs.rdx = 0;
	regs.r10 = 0;
	regs.r8 = 0;
	trace(PTRACE_SETREGS, pid, 0, &regs);
	trace(PTRACE_CONT, pid, 0, NULL);
	if (stop_event(wait_for_stop(pid)) != PTRACE_EVENT_FORK)
		die("process %d made no clone", pid);
	trace(PTRACE_GETEVENTMSG, pid, 0, &clone);
	/* To the end of the call, where its registers can be set. */
	trace(PTRACE_SYSCALL, pid, 0, NULL);
	wait_for_stop(pid);
	return clone;
}

pid_t linger_clone_of_init(void)
{
	struct user_regs_struct regs;
	pid_t clone = 0;

	trace(PTRACE_SEIZE, 1, 0, (void *)PTRACE_O_TRACEFORK);
	trace(PTRACE_INTERRUPT, 1, 0, NULL);
	wait_for_stop(1);
	trace(PTRACE_GETREGS, 1, 0, &regs);
	if (waits_in_call(1, &regs)) {
		clone = clone_traced(1, regs);
		restart_call(&regs);
		trace(PTRACE_SETREGS, 1, 0, &regs);
		wait_for_stop(clone);
		/* Not its options: a death of the tracer would kill process 1. */
		trace(PTRACE_SETOPTIONS, clone, 0,
		      (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL));
	}
	trace(PTRACE_DETACH, 1, 0, NULL);
	return clone;
}

#else

pid_t linger_clone_of_init(void)
{
	return 0;
}

#endif
