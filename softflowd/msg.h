/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What parent, worker and softflowctl say to each other.  Payloads are fixed
 * structures in host byte order, of exact length, without pointers; whoever
 * receives one checks length, state and every value.
 */

#ifndef MSG_H
#define MSG_H

#include <stdint.h>

#include "softflowd.h"

/* Goes into the id field of every control request. */
#define CTL_VERSION		4

#define MSG_LOG_SIZE		512
#define MSG_TEXT_SIZE		256
#define MSG_NAME_SIZE		64	/* of a collector, for people */
#define MSG_WORKER_MAX		1024	/* largest payload worker to parent */

enum msg_type {
	/*
	 * Parent to worker.
	 */
	IMSG_CONF = 1,	/* struct msg_conf; once, before LOCK */
	IMSG_TABLE,	/* empty + shared object of estate.h; after CONF */
	IMSG_CAPTURE,	/* struct msg_capture + descriptor; before LOCK */
	IMSG_FILTER,	/* struct msg_filter + shared object; before LOCK */
	IMSG_EXPORT,	/* struct msg_export + socket or none; before LOCK */
	IMSG_EXPORT_UP,	/* struct msg_export + socket or none; after LOCK */
	IMSG_EXPORT_PAYLOAD,	/* struct msg_export_payload; any time */
	IMSG_INTERFACES,	/* struct msg_interfaces; any time */
	IMSG_LOCK,	/* empty; once: confine yourself, answer READY */
	IMSG_CONTROL,	/* struct msg_control + socket; after LOCK */
	IMSG_SETTINGS,	/* struct msg_settings; after LOCK */
	IMSG_WISH_DONE,	/* struct msg_wish_done; answers WISH */
	IMSG_HANDOVER,	/* struct msg_handover; after LOCK, once */
	IMSG_SUMMARY_REQ,	/* empty; after LOCK: send a summary */
	IMSG_FINISH,	/* empty; after LOCK: export all, summary, FINISHED */

	/*
	 * Worker to parent.  None carries a descriptor, or a name or an
	 * address for anything but print.
	 */
	IMSG_READY = 100,	/* struct msg_ready; once, answers LOCK */
	IMSG_LOG,	/* struct msg_log; any time */
	IMSG_COUNTERS,	/* struct msg_counters; after READY */
	IMSG_EXPORT_COUNTERS,	/* struct summary_export; after COUNTERS */
	IMSG_EXPORT_DOWN,	/* struct msg_export_down; a stream has gone */
	IMSG_EXPORT_ASK,	/* struct msg_export_ask: the route's MTU? */
	IMSG_SUMMARY,	/* struct summary; answers a request or FINISH */
	IMSG_SUMMARY_PROTO,	/* struct summary_proto; after SUMMARY */
	IMSG_SUMMARY_EXPORT,	/* struct summary_export; after SUMMARY */
	IMSG_SUMMARY_INTERFACE,	/* struct summary_interface; after SUMMARY */
	IMSG_SUMMARY_END,	/* empty; ends a summary */
	IMSG_CONTROL_CLOSED,	/* struct msg_control_closed */
	IMSG_SHUTDOWN,	/* struct msg_shutdown: an operator's wish */
	IMSG_WISH,	/* struct msg_wish: another; one of a client */
	IMSG_HANDED_OVER,	/* empty; answers HANDOVER, then exit 0 */
	IMSG_FINISHED,	/* struct msg_finished; last, then exit 0 */

	/*
	 * softflowctl to worker: requests; id is CTL_VERSION.  Empty but where
	 * a structure is named.  Those of CTL_IS_SHOW() change nothing.
	 */
	CTL_SHUTDOWN = 200,
	CTL_EXIT,
	CTL_EXPIRE_ALL,
	CTL_DELETE_ALL,
	CTL_STATISTICS,
	CTL_DEBUG_MORE,
	CTL_DEBUG_LESS,
	CTL_STOP_GATHER,
	CTL_START_GATHER,
	CTL_DUMP_FLOWS,
	CTL_TIMEOUTS,
	CTL_SEND_TEMPLATE,
	CTL_RELOAD,
	CTL_SET,	/* struct ctl_set */
	CTL_SHOW_FLOWS,	/* struct ctl_query */
	CTL_FLOW_EXPIRE,	/* struct ctl_filter */
	CTL_FLOW_DELETE,	/* struct ctl_filter */
	CTL_SANDBOX,
	CTL_MEMORY,
	CTL_REQUEST_MAX,

