/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NETINET_TCP_H
#define FAKE_NETINET_TCP_H

#include_next <netinet/tcp.h>

#undef TCP_KEEPIDLE
#undef TCP_KEEPINTVL
#undef TCP_KEEPCNT
#define TCP_KEEPIDLE	3
#define TCP_KEEPINTVL	5
#define TCP_KEEPCNT	6

#endif
