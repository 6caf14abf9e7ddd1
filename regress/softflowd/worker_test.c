/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The worker of the real program, confined, is told to hand over, and what
 * else a parent may say on the way.
 */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <net/if.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "imsg.h"
#include "worker_fixture.h"

#define CASE(name)	ATF_TC_WITHOUT_HEAD(name); ATF_TC_BODY(name, tc)

static struct ring	old, new;
static struct walk	walk;
static int		collector;
static unsigned int	datagrams;
static uint64_t		packets;	/* that the collector was told of */

static void
start(const struct atf_tc *tc)
{
	parent_init(atf_tc_get_config_var_wd(tc, "srcdir", "."));
	ring_new(&old);
	ring_new(&new);
	collector_new(&collector, &export_fd);
}

static void
hand_over(uint64_t cut_us, uint32_t replaced)
{
	struct msg_handover	msg = { cut_us, replaced, 0 };

	worker_send(IMSG_HANDOVER, -1, &msg, sizeof(msg));
}

/* It has handed over, and that was its last word. */
static void
expect_handed_over(void)
{
	int	status;

	ATF_CHECK_EQ(IMSG_HANDED_OVER, worker_end(&status));
	ATF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	packets += collector_read(collector, &walk, &datagrams);
	conf.flags |= CONF_ADOPT;
}

static void
finish(void)
{
	int	status;

	worker_send(IMSG_FINISH, -1, NULL, 0);
	ATF_CHECK_EQ(IMSG_FINISHED, worker_end(&status));
	ATF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	packets += collector_read(collector, &walk, &datagrams);
}

/* A block with n frames, all of that time. */
static void
fill(struct ring *r, uint64_t time_us, uint32_t n)
{
	uint64_t	times[RING_FRAMES];
	uint32_t	i;

	for (i = 0; i < n; i++)
		times[i] = time_us;
	ring_fill(r, times, n);
}

/* Counters come by themselves each second. */
static void
await_frames(uint64_t n)
{
	while (counters.counters.frames < n)
		worker_await(IMSG_COUNTERS);
	ATF_CHECK_EQ(n, counters.counters.frames);
}

CASE(each_packet_is_counted_on_one_side_of_the_cut)
{
	uint64_t	cut, times[8];
	uint32_t	i;

	start(tc);
	worker_start(&old);
	cut = wall_us() + 300000;
	/* Both sockets see these, in whatever blocks. */
	for (i = 0; i < 8; i++)
		times[i] = cut - 4 + i;
	ring_fill(&new, times, 8);
	fill(&new, cut, 3);
	hand_over(cut, 1);
	worker_sync();
	ring_fill(&old, times, 5);
	ring_fill(&old, times + 5, 3);
	fill(&old, cut, 3);
	sleep_until(cut + 50000);
	fill(&old, cut - 1, 7);		/* a block whose timer was late */
	expect_handed_over();
	ATF_CHECK(wall_us() >= cut + 100000);
	ATF_CHECK_EQ(4 + 7, counters.counters.frames);
	ATF_CHECK_EQ(4 + 7, counters.counters.packets);

	capture.flags = MSG_CAPTURE_FRESH;
	capture.from_us = cut;
	worker_start(&new);
	/* Before it has read, it says what it took over. */
	worker_await(IMSG_COUNTERS);
	ATF_CHECK_EQ(4 + 7, counters.counters.frames);
	fill(&new, cut - 1, 9);
	fill(&new, cut + 500000, 20);
	await_frames(4 + 7 + 4 + 3 + 20);
	finish();
	ATF_CHECK_EQ(4 + 7 + 4 + 3 + 20, packets);
	ATF_CHECK_EQ(packets, counters.counters.packets_exported);
	ATF_CHECK_EQ(0, counters.counters.frames_skipped +
	    counters.counters.packets_lost +
	    counters.counters.datagrams_repeated +
	    counters.counters.worker_deaths);
	ATF_CHECK_EQ(datagrams, walk.sequence + 1);
}

