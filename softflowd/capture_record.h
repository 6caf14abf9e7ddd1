/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef CAPTURE_RECORD_H
#define CAPTURE_RECORD_H

#include "capture_reader.h"

struct pcap_pkthdr;

/* Once, before the first record: how wide libpcap's times are.  -1: unknown. */
int	capture_record_init(void);

/*
 * Lengths and time of a frame, whatever they say; the time in microseconds
 * since 1970, seconds of pcap files from 0 to 2^32 - 1.
 */
void	capture_record(const struct pcap_pkthdr *, struct frame *);

#endif
