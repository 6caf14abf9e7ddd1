/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The byte buffers: bounds, byte order, strings, borrowed memory. */

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "imsg.h"

#define REFUSED(error, call)	ATF_CHECK_ERRNO(error, (call) == -1)
#define WORKS(call)		ATF_REQUIRE_EQ(0, (call))

static struct ibuf *
fixed(size_t len)
{
	struct ibuf	*buf;

	ATF_REQUIRE((buf = ibuf_open(len)) != NULL);
	return (buf);
}

ATF_TC_WITHOUT_HEAD(integers_are_stored_in_the_named_order);
ATF_TC_BODY(integers_are_stored_in_the_named_order, tc)
{
	const uint8_t	 network[] = { 1, 1, 2, 1, 2, 3, 4,
			    1, 2, 3, 4, 5, 6, 7, 8 };
	const uint16_t	 h16 = 0x0102;
	const uint32_t	 h32 = 0x01020304;
	const uint64_t	 h64 = 0x0102030405060708;
	struct ibuf	*buf = fixed(29);

	WORKS(ibuf_add_n8(buf, 1));
	WORKS(ibuf_add_n16(buf, h16));
	WORKS(ibuf_add_n32(buf, h32));
	WORKS(ibuf_add_n64(buf, h64));
	WORKS(ibuf_add_h16(buf, h16));
	WORKS(ibuf_add_h32(buf, h32));
	WORKS(ibuf_add_h64(buf, h64));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(buf), network, sizeof(network)));
	ATF_CHECK_EQ(0, memcmp(ibuf_seek(buf, 15, 2), &h16, 2));
	ATF_CHECK_EQ(0, memcmp(ibuf_seek(buf, 17, 4), &h32, 4));
	ATF_CHECK_EQ(0, memcmp(ibuf_seek(buf, 21, 8), &h64, 8));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(integers_are_read_back_as_written);
