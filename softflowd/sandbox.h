/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Confinement of worker and parent.  Order and reasons: see sandbox.c; the
 * system's own mechanisms stand behind sandbox_os_*() in one file each.
 */

#ifndef SANDBOX_H
#define SANDBOX_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "softflowd.h"

/*
 * Descriptor plan of a worker.
 */
#define FD_CHANNEL	3	/* imsg to the parent, for life */
#define FD_CHROOT	4	/* empty directory, until it is our root */
#define FD_FILL_FIRST	4	/* 4-7 hold /dev/null: nothing new gets them */
#define FD_FILL_LAST	7
#define FD_SAVEFILE	8
#define FD_LOW_MAX	63	/* export sockets and control connections */
#define FD_CAPTURE	256	/* + slot: out of reach of write and sendto */

/* Layers in force, for READY and the log. */
#define SANDBOX_CHROOT		0x0001
#define SANDBOX_IDS		0x0002	/* uid and gids dropped */
#define SANDBOX_CAPS		0x0004	/* no capability left */
#define SANDBOX_NNP		0x0008	/* no new privileges */
#define SANDBOX_MDWE		0x0010	/* no memory turns executable */
#define SANDBOX_LANDLOCK	0x0020
#define SANDBOX_RLIMITS		0x0040
#define SANDBOX_SYSCALLS	0x0080	/* seccomp, pledge, Capsicum */
#define SANDBOX_UNDUMPABLE	0x0100
#define SANDBOX_UNVEIL		0x0200

/*
 * Those that this build is without: SANDBOX=none, see sandbox_none.c.  No
 * macro, so that no object of another build says otherwise.
 */
extern const uint32_t	sandbox_lacks;

struct sandbox_worker {
	int	root;		/* started as root: chroot and change ids */
	uid_t	uid;
	gid_t	gid;
	int	chroot_fd;	/* empty directory; -1 without root */
	pid_t	parent;		/* must still be getppid() */
	size_t	memory;		/* octets of table and rings: RLIMIT_AS */
};

/*
 * Confine this process for good.  Called once, after every descriptor is in
 * place and every mapping made, before the first packet octet is read.  On
 * success layers says what is in force and landlock_abi its version (0:
 * none).  -1 with errno and the failed step's name in *step: the caller must
 * exit.
 */
int	sandbox_worker(const struct sandbox_worker *, uint32_t *layers,
	    uint32_t *landlock_abi, const char **step);

/*
 * Confine the process that reads the configuration file: as a worker, and it
 * can read what is open, answer on its channel, and nothing else, for a few
 * seconds.  Same results.
 */
int	sandbox_config(const struct sandbox_worker *, uint32_t *layers,
	    uint32_t *landlock_abi, const char **step);

/*
 * Worker start, before anything is received: close all descriptors but 0-4,
 * reset signals, ignore those that are for the parent to answer.
 */
int	sandbox_worker_start(void);

/* Fill descriptors FD_FILL_FIRST to FD_FILL_LAST with /dev/null (fd 0). */
int	sandbox_fill(void);

struct sandbox_parent {
	int		 root;
	uid_t		 uid;		/* the only ids a child may take */
	gid_t		 gid;
	int		 binary_fd;	/* our own program, for execveat */
	const char	*binary_path;	/* and its path; may be NULL */
	/* Of pid file and control socket: files may be removed there. */
	const char	*remove_dirs[2];
	unsigned int	 nremove_dirs;
	const char	*config_dirs[2];	/* to read files of */
	unsigned int	 nconfig_dirs;
	/* Of collectors: TCP is connected to no other ports. */
	uint16_t	 tcp_ports[MAX_EXPORT + 2];
	unsigned int	 ntcp_ports;
	int		 tcp_bind;	/* an address, the port left open */
};
#define SANDBOX_PORTS_ABI	4	/* Landlock's, that knows of ports */

/*
 * Confine the parent (Linux: capabilities, Landlock, a filter that allows what
 * it and a starting worker call; all of it is inherited by workers, so it
 * allows their start.  OpenBSD: unveil).  Same results as sandbox_worker().
 */
int	sandbox_parent(const struct sandbox_parent *, uint32_t *layers,
	    uint32_t *landlock_abi, const char **step);

/*
 * Confine the resolver to what getaddrinfo(3) needs: no capability, no file
 * but for reading in a few directories, no program, no raw socket, TCP to name
 * servers only.  chroot_fd, parent and memory do not count.  Same results as
 * sandbox_worker().
 */
int	sandbox_resolver(const struct sandbox_worker *, uint32_t *layers,
	    uint32_t *landlock_abi, const char **step);

/*
 * Confine who compiles an expression, on top of what its parent is: it reads
 * files, and asks nobody.  0, or -1 with errno.
 */
int	sandbox_compiler(void);

/*
 * An empty directory to be root in, in which a worker can make nothing; -1
 * with errno, and what is wrong.
 */
int	sandbox_chroot_dir(void);
extern const char	*sandbox_chroot_wrong;

/*
 * The parent's last word on a descriptor that it passes to a confined worker,
 * for good: an export socket, or a control connection.  0, or -1 with errno.
 */
int	sandbox_pass(int control, int fd);

/* The n-th layer that this system has, and its name; NULL behind the last. */
const char *sandbox_layer(unsigned int n, uint32_t *layer);

/* Text of the layers: "chroot, ids, ...", and of those missing. */
void	sandbox_describe(uint32_t layers, char *buf, size_t len);

/* Those without which a worker is refused; root: the parent's. */
uint32_t sandbox_needed(int root);

/*
 * What the log has to say besides: "; " and text, or ""; valid until the next
 * call.
 */
const char *sandbox_os_remark(uint32_t landlock_abi);

/*
 * The system's part, one file for each: no-ops where there is none.
 * Each returns 0, or -1 with errno.
 */
int	sandbox_os_caps_bounding(void);	/* before the ids change */
int	sandbox_os_caps_drop(void);	/* all of them, and verify */
int	sandbox_os_undumpable(void);	/* no core, no ptrace */
int	sandbox_os_parent_death(void);	/* die with the parent */
int	sandbox_os_no_new_privs(uint32_t *layers);	/* and MDWE */
int	sandbox_os_parent_caps(void);
int	sandbox_os_ids(uid_t, gid_t);	/* set all of them, and verify */

/* System calls that this build's runtime needs besides the table. */
struct sandbox_extra {
	const char	*name;
	const char	*reason;
};
extern const struct sandbox_extra sandbox_extra_calls[]; /* NULL ends */
extern const int sandbox_sanitized;	/* 1: built with a sanitizer */

#endif