	/*
	 * Worker to softflowctl: rows, then one CTL_RESULT.
	 */
	CTL_SUMMARY = 300,	/* struct summary */
	CTL_SUMMARY_PROTO,	/* struct summary_proto */
	CTL_SUMMARY_EXPORT,	/* struct summary_export */
	CTL_SUMMARY_INTERFACE,	/* struct summary_interface */
	CTL_FLOW,	/* struct ctl_flow */
	CTL_TIMEOUTS_ROW,	/* struct timeouts */
	CTL_SANDBOX_ROW,	/* struct ctl_sandbox; one for each process */
	CTL_MEMORY_ROW,	/* struct ctl_memory; one for each use */
	CTL_RESULT	/* struct ctl_result; last */
};

/* A socket address without pointers; family 4 or 6, 0: none. */
struct msg_addr {
	uint8_t		addr[16];	/* network order, IPv4 in 4 octets */
	uint16_t	port;		/* host order */
	uint8_t		family;
	uint8_t		reserved;
};

/* An address prefix; family 4 or 6. */
struct msg_prefix {
	uint8_t		addr[16];	/* network order, IPv4 in 4 octets */
	uint8_t		family;
	uint8_t		bits;
	uint16_t	reserved;
};

/* IMSG_CONF */
struct msg_conf {
	struct timeouts	timeouts;
	uint32_t	max_flows;
	uint32_t	track_level;	/* enum track_level */
	uint32_t	sampling;	/* 1 in N */
	uint32_t	template_seconds;
	uint32_t	template_datagrams;
	uint32_t	statistics_seconds;	/* between options records */
	uint32_t	spread;		/* a flow goes to one collector only */
	uint32_t	flags;		/* CONF_* */
	uint32_t	uid, gid;	/* become these */
	int32_t		daemon_pid;	/* for answers to operators */
	int32_t		verbose;
	int64_t		boot_unix_us;	/* when the daemon started; live */
	int64_t		boot_mono_us;
	struct counters	counters;	/* of the generations before */
	uint64_t	lost_packets;	/* with the last one, if its table */
	uint32_t	lost_flows;	/* is not adopted */
	uint32_t	train;		/* datagrams of a call */
	uint32_t	fragments;	/* entries of their table; 0: none */
	uint32_t	tunnels;	/* to open: TUNNEL_BIT() each */
	uint16_t	fields;		/* OPTIONAL_* of any collector */
	uint16_t	labels;		/* and MPLS labels */
	uint32_t	nown;		/* prefixes of the own side */
	struct msg_prefix	own[MAX_OWN_PREFIX];
	uint8_t		mac[MAX_OWN_MAC][6];	/* of the own side */
	uint32_t	nmac;
	uint32_t	snaplen;	/* octets of a packet in reports */
	uint32_t	parent_layers;	/* SANDBOX_*, for those who ask */
	uint32_t	parent_landlock_abi;
	char		file[INTERFACE_NAME];	/* a savefile's, for records */
};
#define CONF_SAVEFILE	0x01	/* packet time is the only clock */
#define CONF_ROOT	0x02	/* started as root: chroot, change ids */
#define CONF_ADOPT	0x04	/* the table is that of a worker before */
#define CONF_KEEP_OWN	0x08	/* account our own datagrams, too */
#define CONF_COUNTERS32	0x10	/* some collector has no larger ones */

/*
 * IMSG_CAPTURE.  from_us stays what it is as long as the socket does.  FRESH
 * is said to each worker until one that was told so has sent COUNTERS: where a
 * worker before it stopped means nothing then, and if INTERFACES has another
 * name for the slot, its row of statistics starts anew and flows do not know
 * any more whether they were seen there.  Slots that are gone are forgotten in
 * the same way.
 */
