/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the engine_*.c files share; included by nobody else. */

#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>

#include "capture.h"
#include "compat.h"
#include "control.h"
#include "imsg.h"
#include "interface.h"
#include "meter.h"
#include "msg.h"

enum engine_phase {
	ENGINE_SETUP,		/* receiving what we work with */
	ENGINE_RUNNING,		/* confined */
	ENGINE_HANDING_OVER,	/* until the next worker can begin */
	ENGINE_FINISHING	/* reading what is left, then the end */
};

struct engine {
	struct imsgbuf		 channel;
	enum engine_phase	 phase;
	struct msg_conf		 conf;
	int			 have_conf;
	struct msg_ready	 ready;		/* what is in force */
	struct estate		*estate;
	struct meter		*meter;

	struct msg_interfaces	 interfaces;	/* as the parent said last */
	struct msg_capture	 capture_conf[MAX_CAPTURE];
	int			 capture_fd[MAX_CAPTURE];
	unsigned int		 ncapture;
	unsigned int		 next;		/* whose turn it is to be read */
	struct msg_filter	 filter;
	int			 filter_fd;	/* -1: none */
	struct capture		*capture[MAX_CAPTURE];
	int			 gathering;
	int			 drained;	/* nothing left to read now */
	int			 busy;		/* flows are due: meter_tick() */
	volatile uint64_t	 turns;		/* of the loop */
	volatile sig_atomic_t	 looping;

	int64_t			 mono_us;	/* of this turn */
	int64_t			 unix_us;
	int64_t			 finish_us;	/* monotonic */
	int64_t			 reported_us;	/* last COUNTERS */
	struct msg_handover	 handover;
	volatile sig_atomic_t	 terminated;	/* SIGTERM has come */
	uint64_t		 logs_dropped;
};

extern struct engine	engine;

/* engine.c: to the parent; fatal when memory is out. */
void	engine_send(enum msg_type, const void *, size_t);
void	engine_flush(int timeout_ms);
void	engine_dispatch_priv(void);
void	engine_learn_interfaces(void);

/* Whether flows have side records. */
int	engine_side(void);

/* Move a received descriptor to a place, or up to the first free one. */
int	engine_place(int fd, int where);

/*
 * engine_export.c: sockets to collectors.  Watch tells the parent which have
 * failed; once in a turn.
 */
export_send_fn	engine_send_datagram;
void	engine_get_export(struct imsg *);
void	engine_get_export_up(struct imsg *);
void	engine_get_export_payload(struct imsg *);
void	engine_export_watch(void);

/*
 * Their descriptors to poll, at most MAX_EXPORT, and what came of it; whether
 * a stream is not connected.
 */
unsigned int engine_export_pollfds(struct pollfd *);
void	engine_export_polled(const struct pollfd *);
int	engine_export_missing(void);

/* engine_control.c */
int	engine_interface(uint8_t slot, struct summary_interface *);
void	engine_control_init(void);
void	engine_get_wish_done(struct imsg *);
void	engine_send_summary(void);

/* engine_notice.c: losses that begin or end; the collectors' rows */
void	engine_notice(const struct summary_export *, unsigned int n);

/*
 * engine_handover.c: begin; think better of it; each turn, what there is to
 * do, ending the process when all is done; how long poll(2) may sleep.
 */
void	engine_get_handover(struct imsg *);
void	engine_handover_off(void);
void	engine_hand_over(void);
int	engine_handover_ms(void);

/* Before the end, what nobody else could read. */
void	engine_read_in_hand(void);

/* Which frames are ours, as the cuts say; again when the clock is set back. */
void	engine_set_windows(void);

/*
 * For each capture that reads packet reports and what is kept for it; to take
 * that over.
 */
typedef void engine_sender_fn(struct capture *, struct psamp_sessions *);
void	engine_senders(engine_sender_fn *);
engine_sender_fn	engine_recall;

/* Whether flows shall rather wait, for what has left is being acknowledged. */
int	engine_handover_draining(void);

/* Whether the kernel counts of a capture are the next worker's. */
int	engine_handed_over(unsigned int slot);

/* engine_run.c: up to a turn's worth of frames; -1: the source has failed. */
int	engine_read_frames(void);

/* engine_run.c: one batch of a capture; how many frames, or -1. */
int	engine_read_batch(unsigned int slot);

/* engine_run.c: wait, a short time only, until collectors may have more. */
void	engine_await_room(void);

/* engine_run.c: let the channel and the streams go on, for so long at most. */
void	engine_pause(int ms);

/* engine_run.c: from the kernel, into all counters. */
void	engine_kernel_counters(void);

/* engine_run.c: COUNTERS to the parent, at most once a second unless now */
void	engine_report(int now);

/* engine_run.c: the loop after lock-down; never returns. */
__dead void engine_run(void);

#endif
