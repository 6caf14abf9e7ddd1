/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tests of packet.c.  Frames are written in hexadecimal, so that each test
 * shows what it feeds, and decoded twice from buffers of exactly their size,
 * with equal results: an octet read beyond the captured ones ends the test.
 */

#ifndef PACKET_FRAMES_H
#define PACKET_FRAMES_H

#include <stdint.h>

#include "packet.h"

#define A4		"0a000001"
#define B4		"0a000002"
#define A6		"20010db8000000000000000000000001"
#define B6		"20010db8000000000000000000000002"

#define ZERO8		"0000000000000000"
#define ZERO32		ZERO8 ZERO8 ZERO8 ZERO8
#define ZERO64		ZERO32 ZERO32

#define SRC		"020000000001"
#define DST		"020000000002"
#define AP		"020000000003"
#define ETH(type)	DST SRC type
#define WLAN_FROM_AP	"08020000" DST AP SRC "0000"
#define AVS		"80211001" "00000040" ZERO32 ZERO8 ZERO8 ZERO8
#define SLL(hatype, type)						\
	"0000" hatype "0006" "0200000000010000" type
#define SLL2(hatype, type)						\
	type "0000" "00000001" hatype "00" "06" "0200000000010000"
#define SNAP(oui, type)	"aaaa03" oui type
#define PPPOE(code)	"11" code "0001" "0000"

/* In the byte order of this host, as NFLOG's attributes are */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST16(high, low)	low high
#else
#define HOST16(high, low)	high low
#endif
#define NFLOG(low, type)	HOST16("00", low) HOST16("00", type)

#define V4(tos, length, frag, proto)					\
	"45" tos length "1234" frag "40" proto "0000" A4 B4
#define V4_REPLY(tos, length, proto)					\
	"45" tos length "1234" "0000" "40" proto "0000" B4 A4
#define V6(length, next)	"60000000" length next "40" A6 B6
#define V6_REPLY(length, next)	"60000000" length next "40" B6 A6

/* 1234 > 80 with SYN and ACK, 5000 > 53 */
#define TCP		"04d20050" "0000000100000000" "5012ffff" "00000000"
#define UDP		"13880035" "00080000"
#define TCP4		V4("00", "0028", "0000", "06") TCP
#define UDP4		V4("00", "001c", "0000", "11") UDP
#define TCP6		V6("0014", "06") TCP
#define UDP6		V6("0008", "11") UDP
#define EVERY_EXT6							\
	V6("0040", "00") "2b00010400000000" "3c00000000000000"		\
	"3300010400000000" "2c01000000000000" "00000000"		\
	"06ff000000001234" TCP
#define JUMBO6		V6("0000", "00") "0600c20400012345" TCP

/* The octets of hex, on the heap. */
uint8_t	*octets(const char *hex, uint32_t *size);

/* The frame is as it was when this returns. */
enum packet_result decode_frame(enum link_type, const struct decode *,
    struct frame *, struct packet *);

/* Decode the first caplen octets of data. */
enum packet_result decode_octets(enum link_type, uint16_t ethertype,
    enum track_level, const uint8_t *data, uint32_t caplen,
    uint32_t wirelen, struct packet *);

/* The same with all that can be asked for. */
enum packet_result decode_how(enum link_type, uint16_t ethertype,
    const struct decode *, const uint8_t *data, uint32_t caplen,
    uint32_t wirelen, struct packet *);

enum packet_result decode_level(enum link_type, enum track_level,
    const char *hex, struct packet *);

/* At TRACK_FULL. */
enum packet_result decode(enum link_type, const char *hex, struct packet *);
enum packet_result result_of(enum link_type, const char *hex);

void	check_packet(const struct packet *, uint8_t proto, uint16_t src_port,
	    uint16_t dst_port, uint8_t flags);

/* What holds for every packet that was accepted. */
void	check_sane(const struct packet *, enum track_level);

#define TEST(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

#endif
