/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Filters that are wrong in one place, and what the audit says to them: some
 * as they are, some read back from a process that the kernel runs them for.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/audit.h>

#include <atf-c.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "running_fixture.h"

#define READABLE	"its filters can be read"
#define BUILT_IN	"the loaded filter is the built-in one"
#define BELOW		"below it is the parent's"
#define NEEDED		"only the calls that it is known to need"
#define TABLE		"only what its table says"
#define FOREIGN		"calls of other architectures kill"

#define NR	offsetof(struct seccomp_data, nr)
#define ARCH	offsetof(struct seccomp_data, arch)
#define LOAD(what)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (what))
#define IF(value)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define RETURN(value)	BPF_STMT(BPF_RET | BPF_K, (value))

static struct filters	filters;

static struct sandbox_parent	box;

/* What this build loads, behind n instructions of ours. */
static void
build(enum sandbox_filter role, pid_t pid, const struct sock_filter *first,
    size_t n)
{
	struct bpf_program	*p = &filters.program[0];
	ssize_t			 len;
	int			 fd;

	/* libseccomp asks the kernel, and an emulator's may have no filters. */
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1)
		ATF_REQUIRE_EQ(0, seccomp_api_set(5));
	filters.n = 1;
	if (n > 0)
		memcpy(p->insn, first, n * sizeof(*first));
	ATF_REQUIRE((fd = memfd_create("filter", MFD_CLOEXEC)) != -1);
	ATF_REQUIRE_EQ(0, sandbox_os_filter_export(role, pid, &box, fd));
	ATF_REQUIRE((len = pread(fd, p->insn + n, sizeof(p->insn) -
	    n * sizeof(*first), 0)) > 0);
	close(fd);
	p->n = n + (size_t)len / sizeof(*first);
}

static void
wrong(const char *text, const struct sock_filter *first, size_t n, int line)
{
	struct process		p = { .role = SANDBOX_FILTER_WORKER,
				    .own_pid = 1234 };
	struct calls_summary	s;

	build(p.role, p.own_pid, first, n);
	ATF_CHECK_EQ(-1, calls_judge(&p, &filters, &s));
	ATF_CHECK_MSG(strstr(s.text, text) != NULL, "line %d: %s", line,
	    s.text);
	ATF_CHECK_EQ(-1, calls_judge_table(&p, &filters, &s));
	ATF_CHECK_MSG(strstr(s.text, text) != NULL, "line %d: %s", line,
	    s.text);
}
#define WRONG(text, ...)	wrong(text,				\
    (const struct sock_filter[]){ __VA_ARGS__ },			\
    nitems(((const struct sock_filter[]){ __VA_ARGS__ })), __LINE__)

/* The audit's lists against the daemon's, so that one that grows is seen. */
ATF_TC_WITHOUT_HEAD(filters_allow_nothing_that_is_forbidden);
ATF_TC_BODY(filters_allow_nothing_that_is_forbidden, tc)
{
	static const enum sandbox_filter	roles[] = {
		SANDBOX_FILTER_RESOLVER, SANDBOX_FILTER_COMPILER,
		SANDBOX_FILTER_PARENT, SANDBOX_FILTER_PARENT
	};
	struct process				p = { .own_pid = 1234 };
	struct calls_summary			s;
	size_t					i;

	for (i = 0; i < nitems(roles); i++) {
		p.role = roles[i];
		box = (struct sandbox_parent){ .root = i == 2, .uid = 65534,
		    .gid = 65533, .binary_fd = 100 };
		p.root = box.root;
		p.box = box;
		build(p.role, p.own_pid, NULL, 0);
		ATF_CHECK_EQ_MSG(0, calls_judge(&p, &filters, &s),
		    "%d: %s", p.role, s.text);
		ATF_CHECK(s.tried > 100000);
	}
}

ATF_TC_WITHOUT_HEAD(built_in_filters_are_as_they_should_be);
ATF_TC_BODY(built_in_filters_are_as_they_should_be, tc)
{
	static const struct {
		enum sandbox_filter	role;
		unsigned int		calls;
	} roles[] = {
		{ SANDBOX_FILTER_WORKER, 25 }, { SANDBOX_FILTER_READER, 15 },
		{ SANDBOX_FILTER_RESOLVER, 1 }
	};
	struct process		p = { .own_pid = 1234 };
	struct calls_summary	s;
	size_t			i;

	for (i = 0; i < nitems(roles); i++) {
		p.role = roles[i].role;
		build(p.role, p.own_pid, NULL, 0);
		ATF_CHECK_EQ_MSG(0, calls_judge(&p, &filters, &s), "%s",
		    s.text);
		ATF_CHECK(s.tried > 10000);
		ATF_CHECK_EQ_MSG(0, calls_judge_table(&p, &filters, &s), "%s",
		    s.text);
		ATF_CHECK(s.calls >= roles[i].calls);
		ATF_CHECK_EQ_MSG(0, calls_judge_foreign(&p, &filters, &s),
		    "%s", s.text);
		ATF_CHECK(s.tried > 1000);
	}
}

