/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The interpreter by which the audit judges filters: each instruction, each
 * error, and the same answers as the kernel's.
 */

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

#include "bpf.h"
#include "compat.h"

#define ARG(n)	(uint32_t)offsetof(struct seccomp_data, args[n])

static const struct seccomp_data	call = {
	.nr = 11, .arch = 0xc000003e, .instruction_pointer = 5,
	.args = { 0x100000002, 7, 0xfffffff0, 3, 4, 0x600000005 }
};

static int
run(const struct sock_filter *insn, size_t n, uint32_t *result,
    const char **error)
{
	static struct bpf_program	p;

	memcpy(p.insn, insn, n * sizeof(*insn));
	p.n = n;
	return (bpf_run(&p, &call, result, error));
}

static void
returns(uint32_t wanted, const struct sock_filter *insn, size_t n, int line)
{
	uint32_t	 got = ~wanted;
	const char	*error = "none";
	int		 ret = run(insn, n, &got, &error);

	ATF_CHECK_MSG(ret == 0 && got == wanted, "line %d: %d, %#x (%s)",
	    line, ret, got, error);
}

static void
fails(const char *wanted, const struct sock_filter *insn, size_t n, int line)
{
	uint32_t	 got;
	const char	*error = "none";
	int		 ret = run(insn, n, &got, &error);

	ATF_CHECK_MSG(ret == -1 && strcmp(error, wanted) == 0,
	    "line %d: %d, %s", line, ret, error);
}

#define PROGRAM(...)	(const struct sock_filter[]){ __VA_ARGS__ },	\
    nitems(((const struct sock_filter[]){ __VA_ARGS__ }))
#define RETURNS(v, ...)	returns(v, PROGRAM(__VA_ARGS__), __LINE__)
#define FAILS(e, ...)	fails(e, PROGRAM(__VA_ARGS__), __LINE__)
#define S(code, k)	BPF_STMT(code, k)
#define J(code, k, t, f)	BPF_JUMP(BPF_JMP | (code), k, t, f)
#define RET_A		S(BPF_RET | BPF_A, 0)
#define RET(k)		S(BPF_RET | BPF_K, k)
#define IMM(k)		S(BPF_LD | BPF_IMM, k)
#define XIMM(k)		S(BPF_LDX | BPF_IMM, k)
#define ABS(k)		S(BPF_LD | BPF_W | BPF_ABS, k)

ATF_TC_WITHOUT_HEAD(loads_give_what_the_kernel_shows);
ATF_TC_BODY(loads_give_what_the_kernel_shows, tc)
{
	RETURNS(11, ABS(0), RET_A);
	RETURNS(0xc000003e, ABS(4), RET_A);
	RETURNS(5, ABS(8), RET_A);
	RETURNS(2, ABS(ARG(0)), RET_A);
	RETURNS(1, ABS(ARG(0) + 4), RET_A);
	RETURNS(6, ABS(ARG(5) + 4), RET_A);
	RETURNS(64, S(BPF_LD | BPF_W | BPF_LEN, 0), RET_A);
	RETURNS(64, S(BPF_LDX | BPF_W | BPF_LEN, 0),
	    S(BPF_MISC | BPF_TXA, 0), RET_A);
	RETURNS(9, XIMM(9), S(BPF_MISC | BPF_TXA, 0), RET_A);
	RETURNS(8, IMM(8), S(BPF_MISC | BPF_TAX, 0), IMM(0),
	    S(BPF_MISC | BPF_TXA, 0), RET_A);
}

ATF_TC_WITHOUT_HEAD(memory_keeps_what_is_stored);
ATF_TC_BODY(memory_keeps_what_is_stored, tc)
{
	RETURNS(7, IMM(7), S(BPF_ST, 15), IMM(0), S(BPF_LD | BPF_MEM, 15),
	    RET_A);
	RETURNS(6, XIMM(6), S(BPF_STX, 0), XIMM(0), S(BPF_LDX | BPF_MEM, 0),
	    S(BPF_MISC | BPF_TXA, 0), RET_A);
}

ATF_TC_WITHOUT_HEAD(arithmetic_is_of_32_bits);
ATF_TC_BODY(arithmetic_is_of_32_bits, tc)
{
	static const struct {
		uint16_t	op;
		uint32_t	a, by, wanted;
	} ops[] = {
		{ BPF_ADD, 0xffffffff, 2, 1 }, { BPF_SUB, 1, 2, 0xffffffff },
		{ BPF_MUL, 0x10000, 0x10001, 0x10000 },
		{ BPF_DIV, 0xffffffff, 2, 0x7fffffff },
		{ BPF_AND, 0xff, 0x1f0, 0xf0 }, { BPF_OR, 0xf, 0xf0, 0xff },
		{ BPF_XOR, 0xff, 0xf0, 0xf }, { BPF_LSH, 3, 31, 0x80000000 },
		{ BPF_RSH, 0x80000000, 31, 1 }
	};
	size_t	i;

	for (i = 0; i < nitems(ops); i++) {
		RETURNS(ops[i].wanted, IMM(ops[i].a),
		    S(BPF_ALU | ops[i].op | BPF_K, ops[i].by), RET_A);
		RETURNS(ops[i].wanted, IMM(ops[i].a), XIMM(ops[i].by),
		    S(BPF_ALU | ops[i].op | BPF_X, 0), RET_A);
	}
	RETURNS(0xffffffff, IMM(1), S(BPF_ALU | BPF_NEG, 0), RET_A);
	RETURNS(2, IMM(1), XIMM(33), S(BPF_ALU | BPF_LSH | BPF_X, 0), RET_A);
}

