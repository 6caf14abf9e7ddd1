/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Inputs for a fuzzer, one file each: what it kept earlier; and for the
 * decoder's, which there are captures for, our samples of every link type and
 * the frames of those.
 *
 *	seed folder kept.hex [capture ...]
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap.h>

#include "capture.h"
#include "input.h"
#include "packet_fuzz.h"
#include "packet_samples.h"

#define FRAMES_MAX	2000		/* of one capture */
#define OCTETS_MAX	512		/* of one frame */

static const char	*folder;
static unsigned int	 written;

static void
seed_write(const uint8_t *data, size_t size)
{
	FILE	*fp;
	char	 path[1024];

	snprintf(path, sizeof(path), "%s/seed%u", folder, written++);
	if ((fp = fopen(path, "w")) == NULL)
		err(1, "%s", path);
	if (fwrite(data, 1, size, fp) != size || fclose(fp) == EOF)
		err(1, "%s", path);
}

/* At the full level, now with side, now without. */
static void
seed_frame(enum link_type link, uint16_t ethertype, const uint8_t *frame,
    size_t size)
{
	static uint8_t	 data[PACKET_FUZZ_HEAD + OCTETS_MAX];

	if (size > OCTETS_MAX)
		size = OCTETS_MAX;
	memset(data, 0, PACKET_FUZZ_HEAD);
	data[0] = (uint8_t)link;
	data[1] = (uint8_t)(TRACK_FULL | (written & 1 ? FUZZ_SIDE : 0) |
	    (written & 2 ? FUZZ_TUNNELS : 0));
	data[4] = (uint8_t)(ethertype >> 8);
	data[5] = (uint8_t)ethertype;
	memcpy(data + PACKET_FUZZ_HEAD, frame, size);
	seed_write(data, PACKET_FUZZ_HEAD + size);
}

static void
seed_sample(const struct sample *sample)
{
	char		 hex[2 * OCTETS_MAX + 1];
	uint8_t		 data[OCTETS_MAX];
	unsigned int	 octet;
	size_t		 n;

	snprintf(hex, sizeof(hex), "%s%s", sample->header, sample->packet);
	for (n = 0; sscanf(hex + 2 * n, "%2x", &octet) == 1; n++)
		data[n] = (uint8_t)octet;
	seed_frame(sample->link, sample->ethertype, data, n);
}

static void
seed_capture(const char *path)
{
	struct pcap_pkthdr	*h;
	const u_char		*data;
	pcap_t			*pcap;
	char			 error[PCAP_ERRBUF_SIZE];
	int			 link, n;

	if ((pcap = pcap_open_offline(path, error)) == NULL) {
		warnx("%s", error);
		return;
	}
	link = capture_link(pcap_datalink(pcap));
	for (n = 0; link != -1 && n < FRAMES_MAX &&
	    pcap_next_ex(pcap, &h, &data) == 1; n++)
		seed_frame((enum link_type)link, 0, data, h->caplen);
	pcap_close(pcap);
}

int
main(int argc, char *argv[])
{
	size_t	i;

	if (argc < 3)
		errx(1, "usage: seed folder kept.hex [capture ...]");
	folder = argv[1];
	input_read(argv[2], seed_write);
	for (i = 0; argc > 3 && i < nsamples; i++)
		seed_sample(&samples[i]);
	for (argv += 3; *argv != NULL; argv++)
		seed_capture(*argv);
	printf("%u inputs\n", written);
	return (0);
}