ATF_TC_BODY(integers_are_read_back_as_written, tc)
{
	struct ibuf	*buf = fixed(29);
	uint8_t		 v8;
	uint16_t	 v16;
	uint32_t	 v32;
	uint64_t	 v64;

	WORKS(ibuf_add_zero(buf, 29));
	WORKS(ibuf_set_n8(buf, 0, 0xfe));
	WORKS(ibuf_set_n16(buf, 1, 0xfedc));
	WORKS(ibuf_set_n32(buf, 3, 0xfedcba98));
	WORKS(ibuf_set_n64(buf, 7, 0xfedcba9876543210));
	WORKS(ibuf_set_h16(buf, 15, 0xfedc));
	WORKS(ibuf_set_h32(buf, 17, 0xfedcba98));
	WORKS(ibuf_set_h64(buf, 21, 0xfedcba9876543210));
	WORKS(ibuf_get_n8(buf, &v8));
	ATF_CHECK_EQ(0xfe, v8);
	WORKS(ibuf_get_n16(buf, &v16));
	ATF_CHECK_EQ(0xfedc, v16);
	WORKS(ibuf_get_n32(buf, &v32));
	ATF_CHECK_EQ(0xfedcba98, v32);
	WORKS(ibuf_get_n64(buf, &v64));
	ATF_CHECK_EQ(0xfedcba9876543210, v64);
	WORKS(ibuf_get_h16(buf, &v16));
	ATF_CHECK_EQ(0xfedc, v16);
	WORKS(ibuf_get_h32(buf, &v32));
	ATF_CHECK_EQ(0xfedcba98, v32);
	WORKS(ibuf_get_h64(buf, &v64));
	ATF_CHECK_EQ(0xfedcba9876543210, v64);
	ATF_CHECK_EQ(0, ibuf_size(buf));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(integer_wider_than_its_field_is_refused);
ATF_TC_BODY(integer_wider_than_its_field_is_refused, tc)
{
	struct ibuf	*buf = fixed(64);

	WORKS(ibuf_add_n8(buf, UINT8_MAX));
	WORKS(ibuf_add_n16(buf, UINT16_MAX));
	WORKS(ibuf_add_n32(buf, UINT32_MAX));
	WORKS(ibuf_add_n64(buf, UINT64_MAX));
	ATF_CHECK_EQ(15, ibuf_size(buf));
	REFUSED(EINVAL, ibuf_add_n8(buf, UINT8_MAX + 1));
	REFUSED(EINVAL, ibuf_add_n16(buf, UINT16_MAX + 1));
	REFUSED(EINVAL, ibuf_add_n32(buf, UINT32_MAX + 1ULL));
	REFUSED(EINVAL, ibuf_add_h16(buf, UINT16_MAX + 1));
	REFUSED(EINVAL, ibuf_add_h32(buf, UINT32_MAX + 1ULL));
	REFUSED(EINVAL, ibuf_set_n8(buf, 0, UINT8_MAX + 1));
	REFUSED(EINVAL, ibuf_set_n16(buf, 0, UINT16_MAX + 1));
	REFUSED(EINVAL, ibuf_set_n32(buf, 0, UINT32_MAX + 1ULL));
	REFUSED(EINVAL, ibuf_set_h16(buf, 0, UINT16_MAX + 1));
	REFUSED(EINVAL, ibuf_set_h32(buf, 0, UINT32_MAX + 1ULL));
	ATF_CHECK_EQ(15, ibuf_size(buf));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(fixed_buffer_refuses_one_octet_more);
ATF_TC_BODY(fixed_buffer_refuses_one_octet_more, tc)
{
	struct ibuf	*buf = fixed(4);

	WORKS(ibuf_add(buf, "abc", 3));
	REFUSED(ERANGE, ibuf_add_n16(buf, 0));
	REFUSED(ERANGE, ibuf_add_zero(buf, SIZE_MAX));
	ATF_CHECK_EQ(3, ibuf_size(buf));
	ATF_CHECK_EQ(1, ibuf_left(buf));
	WORKS(ibuf_add(buf, "d", 1));
	REFUSED(ERANGE, ibuf_add(buf, "e", 1));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(buf), "abcd", 4));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(dynamic_buffer_grows_to_its_maximum);
ATF_TC_BODY(dynamic_buffer_grows_to_its_maximum, tc)
{
	struct ibuf	*buf;
	uint16_t	 v;
	unsigned int	 i;

	ATF_REQUIRE((buf = ibuf_dynamic(0, 1000)) != NULL);
	ATF_CHECK_EQ(1000, ibuf_left(buf));
	for (i = 0; i < 500; i++)
		WORKS(ibuf_add_n16(buf, i));
	REFUSED(ERANGE, ibuf_add_n8(buf, 0));
	ATF_CHECK_EQ(1000, ibuf_size(buf));
	for (i = 0; i < 500; i++) {
		WORKS(ibuf_get_n16(buf, &v));
		ATF_REQUIRE_EQ(i, v);
	}
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(dynamic_buffer_wants_a_maximum_not_below_its_size);
ATF_TC_BODY(dynamic_buffer_wants_a_maximum_not_below_its_size, tc)
{
	ATF_CHECK_ERRNO(EINVAL, ibuf_dynamic(0, 0) == NULL);
	ATF_CHECK_ERRNO(EINVAL, ibuf_dynamic(9, 8) == NULL);
}

ATF_TC_WITHOUT_HEAD(maximum_can_only_shrink);
ATF_TC_BODY(maximum_can_only_shrink, tc)
{
	struct ibuf	*buf = fixed(8);

	WORKS(ibuf_add_n32(buf, 0));
	REFUSED(ERANGE, ibuf_set_maxsize(buf, 9));
	REFUSED(ERANGE, ibuf_set_maxsize(buf, 3));
	WORKS(ibuf_set_maxsize(buf, 5));
	ATF_CHECK_EQ(1, ibuf_left(buf));
	REFUSED(ERANGE, ibuf_add_n16(buf, 0));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(seek_and_set_count_from_the_read_position);
ATF_TC_BODY(seek_and_set_count_from_the_read_position, tc)
{
	struct ibuf	*buf = fixed(8);

	WORKS(ibuf_add(buf, "abcdef", 6));
	WORKS(ibuf_skip(buf, 2));
	WORKS(ibuf_set_n16(buf, 2, 0x5859));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(buf), "cdXY", 4));
	ATF_CHECK_EQ('X', *(char *)ibuf_seek(buf, 2, 1));
	ATF_CHECK(ibuf_seek(buf, 4, 0) != NULL);
	ATF_CHECK_ERRNO(ERANGE, ibuf_seek(buf, 4, 1) == NULL);
	ATF_CHECK_ERRNO(ERANGE, ibuf_seek(buf, 5, 0) == NULL);
	ATF_CHECK_ERRNO(ERANGE, ibuf_seek(buf, 1, SIZE_MAX) == NULL);
	ATF_CHECK_ERRNO(ERANGE, ibuf_seek(buf, SIZE_MAX, 2) == NULL);
	REFUSED(ERANGE, ibuf_set_n16(buf, 3, 0));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(buf), "cdXY", 4));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(added_string_is_padded_with_zeros);
