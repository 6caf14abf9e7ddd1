/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The two queues of a channel and the system calls that drain and fill them:
 * recvmsg(2) and sendmsg(2) where descriptors may pass, read(2) and writev(2)
 * where they may not, and besides those only close(2) of descriptors nobody
 * wanted.  Runs in every process, also under a system call filter.
 */

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL	0
#endif

TAILQ_HEAD(ibufqueue, ibuf);

/* Room for one descriptor; alignment may make room for a second. */
union fd_control {
	struct cmsghdr	 hdr;
	unsigned char	 octets[CMSG_SPACE(sizeof(int))];
};

struct msgbuf {
	struct ibufqueue	 out;
	struct ibufqueue	 in;
	uint32_t		 outlen;
	struct ibuf		*partial;	/* message being received */
	size_t			 hdrsize;
	struct ibuf		*(*readhdr)(struct ibuf *, void *, int *);
	void			*arg;
	size_t			 rlen;	/* octets of a split header in rbuf */
	int			 rfd;	/* that came with its beginning */
	unsigned char		 rbuf[IBUF_READ_SIZE];
};

struct msgbuf *
msgbuf_new_reader(size_t hdrsize,
    struct ibuf *(*readhdr)(struct ibuf *, void *, int *), void *arg)
{
	struct msgbuf	*mb;

	if ((mb = calloc(1, sizeof(*mb))) == NULL)
		return (NULL);
	TAILQ_INIT(&mb->out);
	TAILQ_INIT(&mb->in);
	mb->hdrsize = hdrsize;
	mb->readhdr = readhdr;
	mb->arg = arg;
	mb->rfd = -1;
	return (mb);
}

static void
close_fd(int *fd)
{
	int	 saved_errno = errno;

	if (*fd != -1)
		close(*fd);
	*fd = -1;
	errno = saved_errno;
}

static void
queue_free(struct ibufqueue *queue)
{
	struct ibuf	*buf;

	while ((buf = TAILQ_FIRST(queue)) != NULL) {
		TAILQ_REMOVE(queue, buf, entry);
		ibuf_free(buf);
	}
}

void
msgbuf_free(struct msgbuf *mb)
{
	if (mb == NULL)
		return;
	queue_free(&mb->out);
	queue_free(&mb->in);
	ibuf_free(mb->partial);
	close_fd(&mb->rfd);
	freezero(mb, sizeof(*mb));
}

uint32_t
msgbuf_queuelen(const struct msgbuf *mb)
{
	return (mb->outlen);
}

struct ibuf *
msgbuf_get(struct msgbuf *mb)
{
	struct ibuf	*buf;

	if ((buf = TAILQ_FIRST(&mb->in)) != NULL)
		TAILQ_REMOVE(&mb->in, buf, entry);
	return (buf);
}

void
ibuf_close(struct msgbuf *mb, struct ibuf *buf)
{
	if (buf->fd == IBUF_FD_STACK)
		abort();
	TAILQ_INSERT_TAIL(&mb->out, buf, entry);
	mb->outlen++;
}

/*
 * Start the next message, its header being at data.  A descriptor comes with
 * the first octet of its header, so a header begun in an earlier read has
 * claim on the one held since then and on no newer one.
 */
static int
begin_message(struct msgbuf *mb, unsigned char *data, int *fd)
{
	struct ibuf	 hdr;

	ibuf_from_buffer(&hdr, data, mb->hdrsize);
	if (mb->rlen > 0)
		fd = &mb->rfd;
	mb->partial = mb->readhdr(&hdr, mb->arg, fd);
	mb->rlen = 0;
	close_fd(&mb->rfd);
	return (mb->partial == NULL ? -1 : 0);
}

/* Cut the len octets in rbuf into messages; keep an incomplete header. */
static int
parse(struct msgbuf *mb, size_t len, int *fd)
{
	unsigned char	*data = mb->rbuf;
	size_t		 n;

	while (len > 0) {
		if (mb->partial == NULL) {
			if (len < mb->hdrsize)
				break;
			if (begin_message(mb, data, fd) == -1)
				return (-1);
		}
		n = ibuf_left(mb->partial);
		if (n > len)
			n = len;
		if (ibuf_add(mb->partial, data, n) == -1)
			return (-1);
		data += n;
		len -= n;
		if (ibuf_left(mb->partial) == 0) {
			TAILQ_INSERT_TAIL(&mb->in, mb->partial, entry);
			mb->partial = NULL;
		}
	}
	memmove(mb->rbuf, data, len);
	mb->rlen = len;
	if (len > 0 && *fd != -1) {
		close_fd(&mb->rfd);
		mb->rfd = *fd;
		*fd = -1;
	}
	return (0);
}

