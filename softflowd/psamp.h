/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * PSAMP: packet reports and what explains them, RFC 5476, in IPFIX messages;
 * elements of RFC 5477 and IANA's registry.
 */

#ifndef PSAMP_H
#define PSAMP_H

#include <stdint.h>

#include "netflow.h"

/* Of a session whose messages hold nothing else but names of interfaces. */
#define TEMPLATE_PSAMP_FRAME		512	/* the section is of a frame, */
#define TEMPLATE_PSAMP_IP		513	/* or of an IP packet */
#define TEMPLATE_PSAMP_SEQUENCE		514	/* RFC 5476 section 6.5.1 */
#define TEMPLATE_PSAMP_SELECTOR		515	/* section 6.5.2 */
#define TEMPLATE_PSAMP_STATISTICS	516	/* section 6.5.3 */

#define IE_OBSERVATION_POINT	138	/* observationPointId */
#define IE_IP_LENGTH		224	/* ipTotalLength */
#define IE_SEQUENCE_ID		301	/* selectionSequenceId */
#define IE_SELECTOR_ID		302	/* selectorId */
#define IE_SELECTOR_ALGORITHM	304	/* selectorAlgorithm */
#define IE_PACKET_INTERVAL	305	/* samplingPacketInterval */
#define IE_PACKET_SPACE		306	/* samplingPacketSpace */
#define IE_FRAME_SIZE		312	/* dataLinkFrameSize */
#define IE_IP_SECTION		313	/* ipHeaderPacketSection */
#define IE_FRAME_SECTION	315	/* dataLinkFrameSection */
#define IE_MPLS_SECTION		316	/* mplsLabelStackSection */
#define IE_OBSERVED		318	/* selectorIdTotalPktsObserved */
#define IE_SELECTED		319	/* selectorIdTotalPktsSelected */
#define IE_TIME_S		322	/* observationTimeSeconds */
#define IE_TIME_MS		323	/* observationTimeMilliseconds */
#define IE_TIME_US		324	/* observationTimeMicroseconds */
#define IE_TIME_NS		325	/* observationTimeNanoseconds */
#define IE_FRAME_TYPE		408	/* dataLinkFrameType */
#define IE_SECTION_OFFSET	409	/* sectionOffset */
#define IE_SECTION_OCTETS	410	/* sectionExportedOctets */

#define FRAME_TYPE_ETHERNET	1	/* IANA, dataLinkFrameType */
#define FRAME_TYPE_WLAN		2

/* RFC 7011 section 6.1.9: seconds since 1900, fractions of 2^-32 s. */
#define NTP_EPOCH	2208988800U	/* 1970 */
#define NTP_MASK	0xfffff800U	/* of the fraction, for microseconds */

#define PSAMP_REPORT	48	/* octets of a report beside data, at most */

/* A packet that was selected; data is the caller's. */
struct psamp_packet {
	const uint8_t	*data;		/* from the Ethernet or IP header on */
	uint32_t	caplen;		/* octets at data */
	uint32_t	wirelen;	/* octets of the frame, or the packet */
	uint64_t	time_us;	/* since the epoch */
	uint32_t	ingress, egress;	/* interfaces; 0: unknown */
	uint16_t	vlan;		/* tag to put back, if tagged */
	uint8_t		tagged;
	uint8_t		ethernet;	/* data begins with such a header */
};

/*
 * Append a packet report.  -1 and nothing done when it does not fit; where no
 * other report is in the datagram, its section is cut to what does.
 */
int	psamp_packet(struct datagram *, const struct psamp_packet *);

/*
 * Its templates come with reports of selection sequence and selector; its
 * statistics() are those of the selection sequence.  Its flow() never fits.
 */
extern const struct netflow_encoder	psamp_encoder;

#endif
