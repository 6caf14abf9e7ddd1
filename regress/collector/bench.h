/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Datagrams for the decoder's tests, as hexadecimal, and what feeds them.
 * Every datagram is fed from a heap block of just its size, so that a
 * sanitizer sees any step outside.
 */

#ifndef BENCH_H
#define BENCH_H

#include "decode.h"

#define V1_HEAD		"0001 0001 0010c865 6553f164 00000000"
#define V1_RECORD							\
	"c0000201 c6336409 00000000 0002 0003 00000003 000005dc"	\
	"000f4240 000f6a9d 9c40 01bb 0000 06 20 1b 000000 00000000"
#define V1		V1_HEAD V1_RECORD
#define V5_HEAD(count, sequence)					\
	"0005" count "0010c865 6553f164 00000000" sequence "00 07 4064"
#define V5_RECORD							\
	"c0000201 c6336409 00000000 0002 0003 00000003 000005dc"	\
	"000f4240 000f6a9d 9c40 01bb 00 1b 06 20 0000 0000 00 00 0000"
#define V5		V5_HEAD("0001", "000003e8") V5_RECORD
#define V9_TEMPLATE							\
	"0000 0040 0400 000e 0008 0004 000c 0004 0016 0004 0015 0004"	\
	"0001 0004 0002 0004 000a 0004 000e 0004 0007 0002 000b 0002"	\
	"0004 0001 0006 0001 0005 0001 0088 0001"
#define V9_OPTIONS							\
	"0001 0018 0100 0004 0008 0001 0004 0022 0004 0023 0001 0000"
#define SAMPLING	"0100 0010 00000007 00000064 01 000000"
#define V9_DATA								\
	"0400 002c c0000201 c6336409 000f4240 000f6a9d 000005dc"	\
	"00000003 00000002 00000003 9c40 01bb 06 1b 20 03"
#define V9_SETS		V9_TEMPLATE V9_OPTIONS SAMPLING V9_DATA
#define IPFIX_TEMPLATE							\
	"0002 0038 0400 000c 0008 0004 000c 0004 0098 0008 0099 0008"	\
	"0001 0008 0002 0008 0007 0002 000b 0002 0004 0001 0006 0001"	\
	"0005 0001 0088 0001"
#define IPFIX_OPTIONS							\
	"0003 0018 0100 0003 0001 0095 0004 0022 0004 0023 0001 0000"
#define IPFIX_OPTIONS_UNPADDED						\
	"0003 0016 0100 0003 0001 0095 0004 0022 0004 0023 0001"
#define IPFIX_DATA							\
	"0400 0034 c0000201 c6336409 0000018bcfe5687b 0000018bcfe590d8"	\
	"00000000000005dc 0000000000000003 9c40 01bb 06 1b 20 03"
#define IPFIX_SETS	IPFIX_TEMPLATE IPFIX_OPTIONS SAMPLING IPFIX_DATA

/* template 300: octets in 4 octets */
#define TEMPLATE_300	"0002 000c 012c 0001 0001 0004"

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
