/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One input of the fuzzer of packet reports: messages, one behind the other,
 * each behind PSAMP_FUZZ_HEAD octets.
 *   0     the upper half is the peer's address, the lower its port
 *   1, 2  octets of the message, big endian; or as many as there are
 * With FUZZ_RIGHT_LENGTH in octet 0 the message's own length is made right.
 */

#ifndef PSAMP_FUZZ_H
#define PSAMP_FUZZ_H

#define PSAMP_FUZZ_HEAD		3
#define FUZZ_RIGHT_LENGTH	0x80

#endif
