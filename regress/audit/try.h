/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Tries of somebody who has taken a worker over.  Each has a worker of its
 * own: our program, executed in that role, told all that a parent tells it,
 * confined by itself and READY; then it is stopped and does what we want.
 * Any user may run this.  What is found goes to the rows, too.
 */

#ifndef TRY_H
#define TRY_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#include <atf-c.h>
#include <stddef.h>
#include <time.h>

#include "compat.h"
#include "inject.h"
#include "row.h"
#include "sandbox.h"
#include "worker_fixture.h"

#define TRY_NOBODY	65534
#define TRY_EXPORT	(FD_SAVEFILE + 1)	/* where it keeps the socket */
#define TRY_UPPER	(1L << 32)
#define TRY_PROTOCOL	0x88b5		/* of a frame; nobody else's */
#define TRY_FRAME	60

/* What arguments point to, in the worker's memory. */
struct try_data {
	unsigned char		 frame[64];
	struct iovec		 iov;
	struct msghdr		 msg, msg_stranger, msg_rights;
	_Alignas(8) char	 rights[CMSG_SPACE(sizeof(int))];
	struct sockaddr_in	 stranger;
	struct sockaddr_ll	 interface;	/* lo, all protocols */
	struct sockaddr_un	 abstract;
	struct sock_filter	 allow;
	struct sock_fprog	 filter;	/* of that instruction */
	char			 root[8], passwd[16], upwards[128], shell[16];
	char			 option[4], command[16];
	char			*argv[4];	/* sh -c "exit 77" */
	struct timespec		 ts;
	int			 value;
	socklen_t		 len;
	unsigned long		 pair[4];	/* rlimit, caps, or so */
	struct __user_cap_header_struct	 caps_head;	/* version 3 */
	struct __user_cap_data_struct	 caps[2];	/* all of them */
	unsigned long		 zero[24];
};

/* A system call; arguments that point into the data are TRY_AT(member). */
struct try {
	const char	*name;
	const char	*call;
	long		 arg[6];
};
#define TRY_BASE	0x5c7a000000000000L
#define TRY_AT(member)	(TRY_BASE | (long)offsetof(struct try_data, member))

#define CASE(name)	ATF_TC(name);					\
ATF_TC_HEAD(name, tc) { atf_tc_set_md_var(tc, "timeout", "120"); }	\
ATF_TC_BODY(name, tc)

extern struct ring		 try_ring;	/* what workers read */
extern int			 try_collector, try_silent;
/* As of the start of a worker; pointers are set by themselves. */
extern struct try_data		 try_data;

/*
 * Begin a case of that layer: skip it, with a row, where nobody may trace or
 * this build's worker is confined less.
 */
void	try_begin(const atf_tc_t *, const char *layer);
void	try_skip(const atf_tc_t *, const char *layer, const char *why);

/* A worker, stopped: one that is READY, or that waits for LOCK. */
pid_t	try_worker(void);
pid_t	try_early(void);
pid_t	try_early_with(void (*before)(void));	/* calls inject_offer() */
/* Told to lock; fakes as of inject_run().  1: it is READY, and stopped. */
int	try_lock(pid_t, struct inject_fake *, size_t n);
/* One as if by a parent that is not root; with a capability, or -1. */
pid_t	try_early_user(int cap);
#define TRY_NO_FILTER	{ "seccomp", 1, 1, 0, 0 }
#define TRY_NO_LANDLOCK	{ "landlock_restrict_self", -1, 0, 0, 0 }
#define TRY_NO_CHROOT	{ "chroot", -1, 0, 0, 0 }
void	try_end(pid_t);			/* dead or alive */
int	try_ends(pid_t, int *status);	/* by itself, within seconds */

/* As the last worker's READY says. */
int	try_layer(uint32_t layer);

struct inject_outcome	try_call(pid_t, const struct try *);

/* Run a program, without a shell; argv ends with NULL.  0: it exited so. */
int	try_run(const char *const *argv);
#define RUN(...)	try_run((const char *const []){ __VA_ARGS__, NULL })

void	try_put(pid_t);		/* its data, anew; while it is dumpable */
/* What is at offset in it by now. */
void	try_get(pid_t, size_t offset, void *, size_t len);
int	try_is_sigsys(const struct inject_outcome *);

/* A row, and a check of the case; detail is how it ended. */
void	try_report(const char *layer, const char *name, int proven,
	    const struct inject_outcome *);
void	try_report_text(const char *layer, const char *name, int proven,
	    const char *detail);

int	try_kernel_has_mdwe(void);

/* A layer that is not in force: the kernel's fault, or a gap. */
void	try_missing(const char *layer, const char *name, int lacks,
	    const char *why);

/* A process of the worker's user that waits to be signalled. */
pid_t	try_neighbour(void);

/* One to connect to: the data's stranger, or abstract of len octets. */
int	try_listener(int domain);

/*
 * The controls: what is allowed succeeds and the worker lives and answers;
 * getppid ends it.  Without them all that follows would prove nothing.
 */
void	try_controls(void);

/* Each ends a worker of its own by SIGSYS. */
void	try_killed(const struct try *, size_t n);

/* Each fails with that error; the worker is stopped and lives on. */
void	try_refused(pid_t, const char *layer, const struct try *, int error);

#define TRY_FILTER	"system calls"

#endif
