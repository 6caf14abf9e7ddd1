/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Filter expressions of live captures; what they are compiled on is the
 * system's matter.
 */

#ifndef CAPTURE_COMPILE_H
#define CAPTURE_COMPILE_H

#include <stddef.h>

#include <pcap.h>

struct capture_params;

/*
 * Compile params' expression for a device, in a child.  *dlt is its link type
 * (DLT_): the caller's to say, or found out, as the system's file has it.  The
 * program is the caller's, for pcap_freecode(3).  -1 with a line in error.
 */
int	capture_compile(const struct capture_params *, const char *device,
	    struct bpf_program *, int *dlt, char *error, size_t errorlen);

/*
 * In the child, capture_packet_compile.c or capture_bpf_compile.c: a handle to
 * compile on, NULL with a line in error; and what the program needs to fit the
 * device, -1 if it looks at what is not there.
 */
pcap_t	*compile_handle(const struct capture_params *, const char *device,
	    int *dlt, char *error, size_t errorlen);
int	 compile_fit(struct bpf_program *, int dlt);

#endif
