/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The layers of a sandbox, for the log, the parent and softflowctl. */

#include <string.h>

#include "compat.h"
#include "sandbox_filter.h"

const char *
sandbox_layer(unsigned int n, uint32_t *layer)
{
	*layer = sandbox_os_layers[n].layer;
	return (sandbox_os_layers[n].name);
}

uint32_t
sandbox_layers(enum sandbox_filter process)
{
	const struct sandbox_layer	*l;
	uint32_t			 layers = 0;

	for (l = sandbox_os_layers; l->name != NULL; l++)
		if (l->processes & 1U << process)
			layers |= l->layer;
	return (layers & ~sandbox_lacks);
}

uint32_t
sandbox_needed(int root)
{
	const struct sandbox_layer	*l;
	uint32_t			 layers = 0;

	for (l = sandbox_os_layers; l->name != NULL; l++)
		if (l->processes & LAYER_WORKER && (l->when == LAYER_ALWAYS ||
		    (l->when == LAYER_ROOT && root)))
			layers |= l->layer;
	return (layers & ~sandbox_lacks);
}

void
sandbox_describe(uint32_t layers, char *buf, size_t len)
{
	const struct sandbox_layer	*l;
	const char			*sep;
	int				 missing;

	*buf = '\0';
	for (missing = 0; missing < 2; missing++) {
		sep = missing ? "; missing: " : "";
		for (l = sandbox_os_layers; l->name != NULL; l++) {
			if (((layers & l->layer) == 0) != missing)
				continue;
			strlcat(buf, sep, len);
			strlcat(buf, l->name, len);
			sep = ", ";
		}
		if (*buf == '\0')
			strlcat(buf, "nothing", len);
	}
}
