/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NET_IF_VLANVAR_H
#define FAKE_NET_IF_VLANVAR_H

#include <stdint.h>

#define SIOCGETVLAN	0xc090693aUL

struct vlanreq {
	char		vlr_parent[IFNAMSIZ];
	uint16_t	vlr_tag;
};

#endif
