/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What frames begin with; and frames that somebody cut or broke. */

#include <atf-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "packet.h"
#include "packet_frames.h"
#include "packet_samples.h"

/* A sample's octets; *header is how many come before the packet. */
static uint8_t *
sample_octets(const struct sample *sample, uint32_t *header, uint32_t *size)
{
	char	hex[1024];

	*header = (uint32_t)(strlen(sample->header) / 2);
	ATF_REQUIRE((size_t)snprintf(hex, sizeof(hex), "%s%s",
	    sample->header, sample->packet) < sizeof(hex));
	return (octets(hex, size));
}

struct result {
	enum link_type		 link;
	const char		*hex;
	enum packet_result	 result;
};

static void
check_results(const struct result *t, size_t n)
{
	size_t	i;

	for (i = 0; i < n; i++)
		ATF_CHECK_EQ_MSG(t[i].result, result_of(t[i].link, t[i].hex),
		    "%s", t[i].hex);
}

TEST(every_link_type_has_samples_that_are_understood)
{
	struct packet	 pkt;
	uint8_t		*data;
	uint32_t	 header, size;
	size_t		 i;
	int		 seen[LINK_TYPES] = { 0 };

	for (i = 0; i < nsamples; i++) {
		data = sample_octets(&samples[i], &header, &size);
		ATF_REQUIRE_EQ_MSG(PACKET_OK, decode_octets(samples[i].link,
		    samples[i].ethertype, TRACK_FULL, data, size, size, &pkt),
		    "sample %zu", i);
		check_sane(&pkt, TRACK_FULL);
		ATF_CHECK_EQ_MSG(0, pkt.flags, "sample %zu", i);
		/* The longest jumbogram is not there whole. */
		if (pkt.octets <= UINT16_MAX)
			ATF_CHECK_EQ_MSG(size - header, pkt.octets,
			    "sample %zu", i);
		seen[samples[i].link] = 1;
		free(data);
	}
	for (i = 0; i < LINK_TYPES; i++)
		ATF_CHECK_EQ_MSG(1, seen[i], "link type %zu", i);
}

TEST(a_link_header_that_is_cut_off_is_counted_as_such)
{
	struct packet		 pkt;
	enum packet_result	 want;
	uint8_t			*data;
	uint32_t		 caplen, header, size;
	size_t			 i;

	for (i = 0; i < nsamples; i++) {
		data = sample_octets(&samples[i], &header, &size);
		for (caplen = 0; caplen < header; caplen++) {
			want = caplen != 0 && caplen == samples[i].non_ip_at ?
			    PACKET_NON_IP : PACKET_SHORT_LINK;
			ATF_CHECK_EQ_MSG(want, decode_octets(samples[i].link,
			    samples[i].ethertype, TRACK_FULL, data, caplen,
			    size, &pkt), "sample %zu at %u", i, caplen);
		}
		free(data);
	}
}

/* Rings give frames at any address, and not every processor takes that. */
TEST(frames_are_decoded_alike_at_any_address)
{
	static _Alignas(64) uint8_t	 room[1024];
	struct decode			 how = {
		.level = TRACK_FULL, .side = 1, .tunnels = TUNNEL_ALL
	};
	struct packet			 aligned, pkt;
	struct frame			 frame = { .data = room };
	uint8_t				*data;
	uint32_t			 header;
	size_t				 i, at;

	for (i = 0; i < nsamples; i++) {
		data = sample_octets(&samples[i], &header, &frame.caplen);
		frame.wirelen = frame.caplen;
		frame.ethertype = samples[i].ethertype;
		for (at = 0; at < 8; at++) {
			ATF_REQUIRE(at + frame.caplen <= sizeof(room));
			frame.data = memcpy(room + at, data, frame.caplen);
			memset(&pkt, 0, sizeof(pkt));
			ATF_CHECK_EQ(PACKET_OK, packet_decode(samples[i].link,
			    &frame, &how, &pkt));
			if (at == 0)
				aligned = pkt;
			ATF_CHECK_EQ_MSG(0, memcmp(&aligned, &pkt,
			    sizeof(pkt)), "sample %zu at %zu", i, at);
			ATF_CHECK_EQ(header, packet_ip_offset(samples[i].link,
			    &frame));
		}
		free(data);
	}
}