ATF_TC_WITHOUT_HEAD(jumps_go_where_they_say);
ATF_TC_BODY(jumps_go_where_they_say, tc)
{
	static const struct {
		uint16_t	op;
		uint32_t	a, with;
		int		yes;
	} jumps[] = {
		{ BPF_JEQ, 5, 5, 1 }, { BPF_JEQ, 5, 6, 0 },
		{ BPF_JGT, 0x80000000, 1, 1 }, { BPF_JGT, 5, 5, 0 },
		{ BPF_JGE, 5, 5, 1 }, { BPF_JGE, 4, 5, 0 },
		{ BPF_JSET, 6, 2, 1 }, { BPF_JSET, 6, 1, 0 }
	};
	size_t	i;

	for (i = 0; i < nitems(jumps); i++) {
		RETURNS(jumps[i].yes ? 1 : 2, IMM(jumps[i].a),
		    J(jumps[i].op | BPF_K, jumps[i].with, 1, 2), RET(0),
		    RET(1), RET(2));
		RETURNS(jumps[i].yes ? 1 : 2, IMM(jumps[i].a),
		    XIMM(jumps[i].with), J(jumps[i].op | BPF_X, 0, 0, 1),
		    RET(1), RET(2));
	}
	RETURNS(3, J(BPF_JA, 2, 0, 0), RET(1), RET(2), RET(3));
}

ATF_TC_WITHOUT_HEAD(loads_from_outside_are_errors);
ATF_TC_BODY(loads_from_outside_are_errors, tc)
{
	FAILS("load from outside", ABS(64), RET_A);
	FAILS("load from outside", ABS(62), RET_A);
	FAILS("load from outside", ABS(1), RET_A);
	FAILS("load from outside", ABS(0xfffffffc), RET_A);
	FAILS("load from outside of memory", S(BPF_LD | BPF_MEM, 16), RET_A);
	FAILS("load from outside of memory", S(BPF_LDX | BPF_MEM, 16), RET_A);
	FAILS("store outside of memory", S(BPF_ST, 16), RET_A);
	FAILS("store outside of memory", S(BPF_STX, 0xffffffff), RET_A);
}

ATF_TC_WITHOUT_HEAD(jumps_behind_the_end_are_errors);
ATF_TC_BODY(jumps_behind_the_end_are_errors, tc)
{
	FAILS("jump behind the end", J(BPF_JA, 1, 0, 0), RET(0));
	FAILS("jump behind the end", J(BPF_JA, 0xffffffff, 0, 0), RET(0));
	FAILS("jump behind the end", J(BPF_JEQ | BPF_K, 0, 1, 0), RET(0));
	FAILS("jump behind the end", J(BPF_JEQ | BPF_K, 1, 0, 255), RET(0));
	FAILS("end without return", IMM(1));
}

ATF_TC_WITHOUT_HEAD(impossible_arithmetic_is_an_error);
ATF_TC_BODY(impossible_arithmetic_is_an_error, tc)
{
	FAILS("division by zero", S(BPF_ALU | BPF_DIV | BPF_K, 0), RET_A);
	FAILS("division by zero", S(BPF_ALU | BPF_DIV | BPF_X, 0), RET_A);
	FAILS("shift by more than there is",
	    S(BPF_ALU | BPF_LSH | BPF_K, 32), RET_A);
	FAILS("shift by more than there is",
	    S(BPF_ALU | BPF_RSH | BPF_K, 32), RET_A);
}

ATF_TC_WITHOUT_HEAD(instructions_of_packet_filters_only_are_errors);
ATF_TC_BODY(instructions_of_packet_filters_only_are_errors, tc)
{
	FAILS("unknown load", S(BPF_LD | BPF_H | BPF_ABS, 0), RET_A);
	FAILS("unknown load", S(BPF_LD | BPF_B | BPF_ABS, 0), RET_A);
	FAILS("unknown load", S(BPF_LD | BPF_W | BPF_IND, 0), RET_A);
	FAILS("unknown load", S(BPF_LDX | BPF_B | BPF_MSH, 0), RET_A);
	FAILS("unknown operation", S(BPF_ALU | BPF_MOD | BPF_K, 1), RET_A);
	FAILS("unknown operation", S(BPF_ALU | BPF_NEG | BPF_X, 1), RET_A);
	FAILS("unknown operation", S(0x100 | BPF_ALU, 1), RET_A);
	FAILS("unknown jump", J(0x50, 0, 0, 0), RET_A);
	FAILS("unknown jump", J(BPF_JA | BPF_X, 0, 0, 0), RET_A);
	FAILS("unknown store", S(BPF_ST | BPF_H, 0), RET_A);
	FAILS("unknown move", S(BPF_MISC | 0x40, 0), RET_A);
	FAILS("unknown return", S(BPF_RET | BPF_X, 0));
}

