/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Messages with optional file descriptors between processes of one host, and
 * the byte buffers they are built in and read from.  The interface is the
 * imsg of OpenBSD's libutil, without the parts nobody here calls.
 *
 * Functions returning int give -1 and errno on failure.  From the buffers:
 *	ERANGE		beyond the maximum, or outside the data
 *	EBADMSG		fewer octets left than asked for
 *	EINVAL		value too wide, or not possible on a borrowed buffer
 *	EOVERFLOW	a string does not fit or does not end
 */

#ifndef IMSG_H
#define IMSG_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

#define IBUF_READ_SIZE		65535
#define IMSG_HEADER_SIZE	sizeof(struct imsg_hdr)
#define MAX_IMSGSIZE		16384	/* including the header */

#define IBUF_FD_NONE		-1
#define IBUF_FD_STACK		-2	/* borrowed memory, not to be freed */

struct msgbuf;

/* Opaque; use the functions. */
struct ibuf {
	TAILQ_ENTRY(ibuf)	 entry;
	unsigned char		*buf;
	size_t			 size;	/* allocated */
	size_t			 max;	/* may grow to */
	size_t			 wpos;
	size_t			 rpos;
	int			 fd;	/* or IBUF_FD_* */
};

/* Callers may read fd, for poll(2), and nothing else. */
struct imsgbuf {
	struct msgbuf	*w;
	pid_t		 pid;
	uint32_t	 maxsize;	/* including the header */
	int		 fd;
	int		 flags;
};

/* In host order: it never leaves the host. */
struct imsg_hdr {
	uint32_t	 type;
	uint32_t	 len;		/* header and payload */
	uint32_t	 peerid;
	uint32_t	 pid;
};

struct imsg {
	struct imsg_hdr	 hdr;
	void		*data;		/* payload, or NULL */
	struct ibuf	*buf;
};

/*
 * imsg.c: the channel.  imsgbuf_read() returns 1 (go on), 0 (peer closed) or
 * -1; imsgbuf_get() 1 (message filled in, imsg_free() it), 0 (none) or -1.
 * After -1 the stream is lost: clear, close, drop the peer.  Clearing never
 * closes the channel's own descriptor.
 */
int	 imsgbuf_init(struct imsgbuf *, int);
void	 imsgbuf_allow_fdpass(struct imsgbuf *);
int	 imsgbuf_set_maxsize(struct imsgbuf *, uint32_t);
int	 imsgbuf_read(struct imsgbuf *);
int	 imsgbuf_get(struct imsgbuf *, struct imsg *);
int	 imsgbuf_write(struct imsgbuf *);
int	 imsgbuf_flush(struct imsgbuf *);
uint32_t imsgbuf_queuelen(struct imsgbuf *);
void	 imsgbuf_clear(struct imsgbuf *);

/*
 * Sending: imsg_compose*() and imsg_forward() return 1 or -1 and only queue.
 * A descriptor belongs to the channel after 1, to the caller after -1.
 * imsg_compose_ibuf() takes the buffer and imsg_add() frees the message on
 * failure too.
 */
int	 imsg_compose(struct imsgbuf *, uint32_t, uint32_t, pid_t, int,
	    const void *, size_t);
int	 imsg_composev(struct imsgbuf *, uint32_t, uint32_t, pid_t, int,
	    const struct iovec *, int);
int	 imsg_compose_ibuf(struct imsgbuf *, uint32_t, uint32_t, pid_t,
	    struct ibuf *);
struct ibuf *imsg_create(struct imsgbuf *, uint32_t, uint32_t, pid_t, size_t);
int	 imsg_add(struct ibuf *, const void *, size_t);
int	 imsg_set_maxsize(struct ibuf *, size_t);
void	 imsg_close(struct imsgbuf *, struct ibuf *);
int	 imsg_forward(struct imsgbuf *, struct imsg *);

/*
 * Receiving: header values are what the sender wrote, not who it is.
 * imsg_get_data() wants exactly the octets left; imsg_get_fd() gives the
 * descriptor away once and may always give -1.
 */
uint32_t imsg_get_type(struct imsg *);
uint32_t imsg_get_id(struct imsg *);
pid_t	 imsg_get_pid(struct imsg *);
size_t	 imsg_get_len(struct imsg *);
int	 imsg_get_data(struct imsg *, void *, size_t);
int	 imsg_get_buf(struct imsg *, void *, size_t);
int	 imsg_get_strbuf(struct imsg *, char *, size_t);
int	 imsg_get_ibuf(struct imsg *, struct ibuf *);
int	 imsg_get_fd(struct imsg *);
void	 imsg_free(struct imsg *);

