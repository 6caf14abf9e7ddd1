/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tries in processes of their own.  As root each is made twice: by a process
 * that started as root, and by one that left root before.
 */

#ifndef SANDBOX_TRY_H
#define SANDBOX_TRY_H

#include <sys/types.h>
#include <sys/syscall.h>

#include <netinet/in.h>

#include <stdint.h>

#include "compat.h"
#include "sandbox.h"

#define NOBODY		65534
#define FD_EXPORT	FD_SAVEFILE	/* connected to collector */
#define FD_REPORT	20
/* Of an argument; 0 where arguments have no such bit, and none to hide in. */
#define BIT_32		((long)(UINT64_C(1) << 32))

/* The one that takes its arguments as arguments, where there are two. */
#ifdef SYS_mmap2
#define MMAP		SYS_mmap2
#else
#define MMAP		SYS_mmap
#endif
#ifdef SYS_fstatat64
#define FSTATAT		SYS_fstatat64
#else
#define FSTATAT		SYS_newfstatat
#endif

/* One try: a function, or a system call. */
struct attempt {
	const char	*name;
	void		(*run)(void);
	long		 nr;
	long		 arg[6];
};
#define CALL(nr, ...)	{ #nr, NULL, nr, { __VA_ARGS__ } }
#define RUN(fn)		{ #fn, fn, 0, { 0 } }
#define P(pointer)	((long)(intptr_t)(pointer))

extern struct sockaddr_in	 collector, stranger;
extern int			 collector_fd, stranger_fd;

/* In children: say what failed and end with 1. */
void	check_that(int ok, const char *what, int line);
#define CHECK(cond)	check_that((cond), #cond, __LINE__)
#define CHECK_FAILS(call, error)	do {				\
	errno = 0;							\
	CHECK((call) == -1);						\
	CHECK(errno == (error));					\
} while (0)

void	become_nobody(void);
/* Each call that sends, with MSG_FASTOPEN to nobody's port: -1 with error. */
void	try_fast_open(int protocol, int error);
void	place(int fd, int wanted);
void	plan(struct sandbox_worker *);
void	confine(const struct sandbox_worker *);

int	wait_for(pid_t);
void	in_child(void (*)(void));
void	in_both_kinds(void (*)(void));

/*
 * A confined worker that makes the attempt, or waits for the end of its
 * channel without one; returned from when it is confined.
 */
pid_t	start(int root, const struct attempt *, int *channel);
int	try(int root, const struct attempt *);
int	kinds(void);
void	open_collectors(void);
void	expect_killed(const struct attempt *, size_t);
void	expect_allowed(const struct attempt *, size_t);
/* /proc/pid/file has all the lines; NULL ends. */
void	expect_lines(pid_t, const char *file, const char *const *lines);

#endif
