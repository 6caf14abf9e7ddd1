/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NET_IF_TYPES_H
#define FAKE_NET_IF_TYPES_H

#define IFT_ETHER	0x06
#define IFT_L2VLAN	0x87

#endif
