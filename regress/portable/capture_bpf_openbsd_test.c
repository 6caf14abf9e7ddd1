/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Live capture by OpenBSD's bpf(4). */

#include "bpf_headers.h"

#define SYSTEM_HEADER		30U	/* in front of Ethernet, 64 bits */
#define SYSTEM_MIN		23U
#define SYSTEM_WAIT_CALL	"BIOCSWTIMEOUT"
#define SYSTEM_WAIT		"BIOCSWTIMEOUT(0.050000)\n"
#define SYSTEM_INCOMING_CALL	"BIOCSDIRFILT"
#define SYSTEM_INCOMING		"BIOCSDIRFILT(2)\n"
#define SYSTEM_RECEIVED		bs_recv
#define SYSTEM_COUNTER_MAX	UINT32_MAX

#include "bpf_fake.h"
#include "capture_bpf_openbsd.c"
#include "capture_bpf_open.c"
#include "capture_bpf.c"
#include "bpf_open_cases.h"
#include "bpf_read_cases.h"

static int
ioctl_system(unsigned long request, void *arg)
{
	switch (request) {
	case BIOCSWTIMEOUT:
		return (ioctl_time("BIOCSWTIMEOUT", arg));
	case BIOCSDIRFILT:
		return (ioctl_number("BIOCSDIRFILT", arg));
	default:
		atf_tc_fail("request %#lx", request);
	}
}

ATF_TC_WITHOUT_HEAD(each_frame_says_where_it_went);
ATF_TC_BODY(each_frame_says_where_it_went, tc)
{
	struct bpf_hdr	hdr = header(1);

	begin_reading();
	hdr.bh_flags = BPF_F_DIR_OUT;
	add_header(hdr);
	hdr.bh_flags = BPF_F_DIR_IN;
	add_header(hdr);
	ATF_REQUIRE_EQ(2, read_some(9));
	ATF_CHECK_EQ(1, seen[0].outgoing);
	ATF_CHECK_EQ(0, seen[1].outgoing);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_frame_says_where_it_went);
	add_open_cases(tp);
	return (add_read_cases(tp));
}
