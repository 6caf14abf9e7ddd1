/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "guard.h"
#include "psamp_fixture.h"

uint8_t		message[65536];
size_t		message_len;
static size_t	set_at;

const uint8_t	message_frame[42] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 28, 0, 1, 0x40, 0, 64, 17, 0, 0,
	10, 0, 0, 1, 192, 0, 2, 1, 0x13, 0x88, 0, 53, 0, 8, 0, 0
};

void
message_put(uint64_t value, size_t octets)
{
	for (; octets > 0; octets--)
		message[message_len++] = (uint8_t)(value >>
		    (8 * (octets - 1)));
}

void
message_zeros(size_t octets)
{
	memset(message + message_len, 0, octets);
	message_len += octets;
}

void
message_octets(const uint8_t *p, size_t octets)
{
	memcpy(message + message_len, p, octets);
	message_len += octets;
}

void
message_begin(uint32_t sequence)
{
	message_len = 0;
	message_put(10, 2);
	message_put(0, 2);
	message_put(1000, 4);
	message_put(sequence, 4);
	message_put(7, 4);
}

static void
put_length(size_t at, size_t length)
{
	message[at] = (uint8_t)(length >> 8);
	message[at + 1] = (uint8_t)length;
}

void
message_set(uint16_t id)
{
	set_at = message_len;
	message_put(id, 2);
	message_put(0, 2);
}

void
message_set_end(void)
{
	put_length(set_at + 2, message_len - set_at);
}

void
message_end(void)
{
	put_length(2, message_len);
}

void
message_template(uint16_t id, const uint16_t *fields, size_t n)
{
	size_t	i;

	message_set(2);
	message_put(id, 2);
	message_put(n, 2);
	for (i = 0; i < 2 * n; i++)
		message_put(fields[i], 2);
	message_set_end();
}

struct psamp_reader	reader;
struct psamp_report	report;
struct counters		c;
struct msg_addr		peer = { { 192, 0, 2, 1 }, 2055, 4, 0 };

void
start(void)
{
	memset(&reader, 0, sizeof(reader));
	memset(&c, 0, sizeof(c));
}

int
take(size_t len)
{
	const uint8_t	*copy = guard_copy(message, (uint32_t)len);

	ATF_REQUIRE(copy != NULL);
	return (psamp_begin(&reader, &peer, copy, len, &c));
}

int
finish(void)
{
	message_end();
	return (take(message_len));
}

const uint16_t	plain[8] = { 301, 8, 323, 8, 312, 2, 315, 65535 };

static void
put_record(uint64_t ms, uint64_t wirelen)
{
	message_put(1, 8);
	message_put(ms, 8);
	message_put(wirelen, 2);
	message_put(sizeof(message_frame), 1);
	message_octets(message_frame, sizeof(message_frame));
}

void
make_plain(uint32_t sequence, unsigned int records)
{
	message_begin(sequence);
	message_template(400, plain, nitems(plain) / 2);
	message_set(400);
	for (; records > 0; records--)
		put_record(1700000000123, 1500);
	message_set_end();
	message_end();
}

void
check_frame(uint32_t caplen)
{
	ATF_REQUIRE_EQ(1, psamp_next(&reader, &report));
	ATF_CHECK_EQ(LINK_ETHERNET, report.link);
	ATF_REQUIRE_EQ(caplen, report.frame.caplen);
	ATF_CHECK(memcmp(report.frame.data, message_frame, caplen) == 0);
}
