/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Messages over a real socket pair. */

#include <sys/types.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "channel.h"

static const char	 zeros[MAX_PAYLOAD + 1];

ATF_TC_WITHOUT_HEAD(payload_of_16368_is_accepted_16369_is_refused);
ATF_TC_BODY(payload_of_16368_is_accepted_16369_is_refused, tc)
{
	struct imsg	 imsg;
	struct iovec	 iov = { .iov_base = (char[1]){ 0 }, .iov_len = 1 };
	struct ibuf	*msg;

	ATF_CHECK_EQ(16368, MAX_PAYLOAD);
	channel();
	compose(1, -1, zeros, 16368);
	receive(&imsg, 1);
	ATF_CHECK_EQ(16368, imsg_get_len(&imsg));
	imsg_free(&imsg);
	REFUSED(ERANGE, imsg_compose(&a, 1, 0, 0, -1, zeros, 16369));
	ATF_REQUIRE((msg = imsg_create(&a, 1, 0, 0, 0)) != NULL);
	ATF_REQUIRE_EQ(16368, imsg_add(msg, zeros, 16368));
	REFUSED(ERANGE, imsg_add(msg, zeros, 1));
	ATF_CHECK_EQ(1, imsg_composev(&a, 1, 0, 0, -1, &iov, 1));
	iov.iov_len = 16369;
	REFUSED(ERANGE, imsg_composev(&a, 1, 0, 0, -1, &iov, 1));
	ATF_REQUIRE((msg = ibuf_open(16369)) != NULL);
	ATF_REQUIRE_EQ(0, ibuf_add_zero(msg, 16369));
	REFUSED(ERANGE, imsg_compose_ibuf(&a, 1, 0, 0, msg));
	ATF_CHECK_EQ(1, imsgbuf_queuelen(&a));
}

ATF_TC_WITHOUT_HEAD(maxsize_counts_the_payload_at_both_ends);
ATF_TC_BODY(maxsize_counts_the_payload_at_both_ends, tc)
{
	struct imsg	 imsg;
	struct ibuf	*msg;

	channel();
	REFUSED(ERANGE, imsgbuf_set_maxsize(&a, UINT32_MAX - 15));
	REFUSED(EINVAL, imsgbuf_set_maxsize(&a, FD_MARK - 16));
	ATF_CHECK_EQ(0, imsgbuf_set_maxsize(&a, FD_MARK - 17));
	ATF_CHECK_EQ(0, imsgbuf_set_maxsize(&a, 11));
	ATF_CHECK_EQ(0, imsgbuf_set_maxsize(&b, 10));
	REFUSED(ERANGE, imsg_compose(&a, 1, 0, 0, -1, zeros, 12));
	ATF_REQUIRE((msg = imsg_create(&a, 1, 0, 0, 0)) != NULL);
	REFUSED(ERANGE, imsg_set_maxsize(msg, 12));
	REFUSED(ERANGE, imsg_set_maxsize(msg, SIZE_MAX));
	ATF_CHECK_EQ(0, imsg_set_maxsize(msg, 3));
	REFUSED(ERANGE, imsg_add(msg, zeros, 4));
	compose(1, -1, zeros, 10);
	compose(2, -1, zeros, 11);
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&a));
	REFUSED(ERANGE, imsgbuf_read(&b));
	ATF_CHECK_EQ(1, imsgbuf_get(&b, &imsg));
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(read_returns_1_on_eagain_and_0_on_close);
ATF_TC_BODY(read_returns_1_on_eagain_and_0_on_close, tc)
{
	struct imsg	 imsg;

	channel();
	ATF_CHECK_EQ(1, imsgbuf_read(&b));
	ATF_CHECK_EQ(0, imsgbuf_get(&b, &imsg));
	imsgbuf_allow_fdpass(&b);
	ATF_CHECK_EQ(1, imsgbuf_read(&b));
	close(a.fd);
	ATF_CHECK_EQ(0, imsgbuf_read(&b));
	b.flags = 0;
	ATF_CHECK_EQ(0, imsgbuf_read(&b));
}

