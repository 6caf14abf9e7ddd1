/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Control clients in the worker: one request each at a time, rows with
 * back-pressure, and nothing that a silent, slow or vanished client could
 * hold up.
 */

#ifndef CONTROL_H
#define CONTROL_H

#include <poll.h>
#include <stdint.h>

#include "msg.h"
#include "summary.h"
#include "track.h"

#define CONTROL_IDLE_MS		60000	/* then the client is closed */
#define CONTROL_WISH_MS		60000	/* the parent has for its answer */
#define CONTROL_QUEUE_MAX	64	/* buffers; rows wait above it */

/* What the engine does for an operator. */
struct control_ops {
	/* export, or drop and count, flows that match, NULL: all; how many */
	uint64_t	(*expire)(const struct ctl_filter *);
	uint64_t	(*delete)(const struct ctl_filter *);
	void		(*summary)(struct summary *);	/* up to date */
	const struct summary_proto *(*protos)(void);	/* [256] */
	unsigned int	(*exports)(struct summary_export *, unsigned int max);
	/* the interface at a slot; 0: nothing to tell */
	int		(*interface)(uint8_t slot, struct summary_interface *);
	void		(*timeouts)(struct timeouts *);
	/* row by row, at most max; how many */
	unsigned int	(*sandbox)(struct ctl_sandbox *, unsigned int max);
	unsigned int	(*memory)(struct ctl_memory *, unsigned int max);
	void		(*gather)(int on);
	void		(*send_template)(void);
	/* to the parent: a wish, that of shutdown or exit, a client has gone */
	void		(*wish)(const struct msg_wish *);
	void		(*shutdown)(uint32_t id, int graceful);
	void		(*closed)(uint32_t id);
	const struct track *(*table)(void);
	/* whether the last expire or delete has not seen all flows */
	int		(*interrupted)(void);
	/* seconds until the flow is due, and why */
	int		(*expires)(const struct flow *, enum expire_reason *);
	uint64_t	(*now_us)(void);	/* what expires them */
};

void	control_init(const struct control_ops *, int32_t daemon_pid);

/*
 * Take a connection (non-blocking) over; it is control's to close.  -1 with
 * errno EINVAL (no such id or role, or in use) or ENOMEM: it stays the
 * caller's.
 */
int	control_add(int fd, const struct msg_control *, uint64_t now_ms);

/* Fill in at most max entries; returns how many. */
unsigned int control_pollfds(struct pollfd *, unsigned int max);

/* Serve what poll(2) found; close clients idle at now_ms (monotonic). */
void	control_dispatch(const struct pollfd *, unsigned int n,
	    uint64_t now_ms);

/*
 * The parent's answer to a wish becomes that of its client, if that still
 * waits.  -1 with errno EINVAL: no such id, or a text without an end.
 */
int	control_wish_done(const struct msg_wish_done *, uint64_t now_ms);

/* What all clients hold. */
void	control_memory(struct ctl_memory *);

/*
 * Last words before exit: try once to send what is queued, then close all.
 * A shutdown that was asked for is still said to the parent, or, ending, is
 * what we do already.
 */
void	control_close_all(int ending);

#endif
