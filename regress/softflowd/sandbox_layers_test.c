/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The steps of the worker's confinement, each for itself: what it takes away,
 * and that its failure is fatal.  Runs as any user; what only root can show
 * is skipped otherwise.
 */

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox_filter.h"
#include "sandbox_try.h"

static void
expect_no_directory(pid_t pid)
{
	struct stat	 st;
	char		 path[64];
	int		 fd, found = 0;

	for (fd = 0; fd < 512; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		if (stat(path, &st) == -1)
			continue;
		found++;
		ATF_CHECK_MSG(!S_ISDIR(st.st_mode), "descriptor %d", fd);
	}
	ATF_CHECK(found > FD_FILL_LAST);
}

ATF_TC(worker_status_shows_no_right_left);
ATF_TC_HEAD(worker_status_shows_no_right_left, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(worker_status_shows_no_right_left, tc)
{
	static const char *const	 every[] = {
		"\nUid:\t65534\t65534\t65534\t65534\n",
		"\nGid:\t65534\t65534\t65534\t65534\n", "\nGroups:\t \n",
		"\nThreads:\t1\n", "\nCapInh:\t0000000000000000\n",
		"\nCapPrm:\t0000000000000000\n",
		"\nCapEff:\t0000000000000000\n",
		"\nCapAmb:\t0000000000000000\n", "\nNoNewPrivs:\t1\n",
		"\nSeccomp:\t2\n", NULL
	}, *const			 bounding[] = {
		"\nCapBnd:\t0000000000000000\n", NULL
	};
	const char			*const limits[] = {
		"Max core file size        0                    0 ",
		"Max processes             0                    0 ",
		"Max open files            64                   64 ",
		/* a sanitizer's report may go to a file */
		sandbox_sanitized ? NULL :
		"Max file size             0                    0 ", NULL
	};
	char				 path[64], root_dir[256];
	struct stat			 st;
	ssize_t				 len;
	pid_t				 pid;
	int				 channel, root;

	open_collectors();
	for (root = 0; root < 2; root++) {
		pid = start(root, NULL, &channel);
		expect_lines(pid, "status", every);
		expect_lines(pid, "limits", limits);
		if (root)
			expect_lines(pid, "status", bounding);
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
		ATF_CHECK_EQ(0, stat(path, &st));
		ATF_CHECK_EQ_MSG(0, st.st_uid, "dumpable");
		snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
		ATF_REQUIRE((len = readlink(path, root_dir,
		    sizeof(root_dir) - 1)) > 0);
		root_dir[len] = '\0';
		ATF_CHECK_EQ_MSG(root, strstr(root_dir, "(deleted)") != NULL,
		    "%s", root_dir);
		expect_no_directory(pid);
		close(channel);
		ATF_CHECK_EQ(0, wait_for(pid));
	}
}

static void
landlock_alone(void)
{
	struct sockaddr_in	 sin = collector;
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	socklen_t		 len = sizeof(sun);
	uint32_t		 abi, layers = 0;
	int			 leaked, tcp, listener, local;

	CHECK((leaked = open("/", O_RDONLY | O_DIRECTORY)) != -1);
	CHECK(openat(leaked, "etc/passwd", O_RDONLY) != -1);
	CHECK((tcp = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	CHECK((local = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	/* An abstract name of the kernel's choice. */
	CHECK((listener = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	CHECK(bind(listener, (struct sockaddr *)&sun,
	    sizeof(sa_family_t)) == 0);
	CHECK(listen(listener, 1) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&sun, &len) == 0);
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(sandbox_os_files(SANDBOX_FILTER_WORKER, NULL, &layers,
	    &abi) == 0);
	if (abi == 0)
		_exit(1);	/* the caller has looked */
	CHECK_FAILS(openat(leaked, "etc/passwd", O_RDONLY), EACCES);
	CHECK_FAILS(openat(leaked, ".", O_RDONLY), EACCES);
	CHECK_FAILS(open("/dev/null", O_WRONLY), EACCES);
	if (abi >= 4) {
		CHECK_FAILS(bind(tcp, (struct sockaddr *)&sin, sizeof(sin)),
		    EACCES);
		CHECK_FAILS(connect(tcp, (struct sockaddr *)&sin,
		    sizeof(sin)), EACCES);
	}
	if (abi >= 6) {
		CHECK_FAILS(connect(local, (struct sockaddr *)&sun, len),
		    EPERM);
		CHECK_FAILS(kill(getppid(), 0), EPERM);
	}
}

ATF_TC_WITHOUT_HEAD(landlock_alone_refuses_a_leaked_directory);
ATF_TC_BODY(landlock_alone_refuses_a_leaked_directory, tc)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) <= 0)
		atf_tc_skip("no Landlock in this kernel");
	open_collectors();
	in_both_kinds(landlock_alone);
}

/*
 * Make calls fail, or seem to succeed, by a filter of our own: the first
 * argument's value, or any when it is -1.
 */
static void
break_call(const char *name, int64_t arg, int error)
{
	struct scmp_arg_cmp	 cmp = { 0, SCMP_CMP_EQ, (uint64_t)arg, 0 };
	scmp_filter_ctx		 ctx;

	CHECK((ctx = seccomp_init(SCMP_ACT_ALLOW)) != NULL);
	CHECK(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO((uint32_t)error),
	    seccomp_syscall_resolve_name(name), arg == -1 ? 0 : 1, &cmp) == 0);
	CHECK(seccomp_load(ctx) == 0);
	seccomp_release(ctx);
}

static const struct broken {
	const char	*step;
	int		 root;		/* a step of the root kind only */
	const char	*call;
	int64_t		 arg;
	int		 error;
} broken[] = {
	{ "capability bounding set", 1, "prctl", PR_CAPBSET_READ, EPERM },
	{ "capability bounding set", 1, "prctl", PR_CAPBSET_DROP, EPERM },
	{ "chroot", 1, "fchdir", -1, EPERM },
	{ "chroot", 1, "chroot", -1, EPERM },
	{ "chroot", 1, "chdir", -1, EPERM },
	{ "ids", 1, "setgroups", -1, EPERM },
	{ "ids", 1, "setresgid", -1, EPERM },
	{ "ids", 1, "setresgid", -1, 0 },
	{ "ids", 1, "setresuid", -1, EPERM },
	{ "ids", 1, "setresuid", -1, 0 },
	{ "capabilities", 0, "prctl", PR_CAP_AMBIENT, EPERM },
	{ "capabilities", 0, "capset", -1, EPERM },
	{ "capabilities", 0, "capget", -1, EPERM },
	{ "capabilities", 0, "socket", AF_PACKET, 0 },
	{ "undumpable", 0, "prctl", PR_SET_DUMPABLE, EPERM },
	{ "parent death signal", 0, "prctl", PR_SET_PDEATHSIG, EPERM },
	{ "parent", 0, "getppid", -1, EPERM },
	{ "no new privileges", 0, "prctl", PR_SET_NO_NEW_PRIVS, EPERM },
	{ "Landlock", 0, "landlock_restrict_self", -1, EPERM },
	{ "descriptors", 0, "dup2", -1, EPERM },
	{ "limits", 0, "prlimit64", -1, EPERM },
	{ "system calls", 0, "seccomp", 1, EPERM },
};

static void
expect_step(const struct sandbox_worker *w, const char *wanted)
{
	const char	*step = NULL;
	uint32_t	 layers, abi;

	CHECK(sandbox_worker(w, &layers, &abi, &step) == -1);
	if (step == NULL || strcmp(step, wanted) != 0)
		check_that(0, step, __LINE__);
	CHECK((layers & SANDBOX_SYSCALLS) == 0);
}

ATF_TC_WITHOUT_HEAD(failing_step_is_fatal_and_names_itself);
ATF_TC_BODY(failing_step_is_fatal_and_names_itself, tc)
{
	struct sandbox_worker	 w;
	const struct broken	*b;
	int			 root;
	pid_t			 pid;

	for (root = 0; root < kinds(); root++)
		for (b = broken; b < broken + nitems(broken); b++) {
			if (b->root && !root)
				continue;
			if ((pid = fork()) == 0) {
				if (!root && geteuid() == 0)
					become_nobody();
				place(open("/dev/null", O_RDWR), 0);
				plan(&w);
				break_call(b->call, b->arg, b->error);
				expect_step(&w, b->step);
				_exit(0);
			}
			ATF_CHECK_EQ_MSG(0, wait_for(pid), "%s, %s, root %d",
			    b->step, b->call, root);
		}
}

static void
wrong_parent(void)
{
	struct sandbox_worker	 w;

	plan(&w);
	w.parent = getpid();
	expect_step(&w, "parent");
}

static void
wrong_root(void)
{
	struct sandbox_worker	 w;

	plan(&w);
	w.root = !w.root;
	expect_step(&w, "started as root");
}

static void
no_null_device(void)
{
	struct sandbox_worker	 w;

	plan(&w);
	close(STDIN_FILENO);
	expect_step(&w, "descriptors");
}

ATF_TC_WITHOUT_HEAD(wrong_plan_is_refused);
ATF_TC_BODY(wrong_plan_is_refused, tc)
{
	in_both_kinds(wrong_parent);
	in_both_kinds(wrong_root);
	in_both_kinds(no_null_device);
}

static void
no_chroot_directory(void)
{
	struct sandbox_worker	 w;

	plan(&w);
	w.chroot_fd = -1;
	expect_step(&w, "chroot");
}

static void
worker_is_root(void)
{
	struct sandbox_worker	 w;

	plan(&w);
	w.uid = 0;
	expect_step(&w, "ids");
}

ATF_TC(root_needs_a_chroot_and_another_id);
ATF_TC_HEAD(root_needs_a_chroot_and_another_id, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(root_needs_a_chroot_and_another_id, tc)
{
	in_child(no_chroot_directory);
	in_child(worker_is_root);
}

static void
enter_chroot_directory(void)
{
	struct stat	 st;
	int		 fd;

	CHECK((fd = sandbox_chroot_dir()) != -1);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode));
	CHECK(st.st_nlink == 0 && st.st_uid == 0);
	CHECK((st.st_mode & ALLPERMS) == S_IXUSR);
	CHECK(fchdir(fd) == 0 && chroot(".") == 0 && chdir("/") == 0);
	CHECK_FAILS(open("/file", O_CREAT | O_WRONLY, 0600), ENOENT);
	CHECK_FAILS(mkdir("/directory", 0700), ENOENT);
	CHECK_FAILS(open("/etc", O_RDONLY), ENOENT);
}

ATF_TC(chroot_directory_is_gone_and_stays_empty);
ATF_TC_HEAD(chroot_directory_is_gone_and_stays_empty, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(chroot_directory_is_gone_and_stays_empty, tc)
{
	in_child(enter_chroot_directory);
}

static void
start_afresh(void)
{
	sigset_t	 set;
	int		 fd;

	for (fd = 0; fd <= FD_CHROOT; fd++)
		place(open("/dev/null", O_RDWR), fd);
	place(0, FD_CHROOT + 1);
	place(0, 200);
	CHECK(signal(SIGALRM, SIG_IGN) != SIG_ERR);
	sigfillset(&set);
	CHECK(sigprocmask(SIG_SETMASK, &set, NULL) == 0);
	CHECK(sandbox_worker_start() == 0);
	CHECK(fcntl(FD_CHANNEL, F_GETFD) == 0);
	CHECK(fcntl(FD_CHROOT, F_GETFD) == 0);
	CHECK_FAILS(fcntl(FD_CHROOT + 1, F_GETFD), EBADF);
	CHECK_FAILS(fcntl(200, F_GETFD), EBADF);
	CHECK(signal(SIGALRM, SIG_DFL) == SIG_DFL);
	CHECK(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	CHECK(signal(SIGINT, SIG_DFL) == SIG_IGN);	/* a terminal's ^C */
	CHECK(sigprocmask(SIG_SETMASK, NULL, &set) == 0);
	CHECK(!sigismember(&set, SIGTERM) && !sigismember(&set, SIGUSR1));
	CHECK(umask(0) == 077);
}

ATF_TC_WITHOUT_HEAD(worker_starts_with_five_descriptors_and_known_signals);
ATF_TC_BODY(worker_starts_with_five_descriptors_and_known_signals, tc)
{
	in_both_kinds(start_afresh);
}

static int		 orphan_report, orphan_channel;

static void
leave_worker_alone(void)
{
	struct sandbox_worker	 w;
	int			 ready[2];
	char			 c;

	CHECK(pipe(ready) == 0);
	if (fork() == 0) {
		place(open("/dev/null", O_RDWR), 0);
		plan(&w);
		place(orphan_report, 30);
		place(ready[1], FD_REPORT);
		place(orphan_channel, FD_CHANNEL);
		confine(&w);
		while (read(FD_CHANNEL, &c, 1) > 0)
			;
		_exit(0);
	}
	CHECK(read(ready[0], &c, 1) == 1);
}

ATF_TC(worker_dies_with_its_parent);
ATF_TC_HEAD(worker_dies_with_its_parent, tc)
{
	atf_tc_set_md_var(tc, "timeout", "10");
}
ATF_TC_BODY(worker_dies_with_its_parent, tc)
{
	int	 chan[2], report[2];
	char	 c;

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, chan));
	ATF_REQUIRE_EQ(0, pipe(report));
	orphan_channel = chan[1];
	orphan_report = report[1];
	in_child(leave_worker_alone);
	close(report[1]);
	/* The worker's copy closes when it dies; the channel never ends. */
	ATF_CHECK_EQ(0, read(report[0], &c, 1));
}

ATF_TC_WITHOUT_HEAD(description_names_what_is_in_force_and_what_is_not);
ATF_TC_BODY(description_names_what_is_in_force_and_what_is_not, tc)
{
	char	 buf[160];

	sandbox_describe(SANDBOX_CHROOT | SANDBOX_IDS | SANDBOX_CAPS |
	    SANDBOX_NNP | SANDBOX_RLIMITS | SANDBOX_SYSCALLS |
	    SANDBOX_UNDUMPABLE, buf, sizeof(buf));
	ATF_CHECK_STREQ("chroot, ids, capabilities, undumpable, no new "
	    "privileges, limits, system calls; missing: MDWE, Landlock", buf);
	sandbox_describe(0x01ff, buf, sizeof(buf));
	ATF_CHECK_EQ(NULL, strstr(buf, "missing"));
	sandbox_describe(0, buf, 20);
	ATF_CHECK_EQ(19, strlen(buf));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, worker_status_shows_no_right_left);
	ATF_TP_ADD_TC(tp, landlock_alone_refuses_a_leaked_directory);
	ATF_TP_ADD_TC(tp, failing_step_is_fatal_and_names_itself);
	ATF_TP_ADD_TC(tp, wrong_plan_is_refused);
	ATF_TP_ADD_TC(tp, root_needs_a_chroot_and_another_id);
	ATF_TP_ADD_TC(tp, chroot_directory_is_gone_and_stays_empty);
	ATF_TP_ADD_TC(tp,
	    worker_starts_with_five_descriptors_and_known_signals);
	ATF_TP_ADD_TC(tp, worker_dies_with_its_parent);
	ATF_TP_ADD_TC(tp, description_names_what_is_in_force_and_what_is_not);

	return (atf_no_error());
}
