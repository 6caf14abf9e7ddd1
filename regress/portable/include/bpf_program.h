/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Of net/bpf.h what is the same on all systems.  The names are libpcap's. */

#ifndef BPF_PROGRAM_H
#define BPF_PROGRAM_H

#include <sys/types.h>

#include <stdint.h>

#include <pcap/dlt.h>

typedef int32_t		bpf_int32;
typedef uint32_t	bpf_u_int32;

#define BPF_MAJOR_VERSION	1
#define BPF_MINOR_VERSION	1
#define BPF_RET			0x06
#define BPF_K			0x00

struct bpf_insn {
	u_short		code;
	u_char		jt, jf;
	bpf_u_int32	k;
};

struct bpf_program {
	u_int		 bf_len;
	struct bpf_insn	*bf_insns;
};

struct bpf_version {
	u_short	bv_major, bv_minor;
};

struct bpf_dltlist {
	u_int	 bfl_len;
	u_int	*bfl_list;
};

/* As a system with 64 bits encodes them. */
#define BIOCSBLEN	0xc0044266UL
#define BIOCSETF	0x80104267UL
#define BIOCPROMISC	0x20004269UL
#define BIOCGDLT	0x4004426aUL
#define BIOCVERSION	0x40044271UL

#define BPF_WORDALIGN(x)	\
	(((x) + (BPF_ALIGNMENT - 1)) & ~(BPF_ALIGNMENT - 1))

#endif
