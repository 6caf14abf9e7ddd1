/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What statistics, the summary of a savefile and SIGUSR1 say.  The worker
 * gathers it, messages carry it, one function prints it for all.
 */

#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "msg.h"
#include "track.h"

/* Of one quantity over all expired flows. */
struct summary_range {
	uint64_t	min, max, sum;
};

/* IMSG_SUMMARY, CTL_SUMMARY */
#define SUMMARY_VERSION		16
struct summary {
	struct counters	counters;
	struct summary_range	octets, packets, duration_us;
	uint64_t	range_flows;	/* flows in them: this worker's */
	uint64_t	since_us;	/* start of the daemon or the savefile */
	uint64_t	now_us;		/* its clock: that of packets */
	uint32_t	active_flows, max_flows;
	uint32_t	peak_flows;	/* at most so many at a time */
	uint32_t	sampling;	/* 1 in N */
	uint32_t	flags;		/* SUMMARY_* */
	uint32_t	reserved;
	char		version[SUMMARY_VERSION];	/* SOFTFLOWD_VERSION */
};
#define SUMMARY_LIVE		0x01	/* kernel counters mean something */
#define SUMMARY_SAMPLED		0x02
#define SUMMARY_STOPPED		0x04	/* an operator said "gather stop" */
_Static_assert(sizeof(struct summary) <= MSG_WORKER_MAX, "too large");

/* IMSG_SUMMARY_PROTO, CTL_SUMMARY_PROTO: expired flows of one protocol */
struct summary_proto {
	uint64_t	flows, octets, packets;
	uint64_t	life_sum_us, life_max_us;
	uint32_t	proto;		/* 0-255 */
	uint32_t	reserved;
};

/* IMSG_SUMMARY_EXPORT, CTL_SUMMARY_EXPORT: one collector */
struct summary_export {
	struct export_counters	counters;
	uint32_t	slot;
	uint32_t	sequence;
	uint32_t	version;	/* as struct export_format has it */
	uint32_t	transport;	/* enum transport */
	struct msg_addr	remote;
	uint32_t	down;		/* not connected */
	uint64_t	queued, queued_octets;	/* messages that wait */
	char		name[MSG_NAME_SIZE];	/* as the operator wrote it */
};

/* IMSG_SUMMARY_INTERFACE, CTL_SUMMARY_INTERFACE */
struct summary_interface {
	uint64_t	frames;			/* read */
	uint64_t	received, dropped;	/* by the kernel */
	uint32_t	number;			/* in records */
	uint32_t	flags;			/* SUMMARY_* */
	char		name[INTERFACE_NAME];
};
#define SUMMARY_KERNEL		0x01	/* the kernel counts each */
#define SUMMARY_ABSENT		0x02	/* captured, but not there now */
#define SUMMARY_REMOVED		0x04	/* no more captured, by a reload */

/* What the worker keeps. */
struct summary_state {
	struct summary	summary;
	struct summary_proto	proto[256];
};

void	summary_init(struct summary_state *);

/* Account an expired flow: reasons, ranges, protocol. */
void	summary_expired(struct summary_state *, const struct flow *,
	    enum expire_reason);

/* A complete summary as it was received, row by row. */
struct summary_report {
	struct summary	summary;
	struct summary_proto	proto[256];
	struct summary_export	export[MAX_EXPORT];
	struct summary_interface	interface[256];
	unsigned int	nproto, nexport, ninterface;
};

/* What an operator calls a collector, as far as it can be printed. */
void	summary_set_name(struct summary_export *,
	    const char name[MSG_NAME_SIZE]);

/* Whether the name in a row, or the version, can be printed. */
int	summary_ok(const struct summary *);
int	summary_export_ok(const struct summary_export *);
int	summary_interface_ok(const struct summary_interface *);

/* Read the protocols' names now: a confined process cannot do so later. */
void	summary_load_protocols(void);

/* A protocol's name, "" if it has none. */
const char *summary_protocol(uint8_t);

/* Print for people; protocols have numbers unless names were loaded. */
/*
 * What a collector's last_error says to people: errno, but for EDESTADDRREQ,
 * by which the parent says that the name has no address.
 */
const char *summary_error(uint32_t last_error);

void	summary_print(FILE *, const struct summary_report *);

/* Name and text of the n-th counter and its value; NULL behind the last. */
const char *counter_name(unsigned int n);
const char *counter_text(unsigned int n);
uint64_t counter_value(const struct counters *, unsigned int n);

#endif
