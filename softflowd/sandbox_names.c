/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the layers of a sandbox are called, for the log and softflowctl. */

#include <string.h>

#include "compat.h"
#include "sandbox.h"

static const struct {
	uint32_t	 layer;
	const char	*name;
} names[] = {
	{ SANDBOX_CHROOT, "chroot" },
	{ SANDBOX_IDS, "ids" },
	{ SANDBOX_CAPS, "capabilities" },
	{ SANDBOX_UNDUMPABLE, "undumpable" },
	{ SANDBOX_NNP, "no new privileges" },
	{ SANDBOX_MDWE, "MDWE" },
	{ SANDBOX_LANDLOCK, "Landlock" },
	{ SANDBOX_RLIMITS, "limits" },
	{ SANDBOX_SYSCALLS, "system calls" },
};

const char *
sandbox_layer(unsigned int n, uint32_t *layer)
{
	if (n >= nitems(names))
		return (NULL);
	*layer = names[n].layer;
	return (names[n].name);
}

void
sandbox_describe(uint32_t layers, char *buf, size_t len)
{
	const char	*sep;
	size_t		 i;
	int		 missing;

	*buf = '\0';
	for (missing = 0; missing < 2; missing++) {
		sep = missing ? "; missing: " : "";
		for (i = 0; i < nitems(names); i++) {
			if (((layers & names[i].layer) == 0) != missing)
				continue;
			strlcat(buf, sep, len);
			strlcat(buf, names[i].name, len);
			sep = ", ";
		}
	}
}
