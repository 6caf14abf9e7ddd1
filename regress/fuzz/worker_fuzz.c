/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A whole worker, but for its sandbox, turn by turn: frames of a ring, a clock
 * that is set, collectors that stall, fail and come back, control clients, the
 * parent's wishes, hand-overs and deaths.  After each turn all must add up,
 * and what collectors get is what was exported.
 *   0  track level in the lower three bits, WORKER_FUZZ_* above
 *   1  version of the first collector's records in the lower two bits, one of
 *	versions[]; datagrams of a train above
 *   2  1 in N, if it is not 0
 * The rest is operations, worker_run.h.
 */

#include "worker_run.h"

#define WORKER_FUZZ_LEVEL	0x07
#define WORKER_FUZZ_STREAM	0x08	/* a second collector, of a stream */
#define WORKER_FUZZ_FIELDS	0x10
#define WORKER_FUZZ_BIFLOW	0x20
#define WORKER_FUZZ_STATISTICS	0x40
#define WORKER_FUZZ_FRAGMENTS	0x80

static void	worker_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "worker", .max = 1500, .runs = 1500, .seeds = worker_seeds
};

static void
configure(struct take *t)
{
	static const uint16_t	versions[] = { 9, 10, 5, 9 };
	struct msg_conf		*conf = &run.conf;
	uint64_t		 how = take(t, 1), what = take(t, 1);

	memset(&run, 0, sizeof(run));
	conf->timeouts = expire_defaults;
	conf->timeouts.seconds[TIMEOUT_UDP] = 2;
	conf->timeouts.seconds[TIMEOUT_EXPINT] = 1;
	conf->max_flows = WORKER_FLOWS;
	conf->track_level = how & WORKER_FUZZ_LEVEL;
	if (conf->track_level > TRACK_ETHER)
		conf->track_level = TRACK_FULL;
	conf->template_seconds = 300;
	conf->template_datagrams = 256;
	conf->statistics_seconds = how & WORKER_FUZZ_STATISTICS ? 10 : 0;
	conf->train = (uint32_t)what / 4 % MAX_TRAIN + 1;
	conf->snaplen = DEFAULT_SNAPLEN;
	conf->fragments = how & WORKER_FUZZ_FRAGMENTS ? 64 : 0;
	conf->sampling = (uint32_t)take(t, 1);
	if (conf->sampling == 0)
		conf->sampling = 1;
	run.version = versions[what % 4];
	run.collectors = how & WORKER_FUZZ_STREAM ? 2 : 1;
	if (how & WORKER_FUZZ_FIELDS && run.version != 5)
		conf->fields = OPTIONAL_ALL;
	if (how & WORKER_FUZZ_BIFLOW && run.version == 10)
		run.flags = FORMAT_BIFLOW;
	if (run.version == 5)
		conf->flags = CONF_COUNTERS32;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	t = { data, size };

	configure(&t);
	run_begin();
	while (t.left > 0 && !run.ended)
		run_operation(&t);
	run_end();
	return (0);
}

static void
worker_seeds(void (*fn)(const uint8_t *, size_t))
{
	static const uint8_t	ops[] = {
		RUN_FRAMES, 6, 1, 0, 9, 2, 1, 9, 3, 2, 9, 1, 3, 9, 7, 5, 9, 7,
		5, 9, RUN_TURN, RUN_TIME, 0, 9, RUN_TURN,
		RUN_CLIENT, 0, 0, RUN_ASK, 0, FEED_RIGHT, 4, 0, 0, RUN_TURN,
		RUN_FRAME, 20, 0x45, 0, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2,
		3, 4, 5, 6, 7, RUN_TURN, RUN_TIME, 0, 99, RUN_TURN, RUN_READ,
		RUN_STREAM_DOWN, RUN_TURN, RUN_STREAM_UP, RUN_TURN,
		RUN_SETTINGS, 3, 7, RUN_DIE, RUN_FRAMES, 2, 1, 1, 1, 2, 2, 2,
		RUN_TURN, RUN_SUMMARY, RUN_TURN, RUN_WALL, 1, 0, 9, RUN_TURN,
		RUN_HANDOVER, RUN_TIME, 0, 40, RUN_TURN, RUN_TURN, RUN_TURN,
		RUN_ASK, 0, FEED_RIGHT, 2, 0, 0, RUN_TURN, RUN_FINISH,
		RUN_TURN
	};
	uint8_t			data[3 + sizeof(ops)];
	unsigned int		i;
	size_t			len;

	memcpy(data + 3, ops, sizeof(ops));
	for (i = 0; i < 48; i++) {
		data[0] = (uint8_t)(i * 11);
		data[1] = (uint8_t)(i * 5);
		data[2] = (uint8_t)(i % 4);
		for (len = 24; len <= sizeof(ops); len += sizeof(ops) / 3)
			fn(data, 3 + len);
	}
}
