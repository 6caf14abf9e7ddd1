/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The flow table, against what its header says and against a plain model. */

#include <sys/resource.h>

#include <atf-c.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "track.h"

static const uint8_t	secret[16] = "an open secret!";
static uint64_t		random_state = 1;

/* Knuth's 64-bit LCG: the same numbers on every system. */
static uint32_t
random_below(uint32_t n)
{
	random_state = random_state * 6364136223846793005ULL +
	    1442695040888963407ULL;
	return ((uint32_t)(random_state >> 33) % n);
}

static struct track *
table(uint32_t max)
{
	struct track	*t;

	ATF_REQUIRE((t = track_new(max, secret, NULL)) != NULL);
	return (t);
}

static struct flow_key
key(uint16_t n)
{
	struct flow_key	k = { 0 };

	k.addr[0][0] = 10;
	k.addr[1][0] = 192;
	k.port[0] = n;
	k.port[1] = 80;
	k.proto = 6;
	k.family = 4;
	return (k);
}

static uint32_t
insert(struct track *t, uint16_t n, uint32_t hash)
{
	struct flow_key	k = key(n);

	return (track_insert(t, &k, hash));
}

static uint32_t
find(const struct track *t, uint16_t n, uint32_t hash)
{
	struct flow_key	k = key(n);

	return (track_find(t, &k, hash));
}

static struct packet
packet(uint8_t dir, uint64_t time_us)
{
	struct packet	p = { 0 };

	p.key = key(1);
	p.dir = dir;
	p.time_us = time_us;
	p.octets = 100;
	return (p);
}

