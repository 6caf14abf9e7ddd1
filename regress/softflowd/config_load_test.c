/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The configuration file from its name to options, with a process that reads
 * it, before the parent is confined and afterwards.  This program is that
 * process, too.  Runs as any user.
 */

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "priv_state.h"
#include "sandbox.h"

#define NOBODY	65534

struct priv		priv;

static struct options	opt;
static char		error[1024];

/* How the process that reads misbehaves, by the name of a role's file. */
static void
misbehave(void)
{
	char	c;

	if (access("hang", F_OK) == 0)
		for (;;)
			pause();
	if (access("die", F_OK) == 0) {
		if (read(FD_CHANNEL, &c, 1) == 1)
			abort();
	}
}

/* As the daemon's main. */
__attribute__((__constructor__))
static void
config_role(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], CONFIG_ROLE) != 0)
		return;
	misbehave();
	config_main();
}

static void
write_file(const char *name, const char *text)
{
	FILE	*fp;

	ATF_REQUIRE((fp = fopen(name, "w")) != NULL);
	ATF_REQUIRE(fputs(text, fp) != EOF && fclose(fp) == 0);
}

static enum options_result
load(const char *name)
{
	char	 program[] = "softflowd", option[] = "-f", file[256];
	char	*argv[] = { program, option, file, NULL };

	strlcpy(file, name, sizeof(file));
	return (options_load(3, argv, &opt, error, sizeof(error)));
}

static void
expect_bad(const char *name, const char *message)
{
	ATF_CHECK_EQ_MSG(OPTIONS_BAD, load(name), "%s was taken", name);
	ATF_CHECK_STREQ(error, message);
}

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