TEST(mac_addresses_are_kept_source_first)
{
	static const uint8_t	 mac[2][6] = { { 2, 0, 0, 0, 0, 1 },
				    { 2, 0, 0, 0, 0, 2 } };
	static const uint8_t	 none[2][6];
	struct decode		 how = { .level = TRACK_FULL, .side = 1 };
	struct frame		 frame;
	struct packet		 pkt;
	uint8_t			*data;
	uint32_t		 header;
	size_t			 i;
	int			 has;

	for (i = 0; i < nsamples; i++) {
		memset(&frame, 0, sizeof(frame));
		data = sample_octets(&samples[i], &header, &frame.caplen);
		frame.data = data;
		frame.ethertype = samples[i].ethertype;
		ATF_REQUIRE_EQ(PACKET_OK,
		    decode_frame(samples[i].link, &how, &frame, &pkt));
		switch (samples[i].link) {
		case LINK_ETHERNET:
		case LINK_FDDI:
		case LINK_TOKEN_RING:
		case LINK_IP_OVER_FC:
		case LINK_WLAN:
		case LINK_RADIOTAP:
		case LINK_PRISM:
		case LINK_AVS:
			has = 1;
			break;
		default:
			has = 0;
			break;
		}
		ATF_CHECK_EQ_MSG(0, memcmp(pkt.side.mac, has ? mac : none,
		    sizeof(mac)), "sample %zu", i);
		free(data);
	}
}

TEST(loopback_raw_and_cooked_headers_are_understood)
{
	static const struct result t[] = {
		{ LINK_NULL, "02000000" TCP4, PACKET_OK },
		{ LINK_NULL, "00000002" TCP4, PACKET_OK },
		{ LINK_NULL, "18000000" TCP6, PACKET_OK },
		{ LINK_NULL, "0000001c" TCP6, PACKET_OK },
		{ LINK_NULL, "1e000000" TCP6, PACKET_OK },
		{ LINK_NULL, "0a000000" TCP6, PACKET_NON_IP },
		{ LINK_NULL, "00020000" TCP4, PACKET_NON_IP },
		{ LINK_NULL, "020000", PACKET_SHORT_LINK },
		{ LINK_RAW, "", PACKET_SHORT_LINK },
		{ LINK_IPV4, "", PACKET_SHORT_IPV4 },
		{ LINK_IPV6, "", PACKET_SHORT_IPV6 },
		{ LINK_SLL, SLL("0001", "86dd") TCP6, PACKET_OK },
		{ LINK_SLL, SLL("0001", "8100") "00010800" TCP4, PACKET_OK },
		{ LINK_SLL, SLL("0001", "0004") "060603" TCP4, PACKET_OK },
		{ LINK_SLL, SLL("0001", "0001") "060603" TCP4, PACKET_NON_IP },
		{ LINK_SLL, SLL("0001", "000c") "060603" TCP4, PACKET_NON_IP },
		{ LINK_SLL, SLL("0338", "0800") TCP4, PACKET_NON_IP },
		{ LINK_SLL, SLL("030a", "0800") TCP4, PACKET_NON_IP },
		{ LINK_SLL, SLL("0001", "08"), PACKET_SHORT_LINK },
		{ LINK_SLL2, SLL2("0001", "0800") TCP4, PACKET_OK },
		{ LINK_SLL2, SLL2("0338", "0800") TCP4, PACKET_NON_IP },
		{ LINK_SLL2, SLL("0001", "0800") "08", PACKET_SHORT_LINK },
		{ LINK_TYPES, TCP4, PACKET_NON_IP },
	};

	check_results(t, nitems(t));
}