ATF_TC_WITHOUT_HEAD(one_more_call_is_found);
ATF_TC_BODY(one_more_call_is_found, tc)
{
	/* Up to the last that is looked at. */
	WRONG("call 1023(", LOAD(NR), IF(1023), RETURN(SECCOMP_RET_ALLOW));
	WRONG("getppid(", LOAD(NR), IF(SYS_getppid),
	    RETURN(SECCOMP_RET_ALLOW));
	WRONG("openat(", LOAD(NR), IF(SYS_openat), RETURN(SECCOMP_RET_LOG));
	WRONG("socket(", LOAD(NR), IF(SYS_socket), RETURN(SECCOMP_RET_TRACE));
}

ATF_TC_WITHOUT_HEAD(lost_condition_is_found);
ATF_TC_BODY(lost_condition_is_found, tc)
{
	static const uint32_t	calls[] = {
		SYS_write, SYS_writev, SYS_sendto, SYS_recvfrom, SYS_recvmsg,
		SYS_sendmsg, SYS_close, SYS_getsockopt, SYS_setsockopt,
		SYS_tgkill,
#ifdef SYS_mmap2
		SYS_mmap2
#else
		SYS_mmap
#endif
	};
	size_t			i, n = nitems(calls);

	/* A sanitizer may map what it likes, and s390x's is not looked at. */
	if (sandbox_sanitized || seccomp_arch_native() == SCMP_ARCH_S390X)
		n--;
	for (i = 0; i < n; i++)
		WRONG("is allowed", LOAD(NR), IF(calls[i]),
		    RETURN(SECCOMP_RET_ALLOW));
}

/* The low half of an argument is all that is looked at. */
ATF_TC_WITHOUT_HEAD(condition_on_32_bits_is_found);
ATF_TC_BODY(condition_on_32_bits_is_found, tc)
{
	const uint32_t	lower = seccomp_arch_native() & __AUDIT_ARCH_LE ? 0 : 4;

	if ((seccomp_arch_native() & __AUDIT_ARCH_64BIT) == 0)
		atf_tc_skip("here an argument has 32 bits");
	WRONG("recvmsg(0x100000003", LOAD(NR),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_recvmsg, 0, 3),
	    LOAD(offsetof(struct seccomp_data, args[0]) + lower), IF(3),
	    RETURN(SECCOMP_RET_ALLOW));
}

ATF_TC_WITHOUT_HEAD(one_call_less_is_found);
ATF_TC_BODY(one_call_less_is_found, tc)
{
	WRONG("read(0, 0, 0, 0, 0, 0) is refused", LOAD(NR), IF(SYS_read),
	    RETURN(SECCOMP_RET_KILL_PROCESS));
}

ATF_TC_WITHOUT_HEAD(call_that_fails_instead_of_killing_is_found);
ATF_TC_BODY(call_that_fails_instead_of_killing_is_found, tc)
{
	WRONG("uname(0, 0, 0, 0, 0, 0) does not kill", LOAD(NR),
	    IF(SYS_uname), RETURN(SECCOMP_RET_ERRNO | 1));
	WRONG("uname(0, 0, 0, 0, 0, 0) does not kill", LOAD(NR),
	    IF(SYS_uname), RETURN(SECCOMP_RET_KILL_THREAD));
}

ATF_TC_WITHOUT_HEAD(program_with_an_error_is_found);
ATF_TC_BODY(program_with_an_error_is_found, tc)
{
	WRONG("division by zero", BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0));
}

