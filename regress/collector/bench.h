/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What feeds datagrams to the decoder in its tests, each from a heap block of
 * just its size, so that a sanitizer sees any step outside.
 */

#ifndef BENCH_H
#define BENCH_H

#include "decode.h"
#include "samples.h"

#define DATAGRAM_MAX	2048
#define FLOWS_MAX	64

/* A decoder and what it handed out for the latest datagram. */
struct bench {
	struct decoder		*decoder;
	struct exporter		 from;
	struct result		 result;
	struct record		 flows[FLOWS_MAX];
	size_t			 nflows;
	struct options_record	 options;
	struct value		 values[8];
	uint8_t			 scope[4];	/* of the options record */
	size_t			 noptions;
	struct report		 report;	/* the latest, without octets */
	size_t			 nreports;
};

void	bench_open(struct bench *, int unaligned);
size_t	from_hex(const char *, uint8_t *);
enum rule feed_octets(struct bench *, const uint8_t *, size_t);
enum rule feed(struct bench *, const char *);

/* These write the header of source 7. */
enum rule feed_v9(struct bench *, uint16_t count, uint32_t sequence,
	    const char *sets);
enum rule feed_ipfix(struct bench *, uint32_t sequence, const char *sets);

/* These require of a new decoder that it names that rule and offset. */
void	expect_patched(const char *, size_t off, uint8_t octet, enum rule,
	    size_t offset);
void	expect_v9(uint16_t count, const char *sets, enum rule, size_t offset);
void	expect_ipfix(const char *sets, enum rule, size_t offset);

#endif
