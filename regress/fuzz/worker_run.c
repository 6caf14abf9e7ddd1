/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The engine is built in here with another clock, a poll(2) that does not
 * sleep, an _exit(2) that comes back, and descriptors that are in nobody's
 * way.
 */

#include <sys/mman.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>

#include "capture_reader.h"
#include "collected.h"
#include "control_length.h"
#include "fuzz_meter.h"
#include "sandbox.h"
#include "shmem.h"
#include "worker_ring.h"
#include "worker_run.h"

#undef FD_CHANNEL
#undef FD_CAPTURE
#define FD_CHANNEL	100
#define FD_CAPTURE	101

#include <poll.h>
#include <time.h>
#include <unistd.h>

static int	run_clock(clockid_t, struct timespec *);
static int	run_poll(struct pollfd *, nfds_t, int);
static void	run_exit(int) __attribute__((__noreturn__));
#define clock_gettime	run_clock
#define poll(pfd, n, ms)	run_poll(pfd, n, ms)
#define _exit		run_exit
#include "engine.c"
#include "engine_run.c"
#include "engine_export.c"
#define is_replaced	run_is_replaced
#include "engine_handover.c"
#undef clock_gettime
#undef poll
#undef _exit

#define START_US	1700000000000000LL
#define BACK_MAX_US	3500000000LL
#define TURNS_MAX	4000		/* until it has ended */

struct run		run;

static jmp_buf		leave;
static int64_t		mono_us, unix_us, newest_us;
static struct imsgbuf	parent;
static int		table_fd, ring_fd;
static int		to[COLLECTED_MAX];	/* collectors' ends; -1 */
static int		client[MAX_CONTROL];	/* their ends; -1 */
static int		deaf, handing_over, finishing, set_back;
static struct counters	total;

/*
 * The system
 */

static int
run_clock(clockid_t id, struct timespec *ts)
{
	int64_t	us = id == CLOCK_MONOTONIC ? mono_us : unix_us;

	ts->tv_sec = us / 1000000;
	ts->tv_nsec = us % 1000000 * 1000;
	return (0);
}

static void
pass(int64_t us)
{
	mono_us += us;
	unix_us += us;
}

static void	collectors_read(void);

/* Where nothing is ready time passes.  A ring that is no socket always is. */
static int
run_poll(struct pollfd *pfd, nfds_t n, int ms)
{
	nfds_t	i;
	int	ready;

	if (!deaf)
		collectors_read();
	for (i = 0; i < n; i++)
		if (pfd[i].fd == FD_CAPTURE)
			pfd[i].fd = -1;
	ready = poll(pfd, n, 0);
	if (ready == 0 && ms > 0)
		pass(1000 * (int64_t)ms);
	return (ready);
}

static void
run_exit(int status)
{
	REQUIRE(status == 0);
	longjmp(leave, 1);
}

int
sandbox_worker(const struct sandbox_worker *box, uint32_t *layers,
    uint32_t *abi, const char **step)
{
	(void)box;
	(void)step;
	*layers = *abi = 0;
	return (0);
}

int
sandbox_worker_start(void)
{
	return (0);
}

/*
 * Collectors
 */

static void
collector_read(unsigned int slot)
{
	static uint8_t	data[65536];
	ssize_t		n;

	while (to[slot] != -1 &&
	    (n = recv(to[slot], data, sizeof(data), MSG_DONTWAIT)) > 0) {
		if (slot == 0)
			collected_datagram(slot, data, (size_t)n);
		else
			collected_stream(slot, data, (size_t)n);
	}
}

static void
collectors_read(void)
{
	unsigned int	i;

	for (i = 0; i < run.collectors; i++)
		collector_read(i);
}

static void
parent_send(enum msg_type type, int fd, const void *data, size_t len)
{
	REQUIRE(imsg_compose(&parent, type, 0, 0, fd, data, len) == 1);
	REQUIRE(imsgbuf_flush(&parent) == 0);
}

/* A collector's socket goes to the worker, or that there is none. */
static void
send_collector(enum msg_type type, unsigned int slot, int fd)
{
	struct msg_export	msg = { .slot = slot, .payload_max = 1400 };

	msg.transport = slot == 0 ? TRANSPORT_UDP : TRANSPORT_TCP;
	msg.format.version = slot == 0 ? run.version : 10;
	msg.format.flags = slot == 0 ? run.flags : 0;
	msg.format.fields = run.conf.fields;
	strlcpy(msg.name, "test", sizeof(msg.name));
	parent_send(type, fd, &msg, sizeof(msg));
}

