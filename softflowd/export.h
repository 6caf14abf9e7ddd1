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

#include "datagram.h"
#include "netflow_layout.h"
#include "track.h"

struct export;
struct export_statistics;
struct psamp_packet;
struct stream_queue;

#define EXPORT_FLOWS	32	/* in one datagram */
#define EXPORT_LANES	2	/* trains at a time */

/*
 * What goes on when a worker is replaced, as it was when the last train of
 * datagrams was accounted for.
 */
struct export_session {
	uint64_t	settled;	/* number of that train */
	int64_t		sent_ms;	/* last header's time */
	uint64_t	templates_at_ms;
	uint64_t	statistics_at_ms;
	uint32_t	templates_now;
	uint32_t	templates_sent;	/* up to those of the start */
	uint32_t	datagrams;	/* since templates */
	uint32_t	interface;	/* to be named next; 0: all are */
	uint32_t	sequence;	/* the next one's */
	uint32_t	unheard;	/* nobody may have our templates */
	struct export_counters	counters;
};

/*
 * A train in hand: datagrams of one length, but for a shorter last one, that
 * the system takes in one call, and their flows, which stay in the table
 * until they are out.  One at a time is being sent, number settled + 1: it is
 * complete but for the sequence numbers; before, it is nothing that anybody
 * could use.
 */
struct export_piece {
	uint32_t	len;
	uint32_t	advance;	/* of the sequence number */
	uint32_t	records;	/* of flows */
	uint32_t	nflows;
	uint32_t	clamped;
	uint32_t	cut;
	int64_t		boot_ms;	/* what its records' times refer to */
	uint64_t	packets, octets;	/* that its records tell of */
};

struct export_hand {
	uint64_t	number;
	uint32_t	sending;	/* 0: being filled */
	uint32_t	at;		/* the first piece being sent */
	uint32_t	together;	/* and how many are */
	uint32_t	sent;		/* bit i: piece i went */
	uint32_t	pieces;
	uint32_t	nflows;		/* of all pieces */
	struct export_piece	piece[MAX_TRAIN];
	uint32_t	flow[MAX_TRAIN * EXPORT_FLOWS];
	uint8_t		data[MAX_TRAIN * DATAGRAM_SIZE];
};

