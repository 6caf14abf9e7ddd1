/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The resolver process.  Confines itself, takes names over, and has each that
 * it is asked for looked up by a child, which alone meets what
 * name servers say.  Knows nothing but those names.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"
#include "resolver.h"
#include "sandbox.h"

static struct resolver {
	struct imsgbuf		channel;
	struct resolver_conf	conf;
	struct resolver_name	name[MAX_EXPORT];
	int			have_conf, locked;
} resolver;

/* To the parent; a parent that is gone needs no resolver. */
static void
resolver_send(enum resolver_type type, const void *data, size_t len)
{
	if (imsg_compose(&resolver.channel, type, 0, 0, -1, data, len) == -1 ||
	    imsgbuf_flush(&resolver.channel) == -1)
		_exit(1);
}

static void
answer_add(struct resolver_answer *answer, const struct sockaddr *sa)
{
	struct msg_addr		*to = &answer->addr[answer->count];
	struct sockaddr_in	 sin;
	struct sockaddr_in6	 sin6;

	if (answer->count == RESOLVER_ADDRS)
		return;
	if (sa->sa_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		memcpy(to->addr, &sin.sin_addr, 4);
		to->family = 4;
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		memcpy(to->addr, &sin6.sin6_addr, 16);
		to->family = 6;
	} else
		return;
	answer->count++;
}

/* In the child: it ends by itself, whatever getaddrinfo(3) waits for. */
static __dead void
resolver_child(const struct resolver_name *name, int fd)
{
	const struct rlimit	 none = { 0, 0 };
	struct resolver_answer	 answer = { 0 };
	struct addrinfo		 hints = { 0 }, *res = NULL, *ai;

	alarm(RESOLVER_SECONDS);
	close(FD_CHANNEL);
	if (setrlimit(RLIMIT_NPROC, &none) == -1)
		_exit(1);
	hints.ai_family = name->family == 4 ? AF_INET :
	    name->family == 6 ? AF_INET6 : AF_UNSPEC;
	hints.ai_socktype = SOCK_DGRAM;
	answer.slot = name->slot;
	answer.error = getaddrinfo(name->host, NULL, &hints, &res);
	if (answer.error == 0)
		for (ai = res; ai != NULL; ai = ai->ai_next)
			answer_add(&answer, ai->ai_addr);
	_exit(write(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer));
}

/* What the child says, or that it said nothing. */
static void
resolver_look_up(uint32_t slot)
{
	struct resolver_answer	 answer;
	size_t			 got = 0;
	ssize_t			 n;
	pid_t			 pid = -1;
	int			 end[2];

	if (pipe(end) == 0) {
		if ((pid = fork()) == 0) {
			close(end[0]);
			resolver_child(&resolver.name[slot], end[1]);
		}
		close(end[1]);
		while (pid != -1 && got < sizeof(answer) && (n = read(end[0],
		    (char *)&answer + got, sizeof(answer) - got)) > 0)
			got += (size_t)n;
		close(end[0]);
	}
	if (pid != -1)
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			;
	if (got != sizeof(answer) || !resolver_answer_ok(&answer)) {
		memset(&answer, 0, sizeof(answer));
		answer.error = EAI_AGAIN;
	}
	answer.slot = slot;		/* whatever it said */
	resolver_send(RESOLVER_ANSWER, &answer, sizeof(answer));
}

static int
resolver_get_name(struct imsg *imsg)
{
	struct resolver_name	name;

	if (imsg_get_data(imsg, &name, sizeof(name)) == -1 ||
	    name.slot >= MAX_EXPORT ||
	    memchr(name.host, '\0', sizeof(name.host)) == NULL)
		return (-1);
	resolver.name[name.slot] = name;
	return (0);
}

static int
resolver_lock(void)
{
	struct sandbox_worker	 box = { 0 };
	const char		*step;
	uint32_t		 layers, abi;

	box.root = resolver.conf.root != 0;
	box.uid = resolver.conf.uid;
	box.gid = resolver.conf.gid;
	box.chroot_fd = -1;
	if (sandbox_resolver(&box, &layers, &abi, &step) == -1)
		return (-1);
	resolver.locked = 1;
	resolver_send(RESOLVER_READY, NULL, 0);
	return (0);
}

static int
resolver_dispatch(struct imsg *imsg)
{
	struct resolver_ask	ask;

	switch (imsg_get_type(imsg)) {
	case RESOLVER_CONF:
		if (resolver.have_conf++)
			return (-1);
		return (imsg_get_data(imsg, &resolver.conf,
		    sizeof(resolver.conf)));
	case RESOLVER_NAME:
		return (resolver_get_name(imsg));
	case RESOLVER_LOCK:
		if (resolver.locked || !resolver.have_conf)
			return (-1);
		return (resolver_lock());
	case RESOLVER_ASK:
		if (!resolver.locked ||
		    imsg_get_data(imsg, &ask, sizeof(ask)) == -1 ||
		    ask.slot >= MAX_EXPORT ||
		    resolver.name[ask.slot].host[0] == '\0')
			return (-1);
		resolver_look_up(ask.slot);
		return (0);
	default:
		return (-1);
	}
}

void
resolver_main(void)
{
	struct imsg	imsg;
	int		n, fd, bad = 0;

	if (sandbox_worker_start() == -1 ||
	    imsgbuf_init(&resolver.channel, FD_CHANNEL) == -1)
		_exit(1);
	close(FD_CHROOT);
	while (!bad && imsgbuf_read(&resolver.channel) == 1) {
		while ((n = imsgbuf_get(&resolver.channel, &imsg)) == 1 &&
		    !bad) {
			if ((fd = imsg_get_fd(&imsg)) != -1)
				close(fd);
			bad = resolver_dispatch(&imsg) == -1;
			imsg_free(&imsg);
		}
		if (n == -1)
			bad = 1;
	}
	_exit(bad);
}
