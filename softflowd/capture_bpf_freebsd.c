/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD's bpf(4). */

#include <sys/types.h>
#include <sys/time.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/bpf.h>

#include <string.h>

#include "capture_bpf.h"

const size_t	bpf_os_header = offsetof(struct bpf_hdr, bh_hdrlen) +
		    sizeof(u_short);
const size_t	bpf_os_alignment = BPF_ALIGNMENT;
const uint64_t	bpf_os_counter_max = UINT32_MAX;

/* i386 has 32 bits of seconds: until 2106, taken without a sign. */
void
bpf_os_record(const uint8_t *p, struct bpf_record *r)
{
	struct bpf_hdr	h;

	memcpy(&h, p, bpf_os_header);
	r->time_us = (uint64_t)h.bh_tstamp.tv_sec;
	if (sizeof(h.bh_tstamp.tv_sec) == 4)
		r->time_us &= UINT32_MAX;
	r->time_us = r->time_us * 1000000 + (uint64_t)h.bh_tstamp.tv_usec;
	r->caplen = h.bh_caplen;
	r->wirelen = h.bh_datalen;
	r->hdrlen = h.bh_hdrlen;
	r->outgoing = 0;
}

/* What it received is before the filter. */
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

/* poll(2) starts this time, and what it ends with is readable. */
int
bpf_os_wait(int fd, unsigned int ms)
{
	struct timeval	tv = { .tv_usec = (suseconds_t)ms * 1000 };

	return (ioctl(fd, BIOCSRTIMEOUT, &tv));
}

int
bpf_os_incoming(int fd)
{
	u_int	direction = BPF_D_IN;

	return (ioctl(fd, BIOCSDIRECTION, &direction));
}