ATF_TC_WITHOUT_HEAD(foreign_call_that_does_not_kill_is_found);
ATF_TC_BODY(foreign_call_that_does_not_kill_is_found, tc)
{
	const struct sock_filter	foreign[] = {
		LOAD(ARCH), IF(seccomp_arch_native() == AUDIT_ARCH_I386 ?
		    AUDIT_ARCH_X86_64 : AUDIT_ARCH_I386),
		RETURN(SECCOMP_RET_ALLOW)
	}, x32[] = {
		LOAD(NR), IF(0x40000000 | 1), RETURN(SECCOMP_RET_ERRNO | 38)
	};
	const struct process		p = { .role = SANDBOX_FILTER_WORKER };
	struct calls_summary		s;

	build(SANDBOX_FILTER_WORKER, 1234, foreign, nitems(foreign));
	ATF_CHECK_EQ(-1, calls_judge_foreign(&p, &filters, &s));
	ATF_CHECK(strstr(s.text, "architecture 0x") != NULL);
#ifdef __x86_64__
	build(SANDBOX_FILTER_WORKER, 1234, x32, nitems(x32));
	ATF_CHECK_EQ(-1, calls_judge_foreign(&p, &filters, &s));
	ATF_CHECK(strstr(s.text, "call 0x40000001") != NULL);
#else
	(void)x32;
#endif
}

ATF_TC_WITHOUT_HEAD(resolver_and_parent_must_not_call_some);
ATF_TC_BODY(resolver_and_parent_must_not_call_some, tc)
{
	struct process		p = { .own_pid = 1234 };
	const struct sock_filter all[] = { RETURN(SECCOMP_RET_ALLOW) };
	const struct sock_filter packets[] = {
		LOAD(NR), IF(SYS_socket), RETURN(SECCOMP_RET_ALLOW)
	};
	struct calls_summary	s;

	p.role = SANDBOX_FILTER_RESOLVER;
	build(p.role, p.own_pid, packets, nitems(packets));
	ATF_CHECK_EQ(-1, calls_judge(&p, &filters, &s));
	ATF_CHECK_MSG(strstr(s.text, "socket(0") != NULL, "%s", s.text);
	p.role = SANDBOX_FILTER_PARENT;
	filters.n = filters.program[0].n = 1;
	memcpy(filters.program[0].insn, all, sizeof(all));
	ATF_CHECK_EQ(-1, calls_judge(&p, &filters, &s));
	ATF_CHECK_MSG(strstr(s.text, " is allowed") != NULL, "%s", s.text);
}

/*
 * Read back.
 */

static void
load_other(void)
{
	const struct sock_filter	first[] = {
		LOAD(NR), IF(SYS_getppid), RETURN(SECCOMP_RET_ALLOW)
	};
	struct sock_fprog		prog;

	/* As the test itself has to be able to build it. */
	build(SANDBOX_FILTER_WORKER, getpid(), first, nitems(first));
	prog.len = (unsigned short)filters.program[0].n;
	prog.filter = filters.program[0].insn;
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0);
}

/* As if the parent had the first one. */
static void
inherit(size_t n)
{
	static struct filters	parents;

	parents.n = 1;
	parents.program[0] = filters.program[0];
	parents.program[0].n = n;
	self.filters_read = &parents;
}

/* In a child that loads the worker's filter upon another. */
static void
load_parents(void)
{
	static struct sock_filter	all[] = { RETURN(SECCOMP_RET_ALLOW) };
	struct sock_fprog		prog = { nitems(all), all };

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0);
}

static int
can_read(void)
{
	struct filters	*f = filters_read(child.pid);

	ATF_REQUIRE(f != NULL);
	return (f->error == 0);
}

static void
need_to_read(void)
{
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	if (!can_read())
		atf_tc_skip("needs root and a kernel that shows filters");
}

