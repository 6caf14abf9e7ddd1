/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Which encoder a version has. */

#include "netflow.h"
#include "psamp.h"

const struct netflow_encoder *
netflow_encoder(uint16_t version)
{
	switch (version) {
	case NETFLOW1_VERSION:
		return (&netflow1_encoder);
	case NETFLOW5_VERSION:
		return (&netflow5_encoder);
	case NETFLOW9_VERSION:
		return (&netflow9_encoder);
	case IPFIX_VERSION:
		return (&ipfix_encoder);
	case VERSION_PSAMP:
		return (&psamp_encoder);
	default:
		return (NULL);
	}
}
