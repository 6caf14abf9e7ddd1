/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A taken-over worker and the descriptors it has: what is captured cannot be
 * answered, what is exported goes to the collector only, and no descriptor
 * gets to another number.
 */

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/udp.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "try.h"


static int	sniffer = -1;

static int
packet_socket(const char *interface, int protocol)
{
	struct sockaddr_ll	sll = { .sll_family = AF_PACKET };
	int			fd;

	sll.sll_protocol = htons((uint16_t)protocol);
	sll.sll_ifindex = (int)if_nametoindex(interface);
	ATF_REQUIRE(sll.sll_ifindex != 0);
	ATF_REQUIRE((fd = socket(AF_PACKET, SOCK_RAW, 0)) != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sll, sizeof(sll)));
	return (fd);
}

/* As root what is captured is a real socket, with a sniffer opposite. */
static int
open_wire(void)
{
	struct tpacket_req3	req = { 0 };
	int			version = TPACKET_V3;

	if (geteuid() != 0)
		return (0);
	if (unshare(CLONE_NEWNET) == -1 || RUN("ip", "link", "add", "audit0",
	    "type", "veth", "peer", "name", "audit1") == -1 ||
	    RUN("ip", "link", "set", "audit0", "up") == -1 ||
	    RUN("ip", "link", "set", "audit1", "up") == -1)
		return (0);
	sniffer = packet_socket("audit1", TRY_PROTOCOL);
	req.tp_block_size = RING_BLOCK;
	req.tp_block_nr = req.tp_frame_nr = RING_COUNT;
	req.tp_frame_size = RING_BLOCK;
	req.tp_retire_blk_tov = 100;
	try_ring.fd = packet_socket("audit0", ETH_P_ALL);
	ATF_REQUIRE_EQ(0, setsockopt(try_ring.fd, SOL_PACKET, PACKET_VERSION,
	    &version, sizeof(version)));
	ATF_REQUIRE_EQ(0, setsockopt(try_ring.fd, SOL_PACKET, PACKET_RX_RING,
	    &req, sizeof(req)));
	capture.link = LINK_ETHERNET;
	return (1);
}

