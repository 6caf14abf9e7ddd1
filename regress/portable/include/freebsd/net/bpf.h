/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD's, as far as we use it. */

#ifndef _NET_BPF_H_
#define _NET_BPF_H_

#include <sys/time.h>

#include "../../bpf_program.h"

#define BPF_ALIGNMENT		sizeof(long)

#define BIOCGETIF		0x4020426bUL
#define BIOCSETIF		0x8020426cUL
#define BIOCSRTIMEOUT		0x8010426dUL
#define BIOCGSTATS		0x4008426fUL
#define BIOCSDIRECTION		0x80044277UL
#define BIOCSDLT		0x80044278UL
#define BIOCGDLTLIST		0xc0104279UL
#define BIOCLOCK		0x2000427aUL

enum bpf_direction {
	BPF_D_IN,
	BPF_D_INOUT,
	BPF_D_OUT
};

struct bpf_stat {
	u_int	bs_recv, bs_drop;
};

struct bpf_hdr {
	struct timeval	bh_tstamp;
	bpf_u_int32	bh_caplen, bh_datalen;
	u_short		bh_hdrlen;
};

#endif
