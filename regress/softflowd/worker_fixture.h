/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A parent for the worker of the real program: what it is told, what it says,
 * a ring that the test fills, and a collector.
 */

#ifndef WORKER_FIXTURE_H
#define WORKER_FIXTURE_H

#include "estate.h"
#include "export_walk.h"
#include "msg.h"

#define RING_BLOCK	65536U
#define RING_COUNT	64U
#define RING_FRAMES	400U		/* of a block, at most */

struct ring {
	int		 fd;
	uint8_t		*map;
	uint32_t	 next;		/* block to fill */
	uint64_t	 seq;
};

/* What the workers of a test have: the parent's to change between them. */
extern struct msg_conf		conf;
extern struct msg_capture	capture;	/* slot 0 */
extern struct msg_export	export;		/* slot 0 */
extern int			export_fd;	/* or -1 */
extern struct msg_counters	counters;	/* as they were said last */
extern struct msg_ready		ready;
extern char			said_last[];	/* to the log */
extern int			table_fd;

/* A table, the numbers of a configuration, a UDP collector. */
void	parent_init(const char *srcdir);

/* A worker that reads the ring, confined and READY. */
void	worker_start(const struct ring *);

/* One that has been told all but LOCK; it calls before() ahead of its exec. */
pid_t	worker_begin(const struct ring *, void (*before)(void));
void	worker_send(enum msg_type, int fd, const void *, size_t);

/* What it says up to a message of that type; LOG goes to stdout. */
void	worker_await(enum msg_type);

/* 1: it is READY; 0: it has ended instead. */
int	worker_is_ready(void);

/* Wait until it has heard what was sent to it. */
void	worker_sync(void);

/* What it says up to its end: the last message's type; its exit status. */
enum msg_type	worker_end(int *status);

/* Octets sent to it that it has not read. */
int	worker_unread(void);

/* It is dead, and has been waited for. */
void	worker_forget(void);

/* How often it has said a message of that type since it began. */
unsigned int	worker_said(enum msg_type);

void	ring_new(struct ring *);

/* One of the kernel's, for lo; capture.link is to be LINK_RAW. */
void	ring_open(struct ring *);

/* A block of n frames: UDP packets of 10.0.0.1, at these times. */
void	ring_fill(struct ring *, const uint64_t *time_us, uint32_t n);

/* A bound socket on loopback, and one that is connected to it. */
void	collector_new(int *receives, int *sends);

/* Read what came: packets in its records, datagrams added to *n. */
uint64_t collector_read(int fd, struct walk *, unsigned int *n);

/* A TCP connection over loopback; what sends is non-blocking. */
void	connection_new(int *receives, int *sends);

/* Send a message of n packet reports, perhaps with their template. */
void	report_send(int fd, int with_template, unsigned int n);

uint64_t wall_us(void);
void	sleep_until(uint64_t us);

#endif
