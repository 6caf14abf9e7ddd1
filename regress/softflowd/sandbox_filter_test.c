/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The sandbox as data: the rules that are printed, the program that is
 * exported and the one that the kernel has are the same, for each process.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/audit.h>

#include <atf-c.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf.h"
#include "sandbox_filter.h"
#include "sandbox_try.h"

#define ARCH		seccomp_arch_native()
#define BITS_OF_ARG	(ARCH & __AUDIT_ARCH_64BIT ? 64 : 32)
#define WIDTH		(UINT64_MAX >> (64 - BITS_OF_ARG))
#define PID		4711
#define MAX_CALL	1024
#define MAX_RULES	512
#define MAX_CODE	4096	/* the kernel's */

static const struct sandbox_parent	 root = {
	.root = 1, .uid = 1001, .gid = 1002, .binary_fd = 64
}, user = { .uid = 1001, .gid = 1002, .binary_fd = 64 };

static struct table {
	struct sock_filter	 code[MAX_CODE];
	size_t			 len;
	struct sandbox_rule	 rules[MAX_RULES];
	int			 nr[MAX_RULES];		/* of each rule */
	size_t			 nrules;
	uint32_t		 otherwise;
	int			 socketcall;		/* -1: there is none */
} tables[2];

static void
export(struct table *t, enum sandbox_filter process, pid_t pid,
    const struct sandbox_parent *p)
{
	ssize_t	 len;
	int	 fd;

	/* libseccomp asks the kernel, and an emulator's may have no filters. */
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1)
		ATF_REQUIRE_EQ(0, seccomp_api_set(5));
	ATF_REQUIRE((fd = memfd_create("filter", 0)) != -1);
	ATF_REQUIRE_EQ(0, sandbox_os_filter_export(process, pid, p, fd));
	len = pread(fd, t->code, sizeof(t->code), 0);
	close(fd);
	ATF_REQUIRE(len > 0 && len % (ssize_t)sizeof(t->code[0]) == 0);
	t->len = (size_t)len / sizeof(t->code[0]);
}

/*
 * Whatever libseccomp says, which has numbers below 0 for calls of sockets
 * where there is socketcall.
 */
static int
number_of(const char *name)
{
	char	*found;
	int	 nr, same = 0;

	if ((nr = seccomp_syscall_resolve_name(name)) >= 0)
		return (nr);
	for (nr = 0; !same && nr < MAX_CALL; nr++) {
		found = seccomp_syscall_resolve_num_arch(ARCH, nr);
		same = found != NULL && strcmp(found, name) == 0;
		free(found);
	}
	return (same ? nr - 1 : -1);
}

static void
get(struct table *t, enum sandbox_filter process,
    const struct sandbox_parent *p)
{
	const char	*text = sandbox_os_otherwise(process);

	export(t, process, PID, p);
	for (t->nrules = 0; sandbox_os_rule(process, PID, p, t->nrules,
	    &t->rules[t->nrules]); t->nrules++) {
		ATF_REQUIRE(t->nrules < MAX_RULES - 1);
		t->nr[t->nrules] = number_of(t->rules[t->nrules].call);
		ATF_REQUIRE(t->nr[t->nrules] >= 0);
		ATF_CHECK(*t->rules[t->nrules].reason != '\0');
		ATF_CHECK_EQ(t->rules[t->nrules].nargs > 0,
		    t->rules[t->nrules].condition[0] != '\0');
	}
	ATF_REQUIRE(t->nrules > 10);
	t->socketcall = seccomp_syscall_resolve_name("socketcall");
	t->otherwise = SECCOMP_RET_KILL_PROCESS;
	if (strcmp(text, "fails with EPERM") == 0)
		t->otherwise = SECCOMP_RET_ERRNO | EPERM;
	else if (strcmp(text, "fails with ENOSYS") == 0)
		t->otherwise = SECCOMP_RET_ERRNO | ENOSYS;
	else
		ATF_REQUIRE_STREQ("kills", text);
}

static int
matches(const struct sandbox_rule *rule, const struct seccomp_data *call)
{
	unsigned int	 i;

	for (i = 0; i < rule->nargs; i++)
		if ((call->args[rule->args[i].n] & rule->args[i].mask) !=
		    (rule->args[i].value & WIDTH))
			return (0);
	return (1);
}