TEST(serial_lines_carry_ip_by_ppp_hdlc_or_frame_relay)
{
	static const struct result t[] = {
		{ LINK_PPP, "ff03c021" TCP4, PACKET_NON_IP },
		{ LINK_PPP, "ff030281" "00011140" TCP6, PACKET_OK },
		{ LINK_PPP, "ff04" TCP4, PACKET_NON_IP },
		{ LINK_PPP_SERIAL, "0f010021" TCP4, PACKET_NON_IP },
		{ LINK_PPP_SERIAL, "0f000806" TCP4, PACKET_NON_IP },
		{ LINK_PPP_SERIAL, "21" TCP4, PACKET_OK },
		{ LINK_PPP_PPPD, "00040021" TCP4, PACKET_NON_IP },
		{ LINK_PPP_PPPD, "0003c021" TCP4, PACKET_NON_IP },
		{ LINK_PPP_WITH_DIR, "01ff030021" TCP4, PACKET_OK },
		{ LINK_PPP_WITH_DIR, "01c021" TCP4, PACKET_NON_IP },
		{ LINK_PPP_ETHER, PPPOE("a7") "0021" TCP4, PACKET_NON_IP },
		{ LINK_PPP_ETHER, PPPOE("00") "c021" TCP4, PACKET_NON_IP },
		{ LINK_C_HDLC, "0f008035" TCP4, PACKET_NON_IP },
		{ LINK_C_HDLC, "0f000000" "fefe03" "cc" TCP4, PACKET_NON_IP },
		{ LINK_FRELAY, "184103cc" TCP4, PACKET_OK },
		{ LINK_FRELAY, "180041" "03cc" TCP4, PACKET_OK },
		{ LINK_FRELAY, "18000040" "03cc" TCP4, PACKET_NON_IP },
		{ LINK_FRELAY, "194103cc" TCP4, PACKET_NON_IP },
		{ LINK_FRELAY, "1841" "0308" TCP4, PACKET_NON_IP },
		{ LINK_FRELAY, "1841" "0380" "00000c" "0800" TCP4,
		    PACKET_NON_IP },
		{ LINK_FRELAY, "1841" "0380" "000000" "08",
		    PACKET_SHORT_LINK },
		{ LINK_FRELAY, "1841" "0300", PACKET_SHORT_LINK },
		{ LINK_FRELAY, "1841" "0806" TCP4, PACKET_NON_IP },
	};

	check_results(t, nitems(t));
}

TEST(local_networks_carry_ip_in_llc)
{
	static const struct result t[] = {
		{ LINK_LLC, "060603" TCP4, PACKET_OK },
		{ LINK_LLC, "fefe03cc" TCP4, PACKET_NON_IP },
		{ LINK_FDDI, "57" DST SRC SNAP("000000", "0800") TCP4,
		    PACKET_OK },
		{ LINK_FDDI, "40" DST SRC SNAP("000000", "0800") TCP4,
		    PACKET_NON_IP },
		{ LINK_TOKEN_RING, "1000" DST SRC SNAP("000000", "0800") TCP4,
		    PACKET_NON_IP },
		/* A route that ends in LLC, and one longer than the frame */
		{ LINK_TOKEN_RING, "1040" DST "820000000001" "0230"
		    SNAP("000000", "0800") TCP4, PACKET_OK },
		{ LINK_TOKEN_RING, "1040" DST "820000000001" "1f30"
		    SNAP("000000", "0800"), PACKET_SHORT_LINK },
		{ LINK_IP_OVER_FC, "1000" DST "1000" SRC "424203" TCP4,
		    PACKET_NON_IP },
	};

	check_results(t, nitems(t));
}

