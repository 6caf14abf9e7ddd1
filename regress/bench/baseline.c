/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The yardstick: read a capture file through libpcap and do nothing with it.
 */

#include <err.h>
#include <stdio.h>

#include <pcap.h>

static void
nothing(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)arg;
	(void)h;
	(void)data;
}

int
main(int argc, char *argv[])
{
	char	 error[PCAP_ERRBUF_SIZE];
	pcap_t	*in;

	if (argc != 2) {
		fprintf(stderr, "usage: baseline file\n");
		return (1);
	}
	if ((in = pcap_open_offline(argv[1], error)) == NULL)
		errx(1, "%s", error);
	if (pcap_loop(in, -1, nothing, NULL) == -1)
		errx(1, "%s: %s", argv[1], pcap_geterr(in));
	pcap_close(in);
	return (0);
}