ATF_TC_WITHOUT_HEAD(short_and_oversized_header_is_an_error);
ATF_TC_BODY(short_and_oversized_header_is_an_error, tc)
{
	const uint32_t	 lens[] = { 0, 15, MAX_IMSGSIZE + 1, FD_MARK - 1,
			    FD_MARK, FD_MARK | 15, UINT32_MAX };
	struct imsg_hdr	 hdr;
	size_t		 i;
	int		 before;

	before = open_fds();
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		fd_channel();
		memset(&hdr, 0, sizeof(hdr));
		hdr.len = lens[i];
		send_raw(&hdr, sizeof(hdr), a.fd, 1);
		REFUSED(ERANGE, imsgbuf_read(&b));
		imsgbuf_clear(&a);
		imsgbuf_clear(&b);
		close(a.fd);
		close(b.fd);
	}
	ATF_CHECK_EQ(before, open_fds());
}

ATF_TC_WITHOUT_HEAD(header_values_arrive_as_sent);
ATF_TC_BODY(header_values_arrive_as_sent, tc)
{
	struct imsg	 imsg;

	channel();
	ATF_REQUIRE_EQ(1, imsg_compose(&a, 1, 2, 3, -1, NULL, 0));
	ATF_REQUIRE_EQ(1, imsg_compose(&a, 4, 5, 0, -1, NULL, 0));
	receive(&imsg, 1);
	ATF_CHECK_EQ(2, imsg_get_id(&imsg));
	ATF_CHECK_EQ(3, imsg_get_pid(&imsg));
	ATF_CHECK_EQ(0, imsg_get_len(&imsg));
	ATF_CHECK(imsg.data == NULL);
	imsg_free(&imsg);
	receive(&imsg, 4);
	ATF_CHECK_EQ(getpid(), imsg_get_pid(&imsg));
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(message_split_at_every_byte_is_reassembled);
ATF_TC_BODY(message_split_at_every_byte_is_reassembled, tc)
{
	unsigned char	 wire[2 * IMSG_HEADER_SIZE + 1];
	struct imsg_hdr	 hdr[2];
	struct imsg	 imsg;
	size_t		 split;
	char		 c;

	memset(hdr, 0, sizeof(hdr));
	hdr[0].type = 1;
	hdr[0].len = IMSG_HEADER_SIZE + 1;
	hdr[1].type = 2;
	hdr[1].len = IMSG_HEADER_SIZE;
	memcpy(wire, &hdr[0], IMSG_HEADER_SIZE);
	wire[IMSG_HEADER_SIZE] = 'x';
	memcpy(wire + IMSG_HEADER_SIZE + 1, &hdr[1], IMSG_HEADER_SIZE);
	channel();
	for (split = 1; split < sizeof(wire); split++) {
		send_raw(wire, split, -1, 0);
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		ATF_REQUIRE_EQ(split > IMSG_HEADER_SIZE,
		    imsgbuf_get(&b, &imsg));
		send_raw(wire + split, sizeof(wire) - split, -1, 0);
		if (split <= IMSG_HEADER_SIZE)
			receive(&imsg, 1);
		ATF_REQUIRE_EQ(0, imsg_get_data(&imsg, &c, 1));
		ATF_REQUIRE_EQ('x', c);
		imsg_free(&imsg);
		receive(&imsg, 2);
		imsg_free(&imsg);
	}
	for (split = 0; split < sizeof(wire); split++) {
		send_raw(wire + split, 1, -1, 0);
		ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
	}
	receive(&imsg, 1);
	imsg_free(&imsg);
	receive(&imsg, 2);
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(get_data_wants_the_exact_size);
ATF_TC_BODY(get_data_wants_the_exact_size, tc)
{
	struct imsg	 imsg;
	char		 data[5];

	channel();
	compose(1, -1, "abcd", 4);
	receive(&imsg, 1);
	REFUSED(EINVAL, imsg_get_data(&imsg, data, 0));
	REFUSED(EBADMSG, imsg_get_data(&imsg, data, 3));
	REFUSED(EBADMSG, imsg_get_data(&imsg, data, 5));
	ATF_CHECK_EQ(0, imsg_get_data(&imsg, data, 4));
	ATF_CHECK_EQ(0, memcmp(data, "abcd", 4));
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(len_is_zero_after_get_data);
ATF_TC_BODY(len_is_zero_after_get_data, tc)
{
	struct imsg	 imsg;
	char		 data[4];

	channel();
	compose(1, -1, "abcd", 4);
	receive(&imsg, 1);
	ATF_CHECK_EQ(4, imsg_get_len(&imsg));
	ATF_CHECK_EQ(0, imsg_get_data(&imsg, data, 4));
	ATF_CHECK_EQ(0, imsg_get_len(&imsg));
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(payload_is_taken_piece_by_piece);
ATF_TC_BODY(payload_is_taken_piece_by_piece, tc)
{
	struct iovec	 iov[2] = { { .iov_base = (char[3]){ "ab" },
			    .iov_len = 2 }, { .iov_base = (char[6]){ "str\0z" },
			    .iov_len = 5 } };
	struct imsg	 imsg;
	struct ibuf	 rest;
	char		 data[4];

	channel();
	ATF_REQUIRE_EQ(1, imsg_composev(&a, 1, 0, 0, -1, iov, 2));
	receive(&imsg, 1);
	REFUSED(EBADMSG, imsg_get_buf(&imsg, data, 8));
	ATF_CHECK_EQ(0, imsg_get_buf(&imsg, data, 2));
	ATF_CHECK_EQ(0, memcmp(data, "ab", 2));
	ATF_CHECK_EQ(0, imsg_get_strbuf(&imsg, data, 4));
	ATF_CHECK_STREQ("str", data);
	ATF_CHECK_EQ(0, imsg_get_ibuf(&imsg, &rest));
	ATF_CHECK_EQ(1, ibuf_size(&rest));
	ATF_CHECK_EQ('z', *(char *)ibuf_data(&rest));
	REFUSED(EBADMSG, imsg_get_ibuf(&imsg, &rest));
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(compose_ibuf_queues_header_and_payload);
ATF_TC_BODY(compose_ibuf_queues_header_and_payload, tc)
{
	struct ibuf	*buf;
	struct imsg	 imsg;
	char		 data[3];

	channel();
	ATF_REQUIRE((buf = ibuf_dynamic(0, 8)) != NULL);
	ATF_REQUIRE_EQ(0, ibuf_add(buf, "-abc", 4));
	ATF_REQUIRE_EQ(0, ibuf_skip(buf, 1));
	ATF_REQUIRE_EQ(1, imsg_compose_ibuf(&a, 1, 2, 3, buf));
	ATF_REQUIRE((buf = ibuf_dynamic(0, 8)) != NULL);
	ATF_REQUIRE_EQ(1, imsg_compose_ibuf(&a, 2, 2, 3, buf));
	ATF_CHECK_EQ(4, imsgbuf_queuelen(&a));
	receive(&imsg, 1);
	ATF_CHECK_EQ(0, imsg_get_data(&imsg, data, 3));
	ATF_CHECK_EQ(0, memcmp(data, "abc", 3));
	imsg_free(&imsg);
	receive(&imsg, 2);
	ATF_CHECK_EQ(0, imsg_get_len(&imsg));
	imsg_free(&imsg);
	ATF_CHECK_EQ(0, imsgbuf_queuelen(&a));
}

ATF_TC_WITHOUT_HEAD(forward_resends_a_consumed_payload);
ATF_TC_BODY(forward_resends_a_consumed_payload, tc)
{
	struct imsg	 imsg, again;
	char		 data[4];
	int		 i;

	fd_channel();
	compose(1, new_fd(), "abcd", 4);
	receive(&imsg, 1);
	ATF_REQUIRE_EQ(0, imsg_get_data(&imsg, data, 4));
	for (i = 0; i < 2; i++) {
		ATF_REQUIRE_EQ(1, imsg_forward(&a, &imsg));
		receive(&again, 1);
		ATF_CHECK_EQ(7, imsg_get_id(&again));
		ATF_CHECK_EQ(-1, imsg_get_fd(&again));
		memset(data, 0, sizeof(data));
		ATF_CHECK_EQ(0, imsg_get_data(&again, data, 4));
		ATF_CHECK_EQ(0, memcmp(data, "abcd", 4));
		imsg_free(&again);
	}
	imsg_free(&imsg);
}

ATF_TC_WITHOUT_HEAD(long_queue_goes_out_in_several_writes);
ATF_TC_BODY(long_queue_goes_out_in_several_writes, tc)
{
	struct imsg	 imsg;
	uint32_t	 i, writes = 0;

	channel();
	for (i = 0; i < 3000; i++)
		compose(i, -1, NULL, 0);
	ATF_CHECK_EQ(3000, imsgbuf_queuelen(&a));
	for (i = 0; i < 3000; i++) {
		while (imsgbuf_get(&b, &imsg) == 0) {
			writes += imsgbuf_queuelen(&a) > 0;
			ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
			ATF_REQUIRE_EQ(1, imsgbuf_read(&b));
		}
		ATF_REQUIRE_EQ(i, imsg_get_type(&imsg));
		imsg_free(&imsg);
	}
	ATF_CHECK_EQ(3, writes);
}

ATF_TC_WITHOUT_HEAD(full_socket_keeps_the_rest_queued);
ATF_TC_BODY(full_socket_keeps_the_rest_queued, tc)
{
	struct imsg	 imsg;
	uint32_t	 i, len = 0;

	fd_channel();
	for (i = 0; i < 100; i++)
		compose(i, -1, zeros, MAX_PAYLOAD);
	while (len != imsgbuf_queuelen(&a)) {
		len = imsgbuf_queuelen(&a);
		ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	}
	ATF_CHECK(len > 0);
	for (i = 0; i < 100; i++) {
		receive(&imsg, i);
		ATF_REQUIRE_EQ(MAX_PAYLOAD, imsg_get_len(&imsg));
		imsg_free(&imsg);
	}
}

ATF_TC_WITHOUT_HEAD(write_to_a_closed_peer_is_epipe);
ATF_TC_BODY(write_to_a_closed_peer_is_epipe, tc)
{
	fd_channel();
	ATF_REQUIRE_EQ(0, imsgbuf_write(&a));
	compose(1, -1, NULL, 0);
	close(b.fd);
	/* With descriptors no signal is raised; without, callers ignore it. */
	REFUSED(EPIPE, imsgbuf_write(&a));
	a.flags = 0;
	signal(SIGPIPE, SIG_IGN);
	REFUSED(EPIPE, imsgbuf_flush(&a));
}

/* Socket calls are filtered for clients; a pipe knows none of them. */
ATF_TC_WITHOUT_HEAD(channel_without_fdpass_only_reads_and_writes);
ATF_TC_BODY(channel_without_fdpass_only_reads_and_writes, tc)
{
	struct imsg	 imsg;
	int		 p[2];

	ATF_REQUIRE_EQ(0, pipe(p));
	connect_fds(p[1], p[0]);
	compose(1, -1, "abcd", 4);
	receive(&imsg, 1);
	ATF_CHECK_EQ(4, imsg_get_len(&imsg));
	imsg_free(&imsg);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, payload_of_16368_is_accepted_16369_is_refused);
	ATF_TP_ADD_TC(tp, maxsize_counts_the_payload_at_both_ends);
	ATF_TP_ADD_TC(tp, read_returns_1_on_eagain_and_0_on_close);
	ATF_TP_ADD_TC(tp, short_and_oversized_header_is_an_error);
	ATF_TP_ADD_TC(tp, header_values_arrive_as_sent);
	ATF_TP_ADD_TC(tp, message_split_at_every_byte_is_reassembled);
	ATF_TP_ADD_TC(tp, get_data_wants_the_exact_size);
	ATF_TP_ADD_TC(tp, len_is_zero_after_get_data);
	ATF_TP_ADD_TC(tp, payload_is_taken_piece_by_piece);
	ATF_TP_ADD_TC(tp, compose_ibuf_queues_header_and_payload);
	ATF_TP_ADD_TC(tp, forward_resends_a_consumed_payload);
	ATF_TP_ADD_TC(tp, long_queue_goes_out_in_several_writes);
	ATF_TP_ADD_TC(tp, full_socket_keeps_the_rest_queued);
	ATF_TP_ADD_TC(tp, write_to_a_closed_peer_is_epipe);
	ATF_TP_ADD_TC(tp, channel_without_fdpass_only_reads_and_writes);
	return (atf_no_error());
}
