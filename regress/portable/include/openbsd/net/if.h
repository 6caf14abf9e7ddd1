/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NET_IF_H
#define FAKE_NET_IF_H

#include_next <net/if.h>

#define SIOCGIFPARENT	0xc02069b3UL

struct if_parent {
	char	ifp_name[IFNAMSIZ];
	char	ifp_parent[IFNAMSIZ];
};

#endif
