/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* softflowd --sandbox: the words of Linux. */

#include <stdio.h>

#include "sandbox_filter.h"

static void
kernel(int json)
{
	uint32_t	 abi = sandbox_landlock_version();
	int		 mdwe = sandbox_os_mdwe();

	if (json) {
		printf("\"landlock_abi\": %u,\n\"mdwe\": %s,\n", abi,
		    mdwe ? "true" : "false");
		return;
	}
	printf("This kernel: Landlock ");
	if (abi > 0)
		printf("ABI %u", abi);
	else
		printf("missing");
	printf(", MDWE %s\n", mdwe ? "present" : "missing");
}

const struct sandbox_words	sandbox_os_words = {
	.kernel = kernel,
	.inherited = 1,
	.capability = sandbox_os_capability,
	.file = sandbox_os_file,
	.files = "Files and TCP ports (Landlock)",
	.files_key = "landlock",
	.rule = sandbox_os_rule,
	.rules = "System calls",
	.rules_key = "calls",
	.rule_key = "call"
};