TEST(only_data_of_wireless_networks_that_can_be_read_is)
{
	static const struct result t[] = {
		/* A beacon, an acknowledgement; no data, with and without
		   quality of service; encrypted; several in one. */
		{ LINK_WLAN, "80000000" DST SRC AP "0000"
		    SNAP("000000", "0800") TCP4, PACKET_NON_IP },
		{ LINK_WLAN, "d4000000" DST, PACKET_NON_IP },
		{ LINK_WLAN, "48010000" AP SRC DST "0000", PACKET_NON_IP },
		{ LINK_WLAN, "c8010000" AP SRC DST "0000" "0000",
		    PACKET_NON_IP },
		{ LINK_WLAN, "08410000" AP SRC DST "0000"
		    SNAP("000000", "0800") TCP4, PACKET_NON_IP },
		{ LINK_WLAN, "88010000" AP SRC DST "0000" "8000"
		    SNAP("000000", "0800") TCP4, PACKET_NON_IP },
		{ LINK_WLAN, WLAN_FROM_AP "424203" TCP4, PACKET_NON_IP },
		/* Headers that begin no 802.11, or are longer than all */
		{ LINK_RADIOTAP, "00000400" WLAN_FROM_AP
		    SNAP("000000", "0800") TCP4, PACKET_OK },
		{ LINK_RADIOTAP, "0000ffff" WLAN_FROM_AP, PACKET_SHORT_LINK },
		{ LINK_RADIOTAP, "00000000" WLAN_FROM_AP, PACKET_NON_IP },
		{ LINK_AVS, "80211001" "ffffffff" WLAN_FROM_AP,
		    PACKET_SHORT_LINK },
		{ LINK_AVS, "80211001" "00000008" WLAN_FROM_AP
		    SNAP("000000", "86dd") TCP6, PACKET_OK },
		{ LINK_PRISM, "44000000" "90000000" ZERO64 ZERO64,
		    PACKET_SHORT_LINK },
	};

	check_results(t, nitems(t));
}

TEST(logs_of_packet_filters_name_the_family)
{
	static const struct result t[] = {
		{ LINK_PFLOG, "04020000" TCP4, PACKET_OK },
		{ LINK_PFLOG, "041e0000" TCP6, PACKET_OK },
		{ LINK_PFLOG, "040a0000" TCP6, PACKET_NON_IP },
		{ LINK_PFLOG, "0002" TCP4, PACKET_SHORT_LINK },
		{ LINK_PFLOG, "ff02" TCP4, PACKET_SHORT_LINK },
		{ LINK_ENC, "0000001e" "00001234" "00000001" TCP6,
		    PACKET_OK },
		{ LINK_ENC, "0a000000" "00001234" "00000001" TCP6,
		    PACKET_NON_IP },
		{ LINK_IPNET, "020a0000" "00000028" ZERO8 ZERO8 TCP4,
		    PACKET_NON_IP },
		{ LINK_NFLOG, "0a000000" NFLOG("06", "05") "00010000"
		    HOST16("00", "3c") HOST16("80", "09") TCP6, PACKET_OK },
		{ LINK_NFLOG, "02010000" NFLOG("2c", "09") TCP4,
		    PACKET_NON_IP },
		{ LINK_NFLOG, "02000000" NFLOG("08", "05") "00000001",
		    PACKET_NON_IP },
		{ LINK_NFLOG, "02000000" NFLOG("08", "05") "000001",
		    PACKET_SHORT_LINK },
		/* Attributes shorter than themselves, or that do not end */
		{ LINK_NFLOG, "02000000" NFLOG("03", "05") NFLOG("2c", "09")
		    TCP4, PACKET_SHORT_LINK },
		{ LINK_NFLOG, "02000000" HOST16("ff", "ff") HOST16("00", "05")
		    TCP4, PACKET_SHORT_LINK },
		{ LINK_NFLOG, "02000000" NFLOG("2c", "09"),
		    PACKET_SHORT_LINK },
		{ LINK_NFLOG, "02000000" NFLOG("2c", "09") "00",
		    PACKET_BAD_VERSION },
	};

	check_results(t, nitems(t));
}

