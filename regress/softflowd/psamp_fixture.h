/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * IPFIX messages made by hand, right and wrong ones, and a reader to take
 * them.  Each lies right before a page that may not be touched: an octet too
 * many ends the test.
 */

#ifndef PSAMP_FIXTURE_H
#define PSAMP_FIXTURE_H

#include "psamp_read.h"

extern uint8_t	message[65536];
extern size_t	message_len;

/* Begin: header with this sequence number, domain 7, export time 1000 s. */
void	message_begin(uint32_t sequence);

void	message_put(uint64_t value, size_t octets);
void	message_zeros(size_t octets);

/* Open a set; end it and write its length; the header's, last. */
void	message_set(uint16_t id);
void	message_set_end(void);
void	message_end(void);

/* A set with one template; fields are pairs of element and length. */
void	message_template(uint16_t id, const uint16_t *fields, size_t n);

/* An IPv4 packet with UDP in an Ethernet frame, 42 octets. */
extern const uint8_t	message_frame[42];
void	message_octets(const uint8_t *, size_t);


/* The reader under test, what it counts, the report in hand, who sends. */
extern struct psamp_reader	reader;
extern struct psamp_report	report;
extern struct counters		c;
extern struct msg_addr		peer;

void	start(void);

/* Take len octets of the message in the making; psamp_begin()'s result. */
int	take(size_t len);

/* End the message and take it. */
int	finish(void);

/*
 * A message with a template of number 400 and so many records under it, each
 * with message_frame in a frame of 1500 octets.
 */
extern const uint16_t	plain[8];
void	make_plain(uint32_t sequence, unsigned int records);

/* The next report begins as message_frame does. */
void	check_frame(uint32_t caplen);

#endif
