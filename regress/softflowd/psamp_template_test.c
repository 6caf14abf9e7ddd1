/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Reading the messages of others: their templates, and whose they are. */

#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "psamp_fixture.h"
#include "psamp_template.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)
#define VAR		65535
#define FRAME		sizeof(message_frame)

/* Template set with so many fields announced, and there. */
static void
make_template(uint16_t id, uint16_t announced, unsigned int there,
    uint16_t octets)
{
	message_begin(0);
	message_set(2);
	message_put(id, 2);
	message_put(announced, 2);
	for (; there > 0; there--) {
		message_put(315, 2);
		message_put(octets, 2);
	}
	message_set_end();
	message_end();
}

CASE(templates_that_cannot_be_kept_are_counted)
{
	static const struct {
		uint16_t	id, announced, octets;
		unsigned int	there;
	} bad[] = {
		{ 255, 1, 4, 1 },		/* no id of data */
		{ 0, 1, 4, 1 },
		{ 300, 2, 4, 1 },		/* more than there are */
		{ 300, 65535, 4, 3 },
		{ 300, 3, 0, 3 },		/* a record of nothing */
		{ 300, PSAMP_FIELDS + 1, 4, PSAMP_FIELDS + 1 },
	};
	size_t	i;

	for (i = 0; i < nitems(bad); i++) {
		start();
		make_template(bad[i].id, bad[i].announced, bad[i].there,
		    bad[i].octets);
		ATF_CHECK_EQ(0, take(message_len));
		ATF_CHECK_EQ_MSG(1, c.psamp_bad_templates, "%zu", i);
		message_begin(0);
		message_set(300);
		message_zeros(64);
		message_set_end();
		ATF_CHECK_EQ(0, finish());
		ATF_CHECK_EQ(1, c.psamp_no_template);
	}
	start();
	make_template(300, PSAMP_FIELDS, PSAMP_FIELDS, 1);
	ATF_CHECK_EQ(0, take(message_len));
	ATF_CHECK_EQ(0, c.psamp_bad_templates);
}

CASE(enterprise_number_cut_off_is_a_bad_template)
{
	start();
	message_begin(0);
	message_set(2);
	message_put(300, 2);
	message_put(1, 2);
	message_put(0x8001, 2);
	message_put(4, 2);
	message_put(0, 3);
	message_set_end();
	ATF_CHECK_EQ(0, finish());
	ATF_CHECK_EQ(1, c.psamp_bad_templates);
}

CASE(templates_are_bounded_in_number)
{
	uint16_t	id;

	start();
	for (id = 400; id < 400 + PSAMP_TEMPLATES + 5; id++) {
		message_begin(0);
		message_template(id, plain, nitems(plain) / 2);
		ATF_CHECK_EQ(0, finish());
	}
	ATF_CHECK_EQ(5, c.psamp_bad_templates);
	/* Those there are can be told again, and used. */
	make_plain(0, 1);
	ATF_CHECK_EQ(1, take(message_len));
	ATF_CHECK_EQ(5, c.psamp_bad_templates);
}

CASE(fields_of_no_octets_are_not_kept)
{
	uint16_t			 fields[2 * (PSAMP_FIELDS + 2)] = { 0 };
	const struct psamp_template	*t;

	start();
	fields[2 * PSAMP_FIELDS] = 313;
	fields[2 * PSAMP_FIELDS + 1] = 28;
	message_begin(0);
	message_template(300, fields, PSAMP_FIELDS + 2);
	message_set(300);
	message_octets(message_frame + 14, 28);
	message_set_end();
	ATF_CHECK_EQ(1, finish());
	ATF_CHECK_EQ(0, c.psamp_bad_templates);
	ATF_REQUIRE((t = psamp_template_find(reader.session, 300)) != NULL);
	ATF_CHECK_EQ(1, t->count);
	ATF_CHECK_EQ(313, t->field[0].element);
}

CASE(record_longer_than_any_set_does_not_come)
{
	start();
	make_template(300, 3, 3, 65534);
	ATF_CHECK_EQ(0, take(message_len));
	ATF_CHECK_EQ(0, c.psamp_bad_templates);
	message_begin(0);
	message_set(300);
	message_zeros(65000);
	message_set_end();
	ATF_CHECK_EQ(0, finish());
	ATF_CHECK_EQ(0, c.psamp_bad_messages);
}

CASE(withdrawn_template_is_forgotten_and_another_one_takes_its_place)
{
	static const uint16_t	other[] = { 323, 8, 315, VAR };

	start();
	make_plain(0, 1);
	ATF_CHECK_EQ(1, take(message_len));
	message_begin(1);
	message_template(400, other, 2);
	message_set(400);
	message_put(5000, 8);
	message_put(FRAME, 1);
	message_octets(message_frame, FRAME);
	message_set_end();
	ATF_REQUIRE_EQ(1, finish());
	check_frame(FRAME);
	ATF_CHECK_EQ(5000000, report.frame.time_us);
	message_begin(2);
	message_set(2);
	message_put(400, 2);
	message_put(0, 2);
	message_set_end();
	ATF_CHECK_EQ(0, finish());
	message_begin(2);
	message_set(400);
	message_zeros(64);
	message_set_end();
	ATF_CHECK_EQ(0, finish());
	ATF_CHECK_EQ(1, c.psamp_no_template);
}

