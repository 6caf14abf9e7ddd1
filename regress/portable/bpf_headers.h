/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* All that the files of bpf(4) include, before their calls are replaced. */

#ifndef BPF_HEADERS_H
#define BPF_HEADERS_H

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <net/if.h>
#include <net/bpf.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_bpf.h"
#include "capture_compile.h"
#include "capture_reader.h"
#include "compat.h"
#include "packet.h"
#include "record.h"

#endif
