/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Names of interfaces as options records of v9 (RFC 3954 section 6.1) and
 * IPFIX (RFC 7011 section 3.4.2).  The name is of fixed length, filled up with
 * zeros, as v9 has no other and some collectors know no other in IPFIX.
 * Worker, confined; pure.
 */

#include "interface.h"
#include "netflow_template.h"

#define RECORD		(4 + INTERFACE_NAME)
#define RECORDS_MAX	32	/* of a datagram, as of flows */

static void
interface_template(struct datagram *d, int ipfix)
{
	set_open(d, ipfix ? IPFIX_OPTIONS : NETFLOW9_OPTIONS);
	datagram_put(d, TEMPLATE_INTERFACE, 2);
	/* Fields and those of them that scope; octets of scope and options. */
	datagram_put(d, ipfix ? 2 : 4, 2);
	datagram_put(d, ipfix ? 1 : 4, 2);
	datagram_put(d, ipfix ? IE_INGRESS : NETFLOW9_SCOPE_INTERFACE, 2);
	datagram_put(d, 4, 2);
	datagram_put(d, IE_INTERFACE_NAME, 2);
	datagram_put(d, INTERFACE_NAME, 2);
	d->templates++;
	set_open(d, TEMPLATE_INTERFACE);
}

unsigned int
netflow_interface_next(unsigned int slot)
{
	for (; slot <= MSG_INTERFACES; slot++)
		if (interface_number((uint8_t)slot) != 0 &&
		    interface_name((uint8_t)slot)[0] != '\0')
			return (slot);
	return (0);
}

unsigned int
netflow_interfaces(struct datagram *d, int ipfix, unsigned int slot)
{
	const char	*name;
	unsigned int	 n = 0;

	interface_template(d, ipfix);
	do {
		name = interface_name((uint8_t)slot);
		datagram_put(d, interface_number((uint8_t)slot), 4);
		datagram_copy(d, (const uint8_t *)name, INTERFACE_NAME);
		d->options++;
		slot = netflow_interface_next(slot + 1);
	} while (slot != 0 && ++n < RECORDS_MAX &&
	    d->len + RECORD + DATAGRAM_ALIGN <= d->max);
	set_close(d);
	return (slot);
}
