/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What groups somebody at the other end of a local socket is in. */

#ifndef PEER_GROUPS_H
#define PEER_GROUPS_H

#include <sys/types.h>

/*
 * Whether the group is among those of who connected, as far as the system
 * tells; 0 without an answer.
 */
int	peer_in_group(int fd, gid_t gid);

#endif
