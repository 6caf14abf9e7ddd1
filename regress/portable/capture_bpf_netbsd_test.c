/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Live capture by NetBSD's bpf(4). */

#include "bpf_headers.h"

#define SYSTEM_HEADER		34U	/* in front of Ethernet, 64 bits */
#define SYSTEM_MIN		26U
#define SYSTEM_WAIT_CALL	"BIOCSRTIMEOUT"
#define SYSTEM_WAIT		"BIOCSRTIMEOUT(0.050000)\n"
#define SYSTEM_INCOMING_CALL	"BIOCSDIRECTION"
#define SYSTEM_INCOMING		"BIOCSDIRECTION(0)\n"
#define SYSTEM_RECEIVED		bs_capt
#define SYSTEM_COUNTER_MAX	UINT64_MAX

#include "bpf_fake.h"
#include "capture_bpf_netbsd.c"
#include "capture_bpf_open.c"
#include "capture_bpf.c"
#include "bpf_open_cases.h"
#include "bpf_read_cases.h"

static int
ioctl_system(unsigned long request, void *arg)
{
	switch (request) {
	case BIOCSRTIMEOUT:
		return (ioctl_time("BIOCSRTIMEOUT", arg));
	case BIOCSDIRECTION:
		return (ioctl_number("BIOCSDIRECTION", arg));
	default:
		atf_tc_fail("request %#lx", request);
	}
}

ATF_TP_ADD_TCS(tp)
{
	add_open_cases(tp);
	return (add_read_cases(tp));
}
