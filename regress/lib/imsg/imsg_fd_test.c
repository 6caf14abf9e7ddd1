/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Descriptors over a real socket pair: who owns them, and none leaks. */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "channel.h"

/* A pipe to tell fds apart: what is written to *w is read from the result. */
static int
new_pipe(int *w)
{
	int	 p[2];

	ATF_REQUIRE_EQ(0, pipe(p));
	*w = p[1];
	return (p[0]);
}

static char
read_octet(int fd)
{
	char	 c = 0;

	ATF_REQUIRE_EQ(1, read(fd, &c, 1));
	return (c);
}

ATF_TC_WITHOUT_HEAD(received_fd_is_given_away_once_and_close_on_exec);
ATF_TC_BODY(received_fd_is_given_away_once_and_close_on_exec, tc)
{
	struct imsg	 imsg;
	int		 fd, sent = new_fd();

	fd_channel();
	compose(1, sent, NULL, 0);
	ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	REFUSED(EBADF, fcntl(sent, F_GETFD));
	receive(&imsg, 1);
	ATF_CHECK_EQ(IMSG_HEADER_SIZE, imsg.hdr.len);
	ATF_REQUIRE((fd = imsg_get_fd(&imsg)) != -1);
	ATF_CHECK_EQ(-1, imsg_get_fd(&imsg));
	ATF_CHECK_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	imsg_free(&imsg);
	ATF_CHECK(fcntl(fd, F_GETFD) != -1);
}

ATF_TC_WITHOUT_HEAD(unclaimed_fd_is_closed_by_free);
ATF_TC_BODY(unclaimed_fd_is_closed_by_free, tc)
{
	struct imsg	 imsg;
	int		 before;

	fd_channel();
	before = open_fds();
	compose(1, new_fd(), NULL, 0);
	receive(&imsg, 1);
	ATF_CHECK_EQ(before + 1, open_fds());
	imsg_free(&imsg);
	ATF_CHECK_EQ(before, open_fds());
}

ATF_TC_WITHOUT_HEAD(failed_compose_leaves_the_fd_open);
ATF_TC_BODY(failed_compose_leaves_the_fd_open, tc)
{
	static const char	 zeros[MAX_PAYLOAD + 1];
	int			 fd = new_fd();

	fd_channel();
	REFUSED(ERANGE, imsg_compose(&a, 1, 0, 0, fd, zeros, sizeof(zeros)));
	ATF_CHECK(fcntl(fd, F_GETFD) != -1);
	imsgbuf_clear(&a);
	ATF_CHECK(fcntl(fd, F_GETFD) != -1);
}

ATF_TC_WITHOUT_HEAD(fd_without_fdpass_arrives_as_minus_one);
ATF_TC_BODY(fd_without_fdpass_arrives_as_minus_one, tc)
{
	struct imsg	 imsg;
	int		 before, side;

	for (side = 0; side < 2; side++) {
		channel();
		imsgbuf_allow_fdpass(side == 0 ? &a : &b);
		before = open_fds();
		compose(1, new_fd(), "abcd", 4);
		receive(&imsg, 1);
		ATF_CHECK_EQ(4, imsg_get_len(&imsg));
		ATF_CHECK_EQ(-1, imsg_get_fd(&imsg));
		imsg_free(&imsg);
		ATF_CHECK_EQ(before, open_fds());
		imsgbuf_clear(&a);
		imsgbuf_clear(&b);
	}
}

ATF_TC_WITHOUT_HEAD(full_fd_table_keeps_the_message);
ATF_TC_BODY(full_fd_table_keeps_the_message, tc)
{
	struct rlimit	 rl = { .rlim_cur = 64, .rlim_max = 64 };
	struct imsg	 imsg;
	int		 fd, last = -1;

	fd_channel();
	compose(1, new_fd(), "abcd", 4);
	compose(2, new_fd(), NULL, 0);
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&a));
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &rl));
	while ((fd = dup(b.fd)) != -1)
		last = fd;
	ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	ATF_REQUIRE_EQ(1, imsgbuf_get(&b, &imsg));
	ATF_CHECK_EQ(4, imsg_get_len(&imsg));
	ATF_CHECK_EQ(-1, imsg_get_fd(&imsg));
	imsg_free(&imsg);
	close(last);
	receive(&imsg, 2);
	ATF_CHECK_EQ(last, imsg_get_fd(&imsg));
	imsg_free(&imsg);
	closefrom(b.fd + 1);	/* a leak checker needs some */
}

