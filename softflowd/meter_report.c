/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Packets that are reported one by one, as PSAMP has it, with or without
 * being accounted to flows.  In the worker, confined.
 */

#include "meter_state.h"
#include "psamp.h"

/* What the report says of the packet; data is the frame's. */
static void
report_make(const struct meter *m, const struct frame *frame,
    const struct packet *pkt, struct psamp_packet *p)
{
	uint32_t	number = interface_number(pkt->slot), skip = 0;

	p->ethernet = m->link == LINK_ETHERNET;
	if (!p->ethernet)
		skip = packet_ip_offset(m->link, frame);
	p->data = frame->data + skip;
	p->caplen = frame->caplen - skip;
	p->wirelen = frame->wirelen > skip ? frame->wirelen - skip : 0;
	if (p->wirelen < p->caplen)
		p->wirelen = p->caplen;
	if (p->caplen > m->conf.snaplen)
		p->caplen = m->conf.snaplen;
	p->time_us = frame->time_us;
	p->ingress = pkt->outgoing ? 0 : number;
	p->egress = pkt->outgoing ? number : 0;
	p->tagged = p->ethernet && (frame->flags & FRAME_VLAN) != 0;
	p->vlan = frame->vlan;
}

int
meter_report(struct meter *m, const struct frame *frame,
    const struct packet *pkt)
{
	struct counters		*c = &m->stats->summary.counters;
	struct psamp_packet	 p;

	if (meter_is_own(m, &pkt->key)) {
		c->own_export += !m->flows;
		return (!m->flows);
	}
	if (m->savefile)
		meter_file_clock(m, frame->time_us < m->at.now_us ?
		    frame->time_us : m->at.now_us);
	report_make(m, frame, pkt, &p);
	exports_packet(m->exports, &p, c);
	m->reports += !m->flows;
	return (!m->flows);
}

void
meter_count_reports(struct meter *m)
{
	m->stats->summary.counters.packets_reported += m->reports;
	m->reports = 0;
}