/* What a read returned, with the descriptor that came along or -1. */
static int
received(struct msgbuf *mb, ssize_t n, int fd)
{
	int	 ret;

	if (n == -1)
		return (errno == EAGAIN ? 1 : -1);
	if (n == 0)
		ret = 0;
	else
		ret = parse(mb, mb->rlen + n, &fd) == -1 ? -1 : 1;
	close_fd(&fd);
	return (ret);
}

int
ibuf_read(int s, struct msgbuf *mb)
{
	ssize_t	 n;

	do {
		n = read(s, mb->rbuf + mb->rlen, sizeof(mb->rbuf) - mb->rlen);
	} while (n == -1 && errno == EINTR);
	return (received(mb, n, -1));
}

/* The first descriptor in the control data; any others are closed. */
static int
take_fd(struct msghdr *msg)
{
	struct cmsghdr	*cmsg;
	size_t		 len, off;
	int		 first = -1, fd;

	/* There is room for one header only. */
	if ((cmsg = CMSG_FIRSTHDR(msg)) == NULL ||
	    cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return (-1);
	/* Truncated control data may still claim its whole length. */
	len = cmsg->cmsg_len;
	if (len > msg->msg_controllen)
		len = msg->msg_controllen;
	for (off = 0; CMSG_LEN(off + sizeof(fd)) <= len; off += sizeof(fd)) {
		memcpy(&fd, CMSG_DATA(cmsg) + off, sizeof(fd));
		if (first == -1)
			first = fd;
		else
			close(fd);
	}
	return (first);
}

int
msgbuf_read(int s, struct msgbuf *mb)
{
	union fd_control	 control;
	struct msghdr		 msg;
	struct iovec		 iov;
	ssize_t			 n;

	iov.iov_base = mb->rbuf + mb->rlen;
	iov.iov_len = sizeof(mb->rbuf) - mb->rlen;
	memset(&control, 0, sizeof(control));
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control.octets);
	while ((n = recvmsg(s, &msg, MSG_CMSG_CLOEXEC)) == -1) {
		if (errno == EMSGSIZE && msg.msg_control != NULL) {
			/* OpenBSD's descriptor table is full: without it. */
			msg.msg_control = NULL;
			msg.msg_controllen = 0;
		} else if (errno != EINTR)
			break;
	}
	return (received(mb, n, n == -1 ? -1 : take_fd(&msg)));
}

/* What can go out at once: a buffer with a descriptor only as the first. */
static int
gather(struct msgbuf *mb, struct iovec iov[IOV_MAX])
{
	struct ibuf	*buf;
	int		 n = 0;

	TAILQ_FOREACH(buf, &mb->out, entry) {
		if (n == IOV_MAX || (n > 0 && ibuf_fd_avail(buf)))
			break;
		iov[n].iov_base = ibuf_data(buf);
		iov[n].iov_len = ibuf_size(buf);
		n++;
	}
	return (n);
}

/* What a write returned: drop that much, and the descriptor with it. */
static int
sent(struct msgbuf *mb, ssize_t n)
{
	struct ibuf	*buf;
	size_t		 left, size;

	if (n == -1)
		return (errno == EAGAIN || errno == ENOBUFS ? 0 : -1);
	left = n;
	while ((buf = TAILQ_FIRST(&mb->out)) != NULL) {
		size = ibuf_size(buf);
		if (left < size) {
			if (left > 0) {
				ibuf_fd_set(buf, -1);
				(void)ibuf_skip(buf, left);
			}
			break;
		}
		left -= size;
		TAILQ_REMOVE(&mb->out, buf, entry);
		mb->outlen--;
		ibuf_free(buf);
	}
	return (0);
}

int
ibuf_write(int s, struct msgbuf *mb)
{
	struct iovec	 iov[IOV_MAX];
	ssize_t		 n;
	int		 iovcnt;

	if ((iovcnt = gather(mb, iov)) == 0)
		return (0);
	do {
		n = writev(s, iov, iovcnt);
	} while (n == -1 && errno == EINTR);
	return (sent(mb, n));
}

static void
put_fd(struct msghdr *msg, union fd_control *control, int fd)
{
	struct cmsghdr	*cmsg;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = sizeof(control->octets);
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
}

int
msgbuf_write(int s, struct msgbuf *mb)
{
	union fd_control	 control;
	struct iovec		 iov[IOV_MAX];
	struct msghdr		 msg;
	struct ibuf		*first;
	ssize_t			 n;

	if ((first = TAILQ_FIRST(&mb->out)) == NULL)
		return (0);
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = iov;
	msg.msg_iovlen = gather(mb, iov);
	if (ibuf_fd_avail(first))
		put_fd(&msg, &control, first->fd);
	do {
		n = sendmsg(s, &msg, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	return (sent(mb, n));
}
