/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * lib/imsg's reading side: any octets, cut anywhere, with descriptors.
 *   0  IMSG_FUZZ_* flags
 *   1  one less than the octets of a piece
 *   2  which of eight pieces in turn bring a descriptor, bit for each
 * The rest is the stream.  In one piece and without descriptors it must mean
 * the same.
 */

#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include <imsg.h>

#include "feed.h"
#include "fuzz.h"

#define IMSG_FUZZ_FDPASS	0x01
#define IMSG_FUZZ_SMALL		0x02
#define SMALL_MAX		64

static void	imsg_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "imsg", .max = 1000, .runs = 4000, .seeds = imsg_seeds
};

static uint64_t	digest;

static void
digest_octets(const void *data, size_t size)
{
	const uint8_t	*p = data;

	while (size-- > 0)
		digest = (digest ^ *p++) * 0x100000001b3ULL;
}

/* An integer and a string, read as far as they go, both by their contract. */
static void
check_ibuf(struct ibuf *buf, const uint8_t *data, size_t size)
{
	struct ibuf	 window;
	uint64_t	 wide = 0;
	uint16_t	 n;
	char		 text[8];
	char		*string;

	REQUIRE(ibuf_size(buf) == size);
	if (ibuf_get_n16(buf, &n) == 0) {
		REQUIRE(size >= 2 && n == (data[0] << 8 | data[1]));
		data += 2;
		size -= 2;
	} else
		REQUIRE(size < 2 && errno == EBADMSG);
	if (ibuf_get_h64(buf, &wide) == 0) {
		REQUIRE(size >= 8 && memcmp(&wide, data, 8) == 0);
		data += 8;
		size -= 8;
	} else
		REQUIRE(size < 8);
	if (ibuf_get_ibuf(buf, 3, &window) == 0) {
		REQUIRE(ibuf_size(&window) == 3 &&
		    memcmp(ibuf_data(&window), data, 3) == 0);
		REQUIRE(ibuf_seek(&window, 2, 2) == NULL);
		data += 3;
		size -= 3;
	} else
		REQUIRE(size < 3);
	if (ibuf_get_strbuf(buf, text, sizeof(text)) == 0)
		REQUIRE(size >= 8 && memchr(data, '\0', 8) != NULL);
	else
		REQUIRE(size < 8 || memchr(data, '\0', 8) == NULL);
	size = ibuf_size(buf);
	if ((string = ibuf_get_string(buf, size)) == NULL)
		abort();
	REQUIRE(strlen(string) <= size && ibuf_size(buf) == 0);
	free(string);
	REQUIRE(ibuf_skip(buf, 1) == -1);
	ibuf_rewind(buf);
}

static void
check_accessors(struct imsg *imsg, const uint8_t *data, size_t size)
{
	static uint8_t	copy[MAX_IMSGSIZE];
	struct ibuf	buf;

	REQUIRE(imsg_get_data(imsg, copy, 0) == -1);
	REQUIRE(imsg_get_data(imsg, copy, size + 1) == -1);
	REQUIRE(imsg_get_buf(imsg, copy, size + 1) == -1);
	if (imsg_get_type(imsg) & 1) {
		REQUIRE((imsg_get_data(imsg, copy, size) == 0) == (size > 0));
		REQUIRE(size == 0 || memcmp(copy, data, size) == 0);
	} else if (imsg_get_ibuf(imsg, &buf) == 0) {
		check_ibuf(&buf, data, size);
	} else
		REQUIRE(size == 0);
	REQUIRE(imsg_get_len(imsg) == 0);
}

static void
check_message(struct imsg *imsg, uint32_t max)
{
	uint32_t	words[3];
	size_t		size = imsg_get_len(imsg);
	int		fd;

	REQUIRE(imsg->hdr.len == size + IMSG_HEADER_SIZE);
	REQUIRE(imsg->hdr.len <= max);
	REQUIRE((imsg->data == NULL) == (size == 0));
	words[0] = imsg_get_type(imsg);
	words[1] = imsg_get_id(imsg);
	words[2] = (uint32_t)imsg_get_pid(imsg);
	digest_octets(words, sizeof(words));
	digest_octets(imsg->data, size);
	check_accessors(imsg, imsg->data, size);
	/* Half of them the message closes. */
	if (words[1] & 1 && (fd = imsg_get_fd(imsg)) != -1) {
		REQUIRE(imsg_get_fd(imsg) == -1);
		close(fd);
	}
	imsg_free(imsg);
}