static unsigned int
frames_seen(void)
{
	char		buf[256];
	unsigned int	n = 0;

	while (recv(sniffer, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		n++;
	return (n);
}

/* The socket sends, and the sniffer would see it: from here they do. */
static void
expect_wire_works(void)
{
	unsigned char	frame[TRY_FRAME] = { 0xff, 0xff, 0xff, 0xff, 0xff,
			    0xff, 2, 0, 0, 0, 0, 1, TRY_PROTOCOL >> 8,
			    TRY_PROTOCOL & 0xff };

	ATF_REQUIRE_EQ(TRY_FRAME, write(try_ring.fd, frame, sizeof(frame)));
	ATF_REQUIRE_EQ_MSG(1, frames_seen(), "the sniffer does not work");
}

CASE(inject_on_capture_fd)
{
	static const struct try	tries[] = {
		{ "write a frame", "write", { FD_CAPTURE, TRY_AT(frame),
		    TRY_FRAME } },
		{ "writev a frame", "writev", { FD_CAPTURE, TRY_AT(iov), 1 } },
		{ "pwrite a frame", "pwrite64", { FD_CAPTURE, TRY_AT(frame),
		    TRY_FRAME } },
		{ "send a frame", "sendto", { FD_CAPTURE, TRY_AT(frame),
		    TRY_FRAME } },
		{ "send a frame on another interface", "sendto", { FD_CAPTURE,
		    TRY_AT(frame), TRY_FRAME, 0, TRY_AT(interface),
		    sizeof(struct sockaddr_ll) } },
		{ "sendmsg a frame", "sendmsg", { FD_CAPTURE, TRY_AT(msg) } },
		{ "sendmmsg a frame", "sendmmsg", { FD_CAPTURE, TRY_AT(msg),
		    1 } },
		{ "sendfile to it", "sendfile", { FD_CAPTURE, 0, 0, 60 } },
		{ "splice to it", "splice", { FD_SAVEFILE, 0, FD_CAPTURE, 0,
		    60 } },
		{ "bind it to another interface", "bind", { FD_CAPTURE,
		    TRY_AT(interface), sizeof(struct sockaddr_ll) } },
		{ "take its filter away", "setsockopt", { FD_CAPTURE,
		    SOL_SOCKET, SO_DETACH_FILTER, TRY_AT(value),
		    sizeof(int) } },
		{ "make an interface promiscuous", "setsockopt", { FD_CAPTURE,
		    SOL_PACKET, PACKET_ADD_MEMBERSHIP, TRY_AT(zero), 16 } },
		{ "give it a ring to send", "setsockopt", { FD_CAPTURE,
		    SOL_PACKET, PACKET_TX_RING, TRY_AT(zero), 28 } },
		{ "dup it", "dup", { FD_CAPTURE } },
		{ "dup it to a low number", "dup3", { FD_CAPTURE, 10 } },
		{ "fcntl F_DUPFD", "fcntl", { FD_CAPTURE, F_DUPFD, 10 } },
		{ "ioctl on it", "ioctl", { FD_CAPTURE, SIOCGIFINDEX,
		    TRY_AT(zero) } },
		{ "close it", "close", { FD_CAPTURE } },
	};
	int			wire, seen;
	char			text[64];

	try_begin(tc, TRY_FILTER);
	if ((wire = open_wire()))
		expect_wire_works();
	try_controls();
	try_killed(tries, nitems(tries));
	if (!wire) {
		row("worker", "descriptors", "a frame on the captured wire",
		    ROW_UNCHECKED, "needs root");
		return;
	}
	usleep(10000);
	seen = (int)frames_seen();
	snprintf(text, sizeof(text), "a sniffer on the peer saw %d frames",
	    seen);
	try_report_text("descriptors", "a frame on the captured wire",
	    seen == 0, text);
	expect_wire_works();
}

static unsigned int
datagrams(int fd)
{
	char		buf[2048];
	unsigned int	n = 0;

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		n++;
	return (n);
}

CASE(redirect_export)
{
	static const struct try	tries[] = {
		{ "sendto another address", "sendto", { TRY_EXPORT,
		    TRY_AT(frame), 1, 0, TRY_AT(stranger),
		    sizeof(struct sockaddr_in) } },
		{ "sendto an address of no length", "sendto", { TRY_EXPORT,
		    TRY_AT(frame), 1, 0, TRY_AT(stranger), 0 } },
		{ "sendto no address of some length", "sendto", { TRY_EXPORT,
		    TRY_AT(frame), 1, 0, 0, sizeof(struct sockaddr_in) } },
		{ "sendmsg to another address", "sendmsg", { TRY_EXPORT,
		    TRY_AT(msg_stranger) } },
		{ "sendmmsg to another address", "sendmmsg", { TRY_EXPORT,
		    TRY_AT(msg_stranger), 1 } },
		{ "connect the export socket", "connect", { TRY_EXPORT,
		    TRY_AT(stranger), sizeof(struct sockaddr_in) } },
		{ "bind the export socket", "bind", { TRY_EXPORT,
		    TRY_AT(stranger), sizeof(struct sockaddr_in) } },
		{ "its options: broadcast", "setsockopt", { TRY_EXPORT,
		    SOL_SOCKET, SO_BROADCAST, TRY_AT(value), sizeof(int) } },
		{ "its options: encapsulation", "setsockopt", { TRY_EXPORT,
		    SOL_UDP, UDP_ENCAP, TRY_AT(value), sizeof(int) } },
		{ "read what others send there", "recvfrom", { TRY_EXPORT,
		    TRY_AT(zero), 1, MSG_DONTWAIT } },
	}, honest = { "send to the collector", "sendto", { TRY_EXPORT,
	    TRY_AT(frame), 1, MSG_NOSIGNAL | MSG_DONTWAIT } };
	struct inject_outcome	out;
	pid_t			pid;
	unsigned int		n;
	char			text[64];

	try_begin(tc, TRY_FILTER);
	try_controls();
	pid = try_worker();
	out = try_call(pid, &honest);
	try_end(pid);
	ATF_REQUIRE(out.end == INJECT_RETURNED && out.value == 1);
	ATF_REQUIRE(datagrams(try_collector) > 0);
	try_killed(tries, nitems(tries));
	n = datagrams(try_silent);
	snprintf(text, sizeof(text), "%u datagrams came there", n);
	try_report_text("descriptors", "a datagram to another port", n == 0,
	    text);
}

/*
 * It was taken over with a control client connected: another way to pass a
 * capture descriptor to itself, by which it would come to a low number.
 */
CASE(fd_laundering)
{
	static const struct try		tries[] = {
		{ "close the channel", "close", { FD_CHANNEL } },
		{ "close what fills 4", "close", { FD_FILL_FIRST } },
		{ "close what fills 7", "close", { FD_FILL_LAST } },
		{ "dup the export socket to 3", "dup3", { TRY_EXPORT,
		    FD_CHANNEL } },
		{ "close_range", "close_range", { FD_CHANNEL, 7 } },
		{ "a new socket pair", "socketpair", { AF_UNIX, SOCK_STREAM,
		    0, TRY_AT(zero) } },
		{ "pidfd_getfd of itself", "pidfd_getfd", { 0, FD_CAPTURE } },
	};
	struct msg_control		msg = { 0 };
	struct try			t = { .call = "sendmsg" };
	struct inject_outcome		out;
	char				name[64];
	int				sv[2], fd;
	pid_t				pid;

	try_begin(tc, TRY_FILTER);
	try_controls();
	for (fd = FD_SAVEFILE; fd < FD_SAVEFILE + 6; fd++) {
		ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
		pid = try_worker();
		ATF_REQUIRE_EQ(0, inject_continue(pid));
		worker_send(IMSG_CONTROL, sv[1], &msg, sizeof(msg));
		worker_sync();
		ATF_REQUIRE_EQ(0, inject_stop(pid));
		snprintf(name, sizeof(name), "pass a descriptor through %d",
		    fd);
		t.name = name;
		t.arg[0] = fd;
		t.arg[1] = TRY_AT(msg_rights);
		out = try_call(pid, &t);
		try_report(TRY_FILTER, name, try_is_sigsys(&out), &out);
		try_end(pid);
		close(sv[0]);
		close(sv[1]);
	}
	try_killed(tries, nitems(tries));
}

CASE(late_capture_fd)
{
	char	text[64];
	int	status = 0, ended;
	pid_t	pid;

	try_begin(tc, "descriptors");
	try_controls();
	pid = try_worker();
	ATF_REQUIRE_EQ(0, inject_release(pid));
	capture.slot = 1;
	worker_send(IMSG_CAPTURE, try_ring.fd, &capture, sizeof(capture));
	ended = try_ends(pid, &status);
	snprintf(text, sizeof(text), ended ? "ends, status %#x" :
	    "goes on", (unsigned int)status);
	try_report_text("descriptors", "a capture socket sent after LOCK",
	    ended && WIFEXITED(status) && WEXITSTATUS(status) == 1, text);
	try_end(pid);
}

static void
leak(void)
{
	static const int	where[] = { 5, 40, 200 };
	int			fd;
	size_t			i;

	inject_offer();
	fd = open("/", O_RDONLY | O_DIRECTORY);
	for (i = 0; i < nitems(where); i++)
		if (dup2(fd, where[i]) == -1)
			_exit(94);
}

/* 0-3, 4-7 filled, the export socket, the capture: that is all. */
static int
is_planned(int fd)
{
	return ((fd >= 0 && fd <= FD_FILL_LAST) || fd == TRY_EXPORT ||
	    fd == FD_CAPTURE);
}

/*
 * The worker's own answers, without its last layer: who started it left
 * descriptors of a directory behind.
 */
CASE(no_descriptor_is_left_over)
{
	struct inject_fake	fakes[] = { TRY_NO_FILTER };
	struct try		t = { "F_GETFD", "fcntl", { 0, F_GETFD } },
				flags = { "F_GETFL", "fcntl", { 0, F_GETFL } };
	struct inject_outcome	out;
	char			text[256] = "";
	int			fd, wrong = 0;
	size_t			n = 0;
	pid_t			pid;

	try_begin(tc, "descriptors");
	pid = try_early_with(leak);
	ATF_REQUIRE(try_lock(pid, fakes, nitems(fakes)));
	for (fd = 0; fd < FD_CAPTURE + 64; fd++) {
		t.arg[0] = fd;
		out = try_call(pid, &t);
		ATF_REQUIRE_EQ(INJECT_RETURNED, out.end);
		if ((out.value >= 0) == is_planned(fd))
			continue;
		wrong++;
		if (n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%d is %s; ", fd, out.value >= 0 ? "open" :
			    "closed");
	}
	for (fd = 0; fd <= FD_FILL_LAST; fd++) {
		flags.arg[0] = fd;
		out = try_call(pid, &flags);
		if (out.value >= 0 && out.value & O_DIRECTORY) {
			wrong++;
			strlcat(text, "a directory; ", sizeof(text));
		}
	}
	try_end(pid);
	try_report_text("descriptors", "one that was left over", wrong == 0,
	    wrong == 0 ? "0 to 7, 9 and 256, as planned" : text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, inject_on_capture_fd);
	ATF_TP_ADD_TC(tp, redirect_export);
	ATF_TP_ADD_TC(tp, fd_laundering);
	ATF_TP_ADD_TC(tp, late_capture_fd);
	ATF_TP_ADD_TC(tp, no_descriptor_is_left_over);

	return (atf_no_error());
}