/* imsg-buffer.c: creating; ibuf_from_*() borrow memory and are only read. */
struct ibuf *ibuf_open(size_t);
struct ibuf *ibuf_dynamic(size_t, size_t);
void	 ibuf_from_buffer(struct ibuf *, void *, size_t);
void	 ibuf_from_ibuf(struct ibuf *, const struct ibuf *);
void	 ibuf_free(struct ibuf *);

/* Appending: n is network order, h host order. */
void	*ibuf_reserve(struct ibuf *, size_t);
int	 ibuf_add(struct ibuf *, const void *, size_t);
int	 ibuf_add_ibuf(struct ibuf *, const struct ibuf *);
int	 ibuf_add_zero(struct ibuf *, size_t);
int	 ibuf_add_strbuf(struct ibuf *, const char *, size_t);
int	 ibuf_add_n8(struct ibuf *, uint64_t);
int	 ibuf_add_n16(struct ibuf *, uint64_t);
int	 ibuf_add_n32(struct ibuf *, uint64_t);
int	 ibuf_add_n64(struct ibuf *, uint64_t);
int	 ibuf_add_h16(struct ibuf *, uint64_t);
int	 ibuf_add_h32(struct ibuf *, uint64_t);
int	 ibuf_add_h64(struct ibuf *, uint64_t);

/* Patching what was written; positions count from the read position. */
void	*ibuf_seek(struct ibuf *, size_t, size_t);
int	 ibuf_set(struct ibuf *, size_t, const void *, size_t);
int	 ibuf_set_n8(struct ibuf *, size_t, uint64_t);
int	 ibuf_set_n16(struct ibuf *, size_t, uint64_t);
int	 ibuf_set_n32(struct ibuf *, size_t, uint64_t);
int	 ibuf_set_n64(struct ibuf *, size_t, uint64_t);
int	 ibuf_set_h16(struct ibuf *, size_t, uint64_t);
int	 ibuf_set_h32(struct ibuf *, size_t, uint64_t);
int	 ibuf_set_h64(struct ibuf *, size_t, uint64_t);

/* Reading: a failed get consumes nothing, save a string that does not end. */
int	 ibuf_get(struct ibuf *, void *, size_t);
int	 ibuf_get_n8(struct ibuf *, uint8_t *);
int	 ibuf_get_n16(struct ibuf *, uint16_t *);
int	 ibuf_get_n32(struct ibuf *, uint32_t *);
int	 ibuf_get_n64(struct ibuf *, uint64_t *);
int	 ibuf_get_h16(struct ibuf *, uint16_t *);
int	 ibuf_get_h32(struct ibuf *, uint32_t *);
int	 ibuf_get_h64(struct ibuf *, uint64_t *);
int	 ibuf_get_ibuf(struct ibuf *, size_t, struct ibuf *);
char	*ibuf_get_string(struct ibuf *, size_t);
int	 ibuf_get_strbuf(struct ibuf *, char *, size_t);
int	 ibuf_skip(struct ibuf *, size_t);

/* Inspecting. */
void	*ibuf_data(const struct ibuf *);
size_t	 ibuf_size(const struct ibuf *);
size_t	 ibuf_left(const struct ibuf *);
int	 ibuf_truncate(struct ibuf *, size_t);
void	 ibuf_rewind(struct ibuf *);
int	 ibuf_set_maxsize(struct ibuf *, size_t);

/* The attached descriptor: get claims it, set closes the previous one. */
int	 ibuf_fd_avail(struct ibuf *);
int	 ibuf_fd_get(struct ibuf *);
void	 ibuf_fd_set(struct ibuf *, int);

/*
 * msgbuf.c: what imsg.c stands on, not for others.  The callback gets a whole
 * header, returns a buffer of the size of the whole message (NULL and errno
 * end the stream) and takes the descriptor by setting it to -1.
 */
struct msgbuf *msgbuf_new_reader(size_t,
	    struct ibuf *(*)(struct ibuf *, void *, int *), void *);
void	 msgbuf_free(struct msgbuf *);
uint32_t msgbuf_queuelen(const struct msgbuf *);
struct ibuf *msgbuf_get(struct msgbuf *);
void	 ibuf_close(struct msgbuf *, struct ibuf *);
int	 ibuf_read(int, struct msgbuf *);
int	 ibuf_write(int, struct msgbuf *);
int	 msgbuf_read(int, struct msgbuf *);
int	 msgbuf_write(int, struct msgbuf *);

#endif /* IMSG_H */
