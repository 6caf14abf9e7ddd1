/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The filters of other architectures: libseccomp makes them here, and they are
 * run here, with this architecture's constants in them, which is enough for
 * what is asked: which calls, in which spelling, and which arguments of them.
 * With their own constants the same is asked of the architecture's programs
 * in running_filter_test and sandbox_filter_test, under an emulator.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <linux/audit.h>

#include <atf-c.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "confine.h"
#include "running.h"

static const struct arch {
	const char	*name;
	uint32_t	 arch;
} archs[] = {
	{ "x86_64", SCMP_ARCH_X86_64 }, { "i386", SCMP_ARCH_X86 },
	{ "aarch64", SCMP_ARCH_AARCH64 }, { "armhf", SCMP_ARCH_ARM },
	{ "riscv64", SCMP_ARCH_RISCV64 }, { "s390x", SCMP_ARCH_S390X },
	{ "ppc64le", SCMP_ARCH_PPC64LE }, { "powerpc", SCMP_ARCH_PPC },
	{ "mips", SCMP_ARCH_MIPS }
};

static const struct arch	*now;
static struct filters		 filters;
static struct process		 process = { .own_pid = 1234 };

/*
 * libseccomp turns the value of a return that it repeats within reach of a
 * jump twice, which there, where nothing is to be turned, does nothing.
 */