ATF_TC_BODY(added_string_is_padded_with_zeros, tc)
{
	struct ibuf	*buf = fixed(8);

	WORKS(ibuf_add(buf, "xxxxxxxx", 8));
	WORKS(ibuf_truncate(buf, 0));
	WORKS(ibuf_add_strbuf(buf, "eth", 8));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(buf), "eth\0\0\0\0\0", 8));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(added_string_must_fit_with_its_nul);
ATF_TC_BODY(added_string_must_fit_with_its_nul, tc)
{
	struct ibuf	*buf = fixed(8);

	WORKS(ibuf_add_strbuf(buf, "abc", 4));
	REFUSED(EOVERFLOW, ibuf_add_strbuf(buf, "abcd", 4));
	REFUSED(ERANGE, ibuf_add_strbuf(buf, "", 1));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(read_string_needs_a_nul_in_its_field);
ATF_TC_BODY(read_string_needs_a_nul_in_its_field, tc)
{
	char		 text[] = "abc\0defgh", str[4];
	struct ibuf	 buf;

	ibuf_from_buffer(&buf, text, 9);
	WORKS(ibuf_get_strbuf(&buf, str, 4));
	ATF_CHECK_STREQ("abc", str);
	REFUSED(EINVAL, ibuf_get_strbuf(&buf, str, 0));
	REFUSED(EOVERFLOW, ibuf_get_strbuf(&buf, str, 4));
	ATF_CHECK_STREQ("def", str);
	REFUSED(EBADMSG, ibuf_get_strbuf(&buf, str, 2));
	ATF_CHECK_EQ(1, ibuf_size(&buf));
}

ATF_TC_WITHOUT_HEAD(string_without_nul_is_terminated_in_its_copy);
ATF_TC_BODY(string_without_nul_is_terminated_in_its_copy, tc)
{
	char		 text[] = "abcdef", *str;
	struct ibuf	 buf;

	ibuf_from_buffer(&buf, text, 6);
	ATF_REQUIRE((str = ibuf_get_string(&buf, 4)) != NULL);
	ATF_CHECK_STREQ("abcd", str);
	free(str);
	ATF_CHECK_ERRNO(EBADMSG, ibuf_get_string(&buf, 3) == NULL);
	ATF_CHECK_EQ(2, ibuf_size(&buf));
}

ATF_TC_WITHOUT_HEAD(failed_get_consumes_nothing);
ATF_TC_BODY(failed_get_consumes_nothing, tc)
{
	char		 text[] = "abc", octets[4];
	struct ibuf	 buf, window;
	uint32_t	 v;

	ibuf_from_buffer(&buf, text, 3);
	REFUSED(EBADMSG, ibuf_get(&buf, octets, 4));
	REFUSED(EBADMSG, ibuf_get_h32(&buf, &v));
	REFUSED(EBADMSG, ibuf_get_ibuf(&buf, 4, &window));
	REFUSED(EBADMSG, ibuf_skip(&buf, SIZE_MAX));
	ATF_CHECK_EQ(3, ibuf_size(&buf));
	WORKS(ibuf_get(&buf, octets, 3));
	ATF_CHECK_EQ(0, memcmp(octets, "abc", 3));
}

ATF_TC_WITHOUT_HEAD(failed_get_n32_leaves_the_value);
ATF_TC_BODY(failed_get_n32_leaves_the_value, tc)
{
	char		 octet[1] = { 0 };
	struct ibuf	 buf;
	uint16_t	 v16 = 0x1234;
	uint32_t	 v32 = 0x12345678;
	uint64_t	 v64 = 0x123456789abcdef0;

	ibuf_from_buffer(&buf, octet, 1);
	REFUSED(EBADMSG, ibuf_get_n16(&buf, &v16));
	REFUSED(EBADMSG, ibuf_get_n32(&buf, &v32));
	REFUSED(EBADMSG, ibuf_get_n64(&buf, &v64));
	ATF_CHECK_EQ(0x1234, v16);
	ATF_CHECK_EQ(0x12345678, v32);
	ATF_CHECK_EQ(0x123456789abcdef0, v64);
}

ATF_TC_WITHOUT_HEAD(window_ends_where_asked_and_is_consumed);
ATF_TC_BODY(window_ends_where_asked_and_is_consumed, tc)
{
	char		 text[] = "abcdef", octets[4];
	struct ibuf	 buf, window;

	ibuf_from_buffer(&buf, text, 6);
	WORKS(ibuf_skip(&buf, 1));
	WORKS(ibuf_get_ibuf(&buf, 3, &window));
	REFUSED(EBADMSG, ibuf_get(&window, octets, 4));
	WORKS(ibuf_get(&window, octets, 3));
	ATF_CHECK_EQ(0, memcmp(octets, "bcd", 3));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(&buf), "ef", 2));
	ATF_CHECK_EQ(2, ibuf_size(&buf));
}

