/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What decoding alone takes: the frames of a capture file, as many as fit into
 * a buffer that stays in the cache, are decoded again and again.
 *
 *	decode [-st] file
 *
 *	-s	with what only some records ask for
 *	-t	with tunnels opened
 *
 * Prints nanoseconds of CPU time for a frame.
 */

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pcap.h>

#include "packet.h"

#define FRAMES		1000U
#define OCTETS		128U	/* kept of each */
#define ROUNDS		10000U

static uint8_t		data[FRAMES][OCTETS];
static struct frame	frames[FRAMES];

static unsigned int
read_frames(const char *path)
{
	struct pcap_pkthdr	*h;
	const u_char		*p;
	pcap_t			*pcap;
	char			 error[PCAP_ERRBUF_SIZE];
	unsigned int		 n = 0;

	if ((pcap = pcap_open_offline(path, error)) == NULL)
		errx(1, "%s", error);
	if (pcap_datalink(pcap) != DLT_EN10MB)
		errx(1, "%s: not Ethernet", path);
	while (n < FRAMES && pcap_next_ex(pcap, &h, &p) == 1) {
		frames[n].caplen = h->caplen < OCTETS ? h->caplen : OCTETS;
		frames[n].wirelen = h->len;
		frames[n].data = data[n];
		memcpy(data[n], p, frames[n].caplen);
		n++;
	}
	pcap_close(pcap);
	return (n);
}

int
main(int argc, char *argv[])
{
	struct timespec	 begin, end;
	struct decode	 how = { .level = TRACK_FULL };
	struct packet	 pkt;
	uint64_t	 octets = 0;
	unsigned int	 i, n, round;
	int		 letter;

	while ((letter = getopt(argc, argv, "st")) != -1) {
		if (letter == 's')
			how.side = 1;
		else if (letter == 't')
			how.tunnels = TUNNEL_ALL;
		else
			errx(1, "usage: decode [-st] file");
	}
	if (optind + 1 != argc)
		errx(1, "usage: decode [-st] file");
	if ((n = read_frames(argv[optind])) == 0)
		errx(1, "%s: no frames", argv[optind]);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < n; i++)
			if (packet_decode(LINK_ETHERNET, &frames[i], &how,
			    &pkt) == PACKET_OK)
				octets += pkt.octets;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	if (octets == 0)
		errx(1, "%s: no IP", argv[optind]);
	printf("%.2f\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
	    (double)(end.tv_nsec - begin.tv_nsec)) / ROUNDS / n);
	return (0);
}
