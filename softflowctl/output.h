/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the operator sees: the text of the classic softflowctl.  Values have
 * been checked; texts of the daemon may still hold anything but are ended.
 */

#ifndef OUTPUT_H
#define OUTPUT_H

#include <sys/types.h>

#include <stdio.h>

#include "msg.h"
#include "summary.h"

/* "softflowd[pid]: text", unprintable characters replaced. */
void	output_line(FILE *, pid_t, const char *text);
void	output_flow(FILE *, const struct ctl_flow *);
void	output_timeouts(FILE *, const struct timeouts *);
void	output_statistics(FILE *, pid_t, const struct summary_report *);

#endif
