/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* NetBSD's, as far as we use it. */

#ifndef _NET_BPF_H_
#define _NET_BPF_H_

#include <sys/time.h>

#include "../../bpf_program.h"

#define BPF_ALIGNMENT		sizeof(long)

#define BIOCGETIF		0x4090426bUL
#define BIOCSETIF		0x8090426cUL
#define BIOCGSTATS		0x4080426fUL
#define BIOCSDLT		0x80044276UL
#define BIOCGDLTLIST		0xc0104277UL
#define BIOCSDIRECTION		0x80044279UL
#define BIOCSRTIMEOUT		0x8010427aUL
#define BIOCLOCK		0x2000427eUL

#define BPF_D_IN		0
#define BPF_D_INOUT		1

struct bpf_stat {
	uint64_t	bs_recv, bs_drop, bs_capt, bs_padding[13];
};

struct bpf_timeval {
	long	tv_sec, tv_usec;
};

struct bpf_hdr {
	struct bpf_timeval	bh_tstamp;
	uint32_t		bh_caplen, bh_datalen;
	uint16_t		bh_hdrlen;
};

#endif
