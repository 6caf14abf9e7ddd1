/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the fuzzer of configuration files kept, without the fuzzer. */

#include <atf-c.h>
#include <stdint.h>
#include <stdio.h>

#include "config_fuzz.h"
#include "input.h"

static int	inputs;

static void
try_input(const uint8_t *data, size_t size)
{
	size_t		 cut;

	/* Cut anywhere, an input is another one. */
	for (cut = 0; cut <= size; cut++)
		LLVMFuzzerTestOneInput(data, cut);
	inputs++;
}

ATF_TC_WITHOUT_HEAD(inputs_of_the_fuzzer_are_read_and_make_sense);
ATF_TC_BODY(inputs_of_the_fuzzer_are_read_and_make_sense, tc)
{
	char	 path[1024];

	snprintf(path, sizeof(path), "%s/corpus/config.hex",
	    atf_tc_get_config_var(tc, "srcdir"));
	input_read(path, try_input);
	ATF_CHECK(inputs > 100);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, inputs_of_the_fuzzer_are_read_and_make_sense);
	return (atf_no_error());
}