CASE(without_a_cut_the_next_worker_reads_on_in_the_ring)
{
	uint32_t	i, all = 0, first;

	start(tc);
	for (i = 0; i < RING_COUNT; i++, all += RING_FRAMES)
		fill(&old, wall_us(), RING_FRAMES);
	worker_start(&old);
	hand_over(0, 0);
	expect_handed_over();
	first = (uint32_t)counters.counters.frames;
	printf("%u frames of %u read\n", first, all);
	ATF_CHECK(first <= all);
	worker_start(&old);
	await_frames(all);
	finish();
	ATF_CHECK_EQ(all, packets);
	ATF_CHECK_EQ(all, counters.counters.packets_exported);
	ATF_CHECK_EQ(0, counters.counters.frames_skipped);
}

CASE(a_cut_ahead_of_the_clock_hides_nothing)
{
	start(tc);
	capture.flags = MSG_CAPTURE_FRESH;
	capture.from_us = wall_us() + 3600000000ULL;
	worker_start(&new);
	fill(&new, wall_us(), 5);
	await_frames(5);
	finish();
	ATF_CHECK_EQ(5, packets);
}

static void
expect_refusal(enum msg_type type, const void *data, size_t len)
{
	int	status;

	worker_start(&old);
	worker_send(type, -1, data, len);
	(void)worker_end(&status);
	ATF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	ATF_CHECK_EQ(0, worker_said(IMSG_HANDED_OVER));
}

CASE(what_no_parent_says_ends_the_worker)
{
	const struct msg_handover	bad[] = {
		{ 0, 1, 0 }, { 1, 2, 0 }, { 1, 1U << 31, 0 }, { 1, 0, 1 }
	};
	struct msg_settings		settings = { .sampling = 1 };
	unsigned int			i;

	start(tc);
	for (i = 0; i < nitems(bad); i++)
		expect_refusal(IMSG_HANDOVER, &bad[i], sizeof(bad[i]));
	expect_refusal(IMSG_HANDOVER, &bad[0], sizeof(bad[0]) - 1);
	expect_refusal(IMSG_SETTINGS, &settings, sizeof(settings));
	settings.timeouts = conf.timeouts;
	settings.verbose = -1;
	expect_refusal(IMSG_SETTINGS, &settings, sizeof(settings));
	settings.verbose = settings.sampling = 0;
	expect_refusal(IMSG_SETTINGS, &settings, sizeof(settings));
	export.format.version = 5;
	settings.sampling = 16384;
	expect_refusal(IMSG_SETTINGS, &settings, sizeof(settings));
}

CASE(finish_ends_a_hand_over)
{
	uint64_t	cut;

	start(tc);
	worker_start(&old);
	cut = wall_us() + 4000000;
	hand_over(cut, 1);
	fill(&old, cut - 1, 3);
	await_frames(3);
	worker_send(IMSG_FINISH, -1, NULL, 0);
	worker_sync();
	fill(&old, cut, 4);
	finish();
	ATF_CHECK_EQ(0, worker_said(IMSG_HANDED_OVER));
	ATF_CHECK_EQ(7, packets);
}

CASE(to_finish_is_to_read_what_another_was_to_have)
{
	start(tc);
	capture.before_us = wall_us() - 1000000;
	worker_start(&old);
	fill(&old, capture.before_us - 1, 3);
	await_frames(3);
	worker_send(IMSG_FINISH, -1, NULL, 0);
	worker_sync();
	fill(&old, wall_us(), 4);
	finish();
	ATF_CHECK_EQ(7, packets);
}

CASE(clients_have_left_before_it_says_that_it_has_handed_over)
{
	struct msg_control	msg = { .role = CONTROL_VIEWER };
	char			octet;
	int			sv[2];

	start(tc);
	worker_start(&old);
	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv) == 0);
	worker_send(IMSG_CONTROL, sv[1], &msg, sizeof(msg));
	close(sv[1]);
	hand_over(0, 0);
	worker_await(IMSG_CONTROL_CLOSED);
	ATF_CHECK_EQ(0, worker_said(IMSG_HANDED_OVER));
	expect_handed_over();
	ATF_CHECK_EQ(0, read(sv[0], &octet, 1));
}

