/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Where the systems' bpf(4) differ, in capture_bpf_SYSTEM.c; included by the
 * files of live capture on the BSDs only.
 */

#ifndef CAPTURE_BPF_H
#define CAPTURE_BPF_H

#include <stddef.h>
#include <stdint.h>

#include "capture.h"

/* Octets of a buffer; a larger one than the kernel gives without a sysctl. */
#define BPF_LENGTH_MIN	4096U
#define BPF_LENGTH_MAX	(16U << 20)
#define BPF_WAIT_MS	50	/* a quiet link waits, twice if it is unlucky */

/* What stands before a frame in the buffer. */
struct bpf_record {
	uint64_t	time_us;	/* since the epoch */
	uint32_t	caplen, wirelen;
	uint32_t	hdrlen;		/* from its first octet to the frame */
	int		outgoing;	/* 0 where the system does not say */
};

/*
 * WORKER.  So many octets are looked at, wherever they stand; each record
 * begins at a multiple of the alignment, a power of two, behind the first.
 */
extern const size_t	bpf_os_header, bpf_os_alignment;
void	bpf_os_record(const uint8_t *, struct bpf_record *);

/* What was counted since it was opened, up to this and then from 0; or -1. */
extern const uint64_t	bpf_os_counter_max;
int	bpf_os_counters(int fd, struct capture_kernel *);

/*
 * PARENT.  Of a descriptor that is not bound yet: poll(2) finds it readable
 * when a frame has waited so long, or a buffer is full; and frames that this
 * host sends are not seen.  -1 with errno.
 */
int	bpf_os_wait(int fd, unsigned int ms);
int	bpf_os_incoming(int fd);

#endif
