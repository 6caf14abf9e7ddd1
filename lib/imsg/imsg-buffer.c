/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Byte buffers that are appended to at one end and read from the other, with
 * every bound checked here and nowhere else.  Runs in every process.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

enum byte_order {
	NETWORK,
	HOST
};

static size_t
byte_shift(size_t i, size_t width, enum byte_order order)
{
	if (order == HOST && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		return (8 * i);
	return (8 * (width - 1 - i));
}

static int
encode(unsigned char *out, uint64_t value, size_t width,
    enum byte_order order)
{
	size_t	 i;

	if (width < sizeof(value) && value >> (8 * width) != 0) {
		errno = EINVAL;
		return (-1);
	}
	for (i = 0; i < width; i++)
		out[i] = value >> byte_shift(i, width, order);
	return (0);
}

static uint64_t
decode(const unsigned char *in, size_t width, enum byte_order order)
{
	uint64_t	 value = 0;
	size_t		 i;

	for (i = 0; i < width; i++)
		value |= (uint64_t)in[i] << byte_shift(i, width, order);
	return (value);
}

struct ibuf *
ibuf_open(size_t len)
{
	return (ibuf_dynamic(len, len));
}

struct ibuf *
ibuf_dynamic(size_t len, size_t max)
{
	struct ibuf	*buf;

	if (max == 0 || max < len) {
		errno = EINVAL;
		return (NULL);
	}
	if ((buf = calloc(1, sizeof(*buf))) == NULL)
		return (NULL);
	/* Never without memory, so that arithmetic on buf is defined. */
	buf->size = len > 0 ? len : 1;
	if ((buf->buf = calloc(1, buf->size)) == NULL) {
		free(buf);
		return (NULL);
	}
	buf->max = max;
	buf->fd = IBUF_FD_NONE;
	return (buf);
}

void
ibuf_from_buffer(struct ibuf *buf, void *data, size_t len)
{
	memset(buf, 0, sizeof(*buf));
	buf->buf = data;
	buf->size = buf->wpos = len;
	buf->fd = IBUF_FD_STACK;
}

void
ibuf_from_ibuf(struct ibuf *buf, const struct ibuf *from)
{
	ibuf_from_buffer(buf, ibuf_data(from), ibuf_size(from));
}

void
ibuf_free(struct ibuf *buf)
{
	int	 saved_errno = errno;

	if (buf == NULL)
		return;
	ibuf_fd_set(buf, IBUF_FD_NONE);
	freezero(buf->buf, buf->size);
	free(buf);
	errno = saved_errno;
}

static int
ibuf_grow(struct ibuf *buf, size_t need)
{
	unsigned char	*p;
	size_t		 size;

	size = need > buf->max / 2 ? buf->max : need * 2;
	/* Not realloc: contents may be secret, the old copy is wiped. */
	if ((p = recallocarray(buf->buf, buf->size, size, 1)) == NULL)
		return (-1);
	buf->buf = p;
	buf->size = size;
	return (0);
}

void *
ibuf_reserve(struct ibuf *buf, size_t len)
{
	unsigned char	*p;

	if (buf->fd == IBUF_FD_STACK) {
		errno = EINVAL;
		return (NULL);
	}
	if (len > buf->max - buf->wpos) {
		errno = ERANGE;
		return (NULL);
	}
	if (len > buf->size - buf->wpos &&
	    ibuf_grow(buf, buf->wpos + len) == -1)
		return (NULL);
	p = buf->buf + buf->wpos;
	buf->wpos += len;
	return (p);
}

int
ibuf_add(struct ibuf *buf, const void *data, size_t len)
{
	void	*p;

	if ((p = ibuf_reserve(buf, len)) == NULL)
		return (-1);
	if (len > 0)
		memcpy(p, data, len);
	return (0);
}

int
ibuf_add_ibuf(struct ibuf *buf, const struct ibuf *from)
{
	return (ibuf_add(buf, ibuf_data(from), ibuf_size(from)));
}

int
ibuf_add_zero(struct ibuf *buf, size_t len)
{
	void	*p;

	if ((p = ibuf_reserve(buf, len)) == NULL)
		return (-1);
	memset(p, 0, len);
	return (0);
}

int
ibuf_add_strbuf(struct ibuf *buf, const char *str, size_t len)
{
	char	*p;

	if ((p = ibuf_reserve(buf, len)) == NULL)
		return (-1);
	memset(p, 0, len);
	if (strlcpy(p, str, len) >= len) {
		errno = EOVERFLOW;
		return (-1);
	}
	return (0);
}

void *
ibuf_seek(struct ibuf *buf, size_t pos, size_t len)
{
	size_t	 size = ibuf_size(buf);

	if (pos > size || len > size - pos) {
		errno = ERANGE;
		return (NULL);
	}
	return (buf->buf + buf->rpos + pos);
}

int
ibuf_set(struct ibuf *buf, size_t pos, const void *data, size_t len)
{
	void	*p;

	if (buf->fd == IBUF_FD_STACK) {
		errno = EINVAL;
		return (-1);
	}
	if ((p = ibuf_seek(buf, pos, len)) == NULL)
		return (-1);
	if (len > 0)
		memcpy(p, data, len);
	return (0);
}

int
ibuf_get(struct ibuf *buf, void *data, size_t len)
{
	void	*p = ibuf_data(buf);

	if (ibuf_skip(buf, len) == -1)
		return (-1);
	if (len > 0)
		memcpy(data, p, len);
	return (0);
}

/* ibuf_add_n16(), ibuf_set_n16(), ibuf_get_n16() and so on. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type takes none */
#define IBUF_INTEGER(name, type, order)					\
int									\
ibuf_add_##name(struct ibuf *buf, uint64_t value)			\
{									\
	unsigned char	 octets[sizeof(type)];				\
									\
	if (encode(octets, value, sizeof(octets), order) == -1)		\
		return (-1);						\
	return (ibuf_add(buf, octets, sizeof(octets)));			\
}									\
									\
int									\
ibuf_set_##name(struct ibuf *buf, size_t pos, uint64_t value)		\
{									\
	unsigned char	 octets[sizeof(type)];				\
									\
	if (encode(octets, value, sizeof(octets), order) == -1)		\
		return (-1);						\
	return (ibuf_set(buf, pos, octets, sizeof(octets)));		\
}									\
									\
int									\
ibuf_get_##name(struct ibuf *buf, type *value)				\
{									\
	unsigned char	 octets[sizeof(type)];				\
									\
	if (ibuf_get(buf, octets, sizeof(octets)) == -1)		\
		return (-1);						\
	*value = decode(octets, sizeof(octets), order);			\
	return (0);							\
}
/* NOLINTEND(bugprone-macro-parentheses) */

IBUF_INTEGER(n8, uint8_t, NETWORK)
IBUF_INTEGER(n16, uint16_t, NETWORK)
IBUF_INTEGER(n32, uint32_t, NETWORK)
IBUF_INTEGER(n64, uint64_t, NETWORK)
IBUF_INTEGER(h16, uint16_t, HOST)
IBUF_INTEGER(h32, uint32_t, HOST)
IBUF_INTEGER(h64, uint64_t, HOST)

int
ibuf_get_ibuf(struct ibuf *buf, size_t len, struct ibuf *window)
{
	void	*p = ibuf_data(buf);

	if (ibuf_skip(buf, len) == -1)
		return (-1);
	ibuf_from_buffer(window, p, len);
	return (0);
}

char *
ibuf_get_string(struct ibuf *buf, size_t len)
{
	char	*str;

	if (len > ibuf_size(buf)) {
		errno = EBADMSG;
		return (NULL);
	}
	if ((str = strndup(ibuf_data(buf), len)) == NULL)
		return (NULL);
	buf->rpos += len;
	return (str);
}

int
ibuf_get_strbuf(struct ibuf *buf, char *str, size_t len)
{
	if (len == 0) {
		errno = EINVAL;
		return (-1);
	}
	if (ibuf_get(buf, str, len) == -1)
		return (-1);
	if (memchr(str, '\0', len) == NULL) {
		str[len - 1] = '\0';
		errno = EOVERFLOW;
		return (-1);
	}
	return (0);
}

int
ibuf_skip(struct ibuf *buf, size_t len)
{
	if (len > ibuf_size(buf)) {
		errno = EBADMSG;
		return (-1);
	}
	buf->rpos += len;
	return (0);
}

void *
ibuf_data(const struct ibuf *buf)
{
	return (buf->buf + buf->rpos);
}

size_t
ibuf_size(const struct ibuf *buf)
{
	return (buf->wpos - buf->rpos);
}

size_t
ibuf_left(const struct ibuf *buf)
{
	if (buf->fd == IBUF_FD_STACK)
		return (0);
	return (buf->max - buf->wpos);
}

int
ibuf_truncate(struct ibuf *buf, size_t len)
{
	size_t	 size = ibuf_size(buf);

	if (len > size)
		return (ibuf_add_zero(buf, len - size));
	buf->wpos = buf->rpos + len;
	return (0);
}

void
ibuf_rewind(struct ibuf *buf)
{
	buf->rpos = 0;
}

int
ibuf_set_maxsize(struct ibuf *buf, size_t max)
{
	if (buf->fd == IBUF_FD_STACK) {
		errno = EINVAL;
		return (-1);
	}
	if (max > buf->max || max < buf->wpos) {
		errno = ERANGE;
		return (-1);
	}
	buf->max = max;
	return (0);
}

int
ibuf_fd_avail(struct ibuf *buf)
{
	return (buf->fd >= 0);
}

int
ibuf_fd_get(struct ibuf *buf)
{
	int	 fd = buf->fd;

	if (!ibuf_fd_avail(buf))
		return (-1);
	buf->fd = IBUF_FD_NONE;
	return (fd);
}

void
ibuf_fd_set(struct ibuf *buf, int fd)
{
	if (buf->fd == IBUF_FD_STACK)
		abort();
	if (buf->fd >= 0)
		close(buf->fd);
	buf->fd = fd >= 0 ? fd : IBUF_FD_NONE;
}