struct msg_capture {
	uint64_t	from_us;	/* packets of before are not ours, */
	uint64_t	before_us;	/* nor those from then on; 0: all are */
	uint32_t	slot;
	uint32_t	kind;		/* enum capture_kind */
	uint32_t	link;		/* enum link_type; ring only */
	uint32_t	block_size;	/* octets; ring or bpf buffer */
	uint32_t	block_count;
	uint32_t	flags;		/* MSG_CAPTURE_* */
};
#define MSG_CAPTURE_SKIP	0x01	/* release the block in hand unread */
#define MSG_CAPTURE_ANY		0x02	/* each frame has its own interface */
#define MSG_CAPTURE_FRESH	0x04	/* no worker before us read it */
#define MSG_CAPTURE_REMOVED	0x08	/* by a reload; what it counted stays */

/*
 * IMSG_FILTER: programs for savefiles, compiled by the parent, in one sealed
 * shared object.  It holds, for each link type, count[] instructions of
 * struct bpf_insn, one program behind the other, in the order of
 * capture_dlt(); 0: the expression means nothing for that link type.
 */
#define MSG_FILTER_MAX		32
struct msg_filter {
	uint32_t	count[MSG_FILTER_MAX];
};

/*
 * IMSG_EXPORT: one for each collector, slots in order; of one that is not
 * connected it comes without a descriptor.  IMSG_EXPORT_UP: its connection, or
 * without a descriptor the addresses of the one that is being made, as its
 * first packets may be captured already.  It may replace a socket: the
 * collector has another address; templates are sent anew, UDP's sequence goes
 * on.
 *
 * FRESH is said to each worker until one that was told so has sent COUNTERS:
 * sequence and counters are what is said here, and what waited for who had the
 * slot is lost, flows and a stream's queue (the parent knows its length by
 * EXPORT_COUNTERS).  GONE keeps the place of slots behind it, and is always
 * said; but for the slot nothing else of it counts, it has no socket and no
 * row, and gets no EXPORT_UP.  It may be FRESH in a later generation.
 */
struct msg_export {
	uint32_t	slot;
	uint32_t	sequence;	/* of the first datagram */
	uint32_t	payload_max;	/* octets */
	uint32_t	source_id;	/* v9 source, IPFIX domain, v5 engine */
	uint64_t	rate;		/* octets in a second; 0: no limit */
	uint32_t	transport;	/* enum transport */
	int32_t		error;		/* errno, why it is not connected; 0 */
	uint32_t	flags;		/* MSG_EXPORT_* */
	char		name[MSG_NAME_SIZE];	/* as the operator wrote it */
	struct export_format	format;
	struct msg_addr	local, remote;	/* to know our own datagrams by */
	struct export_counters	counters;	/* of the generations before */
};

#define MSG_EXPORT_FRESH	0x01	/* the slot was another's, or nobody's */
#define MSG_EXPORT_GONE		0x02	/* it is nobody's: nothing goes there */

/*
 * IMSG_EXPORT_DOWN: the parent connects the slot anew.  What was in the
 * worker's connection is closed already.
 */
struct msg_export_down {
	uint32_t	slot;
	int32_t		error;		/* errno; 0: the peer closed it */
};

/* IMSG_EXPORT_ASK: a datagram met EMSGSIZE.  IMSG_EXPORT_PAYLOAD answers. */
struct msg_export_ask {
	uint32_t	slot;
};
struct msg_export_payload {
	uint32_t	slot;
	uint32_t	payload_max;	/* octets */
};

/*
 * IMSG_INTERFACES: all that the worker need know of them, anew each time.
 * captures: interface[i] is that of capture slot i; else they are those of
 * the system.  What pair's first and again both see counts at first.
 */
#define MSG_INTERFACES		254
#define MSG_INTERFACE_PAIRS	1024
struct msg_interface {
	uint32_t	ifindex;	/* the system's; 0: not there now */
	uint32_t	number;		/* for records */
	char		name[INTERFACE_NAME];
};
struct msg_interfaces {
	uint32_t	captures;
	uint32_t	count, pairs;
	struct msg_interface	interface[MSG_INTERFACES];
	struct {
		uint32_t	first, again;	/* ifindex */
	} pair[MSG_INTERFACE_PAIRS];
};
_Static_assert(sizeof(struct msg_interfaces) <= 16384 - 16, "one message");