/* What the rules in words say about it. */
static uint32_t
promised(const struct table *t, const struct seccomp_data *call)
{
	size_t	 i;

	for (i = 0; i < t->nrules; i++)
		if (t->nr[i] == call->nr && matches(&t->rules[i], call))
			return (SECCOMP_RET_ALLOW);
	return (t->otherwise);
}

static void
compare(const struct table *t, const struct seccomp_data *call)
{
	uint32_t	 verdict = bpf_verdict(t->code, t->len, call);

	/* It is refused in another way, whatever the others do. */
	if (verdict != SECCOMP_RET_ALLOW && call->nr == t->socketcall)
		verdict = t->otherwise;
	if (verdict != promised(t, call))
		atf_tc_fail("call %d (%#llx, %#llx, %#llx): %#x, not %#x",
		    call->nr, call->args[0], call->args[1], call->args[2],
		    verdict, promised(t, call));
}

/* What the rule says, bits that do not count and other arguments at random. */
static void
obey(const struct sandbox_rule *rule, struct seccomp_data *call)
{
	unsigned int	 i;

	arc4random_buf(call->args, sizeof(call->args));
	for (i = 0; i < nitems(call->args); i++)
		call->args[i] &= WIDTH;
	for (i = 0; i < rule->nargs; i++)
		call->args[rule->args[i].n] = (rule->args[i].value & WIDTH) |
		    (call->args[rule->args[i].n] & ~rule->args[i].mask);
}

static void
compare_all(const struct table *t)
{
	struct seccomp_data	 call = { .arch = ARCH };
	size_t			 i;
	unsigned int		 arg, bit;

	for (call.nr = 0; call.nr < MAX_CALL; call.nr++) {
		memset(call.args, 0, sizeof(call.args));
		compare(t, &call);
		for (arg = 0; arg < nitems(call.args); arg++)
			call.args[arg] = WIDTH;
		compare(t, &call);
	}
	for (i = 0; i < t->nrules; i++) {
		call.nr = t->nr[i];
		obey(&t->rules[i], &call);
		ATF_CHECK_EQ_MSG(SECCOMP_RET_ALLOW,
		    bpf_verdict(t->code, t->len, &call), "%s (%s)",
		    t->rules[i].call, t->rules[i].condition);
		/* One bit of one argument is wrong, or does not count. */
		for (arg = 0; arg < nitems(call.args); arg++)
			for (bit = 0; bit < BITS_OF_ARG; bit++) {
				obey(&t->rules[i], &call);
				call.args[arg] ^= UINT64_C(1) << bit;
				compare(t, &call);
			}
	}
}

ATF_TC_WITHOUT_HEAD(what_is_printed_is_allowed_and_nothing_else);
ATF_TC_BODY(what_is_printed_is_allowed_and_nothing_else, tc)
{
	int	 process;

	for (process = 0; process < SANDBOX_FILTERS; process++) {
		get(&tables[0], process, &root);
		compare_all(&tables[0]);
		get(&tables[0], process, &user);
		compare_all(&tables[0]);
	}
}

ATF_TC_WITHOUT_HEAD(calls_of_other_architectures_kill);
ATF_TC_BODY(calls_of_other_architectures_kill, tc)
{
	struct seccomp_data	 call = { .nr = SYS_read };
	int			 process;

	for (process = 0; process < SANDBOX_FILTERS; process++) {
		get(&tables[0], process, &root);
		call.arch = ARCH ^ 1;
		ATF_CHECK_EQ(SECCOMP_RET_KILL_PROCESS,
		    bpf_verdict(tables[0].code, tables[0].len, &call));
#ifdef __x86_64__
		call.arch = ARCH;
		call.nr |= 0x40000000;	/* x32 */
		ATF_CHECK_EQ(SECCOMP_RET_KILL_PROCESS,
		    bpf_verdict(tables[0].code, tables[0].len, &call));
		call.nr = SYS_read;
#endif
	}
}