/* Its other end; the rest of what had come is read first. */
static int
connect_collector(unsigned int slot)
{
	int	fd[2], size = 32768;

	REQUIRE(socketpair(AF_UNIX, (slot == 0 ? SOCK_DGRAM : SOCK_STREAM) |
	    SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) == 0);
	(void)setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (to[slot] != -1) {
		collector_read(slot);
		close(to[slot]);
		if (slot > 0)
			collected_end(slot);
	}
	to[slot] = fd[0];
	return (fd[1]);
}

static void
collector_hangs_up(void)
{
	if (run.collectors < 2 || to[1] == -1)
		return;
	close(to[1]);
	to[1] = -1;
	collected_end(1);
}

static void
collector_comes_back(void)
{
	/* The parent does so where it was told that it is down. */
	if (run.collectors == 2 && to[1] == -1 && ways[1].fd == -1)
		send_collector(IMSG_EXPORT_UP, 1, connect_collector(1));
}

/*
 * Workers
 */

/* What it tells us, all of which we could do. */
static void
parent_read(void)
{
	struct msg_wish_done	done = { .text = "done" };
	struct msg_shutdown	bye;
	struct msg_wish		wish;
	struct imsg		imsg;

	while (imsgbuf_read(&parent) == 1 &&
	    imsgbuf_queuelen(&parent) == 0) {
		while (imsgbuf_get(&parent, &imsg) == 1) {
			REQUIRE(imsg_get_type(&imsg) >= IMSG_READY &&
			    imsg_get_type(&imsg) <= IMSG_FINISHED);
			REQUIRE(imsg_get_len(&imsg) <= MSG_WORKER_MAX);
			if (imsg_get_type(&imsg) == IMSG_WISH) {
				REQUIRE(imsg_get_data(&imsg, &wish,
				    sizeof(wish)) == 0);
				done.client = wish.client;
				parent_send(IMSG_WISH_DONE, -1, &done,
				    sizeof(done));
			} else if (imsg_get_type(&imsg) == IMSG_SHUTDOWN) {
				REQUIRE(imsg_get_data(&imsg, &bye,
				    sizeof(bye)) == 0);
				finishing |= 2;
			}
			imsg_free(&imsg);
		}
		break;
	}
}

static void
worker_start(void)
{
	struct msg_capture	conf = { .kind = CAPTURE_RING };
	struct msg_interfaces	names = { .captures = 1, .count = 1 };
	unsigned int		i;
	int			fd[2];

	feed_pair(fd);
	REQUIRE(dup2(fd[0], FD_CHANNEL) == FD_CHANNEL);
	close(fd[0]);
	REQUIRE(imsgbuf_init(&parent, fd[1]) == 0);
	imsgbuf_allow_fdpass(&parent);
	memset(&engine, 0, sizeof(engine));
	memset(&handover, 0, sizeof(handover));
	memset(ways, 0, sizeof(ways));
	nways = 0;
	engine.filter_fd = -1;
	REQUIRE(imsgbuf_init(&engine.channel, FD_CHANNEL) == 0);
	imsgbuf_allow_fdpass(&engine.channel);
	log_init("worker", 0, 0);
	log_set_sink(engine_log);
	engine.gathering = 1;
	parent_send(IMSG_CONF, -1, &run.conf, sizeof(run.conf));
	parent_send(IMSG_TABLE, dup(table_fd), NULL, 0);
	engine_dispatch_priv();
	conf.link = LINK_ETHERNET;
	conf.block_size = RING_BLOCK;
	conf.block_count = RING_BLOCKS;
	parent_send(IMSG_CAPTURE, dup(ring_fd), &conf, sizeof(conf));
	engine_dispatch_priv();
	strlcpy(names.interface[0].name, "test0", INTERFACE_NAME);
	names.interface[0].ifindex = 1;
	parent_send(IMSG_INTERFACES, -1, &names, sizeof(names));
	engine_dispatch_priv();
	for (i = 0; i < run.collectors; i++) {
		send_collector(IMSG_EXPORT, i, connect_collector(i));
		engine_dispatch_priv();
	}
	parent_send(IMSG_LOCK, -1, NULL, 0);
	engine_dispatch_priv();
	REQUIRE(engine.phase == ENGINE_RUNNING);
	/* As engine_run() begins. */
	engine_control_init();
	engine_set_clock();
	engine_set_patience();
	engine_adopt(engine_open_windows());
	engine_learn_interfaces();
	engine.looping = 1;
	handing_over = 0;
}

