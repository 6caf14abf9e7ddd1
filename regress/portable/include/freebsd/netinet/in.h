/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NETINET_IN_H
#define FAKE_NETINET_IN_H

#include_next <netinet/in.h>

#undef IPV6_DONTFRAG
#undef IPV6_PATHMTU
#define IPV6_DONTFRAG	62
#define IPV6_PATHMTU	44

#endif
