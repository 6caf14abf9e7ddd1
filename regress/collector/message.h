/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What decode.c, template.c and data.c share; for no one else. */

#ifndef MESSAGE_H
#define MESSAGE_H

#include <sys/queue.h>

#include "decode.h"

#define FIELD_VARIABLE	65535	/* length of a variable-length field */

/* Information elements that mean something to us. */
enum element {
	EL_NONE,
	EL_OCTETS,
	EL_PACKETS,
	EL_PROTO,
	EL_TOS,
	EL_TCPFLAGS,
	EL_SPORT,
	EL_SRC4,
	EL_IN,
	EL_DPORT,
	EL_DST4,
	EL_OUT,
	EL_LAST_UPTIME,
	EL_FIRST_UPTIME,
	EL_SRC6,
	EL_DST6,
	EL_ICMP4,
	EL_SAMPLING,
	EL_SAMPLER_RANDOM,
	EL_REASON,
	EL_ICMP6,
	EL_FIRST_S,
	EL_LAST_S,
	EL_FIRST_MS,
	EL_LAST_MS,
	EL_FIRST_US,
	EL_LAST_US,
	EL_FIRST_NS,
	EL_LAST_NS,
	EL_SAMPLING_INTERVAL,
	EL_SAMPLING_SPACE,
	EL_PRINTED,		/* and those behind it: data.c */
	EL_MAX = EL_PRINTED + 28
};

struct field {
	uint32_t	 enterprise;
	uint16_t	 id;
	uint16_t	 length;
	uint8_t		 element;	/* enum element */
};

struct template {
	SLIST_ENTRY(template) entry;
	size_t		 length;	/* of the shortest record */
	size_t		 nfields;
	size_t		 nscopes;	/* 0: of flow records */
	uint16_t	 id;
	struct field	 fields[];
};

/* One exporting process as its datagrams show it. */
struct session {
	SLIST_ENTRY(session) entry;
	SLIST_HEAD(, template) templates;
	struct exporter	 exporter;
	uint64_t	 time_us;	/* latest export time */
	uint32_t	 source_id;
	uint32_t	 sequence;	/* of the next datagram, */
	uint32_t	 sampling;
	uint16_t	 version;
	uint8_t		 sequence_known;	/* if this is set */
};

struct decoder {
	struct decoder_config config;
	SLIST_HEAD(, session) sessions;
	size_t		 nsessions;
	size_t		 ntemplates;
	struct value	 values[FIELDS_MAX];	/* of the record in hand */
};

/* The datagram in hand. */
struct message {
	struct decoder	*decoder;
	struct session	*session;
	const struct exporter *from;
	const uint8_t	*buf;
	size_t		 len;
	uint64_t	 time_us;	/* of export */
	uint32_t	 uptime_ms;	/* of the exporter at that time */
	uint32_t	 records;	/* of every kind */
	uint32_t	 data_records;	/* flow and options data */
	uint16_t	 version;
	struct result	*result;
};

/* decode.c: these return -1 after message_fail(). */
int	message_fail(struct message *, enum rule, size_t offset);
int	message_padding(struct message *, size_t off, size_t end);
int	message_times(struct message *, struct record *, size_t off,
	    uint32_t first_ms, uint32_t last_ms);
int	message_flow(struct message *, struct record *, size_t off);

/* template.c */
int	template_set(struct message *, uint16_t set_id, size_t off,
	    size_t end);
const struct template *template_find(const struct session *, uint16_t id);
void	template_free_all(struct decoder *, struct session *);

/* data.c */
int	data_set(struct message *, uint16_t set_id, size_t off, size_t end);
enum element element_find(uint16_t id);
int	element_length_ok(enum element, uint16_t length);

#endif
