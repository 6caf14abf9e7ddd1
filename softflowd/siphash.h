/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * SipHash-1-3 by whole words, for the worker's tables: one compression and
 * three finalization rounds.  Without a secret key an attacker could aim at
 * one bucket.
 * Source: J.-P. Aumasson, D. J. Bernstein: SipHash: a fast short-input PRF,
 * 2012.
 */

#ifndef SIPHASH_H
#define SIPHASH_H

#include <sys/endian.h>

#include <stdint.h>
#include <string.h>

static inline uint64_t
load_le64(const void *p)
{
	uint64_t	v;

	memcpy(&v, p, sizeof(v));
	return (le64toh(v));
}

static inline uint64_t
rotl(uint64_t v, int n)
{
	return ((v << n) | (v >> (64 - n)));
}

/* As a call, with v in memory, it takes half as long again. */
static inline __attribute__((__always_inline__)) void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static inline __attribute__((__always_inline__)) void
sip_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	v[0] ^= m;
}

/* Begin with the secret's little endian halves. */
static inline __attribute__((__always_inline__)) void
sip_begin(uint64_t v[4], const uint64_t key[2])
{
	v[0] = key[0] ^ 0x736f6d6570736575ULL;
	v[1] = key[1] ^ 0x646f72616e646f6dULL;
	v[2] = key[0] ^ 0x6c7967656e657261ULL;
	v[3] = key[1] ^ 0x7465646279746573ULL;
}

/* After so many octets, a multiple of 8: the hash. */
static inline __attribute__((__always_inline__)) uint64_t
sip_end(uint64_t v[4], uint64_t octets)
{
	sip_word(v, octets << 56);
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return (v[0] ^ v[1] ^ v[2] ^ v[3]);
}

#endif
