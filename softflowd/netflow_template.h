/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What NetFlow v9 and IPFIX have in common: sets, templates, and records that
 * are written by the very table that their template is written from.
 */

#ifndef NETFLOW_TEMPLATE_H
#define NETFLOW_TEMPLATE_H

#include "netflow.h"

struct template_field {
	uint16_t	element;
	uint16_t	length;
};

struct template {
	uint16_t			 id;
	uint16_t			 count;	/* of fields */
	const struct template_field	*fields;
	size_t				 octets;	/* of a record */
	int				 absolute;	/* FIELDS_MS */
	int				 icmp;		/* has FIELD_ICMP */
};

/*
 * The parts of a flow's template, in order: addresses, times, the rest, and of
 * some an ICMP type and code.  How many octets they make stands below them;
 * put_record() writes them.
 */
#define FIELDS_IPV4	{ IE_SRC_IPV4, 4 }, { IE_DST_IPV4, 4 }
#define FIELDS_IPV6	{ IE_SRC_IPV6, 16 }, { IE_DST_IPV6, 16 }
#define FIELDS_UPTIME	{ IE_FIRST_UPTIME, 4 }, { IE_LAST_UPTIME, 4 }
#define FIELDS_MS	{ IE_FIRST_MS, 8 }, { IE_LAST_MS, 8 }
#define FIELDS_REST							\
	{ IE_OCTETS, 8 }, { IE_PACKETS, 8 },				\
	{ IE_INGRESS, 4 }, { IE_EGRESS, 4 },				\
	{ IE_SRC_PORT, 2 }, { IE_DST_PORT, 2 }, { IE_PROTOCOL, 1 },	\
	{ IE_TCP_FLAGS, 1 }, { IE_IP_VERSION, 1 }, { IE_TOS, 1 },	\
	{ IE_END_REASON, 1 }, { IE_DIRECTION, 1 }
#define FIELD_ICMP(element)	{ element, 2 }

#define OCTETS_IPV4	8
#define OCTETS_IPV6	32
#define OCTETS_UPTIME	8
#define OCTETS_MS	16
#define OCTETS_REST	34
#define OCTETS_ICMP	2

/* The largest record without optional fields. */
#define TEMPLATE_RECORD_MAX	\
    (OCTETS_IPV6 + OCTETS_MS + OCTETS_REST + OCTETS_ICMP)

/* Begin a set, ending the one before; end it: padding, length. */
void	set_open(struct datagram *, uint16_t id);
void	set_close(struct datagram *);

/* A set with n templates. */
void	template_set(struct datagram *, uint16_t set_id,
	    const struct template *, size_t n);

/*
 * The options template for sampling in a set of its own, and its record.
 * head: what stands between the template's id and its three fields.
 */
void	template_sampling(struct datagram *, uint16_t set_id,
	    const uint16_t head[2], uint16_t scope);

/* struct netflow_encoder's flow(), by a template. */
int	template_flow(struct datagram *, const struct template *,
	    const struct flow *, const struct flow_side *, unsigned int dirs,
	    uint8_t end_reason);

#endif