/* It is in force in each of them. */
ATF_TC_WITHOUT_HEAD(parents_filter_allows_what_its_children_may_call);
ATF_TC_BODY(parents_filter_allows_what_its_children_may_call, tc)
{
	static const int	 children[] = {
		SANDBOX_FILTER_WORKER, SANDBOX_FILTER_READER,
		SANDBOX_FILTER_COMPILER
	};
	struct seccomp_data	 call = { .arch = ARCH };
	size_t			 child, i;
	int			 round;

	get(&tables[0], SANDBOX_FILTER_PARENT, &user);
	for (child = 0; child < nitems(children); child++) {
		get(&tables[1], children[child], &user);
		for (i = 0; i < tables[1].nrules; i++)
			for (round = 0; round < 100; round++) {
				call.nr = tables[1].nr[i];
				obey(&tables[1].rules[i], &call);
				ATF_CHECK_EQ_MSG(SECCOMP_RET_ALLOW,
				    bpf_verdict(tables[0].code, tables[0].len,
				    &call), "%s (%s)", tables[1].rules[i].call,
				    tables[1].rules[i].condition);
			}
	}
}

static void
need_filters(void)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1)
		atf_tc_skip("this kernel, or emulator, has no filters");
}

/*
 * A child that is stopped with a filter loaded, and nothing else of the
 * sandbox.  Traced before, as who may not call wait would not be found.
 */
static pid_t
filtered(enum sandbox_filter process)
{
	uint32_t	 layers;
	pid_t		 pid;

	if ((pid = fork()) == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		CHECK(raise(SIGSTOP) == 0);
		CHECK(sandbox_os_no_new_privs(&layers) == 0);
		CHECK(sandbox_os_syscalls(process, &root) == 0);
		__builtin_trap();
	}
	return (pid);
}

static void
compare_loaded(enum sandbox_filter process)
{
	static struct sock_filter	 code[MAX_CODE];
	int				 status;
	long				 len;
	pid_t				 pid = filtered(process);

	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	ATF_REQUIRE_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE_MSG(WIFSTOPPED(status) && (WSTOPSIG(status) == SIGILL ||
	    WSTOPSIG(status) == SIGTRAP), "%#x", (unsigned int)status);
	len = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0, code);
	if (len == -1) {
		kill(pid, SIGKILL);
		atf_tc_skip("this kernel does not show filters: %s",
		    strerror(errno));
	}
	export(&tables[0], process, pid, &root);
	ATF_CHECK_EQ((long)tables[0].len, len);
	ATF_CHECK_EQ(0, memcmp(tables[0].code, code, (size_t)len *
	    sizeof(code[0])));
	kill(pid, SIGKILL);
	wait_for(pid);
}

ATF_TC(kernel_has_what_is_exported);
ATF_TC_HEAD(kernel_has_what_is_exported, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(kernel_has_what_is_exported, tc)
{
	int	 process;

	need_filters();
	for (process = 0; process < SANDBOX_FILTERS; process++)
		compare_loaded(process);
}

/* What of them is printed and not had, or had and not printed. */
static void
compare_layers(void)
{
	struct sandbox_worker	 w;
	const char		*step;
	uint32_t		 layers, abi, wanted;

	plan(&w);
	wanted = sandbox_layers(SANDBOX_FILTER_WORKER);
	if (geteuid() != 0)
		wanted &= ~(uint32_t)(SANDBOX_CHROOT | SANDBOX_IDS);
	if (!sandbox_os_mdwe() || sandbox_sanitized)
		wanted &= ~(uint32_t)SANDBOX_MDWE;
	if (sandbox_landlock_version() == 0)
		wanted &= ~(uint32_t)SANDBOX_LANDLOCK;
	CHECK(sandbox_worker(&w, &layers, &abi, &step) == 0);
	CHECK(layers == wanted);
}

ATF_TC_WITHOUT_HEAD(layers_that_are_printed_are_in_force);
ATF_TC_BODY(layers_that_are_printed_are_in_force, tc)
{
	need_filters();
	in_both_kinds(compare_layers);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_is_printed_is_allowed_and_nothing_else);
	ATF_TP_ADD_TC(tp, calls_of_other_architectures_kill);
	ATF_TP_ADD_TC(tp, parents_filter_allows_what_its_children_may_call);
	ATF_TP_ADD_TC(tp, kernel_has_what_is_exported);
	ATF_TP_ADD_TC(tp, layers_that_are_printed_are_in_force);
	return (atf_no_error());
}