CASE(a_file_becomes_options_that_own_it)
{
	write_file("t.conf", "interface eth0\nuser flow\nfilter a b\n");
	ATF_REQUIRE_EQ_MSG(OPTIONS_RUN, load("t.conf"), "%s", error);
	ATF_CHECK_STREQ("eth0", opt.interface[0].name);
	ATF_CHECK_STREQ("flow", opt.user);
	ATF_CHECK_STREQ("a b", opt.filter);
	ATF_CHECK(opt.user > (char *)opt.config &&
	    opt.user < (char *)(opt.config + 1));
	options_free(&opt);
	ATF_CHECK(opt.config == NULL && opt.filter == NULL);
	/* Nothing is left of it, nor does a process wait. */
	ATF_CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

CASE(errors_name_the_file_as_it_was_given)
{
	write_file("t.conf", "interface eth0\nuser a b\n");
	expect_bad("./t.conf", "./t.conf:2:8: user: \"b\": the end of the "
	    "line expected");
	write_file("t.conf", "interface eth0\n  sampling x\n");
	expect_bad("t.conf", "t.conf:2:12: sampling x: invalid; it must be a "
	    "number from 0 to 4294967295");
	expect_bad("none", "none: No such file or directory");
}

CASE(only_a_regular_file_of_1_mib_is_read)
{
	write_file("t.conf", "interface eth0\n");
	ATF_REQUIRE_EQ(0, truncate("t.conf", CONFIG_FILE_MAX));
	expect_bad("t.conf", "t.conf:2:1: a line has at most 8192 characters");
	ATF_REQUIRE_EQ(0, truncate("t.conf", CONFIG_FILE_MAX + 1));
	expect_bad("t.conf", "t.conf: longer than 1 MiB");
	ATF_REQUIRE_EQ(0, mkdir("d", 0700));
	expect_bad("d", "d: not a regular file");
	ATF_REQUIRE_EQ(0, mkfifo("fifo", 0600));
	expect_bad("fifo", "fifo: not a regular file");
	expect_bad("/dev/null", "/dev/null: not a regular file");
}

CASE(a_process_that_dies_is_told)
{
	write_file("t.conf", "interface eth0\n");
	write_file("die", "");
	expect_bad("t.conf", "t.conf: the process that reads it was killed by "
	    "signal 6 (Aborted)");
}

CASE(a_process_that_hangs_is_killed_in_5_seconds)
{
	int64_t	begin;

	write_file("t.conf", "interface eth0\n");
	write_file("hang", "");
	begin = time(NULL);
	expect_bad("t.conf", "t.conf: the process that reads it does not "
	    "answer");
	ATF_CHECK(time(NULL) - begin <= 7);
	ATF_CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

CASE(help_needs_no_file)
{
	char	 program[] = "softflowd", option[] = "-f", file[] = "none",
		 help[] = "-h", wrong[] = "-Q";
	char	*argv[] = { program, option, file, help, NULL };

	ATF_CHECK_EQ(OPTIONS_USAGE, options_load(4, argv, &opt, error,
	    sizeof(error)));
	argv[3] = wrong;
	ATF_CHECK_EQ(OPTIONS_BAD, options_load(4, argv, &opt, error,
	    sizeof(error)));
	ATF_CHECK_STREQ("-Q: unknown option; see softflowd -h", error);
}

/*
 * Of a parent that is confined
 */

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	dprintf(STDERR_FILENO, "%s: errno %d, error %s\n", what, errno, error);
	_exit(1);
}
#define MUST(cond)	must((cond), #cond)

static uint32_t
confine_parent(void)
{
	struct sandbox_parent	 p = { 0 };
	const char		*step;
	uint32_t		 layers, abi;

	p.root = geteuid() == 0;
	p.uid = p.gid = priv.uid = priv.gid = NOBODY;
	p.binary_fd = priv.binary_fd;
	p.nconfig_dirs = config_dirs(p.config_dirs);
	MUST(chdir("/") == 0);
	MUST(sandbox_parent(&p, &layers, &abi, &step) == 0);
	return (abi);
}

/* Where it is removed by others than the parent. */
static void
tell(int fd)
{
	MUST(write(fd, "x", 1) == 1);
}

static void
wait_for(int fd)
{
	char	c;

	MUST(read(fd, &c, 1) == 1);
}

static void
parent(int in, int out)
{
	uint32_t	abi;

	MUST(load("conf/t.conf") == OPTIONS_RUN);
	MUST(opt.sampling == 1);
	options_free(&opt);
	abi = confine_parent();
	/* The editor has put another file there. */
	tell(out);
	wait_for(in);
	MUST(load("conf/t.conf") == OPTIONS_RUN);
	MUST(opt.sampling == 2);
	options_free(&opt);
	tell(out);
	wait_for(in);
	/* It has gone. */
	MUST(load("conf/t.conf") == OPTIONS_BAD);
	MUST(strcmp(error, "conf/t.conf: No such file or directory") == 0);
	tell(out);
	wait_for(in);
	/* It is a link to elsewhere. */
	if (abi > 0 && !sandbox_sanitized) {
		MUST(load("conf/t.conf") == OPTIONS_BAD);
		MUST(strcmp(error, "conf/t.conf: Permission denied") == 0);
	}
	tell(out);
	wait_for(in);
	/* It is broken, which the process says that is confined twice. */
	MUST(load("conf/t.conf") == OPTIONS_BAD);
	MUST(strcmp(error, "conf/t.conf:1:1: \"x\": unknown keyword; "
	    "softflowd.conf(5) has all of them") == 0);
	_exit(0);
}

static void
replace(const char *text)
{
	write_file("conf/new", text);
	ATF_REQUIRE_EQ(0, rename("conf/new", "conf/t.conf"));
}

static void
in_turns(int as_nobody)
{
	int	in[2], out[2], status;
	pid_t	pid;

	ATF_REQUIRE_EQ(0, pipe(in));
	ATF_REQUIRE_EQ(0, pipe(out));
	replace("interface a\nsampling 1\n");
	if ((pid = fork()) == 0) {
		if (as_nobody)
			MUST(setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
			    setresuid(NOBODY, NOBODY, NOBODY) == 0);
		parent(in[0], out[1]);
	}
	close(out[1]);
	wait_for(out[0]);
	replace("interface a\nsampling 2\n");
	tell(in[1]);
	wait_for(out[0]);
	ATF_REQUIRE_EQ(0, unlink("conf/t.conf"));
	tell(in[1]);
	wait_for(out[0]);
	ATF_REQUIRE_EQ(0, symlink("../elsewhere/t.conf", "conf/t.conf"));
	tell(in[1]);
	wait_for(out[0]);
	replace("x\n");
	tell(in[1]);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK_EQ(0, status);
}

CASE(the_confined_parent_reads_what_the_file_is_now)
{
	char	cwd[1024];

	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE_EQ(0, chmod(cwd, 0755));
	ATF_REQUIRE_EQ(0, mkdir("conf", 0755));
	ATF_REQUIRE_EQ(0, mkdir("elsewhere", 0755));
	umask(022);
	write_file("elsewhere/t.conf", "interface a\n");
	in_turns(0);
}

ATF_TC(the_confined_parent_without_root_does_so_as_well);
ATF_TC_HEAD(the_confined_parent_without_root_does_so_as_well, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(the_confined_parent_without_root_does_so_as_well, tc)
{
	static char	dir[] = "/tmp/config_load_test.XXXXXX";

	/* Where nobody gets to. */
	ATF_REQUIRE(mkdtemp(dir) != NULL && chdir(dir) == 0);
	ATF_REQUIRE_EQ(0, chmod(dir, 0755));
	ATF_REQUIRE(mkdir("conf", 0755) == 0 && mkdir("elsewhere", 0755) == 0);
	umask(022);
	write_file("elsewhere/t.conf", "interface a\n");
	in_turns(1);
	ATF_CHECK(unlink("conf/t.conf") == 0 && rmdir("conf") == 0 &&
	    unlink("elsewhere/t.conf") == 0 && rmdir("elsewhere") == 0 &&
	    rmdir(dir) == 0);
}

ATF_TC(root_refuses_a_file_that_anybody_may_write);
ATF_TC_HEAD(root_refuses_a_file_that_anybody_may_write, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(root_refuses_a_file_that_anybody_may_write, tc)
{
	write_file("t.conf", "interface eth0\n");
	ATF_REQUIRE_EQ(0, chmod("t.conf", 0646));
	expect_bad("t.conf", "t.conf: anybody may write to it, and root reads "
	    "it; chmod o-w makes that right");
	ATF_REQUIRE_EQ(0, chmod("t.conf", 0644));
	ATF_CHECK_EQ(OPTIONS_RUN, load("t.conf"));
	options_free(&opt);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_file_becomes_options_that_own_it);
	ATF_TP_ADD_TC(tp, errors_name_the_file_as_it_was_given);
	ATF_TP_ADD_TC(tp, only_a_regular_file_of_1_mib_is_read);
	ATF_TP_ADD_TC(tp, a_process_that_dies_is_told);
	ATF_TP_ADD_TC(tp, a_process_that_hangs_is_killed_in_5_seconds);
	ATF_TP_ADD_TC(tp, help_needs_no_file);
	ATF_TP_ADD_TC(tp, the_confined_parent_reads_what_the_file_is_now);
	ATF_TP_ADD_TC(tp, the_confined_parent_without_root_does_so_as_well);
	ATF_TP_ADD_TC(tp, root_refuses_a_file_that_anybody_may_write);
	return (atf_no_error());
}
