/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Whether a filter program can be run: not each libpcap says so, and one that
 * meets what it does not know ends the process.
 */

#include <sys/types.h>

#include <pcap.h>

#include "capture_reader.h"

#ifndef BPF_MOD			/* OpenBSD's compiler has no use for these */
#define BPF_MOD	0x90
#define BPF_XOR	0xa0
#endif

static int
valid_load(const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
	case BPF_ABS:		/* inside the frame is seen when it runs */
	case BPF_IND:
	case BPF_LEN:
	case BPF_MSH:
		return (1);
	case BPF_MEM:
		return (insn->k < BPF_MEMWORDS);
	default:
		return (0);
	}
}

static int
valid_alu(const struct bpf_insn *insn)
{
	if (BPF_OP(insn->code) == BPF_DIV || BPF_OP(insn->code) == BPF_MOD)
		return (BPF_SRC(insn->code) != BPF_K || insn->k != 0);
	return (BPF_OP(insn->code) <= BPF_XOR);
}

/* Forward, to one of the left that stand behind it. */
static int
valid_jump(const struct bpf_insn *insn, uint32_t left)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		return (insn->k < left);
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
		return (insn->jt < left && insn->jf < left);
	default:
		return (0);
	}
}

int
capture_valid(const struct bpf_insn *insns, uint32_t n)
{
	const struct bpf_insn	*insn;
	uint32_t		 left;
	int			 ok = n > 0;

	for (insn = insns, left = n; ok && left-- > 0; insn++)
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
		case BPF_LDX:
			ok = valid_load(insn);
			break;
		case BPF_ST:
		case BPF_STX:
			ok = insn->k < BPF_MEMWORDS;
			break;
		case BPF_ALU:
			ok = valid_alu(insn);
			break;
		case BPF_JMP:
			ok = valid_jump(insn, left);
			break;
		}
	return (ok && BPF_CLASS(insns[n - 1].code) == BPF_RET);
}
