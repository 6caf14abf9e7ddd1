/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Control clients over socket pairs, with an engine that only takes notes. */

#ifndef CONTROL_FIXTURE_H
#define CONTROL_FIXTURE_H

#include <imsg.h>

#include "control.h"

#define PID		4242

struct fake_engine {
	struct track	*table;
	uint64_t	 now_us;
	unsigned int	 closed[MAX_CONTROL];
	unsigned int	 flows_asked, shutdowns, templates, wishes;
	int		 graceful, gather;
	uint32_t	 shutdown_id;
	int		 watch_fd;	/* peer, looked at on shutdown */
	size_t		 seen_octets;	/* that waited there */
	uint32_t	 version;	/* of the second collector */
	struct msg_wish	 wish;		/* the last one */
	struct ctl_filter	filter;	/* of the last expire or delete */
	int		 filtered;	/* it had one */
	int		 interrupted;	/* it has not seen all flows */
};
extern struct fake_engine engine;
extern struct summary_proto protos[256];

struct peer {
	struct imsgbuf	ibuf;
	int		fd;
	uint32_t	id;
};

/* An engine with so many UDP flows; the n-th has ports n % 65536, n / 65536. */
void	setup(unsigned int flows);

/* A client at id; its answers meet a small socket buffer. */
void	join(struct peer *, uint32_t id, uint64_t now_ms);
void	join_as(struct peer *, uint32_t id, uint64_t now_ms,
	    enum control_role);

/* One of the engine's. */
void	turn(uint64_t now_ms);

void	ask(struct peer *, uint32_t type, uint32_t id, const void *, size_t);

/* Next message, turning the engine until it is there; 0: closed. */
int	next(struct peer *, struct imsg *);

/* Rows up to the result, which is returned. */
struct ctl_result result_of(struct peer *, unsigned int *rows);

/* It is done, in these words. */
void	check_text(struct peer *, uint32_t type, const char *text);

/* It is refused in words that hold these, then closed. */
void	check_refused(struct peer *, const char *wrong, const char *allowed);

/* It is refused in these words, and the client may go on. */
void	check_denied(struct peer *, uint32_t type, const void *, size_t,
	    const char *text);

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#endif
