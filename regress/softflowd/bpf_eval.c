/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A filter's verdict on a call; see bpf_eval.h. */

#include <string.h>

#include "bpf_eval.h"

static int
alu(uint16_t op, uint32_t operand, uint32_t *acc)
{
	switch (op) {
	case BPF_ADD:
		*acc += operand;
		return (0);
	case BPF_SUB:
		*acc -= operand;
		return (0);
	case BPF_AND:
		*acc &= operand;
		return (0);
	case BPF_OR:
		*acc |= operand;
		return (0);
	case BPF_XOR:
		*acc ^= operand;
		return (0);
	default:
		return (-1);
	}
}

/* How far to jump behind the next instruction; -1: not a jump. */
static int64_t
jump(const struct sock_filter *f, uint32_t operand, uint32_t acc)
{
	switch (BPF_OP(f->code)) {
	case BPF_JA:
		return (f->k);
	case BPF_JEQ:
		return (acc == operand ? f->jt : f->jf);
	case BPF_JGT:
		return (acc > operand ? f->jt : f->jf);
	case BPF_JGE:
		return (acc >= operand ? f->jt : f->jf);
	case BPF_JSET:
		return ((acc & operand) != 0 ? f->jt : f->jf);
	default:
		return (-1);
	}
}

uint32_t
bpf_eval(const struct sock_filter *f, size_t n,
    const struct seccomp_data *call)
{
	uint32_t	acc = 0, x = 0, mem[BPF_MEMWORDS] = { 0 }, operand;
	int64_t		to;
	size_t		i;

	/* It only ever goes forward. */
	for (i = 0; i < n; i++) {
		operand = BPF_SRC(f[i].code) == BPF_X ? x : f[i].k;
		switch (BPF_CLASS(f[i].code)) {
		case BPF_RET:
			return (BPF_RVAL(f[i].code) == BPF_A ? acc : f[i].k);
		case BPF_LD:
			if (BPF_MODE(f[i].code) == BPF_IMM)
				acc = f[i].k;
			else if (BPF_MODE(f[i].code) == BPF_MEM)
				acc = mem[f[i].k % BPF_MEMWORDS];
			else if (BPF_MODE(f[i].code) == BPF_ABS &&
			    f[i].k <= sizeof(*call) - sizeof(acc))
				memcpy(&acc, (const char *)call + f[i].k,
				    sizeof(acc));
			else
				return (BPF_EVAL_BAD);
			break;
		case BPF_LDX:
			x = BPF_MODE(f[i].code) == BPF_MEM ?
			    mem[f[i].k % BPF_MEMWORDS] : f[i].k;
			break;
		case BPF_ST:
			mem[f[i].k % BPF_MEMWORDS] = acc;
			break;
		case BPF_ALU:
			if (alu(BPF_OP(f[i].code), operand, &acc) == -1)
				return (BPF_EVAL_BAD);
			break;
		case BPF_JMP:
			if ((to = jump(&f[i], operand, acc)) == -1)
				return (BPF_EVAL_BAD);
			i += (size_t)to;
			break;
		default:
			return (BPF_EVAL_BAD);
		}
	}
	return (BPF_EVAL_BAD);
}
