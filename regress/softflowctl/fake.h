/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The program itself, and a daemon that answers it as a test wants. */

#ifndef FAKE_H
#define FAKE_H

#include <sys/types.h>

#include <atf-c.h>
#include <imsg.h>

#include "summary.h"

#define PID	4242		/* the daemon's, as it says */
#define SOCK	"ctl"

/* Where the test is, how it is built, the program; as this user, unless 0. */
extern const char	*fake_srcdir;
extern int	fake_sanitized;
extern char	program[];
extern uid_t	run_uid;

/* Of the terminal that it prints to; 0: it prints to a file. */
extern unsigned short	run_columns;

/* The most memory that it took the last time. */
extern long	run_kbytes;

void	find_program(const atf_tc_t *);

int	listen_at(const char *path);

/*
 * Run the program with this socket and a line of words; its exit status.
 * Texts are in the files out and err.
 */
int	run(const char *path, const char *line);

/* What the daemon writes to whom asked; or nothing. */
typedef void answer_fn(struct imsgbuf *);

void	send_row(struct imsgbuf *, uint32_t type, const void *, size_t);
void	send_result(struct imsgbuf *, uint32_t failed, uint64_t count,
	    const char *text);

/*
 * Run the program against a daemon that answers so; its exit status.  The
 * last request is in the file request: type, then payload.
 */
int	run_against(answer_fn *, const char *line);
void	check_status(answer_fn *, const char *line, int want_status);

/* And look for a regular expression in a file. */
void	check_answer(answer_fn *, const char *line, int want_status,
	    const char *want, const char *file);

#define CASE(name)							\
	static void name##_in(void);					\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)						\
	{								\
		find_program(tc);					\
		name##_in();						\
	}								\
	static void							\
	name##_in(void)

#endif
