/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Destinations, datagrams, sequence numbers, templates and what could not be
 * sent.  Sends on descriptors it is given; opens nothing, logs nothing and
 * reads no clock.
 */

#ifndef EXPORT_H
#define EXPORT_H

#include <sys/types.h>

#include <stdint.h>

#include "track.h"

struct export;

struct export_config {
	uint16_t	version;	/* 5, 9 or 10 */
	uint32_t	source_id;	/* v9 source, IPFIX domain, v5 engine */
	uint32_t	sampling;	/* 1 in N; 1: every packet */
	uint32_t	template_seconds;	/* refresh templates after, */
	uint32_t	template_datagrams;	/* or after this many */
};

/*
 * The instant of the next datagrams' headers.  uptime_ms is monotonic since
 * boot; unix_us belongs to the same instant.  Both go forward only; export
 * keeps the header's export time from stepping back within a session.
 */
struct export_clock {
	uint64_t	unix_us;
	uint64_t	uptime_ms;
};

/* send(2) or a test's recorder. */
typedef ssize_t export_send_fn(int fd, const void *, size_t);

/* NULL with errno EINVAL (version; v5: sampling above 16383) or ENOMEM. */
struct export *export_new(const struct export_config *, export_send_fn *);
void	export_free(struct export *);

/*
 * Add a collector.  fd: connected socket, export's to close; sequence: first
 * sequence number; payload_max: octets of a datagram that its route carries,
 * less than 512 (RFC 7011 section 10.3.3) counts as 512.
 * -1 with errno ENOSPC.  Slots count from 0 in the order of the calls.
 */
int	export_add(struct export *, int fd, uint32_t sequence,
	    uint16_t payload_max);

void	export_set_clock(struct export *, const struct export_clock *);

/*
 * Append the flow's records, one for each direction that has packets, to the
 * datagram in hand, and send that when it is full.  Results are counted:
 * in c, flows_exported, packets_exported, octets_exported,
 * flows_not_exportable, flows_no_collector, flows_unsent and their packets.
 * Those in the datagram in hand are in none of these until it is sent.
 */
void	export_flow(struct export *, const struct flow *, enum expire_reason,
	    struct counters *c);

/* Send what is in hand. */
void	export_flush(struct export *, struct counters *c);

/* Send templates now if their time has come (also when no flow expires). */
void	export_tick(struct export *, struct counters *c);

/* Templates go out with the next datagram. */
void	export_templates(struct export *);

unsigned int export_count(const struct export *);
const struct export_counters *export_counters(const struct export *,
	    unsigned int slot);
uint32_t export_sequence(const struct export *, unsigned int slot);

#endif