ATF_TC_WITHOUT_HEAD(reply_joins_the_existing_flow);
ATF_TC_BODY(reply_joins_the_existing_flow, tc)
{
	struct track	*t = table(16);
	struct packet	 ask = packet(1, 1000), reply = packet(0, 2000);
	struct flow	*f;
	uint32_t	 hash, idx;

	reply.octets = 1500;
	hash = track_hash(t, &ask.key);
	ATF_CHECK_EQ(track_find(t, &ask.key, hash), TRACK_NONE);
	idx = track_insert(t, &ask.key, hash);
	ATF_REQUIRE(idx < 16);
	f = track_flow(t, idx);
	track_update(f, &ask);
	ATF_CHECK_EQ(f->packets[0] + f->octets[0] + f->first_us[0], 0);
	ATF_REQUIRE_EQ(track_find(t, &reply.key,
	    track_hash(t, &reply.key)), idx);
	track_update(f, &reply);
	track_update(f, &reply);

	ATF_CHECK_EQ(track_count(t), 1);
	ATF_CHECK_EQ(f->packets[1], 1);
	ATF_CHECK_EQ(f->octets[1], 100);
	ATF_CHECK_EQ(f->packets[0], 2);
	ATF_CHECK_EQ(f->octets[0], 3000);
	ATF_CHECK_EQ(f->flags, FLOW_USED | FLOW_INITIATOR);
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(times_are_the_earliest_and_latest_each_way);
ATF_TC_BODY(times_are_the_earliest_and_latest_each_way, tc)
{
	static const uint64_t	times[] = { 50, 70, 30, 60, 40 };
	struct flow		f = { 0 };
	struct packet		p;
	size_t			i;

	for (i = 0; i < 5; i++) {
		p = packet(0, times[i]);
		track_update(&f, &p);
		p = packet(1, times[i] + 1000);
		track_update(&f, &p);
	}
	ATF_CHECK_EQ(f.first_us[0], 30);
	ATF_CHECK_EQ(f.last_us[0], 70);
	ATF_CHECK_EQ(f.first_us[1], 1030);
	ATF_CHECK_EQ(f.last_us[1], 1070);
}

ATF_TC_WITHOUT_HEAD(tos_is_the_first_packets_and_tcp_flags_add_up);
ATF_TC_BODY(tos_is_the_first_packets_and_tcp_flags_add_up, tc)
{
	struct flow	f = { 0 };
	struct packet	p = packet(0, 10);

	p.tos = 0x28;
	p.tcp_flags = 0x02;
	track_update(&f, &p);
	p.dir = 1;
	p.tos = 0xb8;
	p.tcp_flags = 0x12;
	track_update(&f, &p);
	p.tos = 0;
	p.tcp_flags = 0x01;
	track_update(&f, &p);
	p.dir = 0;
	track_update(&f, &p);
	ATF_CHECK_EQ(f.tos[0], 0x28);
	ATF_CHECK_EQ(f.tos[1], 0xb8);
	ATF_CHECK_EQ(f.tcp_flags[0], 0x03);
	ATF_CHECK_EQ(f.tcp_flags[1], 0x13);
	ATF_CHECK_EQ(f.flags & FLOW_INITIATOR, 0);
}

ATF_TC_WITHOUT_HEAD(full_table_refuses_an_insert);
ATF_TC_BODY(full_table_refuses_an_insert, tc)
{
	struct track	*t = table(32);
	struct flow_key	 k;
	uint16_t	 i;

	for (i = 0; i < 32; i++) {
		k = key(i);
		ATF_REQUIRE(track_insert(t, &k, track_hash(t, &k)) < 32);
	}
	k = key(32);
	ATF_CHECK_EQ(track_find(t, &k, track_hash(t, &k)), TRACK_NONE);
	ATF_CHECK_EQ(track_insert(t, &k, track_hash(t, &k)), TRACK_NONE);
	ATF_CHECK_EQ(track_count(t), 32);
	ATF_CHECK_EQ(track_max(t), 32);
	track_remove(t, 11);
	ATF_CHECK_EQ(track_insert(t, &k, track_hash(t, &k)), 11);
	ATF_CHECK_EQ(track_insert(t, &k, track_hash(t, &k)), TRACK_NONE);
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(equal_hashes_do_not_merge_flows);
ATF_TC_BODY(equal_hashes_do_not_merge_flows, tc)
{
	struct track	*t = table(16);
	uint32_t	 one, two;

	one = insert(t, 1, 5);
	ATF_CHECK_EQ(find(t, 2, 5), TRACK_NONE);
	two = insert(t, 2, 5);
	ATF_CHECK(one != two);
	ATF_CHECK_EQ(find(t, 1, 5), one);
	ATF_CHECK_EQ(find(t, 2, 5), two);
	track_free(t);
}

/* Runs of buckets that lie in one another and go round the end. */
ATF_TC_WITHOUT_HEAD(removal_keeps_colliding_flows_reachable);
ATF_TC_BODY(removal_keeps_colliding_flows_reachable, tc)
{
	static const uint32_t	hash[] = { 30, 31, 30, 63, 0, 31, 1, 94, 0, 2 };
	struct track		*t;
	uint32_t		 idx[10];
	uint16_t		 gone, i;

	for (gone = 0; gone < 10; gone++) {
		t = table(16);		/* 32 buckets */
		for (i = 0; i < 10; i++)
			idx[i] = insert(t, i, hash[i]);
		track_remove(t, idx[gone]);
		for (i = 0; i < 10; i++)
			ATF_CHECK_EQ_MSG(find(t, i, hash[i]),
			    i == gone ? TRACK_NONE : idx[i],
			    "flow %u after removal of %u", i, gone);
		track_free(t);
	}
}

ATF_TC_WITHOUT_HEAD(reused_record_starts_zeroed);
ATF_TC_BODY(reused_record_starts_zeroed, tc)
{
	struct track	*t = table(16);
	struct flow	 want = { 0 };
	uint32_t	 idx = insert(t, 1, 1);

	memset(track_flow(t, idx)->octets, 0xff, 64);
	track_flow(t, idx)->tcp_flags[1] = 0xff;
	track_flow(t, idx)->in[0] = 9;
	track_remove(t, idx);
	ATF_REQUIRE_EQ(insert(t, 2, 99), idx);
	want.key = key(2);
	want.hash = 99;
	want.flags = FLOW_USED;
	ATF_CHECK_EQ(memcmp(track_flow(t, idx), &want, sizeof(want)), 0);
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(iteration_sees_each_flow_once_despite_removals);
ATF_TC_BODY(iteration_sees_each_flow_once_despite_removals, tc)
{
	struct track	*t = table(100);
	unsigned int	 seen[100] = { 0 };
	uint32_t	 i, idx[100];

	ATF_CHECK_EQ(track_next(t, 0), TRACK_NONE);
	for (i = 0; i < 100; i++)
		idx[i] = insert(t, (uint16_t)i, i % 7);
	for (i = track_next(t, 0); i != TRACK_NONE; i = track_next(t, i + 1)) {
		if (track_flow(t, i)->key.port[0] < 100)
			seen[track_flow(t, i)->key.port[0]]++;
		/* The flow in hand, and another one ahead of it. */
		track_remove(t, i);
		if (i % 10 == 0)
			track_remove(t, i + 5);
		if (i % 10 == 2)
			insert(t, (uint16_t)(100 + i), 0);
	}
	for (i = 0; i < 100; i++)
		if (idx[i] % 10 != 5)
			ATF_CHECK_EQ_MSG(seen[i], 1, "flow %u: %u", i, seen[i]);
	track_free(t);
}

ATF_TC_WITHOUT_HEAD(different_secrets_give_different_hashes);
ATF_TC_BODY(different_secrets_give_different_hashes, tc)
{
	struct flow_key	 k = key(1);
	struct track	*a, *b;
	uint8_t		 other[16];
	int		 i;

	a = table(16);
	for (i = 0; i < 16; i++) {
		memcpy(other, secret, 16);
		other[i] ^= 1;
		ATF_REQUIRE((b = track_new(16, other, NULL)) != NULL);
		ATF_CHECK(track_hash(a, &k) != track_hash(b, &k));
		track_free(b);
	}
	track_free(a);
}

ATF_TC_WITHOUT_HEAD(every_octet_of_the_key_is_hashed);
ATF_TC_BODY(every_octet_of_the_key_is_hashed, tc)
{
	struct track	*t = table(16);
	struct flow_key	 k = key(1);
	uint32_t	 hash = track_hash(t, &k);
	size_t		 i;

	for (i = 0; i < sizeof(k); i++) {
		if (i % 16 >= 4 && i < sizeof(k.addr))
			continue;	/* IPv4 has none there */
		((uint8_t *)&k)[i] ^= 0x10;
		ATF_CHECK_MSG(track_hash(t, &k) != hash, "octet %zu", i);
		((uint8_t *)&k)[i] ^= 0x10;
	}
	k.family = 6;
	hash = track_hash(t, &k);
	for (i = 0; i < sizeof(k); i++) {
		((uint8_t *)&k)[i] ^= 0x10;
		ATF_CHECK_MSG(track_hash(t, &k) != hash, "octet %zu", i);
		((uint8_t *)&k)[i] ^= 0x10;
	}
	track_free(t);
}

/* Hashed are little endian ones. */
static void
numbers_of(struct flow_key *k)
{
	k->port[0] = le16toh(k->port[0]);
	k->port[1] = le16toh(k->port[1]);
	k->reserved = le16toh(k->reserved);
}

/*
 * From another implementation: CPython 3.11 hashes strings with SipHash-1-3;
 * hash(bytes(range(40))), and for IPv4 hash(bytes(range(15)) + b"\4"), under
 * PYTHONHASHSEED 0, 1 and 42.
 */
ATF_TC_WITHOUT_HEAD(siphash_matches_an_independent_vector);
ATF_TC_BODY(siphash_matches_an_independent_vector, tc)
{
	static const struct {
		uint8_t		secret[16];
		uint64_t	hash, hash4;
	} vectors[] = {
		{ { 0 }, 0x95bc321ab41d8206ULL,
		    0xae2901b39740560bULL },
		{ { 0x29, 0x23, 0xbe, 0x84, 0xe1, 0x6c, 0xd6, 0xae,
		    0x52, 0x90, 0x49, 0xf1, 0xf1, 0xbb, 0xe9, 0xeb },
		    0xdb056b8b4f38310bULL,
		    0xa4674a20d8b13478ULL },
		{ { 0xaf, 0x90, 0xcd, 0x68, 0xd3, 0x4f, 0x50, 0xdc,
		    0xc1, 0xe9, 0x99, 0xfe, 0x9f, 0xbb, 0x20, 0xb9 },
		    0xde03d697bf20e38aULL,
		    0x036abf3c3410523fULL },
	};
	struct flow_key	 k, k4 = { .family = 4 };
	struct track	*t;
	size_t		 i;

	for (i = 0; i < sizeof(k); i++)
		((uint8_t *)&k)[i] = (uint8_t)i;
	for (i = 0; i < 8; i++)
		k4.addr[i / 4][i % 4] = (uint8_t)i;
	for (i = 8; i < 15; i++)
		((uint8_t *)k4.port)[i - 8] = (uint8_t)i;
	numbers_of(&k);
	numbers_of(&k4);
	for (i = 0; i < 3; i++) {
		ATF_REQUIRE((t = track_new(16, vectors[i].secret, NULL)) != NULL);
		ATF_CHECK_EQ(track_hash(t, &k),
		    (uint32_t)(vectors[i].hash ^ vectors[i].hash >> 32));
		ATF_CHECK_EQ(track_hash(t, &k4),
		    (uint32_t)(vectors[i].hash4 ^ vectors[i].hash4 >> 32));
		track_free(t);
	}
}

ATF_TC_WITHOUT_HEAD(impossible_sizes_are_refused);
ATF_TC_BODY(impossible_sizes_are_refused, tc)
{
	ATF_CHECK_ERRNO(EINVAL, track_new(0, secret, NULL) == NULL);
	ATF_CHECK_ERRNO(EINVAL, track_new(LIMIT_MAX_FLOWS + 1, secret, NULL) == NULL);
	track_free(NULL);
}

ATF_TC_WITHOUT_HEAD(memory_that_no_flow_needs_is_not_touched);
ATF_TC_BODY(memory_that_no_flow_needs_is_not_touched, tc)
{
	struct rusage	 before, after;
	struct track	*t;

	ATF_REQUIRE_EQ(getrusage(RUSAGE_SELF, &before), 0);
	t = table(1U << 22);		/* 512 MB, index 64 MB */
	insert(t, 1, 1);
	ATF_CHECK_EQ(track_next(t, 1), TRACK_NONE);
	ATF_REQUIRE_EQ(getrusage(RUSAGE_SELF, &after), 0);
	ATF_CHECK(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
	track_free(t);
}

/* 40 records and 64 keys; hashes good, bad and worst. */
ATF_TC_WITHOUT_HEAD(random_operations_agree_with_a_model);
ATF_TC_BODY(random_operations_agree_with_a_model, tc)
{
	static const uint32_t	masks[] = { UINT32_MAX, 0x7c, 0 };
	uint32_t		hash[64], model[64], n, count = 0, owner[40];
	struct track		*t = table(40);
	struct flow_key		k;
	uint16_t		i;
	int			round, step;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 64; i++) {
			k = key(i);
			hash[i] = track_hash(t, &k) & masks[round];
			model[i] = TRACK_NONE;
		}
		for (step = 0; step < 20000; step++) {
			i = (uint16_t)random_below(64);
			n = find(t, i, hash[i]);
			ATF_REQUIRE_EQ(n, model[i]);
			if (n != TRACK_NONE && random_below(2) == 0) {
				track_remove(t, n);
				model[i] = TRACK_NONE;
				count--;
			} else if (n == TRACK_NONE && count == 40) {
				ATF_REQUIRE_EQ(insert(t, i, hash[i]),
				    TRACK_NONE);
			} else if (n == TRACK_NONE) {
				n = insert(t, i, hash[i]);
				ATF_REQUIRE(n < 40);
				model[i] = n;
				count++;
			}
			ATF_REQUIRE_EQ(track_count(t), count);
		}
		memset(owner, 0, sizeof(owner));
		for (n = track_next(t, 0); n != TRACK_NONE;
		    n = track_next(t, n + 1)) {
			i = track_flow(t, n)->key.port[0];
			ATF_REQUIRE_EQ(model[i], n);
			ATF_REQUIRE_EQ(owner[n]++, 0);
			track_remove(t, n);
			count--;
		}
		ATF_REQUIRE_EQ(count, 0);
	}
	track_free(t);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, reply_joins_the_existing_flow);
	ATF_TP_ADD_TC(tp, times_are_the_earliest_and_latest_each_way);
	ATF_TP_ADD_TC(tp, tos_is_the_first_packets_and_tcp_flags_add_up);
	ATF_TP_ADD_TC(tp, full_table_refuses_an_insert);
	ATF_TP_ADD_TC(tp, equal_hashes_do_not_merge_flows);
	ATF_TP_ADD_TC(tp, removal_keeps_colliding_flows_reachable);
	ATF_TP_ADD_TC(tp, reused_record_starts_zeroed);
	ATF_TP_ADD_TC(tp, iteration_sees_each_flow_once_despite_removals);
	ATF_TP_ADD_TC(tp, different_secrets_give_different_hashes);
	ATF_TP_ADD_TC(tp, every_octet_of_the_key_is_hashed);
	ATF_TP_ADD_TC(tp, siphash_matches_an_independent_vector);
	ATF_TP_ADD_TC(tp, impossible_sizes_are_refused);
	ATF_TP_ADD_TC(tp, memory_that_no_flow_needs_is_not_touched);
	ATF_TP_ADD_TC(tp, random_operations_agree_with_a_model);
	return (atf_no_error());
}
