/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the files of the decoder share; for no one else. */

#ifndef MESSAGE_H
#define MESSAGE_H

#include <sys/queue.h>

#include "decode.h"

#define SELECTORS_MAX	8	/* of one selection sequence */
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
	EL_SAMPLING_ALGORITHM,
	EL_SAMPLER_MODE,
	EL_IF_NAME,
	EL_BOOT,
	EL_SEQUENCE_ID,
	EL_SELECTOR_ID,
	EL_SELECTOR_ALGORITHM,
	EL_SAMPLING_INTERVAL,
	EL_SAMPLING_SPACE,
	EL_TIME_INTERVAL,
	EL_TIME_SPACE,
	EL_SAMPLING_SIZE,
	EL_SAMPLING_POPULATION,
	EL_SAMPLING_PROBABILITY,
	EL_FRAME_SIZE,
	EL_SECTION_IP,		/* five kinds of contiguous octets */
	EL_SECTION_PAYLOAD,
	EL_SECTION_FRAME,
	EL_SECTION_MPLS,
	EL_SECTION_MPLS_PAYLOAD,
	EL_SECTION_OCTETS,
	EL_OBSERVED_S,
	EL_OBSERVED_MS,
	EL_OBSERVED_US,
	EL_OBSERVED_NS,
	EL_COUNTED,		/* from here on totals, which only grow */
	EL_EXPORTED_OCTETS = EL_COUNTED,
	EL_EXPORTED_MESSAGES,
	EL_EXPORTED_FLOWS,
	EL_PACKETS_OBSERVED = EL_EXPORTED_FLOWS + 7,
	EL_PACKETS_SELECTED,
	EL_PRINTED,		/* from here on printed: element.c */
	EL_BIFLOW_DIRECTION = EL_PRINTED,
	EL_MAX = EL_PRINTED + 29
};
#define PEN_REVERSE	29305	/* RFC 5103: the same of the other direction */

struct field {
	uint32_t	 enterprise;
	uint16_t	 id;
	uint16_t	 length;
	uint8_t		 element;	/* enum element */
	uint8_t		 reverse;	/* of the other direction */
};

struct template {
	SLIST_ENTRY(template) entry;
	size_t		 length;	/* of the shortest record */
	size_t		 nfields;
	size_t		 nscopes;	/* 0: of flow records */
	uint16_t	 id;
	uint8_t		 biflow;	/* has fields of both directions */
	struct field	 fields[];
};

/* The elements of one record; NULL: not in it. */
struct found {
	const struct value *at[EL_MAX];
	const struct value *reverse[EL_MAX];
};

/* A total that an options record gave. */
struct total {
	uint64_t	 scope;		/* what the record is about */
	uint64_t	 value;
	uint16_t	 id;
	uint16_t	 nth;		/* of equal elements in a record */
};
#define TOTALS_MAX	64	/* of one session */

/* A selection sequence of PSAMP: an observation point and selectors. */
struct selection {
	uint64_t	 id;
	uint64_t	 selectors[SELECTORS_MAX];
	size_t		 nselectors;
	uint8_t		 seen;		/* SEEN_* */
};
#define SEEN_PACKETS	0x01	/* packet reports of it */
#define SEEN_SEQUENCE	0x02	/* its selection sequence report */
#define SEEN_STATISTICS	0x04	/* its counts */

/* One exporting process as its messages show it. */
struct session {
	SLIST_ENTRY(session) entry;
	SLIST_HEAD(, template) templates;
	struct exporter	 exporter;
	uint64_t	 time_us;	/* latest export time */
	uint64_t	 boot_ms;	/* as element 160 has it; 0: unknown */
	uint64_t	 octets;	/* of all messages so far */
	uint64_t	 messages;
	uint64_t	 flow_records;
	uint64_t	 rates[2];	/* 1 in N by RATE_*; 0: not known */
	struct total	 totals[TOTALS_MAX];
	size_t		 ntotals;
	struct selection selections[SELECTORS_MAX];
	size_t		 nselections;
	uint64_t	 selectors[SELECTORS_MAX];	/* described */
	size_t		 nselectors;
	uint32_t	 uptime_ms;	/* latest, if uptime_known */
	uint32_t	 source_id;
	uint32_t	 sequence;	/* of the next datagram, */
	uint32_t	 sampling;
	uint16_t	 version;
	uint8_t		 sequence_known;	/* if this is set */
	uint8_t		 uptime_known;
	uint8_t		 uptime_wrapped;	/* before our eyes */
	uint8_t		 whole;		/* nothing of it was missed */
};
#define RATE_OLD	0	/* elements 34 and 50 */
#define RATE_SELECTOR	1	/* selectorAlgorithm */

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
	uint32_t	 flow_records;
	uint16_t	 version;
	uint8_t		 rates;		/* it said something of them */
	struct result	*result;
};

/* Those that return int return -1 after message_fail(). */

/* decode.c */
int	message_fail(struct message *, enum rule, size_t offset);
int	message_padding(struct message *, size_t off, size_t end);

/* session.c */
int	session_open(struct message *, uint32_t source_id);
void	session_sequence(struct message *, uint32_t got);
void	session_advance(struct message *, uint32_t by);
int	session_time(struct message *, size_t off);
int	session_uptime(struct message *, size_t off);
int	session_rates(struct message *);
void	session_count(struct message *, int failed);

/* template.c */
int	template_set(struct message *, uint16_t set_id, size_t off,
	    size_t end);
struct template *template_find(const struct session *, uint16_t id);
void	template_free_all(struct decoder *, struct session *);

/* data.c */
int	data_set(struct message *, uint16_t set_id, size_t off, size_t end);

/* element.c */
enum element element_find(uint16_t id);
int	element_length_ok(enum element, uint16_t length);
int	element_reversible(uint16_t id);
uint64_t element_number(const struct value *);	/* NULL is 0 */
uint64_t element_ntp_us(uint64_t ntp, uint32_t fraction_mask);

/* flow.c */
int	message_times(struct message *, struct record *, size_t off,
	    uint32_t first_ms, uint32_t last_ms);
int	message_flow(struct message *, struct record *, size_t off);
int	flow_record(struct message *, const struct template *,
	    const struct found *, size_t off);

/* options.c */
int	options_record(struct message *, const struct template *,
	    const struct found *, size_t off);
int	options_total(struct message *, const struct value *, uint16_t nth,
	    size_t off);

/* psamp.c */
int	psamp_report(struct message *, const struct found *, size_t off);
int	psamp_options(struct message *, const struct template *,
	    const struct found *, size_t off);
enum rule psamp_missing(const struct session *);

#endif
