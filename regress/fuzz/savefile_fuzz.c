/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A savefile of any octets, read by libpcap as the worker does, into flows and
 * out of them again.
 *   0  track level in the lower three bits, SAVEFILE_FUZZ_* above
 *   1  filter in the lower four bits, one of filters[], version of the
 *	records above, one of versions[]
 * The rest is the file.
 */

#include <unistd.h>

#include "capture_file.c"
#include "collected.h"
#include "compat.h"
#include "fuzz.h"
#include "fuzz_meter.h"
#include "meter_fixture.h"

#define SAVEFILE_FUZZ_LEVEL	0x07
#define SAVEFILE_FUZZ_FIELDS	0x08	/* all that there are */
#define SAVEFILE_FUZZ_TUNNELS	0x10
#define SAVEFILE_FUZZ_FRAGMENTS	0x20
#define SAVEFILE_FUZZ_SAMPLING	0x40	/* 1 in 3 */

#define FLOWS	64

static void	savefile_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "savefile", .max = 2000, .runs = 1500,
	.seeds = savefile_seeds
};

static const char *const	filters[] = { NULL, "udp", "ip6 or tcp port 80",
				    "ether[0] & 1 != 0", "vlan 7 and ip",
				    "greater 60" };
static const uint16_t		versions[] = { 9, 10, 5, 1 };

static struct msg_filter	counts[nitems(filters)];
static int			programs[nitems(filters)];

static ssize_t
send_collected(int fd, const void *data, size_t len)
{
	(void)fd;
	collected_datagram(0, data, len);
	return ((ssize_t)len);
}

static void
compile(void)
{
	char		error[1024];
	unsigned int	i;

	if (programs[1] != 0)
		return;
	for (i = 1; i < nitems(filters); i++)
		REQUIRE((programs[i] = capture_compile_savefile(filters[i],
		    &counts[i], error, sizeof(error))) != -1);
}

static struct capture *
open_file(const uint8_t *data, size_t size, unsigned int filter)
{
	struct msg_capture	 conf = { .kind = CAPTURE_SAVEFILE };
	struct capture		*cap;
	int			 fd;

	REQUIRE((fd = shmem_new("savefile")) != -1);
	REQUIRE(size == 0 || write(fd, data, size) == (ssize_t)size);
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
	cap = capture_new(&conf, fd, filter == 0 ? -1 : dup(programs[filter]),
	    &counts[filter]);
	REQUIRE(cap != NULL);
	return (cap);
}

static void
close_file(struct capture *cap)
{
	struct file_state	*st = cap->state;
	unsigned int		 i;
	size_t			 total = 0;

	if (st->pcap != NULL)
		pcap_close(st->pcap);	/* and the stream */
	else
		fclose(st->fp);
	for (i = 0; i < capture_ndlts; i++)
		total += st->filter.count[i];
	if (st->filtered)
		munmap((void *)(uintptr_t)st->insns,
		    total * sizeof(*st->insns));
	free(st->program.bf_insns);
	free(st->iobuf);
	free(st);
	free(cap);
}

/* As engine_read_frames() does for a file. */
static void
read_file(struct capture *cap, struct meter *m)
{
	struct capture_mark	mark = { 0, 0 };
	int			n, again;

	if (capture_start(cap) == -1) {
		REQUIRE(*capture_error(cap) != '\0');
		return;
	}
	do {
		meter_batch(m, 0, capture_link_type(cap), &mark);
		n = capture_read(cap, MAX_BATCH, meter_frame, m,
		    meter_counters(m));
		meter_account(m);
		REQUIRE(n <= MAX_BATCH);
		do {
			again = meter_tick(m, meter_now(m));
		} while (again == 1);
		fuzz_meter_check(m);
	} while (n > 0);
	REQUIRE(n == 0 || *capture_error(cap) != '\0');
}

static struct msg_conf
make_conf(uint8_t how, uint8_t what)
{
	struct msg_conf	conf = fixture_conf(FLOWS);

	conf.flags = CONF_SAVEFILE;
	conf.track_level = how & SAVEFILE_FUZZ_LEVEL;
	if (conf.track_level > TRACK_ETHER)
		conf.track_level = TRACK_FULL;
	fixture_version = versions[what / 16 % nitems(versions)];
	if (how & SAVEFILE_FUZZ_FIELDS && fixture_version >= 9)
		conf.fields = OPTIONAL_ALL;
	conf.tunnels = how & SAVEFILE_FUZZ_TUNNELS ? TUNNEL_ALL : 0;
	conf.fragments = how & SAVEFILE_FUZZ_FRAGMENTS ? 64 : 0;
	conf.sampling = how & SAVEFILE_FUZZ_SAMPLING ? 3 : 1;
	if (fixture_version < 9)
		conf.flags |= CONF_COUNTERS32;
	return (conf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg_conf	 conf;
	struct estate	*es;
	struct meter	*m;
	struct capture	*cap;
	struct counters	*c;
	int		 side;

	if (size < 2)
		return (0);
	compile();
	collected_begin();
	conf = make_conf(data[0], data[1]);
	side = side_wanted((enum track_level)conf.track_level, conf.fields, 0);
	REQUIRE((es = estate_map(-1, FLOWS, side)) != NULL);
	m = fixture_meter(&conf, es, send_collected, -1);
	cap = open_file(data + 2, size - 2, data[1] % 16 % nitems(filters));
	read_file(cap, m);
	meter_close(m);
	fixture_expire_all(m);
	fuzz_meter_check(m);
	c = meter_counters(m);
	REQUIRE(meter_summary(m)->active_flows == 0);
	REQUIRE(collected[0].packets == c->packets_exported);
	close_file(cap);
	fuzz_meter_free(m);
	estate_unmap(es, FLOWS, side);
	return (0);
}

/* A file of each link type with a frame or two, and a pcapng one. */
static void
savefile_seeds(void (*fn)(const uint8_t *, size_t))
{
	static const uint8_t	frame[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2,
				    8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17,
				    0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0,
				    54, 0, 8, 0, 0 };
	static const uint32_t	ng[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1,
				    0xffffffff, 0xffffffff, 28, 1, 20, 1,
				    0x10000, 20, 6, 76, 0, 0x60000, 0x12345678,
				    42, 42 };
	uint32_t		head[6] = { 0xa1b2c3d4, 0x40002, 0, 0, 65535 };
	uint32_t		record[4] = { 1700000000, 7, sizeof(frame),
				    sizeof(frame) };
	uint8_t			data[512];
	unsigned int		i, j;
	size_t			len;

	for (i = 0; i < capture_ndlts; i++) {
		data[0] = (uint8_t)(8 * i + i % 7);
		data[1] = (uint8_t)(i * 17);
		head[5] = (uint32_t)capture_dlt(i);
		head[0] = i & 1 ? 0xa1b23c4d : 0xa1b2c3d4;
		memcpy(data + 2, head, sizeof(head));
		len = 2 + sizeof(head);
		for (j = 0; j < 3; j++, record[0] += 40) {
			memcpy(data + len, record, sizeof(record));
			memcpy(data + len + sizeof(record), frame,
			    sizeof(frame));
			len += sizeof(record) + sizeof(frame);
			fn(data, len);
		}
	}
	memcpy(data + 2, ng, sizeof(ng));
	len = 2 + sizeof(ng);
	memcpy(data + len, frame, sizeof(frame));
	memset(data + len + sizeof(frame), 0, 2);
	len += sizeof(frame) + 2;
	memcpy(data + len, &ng[13], 4);
	fn(data, len + 4);
}