/* One piece, and what comes of it; 0: that was the last. */
static int
read_piece(struct imsgbuf *ibuf, uint32_t max)
{
	struct imsg	imsg;
	int		n, ret;

	n = imsgbuf_read(ibuf);
	REQUIRE(n != -1 || errno == ERANGE);
	while ((ret = imsgbuf_get(ibuf, &imsg)) == 1)
		check_message(&imsg, max);
	REQUIRE(ret == 0);
	return (n == 1);
}

/* Returns a digest of all messages. */
static uint64_t
read_stream(struct take t, uint8_t flags, size_t piece, uint8_t with)
{
	static uint8_t	 data[4 + 4096];
	struct take	 one;
	struct imsgbuf	 ibuf;
	struct feed	 feed;
	const uint8_t	*octets;
	unsigned int	 i;
	uint32_t	 max = MAX_IMSGSIZE;
	uint8_t		 head[4] = { 0 };
	size_t		 n;
	int		 fd[2], more = 1;

	feed_pair(fd);
	REQUIRE(imsgbuf_init(&ibuf, fd[0]) == 0);
	if (flags & IMSG_FUZZ_FDPASS)
		imsgbuf_allow_fdpass(&ibuf);
	if (flags & IMSG_FUZZ_SMALL) {
		REQUIRE(imsgbuf_set_maxsize(&ibuf, SMALL_MAX) == 0);
		max = SMALL_MAX + IMSG_HEADER_SIZE;
	}
	feed.fd = fd[1];
	for (i = 0; more && t.left > 0; i++) {
		n = take_octets(&t, piece, &octets);
		head[0] = FEED_RAW | (with >> i % 8 & 1 ? FEED_FD : 0);
		head[2] = (uint8_t)(n >> 8);
		head[3] = (uint8_t)n;
		memcpy(data, head, sizeof(head));
		memcpy(data + sizeof(head), octets, n);
		one = (struct take){ data, sizeof(head) + n };
		(void)feed_message(&feed, &one);
		more = read_piece(&ibuf, max);
	}
	close(fd[1]);
	if (more)
		REQUIRE(read_piece(&ibuf, max) == 0);
	imsgbuf_clear(&ibuf);
	close(fd[0]);
	return (digest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	 t = { data, size };
	uint64_t	 once;
	unsigned int	 before;
	uint8_t		 flags, with;
	size_t		 piece;

	if (size > 4096)
		return (0);
	flags = (uint8_t)take(&t, 1);
	piece = take(&t, 1) + 1;
	with = (uint8_t)take(&t, 1);
	digest = 0;
	once = read_stream(t, flags, 4096, 0);
	before = feed_descriptors();
	digest = 0;
	REQUIRE(read_stream(t, flags, piece, with) == once);
	REQUIRE(feed_descriptors() == before);
	return (0);
}

static void
imsg_seeds(void (*fn)(const uint8_t *, size_t))
{
	uint8_t		data[200];
	struct imsg_hdr	hdr = { .type = 7, .peerid = 1, .pid = 3 };
	unsigned int	i, at;

	for (i = 0; i < 8; i++) {
		data[0] = (uint8_t)(i & 3);
		data[1] = (uint8_t)(5 * i);
		data[2] = (uint8_t)(0x55 * (i & 1));
		for (at = 3; at + sizeof(hdr) + 4 * i < sizeof(data);
		    at += hdr.len, hdr.type++) {
			hdr.len = sizeof(hdr) + 4 * i;
			memset(data + at, 'a', hdr.len);
			memcpy(data + at, &hdr, sizeof(hdr));
			if (i & 1)
				data[at + 7] |= 0x80;
		}
		fn(data, at);
	}
}
