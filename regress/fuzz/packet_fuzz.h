/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One input of the decoder's fuzzer: PACKET_FUZZ_HEAD octets that choose how,
 * then the frame.
 *   0     link type; one that there is not: Ethernet
 *   1     track level in the lower four bits, FUZZ_* above
 *   2, 3  how much longer the frame was on the wire
 *   4, 5  Ethernet type of a cooked frame, or the tag taken out of another
 * Big endian.
 */

#ifndef PACKET_FUZZ_H
#define PACKET_FUZZ_H

#define PACKET_FUZZ_HEAD	6
#define FUZZ_LEVEL		0x0f
#define FUZZ_SIDE		0x10	/* ask for it */
#define FUZZ_VLAN		0x20	/* a tag was taken out */
#define FUZZ_TUNNELS		0x40	/* open all */

#endif
