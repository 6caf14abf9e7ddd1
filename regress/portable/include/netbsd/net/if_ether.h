/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NET_IF_ETHER_H
#define FAKE_NET_IF_ETHER_H

#define ETHER_ADDR_LEN	6

#endif