ATF_TC_WITHOUT_HEAD(two_fds_arrive_in_order);
ATF_TC_BODY(two_fds_arrive_in_order, tc)
{
	struct imsg	 imsg;
	int		 w[2];

	fd_channel();
	compose(1, -1, NULL, 0);
	compose(2, new_pipe(&w[0]), NULL, 0);
	compose(3, -1, NULL, 0);
	ATF_REQUIRE_EQ(1, imsg_composev(&a, 4, 7, 0, new_pipe(&w[1]), NULL, 0));
	ATF_REQUIRE_EQ(1, write(w[0], "2", 1));
	ATF_REQUIRE_EQ(1, write(w[1], "4", 1));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&a));
	receive(&imsg, 1);
	ATF_CHECK_EQ(-1, imsg_get_fd(&imsg));
	imsg_free(&imsg);
	receive(&imsg, 2);
	ATF_CHECK_EQ('2', read_octet(imsg_get_fd(&imsg)));
	imsg_free(&imsg);
	receive(&imsg, 3);
	ATF_CHECK_EQ(-1, imsg_get_fd(&imsg));
	imsg_free(&imsg);
	receive(&imsg, 4);
	ATF_CHECK_EQ('4', read_octet(imsg_get_fd(&imsg)));
	imsg_free(&imsg);
}

