/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The kernel's system-call filters (classic BPF over struct seccomp_data),
 * evaluated: what would happen to a call.
 */

#ifndef BPF_EVAL_H
#define BPF_EVAL_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <stddef.h>
#include <stdint.h>

/*
 * SECCOMP_RET_* with data, as the program returns it; SECCOMP_RET_KILL_PROCESS
 * with data 0xffff, which no filter of ours returns, for a program that is
 * none of seccomp(2)'s.
 */
#define BPF_EVAL_BAD	(SECCOMP_RET_KILL_PROCESS | 0xffff)
uint32_t	bpf_eval(const struct sock_filter *, size_t,
		    const struct seccomp_data *);

#endif