/* The process is no more. */
static void
worker_gone(void)
{
	unsigned int	i;

	control_close_all(1);
	for (i = 0; i < MAX_CONTROL; i++) {
		if (client[i] != -1)
			close(client[i]);
		client[i] = -1;
	}
	total = *meter_counters(engine.meter);
	/* Its mapping comes first in the reader's state. */
	munmap(*(void **)engine.capture[0]->state, RING_SIZE);
	close(engine.capture_fd[0]);
	free(engine.capture[0]->state);
	free(engine.capture[0]);
	fuzz_meter_free(engine.meter);
	estate_unmap(engine.estate, WORKER_FLOWS, engine_side());
	parent_read();
	imsgbuf_clear(&engine.channel);
	close(FD_CHANNEL);
	close(parent.fd);
	imsgbuf_clear(&parent);
}

/* The parent knows what it was told last; more than that is in the table. */
static void
worker_next(void)
{
	run.conf.counters = *meter_counters(engine.meter);
	run.conf.lost_packets = meter_active_packets(engine.meter);
	run.conf.lost_flows = meter_summary(engine.meter)->active_flows;
	run.conf.timeouts = engine.conf.timeouts;
	run.conf.sampling = engine.conf.sampling;
	run.conf.flags |= CONF_ADOPT;
	worker_gone();
	worker_start();
}

static void
engine_one_turn(void)
{
	engine_poll();
	engine_set_clock();
	engine_set_patience();
	engine_turn();
	engine_export_watch();
	engine_report(0);
	engine.turns++;
}

/* A turn; or it ends, in good order. */
static void
turn(void)
{
	if (setjmp(leave) == 0) {
		engine_one_turn();
		fuzz_meter_check(engine.meter);
		REQUIRE(meter_counters(engine.meter)->frames +
		    meter_counters(engine.meter)->frames_skipped <= ring_fed());
		parent_read();
		return;
	}
	fuzz_meter_check(engine.meter);
	if (handing_over && engine.phase == ENGINE_HANDING_OVER) {
		worker_next();
		return;
	}
	REQUIRE(meter_summary(engine.meter)->active_flows == 0);
	run.ended = 1;
}

/*
 * What happens
 */

static void
client_leaves(unsigned int id)
{
	if (client[id] != -1)
		close(client[id]);
	client[id] = -1;
}

static void
client_joins(struct take *t)
{
	struct msg_control	msg = { .id = take(t, 1) % MAX_CONTROL };
	int			fd[2];

	msg.role = take(t, 1) & 1 ? CONTROL_VIEWER : CONTROL_OPERATOR;
	feed_pair(fd);
	client_leaves(msg.id);
	client[msg.id] = fd[1];
	parent_send(IMSG_CONTROL, fd[0], &msg, sizeof(msg));
}

static void
client_asks(struct take *t)
{
	char		answer[4096];
	unsigned int	id = take(t, 1) % MAX_CONTROL;
	struct feed	feed = { client[id], CTL_SHUTDOWN, CTL_VERSION,
			    control_length };

	(void)feed_message(&feed, t);
	while (client[id] != -1 && recv(client[id], answer, sizeof(answer),
	    MSG_DONTWAIT) > 0)
		continue;
}

static void
send_settings(struct take *t)
{
	struct msg_settings	msg = { .timeouts = engine.conf.timeouts };

	msg.timeouts.seconds[TIMEOUT_UDP] = (uint32_t)take(t, 1) + 1;
	msg.sampling = (uint32_t)take(t, 1) + 1;
	parent_send(IMSG_SETTINGS, -1, &msg, sizeof(msg));
}

static void
hand_over(void)
{
	struct msg_handover	msg = { 0 };

	/* Once, and not when all is to end. */
	if (handing_over || finishing)
		return;
	handing_over = 1;
	parent_send(IMSG_HANDOVER, -1, &msg, sizeof(msg));
}

static void
finish(void)
{
	if (finishing & 1)
		return;
	finishing = 1;
	parent_send(IMSG_FINISH, -1, NULL, 0);
}

