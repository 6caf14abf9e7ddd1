/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Vocabulary that every part of the daemon and softflowctl share. */

#ifndef SOFTFLOWD_H
#define SOFTFLOWD_H

#include <stdint.h>

#define SOFTFLOWD_VERSION	"2.0"
#define SOFTFLOWD_USER		"_softflowd"
#define SOFTFLOWD_USER_FALLBACK	"nobody"
#define SOFTFLOWD_PIDFILE	"/var/run/softflowd.pid"
#define SOFTFLOWD_CTLSOCK	"/var/run/softflowd.ctl"

#define MAX_CAPTURE		16	/* capture sources of one daemon */
#define MAX_PSAMP_PEER		16	/* -R */
#define MAX_EXPORT		16	/* collectors */
#define MAX_CONTROL		8	/* control clients at a time */
#define MAX_BATCH		32	/* frames decoded together */
#define MAX_TRAIN		8	/* datagrams sent together */
#define MAX_OWN_PREFIX		32	/* -o own-prefix */
#define MAX_OWN_MAC		16	/* -H */
#define INTERFACE_NAME		16	/* octets of a name, with its NUL */

#define DEFAULT_MAX_FLOWS	65536
#define MIN_MAX_FLOWS		16
#define LIMIT_MAX_FLOWS		(1U << 28)
#define DEFAULT_SNAPLEN		256
#define MIN_SNAPLEN		64
#define MAX_SNAPLEN		65535
#define DEFAULT_FRAGMENTS	4096	/* datagrams remembered */
#define LIMIT_FRAGMENTS		(1U << 18)

#define LIMIT_TIMEOUT		(10U * 365 * 86400)	/* seconds */

#define DEFAULT_TEMPLATE_SECONDS	300
#define DEFAULT_TEMPLATE_DATAGRAMS	256
#define DEFAULT_STATISTICS_SECONDS	300
#define DEFAULT_RECONNECT_SECONDS	60	/* RFC 7011 section 10.4.4 */

/* Timeouts, in seconds; names as in softflowd(8), -t. */
enum timeout {
	TIMEOUT_TCP,
	TIMEOUT_TCP_RST,
	TIMEOUT_TCP_FIN,
	TIMEOUT_UDP,
	TIMEOUT_ICMP,
	TIMEOUT_GENERAL,
	TIMEOUT_MAXLIFE,	/* 0: no limit */
	TIMEOUT_EXPINT,		/* 0: look after every batch */
	TIMEOUT_MAX
};
#define TIMEOUT_MAY_BE_0(timeout)	\
    ((timeout) == TIMEOUT_MAXLIFE || (timeout) == TIMEOUT_EXPINT)

struct timeouts {
	uint32_t	seconds[TIMEOUT_MAX];
};

/*
 * What of a packet makes a flow; softflowd(8), -T.  Each level keys on all
 * that the levels before it key on, but those behind TRACK_TOS not on ToS.
 */
enum track_level {
	TRACK_IP,		/* addresses */
	TRACK_PROTO,		/* and protocol */
	TRACK_PORT,		/* and ports, ICMP type and code */
	TRACK_FULL,		/* the same, and records ToS */
	TRACK_TOS,		/* and each ToS is a flow of its own */
	TRACK_VLAN,		/* TRACK_FULL and VLAN ids */
	TRACK_ETHER		/* and MAC addresses */
};

/* Tunnels that can be opened; softflowd(8), -E. */
enum tunnel {
	TUNNEL_NONE,
	TUNNEL_GRE,
	TUNNEL_IPIP,
	TUNNEL_6IN4,
	TUNNEL_VXLAN,
	TUNNEL_GENEVE,
	TUNNEL_GTPU,
	TUNNEL_TEREDO,
	TUNNEL_L2TP,
	TUNNEL_MAX
};
#define TUNNEL_BIT(tunnel)	(1U << (tunnel))
#define TUNNEL_ALL		(TUNNEL_BIT(TUNNEL_MAX) - TUNNEL_BIT(TUNNEL_GRE))

