/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The wire formats: NetFlow v1 and v5 (Cisco), NetFlow v9 (RFC 3954) and
 * IPFIX (RFC 7011), and what an encoder of one of them looks like.  Numbers on
 * the wire are big-endian.
 */

#ifndef NETFLOW_H
#define NETFLOW_H

#include "datagram.h"
#include "netflow_layout.h"
#include "track.h"

/* NetFlow v1: collectors refuse more records in a datagram. */
#define NETFLOW1_VERSION	1
#define NETFLOW1_HEADER		16
#define NETFLOW1_RECORD		48
#define NETFLOW1_MAX		24
#define NETFLOW1_PAYLOAD	\
    (NETFLOW1_HEADER + NETFLOW1_MAX * NETFLOW1_RECORD)

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

/*
 * Template ids, RFC 3954 section 5.2 and RFC 7011 section 3.4.1: from 256.
 * Those of IPv6, of ICMP and of both directions add up.
 */
#define TEMPLATE_FLOW		256	/* to 259 */
#define TEMPLATE_SAMPLING	260
#define TEMPLATE_INTERFACE	261
#define TEMPLATE_SELECTOR	262
#define TEMPLATE_INIT		263
#define TEMPLATE_EXPORTER	264	/* 265, 266: with its address */
#define TEMPLATE_METERING	267
#define TEMPLATE_IGNORED	268
#define TEMPLATE_UNSENT		269
#define TEMPLATE_SELECTED	270
#define TEMPLATE_BOTH		16	/* directions: 272 to 275 */

/* Those of softflowd 1.x. */
#define CLASSIC_IPV4		1024	/* 1025: of ICMP */
#define CLASSIC_IPV6		2048
#define CLASSIC_OPTIONS		256
#define CLASSIC_ONE_WAY		2	/* added where -b sends one direction */

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
#define IE_ACTIVE_TIMEOUT	36	/* flowActiveTimeout, s */
#define IE_IDLE_TIMEOUT		37	/* flowIdleTimeout, s */
#define IE_EXPORTED_OCTETS	40	/* exportedOctetTotalCount */
#define IE_EXPORTED_MESSAGES	41	/* exportedMessageTotalCount */
#define IE_EXPORTED_FLOWS	42	/* exportedFlowRecordTotalCount */
#define IE_TTL_MIN		52	/* minimumTTL */
#define IE_TTL_MAX		53	/* maximumTTL */
#define IE_SRC_MAC		56	/* sourceMacAddress */
#define IE_POST_DST_MAC		57	/* postDestinationMacAddress */
#define IE_VLAN			58	/* vlanId */
#define IE_POST_VLAN		59	/* postVlanId */
#define IE_IP_VERSION		60	/* ipVersion */
#define IE_DIRECTION		61	/* flowDirection */
#define IE_MPLS			70	/* mplsTopLabelStackSection, to 79 */
#define IE_DST_MAC		80	/* destinationMacAddress */
#define IE_INTERFACE_NAME	82	/* interfaceName */
#define IE_EXPORTER_IPV4	130	/* exporterIPv4Address */
#define IE_EXPORTER_IPV6	131	/* exporterIPv6Address */
#define IE_END_REASON		136	/* flowEndReason */
#define IE_ICMP6		139	/* icmpTypeCodeIPv6 */
#define IE_METERING_PROCESS	143	/* meteringProcessId */
#define IE_EXPORTING_PROCESS	144	/* exportingProcessId */
#define IE_FLOW_ID		148	/* flowId */
#define IE_DOMAIN		149	/* observationDomainId */
#define IE_FIRST_S		150	/* flowStartSeconds */
#define IE_LAST_S		151	/* flowEndSeconds */
#define IE_FIRST_MS		152	/* flowStartMilliseconds */
#define IE_LAST_MS		153	/* flowEndMilliseconds */
#define IE_FIRST_US		154	/* flowStartMicroseconds */
#define IE_LAST_US		155	/* flowEndMicroseconds */
#define IE_FIRST_NS		156	/* flowStartNanoseconds */
#define IE_LAST_NS		157	/* flowEndNanoseconds */
#define IE_INIT_TIME		160	/* systemInitTimeMilliseconds */
#define IE_IGNORED_PACKETS	164	/* ignoredPacketTotalCount */
#define IE_IGNORED_OCTETS	165	/* ignoredOctetTotalCount */
#define IE_UNSENT_FLOWS		166	/* notSentFlowTotalCount */
#define IE_UNSENT_PACKETS	167	/* notSentPacketTotalCount */
#define IE_UNSENT_OCTETS	168	/* notSentOctetTotalCount */
#define IE_TCP_SYN		218	/* tcpSynTotalCount */
#define IE_TCP_FIN		219	/* tcpFinTotalCount */
#define IE_TCP_RST		220	/* tcpRstTotalCount */
#define IE_BIFLOW_DIRECTION	239	/* biflowDirection */
#define IE_DOT1Q_VLAN		243	/* dot1qVlanId */
#define IE_DOT1Q_PRIORITY	244	/* dot1qPriority */
#define IE_DOT1Q_INNER		245	/* dot1qCustomerVlanId */
#define IE_DOT1Q_INNER_PRIORITY	246	/* dot1qCustomerPriority */
#define IE_GRE_KEY		296	/* greKey */
#define IE_SELECTOR		302	/* selectorId */
#define IE_SELECTOR_ALGORITHM	304	/* selectorAlgorithm */
#define IE_PACKET_INTERVAL	305	/* samplingPacketInterval */
#define IE_PACKET_SPACE		306	/* samplingPacketSpace */
#define IE_SELECTOR_OBSERVED	318	/* selectorIdTotalPktsObserved */
#define IE_SELECTOR_SELECTED	319	/* selectorIdTotalPktsSelected */
#define IE_OBSERVATION_MS	323	/* observationTimeMilliseconds */
#define IE_SEGMENT		351	/* layer2SegmentId */
#define IE_ORIGINAL_IPV4	403	/* originalExporterIPv4Address */
#define IE_ORIGINAL_IPV6	404	/* originalExporterIPv6Address */
#define IE_GTPU_TEID		507	/* gtpuTEid */

