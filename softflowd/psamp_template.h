/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the psamp_*.c files of reading share; included by nobody else. */

#ifndef PSAMP_TEMPLATE_H
#define PSAMP_TEMPLATE_H

#include <string.h>

#include "psamp_read.h"

#define PSAMP_VARIABLE	UINT16_MAX	/* length of a field */
#define PSAMP_DATA_SETS	256		/* set ids from here on */

/* NULL: unknown; one that was never sent but is known by its id is found. */
const struct psamp_template *psamp_template_find(const struct psamp_session *,
	    uint16_t id);

/* Whether it is one that could have been learnt. */
int	psamp_template_plausible(const struct psamp_template *);

/*
 * Learn the templates of a set, if it is one with templates, RFC 7011 sections
 * 3.4.1, 3.4.2 and 8.1.  What cannot be kept is counted; data of that id has
 * no template then.
 */
void	psamp_template_learn(struct psamp_session *, uint16_t set_id,
	    const uint8_t *set, const uint8_t *end, struct counters *c);

#endif
