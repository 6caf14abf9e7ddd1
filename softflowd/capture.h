/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Getting frames.  The parent half opens (capture_open_*), the worker half
 * reads; what passes between them is a descriptor and struct msg_capture.
 */

#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "packet.h"

enum capture_kind {
	CAPTURE_RING,		/* Linux AF_PACKET, TPACKET_V3 */
	CAPTURE_BPF,		/* bpf(4) */
	CAPTURE_SAVEFILE,	/* pcap or pcapng on a descriptor */
	CAPTURE_PSAMP,		/* packet reports on a UDP socket */
	CAPTURE_KIND_MAX
};

/*
 * PARENT
 */
struct capture_params {
	const char	*interface;
	const char	*filter;	/* expression or NULL */
	const char	*except;	/* one that none may match; or NULL */
	uint32_t	 snaplen;
	uint32_t	 buffer;	/* octets; 0: the default, */
	uint32_t	 share;		/* divided by this */
	int		 promisc;
	int		 optional;	/* may be missing: bound later */
	int		 ignore_outgoing;
	int		(*apart)(void);	/* confines the child that compiles */
};

/*
 * Open, filter and bind the live capture device of this system.  Returns the
 * descriptor, the caller's to close, and fills in *conf (all but slot and
 * MSG_CAPTURE_SKIP).  -1 with a line in error.  An optional interface that is
 * not there is taken for Ethernet, and waits for capture_rebind(), or where
 * that cannot be has a descriptor on which nothing ever comes.
 */
int	capture_open_live(const struct capture_params *, struct msg_capture *,
	    char *error, size_t errorlen);

/* Whether the name stands for all interfaces. */
int	capture_is_any(const char *interface);

/*
 * The system's index of the interface that the open descriptor is bound to,
 * and its number for that kind of hardware.  0 and Ethernet's if it is bound
 * to all, to none yet, or to one that has gone.
 */
uint32_t capture_bound(int fd, int *hardware);

/*
 * Whether an open descriptor can be bound again.  bpf(4)'s cannot, as it is
 * locked: where the interface comes back a new one is opened, and where it is
 * removed one that is bound to none takes its place.
 */
extern const int capture_can_rebind;

/*
 * Bind the open descriptor to the interface of this index and params' name,
 * which must be of that hardware; -1 with a line in error.
 */
int	capture_rebind(int fd, const struct capture_params *params,
	    uint32_t ifindex, int hardware, char *error, size_t errorlen);

/*
 * Where it can be bound again: nothing comes any more, as if the interface had
 * gone for good; what has come can be read still.
 */
void	capture_unbind(int fd, const struct capture_params *);

/*
 * Compile the expression for every link type a savefile may have into one
 * sealed shared object.  Returns its descriptor or -1 with a line in error,
 * if it means nothing for any of them.
 */
int	capture_compile_savefile(const char *expression, struct msg_filter *,
	    char *error, size_t errorlen);

/*
 * Whether the expression means something for any link type, as far as that
 * can be told without looking up names: found out in a child that apart
 * confines.  -1 with a line in error.
 */
int	capture_check_filter(const char *expression, int (*apart)(void),
	    char *error, size_t errorlen);

/* Names of the link types that are decoded, for messages. */
const char *capture_supported(void);

/* A line that names the interfaces there are, for whoever mistyped one. */
void	capture_no_interface(const char *name, char *error, size_t errorlen);

/* link_type of a DLT_ value; -1 when it is not supported. */
int	capture_link(int dlt);

/* DLT_ values a savefile may have, in the order of struct msg_filter. */
int	capture_dlt(unsigned int n);
extern const unsigned int capture_ndlts;

/*
 * WORKER
 */
struct capture;
struct psamp_sessions;

/*
 * Take over a descriptor before lock-down: map the ring, or give the
 * savefile's stream its buffer.  filter_fd: shared object of a savefile's
 * programs, -1 for none.  Every size in conf is checked.  NULL with errno.
 */
struct capture *capture_new(const struct msg_capture *, int fd,
		    int filter_fd, const struct msg_filter *);

/* After lock-down: read a savefile's header.  -1: capture_error() says why. */
int	capture_start(struct capture *);

/* To poll(2); -1: nothing comes any more. */
int	capture_fd(const struct capture *);
enum link_type capture_link_type(const struct capture *);

/*
 * Whether there may be frames now: 0 when there are none (live).  Blocks
 * given up after a crash are counted in c->frames_skipped.
 */
int	capture_ready(struct capture *, struct counters *c);

/*
 * How far the frames reach that capture_read() has handed out, asked after
 * capture_ready() said yes: the ring's block in hand, by the kernel's
 * sequence number, and how many of its frames; of a savefile, 0; of PSAMP and
 * bpf, how many reports of the datagram, or frames of the buffer, in hand are
 * left.
 */
struct capture_mark {
	uint64_t	block;		/* PSAMP, bpf: reports, frames left */
	uint64_t	frames;
};
void	capture_position(const struct capture *, struct capture_mark *);

/*
 * Before the first read, go on behind the mark of a worker before us, which
 * may say anything: if its block is still there, its frames are passed over,
 * or if that cannot be, the block is given up as MSG_CAPTURE_SKIP does.
 */
void	capture_resume(struct capture *, const struct capture_mark *);

/*
 * After capture_ready(), call fn with up to max frames, one by one; a frame
 * is there until fn returns.  Returns their number; 0 when there is none now
 * (live) or the savefile has ended; -1 when the source failed:
 * capture_error() says why.
 */
typedef void capture_frame_fn(void *arg, const struct frame *);
int	capture_read(struct capture *, int max, capture_frame_fn *fn,
	    void *arg, struct counters *c);

/*
 * From the next capture_ready() on, frames of a live capture from from_us on
 * and of before before_us are read, the others passed over as if they had
 * never come, also for the kernel's counters; 0: no such limit.  Exact, by the
 * kernel's time of each frame.  Of PSAMP it means nothing: a datagram comes to
 * one socket only.
 */
void	capture_window(struct capture *, uint64_t from_us, uint64_t before_us);

/* Of PSAMP: what is known of exporters, as psamp_read.h has it. */
void	capture_keep(const struct capture *, struct psamp_sessions *);
void	capture_recall(struct capture *, const struct psamp_sessions *);

/*
 * Whether frames are left that nobody could read after us: a datagram's, or of
 * a buffer that bpf(4) gave us.
 */
int	capture_in_hand(const struct capture *);

/*
 * Add to *c what the kernel received and dropped since *at was set: by the last
 * call, whatever worker's, or, all 0, since the descriptor was opened.  UNKNOWN
 * received is set only.  Where reading the kernel's counters empties them *at
 * does not count.
 */
struct capture_kernel {
	uint64_t	received, dropped;
};
#define CAPTURE_KERNEL_UNKNOWN	UINT64_MAX
void	capture_kernel_counters(struct capture *, struct counters *c,
	    struct capture_kernel *at);

/* Clear a pending error of the descriptor, or poll(2) spins; its errno. */
int	capture_clear_error(struct capture *);

const char *capture_error(const struct capture *);

#endif
