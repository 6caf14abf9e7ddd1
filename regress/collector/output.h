/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the collector prints: lines of text or JSON, and sums. */

#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include "decode.h"

/*
 * One line for one record, as name=value words or as a JSON object with the
 * same names.  src, dst, first_us, last_us, end_reason, icmp and sampling are
 * left out where they are not known.
 */
void	output_flow(FILE *, int json, const struct record *);

/*
 * One line for one options record.  Values are named by element number, with
 * "scope_" and the enterprise number before it; up to 8 octets they are
 * numbers, above hexadecimal strings.
 */
void	output_options(FILE *, int json, const struct options_record *);

/* One line for one packet report; report is its selectionSequenceId. */
void	output_report(FILE *, int json, const struct report *);

/* sum.c: the sums of all records with the same addresses and ports. */
#define SUM_MAX		(4U << 20)	/* keys; about 500 MB */

struct sum;

struct sum *sum_new(void);
void	sum_free(struct sum *);

/* -1 with errno ENOMEM or ENOSPC.  Records without addresses are ignored. */
int	sum_add(struct sum *, const struct record *);

/*
 * One line a key: ipver src dst proto sport dport packets octets tcpflags
 * min_us max_us, separated by tabs, tcpflags as 0x00.  Sorted by the key as
 * numbers and octets, from left to right.
 */
void	sum_print(FILE *, struct sum *);

#endif
