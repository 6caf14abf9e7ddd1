/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What NetFlow v9 and IPFIX have in common: sets, templates, and records that
 * are written by the very layout that their template is written from.
 */

#ifndef NETFLOW_TEMPLATE_H
#define NETFLOW_TEMPLATE_H

#include "netflow.h"

/* Begin a set, ending the one before; end it: padding, length. */
void	set_open(struct datagram *, uint16_t id);
void	set_close(struct datagram *);

/* struct netflow_encoder's templates(), flow() and statistics(). */
unsigned int template_sets(struct datagram *, unsigned int from);
int	template_flow(struct datagram *, const struct flow *,
	    const struct flow_side *, unsigned int dirs, uint8_t end_reason);
void	options_statistics(struct datagram *, const struct export_statistics *);

/* Options records that go with templates; they need so many octets. */
#define OPTIONS_ROOM	136
void	options_sets(struct datagram *);

#endif
