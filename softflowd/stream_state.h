/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What stream.c and stream_queue.c share, and the tests that damage it. */

#ifndef STREAM_STATE_H
#define STREAM_STATE_H

#include "datagram.h"
#include "netflow.h"
#include "stream.h"

/* Before each message in the queue. */
struct stream_message {
	uint64_t	at;		/* where this stands */
	int64_t		boot_ms;
	uint32_t	len;
	uint32_t	advance;
	uint32_t	records;
	uint32_t	reserved;
};

/* Positions count octets from the beginning and never go back. */
struct stream_state {
	uint64_t	head;		/* the oldest message */
	uint64_t	sent;		/* the oldest that was never sent, */
	uint64_t	tried;		/* or behind those that may have been */
	uint64_t	tail;
	uint64_t	waiting;	/* messages from sent on, */
	uint64_t	waiting_records;	/* and flow records in them */
	uint64_t	mark;
	uint64_t	sessions;
	struct export_counters	counters;
};

/*
 * A worker may die at any instruction.  Messages are written behind the tail;
 * all that changes is written to the state that does not count and then made
 * the one that does, by a single store.
 */
struct stream_queue {
	uint64_t		magic;
	uint64_t		size;		/* of data */
	uint32_t		current;	/* state that counts, 0 or 1 */
	uint32_t		reserved;
	struct stream_state	state[2];
	uint8_t			data[];
};

#define STREAM_OUT		65536	/* octets of messages at a time, */
#define STREAM_OUT_MESSAGES	64	/* and how many */

struct stream_out {
	size_t		end;		/* in out[] */
	size_t		len;
	uint64_t	at;		/* in the queue */
	uint64_t	next;		/* behind it */
	uint32_t	records;
	int		preface;	/* not from the queue */
};

struct stream {
	struct stream_config	 config;
	struct stream_queue	*queue;
	uint64_t		 size;
	int			 fd;

	int		acks;		/* the system tells, */
	uint64_t	acks_base;	/* from here on */
	uint64_t	head_octets;	/* of the session, before head */
	uint64_t	asked_ms;
	int		asked;		/* since the last write */

	int		prefacing;
	unsigned int	nth;
	uint32_t	sequence;
	int64_t		sent_ms;	/* last header's time */
	uint64_t	next;		/* to be put into out[] */
	uint64_t	done;		/* behind the last sent whole */
	uint64_t	again;		/* what was tried before this session */

	/* With their headers as they go, until the socket has them. */
	unsigned int		out_messages, out_first;
	size_t			out_len, out_at;
	struct stream_out	out_message[STREAM_OUT_MESSAGES];
	uint8_t			out[STREAM_OUT];
};

static inline const struct stream_state *
stream_state(const struct stream *s)
{
	return (&s->queue->state[s->queue->current]);
}

/* A copy of the state, to change and to commit. */
struct stream_state *stream_draft(struct stream *);
void	stream_commit(struct stream *);

/* The head of a message of the queue, and its octets. */
void	stream_peek(const struct stream *, uint64_t at,
	    struct stream_message *);
void	stream_copy(const struct stream *, uint64_t at, void *, size_t);

/* Let go of what is acknowledged. */
void	stream_acknowledge(struct stream *);

#endif
