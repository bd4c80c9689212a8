// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the sentence on who sent a SIGKILL, by constructed records.
 */
#include <string.h>

#include "../sigkill.h"
#include "test_sigkill.h"
#include "test_util.h"

static struct oomtrace_sigkill make_sigkill(void)
{
	RECORD(k, SIGKILL, sigkill);

	k.sender = OOMTRACE_SENDER_PROCESS;
	k.how = OOMTRACE_HOW_KILL;
	k.result = OOMTRACE_SENT_DELIVERED;
	k.pid = 12;
	k.tgid = 12;
	k.parent_pid = 9;
	k.victim_pid = 246;
	k.victim_tgid = 246;
	k.near = OOMTRACE_NEAR_NONE;
	k.h.valid &= ~(OOMTRACE_BIT(sigkill, oom_episode) |
		       OOMTRACE_BIT(sigkill, oom_age_ns));
	strcpy(k.comm, "bash");
	strcpy(k.parent_comm, "sshd");
	strcpy(k.victim_comm, "worker");
	return k;
}

static void check_sentence(const struct oomtrace_sigkill *k, const char *want,
			   const char *name)
{
	char text[SIGKILL_TEXT_MAX];

	check_text(sigkill_describe(text, k), want, name);
}

static void test_ways(void)
{
	struct oomtrace_sigkill k = make_sigkill();

	check_sentence(&k, "was killed by kill -9 of bash[12], not by the OOM killer",
		       "the_process_that_sent_it_is_named");
	strcpy(k.comm, "pkill");
	check_sentence(&k, "was killed by kill -9 of pkill[12], started by sshd[9], not by the OOM killer",
		       "who_started_a_program_that_only_kills_is_named");
	strcpy(k.comm, "a\"\n");
	check_sentence(&k, "was killed by kill -9 of a\\\"\\n[12], not by the OOM killer",
		       "a_name_cannot_forge_a_line");
	strcpy(k.comm, "shim");
	k.how = OOMTRACE_HOW_PIDFD;
	check_sentence(&k, "was killed by kill -9 of shim[12] (pidfd_send_signal), not by the OOM killer",
		       "a_pidfd_is_told");
	k.how = OOMTRACE_HOW_WRITE;
	check_sentence(&k, "was killed by shim[12], which wrote to a file: probably cgroup.kill, not by the OOM killer",
		       "cgroup_kill_is_told");
	k.how = OOMTRACE_HOW_EXIT;
	check_sentence(&k, "was killed because shim[12] exited, as it had asked for (PR_SET_PDEATHSIG), not by the OOM killer",
		       "the_death_of_a_parent_is_told");
	k.sender = OOMTRACE_SENDER_KERNEL;
	k.how = OOMTRACE_HOW_PID_NAMESPACE;
	check_sentence(&k, "was killed by the kernel, because shim[12] exited, the init of its container (pid namespace), not by the OOM killer",
		       "the_end_of_a_container_is_told");
	k.h.valid &= ~(OOMTRACE_BIT(sigkill, pid) | OOMTRACE_BIT(sigkill, tgid));
	check_sentence(&k, "was killed by the kernel, in an interrupt, not by the OOM killer",
		       "no_sender_is_invented");
	check(sigkill_is_kill(&k) && !sigkill_is_oom(&k), "it_is_a_kill_and_no_oom");
}

static void test_near(void)
{
	struct oomtrace_sigkill k = make_sigkill();

	k.h.valid |= OOMTRACE_BIT(sigkill, oom_episode) | OOMTRACE_BIT(sigkill, oom_age_ns);
	k.oom_episode = 3;
	k.oom_age_ns = 1250000000;
	k.near = OOMTRACE_NEAR_ENDED;
	check_sentence(&k, "was killed by kill -9 of bash[12], not by the OOM killer; OOM 3 had ended 1.2 s before",
		       "an_oom_before_is_told");
	k.near = OOMTRACE_NEAR_OPEN;
	check_sentence(&k, "was killed by kill -9 of bash[12], not by the OOM killer, while OOM 3 was under way",
		       "an_oom_meanwhile_is_told");
	k.near = OOMTRACE_NEAR_PART;
	check_sentence(&k, "was killed by kill -9 of the OOM daemon bash[12] (OOM 3)",
		       "an_oom_daemon_is_told");
	k.sender = OOMTRACE_SENDER_OOM_KILLER;
	check_sentence(&k, "was killed by the OOM killer, when bash[12] asked for memory (OOM 3)",
		       "the_oom_killer_is_told");
	check(sigkill_is_oom(&k), "that_is_an_oom");
	k = make_sigkill();
	k.result = OOMTRACE_SENT_IGNORED;
	check_sentence(&k, "was sent a SIGKILL without effect by kill -9 of bash[12]: it was dying already, or is the init of a container",
		       "one_without_effect_is_no_kill");
}

void test_sigkill(void)
{
	test_ways();
	test_near();
}