ATF_TC_WITHOUT_HEAD(only_the_unread_rest_is_lent_and_added);
ATF_TC_BODY(only_the_unread_rest_is_lent_and_added, tc)
{
	struct ibuf	*buf = fixed(4), *copy = fixed(4), lent;

	WORKS(ibuf_add(buf, "abcd", 4));
	WORKS(ibuf_skip(buf, 1));
	ibuf_from_ibuf(&lent, buf);
	WORKS(ibuf_skip(&lent, 1));
	WORKS(ibuf_add_ibuf(copy, &lent));
	ATF_CHECK_EQ(2, ibuf_size(copy));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(copy), "cd", 2));
	ATF_CHECK_EQ(3, ibuf_size(buf));
	ibuf_free(buf);
	ibuf_free(copy);
}

ATF_TC_WITHOUT_HEAD(borrowed_memory_is_not_changed);
ATF_TC_BODY(borrowed_memory_is_not_changed, tc)
{
	char		 text[] = "abcd";
	struct ibuf	 buf;

	ibuf_from_buffer(&buf, text, 4);
	ATF_CHECK_EQ(0, ibuf_left(&buf));
	WORKS(ibuf_truncate(&buf, 2));
	REFUSED(EINVAL, ibuf_add_n8(&buf, 0));
	REFUSED(EINVAL, ibuf_truncate(&buf, 3));
	REFUSED(EINVAL, ibuf_set_n8(&buf, 0, 0));
	REFUSED(EINVAL, ibuf_set_maxsize(&buf, 4));
	ATF_CHECK_STREQ("abcd", text);
	ATF_CHECK_EQ(2, ibuf_size(&buf));
}

ATF_TC_WITHOUT_HEAD(truncate_cuts_and_extends_with_zeros);
ATF_TC_BODY(truncate_cuts_and_extends_with_zeros, tc)
{
	struct ibuf	*buf = fixed(6);

	WORKS(ibuf_add(buf, "abcdef", 6));
	WORKS(ibuf_skip(buf, 1));
	WORKS(ibuf_truncate(buf, 2));
	WORKS(ibuf_truncate(buf, 5));
	ATF_CHECK_EQ(0, memcmp(ibuf_data(buf), "bc\0\0\0", 5));
	REFUSED(ERANGE, ibuf_truncate(buf, 6));
	ibuf_rewind(buf);
	ATF_CHECK_EQ(0, memcmp(ibuf_data(buf), "abc\0\0\0", 6));
	ibuf_free(buf);
}

