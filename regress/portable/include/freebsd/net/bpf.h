/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD's, as far as the sandbox uses it. */

#ifndef _NET_BPF_H_
#define _NET_BPF_H_

#define BIOCGSTATS	0x4008426fUL

#endif
