/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * System-call filters as the kernel runs them: classic BPF over struct
 * seccomp_data, no more instructions than seccomp takes (Linux,
 * kernel/seccomp.c, seccomp_check_filter()).
 */

#ifndef BPF_H
#define BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <stddef.h>
#include <stdint.h>

struct bpf_program {
	struct sock_filter	insn[BPF_MAXINSNS];
	size_t			n;
};

/*
 * Run one on a call: 0, and what it returns, action and data.  -1 with what is
 * wrong in *error: an instruction that seccomp does not take, a load from
 * outside, a jump behind the end, a division by zero, an end without return.
 */
int	bpf_run(const struct bpf_program *, const struct seccomp_data *,
	    uint32_t *result, const char **error);

/*
 * The same of instructions that stand elsewhere; BPF_BAD, which no filter of
 * ours returns, where that gives -1.
 */
#define BPF_BAD	(SECCOMP_RET_KILL_PROCESS | 0xffff)
uint32_t bpf_verdict(const struct sock_filter *, size_t,
	    const struct seccomp_data *);

/*
 * Run all: as the kernel does, what the strictest of them says.  None allows.
 */
int	bpf_run_all(const struct bpf_program *, size_t nprograms,
	    const struct seccomp_data *, uint32_t *result,
	    const char **error);

#endif
