/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "meter_fixture.h"

#define FRAME	64

unsigned int		fixture_collectors = 1;
uint16_t		fixture_version = 9;

static const uint8_t	model[FRAME] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 100, 0, 1, 0x40, 0, 64, 17, 0, 0,
	10, 0, 0, 0, 192, 0, 2, 1, 0x13, 0x88, 0, 53, 0, 80, 0, 0
};

struct msg_conf
fixture_conf(uint32_t max_flows)
{
	struct msg_conf	conf = { 0 };

	conf.timeouts = expire_defaults;
	conf.timeouts.seconds[TIMEOUT_UDP] = 1;
	conf.timeouts.seconds[TIMEOUT_EXPINT] = 1;
	conf.max_flows = max_flows;
	conf.track_level = TRACK_FULL;
	conf.sampling = 1;
	conf.template_seconds = 300;
	conf.template_datagrams = 256;
	conf.train = MAX_TRAIN;
	return (conf);
}

struct meter *
fixture_meter(const struct msg_conf *conf, struct estate *es,
    export_send_fn *send_fn, int fd)
{
	struct export_clock	 clock = { .unix_us = T0, .uptime_ms = 1000 };
	struct msg_export	 dest = { .payload_max = 1400 };
	struct meter		*m;

	dest.format.version = fixture_version;
	dest.format.fields = conf->fields;
	dest.format.labels = conf->labels;
	if (fd == -1)
		fd = open("/dev/null", O_WRONLY);
	if ((m = meter_new(conf, es, send_fn)) == NULL)
		_exit(90);
	for (; dest.slot < fixture_collectors; dest.slot++) {
		dest.source_id = dest.slot;
		if (meter_add_export(m, dup(fd), &dest) == -1)
			_exit(90);
	}
	close(fd);
	meter_set_clock(m, &clock);
	return (m);
}

void
fixture_batch(struct meter *m, const uint32_t *flow, int n, uint64_t time_us,
    uint64_t *pos)
{
	static uint8_t		data[MAX_BATCH][FRAME];
	struct capture_mark	mark = { 0, *pos };
	struct frame		frame = { 0 };
	int			i;

	meter_batch(m, 0, LINK_ETHERNET, &mark);
	for (i = 0; i < n; i++) {
		memcpy(data[i], model, FRAME);
		data[i][11] = (uint8_t)flow[i];
		data[i][27] = (uint8_t)(flow[i] >> 16);
		data[i][28] = (uint8_t)(flow[i] >> 8);
		data[i][29] = (uint8_t)flow[i];
		frame.data = data[i];
		frame.caplen = FRAME;
		frame.wirelen = 114;
		frame.time_us = time_us;
		meter_frame(m, &frame);
	}
	meter_account(m);
	*pos += (uint64_t)n;
}

void
fixture_expire_all(struct meter *m)
{
	uint32_t	cursor = 0;

	while (cursor != TRACK_NONE)
		meter_expire_some(m, &cursor);
	meter_flush(m);
}

const char *
fixture_sums(const struct counters *c)
{
	if (c->frames != c->packets + c->packets_reported + c->not_sampled +
	    c->frames_filtered + c->own_export + c->loopback_outgoing + c->second_sightings +
	    c->drop_non_ip +
	    c->drop_short_link + c->drop_short_ipv4 +
	    c->drop_short_ipv4_options + c->drop_short_ipv6 +
	    c->drop_bad_version + c->drop_bad_header_length +
	    c->drop_bad_total_length)
		return ("frames");
	if (c->packets != c->packets_exported + c->packets_not_exportable +
	    c->packets_unsent + c->packets_no_collector +
	    c->packets_deleted + c->packets_lost)
		return ("packets");
	if (c->flows != c->flows_expired + c->flows_deleted + c->flows_lost)
		return ("flows");
	return (NULL);
}

uint32_t
fixture_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)(*state >> 33));
}
