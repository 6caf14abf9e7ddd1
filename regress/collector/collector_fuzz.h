/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One input of the collector's fuzzer: COLLECTOR_FUZZ_HEAD octets that choose
 * how, then what came.
 *   0  transport in the lower two bits; one that there is not: UDP;
 *	COLLECTOR_FUZZ_* above
 *   1  one less than the size of the pieces in which a stream comes
 * Over TCP the rest is the stream, else messages, each behind two octets that
 * are its length, big endian.
 */

#ifndef COLLECTOR_FUZZ_H
#define COLLECTOR_FUZZ_H

#define COLLECTOR_FUZZ_HEAD		2
#define COLLECTOR_FUZZ_TRANSPORT	0x03
#define COLLECTOR_FUZZ_UNALIGNED	0x04

#endif