/*
 * Export time never steps back, so that uptimes run ahead of the true ones
 * while a clock that was set back has not come so far again; to set it forward
 * before takes them back, which a strict collector does not like; nor that the
 * next worker believes a clock that was set back by more than an hour, nor that
 * statistics tell another time of initialisation then.
 */
static void
set_clock(int64_t us)
{
	if (newest_us < unix_us)
		newest_us = unix_us;
	if (unix_us + us < newest_us - BACK_MAX_US ||
	    (us < 0 && run.conf.statistics_seconds != 0))
		return;
	set_back |= us < 0;
	if (us < 0 || !set_back || run.version == 10)
		unix_us += us;
}

void
run_operation(struct take *t)
{
	int64_t	us;

	switch (take(t, 1) % RUN_OPERATIONS) {
	case RUN_FRAMES:
		ring_frames(t, unix_us);
		break;
	case RUN_FRAME:
		ring_frame(t, unix_us);
		break;
	case RUN_TIME:
		pass(10000 * (int64_t)take(t, 2));
		break;
	case RUN_WALL:
		us = take(t, 1) & 1 ? 1000000 : -1000000;
		set_clock(us * (int64_t)take(t, 2));
		break;
	case RUN_READ:
		collectors_read();
		break;
	case RUN_DEAF:
		deaf = !deaf;
		break;
	case RUN_STREAM_DOWN:
		collector_hangs_up();
		break;
	case RUN_STREAM_UP:
		collector_comes_back();
		break;
	case RUN_CLIENT:
		client_joins(t);
		break;
	case RUN_ASK:
		client_asks(t);
		break;
	case RUN_LEAVE:
		client_leaves(take(t, 1) % MAX_CONTROL);
		break;
	case RUN_SETTINGS:
		send_settings(t);
		break;
	case RUN_SUMMARY:
		parent_send(IMSG_SUMMARY_REQ, -1, NULL, 0);
		break;
	case RUN_HANDOVER:
		hand_over();
		break;
	case RUN_DIE:
		if (!finishing && !handing_over)
			worker_next();
		break;
	case RUN_FINISH:
		finish();
		break;
	default:
		break;
	}
	if (finishing == 2)
		finish();
	turn();
}

void
run_begin(void)
{
	unsigned int	i;
	int		fd;

	/* As in a worker nothing new gets these. */
	while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) <= FD_FILL_LAST)
		REQUIRE(fd != -1);
	close(fd);
	REQUIRE(signal(SIGPIPE, SIG_IGN) != SIG_ERR);	/* as in a worker */
	mono_us = 1000000000;
	unix_us = newest_us = START_US;
	run.conf.boot_unix_us = unix_us - 1000000;
	run.conf.boot_mono_us = mono_us - 1000000;
	deaf = handing_over = finishing = set_back = 0;
	for (i = 0; i < MAX_CONTROL; i++)
		client[i] = -1;
	for (i = 0; i < COLLECTED_MAX; i++)
		to[i] = -1;
	collected_begin();
	table_fd = shmem_new_sized("table", estate_size(WORKER_FLOWS,
	    side_wanted((enum track_level)run.conf.track_level,
	    run.conf.fields, 0)));
	REQUIRE(table_fd != -1);
	ring_fd = ring_begin();
	worker_start();
}

void
run_end(void)
{
	struct summary_export	row[MAX_EXPORT];
	unsigned int		i;

	deaf = 0;
	finish();
	for (i = 0; !run.ended; i++) {
		REQUIRE(i < TURNS_MAX);
		turn();
		if (engine.phase == ENGINE_RUNNING) {	/* another one */
			finishing = 0;
			finish();
		}
	}
	collectors_read();
	REQUIRE(meter_exports(engine.meter, row, MAX_EXPORT) ==
	    run.collectors);
	worker_gone();
	REQUIRE(total.frames + total.frames_skipped <= ring_fed());
	/* Each collector that never failed has all that was exported. */
	if (run.version != 5)
		REQUIRE(collected[0].packets + row[0].counters.packets_lost ==
		    total.packets_exported + total.packets_unsent);
	for (i = 0; i < run.collectors; i++) {
		if (to[i] != -1)
			close(to[i]);
	}
	ring_end();
	close(ring_fd);
	close(table_fd);
}
