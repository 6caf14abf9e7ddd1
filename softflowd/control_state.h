/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the control*.c files share; included by nobody else. */

#ifndef CONTROL_STATE_H
#define CONTROL_STATE_H

#include <stddef.h>
#include <stdint.h>

#include <imsg.h>

#include "control.h"

enum client_state {
	CLIENT_FREE,
	CLIENT_IDLE,		/* nothing owed: waiting for a request */
	CLIENT_ROWS,		/* more rows to come */
	CLIENT_WAITING,		/* for the parent's answer to its wish */
	CLIENT_GONE,		/* the same, but nobody will read it */
	CLIENT_ANSWERED,	/* the whole answer is in the queue */
	CLIENT_REFUSED		/* so is a refusal: close behind it */
};

/* A flow that is among the first ones so far; control_flows.c. */
struct candidate {
	uint64_t	value;		/* by which it is sorted */
	uint64_t	first_us;	/* and key: that it is still the one */
	struct flow_key	key;
	uint32_t	idx;
};

struct client {
	struct imsgbuf	ibuf;
	uint64_t	progress_ms;	/* last whole request or write */
	uint64_t	rows;		/* of this answer so far */
	uint32_t	cursor;		/* next record or row to look at */
	uint32_t	request;	/* CTL_*, while it is answered */
	uint32_t	role;		/* enum control_role */
	enum client_state	state;
	union {
		struct ctl_set		set;
		struct ctl_query	query;
		struct ctl_filter	filter;
	} payload;			/* the request's */
	struct candidate	*best;	/* a heap, then sorted; or NULL */
	uint32_t	nbest;
	int		sorted;
};

extern const struct control_ops	*control_ops;

/*
 * control.c: queue a message; the result, after which the client may ask
 * again, or a refusal, after which it is closed.  -1: the client is lost.
 */
int	client_send(struct client *, uint32_t type, const void *, size_t);
int	client_result(struct client *, int failed, uint64_t count,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));
int	client_refuse(struct client *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
uint32_t client_id(const struct client *);

/* control_request.c: take the next request, if it has arrived whole. */
int	client_request(struct client *, uint64_t now_ms);

/* control_request.c: go on with an answer of several rows. */
int	client_rows(struct client *);

/*
 * control_flows.c: answer the query in payload, which is in order; a turn of
 * that, when there is room in the queue; forget what it needed.
 */
int	client_flows_begin(struct client *);
int	client_flows(struct client *);
void	client_flows_end(struct client *);

#endif