/* The header's rest, and a message with its own fd, come in one read. */
ATF_TC_WITHOUT_HEAD(fd_of_a_split_header_is_held_for_it);
ATF_TC_BODY(fd_of_a_split_header_is_held_for_it, tc)
{
	struct imsg_hdr	 hdr;
	struct imsg	 imsg;
	unsigned char	 wire[IMSG_HEADER_SIZE];
	int		 before, r[2], w[2];

	fd_channel();
	r[0] = new_pipe(&w[0]);
	r[1] = new_pipe(&w[1]);
	ATF_REQUIRE_EQ(1, write(w[0], "1", 1));
	ATF_REQUIRE_EQ(1, write(w[1], "2", 1));
	memset(&hdr, 0, sizeof(hdr));
	hdr.type = 1;
	hdr.len = FD_MARK | sizeof(hdr);
	memcpy(wire, &hdr, sizeof(hdr));
	before = open_fds();
	send_raw(wire, 5, w[0], 1);
	ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	send_raw(wire + 5, 1, r[0], 1);
	ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	ATF_CHECK_EQ(before + 1, open_fds());	/* the older one is closed */
	send_raw(wire + 6, sizeof(wire) - 6, -1, 0);
	hdr.type = 2;
	send_raw(&hdr, sizeof(hdr), r[1], 1);
	receive(&imsg, 1);
	ATF_CHECK_EQ('1', read_octet(imsg_get_fd(&imsg)));
	imsg_free(&imsg);
	receive(&imsg, 2);
	ATF_CHECK_EQ('2', read_octet(imsg_get_fd(&imsg)));
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(fd_of_a_partly_sent_message_goes_with_its_beginning);
ATF_TC_BODY(fd_of_a_partly_sent_message_goes_with_its_beginning, tc)
{
	static const char	 zeros[MAX_PAYLOAD];
	struct imsg		 imsg;
	int			 fd = new_fd(), size = 4096;

	fd_channel();
	ATF_REQUIRE_EQ(0, setsockopt(a.fd, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)));
	compose(1, fd, zeros, sizeof(zeros));
	ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	ATF_REQUIRE_EQ(1, imsgbuf_queuelen(&a));
	REFUSED(EBADF, fcntl(fd, F_GETFD));
	receive(&imsg, 1);
	ATF_CHECK_EQ(MAX_PAYLOAD, imsg_get_len(&imsg));
	ATF_CHECK(imsg_get_fd(&imsg) != -1);
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(compose_ibuf_passes_no_fd);
ATF_TC_BODY(compose_ibuf_passes_no_fd, tc)
{
	struct ibuf	*buf;
	int		 fd = new_fd();

	fd_channel();
	ATF_REQUIRE((buf = ibuf_open(1)) != NULL);
	ibuf_fd_set(buf, fd);
	ATF_REQUIRE_EQ(1, imsg_compose_ibuf(&a, 1, 0, 0, buf));
	REFUSED(EBADF, fcntl(fd, F_GETFD));
}

ATF_TC_WITHOUT_HEAD(fds_nobody_asked_for_are_closed);
ATF_TC_BODY(fds_nobody_asked_for_are_closed, tc)
{
	struct imsg_hdr	 hdr;
	struct imsg	 imsg;
	unsigned char	 wire[IMSG_HEADER_SIZE];
	int		 before, fd, n;

	fd_channel();
	fd = new_fd();
	before = open_fds();
	memset(&hdr, 0, sizeof(hdr));
	hdr.type = 1;
	hdr.len = sizeof(hdr);
	memcpy(wire, &hdr, sizeof(hdr));
	send_raw(wire, sizeof(wire), fd, 1);		/* no mark */
	receive(&imsg, 1);
	ATF_CHECK_EQ(before, open_fds());
	imsg_free(&imsg);
	send_raw(wire, 5, fd, 1);			/* held, no mark */
	ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	send_raw(wire + 5, sizeof(wire) - 5, -1, 0);
	receive(&imsg, 1);
	imsg_free(&imsg);
	ATF_CHECK_EQ(before, open_fds());
	hdr.len |= FD_MARK;
	for (n = 2; n <= 4; n++) {			/* more than one */
		send_raw(&hdr, sizeof(hdr), fd, n);
		receive(&imsg, 1);
		ATF_CHECK(imsg_get_fd(&imsg) != -1);
		ATF_CHECK_EQ(++before, open_fds());
		imsg_free(&imsg);
	}
}

ATF_TC_WITHOUT_HEAD(clear_closes_queued_fds_but_not_the_channel);
ATF_TC_BODY(clear_closes_queued_fds_but_not_the_channel, tc)
{
	const size_t	 begun[] = { 5, sizeof(struct imsg_hdr) };
	struct imsg_hdr	 hdr;
	int		 before, fd = new_fd(), i;

	memset(&hdr, 0, sizeof(hdr));
	hdr.len = FD_MARK | (sizeof(hdr) + 1);
	for (i = 0; i < 2; i++) {
		fd_channel();
		before = open_fds();
		compose(1, new_fd(), NULL, 0);
		ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
		compose(2, new_fd(), NULL, 0);		/* to be sent */
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));	/* received */
		send_raw(&hdr, begun[i], fd, 1);	/* incomplete */
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		ATF_CHECK_EQ(before + 3, open_fds());
		imsgbuf_clear(&a);
		imsgbuf_clear(&b);
		ATF_CHECK_EQ(before, open_fds());
		ATF_CHECK(fcntl(a.fd, F_GETFD) != -1);
		ATF_CHECK(fcntl(b.fd, F_GETFD) != -1);
		ATF_CHECK(a.w == NULL);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, received_fd_is_given_away_once_and_close_on_exec);
	ATF_TP_ADD_TC(tp, unclaimed_fd_is_closed_by_free);
	ATF_TP_ADD_TC(tp, failed_compose_leaves_the_fd_open);
	ATF_TP_ADD_TC(tp, fd_without_fdpass_arrives_as_minus_one);
	ATF_TP_ADD_TC(tp, full_fd_table_keeps_the_message);
	ATF_TP_ADD_TC(tp, two_fds_arrive_in_order);
	ATF_TP_ADD_TC(tp, fd_of_a_split_header_is_held_for_it);
	ATF_TP_ADD_TC(tp, fd_of_a_partly_sent_message_goes_with_its_beginning);
	ATF_TP_ADD_TC(tp, compose_ibuf_passes_no_fd);
	ATF_TP_ADD_TC(tp, fds_nobody_asked_for_are_closed);
	ATF_TP_ADD_TC(tp, clear_closes_queued_fds_but_not_the_channel);
	return (atf_no_error());
}
