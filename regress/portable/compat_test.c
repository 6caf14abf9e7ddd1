/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What C libraries lack, in our words: lib/compat. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "missing.h"
#include "record.h"

static const unsigned char	*watched;	/* memory, and how much of */
static size_t			 watched_len;	/* it must be clear when free */

void *
explicit_memset(void *p, int c, size_t size)
{
	return (memset(p, c, size));
}

static void
watch(const void *p, size_t len)
{
	record_reset();
	watched = p;
	watched_len = len;
}

static void
fake_free(void *p)
{
	size_t	i;

	record("free", "%s", p == watched ? "" : "another");
	for (i = 0; i < watched_len; i++)
		ATF_REQUIRE_EQ(((unsigned char *)p)[i], 0);
	free(p);
}

/* Names of the library that is here, too. */
#define explicit_bzero	our_explicit_bzero
#define freezero	our_freezero
#define recallocarray	our_recallocarray
void	explicit_bzero(void *, size_t);
void	freezero(void *, size_t);
void	*recallocarray(void *, size_t, size_t, size_t);
#define free(p)		fake_free(p)
#include "explicit_bzero.c"
#include "freezero.c"
#include "recallocarray.c"
#undef free

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

static unsigned char *
filled(size_t len)
{
	unsigned char	*p = malloc(len);

	ATF_REQUIRE(p != NULL);
	memset(p, 0xa5, len);
	watch(p, len);
	return (p);
}

CASE(explicit_bzero_clears_what_it_is_told)
{
	unsigned char	p[4] = { 1, 2, 3, 4 };

	explicit_bzero(p + 1, 2);
	ATF_REQUIRE(p[0] == 1 && p[1] == 0 && p[2] == 0 && p[3] == 4);
}

CASE(freezero_clears_before_it_frees)
{
	freezero(filled(64), 64);
	record_expect("free()\n");
	freezero(NULL, 64);
	record_expect("free()\n");
}

CASE(what_grows_is_zero_behind_its_contents)
{
	unsigned char	*p;
	size_t		 i;

	ATF_REQUIRE((p = recallocarray(filled(16), 4, 1000, 4)) != NULL);
	record_expect("free()\n");
	for (i = 0; i < 4000; i++)
		ATF_REQUIRE_EQ(p[i], i < 16 ? 0xa5 : 0);
	free(p);
}

CASE(what_shrinks_leaves_nothing_behind)
{
	unsigned char	*p;

	ATF_REQUIRE((p = recallocarray(filled(4000), 1000, 4, 4)) != NULL);
	record_expect("free()\n");
	ATF_REQUIRE(p[0] == 0xa5 && p[15] == 0xa5);
	free(p);
}

CASE(nothing_becomes_zeroes)
{
	unsigned char	*p;
	size_t		 i;

	watch(NULL, 0);
	ATF_REQUIRE((p = recallocarray(NULL, 7, 100, 10)) != NULL);
	record_expect("");
	for (i = 0; i < 1000; i++)
		ATF_REQUIRE_EQ(p[i], 0);
	free(p);
}

/* That the compiler does not see; four of it are four octets. */
static volatile size_t	huge = SIZE_MAX / 4 + 2;

CASE(what_cannot_be_changes_nothing)
{
	unsigned char	*p = filled(16);

	ATF_REQUIRE_ERRNO(ENOMEM, recallocarray(p, 1, huge, 4) == NULL);
	ATF_REQUIRE_ERRNO(EINVAL, recallocarray(p, huge, 1, 4) == NULL);
	ATF_REQUIRE_ERRNO(ENOMEM, recallocarray(p, 1, huge, 1) == NULL);
	ATF_REQUIRE_ERRNO(ENOMEM, recallocarray(NULL, 1, huge, 4) == NULL);
	record_expect("");
	ATF_REQUIRE(p[0] == 0xa5 && p[15] == 0xa5);
	free(p);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, explicit_bzero_clears_what_it_is_told);
	ATF_TP_ADD_TC(tp, freezero_clears_before_it_frees);
	ATF_TP_ADD_TC(tp, what_grows_is_zero_behind_its_contents);
	ATF_TP_ADD_TC(tp, what_shrinks_leaves_nothing_behind);
	ATF_TP_ADD_TC(tp, nothing_becomes_zeroes);
	ATF_TP_ADD_TC(tp, what_cannot_be_changes_nothing);
	return (atf_no_error());
}
