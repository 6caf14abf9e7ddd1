/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Classic BPF over struct seccomp_data; see bpf.h. */

#include <string.h>

#include "bpf.h"

/* No jump goes back, so every program ends. */
struct machine {
	uint32_t	 a, x, mem[BPF_MEMWORDS];
	size_t		 pc;		/* of the next instruction */
	const char	*error;
};

static int
fail(struct machine *m, const char *error)
{
	m->error = error;
	return (-1);
}

static int
load(struct machine *m, const struct sock_filter *insn,
    const struct seccomp_data *data)
{
	uint32_t	*to = &m->a;

	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (insn->k % 4 != 0 || insn->k >= sizeof(*data))
			return (fail(m, "load from outside"));
		memcpy(&m->a, (const char *)data + insn->k, sizeof(m->a));
		return (0);
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_MEM:
		to = &m->x;
		break;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LD | BPF_MEM:
		break;
	default:
		return (fail(m, "unknown load"));
	}
	if (BPF_MODE(insn->code) == BPF_LEN)
		*to = sizeof(*data);
	else if (BPF_MODE(insn->code) == BPF_IMM)
		*to = insn->k;
	else if (insn->k < BPF_MEMWORDS)
		*to = m->mem[insn->k];
	else
		return (fail(m, "load from outside of memory"));
	return (0);
}

static int
store(struct machine *m, const struct sock_filter *insn)
{
	if (insn->code != BPF_ST && insn->code != BPF_STX)
		return (fail(m, "unknown store"));
	if (insn->k >= BPF_MEMWORDS)
		return (fail(m, "store outside of memory"));
	m->mem[insn->k] = insn->code == BPF_ST ? m->a : m->x;
	return (0);
}

static int
compute(struct machine *m, const struct sock_filter *insn)
{
	uint32_t	by = BPF_SRC(insn->code) == BPF_X ? m->x : insn->k;

	if (insn->code & ~(0x07 | 0xf0 | BPF_X))
		return (fail(m, "unknown operation"));
	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		m->a += by;
		return (0);
	case BPF_SUB:
		m->a -= by;
		return (0);
	case BPF_MUL:
		m->a *= by;
		return (0);
	case BPF_DIV:
		if (by == 0)
			return (fail(m, "division by zero"));
		m->a /= by;
		return (0);
	case BPF_AND:
		m->a &= by;
		return (0);
	case BPF_OR:
		m->a |= by;
		return (0);
	case BPF_XOR:
		m->a ^= by;
		return (0);
	case BPF_LSH:
	case BPF_RSH:
		/* By X the kernel takes the low five bits. */
		if (BPF_SRC(insn->code) == BPF_K && by > 31)
			return (fail(m, "shift by more than there is"));
		by &= 31;
		m->a = BPF_OP(insn->code) == BPF_LSH ? m->a << by : m->a >> by;
		return (0);
	case BPF_NEG:
		if (BPF_SRC(insn->code) == BPF_X)
			break;
		m->a = -m->a;
		return (0);
	}
	return (fail(m, "unknown operation"));
}

static int
jump(struct machine *m, const struct sock_filter *insn, size_t n)
{
	uint32_t	with = BPF_SRC(insn->code) == BPF_X ? m->x : insn->k;
	size_t		left = n - m->pc;
	size_t		by;
	int		yes;

	if (insn->code & ~(0x07 | 0xf0 | BPF_X))
		return (fail(m, "unknown jump"));
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		if (BPF_SRC(insn->code) == BPF_X)
			return (fail(m, "unknown jump"));
		if (insn->k >= left)
			return (fail(m, "jump behind the end"));
		m->pc += insn->k;
		return (0);
	case BPF_JEQ:
		yes = m->a == with;
		break;
	case BPF_JGT:
		yes = m->a > with;
		break;
	case BPF_JGE:
		yes = m->a >= with;
		break;
	case BPF_JSET:
		yes = (m->a & with) != 0;
		break;
	default:
		return (fail(m, "unknown jump"));
	}
	by = yes ? insn->jt : insn->jf;
	if (by >= left)
		return (fail(m, "jump behind the end"));
	m->pc += by;
	return (0);
}

static int
step(struct machine *m, const struct sock_filter *insn, size_t n,
    const struct seccomp_data *data)
{
	insn += m->pc++;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		return (load(m, insn, data));
	case BPF_ST:
	case BPF_STX:
		return (store(m, insn));
	case BPF_ALU:
		return (compute(m, insn));
	case BPF_JMP:
		return (jump(m, insn, n));
	case BPF_MISC:
		if (insn->code == (BPF_MISC | BPF_TAX))
			m->x = m->a;
		else if (insn->code == (BPF_MISC | BPF_TXA))
			m->a = m->x;
		else
			return (fail(m, "unknown move"));
		return (0);
	}
	return (fail(m, "unknown return"));
}

static int
run(const struct sock_filter *insn, size_t n, const struct seccomp_data *data,
    uint32_t *result, const char **error)
{
	struct machine	 m = { 0 };
	uint16_t	 code;

	if (n == 0 || n > BPF_MAXINSNS) {
		*error = "no program of a length that the kernel takes";
		return (-1);
	}
	while (m.pc < n) {
		code = insn[m.pc].code;
		if (code == (BPF_RET | BPF_K) || code == (BPF_RET | BPF_A)) {
			*result = code == (BPF_RET | BPF_K) ?
			    insn[m.pc].k : m.a;
			return (0);
		}
		if (step(&m, insn, n, data) == -1) {
			*error = m.error;
			return (-1);
		}
	}
	*error = "end without return";
	return (-1);
}

int
bpf_run(const struct bpf_program *p, const struct seccomp_data *data,
    uint32_t *result, const char **error)
{
	return (run(p->insn, p->n, data, result, error));
}

uint32_t
bpf_verdict(const struct sock_filter *insn, size_t n,
    const struct seccomp_data *data)
{
	const char	*error;
	uint32_t	 result;

	return (run(insn, n, data, &result, &error) == -1 ? BPF_BAD : result);
}

int
bpf_run_all(const struct bpf_program *p, size_t nprograms,
    const struct seccomp_data *data, uint32_t *result, const char **error)
{
	uint32_t	one;

	*result = SECCOMP_RET_ALLOW;
	for (; nprograms > 0; nprograms--, p++) {
		if (bpf_run(p, data, &one, error) == -1)
			return (-1);
		/* The kernel's order: as signed numbers, the lower one. */
		if ((int32_t)(one & SECCOMP_RET_ACTION_FULL) <
		    (int32_t)(*result & SECCOMP_RET_ACTION_FULL))
			*result = one;
	}
	return (0);
}