ATF_TC_WITHOUT_HEAD(program_has_a_length_that_the_kernel_takes);
ATF_TC_BODY(program_has_a_length_that_the_kernel_takes, tc)
{
	static struct bpf_program	 p;
	uint32_t			 got;
	const char			*error;

	p.n = 0;
	ATF_CHECK_EQ(-1, bpf_run(&p, &call, &got, &error));
	p.n = BPF_MAXINSNS + 1;
	ATF_CHECK_EQ(-1, bpf_run(&p, &call, &got, &error));
}

ATF_TC_WITHOUT_HEAD(strictest_of_several_filters_counts);
ATF_TC_BODY(strictest_of_several_filters_counts, tc)
{
	static const uint32_t		 order[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO | 1,
		SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, SECCOMP_RET_LOG,
		SECCOMP_RET_ALLOW
	};
	static struct bpf_program	 p[2];
	uint32_t			 got;
	const char			*error;
	size_t				 i, j;

	p[0].n = p[1].n = 1;
	for (i = 0; i < nitems(order); i++)
		for (j = 0; j < nitems(order); j++) {
			p[0].insn[0] = (struct sock_filter)RET(order[i]);
			p[1].insn[0] = (struct sock_filter)RET(order[j]);
			ATF_REQUIRE_EQ(0, bpf_run_all(p, 2, &call, &got,
			    &error));
			ATF_CHECK_EQ(order[i < j ? i : j], got);
		}
	ATF_REQUIRE_EQ(0, bpf_run_all(p, 0, &call, &got, &error));
	ATF_CHECK_EQ(SECCOMP_RET_ALLOW, got);
}

/* Says by errno what it computes of its first argument. */
static const struct sock_filter	puzzle[] = {
	ABS(0), J(BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
	RET(SECCOMP_RET_ALLOW),
	ABS(ARG(0)), S(BPF_ST, 3),
	S(BPF_ALU | BPF_MUL | BPF_K, 40503), S(BPF_MISC | BPF_TAX, 0),
	S(BPF_LD | BPF_MEM, 3), S(BPF_ALU | BPF_RSH | BPF_K, 3),
	S(BPF_ALU | BPF_XOR | BPF_X, 0), S(BPF_ALU | BPF_OR | BPF_K, 1),
	S(BPF_MISC | BPF_TAX, 0), IMM(0xfffffff0),
	S(BPF_ALU | BPF_DIV | BPF_X, 0), S(BPF_ALU | BPF_LSH | BPF_X, 0),
	J(BPF_JSET | BPF_K, 2, 1, 0), S(BPF_ALU | BPF_NEG, 0),
	S(BPF_ALU | BPF_AND | BPF_K, 0x7ff),
	S(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO | 1), RET_A
};

/* In a child: errno of the call must be what we compute. */
static int
compare_with_kernel(void)
{
	static struct bpf_program	 p;
	struct sock_fprog		 prog = {
		nitems(puzzle), (struct sock_filter *)(uintptr_t)puzzle
	};
	struct seccomp_data		 data = { .nr = SYS_getppid };
	uint32_t			 i, got;
	const char			*error;

	memcpy(p.insn, puzzle, sizeof(puzzle));
	p.n = nitems(puzzle);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == -1)
		return (2);
	for (i = 0; i < 10000; i++) {
		data.args[0] = i * 2654435761U;
		errno = 0;
		if (syscall(SYS_getppid, (long)data.args[0]) != -1 ||
		    bpf_run(&p, &data, &got, &error) == -1 ||
		    got != (SECCOMP_RET_ERRNO | (uint32_t)errno))
			return (1);
	}
	return (0);
}

ATF_TC_WITHOUT_HEAD(kernel_computes_the_same);
ATF_TC_BODY(kernel_computes_the_same, tc)
{
	pid_t	 pid;
	int	 status;

	if ((pid = fork()) == 0)
		_exit(compare_with_kernel());
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK_EQ(0, status);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, loads_give_what_the_kernel_shows);
	ATF_TP_ADD_TC(tp, memory_keeps_what_is_stored);
	ATF_TP_ADD_TC(tp, arithmetic_is_of_32_bits);
	ATF_TP_ADD_TC(tp, jumps_go_where_they_say);
	ATF_TP_ADD_TC(tp, loads_from_outside_are_errors);
	ATF_TP_ADD_TC(tp, jumps_behind_the_end_are_errors);
	ATF_TP_ADD_TC(tp, impossible_arithmetic_is_an_error);
	ATF_TP_ADD_TC(tp, instructions_of_packet_filters_only_are_errors);
	ATF_TP_ADD_TC(tp, program_has_a_length_that_the_kernel_takes);
	ATF_TP_ADD_TC(tp, strictest_of_several_filters_counts);
	ATF_TP_ADD_TC(tp, kernel_computes_the_same);

	return (atf_no_error());
}