static int
is_turned_twice(const struct sock_filter *insn)
{
	return (insn->code == (BPF_RET | BPF_K) && (
	    (insn->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_KILL_PROCESS ||
	    (insn->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ||
	    insn->k == SECCOMP_RET_ALLOW));
}

/* As the kernel there would read it. */
static void
read_program(int fd)
{
	struct bpf_program	*p = &filters.program[0];
	ssize_t			 len;
	size_t			 i;

	ATF_REQUIRE((len = pread(fd, p->insn, sizeof(p->insn), 0)) > 0);
	filters.n = 1;
	p->n = (size_t)len / sizeof(p->insn[0]);
	if (((now->arch ^ seccomp_arch_native()) & __AUDIT_ARCH_LE) == 0)
		return;
	for (i = 0; i < p->n; i++) {
		p->insn[i].code = __builtin_bswap16(p->insn[i].code);
		if (!is_turned_twice(&p->insn[i]))
			p->insn[i].k = __builtin_bswap32(p->insn[i].k);
	}
}

static void
build(const struct arch *arch, enum sandbox_filter role, int root)
{
	int	 fd;

	now = arch;
	process.role = role;
	process.root = root;
	process.arch = arch->arch;
	process.box = (struct sandbox_parent){ .root = root, .uid = 65534,
	    .gid = 65533, .binary_fd = 100 };
	sandbox_os_arch(arch->arch);
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == -1)
		ATF_REQUIRE_EQ(0, seccomp_api_set(5));
	ATF_REQUIRE((fd = memfd_create("filter", 0)) != -1);
	ATF_REQUIRE_EQ_MSG(0, sandbox_os_filter_export(role, process.own_pid,
	    &process.box, fd), "%s", arch->name);
	read_program(fd);
	close(fd);
}

static void
judged(const char *by, int result, const struct calls_summary *s,
    unsigned long least)
{
	ATF_CHECK_MSG(result == 0 && s->tried > least, "%s, %s, role %d%s: "
	    "%s%lu tried", by, now->name, process.role,
	    process.root ? " of root" : "", s->text, s->tried);
}

static void
judge(void)
{
	struct calls_summary	 s;

	judged("list", calls_judge(&process, &filters, &s), &s, 10000);
	judged("table", calls_judge_table(&process, &filters, &s), &s, 100000);
	ATF_CHECK(s.calls >= 15);
	judged("foreign", calls_judge_foreign(&process, &filters, &s), &s,
	    10000);
}

static void
judge_all(enum sandbox_filter role, int root)
{
	size_t	 i;

	for (i = 0; i < nitems(archs); i++) {
		build(&archs[i], role, root);
		judge();
	}
}

#define JUDGE(name, role, root)						\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)							\
{									\
	judge_all(SANDBOX_FILTER_##role, root);				\
}
JUDGE(worker_may_call_the_same_on_each, WORKER, 1)
JUDGE(reader_may_call_the_same_on_each, READER, 1)
JUDGE(resolver_may_call_the_same_on_each, RESOLVER, 1)
JUDGE(compiler_may_call_the_same_on_each, COMPILER, 1)
JUDGE(parent_of_root_may_call_the_same_on_each, PARENT, 1)

/*
 * By name, of the program that was built last.
 */

static uint32_t
verdict_of(const char *name, uint64_t a0, uint64_t a1, uint64_t a2,
    uint64_t a3)
{
	struct seccomp_data	 data = {
		.arch = now->arch, .args = { a0, a1, a2, a3 }
	};
	char			*found;
	size_t			 i;

	/* Of mips there are numbers of other kinds before. */
	data.nr = now->arch == SCMP_ARCH_MIPS ? 4000 : 0;
	for (; data.nr < 0x100000; data.nr++) {
		found = seccomp_syscall_resolve_num_arch(now->arch, data.nr);
		i = found != NULL && strcmp(found, name) == 0;
		free(found);
		if (i)
			break;
	}
	ATF_REQUIRE_MSG(data.nr < 0x100000, "%s has no %s", now->name, name);
	if ((now->arch ^ seccomp_arch_native()) & __AUDIT_ARCH_LE)
		for (i = 0; i < nitems(data.args); i++)
			data.args[i] = data.args[i] << 32 | data.args[i] >> 32;
	return (bpf_verdict(filters.program[0].insn, filters.program[0].n,
	    &data));
}
#define ALLOWED(...)	ATF_CHECK_EQ_MSG(SECCOMP_RET_ALLOW,		\
    verdict_of(__VA_ARGS__), "%s: %s", now->name, #__VA_ARGS__)
#define REFUSED(...)	ATF_CHECK_MSG(SECCOMP_RET_ALLOW !=		\
    verdict_of(__VA_ARGS__), "%s: %s", now->name, #__VA_ARGS__)

static const struct arch *
arch_of(const char *name)
{
	const struct arch	*a = archs;

	while (strcmp(a->name, name) != 0)
		a++;
	return (a);
}

/* With 32 bits there are two, of which C libraries take one or the other. */
ATF_TC_WITHOUT_HEAD(both_spellings_of_32_bits_are_allowed);
ATF_TC_BODY(both_spellings_of_32_bits_are_allowed, tc)
{
	static const char *const	names[] = {
		"i386", "armhf", "powerpc", "mips"
	};
	size_t				i;

	for (i = 0; i < nitems(names); i++) {
		build(arch_of(names[i]), SANDBOX_FILTER_WORKER, 1);
		ALLOWED("mmap2", 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS);
		REFUSED("mmap2", 0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS);
		ALLOWED("clock_gettime", 0, 0, 0, 0);
		ALLOWED("clock_gettime64", 0, 0, 0, 0);
		ALLOWED("ppoll", 0, 0, 0, 0);
		ALLOWED("ppoll_time64", 0, 0, 0, 0);
		ALLOWED("sigreturn", 0, 0, 0, 0);
		ALLOWED("rt_sigreturn", 0, 0, 0, 0);
		build(arch_of(names[i]), SANDBOX_FILTER_PARENT, 1);
		ALLOWED("futex", 0, 0, 0, 0);
		ALLOWED("futex_time64", 0, 0, 0, 0);
		ALLOWED("_llseek", 0, 0, 0, 0);
		ALLOWED("ftruncate64", 0, 0, 0, 0);
		ALLOWED("fstat64", 0, 0, 0, 0);
		ALLOWED("fstatat64", 0, 0, 0, 0);
		ALLOWED("statx", 0, 0, 0, 0);
		ALLOWED("fcntl64", 3, 3, 0, 0);		/* F_GETFL */
		REFUSED("fcntl64", 3, 8, 0, 0);
		if (i >= 2)
			continue;	/* ids have 32 bits in all calls */
		ALLOWED("setresuid32", 65534, 65534, 65534, 0);
		REFUSED("setresuid32", 65534, 65534, 0, 0);
		ALLOWED("setgroups32", 0, 0, 0, 0);
		REFUSED("setgroups32", 1, 0, 0, 0);
	}
}

/* What has its arguments in memory is no way around those that are seen. */
ATF_TC_WITHOUT_HEAD(socketcall_is_refused_where_it_can_be);
ATF_TC_BODY(socketcall_is_refused_where_it_can_be, tc)
{
	static const char *const	names[] = {
		"i386", "s390x", "powerpc", "ppc64le", "mips"
	};
	int				needed, role;
	uint64_t			call;
	size_t				i;

	for (i = 0; i < nitems(names); i++) {
		needed = i < 2;		/* by glibc's own calls */
		for (role = 0; role < SANDBOX_FILTERS; role++) {
			build(arch_of(names[i]), role, 0);
			for (call = 0; call < 32; call++)
				if (!needed ||
				    role == SANDBOX_FILTER_WORKER ||
				    role == SANDBOX_FILTER_READER ||
				    role == SANDBOX_FILTER_COMPILER ||
				    call == 4 || call > 20) {
					REFUSED("socketcall", call, 3, 0, 0);
					REFUSED("socketcall", call, 1, 4, 0);
				}
		}
		build(arch_of(names[i]), SANDBOX_FILTER_WORKER, 0);
		ALLOWED("recvmsg", 3, 0, 0, 0);
		REFUSED("recvmsg", 4, 0, 0, 0);
		ALLOWED("sendto", 9, 0, 0, 0);
	}
}

ATF_TC_WITHOUT_HEAD(calls_of_another_order_are_looked_at_in_theirs);
ATF_TC_BODY(calls_of_another_order_are_looked_at_in_theirs, tc)
{
	build(arch_of("s390x"), SANDBOX_FILTER_PARENT, 0);
	ALLOWED("clone", 0, 17, 0, 0);			/* SIGCHLD */
	REFUSED("clone", 17, 0x10000000 | 17, 0, 0);	/* CLONE_NEWUSER */
	ALLOWED("mmap", 0x7000000000, 0, 0, 0);
	REFUSED("mprotect", 0, 4096, 7, 0);
	build(arch_of("i386"), SANDBOX_FILTER_PARENT, 0);
	REFUSED("mmap", 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS);
	ALLOWED("clone", 17, 0, 0, 0);
}

/*
 * softflowctl's: its own code, of which what would be loaded is taken.
 */

static int	 fd_confine;

uint32_t	 __real_seccomp_arch_native(void);
uint32_t	 __wrap_seccomp_arch_native(void);
scmp_filter_ctx	 __real_seccomp_init(uint32_t);
scmp_filter_ctx	 __wrap_seccomp_init(uint32_t);
int		 __real_seccomp_load(scmp_filter_ctx);
int		 __wrap_seccomp_load(scmp_filter_ctx);

uint32_t
__wrap_seccomp_arch_native(void)
{
	return (fd_confine > 0 ? now->arch : __real_seccomp_arch_native());
}

scmp_filter_ctx
__wrap_seccomp_init(uint32_t action)
{
	scmp_filter_ctx	 ctx = __real_seccomp_init(action);

	if (fd_confine > 0 && now->arch != __real_seccomp_arch_native()) {
		ATF_REQUIRE_EQ(0, seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE));
		ATF_REQUIRE_EQ(0, seccomp_arch_add(ctx, now->arch));
	}
	return (ctx);
}

int
__wrap_seccomp_load(scmp_filter_ctx ctx)
{
	return (fd_confine > 0 ? seccomp_export_bpf(ctx, fd_confine) :
	    __real_seccomp_load(ctx));
}

static void
build_confine(const struct arch *arch, int connecting)
{
	int	 fd;

	now = arch;
	ATF_REQUIRE((fd_confine = memfd_create("filter", 0)) > 0);
	ATF_REQUIRE_EQ(0, confine(connecting ? "socket" : NULL));
	fd = fd_confine;
	fd_confine = 0;
	read_program(fd);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(softflowctl_may_call_the_same_on_each);
ATF_TC_BODY(softflowctl_may_call_the_same_on_each, tc)
{
	static const char *const	 may[] = {
		"read", "readv", "recvmsg", "write", "writev", "sendmsg",
		"ppoll", "close", "brk", "munmap", "mremap", "madvise",
		"clock_gettime", "getrandom", "rt_sigaction",
		"rt_sigprocmask", "rt_sigreturn", "exit_group"
	}, *const			 must_not[] = {
		"openat", "execve", "execveat", "clone", "bind", "listen",
		"accept4", "sendto", "ptrace", "kill", "mprotect"
	};
	size_t				 i, k;
	int				 connecting;

	for (i = 0; i < nitems(archs) * 2; i++) {
		connecting = i % 2;
		build_confine(&archs[i / 2], connecting);
		for (k = 0; k < nitems(may); k++)
			ALLOWED(may[k], 0, 0, 0, 0);
		for (k = 0; k < nitems(must_not); k++)
			REFUSED(must_not[k], 0, 0, 0, 0);
		if (connecting) {
			ALLOWED("socket", 1, 0, 0, 0);
			REFUSED("socket", 2, 0, 0, 0);
			ALLOWED("connect", 3, 0, 0, 0);
		} else {
			REFUSED("socket", 1, 0, 0, 0);
			REFUSED("connect", 3, 0, 0, 0);
		}
		ALLOWED("ioctl", 1, 0x5401, 0, 0);
		REFUSED("ioctl", 1, 0x5412, 0, 0);
	}
}

ATF_TC_WITHOUT_HEAD(softflowctl_maps_no_code_and_calls_no_unseen_socket);
ATF_TC_BODY(softflowctl_maps_no_code_and_calls_no_unseen_socket, tc)
{
	static const char *const	 names[] = {
		"i386", "s390x", "powerpc", "ppc64le", "mips"
	};
	uint64_t			 call;
	size_t				 i;

	for (i = 0; i < nitems(archs); i++) {
		build_confine(&archs[i], 1);
		if (strcmp(now->name, "s390x") == 0 ||
		    strcmp(now->name, "i386") == 0 ||
		    strcmp(now->name, "riscv64") == 0)
			continue;
		REFUSED(now->arch == SCMP_ARCH_ARM ? "mmap2" : "mmap", 0, 4096,
		    7, MAP_PRIVATE | MAP_ANONYMOUS);
	}
	build_confine(arch_of("i386"), 1);
	REFUSED("mmap", 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS);
	for (i = 0; i < nitems(names); i++) {
		build_confine(arch_of(names[i]), 1);
		for (call = 0; call < 32; call++)
			REFUSED("socketcall", call, 0, 0, 0);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, worker_may_call_the_same_on_each);
	ATF_TP_ADD_TC(tp, reader_may_call_the_same_on_each);
	ATF_TP_ADD_TC(tp, resolver_may_call_the_same_on_each);
	ATF_TP_ADD_TC(tp, compiler_may_call_the_same_on_each);
	ATF_TP_ADD_TC(tp, parent_of_root_may_call_the_same_on_each);
	ATF_TP_ADD_TC(tp, both_spellings_of_32_bits_are_allowed);
	ATF_TP_ADD_TC(tp, socketcall_is_refused_where_it_can_be);
	ATF_TP_ADD_TC(tp, calls_of_another_order_are_looked_at_in_theirs);
	ATF_TP_ADD_TC(tp, softflowctl_may_call_the_same_on_each);
	ATF_TP_ADD_TC(tp,
	    softflowctl_maps_no_code_and_calls_no_unseen_socket);
	return (atf_no_error());
}
