/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_NET_IF_DL_H
#define FAKE_NET_IF_DL_H

#include <stdint.h>

struct dl_addr {
	uint8_t		dl_type;
	uint8_t		dl_nlen;
	uint8_t		dl_alen;
	uint8_t		dl_slen;
	char		dl_data[24];
};

struct sockaddr_dl {
	uint8_t		sdl_len;
	uint8_t		sdl_family;
	uint16_t	sdl_index;
	struct dl_addr	sdl_addr;
#define sdl_type	sdl_addr.dl_type
#define sdl_data	sdl_addr.dl_data
};

#endif
