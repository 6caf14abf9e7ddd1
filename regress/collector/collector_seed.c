/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Inputs for the collector's fuzzer, one file each: what it kept earlier, and
 * our samples of every format over every transport.
 *
 *	collector_seed folder kept.hex
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_fuzz.h"
#include "decode.h"
#include "input.h"
#include "samples.h"

#define OCTETS_MAX	2048		/* of one message */

static const char	*folder;
static unsigned int	 written;

static const char *const ipfix_sets[] = {
	IPFIX_SETS,
	TEMPLATE_300 "0002 0008 012c 0000" TEMPLATE_300
	    "0002 0008 0002 0000 0003 0008 0003 0000",
	BIFLOW_TEMPLATE BIFLOW("00000003", "00000002"),
	OLD_TEMPLATE SELECTOR_TEMPLATE OLD("00000064")
	    SELECTOR("0001", "00000001", "00000063"),
	TOTALS_TEMPLATE TEMPLATE_300 FLOWS,
	PSAMP_TEMPLATES SEQUENCE("01") SELECTOR("0001", "00000001", "00000000")
	    REPORT("80000000") STATISTICS("05", "05"),
	"0002 0010 012c 0002 009a 0008 009b 0008 012c 0014"
	    "e8fe6f80 80000000 e8fe6f81 00001800",
	"0003 0014 0100 0002 0001 0095 0004 00a0 0008 0000"
	    "0100 0010 00000007 0000018bcfe5687b 0002 0010 012c 0002 0016 0004"
	    "0015 0004 012c 000c 0000007b 00000400",
	"0003 0014 0100 0002 0001 000a 0004 0052 0008 0000"
	    "0100 0010 00000002 6574683000000000"
};

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

static size_t
from_hex(const char *hex, uint8_t *data)
{
	unsigned int	octet;
	size_t		n = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		if (n == OCTETS_MAX || sscanf(hex, "%2x", &octet) != 1)
			errx(1, "no sample: %s", hex);
		data[n++] = (uint8_t)octet;
		hex++;
	}
	return (n);
}

/* The message twice, over that transport. */
static void
seed_message(enum carrier carrier, const uint8_t *message, size_t size)
{
	uint8_t	 data[COLLECTOR_FUZZ_HEAD + 2 * (2 + OCTETS_MAX)];
	size_t	 n = 0;
	int	 i;

	data[n++] = (uint8_t)carrier;
	data[n++] = 6;
	for (i = 0; i < 2; i++) {
		if (carrier != CARRIER_TCP) {
			data[n++] = (uint8_t)(size >> 8);
			data[n++] = (uint8_t)size;
		}
		memcpy(data + n, message, size);
		n += size;
	}
	seed_write(data, n);
}

static void
seed_hex(const char *head, const char *sets)
{
	uint8_t	 message[2 * OCTETS_MAX];
	size_t	 size;

	size = from_hex(head, message);
	size += from_hex(sets, message + size);
	if (message[1] == 10) {
		message[2] = (uint8_t)(size >> 8);
		message[3] = (uint8_t)size;
		seed_message(CARRIER_TCP, message, size);
		seed_message(CARRIER_SCTP, message, size);
	}
	seed_message(CARRIER_UDP, message, size);
}

int
main(int argc, char *argv[])
{
	size_t	i;

	if (argc != 3)
		errx(1, "usage: collector_seed folder kept.hex");
	folder = argv[1];
	input_read(argv[2], seed_write);
	seed_hex(V1, "");
	seed_hex(V5, "");
	seed_hex("0009 0004 0010c865 6553f164 00000000 00000007", V9_SETS);
	for (i = 0; i < sizeof(ipfix_sets) / sizeof(ipfix_sets[0]); i++)
		seed_hex("000a 0000 6553f164 00000000 00000007",
		    ipfix_sets[i]);
	printf("%u inputs\n", written);
	return (0);
}