/*
 * IMSG_SETTINGS: what changes at any time, without a hand-over; the next CONF
 * says the same.  With a collector of v5 sampling is at most 16383.
 */
struct msg_settings {
	struct timeouts	timeouts;
	uint32_t	sampling;	/* 1 in N */
	int32_t		verbose;
};

/*
 * IMSG_HANDOVER: a next worker takes over.  Read on until the clock is past
 * cut_us and what was captured before has come, but of the slots in replaced
 * nothing of cut_us or later, for the next one has other sockets that see it,
 * and from_us is cut_us there; export what is in hand, leave the flows in the
 * table, say HANDED_OVER.  That is 0.2 s behind the cut, which may be 5 s
 * ahead, and up to 2 s later where streams do not acknowledge.
 *
 * The new sockets are to be open, and stamp packets as the old ones do, before
 * cut_us.  If a worker dies meanwhile, the next one gets the old sockets, with
 * before_us, and HANDOVER with the same cut_us in its turn.
 * FINISH ends a hand-over, and what the worker has passed over by then is lost:
 * rather let the next one finish.  Of a PSAMP socket the time means nothing:
 * it is read until it is empty.  All but max_flows, track_level, fields and
 * labels may be another in the next CONF, and file and boot times stay.
 */
struct msg_handover {
	uint64_t	cut_us;		/* since the epoch; 0: at once */
	uint32_t	replaced;	/* bit for each capture slot */
	uint32_t	reserved;
};

/*
 * IMSG_WISH: a client of the control socket wants what is the parent's to do.
 * The parent checks that this client may, and every value.  IMSG_WISH_DONE
 * goes to it as its result.
 */
enum wish {
	WISH_RELOAD,
	WISH_TIMEOUT,		/* which: enum timeout, value: seconds */
	WISH_SAMPLING,		/* value: 1 in N */
	WISH_VERBOSE,		/* value: 0 or 1; as struct msg_settings */
	WISH_MAX
};
struct msg_wish {
	uint32_t	client;		/* id of its CONTROL */
	uint32_t	wish;		/* enum wish */
	uint32_t	which, value;
};
struct msg_wish_done {
	uint32_t	client;
	uint32_t	failed;
	char		text[MSG_TEXT_SIZE];	/* NUL-terminated */
};

/* IMSG_CONTROL */
struct msg_control {
	uint32_t	id;		/* < MAX_CONTROL */
	uint32_t	uid;		/* peer's, as the kernel says */
	uint32_t	role;		/* enum control_role */
};
enum control_role {
	CONTROL_VIEWER,		/* may show */
	CONTROL_OPERATOR,	/* may do all */
	CONTROL_ROLE_MAX
};

struct msg_control_closed {
	uint32_t	id;
};

/* IMSG_READY: what is in force. */
struct msg_ready {
	uint32_t	landlock_abi;	/* 0: none */
	uint32_t	layers;		/* SANDBOX_*, see sandbox.h */
};

struct msg_log {
	int32_t		priority;	/* LOG_EMERG to LOG_DEBUG */
	char		text[MSG_LOG_SIZE];	/* NUL-terminated */
};

struct msg_counters {
	struct counters	counters;
	uint32_t	active_flows;	/* and their packets: what dies with us */
	uint32_t	reserved;
	uint64_t	active_packets;
	uint32_t	sequence[MAX_EXPORT];
};
_Static_assert(sizeof(struct msg_counters) <= MSG_WORKER_MAX, "too large");

struct msg_shutdown {
	uint32_t	client;		/* id of its CONTROL */
	uint32_t	graceful;	/* 1: export everything; 0: exit now */
};

/* IMSG_FINISHED */
struct msg_finished {
	uint32_t	failed;		/* 1: the savefile was damaged */
	uint32_t	reserved;
	uint64_t	frames;		/* read from it */
};

/* What may be asked with the role of a viewer. */
#define CTL_IS_SHOW(request)						\
	((request) == CTL_STATISTICS || (request) == CTL_DUMP_FLOWS ||	\
	(request) == CTL_TIMEOUTS || (request) == CTL_SHOW_FLOWS ||	\
	(request) == CTL_SANDBOX || (request) == CTL_MEMORY)

