/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the operator sees: the text of the classic softflowctl, and three
 * forms of what "show" says.  Values have been checked; texts of the daemon
 * may still hold anything but are ended.
 */

#ifndef OUTPUT_H
#define OUTPUT_H

#include <sys/types.h>

#include <stdio.h>

#include "msg.h"
#include "parser.h"
#include "summary.h"

/* "softflowd[pid]: text", unprintable characters replaced. */
void	output_line(FILE *, pid_t, const char *text);

/* How to show. */
struct show {
	FILE		*out;
	enum view	 view;
	pid_t		 pid;		/* the daemon's */
	int		 raw;		/* all digits, for programs */
	unsigned int	 width;		/* columns; 0: no terminal */
	uint64_t	 now_us;	/* since the epoch */
};

#define OUTPUT_ROWS	32	/* processes, uses of memory */

/* A form; NULL: it cannot show that. */
struct output {
	/* VIEW_STATISTICS, VIEW_COLLECTORS, VIEW_INTERFACES */
	void	(*report)(const struct show *, const struct summary_report *);
	void	(*flows)(const struct show *);	/* before the first */
	void	(*flow)(const struct show *, const struct ctl_flow *);
	void	(*timeouts)(const struct show *, const struct timeouts *);
	void	(*sandbox)(const struct show *, const struct ctl_sandbox *,
		    unsigned int n);
	void	(*memory)(const struct show *, const struct ctl_memory *,
		    unsigned int n);
};

extern const struct output	output_classic, output_text, output_json,
				output_prometheus;

/* output_table.c */
void	table_flows(const struct show *);
void	table_flow(const struct show *, const struct ctl_flow *);

#endif