/* The template, from this port and domain. */
static void
tell(uint8_t address, uint16_t port, uint32_t domain)
{
	message_begin(0);
	message[12] = (uint8_t)(domain >> 24);
	message[15] = (uint8_t)domain;
	message_template(400, plain, nitems(plain) / 2);
	peer.addr[3] = address;
	peer.port = port;
	ATF_CHECK_EQ(0, finish());
}

static int
known(uint8_t address, uint16_t port, uint32_t domain)
{
	uint64_t	before = c.psamp_no_template;

	message_begin(0);
	message[12] = (uint8_t)(domain >> 24);
	message[15] = (uint8_t)domain;
	message_set(400);
	message_zeros(64);
	message_set_end();
	peer.addr[3] = address;
	peer.port = port;
	(void)finish();
	return (c.psamp_no_template == before);
}

CASE(templates_belong_to_peer_port_and_domain)
{
	start();
	tell(1, 2055, 7);
	ATF_CHECK(known(1, 2055, 7));
	ATF_CHECK(!known(1, 2056, 7));
	ATF_CHECK(!known(1, 2055, 8));
	ATF_CHECK(!known(2, 2055, 7));
}

CASE(peer_with_many_ports_and_domains_forgets_its_own_only)
{
	unsigned int	i;

	start();
	for (i = 1; i <= MAX_PSAMP_PEER; i++)
		tell((uint8_t)i, 1000, 1);
	for (i = 0; i < 1000; i++)
		tell(5, (uint16_t)(2000 + i), i % 3);
	for (i = 1; i <= MAX_PSAMP_PEER; i++)
		ATF_CHECK_EQ(i != 5, known((uint8_t)i, 1000, 1));
}

static struct psamp_sessions	kept;

CASE(a_next_reader_knows_what_was_kept)
{
	start();
	make_plain(0, 2);
	ATF_REQUIRE_EQ(2, take(message_len));
	psamp_keep(&reader, &kept);
	start();
	memset(&reader, 0, sizeof(reader));
	psamp_recall(&reader, &kept);
	message_begin(2);
	message_set(400);
	message_put(1500, 2);
	message_zeros(60);
	message_set_end();
	(void)finish();
	ATF_CHECK_EQ(0, c.psamp_no_template);
	ATF_CHECK_EQ(0, c.psamp_missing);
	ATF_CHECK_EQ(2, reader.messages);
}

/* A message under template 400 does no harm, whatever that says. */
static void
recall_damaged(uint32_t *random, unsigned int words)
{
	static struct psamp_sessions	damaged;
	uint8_t				*p = (uint8_t *)&damaged;
	size_t				 off;

	damaged = kept;
	for (; words > 0; words--) {
		*random = *random * 1103515245 + 12345;
		/* One session is there: mostly there. */
		off = (*random >> 8) % (words % 4 == 0 ? sizeof(damaged) :
		    sizeof(uint64_t) + sizeof(struct psamp_session));
		*random = *random * 1103515245 + 12345;
		p[off] = *random & 1 ? (uint8_t)(*random >> 16) :
		    (uint8_t)(0 - (*random >> 16 & 1));
	}
	start();
	memset(&reader, 0, sizeof(reader));
	psamp_recall(&reader, &damaged);
	make_plain(0, 3);
	(void)take(message_len);
	while (psamp_next(&reader, &report))
		continue;
	message_begin(3);
	message_set(400);
	message_zeros(900);
	message_set_end();
	(void)finish();
	while (psamp_next(&reader, &report))
		continue;
}

CASE(what_was_kept_may_say_anything)
{
	uint32_t	random = 1, round;

	start();
	make_plain(0, 2);
	ATF_REQUIRE_EQ(2, take(message_len));
	psamp_keep(&reader, &kept);
	for (round = 0; round < 20000; round++)
		recall_damaged(&random, 1 + round % 40);
	/* A record of nothing would have no end. */
	kept.session[0].template[0].least = 0;
	kept.session[0].template[0].count = 0;
	recall_damaged(&random, 0);
	kept.count = UINT64_MAX;
	recall_damaged(&random, 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, templates_that_cannot_be_kept_are_counted);
	ATF_TP_ADD_TC(tp, enterprise_number_cut_off_is_a_bad_template);
	ATF_TP_ADD_TC(tp, templates_are_bounded_in_number);
	ATF_TP_ADD_TC(tp, fields_of_no_octets_are_not_kept);
	ATF_TP_ADD_TC(tp, record_longer_than_any_set_does_not_come);
	ATF_TP_ADD_TC(tp,
	    withdrawn_template_is_forgotten_and_another_one_takes_its_place);
	ATF_TP_ADD_TC(tp, templates_belong_to_peer_port_and_domain);
	ATF_TP_ADD_TC(tp,
	    peer_with_many_ports_and_domains_forgets_its_own_only);
	ATF_TP_ADD_TC(tp, a_next_reader_knows_what_was_kept);
	ATF_TP_ADD_TC(tp, what_was_kept_may_say_anything);
	return (atf_no_error());
}