/* CTL_SET: a wish, but for that of reload. */
struct ctl_set {
	uint32_t	wish;		/* enum wish */
	uint32_t	which, value;
};

/* Which flows; all that is set must hold.  CTL_FLOW_EXPIRE, _DELETE. */
#define CTL_FILTER_HOSTS	2
struct ctl_filter {
	uint32_t	have;		/* CTL_FILTER_*: what is set */
	uint32_t	nhost;		/* each is one end's address */
	struct msg_prefix	host[CTL_FILTER_HOSTS];
	uint64_t	min_octets, min_packets;	/* both directions */
	uint32_t	min_age, min_idle;	/* seconds since first, last */
	uint16_t	port[CTL_FILTER_HOSTS];	/* of either end */
	uint32_t	nport;
	uint16_t	vlan;		/* outer or inner */
	uint8_t		proto;
	uint8_t		state;		/* enum ctl_state */
	char		interface[INTERFACE_NAME];	/* in or out */
};
#define CTL_FILTER_PROTO	0x01
#define CTL_FILTER_VLAN		0x02
#define CTL_FILTER_INTERFACE	0x04
#define CTL_FILTER_STATE	0x08
enum ctl_state {
	CTL_STATE_ONEWAY,	/* packets of one direction only */
	CTL_STATE_BOTHWAYS,
	CTL_STATE_SYN,		/* TCP, and no ACK seen yet */
	CTL_STATE_OPEN,		/* TCP, neither FIN nor RST seen */
	CTL_STATE_FIN,		/* TCP, FIN of a side, no RST */
	CTL_STATE_RST,
	CTL_STATE_MAX
};

/*
 * CTL_SHOW_FLOWS.  Sorted, the largest first; then the limit is 1 to
 * CTL_SORT_LIMIT.  Otherwise as they stand in the table, and 0 is no limit.
 */
#define CTL_SORT_LIMIT	1000
enum ctl_sort {
	CTL_SORT_NONE,
	CTL_SORT_OCTETS,	/* of both directions, as all of these */
	CTL_SORT_PACKETS,
	CTL_SORT_AGE,		/* since its first packet */
	CTL_SORT_RATE,		/* octets a second of its life, 1 s at least */
	CTL_SORT_MAX
};
struct ctl_query {
	struct ctl_filter	filter;
	uint32_t	sort;		/* enum ctl_sort */
	uint32_t	limit;		/* rows */
};

/* CTL_SANDBOX_ROW */
struct ctl_sandbox {
	char		process[16];	/* "parent", "worker" */
	int32_t		pid;
	uint32_t	layers;		/* SANDBOX_* */
	uint32_t	landlock_abi;	/* 0: none */
};

/* CTL_MEMORY_ROW */
struct ctl_memory {
	char		use[24];	/* "flows", "rings" ... */
	uint64_t	octets;		/* reserved */
	uint64_t	octets_used;	/* at most those have been touched */
	uint64_t	entries, entries_max;	/* 0: has none */
};

/* CTL_FLOW: one line of dump-flows. */
#define CTL_FLOW_SIDE		0x01	/* vlan and mac are of a packet */
struct ctl_flow {
	uint64_t	octets[2], packets[2];
	uint64_t	first_us[2], last_us[2];
	uint8_t		addr[2][16];
	uint16_t	port[2];
	uint8_t		proto, family;
	uint8_t		tcp_flags[2];
	uint8_t		tos[2];
	uint16_t	have;		/* CTL_FLOW_SIDE, or 0 */
	uint16_t	vlan[2];	/* outer and inner id; 0: none */
	uint8_t		mac[2][6];	/* the endpoints' */
	char		in[2][INTERFACE_NAME];	/* empty: unknown */
	char		out[2][INTERFACE_NAME];
	uint32_t	index;		/* in the table */
	int32_t		expires;	/* seconds from now */
	uint32_t	reason;		/* enum expire_reason, when it does */
};

/* CTL_RESULT: text is what the operator reads. */
struct ctl_result {
	uint32_t	failed;		/* 0: done */
	int32_t		pid;		/* the daemon's */
	uint64_t	count;		/* flows expired, deleted, rows sent */
	char		text[MSG_TEXT_SIZE];
};

#endif
