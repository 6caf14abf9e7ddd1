/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Good frames, by hand, of every link type: for the tests and, as seeds, for
 * the fuzzer.  Where there are MAC addresses they are those of ETH().
 */

#ifndef PACKET_SAMPLES_H
#define PACKET_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "packet.h"

struct sample {
	enum link_type	 link;
	const char	*header;	/* both in hexadecimal */
	const char	*packet;
	uint16_t	 ethertype;	/* LINK_COOKED only */
	uint8_t		 non_ip_at;	/* cut there it is not IP; 0: nowhere */
};

extern const struct sample	samples[];
extern const size_t		nsamples;

#endif
