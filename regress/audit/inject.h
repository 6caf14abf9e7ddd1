/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Act in a traced process as somebody would who has taken it over: system
 * calls with any numbers and arguments, calls of its functions, octets in its
 * memory.  What differs between processors is in inject_<machine>.c.
 */

#ifndef INJECT_H
#define INJECT_H

#include <sys/types.h>
#include <sys/user.h>

#include <stddef.h>

#define INJECT_CODE	8	/* octets: an instruction, then a trap */

/* Some other way into the kernel than this machine's own. */
struct inject_foreign {
	const char	*name;		/* NULL ends */
	unsigned char	 code[INJECT_CODE];
	long		 getpid;	/* its numbers, to see if it works */
	long		 calls[12];	/* to try; -1 ends */
};

/* Numbers in which the kernel asks no filter, and what they end with. */
struct inject_odd {
	long		 nr;		/* -1 ends */
	int		 sig;		/* 0: it returns */
};

extern const unsigned char		 inject_native[INJECT_CODE];
extern const int			 inject_trap_offset;
extern const struct inject_foreign	 inject_foreigns[];
extern const struct inject_odd		 inject_odds[];

long	inject_result(const struct user_regs_struct *);
void	inject_call(struct user_regs_struct *, long pc, long nr,
	    const long arg[6]);
/* fn(a, b), with that stack, on which is the trap that it returns to. */
void	inject_function(struct user_regs_struct *, long fn, long stack,
	    long trap, long a, long b);
/* At a system call's entry: it is none. */
int	inject_skip(pid_t);
void	inject_set_result(struct user_regs_struct *, long);

/* How it ended. */
enum inject_end {
	INJECT_RETURNED,	/* value: what it returned */
	INJECT_KILLED,		/* value: the signal it is dead of */
	INJECT_EXITED,		/* value: its status */
	INJECT_SIGNALLED,	/* value: what it would get; it is stopped */
	INJECT_BLOCKED		/* after INJECT_MS */
};
#define INJECT_MS	3000	/* machines may be busy */

struct inject_outcome {
	enum inject_end	 end;
	long		 value;
};

/* A system call to be made fail, or to seem to succeed. */
struct inject_fake {
	const char	*call;
	long		 first;		/* argument; -1: any */
	int		 pointer;	/* only if the third argument is */
	long		 result;
	unsigned int	 hits;		/* set */
};

/* All of these: -1 with errno. */

/*
 * A child that is to execute something calls inject_offer() before, its
 * parent inject_accept(): from then on it is traced, and dies with us.
 */
int	inject_prepare(void);	/* before the fork */
void	inject_offer(void);
int	inject_accept(pid_t);

/*
 * Then it executes, and is settled in: code and room for data are there, and
 * it is stopped.  One process at a time.
 */
int	inject_settle(pid_t);
#define INJECT_ROOM	32768	/* octets for data */
long	inject_room(void);	/* where they are */

int	inject_stop(pid_t);
int	inject_continue(pid_t);
/* Let it run so long, with the signals that it gets; 1: it is dead. */
int	inject_attend(pid_t, int ms);
int	inject_release(pid_t);	/* it is stopped, and shall run untraced */

/*
 * On a process that is stopped, and unless it died is afterwards: as before,
 * but for what the call did.  code: 0 for the machine's own, else 1 + the
 * index of a foreign one.
 */
int	inject(pid_t, unsigned int code, long nr, const long arg[6],
	    struct inject_outcome *);
int	inject_fn(pid_t, long fn, long a, long b, struct inject_outcome *);

/*
 * Let it run until each of the fakes has been hit, or it is dead; then it
 * runs on.  1: dead, with *status.
 */
int	inject_run(pid_t, struct inject_fake *, size_t n, int *status);

/* While it is dumpable, or for root. */
int	inject_write(pid_t, long where, const void *, size_t len);

/* "killed by signal 31", "returned 3", "EACCES" ... */
void	inject_describe(const struct inject_outcome *, char *, size_t);

#endif
