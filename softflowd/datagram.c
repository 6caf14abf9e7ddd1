/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Big-endian stores into a bounded buffer.  Worker, confined; pure. */

#include <string.h>

#include "datagram.h"

void
datagram_copy(struct datagram *d, const uint8_t *p, size_t octets)
{
	if (octets > DATAGRAM_SIZE - d->len)
		return;
	memcpy(d->data + d->len, p, octets);
	d->len += octets;
}

void
datagram_patch(struct datagram *d, size_t off, uint64_t value, size_t octets)
{
	if (off > d->len || octets > d->len - off)
		return;
	(void)datagram_store(d->data + off, value, octets);
}

/*
 * Whole milliseconds on both sides, so that a collector's sum of boot time
 * and uptime is the packet's time to the millisecond.
 */
uint32_t
datagram_uptime(struct datagram *d, uint64_t time_us)
{
	int64_t	ms = (int64_t)(time_us / 1000), said = ms;

	if (said > d->newest_ms)
		said = d->newest_ms;
	if (said < d->oldest_ms)
		said = d->oldest_ms;
	if (said < d->boot_ms)
		said = d->boot_ms;
	d->clamped += said != ms;
	return ((uint32_t)(said - d->boot_ms));
}