/* A client of the control socket asks; the first row of the answer. */
static void
ask(uint32_t request, void *row, size_t len)
{
	struct msg_control	msg = { .role = CONTROL_OPERATOR };
	struct imsgbuf		client;
	struct imsg		imsg;
	int			sv[2];

	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	ATF_REQUIRE(fcntl(sv[1], F_SETFL, O_NONBLOCK) == 0);
	worker_send(IMSG_CONTROL, sv[1], &msg, sizeof(msg));
	close(sv[1]);
	ATF_REQUIRE_EQ(0, imsgbuf_init(&client, sv[0]));
	ATF_REQUIRE_EQ(1, imsg_compose(&client, request, CTL_VERSION, 0, -1,
	    NULL, 0));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&client));
	ATF_REQUIRE_EQ(1, imsgbuf_read(&client));
	ATF_REQUIRE_EQ(1, imsgbuf_get(&client, &imsg));
	ATF_REQUIRE_EQ(0, imsg_get_data(&imsg, row, len));
	imsg_free(&imsg);
	imsgbuf_clear(&client);
	close(sv[0]);
	worker_await(IMSG_CONTROL_CLOSED);
}

CASE(collection_that_was_stopped_stays_so)
{
	struct ctl_result	result;

	start(tc);
	worker_start(&old);
	ask(CTL_STOP_GATHER, &result, sizeof(result));
	ATF_CHECK_EQ(0, result.failed);
	fill(&old, wall_us(), 5);
	hand_over(0, 0);
	expect_handed_over();
	worker_start(&old);
	worker_await(IMSG_COUNTERS);
	worker_await(IMSG_COUNTERS);
	ATF_CHECK_EQ(0, counters.counters.frames);
	ask(CTL_START_GATHER, &result, sizeof(result));
	await_frames(5);
	finish();
	ATF_CHECK_EQ(5, packets);
}

CASE(a_worker_follows_new_settings)
{
	struct msg_settings	settings = { .sampling = 5 };
	struct timeouts		shown;

	start(tc);
	export.format.version = 5;
	settings.timeouts = conf.timeouts;
	settings.timeouts.seconds[TIMEOUT_UDP] = 1;
	worker_start(&old);
	fill(&old, wall_us(), 10);
	await_frames(10);
	worker_send(IMSG_SETTINGS, -1, &settings, sizeof(settings));
	ask(CTL_TIMEOUTS, &shown, sizeof(shown));
	ATF_CHECK_EQ(0, memcmp(&settings.timeouts, &shown, sizeof(shown)));
	/* An hour would be long: the timeout holds for what is there. */
	while (counters.counters.expired_udp == 0)
		worker_await(IMSG_COUNTERS);
	fill(&old, wall_us(), 100);
	await_frames(110);
	finish();
	ATF_CHECK_EQ(10 + 20, packets);
	ATF_CHECK_EQ(80, counters.counters.not_sampled);
	ATF_CHECK_EQ(1U << 14 | 5, walk.sampling);
}

CASE(a_datagram_collector_gets_another_socket)
{
	struct msg_export	up;
	struct walk		walk2 = { 0 };
	unsigned int		n = 0;
	int			other, sends;

	start(tc);
	worker_start(&old);
	fill(&old, wall_us(), 10);
	await_frames(10);
	packets += collector_read(collector, &walk, &datagrams);
	ATF_CHECK_EQ(0, packets);
	ATF_CHECK(datagrams > 0);	/* templates */
	collector_new(&other, &sends);
	up = export;
	worker_send(IMSG_EXPORT_UP, sends, &up, sizeof(up));
	finish();
	ATF_CHECK_EQ(0, packets);
	ATF_CHECK_EQ(10, collector_read(other, &walk2, &n));
	ATF_CHECK(walk2.ntemplates > 0);
	ATF_CHECK_EQ(datagrams + n - 1, walk2.sequence);
}