/* What records may say besides; softflowd(8), -o fields. */
#define OPTIONAL_TTL		0x01
#define OPTIONAL_LENGTH		0x02
#define OPTIONAL_TCP		0x04
#define OPTIONAL_VLAN		0x08
#define OPTIONAL_MAC		0x10
#define OPTIONAL_LABEL		0x20
#define OPTIONAL_TUNNEL		0x40
#define OPTIONAL_ALL		0x7f
#define OPTIONAL_DIRECTION	0x80	/* by MAC; no field */

/* Why a flow left the table; the first ones are in the order of timeouts. */
enum expire_reason {
	EXPIRE_TCP,
	EXPIRE_TCP_RST,
	EXPIRE_TCP_FIN,
	EXPIRE_UDP,
	EXPIRE_ICMP,
	EXPIRE_GENERAL,
	EXPIRE_MAXLIFE,
	EXPIRE_OVERBYTES,	/* a 32-bit octet counter would overflow */
	EXPIRE_MAXFLOWS,	/* the table was full */
	EXPIRE_FLUSH,		/* operator, end of file, shutdown */
	EXPIRE_MAX,
	EXPIRE_NONE = EXPIRE_MAX
};

/*
 * Everything the daemon counts, in one list: struct field, name in text and
 * JSON, and what softflowctl prints.  All are totals since the daemon's
 * start and survive a worker's death.  packets and octets go back by what turns
 * out to be second sightings.
 *
 *   frames = packets + packets_reported + not_sampled + frames_filtered
 *	+ own_export + loopback_outgoing + second_sightings + every drop_*
 *   packets = packets_exported + packets_not_exportable + packets_unsent
 *	+ packets_no_collector + packets_deleted + packets_lost
 *	+ packets of flows in the table
 *   fragments = fragments_joined + fragments_orphaned
 */
#define COUNTER_LIST(X)							\
	X(frames, "frames read")					\
	X(octets_wire, "octets on the wire")				\
	X(packets, "packets accounted to flows")			\
	X(packets_reported, "packets reported, not accounted")		\
	X(octets, "octets accounted to flows")				\
	X(not_sampled, "packets not sampled")				\
	X(frames_filtered, "frames that the filter refused")		\
	X(own_export, "own export datagrams, not accounted")		\
	X(loopback_outgoing, "outgoing sightings on loopback")		\
	X(second_sightings, "packets seen once more")			\
	X(drop_non_ip, "not IP")					\
	X(drop_short_link, "link header cut off")			\
	X(drop_short_ipv4, "IPv4 header cut off")			\
	X(drop_short_ipv4_options, "IPv4 options cut off")		\
	X(drop_short_ipv6, "IPv6 header cut off")			\
	X(drop_bad_version, "wrong IP version")				\
	X(drop_bad_header_length, "bad IPv4 header length")		\
	X(drop_bad_total_length, "bad IPv4 total length")		\
	X(octets_ignored, "octets of frames without a packet")		\
	X(fragments, "later fragments")					\
	X(fragments_joined, "later fragments that joined their first")	\
	X(fragments_orphaned, "later fragments without their first")	\
	X(ports_missing, "ports or ICMP type not captured")		\
	X(ipv6_ext_missing, "IPv6 extension header cut off")		\
	X(tunnels_opened, "packets accounted by what a tunnel holds")	\
	X(flows, "flows created")					\
	X(flows_expired, "flows expired")				\
	X(flows_forced, "flows expired early")				\
	X(expired_tcp, "tcp")						\
	X(expired_tcp_rst, "tcp.rst")					\
	X(expired_tcp_fin, "tcp.fin")					\
	X(expired_udp, "udp")						\
	X(expired_icmp, "icmp")						\
	X(expired_general, "general")					\
	X(expired_maxlife, "maxlife")					\
	X(expired_overbytes, "over 2 GiB")				\
	X(expired_maxflows, "maxflows")					\
	X(expired_flush, "flushed")					\
	X(flows_exported, "flows exported")				\
	X(packets_exported, "packets in exported flows")		\
	X(octets_exported, "octets in exported flows")			\
	X(times_clamped, "times the protocol cannot say")		\
	X(counters_clamped, "counts the protocol cannot say")		\
	X(flows_not_exportable, "flows the protocol cannot carry")	\
	X(packets_not_exportable, "packets the protocol cannot carry")	\
	X(flows_unsent, "flows that reached no collector")		\
	X(packets_unsent, "packets that reached no collector")		\
	X(flows_no_collector, "flows expired without a collector")	\
	X(packets_no_collector, "packets expired without a collector")	\
	X(flows_deleted, "flows deleted by the operator")		\
	X(packets_deleted, "packets deleted by the operator")		\
	X(flows_lost, "flows lost with a worker")			\
	X(packets_lost, "packets lost with a worker")			\
	X(frames_skipped, "frames given up with a worker")		\
	X(datagrams_repeated, "datagrams sent again, perhaps twice")	\
	X(worker_deaths, "workers that died")				\
	X(psamp_messages, "messages from peers, with -R")		\
	X(psamp_bad_messages, "of those, damaged and not used")		\
	X(psamp_bad_templates, "templates that could not be kept")	\
	X(psamp_no_template, "sets of records without a template")	\
	X(psamp_no_packet, "records without a packet's beginning")	\
	X(psamp_missing, "records missing by sequence number")		\
	X(kernel_received, "packets received by the kernel")		\
	X(kernel_dropped, "packets dropped by the kernel")

