/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NET_IF_VLAN_VAR_H
#define FAKE_NET_IF_VLAN_VAR_H

#include <sys/types.h>

#define SIOCGETVLAN	0xc020693aUL

struct vlanreq {
	char	vlr_parent[IFNAMSIZ];
	u_short	vlr_tag;
	u_short	vlr_proto;
};

#endif
