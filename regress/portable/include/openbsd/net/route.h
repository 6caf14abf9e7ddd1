/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NET_ROUTE_H
#define FAKE_NET_ROUTE_H

#define RTM_VERSION	5
#define RTM_IFINFO	0xe
#define RTM_IFANNOUNCE	0xf
#define RTM_DESYNC	0x10
#define ROUTE_MSGFILTER	1
#define ROUTE_FILTER(m)	(1 << (m))

#endif
