/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD's, as far as we use it. */

#ifndef PORTABLE_FREEBSD_CAPSICUM_H
#define PORTABLE_FREEBSD_CAPSICUM_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdint.h>

typedef struct cap_rights {
	uint64_t	cr_rights[2];
} cap_rights_t;
typedef unsigned long	cap_ioctl_t;

#define CAP_READ		0x0200000000000001ULL
#define CAP_WRITE		0x0200000000000002ULL
#define CAP_SEEK_TELL		0x0200000000000004ULL
#define CAP_SEEK		0x020000000000000cULL
#define CAP_FSTAT		0x0200000000080000ULL
#define CAP_LOOKUP		0x0200000000000400ULL
#define CAP_GETSOCKOPT		0x0200000400000000ULL
#define CAP_CONNECTAT		0x0200010000000400ULL
#define CAP_RECV		CAP_READ
#define CAP_SEND		CAP_WRITE
#define CAP_EVENT		0x0400000000000020ULL
#define CAP_IOCTL		0x0400000000000080ULL

#define cap_rights_init(...)	__cap_rights_init(0, __VA_ARGS__, 0ULL)
#define cap_rights_set(...)	__cap_rights_set(__VA_ARGS__, 0ULL)

cap_rights_t	*__cap_rights_init(int, cap_rights_t *, ...);
cap_rights_t	*__cap_rights_set(cap_rights_t *, ...);
int		 cap_rights_limit(int, const cap_rights_t *);
int		 cap_ioctls_limit(int, const cap_ioctl_t *, size_t);
int		 cap_enter(void);

/* Of sys/socket.h there. */
int		 connectat(int, int, const struct sockaddr *, socklen_t);

#endif
