/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The wire formats: NetFlow v5 (Cisco), NetFlow v9 (RFC 3954) and IPFIX
 * (RFC 7011), and what an encoder of one of them looks like.  Numbers on the
 * wire are big-endian.
 */

#ifndef NETFLOW_H
#define NETFLOW_H

#include "datagram.h"
#include "track.h"

/* NetFlow v5, "NetFlow Export Datagram Format", version 5. */
#define NETFLOW5_VERSION	5
#define NETFLOW5_HEADER		24
#define NETFLOW5_RECORD		48
#define NETFLOW5_MAX		30	/* records of a datagram */
#define NETFLOW5_PAYLOAD	\
    (NETFLOW5_HEADER + NETFLOW5_MAX * NETFLOW5_RECORD)
#define NETFLOW5_SEQUENCE_OFF	16
#define NETFLOW5_SAMPLED	0x4000	/* mode: one packet in N */
#define NETFLOW5_SAMPLING_MAX	0x3fff

/* NetFlow v9, RFC 3954 sections 5.1, 5.2 and 6.1. */
#define NETFLOW9_VERSION	9
#define NETFLOW9_HEADER		20
#define NETFLOW9_SEQUENCE_OFF	12
#define NETFLOW9_TEMPLATES	0	/* FlowSet ids */
#define NETFLOW9_OPTIONS	1
#define NETFLOW9_SCOPE_SYSTEM	1
#define NETFLOW9_SCOPE_INTERFACE	2

/* IPFIX, RFC 7011 sections 3.1 and 3.3.2. */
#define IPFIX_VERSION		10
#define IPFIX_HEADER		16
#define IPFIX_SEQUENCE_OFF	8
#define IPFIX_TEMPLATES		2	/* Set ids */
#define IPFIX_OPTIONS		3

/* Template ids, RFC 3954 section 5.2 and RFC 7011 section 3.4.1: from 256. */
#define TEMPLATE_IPV4		256
#define TEMPLATE_IPV4_ICMP	257
#define TEMPLATE_IPV6		258
#define TEMPLATE_IPV6_ICMP	259
#define TEMPLATE_SAMPLING	260
#define TEMPLATE_INTERFACE	261

/* Head of a FlowSet or Set: id, length. */
#define SET_HEAD		4

/*
 * Information elements, IANA "IPFIX Information Elements"; up to 127 they
 * are RFC 3954 section 8's field types.
 */
#define IE_OCTETS		1	/* octetDeltaCount */
#define IE_PACKETS		2	/* packetDeltaCount */
#define IE_PROTOCOL		4	/* protocolIdentifier */
#define IE_TOS			5	/* ipClassOfService */
#define IE_TCP_FLAGS		6	/* tcpControlBits, low octet */
#define IE_SRC_PORT		7	/* sourceTransportPort */
#define IE_SRC_IPV4		8	/* sourceIPv4Address */
#define IE_INGRESS		10	/* ingressInterface */
#define IE_DST_PORT		11	/* destinationTransportPort */
#define IE_DST_IPV4		12	/* destinationIPv4Address */
#define IE_EGRESS		14	/* egressInterface */
#define IE_LAST_UPTIME		21	/* flowEndSysUpTime */
#define IE_FIRST_UPTIME		22	/* flowStartSysUpTime */
#define IE_LENGTH_MIN		25	/* minimumIpTotalLength */
#define IE_LENGTH_MAX		26	/* maximumIpTotalLength */
#define IE_SRC_IPV6		27	/* sourceIPv6Address */
#define IE_DST_IPV6		28	/* destinationIPv6Address */
#define IE_FLOW_LABEL		31	/* flowLabelIPv6 */
#define IE_ICMP			32	/* icmpTypeCodeIPv4 */
#define IE_SAMPLING_INTERVAL	34	/* samplingInterval */
#define IE_SAMPLING_ALGORITHM	35	/* samplingAlgorithm */
#define IE_TTL_MIN		52	/* minimumTTL */
#define IE_TTL_MAX		53	/* maximumTTL */
#define IE_SRC_MAC		56	/* sourceMacAddress */
#define IE_VLAN			58	/* vlanId */
#define IE_IP_VERSION		60	/* ipVersion */
#define IE_DIRECTION		61	/* flowDirection */
#define IE_MPLS			70	/* mplsTopLabelStackSection, to 79 */
#define IE_DST_MAC		80	/* destinationMacAddress */
#define IE_INTERFACE_NAME	82	/* interfaceName */
#define IE_END_REASON		136	/* flowEndReason */
#define IE_ICMP6		139	/* icmpTypeCodeIPv6 */
#define IE_DOMAIN		149	/* observationDomainId */
#define IE_FIRST_MS		152	/* flowStartMilliseconds */
#define IE_LAST_MS		153	/* flowEndMilliseconds */
#define IE_TCP_SYN		218	/* tcpSynTotalCount */
#define IE_TCP_FIN		219	/* tcpFinTotalCount */
#define IE_TCP_RST		220	/* tcpRstTotalCount */
#define IE_DOT1Q_VLAN		243	/* dot1qVlanId */
#define IE_DOT1Q_PRIORITY	244	/* dot1qPriority */
#define IE_DOT1Q_INNER		245	/* dot1qCustomerVlanId */
#define IE_DOT1Q_INNER_PRIORITY	246	/* dot1qCustomerPriority */
#define IE_GRE_KEY		296	/* greKey */
#define IE_SEGMENT		351	/* layer2SegmentId */
#define IE_GTPU_TEID		507	/* gtpuTEid */