TEST(every_prefix_of_a_packet_is_cut_or_the_same_flow)
{
	struct packet		 cut, whole;
	enum packet_result	 result;
	uint8_t			*data;
	uint32_t		 caplen, header, size;
	size_t			 i;

	for (i = 0; i < nsamples; i++) {
		data = sample_octets(&samples[i], &header, &size);
		ATF_REQUIRE_EQ(PACKET_OK, decode_octets(samples[i].link,
		    samples[i].ethertype, TRACK_FULL, data, size, size,
		    &whole));
		for (caplen = header; caplen < size; caplen++) {
			result = decode_octets(samples[i].link,
			    samples[i].ethertype, TRACK_FULL, data,
			    caplen, size, &cut);
			if (result != PACKET_OK) {
				ATF_REQUIRE(result == PACKET_SHORT_LINK ||
				    result == PACKET_SHORT_IPV4 ||
				    result == PACKET_SHORT_IPV4_OPTIONS ||
				    result == PACKET_SHORT_IPV6);
				continue;
			}
			check_sane(&cut, TRACK_FULL);
			ATF_REQUIRE_EQ(0, memcmp(cut.key.addr, whole.key.addr,
			    sizeof(cut.key.addr)));
			if (cut.flags & PACKET_EXT_CUT)
				continue;
			ATF_REQUIRE_EQ(whole.octets, cut.octets);
			ATF_REQUIRE_EQ(whole.key.proto, cut.key.proto);
			if (cut.flags & PACKET_NO_PORTS)
				continue;
			ATF_REQUIRE_EQ(0, memcmp(&cut.key, &whole.key,
			    sizeof(cut.key)));
		}
		free(data);
	}
}

TEST(pseudo_random_frames_end_and_stay_in_bounds)
{
	struct packet		 pkt;
	enum packet_result	 result;
	enum track_level	 level;
	uint64_t		 seed = 20260726;
	uint8_t			*data;
	uint32_t		 n, size, header, caplen, at;
	size_t			 i;

#define RANDOM(limit)							\
	((seed = seed * 6364136223846793005 + 1442695040888963407) >> 33) % \
	(limit)
	for (n = 0; n < 200000; n++) {
		i = RANDOM(nsamples);
		data = sample_octets(&samples[i], &header, &size);
		for (at = RANDOM(4); at < size; at += 1 + RANDOM(2 * size))
			data[at] = (uint8_t)RANDOM(256);
		caplen = n % 4 ? size : RANDOM(size + 1);
		level = RANDOM(TRACK_TOS + 1);
		result = decode_octets(samples[i].link,
		    samples[i].ethertype, level, data, caplen,
		    RANDOM(3000), &pkt);
		ATF_REQUIRE(result < PACKET_RESULT_MAX);
		if (result == PACKET_OK)
			check_sane(&pkt, level);
		free(data);
	}
#undef RANDOM
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_link_type_has_samples_that_are_understood);
	ATF_TP_ADD_TC(tp, a_link_header_that_is_cut_off_is_counted_as_such);
	ATF_TP_ADD_TC(tp, frames_are_decoded_alike_at_any_address);
	ATF_TP_ADD_TC(tp, mac_addresses_are_kept_source_first);
	ATF_TP_ADD_TC(tp, loopback_raw_and_cooked_headers_are_understood);
	ATF_TP_ADD_TC(tp, serial_lines_carry_ip_by_ppp_hdlc_or_frame_relay);
	ATF_TP_ADD_TC(tp, local_networks_carry_ip_in_llc);
	ATF_TP_ADD_TC(tp, only_data_of_wireless_networks_that_can_be_read_is);
	ATF_TP_ADD_TC(tp, logs_of_packet_filters_name_the_family);
	ATF_TP_ADD_TC(tp, every_prefix_of_a_packet_is_cut_or_the_same_flow);
	ATF_TP_ADD_TC(tp, pseudo_random_frames_end_and_stay_in_bounds);
	return (atf_no_error());
}
