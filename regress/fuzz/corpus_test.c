/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A fuzzer's function without the fuzzer: what it kept, and inputs made anew
 * of that.  Linked with one NAME_fuzz.c.
 */

#include <sys/mman.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "guard.h"
#include "input.h"
#include "mutate.h"

#define KEPT_MIN	20	/* inputs, or the corpus is not there */

static struct mutate_input	*kept;
static size_t			 nkept;

/* The input in hand, for who looks after us. */
static struct {
	size_t	size;
	uint8_t	data[INPUT_MAX];
}				*hand;

static void
keep(const uint8_t *data, size_t size)
{
	struct mutate_input	*in;

	kept = realloc(kept, (nkept + 1) * sizeof(*kept));
	ATF_REQUIRE(kept != NULL);
	in = &kept[nkept++];
	in->size = size;
	ATF_REQUIRE((in->data = malloc(size + 1)) != NULL);
	memcpy(in->data, data, size);
}

static void
prepare(const atf_tc_t *tc)
{
	char	 path[1024];

	snprintf(path, sizeof(path), "%s/../fuzz/corpus/%s.hex",
	    atf_tc_get_config_var(tc, "srcdir"), fuzz_target.name);
	input_read(path, keep);
	ATF_REQUIRE(nkept >= KEPT_MIN);
	hand = mmap(NULL, sizeof(*hand), PROT_READ | PROT_WRITE, MAP_SHARED |
	    MAP_ANON, -1, 0);
	ATF_REQUIRE(hand != MAP_FAILED);
}

/* Behind it is a page that nobody may touch. */
static void
try_input(const uint8_t *data, size_t size)
{
	hand->size = size;
	memcpy(hand->data, data, size);
	LLVMFuzzerTestOneInput(guard_copy(data, (uint32_t)size), size);
}

static void
try_kept(uint64_t seed)
{
	size_t	i, cut;

	(void)seed;
	for (i = 0; i < nkept; i++)
		for (cut = fuzz_target.cut ? 0 : kept[i].size;
		    cut <= kept[i].size; cut++)
			try_input(kept[i].data, cut);
}

static void
try_made(uint64_t seed)
{
	static uint8_t	data[INPUT_MAX];
	unsigned int	i;

	for (i = 0; i < fuzz_target.runs; i++)
		try_input(data, mutate(kept, nkept, &seed, data,
		    fuzz_target.max));
}

/* In a process of its own, for an input that ends it is to be told. */
static void
run(void (*try)(uint64_t), uint64_t seed)
{
	pid_t	pid;
	size_t	i;
	int	status;

	fflush(NULL);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		try(seed);
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	printf("input, for corpus/%s.hex: ", fuzz_target.name);
	for (i = 0; i < hand->size; i++)
		printf("%02x", hand->data[i]);
	printf("\n");
	atf_tc_fail("status %#x with the input above", status);
}

ATF_TC_WITHOUT_HEAD(inputs_that_the_fuzzer_kept_make_sense);
ATF_TC_BODY(inputs_that_the_fuzzer_kept_make_sense, tc)
{
	prepare(tc);
	run(try_kept, 0);
}

/* Other ones each time, but for a seed that is given. */
ATF_TC_WITHOUT_HEAD(so_do_inputs_made_of_them);
ATF_TC_BODY(so_do_inputs_made_of_them, tc)
{
	uint64_t	seed;

	seed = (uint64_t)atf_tc_get_config_var_as_long_wd(tc, "fuzz_seed",
	    (long)time(NULL));
	printf("fuzz_seed=%ju\n", (uintmax_t)seed);
	prepare(tc);
	run(try_made, seed | 1ULL << 63);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, inputs_that_the_fuzzer_kept_make_sense);
	ATF_TP_ADD_TC(tp, so_do_inputs_made_of_them);
	return (atf_no_error());
}
