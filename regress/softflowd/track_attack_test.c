/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Keys chosen by somebody who knows the code but not the secret.  Looks into
 * the index, hence the source.
 */

#include <stdio.h>

#include <atf-c.h>

#include "compat.h"
#include "track.c"

#define FLOWS		(1U << 20)
#define LONGEST		256	/* buckets that a search may look at */

/* The key that the attacker's n-th packet has. */
typedef void choose_fn(struct flow_key *, uint32_t n);

/* From the first bucket of each flow to its own. */
static uint32_t
longest_search(const struct track *t)
{
	uint32_t	longest = 0, pos, steps;

	for (pos = 0; pos <= t->mask; pos++) {
		if (t->index[pos].flow == 0)
			continue;
		steps = ((pos - t->index[pos].hash) & t->mask) + 1;
		if (steps > longest)
			longest = steps;
	}
	return (longest);
}

static uint32_t
attack(const uint8_t secret[16], choose_fn *choose)
{
	struct track	*t;
	struct flow_key	 key;
	uint32_t	 longest, n;

	ATF_REQUIRE((t = track_new(FLOWS, secret, NULL)) != NULL);
	for (n = 0; n < FLOWS; n++) {
		memset(&key, 0, sizeof(key));
		key.proto = 17;
		key.family = 4;
		choose(&key, n);
		ATF_REQUIRE(track_insert(t, &key, track_hash(t, &key)) !=
		    TRACK_NONE);
	}
	longest = longest_search(t);
	track_free(t);
	return (longest);
}

static void
put_number(struct flow_key *key, uint32_t n)
{
	memcpy(key->addr[0], &n, sizeof(n));
}

static void
one_bit_each(struct flow_key *key, uint32_t n)
{
	key->addr[0][0] = 10;
	memcpy(key->addr[1], &(uint32_t){ n << 12 }, 4);
	key->port[0] = (uint16_t)n;
}

static void
multiples_of_the_index(struct flow_key *key, uint32_t n)
{
	uint64_t	big = (uint64_t)n << 21;

	key->family = 6;
	memcpy(key->addr[0] + 8, &big, sizeof(big));
}

/* The keys that share a 64th of the index under the secret he guesses. */
static const uint8_t	guess[16];
static struct track	*guessed;
static uint32_t		 tried;

static void
collisions_under_a_guess(struct flow_key *key, uint32_t n)
{
	if (n == 0)
		tried = 0;
	do
		put_number(key, tried++);
	while (track_hash(guessed, key) & (guessed->mask & ~0x7fffU));
}

ATF_TC_WITHOUT_HEAD(no_choice_of_keys_makes_a_search_long);
ATF_TC_BODY(no_choice_of_keys_makes_a_search_long, tc)
{
	static const struct {
		const char	*name;
		choose_fn	*choose;
	} choices[] = {
		{ "in order", put_number },
		{ "one field each", one_bit_each },
		{ "multiples of the index", multiples_of_the_index },
		{ "collisions under another secret",
		    collisions_under_a_guess },
	};
	uint8_t		secret[16];
	uint32_t	longest;
	size_t		i;

	ATF_REQUIRE((guessed = track_new(FLOWS, guess, NULL)) != NULL);
	for (i = 0; i < nitems(choices); i++) {
		arc4random_buf(secret, sizeof(secret));
		longest = attack(secret, choices[i].choose);
		printf("%s: %u buckets\n", choices[i].name, longest);
		ATF_CHECK(longest <= LONGEST);
	}
	track_free(guessed);
}

/* That the keys are as bad as they are meant to be. */
ATF_TC_WITHOUT_HEAD(who_knows_the_secret_can);
ATF_TC_BODY(who_knows_the_secret_can, tc)
{
	struct flow_key	 key;
	struct track	*t;
	uint32_t	 n;

	ATF_REQUIRE((guessed = track_new(FLOWS, guess, NULL)) != NULL);
	ATF_REQUIRE((t = track_new(FLOWS, guess, NULL)) != NULL);
	for (n = 0; n < 65536; n++) {
		memset(&key, 0, sizeof(key));
		collisions_under_a_guess(&key, n);
		track_insert(t, &key, track_hash(t, &key));
	}
	ATF_CHECK(longest_search(t) > 32 * LONGEST);
	track_free(t);
	track_free(guessed);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, no_choice_of_keys_makes_a_search_long);
	ATF_TP_ADD_TC(tp, who_knows_the_secret_can);
	return (atf_no_error());
}
