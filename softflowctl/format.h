/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Values as text, the same in every form of output.  Texts of the daemon may
 * hold anything but are ended.
 */

#ifndef FORMAT_H
#define FORMAT_H

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#include "summary.h"

#define FORMAT_SIZE	80	/* enough for each of these */

/* "12.3M", five columns at most, or all digits. */
const char *format_count(char buf[FORMAT_SIZE], uint64_t, int raw);

/* "3h12m", six columns at most, or seconds. */
const char *format_duration(char buf[FORMAT_SIZE], uint64_t us, int raw);

/* ISO 8601, UTC, with digits of a second: 0, 3 or 6, and a Z. */
const char *format_time(char buf[FORMAT_SIZE], uint64_t us, int digits);

/* An address of family 4 or 6. */
const char *format_address(char buf[FORMAT_SIZE], unsigned int family,
	    const uint8_t addr[16]);

/* "192.0.2.1:80" or "[2001:db8::1]:80"; "unknown" of family 0. */
const char *format_endpoint(char buf[FORMAT_SIZE], unsigned int family,
	    const uint8_t addr[16], uint16_t port);

/* "tcp", or the number of one without a name. */
const char *format_proto(char buf[FORMAT_SIZE], uint32_t proto);

/* len octets of text at most, '?' for each that is not printable ASCII. */
const char *format_text(char buf[FORMAT_SIZE], const char *, size_t len);

/* "v9", "ipfix" or "psamp". */
const char *format_version(char buf[FORMAT_SIZE], uint32_t version);

/* What the operator calls a collector; its address if it has no name. */
const char *format_collector(char buf[FORMAT_SIZE],
	    const struct summary_export *);

/* First and last packet of both directions; 0 of a flow without any. */
void	flow_times(const struct ctl_flow *, uint64_t *first_us,
	    uint64_t *last_us);

/* One of the words behind "state", perhaps shortened. */
const char *flow_state(const struct ctl_flow *);

/* Name and text of a collector's n-th counter; NULL behind the last. */
const char *export_counter(unsigned int n, const char **text);
uint64_t export_counter_value(const struct export_counters *, unsigned int n);

#endif