ATF_TC_WITHOUT_HEAD(loaded_filter_is_read_back);
ATF_TC_BODY(loaded_filter_is_read_back, tc)
{
	need_to_read();
	start_child(SANDBOX_FILTER_WORKER, 1, load_parents);
	filters.program[0].insn[0] =
	    (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	inherit(1);
	check_filters(&child);
	PROVEN(READABLE);
	PROVEN(BUILT_IN);
	PROVEN(BELOW);
	PROVEN(NEEDED);
	PROVEN(TABLE);
	PROVEN(FOREIGN);
	ATF_CHECK_EQ(0, gaps);
	ATF_CHECK_EQ(2, child.filters_read->n);
	/* It lives, and is traced no more. */
	ATF_CHECK_EQ(0, kill(child.pid, 0));
	check_status(&child);
	PROVEN("nobody traces it");
}

ATF_TC_WITHOUT_HEAD(process_without_a_filter_is_a_gap);
ATF_TC_BODY(process_without_a_filter_is_a_gap, tc)
{
	need_to_read();
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	check_filters(&child);
	GAP(READABLE, "0 filters");
}

ATF_TC_WITHOUT_HEAD(other_filter_is_a_gap);
ATF_TC_BODY(other_filter_is_a_gap, tc)
{
	need_to_read();
	start_child(SANDBOX_FILTER_WORKER, 0, load_other);
	check_filters(&child);
	GAP(BUILT_IN, "the first 0 are the same");
	GAP(NEEDED, "getppid(");
	GAP(TABLE, "getppid(");
	GAP(FOREIGN, "does not kill");
	UNCHECKED(BELOW, "parent");
}

ATF_TC_WITHOUT_HEAD(missing_or_other_filter_of_the_parent_is_a_gap);
ATF_TC_BODY(missing_or_other_filter_of_the_parent_is_a_gap, tc)
{
	need_to_read();
	start_child(SANDBOX_FILTER_WORKER, 1, NULL);
	inherit(1);
	check_filters(&child);
	PROVEN(BUILT_IN);
	GAP(BELOW, "there is none");
	start_child(SANDBOX_FILTER_WORKER, 1, load_parents);
	build(SANDBOX_FILTER_RESOLVER, 1, NULL, 0);
	inherit(filters.program[0].n);
	check_filters(&child);
	GAP(BELOW, "of the parent");
}

/* In a process of its own, that leaves root. */
ATF_TC_WITHOUT_HEAD(filter_that_cannot_be_read_is_not_checked);
ATF_TC_BODY(filter_that_cannot_be_read_is_not_checked, tc)
{
	char	path[32];
	pid_t	pid;
	int	fd, status;

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1)
		atf_tc_skip("this kernel, or emulator, has no filters");
	start_child(SANDBOX_FILTER_WORKER, 1, NULL);
	ATF_REQUIRE((fd = open("rows", O_RDWR | O_CREAT, 0600)) != -1);
	ATF_REQUIRE_EQ(0, fchmod(fd, 0666));
	if ((pid = fork()) == 0) {
		/* Wherever the file is, and who may go there. */
		snprintf(path, sizeof(path), "/dev/fd/%d", fd);
		setenv("AUDIT_ROWS", path, 1);
		if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) == -1)
			_exit(1);
		check_filters(&child);
		_exit(gaps > 0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK_EQ(0, status);
	UNCHECKED(READABLE, "needs root");
}

/* Who reads may die at any moment: the kernel lets go. */
ATF_TC_WITHOUT_HEAD(stopped_process_is_let_go_in_time);
ATF_TC_BODY(stopped_process_is_let_go_in_time, tc)
{
	struct filters	*f;
	int		 i;

	need_to_read();
	start_child(SANDBOX_FILTER_WORKER, 1, NULL);
	for (i = 0; i < 100; i++) {
		ATF_REQUIRE((f = filters_read(child.pid)) != NULL);
		ATF_REQUIRE_EQ(0, f->error);
		ATF_CHECK_MSG(f->stopped_us < 1000000, "%lld",
		    (long long)f->stopped_us);
		munmap(f, sizeof(*f));
	}
	check_status(&child);
	PROVEN("nobody traces it");
	/* One that has gone is an error, and nobody waits. */
	ATF_REQUIRE((f = filters_read(INT32_MAX)) != NULL);
	ATF_CHECK(f->error != 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, filters_allow_nothing_that_is_forbidden);
	ATF_TP_ADD_TC(tp, built_in_filters_are_as_they_should_be);
	ATF_TP_ADD_TC(tp, one_more_call_is_found);
	ATF_TP_ADD_TC(tp, lost_condition_is_found);
	ATF_TP_ADD_TC(tp, condition_on_32_bits_is_found);
	ATF_TP_ADD_TC(tp, one_call_less_is_found);
	ATF_TP_ADD_TC(tp, call_that_fails_instead_of_killing_is_found);
	ATF_TP_ADD_TC(tp, program_with_an_error_is_found);
	ATF_TP_ADD_TC(tp, foreign_call_that_does_not_kill_is_found);
	ATF_TP_ADD_TC(tp, resolver_and_parent_must_not_call_some);
	ATF_TP_ADD_TC(tp, loaded_filter_is_read_back);
	ATF_TP_ADD_TC(tp, process_without_a_filter_is_a_gap);
	ATF_TP_ADD_TC(tp, other_filter_is_a_gap);
	ATF_TP_ADD_TC(tp, missing_or_other_filter_of_the_parent_is_a_gap);
	ATF_TP_ADD_TC(tp, filter_that_cannot_be_read_is_not_checked);
	ATF_TP_ADD_TC(tp, stopped_process_is_let_go_in_time);

	return (atf_no_error());
}
