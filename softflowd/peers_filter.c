/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux: a filter program on the socket, which sees the UDP header and what
 * lies before it.
 */

#include <sys/socket.h>

#include <linux/filter.h>

#include <string.h>

#include "peers.h"

#define PEER_LENGTH	11	/* instructions for one, at most */
#define SOURCE_IPV4	12	/* octets before it in an IP header */
#define SOURCE_IPV6	8

#define LOAD_WORD	(BPF_LD | BPF_W | BPF_ABS)
#define LOAD_HALF	(BPF_LD | BPF_H | BPF_ABS)
#define IF_EQUAL	(BPF_JMP | BPF_JEQ | BPF_K)
#define RETURN		(BPF_RET | BPF_K)

static struct sock_filter *
put(struct sock_filter *at, uint16_t code, uint32_t k)
{
	*at = (struct sock_filter)BPF_STMT(code, k);
	return (at + 1);
}

/* Accept what is from this peer; what is not goes on behind. */
static struct sock_filter *
put_peer(struct sock_filter *at, const struct msg_addr *peer)
{
	const uint8_t		*word = peer->addr;
	struct sock_filter	*first = at, *test;
	uint32_t		 source;
	unsigned int		 i;

	source = (uint32_t)SKF_NET_OFF +
	    (peer->family == 6 ? SOURCE_IPV6 : SOURCE_IPV4);
	for (i = 0; i < (peer->family == 6 ? 4 : 1); i++, word += 4) {
		at = put(at, LOAD_WORD, source + 4 * i);
		at = put(at, IF_EQUAL, (uint32_t)word[0] << 24 |
		    (uint32_t)word[1] << 16 | (uint32_t)word[2] << 8 |
		    word[3]);
	}
	if (peer->port != 0) {
		at = put(at, LOAD_HALF, 0);
		at = put(at, IF_EQUAL, peer->port);
	}
	at = put(at, RETURN, UINT32_MAX);
	for (test = first; test < at; test++)
		if (test->code == IF_EQUAL)
			test->jf = (uint8_t)(at - test - 1);
	return (at);
}

/* Bound last: nothing of others is ever in its queue. */
int
peers_bind(int fd, const struct sockaddr *local, socklen_t len,
    const struct msg_addr *peers, unsigned int n)
{
	struct sock_filter	 program[MAX_PSAMP_PEER * PEER_LENGTH + 1];
	struct sock_filter	*at = program;
	struct sock_fprog	 fprog = { .filter = program };
	int			 on = 1;

	for (; n > 0; n--, peers++)
		at = put_peer(at, peers);
	at = put(at, RETURN, 0);
	fprog.len = (unsigned short)(at - program);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &fprog,
	    sizeof(fprog)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) == -1)
		return (-1);
	return (bind(fd, local, len));
}
