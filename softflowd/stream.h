/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Messages on their way to a collector that is reached by TCP or SCTP.
 * Worker, confined: sends on descriptors it is given; opens nothing, logs
 * nothing and reads no clock.
 *
 * Messages wait in a queue which lies in memory that outlives the worker.
 * What is queued stays: where there is no room, the newest message is lost,
 * whole, and counted.
 *
 * A connection is a transport session (RFC 7011 sections 10.2.4 and 10.4.4).
 * Each one begins with the preface, and its sequence numbers (section 3.1)
 * count from 0; what was not sent, or not acknowledged by the collector's
 * system, is written again, whole.  What is lost here shows as no gap, for it
 * was never sent in the session.  Export times never step back within one
 * (section 8.2).
 *
 * Templates are never withdrawn: the end of a session does that for all of
 * them (section 8.1), and within one each id keeps its content, which is all
 * that a withdrawal would be for (8.4).  Who changes what an id means has to
 * stream_give_up() first: queued messages were encoded by the old one.
 * Templates that are queued may repeat the preface's, which is allowed.
 *
 * SCTP: each message is one send, on stream 0, ordered and without partial
 * reliability.  That is what section 10.2 asks for templates, and makes the
 * sequence of that stream the session's.
 */

#ifndef STREAM_H
#define STREAM_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "softflowd.h"

#define STREAM_MIN	4096		/* octets of a queue */
#define STREAM_TURN	262144		/* to write in a call, about */
#define STREAM_READ	65536		/* to read in a call */

struct export_clock;
struct netflow_encoder;
struct stream;
struct stream_queue;

/* What goes with a message. */
struct stream_piece {
	uint32_t	advance;	/* of the sequence number */
	uint32_t	records;	/* of flows */
	int64_t		boot_ms;	/* what its records' times refer to */
	uint64_t	mark;		/* the caller's, see stream_mark() */
};

/*
 * Make the nth message of the preface, from 0: templates and options records.
 * Its octets, at most size (DATAGRAM_SIZE), or 0: there is no more.
 */
typedef size_t stream_preface_fn(void *arg, unsigned int nth, uint8_t *buf,
	    size_t size, struct stream_piece *);

struct stream_config {
	const struct netflow_encoder	*encoder;
	uint16_t			 version;	/* first in messages */
	int				 whole;	/* each send is a message */
	ssize_t		(*send)(int fd, const void *, size_t);
	stream_preface_fn		*preface;
	void				*arg;
};

/* Octets of memory for a queue of so many, a power of two. */
size_t	stream_queue_size(size_t octets);

/*
 * A stream, not connected.  The queue is the caller's, stream_queue_size()
 * octets, and stays behind; stream_init() or stream_adopt() must follow.
 * NULL with errno EINVAL (octets) or ENOMEM.
 */
struct stream *stream_new(const struct stream_config *, struct stream_queue *,
	    size_t octets);
void	stream_free(struct stream *);

/* Begin with an empty queue; before: to count on from, or NULL. */
void	stream_init(struct stream *, const struct export_counters *before);

/*
 * Go on with what a worker left, whatever is in it.  A message on which it
 * died is there or is not.  -1: it was damaged.  Messages are then dropped,
 * and counted as lost where they still can be; if nothing could be read, it
 * is as after stream_init().
 */
int	stream_adopt(struct stream *, const struct export_counters *before);

/*
 * Queue a message, complete but for its times and sequence number.  -1 with
 * errno ENOBUFS: no room, or EMSGSIZE: more than DATAGRAM_SIZE; it is counted
 * as lost.
 */
int	stream_append(struct stream *, const uint8_t *message, size_t len,
	    const struct stream_piece *);

/* Whether a message of so many octets would find room. */
int	stream_room(struct stream *, size_t len);

/*
 * The mark of the last message given to stream_append(), by any worker; 0:
 * none.  What happened to that message, is what a caller that took over needs
 * to know so as not to queue it twice.
 */
uint64_t stream_mark(const struct stream *);

/*
 * A session begins on fd: connected, non-blocking and never used before.  It
 * is closed when the session ends.
 */
void	stream_up(struct stream *, int fd);

/* It ends, for that errno; 0: because we want it. */
void	stream_down(struct stream *, int error, const struct export_clock *);

/* None could begin, for that errno, which the counters have. */
void	stream_failed(struct stream *, int error, const struct export_clock *);

/* The session's descriptor, -1: there is none. */
int	stream_fd(const struct stream *);

/* Whether there is something to write: poll for POLLOUT. */
int	stream_wants(const struct stream *);

/*
 * Write what the socket takes, and see what has been acknowledged.  Wanted
 * each turn: without anything to do it costs nothing.  1: there is more to
 * write; 0: there is not; -1 with errno: the session has ended.
 * c: counts in datagrams_repeated what was sent in an earlier session.
 */
int	stream_write(struct stream *, const struct export_clock *,
	    struct counters *c);

/*
 * Read what the collector has no reason to send, and discard it.  1: the
 * session goes on; 0: the collector closed its side, or -1 with errno: the
 * session has ended.  For POLLIN, POLLHUP and POLLERR.
 */
int	stream_read(struct stream *, const struct export_clock *);

/*
 * End the session, empty the queue and count as lost what was never sent.
 * What the socket has taken is still delivered by the system.
 */
void	stream_give_up(struct stream *, const struct export_clock *);

/*
 * All but records_not_exportable, which is the caller's.  They lie in the
 * queue and agree with it at each instruction.  A message counts as sent when
 * its last octet was taken for the first time, and never again.  Valid until
 * the next call.
 */
const struct export_counters *stream_counters(const struct stream *);

/* Messages, and flow records in them, that were never sent. */
uint64_t stream_waiting(const struct stream *, uint64_t *records);

/* And octets of these messages. */
uint64_t stream_waiting_octets(const struct stream *);

/* Whether a session is there whose preface was written. */
int	stream_prefaced(const struct stream *);

/* Octets of the queue that are in use, and its size. */
uint64_t stream_used(const struct stream *);
uint64_t stream_size(const struct stream *);

/* The session's next sequence number. */
uint32_t stream_sequence(const struct stream *);

/*
 * How many octets the peer's system has acknowledged on a connection, from
 * anywhere on.  -1: cannot be told.  In the system's file.
 */
int	stream_acked(int fd, uint64_t *octets);

#endif
