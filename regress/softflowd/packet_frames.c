/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Tests of packet.c: from hexadecimal text to decoded packets. */

#include <atf-c.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "packet_frames.h"

static uint8_t
nibble(char digit)
{
	return ((uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10));
}

uint8_t *
octets(const char *hex, uint32_t *size)
{
	uint8_t		*data;
	uint32_t	 i;

	*size = (uint32_t)(strlen(hex) / 2);
	ATF_REQUIRE((data = malloc(*size ? *size : 1)) != NULL);
	for (i = 0; i < *size; i++)
		data[i] = (uint8_t)(nibble(hex[2 * i]) << 4 |
		    nibble(hex[2 * i + 1]));
	return (data);
}

enum packet_result
decode_frame(enum link_type link, const struct decode *how,
    struct frame *frame, struct packet *pkt)
{
	const uint8_t		*data = frame->data;
	enum packet_result	 result;
	struct packet		 guarded;
	uint8_t			*exact;

	ATF_REQUIRE((exact = malloc(frame->caplen ? frame->caplen : 1)) !=
	    NULL);
	memcpy(exact, data, frame->caplen);
	/* With no octets at all, not even the first one may be read. */
	frame->data = frame->caplen ? exact : exact + 1;
	memset(pkt, 0xa5, sizeof(*pkt));
	result = packet_decode(link, frame, how, pkt);
	free(exact);

	frame->data = guard_copy(data, frame->caplen);
	ATF_REQUIRE(frame->data != NULL);
	memset(&guarded, 0xa5, sizeof(guarded));
	ATF_REQUIRE_EQ(result, packet_decode(link, frame, how, &guarded));
	if (result == PACKET_OK)
		ATF_REQUIRE_EQ(0, memcmp(pkt, &guarded, sizeof(guarded)));
	frame->data = data;
	return (result);
}

enum packet_result
decode_octets(enum link_type link, uint16_t ethertype, enum track_level level,
    const uint8_t *data, uint32_t caplen, uint32_t wirelen,
    struct packet *pkt)
{
	struct decode	how = { .level = level };

	return (decode_how(link, ethertype, &how, data, caplen, wirelen,
	    pkt));
}

enum packet_result
decode_how(enum link_type link, uint16_t ethertype, const struct decode *how,
    const uint8_t *data, uint32_t caplen, uint32_t wirelen,
    struct packet *pkt)
{
	struct frame	frame = { 0 };

	frame.data = data;
	frame.caplen = caplen;
	frame.wirelen = wirelen;
	frame.ethertype = ethertype;
	frame.time_us = 1234567890123456;
	frame.slot = 3;
	return (decode_frame(link, how, &frame, pkt));
}

enum packet_result
decode_level(enum link_type link, enum track_level level, const char *hex,
    struct packet *pkt)
{
	enum packet_result	 result;
	uint8_t			*data;
	uint32_t		 size;

	data = octets(hex, &size);
	result = decode_octets(link, 0, level, data, size, size, pkt);
	free(data);
	return (result);
}

enum packet_result
decode(enum link_type link, const char *hex, struct packet *pkt)
{
	return (decode_level(link, TRACK_FULL, hex, pkt));
}

enum packet_result
result_of(enum link_type link, const char *hex)
{
	struct packet	 pkt;

	return (decode(link, hex, &pkt));
}

void
check_packet(const struct packet *pkt, uint8_t proto, uint16_t src_port,
    uint16_t dst_port, uint8_t flags)
{
	ATF_CHECK_EQ(proto, pkt->key.proto);
	ATF_CHECK_EQ(src_port, pkt->key.port[pkt->dir]);
	ATF_CHECK_EQ(dst_port, pkt->key.port[!pkt->dir]);
	ATF_CHECK_EQ(flags, pkt->flags);
}

void
check_sane(const struct packet *pkt, enum track_level level)
{
	static const uint8_t	 zero[16];
	const struct flow_key	*key = &pkt->key;
	size_t			 size;
	int			 order;

	ATF_REQUIRE(key->family == 4 || key->family == 6);
	size = key->family == 4 ? 4 : 16;
	ATF_REQUIRE(memcmp(key->addr[0] + size, zero, 16 - size) == 0);
	ATF_REQUIRE(memcmp(key->addr[1] + size, zero, 16 - size) == 0);
	order = memcmp(key->addr[0], key->addr[1], size);
	ATF_REQUIRE(order < 0 ||
	    (order == 0 && key->port[0] <= key->port[1]));
	ATF_REQUIRE_EQ(level == TRACK_TOS ? pkt->tos : 0, key->reserved);
	ATF_REQUIRE((pkt->flags & (PACKET_FRAGMENT | PACKET_FRAG_FIRST)) !=
	    (PACKET_FRAGMENT | PACKET_FRAG_FIRST));
	ATF_REQUIRE(pkt->dir <= 1);
	ATF_REQUIRE(pkt->octets >= (key->family == 4 ? 20 : 40));
	if (level < TRACK_FULL)
		ATF_REQUIRE_EQ(0, pkt->tos);
	if (level < TRACK_PORT || (pkt->flags &
	    (PACKET_FRAGMENT | PACKET_NO_PORTS | PACKET_EXT_CUT)) != 0)
		ATF_REQUIRE(key->port[0] == 0 && key->port[1] == 0 &&
		    pkt->tcp_flags == 0);
	if (level < TRACK_PROTO)
		ATF_REQUIRE_EQ(0, key->proto);
}
