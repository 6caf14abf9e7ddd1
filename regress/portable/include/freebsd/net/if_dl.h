/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NET_IF_DL_H
#define FAKE_NET_IF_DL_H

#include <sys/types.h>

struct sockaddr_dl {
	u_char		sdl_len;
	u_char		sdl_family;
	u_int16_t	sdl_index;
	u_char		sdl_type;
	u_char		sdl_nlen;
	u_char		sdl_alen;
	u_char		sdl_slen;
	char		sdl_data[46];
};

#endif
