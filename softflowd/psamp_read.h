/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Packet reports out of the IPFIX messages of others, RFC 7011 and RFC 5476.
 * Pure but for the templates it keeps, which are bounded in number and size;
 * whatever a message holds, it is read within its length.
 */

#ifndef PSAMP_READ_H
#define PSAMP_READ_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "packet.h"

#define PSAMP_PEER_SESSIONS	8	/* of one address, by port and domain */
#define PSAMP_SESSIONS		(MAX_PSAMP_PEER * PSAMP_PEER_SESSIONS)
#define PSAMP_TEMPLATES		16	/* of a session */
#define PSAMP_FIELDS		48	/* of a template */
#define PSAMP_TEMPLATE_1X	3072	/* softflowd 1.x sends it once */

struct psamp_field {
	uint16_t	element;	/* 0: an enterprise's, or unknown */
	uint16_t	length;
};

struct psamp_template {
	uint16_t		id;	/* 0: none */
	uint16_t		count;	/* of fields */
	uint16_t		options;	/* it is for options data */
	uint16_t		least;	/* octets of a record, at least */
	struct psamp_field	field[PSAMP_FIELDS];
};

/* One exporter's observation domain. */
struct psamp_session {
	struct msg_addr		peer;	/* family 0: none */
	uint32_t		domain;
	uint32_t		sequence;	/* expected next, if known */
	uint32_t		known;
	uint64_t		used;	/* message number */
	struct psamp_template	template[PSAMP_TEMPLATES];
};

/* Those of a reader, for one that is to go on with them. */
struct psamp_sessions {
	uint64_t		count;
	struct psamp_session	session[PSAMP_SESSIONS];
};

struct psamp_reader {
	uint64_t		messages;
	struct psamp_session	*session;	/* of the message in hand */
	const uint8_t		*set, *set_end, *end;	/* what is left */
	const struct psamp_template	*template;	/* of the set */
	uint32_t		seconds;	/* export time */
	struct psamp_session	sessions[PSAMP_SESSIONS];
};

struct psamp_report {
	struct frame	frame;		/* data lies in the message; slot 0 */
	enum link_type	link;
	uint32_t	ingress, egress;	/* numbers of interfaces */
};

/* A reader is all zero at first. */

/*
 * Take a message: check it, learn its templates, and count in c's psamp_*.
 * Returns how many reports it holds; -1 when it is damaged and nothing of its
 * data is used.  The message must stay until the last psamp_next().
 */
int	psamp_begin(struct psamp_reader *, const struct msg_addr *peer,
	    const uint8_t *message, size_t len, struct counters *c);

/* The next report of it; 0: there is none. */
int	psamp_next(struct psamp_reader *, struct psamp_report *);

/* Between two messages: what is known of exporters. */
void	psamp_keep(const struct psamp_reader *, struct psamp_sessions *);

/* Before the first message: know what can be of it, whatever it says. */
void	psamp_recall(struct psamp_reader *, const struct psamp_sessions *);

#endif
