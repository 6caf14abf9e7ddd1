/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What groups somebody at the other end of a local socket is in. */

#ifndef PEER_GROUPS_H
#define PEER_GROUPS_H

#include <sys/types.h>

/*
 * Whether the group was among the supplementary ones of who connected, when
 * that was; where the system does not tell, 1: the socket's mode has let
 * nobody else in.
 */
int	peer_in_group(int fd, gid_t gid);

#endif
