/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A stream and a collector that knows what it must get: whole messages, the
 * preface first, numbers and export times in order, and of the messages that
 * were accepted every one, in their order.
 */

#ifndef STREAM_FIXTURE_H
#define STREAM_FIXTURE_H

#include "export.h"
#include "stream_state.h"

#define PREFACE		2	/* messages */
#define PREFACE_LEN	24
#define ACCEPTED_MAX	200000
#define HEARD_MAX	(8U << 20)

extern struct stream		*s;
extern struct stream_queue	*queue;
extern struct export_clock	 clock_now;
extern struct counters		 c;
extern int			 whole;

/* What send does: so many octets at all and in a call, then an error. */
extern size_t			 send_left, send_most;
extern int			 send_error;
extern int			 send_dies;	/* behind the first one */
extern unsigned int		 sends;
extern size_t			 sent_octets;
extern int			 sink;	/* the octets go nowhere */

/* The collector's side of the session: descriptor and all that it heard. */
extern int			 peer;
extern uint8_t			*heard;
extern size_t			 heard_len;

/* Numbers of messages that were accepted, in order; how many arrived. */
extern uint64_t			*accepted;
extern size_t			 naccepted, arrived;
extern uint64_t			 offered, offered_records;

/* A stream on fresh memory of so many octets; on what is there. */
void	open_stream(size_t octets);
int	adopt_stream(size_t octets);
void	close_stream(void);

void	connect_unix(int type);
void	connect_tcp(int receive_buffer);	/* 0: the usual */
void	disconnect(int reset);

/* Offer the next message; as stream_append(). */
int	offer(size_t len);
/* Hear what there is, up to so many octets. */
void	hear(size_t most);
/* Hear all until the end of a session that our side has closed. */
void	hear_end(void);
/* Wait until the collector's system has acknowledged all it was sent. */
void	await_acknowledgement(void);
/* Check all that was heard in the session; octets behind whole messages. */
size_t	check_heard(void);
/* Every message and record that was offered is accounted for. */
void	check_counted(void);

#endif
