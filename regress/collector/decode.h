/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Strict decoder of NetFlow v1, v5, v9 and IPFIX with biflow and PSAMP, over
 * UDP, TCP and SCTP.  Written from the formats alone, never from the exporter
 * that it judges.  It reads no clock and does no I/O; datagrams are hostile
 * and what they make it remember is bounded: SESSIONS_MAX sessions,
 * TEMPLATES_MAX templates of FIELDS_MAX fields (about 4 MB).
 */

#ifndef DECODE_H
#define DECODE_H

#include <stddef.h>
#include <stdint.h>

#define SESSIONS_MAX	256
#define TEMPLATES_MAX	1024	/* of all sessions together */
#define FIELDS_MAX	256	/* of one template */

/* What a datagram can break.  decode_rule_text() says each in words. */
enum rule {
	RULE_NONE,
	RULE_VERSION,
	RULE_LENGTH,
	RULE_COUNT,
	RULE_NANOSECONDS,
	RULE_EXPORT_TIME,
	RULE_SET_ID,
	RULE_SET_LENGTH,
	RULE_SET_ALIGNMENT,
	RULE_SET_EMPTY,
	RULE_PADDING,
	RULE_TEMPLATE_ID,
	RULE_TEMPLATE_CUT,
	RULE_FIELD_COUNT,
	RULE_FIELD_LENGTH,
	RULE_SCOPE,
	RULE_REDEFINED,
	RULE_WITHDRAWAL,
	RULE_NO_TEMPLATE,
	RULE_RECORD_CUT,
	RULE_TIMES,
	RULE_NO_PACKETS,
	RULE_LIMIT,
	RULE_OVERSIZE,
	RULE_STREAM,
	RULE_PARTIAL,
	RULE_ENTERPRISE,
	RULE_REVERSE,
	RULE_BIFLOW_KEY,
	RULE_BIFLOW_DIRECTION,
	RULE_NO_REVERSE_PACKETS,
	RULE_UPTIME,
	RULE_BOOT,
	RULE_BEFORE_BOOT,
	RULE_NTP,
	RULE_END_REASON,
	RULE_SAMPLING,
	RULE_SAMPLING_DIFFERS,
	RULE_SELECTOR,
	RULE_NAME,
	RULE_TOTAL_FELL,
	RULE_TOTAL_WRONG,
	RULE_SECTION,
	RULE_SECTION_LENGTH,
	RULE_SELECTED,
	RULE_NO_SEQUENCE,
	RULE_NO_SELECTOR,
	RULE_NO_STATISTICS,
	RULE_MAX
};

/* What carries messages; over both others a session is a connection. */
enum carrier {
	CARRIER_UDP,
	CARRIER_TCP,
	CARRIER_SCTP
};

/* Where a datagram came from.  IPv4 stands in the first 4 octets. */
struct exporter {
	uint8_t		 addr[16];
	uint16_t	 port;		/* host order */
	uint8_t		 family;	/* 4 or 6 */
	uint8_t		 carrier;	/* enum carrier */
};

/* One field of a record, borrowed from the datagram. */
struct value {
	const uint8_t	*data;
	size_t		 length;
	uint32_t	 enterprise;
	uint16_t	 id;
	uint8_t		 scope;		/* in v9 with ids of its own */
};

/* One flow record.  Numbers that the record did not carry are 0. */
struct record {
	const struct exporter *exporter;
	const struct value *values;	/* by its template; nvalues 0: none */
	size_t		 nvalues;
	uint64_t	 packets;
	uint64_t	 octets;
	uint64_t	 first_us;	/* since the epoch; HAVE_FIRST */
	uint64_t	 last_us;	/* HAVE_LAST */
	uint32_t	 source_id;	/* v5: engine type * 256 + engine id */
	uint32_t	 in;
	uint32_t	 out;
	uint32_t	 sampling;	/* 1 in N; 0: not known */
	uint16_t	 version;
	uint16_t	 sport;
	uint16_t	 dport;		/* if not sent: icmp */
	uint16_t	 tcpflags;
	uint16_t	 icmp;		/* type * 256 + code; HAVE_ICMP */
	uint8_t		 src[16];
	uint8_t		 dst[16];
	uint8_t		 family;	/* 4, 6, or 0: no address in it */
	uint8_t		 proto;
	uint8_t		 tos;
	uint8_t		 end_reason;	/* HAVE_REASON */
	uint8_t		 reverse;	/* second half of a biflow */
	uint8_t		 have;		/* HAVE_* */
};
#define HAVE_PACKETS	0x01
#define HAVE_FIRST	0x02
#define HAVE_LAST	0x04
#define HAVE_REASON	0x08
#define HAVE_ICMP	0x10

struct options_record {
	const struct value *values;
	size_t		 nvalues;
	uint32_t	 source_id;
	uint16_t	 version;
	uint16_t	 template_id;
};

/* One packet report of PSAMP. */
struct report {
	const uint8_t	*section;	/* borrowed from the message */
	size_t		 length;
	uint64_t	 sequence_id;
	uint64_t	 time_us;	/* of observation; 0: not sent */
	uint32_t	 source_id;
	uint32_t	 size;		/* of the frame; 0: not sent */
	uint16_t	 section_id;	/* the element that has it */
};

/* What became of one datagram. */
struct result {
	size_t		 offset;	/* of what broke the rule */
	uint32_t	 source_id;
	uint32_t	 flows;		/* flows, of a biflow two */
	uint32_t	 reports;	/* packet reports */
	uint32_t	 repeated;	/* templates again, on a stream */
	uint32_t	 withdrawn;	/* templates */
	uint32_t	 unknown;	/* withdrawals of what is not there */
	uint32_t	 expected;	/* if gap */
	uint32_t	 got;
	enum rule	 rule;		/* RULE_NONE: it was right */
	uint16_t	 version;	/* 0: none of ours */
	uint8_t		 gap;
};

struct decoder_config {
	void	(*flow)(void *, const struct record *);
	void	(*options)(void *, const struct options_record *); /* or NULL */
	void	*arg;
	int	 unaligned;	/* accept sets that are not multiples of 4 */
	int	 classic;	/* accept biflows that do not say who began */
	size_t	 octets_max;	/* of a datagram; 0: any */
	void	(*report)(void *, const struct report *);	/* or NULL */
};

struct decoder;

/* NULL with errno ENOMEM. */
struct decoder *decoder_new(const struct decoder_config *);
void	decoder_free(struct decoder *);

/*
 * Decode one datagram and hand out its records.  At the first broken rule the
 * rest of the datagram is dropped; what came before has been handed out.
 * Returns 0, or -1 with result->rule and result->offset.
 */
int	decoder_datagram(struct decoder *, const struct exporter *,
	    const uint8_t *, size_t, struct result *);

/*
 * The connection is over: forget its sessions with their templates.  NULL:
 * every session, at the end of the test.  Returns -1 with result if something
 * that had to come never came.
 */
int	decoder_end(struct decoder *, const struct exporter *, struct result *);

const char *decode_rule_text(enum rule);

/*
 * What to call a value that struct record has no member for, or NULL; whether
 * it is octets rather than a number.
 */
const char *decode_name(const struct value *, int *octets);

/* Unsigned number of up to 8 octets in network order. */
uint64_t decode_number(const uint8_t *, size_t);

#endif