struct counters {
#define COUNTER_FIELD(name, text)	uint64_t name;
	COUNTER_LIST(COUNTER_FIELD)
#undef COUNTER_FIELD
};

/* Frames that held no packet to account. */
static inline uint64_t
counters_dropped(const struct counters *c)
{
	return (c->drop_non_ip + c->drop_short_link + c->drop_short_ipv4 +
	    c->drop_short_ipv4_options + c->drop_short_ipv6 +
	    c->drop_bad_version + c->drop_bad_header_length +
	    c->drop_bad_total_length);
}

/* How collectors are reached; softflowd(8), -P. */
enum transport {
	TRANSPORT_UDP,
	TRANSPORT_TCP,
	TRANSPORT_SCTP,
	TRANSPORT_MAX
};

/* Of a flow's start and end; softflowd(8), -A. */
enum format_times {
	TIMES_DEFAULT,		/* v9: uptime; IPFIX: milliseconds */
	TIMES_UPTIME,
	TIMES_SECONDS,
	TIMES_MILLISECONDS,
	TIMES_MICROSECONDS,
	TIMES_NANOSECONDS,
	TIMES_MAX
};

/* What a collector's records are like; softflowd(8), -v and others. */
struct export_format {
	uint16_t	version;	/* 1, 5, 9, 10 or VERSION_PSAMP */
	uint16_t	fields;		/* OPTIONAL_*, v9 and IPFIX, and */
	uint16_t	labels;		/* MPLS labels */
	uint8_t		times;		/* enum format_times */
	uint8_t		flags;		/* FORMAT_* */
};
#define VERSION_PSAMP	100		/* IPFIX messages of packet reports */
#define FORMAT_BIFLOW	0x01		/* both directions in one record */
#define FORMAT_CLASSIC	0x02		/* templates of softflowd 1.x */
#define FORMAT_FLOW_ID	0x04
#define FORMAT_ALL	0x07

/* What became of one collector's datagrams, or messages of a stream. */
struct export_counters {
	uint64_t	datagrams;	/* sent */
	uint64_t	octets;		/* sent, of transport payload */
	uint64_t	records;	/* flow records sent */
	uint64_t	failures;	/* datagrams that could not be sent */
	uint64_t	records_lost;	/* flow records in those, */
	uint64_t	packets_lost;	/* what they tell of, */
	uint64_t	octets_lost;
	uint64_t	first_lost_us;	/* when, since the epoch; 0: never */
	uint64_t	last_lost_us;
	uint64_t	records_not_exportable;	/* the version cannot say */
	uint64_t	would_block;	/* tries that met a full socket */
	uint64_t	reconnects;	/* of a stream, behind the first */
	uint64_t	last_error;	/* errno; 0: none yet */
	uint64_t	last_error_us;	/* and when, since the epoch */
	uint64_t	last_success_us;
};

#endif