/* Messages that come until the other end closes, and packets they tell of. */
static unsigned int
messages_read(int fd)
{
	static uint8_t	data[65536];
	struct walk	w = { 0 };
	const char	*error;
	size_t		at, len, have = 0;
	ssize_t		n;
	unsigned int	i, messages = 0;

	while ((n = read(fd, data + have, sizeof(data) - have)) > 0)
		have += (size_t)n;
	ATF_REQUIRE_EQ(0, n);
	for (at = 0; at < have; at += len, messages++) {
		len = (size_t)(data[at + 2] << 8 | data[at + 3]);
		error = walk_datagram(&w, data + at, len);
		ATF_REQUIRE_MSG(error == NULL, "%s", error);
		for (i = 0; i < w.flows; i++)
			packets += w.record[i].value[2];
	}
	return (messages);
}

CASE(what_a_stream_has_acknowledged_is_not_sent_again)
{
	int	receives;

	start(tc);
	export.format.version = 10;
	export.transport = TRANSPORT_TCP;
	conf.timeouts.seconds[TIMEOUT_UDP] = 1;
	close(export_fd);
	connection_new(&receives, &export_fd);
	worker_start(&old);
	close(export_fd);
	fill(&old, wall_us(), 10);
	while (counters.counters.flows_exported == 0)
		worker_await(IMSG_COUNTERS);
	fill(&old, wall_us(), 5);
	hand_over(0, 0);
	expect_handed_over();
	ATF_CHECK(messages_read(receives) > 1);
	ATF_CHECK_EQ(10, packets);

	connection_new(&receives, &export_fd);
	worker_start(&old);
	close(export_fd);
	await_frames(15);
	finish();
	ATF_CHECK(messages_read(receives) > 1);
	ATF_CHECK_EQ(15, packets);
	ATF_CHECK_EQ(0, counters.counters.datagrams_repeated);
}

CASE(a_collector_that_does_not_read_is_waited_for_two_seconds)
{
	uint64_t	begun, took;
	int		receives, i;

	start(tc);
	export.format.version = VERSION_PSAMP;	/* each packet */
	export.transport = TRANSPORT_TCP;
	connection_new(&receives, &export_fd);
	for (i = 0; i < (int)RING_COUNT; i++)
		fill(&old, wall_us(), RING_FRAMES);
	i = 4096;
	ATF_REQUIRE(setsockopt(export_fd, SOL_SOCKET, SO_SNDBUF, &i,
	    sizeof(i)) == 0);
	ATF_REQUIRE(setsockopt(receives, SOL_SOCKET, SO_RCVBUF, &i,
	    sizeof(i)) == 0);
	worker_start(&old);
	await_frames(RING_COUNT * RING_FRAMES);
	begun = wall_us();
	hand_over(0, 0);
	expect_handed_over();
	took = wall_us() - begun;
	printf("%ju us\n", (uintmax_t)took);
	ATF_CHECK(took >= 2000000 && took < 4000000);
}

/*
 * Packet reports
 */

CASE(templates_of_packet_reports_are_handed_over)
{
	const struct counters	*c = &counters.counters;
	struct ring		 socket = { 0 };
	int			 sends;

	start(tc);
	collector_new(&socket.fd, &sends);
	capture.kind = CAPTURE_PSAMP;
	worker_start(&socket);
	report_send(sends, 1, 3);
	await_frames(3);
	/* Of the datagram in hand nothing is left behind, either. */
	for (; c->frames < 900; counters.counters.frames += 45)
		report_send(sends, 0, 45);
	hand_over(0, 0);
	expect_handed_over();
	worker_start(&socket);
	report_send(sends, 0, 2);
	await_frames(905);
	finish();
	ATF_CHECK_EQ(905, packets);
	ATF_CHECK_EQ(0, c->psamp_no_template + c->psamp_missing +
	    c->frames_skipped);
}

/*
 * The kernel's rings
 */

#define ROUNDS	8

/* lo of a network of our own. */
static void
isolate(void)
{
	struct ifreq	ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int		fd;

	ATF_REQUIRE(unshare(CLONE_NEWNET) == 0);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE(ioctl(fd, SIOCSIFFLAGS, &ifr) == 0);
	close(fd);
}

