/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <string.h>
#include <stdio.h>

#include "samples.h"
#include "sandbox.h"

static void
send_collectors(struct imsgbuf *ibuf)
{
	struct summary_export e;

	memset(&e, 0, sizeof(e));
	e.slot = 0;
	e.version = 10;
	e.transport = TRANSPORT_TCP;
	e.remote = (struct msg_addr){ { 192, 0, 2, 1 }, 4739, 4, 0 };
	(void)snprintf(e.name, sizeof(e.name), "coll\"\\.example:4739");
	e.down = 1;
	e.counters.records = HUGE_COUNT;
	e.counters.last_error = 111;	/* ECONNREFUSED, of Linux at least */
	e.counters.last_error_us = START_US;
	e.queued = 3;
	e.queued_octets = 4000;
	send_row(ibuf, CTL_SUMMARY_EXPORT, &e, sizeof(e));
	memset(&e, 0, sizeof(e));
	e.slot = 2;
	e.version = 9;
	e.remote = (struct msg_addr){ { 0x20, 1, 0xd, 0xb8 }, 2055, 6, 0 };
	e.counters.last_success_us = START_US;
	e.counters.datagrams = 7;
	send_row(ibuf, CTL_SUMMARY_EXPORT, &e, sizeof(e));
}

/* Two of them look the same. */
static void
send_interfaces(struct imsgbuf *ibuf)
{
	struct summary_interface i;

	memset(&i, 0, sizeof(i));
	i.frames = 5;
	send_row(ibuf, CTL_SUMMARY_INTERFACE, &i, sizeof(i));
	i.number = 3;
	i.flags = SUMMARY_KERNEL | SUMMARY_ABSENT;
	i.received = 12345678;
	strlcpy(i.name, "eth0", sizeof(i.name));
	send_row(ibuf, CTL_SUMMARY_INTERFACE, &i, sizeof(i));
	memset(&i, 0, sizeof(i));
	i.frames = 6;
	i.flags = SUMMARY_REMOVED;
	send_row(ibuf, CTL_SUMMARY_INTERFACE, &i, sizeof(i));
}

void
answer_report(struct imsgbuf *ibuf)
{
	struct summary s;
	struct summary_proto p;

	memset(&s, 0, sizeof(s));
	s.counters.frames = HUGE_COUNT;
	s.counters.drop_non_ip = 4;
	s.counters.expired_tcp_rst = 2;
	s.range_flows = 2;
	s.octets = (struct summary_range){ 40, 60, 100 };
	s.duration_us.sum = UINT64_MAX;
	s.since_us = START_US;
	s.now_us = START_US + UINT64_C(3600000000);
	s.active_flows = 12;
	s.max_flows = 65536;
	s.peak_flows = 1234;
	s.sampling = 100;
	s.flags = SUMMARY_STOPPED;
	strlcpy(s.version, "9.9", sizeof(s.version));
	send_row(ibuf, CTL_SUMMARY, &s, sizeof(s));
	send_collectors(ibuf);
	memset(&p, 0, sizeof(p));
	p.proto = 6;
	p.flows = 2;
	p.octets = 123456789;
	p.life_sum_us = 3000000;
	p.life_max_us = 2500000;
	send_row(ibuf, CTL_SUMMARY_PROTO, &p, sizeof(p));
	p.proto = 253;
	send_row(ibuf, CTL_SUMMARY_PROTO, &p, sizeof(p));
	send_interfaces(ibuf);
	send_result(ibuf, 0, 8, "");
}

void
answer_sandbox(struct imsgbuf *ibuf)
{
	struct ctl_sandbox row;

	memset(&row, 0, sizeof(row));
	strlcpy(row.process, "worker", sizeof(row.process));
	row.pid = 77;
	row.layers = SANDBOX_CHROOT | SANDBOX_SYSCALLS;
	row.landlock_abi = 4;
	send_row(ibuf, CTL_SANDBOX_ROW, &row, sizeof(row));
	send_result(ibuf, 0, 1, "");
}

void
answer_memory(struct imsgbuf *ibuf)
{
	struct ctl_memory row;

	memset(&row, 0, sizeof(row));
	strlcpy(row.use, "flows", sizeof(row.use));
	row.octets = 10000000;
	row.octets_used = 9999;
	row.entries = 12;
	row.entries_max = 65536;
	send_row(ibuf, CTL_MEMORY_ROW, &row, sizeof(row));
	memset(&row, 0, sizeof(row));
	strlcpy(row.use, "a\"b\\c\nd", sizeof(row.use));
	send_row(ibuf, CTL_MEMORY_ROW, &row, sizeof(row));
	send_result(ibuf, 0, 2, "");
}

void
answer_timeouts(struct imsgbuf *ibuf)
{
	struct timeouts t = { { 3600, 120, 300, 301, 302, 3601, 1800, 60 } };

	send_row(ibuf, CTL_TIMEOUTS_ROW, &t, sizeof(t));
	send_result(ibuf, 0, 1, "");
}

void
answer_flows(struct imsgbuf *ibuf)
{
	struct ctl_flow f;

	memset(&f, 0, sizeof(f));
	f.family = 4;
	f.proto = 6;
	memcpy(f.addr[0], "\300\000\002\001", 4);
	memcpy(f.addr[1], "\300\000\002\002", 4);
	f.port[0] = 80;
	f.port[1] = 40000;
	f.octets[0] = HUGE_COUNT;
	f.octets[1] = 60;
	f.packets[0] = 3;
	f.packets[1] = 1;
	f.first_us[0] = START_US;
	f.last_us[0] = START_US + 2000000;
	f.first_us[1] = f.last_us[1] = START_US + 1000000;
	f.tcp_flags[0] = 0x13;
	strlcpy(f.in[0], "eth0", INTERFACE_NAME);
	strlcpy(f.out[1], "e\n\"1", INTERFACE_NAME);
	f.index = 9;
	f.expires = -25;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
	f.family = 6;
	f.proto = 17;
	memset(f.addr, 0xfd, sizeof(f.addr));
	f.packets[1] = 0;
	f.have = CTL_FLOW_SIDE;
	f.vlan[0] = 100;
	f.mac[1][5] = 0xab;
	send_row(ibuf, CTL_FLOW, &f, sizeof(f));
	send_result(ibuf, 0, 2, "");
}

void
answer_no_flows(struct imsgbuf *ibuf)
{
	send_result(ibuf, 0, 0, "");
}

void
answer_refusal(struct imsgbuf *ibuf)
{
	send_result(ibuf, 1, 0, "this connection may only show");
}
