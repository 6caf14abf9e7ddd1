/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* OpenBSD's bpf(4).  It says in which direction each frame went. */

#include <sys/types.h>
#include <sys/time.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/bpf.h>

#include <string.h>

#include "capture_bpf.h"

const size_t	bpf_os_header = offsetof(struct bpf_hdr, bh_flags) + 1;
const size_t	bpf_os_alignment = BPF_ALIGNMENT;
const uint64_t	bpf_os_counter_max = UINT32_MAX;

/* The seconds have 32 bits, without a sign: until 2106. */
void
bpf_os_record(const uint8_t *p, struct bpf_record *r)
{
	struct bpf_hdr	h;

	memcpy(&h, p, bpf_os_header);
	r->time_us = (uint64_t)h.bh_tstamp.tv_sec * 1000000 +
	    h.bh_tstamp.tv_usec;
	r->caplen = h.bh_caplen;
	r->wirelen = h.bh_datalen;
	r->hdrlen = h.bh_hdrlen;
	r->outgoing = (h.bh_flags & BPF_F_DIR_OUT) != 0;
}

/* What it received is before any filter. */
int
bpf_os_counters(int fd, struct capture_kernel *now)
{
	struct bpf_stat	stat;

	if (ioctl(fd, BIOCGSTATS, &stat) == -1)
		return (-1);
	now->received = stat.bs_recv;
	now->dropped = stat.bs_drop;
	return (0);
}

/* From the first frame in the buffer on; a read timeout would not do that. */
int
bpf_os_wait(int fd, unsigned int ms)
{
	struct timeval	tv = { .tv_usec = (suseconds_t)ms * 1000 };

	return (ioctl(fd, BIOCSWTIMEOUT, &tv));
}

/* What is set is filtered out. */
int
bpf_os_incoming(int fd)
{
	u_int	direction = BPF_DIRECTION_OUT;

	return (ioctl(fd, BIOCSDIRFILT, &direction));
}
