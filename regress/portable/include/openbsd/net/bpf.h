/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* OpenBSD's, as far as we use it. */

#ifndef _NET_BPF_H_
#define _NET_BPF_H_

#include "../../bpf_program.h"

#define BPF_ALIGNMENT		sizeof(uint32_t)

#define BIOCGETIF		0x4020426bUL
#define BIOCSETIF		0x8020426cUL
#define BIOCGSTATS		0x4008426fUL
#define BIOCLOCK		0x20004276UL
#define BIOCSDLT		0x8004427aUL
#define BIOCGDLTLIST		0xc010427bUL
#define BIOCSDIRFILT		0x8004427dUL
#define BIOCSWTIMEOUT		0x8010427eUL

#define BPF_DIRECTION_IN	1
#define BPF_DIRECTION_OUT	2
#define BPF_F_DIR_IN		0x10
#define BPF_F_DIR_OUT		0x20

struct bpf_stat {
	u_int	bs_recv, bs_drop;
};

struct bpf_timeval {
	uint32_t	tv_sec, tv_usec;
};

struct bpf_hdr {
	struct bpf_timeval	bh_tstamp;
	uint32_t		bh_caplen, bh_datalen;
	uint16_t		bh_hdrlen;
	uint16_t		bh_ifidx, bh_flowid;
	uint8_t			bh_flags, bh_drops;
	uint16_t		bh_csumflags;
};

#endif
