/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A whole exchange with the first, the second, ... allocation failing: linked
 * so that the library's allocations come here first.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "channel.h"

void	*__real_calloc(size_t, size_t);
void	*__real_recallocarray(void *, size_t, size_t, size_t);
void	 __real_free(void *);
void	 __real_freezero(void *, size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_recallocarray(void *, size_t, size_t, size_t);
void	 __wrap_free(void *);
void	 __wrap_freezero(void *, size_t);

static unsigned int	countdown;	/* the allocation that fails; 0: none */
static long		held;		/* allocated and not freed */

static int
fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return (0);
	errno = ENOMEM;
	return (1);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	void	*p;

	if (fails() || (p = __real_calloc(n, size)) == NULL)
		return (NULL);
	held++;
	return (p);
}

void *
__wrap_recallocarray(void *old, size_t from, size_t to, size_t size)
{
	void	*p;

	if (fails() ||
	    (p = __real_recallocarray(old, from, to, size)) == NULL)
		return (NULL);
	held += old == NULL;
	return (p);
}

void
__wrap_free(void *p)
{
	held -= p != NULL;
	__real_free(p);
}

void
__wrap_freezero(void *p, size_t size)
{
	held -= p != NULL;
	__real_freezero(p, size);
}

static int
send_all(struct imsgbuf *from, int *fd)
{
	const struct iovec	 iov = { (char[3]){ "ab" }, 3 };
	struct ibuf		*buf;

	if (imsg_compose(from, 1, 0, 0, *fd, "payload", 8) == -1)
		return (-1);
	*fd = -1;	/* the channel's now */
	if (imsg_composev(from, 2, 0, 0, -1, &iov, 1) == -1 ||
	    (buf = ibuf_dynamic(0, 100)) == NULL)
		return (-1);
	if (ibuf_add_zero(buf, 50) == -1) {
		ibuf_free(buf);
		return (-1);
	}
	return (imsg_compose_ibuf(from, 3, 0, 0, buf) == -1 ? -1 :
	    imsgbuf_flush(from));
}

static int
receive_all(struct imsgbuf *to, struct imsgbuf *back, unsigned int *n)
{
	struct imsg	imsg;
	int		ret;

	if (imsgbuf_read(to) == -1)
		return (-1);
	while ((ret = imsgbuf_get(to, &imsg)) == 1) {
		++*n;
		ret = imsg_forward(back, &imsg);
		imsg_free(&imsg);
		if (ret == -1)
			return (-1);
	}
	return (ret);
}

/* 0: done; -1 with errno. */
static int
exchange(const int pair[2], unsigned int *received)
{
	struct imsgbuf	left, right;
	int		error, fd, ret;

	if (imsgbuf_init(&left, pair[0]) == -1)
		return (-1);
	if (imsgbuf_init(&right, pair[1]) == -1) {
		error = errno;
		imsgbuf_clear(&left);
		errno = error;
		return (-1);
	}
	imsgbuf_allow_fdpass(&left);
	imsgbuf_allow_fdpass(&right);
	fd = new_fd();
	ret = send_all(&left, &fd);
	if (ret == 0)
		ret = receive_all(&right, &right, received);
	error = errno;
	if (fd != -1)
		close(fd);
	imsgbuf_clear(&left);
	imsgbuf_clear(&right);
	errno = error;
	return (ret);
}

ATF_TC_WITHOUT_HEAD(failed_allocation_is_reported_and_leaks_nothing);
ATF_TC_BODY(failed_allocation_is_reported_and_leaks_nothing, tc)
{
	unsigned int	n, received;
	int		before = open_fds(), error, pair[2], ret;

	for (n = 1;; n++) {
		ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		ATF_REQUIRE(n < 100);
		received = 0;
		countdown = n;
		held = 0;
		ret = exchange(pair, &received);
		error = errno;
		ATF_CHECK_EQ_MSG(0, held, "allocation %u: %ld left", n, held);
		close(pair[0]);
		close(pair[1]);
		ATF_CHECK_EQ_MSG(before, open_fds(), "allocation %u", n);
		if (countdown != 0)
			break;		/* it did not take that many */
		ATF_CHECK_EQ_MSG(-1, ret, "allocation %u", n);
		ATF_CHECK_EQ_MSG(ENOMEM, error, "allocation %u: %d", n, error);
	}
	ATF_CHECK_EQ(0, ret);
	ATF_CHECK_EQ(3, received);
	ATF_CHECK(n > 15);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, failed_allocation_is_reported_and_leaks_nothing);
	return (atf_no_error());
}
