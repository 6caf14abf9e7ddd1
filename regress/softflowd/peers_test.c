/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Who may send to a socket, tried over loopback. */

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "peers.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

static struct sockaddr_in
ipv4(uint8_t last, uint16_t port)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(0x7f000000 | last);
	sin.sin_port = htons(port);
	return (sin);
}

static struct msg_addr
peer(uint8_t last, uint16_t port)
{
	return ((struct msg_addr){ { 127, 0, 0, last }, port, 4, 0 });
}

/* A socket on 127.0.0.1 for these; its address into *to. */
static int
listen_to(const struct msg_addr *peers, unsigned int n, struct sockaddr_in *to)
{
	socklen_t	len = sizeof(*to);
	int		fd;

	*to = ipv4(1, 0);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE_EQ(0, peers_bind(fd, (struct sockaddr *)to, len, peers,
	    n));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)to, &len));
	return (fd);
}

/* From this address; its port is returned. */
static uint16_t
send_from(struct sockaddr_in from, const struct sockaddr_in *to)
{
	socklen_t	len = sizeof(from);
	int		fd;

	ATF_REQUIRE((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&from, len));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&from, &len));
	ATF_REQUIRE_EQ(1, sendto(fd, "x", 1, 0, (const struct sockaddr *)to,
	    sizeof(*to)));
	close(fd);
	return (ntohs(from.sin_port));
}

/* How many datagrams have come. */
static unsigned int
came(int fd)
{
	char		octet;
	unsigned int	n = 0;

	while (recv(fd, &octet, 1, MSG_DONTWAIT) != -1)
		n++;
	return (n);
}

CASE(stated_peers_are_heard_and_strangers_are_not)
{
	const struct msg_addr	peers[] = { peer(2, 0), peer(4, 0) };
	struct sockaddr_in	to;
	int			fd = listen_to(peers, 2, &to);

	send_from(ipv4(1, 0), &to);
	send_from(ipv4(3, 0), &to);
	send_from(ipv4(5, 0), &to);
	ATF_CHECK_EQ(0, came(fd));
	send_from(ipv4(2, 0), &to);
	send_from(ipv4(4, 0), &to);
	ATF_CHECK_EQ(2, came(fd));
}

CASE(stated_port_is_the_only_one_heard)
{
	struct msg_addr		peers[2] = { peer(2, 0), peer(3, 0) };
	struct sockaddr_in	to;
	int			fd = listen_to(peers, 1, &to);

	peers[0].port = send_from(ipv4(2, 0), &to);
	close(fd);
	fd = listen_to(peers, 2, &to);
	send_from(ipv4(2, peers[0].port), &to);
	ATF_CHECK_EQ(1, came(fd));
	send_from(ipv4(2, (uint16_t)(peers[0].port ^ 1)), &to);
	ATF_CHECK_EQ(0, came(fd));
	send_from(ipv4(3, 0), &to);
	ATF_CHECK_EQ(1, came(fd));
}

CASE(as_many_peers_as_there_may_be_are_told_apart)
{
	struct msg_addr		peers[MAX_PSAMP_PEER];
	struct sockaddr_in	to;
	uint8_t			i;
	int			fd;

	for (i = 0; i < MAX_PSAMP_PEER; i++)
		peers[i] = peer((uint8_t)(10 + 2 * i), 0);
	fd = listen_to(peers, MAX_PSAMP_PEER, &to);
	for (i = 0; i < 2 * MAX_PSAMP_PEER; i++) {
		send_from(ipv4((uint8_t)(10 + i), 0), &to);
		ATF_CHECK_EQ(i % 2 == 0, came(fd));
	}
}

CASE(ipv6_peers_are_told_apart_to_the_last_octet)
{
	struct msg_addr		peers[2] = { { .family = 6 }, { .family = 6 } };
	struct sockaddr_in6	to = { .sin6_family = AF_INET6 };
	socklen_t		len = sizeof(to);
	int			fd, from, i;

	peers[0].addr[0] = 0x20;
	peers[0].addr[15] = 1;
	to.sin6_addr = in6addr_loopback;
	for (i = 0; i < 2; i++) {
		peers[1].addr[15] = i == 0 ? 1 : 2;
		ATF_REQUIRE((fd = socket(AF_INET6, SOCK_DGRAM, 0)) != -1);
		to.sin6_port = 0;
		if (peers_bind(fd, (struct sockaddr *)&to, len, peers, 2) ==
		    -1 && errno == EADDRNOTAVAIL)
			atf_tc_skip("no IPv6 here");
		ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&to,
		    &len));
		ATF_REQUIRE((from = socket(AF_INET6, SOCK_DGRAM, 0)) != -1);
		ATF_REQUIRE_EQ(1, sendto(from, "x", 1, 0,
		    (struct sockaddr *)&to, len));
		ATF_CHECK_EQ(i == 0, came(fd));
		close(from);
		close(fd);
	}
}

CASE(filter_stays_where_it_is)
{
	const struct msg_addr	peers[] = { peer(2, 0) };
	struct sockaddr_in	to;
	int			fd = listen_to(peers, 1, &to), zero = 0;

	ATF_CHECK_EQ(-1, setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero,
	    sizeof(zero)));
	ATF_CHECK_EQ(EPERM, errno);
	if (setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &zero,
	    sizeof(zero)) != -1)
		atf_tc_fail("it was unlocked");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, stated_peers_are_heard_and_strangers_are_not);
	ATF_TP_ADD_TC(tp, stated_port_is_the_only_one_heard);
	ATF_TP_ADD_TC(tp, as_many_peers_as_there_may_be_are_told_apart);
	ATF_TP_ADD_TC(tp, ipv6_peers_are_told_apart_to_the_last_octet);
	ATF_TP_ADD_TC(tp, filter_stays_where_it_is);
	return (atf_no_error());
}
