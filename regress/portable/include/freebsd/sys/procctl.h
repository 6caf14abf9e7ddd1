/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD's, as far as we use it. */

#ifndef PORTABLE_FREEBSD_PROCCTL_H
#define PORTABLE_FREEBSD_PROCCTL_H

#include <sys/types.h>
#include <sys/wait.h>

#define PROC_TRACE_CTL			7
#define PROC_PDEATHSIG_CTL		11
#define PROC_NO_NEW_PRIVS_CTL		19
#define PROC_WXMAP_CTL			21
#define PROC_WXMAP_STATUS		22

#define PROC_TRACE_CTL_DISABLE		2
#define PROC_NO_NEW_PRIVS_ENABLE	1
#define PROC_WX_MAPPINGS_DISALLOW_EXEC	0x0002
#define PROC_WXORX_ENFORCE		0x80000000

int	procctl(idtype_t, id_t, int, void *);

#endif
