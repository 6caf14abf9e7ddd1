/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Live capture by bpf(4): what an expression is compiled on.  The link type is
 * all that a program depends on: tags of VLANs are in the frame when the kernel
 * asks it.
 */

#include <stdio.h>

#include "capture.h"
#include "capture_compile.h"
#include "compat.h"

pcap_t *
compile_handle(const struct capture_params *params, const char *device,
    int *dlt, char *error, size_t errorlen)
{
	pcap_t	*handle;

	handle = pcap_open_dead(*dlt, (int)params->snaplen);
	if (handle == NULL)
		snprintf(error, errorlen, "%s: out of memory", device);
	return (handle);
}

int
compile_fit(struct bpf_program *program, int dlt)
{
	(void)program;
	(void)dlt;
	return (0);
}