struct export_config {
	struct export_format	format;
	struct layout_identity	identity;
	uint32_t	source_id;	/* v9 source, IPFIX domain, v5 engine */
	uint32_t	sampling;	/* 1 in N; 1: every packet */
	uint32_t	template_seconds;	/* refresh templates after, */
	uint32_t	template_datagrams;	/* or after this many */
	uint32_t	statistics_seconds;	/* between records; 0: none */
	uint32_t	train;	/* datagrams of a call, to MAX_TRAIN */
	const struct flow_side	*sides;	/* by a flow's idx; or NULL */
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

/* Wait for a millisecond, or less: fd had no room, as error says. */
typedef void export_wait_fn(int fd, int error);

/*
 * From now on fd cuts what it is given into datagrams of so many octets, the
 * last one shorter; 0: it does not.  -1 if it cannot.
 */
typedef int export_segment_fn(int fd, size_t octets);

/*
 * A train has been sent or given up, piece by piece as its sent tells, and
 * counted for its collector: commit the session, then let its flows go.
 */
typedef void export_settled_fn(void *arg, unsigned int slot,
	    const struct export_hand *);

/*
 * hands are the caller's, EXPORT_LANES of them, zero or adopted; NULL: of its
 * own.
 * NULL with errno EINVAL (layout_choose(); v5: sampling above 16383) or ENOMEM.
 */
struct export *export_new(const struct export_config *, export_send_fn *,
	    struct export_hand *hands);
void	export_free(struct export *);

/* slot is what it is called there. */
void	export_on_settled(struct export *, export_settled_fn *, void *arg,
	    unsigned int slot);

/*
 * Have config's train of datagrams sent by one call; without this, or NULL,
 * each one goes as soon as it is full.
 */
void	export_segments(struct export *, export_segment_fn *);

/*
 * A datagram that finds a socket full is tried again after wait, which may
 * happen so often until this is called again; once only behind one that was
 * given up, until one goes.
 */
void	export_patience(struct export *, export_wait_fn *wait,
	    unsigned int times);

/*
 * The collector.  fd: connected socket, export's to close; sequence: first
 * sequence number; before: to count on from, or NULL.  What is in hand goes
 * to it, too, and templates before all.
 */
void	export_open(struct export *, int fd, uint32_t sequence,
	    const struct export_counters *before);

/* Another socket instead, or with -1 none: what is due meanwhile is lost. */
void	export_up(struct export *, int fd);

/* It could not be connected, for that errno. */
void	export_failed(struct export *, int error);

/*
 * It is a stream: before export_open(), whose fd is then -1.  The queue is the
 * caller's, room for so many octets; whole: messages cannot be joined.  -1
 * with errno.  When adopting, export_stream_begin() must follow, and tells
 * whether a queue is there to be taken over.
 */
int	export_streams(struct export *, struct stream_queue *, size_t octets,
	    int whole, int adopting);
void	export_stream_begin(struct export *, int adopt);

/* Of a stream: it is connected; fd is closed when that ends. */
void	export_stream_up(struct export *, int fd);

/*
 * Its descriptor to poll, -1 if there is none, and whether for POLLOUT; and
 * what is to be done each turn with one that is connected: 1, or -1 with errno,
 * 0 being the collector's wish, when that has ended, be it since the last turn.
 */
int	export_stream_fd(const struct export *, int *wants);
int	export_stream_turn(struct export *, int readable, struct counters *);

/* Whether it has room for what may wait; mono_us as in pace.h. */
int	export_stream_room(struct export *, uint64_t mono_us);

/* Whether something was written of which nothing is known yet. */
int	export_stream_unsettled(const struct export *);

/* Its connection ends, because we want it; what waits stays. */
void	export_stream_hang_up(struct export *);

/* It ends: count as lost what waits. */
void	export_stream_give_up(struct export *);

/* Messages that wait, and their octets. */
uint64_t export_stream_waiting(const struct export *, uint64_t *octets);

/*
 * Octets of a datagram that its route carries: less than 512 (RFC 7011
 * section 10.3.3) counts as 512, and one with templates of optional fields
 * has what it needs.
 */
void	export_payload(struct export *, uint32_t octets);

/*
 * Go on with a session, after export_open().  If a train was being sent and
 * is in order, it is returned, and can be resumed: given as resend it is
 * kept, and export_resend() must follow.  All others are forgotten, and their
 * flows are the caller's to export again.
 */
struct export_hand *export_resumable(struct export *,
	    const struct export_session *);
void	export_adopt(struct export *, const struct export_session *,
	    struct export_hand *resend);

/*
 * Send what was kept if it may not have arrived, octet for octet with the
 * same sequence numbers, and settle it.  hand->together of them may come
 * twice, which the caller has counted and committed: this may be cut short.
 */
void	export_resend(struct export *, struct export_hand *,
	    struct counters *c);

/* Instead of export_adopt(): the session is a new one, nothing is in hand. */
void	export_renew(struct export *);

/*
 * Sampling is 1 in N from the next datagram on; those in hand should be out.
 * Told anew are its options record, where there is one, and statistics.
 */
void	export_sampling(struct export *, uint32_t sampling);

void	export_set_clock(struct export *, const struct export_clock *);

/*
 * Fill in what the process as a whole has to tell (RFC 7011 sections 4.1 and
 * 4.2): of packets, and the timeouts.  Without this there are no statistics.
 */
typedef void export_totals_fn(void *arg, struct export_statistics *);
void	export_on_totals(struct export *, export_totals_fn *, void *arg);

/* Whether records of the version can say the flow. */
int	export_can(const struct export *, const struct flow *);

/*
 * Append the flow's records, for each direction that has packets, to the
 * datagram in hand, and send the train when that is full.  idx is what the
 * flow is called when it is settled.  Counted in c: times_clamped.
 */
void	export_flow(struct export *, const struct flow *, uint32_t idx,
	    uint8_t end_reason, struct counters *c);

/*
 * VERSION_PSAMP: append a packet report to the datagram in hand, and send that
 * when it is full.  Who it reaches is counted for each collector only.
 */
void	export_packet(struct export *, const struct psamp_packet *,
	    struct counters *c);

/* The collector cannot have this one. */
void	export_packet_lost(struct export *, const struct psamp_packet *);

/* Send what is in hand. */
void	export_flush(struct export *, struct counters *c);

/* Send templates now if their time has come (also when no flow expires). */
void	export_tick(struct export *, struct counters *c);

/* Templates go out with the next datagram. */
void	export_templates(struct export *);

const struct export_session *export_session(struct export *);

/* A flow that the collector's version cannot say, or that is lost. */
void	export_count_refused(struct export *, const struct flow *);
void	export_count_lost(struct export *, const struct flow *);

#endif
