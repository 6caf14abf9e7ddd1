/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What can be seen from outside of a running daemon's processes (Linux).  Each
 * check reports rows, see row.h; it reads only, so the daemon does not notice,
 * except for check_filters().
 */

#ifndef RUNNING_H
#define RUNNING_H

#include <sys/types.h>

#include <stdint.h>

#include "bpf.h"
#include "row.h"
#include "sandbox_filter.h"

struct process {
	pid_t			 pid;
	pid_t			 own_pid;	/* as it sees it itself */
	enum sandbox_filter	 role;
	int			 dir;	/* of /proc/PID: never another's */
	const struct process	*parent;	/* NULL: it is the parent */
	int			 root;	/* the daemon began as root */
	uid_t			 uid;	/* of the worker, if it did */
	gid_t			 gid;
	int			 filters;	/* -1: the kernel says not */
	struct filters		*filters_read;	/* NULL: not yet */
	struct sandbox_parent	 box;	/* of a parent, as far as it counts */
	int			 learnt;	/* the box has the worker's ids */
	uint32_t		 arch;		/* of its filters; 0: ours */
};

extern unsigned int	gaps;		/* reported so far */

/* A row; counts gaps. */
void	finding(const struct process *, const char *layer,
	    const char *attempt, enum row_result, const char *fmt, ...)
	    __attribute__((__format__(printf, 5, 6)));
/* Proven, or a gap. */
void	verdict(const struct process *, const char *layer,
	    const char *attempt, int good, const char *fmt, ...)
	    __attribute__((__format__(printf, 5, 6)));
/* Not checked because of errno. */
void	unchecked(const struct process *, const char *layer,
	    const char *attempt);

/*
 * running_family.c.  Role: by what it was started as, -1 for none of ours.
 * Find the children, CHILDREN_MAX at most, opened, SANDBOX_FILTERS being the
 * role of a stranger; -1 with errno.  Without a worker it waits for one, for 2
 * seconds; who is born but now is counted only.  Check that there are no more
 * than there may be.  Learn: what the parent's filter was made of.
 */
#define CHILDREN_MAX	64
int	process_role(const struct process *);
ssize_t	find_children(const struct process *parent, struct process *child,
	    unsigned int *young);
void	check_family(const struct process *parent,
	    const struct process *child, size_t n, unsigned int young);
void	learn_parent(struct process *parent, const struct process *child,
	    size_t n);

/*
 * running_status.c.  Open: fill in a process whose pid, role and parent are
 * set; -1 with errno.
 */
int	process_open(struct process *);
/* A file below /proc/PID, allocated, with two NULs; NULL with errno. */
char	*process_text(const struct process *, const char *file);
/* The rest of the line that begins so, blanks skipped; NULL: none. */
const char *text_line(const char *text, const char *begin);

void	check_status(const struct process *);
void	check_limits(const struct process *);

void	check_descriptors(const struct process *);	/* running_fds.c */

/* running_memory.c: its mappings, program and root directory */
void	check_memory(const struct process *);
void	check_program(const struct process *);
void	check_root(const struct process *);

/*
 * running_sockets.c: a socket of the process, by inode.
 */
struct socket_kind {
	const char	*name;		/* "TCP", "packet" ... */
	int		 connected;
	int		 listening;
};
/* 1: found, 0: in no table, -1 with errno. */
int	socket_find(const struct process *, ino_t, struct socket_kind *);

/*
 * running_filter.c.  Reads the filters back, for which the process stands
 * still for less than a millisecond, and has them judged.
 */
#define FILTERS_MAX	8
struct filters {
	struct bpf_program	 program[FILTERS_MAX];	/* last one: newest */
	size_t			 n;
	int64_t			 stopped_us;
	int			 error;		/* errno; 0: read */
	const char		*step;		/* that failed */
};
/* Mapped, for good; NULL with errno. */
struct filters *filters_read(pid_t);
/* Keeps them in filters_read; the parent comes first. */
void	check_filters(struct process *);

/*
 * running_calls.c: what filters say to calls, against a list of our own, which
 * is what we want of each role; and against the table of sandbox_os_rule(),
 * which is what is documented.  -1 on the first difference, with a text.
 */
struct calls_summary {
	unsigned long	 tried;		/* combinations */
	unsigned int	 calls;		/* of which some are allowed */
	char		 text[192];	/* "" or "...; " */
};
int	calls_judge(const struct process *, const struct filters *,
	    struct calls_summary *);
/* 0 and no calls: there is no table. */
int	calls_judge_table(const struct process *, const struct filters *,
	    struct calls_summary *);
/* Other architectures' calls kill. */
int	calls_judge_foreign(const struct process *, const struct filters *,
	    struct calls_summary *);

/*
 * running_wanted.c: that list.  Known: it is a full one of what the role may
 * call, and allows says whether a call is in it.  running_forbidden.c: of
 * other roles, what they must not call, whatever the arguments or with those
 * of an example.  n is an example's number; 0 behind the last.
 */
struct example {
	const char	*name;		/* "": not of this role */
	uint64_t	 args[6];
	unsigned int	 given;		/* bits of the arguments that count */
};
uint32_t process_arch(const struct process *);	/* of its filters */
int	wanted_known(enum sandbox_filter);
int	wanted_allows(const struct process *, const char *name,
	    const uint64_t *args);
int	wanted_example(const struct process *, size_t n, struct example *);
int	forbidden_call(const struct process *, const char *name);
int	forbidden_example(const struct process *, size_t n, struct example *);

#endif