#define IE_ENTERPRISE		0x8000	/* RFC 7011 section 3.2: a number */
#define PEN_REVERSE		29305	/* follows; RFC 5103 section 6.1 */

#define SEGMENT_VXLAN		(1ULL << 56)	/* its kind; Geneve has none */

#define SAMPLING_DETERMINISTIC	1	/* every Nth packet; RFC 5476, too */
#define SAMPLING_SELECTOR	1	/* the only selector's id */

/*
 * What a datagram may hold, and what it always may: the path's MTU is
 * unknown behind its first hop, tunnels shorten it (RFC 7011 section 10.3.3).
 * PAYLOAD_MIN holds the records of a flow with all optional fields, any
 * template, and all that statistics() writes.
 */
#define PAYLOAD_MAX		1400
#define PAYLOAD_MIN		512
_Static_assert(NETFLOW5_PAYLOAD <= DATAGRAM_SIZE, "v5 fits");
_Static_assert(PAYLOAD_MAX <= DATAGRAM_SIZE, "v9 and IPFIX fit");

/*
 * What a collector is told about its exporter.  Totals are since the start,
 * and in those of what was exported to it the message in hand is not.
 */
struct export_statistics {
	uint64_t	messages, records, octets;	/* exported */
	uint64_t	ignored_packets, ignored_octets;
	uint64_t	ignored_first_us, ignored_last_us;	/* 0: none */
	uint64_t	unsent_flows, unsent_packets, unsent_octets;
	uint64_t	unsent_first_us, unsent_last_us;	/* likewise */
	uint64_t	observed, selected;	/* packets, before sampling
						   and behind it */
	int64_t		boot_ms;	/* since the epoch; 0: not known */
	uint32_t	metering_id;		/* of these processes, as */
	uint32_t	exporting_id;		/* one likes */
	uint32_t	active_timeout, idle_timeout;	/* seconds */
	uint8_t		exporter[16];		/* our address */
	uint8_t		family;			/* 4 or 6; 0: not known */
};

/*
 * An encoder writes into a datagram, which has a layout of its version; it
 * keeps no state of its own.
 */
struct netflow_encoder {
	size_t	header;		/* octets */
	size_t	sequence_off;	/* where finish() leaves a gap; 0: none */
	size_t	payload_max;
	int	ipv6;		/* can say IPv6 */

	/*
	 * Templates, and options records on sampling and the time of boot,
	 * from the one that the number says, 0 to begin with.  Returns 0 if
	 * these were the last and there is room for records of any flow; else
	 * the datagram is to be finished, and they go on in the next one,
	 * from what is returned.  NULL: has none.
	 */
	unsigned int	(*templates)(struct datagram *, unsigned int from);

	/*
	 * Options records of statistics with their templates, which are fit
	 * for PAYLOAD_MIN, into a datagram with nothing in it (RFC 7011
	 * sections 4.1 to 4.3).  NULL: has none.
	 */
	void	(*statistics)(struct datagram *,
		    const struct export_statistics *);

	/*
	 * Records of a flow, one for each direction in dirs (bit 0, bit 1),
	 * with FORMAT_BIFLOW one for both; -1 and nothing done when they do
	 * not fit, or if dirs takes a biflow apart.  side: the flow's, if
	 * there are any.
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

/* The encoder of a version, or NULL; that of PSAMP is not among them. */
const struct netflow_encoder *netflow_encoder(uint16_t version);

/*
 * Options records that name interfaces, after the template for them: as many
 * as fit, from slot on, which netflow_interface_next() gives: the first from
 * slot on with a name, 0 if there is none.  Returns the next one's likewise.
 */
unsigned int netflow_interfaces(struct datagram *, int ipfix,
	    unsigned int slot);
unsigned int netflow_interface_next(unsigned int slot);

extern const struct netflow_encoder	netflow1_encoder;
extern const struct netflow_encoder	netflow5_encoder;
extern const struct netflow_encoder	netflow9_encoder;
extern const struct netflow_encoder	ipfix_encoder;

#endif