#define SEGMENT_VXLAN		(1ULL << 56)	/* its kind; Geneve has none */

#define SAMPLING_DETERMINISTIC	1	/* every Nth packet */

/*
 * What a datagram may hold, and what it always may: the path's MTU is
 * unknown behind its first hop, tunnels shorten it (RFC 7011 section 10.3.3).
 * PAYLOAD_MIN holds both records of a flow with all optional fields, and
 * without these the templates, too.
 */
#define PAYLOAD_MAX		1400
#define PAYLOAD_MIN		512
_Static_assert(NETFLOW5_PAYLOAD <= DATAGRAM_SIZE, "v5 fits");
_Static_assert(PAYLOAD_MAX <= DATAGRAM_SIZE, "v9 and IPFIX fit");

/*
 * Fields behind those that every record has, in v9 and IPFIX: chosen once, by
 * options; what writes a template and its records is the same table.
 */
#define OPTIONAL_FIELDS		32
#define OPTIONAL_OCTETS		96	/* they make at most */

struct optional_field {
	uint16_t	element;
	uint8_t		octets;
	uint8_t		value;		/* which; netflow_optional.c */
};

struct optional_part {
	unsigned int		count;
	size_t			octets;
	struct optional_field	field[OPTIONAL_FIELDS];
};

struct optional {
	struct optional_part	part[2];	/* of IPv4, of IPv6 */
	int			wide;	/* tcpControlBits have 2 octets */
};

/*
 * Choose what OPTIONAL_* fields and a number of MPLS labels, at most
 * SIDE_LABELS, are in this version of the protocol.
 */
void	optional_choose(struct optional *, uint16_t version,
	    unsigned int fields, unsigned int labels);

/* Append the fields of direction dir; there must be room. */
void	optional_put(struct datagram *, const struct optional_part *,
	    const struct flow_side *, int dir);

/* What two of the largest records need behind templates. */
size_t	optional_room(const struct optional *);

/* An encoder writes into a datagram; it keeps no state of its own. */
struct netflow_encoder {
	size_t	header;		/* octets */
	size_t	sequence_off;	/* where finish() leaves a gap */
	size_t	payload_max;
	int	ipv6;		/* can say IPv6 */

	/* Templates and the sampling record; NULL: has none. */
	void	(*templates)(struct datagram *);

	/*
	 * Records of a flow, one for each direction in dirs (bit 0, bit 1);
	 * -1 and nothing done when they do not fit.  side: the flow's, if the
	 * datagram has optional fields.
	 */
	int	(*flow)(struct datagram *, const struct flow *,
		    const struct flow_side *side, unsigned int dirs,
		    uint8_t end_reason);

	/*
	 * Fill in the header but for its times and sequence number.  Returns
	 * by how much the datagram advances that.
	 */
	uint32_t (*finish)(struct datagram *);

	/*
	 * Fill in the times of a header: the instant and, as uptime, how far
	 * from boot_ms it is.  Returns the instant that is said.
	 */
	int64_t	(*stamp)(uint8_t *header, int64_t boot_ms, int64_t unix_ms);
};

/*
 * Options records that name interfaces, after the template for them: as many
 * as fit, from slot on, which netflow_interface_next() gives: the first from
 * slot on with a name, 0 if there is none.  Returns the next one's likewise.
 */
unsigned int netflow_interfaces(struct datagram *, int ipfix,
	    unsigned int slot);
unsigned int netflow_interface_next(unsigned int slot);

extern const struct netflow_encoder	netflow5_encoder;
extern const struct netflow_encoder	netflow9_encoder;
extern const struct netflow_encoder	ipfix_encoder;

#endif
