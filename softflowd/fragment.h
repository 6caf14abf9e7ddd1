/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What first fragments said about their ports, for the fragments that come
 * later.  Memory is fixed at start; a flood of new datagrams makes it forget
 * the oldest ones, never grow.  Private to the worker and lost with it: the
 * later fragments of datagrams under way then have no ports.
 */

#ifndef FRAGMENT_H
#define FRAGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define FRAGMENT_US	120000000	/* RFC 1122 section 3.3.2 */

struct fragment_table;

/*
 * For that many datagrams or, rounded up to the next power of two, a few
 * more, at least 4; 56 octets each.  secret keys the hash.  NULL with errno
 * ENOMEM or, for 0 or more than LIMIT_FRAGMENTS, EINVAL.
 */
struct fragment_table *fragment_new(uint32_t entries,
    const uint8_t secret[16]);
void	fragment_free(struct fragment_table *);

/* Octets of its memory, the entries that are in use and those there are. */
size_t	fragment_size(const struct fragment_table *, uint32_t *entries,
    uint32_t *max);

/*
 * A first or later fragment, as packet_decode() gives it.  A first one is
 * remembered for 120 seconds of packet time, in the place of an older one
 * with the same source, destination, identification and, in IPv4, protocol
 * (RFC 791 section 2.3, RFC 8200 section 4.5).  A later one gets protocol
 * and ports of its first and PACKET_JOINED; without a first it stays as it
 * is.
 *
 * Ports are never taken from anywhere but offset 0: a fragment at offset 1
 * that would overwrite a header in reassembly (RFC 1858) changes none.  Two
 * fragments at offset 0 are two flows, each with the ports that it shows;
 * what comes later joins the newer one.
 */
void	fragment_packet(struct fragment_table *, struct packet *);

#endif
