/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Times of savefiles, as the reader of frames takes them, up to 2106. */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "compat.h"

#define Y2038	2147483648U		/* 2038-01-19T03:14:08Z */
#define Y2039	2177452800U
#define Y2105	4260211200U
#define Y2106	4294967295U		/* 2106-02-07T06:28:15Z */

static const uint32_t	seconds[] = {
	0, 1, 1700000000, Y2038 - 1, Y2038, Y2038 + 1, Y2039, Y2105, Y2106
};

static uint64_t		seen[32];
static unsigned int	nseen;
static struct capture	*kept[128];	/* there is no end of one */
static unsigned int	 nkept;
static FILE		*fp;
static int		 big;

static void
put(uint64_t value, int octets)
{
	int	i;

	for (i = 0; i < octets; i++)
		fputc((int)(value >> 8 * (big ? octets - 1 - i : i)) & 0xff,
		    fp);
}

static void
take(void *arg, const struct frame *frame)
{
	(void)arg;
	ATF_CHECK_EQ(14, frame->caplen);
	ATF_CHECK_EQ(60, frame->wirelen);
	ATF_REQUIRE(nseen < nitems(seen));
	seen[nseen++] = frame->time_us;
}

/* What was put. */
static void
read_back(void)
{
	struct msg_capture	 conf = { .kind = CAPTURE_SAVEFILE };
	struct counters		 c = { 0 };
	struct capture		*cap;

	ATF_REQUIRE(nkept < nitems(kept));
	rewind(fp);
	ATF_REQUIRE((cap = capture_new(&conf, dup(fileno(fp)), -1, NULL)) !=
	    NULL);
	ATF_REQUIRE_EQ_MSG(0, capture_start(cap), "%s", capture_error(cap));
	kept[nkept++] = cap;
	nseen = 0;
	while (capture_read(cap, 8, take, NULL, &c) > 0)
		;
	fclose(fp);
}

static void
begin(void)
{
	ATF_REQUIRE((fp = tmpfile()) != NULL);
}

static void
put_frame(void)
{
	static const char	frame[14] = "";

	fwrite(frame, sizeof(frame), 1, fp);
}

static void
pcap_of(uint32_t magic, uint32_t fraction, uint32_t us)
{
	size_t	i;

	begin();
	put(magic, 4);
	put(2, 2);
	put(4, 2);
	put(0, 8);
	put(65535, 4);
	put(1, 4);
	for (i = 0; i < nitems(seconds); i++) {
		put(seconds[i], 4);
		put(fraction, 4);
		put(14, 4);
		put(60, 4);
		put_frame();
	}
	read_back();
	ATF_CHECK_EQ(nitems(seconds), nseen);
	for (i = 0; i < nseen; i++)
		ATF_CHECK_EQ_MSG(seconds[i] * 1000000ULL + us, seen[i],
		    "%u: %llu", seconds[i], (unsigned long long)seen[i]);
}

ATF_TC_WITHOUT_HEAD(seconds_of_pcap_files_have_no_sign);
ATF_TC_BODY(seconds_of_pcap_files_have_no_sign, tc)
{
	for (big = 0; big < 2; big++) {
		pcap_of(0xa1b2c3d4, 0, 0);
		pcap_of(0xa1b2c3d4, 999999, 999999);
		pcap_of(0xa1b23c4d, 999999999, 999999);
	}
}

/* Units of 1 us unless an interface says else, in two halves. */
static void
put_pcapng(const uint64_t *us, size_t n, int resolution)
{
	uint32_t	idb = resolution >= 0 ? 32 : 20;
	size_t		i;

	begin();
	put(0x0a0d0d0a, 4);
	put(28, 4);
	put(0x1a2b3c4d, 4);
	put(1, 2);
	put(0, 2);
	put(UINT64_MAX, 8);
	put(28, 4);
	put(1, 4);
	put(idb, 4);
	put(1, 2);
	put(0, 2);
	put(65535, 4);
	if (resolution >= 0) {
		put(9, 2);			/* if_tsresol */
		put(1, 2);
		fputc(resolution, fp);
		put(0, 3);
		put(0, 4);
	}
	put(idb, 4);
	for (i = 0; i < n; i++) {
		put(6, 4);
		put(48, 4);
		put(0, 4);
		put(us[i] >> 32, 4);
		put((uint32_t)us[i], 4);
		put(14, 4);
		put(60, 4);
		put_frame();
		put(0, 2);
		put(48, 4);
	}
	read_back();
	ATF_CHECK_EQ(n, nseen);
}

ATF_TC_WITHOUT_HEAD(pcapng_has_64_bits_of_time);
ATF_TC_BODY(pcapng_has_64_bits_of_time, tc)
{
	uint64_t	us[nitems(seconds)];
	size_t		i;

	for (big = 0; big < 2; big++) {
		for (i = 0; i < nitems(us); i++)
			us[i] = seconds[i] * 1000000ULL + 999999;
		put_pcapng(us, nitems(us), -1);
		for (i = 0; i < nseen; i++)
			ATF_CHECK_EQ(us[i], seen[i]);
	}
}

/* Behind 2106, and what no clock says: some time, and no more than 64 bits. */
ATF_TC_WITHOUT_HEAD(any_time_of_pcapng_is_read);
ATF_TC_BODY(any_time_of_pcapng_is_read, tc)
{
	static const uint64_t	times[] = {
		(Y2106 + 1ULL) * 1000000, INT64_MAX, UINT64_MAX,
		1ULL << 63, (1ULL << 63) + 1
	};
	int			resolution;
	size_t			i;

	put_pcapng(times, 1, -1);
	/* Of a libpcap with 32 bits of time it is 1970 again. */
	ATF_CHECK(seen[0] == times[0] || seen[0] == 0);
	for (resolution = 0; resolution < 256; resolution++) {
		put_pcapng(times, nitems(times), resolution);
		for (i = 0; i < nseen; i++)
			ATF_CHECK(seen[i] <= UINT64_MAX / 2 + UINT32_MAX);
		if (resolution == 19)
			resolution = 127;	/* powers of two */
		if (resolution == 128 + 63)
			break;
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, seconds_of_pcap_files_have_no_sign);
	ATF_TP_ADD_TC(tp, pcapng_has_64_bits_of_time);
	ATF_TP_ADD_TC(tp, any_time_of_pcapng_is_read);
	return (atf_no_error());
}