ATF_TC_WITHOUT_HEAD(attached_fd_is_claimed_once_or_closed);
ATF_TC_BODY(attached_fd_is_claimed_once_or_closed, tc)
{
	struct ibuf	*buf = fixed(1);
	int		 p[2];

	ATF_REQUIRE_EQ(0, pipe(p));
	ATF_CHECK_EQ(-1, ibuf_fd_get(buf));
	ibuf_fd_set(buf, p[0]);
	ATF_CHECK(ibuf_fd_avail(buf));
	ATF_CHECK_EQ(p[0], ibuf_fd_get(buf));
	ATF_CHECK(!ibuf_fd_avail(buf));
	ATF_CHECK_EQ(-1, ibuf_fd_get(buf));
	ibuf_fd_set(buf, p[0]);
	ibuf_fd_set(buf, p[1]);
	REFUSED(EBADF, fcntl(p[0], F_GETFD));
	ibuf_free(buf);
	REFUSED(EBADF, fcntl(p[1], F_GETFD));
}

ATF_TC_WITHOUT_HEAD(free_keeps_errno_and_takes_null);
ATF_TC_BODY(free_keeps_errno_and_takes_null, tc)
{
	struct ibuf	*buf = fixed(1);

	ibuf_fd_set(buf, 255);		/* not open: close(2) fails */
	errno = ENOTTY;
	ibuf_free(buf);
	ATF_CHECK_EQ(ENOTTY, errno);
	ibuf_free(NULL);
}

static void
aborts(void (*call)(struct ibuf *))
{
	struct ibuf	 buf;
	char		 octet[1];
	pid_t		 pid;
	int		 status;

	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		ibuf_from_buffer(&buf, octet, sizeof(octet));
		call(&buf);
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void
set_fd(struct ibuf *buf)
{
	ibuf_fd_set(buf, -1);
}

static void
queue(struct ibuf *buf)
{
	struct msgbuf	*mb;

	if ((mb = msgbuf_new_reader(IMSG_HEADER_SIZE, NULL, NULL)) != NULL)
		ibuf_close(mb, buf);
}

ATF_TC_WITHOUT_HEAD(freeing_a_stack_ibuf_aborts);
ATF_TC_BODY(freeing_a_stack_ibuf_aborts, tc)
{
	aborts(ibuf_free);
	aborts(set_fd);
	aborts(queue);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, integers_are_stored_in_the_named_order);
	ATF_TP_ADD_TC(tp, integers_are_read_back_as_written);
	ATF_TP_ADD_TC(tp, integer_wider_than_its_field_is_refused);
	ATF_TP_ADD_TC(tp, fixed_buffer_refuses_one_octet_more);
	ATF_TP_ADD_TC(tp, dynamic_buffer_grows_to_its_maximum);
	ATF_TP_ADD_TC(tp, dynamic_buffer_wants_a_maximum_not_below_its_size);
	ATF_TP_ADD_TC(tp, maximum_can_only_shrink);
	ATF_TP_ADD_TC(tp, seek_and_set_count_from_the_read_position);
	ATF_TP_ADD_TC(tp, added_string_is_padded_with_zeros);
	ATF_TP_ADD_TC(tp, added_string_must_fit_with_its_nul);
	ATF_TP_ADD_TC(tp, read_string_needs_a_nul_in_its_field);
	ATF_TP_ADD_TC(tp, string_without_nul_is_terminated_in_its_copy);
	ATF_TP_ADD_TC(tp, failed_get_consumes_nothing);
	ATF_TP_ADD_TC(tp, failed_get_n32_leaves_the_value);
	ATF_TP_ADD_TC(tp, window_ends_where_asked_and_is_consumed);
	ATF_TP_ADD_TC(tp, only_the_unread_rest_is_lent_and_added);
	ATF_TP_ADD_TC(tp, borrowed_memory_is_not_changed);
	ATF_TP_ADD_TC(tp, truncate_cuts_and_extends_with_zeros);
	ATF_TP_ADD_TC(tp, attached_fd_is_claimed_once_or_closed);
	ATF_TP_ADD_TC(tp, free_keeps_errno_and_takes_null);
	ATF_TP_ADD_TC(tp, freeing_a_stack_ibuf_aborts);
	return (atf_no_error());
}
