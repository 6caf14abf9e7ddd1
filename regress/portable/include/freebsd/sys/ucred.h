/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_SYS_UCRED_H
#define FAKE_SYS_UCRED_H

#include <sys/types.h>

#define XU_NGROUPS	16
#define XUCRED_VERSION	0

struct xucred {
	u_int	cr_version;
	uid_t	cr_uid;
	short	cr_ngroups;
	gid_t	cr_groups[XU_NGROUPS];
	void	*cr_unused;
};

#endif
