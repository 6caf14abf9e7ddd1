/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The child that compiles an expression: what it has, how long it may take.
 * The function that would confine it looks around, or turns on us.  Runs as
 * any user; what only root can show is skipped otherwise.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "capture_compile.h"

#define KEPT	200		/* a descriptor of ours */

static char	 error[512];

/* -1 with EMFILE if the child has it. */
static int
look_for_kept(void)
{
	if (fcntl(KEPT, F_GETFD) == -1)
		return (0);
	errno = EMFILE;
	return (-1);
}

static int
hang(void)
{
	sigset_t	all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	while (pause() == -1)
		;
	return (0);
}

/* On the loopback interface; -1 with a line in error. */
static int
compile_live(int (*apart)(void))
{
	struct capture_params	 params = {
		.interface = "lo", .filter = "udp", .snaplen = 256,
		.apart = apart
	};
	struct bpf_program	 program;
	int			 dlt = 0, rv;

	rv = capture_compile(&params, "lo", &program, &dlt, error,
	    sizeof(error));
	if (rv == 0)
		pcap_freecode(&program);
	return (rv);
}

ATF_TC_WITHOUT_HEAD(checker_of_an_expression_has_no_descriptor_of_ours);
ATF_TC_BODY(checker_of_an_expression_has_no_descriptor_of_ours, tc)
{
	ATF_REQUIRE_EQ(KEPT, dup2(STDIN_FILENO, KEPT));
	ATF_CHECK_EQ_MSG(0, capture_check_filter("udp", look_for_kept, error,
	    sizeof(error)), "%s", error);
	ATF_CHECK_EQ(-1, capture_check_filter("nothing", look_for_kept, error,
	    sizeof(error)));
}

ATF_TC(compiler_has_no_descriptor_of_ours);
ATF_TC_HEAD(compiler_has_no_descriptor_of_ours, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(compiler_has_no_descriptor_of_ours, tc)
{
	ATF_REQUIRE_EQ(KEPT, dup2(STDIN_FILENO, KEPT));
	ATF_CHECK_EQ_MSG(0, compile_live(look_for_kept), "%s", error);
}

ATF_TC(checker_that_blocks_its_alarm_is_killed);
ATF_TC_HEAD(checker_that_blocks_its_alarm_is_killed, tc)
{
	atf_tc_set_md_var(tc, "timeout", "30");
}
ATF_TC_BODY(checker_that_blocks_its_alarm_is_killed, tc)
{
	ATF_CHECK_EQ(-1, capture_check_filter("udp", hang, error,
	    sizeof(error)));
	ATF_CHECK_STREQ("it could not be compiled", error);
	ATF_CHECK_EQ_MSG(-1, waitpid(-1, NULL, WNOHANG), "it is left");
}

ATF_TC(compiler_that_blocks_its_alarm_is_killed);
ATF_TC_HEAD(compiler_that_blocks_its_alarm_is_killed, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
	atf_tc_set_md_var(tc, "timeout", "30");
}
ATF_TC_BODY(compiler_that_blocks_its_alarm_is_killed, tc)
{
	ATF_CHECK_EQ(-1, compile_live(hang));
	ATF_CHECK_STREQ("the filter expression could not be compiled", error);
	ATF_CHECK_EQ_MSG(-1, waitpid(-1, NULL, WNOHANG), "it is left");
}

/* The number that a new descriptor would have. */
static int
lowest(void)
{
	int	 fd = dup(STDIN_FILENO);

	close(fd);
	return (fd);
}

/* Not as root, whom the limit does not hold; 0, or the step that went wrong. */
static int
fail_to_fork(void)
{
	const struct rlimit	 none = { 0, 0 };
	int			 before = lowest();

	if ((geteuid() == 0 && setresuid(65534, 65534, 65534) == -1) ||
	    setrlimit(RLIMIT_NPROC, &none) == -1)
		return (1);
	if (capture_check_filter("udp", look_for_kept, error,
	    sizeof(error)) != -1 || strcmp(error, strerror(EAGAIN)) != 0)
		return (2);
	if (compile_live(look_for_kept) != -1 ||
	    strcmp(error, strerror(EAGAIN)) != 0)
		return (3);
	return (lowest() == before ? 0 : 4);
}

ATF_TC_WITHOUT_HEAD(no_child_costs_no_descriptor);
ATF_TC_BODY(no_child_costs_no_descriptor, tc)
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0)
		_exit(fail_to_fork());
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%#x",
	    (unsigned int)status);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, checker_of_an_expression_has_no_descriptor_of_ours);
	ATF_TP_ADD_TC(tp, compiler_has_no_descriptor_of_ours);
	ATF_TP_ADD_TC(tp, checker_that_blocks_its_alarm_is_killed);
	ATF_TP_ADD_TC(tp, compiler_that_blocks_its_alarm_is_killed);
	ATF_TP_ADD_TC(tp, no_child_costs_no_descriptor);
	return (atf_no_error());
}