/* Send until stop is set, and count; nobody reads. */
static pid_t
send_packets(volatile uint64_t *sent, volatile uint64_t *stop)
{
	int	receives, sends;
	pid_t	pid;

	collector_new(&receives, &sends);
	if ((pid = fork()) == 0) {
		for (; !*stop; usleep(20))
			*sent += send(sends, "x", 1, 0) == 1;
		_exit(0);
	}
	ATF_REQUIRE(pid != -1);
	close(receives);
	close(sends);
	return (pid);
}

ATF_TC(under_traffic_each_packet_is_counted_once);
ATF_TC_HEAD(under_traffic_each_packet_is_counted_once, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(under_traffic_each_packet_is_counted_once, tc)
{
	const struct counters	*c = &counters.counters;
	volatile uint64_t	*sent;
	uint64_t		 cut = 0;
	unsigned int		 round;
	pid_t			 sender;

	start(tc);
	isolate();
	sent = mmap(NULL, 2 * sizeof(*sent), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANON, -1, 0);
	ATF_REQUIRE(sent != MAP_FAILED);
	ring_open(&old);
	worker_start(&old);
	sender = send_packets(sent, sent + 1);
	for (round = 0; round < ROUNDS; round++) {
		usleep(100000);
		capture.flags = 0;
		if (round % 2 == 0) {		/* another socket */
			ring_open(&new);
			cut = wall_us() + 50000;
			capture.flags = MSG_CAPTURE_FRESH;
		}
		hand_over(round % 2 == 0 ? cut : 0, round % 2 == 0);
		expect_handed_over();
		if (round % 2 == 0) {
			close(old.fd);
			old = new;
			capture.from_us = cut;
		}
		worker_start(&old);
	}
	sent[1] = 1;
	waitpid(sender, NULL, 0);
	usleep(300000);
	finish();
	printf("%ju sent, %ju frames, the kernel says %ju\n",
	    (uintmax_t)*sent, (uintmax_t)c->frames,
	    (uintmax_t)c->kernel_received);
	/* On loopback each is seen twice. */
	ATF_CHECK(*sent > 1000);
	ATF_CHECK_EQ(2 * *sent, c->frames);
	ATF_CHECK_EQ(*sent, packets);
	ATF_CHECK_EQ(0, c->kernel_dropped + c->frames_skipped +
	    c->datagrams_repeated + c->packets_lost);
	/* Its own count is taken a moment behind the cut. */
	ATF_CHECK(c->kernel_received >= c->frames);
	ATF_CHECK(c->kernel_received < c->frames + c->frames / 20);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_packet_is_counted_on_one_side_of_the_cut);
	ATF_TP_ADD_TC(tp,
	    without_a_cut_the_next_worker_reads_on_in_the_ring);
	ATF_TP_ADD_TC(tp, a_cut_ahead_of_the_clock_hides_nothing);
	ATF_TP_ADD_TC(tp, what_no_parent_says_ends_the_worker);
	ATF_TP_ADD_TC(tp, finish_ends_a_hand_over);
	ATF_TP_ADD_TC(tp, to_finish_is_to_read_what_another_was_to_have);
	ATF_TP_ADD_TC(tp,
	    clients_have_left_before_it_says_that_it_has_handed_over);
	ATF_TP_ADD_TC(tp, collection_that_was_stopped_stays_so);
	ATF_TP_ADD_TC(tp, a_worker_follows_new_settings);
	ATF_TP_ADD_TC(tp, a_datagram_collector_gets_another_socket);
	ATF_TP_ADD_TC(tp, what_a_stream_has_acknowledged_is_not_sent_again);
	ATF_TP_ADD_TC(tp,
	    a_collector_that_does_not_read_is_waited_for_two_seconds);
	ATF_TP_ADD_TC(tp, templates_of_packet_reports_are_handed_over);
	ATF_TP_ADD_TC(tp, under_traffic_each_packet_is_counted_once);
	return (atf_no_error());
}
