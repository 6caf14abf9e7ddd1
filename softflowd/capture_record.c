/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Headers of records as libpcap gives them.  On 32 bits our times have 64, so
 * that they go beyond 2038, and those of a libpcap that was built before that
 * came up have 32: its headers are not what its <pcap.h> says to us.
 */

#include <sys/types.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <pcap.h>

#include "capture_record.h"

struct narrow {
	uint32_t	sec, usec;
	uint32_t	caplen;
	uint32_t	len;
};

static int	is_narrow;

static void
probed(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct narrow	n;

	(void)arg;
	(void)data;
	memcpy(&n, h, sizeof(n));
	is_narrow = n.caplen == 3;
}

/* A file of one record, whose header says which of the two it is. */
int
capture_record_init(void)
{
	static struct {
		uint32_t	magic;
		uint16_t	major, minor;
		uint32_t	zone, sigfigs, snaplen, link;
		struct narrow	record;
		char		data[4];
	}		 file = { 0xa1b2c3d4, 2, 4, 0, 0, 65535, DLT_RAW,
			    { 1, 2, 3, 3 }, "" };
	char		 errbuf[PCAP_ERRBUF_SIZE];
	FILE		*fp;
	pcap_t		*pcap;
	int		 n;

	if (sizeof(time_t) <= sizeof(long))
		return (0);
	if ((fp = fmemopen(&file, sizeof(file) - 1, "r")) == NULL)
		return (-1);
	if ((pcap = pcap_fopen_offline(fp, errbuf)) == NULL) {
		fclose(fp);
		return (-1);
	}
	n = pcap_dispatch(pcap, 1, probed, NULL);
	pcap_close(pcap);
	return (n == 1 ? 0 : -1);
}

/*
 * Seconds of pcap files are 32 bits without sign, which libpcap extends as
 * if they had one.
 */
static uint64_t
record_time(int64_t sec, uint32_t usec)
{
	uint64_t	s = sec < 0 ? (uint32_t)sec : (uint64_t)sec;

	if (s > UINT64_MAX / 2000000)
		s = UINT64_MAX / 2000000;
	return (s * 1000000 + usec);
}

void
capture_record(const struct pcap_pkthdr *h, struct frame *frame)
{
	struct narrow	n;

	if (is_narrow) {
		memcpy(&n, h, sizeof(n));
		frame->caplen = n.caplen;
		frame->wirelen = n.len;
		frame->time_us = record_time(n.sec, n.usec);
		return;
	}
	frame->caplen = h->caplen;
	frame->wirelen = h->len;
	frame->time_us = record_time(h->ts.tv_sec, (uint32_t)h->ts.tv_usec);
}
