/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The system's interfaces (Linux, rtnetlink): that some come and go, which is
 * only a reason to look, and which there are.
 */

#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "priv_state.h"
#include "stack.h"

#define EVENT_MESSAGES	64	/* in a turn */

int
priv_link_open(void)
{
	struct sockaddr_nl	nl = { 0 };
	int			fd, saved;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);
	if (fd == -1)
		return (-1);
	nl.nl_family = AF_NETLINK;
	nl.nl_groups = RTMGRP_LINK;
	if (bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return (-1);
	}
	return (fd);
}

void
priv_link_event(void)
{
	char		buf[8192];
	unsigned int	i;

	for (i = 0; i < EVENT_MESSAGES && recv(priv.link_fd, buf, sizeof(buf),
	    MSG_DONTWAIT) > 0; i++)
		;
	priv_interfaces_soon();
}

static void
link_kind(struct stack_link *l, uint32_t lower, const char *kind)
{
	static const char *const	on_one[] = {
		"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"
	};
	static const char *const	bridges[] = {
		"bridge", "vrf", "openvswitch"
	};
	size_t				i;

	for (i = 0; i < nitems(on_one); i++)
		if (strcmp(kind, on_one[i]) == 0)
			l->lower = lower;
	for (i = 0; i < nitems(bridges); i++)
		if (strcmp(kind, bridges[i]) == 0)
			l->bridge = 1;
}

/* Text of an attribute, cut to what fits. */
static void
link_text(char *to, size_t size, struct rtattr *rta)
{
	size_t	len = RTA_PAYLOAD(rta);

	len = strnlen(RTA_DATA(rta), len < size ? len : size - 1);
	memcpy(to, RTA_DATA(rta), len);
	memset(to + len, 0, size - len);
}

static uint32_t
link_number(struct rtattr *rta)
{
	uint32_t	n = 0;

	if (RTA_PAYLOAD(rta) >= sizeof(n))
		memcpy(&n, RTA_DATA(rta), sizeof(n));
	return (n);
}

static void
link_parse(struct stack_link *l, struct nlmsghdr *nlh)
{
	struct ifinfomsg	*info = NLMSG_DATA(nlh);
	struct rtattr		*rta, *sub;
	int			 len = (int)IFLA_PAYLOAD(nlh), sublen;
	uint32_t		 lower = 0;
	char			 kind[INTERFACE_NAME] = "";
	int			 elsewhere = 0;

	memset(l, 0, sizeof(*l));
	l->ifindex = (uint32_t)info->ifi_index;
	for (rta = IFLA_RTA(info); RTA_OK(rta, len); rta = RTA_NEXT(rta, len))
		switch (rta->rta_type) {
		case IFLA_IFNAME:
			link_text(l->name, sizeof(l->name), rta);
			break;
		case IFLA_LINK:
			lower = link_number(rta);
			break;
		case IFLA_LINK_NETNSID:
			elsewhere = 1;
			break;
		case IFLA_MASTER:
			l->master = link_number(rta);
			break;
		case IFLA_LINKINFO:
			sublen = (int)RTA_PAYLOAD(rta);
			for (sub = RTA_DATA(rta); RTA_OK(sub, sublen);
			    sub = RTA_NEXT(sub, sublen))
				if (sub->rta_type == IFLA_INFO_KIND)
					link_text(kind, sizeof(kind), sub);
			break;
		}
	link_kind(l, elsewhere ? 0 : lower, kind);
}

/* Read answers up to the last; how many devices, or -1. */
static int
link_read(int fd, struct stack_link *links, unsigned int max)
{
	static _Alignas(struct nlmsghdr) char	buf[65536];
	struct nlmsghdr				*nlh;
	size_t					 len, off;
	unsigned int				 n = 0;
	ssize_t					 got;

	while ((got = recv(fd, buf, sizeof(buf), 0)) > 0) {
		len = (size_t)got;
		for (off = 0; off + sizeof(*nlh) <= len;
		    off += NLMSG_ALIGN(nlh->nlmsg_len)) {
			/* Aligned, as buf and all steps are. */
			nlh = (struct nlmsghdr *)(void *)(buf + off);
			if (nlh->nlmsg_len < sizeof(*nlh) ||
			    nlh->nlmsg_len > len - off ||
			    nlh->nlmsg_type == NLMSG_ERROR)
				return (-1);
			if (nlh->nlmsg_type == NLMSG_DONE)
				return ((int)n);
			if (nlh->nlmsg_type == RTM_NEWLINK &&
			    nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(struct
			    ifinfomsg)) && n < max)
				link_parse(&links[n++], nlh);
		}
	}
	return (-1);
}

int
priv_link_list(struct stack_link *links, unsigned int max)
{
	struct timeval		tv = { 1, 0 };
	struct {
		struct nlmsghdr		nlh;
		struct ifinfomsg	info;
	}			ask = { 0 };
	int			fd, n = -1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1)
		return (-1);
	ask.nlh.nlmsg_len = sizeof(ask);
	ask.nlh.nlmsg_type = RTM_GETLINK;
	ask.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ask.info.ifi_family = AF_UNSPEC;
	/* The kernel answers at once, or never. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0 &&
	    send(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask))
		n = link_read(fd, links, max);
	close(fd);
	return (n);
}
