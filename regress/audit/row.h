/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the audit found, one line for each attempt: process, layer, attempt,
 * result and detail with tabs between, which audit.sh turns into a table or
 * JSON.
 */

#ifndef ROW_H
#define ROW_H

enum row_result {
	ROW_PROVEN,		/* tried, and it was refused as it must be */
	ROW_GAP,		/* it was not: the audit fails */
	ROW_MISSING,		/* this kernel, or this start, lacks the layer */
	ROW_UNCHECKED		/* not tried: no right to, or no way here */
};

/*
 * Append a line to the file that the environment's AUDIT_ROWS names, or to
 * standard output without it.  process: "parent", "worker", "resolver" or
 * "reader"; layer: a name of sandbox_layer() or "descriptors"; tabs and line
 * ends in the texts become blanks.  Whoever cannot write ends with 1: a row
 * that is lost must not look like one that passed.
 */
void	row(const char *process, const char *layer, const char *attempt,
	    enum row_result, const char *detail);

#endif
