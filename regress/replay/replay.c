/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Send the frames of a capture out of an interface, for tests in network
 * namespaces of their own.  Prints how many frames were sent.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pcap.h>

static void
usage(void)
{
	fprintf(stderr, "usage: replay [-n times] [-r frames_per_second] "
	    "interface file\n");
	exit(1);
}

/* Sleep until frame number n is due. */
static void
pace(const struct timespec *start, unsigned long n, unsigned long rate)
{
	struct timespec	due = *start;

	if (rate == 0)
		return;
	due.tv_sec += (time_t)(n / rate);
	due.tv_nsec += (long)(n % rate * (1000000000UL / rate));
	if (due.tv_nsec >= 1000000000L) {
		due.tv_sec++;
		due.tv_nsec -= 1000000000L;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static unsigned long
replay_once(pcap_t *out, const char *file, unsigned long sent,
    const struct timespec *start, unsigned long rate)
{
	struct pcap_pkthdr	*h;
	const u_char		*data;
	pcap_t			*in;
	char			 error[PCAP_ERRBUF_SIZE];
	int			 status;

	if ((in = pcap_open_offline(file, error)) == NULL)
		errx(1, "%s", error);
	while ((status = pcap_next_ex(in, &h, &data)) == 1) {
		pace(start, sent, rate);
		if (pcap_inject(out, data, h->caplen) == -1)
			errx(1, "frame %lu: %s", sent + 1, pcap_geterr(out));
		sent++;
	}
	if (status == -1)
		errx(1, "%s: %s", file, pcap_geterr(in));
	pcap_close(in);
	return (sent);
}

int
main(int argc, char *argv[])
{
	struct timespec	 start;
	pcap_t		*out;
	char		 error[PCAP_ERRBUF_SIZE];
	const char	*bad;
	unsigned long	 sent = 0, rate = 0;
	long long	 times = 1;
	int		 ch;

	while ((ch = getopt(argc, argv, "n:r:")) != -1) {
		bad = NULL;
		if (ch == 'n')
			times = strtonum(optarg, 1, 1000000, &bad);
		else if (ch == 'r')
			rate = (unsigned long)strtonum(optarg, 1, 10000000,
			    &bad);
		else
			usage();
		if (bad != NULL)
			errx(1, "-%c %s: %s", ch, optarg, bad);
	}
	if (argc - optind != 2)
		usage();
	if ((out = pcap_open_live(argv[optind], 64, 0, 1000, error)) == NULL)
		errx(1, "%s", error);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (times-- > 0)
		sent = replay_once(out, argv[optind + 1], sent, &start, rate);
	printf("%lu\n", sent);
	pcap_close(out);
	return (0);
}
