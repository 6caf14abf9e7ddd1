/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Two ends of a channel in one process, for the programs testing imsg. */

#ifndef CHANNEL_H
#define CHANNEL_H

#include "imsg.h"

#define MAX_PAYLOAD	(MAX_IMSGSIZE - IMSG_HEADER_SIZE)
#define FD_MARK		0x80000000U
#define REFUSED(error, call)	ATF_CHECK_ERRNO(error, (call) == -1)

extern struct imsgbuf	 a, b;

void	 connect_fds(int, int);
void	 channel(void);
void	 fd_channel(void);
void	 compose(uint32_t, int, const void *, size_t);
void	 receive(struct imsg *, uint32_t);
int	 open_fds(void);
int	 new_fd(void);
void	 send_raw(const void *, size_t, int, int);

#endif /* CHANNEL_H */
